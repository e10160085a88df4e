"""The figures of a report, as functions of plain sequences. A figure without a value is None, never NaN or infinity."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from sadari.model.units import DAY_NS

DAYS_PER_YEAR = 365

Sample = tuple[int, float]


class Drawdown(NamedTuple):
    """The deepest fall from a peak: ``amount`` and ``fraction`` of the peak, both zero or negative."""

    amount: float
    fraction: float
    peak_ns: int
    trough_ns: int


def drawdown(samples: Sequence[Sample]) -> Drawdown | None:
    """The deepest fall of a curve as a fraction of the peak before it; the earliest of equals.

    Args:
        samples: (time_ns, value), times not decreasing. While the peak is not positive a fraction means nothing and
            the sample is passed over.

    Returns:
        None if no sample has a positive peak.
    """
    if not samples:
        return None
    deepest: Drawdown | None = None
    peak_ns, peak = samples[0]
    for time_ns, value in samples:
        if value > peak:
            peak_ns, peak = time_ns, value
        if peak > 0 and (deepest is None or value / peak - 1 < deepest.fraction):
            deepest = Drawdown(value - peak, value / peak - 1, peak_ns, time_ns)
    return deepest


def daily_closes(samples: Sequence[Sample]) -> list[float]:
    """The first value, then the last one of each UTC day; a day without a sample keeps the one before."""
    if not samples:
        return []
    day, last = samples[0][0] // DAY_NS, samples[0][1]
    closes = [last]
    for time_ns, value in samples:
        while time_ns // DAY_NS > day:
            closes.append(last)
            day += 1
        last = value
    closes.append(last)
    return closes


def sharpe(closes: Sequence[float]) -> float | None:
    """Mean over sample deviation of the daily returns, without a risk-free rate, times the root of 365.

    Returns:
        None under two returns, without any deviation, or if a day starts with nothing left.
    """
    if min(closes[:-1], default=0.0) <= 0:
        return None
    returns = [after / before - 1 for before, after in pairwise(closes)]
    if len(returns) < 2:  # noqa: PLR2004 - a deviation takes two
        return None
    mean = math.fsum(returns) / len(returns)
    variance = math.fsum((value - mean) ** 2 for value in returns) / (len(returns) - 1)
    if variance <= 0:
        return None
    return mean / math.sqrt(variance) * math.sqrt(DAYS_PER_YEAR)


class Outcomes(NamedTuple):
    """What a set of finished trades amounts to; sums in quote currency, ``loss`` zero or negative."""

    wins: int
    losses: int
    even: int
    profit: Decimal
    loss: Decimal

    @property
    def trades(self) -> int:
        """How many trades there are."""
        return self.wins + self.losses + self.even

    @property
    def win_rate(self) -> float | None:
        """Wins over all finished trades, None without any; it is not the rate at which signals are filled."""
        return self.wins / self.trades if self.trades else None

    @property
    def profit_factor(self) -> float | None:
        """Profit over loss, None without any loss."""
        return float(self.profit / -self.loss) if self.loss else None

    @property
    def mean_win(self) -> float | None:
        """The mean of the winning results."""
        return float(self.profit) / self.wins if self.wins else None

    @property
    def mean_loss(self) -> float | None:
        """The mean of the losing results, negative."""
        return float(self.loss) / self.losses if self.losses else None

    @property
    def break_even_win_rate(self) -> float | None:
        """The win rate at which these mean wins and losses would cancel out."""
        if self.mean_win is None or self.mean_loss is None:
            return None
        return -self.mean_loss / (self.mean_win - self.mean_loss)


def outcomes(results: Iterable[Decimal]) -> Outcomes:
    """Count and add up the results of finished trades."""
    wins = losses = even = 0
    profit = loss = Decimal(0)
    for result in results:
        if result > 0:
            wins += 1
            profit += result
        elif result < 0:
            losses += 1
            loss += result
        else:
            even += 1
    return Outcomes(wins, losses, even, profit, loss)


def covered_ns(intervals: Iterable[tuple[int, int]]) -> int:
    """How long at least one of the half-open intervals runs."""
    total, reached = 0, None
    for start, end in sorted(intervals):
        begin = start if reached is None else max(start, reached)
        if end > begin:
            total += end - begin
        reached = end if reached is None else max(reached, end)
    return total


def step_mean(steps: Sequence[Sample], end_ns: int) -> float | None:
    """The time-weighted mean of a value that holds from each time to the next, the last one until ``end_ns``.

    Returns:
        None if no time passes.
    """
    if not steps or end_ns <= steps[0][0]:
        return None
    ends = [*(time_ns for time_ns, _ in steps[1:]), max(end_ns, steps[-1][0])]
    weighted = math.fsum(value * (end - start) for (start, value), end in zip(steps, ends, strict=True))
    return weighted / (ends[-1] - steps[0][0])


def highest_sum(spans: Iterable[tuple[int, int, Decimal]]) -> Decimal:
    """The largest sum of the amounts whose half-open (start, end, amount) spans run at one time."""
    turns = [(time_ns, amount) for start, end, value in spans for time_ns, amount in ((start, value), (end, -value))]
    highest = level = Decimal(0)
    for _, amount in sorted(turns):
        level += amount
        highest = max(highest, level)
    return highest


def rank_correlation(pairs: Sequence[tuple[float, float]]) -> float | None:
    """How far two figures order the same things alike: 1 the same order, 0 no relation, -1 the opposite order.

    Source: Spearman's rho, the correlation of the ranks; equals share the mean of their ranks.

    Returns:
        None under two pairs, or if one of the figures is the same for all.
    """
    if not pairs:
        return None
    middle = (len(pairs) + 1) / 2
    first, second = ([rank - middle for rank in _ranks(values)] for values in zip(*pairs, strict=True))
    spread = math.fsum(a * a for a in first) * math.fsum(b * b for b in second)
    return math.fsum(a * b for a, b in zip(first, second, strict=True)) / math.sqrt(spread) if spread else None


def _ranks(values: Sequence[float]) -> list[float]:
    """The place of each value from the smallest, counted from 1."""
    ordered = sorted(values)
    return [(bisect_left(ordered, value) + bisect_right(ordered, value) + 1) / 2 for value in values]
