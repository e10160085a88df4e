"""Orders that a comparison finds open: ours, ours without a purpose, other people's. Source: faults F76, F116, F124."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sadari.model.command import CancelOrder, PlaceOrder
from sadari.model.event import (
    ABSENT,
    OrderAccepted,
    OrderCanceled,
    OrderFound,
    OutcomeUnknown,
    PositionRecord,
    PositionsShown,
)
from sadari.model.order import Direction, OrderType, Purpose, Side
from sadari.model.units import MINUTE_NS
from tests.ladder_driver import SYMBOL, Driver, held, patient, pending

LONG = Direction.LONG
D = Decimal


def find(driver: Driver, name: str, *, ours: bool = True, purpose: Purpose = Purpose.STOP, qty: str = "0.300") -> None:
    """A sell order is open at the venue: a stop at 44 910, or a market order that still works."""
    stop = purpose in (Purpose.STOP, Purpose.WALL)
    driver.give(
        OrderFound(
            time_ns=driver.now_ns, symbol=SYMBOL, client_order_id=name, side=Side.SELL if stop else Side.BUY,
            order_type=OrderType.STOP_MARKET if stop else OrderType.LIMIT, ours=ours,
            qty=None if purpose is Purpose.WALL else D(qty), trigger_price=D(44910) if stop else None,
            reduce_only=purpose is Purpose.STOP, close_position=purpose is Purpose.WALL,
        )
    )  # fmt: skip


def show(driver: Driver, qty: str = "0") -> None:
    """The positions of the same comparison."""
    record = PositionRecord(SYMBOL, D(qty), D(50000))
    driver.give(PositionsShown(time_ns=driver.now_ns, positions=(record,) if record.qty else (), symbol=SYMBOL))


def canceled(driver: Driver) -> list[str]:
    """Which orders the engine has asked to cancel."""
    return [command.client_order_id for command in driver.of(CancelOrder)]


def test_our_resting_stops_are_left_alone() -> None:
    """They belong to the position."""
    driver = held()
    for name in list(driver.stops):
        find(driver, name)
    show(driver, "0.300")
    assert canceled(driver) == []
    assert driver.audits() == []


def test_a_stop_whose_answer_is_missing_is_accepted_by_being_found() -> None:
    """The replacement is confirmed, and the old one goes only then."""
    driver = held()
    (old,) = [order.client_order_id for order in driver.stops.values() if order.purpose is Purpose.STOP]
    driver.hold = {Purpose.STOP}
    driver.tick("48500")
    driver.lose(driver.held[0])
    assert canceled(driver) == []
    find(driver, driver.held[0].client_order_id, qty="0.712")
    assert canceled(driver) == [old]


@pytest.mark.parametrize("purpose", [Purpose.STOP, Purpose.WALL, Purpose.ENTRY])
def test_an_order_of_ours_without_a_position_is_removed(purpose: Purpose) -> None:
    """An orphan, of whatever kind, is withdrawn with an audited fact; nothing of ours may open after flat (I10)."""
    driver = Driver(patient())
    find(driver, "run-77-S", purpose=purpose)
    assert canceled(driver) == [], "it is judged when the positions are known"
    show(driver)
    assert canceled(driver) == ["run-77-S"]
    assert driver.audits() == ["ORPHAN_REMOVED"]
    driver.signal(LONG, "50000")
    assert driver.of(PlaceOrder)[0].client_order_id == "run-78-E", "an id of an earlier life is not given again"


def test_a_stop_that_is_none_of_the_positions_is_removed() -> None:
    """A third one, left over from a replacement whose cancel was lost."""
    driver = held()
    find(driver, "run-77-S")
    show(driver, "0.300")
    assert canceled(driver) == ["run-77-S"]


def test_stops_of_ours_that_we_do_not_remember_cover_the_position_that_is_found() -> None:
    """A journal is lost: nothing is canceled before something else covers (I2); what fits is kept."""
    driver = Driver(patient())
    find(driver, "run-7-S")
    find(driver, "run-8-W", purpose=Purpose.WALL)
    show(driver, "0.300")
    assert driver.state == "QUARANTINED"
    assert canceled(driver) == []
    assert driver.of(PlaceOrder) == [], "both rest already, where they belong"


def test_a_remembered_order_that_nobody_waits_for_is_withdrawn_again() -> None:
    """The cancel of an earlier add was lost."""
    driver, add = pending(Purpose.ADD, "48500")
    driver.tick("44000")
    driver.ring("exit:")
    assert driver.state == "FLAT"
    before = canceled(driver).count(add.client_order_id)
    find(driver, add.client_order_id, purpose=Purpose.ADD)
    show(driver)
    assert canceled(driver).count(add.client_order_id) == before + 1


def test_an_order_of_somebody_else_shuts_its_symbol_and_is_never_touched() -> None:
    """F76, F123, I15: told once, open again when a later comparison does not find it."""
    driver = held()
    for _ in range(3):
        find(driver, "web_1", ours=False)
        show(driver, "0.300")
    assert driver.engine.gate(SYMBOL) == ("FOREIGN_ORDER",)
    assert driver.alerts() == [("warning", "FOREIGN_ORDER")]
    assert driver.tick("48500") == ["DENIED SYMBOL_NOT_TRADABLE"]
    assert canceled(driver) == []
    show(driver, "0.300")
    assert driver.engine.gate(SYMBOL) == ()
    assert driver.tick("48400") == ["ADD 0.413"]


# stops that somebody takes away


@pytest.mark.parametrize(("minutes", "alerts"), [(9, 1), (11, 0)])
def test_a_stop_taken_away_is_back_at_once_and_the_second_time_a_person_is_told(minutes: int, alerts: int) -> None:
    """F124: within ten minutes."""
    driver = held()
    for number in range(2):
        (inner,) = [order for order in driver.stops.values() if order.purpose is Purpose.STOP]
        driver.end(inner.client_order_id)
        assert len(driver.stops) == 2
        assert len(driver.alerts()) == (alerts if number else 0)
        driver.now_ns += minutes * MINUTE_NS
    assert driver.tick("48500") == (["DENIED SYMBOL_NOT_TRADABLE"] if alerts else ["ADD 0.412"])
    driver.tick("44000")
    assert driver.engine.gates == {}


# orders that were proven absent, or may not be


def test_an_opening_proven_absent_that_shows_life_is_withdrawn_and_its_fill_protected() -> None:
    """R1: an abandoned id stays on watch for good."""
    driver, entry = pending(Purpose.ENTRY)
    driver.lose(entry)
    name = entry.client_order_id
    driver.give(OrderCanceled(time_ns=driver.now_ns, symbol=SYMBOL, client_order_id=name, cause=ABSENT))
    assert driver.state == "FLAT"
    assert not driver.position.may_still_fill()
    driver.give(OrderAccepted(time_ns=driver.now_ns, symbol=SYMBOL, client_order_id=name))
    assert driver.position.may_still_fill()
    assert canceled(driver) == [name]
    assert driver.alerts() == [("critical", "LATE_LIFE")]
    assert driver.signal(LONG, "50000") == ["DENIED POSITION_EXISTS"]
    driver.fill(entry)
    assert (driver.state, len(driver.stops)) == ("QUARANTINED", 2)


def test_a_fill_of_an_order_proven_absent_is_booked_and_protected() -> None:
    """Even if it is the first sign of life."""
    driver, entry = pending(Purpose.ENTRY)
    driver.lose(entry)
    name = entry.client_order_id
    driver.give(OrderCanceled(time_ns=driver.now_ns, symbol=SYMBOL, client_order_id=name, cause=ABSENT))
    driver.fill(entry)
    assert (driver.state, driver.position.qty, len(driver.stops)) == ("QUARANTINED", D("0.300"), 2)


def test_a_stop_proven_absent_that_shows_life_is_withdrawn() -> None:
    """Another one has taken its place."""
    driver = held()
    driver.hold = {Purpose.STOP}
    driver.tick("48500")
    late = driver.held.pop()
    driver.lose(late)
    driver.hold = set()
    driver.give(OrderCanceled(time_ns=driver.now_ns, symbol=SYMBOL, client_order_id=late.client_order_id, cause=ABSENT))
    driver.accept(late)
    assert late.client_order_id in canceled(driver)
    assert sorted(order.purpose for order in driver.stops.values()) == [Purpose.STOP, Purpose.WALL]


@pytest.mark.parametrize("purpose", [Purpose.ENTRY, Purpose.ADD, Purpose.REDUCE, Purpose.EXIT, Purpose.STOP])
def test_after_a_crash_every_order_without_an_answer_is_looked_up(purpose: Purpose) -> None:
    """The driver feeds an unknown outcome for each: one query, nothing is sent again."""
    ticks = {Purpose.ADD: ("48500",), Purpose.REDUCE: ("55000",), Purpose.EXIT: ("44900",), Purpose.STOP: ("48500",)}
    driver, order = pending(purpose, *ticks.get(purpose, ()))
    before = len(driver.log)
    driver.give(OutcomeUnknown(time_ns=driver.now_ns, symbol=SYMBOL, client_order_id=order.client_order_id))
    names = [type(command).__name__ for command in driver.log[before:]]
    assert names.count("QueryOrder") == 1
    assert "PlaceOrder" not in names


def test_a_stop_proven_absent_was_taken_by_nobody() -> None:
    """It is placed again; nobody is told of a hand that was not there."""
    driver = held()
    for _ in range(2):
        (inner,) = [order for order in driver.stops.values() if order.purpose is Purpose.STOP]
        driver.end(inner.client_order_id, cause=ABSENT)
    assert len(driver.stops) == 2
    assert driver.alerts() == []
