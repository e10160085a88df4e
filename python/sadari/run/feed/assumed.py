"""A contract of which only the candles are known: what they show is read off them, the rest is assumed and said."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from sadari.model.instrument import Instrument
from sadari.run.feed.synthetic import contract
from sadari.sensors.signals import Candles

# So many candles show the decimals of a contract.
_SAMPLE = 5_000


def assumed(symbol: str, columns: Candles) -> Instrument:
    """The contract whose tick and step are the decimals of its prices and volumes, with brackets as a made-up one's."""
    apart = max(1, len(columns.open_time_ns) // _SAMPLE)
    rows = range(0, len(columns.open_time_ns), apart)
    prices = (price for one in (columns.open, columns.close) for price in (one[row] for row in rows))
    return contract(symbol, _grid(prices), _grid(columns.volume[row] for row in rows))


def _grid(numbers: Iterable[float]) -> Decimal:
    """The finest decimal place that numbers are written with."""
    places = 0
    for number in numbers:
        exponent = Decimal(repr(number)).normalize().as_tuple().exponent
        places = max(places, -exponent if isinstance(exponent, int) else 0)
    return Decimal(1).scaleb(-min(places, 8))
