"""A process that ends in the middle of a liquidation: the next one goes on in the same phase, and ends the same way."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sadari.model.command import PlaceOrder, RecordLiquidated, RecordLiquidation, RecordPosition
from sadari.model.event import EngineTurned
from sadari.model.order import Purpose
from sadari.model.units import SECOND_NS
from tests.liquidation_driver import INCIDENT, ORDER, Flattening, incident

D = Decimal
PHASES = ("NOTICE", "CANCEL", "CLOSE", "VERIFY", "SETTLE")


def reach(phase: str) -> Flattening:
    """A liquidation in the middle of a phase."""
    driver = incident()
    if phase == "CANCEL":
        driver.hold = {Purpose.ADD}
        driver.tick("1.7350", symbol="DOTUSDT")
        driver.held = []
        driver.prices["DOTUSDT"] = D("1.697")
    driver.refused = {"TAOUSDT"} if phase == "VERIFY" else set()
    driver.ask()
    while driver.phase != phase:
        driver.next()
    if phase == "CLOSE":
        driver.next()
    return driver


def ended_well(driver: Flattening) -> None:
    """Everything is flat, every position has one end and a record in the settlement, nothing was illegal."""
    assert {symbol: driver.at_venue(symbol) for symbol in INCIDENT} == dict.fromkeys(INCIDENT, D(0))
    closed = [one.symbol for one in driver.of(RecordPosition)]
    assert sorted(closed) == sorted(INCIDENT)
    assert all(("SETTLE", "SETTLED") in driver.outcomes(symbol) for symbol in INCIDENT)
    assert driver.engine.state == "PAUSED"
    assert "ILLEGAL_EVENT" not in driver.audits()
    assert driver.stops == {}
    names = [order.client_order_id for order in driver.of(PlaceOrder)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("sight", [True, False])
def test_it_goes_on_in_the_phase_it_was_in(phase: str, sight: bool) -> None:
    """With everything seen, after the comparison; blind, at once: it goes on over REST."""
    driver = reach(phase)
    driver.refused = set()
    before = driver.liquidation.wanted
    driver.restart(sight=sight)
    again = [one for one in driver.log[driver.since :] if isinstance(one, RecordLiquidation)]
    assert again[0].event == "resumed"
    assert again[0].phase == phase
    assert driver.liquidation.wanted == before
    assert driver.engine.state == "LIQUIDATING"
    for add in [one for one in driver.engine.live.values() if one.purpose is Purpose.ADD]:
        driver.end(add.client_order_id, symbol=add.symbol, cause="ABSENT")
    driver.to_the_end()
    if not sight:
        assert driver.engine.state == "DEGRADED"
        driver.give(EngineTurned(time_ns=driver.now_ns, trigger="data_recovered", cause="user"))
        driver.give(EngineTurned(time_ns=driver.now_ns, trigger="reconciled"))
    ended_well(driver)


def test_a_notice_that_was_cut_short_is_given_anew_in_full() -> None:
    """Nobody could cancel it while no engine ran."""
    driver = reach("NOTICE")
    driver.now_ns += 3600 * SECOND_NS
    driver.restart()
    assert driver.closing() == []
    assert driver.next() == 30 * SECOND_NS
    assert driver.closing()


def test_a_canceled_notice_after_a_restart_compares_first() -> None:
    """The engine goes on from RECONCILING."""
    driver = reach("NOTICE")
    driver.restart()
    driver.call_off()
    assert (driver.engine.state, driver.closing()) == ("RECONCILING", [])
    driver.restart()
    assert driver.engine.state == "RUNNING"


@pytest.mark.parametrize("sent", range(4))
def test_an_order_that_may_not_have_gone_out_is_not_lost(sent: int) -> None:
    """The process ends with some orders at the venue and one of which nobody knows: each symbol is closed once."""
    driver = incident()
    driver.hold = {Purpose.EXIT}
    driver.ask()
    while len(driver.held) <= sent:
        driver.next()
    lost = driver.held.pop()
    for order in list(driver.held):
        driver.fill(order)
    driver.held, driver.hold = [], set()
    assert lost.symbol == ORDER[sent]
    driver.restart()
    assert driver.engine.liquidation is not None
    for _ in range(20):
        for name in [one for one in driver.alarms if one.startswith(f"exit:{lost.symbol}:")]:
            driver.ring(name)
        if not driver.liquidation.under_way:
            break
        driver.next()
    driver.end(lost.client_order_id, symbol=lost.symbol, cause="ABSENT")
    ended_well(driver)


def test_what_is_closed_after_a_restart_is_valued_by_the_prices_of_then() -> None:
    """§11, rule 3: what closing would bring is told as of the decision, not as of before the process ended."""
    driver = reach("CLOSE")
    left = driver.liquidation.queue
    assert left
    driver.prices |= {symbol: price * 2 for symbol, price in driver.prices.items()}
    driver.restart()
    driver.to_the_end()
    for symbol in left:
        (sent,) = [one for one in driver.of(RecordLiquidated) if (one.symbol, one.outcome) == (symbol, "CLOSE_SENT")]
        assert sent.last_price == driver.prices[symbol]


def test_what_was_abandoned_stays_so() -> None:
    """The next start does not go on with it."""
    driver = reach("VERIFY")
    driver.command("abandon")
    driver.restart()
    assert (driver.engine.state, driver.phase) == ("RUNNING", "ABANDONED")
    driver.refused = set()
    driver.ask(correlation_id="c2")
    driver.to_the_end()
    assert driver.at_venue("TAOUSDT") == 0
    assert {one.correlation_id for one in driver.of(RecordLiquidation)} == {"c1", "c2"}
    assert driver.engine.state == "PAUSED"


def test_a_process_may_end_after_every_single_event() -> None:
    """Whichever was the last one in the journal."""
    whole = reach("NOTICE")
    first = len(whole.events)
    whole.to_the_end()
    for cut in range(first, len(whole.events)):
        driver = incident()
        driver.ask()
        while len(driver.events) < cut and driver.liquidation.under_way:
            driver.next()
        if driver.liquidation.under_way:
            driver.restart()
            driver.to_the_end()
        ended_well(driver)
