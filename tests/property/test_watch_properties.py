"""Which levels a price crosses, decided as the exact decimals decide it."""

from __future__ import annotations

import math
from array import array
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sadari.kernel import Watch
from tests.reference.watch import UNITS, SlowWatch

ticks = st.sampled_from(["1e-8", "1e-7", "0.00001", "0.0001", "0.01", "0.1", "0.5", "1"]).map(Decimal)
thresholds = st.decimals("0.0000001", "150000", places=20)
small_prices = st.integers(1, 30).map(lambda units: units / UNITS)
wire = st.one_of(small_prices, small_prices, st.sampled_from([0.0, -1.0, math.nan, math.inf, -math.inf]))


def in_units(level: Decimal, rounding: str) -> int:
    """A threshold in 1e-8, as a caller rounds it."""
    return int((level * UNITS).to_integral_value(rounding))


@pytest.mark.requirement("R004-52")
@settings(max_examples=500)
@given(threshold=thresholds, tick=ticks, steps=st.integers(-3, 3), sticky=st.booleans())
def test_a_crossing_is_decided_as_the_decimals_decide_it(
    threshold: Decimal, tick: Decimal, steps: int, sticky: bool
) -> None:
    """Each grid price around an unrounded threshold, fed as the wire's double, is answered as the decimals compare."""
    price = (threshold / tick).to_integral_value(ROUND_FLOOR) * tick + steps * tick
    if price <= 0:
        return
    watch = Watch()
    watch.arm(1, False, in_units(threshold, ROUND_FLOOR), sticky)
    watch.arm(2, True, in_units(threshold, ROUND_CEILING), sticky)
    expected = [1] * (price <= threshold) + [2] * (price >= threshold)
    assert (watch.tick(float(price)) or []) == expected


def act(data: st.DataObject, fast: Watch, slow: SlowWatch) -> None:
    """Do one random thing to both and compare the answers."""
    number, up = data.draw(st.integers(0, 4)), data.draw(st.booleans())
    level = data.draw(st.integers(0, 31))
    match data.draw(
        st.sampled_from(["tick", "tick", "tick", "touch", "arm", "arm", "trail", "rearm", "frame", "pending", "disarm"])
    ):
        case "tick":
            price = data.draw(wire)
            assert fast.tick(price) == slow.tick(price)
        case "touch":
            assert fast.touch(level + 1) == slow.touch(level + 1)
        case "arm":
            sticky = data.draw(st.booleans())
            assert fast.arm(number, up, level, sticky) == slow.arm(number, up, level, sticky)
        case "trail":
            floor, placed = data.draw(st.none() | st.integers(0, 31)), data.draw(st.none() | st.integers(0, 31))
            k = data.draw(st.floats(0, 4))
            fast.arm_trail(number, up, k, level, floor, placed, None)
            slow.arm_trail(number, up, k, level, floor=floor, level=placed)
        case "rearm":
            floor = data.draw(st.none() | st.integers(0, 31))
            assert fast.rearm_trail(number, floor) == slow.rearm_trail(number, floor)
        case "frame":
            line = data.draw(st.floats(0, 10 / UNITS) | st.just(math.nan))
            other = data.draw(st.integers(0, 31))
            frame = max(level, other), min(level, other), line
            assert fast.frame(*frame) == slow.frame(*frame)
        case "pending":
            assert fast.pending() == slow.pending()
        case "disarm":
            assert fast.disarm(number) == slow.disarm(number)


@settings(max_examples=500, deadline=None)
@given(data=st.data())
def test_the_watch_agrees_with_one_that_looks_at_every_level(data: st.DataObject) -> None:
    """Through any sequence of arming, ticks and frames the state and every answer are the twin's."""
    fast, slow = Watch(), SlowWatch()
    for _ in range(data.draw(st.integers(1, 25))):
        act(data, fast, slow)
        assert (fast.levels(), fast.nearest()) == (slow.levels(), slow.nearest())
        assert (fast.last, fast.dropped) == (slow.last, slow.dropped)


@settings(max_examples=200, deadline=None)
@given(prices=st.lists(wire, max_size=30), data=st.data(), start=st.integers(0, 5))
def test_a_batch_of_ticks_is_the_ticks_one_by_one(prices: list[float], data: st.DataObject, start: int) -> None:
    """`scan` stops at the row where `tick` would first answer, and leaves the watch in the same state."""
    batch, single, dummy = Watch(), Watch(), SlowWatch()
    for _ in range(data.draw(st.integers(0, 4))):
        number, up, level = data.draw(st.integers(0, 3)), data.draw(st.booleans()), data.draw(st.integers(0, 31))
        for watch in (batch, single, dummy):
            watch.arm(number, up, level)
    if data.draw(st.booleans()):
        for watch in (batch, single):
            watch.arm_trail(9, True, 1.0, 15, None, None, None)
    found = batch.scan(array("d", prices), start) if prices else None
    expected = None
    for row in range(start, len(prices)):
        if (crossed := single.tick(prices[row])) is not None:
            expected = (row, crossed)
            break
    assert found == expected
    for watch in (batch, single):
        watch.frame(40, 1, 3 / UNITS)
    assert (batch.levels(), batch.last, batch.dropped) == (single.levels(), single.last, single.dropped)


@settings(max_examples=200)
@given(
    levels=st.lists(st.tuples(st.booleans(), st.integers(1, 99), st.booleans()), max_size=8),
    prices=st.lists(st.integers(1, 99), max_size=12),
)
def test_a_mirrored_watch_crosses_at_mirrored_prices(levels: list[tuple[bool, int, bool]], prices: list[int]) -> None:
    """With DOWN and UP exchanged and every price reflected, the same levels are crossed on the same ticks."""
    straight, mirrored = Watch(), Watch()
    for number, (up, level, sticky) in enumerate(levels):
        straight.arm(number, up, level, sticky)
        mirrored.arm(number, not up, 100 - level, sticky)
    for price in prices:
        assert sorted(straight.touch(price)) == sorted(mirrored.touch(100 - price))
