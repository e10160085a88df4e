"""The account-wide sensor."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sadari.kernel import Portfolio

SCALE = 10**8
SYMBOLS = 3

quantities = st.floats(-1e3, 1e3)
prices = st.floats(0.001, 1e5)
ratios = st.floats(0, 1)


@dataclass
class SlowPortfolio:
    """Every sum taken anew from the positions."""

    wallet: float = 0.0
    positions: list[tuple[float, float, float]] = field(default_factory=lambda: [(0.0, 0.0, 0.0)] * SYMBOLS)
    marks: list[float] = field(default_factory=lambda: [math.nan] * SYMBOLS)

    def equity(self) -> float:
        """Wallet balance and unrealized profit."""
        profit = sum(int(q * (self.valued(s) - avg) * SCALE) for s, (q, avg, _) in enumerate(self.positions))
        return float(round(self.wallet * SCALE) + profit) / SCALE

    def maint_margin(self) -> float:
        """Maintenance margin."""
        margins = [int(abs(q) * self.valued(s) * rate * SCALE) for s, (q, _, rate) in enumerate(self.positions)]
        return float(sum(margins)) / SCALE

    def valued(self, symbol: int) -> float:
        """The mark, or the average price before the first."""
        return self.positions[symbol][1] if math.isnan(self.marks[symbol]) else self.marks[symbol]


@settings(max_examples=200)
@given(data=st.data())
def test_the_running_sums_are_the_fresh_ones(data: st.DataObject) -> None:
    """After any sequence of balances, positions and marks the sums equal a recomputation to the last unit."""
    running, fresh = Portfolio(SYMBOLS), SlowPortfolio()
    for _ in range(data.draw(st.integers(1, 30))):
        symbol = data.draw(st.integers(0, SYMBOLS - 1))
        match data.draw(st.sampled_from(["wallet", "set", "mark", "mark"])):
            case "wallet":
                fresh.wallet = float(data.draw(st.integers(0, 10**6)))
                running.set_wallet(fresh.wallet)
            case "set":
                fresh.positions[symbol] = data.draw(st.tuples(quantities, prices, ratios))
                running.set(symbol, *fresh.positions[symbol])
            case "mark":
                fresh.marks[symbol] = data.draw(prices)
                running.mark(symbol, fresh.marks[symbol])
        assert (running.equity, running.maint_margin) == (fresh.equity(), fresh.maint_margin())


@settings(max_examples=300)
@given(data=st.data())
def test_a_block_that_could_not_cross_does_not_cross(data: st.DataObject) -> None:
    """Whenever `could_cross` says no, no marks within the extremes meet any threshold."""
    portfolio = Portfolio(SYMBOLS)
    portfolio.set_wallet(data.draw(st.floats(0, 1e6)))
    ranges = []
    for symbol in range(SYMBOLS):
        liquidation = data.draw(st.none() | prices)
        portfolio.set(symbol, data.draw(quantities), data.draw(prices), data.draw(ratios), 0.0, liquidation)
        ranges.append(sorted((data.draw(prices), data.draw(prices))))
        portfolio.mark(symbol, data.draw(st.floats(*ranges[symbol])))
    portfolio.arm(1, "equity", data.draw(st.floats(-1e8, 1e6)))
    portfolio.arm(2, "margin_ratio", data.draw(ratios))
    portfolio.arm(3, "liquidation_near", data.draw(ratios), data.draw(st.integers(0, SYMBOLS - 1)))
    portfolio.arm(4, "position_loss", data.draw(ratios), data.draw(st.integers(0, SYMBOLS - 1)))
    low, high = (array("d", [bounds[k] for bounds in ranges]) for k in (0, 1))
    if portfolio.could_cross(low, high):
        return
    for _ in range(5):
        symbol = data.draw(st.integers(0, SYMBOLS - 1))
        assert portfolio.mark(symbol, data.draw(st.floats(*ranges[symbol]))) is None


def long_account() -> Portfolio:
    """A wallet of 1,000 and 20 bought at 100."""
    portfolio = Portfolio(2)
    portfolio.set_wallet(1_000.0)
    portfolio.set(0, 20.0, 100.0, 0.01, 0.0, 60.0)
    return portfolio


@pytest.mark.parametrize(
    ("kind", "threshold", "symbol", "quiet", "met"),
    [
        ("equity", 900.0, None, 95.01, 95.0),
        ("margin_ratio", 0.06, None, 60.01, 60.0),
        ("liquidation_near", 0.25, 0, 80.01, 80.0),
        ("position_loss", 0.25, 0, 75.01, 75.0),
    ],
)
def test_each_threshold_is_inclusive(kind: str, threshold: float, symbol: int | None, quiet: float, met: float) -> None:
    """Just before the boundary nothing is raised, at the boundary it is, and once only."""
    portfolio = long_account()
    assert not portfolio.arm(5, kind, threshold, symbol)
    assert portfolio.mark(0, quiet) is None
    assert portfolio.mark(0, met) == [5]
    assert portfolio.mark(0, met) is None


def test_a_short_loses_upward() -> None:
    """The loss of a short grows with the price."""
    portfolio = Portfolio(1)
    portfolio.set(0, -4.0, 100.0)
    portfolio.arm(1, "position_loss", 0.25, 0, True)
    assert portfolio.mark(0, 75.0) is None
    assert [portfolio.mark(0, price) for price in (124.99, 125.0, 130.0)] == [None, [1], [1]]


def test_arming_compares_at_once() -> None:
    """A threshold that is met already says so, and `pending` raises it."""
    portfolio = long_account()
    portfolio.mark(0, 80.0)
    assert portfolio.arm(1, "equity", 600.0)
    assert portfolio.pending() == [1]
    assert portfolio.pending() == []
    assert not portfolio.disarm(1)


def test_a_mark_of_one_symbol_raises_no_threshold_of_another() -> None:
    """Only the marked symbol's position and the account are looked at."""
    portfolio = long_account()
    portfolio.mark(0, 70.0)
    portfolio.arm(1, "position_loss", 0.25, 0)
    assert portfolio.mark(1, 5.0) is None
    assert portfolio.mark(0, 70.0) == [1]


def test_an_impossible_mark_is_ignored() -> None:
    """Zero, negative and non-finite marks change nothing."""
    portfolio = long_account()
    portfolio.arm(1, "equity", 900.0)
    assert [portfolio.mark(0, price) for price in (0.0, -1.0, math.nan, math.inf)] == [None] * 4
    assert portfolio.equity == 1_000.0


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda p: p.mark(2, 1.0), "symbol is 2, but must be below the number of symbols, 2"),
        (lambda p: p.arm(1, "drawdown", 1.0), "kind is 'drawdown'"),
        (lambda p: p.arm(1, "equity", 1.0, 0), "symbol is 0, but must be absent"),
        (lambda p: p.arm(1, "position_loss", 1.0), "symbol is absent, but must be given"),
        (lambda p: p.arm(1, "equity", math.nan), "threshold is NaN, but must be a finite number"),
        (lambda p: p.set(0, math.inf, 1.0), "qty is inf"),
        (lambda p: p.could_cross(array("d", [1.0]), array("d", [1.0])), "length of low is 1"),
    ],
    ids=["symbol", "kind", "symbol of an account", "no symbol", "threshold", "quantity", "lengths"],
)
def test_a_bad_argument_is_refused_with_its_name_and_value(call: Callable[[Portfolio], object], sentence: str) -> None:
    """One sentence says what was wrong."""
    with pytest.raises(ValueError, match=sentence):
        call(long_account())
