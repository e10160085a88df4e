"""What does a decision cost, by kind of event, and a move of a lifecycle?"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from sadari.core.engine import Engine
from sadari.core.engine_table import ENGINE
from sadari.core.intents import Intent
from sadari.core.position_table import position_lifecycle
from sadari.model.command import PlaceOrder
from sadari.model.event import AccountUpdated, AlarmRang, Event, FundingPaid, LevelCrossed, OrderFilled, SignalRaised
from sadari.model.order import Direction, Purpose
from tests.ladder_driver import SYMBOL, Driver, held, patient

ROUNDS = 300
SYMBOLS = (SYMBOL, *(f"S{number}USDT" for number in range(9)))


def adding() -> tuple[Driver, Event]:
    """Ten positions, as many as the account may hold, and the tick that adds to one."""
    driver = Driver(patient(margin_mode="isolated"), symbols=SYMBOLS)
    for symbol in SYMBOLS:
        driver.signal(Direction.LONG, "50000", symbol=symbol)
    return driver, LevelCrossed(time_ns=driver.now_ns, symbol=SYMBOL, price=Decimal(48_500), levels=("rung1",))


def entering() -> tuple[Driver, Event]:
    """A flat engine and a signal that it accepts."""
    driver = Driver(patient(margin_mode="isolated"))
    driver.hold = {Purpose.ENTRY}
    driver.signal(Direction.LONG, "50000", price_time_ns=0)
    signal = next(event for event in reversed(driver.events) if isinstance(event, SignalRaised))
    return driver, msgspec.structs.replace(signal, price_time_ns=signal.time_ns, signal_id="next")


def filling() -> tuple[Driver, Event]:
    """A pending add and its fill: average, stop, lot and both resting stops anew."""
    driver = held(margin_mode="isolated")
    driver.hold = {Purpose.ADD}
    driver.tick("48500")
    (order,) = driver.held
    fill = OrderFilled(
        time_ns=driver.now_ns, symbol=SYMBOL, client_order_id=order.client_order_id, trade_id=77, price=Decimal(48_500),
        qty=order.qty or Decimal(0), fee=Decimal(1), realized_pnl=Decimal(0), buyer=True,
    )  # fmt: skip
    return driver, fill


def stopping() -> tuple[Driver, Event]:
    """A held position and the tick that stops it."""
    driver = held("48500", margin_mode="isolated")
    price = Decimal(40_000)
    return driver, LevelCrossed(time_ns=driver.now_ns, symbol=SYMBOL, price=price, levels=("stop",))


def reading() -> tuple[Driver, Event]:
    """A held position and fresh account data that shows a liquidation price."""
    driver = held(margin_mode="isolated")
    driver.read_liquidation("45180.72")
    shown = next(event for event in reversed(driver.events) if isinstance(event, AccountUpdated))
    return driver, shown


def ringing() -> tuple[Driver, Event]:
    """An alarm of a life that is over."""
    driver = held()
    return driver, AlarmRang(time_ns=driver.now_ns, name=f"cooldown:{SYMBOL}:0")


def paying() -> tuple[Driver, Event]:
    """Funding, which no decision depends on."""
    driver = held()
    zero = Decimal(0)
    return driver, FundingPaid(time_ns=driver.now_ns, symbol=SYMBOL, amount=zero, rate=zero, mark_price=zero)


KINDS = {
    "SignalRaised, accepted": entering,
    "LevelCrossed, stop": stopping,
    "OrderFilled, add": filling,
    "AccountUpdated, held": reading,
    "AlarmRang, too late": ringing,
    "FundingPaid": paying,
}


@pytest.mark.parametrize("kind", KINDS)
def bench_one_event(benchmark: BenchmarkFixture, kind: str) -> None:
    def setup() -> tuple[tuple[Engine, Event], dict[str, Any]]:
        driver, event = KINDS[kind]()
        return (driver.engine, event), {}

    benchmark.pedantic(Engine.handle, setup=setup, rounds=ROUNDS)  # type: ignore[no-untyped-call]


@pytest.mark.requirement("R004-16")
def bench_an_add_beside_nine_positions(benchmark: BenchmarkFixture) -> None:
    """The 99th percentile is kept beside the other figures; every round must send its add."""

    def setup() -> tuple[tuple[Engine, Event], dict[str, Any]]:
        driver, event = adding()
        return (driver.engine, event), {}

    commands = benchmark.pedantic(Engine.handle, setup=setup, rounds=ROUNDS)  # type: ignore[no-untyped-call]
    assert any(isinstance(command, PlaceOrder) and command.purpose is Purpose.ADD for command in commands)
    if benchmark.stats is not None:
        times = sorted(benchmark.stats.stats.data)
        benchmark.extra_info["p99_us"] = times[int(0.99 * len(times))] * 1e6


class Thing:
    """Something that lives by a table."""

    __slots__ = ("state",)

    def __init__(self) -> None:
        self.state: Any = ENGINE.initial


def bench_a_move_of_the_machine(benchmark: BenchmarkFixture) -> None:
    lifecycle, thing = position_lifecycle(2), Thing()
    flat = lifecycle.initial

    def move() -> None:
        thing.state = flat
        lifecycle.move(thing, "signal_accepted")

    benchmark(move)


def bench_a_move_of_the_compiled_lookup(benchmark: BenchmarkFixture) -> None:
    intent = Intent(SYMBOL, 1, "run-1-E", Purpose.ENTRY, Decimal(1))
    proposed = intent.state

    def move() -> None:
        intent.state = proposed
        intent.move("submit")

    benchmark(move)
