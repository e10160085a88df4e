"""What do the ICT concepts and the entry model cost a five-minute candle, over columns and one at a time?"""

from __future__ import annotations

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from sadari import kernel
from sadari.kernel import Candles
from sadari.model.units import MINUTE_NS
from sadari.sensors.ict_settings import IctSettings
from tests.reference import ict as slow

ROWS = 500_000
STREAMED_ROWS = 100_000
TWIN_ROWS = 1_000
FRAME_NS = 5 * MINUTE_NS
RULES = IctSettings()


@pytest.fixture(scope="module")
def market() -> Candles:
    """A made-up market of five-minute candles."""
    return kernel.synthetic(20, ROWS, 0, FRAME_NS, 50_000.0, 10_000_000)


def rows(market: Candles, count: int) -> list[tuple[float, ...]]:
    """The first candles."""
    columns = (market.open_time_ns, market.open, market.high, market.low, market.close, market.volume)
    return list(zip(*(memoryview(column)[:count].tolist() for column in columns), strict=True))


def bench_the_entry_model_over_500_000_candles(benchmark: BenchmarkFixture, market: Candles) -> None:
    columns = (market.open_time_ns, market.open, market.high, market.low, market.close, market.volume)
    benchmark(kernel.ict_batch, RULES, columns, FRAME_NS, FRAME_NS, 0.1)


def bench_all_facts_of_500_000_candles(benchmark: BenchmarkFixture, market: Candles) -> None:
    benchmark(kernel.ict_facts, RULES, market.open, market.high, market.low, market.close)


def bench_the_entry_model_over_100_000_candles_one_by_one(benchmark: BenchmarkFixture, market: Candles) -> None:
    listed = rows(market, STREAMED_ROWS)

    def drive() -> None:
        push = kernel.IctStream(RULES, FRAME_NS, FRAME_NS, 0.1).push
        for row in listed:
            push(*row)  # type: ignore[arg-type]

    benchmark(drive)


def bench_the_facts_of_100_000_candles_one_by_one(benchmark: BenchmarkFixture, market: Candles) -> None:
    listed = [row[1:5] for row in rows(market, STREAMED_ROWS)]

    def drive() -> None:
        push = kernel.IctReader(RULES).push
        for row in listed:
            push(*row)

    benchmark(drive)


def bench_the_twin_of_the_facts_over_1000_candles(benchmark: BenchmarkFixture, market: Candles) -> None:
    bars = [row[1:5] for row in rows(market, TWIN_ROWS)]
    benchmark.pedantic(slow.facts, (bars, RULES), rounds=1)  # type: ignore[no-untyped-call]
