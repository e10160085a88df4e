"""Entries that wait for their price: how they are placed, and each of the facts that call one off (strategies §7.7)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sadari.core.exposure import worst_case
from sadari.model.command import Audit, CancelOrder, PlaceOrder, RecordDecision, RecordMove
from sadari.model.entry import LimitEntry, Target
from sadari.model.event import CancelRejected, EngineTurned, OperatorRequested, OrderAccepted, SignalWithdrawn
from sadari.model.order import Direction, OrderType, Purpose, Side, TimeInForce
from sadari.model.reason import EntryEnd
from sadari.model.units import SECOND_NS, exact
from sadari.sensors.ict_settings import WITHDRAWALS
from tests.ladder_driver import START_NS, SYMBOL, Driver, patient
from tests.unit.core.test_reconcile import show

D = Decimal
ENTRY = Purpose.ENTRY
SHORT, LONG = Direction.SHORT, Direction.LONG
UNTIL_NS = START_NS + 7_200 * SECOND_NS
# The vector of strategies §7.7, five hundred times as dear: entry, stop and first target of the two sides.
TERMS = {SHORT: ("50425.00", "51556.5", "49519.8"), LONG: ("49575.00", "48456.5", "50469.8")}
# Prices at the signal, in three places: price beyond the target, before it, and the ticks that reach what calls off.
BEYOND = {SHORT: "49300", LONG: "50700"}
BEFORE = {SHORT: "49800", LONG: "50200"}


def terms(direction: Direction, **changes: Any) -> LimitEntry:
    """The terms of an entry."""
    price, stop, _ = TERMS[direction]
    risk = D(price) - D(stop)
    targets = tuple(
        Target(D(price) + risk * D(times), D(share))
        for times, share in (("0.8", "0.4"), ("1.2", "0.3"), ("1.6", "0.3"))
    )
    fields: dict[str, Any] = {"price": D(price), "stop": D(stop), "targets": targets, "until_ns": UNTIL_NS}
    return LimitEntry(**(fields | changes))


def waiting(direction: Direction, price: str, **changes: Any) -> tuple[Driver, PlaceOrder]:
    """An entry that waits at the venue."""
    driver = Driver(patient())
    driver.signal(direction, price, strategy="ict", signal_id="s1", limit=terms(direction, **changes))
    (order,) = driver.sent(ENTRY)
    return driver, order


def called_off(driver: Driver) -> list[str]:
    """Why entries were called off."""
    return [fact.detail.split()[0] for fact in driver.of(Audit) if fact.code == "ENTRY_WITHDRAWN"]


@pytest.mark.parametrize("direction", [SHORT, LONG])
def test_the_entry_is_a_limit_order_that_rests(direction: Direction) -> None:
    """Sized by its limit and not by the last price; its time is set; nothing is held."""
    driver, order = waiting(direction, BEYOND[direction])
    price = D(TERMS[direction][0])
    assert (order.order_type, order.price, order.time_in_force) == (OrderType.LIMIT, price, TimeInForce.GTC)
    assert order.side is (Side.SELL if direction is SHORT else Side.BUY)
    assert not order.reduce_only
    (decision,) = driver.of(RecordDecision)
    assert (decision.accepted, decision.price, decision.qty) == (True, price, order.qty)
    assert driver.state == "ENTRY_PENDING"
    assert driver.alarms == {f"entry:{SYMBOL}:1": UNTIL_NS}


@pytest.mark.parametrize("direction", [SHORT, LONG])
def test_a_filled_entry_is_held_and_waits_no_more(direction: Direction) -> None:
    """Its alarm, its levels and its withdrawal mean nothing any more."""
    driver, order = waiting(direction, BEYOND[direction])
    driver.fill(order, price=TERMS[direction][0])
    assert driver.state == "INITIAL"
    assert not any(name.startswith("entry") for name in driver.levels[SYMBOL])
    driver.ring("entry")
    driver.give(withdrawal(EntryEnd.GAP_FILLED))
    assert called_off(driver) == []
    assert driver.state == "INITIAL"


def withdrawal(cause: str, signal_id: str = "s1") -> SignalWithdrawn:
    """What the sensor tells."""
    return SignalWithdrawn(
        time_ns=START_NS + 60 * SECOND_NS, symbol=SYMBOL, strategy="ict", signal_id=signal_id, cause=cause
    )


@pytest.mark.parametrize("direction", [SHORT, LONG])
def test_an_entry_whose_time_is_over_goes(direction: Direction) -> None:
    """Strategies §7.7, 9 and the row entry_timeout_unfilled of §5.7: the entry does not count."""
    driver, _ = waiting(direction, BEYOND[direction])
    driver.ring("entry")
    assert called_off(driver) == ["ENTRY_EXPIRED"]
    assert driver.state == "FLAT"
    assert driver.of(RecordMove)[-1].event == "entry_timeout_unfilled"
    assert driver.engine.account.entries[SYMBOL] == 0
    assert driver.levels[SYMBOL] == {}


@pytest.mark.parametrize("cause", sorted(WITHDRAWALS))
def test_a_withdrawn_signal_takes_its_entry_with_it(cause: EntryEnd) -> None:
    """Only its own."""
    driver, _ = waiting(SHORT, BEYOND[SHORT])
    driver.give(withdrawal(cause, "s0"))
    assert driver.state == "ENTRY_PENDING"
    driver.give(withdrawal(cause))
    assert called_off(driver) == [cause]
    assert driver.state == "FLAT"


def test_an_engine_that_begins_anew_takes_what_it_is_told_before_it_runs() -> None:
    """What became void while nobody was there is told with the first candles, maybe before all is compared."""
    driver, _ = waiting(SHORT, BEYOND[SHORT])
    later = START_NS + SECOND_NS
    driver.give(EngineTurned(time_ns=later, trigger="fatal", cause="the process ended without a word"))
    for command in ("reset", "start"):
        driver.give(OperatorRequested(time_ns=later, command=command, actor="engine"))
    assert driver.engine.state == "STARTING"
    driver.give(withdrawal(EntryEnd.OPPOSITE_EVENT))
    assert called_off(driver) == ["OPPOSITE_EVENT"]
    assert driver.of(CancelOrder)
    assert driver.of(RecordMove)[-1].event == "entry_cancelled"


@pytest.mark.parametrize(
    ("direction", "short_of", "at"), [(SHORT, "51556.49", "51556.50"), (LONG, "48456.51", "48456.50")]
)
def test_price_at_the_stop_calls_the_entry_off(direction: Direction, short_of: str, at: str) -> None:
    """Inclusive, as all levels are (strategies §1.2)."""
    driver, _ = waiting(direction, BEYOND[direction])
    driver.tick(short_of)
    assert driver.state == "ENTRY_PENDING"
    driver.tick(at)
    assert called_off(driver) == ["STOP_PASSED"]
    assert driver.state == "FLAT"


@pytest.mark.parametrize(
    ("direction", "short_of", "at"), [(SHORT, "49519.81", "49519.80"), (LONG, "50469.79", "50469.80")]
)
def test_price_at_the_target_calls_the_entry_off(direction: Direction, short_of: str, at: str) -> None:
    """The first target is reached first."""
    driver, _ = waiting(direction, BEFORE[direction])
    driver.tick(short_of)
    assert driver.state == "ENTRY_PENDING"
    driver.tick(at)
    assert called_off(driver) == ["TARGET_FIRST"]
    assert driver.state == "FLAT"


@pytest.mark.parametrize(
    ("direction", "away", "back", "again"),
    [(SHORT, "49000", "49519.81", "49519.80"), (LONG, "51000", "50469.79", "50469.80")],
)
def test_a_target_that_price_is_beyond_already_has_to_be_reached_anew(
    direction: Direction, away: str, back: str, again: str
) -> None:
    """As in the vector, whose entry still waits after price has been beyond the target since the shift."""
    driver, _ = waiting(direction, BEYOND[direction])
    driver.tick(away)
    driver.tick(back)
    assert driver.state == "ENTRY_PENDING"
    driver.tick(again)
    assert called_off(driver) == ["TARGET_FIRST"]


def test_an_entry_without_a_target_has_none_to_be_reached() -> None:
    """Only the stop is watched."""
    driver, _ = waiting(SHORT, BEFORE[SHORT], targets=())
    assert list(driver.levels[SYMBOL]) == ["entry stop"]
    driver.tick("40000")
    assert driver.state == "ENTRY_PENDING"


def test_what_is_filled_of_an_entry_that_is_called_off_is_held() -> None:
    """Protected from its first fill on; the rest goes."""
    driver, order = waiting(SHORT, BEYOND[SHORT])
    driver.fill(order, "0.010", done=False, price="50425")
    assert len(driver.resting(Purpose.STOP)) == 1
    assert "entry stop" in driver.levels[SYMBOL]
    driver.give(withdrawal(EntryEnd.OPPOSITE_EVENT))
    assert (driver.state, driver.position.qty) == ("INITIAL", D("0.010"))
    assert driver.of(RecordMove)[-1].event == "entry_done_partial"


def test_a_fill_that_overtakes_the_cancel_is_held() -> None:
    """The venue's word counts: the cancel is refused, the position is there."""
    driver, order = waiting(SHORT, BEYOND[SHORT])
    driver.stops.clear()
    driver.give(withdrawal(EntryEnd.OPPOSITE_EVENT))
    assert driver.state == "ENTRY_PENDING"
    driver.give(CancelRejected(time_ns=driver.now_ns, symbol=SYMBOL, client_order_id=order.client_order_id, code=-2011))
    driver.fill(order, price="50425")
    assert driver.state == "INITIAL"


def test_a_cancel_that_came_before_the_order_is_sent_again() -> None:
    """The order is found to work although it was called off."""
    driver = Driver(patient())
    driver.hold = {ENTRY}
    driver.signal(SHORT, BEYOND[SHORT], strategy="ict", signal_id="s1", limit=terms(SHORT))
    order = driver.held.pop()
    driver.give(withdrawal(EntryEnd.GAP_FILLED))
    assert driver.state == "ENTRY_PENDING"
    driver.accept(order)
    assert driver.state == "FLAT"
    assert called_off(driver) == ["GAP_FILLED"]
    assert len([one for one in driver.of(CancelOrder) if one.client_order_id == order.client_order_id]) == 2


def test_a_lost_cancel_is_sent_again_once_the_order_is_found() -> None:
    """No answer came: it is looked up, still works, and goes."""
    driver, order = waiting(SHORT, BEYOND[SHORT])
    driver.stops.clear()
    driver.give(withdrawal(EntryEnd.GAP_FILLED))
    driver.lose(order)
    driver.stops[order.client_order_id] = order
    driver.give(OrderAccepted(time_ns=driver.now_ns, symbol=SYMBOL, client_order_id=order.client_order_id))
    assert driver.state == "FLAT"


def test_an_entry_is_called_off_once() -> None:
    """Whatever else happens until the venue has answered."""
    driver, _ = waiting(SHORT, BEYOND[SHORT])
    driver.stops.clear()
    driver.give(withdrawal(EntryEnd.GAP_FILLED))
    driver.ring("entry")
    driver.tick("52000")
    assert called_off(driver) == ["GAP_FILLED"]


def test_a_pause_calls_a_waiting_entry_off() -> None:
    """Strategies §6: working entries are canceled."""
    driver, _ = waiting(SHORT, BEYOND[SHORT])
    driver.command("pause")
    assert called_off(driver) == ["ENTRIES_STOPPED"]
    assert driver.state == "FLAT"


@pytest.mark.parametrize(
    ("direction", "stop", "denial"),
    [
        (SHORT, "50425.00", "ZERO_STOP_DISTANCE"),
        (SHORT, "50400", "INVALID_PRICES"),
        (LONG, "49600", "INVALID_PRICES"),
    ],
)
def test_a_stop_on_the_wrong_side_is_denied(direction: Direction, stop: str, denial: str) -> None:
    """Gates 16 and 17 of strategies §9.2."""
    driver = Driver(patient())
    assert driver.signal(direction, BEYOND[direction], limit=terms(direction, stop=D(stop))) == [f"DENIED {denial}"]
    assert driver.sent(ENTRY) == []


@pytest.mark.parametrize(("direction", "at"), [(SHORT, "51556.50"), (LONG, "48456.50")])
def test_what_is_held_stops_at_the_signal_s_own_stop_and_never_adds(direction: Direction, at: str) -> None:
    """Strategies §7.8: X = SL, DCA is off; the resting stops lie beyond it."""
    driver, order = waiting(direction, BEYOND[direction])
    driver.fill(order, price=TERMS[direction][0])
    assert driver.position.stop == exact(D(TERMS[direction][1]))
    sign = direction.sign
    assert all(sign * (level - D(TERMS[direction][1])) < 0 for level in driver.resting(Purpose.STOP))
    assert driver.tick(str(D(at) + sign * D("0.01"))) == []
    assert driver.tick(at)[0].startswith("STOP_LOSS ")


def test_the_worst_case_of_an_entry_with_a_stop_is_its_loss_there() -> None:
    """While it waits by what is ordered, then by what is held: no add is counted."""
    driver, order = waiting(SHORT, BEYOND[SHORT])
    assert order.qty is not None
    distance = D("51556.5") - D("50425")
    assert worst_case(driver.position) == exact(order.qty * distance)
    driver.fill(order, "0.010", done=False, price="50425")
    assert worst_case(driver.position) == exact(order.qty * distance)
    driver.end(order.client_order_id)
    assert worst_case(driver.position) == exact(D("0.010") * distance)


@pytest.mark.parametrize(("stop", "denied"), [("51556.5", False), ("55500", True)])
def test_a_stop_beyond_the_liquidation_guard_is_denied(stop: str, denied: bool) -> None:
    """Gate 20 with isolated margin at 10x: the liquidation price lies a tenth away."""
    driver = Driver(patient(margin_mode="isolated"))
    done = driver.signal(SHORT, BEYOND[SHORT], limit=terms(SHORT, stop=D(stop), targets=(Target(D(40000)),)))
    assert done == (["DENIED LEVERAGE_PLAN_INCOMPATIBLE"] if denied else [])


def test_an_entry_that_waits_hides_no_position_that_somebody_has_opened() -> None:
    """I1: what is shown could be a part of it, but no trade says so: after three looks it goes, and stops come."""
    driver, order = waiting(SHORT, BEYOND[SHORT])
    for _ in range(4):
        assert CancelOrder(symbol=SYMBOL, client_order_id=order.client_order_id) not in driver.log
        show(driver, "-0.001", "50000")
    assert CancelOrder(symbol=SYMBOL, client_order_id=order.client_order_id) in driver.log
    driver.end(order.client_order_id)
    show(driver, "-0.001", "50000")
    assert (driver.state, sorted(stop.purpose for stop in driver.stops.values())) == ("QUARANTINED", ["STOP", "WALL"])
