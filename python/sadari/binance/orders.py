"""From the wish for an order to the request that asks for it.

Source: reference binance-usdm §3.2, §3.3 and §7.
"""

from __future__ import annotations

from typing import NamedTuple

from sadari.binance import endpoints
from sadari.binance.endpoint import Endpoint
from sadari.binance.numbers import plain
from sadari.binance.sign import OPENING_WINDOW_MS, WINDOW, WINDOW_MS
from sadari.model.command import CancelOrder, PlaceOrder, QueryOrder
from sadari.model.order import OrderType, PositionSide, Purpose, Side, TimeInForce
from sadari.model.units import MILLISECOND_NS

_OPENINGS = (Purpose.ENTRY, Purpose.ADD)
_REGULAR = (OrderType.MARKET, OrderType.LIMIT)
_LIMITED = (OrderType.LIMIT, OrderType.STOP, OrderType.TAKE_PROFIT)
_YES, _NO = "true", "false"


class Asked(NamedTuple):
    """A request: what is asked, and its parameters without timestamp and signature."""

    endpoint: Endpoint
    parameters: dict[str, str]


def is_conditional(command: PlaceOrder) -> bool:
    """Whether an order waits for a trigger price, and so is of the conditional family with its own endpoints."""
    return command.order_type not in _REGULAR


def place(command: PlaceOrder, *, hedge: bool) -> Asked:
    """The request that places an order.

    In one-way mode what can only shrink a position says so; in hedge mode the position side does, and the flag must
    not be sent. An opening has a short window, so that it is not executed late.

    Args:
        command: The order.
        hedge: The account's position mode.
    """
    opens = command.purpose in _OPENINGS
    conditional = is_conditional(command)
    asked = {"symbol": command.symbol, "side": command.side.value, "type": command.order_type.value}
    if conditional:
        asked["algoType"] = "CONDITIONAL"
    asked["positionSide"] = _position_side(command, opens=opens, hedge=hedge).value
    if command.qty is not None and not command.close_position:
        asked["quantity"] = plain(command.qty)
    if command.price is not None:
        asked["price"] = plain(command.price)
    if command.order_type in _LIMITED:
        asked["timeInForce"] = (command.time_in_force or TimeInForce.GTC).value
    if command.close_position:
        asked["closePosition"] = _YES
    elif not hedge and (command.reduce_only or not opens):
        asked["reduceOnly"] = _YES
    if conditional:
        if command.trigger_price is not None:
            asked["triggerPrice"] = plain(command.trigger_price)
        asked |= {"workingType": "CONTRACT_PRICE", "priceProtect": _NO, "clientAlgoId": command.client_order_id}
    else:
        asked["newClientOrderId"] = command.client_order_id
    asked["newOrderRespType"] = "RESULT"
    if opens:
        asked[WINDOW] = str(OPENING_WINDOW_MS)
    return Asked(endpoints.PLACE_ALGO if conditional else endpoints.PLACE_ORDER, asked)


def window_ns(purpose: Purpose | None) -> int:
    """How long after its timestamp a request to place an order may still be executed; the longest if it is unknown."""
    return (OPENING_WINDOW_MS if purpose in _OPENINGS else WINDOW_MS) * MILLISECOND_NS


def cancel(command: CancelOrder, *, conditional: bool) -> Asked:
    """The request that cancels an order of one family."""
    if conditional:
        return Asked(endpoints.CANCEL_ALGO, {"symbol": command.symbol, "clientAlgoId": command.client_order_id})
    return Asked(endpoints.CANCEL_ORDER, {"symbol": command.symbol, "origClientOrderId": command.client_order_id})


def query(command: QueryOrder, *, conditional: bool) -> Asked:
    """The request that looks an order up in one family."""
    if conditional:
        return Asked(endpoints.QUERY_ALGO, {"clientAlgoId": command.client_order_id})
    return Asked(endpoints.QUERY_ORDER, {"symbol": command.symbol, "origClientOrderId": command.client_order_id})


def query_by_id(symbol: str, order_id: int) -> Asked:
    """The request that looks a regular order up by the venue's id: the one that a conditional order has become."""
    return Asked(endpoints.QUERY_ORDER, {"symbol": symbol, "orderId": str(order_id)})


def _position_side(command: PlaceOrder, *, opens: bool, hedge: bool) -> PositionSide:
    if not hedge:
        return PositionSide.BOTH
    if command.position_side is not PositionSide.BOTH:
        return command.position_side
    return PositionSide.LONG if (command.side is Side.BUY) == opens else PositionSide.SHORT
