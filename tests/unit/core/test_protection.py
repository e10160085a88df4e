"""The two resting stops, what the venue closes by itself, and fills that no rule waits for. Source: strategies §5.7."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from sadari.core.exposure import worst_case
from sadari.model.command import CancelOrder, PlaceOrder, RecordExit, RecordPosition
from sadari.model.event import OrderFilled
from sadari.model.order import Direction, OrderType, Purpose
from sadari.model.reason import RejectReason
from sadari.model.units import SECOND_NS
from tests.ladder_driver import SYMBOL, Driver, held, patient, pending, shown

LONG, SHORT = Direction.LONG, Direction.SHORT
ADD, REDUCE, EXIT, STOP, WALL = Purpose.ADD, Purpose.REDUCE, Purpose.EXIT, Purpose.STOP, Purpose.WALL
D = Decimal


def foreign(driver: Driver, qty: str, *, cause: str = "", buyer: bool = False, trade_id: int = 900) -> None:
    """A trade of an order that is not ours changes the position at the last price."""
    price = driver.prices[SYMBOL]
    position, realized = driver.engine.positions.get(SYMBOL), D(0)
    if position is not None and position.qty and buyer is (position.side.sign < 0):
        realized = shown(position.side.sign * (Fraction(price) - position.average) * Fraction(qty), "0.00000001")
    driver.give(
        OrderFilled(
            time_ns=driver.now_ns, symbol=SYMBOL, client_order_id="venue-1", trade_id=trade_id,
            price=price, qty=D(qty), fee=D(1), realized_pnl=realized, buyer=buyer, cause=cause,
        )
    )  # fmt: skip


def stop_of(driver: Driver, purpose: Purpose) -> PlaceOrder:
    """The only resting stop of a purpose."""
    (order,) = [order for order in driver.stops.values() if order.purpose is purpose]
    return order


def canceled(driver: Driver) -> list[str]:
    """Which orders the engine has asked to cancel."""
    return [command.client_order_id for command in driver.of(CancelOrder)]


# resting stops


def test_both_stops_are_capped_by_the_venue() -> None:
    """The inner one is reduce-only for the whole quantity, the wall closes the position whatever it is."""
    driver = held("48500")
    inner, wall = stop_of(driver, STOP), stop_of(driver, WALL)
    assert (inner.order_type, inner.qty, inner.reduce_only, inner.close_position) == (
        OrderType.STOP_MARKET, D("0.712"), True, False,
    )  # fmt: skip
    assert (wall.order_type, wall.qty, wall.reduce_only, wall.close_position) == (
        OrderType.STOP_MARKET, None, False, True,
    )  # fmt: skip


def test_the_inner_stop_is_replaced_before_it_is_withdrawn() -> None:
    """Create, confirm, cancel: the old one goes only when the venue has the new one."""
    driver = held()
    old = stop_of(driver, STOP)
    driver.hold = {STOP}
    driver.tick("48500")
    new = driver.held.pop()
    assert new.qty == D("0.712")
    assert list(driver.stops.values()).count(old) == 1
    driver.accept(new)
    assert stop_of(driver, STOP) == new
    assert driver.of(CancelOrder)[-1].client_order_id == old.client_order_id


def test_changes_during_a_replacement_wait_for_its_confirmation() -> None:
    """A second change while one is on its way leads to one more replacement, and one stop is left."""
    driver = held()
    driver.hold = {STOP}
    driver.tick("48500")
    first = driver.held.pop()
    driver.tick("47000")
    assert driver.held == []
    driver.accept(first)
    second = driver.held.pop()
    assert second.qty == D("1.137")
    driver.accept(second)
    assert stop_of(driver, STOP) == second


def test_the_wall_is_placed_once_and_kept() -> None:
    """Adds and reductions move the inner stop only."""
    driver = held("48500", "47000", "48500", "50000", "55000")
    assert driver.state == "RUNNER"
    assert [order.trigger_price for order in driver.sent(WALL)] == [D("44550.00")]


def test_a_wall_nearer_than_the_inner_stop_is_moved() -> None:
    """Crossed: an LP that recedes leaves the wall, put under its guard, nearer than the inner stop."""
    driver = Driver(patient(stop_ratchet=False))
    driver.signal(LONG, "50000")
    driver.tick("46800")
    inner, wall = stop_of(driver, STOP), stop_of(driver, WALL)
    assert inner.trigger_price == D("44662.56")
    assert wall.trigger_price == D("44550.00")
    driver.read_liquidation("47000")
    assert stop_of(driver, WALL).trigger_price == D("47117.50")
    driver.read_liquidation("40000")
    assert stop_of(driver, STOP).trigger_price == D("44662.56")
    assert stop_of(driver, WALL).trigger_price == D("44304.54")


def test_the_wall_is_moved_under_cover_of_the_inner_stop_only() -> None:
    """While the inner stop for what is held now has no answer the wall stays; then it goes to its new place."""
    driver = Driver(patient(stop_ratchet=False))
    driver.signal(LONG, "50000")
    driver.hold = {STOP}
    driver.tick("46800")
    wall = stop_of(driver, WALL)
    driver.read_liquidation("47000")
    assert stop_of(driver, WALL) == wall
    while driver.held:
        driver.accept(driver.held.pop(0))
    assert stop_of(driver, WALL).trigger_price == D("47117.50")


def test_no_stop_is_left_behind_a_closed_position() -> None:
    """Both are withdrawn when it is flat."""
    driver = held("48500")
    driver.tick("45000")
    assert (driver.state, driver.stops) == ("FLAT", {})


def test_resting_stops_stay_while_an_exit_is_in_flight() -> None:
    """Neither moved nor canceled until the position is flat, even when its quantity changes."""
    driver, order = pending(EXIT, "48500", "45000")
    resting = dict(driver.stops)
    before = len(driver.log)
    driver.fill(order, "0.200", done=False)
    assert driver.stops == resting
    assert not any(isinstance(command, PlaceOrder | CancelOrder) for command in driver.log[before:])
    driver.fill(order, "0.512")
    assert driver.stops == {}


@pytest.mark.parametrize("purpose", [STOP, WALL])
def test_a_lost_stop_is_placed_again_at_once(purpose: Purpose) -> None:
    """Canceled or expired at the venue, it comes back with the same trigger."""
    driver = held()
    lost = stop_of(driver, purpose)
    driver.end(lost.client_order_id, cause="EXPIRED")
    again = stop_of(driver, purpose)
    assert again.client_order_id != lost.client_order_id
    assert again.trigger_price == lost.trigger_price
    assert driver.audits() == ["PROTECTIVE_LOST"]


def test_a_stop_lost_while_an_exit_is_refused_is_placed_again() -> None:
    """EXITING is no state without protection unless an accepted exit is working."""
    driver, order = pending(EXIT, "44900")
    driver.reject(order)
    driver.end(stop_of(driver, STOP).client_order_id)
    assert stop_of(driver, STOP).qty == D("0.300")


def test_a_refused_replacement_of_the_same_quantity_is_placed_again() -> None:
    """Only the trigger has moved: the refusal is not taken for the stop that should be there."""
    driver = held()
    driver.hold = {STOP}
    driver.read_liquidation("46000")
    first = driver.held.pop()
    driver.reject(first)
    (second,) = driver.held
    assert (second.trigger_price, second.qty) == (first.trigger_price, D("0.300"))


def test_three_refusals_of_a_stop_are_critical() -> None:
    """Then it is tried again every five seconds."""
    driver = Driver(patient())
    driver.hold = {STOP}
    driver.signal(LONG, "50000")
    for _ in range(2):
        driver.reject(driver.held.pop())
        assert driver.alerts() == []
    driver.reject(driver.held.pop())
    assert driver.alerts() == [("critical", "PROTECTIVE_LOST")]
    assert driver.held == []
    assert driver.ring("protect:") == 5 * SECOND_NS
    driver.accept(driver.held.pop())
    assert driver.resting(STOP) == [D("44910.00")]


def test_a_stop_whose_trigger_is_already_passed_closes_the_position() -> None:
    """-2021: as if the tick had been seen, with the reason that X names."""
    driver = Driver(patient())
    driver.hold = {WALL}
    driver.signal(LONG, "50000")
    driver.done = []
    driver.reject(driver.held.pop(), -2021, RejectReason.WOULD_TRIGGER)
    assert driver.done == ["STOP_LOSS_INITIAL 0.300", "EXIT 0.300", "CLOSED STOP_LOSS_INITIAL"]


def test_a_resting_stop_that_fills_is_the_reason() -> None:
    """The venue's fill wins; the other stop is withdrawn; the engine sends nothing."""
    driver = held("48500")
    driver.done = []
    driver.fill(stop_of(driver, STOP), price="45600")
    assert driver.done == ["STOP 0.712", "PROTECTIVE_STOP_ORDER 0.712", "CLOSED PROTECTIVE_STOP_ORDER"]
    assert driver.sent(EXIT) == []
    assert driver.stops == {}


def test_what_a_resting_stop_leaves_open_is_closed() -> None:
    """Filled in part and ended: the remainder goes out for the same reason."""
    driver = held("48500")
    inner = stop_of(driver, STOP)
    driver.fill(inner, "0.300", done=False, price="45600")
    assert (driver.state, driver.position.reason) == ("EXITING", "PROTECTIVE_STOP_ORDER")
    assert driver.sent(EXIT) == []
    driver.ring("exit:")
    assert driver.sent(EXIT)[-1].qty == D("0.412")
    assert driver.of(RecordPosition)[-1].reason == "PROTECTIVE_STOP_ORDER"


def test_a_stop_order_that_fills_during_an_exit_adds_no_reason() -> None:
    """The first reason stays; both together close what was held, never more."""
    driver, order = pending(EXIT, "48500", "45000")
    driver.fill(stop_of(driver, STOP), "0.500", done=False, price="45600")
    driver.fill(order, "0.212")
    assert driver.of(RecordPosition)[-1].reason == "STOP_LOSS_FIRST_DCA"
    assert driver.position.qty == 0


def test_a_stop_that_fills_cancels_a_pending_add_and_its_late_fill_is_protected() -> None:
    """Flat by the venue's stop, then the add fills after all: a new record in quarantine, with both stops."""
    driver, add = pending(ADD, "48500")
    driver.fill(stop_of(driver, STOP), price="44900")
    assert add.client_order_id in canceled(driver)
    assert driver.state == "FLAT"
    number = driver.position.id
    driver.fill(add, price="44800")
    position = driver.position
    assert (driver.state, position.qty, position.id) == ("QUARANTINED", D("0.412"), number + 1)
    assert {order.purpose for order in driver.stops.values()} == {STOP, WALL}
    assert ("critical", "LATE_FILL") in driver.alerts()
    assert driver.tick("43000") == []
    assert driver.tick("40320")[-1] == "CLOSED STOP_LOSS_INITIAL"


# changes from outside


@pytest.mark.parametrize(("cause", "reason"), [
    ("LIQUIDATION", "EXCHANGE_LIQUIDATION"), ("ADL", "ADL"), ("", "MANUAL_EXTERNAL"),
])  # fmt: skip
def test_a_close_by_others_is_named_after_its_cause(cause: str, reason: str) -> None:
    """Liquidation, auto-deleveraging or somebody's hand: one reason, an alert, no order of ours."""
    driver = held("48500")
    foreign(driver, "0.712", cause=cause)
    assert driver.of(RecordExit)[-1].reason == reason
    assert driver.of(RecordPosition)[-1].reason == reason
    assert driver.alerts()[0] == ("critical", reason)
    assert (driver.sent(EXIT), driver.stops, driver.state) == ([], {}, "FLAT")


def test_a_reduction_by_others_is_a_quarantine() -> None:
    """Applied to the quantity, the highest lot lacks it, stops first; only a stop acts until the account agrees."""
    driver, add = pending(ADD, "48500", "47000")
    driver.end(add.client_order_id)
    driver.ring("retry:")
    driver.tick("47000")
    add = driver.held.pop()
    driver.hold = set()
    foreign(driver, "0.200", cause="ADL")
    assert (driver.state, driver.position.qty) == ("QUARANTINED", D("0.512"))
    assert add.client_order_id in canceled(driver)
    assert stop_of(driver, STOP).qty == D("0.512")
    assert driver.tick("55000") == []
    driver.end(add.client_order_id)
    driver.read_liquidation(None)
    assert driver.state == "FIRST_DCA"
    assert driver.tick("50000") == ["DCA1_RECOVERY 0.212", "REDUCE 0.212"]


def test_a_quarantine_does_not_end_while_an_order_is_unresolved() -> None:
    """The account may agree before the order does."""
    driver, add = pending(ADD, "48500")
    foreign(driver, "0.100")
    driver.read_liquidation(None)
    assert driver.state == "QUARANTINED"
    driver.fill(add, price="48500")
    assert (driver.position.qty, driver.position.stage) == (D("0.612"), 1)
    driver.read_liquidation(None)
    assert driver.state == "FIRST_DCA"


def test_a_quarantined_position_risks_what_is_open_only() -> None:
    """§9.5: no adds to come, so the worst case is the loss at X now, from the moment of the quarantine."""
    driver = held()
    position = driver.position
    assert worst_case(position) == 2750
    driver.engine._desk.move(position, "reconcile_mismatch")
    assert worst_case(position) == 1500


def test_an_increase_by_others_is_booked_as_one() -> None:
    """Its side says so: quantity and average grow, the first entry price stays."""
    driver = held("48500")
    driver.tick("48000")
    foreign(driver, "0.100", buyer=True)
    assert driver.state == "QUARANTINED"
    assert driver.position.qty == D("0.812")
    assert driver.position.e0 == 50_000
    assert stop_of(driver, STOP).qty == D("0.812")


def test_a_trade_of_others_is_booked_once() -> None:
    """Reported again after a reconnect, it changes nothing."""
    driver = held("48500")
    foreign(driver, "0.200")
    foreign(driver, "0.200")
    assert driver.position.qty == D("0.512")


def test_a_fill_after_its_order_was_reported_as_ended_is_a_quarantine() -> None:
    """It counts as its rung: stage and lot; nothing illegal happens."""
    driver, add = pending(ADD, "48500")
    driver.end(add.client_order_id)
    assert driver.state == "INITIAL"
    driver.fill(add, price="48500")
    position = driver.position
    assert (driver.state, position.qty, position.stage) == ("QUARANTINED", D("0.712"), 1)
    assert position.open_lots() == [1]
    assert "ILLEGAL_EVENT" not in driver.audits()
    driver.read_liquidation(None)
    assert driver.state == "FIRST_DCA"


def test_a_quarantined_position_is_still_stopped_and_can_be_closed() -> None:
    """Its stop level is armed; a tick beyond it closes what is held."""
    driver = held("48500")
    foreign(driver, "0.200")
    assert driver.tick("45692.78") == [
        "STOP_LOSS_FIRST_DCA 0.512", "EXIT 0.512", "CLOSED STOP_LOSS_FIRST_DCA",
    ]  # fmt: skip


def test_a_symbol_is_not_entered_while_an_order_of_its_last_position_may_still_fill() -> None:
    """In one-way mode a late add would turn against the new position: its last word is awaited."""
    driver, add = pending(ADD, "48500")
    driver.fill(stop_of(driver, STOP), price="44900")
    driver.hold = set()
    assert driver.signal(SHORT, "50000") == ["DENIED POSITION_EXISTS"]
    driver.end(add.client_order_id)
    assert driver.signal(SHORT, "50000") == ["ENTRY 0.300"]


def test_an_adopted_quantity_has_the_stage_of_its_size() -> None:
    """D-34: nine tenths of the planned notional up to a stage make it that stage; no lots and no adds."""
    driver, entry = pending(Purpose.ENTRY)
    driver.reject(entry)
    driver.fill(entry, "0.700")
    position = driver.position
    assert (driver.state, position.stage, position.open_lots(), position.next_rung()) == ("QUARANTINED", 1, [], None)
    driver.read_liquidation(None)
    assert driver.state == "FIRST_DCA"
    assert driver.tick("48500") == []


def test_trades_of_unknown_symbols_and_flat_positions_are_reported() -> None:
    """Nothing is booked where nothing is held."""
    driver = Driver(patient())
    driver.prices[SYMBOL] = D(50_000)
    foreign(driver, "0.200")
    assert driver.alerts() == [("critical", "EXTERNAL_FILL")]
    assert "ILLEGAL_EVENT" not in driver.audits()


def test_a_replacement_that_covers_too_little_by_now_takes_nothing_away() -> None:
    """I2: an add fills in parts and the wall has no answer: both old stops stay until one for everything is there."""
    driver = Driver(patient())
    driver.hold = {WALL, ADD}
    driver.signal(LONG, "50000")
    driver.lose(driver.held.pop())
    driver.tick("48500")
    inner, add = stop_of(driver, STOP), driver.held.pop()
    driver.hold = {STOP}
    driver.fill(add, "0.100", done=False)
    small = driver.held.pop()
    driver.fill(add, "0.312")
    driver.answer(small)
    large = driver.held.pop()
    assert (large.qty, canceled(driver)) == (driver.position.qty, [])
    driver.answer(large)
    assert canceled(driver) == [inner.client_order_id, small.client_order_id]
    assert [stop.qty for stop in driver.stops.values()] == [driver.position.qty]
