"""The market of the incident of 2026-01-31: four contracts at the prices of its shorts, then at its last ones."""

from __future__ import annotations

from array import array
from decimal import Decimal

from sadari.model.units import DAY_NS, MINUTE_NS
from sadari.run.feed.played import Played
from sadari.run.feed.synthetic import START_NS, contract
from sadari.run.local.listings import Listings
from sadari.store.candles import CandleColumns
from tests.liquidation_driver import INCIDENT

_GRID = {
    "DOTUSDT": ("0.0001", "0.1"),
    "DOGEUSDT": ("0.000001", "1"),
    "XRPUSDT": ("0.0001", "0.1"),
    "TAOUSDT": ("0.001", "0.001"),
}
DAYS = 2
# The play begins with the second day; the prices go there this many minutes later.
TURN_MINUTES = 5


def incident_market() -> Listings:
    """Each price stands at the average of its short, and from a minute on at the last that was logged."""
    instruments = {
        symbol: contract(symbol, Decimal(tick), Decimal(step)) for symbol, (tick, step) in sorted(_GRID.items())
    }
    candles: dict[str, Played] = {symbol: _columns(symbol) for symbol in instruments}
    return Listings(instruments, candles, {})


def _columns(symbol: str) -> CandleColumns:
    rows, turn = DAYS * (DAY_NS // MINUTE_NS), DAY_NS // MINUTE_NS + TURN_MINUTES
    held = INCIDENT[symbol]
    price = memoryview(array("d", [float(held.avg if row < turn else held.mark) for row in range(rows)]))
    volume = memoryview(array("d", [1_000_000.0] * rows))
    times = memoryview(array("q", [START_NS + row * MINUTE_NS for row in range(rows)]))
    return CandleColumns(
        symbol=symbol, interval_ns=MINUTE_NS, open_time_ns=times, open=price, high=price, low=price, close=price,
        volume=volume, quote_volume=volume,
    )  # fmt: skip
