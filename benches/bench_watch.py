"""What does a tick cost that crosses nothing, and what does arming cost, whatever the number of levels?

Beside it in plain Python: two bare floats per symbol, the floor of any book kept there, and the twin.
"""

from __future__ import annotations

import random
from array import array

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from sadari.kernel import Watch
from tests.reference.watch import SlowWatch

UNITS = 10**8
TICKS = 100_000


def quiet_ticks() -> list[float]:
    """Prices around 100 that cross none of the levels below."""
    rng = random.Random(7)
    return [100.0 + rng.uniform(-0.9, 0.9) for _ in range(TICKS)]


def levels(count: int) -> list[tuple[int, bool, int]]:
    """Half DOWN below 99, half UP above 101."""
    rng = random.Random(8)
    return [
        (number, up, int((101 + 50 * rng.random() if up else 99 - 50 * rng.random()) * UNITS))
        for number, up in ((number, bool(number % 2)) for number in range(count))
    ]


def armed(count: int) -> Watch:
    """A watch with that many levels."""
    watch = Watch()
    for number, up, level in levels(count):
        watch.arm(number, up, level)
    return watch


@pytest.mark.parametrize("count", [10, 1_000, 100_000])
def bench_a_tick_that_crosses_nothing(benchmark: BenchmarkFixture, count: int) -> None:
    tick, prices = armed(count).tick, quiet_ticks()

    def feed() -> None:
        for price in prices:
            tick(price)

    benchmark.extra_info["per round"] = f"{TICKS} ticks"
    benchmark(feed)


def bench_the_floor_in_python_two_floats(benchmark: BenchmarkFixture) -> None:
    prices = quiet_ticks()

    def check(price: float, down: float = 99.0, up: float = 101.0) -> list[int] | None:
        return [1] if price <= down or price >= up else None

    def feed() -> None:
        for price in prices:
            check(price)

    benchmark(feed)


def bench_the_twin_at_10_levels(benchmark: BenchmarkFixture) -> None:
    twin, prices = SlowWatch(), quiet_ticks()[:1_000]
    for number, up, level in levels(10):
        twin.arm(number, up, level)

    def feed() -> None:
        for price in prices:
            twin.tick(price)

    benchmark.extra_info["per round"] = "1000 ticks"
    benchmark(feed)


@pytest.mark.parametrize("count", [10, 100_000])
def bench_a_batch_of_ticks_that_cross_nothing(benchmark: BenchmarkFixture, count: int) -> None:
    watch, prices = armed(count), array("d", quiet_ticks() * 10)
    benchmark.extra_info["per round"] = f"{10 * TICKS} ticks"
    benchmark(watch.scan, prices)


@pytest.mark.parametrize("count", [10, 1_000, 100_000])
def bench_moving_a_level(benchmark: BenchmarkFixture, count: int) -> None:
    watch = armed(count)
    moves = (levels(count) * 1_000)[:1_000]

    def move() -> None:
        for number, up, level in moves:
            watch.arm(number, up, level)

    benchmark.extra_info["per round"] = "1000 levels"
    benchmark(move)


@pytest.mark.requirement("R004-17")
def bench_a_tick_for_each_of_a_hundred_positions(benchmark: BenchmarkFixture) -> None:
    """Each with its stop, its next rung and its half-close level."""
    ticks = [armed(3).tick for _ in range(100)]

    def feed() -> None:
        for tick in ticks:
            tick(100.0)

    benchmark.extra_info["per round"] = "100 positions"
    benchmark(feed)
