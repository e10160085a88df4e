"""Intervals in which a mean or a share may be expected, 95 % each, as functions of plain sequences."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from functools import lru_cache
from statistics import NormalDist

LEVEL = 0.95
NORMAL = NormalDist().inv_cdf((1 + LEVEL) / 2)
ENOUGH = 1e-12

Interval = tuple[float, float]


def of_mean(clusters: Collection[Sequence[float]]) -> Interval | None:
    """The interval of the mean of all values, where values of one cluster may go together in any way.

    The variance of the mean is ``G/(G-1) * sum over clusters of (sum of residuals)^2 / N^2``, its distribution
    Student's t with ``G-1`` degrees of freedom.

    Source: Cameron and Miller, "A Practitioner's Guide to Cluster-Robust Inference", Journal of Human Resources 50
    (2015), for a regression on a constant.

    Args:
        clusters: The values of each cluster; none of them is empty.

    Returns:
        None under two clusters.
    """
    count = len(clusters)
    if count < 2:  # noqa: PLR2004 - a deviation takes two
        return None
    values = sum(map(len, clusters))
    mean = math.fsum(map(math.fsum, clusters)) / values
    residuals = [math.fsum(value - mean for value in cluster) for cluster in clusters]
    variance = count / (count - 1) * math.fsum(sum_ * sum_ for sum_ in residuals) / values**2
    reach = student(count - 1) * math.sqrt(variance)
    return mean - reach, mean + reach


def of_share(hits: int, trials: int) -> Interval | None:
    """The interval of a share, as if trials did not depend on each other.

    Source: Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", Journal of the American
    Statistical Association 22 (1927).

    Returns:
        None without trials.
    """
    if not trials:
        return None
    share, part = hits / trials, NORMAL**2 / trials
    middle = share + part / 2
    reach = math.sqrt(part * (share * (1 - share) + part / 4))
    return max((middle - reach) / (1 + part), 0.0), min((middle + reach) / (1 + part), 1.0)


@lru_cache
def student(freedom: int) -> float:
    """How many deviations hold 95 % of Student's t distribution, half of the rest on each side.

    Found by Newton's steps from the normal distribution's figure, which is below it: as the share grows ever slower,
    no step goes too far.
    """
    half = freedom / 2
    scale = 2 * math.exp(math.lgamma(half + 0.5) - math.lgamma(half)) / math.sqrt(freedom * math.pi)
    reach, step = NORMAL, 1.0
    while step > ENOUGH * reach:
        density = scale * (1 + reach * reach / freedom) ** -(half + 0.5)
        step = (LEVEL - _within(reach, freedom)) / density
        reach += step
    return reach


def _within(reach: float, freedom: int) -> float:
    """The share of Student's t distribution within a distance of zero.

    Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4.
    """
    angle = math.atan2(reach, math.sqrt(freedom))
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = freedom % 2
    term = cosine if odd else 1.0
    total = term if freedom > 1 else 0.0
    for power in range(2 + odd, freedom - 1, 2):
        term *= (power - 1) / power * cosine * cosine
        total += term
    return 2 / math.pi * (angle + sine * total) if odd else sine * total
