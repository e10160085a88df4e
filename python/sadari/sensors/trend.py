"""The trend of the market: the direction of the last break of structure of one symbol's closed hours.

Source: strategies §7.2, §9.4 (D-23).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from typing import Literal, cast

from sadari.kernel import Structure, structure
from sadari.model.units import HOUR_NS
from sadari.sensors.hours import HourStream, closed_hours
from sadari.sensors.signals import Candle, Candles

TrendName = Literal["NEUTRAL", "BULLISH", "BEARISH"]


class Trend:
    """The structure trend of a symbol, by convention BTCUSDT.

    Args:
        candles: Its candles, of an interval that divides one hour.
        longer: Candles that begin earlier. Only hours count that open before the first candle.
        left: Hours before a swing that do not exceed it.
        right: Hours after it, which confirm it.

    Raises:
        ConfigError: An interval does not divide one hour.
    """

    def __init__(self, candles: Candles, longer: Candles | None = None, *, left: int = 2, right: int = 2) -> None:
        self._frames = closed_hours(candles, longer)
        # From each of these rows on the trend is the one beside it; after a hole the structure starts anew.
        self._rows: list[int] = []
        self._trends: list[TrendName] = []
        for run in self._frames.runs:
            self._turn(run.start, "NEUTRAL")
            breaks, _ = structure(self._frames.high[run], self._frames.low[run], self._frames.close[run], left, right)
            for row, up, *_ in breaks:
                self._turn(run.start + row, "BULLISH" if up else "BEARISH")

    def at(self, time_ns: int) -> TrendName:
        """The trend that the hours closed at or before a time show.

        NEUTRAL before the first break, where the last hour is missing, and where the market cannot be read (more than
        5 of the last 20 hours without a trade).
        """
        row = self._frames.closed_later(time_ns) - 1
        if row < 0 or not self._frames.fresh(row, time_ns) or self._frames.quiet(row):
            return "NEUTRAL"
        return self._trends[bisect_right(self._rows, row) - 1]

    def _turn(self, row: int, trend: TrendName) -> None:
        self._rows.append(row)
        self._trends.append(trend)


# How far back the trend can still be asked for.
_KEPT_HOURS = 72


class TrendStream:
    """The same trend, candle by candle. Arguments as of `Trend`.

    Raises:
        ConfigError: An interval does not divide one hour.
    """

    def __init__(self, interval_ns: int, longer: Candles | None = None, *, left: int = 2, right: int = 2) -> None:
        self._hours = HourStream(interval_ns, longer)
        self._spans = left, right
        self._structure = Structure(left, right)
        self._known: deque[tuple[int, TrendName]] = deque(maxlen=_KEPT_HOURS)

    def push(self, candle: Candle) -> None:
        """Take the next closed candle."""
        for hour in self._hours.push(candle):
            if hour.fresh:
                self._structure = Structure(*self._spans)
            self._structure.push(hour.high, hour.low, hour.close)
            trend = cast("TrendName", self._structure.trend)
            self._known.append((hour.close_ns, "NEUTRAL" if hour.quiet else trend))

    def at(self, time_ns: int) -> TrendName:
        """The trend at a time of the last 72 hours; as `Trend`."""
        for close_ns, trend in reversed(self._known):
            if close_ns <= time_ns:
                return trend if time_ns < close_ns + HOUR_NS else "NEUTRAL"
        return "NEUTRAL"
