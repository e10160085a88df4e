"""Intervals, against tables and against cases worked by hand."""

from __future__ import annotations

import math
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.research.intervals import of_mean, of_share, student

values = st.floats(-1_000, 1_000)
clusters = st.lists(st.lists(values, min_size=1, max_size=6), min_size=2, max_size=12)


@pytest.mark.parametrize(("freedom", "reach"), [
    (1, 12.706205), (2, 4.302653), (3, 3.182446), (4, 2.776445), (5, 2.570582), (6, 2.446912), (10, 2.228139),
    (29, 2.045230), (30, 2.042272), (60, 2.000298), (120, 1.979930), (1_000, 1.962339),
])  # fmt: skip
def test_students_figure_is_that_of_the_tables(freedom: int, reach: float) -> None:
    """Two-sided 95 %."""
    assert student(freedom) == pytest.approx(reach, abs=1e-6)


def test_two_clusters_worked_by_hand() -> None:
    """1 and 2 go together, 3 stands alone: mean 2, residuals -1 and 1, variance 2/1 * 2 / 3^2, deviation 2/3."""
    low, high = of_mean([[1.0, 2.0], [3.0]]) or (0.0, 0.0)
    assert (low, high) == pytest.approx((2 - 12.706205 * 2 / 3, 2 + 12.706205 * 2 / 3), abs=1e-5)


def test_three_clusters_worked_by_hand() -> None:
    """Mean 3, residuals 3, -2 and -1, variance 3/2 * 14 / 6^2 = 7/12."""
    found = of_mean([[5.0, 4.0], [1.0, 3.0], [2.0, 3.0]])
    reach = 4.302653 * math.sqrt(7 / 12)
    assert found == pytest.approx((3 - reach, 3 + reach), abs=1e-5)


def test_signals_that_stand_alone_have_the_ordinary_interval_of_a_mean() -> None:
    """Mean 2, sample deviation 1, over the root of 3."""
    assert of_mean([[1.0], [2.0], [3.0]]) == pytest.approx((2 - 2.484138, 2 + 2.484138), abs=1e-6)


@pytest.mark.parametrize("few", [[], [[1.0]], [[1.0, 2.0, 3.0]]])
def test_under_two_clusters_there_is_no_interval(few: list[list[float]]) -> None:
    """However many values one cluster has: they share one move."""
    assert of_mean(few) is None


@given(clusters)
def test_the_same_signal_raised_again_in_its_episode_tells_nothing_new(found: list[list[float]]) -> None:
    """Each value twice in its cluster leaves the interval where it is; each cluster twice would narrow it."""
    twice = [cluster + cluster for cluster in found]
    assert of_mean(twice) == pytest.approx(of_mean(found), rel=1e-9, abs=1e-6)


@given(clusters)
def test_the_mean_is_in_the_middle(found: list[list[float]]) -> None:
    """The interval is that of the mean of all values."""
    low, high = of_mean(found) or (0.0, 0.0)
    every = list(chain.from_iterable(found))
    assert (low + high) / 2 == pytest.approx(sum(every) / len(every), abs=1e-6)


@pytest.mark.parametrize(("hits", "trials", "low", "high"), [
    (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718),
    (29, 29, 0.8830, 1.0),
])  # fmt: skip
def test_a_shares_interval_is_that_of_the_literature(hits: int, trials: int, low: float, high: float) -> None:
    """Source: Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17."""
    assert of_share(hits, trials) == pytest.approx((low, high), abs=5e-5)


def test_a_share_of_nothing_has_no_interval() -> None:
    """It is not known, not zero."""
    assert of_share(0, 0) is None
