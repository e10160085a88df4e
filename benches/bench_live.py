"""From a trade on the wire to the order's frame: 150 symbols streaming, the real engine, journal and sockets.

The time is from just before the venue writes the frame, in a process of its own, to the moment at which the engine has
written its order; both processes read the one clock of the machine. The sync of the journal is measured beside it. The
floor in the same run is a blocking socket that answers each message with another one.
"""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benches.crossing_venue import SYMBOLS, name
from sadari.binance.budget import Budget, Limits
from sadari.binance.endpoint import Endpoint
from sadari.binance.sign import HmacSigner
from sadari.binance.stream_names import trades
from sadari.core.engine import Engine
from sadari.model.command import Command
from sadari.model.event import (
    AccountUpdated,
    EngineTurned,
    OperatorRequested,
    OrderAccepted,
    OrderFilled,
    SignalRaised,
    SymbolPrepared,
)
from sadari.model.order import Direction
from sadari.run.live.driver import Driver
from sadari.store.journal import Header
from sadari.store.live_journal import LiveJournal
from sadari.venue.clock import steady_ns, wall_ns
from sadari.venue.live.market_clock import MarketClock
from sadari.venue.live.orders.gateway import Gateway, Lanes
from sadari.venue.live.orders.newest import Newest
from sadari.venue.live.ticks import Ticks
from sadari.venue.live.watches import Watches
from sadari.venue.live.wire.market_streams import MarketStreams
from sadari.venue.live.wire.server_clock import ServerClock
from sadari.venue.live.wire.ws_api import WsApi
from tests.ladder_driver import instrument, settings

# 200 conditional orders an account, three for each position.
HELD = 66
FLOOR_ROUNDS = 2_000
FLOOD_S, FLOOD_RATE = 4.0, 5_000


@contextmanager
def venue() -> Any:
    """The other process: its port, and a way to ask it for something."""
    child = subprocess.Popen(
        [sys.executable, "-m", "benches.crossing_venue"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdin is not None
    assert child.stdout is not None
    stdin, stdout = child.stdin, child.stdout

    async def ask(line: str) -> Any:
        stdin.write(f"{line}\n")
        stdin.flush()
        return json.loads(await asyncio.to_thread(stdout.readline))

    try:
        yield int(stdout.readline()), ask
    finally:
        stdin.close()
        child.wait()
        stdout.close()


class Noted:
    """A lane that notes when a request has been written, and for which symbol."""

    def __init__(self, api: WsApi) -> None:
        self.at: dict[str, int] = {}
        self._api = api

    def request(self, endpoint: Endpoint, parameters: Mapping[str, str], *, urgent: bool = False) -> Any:
        """Write it and note the time."""
        answer = self._api.request(endpoint, parameters, urgent=urgent)
        self.at.setdefault(parameters["symbol"], time.monotonic_ns())
        return answer


class NoTrading:
    """Nothing meets trades but the engine's levels."""

    meets_trades = False


class Scene:
    """An engine that holds as many positions as stops may rest for, over real sockets."""

    def __init__(self, port: int, folder: Path) -> None:
        self.streamed = [name(number) for number in range(SYMBOLS)]
        symbols = self.streamed[:HELD]
        listed = {symbol: instrument(symbol) for symbol in symbols}
        own = settings(
            max_positions=HELD,
            strategy_positions=HELD,
            max_portfolio_stop_loss_pct="1",
            min_reserve_pct="0",
            max_entries=1_000,
            weights=["0.001"],
            dca_trigger=[],
            stop_by_stage=["0.10"],
        )
        self.symbols = symbols
        self.clock = MarketClock(steady_ns)
        self.clock.see(wall_ns())
        self.journal = LiveJournal.create(
            folder / "engine.journal", Header(build="bench", settings=own, instruments=listed), steady_ns
        )
        self.driver = Driver(Engine(own, listed), self.journal, self.execute)
        self.watches = Watches(self.driver.take)
        self.ticks = Ticks(self.clock, NoTrading(), self.watches)  # type: ignore[arg-type]
        server = ServerClock(wall_ns)
        budget = Budget(Limits(100_000, 100_000, 100_000))
        self.api = WsApi(
            f"ws://127.0.0.1:{port}/ws-fapi/v1", HmacSigner("key", "secret"), server, budget, jitter=lambda: 0.5
        )
        self.lane = Noted(self.api)
        self.gateway: Gateway | None = None
        self.streams = MarketStreams(
            f"ws://127.0.0.1:{port}", self.ticks.trade, lambda *_: None, lambda _: None, lambda _: None,
            now_ns=wall_ns, jitter=lambda: 0.5,
        )  # fmt: skip
        self.server = server

    def execute(self, command: Command) -> None:
        """Carry out what a stop needs: levels and orders."""
        kind = type(command).__name__
        if kind == "ArmLevels":
            self.watches.arm(command, self.clock.now_ns())  # type: ignore[arg-type]
        elif kind == "PlaceOrder" and self.gateway is not None:
            self.gateway.place(command)  # type: ignore[arg-type]

    async def start(self) -> None:
        """Hold positions at 100, with stops that rest, and follow the trades of every symbol."""
        take, now_ns = self.driver.take, self.clock.now_ns()
        take(OperatorRequested(time_ns=now_ns, command="start", actor="bench"))
        take(EngineTurned(time_ns=now_ns, trigger="start_ok"))
        rich = Decimal(10_000_000)
        take(AccountUpdated(time_ns=now_ns, cause="START", wallet_balance=rich, available_balance=rich))
        for symbol in self.symbols:
            take(SymbolPrepared(time_ns=now_ns, symbol=symbol, leverage=10, max_notional=rich))
        take(EngineTurned(time_ns=now_ns, trigger="reconciled"))
        for number, symbol in enumerate(self.symbols, 1):
            take(
                SignalRaised(
                    time_ns=now_ns, symbol=symbol, direction=Direction.LONG, strategy="bench", signal_id=str(number),
                    price=Decimal(100), price_time_ns=now_ns, equity=rich,
                )
            )  # fmt: skip
            for order in [one for one in self.driver.engine.orders.values() if one.symbol == symbol]:
                take(OrderAccepted(time_ns=now_ns, symbol=symbol, client_order_id=order.client_order_id))
                take(
                    OrderFilled(
                        time_ns=now_ns, symbol=symbol, client_order_id=order.client_order_id, trade_id=number,
                        price=Decimal(100), qty=order.qty or Decimal(1), fee=Decimal(0), realized_pnl=Decimal(0),
                        buyer=True,
                    )
                )  # fmt: skip
            for order in [one for one in self.driver.engine.orders.values() if one.symbol == symbol]:
                if not order.final:
                    take(OrderAccepted(time_ns=now_ns, symbol=symbol, client_order_id=order.client_order_id))
        await self.api.start()
        self.streams.follow([trades(symbol) for symbol in self.streamed])
        names: Newest[tuple[str, int], str] = Newest(1)
        self.gateway = Gateway(
            take, Lanes(self.lane, self.lane), None, self.clock.now_ns, self.server.ns, names,  # type: ignore[arg-type]
            lambda *_: None, lambda _: None, lambda _: False, lambda _: False,
        )  # fmt: skip
        await asyncio.sleep(1.0)
        assert all(health.connected for health in self.streams.health())
        # As the engine's process does it when it has started.
        gc.collect()
        gc.freeze()

    async def close(self) -> None:
        """End it."""
        if self.gateway is not None:
            await self.gateway.close()
        self.streams.close()
        await self.api.close()
        self.journal.abandon()


def floor_us() -> float:
    """What a message and its answer take between two threads over a blocking socket."""
    listening = socket.create_server(("127.0.0.1", 0))
    taken: list[int] = []

    def answer() -> None:
        peer, _ = listening.accept()
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with peer:
            while message := peer.recv(512):
                peer.sendall(message)

    thread = threading.Thread(target=answer)
    thread.start()
    with socket.create_connection(listening.getsockname()) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(FLOOR_ROUNDS):
            before = time.monotonic_ns()
            client.sendall(b"x" * 200)
            client.recv(512)
            taken.append(time.monotonic_ns() - before)
    thread.join()
    listening.close()
    return statistics.median(taken) / 1_000


def percentile(values: list[float], share: float) -> float:
    """A value that a share of all does not exceed."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


@pytest.mark.requirement("R004-46", "R004-47", "R004-57")
def bench_crossing_on_the_wire_to_order_written(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """Every one of 66 positions is stopped out once, each among trades of the others, 150 symbols in all."""

    async def measured() -> tuple[list[float], list[float]]:
        syncs: list[float] = []
        with venue() as (port, ask):
            scene = Scene(port, tmp_path)
            scene.driver.observers.append(lambda *_: syncs.append(scene.journal.last_sync_ns / 1_000))
            await scene.start()
            syncs.clear()
            sent = await ask(f"cross {HELD}")
            await asyncio.sleep(0.2)
            took = [(scene.lane.at[symbol] - at_ns) / 1_000 for symbol, at_ns in sent.items()]
            assert len(took) == HELD
            await scene.close()
        return took, syncs

    took, syncs = benchmark.pedantic(lambda: asyncio.run(measured()), rounds=1)  # type: ignore[no-untyped-call]
    sync = statistics.median(syncs)
    benchmark.extra_info |= {
        "p50_us": percentile(took, 0.5),
        "p99_us": percentile(took, 0.99),
        "sync_p50_us": sync,
        "p50_without_sync_us": percentile(took, 0.5) - sync,
        "floor_round_trip_us": floor_us(),
    }
    print(benchmark.extra_info)


def bench_five_thousand_messages_a_second(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """Trades of 150 symbols, 66 held, at 5,000 a second: the share of one core that the engine's process takes."""

    async def measured() -> tuple[int, float, int]:
        with venue() as (port, ask):
            scene = Scene(port, tmp_path)
            await scene.start()
            cpu, wall = time.process_time(), time.monotonic()
            sent = await ask(f"flood {FLOOD_S} {FLOOD_RATE}")
            share = (time.process_time() - cpu) / (time.monotonic() - wall)
            await asyncio.sleep(0.2)
            seen = scene.watches.seen
            await scene.close()
        return sent, share, seen

    sent, share, seen = benchmark.pedantic(lambda: asyncio.run(measured()), rounds=1)  # type: ignore[no-untyped-call]
    assert seen == sent
    benchmark.extra_info |= {"messages": sent, "share_of_a_core": share}
    print(benchmark.extra_info)


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, "--benchmark-enable", "--benchmark-only", "--timeout", "0", "-s"]))
