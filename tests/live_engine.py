"""A live engine over real sockets against the local exchange, both in this process, for tests that look at both."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, Protocol

from sadari.core.position import Position
from sadari.localexchange.serving.server import Address
from sadari.model.command import SendAlert
from sadari.model.units import DAY_NS
from sadari.run.live.connections import Clocks
from sadari.run.live.engine import Asked, Ended, LiveEngine
from sadari.run.local.exchange import LocalExchange
from sadari.run.local.listings import Listings, LocalSettings
from sadari.run.settings.config import parse
from sadari.run.settings.keys import Keys, Secret
from sadari.store.folder import Folder
from sadari.venue.clock import steady_ns, wall_ns
from sadari.venue.live.orders.exchange_trading import ExchangeTrading
from tests.local_exchange import SEED, listings
from tests.wire.wire_client import WireClient, connected

PATIENCE_S = 30.0
MARKET = listings(days=4)
SYMBOL = min(MARKET.instruments)

CONFIG = """
[engine]
mode = "local"
name = "test"

[signal]
kind = "always"
direction = "long"

[venue]
rest = "{http}"
streams = "{ws}"
ws_api = "{ws}/ws-fapi/v1"
symbols = {symbols}
folder = "{folder}"
sync_s = 2
"""


class Account(Protocol):
    """An engine and the exchange that it trades on, whatever joins them."""

    @property
    def exchange(self) -> LocalExchange:
        """The exchange; its truth is looked at directly."""

    @property
    def live(self) -> LiveEngine:
        """The engine that runs now."""

    def position(self, symbol: str = SYMBOL) -> Position:
        """What the engine holds of a symbol."""

    def held(self, symbol: str = SYMBOL) -> Decimal:
        """What the exchange says is held, signed."""


@dataclass
class Rig:
    """An engine and its exchange.

    Attributes:
        exchange: The exchange; its truth is looked at directly.
        client: Somebody else on the account, and the control API.
        config: The engine's configuration as text.
        folder: Where its journal is.
        lines: What it logged.
        alerts: What it told a person.
        wall_ns: This machine's clock, which may be set.
    """

    exchange: LocalExchange
    client: WireClient
    config: str
    folder: Path
    lines: list[str]
    alerts: list[SendAlert]
    wall_ns: Callable[[], int] = wall_ns
    _live: LiveEngine | None = None

    @property
    def live(self) -> LiveEngine:
        """The engine that runs now."""
        assert self._live is not None
        return self._live

    @property
    def trading(self) -> ExchangeTrading:
        """Where its orders go."""
        trading = self.live.parts.side.trading
        assert isinstance(trading, ExchangeTrading)
        return trading

    def position(self, symbol: str = SYMBOL) -> Position:
        """What the engine holds of a symbol."""
        return self.live.opened.engine.positions[symbol]

    def held(self, symbol: str = SYMBOL) -> Decimal:
        """What the exchange says is held, signed."""
        position = self.exchange.desk.exchange.positions.get(symbol)
        return Decimal(0) if position is None else position.qty

    async def until(self, reached: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
        """Wait until something is so."""
        try:
            async with asyncio.timeout(patience_s):
                while not reached():
                    await asyncio.sleep(0.01)
        except TimeoutError:
            told = "\n".join([*self.lines[-20:], *(f"{one.code} {one.symbol} {one.text}" for one in self.alerts[-10:])])
            raise AssertionError(f"it did not come to that; the engine said:\n{told}") from None

    async def human(self, where: str, **values: object) -> Any:
        """What the owner of the account does by hand, or the exchange by itself."""
        return await self.client.control(where, **values)

    @contextlib.asynccontextmanager
    async def running(self, more: str = "") -> AsyncIterator[LiveEngine]:
        """The engine for as long as the block lasts; then it is stopped, if it has not ended by itself."""
        engine = LiveEngine(self._asked(more))
        ready = asyncio.Event()
        running: asyncio.Future[Ended] = asyncio.ensure_future(engine.run(ready.set))
        while not ready.is_set() and not running.done():
            await asyncio.sleep(0.01)
        self._live = engine
        try:
            if running.done():
                await running
            yield engine
            if not running.done():
                await engine.stop("test", "the block is over")
                await running
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    def _asked(self, more: str) -> Asked:
        key, secret, _ = self.exchange.credentials
        return Asked(
            config=parse(self.config + more),
            keys=Keys(Secret(key), Secret(secret)),
            folder=Folder(self.folder),
            clocks=Clocks(self.wall_ns, steady_ns, steady_ns),
            jitter=Random(SEED).random,
            log=self.lines.append,
            alert=self.alerts.append,
            pid=0,
        )


@contextlib.asynccontextmanager
async def rig(
    folder: Path,
    *,
    config: str = CONFIG,
    speed: float = 60.0,
    symbols: tuple[str, ...] = (SYMBOL,),
    market: Listings = MARKET,
    **settings: Any,
) -> AsyncIterator[Rig]:
    """An exchange that plays, and what an engine needs to run on it."""
    asked = replace(LocalSettings(history_ns=DAY_NS, seed=SEED, speed=speed), **settings)
    exchange = LocalExchange(market, asked)
    async with connected(exchange) as client:
        address: Address = client.address
        text = config.format(
            http=address.http,
            ws=address.ws,
            folder=folder,
            symbols="[" + ", ".join(f'"{one}"' for one in symbols) + "]",
        )
        yield Rig(exchange, client, text, folder, [], [])
