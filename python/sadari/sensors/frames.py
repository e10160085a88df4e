"""Closed frames of a symbol: longer candles, built from its own closed candles only.

Source: strategies §1.3 to §1.5, D-28. A line runs over contiguous frames: after a hole it starts anew, and is not ready
until it is warm again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from sadari.errors import ConfigError
from sadari.kernel import aggregate, not_ready
from sadari.model.units import MINUTE_NS
from sadari.sensors.signals import Candles

# Source: strategies §1.5: more than 5 frames without a trade among the last 20 are no market to read.
QUIET_WINDOW = 20
MOST_QUIET = 5


class Frames(NamedTuple):
    """Closed frames in time order, and the contiguous runs of them."""

    frame_ns: int
    open_time_ns: memoryview
    high: memoryview
    low: memoryview
    close: memoryview
    volume: memoryview
    runs: tuple[slice, ...]

    def close_ns(self, row: int) -> int:
        """When a frame closed."""
        return int(self.open_time_ns[row]) + self.frame_ns

    def closed_later(self, time_ns: int) -> int:
        """The first row that closes later than a time; the number of rows if none does."""
        return bisect_right(self.open_time_ns, time_ns - self.frame_ns)

    def fresh(self, row: int, time_ns: int) -> bool:
        """Whether a frame is the last one that can have closed by a time: none is missing after it."""
        return time_ns < self.close_ns(row) + self.frame_ns

    def number(self, row: int) -> int:
        """How many frames fit between the epoch and this one: windows are cut by it."""
        return int(self.open_time_ns[row]) // self.frame_ns

    def quiet(self, row: int) -> bool:
        """Whether a row ends a stretch that is no market to read."""
        return too_quiet(self.volume[max(0, row + 1 - QUIET_WINDOW) : row + 1].tolist())

    def quiet_rows(self) -> list[int]:
        """All rows that end a stretch that is no market to read."""
        return memoryview(not_ready(self.volume, window=QUIET_WINDOW, most=MOST_QUIET)).tolist()


def too_quiet(volumes: Sequence[float]) -> bool:
    """Whether more of the last frames than allowed had no trade. Takes the last `QUIET_WINDOW`, or what there is."""
    return volumes.count(0.0) > MOST_QUIET


def check_frame(frame_ns: int, interval_ns: int) -> None:
    """Refuse a frame that candles of this interval cannot be put together to.

    Raises:
        ConfigError: The frame is not a multiple of the interval.
    """
    if frame_ns < interval_ns or frame_ns % interval_ns:
        raise ConfigError(
            f"a frame of {frame_ns / MINUTE_NS:g} minutes cannot be built from candles of {interval_ns / MINUTE_NS:g}: "
            f"allowed are multiples of {interval_ns / MINUTE_NS:g}"
        )


def closed_frames(candles: Candles, frame_ns: int) -> Frames:
    """All closed frames of some candles; one with a candle missing is none.

    Raises:
        ConfigError: The frame is not a multiple of the candles' interval.
    """
    check_frame(frame_ns, candles.interval_ns)
    built = aggregate(
        candles.open_time_ns,
        candles.open,
        candles.high,
        candles.low,
        candles.close,
        candles.volume,
        None,
        candles.interval_ns,
        frame_ns,
    )
    times = memoryview(built.open_time_ns)
    return Frames(
        frame_ns,
        times,
        memoryview(built.high),
        memoryview(built.low),
        memoryview(built.close),
        memoryview(built.volume),
        contiguous(times, frame_ns),
    )


def contiguous(times: memoryview, step_ns: int) -> tuple[slice, ...]:
    """The runs of rows whose times follow one another without a hole."""
    rows = len(times)
    if rows == 0:
        return ()
    # Without a hole, which is the rule, the two ends tell without looking at any row between them.
    if times[-1] - times[0] == (rows - 1) * step_ns:
        return (slice(0, rows),)
    opens = times.tolist()
    starts = [0, *(row for row in range(1, rows) if opens[row] - opens[row - 1] != step_ns)]
    return tuple(slice(start, stop) for start, stop in zip(starts, [*starts[1:], rows], strict=True))
