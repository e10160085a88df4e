"""A running engine and its owner: every command, its refusals, and paper."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from sadari.model.command import RecordExit
from sadari.model.event import SettingsChanged
from tests.engine_process import EngineProcess, ExchangeProcess, engine, exchange, until

pytestmark = pytest.mark.e2e

A, B = "DEMOAUSDT", "DEMOBUSDT"
BOTH = {f'["{A}"]': f'["{A}", "{B}"]'}


@pytest.fixture(scope="module")
def venue() -> Iterator[ExchangeProcess]:
    """One exchange for the whole file."""
    with exchange() as serving:
        yield serving


def told(made: EngineProcess, *words: str) -> str:
    """What a command prints when it is done."""
    done = made.ask(*words)
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


def refused(made: EngineProcess, *words: str) -> str:
    """The sentence with which a command is refused."""
    done = made.ask(*words)
    assert (done.returncode, done.stdout) == (2, ""), done
    assert done.stderr.count("\n") == 1
    return done.stderr


@pytest.mark.requirement("R004-8")
@pytest.mark.requirement("R004-14")
def test_the_owner_looks_pauses_compares_and_closes(venue: ExchangeProcess, tmp_path: Path) -> None:
    """Summary, status, comparison, manual work, watching and figures; and what is not allowed is refused."""
    venue.reset()
    with engine(tmp_path, venue.at, replaced=BOTH) as made:
        made.start().until(lambda: venue.covered(A) and venue.covered(B) and made.state() == "RUNNING")
        assert "RUNNING" in told(made, "status")
        assert "inner stop" in told(made, "positions")
        shown = json.loads(told(made, "positions", "--json"))["positions"]
        assert sorted(one["symbol"] for one in shown) == [A, B]

        assert "paused (PAUSED)" in told(made, "pause", "--cause", "lunch")
        assert made.status()["pause_causes"] == ["lunch"]
        assert "resumed (RUNNING)" in told(made, "resume")
        assert "NOT_ALLOWED_IN_STATE: resume in RUNNING" in refused(made, "resume")
        assert "NOT_ALLOWED_IN_STATE: adopt in INITIAL" in refused(made, "adopt", A)
        assert "NOT_ALLOWED_IN_STATE: write-off in INITIAL" in refused(made, "write-off", A, "--cause", "none")
        assert "NOT_ALLOWED_IN_STATE: force exit in FLAT" in refused(made, "exit", "NONEUSDT")
        assert "Invalid symbol" in refused(made, "prepare", "NONEUSDT")
        prepared = told(made, "prepare", A)
        assert "margin ISOLATED, leverage 10, largest notional" in prepared

        watched = json.loads(told(made, "monitor", "--headless", "--for", "1s", "--json"))
        assert watched["summary"]["open"] == 2
        assert watched["status"]["counters"]["rest_calls"]

        # Exit not executed: the owner closes it; a sync problem: the owner has closed by hand.
        assert "closing" in told(made, "exit", A, "--cause", "manual_fix")
        made.until(lambda: venue.held(A) == 0 and not venue.stops(A))
        (closed,) = [one for one in made.records() if isinstance(one, RecordExit)]
        assert (closed.reason, closed.cause) == ("MANUAL_FORCE_EXIT", "manual_fix")
        venue.control("POST /control/human/fapi/v1/order", symbol=B, side="SELL", type="MARKET", quantity=venue.held(B))
        assert json.loads(told(made, "sync", "--json")) == {
            "done": "compared with the exchange: what differed is told and decided on"
        }
        made.until(lambda: not venue.stops(B) and made.status()["closed"] == 2)
        # Integrity, while it runs.
        assert "are what was written" in told(made, "repair")


@pytest.mark.requirement("R004-14")
def test_an_empty_store_finds_what_is_held_and_gives_it_back_to_its_owner(
    venue: ExchangeProcess, tmp_path: Path
) -> None:
    """A position whose journal is gone is quarantined; the owner adopts it, and then closes it."""
    venue.reset()
    settings = {"marginType": "ISOLATED"}
    venue.control("POST /control/human/fapi/v1/marginType", symbol=A, **settings)
    venue.control("POST /control/human/fapi/v1/order", symbol=A, side="BUY", type="MARKET", quantity="0.02")
    with engine(tmp_path, venue.at) as made:
        made.start().until(lambda: made.state() == "RUNNING" and made.status()["positions"])
        assert venue.orders("SELL") == []
        assert "is taken over" in told(made, "adopt", A)
        made.until(venue.covered)
        told(made, "exit", A)
        made.until(lambda: venue.held() == 0 and not venue.stops())


def test_changed_settings_leave_the_plan_of_what_is_held(venue: ExchangeProcess, tmp_path: Path) -> None:
    """A position goes on with the levels that it began with (faults F117)."""
    venue.reset()

    def levels() -> list[tuple[str, float]]:
        (position,) = made.status()["positions"]
        return [(one["name"], round(float(one["price"]), 3)) for one in position["levels"]]

    with engine(tmp_path, venue.at) as made:
        made.start().until(lambda: venue.covered() and made.state() == "RUNNING")
        before = levels()
        told(made, "stop")
        assert made.ended() == 0
        made.replaced = {"leverage = 10": "leverage = 5\ndca_trigger = [0.01, 0.02]\nhalf_close_pct = 0.02"}
        made.start().until(lambda: made.state() == "RUNNING")
        made.until(lambda: A in [one["symbol"] for one in made.status()["symbols"] if one["leverage"]])
        assert levels() == before
        assert {one["leverage"] for one in made.status()["symbols"] if one["symbol"] == A} == {10}
        assert any(isinstance(one, SettingsChanged) for one in made.records())


def test_who_examines_and_prepares_first_may_run_afterwards(venue: ExchangeProcess, tmp_path: Path) -> None:
    """As the README has it: doctor, prepare, run, all with one folder, which then belongs to the key."""
    venue.reset()
    with engine(tmp_path, venue.at) as made:
        config = str(made.configuration())
        for words in (("doctor", "--config", config), ("prepare", A, "--config", config)):
            done = made.with_keys(*words)
            assert (done.returncode, done.stderr) == (0, ""), done
        made.start().until(lambda: made.state() == "RUNNING")
        told(made, "stop")
        assert made.ended() == 0
        assert made.with_keys("doctor", "--config", config).returncode == 0


def covers(venue: ExchangeProcess, held: Decimal) -> bool:
    """Whether a stop for all that is held waits, and a wall."""
    stops = venue.stops()
    return any(one["close_position"] for one in stops) and held in {Decimal(one["qty"] or 0) for one in stops}


def test_a_restored_backup_sends_nothing_twice(venue: ExchangeProcess, tmp_path: Path) -> None:
    """It is older than the account: what happened since is found at the exchange, under new ids (faults F121)."""
    venue.reset()
    with engine(tmp_path, venue.at) as made:
        made.start().until(lambda: venue.covered() and made.state() == "RUNNING")
        told(made, "journal", "backup")
        venue.fault(f'verb = "price_gap"\nsymbol = "{A}"\nfraction = -0.035')
        made.until(lambda: len(venue.orders("BUY")) == 2 and venue.covered())
        made.until(lambda: made.status()["positions"][0]["stage"] == "FIRST_DCA")
        made.signal(signal.SIGTERM)
        assert made.ended() == 0
        held = venue.held()
        told(made, "journal", "restore")
        made.start().until(lambda: made.state() == "PAUSED" and covers(venue, held))
        assert "an older journal was put back" in made.status()["pause_causes"][0]
        # The price is still beyond the rung that this journal does not know to be filled.
        venue.fault(f'name = "again"\nverb = "price_gap"\nsymbol = "{A}"\nfraction = -0.005')
        told(made, "sync")
        truth = venue.truth()
        assert [one["side"] for one in truth["orders"]] == ["BUY", "BUY"]
        names = [one["client_algo_id"] for one in truth["algos"]]
        assert len(set(names)) == len(names)
        assert any("-g1-" in name for name in names)
        assert "resumed (RUNNING)" in told(made, "resume")


def test_paper_trades_on_live_prices_and_orders_nothing(venue: ExchangeProcess, tmp_path: Path) -> None:
    """Every request that would change something is refused, and none comes; a restart goes on with the position."""
    venue.reset()
    for method in ("POST", "PUT", "DELETE"):
        venue.fault(f'name = "{method}"\nverb = "code"\nmethod = "{method}"\npath = "/fapi/*"\ncode = -2015')
    with engine(tmp_path, venue.at, mode="paper") as made:
        made.start().until(lambda: made.status().get("positions") and made.status()["positions"][0]["resting_stops"])
        before = made.status()["positions"]
        made.kill()
        made.start().until(lambda: made.state() == "RUNNING")
        (position,) = made.status()["positions"]
        assert [position[name] for name in ("qty", "stage", "opened_ns")] == [
            before[0][name] for name in ("qty", "stage", "opened_ns")
        ]
        told(made, "exit", A)
        made.until(lambda: made.status()["closed"] == 1)
        told(made, "stop")
        assert made.ended() == 0
    counts = venue.control("GET /control/faults")["counts"]
    assert {name: count["matched"] for name, count in counts.items()} == {"POST": 0, "PUT": 0, "DELETE": 0}
    until(lambda: venue.truth()["orders"] == venue.truth()["algos"] == [])
