"""However a running engine ends, it closes nothing, what protects its positions stays, and it goes on from there."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine_process import EngineProcess, ExchangeProcess, engine, exchange

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def venue() -> Iterator[ExchangeProcess]:
    """One exchange for the whole file."""
    with exchange() as serving:
        yield serving


@pytest.fixture
def holding(venue: ExchangeProcess, tmp_path: Path) -> Iterator[EngineProcess]:
    """An engine that holds a position behind its two stops."""
    venue.reset()
    with engine(tmp_path, venue.at) as made:
        made.start().until(venue.covered)
        yield made


def untouched(venue: ExchangeProcess) -> list[str]:
    """That nothing was closed and both stops stand; their names."""
    assert venue.orders("SELL") == []
    assert len(venue.orders("BUY")) == 1
    assert venue.held() > 0
    return sorted(one["client_algo_id"] for one in venue.stops())


def plan(made: EngineProcess) -> Any:
    """What of a position must survive its engine."""
    (position,) = made.status()["positions"]
    kept = ("symbol", "state", "stage", "qty", "entry_price", "avg_price", "opened_ns", "margin_mode")
    # The liquidation price is told with more or with fewer digits.
    levels = [(one["name"], round(float(one["price"]), 3)) for one in position["levels"]]
    return {name: position[name] for name in kept} | {"levels": levels}


@pytest.mark.requirement("R003-11", "R003-29")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_no_signal_closes_anything(venue: ExchangeProcess, holding: EngineProcess, number: signal.Signals) -> None:
    """The position lives through it, behind the same stops and by the same plan."""
    stops, before = untouched(venue), plan(holding)
    assert len(stops) == 2
    holding.signal(number)
    assert holding.ended() == 0
    assert f"{number.name}: stopping; positions are kept with what protects them" in holding.told()
    assert untouched(venue) == stops
    holding.start().until(lambda: holding.state() == "RUNNING")
    assert plan(holding) == before
    assert "Traceback" not in holding.told()


@pytest.mark.requirement("R003-8", "R003-10")
def test_a_stop_closes_nothing_unless_it_is_told_to(venue: ExchangeProcess, holding: EngineProcess) -> None:
    """`stop` keeps everything; `stop --close` closes after its notice, for a reason of its own, and leaves nothing."""
    stops, before = untouched(venue), plan(holding)
    stopped = holding.ask("stop")
    assert (stopped.returncode, holding.ended()) == (0, 0)
    assert "positions are kept" in stopped.stdout
    assert untouched(venue) == stops
    holding.start().until(lambda: holding.state() == "RUNNING")
    assert plan(holding) == before
    closing = holding.ask("stop", "--close")
    assert "in 30 s every position is closed" in closing.stdout
    assert venue.orders("SELL") == []
    confirmed = holding.ask("liquidate", "--confirm")
    assert (closing.returncode, confirmed.returncode, holding.ended()) == (0, 0, 0)
    assert venue.held() == 0
    assert venue.stops() == []
    assert len(venue.orders("SELL")) == 1
    assert "ENGINE_LIQUIDATION:OPERATOR_STOP_CLOSE" in holding.audited()
    assert "Traceback" not in holding.told()


def test_a_second_signal_waits_for_nothing_and_names_what_is_unresolved(venue: ExchangeProcess, tmp_path: Path) -> None:
    """A request without an answer keeps a stop waiting; the next start finds out what became of it."""
    venue.reset()
    venue.fault('verb = "lost_reply"\nmethod = "POST"\npath = "/fapi/v1/order"\nnth = 1\nhold_s = 600')
    with engine(tmp_path, venue.at) as made:
        made.start().until(lambda: venue.orders("BUY"))
        made.signal(signal.SIGTERM)
        made.until(lambda: "SIGTERM: stopping" in made.told())
        made.signal(signal.SIGTERM)
        assert made.ended() == 1
        assert "FAILED: unresolved after a second SIGTERM: " in made.told()
        assert "nothing was closed" in made.told()
        made.start().until(venue.covered)
        untouched(venue)


def test_an_engine_that_is_stopped_while_it_starts_ends_at_once(venue: ExchangeProcess, tmp_path: Path) -> None:
    """It has not begun, nothing is left behind that would keep the next one from starting."""
    venue.reset()
    venue.fault('verb = "delay"\nname = "slow"\nmethod = "GET"\npath = "/fapi/v1/exchangeInfo"\nseconds = 20')
    with engine(tmp_path, venue.at) as made:
        made.start().until(made.folder.exists)
        made.until(lambda: venue.control("GET /control/faults")["firings"])
        made.signal(signal.SIGTERM)
        assert made.ended() == 0
        venue.control("DELETE /control/faults", name="slow")
        made.start().until(lambda: made.state() == "RUNNING")
