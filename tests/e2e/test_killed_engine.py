"""An engine that is killed in the middle of something: the next one goes on from journal and exchange.

What holds it in the middle is the exchange, which keeps an answer back. Source: faults F105 to F107.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sadari.model.event import OrderFilled
from tests.engine_process import SYMBOL, EngineProcess, ExchangeProcess, engine, exchange

pytestmark = pytest.mark.e2e

ORDER = 'method = "POST"\npath = "/fapi/v1/order"\nhold_s = 600'
STOP = 'method = "POST"\npath = "/fapi/v1/algoOrder"\nhold_s = 600'
CANCEL = 'method = "DELETE"\npath = "/fapi/v1/algoOrder"\nhold_s = 600'
DEAF = 'verb = "drop_frame"\nstream = "*TRADE*"'


@pytest.fixture(scope="module")
def venue() -> Iterator[ExchangeProcess]:
    """One exchange for the whole file."""
    with exchange() as serving:
        yield serving


@pytest.fixture
def killed(venue: ExchangeProcess, tmp_path: Path) -> Iterator[EngineProcess]:
    """An engine that is to be killed."""
    venue.reset()
    with engine(tmp_path, venue.at) as made:
        yield made


def hold(venue: ExchangeProcess, *rules: str) -> None:
    """Keep back answers."""
    for number, rule in enumerate(rules):
        venue.fault(f'name = "held {number}"\n{rule}')


def fired(venue: ExchangeProcess) -> bool:
    """Whether something is kept back."""
    return bool(venue.control("GET /control/faults")["counts"]["held 0"]["fired"])


def release(venue: ExchangeProcess) -> None:
    """Keep nothing back any more."""
    for name in venue.control("GET /control/faults")["counts"]:
        venue.control("DELETE /control/faults", name=name)


def go_on(made: EngineProcess, state: str = "RUNNING") -> dict[str, Any]:
    """Start it again, up to agreement; its status."""
    made.start().until(lambda: made.state() == state)
    return made.status()


def agreed(venue: ExchangeProcess, made: EngineProcess, buys: int) -> dict[str, Any]:
    """Wait until every unit that is held is covered, and nothing else rests; the position as the engine has it."""
    made.until(venue.covered)
    truth = venue.truth()
    assert [one["side"] for one in truth["orders"]] == ["BUY"] * buys
    names = [one["client_order_id"] for one in truth["orders"]] + [one["client_algo_id"] for one in truth["algos"]]
    assert len(set(names)) == len(names)
    (position,) = made.status()["positions"]
    assert float(position["qty"]) == float(venue.held())
    return dict(position)


def booked(made: EngineProcess) -> list[int]:
    """The trades that stand in the journal."""
    return [one.trade_id for one in made.records() if isinstance(one, OrderFilled)]


@pytest.mark.requirement("R004-24")
@pytest.mark.parametrize("verb", ["lost_reply", "lost_request"])
def test_an_entry_that_was_under_way_is_looked_up_and_never_sent_again(
    venue: ExchangeProcess, killed: EngineProcess, verb: str
) -> None:
    """It was filled without a word, or it never arrived: there is one position and one trade of each order."""
    hold(venue, f'verb = "{verb}"\n{ORDER}\nnth = 1', DEAF)
    killed.start().until(lambda: fired(venue))
    killed.kill()
    sent = [one["client_order_id"] for one in venue.truth()["orders"]]
    assert len(sent) == (verb == "lost_reply")
    release(venue)
    go_on(killed)
    position = agreed(venue, killed, buys=1)
    assert position["stage"] == "INITIAL"
    assert booked(killed) == [one["trade_id"] for one in venue.truth()["trades"]]


@pytest.mark.requirement("R004-24")
def test_a_fill_without_its_stop_is_covered_first_of_all(venue: ExchangeProcess, killed: EngineProcess) -> None:
    """Killed between fill and protection; and once more while it compares."""
    hold(venue, f'verb = "lost_request"\n{STOP}')
    killed.start().until(lambda: fired(venue))
    killed.kill()
    assert venue.held() > 0
    assert venue.stops() == []
    release(venue)
    hold(venue, 'verb = "lost_request"\nmethod = "GET"\npath = "/fapi/v3/positionRisk"\nhold_s = 600\nfrom_s = 1')
    killed.start().until(lambda: fired(venue))
    killed.kill()
    release(venue)
    go_on(killed)
    agreed(venue, killed, buys=1)


@pytest.mark.requirement("R004-24")
def test_a_ladder_that_is_killed_while_it_adds_and_while_it_moves_its_stop_keeps_stage_and_lots(
    venue: ExchangeProcess, killed: EngineProcess
) -> None:
    """Nothing is bought twice, nothing lost."""
    killed.start().until(venue.covered)
    hold(venue, f'verb = "lost_reply"\n{ORDER}', DEAF)
    venue.fault(f'verb = "price_gap"\nsymbol = "{SYMBOL}"\nfraction = -0.035')
    killed.until(lambda: fired(venue))
    killed.kill()
    release(venue)

    # The add is found, and its larger stop is placed; the smaller one cannot be taken away.
    hold(venue, f'verb = "lost_request"\n{CANCEL}')
    killed.start().until(lambda: fired(venue))
    killed.kill()
    assert len(venue.stops()) > 2
    release(venue)
    go_on(killed)
    assert agreed(venue, killed, buys=2)["stage"] == "FIRST_DCA"


@pytest.mark.requirement("R004-24")
def test_an_engine_that_is_killed_while_it_is_paused_or_exits_stays_paused_and_exits_once(
    venue: ExchangeProcess, killed: EngineProcess
) -> None:
    """The cause of the pause is there again; the exit that was under way is found, and nothing is left behind."""
    killed.start().until(venue.covered)
    assert killed.ask("pause", "--cause", "lunch").returncode == 0
    killed.kill()
    status = go_on(killed, "PAUSED")
    assert status["pause_causes"] == ["lunch"]
    assert killed.ask("resume").returncode == 0

    hold(venue, f'verb = "lost_reply"\n{ORDER}', DEAF)
    assert killed.ask("exit", SYMBOL).returncode == 0
    killed.until(lambda: fired(venue))
    killed.kill()
    release(venue)
    assert venue.held() == 0
    killed.start().until(lambda: killed.state() == "RUNNING" and not venue.stops())
    truth = venue.truth()
    assert [one["side"] for one in truth["orders"]][:2] == ["BUY", "SELL"]
    assert booked(killed)[: len(truth["trades"])] == [one["trade_id"] for one in truth["trades"]]
    assert killed.status()["closed"] == 1
