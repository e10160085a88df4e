"""Conditional orders with a limit price: they wait like a stop and go on like a submitted limit order."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from sadari.exchange import BookSlippage, Exchange
from sadari.model.command import PlaceOrder
from sadari.model.event import Event, OrderCanceled, OrderRejected
from sadari.model.order import OrderType, Side, TimeInForce
from sadari.model.reason import RejectReason
from tests.exchange_orders import BTC, D, T, buy, exchange, fills, limit, names, order, sell


def stop_limit(client_order_id: str, side: Side, qty: str, trigger: str, price: str, **fields: Any) -> PlaceOrder:
    """A GTC STOP order."""
    fields = {"order_type": OrderType.STOP, "time_in_force": TimeInForce.GTC} | fields
    return order(client_order_id, side, qty, trigger_price=D(trigger), price=D(price), **fields)


def code_of(events: list[Event]) -> int:
    """The code of the refusal that is all there is."""
    (refused,) = events
    assert isinstance(refused, OrderRejected)
    return refused.code


def cause_of(event: Event) -> str:
    """Why an order ended."""
    assert isinstance(event, OrderCanceled)
    return event.cause


def thin(qty: str) -> Exchange:
    """An exchange where so much is offered one cent beyond 101, and nothing else."""

    def levels(_: str, side: Side) -> Iterator[tuple[Decimal, Decimal]]:
        if side is Side.BUY:
            yield D("101.01"), D(qty)

    return exchange(slippage=BookSlippage(levels))


def test_it_waits_without_margin_and_then_takes_up_to_its_limit() -> None:
    """Its margin is far beyond the wallet while it waits; nothing is locked by it."""
    venue = exchange("100")
    free = venue.available_balance()
    assert names(venue.submit(stop_limit("s", Side.BUY, "5", "101", "102"), T, D(100))) == ["OrderAccepted"]
    assert venue.available_balance() == free
    events = venue.touch(BTC, T + 1, D("101.5"))
    assert names(events) == ["OrderAccepted", "OrderFilled", "AccountUpdated"]
    assert fills(events)[0].price == D("101.5")
    assert not fills(events)[0].maker


@pytest.mark.parametrize(
    ("order_type", "side", "trigger", "price", "meets", "fills_at"),
    [
        (OrderType.STOP, Side.BUY, "101", "100.5", "101", "100.5"),
        (OrderType.STOP, Side.SELL, "99", "99.5", "99", "99.5"),
        (OrderType.TAKE_PROFIT, Side.BUY, "99", "98.5", "99", "98.5"),
        (OrderType.TAKE_PROFIT, Side.SELL, "101", "101.5", "101", "101.5"),
    ],
)
def test_a_limit_that_the_market_is_not_at_rests_and_is_filled_there_as_maker(
    order_type: OrderType, side: Side, trigger: str, price: str, meets: str, fills_at: str
) -> None:
    """Each kind triggers on its own side, locks the margin of a resting order then, and is met at its own price."""
    venue = exchange()
    venue.submit(stop_limit("s", side, "1", trigger, price, order_type=order_type), T, D(100))
    assert not venue.touch(BTC, T + 1, D(100))
    events = venue.touch(BTC, T + 2, D(meets))
    assert names(events) == ["OrderAccepted", "AccountUpdated"]
    assert venue.order_margin(BTC) == D(price) / 10
    (waiting,) = venue.open_orders(BTC)
    assert (waiting.order.order_type, waiting.conditional) == (OrderType.LIMIT, False)
    (trade,) = fills(venue.touch(BTC, T + 3, D(fills_at)))
    assert (trade.client_order_id, trade.price, trade.maker, trade.done) == ("s", D(fills_at), True, True)


@pytest.mark.parametrize(
    ("tif", "price", "qty", "expected"),
    [
        (TimeInForce.IOC, "100", "1", ["OrderAccepted", "EXPIRED"]),
        (TimeInForce.IOC, "102", "2", ["OrderAccepted", "OrderFilled", "AccountUpdated", "EXPIRED"]),
        (TimeInForce.FOK, "100", "1", [RejectReason.OTHER]),
        (TimeInForce.FOK, "102", "2", [RejectReason.OTHER]),
        (TimeInForce.FOK, "102", "1", ["OrderAccepted", "OrderFilled", "AccountUpdated"]),
        (TimeInForce.GTX, "102", "1", [RejectReason.OTHER]),
        (TimeInForce.GTX, "100", "1", ["OrderAccepted", "AccountUpdated"]),
        (TimeInForce.GTC, "102", "2", ["OrderAccepted", "OrderFilled", "AccountUpdated", "AccountUpdated"]),
    ],
)
def test_how_long_it_lives_is_asked_at_its_trigger(tif: TimeInForce, price: str, qty: str, expected: list[str]) -> None:
    """One contract is offered: what is not there expires, is refused or rests, as the time in force has it."""
    venue = thin("1")
    venue.submit(stop_limit("s", Side.BUY, qty, "101", price, time_in_force=tif), T, D(100))
    events = venue.touch(BTC, T + 1, D(101))
    assert [cause_of(e) if isinstance(e, OrderCanceled) else type(e).__name__ for e in events] == expected


def test_margin_that_is_not_there_at_the_trigger_ends_it() -> None:
    """It is canceled with the reason and leaves nothing behind."""
    venue = exchange("10")
    venue.submit(stop_limit("rests", Side.BUY, "5", "101", "100.5"), T, D(100))
    venue.submit(stop_limit("takes", Side.BUY, "5", "101", "102"), T, D(100))
    events = venue.touch(BTC, T + 1, D(101))
    assert [cause_of(event) for event in events] == [RejectReason.INSUFFICIENT_MARGIN] * 2
    assert not venue.open_orders(BTC)


def test_a_reduce_only_one_needs_something_to_reduce_at_its_trigger() -> None:
    """With a position it shrinks it; a second one then finds nothing."""
    venue = exchange()
    venue.submit(buy("a", "1"), T, D(100))
    for name in ("first", "second"):
        venue.submit(stop_limit(name, Side.SELL, "1", "99", "98", reduce_only=True), T, D(100))
    events = venue.touch(BTC, T + 1, D(99))
    assert [one.client_order_id for one in fills(events)] == ["first"]
    assert cause_of(events[-1]) == RejectReason.REDUCE_ONLY
    assert not venue.positions


def test_the_price_band_is_asked_at_the_trigger() -> None:
    """Far from the market a stop may wait; at its trigger its limit has to be within the band of that price."""
    venue = exchange()
    assert names(venue.submit(stop_limit("far", Side.BUY, "1", "120", "121"), T, D(100))) == ["OrderAccepted"]
    venue.submit(stop_limit("wide", Side.BUY, "1", "120", "140"), T, D(100))
    events = venue.touch(BTC, T + 1, D(120))
    assert [one.client_order_id for one in fills(events)] == ["far"]
    assert cause_of(events[-1]) == RejectReason.FILTER


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        (stop_limit("s", Side.BUY, "1", "101", "102", time_in_force=None), -1102),
        (order("s", Side.BUY, "1", order_type=OrderType.STOP, trigger_price=D(101)), -1102),
        (
            order("s", Side.SELL, order_type=OrderType.STOP, trigger_price=D(99), price=D(98), close_position=True),
            -4136,
        ),
        (stop_limit("s", Side.BUY, "1", "100", "102"), -2021),
        (stop_limit("s", Side.BUY, "0.01", "101", "102"), -4164),
        (stop_limit("s", Side.BUY, "1", "101", "102.001"), -1111),
    ],
)
def test_what_it_asks_at_once_is_refused_at_once(wish: PlaceOrder, code: int) -> None:
    """Parameters, grids, value and a trigger that has passed are asked before it waits."""
    assert code_of(exchange().submit(wish, T, D(100))) == code


def test_it_is_canceled_like_any_other_before_and_after_its_trigger() -> None:
    """The id stays; afterwards nothing waits and nothing is locked."""
    venue = exchange()
    for trigger in (None, D(101)):
        venue.submit(stop_limit("s", Side.BUY, "1", "101", "100.5"), T, D(100))
        if trigger:
            venue.touch(BTC, T + 1, trigger)
        assert cause_of(venue.cancel(BTC, "s", T + 2)[0]) == "CANCELED"
        assert not venue.open_orders(BTC)
    assert venue.order_margin(BTC) == 0


def test_an_id_is_taken_while_it_waits_and_while_it_rests() -> None:
    """Another order of the id is refused both times."""
    venue = exchange()
    venue.submit(stop_limit("s", Side.BUY, "1", "101", "100.5"), T, D(100))
    assert code_of(venue.submit(limit("s", Side.BUY, "1", "99"), T, D(100))) == -4116
    venue.touch(BTC, T + 1, D(101))
    assert code_of(venue.submit(sell("s", "1"), T, D(101))) == -4116
