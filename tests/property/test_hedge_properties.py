"""Hedge mode for any orders and prices: sides do not touch each other, and what they share is watched exactly."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sadari.exchange import Exchange
from sadari.exchange.margin import exact, hedged_liquidation_price
from sadari.model.command import PlaceOrder
from sadari.model.event import AccountUpdated, Event
from sadari.model.order import MarginMode, PositionSide, Side
from tests.exchange_orders import BTC, INSTRUMENT, D, T, exchange, fills, limit, order, stop, wall

LONG, SHORT = PositionSide.LONG, PositionSide.SHORT
FIRST = D(50_000)

quantities = st.decimals("0.001", "0.5", places=3)
prices = st.decimals("40000", "60000", places=2)
modes = st.sampled_from(MarginMode)


@st.composite
def orders(draw: st.DrawFn) -> PlaceOrder:
    """An order of a LONG that closes by reduce-only, as one-way mode says it."""
    kind = draw(st.sampled_from(("open", "close", "rest", "target", "stop", "wall")))
    name, qty, price = f"{draw(st.integers(0, 9))}", str(draw(quantities)), str(draw(prices))
    if kind == "open":
        return order(name, Side.BUY, qty)
    if kind == "close":
        return order(name, Side.SELL, qty, reduce_only=True)
    if kind == "rest":
        return limit(name, Side.BUY, qty, price)
    if kind == "target":
        return limit(name, Side.SELL, qty, price, reduce_only=True)
    return stop(name, Side.SELL, qty, price) if kind == "stop" else wall(name, Side.SELL, price)


def plain(events: list[Event]) -> list[Event]:
    """Events without the position side in the records of positions."""
    return [replace(event, positions=()) if isinstance(event, AccountUpdated) else event for event in events]


def figures(made: Exchange, side: PositionSide) -> tuple[object, ...]:
    """What the account shows of a side."""
    held = made.position(BTC, side)
    shown = (held.qty, held.entry_price, held.margin) if held else ()
    return (
        shown, made.wallet_balance, made.available_balance(), made.liquidation_price(BTC, side),
        made.maint_margin(BTC, side), made.initial_margin(BTC, side), made.order_margin(BTC, side),
    )  # fmt: skip


@given(st.lists(st.one_of(orders(), prices), max_size=20), modes)
def test_a_long_alone_in_hedge_mode_is_a_long_in_one_way_mode(
    steps: list[PlaceOrder | Decimal], mode: MarginMode
) -> None:
    """The same orders, without reduce-only and with their side, cause the same at every price."""
    one_way, hedged = exchange("3000", mode=mode), exchange("3000", mode=mode)
    hedged.set_position_mode(hedge=True)
    price = FIRST
    for step in steps:
        if isinstance(step, Decimal):
            price = step
            assert plain(hedged.touch(BTC, T, price)) == plain(one_way.touch(BTC, T, price))
        else:
            sided = replace(step, reduce_only=False, position_side=LONG)
            assert plain(hedged.submit(sided, T, price)) == plain(one_way.submit(step, T, price))
        assert figures(hedged, LONG) == figures(one_way, PositionSide.BOTH)
        assert hedged.watch(BTC).levels() == one_way.watch(BTC).levels()


def slack(made: Exchange, price: Decimal) -> Fraction:
    """Wallet and unrealized profit of both sides less what each has to maintain, term by term."""
    total = Fraction(made.wallet_balance)
    for position in made.positions.values():
        notional = abs(Fraction(position.qty)) * Fraction(price)
        rates = INSTRUMENT.brackets
        total += position.side * (
            notional - Fraction(position.cost) * abs(Fraction(position.qty)) / Fraction(position.weight)
        )
        total -= max(notional * Fraction(row.maint_margin_rate) - Fraction(row.cum) for row in rates)
    return total


@given(quantities, quantities, st.lists(st.decimals("1", "400000", places=2), min_size=1, max_size=30))
def test_crossed_sides_are_liquidated_at_the_first_price_at_which_they_are_due(
    long: Decimal, short: Decimal, path: list[Decimal]
) -> None:
    """Never before and never later, although only the ends of their bands are watched."""
    made = exchange("6000", mode=MarginMode.CROSSED)
    made.set_position_mode(hedge=True)
    for side, direction, qty in ((Side.BUY, LONG, long), (Side.SELL, SHORT, short)):
        assert fills(made.submit(order(direction, side, qty, position_side=direction), T, FIRST))
    for price in path:
        due = slack(made, price) <= 0
        assert bool(fills(made.touch(BTC, T, price))) is due
        if due:
            break


@given(quantities, quantities, st.decimals("100", "5000", places=2))
def test_the_shared_liquidation_price_is_where_the_collateral_falls_short(
    long: Decimal, short: Decimal, margin: Decimal
) -> None:
    """There it is enough by rounding alone, a unit farther from the market it is not."""
    price = exact(hedged_liquidation_price)(long, short, (long - short) * FIRST, margin, INSTRUMENT, FIRST)

    def left(at: Decimal) -> Fraction:
        needed = sum(
            max(
                Fraction(qty) * Fraction(at) * Fraction(b.maint_margin_rate) - Fraction(b.cum)
                for b in INSTRUMENT.brackets
            )
            for qty in (long, short)
        )
        return Fraction(margin) + Fraction(long - short) * Fraction(at - FIRST) - needed

    if left(FIRST) <= 0:
        return  # Due already: there is nothing to come.
    if price is None:
        assert left(D("1e-8")) > 0
        return
    unit = D("1e-8") if price > FIRST else D("-1e-8")
    assert left(price) >= 0
    assert left(price + unit) < 0
