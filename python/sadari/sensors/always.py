"""Always enter when flat: a signal for benchmarks and for watching the ladder work, not for trading."""

from __future__ import annotations

from bisect import bisect_right

from sadari.model.order import Direction
from sadari.sensors.signals import Candle, Candles, Signal


class Always:
    """A signal at every close; armed once, it is raised at the next one."""

    strategy = "always"
    rearm = True

    def __init__(self, direction: Direction) -> None:
        self.direction = direction

    def batch(self, candles: Candles) -> EveryClose:
        """Drive the rule over columns."""
        return EveryClose(self.direction, candles)

    def stream(self, interval_ns: int) -> EachClose:
        """Drive the rule over candles of this interval that are still to come."""
        return EachClose(self.direction, interval_ns)


class EveryClose:
    """A signal at the close of each candle in columns."""

    def __init__(self, direction: Direction, candles: Candles) -> None:
        self._direction = direction
        self._open_times = memoryview(candles.open_time_ns)
        self._interval_ns = candles.interval_ns

    def after(self, time_ns: int) -> Signal | None:
        """The first close later than a time."""
        row = bisect_right(self._open_times, time_ns - self._interval_ns)
        if row == len(self._open_times):
            return None
        return Signal(self._open_times[row] + self._interval_ns, self._direction)


class EachClose:
    """A signal at the close of each candle that comes."""

    def __init__(self, direction: Direction, interval_ns: int) -> None:
        self._direction = direction
        self._interval_ns = interval_ns

    def push(self, candle: Candle) -> Signal | None:
        """Take the next closed candle; its signal."""
        return Signal(candle.open_time_ns + self._interval_ns, self._direction)
