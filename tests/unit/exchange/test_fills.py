"""How orders are executed, and what their fills do to position, wallet and the orders that wait."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sadari.exchange import Exchange, TickSlippage
from sadari.model.event import AccountUpdated, OrderAccepted, OrderCanceled, OrderFilled, PositionRecord
from sadari.model.order import OrderType, Side, TimeInForce
from tests.exchange_orders import BTC, D, T, account, buy, exchange, fills, limit, names, order, sell, stop, wall

BUY, SELL = Side.BUY, Side.SELL
PRICE = D(50_000)


def held(made: Exchange) -> Decimal:
    """The signed quantity of the one symbol."""
    return made.positions[BTC].qty if BTC in made.positions else D(0)


def test_a_market_order_is_one_trade_and_one_account_report() -> None:
    """Taker fee, initial margin at the leverage, liquidation price of strategies' scenario I."""
    made = exchange()
    trade, report = made.submit(buy("a", "0.300"), T, PRICE)
    assert trade == OrderFilled(
        time_ns=T,
        symbol=BTC,
        client_order_id="a",
        trade_id=1,
        price=PRICE,
        qty=D("0.3"),
        fee=D("7.5"),
        realized_pnl=D(0),
        buyer=True,
    )
    assert report == AccountUpdated(
        time_ns=T,
        cause="ORDER",
        wallet_balance=D("9992.5"),
        available_balance=D("8492.5"),
        positions=(PositionRecord(BTC, D("0.3"), PRICE, D("45180.72289157"), D(1500)),),
    )


@pytest.mark.parametrize(("ticks", "paid", "received"), [(1, "50000.01", "49999.99"), (3, "50000.03", "49999.97")])
def test_taking_costs_ticks(ticks: int, paid: str, received: str) -> None:
    """A market order is filled above the last price when it buys, below when it sells."""
    made = exchange(slippage=TickSlippage(ticks))
    assert fills(made.submit(buy("a", "0.1"), T, PRICE))[0].price == D(paid)
    assert fills(made.submit(sell("b", "0.1"), T, PRICE))[0].price == D(received)


LADDERS = {
    "LONG 100 000": (BUY, [("0.300", 50_000), ("0.412", 48_500), ("0.425", 47_000)], "48335.09234828"),
    "LONG 100 000, first add": (BUY, [("0.300", 50_000), ("0.412", 48_500)], "49132.02247191"),
    "SHORT 100 000": (SELL, [("0.300", 50_000), ("0.388", 51_500), ("0.377", 53_000)], "51608.45070423"),
    "LONG 1 000": (BUY, [("0.003", 50_000), ("0.004", 48_500), ("0.004", 47_000)], "48363.63636364"),
    "SHORT 1 000": (SELL, [("0.003", 50_000), ("0.003", 51_500), ("0.003", 53_000)], "51500"),
}


@pytest.mark.parametrize(("side", "steps", "average"), LADDERS.values(), ids=LADDERS.keys())
def test_the_average_is_the_exchanges(side: Side, steps: list[tuple[str, int]], average: str) -> None:
    """The averages of the worked ladders, at eight decimals."""
    made = exchange("100000")
    for number, (qty, price) in enumerate(steps):
        made.submit(order(f"o{number}", side, qty), T, D(price))
    assert made.positions[BTC].entry_price == D(average)


def test_reductions_leave_the_average_and_realize_against_it() -> None:
    """The reductions of scenario A: +70.08575, +685.94195, +725.02765; the average stays."""
    made = exchange("100000")
    for number, (qty, price) in enumerate((("0.300", 50_000), ("0.412", 48_500), ("0.425", 47_000))):
        made.submit(buy(f"o{number}", qty), T, D(price))
    average = made.positions[BTC].entry_price
    for qty, fill, profit in (
        ("0.425", "48500", "70.08575"),
        ("0.412", "50000", "685.94195"),
        ("0.150", "53168.61", "725.02765"),
    ):
        (trade,) = fills(made.submit(sell(f"r{qty}", qty, reduce_only=True), T, D(fill)))
        assert trade.realized_pnl.quantize(D("0.00001")) == D(profit)
        assert made.positions[BTC].entry_price == average


def test_an_add_after_a_reduction_averages_over_what_is_left() -> None:
    """(Q·avg + q·f) / (Q + q) with the Q that is still held."""
    made = exchange("100000")
    made.submit(buy("a", "0.3"), T, D(50_000))
    made.submit(buy("b", "0.3"), T, D(49_000))
    made.submit(sell("c", "0.2", reduce_only=True), T, D(51_000))
    made.submit(buy("d", "0.1"), T, D(48_000))
    assert made.positions[BTC].entry_price == D("49200")  # (0.4 · 49 500 + 0.1 · 48 000) / 0.5
    assert fills(made.submit(sell("e", "0.5"), T, D(50_200)))[0].realized_pnl == 500
    assert sum(i.amount for i in made.income if i.kind == "REALIZED_PNL") == D(300) + 500


def test_reduce_only_is_capped_at_the_position() -> None:
    """Ten times the quantity closes the position and turns nothing."""
    made = exchange()
    made.submit(buy("a", "0.1"), T, PRICE)
    (trade,) = fills(made.submit(sell("b", "1", reduce_only=True), T, PRICE))
    assert trade.qty == D("0.1")
    assert held(made) == 0


def test_a_larger_opposite_order_turns_the_position() -> None:
    """One trade closes and opens; the new average is the fill price, the realized profit is the closed part's."""
    made = exchange()
    made.submit(buy("a", "0.1"), T, PRICE)
    trade, report = made.submit(sell("b", "0.3"), T, D(50_100))
    assert isinstance(trade, OrderFilled)
    assert isinstance(report, AccountUpdated)
    assert (trade.qty, trade.realized_pnl) == (D("0.3"), D(10))
    assert (report.positions[0].qty, report.positions[0].entry_price) == (D("-0.2"), D(50_100))
    assert report.positions[0].margin == D(1002)


def test_turning_needs_margin_only_for_what_opens() -> None:
    """The margin that the closed part releases may open the other side."""
    made = exchange("520", leverage=10)
    made.submit(buy("a", "0.1"), T, PRICE)
    assert made.available_balance() < 20
    assert len(fills(made.submit(sell("b", "0.2"), T, PRICE))) == 1
    assert held(made) == D("-0.1")


def test_a_stop_is_triggered_by_the_first_trade_at_its_price() -> None:
    """Nothing a tick before; the trigger price itself triggers."""
    made = exchange()
    made.submit(buy("a", "0.1"), T, PRICE)
    assert names(made.submit(wall("w", SELL, "48000"), T, PRICE)) == ["OrderAccepted"]
    assert made.touch(BTC, T, D("48000.01")) == []
    (trade,) = fills(made.touch(BTC, T + 1, D(48_000)))
    assert (trade.client_order_id, trade.price, trade.qty, trade.maker) == ("w", D(48_000), D("0.1"), False)
    assert made.open_orders(BTC) == ()


def test_a_gap_fills_a_stop_at_the_gaps_price_and_a_tick() -> None:
    """What lies between trigger and trade is lost."""
    made = exchange(slippage=TickSlippage(1))
    made.submit(sell("a", "0.1"), T, PRICE)
    made.submit(wall("w", BUY, "50500"), T, PRICE)
    (trade,) = fills(made.touch(BTC, T, D(51_000)))
    assert trade.price == D("51000.01")


def test_a_gap_across_both_stops_fills_the_nearer_first() -> None:
    """The inner stop takes its quantity, the wall the rest; both at the gap's price."""
    made = exchange()
    made.submit(buy("a", "0.3"), T, PRICE)
    made.submit(wall("outer", SELL, "47000"), T, PRICE)
    made.submit(stop("inner", SELL, "0.2", "48000"), T, PRICE)
    first, second = fills(made.touch(BTC, T, D(46_000)))
    assert (first.client_order_id, first.qty) == ("inner", D("0.2"))
    assert (second.client_order_id, second.qty) == ("outer", D("0.1"))
    assert held(made) == 0


def test_a_close_position_order_takes_what_is_held_when_it_triggers() -> None:
    """Adds after its acceptance are covered too."""
    made = exchange()
    made.submit(wall("w", SELL, "48000"), T, PRICE)
    made.submit(buy("a", "0.1"), T, PRICE)
    made.submit(buy("b", "0.2"), T, D(49_000))
    assert fills(made.touch(BTC, T, D(48_000)))[0].qty == D("0.3")


def test_protection_left_over_after_flat_ends_without_a_trade() -> None:
    """Conditional orders stay open when the position is gone and expire when they are triggered: they open nothing."""
    made = exchange()
    made.submit(buy("a", "0.1"), T, PRICE)
    made.submit(wall("w", SELL, "47000"), T, PRICE)
    made.submit(stop("s", SELL, "0.1", "48000"), T, PRICE)
    made.submit(sell("b", "0.1", reduce_only=True), T, PRICE)
    assert [waiting.order.client_order_id for waiting in made.open_orders(BTC)] == ["w", "s"]
    assert made.touch(BTC, T, D(46_000)) == [
        OrderCanceled(time_ns=T, symbol=BTC, client_order_id="s", cause="EXPIRED"),
        OrderCanceled(time_ns=T, symbol=BTC, client_order_id="w", cause="EXPIRED"),
    ]


def test_protection_of_the_other_direction_never_adds() -> None:
    """A stop to sell, left over from a LONG, does nothing to a SHORT."""
    made = exchange()
    made.submit(stop("s", SELL, "0.1", "48000"), T, PRICE)
    made.submit(sell("a", "0.1"), T, PRICE)
    assert names(made.touch(BTC, T, D(48_000))) == ["OrderCanceled"]
    assert held(made) == D("-0.1")


def test_a_take_profit_is_met_from_the_other_side() -> None:
    """A target to sell lies above the market."""
    made = exchange()
    made.submit(buy("a", "0.1"), T, PRICE)
    made.submit(wall("t", SELL, "51000", order_type=OrderType.TAKE_PROFIT_MARKET), T, PRICE)
    assert made.touch(BTC, T, D("50999.99")) == []
    assert fills(made.touch(BTC, T, D(51_000)))[0].realized_pnl == 100


def test_a_limit_order_rests_locks_margin_and_is_filled_at_its_price() -> None:
    """Its margin is locked while it rests; a gap beyond it is no gift; it pays the maker's fee."""
    made = exchange()
    accepted, report = made.submit(limit("a", BUY, "0.1", "49000"), T, PRICE)
    assert isinstance(accepted, OrderAccepted)
    assert isinstance(report, AccountUpdated)
    assert (report.wallet_balance, report.available_balance) == (D(10_000), D(9510))
    assert not report.positions
    (trade,) = fills(made.touch(BTC, T, D(48_500)))
    assert (trade.price, trade.fee, trade.maker) == (D(49_000), D("0.98"), True)
    assert made.available_balance() == D("9509.02")


def test_canceling_a_limit_order_frees_its_margin() -> None:
    """And says so; canceling protection frees nothing and says nothing more."""
    made = exchange()
    made.submit(limit("a", BUY, "0.1", "49000"), T, PRICE)
    assert account(made.cancel(BTC, "a", T)).available_balance == 10_000
    made.submit(wall("w", SELL, "48000"), T, PRICE)
    assert made.cancel(BTC, "w", T) == [OrderCanceled(time_ns=T, symbol=BTC, client_order_id="w", cause="CANCELED")]


def test_a_limit_order_beyond_the_market_takes_no_worse_than_its_limit() -> None:
    """A bid above the last price pays last price and slippage; one at the last price pays its limit; both as taker."""
    made = exchange(slippage=TickSlippage(2))
    (above,) = fills(made.submit(limit("a", BUY, "0.1", "50010"), T, PRICE))
    (at,) = fills(made.submit(limit("b", BUY, "0.1", "50000", time_in_force=TimeInForce.IOC), T, PRICE))
    assert (above.price, at.price) == (D("50000.02"), D(50_000))
    assert not above.maker
    assert above.fee == D("2.50000100")


def test_immediate_or_cancel_away_from_the_market_expires() -> None:
    """It is accepted and ends at once."""
    answer = exchange().submit(limit("a", BUY, "0.1", "49000", time_in_force=TimeInForce.IOC), T, PRICE)
    assert names(answer) == ["OrderAccepted", "OrderCanceled"]


def test_bids_and_asks_lock_the_larger_side_only() -> None:
    """One-way order margin: what the worse of both outcomes would need beyond the position."""
    made = exchange("100000")
    made.submit(limit("a", BUY, "0.1", "49000"), T, PRICE)
    made.submit(limit("b", SELL, "0.1", "51000"), T, PRICE)
    assert made.available_balance() == D(100_000) - 510
    made.submit(buy("c", "0.1"), T, PRICE)
    # LONG 5 000: a filled bid makes 9 900; a filled ask closes. Fee 2.50, position margin 500.
    assert made.available_balance() == D(100_000) - D("2.5") - 500 - 490


def test_reduce_only_limit_orders_are_knocked_out_by_the_worst_price() -> None:
    """When the position shrinks, orders for which nothing is left expire; a partly covered one stays and is capped."""
    made = exchange()
    made.submit(buy("a", "0.3"), T, PRICE)
    for name, price in (("far", "52000"), ("near", "51000"), ("middle", "51500")):
        made.submit(limit(name, SELL, "0.1", price, reduce_only=True), T, PRICE)
    events = made.submit(sell("b", "0.15", reduce_only=True), T, PRICE)
    assert [e.client_order_id for e in events if isinstance(e, OrderCanceled)] == ["far"]
    assert [trade.qty for trade in fills(made.touch(BTC, T, D(52_000)))] == [D("0.1"), D("0.05")]
    assert held(made) == 0


def test_a_resting_order_whose_margin_is_gone_ends_instead_of_filling() -> None:
    """The ask of a LONG locks little; when the LONG has been sold it would open a SHORT that nothing pays for."""
    made = exchange("1010")
    made.submit(buy("a", "0.1"), T, PRICE)
    made.submit(limit("ask", SELL, "0.2", "50500"), T, PRICE)
    made.submit(sell("b", "0.1", reduce_only=True), T, PRICE)
    assert names(made.touch(BTC, T, D(50_500))) == ["OrderCanceled", "AccountUpdated"]
    assert held(made) == 0


def test_a_conditional_opening_order_asks_for_margin_when_it_triggers() -> None:
    """Accepted without, ended without a trade when it is not there."""
    made = exchange("100")
    wish = buy("a", "1", order_type=OrderType.STOP_MARKET, trigger_price=D(51_000))
    assert names(made.submit(wish, T, PRICE)) == ["OrderAccepted"]
    (ended,) = made.touch(BTC, T, D(51_000))
    assert ended == OrderCanceled(time_ns=T, symbol=BTC, client_order_id="a", cause="INSUFFICIENT_MARGIN")


def test_trade_ids_never_repeat() -> None:
    """They grow over all symbols and orders."""
    made = exchange()
    ids = [fills(made.submit(buy(f"o{n}", "0.01"), T, PRICE))[0].trade_id for n in range(5)]
    assert ids == sorted(set(ids))


def test_equity_is_the_wallet_and_what_positions_are_worth() -> None:
    """Unrealized profit at the marks given, losses included."""
    made = exchange()
    made.submit(sell("a", "0.1"), T, PRICE)
    assert made.equity({BTC: D(49_000)}) == made.wallet_balance + 100
    assert made.equity({BTC: D(51_000)}) == made.wallet_balance - 100


def test_an_order_ended_by_a_nearer_one_of_the_same_trade_is_not_met() -> None:
    """A gap beyond two asks: the nearer closes the position and knocks the other out."""
    made = exchange()
    made.submit(buy("a", "0.2"), T, PRICE)
    made.submit(limit("far", SELL, "0.1", "51500", reduce_only=True), T, PRICE)
    made.submit(limit("near", SELL, "0.1", "51000", reduce_only=True), T, PRICE)
    made.submit(sell("b", "0.1"), T, PRICE)
    made.submit(limit("nearest", SELL, "0.1", "50500"), T, PRICE)
    events = made.touch(BTC, T, D(52_000))
    assert [trade.client_order_id for trade in fills(events)] == ["nearest"]
    assert made.open_orders(BTC) == ()
