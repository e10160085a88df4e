"""What is remembered of orders and trades: enough, and never more and more."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from sadari.binance.values import OrderShown, TradeShown
from sadari.model.event import Event, OrderFilled
from sadari.model.order import PositionSide, Side
from sadari.venue.live.orders.fills import Fills
from sadari.venue.live.orders.newest import Newest


@given(st.lists(st.integers(0, 30), max_size=200), st.sets(st.integers(0, 30), max_size=4))
def test_only_the_newest_and_the_needed_are_kept(keys: list[int], needed: set[int]) -> None:
    """Whatever is needed is there, so are the newest, and there are never more than these."""
    kept: Newest[int, int] = Newest(6, needed.__contains__)
    for number, key in enumerate(keys):
        kept[key] = number
    latest = {key: number for number, key in enumerate(keys)}
    assert len(kept) <= 6 + len(needed)
    assert all(kept.get(key) == latest[key] for key in needed & latest.keys())
    newest = sorted((key for key in latest if key not in needed), key=latest.__getitem__)[len(needed) - 6 :]
    if len(needed) < 6:
        assert all(kept.get(key) == latest[key] for key in newest)


def _filled(trade_id: int) -> OrderFilled:
    one = Decimal(1)
    return OrderFilled(
        time_ns=1, symbol="AUSDT", client_order_id="r-1-E", trade_id=trade_id, price=one, qty=one, fee=one,
        realized_pnl=one, buyer=True,
    )  # fmt: skip


def test_a_trade_that_was_left_out_is_read_although_a_later_one_was_told() -> None:
    """The list is read from the first trade that may be missing, and what is read to the end is not read again."""
    taken: list[Event] = []
    fills = Fills(taken.append, lambda: 1, lambda: 0)
    fills.seen(_filled(5))
    fills.seen(_filled(7))
    assert fills.cursors["AUSDT"] == 4
    assert [number for number in range(3, 9) if not fills.is_told("AUSDT", number)] == [6, 8]
    fills.read("AUSDT", 7)
    assert fills.cursors["AUSDT"] == 7
    assert fills.is_told("AUSDT", 6)
    assert not fills.is_told("AUSDT", 8)


def test_an_order_ends_with_the_trade_that_is_news() -> None:
    """The word that an order is filled comes with a trade that was not told yet, where there is one."""
    taken: list[OrderFilled] = []
    fills = Fills(lambda event: taken.append(event) if isinstance(event, OrderFilled) else None, lambda: 1, lambda: 0)
    fills.seen(_filled(1))
    fills.seen(_filled(3))
    assert fills.order(_shown(3), [_trade(number) for number in (1, 2, 3)], "r-1-E")
    assert [(event.trade_id, event.done) for event in taken] == [(1, False), (3, False), (2, True)]


def _shown(filled: int) -> OrderShown:
    qty = Decimal(filled)
    return OrderShown(
        symbol="AUSDT", client_order_id="r-1-E", order_id=9, side=Side.BUY, position_side=PositionSide.BOTH,
        order_type="MARKET", status="FILLED", qty=qty, filled_qty=qty, price=None, avg_price=None, reduce_only=False,
        close_position=False, updated_ns=1,
    )  # fmt: skip


def _trade(trade_id: int) -> TradeShown:
    one = Decimal(1)
    return TradeShown(
        symbol="AUSDT", trade_id=trade_id, order_id=9, buyer=True, position_side=PositionSide.BOTH, price=one, qty=one,
        fee=one, fee_asset="USDT", realized_pnl=one, maker=False, time_ns=1,
    )  # fmt: skip
