"""Limit orders that are amended while they wait."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.exchange import Exchange
from sadari.model.event import CancelRejected, OrderCanceled, OrderRejected
from sadari.model.order import Side, TimeInForce
from tests.exchange_orders import BTC, D, T, buy, exchange, fills, limit, names, stop


def waiting() -> Exchange:
    """An exchange where an order to buy 1 at 99 waits between two others."""
    venue = exchange()
    for name in ("first", "mine", "last"):
        venue.submit(limit(name, Side.BUY, "1", "99"), T, D(100))
    return venue


def amend(venue: Exchange, qty: str, price: str, name: str = "mine") -> list[str]:
    """Amend an order, and what came of it in names and codes."""
    events = venue.amend(BTC, name, D(qty), D(price), T, D(100))
    return [str(one.code) if isinstance(one, OrderRejected | CancelRejected) else type(one).__name__ for one in events]


def test_an_amended_order_waits_at_its_new_price_with_its_new_quantity() -> None:
    """The margin is that of the new order, and the old level is met by nothing of it."""
    venue = waiting()
    assert amend(venue, "2", "98") == ["OrderAccepted", "AccountUpdated"]
    assert venue.order_margin(BTC) == (99 + 99 + 2 * 98) / D(10)
    assert [one.client_order_id for one in fills(venue.touch(BTC, T, D(99)))] == ["first", "last"]
    (trade,) = fills(venue.touch(BTC, T, D(98)))
    assert (trade.client_order_id, trade.qty, trade.price) == ("mine", D(2), D(98))


def test_it_loses_its_place_in_time() -> None:
    """At one price it comes after those that it was before."""
    venue = waiting()
    amend(venue, "2", "99")
    assert [one.client_order_id for one in fills(venue.touch(BTC, T, D(99)))] == ["first", "last", "mine"]


@pytest.mark.parametrize(
    ("qty", "price", "code"),
    [
        ("1000", "101", "-2019"),
        ("100000", "99", "-4005"),
        ("1", "99.001", "-1111"),
        ("0", "99", "-4003"),
        ("0.01", "99", "-5029"),
        ("1", "106", "-4016"),
    ],
)
def test_what_is_refused_leaves_the_order_where_it_was(qty: str, price: str, code: str) -> None:
    """Its place in time, its level and all margin figures are as before."""
    venue = waiting()
    before = (venue.open_orders(BTC), venue.order_margin(BTC), venue.available_balance())
    assert amend(venue, qty, price) == [code]
    assert (venue.open_orders(BTC), venue.order_margin(BTC), venue.available_balance()) == before
    assert [one.client_order_id for one in fills(venue.touch(BTC, T, D(99)))] == ["first", "mine", "last"]


def test_an_amended_order_may_take() -> None:
    """At a price that meets the market it is executed like a submitted one."""
    venue = waiting()
    assert amend(venue, "1", "101") == ["OrderAccepted", "OrderFilled", "AccountUpdated"]
    assert venue.positions[BTC].entry_price == 100


def test_a_post_only_order_that_would_take_is_canceled() -> None:
    """Its margin is free again."""
    venue = exchange()
    venue.submit(limit("mine", Side.BUY, "1", "99", time_in_force=TimeInForce.GTX), T, D(100))
    events = venue.amend(BTC, "mine", D(1), D(101), T, D(100))
    assert isinstance(events[0], OrderCanceled)
    assert events[0].cause == "CANCELED"
    assert venue.order_margin(BTC) == 0
    assert not venue.open_orders(BTC)


def test_only_limit_orders_that_wait_can_be_amended() -> None:
    """A stop waits for something else, and what has ended does not wait."""
    venue = waiting()
    venue.submit(buy("a", "1"), T, D(100))
    venue.submit(stop("s", Side.SELL, "1", "98"), T, D(100))
    for name in ("s", "a", "nobody"):
        assert amend(venue, "1", "98", name) == ["-2011"]


SIZES = st.decimals("0.001", 200, places=3)
PRICES = st.decimals(90, 110, places=2)


@given(st.lists(st.tuples(SIZES, PRICES), min_size=1, max_size=6))
def test_an_amended_order_is_worth_what_a_new_one_in_its_place_would_be(changes: list[tuple[Decimal, Decimal]]) -> None:
    """Canceling and submitting anew leaves the same account, unless that was refused."""
    amended, anew = exchange(), exchange()
    state: Callable[[Exchange], object] = lambda venue: (  # noqa: E731
        venue.wallet_balance, venue.available_balance(), venue.order_margin(BTC), venue.positions.get(BTC) is None,
        [(one.order.qty, one.order.price) for one in venue.open_orders(BTC)],
    )  # fmt: skip
    kept = limit("mine", Side.BUY, "1", "99")
    for venue in (amended, anew):
        venue.submit(kept, T, D(100))
    for qty, price in changes:
        done = amended.amend(BTC, "mine", qty, price, T, D(100))
        changed = limit("mine", Side.BUY, str(qty), str(price))
        anew.cancel(BTC, "mine", T)
        if names(anew.submit(changed, T, D(100)))[0] == "OrderRejected":
            assert isinstance(done[0], OrderRejected)
            anew.submit(kept, T, D(100))
        else:
            kept = changed
        assert state(amended) == state(anew)
        if not amended.open_orders(BTC):
            break
