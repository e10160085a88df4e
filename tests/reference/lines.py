"""Lines as their definitions say them: every window anew, sums rounded once, recursions step by step.

Source: strategies §2, D-28. ``None`` stands for a row without a value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise

Line = list[float | None]
TOLERANCE = 1e-9


def over_windows(x: Sequence[float], n: int, value: Callable[[Sequence[float]], float]) -> Line:
    """A value for each window of ``n``; None before the first whole one."""
    return [value(x[row + 1 - n : row + 1]) if row + 1 >= n else None for row in range(len(x))]


def mean(window: Sequence[float]) -> float:
    """The mean, from a sum that is rounded once."""
    return math.fsum(window) / len(window)


def deviation(window: Sequence[float]) -> float:
    """The population standard deviation, around a mean that is exact."""
    center = sum(map(Fraction, window)) / len(window)
    return math.sqrt(sum((Fraction(x) - center) ** 2 for x in window) / len(window))


def sma(x: Sequence[float], n: int) -> Line:
    """Simple moving average."""
    return over_windows(x, n, mean)


def bollinger(x: Sequence[float], n: int, k: float) -> tuple[Line, Line, Line]:
    """Middle, upper and lower band."""
    return (
        sma(x, n),
        over_windows(x, n, lambda window: mean(window) + k * deviation(window)),
        over_windows(x, n, lambda window: mean(window) - k * deviation(window)),
    )


def smoothed(x: Sequence[float], n: int, step: Callable[[float, float], float]) -> Line:
    """The mean of the first ``n`` values, then ``step(previous, value)``."""
    line: Line = [None] * min(n - 1, len(x))
    if len(x) >= n:
        now = mean(x[:n])
        line.append(now)
        for value in x[n:]:
            now = step(now, value)
            line.append(now)
    return line


def wilder(x: Sequence[float], n: int) -> Line:
    """Wilder's smoothing."""
    return smoothed(x, n, lambda previous, value: (previous * (n - 1) + value) / n)


def ema(x: Sequence[float], n: int) -> Line:
    """Exponential mean of span ``n``."""
    return smoothed(x, n, lambda previous, value: (previous * (n - 1) + 2 * value) / (n + 1))


def atr(high: Sequence[float], low: Sequence[float], close: Sequence[float], n: int) -> Line:
    """Wilder's average true range."""
    ranges = [
        max(top - bottom, abs(top - previous), abs(bottom - previous))
        for top, bottom, previous in zip(high[1:], low[1:], close, strict=False)
    ]
    return [None, *wilder(ranges, n)] if close else []


def natr(high: Sequence[float], low: Sequence[float], close: Sequence[float], n: int) -> Line:
    """Wilder's average true range in percent of the close."""
    return [None if a is None else 100 * a / c for a, c in zip(atr(high, low, close, n), close, strict=True)]


def rsi(x: Sequence[float], n: int) -> Line:
    """Wilder's relative strength index; 50 where nothing moved."""
    steps = [now - before for before, now in pairwise(x)]
    gains, losses = wilder([max(s, 0.0) for s in steps], n), wilder([max(-s, 0.0) for s in steps], n)
    line: Line = [None] if x else []
    for gain, loss in zip(gains, losses, strict=True):
        if gain is None or loss is None:
            line.append(None)
        else:
            line.append(100 * gain / (gain + loss) if gain + loss else 50.0)
    return line


def percentile(x: Sequence[float], w: int) -> Line:
    """Share of the window that is not above its last value."""
    return over_windows(x, w, lambda window: 100 * sum(not above(past, window[-1]) for past in window) / w)


def above(a: float, b: float) -> bool:
    """More than the tolerance above."""
    return a - b > TOLERANCE * abs(b)


def crosses(a: Line, b: Line) -> tuple[list[int], list[int]]:
    """Rows of golden and dead crosses."""
    golden, dead = [], []
    for row in range(1, len(a)):
        before, beside_before, now, beside_now = a[row - 1], b[row - 1], a[row], b[row]
        if before is None or beside_before is None or now is None or beside_now is None:
            continue
        if not above(before, beside_before) and above(now, beside_now):
            golden.append(row)
        if not below(before, beside_before) and below(now, beside_now):
            dead.append(row)
    return golden, dead


def below(a: float, b: float) -> bool:
    """More than the tolerance below."""
    return b - a > TOLERANCE * abs(b)


def runs(x: Sequence[float], m: int, moves: Callable[[float, float], bool]) -> list[int]:
    """Rows that end ``m`` moves in a row."""
    return [row for row in range(m, len(x)) if all(moves(x[i], x[i - 1]) for i in range(row - m + 1, row + 1))]
