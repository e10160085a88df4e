"""From the wish for an order to its request: both families, both position modes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sadari.binance import endpoints
from sadari.binance.orders import cancel, place, query, query_by_id
from sadari.localexchange.asking.parameters import Parameters
from sadari.localexchange.endpoints.order_wishes import conditional, regular
from sadari.model.command import CancelOrder, PlaceOrder, QueryOrder
from sadari.model.order import OrderType, PositionSide, Purpose, Side, TimeInForce

D = Decimal
OPENINGS = (Purpose.ENTRY, Purpose.ADD)


def wish(purpose: Purpose, side: Side, order_type: OrderType = OrderType.MARKET, **more: Any) -> PlaceOrder:
    """An order as the engine wishes it."""
    values: dict[str, Any] = {"qty": D("0.0000001"), **more}
    return PlaceOrder(
        symbol="BTCUSDT", client_order_id="r-1-X", purpose=purpose, side=side, order_type=order_type, **values
    )


@pytest.mark.parametrize("hedge", [False, True])
@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("purpose", list(Purpose))
def test_what_can_only_shrink_a_position_says_so_in_the_words_of_the_mode(
    purpose: Purpose, side: Side, *, hedge: bool
) -> None:
    """One-way: the reduce-only flag; hedge: the side of the position, and never the flag (faults F37)."""
    _, asked = place(wish(purpose, side), hedge=hedge)
    opens = purpose in OPENINGS
    if hedge:
        assert "reduceOnly" not in asked
        assert asked["positionSide"] == ("LONG" if (side is Side.BUY) == opens else "SHORT")
    else:
        assert asked.get("reduceOnly") == (None if opens else "true")
        assert asked["positionSide"] == "BOTH"


def test_a_market_order_has_exactly_the_fields_of_one() -> None:
    """The quantity in full, the result as the kind of answer, and a short window for an opening (faults F11, F14)."""
    endpoint, asked = place(wish(Purpose.ENTRY, Side.BUY), hedge=False)
    assert endpoint is endpoints.PLACE_ORDER
    assert asked == {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "MARKET",
        "positionSide": "BOTH",
        "quantity": "0.0000001",
        "newClientOrderId": "r-1-X",
        "newOrderRespType": "RESULT",
        "recvWindow": "2000",
    }
    assert "recvWindow" not in place(wish(Purpose.EXIT, Side.SELL), hedge=False).parameters


def test_the_outer_wall_closes_the_position_and_names_no_quantity() -> None:
    """Close-position takes neither quantity nor reduce-only; it is triggered by the last price, unprotected."""
    order = wish(Purpose.WALL, Side.SELL, OrderType.STOP_MARKET, qty=None, close_position=True, trigger_price=D("1E+3"))
    endpoint, asked = place(order, hedge=False)
    assert endpoint is endpoints.PLACE_ALGO
    assert asked == {
        "symbol": "BTCUSDT",
        "side": "SELL",
        "type": "STOP_MARKET",
        "algoType": "CONDITIONAL",
        "positionSide": "BOTH",
        "closePosition": "true",
        "triggerPrice": "1000",
        "workingType": "CONTRACT_PRICE",
        "priceProtect": "false",
        "clientAlgoId": "r-1-X",
        "newOrderRespType": "RESULT",
    }
    assert place(order, hedge=True).parameters["positionSide"] == "LONG"


def test_a_position_side_that_the_wish_names_is_kept_in_hedge_mode() -> None:
    """Who knows better than the rule is believed."""
    order = wish(Purpose.EXIT, Side.SELL, position_side=PositionSide.SHORT)
    assert place(order, hedge=True).parameters["positionSide"] == "SHORT"
    assert place(order, hedge=False).parameters["positionSide"] == "BOTH"


@pytest.mark.parametrize("hedge", [False, True])
@pytest.mark.parametrize("order_type", list(OrderType))
@pytest.mark.parametrize("purpose", list(Purpose))
def test_the_exchange_reads_the_order_that_was_meant(purpose: Purpose, order_type: OrderType, *, hedge: bool) -> None:
    """Its own reader, over every type, gives the same order back."""
    limited = order_type in (OrderType.LIMIT, OrderType.STOP, OrderType.TAKE_PROFIT)
    waits = order_type not in (OrderType.MARKET, OrderType.LIMIT)
    order = wish(
        purpose,
        Side.SELL,
        order_type,
        price=D("99.5") if limited else None,
        trigger_price=D(100) if waits else None,
        time_in_force=TimeInForce.IOC if limited else None,
    )
    endpoint, asked = place(order, hedge=hedge)
    reader = conditional if waits else regular
    got = reader(Parameters(asked), {"BTCUSDT"})
    assert endpoint.ws_method == ("algoOrder.place" if waits else "order.place")
    for name in ("symbol", "client_order_id", "side", "order_type", "qty", "price", "trigger_price", "time_in_force"):
        assert getattr(got, name) == getattr(order, name), name


def test_each_family_is_canceled_and_looked_up_by_its_own_name_of_the_id() -> None:
    """The two families have ids of their own (faults F40)."""
    one = CancelOrder(symbol="BTCUSDT", client_order_id="r-1-X")
    assert cancel(one, conditional=False) == (
        endpoints.CANCEL_ORDER,
        {"symbol": "BTCUSDT", "origClientOrderId": "r-1-X"},
    )
    assert cancel(one, conditional=True) == (endpoints.CANCEL_ALGO, {"symbol": "BTCUSDT", "clientAlgoId": "r-1-X"})
    asked = QueryOrder(symbol="BTCUSDT", client_order_id="r-1-X")
    assert query(asked, conditional=False).parameters == {"symbol": "BTCUSDT", "origClientOrderId": "r-1-X"}
    assert query(asked, conditional=True).parameters == {"clientAlgoId": "r-1-X"}
    assert query_by_id("BTCUSDT", 7) == (endpoints.QUERY_ORDER, {"symbol": "BTCUSDT", "orderId": "7"})
