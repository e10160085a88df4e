"""A decision is quick enough to be made at every event."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from time import process_time_ns

import pytest

from sadari.model.command import PlaceOrder
from sadari.model.event import LevelCrossed
from sadari.model.order import Direction, Purpose
from tests.ladder_driver import SYMBOL, Driver, patient

SYMBOLS = (SYMBOL, *(f"S{number}USDT" for number in range(9)))
ENGINES = 20


def ten_positions() -> Driver:
    """Ten positions at their entry, as many as the account may hold."""
    driver = Driver(patient(margin_mode="isolated"), symbols=SYMBOLS)
    for symbol in SYMBOLS:
        driver.signal(Direction.LONG, "50000", symbol=symbol)
    return driver


def adding(driver: Driver, symbol: str = SYMBOL) -> LevelCrossed:
    """The tick that adds to one of them."""
    return LevelCrossed(time_ns=driver.now_ns, symbol=symbol, price=Decimal(48_500), levels=("rung1",))


def percentiles() -> tuple[float, float]:
    """Median and 99th percentile of the adds of some engines, in microseconds of CPU."""
    times = []
    for _ in range(ENGINES):
        driver = ten_positions()
        for symbol in SYMBOLS:
            event = adding(driver, symbol)
            begin = process_time_ns()
            commands = driver.engine.handle(event)
            times.append(process_time_ns() - begin)
            assert any(isinstance(command, PlaceOrder) and command.purpose is Purpose.ADD for command in commands)
    times.sort()
    return times[len(times) // 2] / 1000, times[int(0.99 * len(times))] / 1000


@pytest.mark.requirement("R004-16")
def test_an_add_is_decided_within_a_millisecond(record_property: Callable[[str, object], None]) -> None:
    """From the event to the order, all gates included, without network; the best of five, as machines are shared."""
    median, p99 = min((percentiles() for _ in range(5)), key=lambda run: run[1])
    record_property("figure", f"one add beside nine positions: median {median:.0f} µs, p99 {p99:.0f} µs of CPU")
    assert p99 <= 1000
