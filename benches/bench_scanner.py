"""What does a scan cost a candle, over columns and one at a time? Beside it structure, outcomes, correlation, ranks."""

from __future__ import annotations

from array import array

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from sadari import kernel
from sadari.kernel import Candles
from sadari.model.units import HOUR_NS, MINUTE_NS
from sadari.sensors.candidates import ranked
from tests.reference import scanner as slow

ROWS = 1_000_000
TWIN_ROWS = 3_000
STREAMED_ROWS = 100_000


@pytest.fixture(scope="module")
def market() -> Candles:
    """A made-up market."""
    return kernel.synthetic(20, ROWS, 0, MINUTE_NS, 50_000.0, 10_000_000)


def fresh(name: str) -> kernel.Scanner:
    """A scanner with the default settings."""
    return kernel.Scanner(MINUTE_NS, name, rise=0.03, change=0.04, surge=1.5, bodies=2)


@pytest.mark.parametrize("name", ["option_b", "old"])
def bench_scans_at_a_million_closes(benchmark: BenchmarkFixture, market: Candles, name: str) -> None:
    m = market
    benchmark(lambda: fresh(name).scan(m.open_time_ns, m.open, m.high, m.low, m.close, m.volume, m.quote_volume))


def bench_100_000_scans_one_at_a_time(benchmark: BenchmarkFixture, market: Candles) -> None:
    rows = listed(market, STREAMED_ROWS)

    def drive() -> None:
        push = fresh("option_b").push
        for row in rows:
            push(*row)

    benchmark(drive)


def bench_the_twin_over_3000_scans(benchmark: BenchmarkFixture, market: Candles) -> None:
    benchmark(slow.verdicts, listed(market, TWIN_ROWS), MINUTE_NS)


def bench_structure_of_a_million_candles(benchmark: BenchmarkFixture, market: Candles) -> None:
    benchmark(kernel.structure, market.high, market.low, market.close)


def bench_outcomes_of_100_000_signals(benchmark: BenchmarkFixture, market: Candles) -> None:
    m, times = market, array("q", range(10 * MINUTE_NS, ROWS * MINUTE_NS, 10 * MINUTE_NS))
    benchmark(
        lambda: kernel.outcomes(
            m.open_time_ns, m.open, m.high, m.low, m.close, m.volume, MINUTE_NS, times,
            share=0.03, window_ns=240 * MINUTE_NS,
        )
    )  # fmt: skip


def bench_a_correlation_over_a_week_of_hours(benchmark: BenchmarkFixture, market: Candles) -> None:
    m = market
    hours = kernel.aggregate(m.open_time_ns, m.open, m.high, m.low, m.close, m.volume, None, MINUTE_NS, HOUR_NS)
    benchmark(
        lambda: kernel.correlation(
            hours.open_time_ns, hours.close, hours.open_time_ns, hours.close,
            frame_ns=HOUR_NS, n=168, least=84, time_ns=ROWS * MINUTE_NS,
        )
    )  # fmt: skip


def bench_ranks_of_400_symbols(benchmark: BenchmarkFixture) -> None:
    volumes: dict[str, float | None] = {f"S{number}USDT": float(number * 7919 % 401) for number in range(400)}
    benchmark(ranked, volumes, 150)


def listed(market: Candles, rows: int) -> list[slow.Row]:
    """The first rows of a market."""
    assert market.quote_volume is not None
    columns = (
        market.open_time_ns, market.open, market.high, market.low, market.close, market.volume, market.quote_volume,
    )  # fmt: skip
    return list(zip(*(memoryview(column)[:rows].tolist() for column in columns), strict=True))
