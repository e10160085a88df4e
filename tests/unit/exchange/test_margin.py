"""Margin, liquidation and funding."""

from __future__ import annotations

from decimal import Decimal, localcontext

import msgspec
import pytest

from sadari.exchange import NO_SLIPPAGE, ONE_TICK, Exchange, Slippage
from sadari.exchange.funding import funding_payment
from sadari.exchange.margin import (
    bankruptcy_price,
    exact,
    initial_margin,
    liquidation_price,
)
from sadari.model.event import AccountUpdated, FundingPaid, OrderCanceled, OrderFilled
from sadari.model.order import MarginMode, Side
from tests.exchange_orders import BTC, INSTRUMENT, D, T, buy, exchange, fills, limit, names, order, sell, stop, wall

BUY, SELL = Side.BUY, Side.SELL
PRICE = D(50_000)

ISOLATED = {
    # LP = avg·(1 − sg/leverage)/(1 − sg·mmr) in the first bracket (strategies §5.2, §5.4 D-13).
    "LONG 10x": ("0.3", 10, "45180.72289157"),
    "SHORT 10x": ("-0.3", 10, "54780.87649402"),
    "LONG 20x": ("0.3", 20, "47690.76305221"),
    "LONG 50x": ("0.3", 50, "49196.78714860"),
    # The second bracket: margin 20 000, cum 50: (20 000 + 50 − 200 000) / (4·(0.005 − 1)).
    "LONG of 200,000": ("4", 10, "45213.56783920"),
    "SHORT of 200,000": ("-4", 10, "54738.80597014"),
    # 50 500 at the entry is in the second bracket, 45 633 at the liquidation price in the first; the SHORT's 47 500 and
    # 52 040 the other way round: (4 750 + 50 + 47 500) / (0.95·1.005).
    "LONG across a bracket": ("1.01", 10, "45180.72289157"),
    "SHORT across a bracket": ("-0.95", 10, "54778.73788949"),
}


@pytest.mark.parametrize(("qty", "leverage", "price"), ISOLATED.values(), ids=ISOLATED.keys())
def test_the_liquidation_price_is_the_references(qty: str, leverage: int, price: str) -> None:
    """Computed with the bracket of the notional at the liquidation price, rounded toward the market."""
    cost = abs(D(qty)) * PRICE
    assert exact(liquidation_price)(D(qty), cost, initial_margin(cost, leverage), INSTRUMENT) == D(price)


def test_a_long_without_leverage_has_no_liquidation_price() -> None:
    """Its margin pays for everything down to zero; a SHORT's does not."""
    assert liquidation_price(D(1), PRICE, PRICE, INSTRUMENT) is None
    assert liquidation_price(D(-1), PRICE, PRICE, INSTRUMENT) is not None


def test_initial_margin_is_rounded_up() -> None:
    """A third is never locked short."""
    assert initial_margin(D(100), 3) == D("33.33333334")


def test_the_bankruptcy_price_is_a_tick_that_the_margin_pays_for() -> None:
    """Rounded toward the market: a LONG's up, a SHORT's down."""
    assert bankruptcy_price(D("0.3"), D(15_000), D("1500.001"), D("0.01")) == D(45_000)
    assert bankruptcy_price(D("0.3"), D(15_000), D("1499.999"), D("0.01")) == D("45000.01")
    assert bankruptcy_price(D("-0.3"), D(15_000), D("1499.999"), D("0.01")) == D("54999.99")


def opened(side: Side = BUY, *, slippage: Slippage = NO_SLIPPAGE) -> Exchange:
    """An exchange with an isolated position of 10 times leverage at 50,000."""
    made = exchange(slippage=slippage)
    made.submit(order("a", side, "0.3"), T, PRICE)
    return made


def test_a_trade_at_the_liquidation_price_liquidates() -> None:
    """Nothing above it; at it every order is canceled first, then the whole position is closed."""
    made = opened()
    made.submit(limit("l", BUY, "0.1", "45000"), T, D("45300"))
    made.submit(stop("s", SELL, "0.3", "45100"), T, D("45300"))
    assert made.touch(BTC, T, D("45180.73")) == []
    events = made.touch(BTC, T, D("45180.72"))
    assert names(events) == ["OrderCanceled", "OrderCanceled", "OrderFilled", "AccountUpdated"]
    assert [e.cause for e in events if isinstance(e, OrderCanceled)] == ["LIQUIDATION", "LIQUIDATION"]
    trade = events[2]
    assert isinstance(trade, OrderFilled)
    assert (trade.client_order_id, trade.cause) == (f"autoclose-{T // 1_000_000}", "LIQUIDATION")
    assert (trade.price, trade.qty, trade.buyer) == (D("45180.72"), D("0.3"), False)
    assert trade.realized_pnl == D("-1445.784")
    assert trade.fee == 1500 - D("1445.784")  # 1.25 % of 13 554 would be 169; the margin has no more than this
    assert (made.open_orders(BTC), dict(made.positions)) == ((), {})
    assert made.wallet_balance == D(10_000) - D("7.5") - 1500
    assert made.income[-1].kind == "INSURANCE_CLEAR"


@pytest.mark.parametrize(("side", "gap"), [(BUY, "30000"), (SELL, "70000")])
def test_a_gap_beyond_bankruptcy_costs_the_margin_and_no_more(side: Side, gap: str) -> None:
    """The venue takes over at the price that uses the margin up, whatever the market does."""
    made = opened(side, slippage=ONE_TICK)
    margin = made.positions[BTC].margin
    before = made.wallet_balance
    made.touch(BTC, T, D(gap))
    assert before - margin <= made.wallet_balance < before - margin + D("0.01")


def test_a_stop_nearer_than_liquidation_is_filled_first() -> None:
    """A gap beyond both, but short of bankruptcy: the stop's trade, at the gap's price."""
    made = opened()
    made.submit(wall("w", SELL, "45400"), T, PRICE)
    (trade,) = fills(made.touch(BTC, T, D("45030")))
    assert (trade.client_order_id, trade.price, trade.cause) == ("w", D(45_030), "")


def test_a_stop_that_the_margin_does_not_pay_for_is_a_liquidation() -> None:
    """A gap beyond bankruptcy: the position is gone before the stop's order can trade."""
    made = opened()
    made.submit(wall("w", SELL, "45400"), T, PRICE)
    events = made.touch(BTC, T, D("44000"))
    assert names(events) == ["OrderCanceled", "OrderFilled", "AccountUpdated"]
    assert fills(events)[0].cause == "LIQUIDATION"
    assert fills(events)[0].price == 45_000


def test_a_bid_filled_on_the_way_to_bankruptcy_is_liquidated_by_the_same_trade() -> None:
    """A gap fills it at its own price, far from the market: its margin is used up at once."""
    made = exchange()
    made.submit(limit("a", BUY, "0.1", "49000"), T, PRICE)
    assert [trade.cause for trade in fills(made.touch(BTC, T, D(40_000)))] == ["", "LIQUIDATION"]


def test_liquidation_follows_the_position() -> None:
    """An add moves the price, a close takes it away: a trade at the old one is nothing."""
    made = opened()
    made.submit(buy("b", "0.3"), T, D(46_000))
    moved = made.positions[BTC].liquidation_price
    assert moved is not None
    assert moved < D("45180.72")
    assert made.touch(BTC, T, D("45180.72")) == []
    made.submit(sell("c", "0.6", reduce_only=True), T, D("45180.72"))
    assert made.watch(BTC).levels() == []
    assert made.touch(BTC, T, D(1000)) == []


def test_a_reduction_releases_margin_in_proportion() -> None:
    """A third closed releases a third; the liquidation price stays where it was."""
    made = opened()
    before = made.positions[BTC].liquidation_price
    made.submit(sell("b", "0.1", reduce_only=True), T, PRICE)
    assert made.positions[BTC].margin == 1000
    assert made.positions[BTC].liquidation_price == before


def test_a_crossed_position_has_no_liquidation_price_and_its_losses_bind() -> None:
    """Available is the wallet and what the position gains or loses, less its initial margin at the mark."""
    made = exchange(mode=MarginMode.CROSSED)
    made.submit(buy("a", "0.3"), T, PRICE)
    assert made.positions[BTC].liquidation_price is None
    made.mark(BTC, D(49_000))
    assert made.available_balance() == D("9992.5") - 1470 - 300
    made.mark(BTC, D(51_000))
    assert made.available_balance() == D("9992.5") - 1530 + 300


@pytest.mark.parametrize(
    ("side", "rate", "amount"),
    [(BUY, "0.0001", "-1.53"), (SELL, "0.0001", "1.53"), (BUY, "-0.0001", "1.53"), (SELL, "-0.0001", "-1.53")],
)
def test_a_positive_rate_is_paid_by_longs(side: Side, rate: str, amount: str) -> None:
    """Quantity times mark price times rate, to and from the isolated margin; the liquidation price moves with it."""
    made = opened(side)
    wallet, position = made.wallet_balance, made.positions[BTC]
    margin, liquidation = position.margin, position.liquidation_price
    paid, report = made.fund(BTC, T, D(rate), D(51_000))
    assert paid == FundingPaid(time_ns=T, symbol=BTC, amount=D(amount), rate=D(rate), mark_price=D(51_000))
    assert isinstance(report, AccountUpdated)
    assert report.cause == "FUNDING_FEE"
    assert report.wallet_balance == wallet + D(amount)
    assert report.positions[0].margin == margin + D(amount)
    assert liquidation is not None
    assert position.liquidation_price is not None
    nearer = (position.liquidation_price - liquidation) * position.side > 0
    assert nearer is (D(amount) < 0)


def test_nothing_is_funded_when_flat() -> None:
    """No position, no event, no income."""
    made = exchange()
    assert made.fund(BTC, T, D("0.0001"), PRICE) == []
    assert made.income == []


def test_funding_is_booked_half_to_even() -> None:
    """At eight decimals."""
    assert funding_payment(D("0.001"), D("0.00005"), D("0.1")) == D("0E-8")
    assert funding_payment(D("-0.001"), D("0.00015"), D("0.1")) == D("2E-8")


def test_the_callers_decimal_context_changes_nothing() -> None:
    """Every call computes exactly, whatever precision the caller works with."""

    def story() -> tuple[Decimal, list[object]]:
        tiny = msgspec.structs.replace(
            INSTRUMENT, tick_size=D("1e-8"), step_size=D(1), max_qty=D(10**12), market_max_qty=D(10**12), min_price=D(0)
        )
        made = exchange("1e9", instrument=tiny)
        events: list[object] = [*made.submit(buy("a", "123456789012"), T, D("0.00001234"))]
        events += made.submit(sell("b", "23456789011", reduce_only=True), T, D("0.00001339"))
        events += made.fund(BTC, T, D("0.00012345"), D("0.00001301"))
        return made.wallet_balance, events

    expected = story()
    with localcontext() as context:
        context.prec = 6
        assert story() == expected


def test_a_stop_at_the_liquidation_price_is_filled_before_it() -> None:
    """At one and the same level the order is met first: 49 800 at 10 times leverage is liquidated at 45 000."""
    made = exchange()
    made.submit(buy("a", "0.3"), T, D(49_800))
    assert made.positions[BTC].liquidation_price == 45_000
    made.submit(wall("w", SELL, "45000"), T, D(49_800))
    assert [trade.client_order_id for trade in fills(made.touch(BTC, T, D(45_000)))] == ["w"]


def test_only_crossed_positions_bind_the_wallet_by_their_losses() -> None:
    """A symbol that was crossed and is isolated now risks its own margin alone."""
    made = exchange(mode=MarginMode.CROSSED)
    made.submit(buy("a", "0.1"), T, PRICE)
    made.submit(sell("b", "0.1"), T, PRICE)
    made.set_margin_mode(BTC, MarginMode.ISOLATED)
    made.submit(buy("c", "0.1"), T, PRICE)
    before = made.available_balance()
    made.touch(BTC, T, D(49_000))
    assert made.available_balance() == before
