"""Small made-up markets for tests: columns of candles from a few prices."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from sadari.kernel import synthetic
from sadari.model.instrument import Bracket, Instrument
from sadari.model.units import MINUTE_NS

START_NS = 1_688_169_600 * 1_000_000_000  # 2023-07-01 00:00 UTC

INSTRUMENT = Instrument(
    symbol="BTCUSDT",
    tick_size=Decimal("0.1"),
    step_size=Decimal("0.001"),
    min_qty=Decimal("0.001"),
    max_qty=Decimal(1_000),
    market_max_qty=Decimal(1_000),
    min_notional=Decimal(5),
    brackets=(Bracket(Decimal(0), Decimal(10**9), 125, Decimal("0.004")),),
)


@dataclass(frozen=True)
class Columns:
    """Columns of one symbol's candles."""

    open_time_ns: memoryview
    open: memoryview
    high: memoryview
    low: memoryview
    close: memoryview
    volume: memoryview
    interval_ns: int = MINUTE_NS
    quote_volume: memoryview | None = None

    def rows(self, part: slice) -> Columns:
        """Some of the rows."""
        return joined([column[part] for column in self.columns])

    def without(self, missing: Iterable[int]) -> Columns:
        """The rows that are not listed."""
        gone = set(missing)
        kept = [array(column.format, [x for row, x in enumerate(column) if row not in gone]) for column in self.columns]
        return joined([memoryview(column) for column in kept])

    @property
    def columns(self) -> tuple[memoryview, ...]:
        """The columns in the order of a candle's fields."""
        return self.open_time_ns, self.open, self.high, self.low, self.close, self.volume


def joined(columns: Sequence[memoryview]) -> Columns:
    """Minutes from columns in the order of a candle's fields."""
    times, opens, highs, lows, closes, volumes = columns
    return Columns(times, opens, highs, lows, closes, volumes)


def minutes(
    rows: Sequence[tuple[float, float, float, float]], start_ns: int = START_NS, quiet: Collection[int] = ()
) -> Columns:
    """One candle a minute: open, high, low, close; those listed as quiet have no volume."""
    times = array("q", [start_ns + row * MINUTE_NS for row in range(len(rows))])
    volumes = array("d", [float(row not in quiet) for row in range(len(rows))])
    prices = [memoryview(array("d", column)) for column in zip(*rows, strict=True)]
    return joined([memoryview(times), *prices, memoryview(volumes)])


def line(prices: Sequence[float], start_ns: int = START_NS, quiet: Collection[int] = ()) -> Columns:
    """One candle a minute, each from a price straight to the next."""
    return minutes([(a, max(a, b), min(a, b), b) for a, b in pairwise(prices)], start_ns, quiet)


def flat(rows: int, price: float = 100.0, start_ns: int = START_NS) -> Columns:
    """Candles at one price."""
    return minutes([(price,) * 4] * rows, start_ns)


def made_up(seed: int, rows: int, start_ns: int = START_NS, price: float = 1_000.0) -> Columns:
    """The package's own synthetic market, tick 0.1."""
    made = synthetic(seed, rows, start_ns, MINUTE_NS, price, 10_000_000)
    columns = (made.open_time_ns, made.open, made.high, made.low, made.close, made.volume)
    return joined([memoryview(column) for column in columns])
