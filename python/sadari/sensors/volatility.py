"""How volatile a symbol is beside its own recent past: the percentile of NATR(14) among the last 500 frames.

Source: strategies §2 (PCTL), §3.3 (D-28); requirement R000-26.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import deque

from sadari.kernel import LineSet, natr, percentile
from sadari.model.units import MINUTE_NS
from sadari.sensors.frame_streams import Closed, FrameStream
from sadari.sensors.frames import Frames, closed_frames
from sadari.sensors.signals import Candle, Candles
from sadari.sensors.technical import WARM_FRAMES


class Volatility:
    """The percentile of the average true range in percent of the price.

    Args:
        candles: The symbol's candles, those before the run included.
        start_ns: When the run begins. The series starts a fixed number of frames before, so that it does not matter how
            much history was loaded. None: it starts with the candles.
        frame_ns: The frames of the line.
        n: Frames of the average.
        window: Frames among which it is ranked.

    Raises:
        ConfigError: The frame is not a multiple of the candles' interval.
    """

    def __init__(
        self,
        candles: Candles,
        start_ns: int | None = None,
        *,
        frame_ns: int = 3 * MINUTE_NS,
        n: int = 14,
        window: int = 500,
    ) -> None:
        self._frames: Frames = closed_frames(candles, frame_ns)
        self._n = n
        self._window = window
        self._warm = window + WARM_FRAMES
        first_ns = 0 if start_ns is None else start_ns - (self._warm + 1) * frame_ns
        first = bisect_left(self._frames.open_time_ns, first_ns)
        self._runs = [slice(max(run.start, first), run.stop) for run in self._frames.runs if run.stop > first]
        self._lines: dict[int, memoryview] = {}

    def at(self, time_ns: int) -> float | None:
        """The percentile at the last frame closed at or before a time, 0 to 100.

        None where the series began fewer than 650 frames before (150 more than are ranked), the last frame is missing,
        or the market cannot be read (more than 5 of the last 20 frames without a trade).
        """
        row = self._frames.closed_later(time_ns) - 1
        if row < 0 or not self._frames.fresh(row, time_ns) or self._frames.quiet(row):
            return None
        number = bisect_right(self._runs, row, key=lambda run: run.start) - 1
        if number < 0 or row - self._runs[number].start < self._warm:
            return None
        last = row - self._runs[number].start
        # A percentile looks at its whole window anew, so only the rows that are asked for are computed.
        return percentile(self._line(number)[last + 1 - self._window : last + 1], self._window)[self._window - 1]

    def _line(self, number: int) -> memoryview:
        if number not in self._lines:
            run, frames = self._runs[number], self._frames
            self._lines[number] = memoryview(natr(frames.high[run], frames.low[run], frames.close[run], self._n))
        return self._lines[number]


class VolatilityStream:
    """The same percentile, candle by candle. Arguments as of `Volatility`.

    Args:
        interval_ns: The interval of the candles.
        start_ns: When the run begins.
        frame_ns: The frames of the line.
        n: Frames of the average.
        window: Frames among which it is ranked.

    Raises:
        ConfigError: The frame is not a multiple of the candles' interval.
    """

    def __init__(
        self, interval_ns: int, start_ns: int, *, frame_ns: int = 3 * MINUTE_NS, n: int = 14, window: int = 500
    ) -> None:
        self._frames = FrameStream(interval_ns, frame_ns)
        self._n = n
        self._window = window
        self._warm = window + WARM_FRAMES
        self._first_ns = start_ns - (self._warm + 1) * frame_ns
        self._line = LineSet([("natr", n)])
        self._values: deque[float] = deque(maxlen=window)
        self._count = 0
        self._last: Closed | None = None

    def push(self, candle: Candle) -> None:
        """Take the next closed candle."""
        closed = self._frames.push(candle)
        if closed is None or closed.open_time_ns < self._first_ns:
            return
        if closed.fresh:
            self._line = LineSet([("natr", self._n)])
            self._values.clear()
            self._count = 0
        self._line.update(closed.high, closed.low, closed.close)
        self._values.append(self._line[0])
        self._count += 1
        self._last = closed

    def at(self, time_ns: int) -> float | None:
        """The percentile at the last frame, if that is the last one that can have closed by a time; as `Volatility`."""
        last = self._last
        if last is None or time_ns >= last.close_ns + self._frames.frame_ns or last.quiet or self._count <= self._warm:
            return None
        return percentile(array("d", self._values), self._window)[self._window - 1]
