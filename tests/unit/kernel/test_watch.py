"""The watch: what crosses, in which order, and what stays armed."""

from __future__ import annotations

import math
from array import array
from decimal import Decimal

import pytest

from sadari.kernel import Watch

UNITS = 10**8


def units(price: str) -> int:
    """A price in 1e-8, rounded down."""
    return int(Decimal(price) * UNITS)


@pytest.mark.parametrize(
    ("up", "level", "price", "crosses"),
    [
        (False, "45918.336798", 45918.34, False),
        (False, "45918.336798", 45918.33, True),
        (False, "45000", 45000.01, False),
        (False, "45000", 45000.0, True),
        (True, "54188.87", 54188.86, False),
        (True, "54188.87", 54188.87, True),
        (False, "0.00001", 0.0000101, False),
        (False, "0.00001", 0.00001, True),
    ],
)
def test_equality_crosses_and_a_tick_before_does_not(up: bool, level: str, price: float, crosses: bool) -> None:
    """Comparisons are inclusive and exact: a stop is met at itself, not a tick before."""
    watch = Watch()
    watch.arm(1, up, units(level))
    assert watch.tick(price) == ([1] if crosses else None)


def test_a_gap_crosses_every_level_between() -> None:
    """One price below three levels crosses all three, the highest first."""
    watch = Watch()
    for number, level in [(1, "47000"), (2, "48500"), (3, "45000"), (4, "44000")]:
        watch.arm(number, False, units(level))
    watch.tick(50_000.0)
    assert watch.tick(44_900.0) == [2, 1, 3]
    assert watch.levels() == [(4, False, units("44000"))]


def test_levels_at_one_price_cross_in_the_order_of_their_ids() -> None:
    """Equal levels have a fixed order on both sides."""
    watch = Watch()
    for number in (5, 3, 4):
        watch.arm(number, False, 100)
        watch.arm(-number, True, 200)
    assert watch.touch(99) == [3, 4, 5]
    assert watch.touch(200) == [-5, -4, -3]


def test_a_crossed_level_is_disarmed_and_a_sticky_one_stays() -> None:
    """The second tick beyond raises only the sticky level."""
    watch = Watch()
    watch.arm(1, False, 100)
    watch.arm(2, False, 100, True)
    assert [watch.touch(price) for price in (100, 99, 101, 100)] == [[1, 2], [2], [], [2]]


def test_arming_compares_with_the_last_price_at_once() -> None:
    """A level armed beyond the price says so, and `pending` raises it without waiting for a tick."""
    watch = Watch()
    assert not watch.arm(1, False, 100)
    watch.touch(150)
    assert not watch.arm(1, False, 149)
    assert watch.arm(2, False, 150)
    assert watch.arm(3, True, 150)
    assert watch.pending() == [2, 3]
    assert watch.pending() == []


def test_arming_an_armed_id_moves_it() -> None:
    """The old level is forgotten, on whichever side it was."""
    watch = Watch()
    watch.arm(1, False, 100)
    watch.arm(1, True, 200)
    assert watch.touch(50) == []
    assert watch.nearest() == (None, 200)
    assert watch.disarm(1)
    assert not watch.disarm(1)
    assert watch.nearest() == (None, None)


@pytest.mark.parametrize("price", [0.0, -1.0, math.nan, math.inf, -math.inf, 2e7])
def test_an_impossible_price_triggers_nothing_and_is_counted(price: float) -> None:
    """A zero would fire every long stop; it is dropped, and the last price stays."""
    watch = Watch()
    watch.tick(150e-8)
    watch.arm(1, False, 100)
    watch.arm(2, True, 200)
    assert watch.tick(price) is None
    assert (watch.dropped, watch.last) == (1, 150)
    assert watch.levels() == [(1, False, 100), (2, True, 200)]


def test_a_trail_follows_the_best_price_and_never_loosens() -> None:
    """LONG: best 200, line 10e-8, k 3: 170. A wider line does not lower it, a new high raises it."""
    watch = Watch()
    watch.arm_trail(1, False, 3.0, 180, None, None, None)
    assert watch.nearest() == (None, None)
    watch.touch(200)
    watch.frame(190, 180, 10 / UNITS)
    assert watch.nearest() == (170, None)
    watch.frame(190, 180, 20 / UNITS)
    assert watch.nearest() == (170, None)
    watch.frame(210, 180, 10 / UNITS)
    assert watch.nearest() == (180, None)
    watch.frame(500, 180, math.nan)
    assert watch.nearest() == (180, None)
    watch.frame(190, 180, 10 / UNITS)
    assert watch.nearest() == (470, None)


def test_a_short_trail_is_the_mirror() -> None:
    """SHORT: the lowest price plus k times the line, never raised."""
    watch = Watch()
    watch.arm_trail(1, True, 3.0, 220, None, None, None)
    watch.touch(200)
    watch.frame(230, 210, 10 / UNITS)
    assert watch.nearest() == (None, 230)
    watch.frame(230, 210, 20 / UNITS)
    assert watch.nearest() == (None, 230)
    watch.frame(230, 190, 10 / UNITS)
    assert watch.nearest() == (None, 220)


def test_a_trail_counts_only_what_it_has_seen_of_the_frame_it_was_armed_in() -> None:
    """A high from before the arming is no best price; from the next frame on the frame's own high counts."""
    watch = Watch()
    watch.arm_trail(1, False, 1.0, 100, None, None, None)
    watch.touch(120)
    watch.frame(900, 90, 10 / UNITS)
    assert watch.nearest() == (110, None)
    watch.frame(150, 90, 10 / UNITS)
    assert watch.nearest() == (140, None)


def test_a_trail_is_never_looser_than_its_floor() -> None:
    """The floor (the stop) wins over a trailing level farther away."""
    watch = Watch()
    watch.arm_trail(1, False, 3.0, 100, 95, None, None)
    watch.frame(100, 100, 10 / UNITS)
    assert watch.nearest() == (95, None)


def test_a_trail_moved_past_the_price_says_so() -> None:
    """A narrow line at the frame's close can put the level above the price: it fires at that close."""
    watch = Watch()
    watch.arm_trail(1, False, 1.0, 200, None, None, None)
    watch.touch(150)
    assert watch.frame(160, 140, 10 / UNITS)
    assert watch.pending() == [1]
    assert not watch.frame(160, 140, 1 / UNITS)


def test_a_crossed_trail_follows_in_silence_until_it_is_armed_again() -> None:
    """Met at 170 it is met no more; two frames later it is armed again where it would be: at 190."""
    watch = Watch()
    watch.arm_trail(1, False, 1.0, 180, None, None, None)
    watch.touch(180)
    watch.frame(180, 180, 10 / UNITS)
    assert watch.touch(170) == [1]
    watch.touch(200)
    assert not watch.frame(200, 160, 10 / UNITS)
    watch.frame(200, 160, 20 / UNITS)
    assert (watch.levels(), watch.touch(160)) == ([], [])
    assert watch.rearm_trail(1, 195)
    assert watch.touch(190) == [1]
    assert watch.rearm_trail(1, 195)
    assert watch.disarm(1)
    assert not watch.rearm_trail(1, None)


def test_another_floor_holds_from_the_next_frame_on() -> None:
    """Arming again moves nothing by itself."""
    watch = Watch()
    watch.arm_trail(1, False, 1.0, 100, None, 80, None)
    watch.rearm_trail(1, 95)
    assert watch.nearest() == (80, None)
    watch.frame(100, 100, 10 / UNITS)
    assert watch.nearest() == (95, None)


def test_a_trailing_level_is_compared_unrounded() -> None:
    """Best 1.0 less an f64 tenth (a little more than a tenth) is below 0.9: 0.9 does not cross."""
    watch = Watch()
    watch.arm_trail(1, False, 1.0, UNITS, None, None, None)
    watch.frame(UNITS, UNITS, 0.1)
    assert watch.tick(0.9) is None
    assert watch.tick(0.89999999) == [1]


def test_a_scan_answers_the_first_row_that_crosses() -> None:
    """Rows before the start are not looked at; bad rows are skipped and counted."""
    watch = Watch()
    watch.arm(1, False, 100 * UNITS)
    prices = array("d", [50.0, 101.0, math.nan, 100.5, 99.0, 98.0])
    assert watch.scan(prices, 1) == (4, [1])
    assert watch.scan(prices, 5) is None
    assert (watch.last, watch.dropped) == (98 * UNITS, 1)
    assert watch.scan(prices, 99) is None
