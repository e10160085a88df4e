"""What the venue refuses, and with which code."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from sadari.exchange import REFUSALS, Exchange, Refusal
from sadari.model.command import PlaceOrder
from sadari.model.event import CancelRejected, OrderAccepted, OrderRejected
from sadari.model.order import MarginMode, OrderType, PositionSide, Side, TimeInForce
from sadari.model.reason import RejectReason
from tests.exchange_orders import BTC, INSTRUMENT, D, T, buy, exchange, fills, limit, names, order, sell, stop, wall

BUY, SELL = Side.BUY, Side.SELL
PRICE = D(50_000)

FLAT_REFUSALS = {
    "unknown symbol": (buy("a", "0.1", symbol="NOUSDT"), -1121, RejectReason.NOT_FOUND),
    "no client id": (buy("", "0.1"), -4015, RejectReason.OTHER),
    "a client id of 37 characters": (buy("x" * 37, "0.1"), -4015, RejectReason.OTHER),
    "a client id with a space": (buy("a b", "0.1"), -4015, RejectReason.OTHER),
    "a hedge-mode side": (buy("a", "0.1", position_side=PositionSide.LONG), -4061, RejectReason.OTHER),
    "no quantity": (order("a", BUY), -1102, RejectReason.OTHER),
    "a limit order without price": (buy("a", "0.1", order_type=OrderType.LIMIT), -1102, RejectReason.OTHER),
    "a stop without trigger": (buy("a", "0.1", order_type=OrderType.STOP_MARKET), -1102, RejectReason.OTHER),
    "a market order with trigger": (buy("a", "0.1", trigger_price=D(49_000)), -1106, RejectReason.OTHER),
    "a market order with price": (buy("a", "0.1", price=D(49_000)), -1106, RejectReason.OTHER),
    "close-position at market": (order("a", SELL, close_position=True), -4136, RejectReason.OTHER),
    "close-position with quantity": (wall("a", SELL, "49000", qty="0.1"), -4137, RejectReason.OTHER),
    "close-position and reduce-only": (wall("a", SELL, "49000", reduce_only=True), -1106, RejectReason.OTHER),
    "quantity zero": (buy("a", "0"), -4003, RejectReason.FILTER),
    "too many decimals of quantity": (buy("a", "0.1001"), -1111, RejectReason.FILTER),
    "too many decimals of price": (limit("a", BUY, "0.1", "49000.001"), -1111, RejectReason.FILTER),
    "below the minimum quantity": (buy("a", "0.000"), -4003, RejectReason.FILTER),
    "above the market maximum": (buy("a", "120.001"), -4005, RejectReason.FILTER),
    "above the maximum": (limit("a", BUY, "1000.001", "49000"), -4005, RejectReason.FILTER),
    "price zero": (limit("a", BUY, "0.1", "0"), -4001, RejectReason.FILTER),
    "price above the maximum": (limit("a", SELL, "0.1", "1000000.01"), -4002, RejectReason.FILTER),
    "trigger above the maximum": (wall("a", BUY, "1000000.01"), -4002, RejectReason.FILTER),
    "a bid above the band": (limit("a", BUY, "0.1", "52500.01"), -4016, RejectReason.FILTER),
    "an ask below the band": (limit("a", SELL, "0.1", "47499.99"), -4024, RejectReason.FILTER),
    "a bid below the minimum value": (limit("a", BUY, "0.001", "4999.99"), -4164, RejectReason.MIN_NOTIONAL),
    "a post-only bid at the market": (
        limit("a", BUY, "0.1", "50000", time_in_force=TimeInForce.GTX),
        -5022,
        RejectReason.OTHER,
    ),
    "fill-or-kill below the market": (
        limit("a", BUY, "0.1", "49999.99", time_in_force=TimeInForce.FOK),
        -5021,
        RejectReason.OTHER,
    ),
    "a stop to sell at the market": (wall("a", SELL, "50000"), -2021, RejectReason.WOULD_TRIGGER),
    "a stop to buy at the market": (wall("a", BUY, "50000"), -2021, RejectReason.WOULD_TRIGGER),
    "a target to sell below the market": (
        wall("a", SELL, "49999", order_type=OrderType.TAKE_PROFIT_MARKET),
        -2021,
        RejectReason.WOULD_TRIGGER,
    ),
    "a target to buy above the market": (
        wall("a", BUY, "50001", order_type=OrderType.TAKE_PROFIT_MARKET),
        -2021,
        RejectReason.WOULD_TRIGGER,
    ),
    "reduce-only without position": (sell("a", "0.1", reduce_only=True), -2022, RejectReason.REDUCE_ONLY),
    "more margin than there is": (buy("a", "2"), -2019, RejectReason.INSUFFICIENT_MARGIN),
    "more resting margin than there is": (limit("a", BUY, "2.1", "49000"), -2019, RejectReason.INSUFFICIENT_MARGIN),
    "beyond the bracket": (buy("a", "60.001"), -2027, RejectReason.LEVERAGE_BRACKET),
    "a resting order beyond the bracket": (limit("a", BUY, "62", "49000"), -2027, RejectReason.LEVERAGE_BRACKET),
}


def refusal(made: Exchange, wish: PlaceOrder, last_price: Decimal = PRICE) -> OrderRejected:
    """Send an order that must be refused and change nothing."""
    before = (made.wallet_balance, made.available_balance(), dict(made.positions), made.open_orders(BTC))
    (answer,) = made.submit(wish, T, last_price)
    assert isinstance(answer, OrderRejected)
    assert (made.wallet_balance, made.available_balance(), dict(made.positions), made.open_orders(BTC)) == before
    return answer


@pytest.mark.parametrize(("wish", "code", "reason"), FLAT_REFUSALS.values(), ids=FLAT_REFUSALS.keys())
def test_a_flat_account_is_refused_with_the_venues_code(wish: PlaceOrder, code: int, reason: RejectReason) -> None:
    """Each wrong order is answered by one event with code and reason, and leaves the account as it was."""
    answer = refusal(exchange(), wish)
    assert (answer.code, answer.reason, answer.client_order_id) == (code, reason, wish.client_order_id)
    assert answer.message == REFUSALS[code].message


def test_off_the_grid_within_the_precision_is_a_filter_refusal() -> None:
    """A step of 5 and a tick of 0.05 refuse what has few enough decimals and still lies between two of them."""
    coarse = msgspec.structs.replace(INSTRUMENT, step_size=D(5), min_qty=D(10), tick_size=D("0.05"))
    made = exchange("10000000", leverage=1, instrument=coarse)
    assert refusal(made, buy("a", "12"), D(100)).code == -4023
    assert refusal(made, buy("a", "5"), D(100)).code == -4004
    assert refusal(made, limit("a", BUY, "10", "99.99"), D(100)).code == -4014
    assert refusal(made, limit("a", BUY, "10", "99.999"), D(100)).code == -1111
    assert names(made.submit(limit("a", BUY, "10", "99.950"), T, D(100))) == ["OrderAccepted", "AccountUpdated"]


def test_reduce_only_has_no_minimum_value() -> None:
    """A remainder worth less than the minimum value can be closed, but not opened."""
    made = exchange()
    made.submit(buy("a", "0.001"), T, D(5_000))
    assert refusal(made, sell("b", "0.001"), D(4_999)).code == -4164
    assert names(made.submit(sell("b", "0.001", reduce_only=True), T, D(4_999))) == ["OrderFilled", "AccountUpdated"]


def test_reduce_only_in_the_positions_own_direction_is_refused() -> None:
    """A reduce-only order never adds."""
    made = exchange()
    made.submit(buy("a", "0.1"), T, PRICE)
    assert refusal(made, buy("b", "0.1", reduce_only=True)).code == -2022


def test_a_reduce_only_limit_order_gets_only_what_others_leave() -> None:
    """When resting orders claim the whole position another one is refused, but a market exit goes through."""
    made = exchange()
    made.submit(buy("a", "0.2"), T, PRICE)
    made.submit(limit("b", SELL, "0.2", "51000", reduce_only=True), T, PRICE)
    assert refusal(made, limit("c", SELL, "0.1", "50500", reduce_only=True)).code == -2022
    assert names(made.submit(sell("d", "0.2", reduce_only=True), T, PRICE)) == [
        "OrderFilled",
        "AccountUpdated",
        "OrderCanceled",
    ]


def test_a_client_order_id_is_taken_only_while_its_order_is_open() -> None:
    """The id is free again once the order has ended."""
    made = exchange()
    made.submit(wall("a", SELL, "45000"), T, PRICE)
    assert refusal(made, buy("a", "0.1")).code == -4116
    made.cancel(BTC, "a", T)
    assert len(fills(made.submit(buy("a", "0.1"), T, PRICE))) == 1


def test_one_close_position_stop_rests_in_a_direction() -> None:
    """A second one on the same side is refused; a target, the other side and a stop with a quantity are not."""
    made = exchange()
    made.submit(buy("a", "0.1"), T, PRICE)
    made.submit(wall("b", SELL, "45000"), T, PRICE)
    assert refusal(made, wall("c", SELL, "46000")).code == -4130
    for wish in (
        wall("d", SELL, "55000", order_type=OrderType.TAKE_PROFIT_MARKET),
        wall("e", BUY, "55000"),
        stop("f", SELL, "0.1", "46000"),
    ):
        assert names(made.submit(wish, T, PRICE)) == ["OrderAccepted"]


def test_two_hundred_conditional_orders_may_wait() -> None:
    """The next one is refused until one of them has ended."""
    made = exchange()
    made.submit(buy("a", "0.1"), T, PRICE)
    for number in range(200):
        assert isinstance(made.submit(stop(f"s{number}", SELL, "0.1", "45000"), T, PRICE)[0], OrderAccepted)
    assert refusal(made, stop("t", SELL, "0.1", "45000")).code == -4045
    made.cancel(BTC, "s7", T)
    assert isinstance(made.submit(stop("t", SELL, "0.1", "45000"), T, PRICE)[0], OrderAccepted)


def test_two_hundred_limit_orders_may_rest() -> None:
    """The next one is refused."""
    made = exchange("1000000")
    for number in range(200):
        made.submit(limit(f"l{number}", BUY, "0.001", "49000"), T, PRICE)
    assert refusal(made, limit("m", BUY, "0.001", "49000")).code == -2025


def test_a_symbol_that_does_not_trade_can_only_be_left() -> None:
    """Opening is refused, closing orders are judged as ever."""
    made = exchange(instrument=msgspec.structs.replace(INSTRUMENT, status="SETTLING"))
    assert refusal(made, buy("a", "0.1")).code == -4140
    assert refusal(made, sell("a", "0.1", reduce_only=True)).code == -2022


def test_the_bracket_counts_position_and_resting_orders() -> None:
    """At 100 times leverage 600,000 are allowed, whatever they consist of."""
    made = exchange("100000", leverage=100)
    made.submit(buy("a", "5"), T, PRICE)
    made.submit(limit("b", BUY, "5", "49000"), T, PRICE)
    assert refusal(made, buy("c", "2.101")).code == -2027
    assert len(fills(made.submit(buy("c", "2.1"), T, PRICE))) == 1


def test_canceling_what_is_not_open_is_refused() -> None:
    """-2011 says no more than that no such order waits."""
    (answer,) = exchange().cancel(BTC, "a", T)
    assert answer == CancelRejected(time_ns=T, symbol=BTC, client_order_id="a", code=-2011)
    (answer,) = exchange().cancel("NOUSDT", "a", T)
    assert isinstance(answer, CancelRejected)


@pytest.mark.parametrize("leverage", [0, -1, 126])
def test_a_leverage_no_bracket_allows_is_refused(leverage: int) -> None:
    """-4028, and the leverage stays."""
    made = exchange()
    with pytest.raises(Refusal, match="-4028"):
        made.set_leverage(BTC, leverage)


@pytest.mark.parametrize(
    ("leverage", "limit_"), [(125, 50_000), (101, 50_000), (100, 600_000), (20, 3_000_000), (1, 3_000_000)]
)
def test_leverage_answers_with_the_largest_notional(leverage: int, limit_: int) -> None:
    """The cap of the highest bracket that allows it."""
    assert exchange().set_leverage(BTC, leverage) == limit_


def test_leverage_under_an_isolated_position_is_only_raised() -> None:
    """Lowering is refused with -4161; raising keeps the margin; beyond the bracket it is refused with -2027."""
    made = exchange("100000")
    made.submit(buy("a", "2"), T, PRICE)
    with pytest.raises(Refusal, match="-4161"):
        made.set_leverage(BTC, 9)
    with pytest.raises(Refusal, match="-2027"):
        made.set_leverage(BTC, 125)
    made.set_leverage(BTC, 20)
    assert made.positions[BTC].margin == 10_000


def test_leverage_is_not_lowered_below_the_margin_of_resting_orders() -> None:
    """-2019, and the leverage stays what it was."""
    made = exchange()
    made.submit(limit("a", BUY, "1.9", "50000", time_in_force=TimeInForce.GTX), T, D(50_001))
    before = made.available_balance()
    with pytest.raises(Refusal, match="-2019"):
        made.set_leverage(BTC, 9)
    assert made.available_balance() == before


def test_the_margin_mode_is_changed_only_without_exposure() -> None:
    """-4046 when it is set already, -4048 with a position, -4047 with open orders."""
    made = exchange()
    with pytest.raises(Refusal, match="-4046"):
        made.set_margin_mode(BTC, MarginMode.ISOLATED)
    made.submit(wall("a", SELL, "45000"), T, PRICE)
    with pytest.raises(Refusal, match="-4047"):
        made.set_margin_mode(BTC, MarginMode.CROSSED)
    made.submit(buy("b", "0.1"), T, PRICE)
    with pytest.raises(Refusal, match="-4048"):
        made.set_margin_mode(BTC, MarginMode.CROSSED)


def test_an_unknown_symbol_is_refused_everywhere() -> None:
    """Every call that names a symbol answers -1121."""
    made = exchange()
    for call in (made.watch, made.open_orders):
        with pytest.raises(Refusal, match="-1121"):
            call("NOUSDT")
    with pytest.raises(Refusal, match="-1121"):
        made.set_leverage("NOUSDT", 10)
