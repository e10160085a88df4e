"""`sadari doctor` and `sadari prepare` against the local exchange, from the command line on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from sadari.cli.main import main
from sadari.core.liquidation.plan import LiquidationPlan
from sadari.localexchange.serving.server import Address
from sadari.model.order import MarginMode
from sadari.model.units import DAY_NS
from sadari.run.figures.status import Status
from sadari.run.local.exchange import LocalExchange
from sadari.run.local.listings import LocalSettings
from sadari.run.operator.control import Control
from sadari.store.lock import FolderLock
from tests.local_exchange import BTC, ETH, MARKET, SEED

UNIFIED = f"{BTC[:-4]}/USDT:USDT"
Asked = Callable[["Place"], list[list[str]]]


class Place(NamedTuple):
    """A folder with a configuration and a key file, and the exchange that they lead to."""

    exchange: LocalExchange
    folder: Path

    @property
    def config(self) -> Path:
        """The configuration."""
        return self.folder / "c.toml"

    @property
    def state(self) -> Path:
        """The engine's folder."""
        return self.folder / "state"

    def of(self, *words: str) -> list[str]:
        """A command with its configuration and its keys."""
        return [*words, "--config", str(self.config), "--key-file", str(self.folder / "k.toml")]


def written(place: Place, address: Address, more: str = "") -> None:
    """The two files of a user."""
    key, secret, _ = place.exchange.credentials
    place.config.write_text(
        f'[engine]\nmode = "local"\n[venue]\nrest = "{address.http}"\nwallet = "{address.http}"\n'
        f'streams = "{address.ws}"\nws_api = "{address.ws}/ws-fapi/v1"\nfolder = "{place.state}"\n'
        f'symbols = ["{UNIFIED}", "{ETH}"]\n{more}',
        encoding="utf-8",
    )
    keys = place.folder / "k.toml"
    keys.write_text(f'key = "{key}"\nsecret = "{secret}"\n', encoding="utf-8")
    keys.chmod(0o600)


def codes(folder: Path, asked: Asked, more: str = "", arrange: Callable[[Place], None] | None = None) -> list[int]:
    """The exit codes of commands, one after another, against one exchange."""

    async def run() -> list[int]:
        settings = LocalSettings(history_ns=DAY_NS, seed=SEED)
        place = Place(LocalExchange(MARKET, settings), folder)
        started: asyncio.Future[Address] = asyncio.get_running_loop().create_future()
        serving = asyncio.ensure_future(place.exchange.serve(started.set_result))
        try:
            written(place, await started, more)
            if arrange is not None:
                arrange(place)
            return [await asyncio.to_thread(main, words) for words in asked(place)]
        finally:
            place.exchange.stop()
            await serving

    return asyncio.run(run())


@pytest.mark.requirement("R001-20", "R001-22", "R001-23")
def test_a_symbol_is_prepared_and_the_doctor_is_content(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both forms of a symbol; what is in force is printed, and what was amiss before is told with figures."""
    assert codes(tmp_path, lambda at: [at.of("doctor"), at.of("prepare", UNIFIED, ETH), at.of("doctor")]) == [0, 0, 0]
    out = capsys.readouterr().out
    before, after = out.split(f"{BTC}: success")
    assert "the margin mode of" in before
    assert "LONG liquidation price" in before
    assert f"sadari prepare {BTC} {ETH}" in before
    assert "margin mode       ISOLATED" in after
    assert "leverage          10x" in after
    assert "margin mode and leverage of 2 symbols are as planned" in after


@pytest.mark.requirement("R001-5", "R001-16", "R001-17")
def test_a_downgrade_is_printed_with_its_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Multi-assets mode; the JSON has exactly the fields of the rule."""

    def multi(place: Place) -> None:
        place.exchange.desk.set_multi_assets(multi_assets=True)

    assert codes(tmp_path, lambda at: [at.of("prepare", BTC), at.of("prepare", BTC, "--json")], "", multi) == [0, 0]
    text, _, answer = capsys.readouterr().out.partition("[\n")
    assert "downgraded to crossed margin" in text
    assert "Single-Asset Mode" in text
    (result,) = json.loads("[" + answer)
    assert result.pop("message").startswith("ready (CROSSED)")
    limit = str(MARKET.instruments[BTC].max_notional(10))
    assert result == {
        "symbol": BTC, "status": "success", "margin_type": "CROSSED", "downgraded": True, "leverage": 10,
        "max_notional": limit,
    }  # fmt: skip


@pytest.mark.requirement("R001-5", "R001-19")
def test_a_failed_preparation_ends_with_1_and_the_cause(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By the policy that refuses, and with a leverage that no bracket allows."""

    def multi(place: Place) -> None:
        place.exchange.desk.set_multi_assets(multi_assets=True)

    def asked(at: Place) -> list[list[str]]:
        return [at.of("prepare", BTC), at.of("prepare", BTC, "--margin", "crossed", "--leverage", "99")]

    assert codes(tmp_path, asked, 'on_multi_assets = "refuse"\n', multi) == [1, 1]
    told = capsys.readouterr().err
    assert "-4168" in told
    assert "-4028" in told


def test_the_doctor_ends_with_1_where_a_start_is_forbidden(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As JSON, each finding with its severity and its remedy."""
    assert codes(tmp_path, lambda at: [at.of("doctor", "--json")], "[risk]\nmax_positions = 15\n") == [1]
    answer = json.loads(capsys.readouterr().out)
    assert answer["forbids"] == 2
    assert {one["severity"] for one in answer["findings"]} == {"forbids", "warns", "fine"}
    assert all(one["remedy"] for one in answer["findings"] if one["severity"] == "forbids")


def test_no_output_and_no_file_of_ours_has_the_secret(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither key nor secret is printed or written, in whatever way a command ends."""
    secrets: list[str] = []

    def wrong(at: Place) -> list[list[str]]:
        secrets.extend(at.exchange.credentials[:2])
        (at.folder / "w.toml").write_text(f'key = "{secrets[0]}"\nsecret = "{"f" * 64}"\n', encoding="utf-8")
        (at.folder / "w.toml").chmod(0o600)
        refused = ["doctor", "--config", str(at.config), "--key-file", str(at.folder / "w.toml")]
        return [at.of("doctor", "--json"), at.of("prepare", BTC), refused]

    assert codes(tmp_path, wrong) == [0, 0, 1]
    shown = "".join(capsys.readouterr())
    shown += "".join(file.read_text() for file in (tmp_path / "state").iterdir())
    assert not [secret for secret in secrets if secret in shown]
    assert "-1022" in shown


def test_a_folder_of_another_key_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was prepared with one key is not gone on with with another (faults F129)."""

    def another(at: Place) -> list[list[str]]:
        reader = at.exchange.further
        file = at.folder / "r.toml"
        file.write_text(f'key = "{reader.reader_key}"\nsecret = "{reader.reader_secret}"\n', encoding="utf-8")
        file.chmod(0o600)
        other = ["--config", str(at.config), "--key-file", str(file)]
        return [at.of("prepare", BTC), ["doctor", *other], ["prepare", BTC, *other]]

    assert codes(tmp_path, another) == [0, 2, 2]
    assert "another key" in capsys.readouterr().err


def test_an_ed25519_key_prepares_as_well(tmp_path: Path) -> None:
    """Its PEM stands beside the key file."""

    def with_pem(at: Place) -> list[list[str]]:
        further = at.exchange.further
        assert further.ed25519_private_key is not None
        for name, text in (
            ("e.pem", further.ed25519_private_key),
            ("e.toml", f'key = "{further.ed25519_key}"\nprivate_key = "e.pem"\n'),
        ):
            (at.folder / name).write_text(text, encoding="utf-8")
            (at.folder / name).chmod(0o600)
        return [["prepare", BTC, "--config", str(at.config), "--key-file", str(at.folder / "e.toml")]]

    assert codes(tmp_path, with_pem) == [0]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["prepare", "BTC-USDT"], "allowed: the form BTCUSDT or BTC/USDT:USDT"),
        (["prepare", BTC, "--folder", "nowhere"], "no engine runs in this folder"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    """Nothing is asked of the exchange."""

    def asked(at: Place) -> list[list[str]]:
        return [words if "--folder" in words else at.of(*words)]

    assert codes(tmp_path, asked) == [2]
    assert told in capsys.readouterr().err


def test_a_venue_that_does_not_answer_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing listens there; one sentence says so."""

    def dead(at: Place) -> list[list[str]]:
        text = at.config.read_text(encoding="utf-8")
        (line,) = (line for line in text.splitlines() if line.startswith("rest"))
        at.config.write_text(text.replace(line, 'rest = "http://127.0.0.1:9"'), encoding="utf-8")
        return [at.of("prepare", BTC)]

    assert codes(tmp_path, dead) == [1]
    assert "no connection to the venue" in capsys.readouterr().err


class Engine:
    """What a running engine answers; only preparing is asked of it here."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def prepare(self, symbol: str) -> str:
        """Keep what was asked."""
        self.asked.append(symbol)
        return f"{symbol}: ready"

    async def _never(self, *_: object, **__: object) -> str:
        raise AssertionError

    async def status(self) -> Status:
        """Not asked for."""
        raise AssertionError

    pause = resume = stop = exit = sync = adopt = write_off = reset = _never
    liquidate = cancel_liquidation = confirm_liquidation = abandon_liquidation = _never

    async def liquidation_plan(self, reason: str) -> LiquidationPlan:
        """Not asked for."""
        raise AssertionError(reason)


def test_a_running_engine_is_asked_and_the_exchange_is_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its socket answers; another leverage than its own is refused."""
    engine = Engine()

    async def run() -> list[int]:
        folder = tmp_path / "state"
        folder.mkdir()
        with FolderLock(folder):
            control = Control(folder / "control.sock", engine)
            await control.start()
            try:
                words = ["prepare", UNIFIED, "--folder", str(folder)]
                return [await asyncio.to_thread(main, line) for line in (words, [*words, "--leverage", "5"])]
            finally:
                await control.close()

    assert asyncio.run(run()) == [0, 2]
    assert engine.asked == [BTC]
    captured = capsys.readouterr()
    assert captured.out == f"{BTC}: ready\n"
    assert "prepares by its configuration" in captured.err


def test_an_engine_that_does_not_answer_yet_is_not_gone_around(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It holds the folder's lock: nothing is set beside it."""

    def locked(at: Place) -> list[list[str]]:
        at.state.mkdir()
        locks.append(FolderLock(at.state))
        return [at.of("prepare", BTC)]

    locks: list[FolderLock] = []
    assert codes(tmp_path, locked) == [2]
    locks[0].release()
    assert "works in this folder" in capsys.readouterr().err


def test_what_is_in_force_is_the_exchanges_own_state(tmp_path: Path) -> None:
    """By its own books: ISOLATED and 7x, set through the command line."""

    def asked(at: Place) -> list[list[str]]:
        places.append(at)
        return [at.of("prepare", BTC, "--leverage", "7")]

    places: list[Place] = []
    assert codes(tmp_path, asked) == [0]
    account = places[0].exchange.desk.exchange
    assert (account.margin_mode(BTC), account.leverage(BTC)) == (MarginMode.ISOLATED, 7)
