"""The figures of a report on sequences whose answer is known."""

from __future__ import annotations

import math
import statistics
from decimal import Decimal
from itertools import pairwise

import pytest

from sadari.model.units import DAY_NS, HOUR_NS
from sadari.research import metrics

D = Decimal


def samples(*values: float) -> list[tuple[int, float]]:
    """Values one hour apart."""
    return [(hour * HOUR_NS, value) for hour, value in enumerate(values)]


def test_the_drawdown_is_the_deepest_fall_from_the_peak_before_it() -> None:
    """120 to 90 is a quarter; the lower trough 84 after the higher peak 105 is a fifth of it."""
    assert metrics.drawdown(samples(100, 120, 90, 105, 84, 130)) == (-36, 84 / 120 - 1, HOUR_NS, 4 * HOUR_NS)


def test_a_later_lower_trough_from_a_higher_peak_can_be_the_smaller_fall() -> None:
    """40 of 100 beats 50 of 200: the fraction decides, not the amount."""
    assert metrics.drawdown(samples(100, 60, 200, 150)) == (-40, 60 / 100 - 1, 0, HOUR_NS)


def test_a_curve_that_only_rises_has_no_drawdown() -> None:
    """The fall is zero, which is not the same as not known."""
    fall = metrics.drawdown(samples(1, 2, 3))
    assert fall is not None
    assert (fall.amount, fall.fraction) == (0, 0)


@pytest.mark.parametrize("values", [(), (0, 0), (-5, -10)], ids=["empty", "zero", "below zero"])
def test_without_a_positive_peak_there_is_no_drawdown(values: tuple[float, ...]) -> None:
    """A fraction of nothing means nothing."""
    assert metrics.drawdown(samples(*values)) is None


def test_daily_closes_are_the_last_values_of_utc_days_and_a_silent_day_keeps_the_one_before() -> None:
    """Days 0, 1 and 3 have samples, day 2 has none."""
    curve = [(0, 100.0), (HOUR_NS, 101.0), (DAY_NS - 1, 102.0), (DAY_NS, 103.0), (3 * DAY_NS, 104.0)]
    assert metrics.daily_closes(curve) == [100, 102, 103, 103, 104]


@pytest.mark.requirement("R000-24")
def test_sharpe_is_mean_over_deviation_of_daily_returns_for_a_year_of_365_days() -> None:
    """The same by the statistics module."""
    closes = [100.0, 101.0, 99.0, 102.5, 102.5, 104.0]
    returns = [b / a - 1 for a, b in pairwise(closes)]
    twin = statistics.mean(returns) / statistics.stdev(returns) * math.sqrt(365)
    assert metrics.sharpe(closes) == pytest.approx(twin, rel=1e-12)


@pytest.mark.parametrize(
    "closes", [[], [100.0], [100.0, 101.0], [100.0, 100.0, 100.0], [100.0, 0.0, 50.0]],
    ids=["nothing", "a start", "one day", "no deviation", "nothing left"],
)  # fmt: skip
def test_sharpe_is_not_defined_without_deviation_or_capital(closes: list[float]) -> None:
    """Too short, too flat or ruined: no figure."""
    assert metrics.sharpe(closes) is None


@pytest.mark.requirement("R000-24", "R003-2")
def test_win_rate_profit_factor_and_break_even_follow_from_the_results() -> None:
    """Two wins of 30 and 10, one loss of 20, one zero."""
    done = metrics.outcomes([D(30), D(-20), D(0), D(10)])
    assert (done.wins, done.losses, done.even, done.trades) == (2, 1, 1, 4)
    assert (done.win_rate, done.profit_factor, done.mean_win, done.mean_loss) == (0.5, 2.0, 20.0, -20.0)
    assert done.break_even_win_rate == 0.5


def test_figures_that_need_a_loss_or_a_trade_are_none_without_one() -> None:
    """No division by nothing, no infinity."""
    winning, none = metrics.outcomes([D(1)]), metrics.outcomes([])
    assert (winning.profit_factor, winning.break_even_win_rate, winning.win_rate) == (None, None, 1.0)
    assert (none.profit_factor, none.win_rate, none.mean_win, none.mean_loss) == (None, None, None, None)


def test_time_in_market_counts_overlaps_once() -> None:
    """[0,10) and [5,20) and [30,40) cover 30; an interval inside another adds nothing."""
    assert metrics.covered_ns([(30, 40), (0, 10), (5, 20), (6, 7)]) == 30


def test_a_step_counts_by_how_long_it_holds() -> None:
    """0.1 for 10, 0.5 for 30."""
    assert metrics.step_mean([(0, 0.1), (10, 0.5)], 40) == pytest.approx(0.4)
    assert metrics.step_mean([(0, 0.1)], 0) is None


def test_amounts_at_one_time_leave_out_what_has_ended_at_that_very_time() -> None:
    """A span that ends where the next begins is not counted with it."""
    assert metrics.highest_sum([(0, 10, D(5)), (10, 20, D(4)), (12, 15, D(3))]) == 7
