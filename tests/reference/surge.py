"""The surge strategy as its text says it: every look-back looked through anew, SHORT written out as its own rules.

Source: strategies §1.3 to §1.5, §2, §3, D-28, D-38, D-40; R004-27.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from operator import mul

from sadari.sensors.surge_settings import SurgeSettings
from tests.reference.lines import TOLERANCE, Line, above, below, over_windows, sma

MINUTE = 60_000_000_000
DAY = 1440 * MINUTE
FRAMES = {3 * MINUTE: "3m", 15 * MINUTE: "15m", DAY: "1d"}

Candle = tuple[int, float, float, float, float, float]
Held = dict[str, bool]
Compare = Callable[[float, float], bool]


def band(x: Sequence[float], n: int, k: float) -> Line:
    """The mean and so many population standard deviations."""

    def value(window: Sequence[float]) -> float:
        center = math.fsum(window) / n
        away = [price - center for price in window]
        return center + k * math.sqrt(math.fsum(map(mul, away, away)) / n)

    return over_windows(x, n, value)


def gap(a: float | None, b: float | None) -> float | None:
    """The distance as a share of the slower line."""
    return None if a is None or b is None or b == 0 else abs(a - b) / abs(b)


def at_most(distance: float | None, g: float) -> bool:
    """Inclusive within the tolerance."""
    return distance is not None and distance <= g + TOLERANCE * g


def at_least(distance: float | None, g: float) -> bool:
    """Inclusive within the tolerance."""
    return distance is not None and distance >= g - TOLERANCE * g


def holds(compare: Compare, a: float | None, b: float | None) -> bool:
    """A comparison; false with an unknown."""
    return a is not None and b is not None and compare(a, b)


def crossed(a: Line, b: Line, past: Compare) -> list[bool]:
    """Where ``a`` gets past ``b``: not past it one row before, both known."""
    rows = [False] * len(a)
    for t in range(1, len(a)):
        if None not in (a[t - 1], b[t - 1]):
            rows[t] = not holds(past, a[t - 1], b[t - 1]) and holds(past, a[t], b[t])
    return rows


def within(rows: list[bool], n: int, t: int) -> bool:
    """Whether one of the last ``n`` rows is set."""
    return any(rows[max(0, t - n + 1) : t + 1])


@dataclass
class Lines:
    """The lines of contiguous candles of one time frame, and the directions of the rules."""

    candles: list[Candle]
    settings: SurgeSettings
    short: bool

    def __post_init__(self) -> None:
        s, close = self.settings, [candle[4] for candle in self.candles]
        sign = -1.0 if self.short else 1.0
        self.ma = {n: sma(close, n) for n in s.ma}
        self.fast = band(close, s.bb_fast[0], sign * s.bb_fast[1])
        self.slow = band(close, s.bb_slow[0], sign * s.bb_slow[1])
        self.up, self.down = (below, above) if self.short else (above, below)
        self.n5, self.n20, self.n80, self.n480 = s.ma
        gc, dc = self.up, self.down
        self.gc_80_480 = crossed(self.ma[self.n80], self.ma[self.n480], gc)
        self.gc_bb = crossed(self.fast, self.slow, gc)
        self.dc_20_80 = crossed(self.ma[self.n20], self.ma[self.n80], dc)
        self.gc_5_20 = crossed(self.ma[self.n5], self.ma[self.n20], gc)
        self.gc_buy = crossed(self.ma[s.m1_buy_point_pair[0]], self.ma[s.m1_buy_point_pair[1]], gc)
        self.gc_composite = crossed(self.ma[s.m1_composite_pair[0]], self.ma[s.m1_composite_pair[1]], gc)

    def gap(self, a: int, b: int, t: int) -> float | None:
        """The distance of two averages."""
        return gap(self.ma[a][t], self.ma[b][t])

    def higher(self, a: int, b: int, t: int) -> bool:
        """``MA a > MA b``; for SHORT the mirror."""
        return holds(self.up, self.ma[a][t], self.ma[b][t])

    def lower(self, a: int, b: int, t: int) -> bool:
        """``MA a < MA b``; for SHORT the mirror."""
        return holds(self.down, self.ma[a][t], self.ma[b][t])

    def minute(self, t: int) -> Held:
        """M1-1 to M1-7 but M1-6, and the alternatives of two of them."""
        s, candle = self.settings, self.candles[t]
        against = candle[4] > candle[1] if self.short else candle[4] < candle[1]
        signed = not s.m1_signed_gap or self.higher(self.n80, self.n480, t)
        held = {
            "M1-1 cross": within(self.gc_80_480, s.m1_n_gc_80_480, t),
            "M1-1 state": self.higher(self.n80, self.n480, t),
            "M1-2": at_least(self.gap(self.n80, self.n480, t), s.m1_min_gap_80_480) and signed,
            "M1-3 cross": within(self.gc_bb, s.m1_n_gc_bb, t),
            "M1-3 gap": at_most(gap(self.fast[t], self.slow[t]), s.m1_gap_bb),
            "M1-4": within(self.dc_20_80, s.m1_n_dc_20_80, t),
            "M1-5": within(self.gc_buy, s.m1_buy_point_n, t) and self.lower(self.n5, self.n80, t) and against,
            "M1-7": within(self.gc_composite, s.m1_composite_n, t) and self.lower(self.n5, self.n80, t) and against,
        }
        held["M1-1"] = held["M1-1 cross"] or held["M1-1 state"]
        held["M1-3"] = held["M1-3 cross"] or held["M1-3 gap"]
        return held

    def three(self, t: int) -> Held:
        """M3-1 to M3-5 and the filter of v3.2."""
        s = self.settings
        return {
            "M3-1": within(self.gc_80_480, s.m3_n_gc_80_480, t),
            "M3-2": within(self.gc_bb, s.m3_n_gc_bb, t) or at_most(gap(self.fast[t], self.slow[t]), s.m3_gap_bb),
            "M3-3": within(self.dc_20_80, s.m3_n_dc_20_80, t),
            "M3-4": self.higher(self.n5, self.n480, t) or at_most(self.gap(self.n5, self.n480, t), s.m3_gap_5_480),
            "M3-5": within(self.gc_5_20, s.m3_n_gc_5_20, t),
            "M3-V32": any(self._v32(row) for row in range(max(0, t - s.m3_v32_n + 1), t + 1)),
        }

    def _v32(self, t: int) -> bool:
        near = at_most(self.gap(self.n80, self.n480, t), self.settings.m3_v32_gap)
        return self.higher(self.n80, self.n480, t) or (self.lower(self.n80, self.n480, t) and near)

    def fifteen(self, t: int) -> Held:
        """M15-1 to M15-4."""
        s, ma20 = self.settings, self.ma[self.n20]
        near = at_most(self.gap(self.n80, self.n480, t), s.m15_gap_80_480)
        steps = range(t - s.m15_fall_20 + 1, t + 1)
        return {
            "M15-1": within(self.gc_80_480, s.m15_n_gc_80_480, t) or (self.lower(self.n80, self.n480, t) and near),
            "M15-2": self.higher(self.n5, self.n480, t) or at_most(self.gap(self.n5, self.n480, t), s.m15_gap_5_480),
            "M15-3": within(self.gc_bb, s.m15_n_gc_bb, t),
            "M15-4": steps[0] > 0 and all(holds(self.down, ma20[row], ma20[row - 1]) for row in steps),
        }


@dataclass
class Series:
    """All closed candles of one time frame: at each, the conditions if enough of them are contiguous, and the quiet."""

    candles: list[Candle]
    interval: int
    settings: SurgeSettings
    short: bool
    held: dict[int, Held] = field(default_factory=dict)
    quiet: dict[int, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for row, candle in enumerate(self.candles):
            volumes = [past[5] for past in self.candles[max(0, row - 19) : row + 1]]
            self.quiet[candle[0]] = volumes.count(0.0) > 5
        for run in contiguous(self.candles, self.interval):
            lines = Lines(run, self.settings, self.short)
            judge = {MINUTE: lines.minute, 3 * MINUTE: lines.three, 15 * MINUTE: lines.fifteen}[self.interval]
            for t in range(self.settings.warm_up - 1, len(run)):
                self.held[run[t][0]] = judge(t)

    def at(self, time: int) -> tuple[Held | None, bool]:
        """The conditions (None: too few candles) and the quiet of the last frame before the one forming."""
        opened = time // self.interval * self.interval - self.interval
        return self.held.get(opened), self.quiet.get(opened, False)


def contiguous(candles: list[Candle], interval: int) -> Iterator[list[Candle]]:
    """Runs without a hole."""
    run: list[Candle] = []
    for candle in candles:
        if run and candle[0] != run[-1][0] + interval:
            yield run
            run = []
        run.append(candle)
    if run:
        yield run


def framed(minutes: list[Candle], frame: int, others: list[Candle]) -> list[Candle]:
    """Whole frames of the minutes; where there is none, what others have."""
    groups: dict[int, list[Candle]] = {}
    for candle in minutes:
        groups.setdefault(candle[0] // frame * frame, []).append(candle)
    found = {candle[0]: candle for candle in others}
    for opened, group in groups.items():
        if len(group) == frame // MINUTE:
            highest, lowest = max(c[2] for c in group), min(c[3] for c in group)
            volume = sum(c[5] for c in group)
            found[opened] = (opened, group[0][1], highest, lowest, group[-1][4], volume)
    return [found[opened] for opened in sorted(found)]


def surged(day: Candle, before: Candle | None, settings: SurgeSettings, *, short: bool) -> bool:
    """M1-6 of one day, in decimals."""
    opened, high, low, close = (Decimal(repr(price)) for price in day[1:5])
    far = low if short else high
    if settings.m1_daily_surge_basis == "HIGH_OVER_OPEN":
        start, end = opened, far
    elif before is None:
        return False
    else:
        start = Decimal(repr(before[4]))
        end = close if settings.m1_daily_surge_basis == "CLOSE_OVER_PREV_CLOSE" else far
    way = start - end if short else end - start
    return way >= Decimal(repr(settings.m1_daily_surge_pct)) * start


@dataclass
class SlowSurge:
    """The verdicts over minutes; ``longer`` has candles of other frames by their interval."""

    settings: SurgeSettings
    minutes: list[Candle]
    longer: dict[int, list[Candle]] = field(default_factory=dict)
    short: bool = False

    def __post_init__(self) -> None:
        parts = {f: framed(self.minutes, f, self.longer.get(f, [])) for f in FRAMES}
        self.series = {
            interval: Series(candles, interval, self.settings, self.short)
            for interval, candles in ((MINUTE, self.minutes), *((f, parts[f]) for f in FRAMES if f != DAY))
        }
        self.days = {day[0]: day for day in parts[DAY]}
        self.signals: list[tuple[int, str, int]] = []
        self.not_ready: Counter[str] = Counter()
        self.held: Counter[str] = Counter()
        self.combinations: Counter[str] = Counter()
        self.failures: dict[str, Counter[str]] = {part: Counter() for part in ("S1", "S3", "S15", "ENTRY")}
        self.ready = self.entry_minutes = self.episodes = 0
        self.last_entry, self.spent = -1, -1
        for candle in self.minutes:
            self._judge(candle[0] + MINUTE)

    def known_days(self, time: int) -> list[int]:
        """The days that count at a moment."""
        midnight = time // DAY * DAY
        wanted = range(midnight - self.settings.m1_daily_surge_days * DAY, midnight, DAY)
        return [opened for opened in wanted if opened in self.days]

    def _judge(self, time: int) -> None:
        causes, held = [], Held()
        for interval, name in ((MINUTE, "1m"), (3 * MINUTE, "3m"), (15 * MINUTE, "15m")):
            if interval == 3 * MINUTE and self.settings.preset == "nine_of_thirteen":
                continue
            conditions, quiet = self.series[interval].at(time)
            causes += [f"cold_{name}"] * (conditions is None) + [f"quiet_{name}"] * quiet
            held |= conditions or {}
        days = self.known_days(time)
        causes += ["few_days"] * (len(days) < self.settings.m1_daily_surge_require_days)
        held["M1-6"] = any(
            surged(self.days[opened], self.days.get(opened - DAY), self.settings, short=self.short) for opened in days
        )
        self.not_ready.update(causes)
        if not causes:
            self._count(time, {name: held[name] for name in self.settings.conditions()})

    def _count(self, time: int, held: Held) -> None:
        self.ready += 1
        self.held.update(name for name, value in held.items() if value)
        parts = self._parts(held)
        if self.settings.preset != "nine_of_thirteen":
            self.combinations["+".join(part for part in ("S1", "S3", "S15") if parts[part]) or "none"] += 1
        for name, value in held.items():
            if not value:
                then = self._parts(held | {name: True})
                for part, counted in self.failures.items():
                    counted[name] += then[part] and not parts[part]
        if parts["ENTRY"]:
            self._enter(time, parts)

    def _parts(self, held: Held) -> dict[str, bool]:
        s = self.settings
        if s.preset == "nine_of_thirteen":
            return {"S1": False, "S3": False, "S15": False, "ENTRY": sum(held.values()) >= 9}

        def count(prefix: str) -> int:
            return sum(value for name, value in held.items() if name.startswith(prefix) and name != "M3-V32")

        one, three, fifteen = count("M1-") >= s.m1_min_true, count("M3-") == 5, count("M15-") >= s.m15_min_true
        entry = (one or three) and fifteen and (s.preset != "v32" or held["M3-V32"])
        return {"S1": one, "S3": three, "S15": fifteen, "ENTRY": entry}

    def _enter(self, time: int, parts: dict[str, bool]) -> None:
        self.entry_minutes += 1
        self.episodes += self.last_entry != time - MINUTE
        self.last_entry = time
        tags = {(True, True): "BOTH", (True, False): "ONE_MINUTE", (False, True): "THREE_MINUTE"}
        tag = tags.get((parts["S1"], parts["S3"]), "NINE_OF_THIRTEEN")
        frame = time // (3 * MINUTE)
        if parts["S3"] and self.spent == frame:
            return
        if parts["S3"]:
            self.spent = frame
        self.signals.append((time, tag, self.episodes))
