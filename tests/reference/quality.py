"""What became of a signal, and how alike two symbols move, as their definitions tell it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction

from tests.reference.scanner import Row, exact

RIGHT, WRONG, UNDECIDED, ENDED, HOLE, ABSENT = range(6)


def outcome(rows: Sequence[Row], interval_ns: int, close_ns: int, sign: int, share: Fraction, candles: int) -> int:
    """The outcome of one signal, for so many candles after it."""
    by_close = {row[0] + interval_ns: row for row in rows}
    if close_ns not in by_close:
        return ABSENT
    price = exact(by_close[close_ns][4])
    for number in range(1, candles + 1):
        now_ns = close_ns + number * interval_ns
        row = by_close.get(now_ns)
        if row is None:
            return HOLE if now_ns < max(by_close) else ENDED
        up, down = exact(row[2]) >= price * (1 + share), exact(row[3]) <= price * (1 - share)
        if down if sign > 0 else up:
            return WRONG
        if up or down:
            return RIGHT
    return UNDECIDED


def correlation(
    a: Mapping[int, float], b: Mapping[int, float], step: int, n: int, least: int, time: int
) -> float | None:
    """Pearson's correlation over closes by their closing time."""

    def returns(closes: Mapping[int, float]) -> dict[int, float]:
        return {
            end: math.log(closes[end] / closes[end - step])
            for end in closes
            if end - step in closes and time - n * step < end <= time
        }

    of_a, of_b = returns(a), returns(b)
    shared = sorted(of_a.keys() & of_b.keys())
    if len(shared) < max(least, 2):
        return None
    x, y = ([Fraction(values[end]) for end in shared] for values in (of_a, of_b))
    dx, dy = ([value - sum(values) / len(values) for value in values] for values in (x, y))
    size = float(sum(d * d for d in dx) * sum(d * d for d in dy))
    return float(sum(p * q for p, q in zip(dx, dy, strict=True))) / math.sqrt(size) if size else None
