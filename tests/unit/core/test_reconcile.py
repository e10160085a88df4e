"""The comparison with the venue's positions: adopt, quarantine, flat, flip. Source: §5.7, D-34; faults R4."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sadari.model.command import CancelOrder, Reconcile, RecordExit, RecordMove, RecordPosition
from sadari.model.event import (
    AdoptRequested,
    OrderCanceled,
    OrderFilled,
    PositionRecord,
    PositionsShown,
    WriteOffRequested,
)
from sadari.model.order import Direction, Purpose
from tests.ladder_driver import SYMBOL, Driver, held, patient, pending

LONG, SHORT = Direction.LONG, Direction.SHORT
D = Decimal


def show(driver: Driver, qty: str = "0", price: str = "50000", *, symbol: str = SYMBOL, **fields: Any) -> None:
    """The venue shows the position of one symbol."""
    record = PositionRecord(symbol, D(qty), D(price), **fields)
    driver.give(PositionsShown(time_ns=driver.now_ns, positions=(record,) if record.qty else (), symbol=symbol))


def foreign(driver: Driver, qty: str, price: str, *, buyer: bool, realized: str = "0", cause: str = "") -> None:
    """A trade of somebody else's order."""
    driver.trades += 1
    driver.give(
        OrderFilled(
            time_ns=driver.now_ns, symbol=SYMBOL, client_order_id="web-1", trade_id=driver.trades, price=D(price),
            qty=D(qty), fee=D(1), realized_pnl=D(realized), buyer=buyer, cause=cause,
        )
    )  # fmt: skip


def adopt(driver: Driver) -> None:
    """An operator takes over what was found."""
    driver.give(AdoptRequested(time_ns=driver.now_ns, symbol=SYMBOL, actor="anna", cause="mine"))


def stops(driver: Driver) -> list[tuple[Purpose, Decimal | None, Decimal | None]]:
    """Purpose, quantity and trigger of what rests at the venue."""
    return sorted(
        ((order.purpose, order.qty, order.trigger_price) for order in driver.stops.values()),
        key=lambda stop: stop[0],
    )


# agreement


def test_agreement_changes_nothing() -> None:
    """However often it is shown."""
    driver = held("48500")
    before = len(driver.log)
    for _ in range(3):
        show(driver, str(driver.position.qty), "49124.15730337")
    assert driver.log[before:] == []


def test_what_the_whole_account_does_not_list_is_flat() -> None:
    """Every symbol is compared, listed or not."""
    driver = held()
    driver.give(PositionsShown(time_ns=driver.now_ns))
    assert driver.state == "CLOSED_UNSETTLED"


# found at the venue


@pytest.mark.parametrize(("qty", "stage", "stop"), [
    ("0.300", "INITIAL", "45000"), ("0.629", "INITIAL", "45000"), ("0.630", "FIRST_DCA", "46500"),
    ("-0.300", "INITIAL", "55000"), ("-1.100", "SECOND_DCA", "52500"),
])  # fmt: skip
def test_a_position_nobody_opened_is_quarantined_and_protected_at_once(qty: str, stage: str, stop: str) -> None:
    """D-34: its stage by its notional, no adds, two stops, a critical alert; an operator moves it on."""
    driver = Driver(patient())
    show(driver, qty, mark_price=D(50000))
    position = driver.position
    assert (driver.state, position.qty) == ("QUARANTINED", abs(D(qty)))
    assert position.e0 == position.average == 50000
    assert position.stop == int(stop)
    assert [stop[:2] for stop in stops(driver)] == [(Purpose.STOP, abs(D(qty))), (Purpose.WALL, None)]
    assert driver.alerts() == [("critical", "POSITION_FOUND")]
    show(driver, qty, mark_price=D(50000))
    assert driver.state == "QUARANTINED", "agreement alone does not make it ours to manage"
    adopt(driver)
    assert driver.state == stage
    assert driver.position.next_rung() is None


def test_a_found_position_is_managed_at_once_where_that_is_chosen() -> None:
    """`auto_adopt`: half is taken, the rest trails, and it ends settled with its own reason."""
    driver = Driver(patient(auto_adopt=True))
    show(driver, "0.300")
    assert driver.state == "INITIAL"
    assert driver.tick("48500") == []
    assert driver.tick("55000")[0] == "HALF_PROFIT 0.150"
    driver.tick("50000")
    (record,) = driver.of(RecordPosition)
    assert (record.reason, record.strategy, record.exit_price) == ("BREAKEVEN_STOP", "adopted", D(52500))


@pytest.mark.parametrize(("qty", "mark", "stop"), [("0.300", "40000", 36000), ("-0.300", "60000", 66000)])
def test_a_position_found_beyond_its_stop_is_not_closed_by_being_found(qty: str, mark: str, stop: int) -> None:
    """D-34: the stop starts from the mark price; at it the position is closed."""
    driver = Driver(patient())
    driver.prices[SYMBOL] = D(mark)
    show(driver, qty, mark_price=D(mark))
    assert driver.position.stop == stop
    assert driver.sent(Purpose.EXIT) == []
    assert driver.tick(str(stop))[0] == "STOP_LOSS_INITIAL 0.300"
    assert driver.state == "FLAT"


def test_a_guard_that_is_tighter_than_the_stop_from_the_mark_price_holds() -> None:
    """The supplied liquidation price counts for what was found as for anything else."""
    driver = Driver(patient())
    show(driver, "0.300", mark_price=D(40000), liquidation_price=D(39000))
    assert driver.position.stop == 39195
    assert driver.position.stop_reason == "LIQUIDATION_GUARD"


def test_a_position_of_an_unknown_contract_is_told_once_and_shuts_the_symbol() -> None:
    """It cannot be protected without filters; they are asked for."""
    driver = Driver(patient())
    for _ in range(2):
        show(driver, "1", symbol="NEWUSDT")
    assert driver.alerts() == [("critical", "UNKNOWN_CONTRACT")]
    assert driver.engine.gate("NEWUSDT") == ("UNKNOWN_CONTRACT",)
    show(driver, "0", symbol="NEWUSDT")
    assert driver.engine.gate("NEWUSDT") == ()


def test_adopting_is_refused_where_nothing_is_in_quarantine() -> None:
    """With an audited fact, before and after a position exists."""
    driver = Driver(patient())
    adopt(driver)
    driver.signal(LONG, "50000")
    adopt(driver)
    assert driver.audits() == ["NOT_ALLOWED_IN_STATE"] * 2
    assert driver.state == "INITIAL"


def test_a_trade_of_somebody_else_shuts_the_symbol_until_it_is_compared() -> None:
    """F76: what it made is not known yet."""
    driver = Driver(patient())
    foreign(driver, "0.1", "50000", buyer=True)
    assert driver.of(Reconcile)[-1].symbol == SYMBOL
    assert driver.signal(LONG, "50000") == ["DENIED SYMBOL_NOT_TRADABLE"]
    foreign(driver, "0.1", "50000", buyer=False)
    show(driver)
    assert driver.signal(LONG, "50000") == ["ENTRY 0.300"]


def test_a_trade_that_turns_a_position_has_its_rest_looked_for() -> None:
    """The close is booked by its trade; what is beyond it is told by the venue's position."""
    driver = held()
    foreign(driver, "0.5", "50000", buyer=False)
    assert driver.state == "FLAT"
    assert driver.of(Reconcile)[-1].symbol == SYMBOL
    show(driver, "-0.2")
    assert (driver.state, driver.position.direction) == ("QUARANTINED", SHORT)


# gone


def test_a_position_closed_by_hand_ends_without_a_made_up_price() -> None:
    """F122: reason MANUAL_EXTERNAL before anything goes out, stops withdrawn, unsettled until its trade is told."""
    driver = held("48500")
    driver.done = []
    show(driver)
    assert driver.state == "CLOSED_UNSETTLED"
    assert driver.stops == {}
    assert driver.of(RecordExit)[-1].reason == "MANUAL_EXTERNAL"
    assert driver.of(RecordPosition) == []
    driver.ring("settle:")
    assert driver.of(Reconcile)[-1].symbol == SYMBOL, "each retry has the trades fetched"
    realized = (D(49000) - D(34982) / D("0.712")) * D("0.712")
    foreign(driver, "0.712", "49000", buyer=False, realized=str(realized))
    (record,) = driver.of(RecordPosition)
    assert (record.reason, record.exit_price) == ("MANUAL_EXTERNAL", D(49000))


def test_a_liquidation_told_late_names_the_reason() -> None:
    """What is known by then decides; the assumption is corrected with an audited fact."""
    driver = held()
    show(driver)
    foreign(driver, "0.300", "45500", buyer=False, realized="-1350", cause="LIQUIDATION")
    assert driver.of(RecordPosition)[0].reason == "EXCHANGE_LIQUIDATION"
    assert "ADDITIONAL_CAUSE" in driver.audits()


def test_a_stop_of_ours_told_late_names_the_reason() -> None:
    """The venue had filled it before it showed the position."""
    driver = held()
    (wall,) = [order for order in driver.stops.values() if order.purpose is Purpose.WALL]
    show(driver)
    driver.fill(wall, "0.300", price="44500")
    (record,) = driver.of(RecordPosition)
    assert (record.reason, record.exit_price) == ("PROTECTIVE_STOP_ORDER", D(44500))


def test_an_exit_under_way_explains_a_flat_position_for_a_while() -> None:
    """Its fill may be on its way: three looks a second apart, then the venue's word holds; the first reason stays."""
    driver, _ = pending(Purpose.EXIT, "44900")
    for _ in range(3):
        show(driver)
        assert driver.state == "EXITING"
        driver.ring("compare:")
        assert driver.of(Reconcile)[-1].symbol == SYMBOL
    show(driver)
    assert driver.state == "CLOSED_UNSETTLED"
    foreign(driver, "0.300", "44900", buyer=False, realized="-1530")
    assert driver.of(RecordPosition)[0].reason == "STOP_LOSS_INITIAL"


def test_the_trades_of_a_position_found_flat_can_be_given_up() -> None:
    """An operator's write-off: no price, no profit."""
    driver = held()
    show(driver)
    driver.give(WriteOffRequested(time_ns=driver.now_ns, symbol=SYMBOL, actor="anna", cause="lost"))
    (record,) = driver.of(RecordPosition)
    assert (record.unexplained, record.exit_price, record.pnl) == (True, None, None)
    assert driver.state == "FLAT"


# another quantity


@pytest.mark.parametrize(("qty", "lots"), [("0.500", D("0.200")), ("0.200", D(0)), ("0.900", D("0.412"))])
def test_another_quantity_is_protected_first_and_quarantined(qty: str, lots: Decimal) -> None:
    """What is missing is the highest lot's, what is more the entry's; agreement later ends the quarantine."""
    driver = held("48500")
    show(driver, qty, "49100")
    assert (driver.state, driver.position.qty) == ("QUARANTINED", D(qty))
    assert driver.position.average == 49100
    assert driver.position.lots[1].open == lots
    (inner,) = [order for order in driver.stops.values() if order.purpose is Purpose.STOP]
    assert inner.qty == D(qty)
    assert driver.alerts() == [("critical", "POSITION_DIFFERS")]
    assert driver.tick("46800") == [], "no adds"
    show(driver, qty, "49100")
    assert driver.state == "FIRST_DCA"


@pytest.mark.parametrize(
    ("shown", "price", "buyer", "told", "stays"),
    [
        ("0.2", "50000", False, "0.1", "0.2"),
        ("0.4", "50250", True, "0.1", "0.4"),
        ("0.2", "50000", False, "0.15", "0.15"),
    ],
)
def test_a_trade_told_after_its_quantity_was_shown_changes_it_no_more(
    shown: str, price: str, buyer: bool, told: str, stays: str
) -> None:
    """F100: what the venue showed is explained by the trade, what goes beyond it is another change; it settles."""
    driver = held()
    show(driver, shown, price)
    trade = D(51000)
    foreign(driver, told, str(trade), buyer=buyer, realized="0" if buyer else str((trade - 50000) * D(told)))
    assert driver.position.qty == D(stays)
    (inner,) = [order for order in driver.stops.values() if order.purpose is Purpose.STOP]
    assert inner.qty == D(stays)
    show(driver, stays, price)
    assert driver.state == "INITIAL"
    left = D(stays)
    foreign(driver, stays, "52000", buyer=False, realized=str((52000 - D(price)) * left))
    (record,) = driver.of(RecordPosition)
    assert record.entry_qty == (D("0.4") if buyer else D("0.3"))
    assert not driver.position.untraded


def test_an_order_under_way_explains_another_quantity_and_is_waited_for() -> None:
    """An add whose fill is on its way; when it is told, everything agrees."""
    driver, add = pending(Purpose.ADD, "48500")
    show(driver, "0.712", "49131")
    assert driver.state == "DCA1_PENDING"
    driver.fill(add)
    show(driver, "0.712", "49131")
    assert (driver.state, driver.alerts()) == ("FIRST_DCA", [])


def test_a_quantity_that_no_order_under_way_explains_is_a_difference_at_once() -> None:
    """More than the add can have bought: quarantine, and the add is withdrawn."""
    driver, add = pending(Purpose.ADD, "48500")
    show(driver, "1.000", "49131")
    assert driver.state == "QUARANTINED"
    assert add.client_order_id in [command.client_order_id for command in driver.of(CancelOrder)]
    driver.give(OrderCanceled(time_ns=driver.now_ns, symbol=SYMBOL, client_order_id=add.client_order_id))
    show(driver, "1.000", "49131")
    assert driver.state == "INITIAL"


def test_an_exit_goes_on_with_what_the_venue_shows() -> None:
    """EXITING: the next order is for the venue's quantity, not for ours."""
    driver, order = pending(Purpose.EXIT, "44900")
    driver.reject(order)
    show(driver, "0.100")
    driver.ring("exit:")
    assert driver.held.pop().qty == D("0.100")


# the other side


def test_a_flip_ends_the_old_position_and_protects_the_new_one() -> None:
    """F123: two records; the old one is settled beside the new one when its trade is told."""
    driver = held()
    old = driver.position
    show(driver, "-0.200", "49000", mark_price=D(49000))
    new = driver.position
    assert (old.state, new.state, new.direction, new.qty) == ("CLOSED_UNSETTLED", "QUARANTINED", SHORT, D("0.200"))
    assert [stop[:2] for stop in stops(driver)] == [(Purpose.STOP, D("0.200")), (Purpose.WALL, None)]
    moves = [move.event for move in driver.of(RecordMove) if move.symbol]
    assert moves[-2:] == ["exchange_flat", "exchange_position_found"]
    driver.give(WriteOffRequested(time_ns=driver.now_ns, symbol=SYMBOL, actor="anna", cause="lost"))
    assert driver.of(RecordPosition)[0].position_id == old.id
    assert driver.state == "QUARANTINED"


def test_a_stop_of_the_old_position_filled_before_the_flip_settles_it() -> None:
    """Its fill belongs to the life that it was sent for."""
    driver = held()
    (wall,) = [order for order in driver.stops.values() if order.purpose is Purpose.WALL]
    old = driver.position
    show(driver, "-0.200", "49000")
    driver.trades += 1
    driver.give(
        OrderFilled(
            time_ns=driver.now_ns, symbol=SYMBOL, client_order_id=wall.client_order_id, trade_id=driver.trades,
            price=D(44500), qty=D("0.300"), fee=D(1), realized_pnl=D(-1650), buyer=False,
        )
    )  # fmt: skip
    (record,) = driver.of(RecordPosition)
    assert (record.position_id, record.reason) == (old.id, "PROTECTIVE_STOP_ORDER")
    assert driver.position.qty == D("0.200")


def test_a_second_side_in_hedge_mode_is_somebody_elses() -> None:
    """Ours is compared with its own side; the other one shuts the symbol until it is gone."""
    driver = held()
    ours, theirs = PositionRecord(SYMBOL, D("0.3"), D(50000)), PositionRecord(SYMBOL, D(-1), D(50000))
    driver.give(PositionsShown(time_ns=driver.now_ns, positions=(theirs, ours)))
    assert (driver.state, driver.engine.gate(SYMBOL)) == ("INITIAL", ("FOREIGN_POSITION",))
    driver.give(PositionsShown(time_ns=driver.now_ns, positions=(ours,)))
    assert driver.engine.gate(SYMBOL) == ()
