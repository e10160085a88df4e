"""The worked vectors of strategies §11 and the incident of 2026-01-31: four shorts, of which three were closed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sadari.model.command import PlaceOrder, RecordLiquidated, RecordLiquidation, RecordPosition, SendAlert
from sadari.model.event import OrderAccepted, PositionsShown
from sadari.model.order import Purpose
from sadari.model.reason import RejectReason
from sadari.model.units import SECOND_NS
from tests.liquidation_driver import INCIDENT, ORDER, Flattening, incident

D = Decimal
NOTICE_NS = 30 * SECOND_NS


def of_phase(driver: Flattening, phase: str, event: str = "") -> list[RecordLiquidation]:
    """The records of a phase."""
    return [one for one in driver.of(RecordLiquidation) if one.phase == phase and event in ("", one.event)]


@pytest.mark.requirement("R003-9", "R003-27", "R003-14")
def test_the_ordering_vector_of_section_11() -> None:
    """XRP 429.32, DOT 436.81, TAO 443.34, DOGE 443.35: in that order, half a second apart."""
    driver = incident()
    driver.ask()
    (notice,) = of_phase(driver, "NOTICE")
    assert notice.unrealized == D("-21.394475"), "shown as -21.39"
    assert driver.next() == NOTICE_NS
    values = [D(INCIDENT[symbol].qty) * D(INCIDENT[symbol].mark) for symbol in ORDER]
    assert [round(value, 2) for value in values] == [D("429.32"), D("436.81"), D("443.34"), D("443.35")]
    gaps = [driver.next() for _ in range(3)]
    assert gaps == [SECOND_NS // 2] * 3
    assert tuple(order.symbol for order in driver.closing()) == ORDER
    assert all(order.reduce_only for order in driver.closing())
    assert [order.qty for order in driver.closing()] == [D(INCIDENT[symbol].qty) for symbol in ORDER]


@pytest.mark.requirement("R003-9", "R003-10", "R003-26", "R003-43")
def test_the_incident_closes_all_four_and_its_total_is_the_sum_of_their_trades() -> None:
    """Also the fourth, TAO; realized at the logged prices is what was unrealized, once."""
    driver = incident()
    driver.ask()
    driver.to_the_end()
    assert {symbol: driver.at_venue(symbol) for symbol in INCIDENT} == dict.fromkeys(INCIDENT, D(0))
    end = of_phase(driver, "SETTLE")[-1]
    closed = driver.of(RecordPosition)
    assert {one.symbol for one in closed} == set(INCIDENT)
    assert end.realized == sum(one.pnl for one in closed if one.pnl is not None) == D("-21.394475")
    assert end.fees == sum(one.fees for one in closed)
    assert {one.reason for one in closed} == {"ENGINE_LIQUIDATION:OPERATOR_REQUEST"}
    assert driver.stops == {}
    assert driver.engine.state == "PAUSED"
    for symbol in INCIDENT:
        phases = [phase for phase, _ in driver.outcomes(symbol)]
        assert list(dict.fromkeys(phases)) == ["NOTICE", "CANCEL", "CLOSE", "VERIFY", "SETTLE"]


def without_fills(driver: Flattening) -> list[PlaceOrder]:
    """Let every closing order be acknowledged, at price 0 as the incident's were, and no trade be told."""
    for order in driver.held:
        driver.give(OrderAccepted(time_ns=driver.now_ns, symbol=order.symbol, client_order_id=order.client_order_id))
    return driver.held


@pytest.mark.requirement("R003-9", "R003-10", "R003-51")
def test_an_acknowledgement_at_price_0_is_no_price_and_no_total() -> None:
    """No record has a price that no trade supports; the total is unknown, never 0; a trade that comes later counts."""
    driver = incident()
    driver.hold = {Purpose.EXIT}
    driver.ask()
    for _ in range(4):
        driver.next()
    orders = without_fills(driver)
    assert [order.symbol for order in orders] == list(ORDER)
    for order in orders[1:]:
        driver.fill(order)
    xrp = orders[0]
    driver.reject(xrp, -2022)
    # The venue is flat, and the trade that made it so has not been told.
    driver.answers = False
    position = driver.engine.positions["XRPUSDT"]
    driver.give(_flat(driver))
    assert str(position.state.value) == "CLOSED_UNSETTLED"
    while driver.liquidation.under_way:
        driver.next()
        if driver.phase == "VERIFY":
            driver.give(_flat(driver))
    end = of_phase(driver, "SETTLE")[-1]
    assert (end.event, end.realized, end.fees) == ("time_out", None, None)
    (result,) = [one for one in driver.of(RecordLiquidated) if one.symbol == "XRPUSDT" and one.phase == "SETTLE"]
    assert (result.outcome, result.exit_price, result.pnl) == ("UNSETTLED", None, None)
    assert "realized unknown" in _told(driver, "LIQUIDATION_DONE")
    driver.fill(xrp, INCIDENT["XRPUSDT"].qty)
    late = [one for one in driver.of(RecordLiquidated) if one.symbol == "XRPUSDT"][-1]
    assert (late.outcome, late.exit_price, late.pnl) == ("SETTLED", D("1.7502"), D("-6.42686"))


@pytest.mark.requirement("R003-9", "R003-10")
def test_a_symbol_that_fails_at_first_is_closed_by_a_later_pass() -> None:
    """One failure stops none of the others; the remainder is sent again, and the record says when it was open."""
    driver = incident()
    driver.refused = {"TAOUSDT"}
    driver.ask()
    for _ in range(4):
        driver.next()
    assert [symbol for symbol in INCIDENT if driver.at_venue(symbol)] == ["TAOUSDT"]
    assert driver.phase == "VERIFY"
    driver.refused = set()
    driver.to_the_end()
    assert driver.at_venue("TAOUSDT") == 0
    assert driver.outcomes("TAOUSDT") == [
        ("NOTICE", "HELD"), ("CANCEL", "NOTHING_TO_CANCEL"), ("CLOSE", "CLOSE_SENT"), ("VERIFY", "OPEN"),
        ("VERIFY", "OPEN"), ("VERIFY", "FLAT"), ("SETTLE", "SETTLED"),
    ]  # fmt: skip
    assert "LIQUIDATION_INCOMPLETE" not in driver.audits()


@pytest.mark.parametrize("reason", list(RejectReason))
@pytest.mark.parametrize("symbol", ORDER)
def test_whatever_a_closing_order_is_refused_for_the_symbol_is_closed_in_the_end(
    reason: RejectReason, symbol: str
) -> None:
    """Each reason the venue may give, for each of the four, twice in a row."""
    driver = incident()
    driver.hold = {Purpose.EXIT}
    driver.ask()
    refusals = 2
    while driver.liquidation.under_way:
        driver.next()
        for order in list(driver.held):
            driver.held.remove(order)
            if order.symbol == symbol and refusals:
                refusals -= 1
                driver.reject(order, -1, reason)
            else:
                driver.fill(order)
        for name in [one for one in driver.alarms if one.startswith("exit:")]:
            driver.ring(name)
    assert {one: driver.at_venue(one) for one in INCIDENT} == dict.fromkeys(INCIDENT, D(0))
    assert of_phase(driver, "SETTLE")[-1].realized == D("-21.394475")
    assert driver.audits().count("EXIT_REJECTED") == 2


@pytest.mark.requirement("R003-9", "R003-10")
def test_a_symbol_that_never_closes_is_named_in_every_phase_and_keeps_its_stops() -> None:
    """After three passes a person is told; passes go on every five seconds for ever; giving up names it again."""
    driver = incident()
    driver.refused = {"TAOUSDT"}
    driver.ask()
    for _ in range(4):
        driver.next()
    waits = [driver.next() // SECOND_NS for _ in range(8)]
    assert waits == [1, 1, 5, 5, 5, 5, 5, 5]
    assert driver.audits().count("LIQUIDATION_INCOMPLETE") == 1
    assert "still open: TAOUSDT" in _told(driver, "LIQUIDATION_INCOMPLETE")
    assert driver.engine.state == "LIQUIDATING"
    tried = [order for order in driver.closing() if order.symbol == "TAOUSDT"]
    assert len(tried) >= 8
    assert all(order.reduce_only for order in tried)
    assert {order.purpose for order in driver.stops.values() if order.symbol == "TAOUSDT"} == {
        Purpose.STOP, Purpose.WALL,
    }  # fmt: skip
    assert [order.symbol for order in driver.stops.values()] == ["TAOUSDT"] * 2
    driver.command("abandon", cause="by hand")
    assert driver.engine.state == "FAILED"
    assert driver.outcomes("TAOUSDT")[-1] == ("VERIFY", "OPEN")
    end = of_phase(driver, "ABANDONED")[-1]
    assert (end.symbols, end.actor, end.cause) == (("TAOUSDT",), "test", "by hand")
    assert "still open: TAOUSDT" in _told(driver, "LIQUIDATION_ABANDONED")


def _flat(driver: Flattening) -> PositionsShown:
    return PositionsShown(time_ns=driver.now_ns)


def _told(driver: Flattening, code: str) -> str:
    return [alert.text for alert in driver.of(SendAlert) if alert.code == code][-1]
