"""Candles by REST: what sensors are started with, and what a stream left out."""

from __future__ import annotations

from sadari.binance import answers, endpoints, stream_names
from sadari.model.units import MILLISECOND_NS
from sadari.sensors.feed import Gap, Quoted
from sadari.sensors.signals import Candle
from sadari.venue.live.ports import Caller

# The most rows for the least weight: 2 for so many, 10 for three times as many. Source: reference binance-usdm §3.1.
PAGE = 499


class Klines:
    """Asks for candles, page by page.

    Args:
        caller: Who asks.
    """

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def last(self, symbol: str, interval_ns: int, rows: int, end_ns: int) -> list[Quoted]:
        """The last candles up to a time, at most so many, oldest first.

        Raises:
            SadariError: The exchange could not be asked, or what it says is no candle.
        """
        found: list[Quoted] = []
        while len(found) < rows:
            page = await self._page(symbol, interval_ns, min(rows - len(found), PAGE), end_ns)
            found = page + found
            if not page:
                break
            end_ns = page[0].candle.open_time_ns - MILLISECOND_NS
        return found

    async def missing(self, symbol: str, interval_ns: int, gap: Gap) -> list[Quoted]:
        """The candles of a gap.

        Raises:
            SadariError: The exchange could not be asked, or what it says is no candle.
        """
        rows = (gap.last_ns - gap.first_ns) // interval_ns + 1
        return await self.last(symbol, interval_ns, rows, gap.last_ns)

    async def _page(self, symbol: str, interval_ns: int, rows: int, end_ns: int) -> list[Quoted]:
        asked = {
            "symbol": symbol,
            "interval": stream_names.interval_name(interval_ns),
            "endTime": str(end_ns // MILLISECOND_NS),
            "limit": str(rows),
        }
        body = await self._caller.call(endpoints.KLINES, asked, weight=endpoints.klines_weight(rows))
        return [
            Quoted(Candle(one.open_time_ns, one.open, one.high, one.low, one.close, one.volume), one.quote_volume)
            for one in answers.klines(body, symbol)
        ]
