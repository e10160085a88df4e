"""What happens in a simulation while things go wrong: prices move, people ask, and somebody minds the process."""

from __future__ import annotations

import asyncio
import contextlib
from random import Random

from sadari.errors import ConfigError, SadariError
from sadari.run.commands import Commands
from sadari.store.lock import FolderLock
from tests.faults.rules import rules
from tests.sim.auditor import Auditor
from tests.sim.world import World

# From one thing that happens to the next, on average.
PAUSE_S = 2.5
# Of a price, so that rungs, recoveries, the half close, stops and what lies beyond them are all met.
MOVES = (-0.02, -0.035, -0.035, -0.05, -0.07, -0.12, -0.2, 0.015, 0.03, 0.03, 0.05, 0.08, 0.12)
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
        self._world = world
        self._auditor = auditor
        self._chance = Random(f"workload/{seed}")
        self._number = 0

    async def run(self, seconds: float) -> None:
        """Let things happen for a while."""
        world = self._world
        until_ns = world.now_ns + int(seconds * 1e9)
        while world.now_ns < until_ns:
            await asyncio.sleep(self._chance.expovariate(1 / PAUSE_S))
            await self._happen()

    async def mind(self) -> None:
        """Start the engine again whenever it has died or ended."""
        world = self._world
        while True:
            if world.life is None:
                await asyncio.sleep(self._chance.uniform(*RESTART_S))
                world.begin()
            await asyncio.sleep(0.05)

    async def _happen(self) -> None:
        chance = self._chance.random()
        symbol = self._chance.choice(self._world.setting.symbols)
        if chance < 0.65 or self._world.engine is None:
            self.move(symbol, self._chance.choice(MOVES))
        else:
            await self._ask(symbol)

    def move(self, symbol: str, fraction: float) -> None:
        """Let a price jump at the next candle."""
        exchange = self._world.exchange
        self._number += 1
        signed = fraction if self._world.setting.direction == "long" else -fraction
        text = f'fault = [{{ verb = "price_gap", symbol = "{symbol}", fraction = {signed} }}]'
        name = f"move-{self._number}"
        exchange.faults.add(rules(text, name), exchange.gateway_ns())
        exchange.faults.act(exchange.gateway_ns())
        exchange.faults.remove(f"{name}-0")
        self.did.append(f"{self._world.now_ns / 1e9:.2f} {symbol} {signed:+}")

    async def _ask(self, symbol: str) -> None:
        """An operator asks for something; whatever is not allowed is refused in a sentence."""
        live = self._world.live
        commands = Commands(live)
        wish = self._chance.choice(("exit", "exit", "pause", "resume", "resume", "sync", "prepare", "stop", "second"))
        self.did.append(f"{self._world.now_ns / 1e9:.2f} {wish} {symbol}")
        with contextlib.suppress(ConfigError, SadariError):
            if wish == "exit":
                await commands.exit("operator", symbol, "asked for")
            elif wish == "pause":
                await commands.pause("operator", "asked for")
            elif wish == "resume":
                await commands.resume("operator")
            elif wish == "stop":
                self._on_host(live.stop("operator", "asked for"))
            elif wish == "second":
                self._start_a_second()
            else:
                self._on_host(commands.sync() if wish == "sync" else commands.prepare(symbol))

    def _on_host(self, doing: object) -> None:
        """Let the engine's own process do it; what it is refused is told to nobody here."""
        life = self._world.life
        assert life is not None

        async def done() -> None:
            with contextlib.suppress(ConfigError, SadariError):
                await doing  # type: ignore[misc]

        self._world.loop.spawn(life.host, done())

    def _start_a_second(self) -> None:
        """I15: a second engine in the same folder is refused."""
        life = self._world.life
        assert life is not None
        try:
            FolderLock(life.folder).release()
        except ConfigError:
            return
        self._auditor.say("I15", "a second engine could have been started in the same folder")
