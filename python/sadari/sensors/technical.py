"""What an exit reads off closed frames: crosses of two averages, turns of structure, and the range it trails by.

Source: strategies §5.5, §7.8.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from math import nan

from sadari.kernel import atr, crosses, sma, structure
from sadari.sensors.frames import Frames, closed_frames
from sadari.sensors.signals import Candles

# Source: strategies §3.3, D-28: Wilder's average never forgets its first frame, so it starts long before it decides.
WARM_FRAMES = 150
WARM_CANDLES = 1_500


class Technical:
    """The technical lines of one symbol, each computed when it is first asked for.

    Args:
        candles: The symbol's candles, those before the run included.
        start_ns: When the run begins.
    """

    def __init__(self, candles: Candles, start_ns: int) -> None:
        self._candles = candles
        self._start_ns = start_ns
        self._frames: dict[int, Frames] = {}
        self._verdicts: dict[tuple[bool, int, int, int], CrossRows | TurnRows] = {}
        self._ranges: dict[tuple[int, int], TrueRange] = {}

    def next_cross(self, frame_ns: int, fast: int, slow: int, time_ns: int, *, up: bool) -> int | None:
        """When the fast average next crosses above (or below) the slow one, later than a time: a frame's close."""
        return self._next(CrossRows, (frame_ns, fast, slow), time_ns, up=up)

    def next_turn(self, frame_ns: int, left: int, right: int, time_ns: int, *, up: bool) -> int | None:
        """When structure next turns up (or down), later than a time: a frame's close."""
        return self._next(TurnRows, (frame_ns, left, right), time_ns, up=up)

    def _next(
        self, kind: type[CrossRows | TurnRows], numbers: tuple[int, int, int], time_ns: int, *, up: bool
    ) -> int | None:
        frames, key = self._closed(numbers[0]), (kind is TurnRows, *numbers)
        if key not in self._verdicts:
            self._verdicts[key] = kind(frames, *numbers[1:])
        row = self._verdicts[key].next_row(frames.closed_later(time_ns), up=up)
        return None if row is None else frames.close_ns(row)

    def true_range(self, frame_ns: int, n: int) -> TrueRange:
        """ATR(n) over the closed frames."""
        key = (frame_ns, n)
        if key not in self._ranges:
            frames = self._closed(frame_ns)
            warm_ns = self._start_ns - max(WARM_CANDLES * self._candles.interval_ns, WARM_FRAMES * frame_ns)
            self._ranges[key] = TrueRange(frames, n, bisect_left(frames.open_time_ns, warm_ns))
        return self._ranges[key]

    def _closed(self, frame_ns: int) -> Frames:
        if frame_ns not in self._frames:
            self._frames[frame_ns] = closed_frames(self._candles, frame_ns)
        return self._frames[frame_ns]


class CrossRows:
    """Where one simple average of closes crosses another, on a market that can be read.

    Attributes:
        golden: Rows at which the fast one crosses above the slow one.
        dead: Rows at which it crosses below.
    """

    def __init__(self, frames: Frames, fast: int, slow: int) -> None:
        self._frames = frames
        found: tuple[list[int], list[int]] = ([], [])
        for run in frames.runs:
            close, number = frames.close[run], frames.number(run.start)
            sides = crosses(sma(close, fast, first=number), sma(close, slow, first=number))
            for rows, side in zip(found, sides, strict=True):
                rows += [row + run.start for row in memoryview(side).tolist()]
        self.golden: Sequence[int] = found[0]
        self.dead: Sequence[int] = found[1]

    def next_row(self, first: int, *, up: bool) -> int | None:
        """The first readable row from ``first`` on with a golden (or dead) cross."""
        return _readable(self._frames, self.golden if up else self.dead, first)


class TurnRows:
    """Where structure turns (CHoCH), on a market that can be read; it starts anew after each hole.

    Attributes:
        up: Rows at which it turns up.
        down: Rows at which it turns down.
    """

    def __init__(self, frames: Frames, left: int, right: int) -> None:
        self._frames = frames
        self.up: list[int] = []
        self.down: list[int] = []
        for run in frames.runs:
            breaks, _ = structure(frames.high[run], frames.low[run], frames.close[run], left, right)
            for row, up, turned, *_ in breaks:
                if turned:
                    (self.up if up else self.down).append(run.start + row)

    def next_row(self, first: int, *, up: bool) -> int | None:
        """The first readable row from ``first`` on at which it turns up (or down)."""
        return _readable(self._frames, self.up if up else self.down, first)


def _readable(frames: Frames, rows: Sequence[int], first: int) -> int | None:
    later = (rows[place] for place in range(bisect_left(rows, first), len(rows)))
    return next((row for row in later if not frames.quiet(row)), None)


class TrueRange:
    """ATR(n) over frames, the series starting at row ``first`` and anew after each hole.

    Attributes:
        frames: The closed frames.
        line: The value at each row; NaN while the series since the last hole is short, or the market cannot be read.
    """

    def __init__(self, frames: Frames, n: int, first: int = 0) -> None:
        self.frames = frames
        self.line = array("d", [nan]) * len(frames.close)
        for run in frames.runs:
            start = max(run.start, first)
            warm = start + WARM_FRAMES
            if warm < run.stop:
                part = slice(start, run.stop)
                values = memoryview(atr(frames.high[part], frames.low[part], frames.close[part], n))
                memoryview(self.line)[warm : run.stop] = values[WARM_FRAMES:]
        for row in frames.quiet_rows():
            self.line[row] = nan
