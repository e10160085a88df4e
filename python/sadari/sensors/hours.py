"""Closed hours of a symbol: built from its own candles, and from longer history up to the first of them."""

from __future__ import annotations

from array import array
from bisect import bisect_left

from sadari.errors import ConfigError
from sadari.model.units import HOUR_NS, MINUTE_NS
from sadari.sensors.frames import Frames, closed_frames, contiguous
from sadari.sensors.signals import Candles


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
