"""Closed hours of a symbol: built from its own candles, and from longer history up to the first of them."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from itertools import islice
from typing import TypeVar

from sadari.errors import ConfigError
from sadari.model.units import HOUR_NS, MINUTE_NS
from sadari.sensors.frame_streams import Closed, FrameStream
from sadari.sensors.frames import Frames, closed_frames, contiguous
from sadari.sensors.signals import Candle, Candles

Kind = TypeVar("Kind", bound=Candles)


def check_part_of_hour(interval_ns: int) -> None:
    """Refuse candles that hours cannot be built from.

    Raises:
        ConfigError: The interval does not divide one hour.
    """
    if interval_ns < 1 or HOUR_NS % interval_ns:
        raise ConfigError(
            f"hours cannot be built from candles of {interval_ns / MINUTE_NS:g} minutes: allowed are parts of 60"
        )


def closed_hours(candles: Candles, longer: Candles | None = None) -> Frames:
    """All closed hours of some candles, before them those of longer history that open before the first candle.

    Raises:
        ConfigError: An interval does not divide one hour.
    """
    check_part_of_hour(candles.interval_ns)
    own = closed_frames(candles, HOUR_NS)
    if longer is None or len(candles.open_time_ns) == 0:
        return own
    check_part_of_hour(longer.interval_ns)
    older = closed_frames(longer, HOUR_NS)
    before = bisect_left(older.open_time_ns, candles.open_time_ns[0])
    times = memoryview(b"".join((older.open_time_ns[:before], own.open_time_ns))).cast("q")

    def joined(past: memoryview, present: memoryview) -> memoryview:
        return memoryview(array("d", b"".join((past[:before], present))))

    return Frames(
        HOUR_NS,
        times,
        joined(older.high, own.high),
        joined(older.low, own.low),
        joined(older.close, own.close),
        joined(older.volume, own.volume),
        contiguous(times, HOUR_NS),
    )


def hours_source(several: Sequence[Kind]) -> Kind | None:
    """Of longer candles those that hours can be built from, and of these the ones that begin first, then the finest."""
    usable = [one for one in several if not HOUR_NS % one.interval_ns and len(one.open_time_ns)]
    return min(usable, key=lambda one: (one.open_time_ns[0], one.interval_ns), default=None)


class HourStream:
    """Closed hours candle by candle: before the first candle, those of longer history.

    Raises:
        ConfigError: An interval does not divide one hour.
    """

    def __init__(self, interval_ns: int, longer: Candles | None = None) -> None:
        check_part_of_hour(interval_ns)
        self._frames = FrameStream(interval_ns, HOUR_NS)
        self._older: Frames | None = None
        if longer is not None:
            check_part_of_hour(longer.interval_ns)
            self._older = closed_frames(longer, HOUR_NS)

    def push(self, candle: Candle) -> list[Closed]:
        """Take the next closed candle; the hours that are known now and were not before."""
        closed: list[Closed] = []
        if self._older is not None:
            older, self._older = self._older, None
            before = bisect_left(older.open_time_ns, candle.open_time_ns)
            rows = zip(older.open_time_ns, older.high, older.low, older.close, older.volume, strict=True)
            closed += [self._frames.take(*row) for row in islice(rows, before)]
        hour = self._frames.push(candle)
        return closed if hour is None else [*closed, hour]
