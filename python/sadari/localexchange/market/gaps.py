"""A gap in the price: what has not been played yet is told dearer or cheaper from one candle on."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from decimal import Decimal

from sadari.localexchange.market.tape import PlayedCandles
from sadari.model.units import decimals


@dataclass(frozen=True)
class GappedCandles:
    """Columns like those that they were made of; see `gapped`."""

    interval_ns: int
    open_time_ns: memoryview
    open: memoryview
    high: memoryview
    low: memoryview
    close: memoryview
    volume: memoryview
    quote_volume: memoryview | None


def gapped(candles: PlayedCandles, first_row: int, factor: Decimal, tick: Decimal) -> GappedCandles:
    """The same candles, with prices from a row on times a factor, on the tick and never below it."""
    times, places, size = float(factor), decimals(tick), float(tick)

    def moved(column: memoryview) -> memoryview:
        later = (max(size, round(round(price * times / size) * size, places)) for price in column[first_row:])
        return memoryview(array("d", [*column[:first_row], *later]))

    quote = candles.quote_volume
    if quote is not None:
        quote = memoryview(array("d", [*quote[:first_row], *(paid * times for paid in quote[first_row:])]))
    return GappedCandles(
        candles.interval_ns,
        candles.open_time_ns,
        moved(candles.open),
        moved(candles.high),
        moved(candles.low),
        moved(candles.close),
        candles.volume,
        quote,
    )
