"""The symbols of a live engine: which are traded, and whether each is set as planned.

What cannot be read now is read again: a read that fails ends no engine, and leaves no symbol aside for good.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from sadari.binance import answers, endpoints
from sadari.errors import FatalError, SadariError
from sadari.run.live.account import expected_of, wishes_of
from sadari.sensors.universe import scanned_symbols
from sadari.venue.live.account.preparation import Prepared, Wish, event_of
from sadari.venue.live.background import Background

if TYPE_CHECKING:
    from sadari.run.live.engine import LiveEngine

# A read that failed is made again after so long, each time twice as long, at most the latter.
AGAIN_S, LONGEST_S = 5.0, 60.0


class Symbols:
    """Chooses and prepares.

    Args:
        live: The engine's life.

    Attributes:
        prepared: What became of the preparation of each symbol.
    """

    def __init__(self, live: LiveEngine) -> None:
        self.prepared: dict[str, Prepared] = {}
        self._live = live
        # What could not be read, by whether it may be changed.
        self._unread: dict[str, bool] = {}
        self._background = Background()

    async def close(self) -> None:
        """Ask for nothing more."""
        await self._background.close()

    async def chosen(self) -> list[str]:
        """The symbols to trade: those that are named, or the largest; and what is held, whatever is named.

        Raises:
            FatalError: The key is not accepted.
        """
        wait_s = AGAIN_S
        while True:
            try:
                return await self._chosen()
            except FatalError:
                raise
            except SadariError as error:
                self._live.asked.log(
                    f"what is traded most cannot be read: {error}; it is asked again in {wait_s:.0f} s"
                )
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, LONGEST_S)

    async def _chosen(self) -> list[str]:
        live, config = self._live, self._live.asked.config
        instruments, named = live.facts.instruments, expected_of(config).symbols
        volumes: Mapping[str, float] = {}
        if not named:
            volumes = answers.quote_volumes(await live.connections.rest.call(endpoints.TICKER_24H))
        most = config.venue.scanned
        found = scanned_symbols(instruments.values(), volumes, config.scanner, named=named, most=most)
        held = (symbol for symbol, one in live.opened.engine.positions.items() if one.qty > 0)
        return sorted({*found, *(symbol for symbol in held if symbol in instruments)})

    async def prepare(self, symbols: Sequence[str], *, change: bool = True) -> list[Prepared]:
        """Prepare symbols, or only look whether they still are as they were, and tell the engine what is new.

        Raises:
            FatalError: The key is not accepted.
        """
        live = self._live
        wishes = map(self._as_planned, wishes_of(live.asked.config, symbols))
        results = await live.parts.side.prepare(list(wishes), change=change)
        for one in results:
            before = self.prepared.get(one.symbol)
            self.prepared[one.symbol] = one
            if one.leverage is not None:
                live.parts.balances.leverages[one.symbol] = one.leverage
            if before != one:
                live.take(event_of(one, live.now_ns()))
                if one.message != "ready":
                    live.asked.log(f"{one.symbol}: {one.message}")
        self._ask_again((one.symbol for one in results if one.unread), change=change)
        return results

    def _as_planned(self, wish: Wish) -> Wish:
        """What is held keeps the leverage that its plan was made for, whatever is configured by now."""
        position = self._live.opened.engine.positions.get(wish.symbol)
        return wish if position is None or not position.qty else wish._replace(leverage=position.rules.ladder.leverage)

    def _ask_again(self, symbols: Iterable[str], *, change: bool) -> None:
        for symbol in symbols:
            self._unread[symbol] = change or self._unread.get(symbol, False)
        if self._unread and not len(self._background):
            self._background.begin(self._until_read())

    async def _until_read(self) -> None:
        wait_s = AGAIN_S
        while self._unread:
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, LONGEST_S)
            asked, self._unread = self._unread, {}
            for change in (True, False):
                symbols = sorted(symbol for symbol, may in asked.items() if may is change)
                try:
                    await self.prepare(symbols, change=change)
                except SadariError as error:
                    self._live.asked.log(f"{', '.join(symbols)}: could not be prepared: {error}")
                    self._ask_again(symbols, change=change)
