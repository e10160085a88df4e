"""The end of a position: exit prices are means of trades or nothing, and profit is what the venue says it is."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sadari.core.position import Position
from sadari.model.command import PlaceOrder, RecordPosition, Slip
from sadari.model.event import (
    AlarmRang,
    ForceExitRequested,
    FundingPaid,
    LevelCrossed,
    OrderAccepted,
    OrderFilled,
    PositionRecord,
    WriteOffRequested,
)
from sadari.model.order import Direction, Purpose
from sadari.model.reason import RejectReason
from sadari.model.units import EXACT, SECOND_NS
from tests.ladder_driver import SYMBOL, Driver, held, patient, pending

D = Decimal
DOT = "DOTUSDT"
FLAT = PositionRecord(DOT, D(0), D(0))
EXIT = Purpose.EXIT


def short_dot() -> tuple[Driver, PlaceOrder]:
    """257.4 DOT sold at 1.6838, and the closing order that is decided at 1.697, not answered yet."""
    driver = Driver(patient(), symbols=(DOT,), tick_size=D("0.0001"), step_size=D("0.1"), min_qty=D("0.1"))
    driver.hold = {Purpose.ENTRY, EXIT}
    driver.signal(Direction.SHORT, "1.6838", symbol=DOT)
    entry = driver.held.pop()
    driver.fill(entry, "257.4", done=False)
    driver.end(entry.client_order_id, symbol=DOT)
    driver.give(LevelCrossed(time_ns=driver.now_ns, symbol=DOT, price=D("1.697"), levels=("none",)))
    driver.give(ForceExitRequested(time_ns=driver.now_ns, symbol=DOT, actor="test"))
    return driver, driver.held.pop()


def dot(driver: Driver) -> Position:
    """The engine's record of DOT."""
    return driver.engine.positions[DOT]


def unsettled() -> tuple[Driver, PlaceOrder]:
    """A position that the venue shows flat although none of its closing trades has been told, and its wall."""
    driver, order = pending(EXIT, "44900")
    (wall,) = [stop for stop in driver.stops.values() if stop.purpose is Purpose.WALL]
    driver.reject(order, -2022, RejectReason.REDUCE_ONLY)
    driver.read_flat()
    return driver, wall


def write_off(driver: Driver) -> None:
    """An operator gives the missing trades up."""
    driver.give(WriteOffRequested(time_ns=driver.now_ns, symbol=SYMBOL, actor="operator", cause="records lost"))


@pytest.mark.requirement("R003-9")
def test_the_dot_vector_of_section_11_is_settled_by_its_two_fills() -> None:
    """VWAP 1.69830575, realized -3.73378, drift -0.33610 and a warning, commission 0.21857195."""
    driver, order = short_dot()
    driver.fill(order, "100.0", done=False, price="1.6980")
    driver.fill(order, "157.4", price="1.6985")
    (record,) = driver.of(RecordPosition)
    assert record.exit_price == D("1.698305749805"), "1.69830575, rounded down at twelve decimals"
    assert record.pnl == D("-3.73378")
    assert record.unrealized_at_decision == D("-3.39768")
    assert record.drift == D("-0.33610")
    assert [slip.amount for slip in record.slips] == [D("-0.1000"), D("-0.23610")]
    closing = [event for event in driver.events if isinstance(event, OrderFilled) and event.buyer]
    assert sum(event.fee for event in closing) == D("0.21857195")
    assert driver.alerts() == [("warning", "SETTLEMENT_DRIFT")]


@pytest.mark.requirement("R003-9", "R003-10", "R003-51")
def test_the_dot_vector_of_section_11_without_a_fill_has_no_price_and_no_profit() -> None:
    """An acknowledgement is no trade: partly filled or not at all, nothing is recorded that no trade says."""
    driver, order = short_dot()
    driver.give(OrderAccepted(time_ns=driver.now_ns, symbol=DOT, client_order_id=order.client_order_id))
    assert (dot(driver).state, driver.of(RecordPosition)) == ("EXITING", [])
    driver.reject(order, -2022, RejectReason.REDUCE_ONLY)
    driver.account(FLAT)
    assert (dot(driver).state, driver.of(RecordPosition)) == ("CLOSED_UNSETTLED", [])
    driver.fill(order, "100.0", done=False, price="1.6980")
    assert (dot(driver).state, driver.of(RecordPosition)) == ("CLOSED_UNSETTLED", [])
    driver.fill(order, "157.4", price="1.6985")
    assert driver.of(RecordPosition)[-1].pnl == D("-3.73378")


@pytest.mark.requirement("R003-51")
def test_after_three_tries_a_person_is_told_and_a_later_fill_settles() -> None:
    """A second apart; after that each account record is a try, without a further alert."""
    driver, wall = unsettled()
    assert [driver.ring("settle:") // SECOND_NS for _ in range(3)] == [1, 1, 1]
    assert not [name for name in driver.alarms if name.startswith("settle:")]
    driver.read_flat()
    driver.read_flat()
    assert driver.alerts().count(("warning", "SETTLEMENT_PENDING")) == 1
    assert driver.state == "CLOSED_UNSETTLED"
    driver.fill(wall, price="44900", qty="0.300")
    assert driver.state == "FLAT"
    assert driver.of(RecordPosition)[-1].exit_price == D(44_900)


def test_a_write_off_ends_a_position_and_makes_nothing_up() -> None:
    """Exit price and profit stay unknown; a trade that is found later is booked, and changes no record."""
    driver, wall = unsettled()
    write_off(driver)
    (record,) = driver.of(RecordPosition)
    assert (record.exit_price, record.pnl, record.drift, record.unexplained) == (None, None, None, True)
    assert "WRITTEN_OFF" in driver.audits()
    assert driver.state == "FLAT"
    before = driver.engine.ledger.change
    driver.give(
        OrderFilled(
            time_ns=driver.now_ns, symbol=SYMBOL, client_order_id=wall.client_order_id, trade_id=77, price=D(44_900),
            qty=D("0.300"), fee=D(7), realized_pnl=D(-1530), buyer=False,
        )
    )  # fmt: skip
    assert driver.engine.ledger.change == before - 1537
    assert len(driver.of(RecordPosition)) == 1


def test_only_what_is_not_settled_can_be_written_off() -> None:
    """Anything else is refused with its state."""
    driver = held()
    write_off(driver)
    assert driver.audits() == ["NOT_ALLOWED_IN_STATE"]
    assert driver.state == "INITIAL"


@pytest.mark.parametrize(
    ("beyond", "settles"), [("0.01", True), ("-0.01", True), ("0.0101", False), ("-0.0101", False)]
)
def test_a_profit_that_the_fills_do_not_explain_stays_unsettled(beyond: str, settles: bool) -> None:
    """Within a cent it is rounding; beyond, a critical alert, once, however often it is tried."""
    driver, order = pending(EXIT, "44900")
    position = driver.position
    realized = position.side.sign * (D(44_900) - D(50_000)) * D("0.300") + D(beyond)
    driver.wallet = EXACT.add(driver.wallet, realized - 1)
    driver.give(
        OrderFilled(
            time_ns=driver.now_ns, symbol=SYMBOL, client_order_id=order.client_order_id, trade_id=99, price=D(44_900),
            qty=D("0.300"), fee=D(1), realized_pnl=realized, buyer=False,
        )
    )  # fmt: skip
    for _ in range(3 if not settles else 0):
        driver.ring("settle:")
    assert driver.alerts().count(("critical", "SETTLEMENT_MISMATCH")) == (0 if settles else 1)
    assert driver.state == ("FLAT" if settles else "CLOSED_UNSETTLED")


@pytest.mark.parametrize(("price", "severity"), [
    ("44900", None), ("44899.99", None), ("44899", "warning"), ("44677", "warning"), ("44675", "critical"),
])  # fmt: skip
def test_drift_is_graded_by_its_share_of_the_notional(price: str, severity: str | None) -> None:
    """Up to a cent nothing, up to half a percent of the notional a warning."""
    driver, order = pending(EXIT, "44900")
    driver.fill(order, price=price)
    assert driver.alerts() == ([] if severity is None else [(severity, "SETTLEMENT_DRIFT")])
    (record,) = driver.of(RecordPosition)
    assert record.drift == (D(price) - 44_900) * D("0.300")
    assert record.slips == (Slip(driver.trades, (D(price) - 44_900) * D("0.300")),)


def test_a_close_by_the_venue_has_no_decision_and_no_drift() -> None:
    """Nobody of ours looked at a price first."""
    driver = held()
    (wall,) = [stop for stop in driver.stops.values() if stop.purpose is Purpose.WALL]
    driver.fill(wall, price="44000")
    (record,) = driver.of(RecordPosition)
    assert (record.unrealized_at_decision, record.drift, record.slips) == (None, None, ())


def test_funding_is_counted_to_the_position_that_it_was_paid_for() -> None:
    """Each payment once, and never to its price profit."""
    driver = held()
    paid = FundingPaid(time_ns=driver.now_ns, symbol=SYMBOL, amount=D("-1.5"), rate=D("0.0001"), mark_price=D(50_000))
    driver.give(paid)
    driver.give(paid)
    driver.tick("44900")
    (record,) = driver.of(RecordPosition)
    assert (record.funding, record.pnl) == (D("-1.5"), D("-1530.000"))


def test_a_settlement_alarm_of_an_earlier_life_does_nothing() -> None:
    """It names a position that is over."""
    driver = held()
    before = len(driver.log)
    driver.give(AlarmRang(time_ns=driver.now_ns, name=f"settle:{SYMBOL}:{driver.position.id}"))
    assert driver.log[before:] == []


def test_what_a_hand_trades_beyond_the_position_is_no_drift_of_it() -> None:
    """An exit is on its way when somebody sells ten times what is held: only the position's share of that slipped."""
    driver, _ = pending(EXIT, "44900")
    driver.give(
        OrderFilled(
            time_ns=driver.now_ns, symbol=SYMBOL, client_order_id="web_1", trade_id=99, price=D(44_890), qty=D(3),
            fee=D(1), realized_pnl=D("0.300") * (44_890 - 50_000), buyer=False, done=True,
        )
    )  # fmt: skip
    (record,) = driver.of(RecordPosition)
    assert (record.drift, record.slips) == (D("-3.000"), (Slip(99, D("-3.000")),))
