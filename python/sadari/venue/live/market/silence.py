"""Whether a stream that says nothing is stalled, or nothing is traded: the exchange is asked by another way.

Source: faults F50 (an age limit judged on data, compared with an independent source); strategies §1.5, §10.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from sadari.binance import answers, endpoints, stream_names
from sadari.errors import SadariError
from sadari.model.units import SECOND_NS
from sadari.venue.live.background import Background
from sadari.venue.live.ports import Caller

# Trades are what stops stand on; candles of what is only scanned may be asked about less often.
TRADES_AGAIN_S = 5.0
CANDLES_AGAIN_S = 60.0
# An aggregated trade and the last of those that it is made of may bear different times.
SAME_NS = SECOND_NS


class Streams(Protocol):
    """Who knows what streams have told."""

    def is_silent(self, stream: str) -> bool:
        """Whether it is wanted and has been silent for longer than it may."""

    def told_ns(self, stream: str) -> int | None:
        """The time that its last frame bore, None before the first."""

    def lose(self, stream: str) -> None:
        """It is not seen any more."""


class Silence:
    """Asks for the last trade of a symbol for as long as a stream of it is silent.

    Args:
        rest: Asks.
        streams: What they have told.
        since_ns: Since when a stream is wanted, by the market's time.
    """

    def __init__(self, rest: Caller, streams: Streams, since_ns: Callable[[str], int]) -> None:
        self._rest = rest
        self._streams = streams
        self._since_ns = since_ns
        self._doubted: dict[str, set[str]] = {}
        self._background = Background()

    def doubt(self, stream: str) -> None:
        """A stream is silent: if there was a trade that it has not told of, it is lost."""
        symbol = stream_names.symbol_of(stream)
        asking = symbol in self._doubted
        self._doubted.setdefault(symbol, set()).add(stream)
        if not asking:
            self._background.begin(self._ask(symbol))

    async def close(self) -> None:
        """Ask no more."""
        await self._background.close()

    async def _ask(self, symbol: str) -> None:
        doubted = self._doubted[symbol]
        while doubted:
            traded_ns = await self._traded_ns(symbol)
            for stream in sorted(doubted):
                if not self._streams.is_silent(stream):
                    doubted.discard(stream)
                elif traded_ns is None or traded_ns > self._known_ns(stream) + SAME_NS:
                    doubted.discard(stream)
                    self._streams.lose(stream)
            if doubted:
                await asyncio.sleep(TRADES_AGAIN_S if stream_names.trades(symbol) in doubted else CANDLES_AGAIN_S)
        del self._doubted[symbol]

    def _known_ns(self, stream: str) -> int:
        told_ns = self._streams.told_ns(stream)
        return self._since_ns(stream) if told_ns is None else told_ns

    async def _traded_ns(self, symbol: str) -> int | None:
        """When the last trade was; None if that cannot be had, which proves nothing."""
        try:
            return answers.last_traded_ns(await self._rest.call(endpoints.TRADES, {"symbol": symbol, "limit": "1"}))
        except SadariError:
            return None
