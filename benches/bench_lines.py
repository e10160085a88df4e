"""What does a line cost a row, over a column and candle by candle? Beside it, the twin in plain Python on few rows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from sadari import kernel
from sadari.kernel import Candles, Column, LineSet
from tests.reference import lines as slow

ROWS = 1_000_000
TWIN_ROWS = 5_000
MINUTE_NS = 60_000_000_000
DEFAULT_LINES: list[tuple[str, int] | tuple[str, int, float]] = [
    ("sma", 5), ("sma", 20), ("sma", 80), ("sma", 480), ("bollinger", 200, 2.0), ("bollinger", 480, 1.5), ("atr", 14),
]  # fmt: skip


@pytest.fixture(scope="module")
def market() -> Candles:
    """A made-up market."""
    return kernel.synthetic(20, ROWS, 0, MINUTE_NS, 50_000.0, 10_000_000)


LINES: dict[str, Callable[[Candles], object]] = {
    "sma(20)": lambda m: kernel.sma(m.close, 20),
    "sma(480)": lambda m: kernel.sma(m.close, 480),
    "bollinger(200)": lambda m: kernel.bollinger(m.close, 200, 2.0),
    "ema(20)": lambda m: kernel.ema(m.close, 20),
    "rsi(14)": lambda m: kernel.rsi(m.close, 14),
    "atr(14)": lambda m: kernel.atr(m.high, m.low, m.close, 14),
    "highest(150)": lambda m: kernel.rolling_max(m.close, 150),
    "frames of 15 minutes": lambda m: kernel.aggregate(
        m.open_time_ns, m.open, m.high, m.low, m.close, m.volume, None, MINUTE_NS, 15 * MINUTE_NS
    ),
    "check": lambda m: kernel.check_candles(m.open_time_ns, m.open, m.high, m.low, m.close, m.volume, MINUTE_NS),
}


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def bench_a_million_rows(benchmark: BenchmarkFixture, market: Candles, line: Callable[[Candles], object]) -> None:
    benchmark(line, market)


TWINS: dict[str, Callable[[list[float]], object]] = {
    "sma(20)": lambda close: slow.sma(close, 20),
    "ema(20)": lambda close: slow.ema(close, 20),
    "rsi(14)": lambda close: slow.rsi(close, 14),
}


@pytest.mark.parametrize("line", TWINS.values(), ids=TWINS)
def bench_the_twin_over_5000_rows(
    benchmark: BenchmarkFixture, market: Candles, line: Callable[[list[float]], object]
) -> None:
    benchmark(line, market.close.tolist()[:TWIN_ROWS])


def rows(market: Candles) -> list[tuple[float, float, float]]:
    """High, low and close of 100,000 candles."""
    parts: list[Column] = [market.high, market.low, market.close]
    return list(zip(*(memoryview(part)[:100_000].tolist() for part in parts), strict=True))


def bench_100_000_updates_of_the_default_lines(benchmark: BenchmarkFixture, market: Candles) -> None:
    candles = rows(market)

    def drive() -> None:
        update = LineSet(DEFAULT_LINES).update
        for high, low, close in candles:
            update(high, low, close)

    benchmark(drive)


def bench_100_000_updates_of_the_default_lines_and_two_readings(benchmark: BenchmarkFixture, market: Candles) -> None:
    candles = rows(market)

    def drive() -> None:
        lines = LineSet(DEFAULT_LINES)
        update = lines.update
        for high, low, close in candles:
            update(high, low, close)
            lines[0]
            lines[10]

    benchmark(drive)


def bench_a_million_made_up_candles(benchmark: BenchmarkFixture) -> None:
    benchmark(kernel.synthetic, 20, ROWS, 0, MINUTE_NS, 50_000.0, 10_000_000)
