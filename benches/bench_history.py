"""What does it cost to find the next crossing in a million candles, and to get them ready for it?"""

from __future__ import annotations

import math
import random
from array import array

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from sadari.kernel import History, Ticks, Watch, expand

MINUTE = 60_000_000_000
UNITS = 10**8
ROWS = 1_000_000

Columns = tuple["array[int]", "array[float]", "array[float]", "array[float]", "array[float]"]


@pytest.fixture(scope="module")
def columns() -> Columns:
    """A random walk of a million minutes around 50,000 with ranges of a few tenths of a per mille."""
    rng = random.Random(5)
    price, rows = 50_000.0, []
    for _ in range(ROWS):
        close = round(price * (1 + rng.uniform(-0.001, 0.001)), 1)
        high = round(max(price, close) + rng.randrange(100) / 10, 1)
        low = round(min(price, close) - rng.randrange(100) / 10, 1)
        rows.append((price, high, low, close))
        price = close
    prices = [array("d", column) for column in zip(*rows, strict=True)]
    return array("q", range(0, ROWS * MINUTE, MINUTE)), prices[0], prices[1], prices[2], prices[3]


def history(columns: Columns) -> History:
    """The million candles in the kernel."""
    return History(*columns, interval_ns=MINUTE, tick_units=UNITS // 10, seed=1)


def bench_making_a_million_candles_searchable(benchmark: BenchmarkFixture, columns: Columns) -> None:
    benchmark(history, columns)


def bench_a_level_that_is_never_met_in_a_million_candles(benchmark: BenchmarkFixture, columns: Columns) -> None:
    tape, watch = history(columns), Watch()
    watch.arm(1, False, 1)
    watch.arm(2, True, 10**15)
    benchmark(tape.next_crossing, -1, ROWS * MINUTE, watch)


@pytest.mark.parametrize("distance", [0.1, 0.01, 0.002])
def bench_a_band_that_follows_its_crossings(benchmark: BenchmarkFixture, columns: Columns, distance: float) -> None:
    tape, watch = history(columns), Watch()

    def follow() -> int:
        position, price, met = 0, tape.price_at(0), 0
        while True:
            watch.arm(1, False, math.floor(price * (1 - distance)))
            watch.arm(2, True, math.ceil(price * (1 + distance)))
            crossing = tape.next_crossing(position, ROWS * MINUTE, watch)
            if crossing is None:
                return met
            position, price, _ = crossing
            watch.touch(price)
            met += 1

    benchmark.extra_info["crossings"] = benchmark(follow)


def bench_a_trail_over_a_million_candles(benchmark: BenchmarkFixture, columns: Columns) -> None:
    tape = history(columns)
    opens = array("q", range(0, (ROWS - 3) * MINUTE, 3 * MINUTE))
    high = array("d", [max(columns[2][row : row + 3]) for row in range(0, 3 * len(opens), 3)])
    low = array("d", [min(columns[3][row : row + 3]) for row in range(0, 3 * len(opens), 3)])
    tape.attach_frames(3 * MINUTE, opens, high, low, array("d", [100.0]) * len(opens))

    def trail() -> None:
        watch = Watch()
        watch.arm_trail(1, False, 1e5, 0, None, None, 0)
        assert tape.next_crossing(-1, ROWS * MINUTE, watch) is None

    benchmark(trail)


def bench_the_tape_of_a_candle(benchmark: BenchmarkFixture) -> None:
    benchmark(expand, 1, 0, MINUTE, 50_000 * UNITS, 50_030 * UNITS, 49_960 * UNITS, 50_010 * UNITS, 12.5, UNITS // 10)


def bench_recorded_trades_made_searchable(benchmark: BenchmarkFixture, columns: Columns) -> None:
    benchmark(Ticks, columns[0], columns[4])


def bench_a_level_that_is_never_met_in_a_million_trades(benchmark: BenchmarkFixture, columns: Columns) -> None:
    tape, watch = Ticks(columns[0], columns[4]), Watch()
    watch.arm(1, False, 1)
    benchmark(tape.next_crossing, -1, ROWS * MINUTE, watch)
