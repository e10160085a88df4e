"""After an entry with a stop of its own: targets in parts, one stop for the rest (strategies §7.8, §8.4)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from sadari.core.targets import split
from sadari.model.command import RecordExit, RecordMove, RecordPosition, WatchVerdict
from sadari.model.entry import Target
from sadari.model.order import Direction, Purpose
from sadari.model.units import MINUTE_NS, exact
from tests.ladder_driver import Driver, instrument, patient
from tests.unit.core.test_reward import in_parts

D = Decimal
SHORT, LONG = Direction.SHORT, Direction.LONG
STOP = {SHORT: "102", LONG: "98"}
# The targets of E 100 with a risk of 2.
AT = {SHORT: ("98.4", "97.6", "96.8"), LONG: ("101.6", "102.4", "103.2")}


def entered(direction: Direction = SHORT, *, filled: str | None = None, **changes: Any) -> Driver:
    """A position of 1.000 at 100 (by a tenth of 1,000), or of what was filled of it."""
    driver = Driver(patient(**changes), balance="1000")
    limit = msgspec.structs.replace(in_parts("100", STOP[direction]), frame_ns=5 * MINUTE_NS, swings=(3, 4))
    driver.signal(direction, "100", strategy="ict", limit=limit)
    (order,) = driver.sent(Purpose.ENTRY)
    assert order.qty == D("1.000")
    driver.fill(order, filled, done=filled is None, price="100")
    if filled is not None:
        driver.end(order.client_order_id)
    assert driver.state == "INITIAL"
    driver.pnl.clear()
    return driver


@pytest.mark.requirement("R003-22")
@pytest.mark.parametrize("direction", [SHORT, LONG])
def test_the_vector_of_one_unit_closes_in_three_parts(direction: Direction) -> None:
    """Strategies §8.4: 0.400/0.300/0.300 at 0.8/1.2/1.6 R; 0.64 + 0.72 + 0.96 = 2.32."""
    driver = entered(direction)
    first, second, third = AT[direction]
    assert driver.tick(first) == ["TAKE_PROFIT_1 0.400", "REDUCE 0.400"]
    assert (driver.state, driver.position.qty) == ("INITIAL", D("0.600"))
    assert driver.tick(second) == ["TAKE_PROFIT_2 0.300", "REDUCE 0.300"]
    assert driver.tick(third) == ["TAKE_PROFIT_3 0.300", "EXIT 0.300", "CLOSED TAKE_PROFIT_3"]
    assert [pnl.normalize() for pnl in driver.pnl] == [D("0.64"), D("0.72"), D("0.96")]
    (record,) = driver.of(RecordPosition)
    assert (record.reason, record.pnl) == ("TAKE_PROFIT_3", D("2.32"))


def test_a_target_is_inclusive_and_fires_once() -> None:
    """A hundredth before it nothing happens; back at it nothing more."""
    driver = entered()
    assert driver.tick("98.41") == []
    assert driver.tick("98.40") == ["TAKE_PROFIT_1 0.400", "REDUCE 0.400"]
    assert driver.tick("99") == []
    assert driver.tick("98.40") == []


# Strategies §8.4, and shares that are too small: quantity, least quantity, what each target closes.
SPLITS = [
    ("1.000", "0.001", {"TAKE_PROFIT_1": "0.400", "TAKE_PROFIT_2": "0.300", "TAKE_PROFIT_3": "0.300"}),
    ("0.007", "0.001", {"TAKE_PROFIT_1": "0.002", "TAKE_PROFIT_2": "0.002", "TAKE_PROFIT_3": "0.003"}),
    ("0.002", "0.001", {"TAKE_PROFIT": "0.002"}),
    ("0.003", "0.001", {"TAKE_PROFIT_1": "0.001", "TAKE_PROFIT_3": "0.002"}),
    ("0.010", "0.004", {"TAKE_PROFIT_1": "0.004", "TAKE_PROFIT_3": "0.006"}),
    ("0.009", "0.003", {"TAKE_PROFIT_1": "0.003", "TAKE_PROFIT_3": "0.006"}),
]


@pytest.mark.requirement("R003-22")
@pytest.mark.parametrize(("qty", "least", "parts"), SPLITS)
def test_shares_are_rounded_down_and_small_ones_are_merged(qty: str, least: str, parts: dict[str, str]) -> None:
    """A share below the least quantity joins the next target."""
    targets = in_parts("100", "102").targets
    found = split(targets, D(qty), instrument(min_qty=D(least)))
    assert {goal.reason: goal.qty for goal in found} == {reason: D(part) for reason, part in parts.items()}
    if len(found) == 1:
        assert found[0].price == exact(D("97.6"))


def test_the_last_share_joins_the_one_before() -> None:
    """It has no next one."""
    targets = (Target(D(98), D("0.4")), Target(D(97), D("0.5")), Target(D(96), D("0.1")))
    found = split(targets, D("0.100"), instrument(min_qty=D("0.020")))
    assert [(goal.reason, goal.qty) for goal in found] == [
        ("TAKE_PROFIT_1", D("0.040")), ("TAKE_PROFIT_2", D("0.060")),
    ]  # fmt: skip


def test_what_is_too_small_to_part_is_closed_at_the_second_target() -> None:
    """Strategies §8.4: 0.002 is one part, at 97.6."""
    driver = entered(filled="0.002")
    assert driver.tick("97.61") == []
    assert driver.tick("97.60") == ["TAKE_PROFIT 0.002", "EXIT 0.002", "CLOSED TAKE_PROFIT"]


@pytest.mark.parametrize("direction", [SHORT, LONG])
def test_a_gap_through_two_targets_is_one_order(direction: Direction) -> None:
    """With a reason for each part."""
    driver = entered(direction)
    done = driver.tick(AT[direction][1])
    assert done == ["TAKE_PROFIT_1 0.400", "TAKE_PROFIT_2 0.300", "REDUCE 0.700"]
    assert (driver.state, driver.position.qty) == ("INITIAL", D("0.300"))


def test_a_gap_through_all_targets_closes_everything_at_once() -> None:
    """The position ends by the last target's reason."""
    driver = entered()
    done = driver.tick("95")
    assert done[:3] == ["TAKE_PROFIT_1 0.400", "TAKE_PROFIT_2 0.300", "TAKE_PROFIT_3 0.300"]
    assert done[3:] == ["EXIT 1.000", "CLOSED TAKE_PROFIT_3"]
    assert [move.event for move in driver.of(RecordMove)][-4:] == [
        "target_trigger", "exit_filled", "settled", "cooldown_over",
    ]  # fmt: skip


def test_the_stop_covers_what_is_left_and_stays_where_it_is() -> None:
    """One protective stop for the remainder, resized after each target; X is SL until the end."""
    driver = entered()
    for tick, left in (("98.4", "0.600"), ("97.6", "0.300")):
        driver.tick(tick)
        inner = [order.qty for order in driver.stops.values() if order.purpose is Purpose.STOP]
        assert inner == [D(left)]
        assert driver.position.stop == exact(D(102))
    assert driver.tick("102") == ["STOP_LOSS 0.300", "EXIT 0.300", "CLOSED STOP_LOSS"]


@pytest.mark.parametrize(("direction", "before", "at"), [(SHORT, "99.89", "99.90"), (LONG, "100.11", "100.10")])
def test_after_the_first_target_the_stop_may_be_at_break_even(direction: Direction, before: str, at: str) -> None:
    """`be_after_tp1`: B = avg·(1 ± 2·fee), from the first target's fill on."""
    driver = entered(direction, be_after_tp1=True)
    assert driver.position.stop == exact(D(STOP[direction]))
    driver.tick(AT[direction][0])
    assert driver.tick(before) == []
    assert driver.tick(at)[0] == "BREAKEVEN_STOP 0.600"


def test_nothing_of_the_ladder_applies() -> None:
    """No half close at a tenth, no add, no technical exit."""
    driver = entered(LONG, filled="0.002")
    assert set(driver.levels["BTCUSDT"]) == {"stop", "target"}
    assert driver.sent(Purpose.ADD) == []
    assert driver.position.verdict == ""


def test_a_stop_comes_before_a_target() -> None:
    """While a target's order has no answer the stop acts: it cancels that first."""
    driver = entered()
    driver.hold = {Purpose.REDUCE}
    assert driver.tick("98.4") == ["TAKE_PROFIT_1 0.400"]
    assert driver.state == "REDUCING"
    driver.tick("102")
    assert driver.state == "EXITING"
    driver.hold = set()
    driver.end(driver.held.pop().client_order_id)
    assert driver.of(RecordPosition)[-1].reason == "STOP_LOSS"


def test_a_refused_target_keeps_what_is_not_filled() -> None:
    """Strategies §5.3: fills count, the rest stays open and is asked for again."""
    driver = entered()
    driver.hold = {Purpose.REDUCE}
    driver.tick("98.4")
    order = driver.held.pop()
    driver.fill(order, "0.100", done=False)
    driver.end(order.client_order_id)
    assert driver.state == "REDUCING"
    driver.ring("reduce")
    (again,) = driver.held
    assert again.qty == D("0.300")
    driver.fill(again)
    assert (driver.state, driver.position.qty) == ("INITIAL", D("0.600"))
    assert sum(part.qty for part in driver.of(RecordExit)) == D("0.700")


def test_a_target_that_is_given_up_is_asked_for_when_price_comes_back() -> None:
    """After three refusals the level waits for the price to have been on its other side."""
    driver = entered()
    driver.hold = {Purpose.REDUCE}
    driver.tick("98.4")
    for _ in range(3):
        driver.reject(driver.held.pop())
        if driver.position.reduction_given_up:
            break
        driver.ring("reduce")
        driver.tick("98.4")
    assert driver.state == "INITIAL"
    assert driver.position.reduction_given_up
    assert driver.tick("98.4") == []
    driver.hold = set()
    driver.tick("98.5")
    assert driver.tick("98.4") == ["TAKE_PROFIT_1 0.400", "REDUCE 0.400"]


def test_all_that_was_filled_before_it_was_called_off_is_shared_out() -> None:
    """The initial quantity is what the entry bought, not what it asked for."""
    driver = entered(filled="0.500")
    assert driver.tick("98.4") == ["TAKE_PROFIT_1 0.200", "REDUCE 0.200"]
    assert driver.tick("96.8")[:2] == ["TAKE_PROFIT_2 0.150", "TAKE_PROFIT_3 0.150"]


@pytest.mark.parametrize(("direction", "verdict"), [(SHORT, "CHOCH_UP"), (LONG, "CHOCH_DOWN")])
def test_a_change_of_character_against_it_may_close_it(direction: Direction, verdict: str) -> None:
    """`exit_on_opposite_choch`, which is off by default."""
    driver = entered(direction)
    assert driver.position.verdict == ""
    driver = entered(direction, exit_on_opposite_choch=True)
    watched = driver.of(WatchVerdict)[-1]
    assert (watched.verdict, watched.frame_ns, watched.fast, watched.slow) == (verdict, 5 * MINUTE_NS, 3, 4)
    done = driver.verdict(verdict, "100.5")
    assert done == ["OPPOSITE_CHOCH 1.000", "EXIT 1.000", "CLOSED OPPOSITE_CHOCH"]
    assert driver.of(WatchVerdict)[-1].verdict is None


def test_a_change_of_character_beyond_the_stop_is_a_stop() -> None:
    """The close of a frame is an event at the last price, STOP first."""
    driver = entered(exit_on_opposite_choch=True)
    assert driver.verdict("CHOCH_UP", "102.5")[0] == "STOP_LOSS 1.000"


def test_a_change_of_character_waits_for_an_order_under_way() -> None:
    """Only a stop acts while a target's order has no answer."""
    driver = entered(exit_on_opposite_choch=True)
    driver.hold = {Purpose.REDUCE}
    driver.tick("98.4")
    assert driver.verdict("CHOCH_UP", "98.5") == []
    driver.hold = set()
    driver.fill(driver.held.pop())
    assert driver.of(RecordPosition)[-1].reason == "OPPOSITE_CHOCH"
