"""Reports that come after the comparison has shown what they are about: booked once, where they belong.

Source: strategies §5.7; invariants I6, I7; faults R1.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sadari.model.command import CancelOrder, PlaceOrder, Reconcile, RecordPosition
from sadari.model.event import ForceExitRequested, OrderCanceled, OrderFilled, PositionsShown
from sadari.model.order import Direction, Purpose
from tests.ladder_driver import SYMBOL, Driver, held, patient, pending
from tests.unit.core.test_reconcile import foreign, show, stops

SHORT = Direction.SHORT
D = Decimal


# an entry without an answer


def test_an_entry_without_an_answer_that_the_venue_shows_is_protected_at_once() -> None:
    """Row exchange_position_found: held by the venue's word, the query goes on, its trades then take the place."""
    driver, entry = pending(Purpose.ENTRY)
    driver.lose(entry)
    show(driver, "0.300", "50010")
    assert driver.state == "ENTRY_PENDING"
    assert driver.position.average == 50010
    assert len(driver.stops) == 2
    driver.fill(entry, "0.100", done=False, price="50000")
    assert (driver.position.qty, len(driver.stops)) == (D("0.300"), 2)
    driver.fill(entry, "0.200", price="50010")
    position = driver.position
    assert (driver.state, position.qty, position.entry_cost) == ("INITIAL", D("0.300"), D(15002))
    assert position.average == position.e0
    driver.tick("45000")
    assert driver.of(RecordPosition)[0].entry_price == D("50006.666666666666")


def test_an_entry_known_by_the_venues_word_alone_is_not_settled_by_it() -> None:
    """I7: closed before its trades are told, it waits for them."""
    driver, entry = pending(Purpose.ENTRY)
    driver.lose(entry)
    show(driver, "0.300", "50010")
    driver.tick("45000")
    driver.ring("exit:")
    assert driver.state == "CLOSED_UNSETTLED"
    driver.fill(entry, "0.300", price="50010")
    (record,) = driver.of(RecordPosition)
    assert (record.entry_price, record.reason) == (D(50010), "STOP_LOSS_INITIAL")


@pytest.mark.parametrize("more", ["0", "0.050"])
def test_a_wall_that_closes_what_was_not_told_yet_waits_for_that_trade(more: str) -> None:
    """I6: its fill comes before the entry's last trade; nothing is negative, what goes beyond the fill is held."""
    driver, entry = pending(Purpose.ENTRY)
    driver.fill(entry, "0.100", done=False)
    (wall,) = (stop for stop in driver.stops.values() if stop.purpose is Purpose.WALL)
    driver.fill(wall, "0.300", price="44000")
    assert (driver.state, driver.position.qty, driver.of(RecordPosition)) == ("CLOSED_UNSETTLED", D(0), [])
    driver.fill(entry, str(D("0.200") + D(more)), price="50000")
    (record,) = driver.of(RecordPosition)
    assert (record.reason, record.entry_qty, record.pnl) == ("PROTECTIVE_STOP_ORDER", D("0.300"), D(-1800))
    assert driver.position.qty == D(more)
    assert driver.state == ("QUARANTINED" if D(more) else "FLAT")
    assert "ILLEGAL_EVENT" not in driver.audits()


def test_an_entry_that_is_accepted_and_not_told_is_waited_for() -> None:
    """A second look, and no record by the venue's word."""
    driver, entry = pending(Purpose.ENTRY)
    show(driver, "0.300")
    assert (driver.state, driver.position.qty) == ("ENTRY_PENDING", D(0))
    driver.ring("compare:")
    assert driver.of(Reconcile)[-1].symbol == SYMBOL
    driver.fill(entry)
    assert driver.state == "INITIAL"


def test_a_position_that_an_entry_cannot_have_made_withdraws_it() -> None:
    """The other side, or more than was asked for: what was found is adopted when the entry has ended."""
    driver, entry = pending(Purpose.ENTRY)
    driver.lose(entry)
    show(driver, "-1")
    assert driver.of(CancelOrder)[-1].client_order_id == entry.client_order_id
    driver.give(OrderCanceled(time_ns=driver.now_ns, symbol=SYMBOL, client_order_id=entry.client_order_id))
    show(driver, "-1")
    assert (driver.state, driver.position.direction) == ("QUARANTINED", SHORT)


# told late


def entry_after_a_close() -> tuple[Driver, Any]:
    """An entry of which a part was held and is gone, unsettled; the rest has no answer."""
    driver, entry = pending(Purpose.ENTRY)
    driver.fill(entry, "0.100", done=False)
    show(driver)
    assert driver.state == "CLOSED_UNSETTLED"
    return driver, entry


def test_a_late_fill_of_an_unsettled_position_is_a_new_record_beside_it() -> None:
    """§5.7: protected at once; the closed one settles on its own, with its own fees."""
    driver, entry = entry_after_a_close()
    old = driver.position
    driver.fill(entry, "0.200")
    assert (driver.state, driver.position.qty, driver.position.strategy) == ("QUARANTINED", D("0.200"), "test")
    assert [stop[:2] for stop in stops(driver)] == [(Purpose.STOP, D("0.200")), (Purpose.WALL, None)]
    assert (old.fees, driver.position.fees) == (D("2.5"), D(5))
    driver.ring(f"settle:{SYMBOL}:{old.id}")
    assert old.state == "CLOSED_UNSETTLED"
    foreign_then = OrderFilled(
        time_ns=driver.now_ns, booked_ns=old.closed_ns, symbol=SYMBOL, client_order_id="web-9", trade_id=99,
        price=D(50000), qty=D("0.100"), fee=D(0), realized_pnl=D(0), buyer=False,
    )  # fmt: skip
    driver.give(foreign_then)
    assert [record.position_id for record in driver.of(RecordPosition)] == [old.id]
    assert driver.position.qty == D("0.200")


def test_a_late_fill_where_something_was_found_meanwhile_belongs_to_that() -> None:
    """The record of the symbol changes, never the closed one; the other side makes it smaller."""
    driver, entry = entry_after_a_close()
    show(driver, "-0.500")
    driver.fill(entry, "0.200")
    assert (driver.state, driver.position.direction, driver.position.qty) == ("QUARANTINED", SHORT, D("0.300"))


def test_what_an_unsettled_life_may_still_buy_is_remembered_beside_what_was_found() -> None:
    """Nothing is entered on the symbol before the order has had the venue's last word."""
    driver, _ = entry_after_a_close()
    show(driver, "-0.500")
    assert driver.position.may_still_fill()


def test_a_trade_that_made_what_was_found_is_not_counted_twice() -> None:
    """The user stream may tell it after the comparison has."""
    driver = Driver(patient())
    show(driver, "0.300")
    driver.give(
        OrderFilled(
            time_ns=driver.now_ns + 1, booked_ns=driver.now_ns, symbol=SYMBOL, client_order_id="web-1", trade_id=7,
            price=D(50000), qty=D("0.300"), fee=D(1), realized_pnl=D(0), buyer=True,
        )
    )  # fmt: skip
    assert driver.position.qty == D("0.300")
    assert "LATE_REPORT" in driver.audits()


@pytest.mark.parametrize("fills", [True, False])
def test_the_wall_stays_while_an_add_may_still_fill(fills: bool) -> None:
    """I2: an exit has closed what is known, the canceled add has no last word: what it opens is under a wall."""
    driver, add = pending(Purpose.ADD, "48500")
    driver.lose(add)
    (wall,) = (stop for stop in driver.stops.values() if stop.purpose is Purpose.WALL)
    driver.give(ForceExitRequested(time_ns=driver.now_ns, symbol=SYMBOL, actor="anna"))
    driver.ring("exit:")
    assert (driver.position.qty, [*driver.stops.values()]) == (D(0), [wall])
    if fills:
        before = len(driver.log)
        driver.fill(add)
        placed = [one.purpose for one in driver.log[before:] if isinstance(one, PlaceOrder)]
        assert (driver.state, placed[0]) == ("QUARANTINED", Purpose.STOP)  # The wall is there.
        assert sorted(stop.purpose for stop in driver.stops.values()) == ["STOP", "WALL"]
    else:
        driver.end(add.client_order_id)
        assert driver.stops == {}


def test_a_sale_by_hand_that_is_told_only_after_an_add_and_the_end_settles_the_position() -> None:
    """F100: the venue showed less of it before; what it brought is that of all trades, whenever each was told."""
    driver = held()
    for _ in range(2):
        show(driver, "0.250", "50000")
    driver.tick("48500")
    driver.give(ForceExitRequested(time_ns=driver.now_ns, symbol=SYMBOL, actor="anna"))
    assert (driver.state, driver.of(RecordPosition)) == ("CLOSED_UNSETTLED", [])
    foreign(driver, "0.050", "49990", buyer=False, realized="-0.5")
    (record,) = driver.of(RecordPosition)
    assert (record.entry_qty, record.pnl, record.drift) == (D("0.712"), D("-375.500"), D("-0.500"))
    assert "SETTLEMENT_MISMATCH" not in driver.audits()


# our own orders, shown by the position before their trades


def test_a_part_of_a_stop_that_was_shown_before_it_is_told_is_taken_once() -> None:
    """I7: the exit is for what is left, and the venue's quantity is ours."""
    driver = held()
    stop = next(order for order in driver.stops.values() if order.purpose is Purpose.STOP)
    driver.hold = {Purpose.EXIT}
    show(driver, "0.200", "50000", mark_price=D(44900))
    driver.fill(stop, "0.100", done=False, price="44900")
    assert (driver.state, driver.position.qty) == ("EXITING", D("0.200"))
    driver.ring("exit:")
    (exit_order,) = driver.held
    assert exit_order.qty == D("0.200")
    driver.fill(exit_order, "0.200", price="44900")
    (record,) = driver.of(RecordPosition)
    assert record.max_qty == D("0.300")


def test_a_part_of_an_exit_that_was_shown_before_it_is_told_is_taken_once() -> None:
    """No order has a negative quantity, and the last trade closes the position."""
    driver = held()
    driver.hold = {Purpose.EXIT}
    driver.tick("44999")
    exit_order = driver.held.pop()
    driver.lose(exit_order)
    for _ in range(4):
        show(driver, "0.180", "50000", mark_price=D(44900))
    assert driver.position.qty == D("0.180")
    driver.fill(exit_order, "0.120", done=False, price="44900")
    assert driver.position.qty == D("0.180")
    driver.fill(exit_order, "0.180", price="44900")
    assert driver.of(RecordPosition)[0].reason == "STOP_LOSS_INITIAL"
    assert all(order.qty is None or order.qty > 0 for order in driver.of(PlaceOrder))


@pytest.mark.parametrize("closed", [False, True])
def test_an_add_that_was_shown_before_it_is_told_is_counted_once(closed: bool) -> None:
    """Its lot is its own; told after the close it opens nothing."""
    driver, add = pending(Purpose.ADD, "48500")
    driver.lose(add)
    assert add.qty is not None
    whole = driver.position.qty + add.qty
    for _ in range(4):
        show(driver, str(whole), "49124", mark_price=D(48500))
    assert (driver.state, driver.position.qty) == ("QUARANTINED", whole)
    if closed:
        driver.tick("44000")
        driver.ring("exit:")
        assert driver.position.qty == 0
    driver.fill(add, str(add.qty), price="48500")
    if closed:
        assert len(driver.of(RecordPosition)) == 1
        assert driver.position.qty == 0
        return
    assert driver.position.qty == whole
    assert driver.position.lots[1].open == add.qty
    show(driver, str(whole), "49124")
    assert driver.state == "FIRST_DCA"


# a life that is not settled yet, and the one that followed it


@pytest.mark.parametrize("by_alarm", [False, True])
def test_what_comes_of_an_old_life_leaves_the_levels_of_the_new_one(by_alarm: bool) -> None:
    """A hand has turned the position over; the trades of it are told late."""
    driver = held()
    old = driver.position
    show(driver, "-0.300", "50000", mark_price=D(50000))
    assert (driver.position.direction, old.state) == (SHORT, "CLOSED_UNSETTLED")
    levels = driver.levels[SYMBOL]
    assert "stop" in levels
    if by_alarm:
        driver.ring(f"settle:{SYMBOL}:{old.id}")
    else:
        driver.trades += 1
        driver.give(
            OrderFilled(
                time_ns=driver.now_ns + 10, booked_ns=old.closed_ns - 1, symbol=SYMBOL, client_order_id="web-1",
                trade_id=driver.trades, price=D(50000), qty=D("0.300"), fee=D(1), realized_pnl=D(0), buyer=False,
            )
        )  # fmt: skip
        assert old.state == "CLOSED"
    assert driver.levels[SYMBOL] == levels


def test_a_symbol_of_which_a_read_proves_nothing_is_left_as_it_is() -> None:
    """F45: it is looked at again soon, and what is listed beside it is compared."""
    driver = held()
    driver.give(PositionsShown(time_ns=driver.now_ns, unsure=(SYMBOL,)))
    assert (driver.state, len(driver.stops)) == ("INITIAL", 2)
    assert f"compare:{SYMBOL}:0" in driver.alarms
    driver.ring("compare:")
    assert driver.of(Reconcile)[-1].symbol == SYMBOL
