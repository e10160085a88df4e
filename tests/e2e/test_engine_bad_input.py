"""What a live engine cannot work with: one clear sentence, the right end, and protection left where it was."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sadari.model.command import RecordMove
from tests.engine_process import EngineProcess, ExchangeProcess, engine, exchange

pytestmark = pytest.mark.e2e

KEPT = "nothing was closed; what protects positions rests at the exchange"
LIVE = 'acknowledged_worst_case_pct = 0.5\nwallet = "{rest}"\n'


@pytest.fixture(scope="module")
def venue() -> Iterator[ExchangeProcess]:
    """One exchange for the whole file."""
    with exchange("--nested-errors") as serving:
        yield serving


def configured(**fields: Any) -> Callable[[EngineProcess, ExchangeProcess], None]:
    """Configure something."""

    def spoil(made: EngineProcess, venue: ExchangeProcess) -> None:
        made.mode = fields.get("mode", "local")
        made.more = fields.get("more", "").format(**venue.at)
        made.replaced = {old.format(**venue.at): new for old, new in fields.get("replaced", {}).items()}

    return spoil


def keyed(*, wrong: str = "", reader: bool = False, live: bool = False, **change: str) -> Any:
    """Use another key, or change what the key may do."""

    def spoil(made: EngineProcess, venue: ExchangeProcess) -> None:
        at = dict(venue.at)
        if wrong:
            at[wrong] = "0" * 64
        if reader:
            at |= {"key": at["reader_key"], "secret": at["reader_secret"]}
        made.at = at
        if change:
            venue.control("POST /control/key", **change)
        if live:
            configured(mode="live", more=LIVE)(made, venue)

    return spoil


def shifted(_: EngineProcess, venue: ExchangeProcess) -> None:
    """Let the exchange's clock go ahead."""
    venue.fault('name = "shift"\nverb = "clock_shift"\nseconds = 3')


def switched(**values: str) -> Callable[[EngineProcess, ExchangeProcess], None]:
    """The owner changes the account's assets mode; only isolated margin is wanted."""

    def spoil(made: EngineProcess, venue: ExchangeProcess) -> None:
        venue.control("POST /control/human/fapi/v1/multiAssetsMargin", **values)
        made.more = 'on_multi_assets = "refuse"\n'

    return spoil


def unreachable(made: EngineProcess, _: ExchangeProcess) -> None:
    """Nobody listens there."""
    made.at = {**made.at, "rest": "http://127.0.0.1:9"}


def journal(content: bytes) -> Callable[[EngineProcess, ExchangeProcess], None]:
    """Put something else where the journal should be."""

    def spoil(made: EngineProcess, _: ExchangeProcess) -> None:
        made.folder.mkdir()
        (made.folder / "engine.journal").write_bytes(content)

    return spoil


REFUSED: dict[str, tuple[Callable[[EngineProcess, ExchangeProcess], None], int, str]] = {
    "a wrong secret": (keyed(wrong="secret"), 1, "-1022: Signature for this request is not valid. [whole answer: {"),
    "an unknown key": (keyed(wrong="key"), 1, "-2015: Invalid API-key, IP, or permissions for action."),
    "a key that only reads": (keyed(reader=True), 1, "-2015: Invalid API-key, IP, or permissions for action."),
    "a key without futures, live": (keyed(live=True, enableFutures="false"), 1, "the key cannot trade futures"),
    "a key that can withdraw, live": (keyed(live=True, enableWithdrawals="true"), 1, "the key can withdraw"),
    "a clock that is off": (shifted, 1, "ms ahead of this machine's"),
    "multi-assets mode where it is refused": (switched(multiAssetsMargin="true"), 1, "on_multi_assets = refuse"),
    "nobody there": (unreachable, 1, "no connection to the venue"),
    "no address": (configured(replaced={'rest = "{rest}"\n': ""}), 2, "[venue] lacks rest: mode local needs"),
    "a mode that is no venue": (configured(mode="backtest"), 2, "[engine] mode is backtest; allowed here: local"),
    "a folder too deep": (configured(replaced={'folder = "': f'folder = "{"x" * 99}'}), 2, "path of a socket is too"),
    "nothing acknowledged, live": (configured(mode="live"), 2, "acknowledged_worst_case_pct is not set"),
    "a balance, live": (configured(mode="live", more=LIVE + "[account]\nbalance = 5\n"), 2, "balance is 5 while"),
    "an unknown section": (configured(more="[lader]\nleverage = 5\n"), 2, "did you mean 'ladder'?"),
    "a journal that is none": (journal(b"nothing of the kind" * 50), 1, "is not a journal that can be read"),
}


@pytest.mark.requirement("R002-5")
@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_worked_with_is_refused_in_a_sentence(venue: ExchangeProcess, tmp_path: Path, what: str) -> None:
    """Exit code 2 where it is what was asked for, 1 where the engine has failed, and no trace."""
    venue.reset()
    spoil, code, sentence = REFUSED[what]
    with engine(tmp_path, venue.at) as made:
        spoil(made, venue)
        assert made.start().ended() == code
        (last,) = [line for line in made.told().splitlines() if line.startswith(("sadari: ", "sadari run: FAILED: "))]
        assert sentence in last
        assert "Traceback" not in made.told()
        if "FAILED" in last:
            assert KEPT in made.told()
            assert state(made) == "FAILED"
        assert venue.truth()["orders"] == []


def state(made: EngineProcess) -> str:
    """The last state in a journal."""
    return [one.target for one in made.records() if isinstance(one, RecordMove) and not one.symbol][-1]


def test_a_full_disk_leaves_position_and_stops_as_they_are(venue: ExchangeProcess, tmp_path: Path) -> None:
    """So does a second engine in the folder; with room again it goes on."""
    venue.reset()
    with engine(tmp_path, venue.at) as made:
        made.start().until(lambda: venue.covered() and made.state() == "RUNNING")
        stops = venue.stops()

        second = EngineProcess(made.folder, venue.at)
        assert second.start().ended() == 2
        assert "works in this folder; allowed: one at a time" in made.told()
        made.signal(signal.SIGTERM)
        assert made.ended() == 0

        assert made.start(file_size=65_536).ended() == 1
        assert "FAILED: " in made.told()
        assert "the journal cannot be written (disk I/O error)" in made.told()
        assert KEPT in made.told()

        made.start().until(lambda: made.state() == "RUNNING")
        assert venue.stops() == stops
        assert [one["side"] for one in venue.truth()["orders"]] == ["BUY"]


def test_a_damaged_journal_leaves_position_and_stops_as_they_are(venue: ExchangeProcess, tmp_path: Path) -> None:
    """It is never taken for an empty one; whole again it is gone on with."""
    venue.reset()
    with engine(tmp_path, venue.at) as made:
        made.start().until(lambda: venue.covered() and made.state() == "RUNNING")
        stops, file = venue.stops(), made.folder / "engine.journal"
        made.signal(signal.SIGTERM)
        assert made.ended() == 0
        whole = file.read_bytes()
        at = whole.find(b"PlaceOrder")
        file.write_bytes(whole[:at] + b"Q" + whole[at + 1 :])
        assert made.start().ended() == 1
        assert "are not what was written" in made.told()
        file.write_bytes(whole)
        made.start().until(lambda: made.state() == "RUNNING")

        assert venue.stops() == stops
        assert [one["side"] for one in venue.truth()["orders"]] == ["BUY"]


def test_a_second_engine_of_the_name_on_the_account_opens_and_cancels_nothing(
    venue: ExchangeProcess, tmp_path: Path
) -> None:
    """From another folder it sees orders of its name and another time (faults F116)."""
    venue.reset()
    (tmp_path / "other").mkdir()
    with engine(tmp_path, venue.at) as first, engine(tmp_path / "other", venue.at) as second:
        first.start().until(venue.covered)
        stops = [one["algo_id"] for one in venue.stops()]
        second.start().until(lambda: "OTHER_ENGINE" in second.status().get("gates", []))
        second.until(lambda: second.state() == "RUNNING")
        assert "another engine named test has orders on this account" in second.told()
        assert second.ask("sync").returncode == 0
        assert set(stops) <= {one["algo_id"] for one in venue.stops()}
        assert [one["side"] for one in venue.truth()["orders"]] == ["BUY"]


def test_an_account_in_hedge_mode_is_traded_on(venue: ExchangeProcess, tmp_path: Path) -> None:
    """The engine goes by the mode that it finds, each order names its side."""
    venue.reset()
    venue.control("POST /control/human/fapi/v1/positionSide/dual", dualSidePosition="true")
    with engine(tmp_path, venue.at) as made:
        made.start().until(venue.covered)
        assert {one["position_side"] for one in (*venue.truth()["orders"], *venue.stops())} == {"LONG"}
