"""What happens in a simulation while things go wrong: prices move, people ask, and somebody minds the process."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any

from sadari.errors import ConfigError, SadariError
from sadari.run.operator.commands import Commands
from sadari.store.lock import FolderLock
from tests.liquidation_asked import signed_request
from tests.sim.auditor import Auditor
from tests.sim.world import World

# From one thing that happens to the next, on average.
PAUSE_S = 2.5
# Of a price, so that rungs, recoveries, the half close, stops and what lies beyond them are all met.
MOVES = (-0.02, -0.035, -0.035, -0.05, -0.07, -0.12, -0.2, 0.015, 0.03, 0.03, 0.05, 0.08, 0.12)
# In such a share of the seeds everything is liquidated once.
LIQUIDATIONS = 0.15
# Whoever minds the process starts it again after so long.
RESTART_S = (0.2, 3.0)


class Workload:
    """Keeps a world busy.

    Args:
        world: Which.
        auditor: Is told of what it would not understand otherwise.
        seed: Of everything.
    """

    def __init__(self, world: World, auditor: Auditor, seed: int) -> None:
        self.did: list[str] = []
        self.liquidations = 0
        self._world = world
        self._auditor = auditor
        self._chance = Random(f"workload/{seed}")
        self._number = 0

    async def run(self, seconds: float) -> None:
        """Let things happen for a while."""
        world = self._world
        seldom = Random(f"liquidation/{world.setting.seed}")
        if seldom.random() < LIQUIDATIONS:
            world.loop.call_later(seldom.uniform(0.0, seconds), self.liquidate)
        until_ns = world.now_ns + int(seconds * 1e9)
        while world.now_ns < until_ns:
            await asyncio.sleep(self._chance.expovariate(1 / PAUSE_S))
            self._happen()

    async def mind(self) -> None:
        """Start the engine again whenever it has died or ended."""
        world = self._world
        while True:
            if world.life is None:
                await asyncio.sleep(self._chance.uniform(*RESTART_S))
                world.begin()
            await asyncio.sleep(0.05)

    def _happen(self) -> None:
        chance = self._chance.random()
        symbol = self._chance.choice(self._world.setting.symbols)
        if chance < 0.65 or self._world.engine is None:
            self.move(symbol, self._chance.choice(MOVES))
        else:
            self._ask(symbol)

    def move(self, symbol: str, fraction: float) -> None:
        """Let a price jump at the next candle."""
        self._number += 1
        signed = fraction if self._world.setting.direction == "long" else -fraction
        text = f'verb = "price_gap", symbol = "{symbol}", fraction = {signed}'
        self._world.act(f"move-{self._number}", text)
        self.did.append(f"{self._world.now_ns / 1e9:.2f} {symbol} {signed:+}")

    def _ask(self, symbol: str) -> None:
        """An operator asks for something; whatever is not allowed is refused in a sentence."""
        live = self._world.live
        commands = Commands(live)
        wish = self._chance.choice(("exit", "exit", "pause", "resume", "resume", "sync", "prepare", "stop", "second"))
        self.did.append(f"{self._world.now_ns / 1e9:.2f} {wish} {symbol}")
        doing: dict[str, Callable[[], Coroutine[Any, Any, object]]] = {
            "exit": lambda: commands.exit("operator", symbol, "asked for"),
            "pause": lambda: commands.pause("operator", "asked for"),
            "resume": lambda: commands.resume("operator"),
            "stop": lambda: live.stop("operator", "asked for"),
            "sync": commands.sync,
            "prepare": lambda: commands.prepare(symbol),
        }
        if wish == "second":
            self._start_a_second()
        else:
            on_host(self._world, doing[wish]())

    def liquidate(self) -> None:
        """Somebody wants everything to be closed, with a token and a reason."""
        live = self._world.engine
        if live is not None:
            self.liquidations += 1
            self.did.append(f"{self._world.now_ns / 1e9:.2f} liquidate")
            on_host(self._world, Commands(live).liquidate(signed_request(live)))

    def _start_a_second(self) -> None:
        """I15: a second engine in the same folder is refused."""
        life = self._world.life
        assert life is not None
        try:
            FolderLock(life.folder).release()
        except ConfigError:
            return
        self._auditor.say("I15", "a second engine could have been started in the same folder")


def on_host(world: World, doing: Coroutine[Any, Any, object]) -> None:
    """Let the engine's own process do something; what it is refused is told to nobody here."""
    life = world.life
    assert life is not None, "no engine runs"

    async def done() -> None:
        with contextlib.suppress(SadariError):
            await doing

    world.loop.spawn(life.host, done())
