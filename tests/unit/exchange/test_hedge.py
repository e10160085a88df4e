"""Hedge mode: a symbol's LONG and SHORT are two positions."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sadari.exchange import NO_SLIPPAGE, Exchange, Refusal
from sadari.exchange.accounts import SidedRecord
from sadari.model.command import PlaceOrder
from sadari.model.event import AccountUpdated, Event, FundingPaid, OrderCanceled, OrderRejected
from sadari.model.order import MarginMode, PositionSide, Side
from sadari.model.plan import Fees
from tests.exchange_orders import BTC, INSTRUMENT, D, T, buy, exchange, fills, limit, sell, stop, wall

LONG, SHORT = PositionSide.LONG, PositionSide.SHORT
BUY, SELL = Side.BUY, Side.SELL
PRICE = D(50_000)


def hedged(balance: str = "10000", mode: MarginMode = MarginMode.ISOLATED) -> Exchange:
    """An account in hedge mode, 10 times levered, without slippage."""
    made = exchange(balance, mode=mode)
    made.set_position_mode(hedge=True)
    made.mark(BTC, PRICE)
    return made


def both(balance: str = "10000", mode: MarginMode = MarginMode.ISOLATED) -> Exchange:
    """The same with 0.3 LONG and 0.1 SHORT, both at 50,000."""
    made = hedged(balance, mode)
    for order in (buy("l", "0.3", position_side=LONG), sell("s", "0.1", position_side=SHORT)):
        assert fills(made.submit(order, T, PRICE))
    return made


def code(events: list[Event]) -> int:
    """The code of a refusal."""
    (refusal,) = events
    assert isinstance(refusal, OrderRejected)
    return refusal.code


def held(made: Exchange) -> tuple[Decimal, Decimal]:
    """The signed quantities of LONG and SHORT."""
    return tuple(p.qty if (p := made.position(BTC, side)) else D(0) for side in (LONG, SHORT))  # type: ignore[return-value]


def test_both_sides_are_held_at_once_each_with_its_own_margin() -> None:
    """One does not reduce the other; each report names its side."""
    made = both()
    assert held(made) == (D("0.3"), D("-0.1"))
    margins = [made.initial_margin(BTC, side) for side in (LONG, SHORT)]
    assert margins == [D(1500), D(500)]
    assert made.available_balance() == made.wallet_balance - 2000
    report = made.submit(buy("c", "0.1", position_side=SHORT), T, PRICE)[-1]
    assert isinstance(report, AccountUpdated)
    assert report.positions == (SidedRecord(BTC, D(0), D(0), position_side=SHORT),)
    assert held(made) == (D("0.3"), D(0))


def test_an_isolated_side_is_liquidated_alone_at_its_own_price() -> None:
    """What the other side gains at that price does not help; its orders stay."""
    made = both()
    made.submit(wall("ws", BUY, "60000", position_side=SHORT), T, PRICE)
    made.submit(wall("wl", SELL, "40000", position_side=LONG), T, PRICE)
    price = made.liquidation_price(BTC, LONG)
    assert price == D("45180.72289157")
    assert made.touch(BTC, T, D("45180.73")) == []
    events = made.touch(BTC, T, D("45180.72"))
    assert [trade.cause for trade in fills(events)] == ["LIQUIDATION"]
    assert [event.client_order_id for event in events if isinstance(event, OrderCanceled)] == ["wl"]
    assert held(made) == (D(0), D("-0.1"))
    assert [waiting.order.client_order_id for waiting in made.open_orders(BTC)] == ["ws"]


def test_crossed_sides_share_the_liquidation_price_of_the_references_general_form() -> None:
    """(WB + cumL + cumS − QL·EPL + QS·EPS) / (QL·MMRL + QS·MMRS − QL + QS), and at it the account is due."""
    made = both("2500", MarginMode.CROSSED)
    price = made.liquidation_price(BTC, LONG)
    expected = (made.wallet_balance - 15_000 + 5_000) / (D("0.4") * D("0.004") - D("0.2"))
    assert price is not None
    assert price == expected.quantize(D("1e-8"), rounding="ROUND_CEILING") == made.liquidation_price(BTC, SHORT)
    assert made.touch(BTC, T, price.quantize(D("0.01"), rounding="ROUND_CEILING")) == []
    events = made.touch(BTC, T, price.quantize(D("0.01"), rounding="ROUND_FLOOR"))
    assert fills(events)[0].cause == "LIQUIDATION"
    assert not fills(events)[0].buyer


def test_equal_crossed_sides_are_due_only_where_their_maintenance_uses_the_wallet_up() -> None:
    """Up there both brackets grow; below nothing is lost."""
    made = hedged("500", MarginMode.CROSSED)
    for order in (buy("l", "0.04", position_side=LONG), sell("s", "0.04", position_side=SHORT)):
        assert fills(made.submit(order, T, PRICE))
    price = made.liquidation_price(BTC, SHORT)
    # 498 are left after fees: 2 · (0.04·P·0.005 − 50)
    assert price == D(1_495_000)
    assert made.touch(BTC, T, D("0.01")) == []
    assert made.touch(BTC, T, D("1494999.99")) == []
    made.touch(BTC, T, price)
    assert not made.positions


@pytest.mark.parametrize(
    ("order", "refused"),
    [
        (buy("a", "0.1"), -4061),
        (buy("a", "0.1", position_side=LONG, reduce_only=True), -1106),
        (stop("a", SELL, "0.1", "49000", position_side=LONG), -1106),
        (sell("", "0.2", position_side=SHORT), -4015),
        (wall("a", BUY, "51000", position_side=LONG), -4136),
        (wall("a", SELL, "49000", position_side=SHORT), -4136),
    ],
)
def test_what_hedge_mode_does_not_take_is_refused(order: PlaceOrder, refused: int) -> None:
    """No side, reduce-only, and close-position orders that would open."""
    made = both()
    assert code(made.submit(order, T, PRICE)) == refused
    assert made.check(order, PRICE) == refused


def test_a_closing_order_stops_at_its_own_position() -> None:
    """Larger than the LONG it sells the LONG and no more; without a position it is refused as reduce-only."""
    made = both()
    (trade,) = fills(made.submit(sell("x", "1", position_side=LONG), T, PRICE))
    assert (trade.qty, trade.done) == (D("0.3"), True)
    assert held(made) == (D(0), D("-0.1"))
    assert code(made.submit(sell("y", "0.1", position_side=LONG), T, PRICE)) == -2022


def test_closing_limit_orders_lock_nothing_and_are_knocked_out_with_the_position() -> None:
    """They claim the side as reduce-only orders do in one-way mode."""
    made = both()
    free = made.available_balance()
    made.submit(limit("t", SELL, "0.3", "51000", position_side=LONG), T, PRICE)
    assert made.available_balance() == free
    assert code(made.submit(limit("u", SELL, "0.1", "52000", position_side=LONG), T, PRICE)) == -2022
    events = made.submit(sell("x", "0.3", position_side=LONG), T, PRICE)
    assert [event.client_order_id for event in events if isinstance(event, OrderCanceled)] == ["t"]


def test_each_side_and_direction_takes_one_close_position_stop_of_a_type() -> None:
    """-4130 to the second on the same side; the other side has its own."""
    made = both()
    assert not isinstance(made.submit(wall("a", SELL, "46000", position_side=LONG), T, PRICE)[0], OrderRejected)
    assert code(made.submit(wall("b", SELL, "44000", position_side=LONG), T, PRICE)) == -4130
    assert not isinstance(made.submit(wall("c", BUY, "55000", position_side=SHORT), T, PRICE)[0], OrderRejected)
    (trade,) = fills(made.touch(BTC, T, D(46_000)))
    assert (trade.client_order_id, trade.qty) == ("a", D("0.3"))
    assert held(made) == (D(0), D("-0.1"))


def test_a_client_id_is_unique_over_both_sides_and_canceled_wherever_it_waits() -> None:
    """-4116 across the sides."""
    made = both()
    made.submit(wall("a", BUY, "55000", position_side=SHORT), T, PRICE)
    assert code(made.submit(limit("a", SELL, "0.1", "55000", position_side=LONG), T, PRICE)) == -4116
    (ended,) = made.cancel(BTC, "a", T)
    assert isinstance(ended, OrderCanceled)


def test_funding_is_settled_for_each_side() -> None:
    """LONG pays what SHORT receives, each of its own size."""
    made = both()
    events = made.fund(BTC, T, D("0.0001"), PRICE)
    assert [event.amount for event in events if isinstance(event, FundingPaid)] == [D("-1.5"), D("0.5")]
    assert [made.income_sides[len(made.income) - left] for left in (2, 1)] == [LONG, SHORT]


def test_leverage_and_margin_mode_are_shared_by_both_sides() -> None:
    """Lowering is refused while an isolated side is held; raising moves both."""
    made = both()
    with pytest.raises(Refusal, match="reduction") as refusal:
        made.set_leverage(BTC, 5)
    assert refusal.value.code == -4161
    made.set_leverage(BTC, 20)
    assert {position.leverage for position in made.positions.values()} == {20}
    with pytest.raises(Refusal) as refusal:
        made.set_margin_mode(BTC, MarginMode.CROSSED)
    assert refusal.value.code == -4048


def test_the_position_mode_changes_only_while_nothing_is_open() -> None:
    """-4059 to what it is already, -4067 with an order, -4068 with a position, on any symbol."""
    made = hedged()

    def refusal(*, hedge: bool) -> int:
        with pytest.raises(Refusal) as refused:
            made.set_position_mode(hedge=hedge)
        return refused.value.code

    assert refusal(hedge=True) == -4059
    made.submit(limit("a", BUY, "0.1", "40000", position_side=LONG), T, PRICE)
    assert refusal(hedge=False) == -4067
    made.cancel(BTC, "a", T)
    made.submit(buy("l", "0.1", position_side=LONG), T, PRICE)
    assert refusal(hedge=False) == -4068
    made.submit(sell("x", "0.1", position_side=LONG), T, PRICE)
    made.set_position_mode(hedge=False)
    assert code(made.submit(buy("b", "0.1", position_side=LONG), T, PRICE)) == -4061
    assert fills(made.submit(buy("b", "0.1"), T, PRICE))
    assert made.positions[BTC].position_side is PositionSide.BOTH


def test_margin_is_moved_for_the_side_that_is_named() -> None:
    """The other keeps what it has; without a side it is refused."""
    made = both()
    with pytest.raises(Refusal) as refused:
        made.move_margin(BTC, T, D(10))
    assert refused.value.code == -4061
    made.move_margin(BTC, T, D(10), SHORT)
    assert [made.initial_margin(BTC, side) for side in (LONG, SHORT)] == [D(1500), D(510)]


def test_deleveraging_closes_without_a_fee_at_the_price_told() -> None:
    """In part or whole, under the exchange's own id; nothing held is refused."""
    made = both()
    (trade,) = fills(made.deleverage(BTC, T, D(50_100), D("0.1"), LONG))
    assert (trade.client_order_id, trade.cause, trade.fee) == (f"adl_autoclose-{T // 1_000_000}", "ADL", D(0))
    assert (trade.qty, trade.realized_pnl) == (D("0.1"), D(10))
    made.deleverage(BTC, T, D(50_100), None, LONG)
    assert held(made) == (D(0), D("-0.1"))
    with pytest.raises(Refusal) as refused:
        made.deleverage(BTC, T, D(50_100), None, LONG)
    assert refused.value.code == -2022


def test_the_equity_counts_both_sides() -> None:
    """Marks are by symbol."""
    made = Exchange({BTC: INSTRUMENT}, Fees(), D(10_000), slippage=NO_SLIPPAGE)
    made.set_position_mode(hedge=True)
    made.submit(buy("l", "0.3", position_side=LONG), T, PRICE)
    made.submit(sell("s", "0.1", position_side=SHORT), T, PRICE)
    assert made.equity({BTC: D(51_000)}) == made.wallet_balance + 200
    assert list(made.crossed) == [BTC]
