"""The scanner as strategies §4 tells it: at each scan all hours are looked at anew, prices are exact fractions."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from sadari.model.units import HOUR_NS
from tests.reference.tapes import Columns

Row = tuple[int, float, float, float, float, float, float]
TOLERANCE = Fraction(1, 10**9)


@dataclass(frozen=True)
class Quoted(Columns):
    """Candles with quote volumes."""

    quote_volume: memoryview | None = None


def quoted(rows: Sequence[Row], interval_ns: int, *, known: bool = True) -> Quoted:
    """Columns of rows; without the last one if quote volumes are not known."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * 7
    times = memoryview(array("q", columns[0]))
    opens, highs, lows, closes, volumes, quotes = (memoryview(array("d", column)) for column in columns[1:])
    return Quoted(times, opens, highs, lows, closes, volumes, interval_ns, quotes if known else None)


def whole_hours(rows: Sequence[Row], interval_ns: int, *, known: bool = True) -> dict[int, Row]:
    """Hours of which no candle is missing, by the time they close."""
    parts: dict[int, list[Row]] = {}
    for row in rows:
        parts.setdefault(row[0] // HOUR_NS, []).append(row)
    hours = {}
    for number, part in parts.items():
        if len(part) == HOUR_NS // interval_ns:
            _, opens, highs, lows, closes, volumes, quotes = zip(*part, strict=True)
            amounts = quotes if known else [c * v for c, v in zip(closes, volumes, strict=True)]
            hour = (number * HOUR_NS, opens[0], max(highs), min(lows), closes[-1], sum(volumes), sum(amounts))
            hours[hour[0] + HOUR_NS] = hour
    return hours


def exact(price: float) -> Fraction:
    """The decimal that a price is written as."""
    return Fraction(repr(price))


def verdicts(
    rows: Sequence[Row],
    interval_ns: int,
    *,
    old: bool = False,
    short: bool = False,
    known: bool = True,
    longer: Mapping[int, Row] | None = None,
) -> list[int]:
    """The mask of each scan; -1 where hours are missing, -2 where too many had no trade."""
    own = whole_hours(rows, interval_ns, known=known)
    older = {end: hour for end, hour in (longer or {}).items() if hour[0] < rows[0][0]}
    hours = older | own
    found = []
    for row in rows:
        last = (row[0] + interval_ns) // HOUR_NS * HOUR_NS
        day = [hours.get(last - back * HOUR_NS) for back in range(23, -1, -1)]
        present = [hour for hour in day if hour is not None]
        if len(present) < len(day):
            found.append(-1)
        elif sum(hour[5] == 0 for hour in present[-20:]) > 5:
            found.append(-2)
        else:
            held = (old_filter if old else option_b)(present, row[4], sign=-1 if short else 1)
            found.append(sum(1 << bit for bit, holds in enumerate(held) if holds))
    return found


def option_b(day: Sequence[Row], price: float, sign: int) -> list[bool]:
    """SC-1 to SC-4."""
    window, baseline = day[-4:], Fraction(sum(hour[6] for hour in day[:-4])) / 20
    volume = Fraction(sum(hour[6] for hour in window)) / 4
    return [
        risen(window, Fraction(3, 100), sign),
        sign * (exact(price) / exact(window[0][1]) - 1) > 0,
        baseline > 0 and volume >= Fraction(3, 2) * baseline * (1 - TOLERANCE),
        sum(sign * (hour[4] - hour[1]) > 0 for hour in window) >= 2,
    ]


def old_filter(day: Sequence[Row], price: float, sign: int) -> list[bool]:
    """A rise of 2 % in one of four hours, a change of 4 % over the day."""
    change = sign * (exact(price) / exact(day[0][1]) - 1)
    return [risen(day[-4:], Fraction(2, 100), sign), change >= Fraction(4, 100)]


def risen(window: Sequence[Row], share: Fraction, sign: int) -> bool:
    """Whether one hour goes a share of its open away from it."""
    return any(
        sign * (exact(hour[2] if sign > 0 else hour[3]) - exact(hour[1])) / exact(hour[1]) >= share for hour in window
    )


def age_ns(closes: Sequence[int], masks: Sequence[int], every: int, time_ns: int) -> int | None:
    """The time since the last candidate scan."""
    scans = [close for close, mask in zip(closes, masks, strict=True) if mask == every and close <= time_ns]
    return time_ns - scans[-1] if scans else None
