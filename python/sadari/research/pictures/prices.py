"""What a picture asks of a symbol's candles: the last price at a time, and coarser candles of a stretch of time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from sadari.model.units import DAY_NS, HOUR_NS, MINUTE_NS
from sadari.sensors.signals import Candles

if TYPE_CHECKING:
    import numpy as np

DECIMALS = 8
INTERVALS = tuple(
    [minutes * MINUTE_NS for minutes in (1, 2, 3, 5, 10, 15, 30)]
    + [hours * HOUR_NS for hours in (1, 2, 4, 6, 8, 12)]
    + [days * DAY_NS for days in (1, 2, 4, 7, 14, 28, 56)]
)


class Stretch(NamedTuple):
    """Candles of one interval in time order: which interval since the epoch each one is of, and its prices in steps."""

    interval_ns: int
    number: np.ndarray[Any, Any]
    open: np.ndarray[Any, Any]
    high: np.ndarray[Any, Any]
    low: np.ndarray[Any, Any]
    close: np.ndarray[Any, Any]


class Prices:
    """One symbol's candles. ``decimals`` is how many its prices have, at most eight: a step is the last of them."""

    def __init__(self, candles: Candles) -> None:
        import numpy as np

        self.interval_ns = candles.interval_ns
        self._times = candles.open_time_ns
        self._close = candles.close
        self._numbers = np.asarray(candles.open_time_ns)
        columns = [np.asarray(column) for column in (candles.open, candles.high, candles.low, candles.close)]
        self.decimals = max(map(decimals_of, columns))
        self._steps = [np.rint(column * 10.0**self.decimals).astype(np.int64) for column in columns]

    def last(self, times_ns: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """The close of the last candle that has ended at each time, of the first one before that."""
        import numpy as np

        rows = np.searchsorted(self._numbers, times_ns - self.interval_ns, side="right") - 1
        return np.asarray(self._close)[np.maximum(rows, 0)]

    def stretch(self, from_ns: int, until_ns: int, interval_ns: int) -> Stretch:
        """The whole intervals from that of one time to that of another; where there were no candles there are none."""
        import numpy as np

        first = bisect_right(self._times, from_ns // interval_ns * interval_ns - 1)
        last = max(bisect_right(self._times, (until_ns // interval_ns + 1) * interval_ns - 1), first)
        number = self._numbers[first:last] // interval_ns
        starts = np.flatnonzero(np.diff(number, prepend=-1))
        opened, high, low, close = (column[first:last] for column in self._steps)
        if not len(starts):
            return Stretch(interval_ns, number, opened, high, low, close)
        ends = np.append(starts[1:], len(number)) - 1
        return Stretch(
            interval_ns, number[starts], opened[starts],
            np.maximum.reduceat(high, starts), np.minimum.reduceat(low, starts), close[ends],
        )  # fmt: skip


def decimals_of(prices: np.ndarray[Any, Any]) -> int:
    """How many decimals some prices have, at most eight."""
    import numpy as np

    for decimals in range(DECIMALS):
        scaled = prices * 10.0**decimals
        if np.all(np.abs(scaled - np.rint(scaled)) <= 1e-9 * np.maximum(scaled, 1.0)):
            return decimals
    return DECIMALS


def interval_for(span_ns: int, most: int, smallest_ns: int) -> int:
    """The shortest of the usual intervals, not shorter than the candles', that covers a span in at most so many."""
    for interval_ns in INTERVALS:
        if interval_ns % smallest_ns == 0 and span_ns <= interval_ns * most:
            return interval_ns
    return max(-(-span_ns // most // smallest_ns) * smallest_ns, smallest_ns)


def prices_of(candles: Mapping[str, Candles]) -> dict[str, Prices]:
    """The prices of each symbol."""
    return {symbol: Prices(columns) for symbol, columns in candles.items()}
