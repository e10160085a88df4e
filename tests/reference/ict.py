"""The ICT concepts as strategies §7 tells them: each candle looks at everything before it anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil, isnan

from sadari.sensors.ict_settings import FACTS, IctSettings
from tests.reference import structure as slow_structure
from tests.reference.structure import Break, Swing

Bar = tuple[float, float, float, float]
# Row at which it is known, what, up, row of what it is about, lower and upper edge.
Fact = tuple[int, str, bool, int, float, float]
WHOLE = 10**8
# Strategies §3.3, D-28: so many candles before one at which a true range decides.
WARM = 150


def ranges(bars: Sequence[Bar], n: int = 14) -> list[float]:
    """ATR by its definition; NaN before row ``n``."""
    true = [
        max(high - low, abs(high - bars[row - 1][3]), abs(low - bars[row - 1][3])) if row else high - low
        for row, (_, high, low, _) in enumerate(bars)
    ]
    found = [float("nan")] * len(bars)
    for row in range(n, len(bars)):
        found[row] = sum(true[1 : n + 1]) / n if row == n else (found[row - 1] * (n - 1) + true[row]) / n
    return found


def alternating(swings: Sequence[Swing]) -> list[tuple[Swing, str]]:
    """Each swing, and what it does to the list of which no two of a kind follow one another."""
    last: Swing | None = None
    steps = []
    for swing in swings:
        if last is None or last[2] is not swing[2]:
            steps.append((swing, "SWING_ADDED"))
        elif swing[3] > last[3] if swing[2] else swing[3] < last[3]:
            steps.append((swing, "SWING_REPLACED"))
        else:
            steps.append((swing, "SWING_DROPPED"))
            continue
        last = swing
    return steps


def gaps(bars: Sequence[Bar], least: Sequence[float]) -> Iterator[Fact]:
    """Found, touched and filled, in the order of the gaps."""
    for row in range(1, len(bars) - 1):
        (_, high0, low0, _), (o, _, _, c), (_, high2, low2, _) = bars[row - 1 : row + 2]
        if high0 < low2 and c > o:
            up, bottom, top = True, high0, low2
        elif low0 > high2 and c < o:
            up, bottom, top = False, high2, low0
        else:
            continue
        if not top - bottom >= least[row + 1]:
            continue
        yield row + 1, "GAP_FOUND", up, row, bottom, top
        later = range(row + 2, len(bars))
        touched = (j for j in later if (bars[j][2] <= top if up else bars[j][1] >= bottom))
        filled = (j for j in later if (bars[j][3] < bottom if up else bars[j][3] > top))
        for name, found in (("GAP_TOUCHED", touched), ("GAP_FILLED", filled)):
            known = next(found, None)
            if known is not None:
                yield known, name, up, row, bottom, top


def blocks(bars: Sequence[Bar], breaks: Sequence[Break], select: str) -> Iterator[Fact]:
    """Created and mitigated, in the order of the breaks."""
    for row, up, _, swing, _ in breaks:
        between = range(swing + 1, row)
        if len(between) == 0:
            between = range(row - 1, row)
        elif select == "LAST_OPPOSITE":
            against = [j for j in between if (bars[j][3] < bars[j][0] if up else bars[j][3] > bars[j][0])]
            if not against:
                continue
            between = range(against[-1], against[-1] + 1)
        at = min(between, key=lambda j: (bars[j][2] if up else -bars[j][1], -j))
        _, top, bottom, _ = bars[at]
        yield row, "BLOCK_CREATED", up, at, bottom, top
        later = (j for j in range(row + 1, len(bars)) if (bars[j][2] < bottom if up else bars[j][1] > top))
        mitigated = next(later, None)
        if mitigated is not None:
            yield mitigated, "BLOCK_MITIGATED", up, at, bottom, top


def pools(levels: Sequence[tuple[int, float]], tolerance: float) -> list[list[tuple[int, float]]]:
    """Levels (row, price) grouped greedily from the highest down; equal ones by age."""
    found: list[list[tuple[int, float]]] = []
    for level in sorted(levels, key=lambda one: (-one[1], one[0])):
        if found and found[-1][0][1] - level[1] <= tolerance:
            found[-1].append(level)
        else:
            found.append([level])
    return found


def liquidity(bars: Sequence[Bar], swings: Sequence[Swing], eq_tol: float) -> Iterator[Fact]:
    """What candles took: buy-side from the highest pool down, then sell-side from the lowest up."""
    line = ranges(bars)
    live: dict[bool, list[tuple[int, float]]] = {True: [], False: []}
    for row, bar in enumerate(bars):
        for up in (True, False):
            sign = 1 if up else -1
            tolerance = tolerance_at(line, row - 1, eq_tol)
            high, close = (bar[1], bar[3]) if up else (-bar[2], -bar[3])
            for pool in pools(live[up], tolerance):
                at, level = pool[0]
                if high > level:
                    how = "SWEPT" if close < level else "BROKEN" if close > level else "MET"
                    edges = sorted((sign * level, sign * pool[-1][1]))
                    yield row, f"LIQUIDITY_{how}", up, at, edges[0], edges[1]
            live[up] = [one for one in live[up] if one[1] >= high]
            live[up] += [(at, sign * level) for known, at, kind, level in swings if known == row and kind is up]


def tolerance_at(line: Sequence[float], row: int, eq_tol: float) -> float:
    """How far apart the levels of a pool may be; 0 while it is undefined."""
    return 0.0 if row < 0 or isnan(line[row]) else eq_tol * line[row]


def facts(bars: Sequence[Bar], rules: IctSettings) -> list[Fact]:
    """All of it, sorted."""
    _, high, low, close = ([float(price) for price in column] for column in zip(*bars, strict=True))
    left, right = rules.swing_left, rules.swing_right
    swings = slow_structure.swings(high, low, left, right)
    breaks = slow_structure.breaks(high, low, close, left, right)
    least = [rules.min_fvg_atr * size if rules.min_fvg_atr else 0.0 for size in ranges(bars)]
    found = [*gaps(bars, least), *blocks(bars, breaks, rules.ob_select), *liquidity(bars, swings, rules.eq_tol)]
    found += [(row, name, up, at, level, level) for (row, at, up, level), name in alternating(swings)]
    found += [(row, "CHOCH" if turned else "BOS", up, at, level, level) for row, up, turned, at, level in breaks]
    return sorted(found, key=order)


def order(fact: Fact) -> tuple[int, int, bool, int]:
    """Facts of one candle by kind, side and row."""
    return fact[0], FACTS.index(fact[1]), fact[2], fact[3]


@dataclass(frozen=True)
class Entry:
    """An entry, prices exact."""

    price: Fraction
    stop: Fraction
    extreme: float
    swept: float
    broken: float
    gap: tuple[int, float, float]
    liquidity: float | None
    turned: bool


# Row, SHORT, row of the sweep, what.
Said = tuple[int, bool, int, str, Entry | None]


def exact(price: float) -> Fraction:
    """The decimal that a price is written as."""
    return Fraction(Decimal(repr(price)))


class Model:
    """The entry model over candles that follow one another."""

    def __init__(self, bars: Sequence[Bar], rules: IctSettings, tick: Fraction) -> None:
        self.bars = bars
        self.rules = rules
        self.tick = tick
        self.line = ranges(bars)
        _, high, low, close = ([float(price) for price in column] for column in zip(*bars, strict=True))
        self.swings = slow_structure.swings(high, low, rules.swing_left, rules.swing_right)
        self.breaks = {
            one[0]: one for one in slow_structure.breaks(high, low, close, rules.swing_left, rules.swing_right)
        }
        least = [rules.min_fvg_atr * size if rules.min_fvg_atr else 0.0 for size in self.line]
        self.gaps = list(gaps(bars, least))
        self.taken = list(liquidity(bars, self.swings, rules.eq_tol))

    def said(self) -> list[Said]:
        """All that is said, sorted."""
        found = [*self.side(short=True), *self.side(short=False)]
        return sorted(found, key=lambda one: (one[0], not one[1]))

    def side(self, *, short: bool) -> Iterator[Said]:
        """What one side's set-ups say."""
        free = 0
        swept: dict[int, float] = {}
        for row, what, up, _, bottom, top in self.taken:
            if what == "LIQUIDITY_SWEPT" and up is short and row not in swept:
                swept[row] = top if short else bottom
        for row, level in swept.items():
            if row < free:
                continue
            at, what, entry, top = self.setup(row, level, short=short)
            if at is None:
                return
            if entry is None:
                yield at, short, row, what, None
                free = at
                continue
            yield at, short, row, "ENTRY", entry
            free = len(self.bars)
            for ended, why in self.waiting(at, entry, top, short=short):
                yield ended, short, row, why, None
                free = min(free, ended)

    def mirrored(self, row: int, *, short: bool) -> Bar:
        """A candle as the side sees it."""
        first, high, low, last = self.bars[row]
        return (first, high, low, last) if short else (-first, -low, -high, -last)

    def setup(self, sweep: int, level: float, *, short: bool) -> tuple[int | None, str, Entry | None, float]:
        """When a set-up ends, how, its entry if it has one, and the far edge of the gap as the side sees it."""
        last = sweep + self.rules.shift_within
        for row in range(sweep + 1, min(last, len(self.bars) - 1) + 1):
            seen = [self.mirrored(one, short=short) for one in range(sweep, row + 1)]
            if seen[-1][3] > max(bar[1] for bar in seen[:-1]):
                return row, "SETUP_INVALIDATED", None, 0.0
            broken = self.breaks.get(row)
            if broken is not None and broken[1] is not short:
                return self.shift(sweep, row, level, broken, short=short)
            if row == last:
                return row, "SETUP_EXPIRED", None, 0.0
        return None, "", None, 0.0

    def shift(
        self, sweep: int, row: int, level: float, broken: Break, *, short: bool
    ) -> tuple[int, str, Entry | None, float]:
        """The entry that a shift gives."""
        sign = 1 if short else -1
        if (self.rules.target == "ATR" or self.rules.stop != "REVERSAL") and row < WARM:
            return row, "NOT_READY", None, 0.0
        seen = [self.mirrored(one, short=short) for one in range(sweep, row + 1)]
        filled = {(at, up) for known, what, up, at, _, _ in self.gaps if what == "GAP_FILLED" and known <= row}
        found = [
            (sign * (bottom if short else top), sign * (top if short else bottom), at, bottom, top)
            for known, what, up, at, bottom, top in self.gaps
            if what == "GAP_FOUND" and up is not short and sweep <= at <= row - 1 and (at, up) not in filled
        ]
        if not found:
            return row, "NO_GAP", None, 0.0
        near, far, at, bottom, top = max(found, key=lambda one: (one[0], one[2]))
        depth = exact(abs(far)) * (1 if far > 0 else -1) - exact(abs(near)) * (1 if near > 0 else -1)
        deep = Fraction(str(self.rules.entry_level)) * depth + exact(abs(near)) * (1 if near > 0 else -1)
        price = sign * ceil(deep / self.tick) * self.tick
        extreme = sign * max(bar[1] for bar in seen)
        equilibrium = (exact(extreme) + exact(broken[4])) / 2
        if sign * price < sign * equilibrium:
            return row, "NOT_IN_PREMIUM" if short else "NOT_IN_DISCOUNT", None, 0.0
        stop = self.stop(row, price, exact(extreme) * (1 + sign * Fraction(str(self.rules.stop_buffer))), short=short)
        nearest = self.nearest(row, sign * min(bar[2] for bar in seen), short=short)
        return (
            row, "ENTRY",
            Entry(price, stop, extreme, level, broken[4], (at, bottom, top), nearest, turned=broken[2]), far,
        )  # fmt: skip

    def stop(self, row: int, price: Fraction, reversal: Fraction, *, short: bool) -> Fraction:
        """The stop: beyond the extreme, so many true ranges away, or one of both."""
        if self.rules.stop == "REVERSAL":
            return reversal
        times = self.rules.stop_atr_short if short else self.rules.stop_atr_long
        away = Fraction(times * self.line[row])
        found = {"ATR": away, "WIDER": max(abs(reversal - price), away), "TIGHTER": min(abs(reversal - price), away)}
        return price + (1 if short else -1) * found[self.rules.stop]

    def nearest(self, row: int, price: float, *, short: bool) -> float | None:
        """The nearest unswept pool beyond a price on the other side, as known at a close."""
        sign = -1 if short else 1
        live = []
        for known, at, up, level in self.swings:
            if up is short or known > row:
                continue
            later = range(known + 1, row + 1)
            if all((bar[1] <= level) if up else (bar[2] >= level) for bar in (self.bars[one] for one in later)):
                live.append((at, sign * level))
        tolerance = tolerance_at(self.line, row, self.rules.eq_tol)
        beyond = [pool[0][1] for pool in pools(live, tolerance) if pool[0][1] > sign * price]
        return sign * beyond[-1] if beyond else None

    def waiting(self, row: int, entry: Entry, far: float, *, short: bool) -> Iterator[tuple[int, str]]:
        """What becomes of an entry that waits for price."""
        sign = 1 if short else -1
        target = self.target(row, entry, short=short)
        reached, before = False, sign * exact(sign * self.mirrored(row, short=short)[3]) > sign * target
        for now in range(row + 1, len(self.bars)):
            _, high, low, close = self.mirrored(now, short=short)
            if not reached and sign * exact(sign * high) >= sign * entry.price:
                reached = True
                yield now, "REACHED"
            elif not reached:
                here = [sign * exact(sign * price) > sign * target for price in (high, low, close)]
                if not here[1] if before else here[0] and not here[2]:
                    yield now, "TARGET_FIRST"
                    return
                before = before or here[2]
            broken = self.breaks.get(now)
            if close > far:
                yield now, "GAP_FILLED"
                return
            if broken is not None and broken[1] is short:
                yield now, "OPPOSITE_EVENT"
                return
            if now == row + self.rules.entry_ttl:
                if not reached:
                    yield now, "TIMED_OUT"
                return

    def target(self, row: int, entry: Entry, *, short: bool) -> Fraction:
        """The first target."""
        sign = 1 if short else -1
        if self.rules.target == "ATR":
            times = self.rules.target_atr_short if short else self.rules.target_atr_long
            return entry.price - sign * Fraction(times * self.line[row])
        if self.rules.target == "STRUCTURE" and entry.liquidity is not None:
            return exact(entry.liquidity)
        return entry.price - (entry.stop - entry.price) * Fraction(str(self.rules.target_r[0]))
