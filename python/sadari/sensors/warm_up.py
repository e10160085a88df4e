"""How many closed candles the sensors of a symbol have to know before the first one that comes.

Source: strategies §3.3, D-28: a line decides only once it is warm, and recursive lines start a fixed time before.
"""

from __future__ import annotations

from collections.abc import Iterable

from sadari.model.units import DAY_NS, HOUR_NS, MINUTE_NS
from sadari.sensors.frames import QUIET_WINDOW
from sadari.sensors.ict import Ict
from sadari.sensors.ma_cross import MaCross
from sadari.sensors.scanner import WARM_HOURS
from sadari.sensors.signals import SignalRule
from sadari.sensors.surge import Surge
from sadari.sensors.surge_settings import SurgeSettings
from sadari.sensors.technical import WARM_CANDLES, WARM_FRAMES

# Frames and days begin before the first candle that is loaded: so many of them may be incomplete.
SPARE = 2

# The trend looks back over breaks of structure; so many hours hold several.
TREND_HOURS = 1_000

Rows = dict[int, int]


def rows_of_rule(rule: SignalRule | Surge | Ict, interval_ns: int) -> Rows:
    """What an entry rule needs, by interval."""
    if isinstance(rule, Surge):
        return rows_of_surge(rule.settings)
    if isinstance(rule, Ict):
        return {interval_ns: WARM_CANDLES * rule.frame_ns // interval_ns, **rows_of_hours(TREND_HOURS)}
    if isinstance(rule, MaCross):
        frames = max(rule.slow + 1, QUIET_WINDOW) + SPARE
        return {interval_ns: (frames * rule.frame_ns + rule.cooldown_ns) // interval_ns}
    return {interval_ns: 1}


def rows_of_surge(settings: SurgeSettings) -> Rows:
    """What the surge rules need, by interval."""
    frames = settings.warm_up + SPARE
    days = settings.m1_daily_surge_days + SPARE
    return {MINUTE_NS: frames, 3 * MINUTE_NS: frames, 15 * MINUTE_NS: frames, DAY_NS: days}


def rows_of_exit(frame_ns: int, slow: int, interval_ns: int) -> Rows:
    """What the technical exit needs: its averages, and the true range that it trails by."""
    frames = max(WARM_FRAMES, slow, QUIET_WINDOW) + SPARE
    return {interval_ns: max(WARM_CANDLES, frames * frame_ns // interval_ns)}


def rows_of_volatility(interval_ns: int) -> Rows:
    """What the percentile of volatility needs."""
    return {interval_ns: (500 + WARM_FRAMES + SPARE) * 3 * MINUTE_NS // interval_ns}


def rows_of_hours(hours: int) -> Rows:
    """What looks back over so many hours needs."""
    return {HOUR_NS: hours + SPARE}


def rows_of_scanner() -> Rows:
    """What the scanner needs."""
    return rows_of_hours(WARM_HOURS)


def most(wanted: Iterable[Rows]) -> Rows:
    """The most that any of several needs of each interval."""
    found: Rows = {}
    for rows in wanted:
        for interval_ns, count in rows.items():
            found[interval_ns] = max(found.get(interval_ns, 0), count)
    return found
