"""An order that takes liquidity from a book of levels."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from sadari.exchange import BookSlippage, Exchange
from sadari.model.event import Event, OrderCanceled, OrderRejected
from sadari.model.order import Side, TimeInForce
from tests.exchange_orders import BTC, D, T, buy, exchange, fills, limit, names, sell, wall

BOOK = ((D("100.01"), D(1)), (D("100.02"), D(2)), (D("100.05"), D(1)))


def booked() -> Exchange:
    """An exchange with these levels above the last price of 100, and as many below it."""

    def levels(_: str, side: Side) -> Iterator[tuple[Decimal, Decimal]]:
        for price, qty in BOOK:
            yield (price if side is Side.BUY else 200 - price), qty

    return exchange(slippage=BookSlippage(levels))


def taken(events: list[Event]) -> list[tuple[str, str, bool]]:
    """Price, quantity and whether it was the last, of each trade."""
    return [(str(one.price), str(one.qty), one.done) for one in fills(events)]


def test_an_order_larger_than_the_top_level_gets_several_trades_at_worse_prices() -> None:
    """Each level gives what it holds, and only the last trade ends the order."""
    venue = booked()
    events = venue.submit(buy("a", "2.5"), T, D(100))
    assert taken(events) == [("100.01", "1", False), ("100.02", "1.5", True)]
    assert venue.positions[BTC].entry_notional == D("100.01") + D("100.02") * D("1.5")
    assert len({one.trade_id for one in fills(events)}) == 2


def test_what_a_thin_book_does_not_hold_of_a_market_order_expires() -> None:
    """Four are there: the fifth expires, and the order is not said to be done before."""
    events = booked().submit(buy("a", "5"), T, D(100))
    assert taken(events) == [("100.01", "1", False), ("100.02", "2", False), ("100.05", "1", False)]
    assert isinstance(events[-1], OrderCanceled)
    assert events[-1].cause == "EXPIRED"


def test_a_limit_order_takes_up_to_its_limit_and_waits_with_the_rest() -> None:
    """What waits is met by a later trade at the limit, as a maker."""
    venue = booked()
    events = venue.submit(limit("a", Side.BUY, "4", "100.02"), T, D(100))
    assert names(events)[0] == "OrderAccepted"
    assert taken(events) == [("100.01", "1", False), ("100.02", "2", False)]
    (waiting,) = venue.open_orders(BTC)
    assert waiting.order.qty == 1
    (rest,) = fills(venue.touch(BTC, T + 1, D("100.02")))
    assert (rest.qty, rest.price, rest.maker, rest.done) == (D(1), D("100.02"), True, True)
    assert venue.positions[BTC].qty == 4


@pytest.mark.parametrize("price", ["100", "100.01"])
def test_a_limit_order_is_never_filled_beyond_its_limit(price: str) -> None:
    """At the last price nothing is offered, so the order waits whole; one tick up it takes the first level."""
    venue = booked()
    events = venue.submit(limit("a", Side.BUY, "2", price), T, D(100))
    assert all(one.price <= D(price) for one in fills(events))
    assert [waiting.order.qty for waiting in venue.open_orders(BTC)] == [2 - sum(one.qty for one in fills(events))]


def test_fill_or_kill_is_refused_where_the_book_is_too_thin() -> None:
    """Nothing of it is executed."""
    venue = booked()
    (refused,) = venue.submit(limit("a", Side.BUY, "4", "100.02", time_in_force=TimeInForce.FOK), T, D(100))
    assert isinstance(refused, OrderRejected)
    assert refused.code == -5021
    assert taken(venue.submit(limit("b", Side.BUY, "3", "100.02", time_in_force=TimeInForce.FOK), T, D(100)))[-1][-1]


def test_the_rest_of_an_immediate_order_expires() -> None:
    """It never waits."""
    venue = booked()
    events = venue.submit(limit("a", Side.BUY, "4", "100.02", time_in_force=TimeInForce.IOC), T, D(100))
    assert [one.qty for one in fills(events)] == [1, 2]
    assert isinstance(events[-1], OrderCanceled)
    assert not venue.open_orders(BTC)


def test_a_stop_walks_the_book_and_stops_at_zero() -> None:
    """A close-position order takes level after level until nothing is held."""
    venue = booked()
    venue.submit(buy("a", "2"), T, D(100))
    venue.submit(wall("w", Side.SELL, "99"), T, D(100))
    events = venue.touch(BTC, T + 1, D(99))
    assert taken(events) == [("99.99", "1", False), ("99.98", "1", True)]
    assert BTC not in venue.positions


def test_a_reduce_only_order_takes_no_more_than_is_held() -> None:
    """The book holds more and the order asks for more."""
    venue = booked()
    venue.submit(buy("a", "2"), T, D(100))
    events = venue.submit(sell("b", "4", reduce_only=True), T, D(100))
    assert [one.qty for one in fills(events)] == [1, 1]
    assert fills(events)[-1].done
    assert BTC not in venue.positions


def test_an_empty_book_fills_nothing_of_a_market_order() -> None:
    """It is taken in and expires whole; an immediate limit order as well."""
    venue = exchange(slippage=BookSlippage(lambda _symbol, _side: ()))
    (expired,) = venue.submit(buy("a", "1"), T, D(100))
    assert isinstance(expired, OrderCanceled)
    events = venue.submit(limit("b", Side.BUY, "1", "101", time_in_force=TimeInForce.IOC), T, D(100))
    assert names(events) == ["OrderAccepted", "OrderCanceled"]
    assert not venue.positions
