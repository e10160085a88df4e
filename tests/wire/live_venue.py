"""A local exchange in real time for the parts of the live venue, faults by the text of a fault file."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from http import HTTPStatus
from random import Random

import aiohttp

from sadari.localexchange.faults.file import load_faults
from sadari.localexchange.serving.server import Address
from sadari.model.units import DAY_NS
from sadari.run.local.exchange import LocalExchange
from sadari.run.local.listings import LocalSettings
from tests.local_exchange import SEED, listings

PATIENCE_S = 30
LOOK_AGAIN_S = 0.02
# The play begins at this time of the day on the second of them, so that there is always more than a day to play.
MARKET = listings(days=4)


class Scene:
    """The exchange, where it is, and a way to wait for what it leads to."""

    def __init__(self, exchange: LocalExchange, address: Address) -> None:
        self.exchange = exchange
        self.address = address
        self._changed = asyncio.Event()
        self._faults = 0
        self.jitter = Random(SEED).uniform

    def changed(self, *_: object) -> None:
        """Something was told: who waits looks again."""
        self._changed.set()

    async def until(self, reached: Callable[[], bool]) -> None:
        """Wait for what will be told, or will be so without being told."""
        async with asyncio.timeout(PATIENCE_S):
            while not reached():
                self._changed.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), LOOK_AGAIN_S)

    def fault(self, rule: str) -> None:
        """Let a rule stand from now on."""
        self._faults += 1
        named = f'[[fault]]\nname = "told-{self._faults}"\n{rule}'
        self.exchange.faults.add(load_faults(named), self.exchange.gateway_ns())

    async def exchange_key_deleted(self) -> None:
        """Another program of the account ends the listen key that it shares."""
        headers = {"X-MBX-APIKEY": self.exchange.credentials.key}
        async with (
            aiohttp.ClientSession() as session,
            session.delete(f"{self.address.http}/fapi/v1/listenKey", headers=headers) as reply,
        ):
            assert reply.status == HTTPStatus.OK

    def no_more_faults(self) -> None:
        """Let everything go as it should again."""
        for name in list(self.exchange.faults.counts()):
            self.exchange.faults.remove(name)

    def draw(self) -> float:
        """A number from -1 to 1."""
        return self.jitter(-1, 1)


@contextlib.asynccontextmanager
async def scene(speed: float = 300.0, *, lockstep: bool = False) -> AsyncIterator[Scene]:
    """An exchange that serves for as long as the block lasts; in lockstep it pushes nothing and has no limits."""
    settings = LocalSettings(history_ns=DAY_NS, seed=SEED, speed=speed, lockstep=lockstep)
    exchange = LocalExchange(MARKET, settings)
    started: asyncio.Future[Address] = asyncio.get_running_loop().create_future()
    serving = asyncio.ensure_future(exchange.serve(started.set_result))
    try:
        yield Scene(exchange, await started)
    finally:
        exchange.stop()
        await serving
