"""What alerts cost, and whether a dead channel delays an exit: 150 symbols streaming, 66 positions, real sockets.

The way of an exit is measured inside the process, from the trade's decoded frame to the written order, journal and its
sync included, and beside it the processor time of that way: what another process takes of the machine is not in it. An
alert is given before each order, which is more than the engine ever does.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benches.bench_live import HELD, Noted, Scene, percentile, venue
from benches.crossing_venue import SYMBOLS
from sadari.binance.endpoint import Endpoint
from sadari.core.alerts import Edge, Notice, Severity
from sadari.model.command import Command, PlaceOrder, SendAlert
from sadari.model.order import Purpose
from sadari.notify.courier import Channel, Courier, Message
from sadari.run.figures.recent import Recent
from sadari.run.live.alerting import LOOK_S, Alerting
from sadari.run.live.connections import Clocks
from sadari.run.operator.main import notifying
from sadari.run.settings.alert_channels import hidden
from sadari.run.settings.config import Config
from sadari.run.settings.keys import Keys, Secret
from sadari.venue.clock import steady_ns, wall_ns
from sadari.venue.live.orders.balances import Balances
from sadari.venue.live.wire.ws_api import WsApi

LOOKS = 500
AGAIN = 2
ADDRESSES = {"phone": Secret("tgram://123456789:TOKENTOKENTOKEN/987654321")}
Send = Callable[[Message], None]


class Timed(Noted):
    """A lane that notes how long an order was under way since the last trade."""

    def __init__(self, api: WsApi) -> None:
        super().__init__(api)
        self.begun = self.begun_cpu = 0
        self.took: dict[str, tuple[float, float]] = {}

    def begin(self) -> None:
        """A trade has come."""
        self.begun, self.begun_cpu = time.monotonic_ns(), time.thread_time_ns()

    def request(self, endpoint: Endpoint, parameters: Mapping[str, str], *, urgent: bool = False) -> Any:
        """Write it and note the times, in microseconds."""
        answer = super().request(endpoint, parameters, urgent=urgent)
        wall, cpu = time.monotonic_ns() - self.begun, time.thread_time_ns() - self.begun_cpu
        self.took.setdefault(parameters["symbol"], (wall / 1_000, cpu / 1_000))
        return answer


class Alerted(Scene):
    """The scene with alerts.

    Args:
        port, folder: As the scene has them.
        send: The channel; None for no alerts at all.
    """

    def __init__(self, port: int, folder: Path, send: Send | None) -> None:
        super().__init__(port, folder)
        self.lane: Timed = Timed(self.api)
        self.streams._on_trade = self.trade
        channels = [] if send is None else [Channel("phone", send, Severity.INFO)]
        self.courier = Courier(
            channels, most=100, patience_s=60, steady_ns=steady_ns, say=lambda _: None, lost=str
        )  # fmt: skip
        self.alerting: Alerting | None = None
        self._alerted = send is not None
        self._tells: Callable[[SendAlert], None] | None = None

    def begin(self) -> None:
        """Let the engine tell a person."""
        engine, config = self.driver.engine, Config()
        balances = Balances(self.price, steady_ns)
        balances.wallet_balance, balances.read_ns = engine.account.wallet_balance, wall_ns()
        secrets = hidden(
            {"phone": Secret("tgram://123456789:TOKENTOKENTOKEN/987654321")}, Keys(Secret("k" * 64), Secret("s" * 64))
        )
        live: Any = SimpleNamespace(
            asked=SimpleNamespace(
                config=config, alert=lambda _: None, log=lambda _: None, clocks=Clocks(wall_ns, steady_ns, wall_ns),
                notify=notifying(config, self.courier, secrets),
            ),
            opened=SimpleNamespace(engine=engine, settings=config.settings()),
            connections=SimpleNamespace(server=SimpleNamespace(ns=wall_ns)),
            parts=SimpleNamespace(balances=balances, streams=self.streams, supervision=SimpleNamespace(lost={})),
            begun=True, price=self.price, now_ns=self.clock.now_ns, take=self.driver.take, recent=Recent(),
            state=engine.state,
        )  # fmt: skip
        self.alerting = Alerting(live)
        if self._alerted:
            self.driver.observers.append(self.alerting.seen)
            self._tells = self.alerting.told

    def trade(self, symbol: str, price: float, text: str, time_ns: int, trade_id: int, /) -> None:
        """A trade, from its decoded frame on."""
        self.lane.begin()
        self.ticks.trade(symbol, price, text, time_ns, trade_id)

    def price(self, symbol: str) -> Any:
        """The last price of a symbol."""
        return self.ticks.price(symbol)

    def execute(self, command: Command) -> None:
        """An alert in front of every exit."""
        if isinstance(command, PlaceOrder) and command.purpose is Purpose.EXIT and self._tells is not None:
            symbol, text = command.symbol, command.client_order_id
            self._tells(SendAlert(severity="critical", code="LATE_FILL", symbol=symbol, text=text))
        super().execute(command)


def hanging(forever: threading.Event) -> Send:
    """A channel that does not answer until then."""

    def send(_: Message) -> None:
        forever.wait()

    return send


async def crossed(folder: Path, send: Send | None) -> tuple[list[tuple[float, float]], Courier]:
    """How long each exit was under way, and how much of the processor it took."""
    with venue() as (port, ask):
        scene = Alerted(port, folder, send)
        await scene.start()
        scene.begin()
        sent = await ask(f"cross {HELD}")
        await asyncio.sleep(0.3)
        took = [scene.lane.took[symbol] for symbol in sent]
        assert len(took) == HELD
        await scene.close()
    return took, scene.courier


def bench_the_way_of_an_exit_beside_a_channel_that_hangs(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """Without alerts, with a channel that takes everything at once, with one that hangs for ever."""
    forever = threading.Event()
    ways: dict[str, Send | None] = {
        "no alerts": None,
        "a channel that answers": lambda _: None,
        "one that hangs": hanging(forever),
    }

    def measured() -> None:
        for again in range(AGAIN):
            for name, send in ways.items():
                folder = tmp_path / f"{name} {again}"
                folder.mkdir()
                took, courier = asyncio.run(crossed(folder, send))
                rows.setdefault(name, []).extend(took)
                last[name] = courier.deliveries()

    rows: dict[str, list[tuple[float, float]]] = {}
    last: dict[str, Any] = {}
    benchmark.pedantic(measured, rounds=1)  # type: ignore[no-untyped-call]
    for name, took in rows.items():
        for column, kind in enumerate(("us", "cpu_us")):
            values = [row[column] for row in took]
            benchmark.extra_info |= {f"{name}: {kind}": (percentile(values, 0.5), percentile(values, 0.99))}
    benchmark.extra_info["hanging"] = str(last["one that hangs"])
    assert last["one that hangs"][0].sent == 0
    forever.set()
    print(benchmark.extra_info)


def bench_a_look_at_every_condition(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """With the share of one core that a look every five seconds takes."""

    async def measured() -> float:
        with venue() as (port, ask):
            scene = Alerted(port, tmp_path, lambda _: None)
            await scene.start()
            scene.begin()
            await ask("flood 1 2000")
            await asyncio.sleep(0.2)
            assert scene.alerting is not None
            assert len(scene.streams.streams) == SYMBOLS
            before = time.process_time()
            for _ in range(LOOKS):
                scene.alerting.look()
            spent = (time.process_time() - before) / LOOKS
            await scene.close()
        return spent

    spent = benchmark.pedantic(lambda: asyncio.run(measured()), rounds=1)  # type: ignore[no-untyped-call]
    benchmark.extra_info |= {"look_us": spent * 1e6, "share_of_a_core": spent / LOOK_S}
    print(benchmark.extra_info)


def bench_a_notice_to_its_queue(benchmark: BenchmarkFixture) -> None:
    """Into words, without secrets, into the queue of a channel that hangs."""
    forever = threading.Event()
    courier = Courier(
        [Channel("phone", hanging(forever))], most=100, patience_s=60, steady_ns=steady_ns,
        say=lambda _: None, lost=str,
    )  # fmt: skip
    secrets = hidden(ADDRESSES, None)
    notify = notifying(Config(), courier, secrets)
    notice = Notice(
        id="x", condition="single_position_loss", edge=Edge.RAISED, severity=Severity.CRITICAL, time_ns=1, since_ns=1,
        symbol="BTCUSDT", value="-0.16", threshold="-0.15", text="price 42000", correlation="run/p1",
    )  # fmt: skip
    benchmark(notify, notice)
    forever.set()


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, "--benchmark-enable", "--benchmark-only", "--timeout", "0", "-s"]))
