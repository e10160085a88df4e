"""The tape of a candle."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sadari.kernel import expand
from tests.reference.expand import slow_expand

MINUTE = 60_000_000_000
PATHS = ["tape", "low_first", "high_first"]

Tape = dict[str, Any]

prices = st.one_of(st.integers(1, 200), st.integers(1, 2 * 10**15 - 1))
tapes = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 2**64 - 1),
        "open_time_ns": st.integers(-(2**61), 2**61).map(lambda time: time // MINUTE * MINUTE),
        "interval_ns": st.sampled_from([1_000_000, MINUTE, 86_400_000_000_000]),
        "candle": st.tuples(prices, prices, prices, prices).map(sorted).map(lambda p: (p[1], p[3], p[0], p[2])),
        "volume": st.floats(0, 1e12, allow_subnormal=False),
        "tick": st.sampled_from([1, 5, 10, 1_000_000, 10_000_000]),
        "path": st.sampled_from(PATHS),
    }
)


def kernel_expand(tape: Tape) -> list[tuple[int, int, float]]:
    """The kernel's trades of the same candle."""
    o, h, lo, c = tape["candle"]
    start, interval, volume, tick = (tape[name] for name in ("open_time_ns", "interval_ns", "volume", "tick"))
    return expand(tape["seed"], start, interval, o, h, lo, c, volume, tick, tape["path"])


@settings(max_examples=500)
@given(tape=tapes)
def test_the_kernel_makes_the_trades_of_the_twin(tape: Tape) -> None:
    """Times, prices and shares are equal to the last bit."""
    assert kernel_expand(tape) == slow_expand(**tape)


@settings(max_examples=500)
@given(tape=tapes)
def test_a_tape_is_its_candle(tape: Tape) -> None:
    """Aggregated again, the trades give open, high, low, close and volume, inside the interval and in time order."""
    trades = kernel_expand(tape)
    path = [price for _, price, _ in trades]
    assert (path[0], max(path), min(path), path[-1]) == tape["candle"]
    assert len(trades) <= 16
    times = [time for time, _, _ in trades]
    assert times[0] == tape["open_time_ns"]
    assert times[-1] < tape["open_time_ns"] + tape["interval_ns"]
    assert all(a < b for a, b in pairwise(times))
    assert all(a != b for a, b in pairwise(path))
    total = 0.0
    for _, _, share in trades:
        assert share >= 0
        total += share
    assert total == tape["volume"]


@settings(max_examples=300)
@given(tape=tapes)
def test_trades_between_the_candles_own_prices_lie_on_the_grid(tape: Tape) -> None:
    """Off-grid prices of the data are kept, new ones are not invented."""
    own = set(tape["candle"])
    assert all(price in own or price % tape["tick"] == 0 for _, price, _ in kernel_expand(tape))


@pytest.mark.parametrize(("path", "first"), [("low_first", 9_800), ("high_first", 10_500)])
def test_the_bounds_fix_which_extreme_comes_first(path: str, first: int) -> None:
    """Under each bound the named extreme is reached before the other, whatever the seed."""
    for seed in range(50):
        path_prices = [price for _, price, _ in expand(seed, 0, MINUTE, 10_000, 10_500, 9_800, 10_100, 1.0, 10, path)]
        other = 10_500 + 9_800 - first
        assert path_prices.index(first) < path_prices.index(other)


def test_the_seed_decides_the_order_of_the_extremes() -> None:
    """Over many candles both orders come about as often as a fair coin would have it, and each candle keeps its own."""

    def high_first(minute: int) -> bool:
        tape = [price for _, price, _ in expand(7, minute * MINUTE, MINUTE, 100, 110, 90, 100, 1.0, 1)]
        return tape.index(110) < tape.index(90)

    orders = [high_first(minute) for minute in range(1000)]
    assert 440 < sum(orders) < 560
    assert orders == [high_first(minute) for minute in range(1000)]


def test_a_flat_candle_is_one_trade() -> None:
    """Without any move there is the open alone, with the whole volume."""
    assert expand(1, 0, MINUTE, 500, 500, 500, 500, 12.5, 10) == [(0, 500, 12.5)]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((1, 0, 999_999, 5, 6, 4, 5, 1.0, 1), "interval_ns is 999999"),
        ((1, 0, MINUTE, 5, 6, 4, 5, 1.0, 0), "tick_units is 0"),
        ((1, 0, MINUTE, 5, 6, 4, 5, 1.0, 1, "adverse"), "path is 'adverse'"),
        ((1, 0, MINUTE, 7, 6, 4, 5, 1.0, 1), "open 7, high 6"),
        ((1, 0, MINUTE, 5, 6, 0, 5, 1.0, 1), "low 0"),
        ((1, 0, MINUTE, 5, 2 * 10**15 + 1, 4, 5, 1.0, 1), "2000000000000001"),
    ],
    ids=["interval", "tick", "path", "open outside", "not positive", "not exact"],
)
def test_a_bad_argument_is_refused_with_its_name_and_value(arguments: tuple[Any, ...], sentence: str) -> None:
    """One sentence says what was wrong."""
    with pytest.raises(ValueError, match=sentence):
        expand(*arguments)
