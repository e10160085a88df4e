"""What holds for any position: averages, margin and liquidation against exact fractions."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from sadari.exchange.accounts import PositionState
from sadari.exchange.margin import bankruptcy_price, exact, initial_margin, liquidation_price
from sadari.model.instrument import Bracket
from sadari.model.order import MarginMode, Side
from sadari.model.plan import Fees
from tests.exchange_orders import BTC, INSTRUMENT, D, T, exchange, fills, order

UNIT = Fraction(1, 10**8)

prices = st.decimals("0.01", "99999.99", places=2)
quantities = st.decimals("0.001", "99.999", places=3)
sides = st.sampled_from(Side)


@st.composite
def brackets(draw: st.DrawFn) -> tuple[Bracket, ...]:
    """Brackets with growing rates, continuous by their cums, as a venue has them."""
    floors = [0, *sorted(draw(st.sets(st.integers(1, 2_000_000), max_size=5)))]
    rates = sorted(draw(st.sets(st.integers(1, 99), min_size=len(floors), max_size=len(floors))))
    cum, rows, before = D(0), [], D(0)
    for (floor, cap), percent in zip(pairwise([*floors, 10**9]), rates, strict=True):
        rate = D(percent) / 1000
        cum += floor * (rate - before) if floor else D(0)
        rows.append(Bracket(D(floor), D(cap), max(1, 1000 // (2 * percent)), rate, cum))
        before = rate
    return tuple(rows)


def collateral_beyond_maintenance(
    side: int, size: Decimal, cost: Decimal, margin: Decimal, rows: tuple[Bracket, ...], price: Decimal
) -> Fraction:
    """Isolated wallet and unrealized profit less maintenance margin, term by term."""
    notional = Fraction(size) * Fraction(price)
    maintenance = max(notional * Fraction(row.maint_margin_rate) - Fraction(row.cum) for row in rows)
    return Fraction(margin) + side * (notional - Fraction(cost)) - maintenance


@given(rows=brackets(), long=st.booleans(), size=quantities, entry=prices, leverage=st.integers(1, 50))
def test_the_liquidation_price_is_the_first_at_which_collateral_falls_short(
    rows: tuple[Bracket, ...], long: bool, size: Decimal, entry: Decimal, leverage: int
) -> None:
    """There it is enough by rounding alone; a unit farther it is not; without one, no positive price is too low."""
    instrument = msgspec.structs.replace(INSTRUMENT, brackets=rows)
    side = 1 if long else -1
    cost = size * entry
    margin = initial_margin(cost, leverage)
    price = exact(liquidation_price)(side * size, cost, margin, instrument)
    if price is None:
        assert long
        assert collateral_beyond_maintenance(side, size, cost, margin, rows, D("1e-8")) > 0
        return
    assert collateral_beyond_maintenance(side, size, cost, margin, rows, price) >= 0
    farther = price - side * D("1e-8")
    assert collateral_beyond_maintenance(side, size, cost, margin, rows, farther) < 0


@given(long=st.booleans(), size=quantities, entry=prices, leverage=st.integers(1, 125))
def test_the_bankruptcy_price_is_the_last_tick_that_the_margin_covers(
    long: bool, size: Decimal, entry: Decimal, leverage: int
) -> None:
    """Closing there costs no more than the margin, a tick farther it does."""
    side = 1 if long else -1
    margin = initial_margin(size * entry, leverage)
    price = exact(bankruptcy_price)(side * size, size * entry, margin, INSTRUMENT.tick_size)
    assert price % INSTRUMENT.tick_size == 0
    assert side * (entry - price) * size <= margin
    assert side * (entry - price + side * INSTRUMENT.tick_size) * size > margin


@given(
    side=sides, trades=st.lists(st.tuples(st.booleans(), prices, quantities), min_size=1, max_size=12), closing=prices
)
def test_average_and_profits_are_those_of_exact_fractions(
    side: Side, trades: list[tuple[bool, Decimal, Decimal]], closing: Decimal
) -> None:
    """Adds and reductions in any order: no rounding reaches the average or a realized profit before it is booked."""
    position = PositionState(BTC, MarginMode.ISOLATED, 10)
    held, average = Fraction(0), Fraction(0)
    sign = 1 if side is Side.BUY else -1
    for adds, price, qty in trades:
        if adds or not held:
            exact(position.increase)(sign * qty, price)
            average = (held * average + Fraction(qty) * Fraction(price)) / (held + Fraction(qty))
            held += Fraction(qty)
        elif Fraction(qty) < held:
            exact(position.reduce)(qty)
            held -= Fraction(qty)
        assert abs(
            Fraction(exact(position.profit)(abs(position.qty), closing)) - profit(sign, held, average, closing)
        ) <= (UNIT / 2)
        assert Fraction(position.qty) == sign * held


def profit(sign: int, held: Fraction, average: Fraction, price: Decimal) -> Fraction:
    """What closing everything at a price would realize."""
    return sign * (Fraction(price) - average) * held


@given(side=sides, steps=st.lists(st.tuples(sides, quantities, prices), max_size=12))
def test_the_wallet_changes_by_trades_alone(side: Side, steps: list[tuple[Side, Decimal, Decimal]]) -> None:
    """Realized profit less fees of the trades told is the change of the wallet, and both agree with the income."""
    made = exchange("1e9", leverage=1, mode=MarginMode.CROSSED)
    start = made.wallet_balance
    total = D(0)
    for number, (other, qty, price) in enumerate([(side, D(1), D(100)), *steps]):
        for trade in fills(made.submit(order(f"o{number}", other, qty), T, price)):
            assert trade.fee == (trade.price * trade.qty * Fees().taker).quantize(D("1e-8"))
            total += trade.realized_pnl - trade.fee
    assert made.wallet_balance == start + total
    assert made.wallet_balance == start + sum(income.amount for income in made.income)
