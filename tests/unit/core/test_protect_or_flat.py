"""What is done when the venue refuses protection or exits, or does not answer. Source: faults R1, R2; invariant I12."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest

from sadari.core.exposure import committed, counts, portfolio_worst_case, worst_case
from sadari.model.command import CancelOrder, PlaceOrder, Reconcile, RecordExit, RecordPosition
from sadari.model.event import EngineTurned, OrderAccepted, OrderFound, PositionRecord, PositionsShown, StopStuck
from sadari.model.order import Direction, OrderType, Purpose, Side, TimeInForce
from sadari.model.reason import RejectReason
from sadari.model.units import SECOND_NS, exact
from tests.ladder_driver import SYMBOL, Driver, held, patient, pending

LONG, SHORT = Direction.LONG, Direction.SHORT
STOP, WALL, EXIT = Purpose.STOP, Purpose.WALL, Purpose.EXIT
OTHER, EXISTS = RejectReason.OTHER, RejectReason.CLOSE_POSITION_EXISTS
D = Decimal


def stop_of(driver: Driver, purpose: Purpose) -> PlaceOrder:
    """The only resting stop of a purpose."""
    (order,) = [order for order in driver.stops.values() if order.purpose is purpose]
    return order


def refuse_all(driver: Driver, times: int) -> None:
    """The venue refuses stops that are held, oldest first."""
    for _ in range(times):
        if driver.held:
            driver.reject(driver.held.pop(0), -4045, OTHER)


def bare(direction: Direction = LONG) -> Driver:
    """A position just entered whose stops have no answer yet."""
    driver = Driver(patient())
    driver.hold = {STOP, WALL}
    driver.signal(direction, "50000")
    return driver


# stops that are refused


@pytest.mark.parametrize("direction", [LONG, SHORT])
def test_a_position_that_the_venue_refuses_to_protect_is_closed(direction: Direction) -> None:
    """R2: after three refusals, with nothing resting and nothing under way; the reason says so first."""
    driver = bare(direction)
    refuse_all(driver, 6)
    (exit_order,) = driver.sent(EXIT)
    assert (exit_order.qty, exit_order.reduce_only) == (D("0.300"), True)
    record = driver.of(RecordExit)[-1]
    assert record.reason == "PROTECTIVE_STOP_ORDER"
    assert "-4045" in record.cause
    assert ("critical", "PROTECTIVE_STOP_ORDER") in driver.alerts()
    assert driver.state == "FLAT"


def test_stops_beyond_what_the_venue_lets_rest_pause_entries() -> None:
    """F32: else each signal would open what is closed again for want of a stop; an operator resumes."""
    driver = bare()
    for _ in range(3):
        driver.reject(driver.held.pop(0), -4045, RejectReason.STOP_ORDER_LIMIT)
    while driver.held:
        driver.reject(driver.held.pop(0), -4045, RejectReason.STOP_ORDER_LIMIT)
    assert driver.state == "FLAT"
    assert driver.engine.causes == ("stop_order_limit",)
    sent = len(driver.of(PlaceOrder))
    assert driver.signal(LONG, "50000") == ["DENIED ENGINE_NOT_RUNNING"]
    assert len(driver.of(PlaceOrder)) == sent
    driver.command("resume")
    driver.hold.clear()
    assert driver.signal(LONG, "50000") == ["ENTRY 0.300"]


def test_a_stop_that_the_venue_has_no_room_for_is_asked_for_once_in_five_seconds() -> None:
    """F32: under the cover of the wall nothing is closed, and nothing is asked for in a loop."""
    driver = bare()
    wall = next(order for order in driver.held if order.purpose is WALL)
    driver.held.remove(wall)
    driver.accept(wall)
    for _ in range(3):
        driver.reject(driver.held.pop(0), -4045, RejectReason.STOP_ORDER_LIMIT)
    for _ in range(5):
        assert driver.held == []
        assert driver.ring("protect:") == 5 * SECOND_NS
        (again,) = driver.held
        driver.held.clear()
        driver.reject(again, -4045, RejectReason.STOP_ORDER_LIMIT)
    assert driver.sent(EXIT) == []
    assert driver.engine.causes == ("stop_order_limit",)


def test_one_wall_that_rests_is_enough_to_stay() -> None:
    """The inner stop is refused again and again; the wall covers everything."""
    driver = bare()
    wall = next(order for order in driver.held if order.purpose is WALL)
    driver.held.remove(wall)
    driver.accept(wall)
    for _ in range(3):
        refuse_all(driver, 1)
    assert driver.sent(EXIT) == []
    assert driver.state == "INITIAL"
    driver.ring("protect:")
    refuse_all(driver, 1)
    assert driver.sent(EXIT) == []


def test_a_wall_that_is_still_on_its_way_is_waited_for() -> None:
    """Three refusals of the inner stop say nothing about the wall; its refusal does."""
    driver = bare()
    wall = next(order for order in driver.held if order.purpose is WALL)
    driver.held.remove(wall)
    refuse_all(driver, 3)
    assert driver.sent(EXIT) == []
    driver.reject(wall, -4045, OTHER)
    assert len(driver.sent(EXIT)) == 1


def test_a_wall_without_an_answer_covers_nothing() -> None:
    """UNKNOWN does not count as cover (I1)."""
    driver = bare()
    wall = next(order for order in driver.held if order.purpose is WALL)
    driver.held.remove(wall)
    refuse_all(driver, 3)
    driver.lose(wall)
    assert len(driver.sent(EXIT)) == 1


def test_another_close_position_order_is_read_and_the_inner_stop_goes_on() -> None:
    """F39, -4130: no loop of refusals; when it is gone the wall is placed."""
    driver = bare()
    inner = next(order for order in driver.held if order.purpose is STOP)
    wall = next(order for order in driver.held if order.purpose is WALL)
    driver.held.clear()
    driver.reject(wall, -4130, EXISTS)
    assert driver.of(Reconcile)[-1].symbol == SYMBOL
    assert [order for order in driver.held if order.purpose is WALL] == []
    driver.accept(inner)
    theirs = OrderFound(
        time_ns=driver.now_ns, symbol=SYMBOL, client_order_id="web_1", side=Side.SELL,
        order_type=OrderType.STOP_MARKET, ours=False, trigger_price=D(40000), close_position=True,
    )  # fmt: skip
    shown = PositionsShown(
        time_ns=driver.now_ns, positions=(PositionRecord(SYMBOL, D("0.3"), D(50000)),), symbol=SYMBOL
    )
    driver.give(theirs)
    driver.give(shown)
    assert len(driver.sent(WALL)) == 1
    driver.give(shown)
    assert len(driver.sent(WALL)) == 2


# stops that trigger without an order


def test_a_stuck_stop_is_replaced_while_the_other_one_covers() -> None:
    """A critical alert, and no exit."""
    driver = held()
    inner = stop_of(driver, STOP)
    driver.stops.pop(inner.client_order_id)
    driver.give(StopStuck(time_ns=driver.now_ns, symbol=SYMBOL, client_order_id=inner.client_order_id))
    assert stop_of(driver, STOP).client_order_id != inner.client_order_id
    assert driver.sent(EXIT) == []
    assert driver.alerts() == [("critical", "STOP_STUCK")]


def test_a_stuck_stop_without_another_one_closes_everything() -> None:
    """Nothing rests that would: R2 at once."""
    driver = held()
    inner, wall = stop_of(driver, STOP), stop_of(driver, WALL)
    driver.hold = {STOP, WALL}
    driver.end(inner.client_order_id)
    driver.give(StopStuck(time_ns=driver.now_ns, symbol=SYMBOL, client_order_id=wall.client_order_id))
    assert len(driver.sent(EXIT)) == 1
    assert driver.of(RecordPosition)[0].reason == "PROTECTIVE_STOP_ORDER"


def test_a_stop_that_is_stuck_after_the_position_has_gone_means_nothing() -> None:
    """Nor does one that we do not know."""
    driver = held()
    inner = stop_of(driver, STOP)
    driver.tick("45000")
    before = len(driver.log)
    for name in (inner.client_order_id, "web_1"):
        driver.give(StopStuck(time_ns=driver.now_ns, symbol=SYMBOL, client_order_id=name))
    assert driver.log[before:] == []


# exits that are refused


@pytest.mark.parametrize("direction", [LONG, SHORT])
def test_after_four_refusals_slices_of_a_limit_order_take_the_place_of_market_orders(direction: Direction) -> None:
    """Capped, at once or not at all, inside the band, never twice the same, at most five seconds apart, for ever."""
    contract = {"multiplier_up": D("1.05"), "multiplier_down": D("0.95")}
    driver = held(direction=direction, contract=contract)
    driver.hold = {EXIT}
    last = D("44900") if direction is LONG else D("55100")
    driver.tick(str(last))
    orders = [driver.held.pop()]
    for _ in range(11):
        driver.reject(orders[-1], -4131, OTHER)
        assert driver.ring("exit:") <= 5 * SECOND_NS
        orders.append(driver.held.pop())
    assert [order.order_type for order in orders] == [OrderType.MARKET] * 4 + [OrderType.LIMIT] * 8
    slices = orders[4:]
    for order in slices:
        assert (order.time_in_force, order.reduce_only) == (TimeInForce.IOC, True)
        assert order.price is not None
        assert last * D("0.95") <= order.price <= last * D("1.05")
        assert (order.price < last) is (direction is LONG)
        assert order.qty is not None
        assert D("0.001") <= order.qty <= D("0.300")
    assert slices[0].price == last * (D("0.95") if direction is LONG else D("1.05"))
    assert slices[0].qty == D("0.300")
    assert all((a.qty, a.price) != (b.qty, b.price) for a, b in pairwise(slices))
    assert len(driver.of(Reconcile)) >= 8, "the quantity and the price are read anew"


def test_slices_go_on_until_nothing_is_left() -> None:
    """What a slice leaves is sent at once; the reason is the first one."""
    driver, order = pending(EXIT, "44900")
    for _ in range(5):
        driver.reject(order, -4131, OTHER)
        driver.ring("exit:")
        order = driver.held.pop()
    assert order.qty == D("0.150")
    driver.fill(order, "0.050", done=False)
    driver.end(order.client_order_id, cause="EXPIRED")
    while driver.held:
        driver.fill(driver.held.pop())
    assert driver.state == "FLAT"
    assert driver.of(RecordPosition)[0].reason == "STOP_LOSS_INITIAL"


def test_a_slice_is_priced_by_the_mark_price_that_was_shown_last() -> None:
    """Nothing tells ticks while an exit is on its way; the comparison does."""
    driver, order = pending(EXIT, "44900")
    for _ in range(4):
        driver.reject(order, -4131, OTHER)
        driver.give(
            PositionsShown(
                time_ns=driver.now_ns, symbol=SYMBOL,
                positions=(PositionRecord(SYMBOL, D("0.3"), D(50000), mark_price=D(40000)),),
            )
        )  # fmt: skip
        driver.ring("exit:")
        order = driver.held.pop()
    assert order.price == D("39600.00"), "one percent, where the contract tells no band"


def test_a_refusal_because_nothing_is_left_has_the_venue_asked() -> None:
    """-2022: what is there decides."""
    driver, order = pending(EXIT, "44900")
    driver.reject(order, -2022, RejectReason.REDUCE_ONLY)
    assert driver.of(Reconcile)[-1].symbol == SYMBOL
    driver.give(PositionsShown(time_ns=driver.now_ns, symbol=SYMBOL))
    assert driver.state == "CLOSED_UNSETTLED"


# no answer


def test_a_full_exit_without_an_answer_is_followed_by_a_second_one_after_five_seconds() -> None:
    """R1: both are capped. The first one is looked up all the while; whichever fills ends the position once."""
    driver, first = pending(EXIT, "44900")
    driver.lose(first)
    assert driver.held == []
    assert driver.ring("exit:") == 5 * SECOND_NS
    second = driver.held.pop()
    assert (second.qty, second.reduce_only) == (D("0.300"), True)
    driver.fill(first)
    assert driver.state == "FLAT"
    driver.reject(second, -2022, RejectReason.REDUCE_ONLY)
    assert driver.state == "FLAT"


@pytest.mark.parametrize(("purpose", "tick"), [(Purpose.ADD, "48500"), (Purpose.REDUCE, "55000")])
def test_openings_and_parts_without_an_answer_are_never_sent_again(purpose: Purpose, tick: str) -> None:
    """No timer ends them: whatever rings and whatever the price does, one order."""
    driver, order = pending(purpose, tick)
    driver.lose(order)
    for _ in range(3):
        driver.tick(tick)
        driver.account()
        for name in list(driver.alarms):
            driver.ring(name)
    assert len(driver.sent(purpose)) == 1


def test_an_entry_without_an_answer_counts_at_its_worst_case_and_shuts_its_symbol() -> None:
    """I11: as if it had been filled, with everything that is planned after it."""
    driver, order = pending(Purpose.ENTRY)
    driver.lose(order)
    position = driver.position
    assert counts(position)
    assert committed(position) == 15000
    assert worst_case(position) == 2750
    assert driver.signal(LONG, "50000") == ["DENIED POSITION_EXISTS"]


def test_an_entry_of_an_ended_life_without_an_answer_still_counts() -> None:
    """Its rest may be bought at any time; nothing else is opened there until it has had the last word."""
    driver, order = pending(Purpose.ENTRY)
    driver.fill(order, "0.100", done=False)
    driver.lose(order)
    driver.tick("44000")
    driver.ring("exit:")
    assert driver.state == "FLAT"
    assert not counts(driver.position), "it is known to work: its cancel is on its way"
    driver2, order2 = pending(Purpose.ENTRY)
    driver2.lose(order2)
    driver2.give(
        PositionsShown(time_ns=driver2.now_ns, symbol=SYMBOL, positions=(PositionRecord(SYMBOL, D("0.1"), D(50000)),))
    )
    driver2.tick("44000")
    driver2.ring("exit:")
    assert driver2.state == "CLOSED_UNSETTLED"
    assert counts(driver2.position)
    assert portfolio_worst_case([driver2.position]) == 2750
    assert committed(driver2.position) == exact(D("0.3")) * 44000
    assert order2.client_order_id in [command.client_order_id for command in driver2.of(CancelOrder)]


def test_an_add_without_an_answer_counts_in_quarantine_too() -> None:
    """Its notional takes margin and loses as far as the widest stop."""
    driver, add = pending(Purpose.ADD, "48500")
    before = committed(driver.position)
    driver.lose(add)
    shown = PositionRecord(SYMBOL, D("2"), D(50000))
    driver.give(PositionsShown(time_ns=driver.now_ns, symbol=SYMBOL, positions=(shown,)))
    position = driver.position
    assert position.is_in("QUARANTINED")
    assert committed(position) == 100_000 + exact(D("0.412")) * 48500
    assert worst_case(position) == 10_000 + exact(D("0.412")) * 4850
    assert before < committed(position)


def test_stops_without_an_answer_are_placed_anew_and_at_last_everything_is_closed() -> None:
    """A lost answer alone sells nothing (I14); three times five seconds without cover do (R2)."""
    driver = bare()
    for number in range(3):
        while driver.held:
            driver.lose(driver.held.pop())
        assert driver.sent(EXIT) == []
        assert len(driver.sent(STOP)) == number + 1
        assert driver.ring("bare:") == 5 * SECOND_NS
    assert driver.of(RecordExit)[-1].reason == "PROTECTIVE_STOP_ORDER"
    assert len(driver.sent(EXIT)) == 1


def test_a_stop_whose_answer_comes_late_covers_or_goes() -> None:
    """Before it was given up it covers; afterwards another one has its place."""
    driver = bare()
    inner = next(order for order in driver.held if order.purpose is STOP)
    while driver.held:
        driver.lose(driver.held.pop())
    driver.ring("bare:")
    again = driver.held.pop()
    name = inner.client_order_id
    commands = driver.engine.handle(OrderAccepted(time_ns=driver.now_ns, symbol=SYMBOL, client_order_id=name))
    assert CancelOrder(symbol=SYMBOL, client_order_id=name) in commands
    assert driver.engine.orders[name].state == "NEW"
    driver.accept(again)
    driver.ring("bare:")
    assert (driver.state, driver.held) == ("INITIAL", [])


def test_an_engine_that_has_failed_closes_nothing() -> None:
    """§6: in FAILED only what rests protects; a person is told all the same."""
    driver = held()
    driver.give(EngineTurned(time_ns=driver.now_ns, trigger="fatal"))
    driver.hold = {STOP, WALL}
    inner, wall = stop_of(driver, STOP), stop_of(driver, WALL)
    driver.end(inner.client_order_id)
    driver.give(StopStuck(time_ns=driver.now_ns, symbol=SYMBOL, client_order_id=wall.client_order_id))
    assert driver.sent(EXIT) == []
    assert ("critical", "PROTECTIVE_STOP_ORDER") in driver.alerts()
