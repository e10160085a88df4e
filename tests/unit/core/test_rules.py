"""What the ladder does about orders that wait, fail or fill in part. Source: strategies §5.3, §5.7."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sadari.model.command import CancelOrder, QueryOrder, RecordDecision
from sadari.model.event import CancelRejected, OrderFilled
from sadari.model.order import Direction, Purpose
from sadari.model.reason import RejectReason
from sadari.model.units import MILLISECOND_NS, SECOND_NS, exact
from tests.ladder_driver import SYMBOL, held, pending

LONG, SHORT = Direction.LONG, Direction.SHORT
ENTRY, ADD, REDUCE, EXIT = Purpose.ENTRY, Purpose.ADD, Purpose.REDUCE, Purpose.EXIT
D = Decimal


# while an order is in flight


def test_nothing_but_a_stop_acts_while_an_order_is_unresolved() -> None:
    """A pending add leaves every other level alone, a second trigger and a profit included."""
    driver, add = pending(ADD, "48500")
    assert driver.tick("47000") == []
    assert driver.tick("56000") == []
    assert set(driver.levels[SYMBOL]) == {"stop"}
    driver.hold = set()
    driver.fill(add, price="48500")
    assert driver.tick("47000") == ["ADD 0.425"]


def test_a_lost_answer_is_looked_up_and_never_sent_again() -> None:
    """An unknown outcome still counts as in flight; only the venue's word ends it."""
    driver, add = pending(ADD, "48500")
    driver.lose(add)
    assert [query.client_order_id for query in driver.of(QueryOrder)] == [add.client_order_id]
    assert driver.state == "DCA1_PENDING"
    assert driver.tick("47000") == []
    assert len(driver.sent(ADD)) == 1
    driver.fill(add, price="48500")
    assert driver.state == "FIRST_DCA"


@pytest.mark.parametrize("filled", [None, "0.200", "0.412"])
def test_a_stop_cancels_a_pending_add_and_closes_what_is_really_held(filled: str | None) -> None:
    """The exit waits for the end of the add and then closes the actual quantity, whatever was filled of it."""
    driver, add = pending(ADD, "48500")
    driver.done = []
    driver.tick("44900")
    assert driver.state == "EXITING"
    assert driver.of(CancelOrder)[-1].client_order_id == add.client_order_id
    assert driver.sent(EXIT) == []
    if filled is None:
        driver.end(add.client_order_id)
    elif filled == "0.412":
        driver.fill(add)
    else:
        driver.fill(add, filled, done=False)
        driver.end(add.client_order_id)
    (order,) = driver.sent(EXIT)
    assert order.qty == D("0.300") + D(filled or 0)
    assert order.reduce_only
    assert driver.done[-1].startswith("CLOSED STOP_LOSS_")
    assert driver.state == "FLAT"


def test_a_stop_waits_at_most_a_second_for_a_pending_add() -> None:
    """Then what is known is closed; the late fill is closed after it, for the same reason."""
    driver, add = pending(ADD, "48500")
    driver.tick("44900")
    driver.hold = {EXIT}
    assert driver.ring("exit:") == SECOND_NS
    first = driver.held.pop()
    assert first.qty == D("0.300")
    driver.fill(add)
    assert (driver.state, driver.position.qty) == ("EXITING", D("0.712"))
    assert driver.held == [], "no second exit while one is working"
    driver.hold = set()
    driver.fill(first)
    assert [order.qty for order in driver.sent(EXIT)] == [D("0.300"), D("0.412")]
    assert driver.done[-1] == "CLOSED STOP_LOSS_INITIAL"


def test_a_stop_cancels_a_pending_reduction_too() -> None:
    """REDUCING gives way to EXITING."""
    driver, reduction = pending(REDUCE, "48500", "50000")
    driver.tick("45692.78")
    assert driver.of(CancelOrder)[-1].client_order_id == reduction.client_order_id
    driver.end(reduction.client_order_id)
    assert driver.sent(EXIT)[-1].qty == D("0.712")
    assert driver.done[-1] == "CLOSED STOP_LOSS_FIRST_DCA"


def test_a_second_cause_changes_nothing_while_an_exit_is_working() -> None:
    """The first reason stays; the other is written down; no second order goes out."""
    driver, first = pending(EXIT, "44900")
    driver.tick("44000")
    assert len(driver.sent(EXIT)) == 1
    driver.fill(first)
    assert driver.done[-1] == "CLOSED STOP_LOSS_INITIAL"


def test_a_refused_cancel_waits_for_the_report_of_the_order() -> None:
    """Too late to cancel means that the order has ended: its own report tells how."""
    driver, add = pending(ADD, "48500")
    driver.tick("44900")
    rejected = CancelRejected(time_ns=driver.now_ns, symbol=SYMBOL, client_order_id=add.client_order_id, code=-2011)
    driver.give(rejected)
    assert driver.sent(EXIT) == []
    driver.fill(add)
    assert driver.sent(EXIT)[-1].qty == D("0.712")


def test_an_acceptance_that_is_told_after_its_fill_changes_nothing() -> None:
    """Fault F70: an order that has ended stays ended, whatever is told late of its beginning."""
    driver, add = pending(ADD, "48500")
    driver.fill(add, price="48500")
    before = driver.engine.orders[add.client_order_id].state
    sent = len(driver.log)
    driver.accept(add)
    assert driver.engine.orders[add.client_order_id].state is before
    assert add.client_order_id not in driver.engine.live
    assert (driver.state, len(driver.log)) == ("FIRST_DCA", sent)


def test_a_trade_is_booked_once() -> None:
    """A doubled report changes nothing and is written down."""
    driver = held("48500")
    fill = next(e for e in driver.events if isinstance(e, OrderFilled) and e.trade_id == 2)
    driver.give(fill)
    assert driver.position.qty == D("0.712")
    assert driver.audits() == ["LATE_REPORT"]


# refusals


def test_a_refused_add_is_tried_three_times_and_then_abandoned() -> None:
    """0.5 s after the first refusal, 1 s after the second; after the third no rung is tried any more."""
    driver, add = pending(ADD, "48500")
    for _ in range(2):
        driver.reject(add)
        assert driver.tick("48400") == [], "not before the pause is over"
        driver.ring("retry:")
        driver.tick("48400")
        add = driver.held.pop()
    driver.reject(add)
    assert driver.audits() == ["EXCHANGE_REJECTED"] * 3 + ["ADD_ABANDONED"]
    assert (driver.tick("48300"), driver.tick("46000")) == ([], [])
    assert driver.state == "INITIAL"
    assert len(driver.sent(ADD)) == 3


def test_the_pauses_after_refusals_grow() -> None:
    """Half a second, then one second."""
    driver, add = pending(ADD, "48500")
    for pause in (500 * MILLISECOND_NS, SECOND_NS):
        driver.reject(add)
        assert driver.ring("retry:") == pause
        driver.tick("48500")
        add = driver.held.pop()


def test_a_refused_reduction_is_tried_three_times_and_then_waits_for_the_next_crossing() -> None:
    """After the third refusal it is armed again when the price has been back below its level."""
    driver, reduction = pending(REDUCE, "55000")
    for _ in range(2):
        driver.reject(reduction)
        assert driver.tick("55000") == []
        driver.ring("reduce:")
        driver.tick("55000")
        reduction = driver.held.pop()
    driver.reject(reduction)
    assert "REDUCTION_GIVEN_UP" in driver.audits()
    driver.hold = set()
    assert driver.tick("55000") == []
    assert driver.tick("56000") == []
    assert driver.tick("54999.99") == []
    assert driver.tick("55000") == ["HALF_PROFIT 0.150", "REDUCE 0.150"]


def test_a_reduction_given_up_is_armed_again_after_a_minute() -> None:
    """The other way to the next crossing."""
    driver, reduction = pending(REDUCE, "55000")
    for _ in range(2):
        driver.reject(reduction)
        driver.ring("reduce:")
        driver.tick("55000")
        reduction = driver.held.pop()
    driver.reject(reduction)
    driver.hold = set()
    assert driver.ring("reduce:") == 60 * SECOND_NS
    assert driver.tick("55000") == ["HALF_PROFIT 0.150", "REDUCE 0.150"]


def test_a_refused_exit_is_retried_for_ever_with_an_alert_each_time() -> None:
    """At most five seconds apart."""
    driver, order = pending(EXIT, "44900")
    waits = []
    for _ in range(6):
        driver.reject(order)
        waits.append(driver.ring("exit:"))
        order = driver.held.pop()
    assert [wait // MILLISECOND_NS for wait in waits] == [500, 1000, 2000, 5000, 5000, 5000]
    assert driver.alerts() == [("critical", "EXIT_REJECTED")] * 6
    driver.held.append(order)
    while driver.held:
        driver.fill(driver.held.pop())
    assert driver.state == "FLAT"


def test_a_refusal_because_nothing_is_left_is_flat_once_the_venue_shows_it() -> None:
    """-2022 and an account without the position: the reason stays, the trades of the close settle it later."""
    driver, order = pending(EXIT, "44900")
    (wall,) = [stop for stop in driver.stops.values() if stop.purpose is Purpose.WALL]
    driver.reject(order, -2022, RejectReason.REDUCE_ONLY)
    driver.read_flat()
    assert driver.state == "CLOSED_UNSETTLED"
    driver.done = []
    driver.fill(wall, "0.100", done=False, price="44900")
    assert driver.state == "CLOSED_UNSETTLED"
    driver.fill(wall, "0.200", price="44900")
    assert driver.done == ["WALL 0.100", "WALL 0.200", "CLOSED STOP_LOSS_INITIAL"]
    assert driver.state == "FLAT"


def test_a_reduction_refused_for_its_notional_closes_everything_for_the_same_reason() -> None:
    """Closing orders are exempt from the minimum; refused for it all the same, the whole is closed."""
    driver, reduction = pending(REDUCE, "48500", "50000")
    driver.hold = set()
    driver.done = []
    driver.reject(reduction, -4164, RejectReason.MIN_NOTIONAL)
    assert driver.done == ["DCA1_RECOVERY 0.712", "REDUCE 0.712", "CLOSED DCA1_RECOVERY"]


# denials and one-shots


def test_an_add_that_would_stop_is_denied_once_and_asked_again_at_the_safe_price() -> None:
    """G-ADD: a small add hardly moves the average, whose new stop is nearer; the rung is not used up."""
    plan: dict[str, Any] = {"dca_trigger": ("0.03",), "weights": ("0.2", "0.015"), "stop_by_stage": ("0.1", "0.05")}
    driver = held(**plan)
    assert driver.tick("46000") == ["DENIED DCA_WOULD_STOP"]
    assert driver.tick("45900") == []
    assert driver.tick("46100") == []
    denied = [decision for decision in driver.of(RecordDecision) if not decision.accepted]
    assert [(d.denial, d.rung) for d in denied] == [("DCA_WOULD_STOP", 1)]
    (level,) = [units for name, (_, units) in driver.levels[SYMBOL].items() if name == "again1"]
    safe = D(level).scaleb(-8)
    assert held(**plan).tick(str(safe - D("0.01"))) == ["DENIED DCA_WOULD_STOP"], "no nearer price passes"
    assert driver.tick(str(safe - D("0.01"))) == []
    assert driver.tick(str(safe))[0].startswith("ADD ")
    position = driver.position
    assert position.stop is not None
    assert position.stop < exact(safe)


def test_rungs_and_recoveries_fire_once() -> None:
    """After a recovery the ladder is over, unless rungs are armed again."""
    driver = held("48500", "50000")
    assert driver.tick("48500") == []
    assert driver.tick("50000") == []


def test_a_recovered_lot_arms_its_rung_again_if_asked() -> None:
    """dca_rearm: rung and recovery are available again; the stage, the ratchet and e0 stay."""
    driver = held("48500", "47000", "48500", "50000", dca_rearm=True)
    stop = driver.position.stop
    assert driver.tick("48500") == ["ADD 0.412"]
    assert (driver.state, driver.position.stage) == ("SECOND_DCA", 2)
    assert driver.position.e0 == 50_000
    assert driver.position.stop is not None
    assert stop is not None
    assert driver.position.stop >= stop
    assert driver.tick("47000") == ["ADD 0.425"]
    assert driver.tick("50000") == ["DCA2_RECOVERY 0.425", "DCA1_RECOVERY 0.412", "REDUCE 0.837"]
    driver.tick("55000")
    assert driver.state == "RUNNER"
    assert driver.tick("51000") == []


def test_a_position_whose_rung_was_abandoned_keeps_its_stop_and_its_profit() -> None:
    """Nothing illegal happens at the rungs beyond the abandoned one."""
    driver, add = pending(ADD, "48500")
    for _ in range(2):
        driver.reject(add)
        driver.ring("retry:")
        driver.tick("48500")
        add = driver.held.pop()
    driver.reject(add)
    driver.hold = set()
    assert driver.tick("47000") == []
    assert driver.tick("55000")[0] == "HALF_PROFIT 0.150"
    assert "ILLEGAL_EVENT" not in driver.audits()
