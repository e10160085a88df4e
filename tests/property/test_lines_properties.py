"""Lines over any series: near their definitions, and the same bits in batch, in slices and candle by candle."""

from __future__ import annotations

import math
import random
import struct
from array import array
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sadari import kernel
from sadari.kernel import Column, LineSet
from tests.reference import lines as slow

ACCURACY = 1e-9
LOWEST, HIGHEST = 1e-8, 1e6


def constant(_: random.Random, rows: int) -> list[float]:
    """One price that no binary fraction equals."""
    return [0.1] * rows


def walk(rng: random.Random, rows: int) -> list[float]:
    """A market."""
    prices = [rng.uniform(1.0, 1e5)]
    while len(prices) < rows:
        prices.append(prices[-1] * math.exp(rng.gauss(0.0, 0.01)))
    return prices[:rows]


def wild(rng: random.Random, rows: int) -> list[float]:
    """Any price after any other, across all fourteen decades."""
    return [10 ** rng.uniform(-8.0, 6.0) for _ in range(rows)]


def noise(rng: random.Random, rows: int) -> list[float]:
    """A high price whose last digits tremble."""
    return [1e6 + rng.choice([0.0, 1e-8, -1e-8]) for _ in range(rows)]


def steps(rng: random.Random, rows: int) -> list[float]:
    """Flat stretches at far apart levels."""
    prices: list[float] = []
    while len(prices) < rows:
        prices.extend([rng.choice([LOWEST, 0.1, 3e3, HIGHEST])] * rng.randrange(1, 40))
    return prices[:rows]


KINDS: list[Callable[[random.Random, int], list[float]]] = [constant, walk, wild, noise, steps]


@st.composite
def series(draw: st.DrawFn, most: int = 400) -> list[float]:
    """Prices of one of the kinds."""
    kind = draw(st.sampled_from(KINDS))
    return kind(random.Random(draw(st.integers(0, 2**32))), draw(st.integers(0, most)))


windows = st.sampled_from([1, 2, 3, 4, 5, 7, 8, 14, 20, 33, 80])
numbers = st.integers(-(10**6), 10**9)


def bits(column: Column | list[float]) -> bytes:
    """What two equal columns have in common, NaN included."""
    return bytes(memoryview(column)) if isinstance(column, Column) else struct.pack(f"{len(column)}d", *column)


def candles(close: list[float]) -> tuple[array[float], array[float], array[float]]:
    """High, low and close around some closes."""
    rng = random.Random(len(close))
    high = array("d", [price * (1 + rng.random() * 0.01) for price in close])
    low = array("d", [price * (1 - rng.random() * 0.01) for price in close])
    return high, low, array("d", close)


def assert_near(got: Column, expected: slow.Line, scale: slow.Line | None = None) -> None:
    """Rows agree within the accuracy relative to the greater of the value and its scale; None is NaN."""
    assert len(got) == len(expected)
    for row, (value, reference) in enumerate(zip(got.tolist(), expected, strict=True)):
        if reference is None:
            assert math.isnan(value), row
        else:
            size = max(abs(reference), abs((scale[row] or 0.0) if scale else 0.0))
            assert abs(value - reference) <= ACCURACY * size, (row, value, reference)


@given(x=series(200), n=windows, first=numbers)
def test_averages_and_bands_are_those_of_the_window(x: list[float], n: int, first: int) -> None:
    """Whatever passed before, each row is the mean and deviation of its own window within 1e-9."""
    close = array("d", x)
    assert_near(kernel.sma(close, n, first=first), slow.sma(x, n))
    middle, upper, lower = slow.bollinger(x, n, 2.0)
    for got, expected in zip(kernel.bollinger(close, n, 2.0, first=first), (middle, upper, lower), strict=True):
        assert_near(got, expected, middle)


@given(x=series(), n=windows)
def test_recursive_lines_follow_their_definition(x: list[float], n: int) -> None:
    """EMA, ATR, NATR and RSI equal the step-by-step recursion within 1e-9."""
    high, low, close = candles(x)
    highs, lows = high.tolist(), low.tolist()
    assert_near(kernel.ema(close, n), slow.ema(x, n))
    assert_near(kernel.atr(high, low, close, n), slow.atr(highs, lows, x, n))
    assert_near(kernel.natr(high, low, close, n), slow.natr(highs, lows, x, n))
    assert_near(kernel.rsi(close, n), slow.rsi(x, n), [100.0] * len(x))


@given(x=series(), n=windows)
def test_extremes_and_percentiles_are_those_of_the_window(x: list[float], n: int) -> None:
    """Highest and lowest are exact values of the window; the percentile counts it."""
    column = array("d", x)
    assert bits(kernel.rolling_max(column, n)) == bits(
        [math.nan if v is None else v for v in slow.over_windows(x, n, max)]
    )
    assert bits(kernel.rolling_min(column, n)) == bits(
        [math.nan if v is None else v for v in slow.over_windows(x, n, min)]
    )
    assert_near(kernel.percentile(column, n), slow.percentile(x, n))


SPECS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["sma", "ema", "atr", "natr", "rsi"]), windows),
        st.tuples(st.just("bollinger"), windows, st.sampled_from([0.0, 1.5, 2.0])),
    ),
    min_size=1,
    max_size=6,
)


def batch(spec: tuple[str, int] | tuple[str, int, float], x: list[float], first: int) -> list[Column]:
    """The batch twin of a streamed line."""
    high, low, close = candles(x)
    match spec:
        case ("bollinger", n, k):
            return list(kernel.bollinger(close, n, k, first=first))
        case ("sma", n):
            return [kernel.sma(close, n, first=first)]
        case ("ema" | "rsi" as name, n):
            return [getattr(kernel, name)(close, n)]
        case (name, n):
            return [getattr(kernel, name)(high, low, close, n)]
    raise AssertionError(spec)


@given(x=series(), specs=SPECS, first=numbers)
def test_streaming_is_batch_bit_for_bit(
    x: list[float], specs: list[tuple[str, int] | tuple[str, int, float]], first: int
) -> None:
    """A line moved candle by candle has, at every row, the bits of the line over the whole column."""
    lines = LineSet(specs, first=first)
    rows = []
    for high, low, close in zip(*candles(x), strict=True):
        ready = lines.update(high, low, close)
        rows.append(lines.tolist())
        assert ready == (not any(map(math.isnan, rows[-1])))
        assert bits([lines[i] for i in range(len(lines))]) == bits(rows[-1])
    expected = [column for spec in specs for column in batch(spec, x, first)]
    assert len(expected) == len(lines.names) == len(lines)
    for name, got, column in zip(lines.names, map(list, zip(*rows, strict=True)), expected, strict=False):
        assert bits(got) == bits(column), name


@given(x=series(), n=windows, first=numbers, cut=st.integers(0, 300))
def test_slices_that_start_anywhere_agree_bit_for_bit(x: list[float], n: int, first: int, cut: int) -> None:
    """Window lines depend on the window's candles and their numbers alone, not on where the data begin."""
    whole, part = array("d", x), array("d", x[cut:])
    columns = zip(
        [
            kernel.sma(whole, n, first=first),
            *kernel.bollinger(whole, n, 2.0, first=first),
            kernel.rolling_max(whole, n),
        ],
        [
            kernel.sma(part, n, first=first + cut),
            *kernel.bollinger(part, n, 2.0, first=first + cut),
            kernel.rolling_max(part, n),
        ],
        strict=True,
    )
    for of_whole, of_part in columns:
        assert bits(of_whole.tolist()[cut + n - 1 :]) == bits(of_part.tolist()[n - 1 :])


@given(x=series(), n=windows, cut=st.integers(0, 400))
def test_no_line_looks_ahead(x: list[float], n: int, cut: int) -> None:
    """Every line over a beginning of the series is the beginning of the line over the whole series."""
    specs: list[tuple[str, int] | tuple[str, int, float]] = [
        ("sma", n), ("ema", n), ("atr", n), ("natr", n), ("rsi", n), ("bollinger", n, 2.0),
    ]  # fmt: skip
    high, low, close = candles(x)
    for spec in specs:
        for whole, part in zip(batch(spec, x, 0), beginning(spec, high, low, close, cut), strict=True):
            assert bits(whole.tolist()[:cut]) == bits(part)


def beginning(
    spec: tuple[str, int] | tuple[str, int, float], high: array[float], low: array[float], close: array[float], cut: int
) -> list[Column]:
    """A line over the first rows."""
    if spec[0] in ("atr", "natr"):
        return [getattr(kernel, spec[0])(high[:cut], low[:cut], close[:cut], spec[1])]
    return batch(spec, close[:cut].tolist(), 0)


@given(x=series(), n=windows, holes=st.sets(st.integers(0, 399), max_size=4))
def test_windows_with_an_unknown_are_unknown_and_no_others(x: list[float], n: int, holes: set[int]) -> None:
    """A NaN makes NaN of exactly the windows that hold it; it poisons nothing after them."""
    column = array("d", x)
    for row in holes & set(range(len(x))):
        column[row] = math.nan
    unknown = [row + 1 < n or any(map(math.isnan, column[row + 1 - n : row + 1])) for row in range(len(x))]
    bands = kernel.bollinger(column, n, 2.0)
    for line in (kernel.sma(column, n), *bands, kernel.rolling_max(column, n), kernel.rolling_min(column, n)):
        assert [math.isnan(value) for value in line.tolist()] == unknown
    assert [math.isnan(value) for value in kernel.percentile(column, n).tolist()] == unknown


@given(x=series(), fast=windows, slow_n=windows, m=st.integers(1, 5))
def test_crosses_and_runs_are_those_of_the_definition(x: list[float], fast: int, slow_n: int, m: int) -> None:
    """Row numbers of crosses, falls and rises equal those found by the definition, row by row."""
    column = array("d", x)
    a, b = kernel.sma(column, fast), kernel.sma(column, slow_n)
    golden, dead = kernel.crosses(a, b)
    none: list[slow.Line] = [[None if math.isnan(v) else v for v in line.tolist()] for line in (a, b)]
    assert (golden.tolist(), dead.tolist()) == slow.crosses(*none)
    assert kernel.falling(column, m).tolist() == slow.runs(x, m, slow.below)
    assert kernel.rising(column, m).tolist() == slow.runs(x, m, slow.above)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@settings(max_examples=1)
@given(seed=st.integers(0, 2**32))
def test_the_middle_band_is_the_average_and_bands_never_cross(
    kind: Callable[[random.Random, int], list[float]], seed: int
) -> None:
    """The middle band has the bits of the moving average; no variance is negative, so no band is NaN or reversed."""
    close = array("d", kind(random.Random(seed), 5_000))
    middle, upper, lower = kernel.bollinger(close, 480, 1.5)
    assert bits(middle) == bits(kernel.sma(close, 480))
    for low, center, high in zip(*(line.tolist()[479:] for line in (lower, middle, upper)), strict=True):
        assert low <= center <= high


@given(seed=st.integers(0, 2**32), lone=st.sampled_from([LOWEST, HIGHEST]), n=st.sampled_from([200, 480]))
@settings(max_examples=10)
def test_a_lone_far_price_that_begins_every_block_spoils_no_band(seed: int, lone: float, n: int) -> None:
    """Squares around a price as far from the others as can be still give bands within 1e-9."""
    rng = random.Random(seed)
    x = [lone if row % n == 0 else rng.uniform(1.0, 1.001) for row in range(2 * n)]
    lines = kernel.bollinger(array("d", x), n, 2.0)
    for row in range(n - 1, 2 * n, 17):
        window = x[row + 1 - n : row + 1]
        mean, spread = slow.mean(window), 2.0 * slow.deviation(window)
        expected = (mean, mean + spread, mean - spread)
        assert [line[row] for line in lines] == pytest.approx(expected, rel=ACCURACY, abs=ACCURACY * mean)


def test_a_million_candles_across_the_whole_range_stay_accurate() -> None:
    """After 1,000,000 candles that wander from 1e-8 to 1e6 and back, averages and bands are within 1e-9."""
    rng = random.Random(20)
    level, direction, close = 0.0, 1.0, array("d")
    for _ in range(1_000_000):
        level += direction * 2e-4 + rng.gauss(0.0, 0.02)
        if not math.log(LOWEST) < level < math.log(HIGHEST):
            level, direction = min(max(level, math.log(LOWEST)), math.log(HIGHEST)), -direction
        close.append(math.exp(level))
    lines = {n: kernel.bollinger(close, n, 2.0, first=7) for n in (5, 480)}
    for row in [*range(997, 1_000_000, 9_973), *range(999_000, 1_000_000, 97)]:
        for n, (middle, upper, _) in lines.items():
            window = close[row + 1 - n : row + 1]
            mean, spread = slow.mean(window), 2.0 * slow.deviation(window)
            assert abs(middle[row] - mean) <= ACCURACY * mean
            assert abs(upper[row] - mean - spread) <= ACCURACY * max(mean, spread)
