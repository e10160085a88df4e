"""The lines of the technical exit."""

from __future__ import annotations

from array import array
from dataclasses import replace
from math import isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.kernel import atr
from sadari.model.order import Direction
from sadari.model.units import MINUTE_NS
from sadari.sensors.frame_streams import FrameStream, TurnStream
from sadari.sensors.frames import closed_frames, contiguous
from sadari.sensors.signals import Candle
from sadari.sensors.technical import WARM_FRAMES, CrossRows, Technical, TrueRange, TurnRows
from tests.reference.tapes import START_NS, line, made_up, minutes

FRAME_NS = 3 * MINUTE_NS
# The vector of strategies §7.2: open, high, low, close.
STRUCTURE = [
    (9.2, 10, 9, 9.6), (9.6, 11, 9.5, 10.8), (10.8, 12, 10.6, 11.5), (11.5, 11.6, 10, 10.2), (10.2, 10.5, 9.5, 9.8),
    (9.8, 11.5, 9.7, 11.4), (11.4, 12.5, 11.3, 12.4), (12.4, 13, 12, 12.6), (12.6, 12.8, 11.2, 11.4),
    (11.4, 11.8, 10.9, 11.6), (11.6, 12.3, 11, 11.3), (11.3, 11.35, 10.1, 10.3), (10.3, 10.6, 9.2, 9.4),
]  # fmt: skip


def test_only_whole_frames_are_closed() -> None:
    """A frame with a minute missing is none: it leaves a hole between two runs."""
    frames = closed_frames(made_up(1, 12).without([4]), FRAME_NS)
    assert [frames.close_ns(row) - START_NS for row in range(len(frames.close))] == [
        FRAME_NS,
        3 * FRAME_NS,
        4 * FRAME_NS,
    ]
    assert frames.runs == (slice(0, 1), slice(1, 3))


def test_no_rows_make_no_runs() -> None:
    """Nothing is contiguous with nothing."""
    assert contiguous(made_up(1, 1).rows(slice(0)).open_time_ns, MINUTE_NS) == ()


def test_a_cross_is_told_at_the_close_of_its_frame_and_only_later_ones_count() -> None:
    """The vector of strategies §2: at the close itself the cross is not later any more."""
    candles = line((10, 10, 11, 12, 11, 10, 9, 10, 12, 13, 12))
    technical = Technical(candles, START_NS)
    golden_ns, dead_ns = START_NS + 8 * MINUTE_NS, START_NS + 5 * MINUTE_NS
    assert technical.next_cross(MINUTE_NS, 2, 4, START_NS, up=True) == golden_ns
    assert technical.next_cross(MINUTE_NS, 2, 4, golden_ns - 1, up=True) == golden_ns
    assert technical.next_cross(MINUTE_NS, 2, 4, golden_ns, up=True) is None
    assert technical.next_cross(MINUTE_NS, 2, 4, START_NS, up=False) == dead_ns


def test_the_averages_of_a_run_after_a_hole_are_those_of_the_run_alone() -> None:
    """Nothing before a hole has a part in what follows it."""
    whole = made_up(5, 900)
    holed, after = CrossRows(closed_frames(whole.without([299]), MINUTE_NS), 3, 8), whole.rows(slice(300, None))
    alone = CrossRows(closed_frames(after, MINUTE_NS), 3, 8)
    assert [row - 299 for row in holed.golden if row >= 299] == alone.golden
    assert [row - 299 for row in holed.dead if row >= 299] == alone.dead


def test_a_turn_of_structure_is_told_at_the_close_of_its_frame() -> None:
    """The vector of strategies §7.2: down at the close of bar 11, by swings of one candle on either side."""
    technical = Technical(minutes(STRUCTURE), START_NS)
    turned_ns = START_NS + 12 * MINUTE_NS
    assert technical.next_turn(MINUTE_NS, 1, 1, START_NS, up=False) == turned_ns
    assert technical.next_turn(MINUTE_NS, 1, 1, turned_ns, up=False) is None
    assert technical.next_turn(MINUTE_NS, 1, 1, START_NS, up=True) is None


@given(seed=st.integers(0, 1_000), missing=st.integers(200, 800), left=st.integers(1, 3), right=st.integers(1, 3))
def test_turns_are_the_same_candle_by_candle(seed: int, missing: int, left: int, right: int) -> None:
    """Over whole columns and over a stream, through a hole and through lulls without a trade."""
    candles = made_up(seed, 1_000).without([missing])
    frames = closed_frames(candles, FRAME_NS)
    rows = TurnRows(frames, left, right)
    told: dict[Direction, list[int]] = {side: [] for side in Direction}
    stream, turns = FrameStream(MINUTE_NS, FRAME_NS), TurnStream(left, right)
    for row in zip(*candles.columns, strict=True):
        closed = stream.push(Candle(*row))
        side = None if closed is None else turns.take(closed)
        if closed is not None and side is not None:
            told[side].append(closed.close_ns)
    readable = [[frames.close_ns(row) for row in found if not frames.quiet(row)] for found in (rows.up, rows.down)]
    assert [told[Direction.LONG], told[Direction.SHORT]] == readable


def test_the_true_range_decides_only_once_it_is_warm() -> None:
    """The first 150 frames after the start of the series, and after each hole, have no value."""
    candles = made_up(2, 3 * 400).without([3 * 200])
    frames = closed_frames(candles, FRAME_NS)
    ranges = TrueRange(frames, 14)
    known = [row for row, value in enumerate(ranges.line) if not isnan(value)]
    assert known == [*range(WARM_FRAMES, 200), *range(200 + WARM_FRAMES, 399)]
    alone = memoryview(atr(frames.high[200:], frames.low[200:], frames.close[200:], 14))
    assert ranges.line[398] == alone[198]


@pytest.mark.parametrize("extra", [0, 3, 600])
def test_the_true_range_does_not_depend_on_how_much_history_was_loaded(extra: int) -> None:
    """Its series starts a fixed warm-up before the run."""
    whole, start_ns = made_up(7, 4_000), START_NS + 2_700 * MINUTE_NS
    least = Technical(whole.rows(slice(1_200, None)), start_ns).true_range(FRAME_NS, 14)
    more = Technical(whole.rows(slice(1_200 - extra, None)), start_ns).true_range(FRAME_NS, 14)
    decided = (4_000 - 2_700) // 3
    assert not any(map(isnan, least.line[-decided:]))
    assert least.line[-decided:] == more.line[-decided:]


def test_where_the_market_cannot_be_read_there_is_no_range() -> None:
    """More than 5 of 20 frames without a trade, not 5 (strategies §1.5): NaN until they are far enough back."""
    whole = made_up(3, 3 * 220)
    traded = [0.0 if 3 * 180 <= row < 3 * 186 else 1.0 for row in range(3 * 220)]
    candles = replace(whole, volume=memoryview(array("d", traded)))
    ranges = Technical(candles, START_NS).true_range(FRAME_NS, 14)
    unread = [row for row in range(WARM_FRAMES, 220) if isnan(ranges.line[row])]
    assert unread == list(range(185, 200))
    assert unread == [row for row in range(WARM_FRAMES, 220) if ranges.frames.quiet(row)]
