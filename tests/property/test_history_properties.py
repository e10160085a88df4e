"""The jump to the next crossing agrees with a walk over every tick."""

from __future__ import annotations

import math
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sadari.kernel import History, Watch
from tests.reference.history import Candle, Frame, SlowHistory
from tests.reference.watch import UNITS, SlowWatch

MINUTE = 60_000_000_000
START = 1_002 * MINUTE
BASE = 1_000_000

prices = st.integers(BASE - 60, BASE + 60)


@st.composite
def candles(draw: st.DrawFn) -> Candle:
    """A candle whose prices may lie off the tick grid."""
    low, a, b, high = sorted(draw(st.tuples(prices, prices, prices, prices)))
    return draw(st.sampled_from([(a, high, low, b), (b, high, low, a), (low, high, low, high), (a, a, a, a)]))


@st.composite
def markets(draw: st.DrawFn) -> SlowHistory:
    """A few candles with holes between them, and frames of three minutes with a line that may be missing."""
    rows = draw(st.lists(candles(), min_size=1, max_size=12))
    holes = draw(st.lists(st.sampled_from([1, 1, 1, 1, 2, 5]), min_size=len(rows), max_size=len(rows)))
    times = [START + sum(holes[:row]) * MINUTE for row in range(len(rows))]
    closes = range(START + 3 * MINUTE, times[-1] + 4 * MINUTE, 3 * MINUTE)
    lines = st.one_of(st.just(math.nan), st.floats(0, 60 / UNITS))
    frames: list[Frame] = [
        (close, max(high, low), min(high, low), draw(lines))
        for close, high, low in zip(closes, *[[draw(prices) for _ in closes] for _ in range(2)], strict=True)
    ]
    tick, path = draw(st.sampled_from([1, 5, 7, 1000])), draw(st.sampled_from(["tape", "low_first", "high_first"]))
    return SlowHistory(times, rows, MINUTE, tick, draw(st.integers(0, 2**64 - 1)), path, frames)


def kernel_history(slow: SlowHistory) -> History:
    """The same candles and frames in the kernel."""
    columns = [array("d", [candle[k] / UNITS for candle in slow.candles]) for k in range(4)]
    history = History(
        array("q", slow.times),
        *columns,
        interval_ns=slow.interval_ns,
        tick_units=slow.tick,
        seed=slow.seed,
        path=slow.path,
    )
    if slow.frames:
        opens = array("q", [frame[0] - 3 * MINUTE for frame in slow.frames])
        high, low = (array("d", [frame[k] / UNITS for frame in slow.frames]) for k in (1, 2))
        history.attach_frames(3 * MINUTE, opens, high, low, array("d", [frame[3] for frame in slow.frames]))
    return history


def arm_at_random(data: st.DataObject, fast: Watch, slow: SlowWatch, now_ns: int) -> None:
    """Arm or disarm one thing in both."""
    number, up, level = data.draw(st.integers(0, 3)), data.draw(st.booleans()), data.draw(prices)
    action = data.draw(st.sampled_from(["level", "level", "sticky", "trail", "trail", "rearm", "disarm"]))
    if action == "disarm":
        assert fast.disarm(number) == slow.disarm(number)
    elif action == "trail":
        k, floor = data.draw(st.floats(0, 3)), data.draw(st.none() | prices)
        placed = data.draw(st.none() | prices)
        fast.arm_trail(number, up, k, level, floor, placed, now_ns)
        slow.arm_trail(number, up, k, level, floor=floor, level=placed, since_ns=now_ns)
    elif action == "rearm":
        floor = data.draw(st.none() | prices)
        assert fast.rearm_trail(number, floor) == slow.rearm_trail(number, floor)
    else:
        assert fast.arm(number, up, level, action == "sticky") == slow.arm(number, up, level, action == "sticky")


def state(watch: Watch | SlowWatch) -> tuple[object, ...]:
    """What can be seen of a watch."""
    return watch.levels(), watch.nearest(), watch.last


@settings(max_examples=300, deadline=None)
@given(slow=markets(), data=st.data())
def test_the_jump_meets_what_the_walk_meets(slow: SlowHistory, data: st.DataObject) -> None:
    """Whatever is armed when, the kernel reports the crossings of two watches that a walk over every tick reports."""
    history = kernel_history(slow)
    fast_watches, slow_watches = (Watch(), Watch()), (SlowWatch(), SlowWatch())
    position, end = START - MINUTE, slow.times[-1] + 5 * MINUTE
    for _ in range(data.draw(st.integers(1, 8))):
        for _ in range(data.draw(st.integers(0, 3))):
            which = data.draw(st.integers(0, 1))
            arm_at_random(data, fast_watches[which], slow_watches[which], position)
        until = min(end, position + data.draw(st.integers(0, 6 * MINUTE)))
        met = history.next_crossing(position, until, *fast_watches)
        assert met == slow.next_crossing(position, until, *slow_watches)
        position, closed = (until, data.draw(st.booleans())) if met is None else (met[0], met[2])
        history.advance(position, *fast_watches, closed=closed)
        slow.advance(position, *slow_watches, closed=closed)
        for fast, walked in zip(fast_watches, slow_watches, strict=True):
            if met is not None:
                assert fast.touch(met[1]) == walked.touch(met[1])
            assert state(fast) == state(walked)


@settings(max_examples=300, deadline=None)
@given(slow=markets(), data=st.data())
def test_asking_and_following_ahead_of_the_answer_do_not_change_it(slow: SlowHistory, data: st.DataObject) -> None:
    """A question leaves the watch as it is, and however a trail is moved towards the answer, the answer stays."""
    history, watch, straight, dummy = kernel_history(slow), Watch(), Watch(), SlowWatch()
    start, end = START - MINUTE, slow.times[-1] + 2 * MINUTE
    for _ in range(data.draw(st.integers(1, 3))):
        arm_at_random(data, watch, dummy, start)
    history.advance(start, watch)
    for number, up, level in watch.levels():
        straight.arm(number, up, level, dummy.armed[number][2])
    for number, trail in dummy.trails.items():
        straight.arm_trail(number, trail.up, trail.k, trail.seen[0], trail.floor, trail.level, start)
    answer, before = history.next_crossing(start, end, watch), state(watch)
    assert history.next_crossing(start, end, watch) == answer
    assert state(watch) == before
    last = end if answer is None else answer[0]
    closes = [frame[0] for frame in slow.frames if frame[0] < last]
    times = st.integers(start, last) | (st.sampled_from(closes) if closes else st.just(start))
    # Time goes forward: a trail that has followed further asks nothing of what lies behind it.
    for now in sorted(data.draw(st.lists(times, max_size=5))):
        closed = now < last and data.draw(st.booleans())
        history.advance(now, watch, closed=closed)
        assert history.next_crossing(now, end, watch) == answer or now == last
    for one in (watch, straight):
        history.advance(last, one, closed=answer is None or answer[2])
    assert state(watch) == state(straight)


@settings(max_examples=200, deadline=None)
@given(slow=markets(), data=st.data())
def test_questions_about_any_time_are_answered_from_the_path(slow: SlowHistory, data: st.DataObject) -> None:
    """The standing price, the closed candle and the extremes of any stretch are those of the walked path."""
    history = kernel_history(slow)
    times = st.integers(START, slow.times[-1] + 3 * MINUTE)
    instants = st.sampled_from([time for time, _ in slow.visits] + slow.times)
    after, until = sorted(data.draw(st.tuples(times | instants, times | instants)))
    assert history.price_at(until) == slow.price_at(until)
    assert history.candle_at(until) == slow.candle_at(until)
    assert history.extremes(after, until) == slow.extremes(after, until)
    with pytest.raises(ValueError, match="time_ns"):
        history.price_at(START - 1)


@settings(max_examples=200, deadline=None)
@given(slow=markets(), data=st.data())
def test_a_watch_fed_tick_by_tick_agrees_with_one_that_jumps(slow: SlowHistory, data: st.DataObject) -> None:
    """The live drive (every tick, every frame close) and the history drive raise the same ids at the same times."""
    history, jumping, live, dummy = kernel_history(slow), Watch(), Watch(), SlowWatch()
    position, end = START - MINUTE, slow.times[-1] + 2 * MINUTE
    for _ in range(data.draw(st.integers(1, 4))):
        arm_at_random(data, jumping, dummy, position)
    for number, up, level in jumping.levels():
        live.arm(number, up, level, dummy.armed[number][2])
    for number, trail in dummy.trails.items():
        live.arm_trail(number, trail.up, trail.k, trail.seen[0], trail.floor, trail.level, None)

    jumps = []
    while (met := history.next_crossing(position, end, jumping)) is not None:
        position = met[0]
        history.advance(position, jumping, closed=met[2])
        jumps.append((position, jumping.touch(met[1])))
    history.advance(end, jumping, closed=True)

    raised = []
    events = [(time, 0, price) for time, price in slow.visits]
    events += [(frame[0], 1, number) for number, frame in enumerate(slow.frames) if frame[0] <= end]
    for time, rank, price_or_number in sorted(events):
        if rank == 0:
            crossed = live.tick(price_or_number / UNITS)
        elif live.frame(*slow.frames[price_or_number][1:]):
            crossed = live.pending()
        else:
            crossed = None
        if crossed:
            raised.append((time, crossed))
    assert jumps == raised
    assert state(jumping) == state(live)


@settings(max_examples=100, deadline=None)
@given(slow=markets(), level=prices, up=st.booleans(), data=st.data())
def test_data_after_the_answer_does_not_change_it(slow: SlowHistory, level: int, up: bool, data: st.DataObject) -> None:
    """With the rows after the answering candle replaced by others, the answer is the same (prefix invariance)."""
    watch = Watch()
    watch.arm(1, up, level)
    met = kernel_history(slow).next_crossing(START - 1, slow.times[-1] + MINUTE, watch)
    if met is None:
        return
    keep = sum(time <= met[0] for time in slow.times)
    rest = [data.draw(candles()) for _ in slow.candles[keep:]]
    other = SlowHistory(slow.times, slow.candles[:keep] + rest, MINUTE, slow.tick, slow.seed, slow.path, slow.frames)
    assert kernel_history(other).next_crossing(START - 1, slow.times[-1] + MINUTE, watch) == met


@settings(max_examples=150, deadline=None)
@given(slow=markets(), level=prices, up=st.booleans())
def test_a_mirrored_market_meets_mirrored_levels(slow: SlowHistory, level: int, up: bool) -> None:
    """Prices reflected, DOWN and UP exchanged and the other extreme first: the same times, the reflected prices."""
    total = 2 * BASE // slow.tick * slow.tick
    path = {"low_first": "high_first", "high_first": "low_first", "tape": "low_first"}[slow.path]
    straight = SlowHistory(
        slow.times, slow.candles, MINUTE, slow.tick, slow.seed, "high_first" if slow.path == "tape" else slow.path
    )
    reflected = [(total - o, total - lo, total - h, total - c) for o, h, lo, c in slow.candles]
    mirrored = SlowHistory(slow.times, reflected, MINUTE, slow.tick, slow.seed, path)
    watch, mirror = Watch(), Watch()
    watch.arm(1, up, level)
    mirror.arm(1, not up, total - level)
    met = kernel_history(straight).next_crossing(START - 1, slow.times[-1] + MINUTE, watch)
    expected = None if met is None else (met[0], total - met[1], False)
    assert kernel_history(mirrored).next_crossing(START - 1, slow.times[-1] + MINUTE, mirror) == expected
