"""What does a surge verdict cost a one-minute candle? Beside it the lines alone, and the twin in plain Python."""

from __future__ import annotations

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from sadari import kernel
from sadari.kernel import Candles
from sadari.sensors.signals import Candle
from sadari.sensors.surge import Surge
from sadari.sensors.surge_settings import SurgeSettings
from tests.reference.surge import SlowSurge
from tests.reference.surge_markets import market as rows_of_market
from tests.reference.tapes import Columns, made_up

ROWS = 1_000_000
STREAMED = 100_000
TWIN_ROWS = 12_000
MINUTE_NS = 60_000_000_000
RULE = Surge(SurgeSettings())


@pytest.fixture(scope="module")
def market() -> Columns:
    """A made-up market."""
    return made_up(20, ROWS, price=50_000.0)


def bench_verdicts_over_a_million_minutes(benchmark: BenchmarkFixture, market: Columns) -> None:
    benchmark(RULE.batch, market)


def lines_alone(market: Columns) -> None:
    """The lines of the one-minute candles, written out."""
    for n in (5, 20, 80, 480):
        kernel.sma(market.close, n)
    kernel.bollinger(market.close, 200, 2.0)
    kernel.bollinger(market.close, 480, 1.5)


def bench_the_lines_of_a_million_minutes_alone(benchmark: BenchmarkFixture, market: Columns) -> None:
    benchmark(lines_alone, market)


def all_lines(market: Columns) -> Candles:
    """The lines of all three time frames, written out, with the frames they need."""
    lines_alone(market)
    columns = (market.open_time_ns, market.open, market.high, market.low, market.close, market.volume)
    three = kernel.aggregate(*columns, None, MINUTE_NS, 3 * MINUTE_NS)
    fifteen = kernel.aggregate(*columns, None, MINUTE_NS, 15 * MINUTE_NS)
    for frames in (three, fifteen):
        for n in (5, 20, 80, 480):
            kernel.sma(frames.close, n)
        kernel.bollinger(frames.close, 200, 2.0)
        kernel.bollinger(frames.close, 480, 1.5)
    return fifteen


def bench_the_lines_of_all_frames_alone(benchmark: BenchmarkFixture, market: Columns) -> None:
    benchmark(all_lines, market)


def bench_verdicts_of_100_000_minutes_one_by_one(benchmark: BenchmarkFixture, market: Columns) -> None:
    columns = [column[:STREAMED].tolist() for column in market.columns]
    candles = [Candle(*row) for row in zip(*columns, strict=True)]

    def drive() -> None:
        push = RULE.stream(MINUTE_NS).push
        for candle in candles:
            push(candle)

    benchmark.pedantic(drive, rounds=5)  # type: ignore[no-untyped-call]


def bench_the_twin_over_12_000_minutes(benchmark: BenchmarkFixture) -> None:
    arguments = (SurgeSettings(), rows_of_market(20, TWIN_ROWS))
    benchmark.pedantic(SlowSurge, arguments, rounds=1)  # type: ignore[no-untyped-call]
