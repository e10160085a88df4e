"""Closed frames of a symbol candle by candle, and the lines of the technical exit over them.

Each is the twin of a reading over columns (`frames`, `technical`), with the same numbers bit for bit.
"""

from __future__ import annotations

from collections import deque
from math import isnan, nan
from typing import NamedTuple

from sadari.kernel import Aggregator, LineSet, Structure, above, below
from sadari.model.order import Direction
from sadari.sensors.frames import QUIET_WINDOW, check_frame, too_quiet
from sadari.sensors.signals import Candle
from sadari.sensors.technical import WARM_FRAMES


class Closed(NamedTuple):
    """A frame that has closed.

    ``fresh``: the one before it is missing, so that lines start anew; ``quiet``: it ends no market to read.
    """

    open_time_ns: int
    close_ns: int
    high: float
    low: float
    close: float
    fresh: bool
    quiet: bool


class FrameStream:
    """Builds frames out of closed candles.

    Raises:
        ConfigError: The frame is not a multiple of the interval.
    """

    def __init__(self, interval_ns: int, frame_ns: int) -> None:
        check_frame(frame_ns, interval_ns)
        self.frame_ns = frame_ns
        self._frames = Aggregator(interval_ns, frame_ns)
        self._volumes: deque[float] = deque(maxlen=QUIET_WINDOW)
        self._next_open_ns: int | None = None

    def push(self, candle: Candle) -> Closed | None:
        """Take the next closed candle; the frame that it closes, if it closes a whole one."""
        frame = self._frames.push(*candle, 0.0)
        if frame is None:
            return None
        return self.take(frame.open_time_ns, frame.high, frame.low, frame.close, frame.volume)

    def take(self, open_time_ns: int, high: float, low: float, close: float, volume: float) -> Closed:
        """Take a frame that was built elsewhere."""
        fresh = open_time_ns != self._next_open_ns
        self._next_open_ns = close_ns = open_time_ns + self.frame_ns
        self._volumes.append(volume)
        return Closed(open_time_ns, close_ns, high, low, close, fresh, too_quiet(self._volumes))


class CrossStream:
    """Where one simple average of closes crosses another, on a market that can be read."""

    def __init__(self, frame_ns: int, fast: int, slow: int) -> None:
        self._frame_ns = frame_ns
        self._spans = fast, slow
        self._lines = self._fresh_lines(0)
        self._sign: int | None = None

    def take(self, closed: Closed) -> Direction | None:
        """Take the next closed frame: LONG where the fast average crosses above the slow one, SHORT below."""
        if closed.fresh:
            self._lines = self._fresh_lines(closed.open_time_ns // self._frame_ns)
            self._sign = None
        self._lines.update(closed.high, closed.low, closed.close)
        before, self._sign = self._sign, self._compare()
        if not self._sign or before in {None, self._sign} or closed.quiet:
            return None
        return Direction.LONG if self._sign > 0 else Direction.SHORT

    def _fresh_lines(self, number: int) -> LineSet:
        fast, slow = self._spans
        return LineSet([("sma", fast), ("sma", slow)], first=number)

    def _compare(self) -> int | None:
        """``+1`` or ``-1`` for the fast average above or below the slow one, 0 for equal, None until both are valid."""
        fast, slow = self._lines[0], self._lines[1]
        return None if isnan(fast) or isnan(slow) else above(fast, slow) - below(fast, slow)


class TurnStream:
    """Where structure turns (CHoCH), on a market that can be read; it starts anew after each hole."""

    def __init__(self, left: int, right: int) -> None:
        self._spans = left, right
        self._structure = Structure(left, right)

    def take(self, closed: Closed) -> Direction | None:
        """Take the next closed frame: LONG where structure turns up, SHORT where it turns down."""
        if closed.fresh:
            self._structure = Structure(*self._spans)
        broken, _ = self._structure.push(closed.high, closed.low, closed.close)
        if broken is None or not broken[2] or closed.quiet:
            return None
        return Direction.LONG if broken[1] else Direction.SHORT


class RangeStream:
    """ATR(n) over closed frames; the series starts with the first one that opens at ``first_ns`` or later."""

    def __init__(self, n: int, first_ns: int) -> None:
        self._n = n
        self._first_ns = first_ns
        self._line = LineSet([("atr", n)])
        self._count = 0

    def take(self, closed: Closed) -> float:
        """The value at the next closed frame; NaN while the series is short, or the market cannot be read."""
        if closed.open_time_ns < self._first_ns:
            return nan
        if closed.fresh:
            self._line = LineSet([("atr", self._n)])
            self._count = 0
        self._line.update(closed.high, closed.low, closed.close)
        self._count += 1
        return nan if self._count <= WARM_FRAMES or closed.quiet else self._line[0]
