"""The surge strategy as an entry signal: verdicts of the kernel over one-minute candles. Source: strategies §3.

Minutes are read once they and the frames built from them are warm (630 contiguous candles by default), enough days are
known, and the market was not without trades. Frames from elsewhere (``longer``) stand in where the minutes have none:
before the first one, and in a hole.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from operator import attrgetter

import msgspec

from sadari.errors import ConfigError
from sadari.kernel import Candles as KernelCandles
from sadari.kernel import SurgeStream, SurgeVerdicts, aggregate, surge_batch
from sadari.model.order import Direction
from sadari.model.units import DAY_NS, MINUTE_NS
from sadari.sensors.signals import Candle, Candles, ListedSignals, Signal
from sadari.sensors.surge_settings import CAUSES, SurgeSettings, check

FRAMES_NS = (3 * MINUTE_NS, 15 * MINUTE_NS, DAY_NS)
PARTS = ("S1", "S3", "S15")

Columns = tuple[memoryview, memoryview, memoryview, memoryview, memoryview, memoryview]
LongerColumns = tuple[Columns | None, Columns | None, Columns | None]


class SurgeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a run of the rules over one symbol and direction has seen; all counts are minutes unless named otherwise.

    Attributes:
        direction: LONG or SHORT.
        preset: The entry.
        minutes: All minutes.
        ready_minutes: Those that could be read; everything below but ``not_ready`` counts among them.
        not_ready: Minutes that could not be read, by cause; a minute may have several.
        days_known_start: Days, of those that count for M1-6, that were known at the first close.
        days_known_end: The same at the last close.
        held: Minutes in which a condition held, by its id.
        s1: Minutes with S1; s1, s3, s15 and combinations are 0 or empty for the older entry, which has no parts.
        s3: Minutes with S3.
        s15: Minutes with S15.
        combinations: Minutes by exactly which parts held: ``S1+S15``, ``none``.
        sole_failures: For ``S1``, ``S3``, ``S15`` and ``ENTRY``: minutes in which it failed and this condition alone
            would have made it hold, by the condition's id.
        entry_minutes: Minutes with an entry.
        episodes: Spells of consecutive minutes with an entry.
        signals: Signals by tag; with shorts enabled, before LONG takes precedence at a close that raises both.
    """

    direction: Direction
    preset: str
    minutes: int
    ready_minutes: int
    not_ready: dict[str, int]
    days_known_start: int
    days_known_end: int
    held: dict[str, int]
    s1: int
    s3: int
    s15: int
    combinations: dict[str, int]
    sole_failures: dict[str, dict[str, int]]
    entry_minutes: int
    episodes: int
    signals: dict[str, int]


class Surge:
    """Enter when enough conditions of a surge hold over one, three and fifteen minutes.

    With shorts enabled, both directions are watched, each with its own episodes; where both raise a signal at one
    close, the LONG one is it.

    Raises:
        ConfigError: The settings are none to make a rule of.
    """

    strategy = "surge"
    rearm = False

    def __init__(self, settings: SurgeSettings) -> None:
        check(settings)
        self.settings = settings

    def batch(self, candles: Candles, longer: Sequence[Candles] = ()) -> SurgeSignals:
        """Drive the rule over columns of one-minute candles.

        Raises:
            ConfigError: The candles are not of one minute, or none of the frames can be built from the longer ones.
            ValueError: Times are off the grid, out of order or repeated.
        """
        _check_minutes(candles.interval_ns)
        columns, frames = _columns(candles), longer_frames(longer)
        found = {
            direction: surge_batch(self.settings, columns, frames, short=direction is Direction.SHORT)
            for direction in _directions(self.settings)
        }
        return SurgeSignals(self.settings, found)

    def stream(self, interval_ns: int, longer: Sequence[Candles] = ()) -> SurgeDrive:
        """Drive the rule over one-minute candles that are still to come.

        Raises:
            ConfigError: The candles are not of one minute, or none of the frames can be built from the longer ones.
        """
        _check_minutes(interval_ns)
        return SurgeDrive(self.settings, longer_frames(longer))


class SurgeSignals:
    """The signals over known candles, and what was seen on the way.

    Attributes:
        signals: All signals, in time order.
        facts: What was seen for LONG.
        facts_short: The same for SHORT; None if shorts are not enabled.
    """

    def __init__(self, settings: SurgeSettings, found: dict[Direction, SurgeVerdicts]) -> None:
        at_close: dict[int, Signal] = {}
        for direction in sorted(found, reverse=True):
            at_close |= {row[0]: Signal(row[0], direction, row[1], row[2]) for row in found[direction].signals}
        self.signals: Sequence[Signal] = sorted(at_close.values(), key=attrgetter("close_ns"))
        self.facts = _facts(settings, Direction.LONG, found[Direction.LONG])
        short = found.get(Direction.SHORT)
        self.facts_short = None if short is None else _facts(settings, Direction.SHORT, short)
        self.after = ListedSignals(self.signals).after


class SurgeDrive:
    """The signals candle by candle."""

    def __init__(self, settings: SurgeSettings, longer: LongerColumns) -> None:
        self._streams = {
            direction: SurgeStream(settings, longer, short=direction is Direction.SHORT)
            for direction in _directions(settings)
        }

    def push(self, candle: Candle) -> Signal | None:
        """Take the next closed one-minute candle; its signal, if it raises one.

        Raises:
            ValueError: The candle is off the grid or not later than the one before; nothing has changed.
        """
        raised = [(direction, stream.push(*candle)) for direction, stream in self._streams.items()]
        return next((Signal(row[0], direction, row[1], row[2]) for direction, row in raised if row is not None), None)


def longer_frames(longer: Sequence[Candles]) -> LongerColumns:
    """Columns of the 3-minute, 15-minute and daily frames that some longer candles give; the finest candles win.

    Raises:
        ConfigError: No frame can be built from some of the candles.
    """
    for candles in longer:
        if candles.interval_ns <= MINUTE_NS or all(frame_ns % candles.interval_ns for frame_ns in FRAMES_NS):
            raise ConfigError(
                f"surge: the longer candles are of {candles.interval_ns / MINUTE_NS:g} minutes; "
                "allowed: more than one minute, and a whole number of them in 3 minutes, 15 minutes or a day"
            )
    three, fifteen, day = (_frames(frame_ns, longer) for frame_ns in FRAMES_NS)
    return three, fifteen, day


def _frames(frame_ns: int, longer: Sequence[Candles]) -> Columns | None:
    usable = [candles for candles in longer if frame_ns % candles.interval_ns == 0]
    built = [_built(frame_ns, candles) for candles in sorted(usable, key=attrgetter("interval_ns"), reverse=True)]
    if len(built) <= 1:
        return built[0] if built else None
    rows: dict[int, tuple[float, ...]] = {}
    for columns in built:
        rows |= {row[0]: row for row in zip(*columns, strict=True)}
    ordered = [rows[time] for time in sorted(rows)]

    def column(field: int) -> memoryview:
        return memoryview(array("d", [row[field] for row in ordered]))

    return memoryview(array("q", sorted(rows))), column(1), column(2), column(3), column(4), column(5)


def _built(frame_ns: int, candles: Candles) -> Columns:
    return _columns(aggregate(*_columns(candles), None, candles.interval_ns, frame_ns))


def _columns(candles: Candles | KernelCandles) -> Columns:
    return (
        memoryview(candles.open_time_ns), memoryview(candles.open), memoryview(candles.high),
        memoryview(candles.low), memoryview(candles.close), memoryview(candles.volume),
    )  # fmt: skip


def _check_minutes(interval_ns: int) -> None:
    if interval_ns != MINUTE_NS:
        raise ConfigError(f"surge: the candles are of {interval_ns / MINUTE_NS:g} minutes; allowed: 1")


def _directions(settings: SurgeSettings) -> tuple[Direction, ...]:
    return (Direction.LONG, Direction.SHORT) if settings.enable_short else (Direction.LONG,)


def _facts(settings: SurgeSettings, direction: Direction, found: SurgeVerdicts) -> SurgeFacts:
    conditions = settings.conditions()
    tags = [tag for _, tag, _ in found.signals]
    parted = settings.preset != "nine_of_thirteen"
    combinations = dict(enumerate(found.combinations if parted else ()))
    by_part = [sum(count for held, count in combinations.items() if held >> part & 1) for part in range(len(PARTS))]
    missing = dict(zip((*PARTS, "ENTRY"), found.missing, strict=True))
    return SurgeFacts(
        direction=direction,
        preset=settings.preset,
        minutes=found.minutes,
        ready_minutes=found.minutes - sum(found.not_ready),
        not_ready={
            cause: sum(count for causes, count in enumerate(found.not_ready) if causes >> bit & 1)
            for bit, cause in enumerate(CAUSES)
        },
        days_known_start=found.days_known[0],
        days_known_end=found.days_known[1],
        held={name: found.held[bit] for name, bit in conditions.items()},
        s1=by_part[0],
        s3=by_part[1],
        s15=by_part[2],
        combinations={_named(held): count for held, count in combinations.items()},
        sole_failures={
            part: {name: failed[bit] for name, bit in conditions.items() if failed[bit]}
            for part, failed in missing.items()
        },
        entry_minutes=found.entry_minutes,
        episodes=found.episodes,
        signals={tag: tags.count(tag) for tag in sorted(set(tags))},
    )


def _named(held: int) -> str:
    return "+".join(part for bit, part in enumerate(PARTS) if held >> bit & 1) or "none"
