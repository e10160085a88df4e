"""From the parameters of a request to the order that it asks for.

Source: reference binance-usdm §3.2, §3.3 and §7.
"""

from __future__ import annotations

from collections.abc import Container
from decimal import Decimal
from typing import NamedTuple

from sadari.exchange import Refusal
from sadari.localexchange.account.records import Order
from sadari.localexchange.asking.parameters import Parameters
from sadari.localexchange.asking.refused import Refused
from sadari.model.command import PlaceOrder
from sadari.model.order import OrderType, PositionSide, Purpose, Side, TimeInForce

REGULAR = (OrderType.LIMIT, OrderType.MARKET)
CONDITIONAL = (OrderType.STOP, OrderType.TAKE_PROFIT, OrderType.STOP_MARKET, OrderType.TAKE_PROFIT_MARKET)
TRIGGERED_LIMIT = (OrderType.STOP, OrderType.TAKE_PROFIT)
# Two names of one price here: the last price stands for the mark price.
WORKING_TYPES = ("CONTRACT_PRICE", "MARK_PRICE")
MOVED = ("STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET")


def known_symbol(parameters: Parameters, symbols: Container[str]) -> str:
    """The symbol that a request names.

    Raises:
        Refused: -1102 if it is missing, -1121 if it is not listed.
    """
    symbol = parameters.text("symbol")
    if symbol not in symbols:
        raise Refused(-1121, "Invalid symbol.")
    return symbol


def some_symbol(parameters: Parameters, symbols: Container[str]) -> str | None:
    """The symbol that a request names, or None if it names none."""
    return None if parameters.maybe("symbol") is None else known_symbol(parameters, symbols)


def regular(parameters: Parameters, symbols: Container[str]) -> PlaceOrder:
    """A market or limit order; its client id is empty if none was sent.

    Raises:
        Refused: A parameter is missing or wrong; -4120 for the types that the algo endpoint takes.
    """
    symbol = known_symbol(parameters, symbols)
    side = _side(parameters)
    if parameters.text("type") in MOVED:
        raise Refused(
            -4120, "Order type not supported for this endpoint. Please use the Algo Order API endpoints instead."
        )
    order_type = parameters.choice("type", REGULAR, -1116, "orderType")
    assert order_type is not None  # noqa: S101 - the text was there
    price = time_in_force = None
    if order_type is OrderType.LIMIT:
        parameters.text("timeInForce")
        time_in_force = parameters.choice("timeInForce", TimeInForce, -1115, "timeInForce")
        price = _wanted(parameters, "price")
    elif parameters.maybe("price") is not None:
        raise _superfluous("price")
    return PlaceOrder(
        symbol=symbol,
        client_order_id=parameters.maybe("newClientOrderId") or "",
        purpose=Purpose.ENTRY,
        side=side,
        order_type=order_type,
        qty=_wanted(parameters, "quantity"),
        price=price,
        time_in_force=time_in_force,
        reduce_only=parameters.flag("reduceOnly") or False,
        position_side=position_side(parameters),
    )


def conditional(parameters: Parameters, symbols: Container[str]) -> PlaceOrder:
    """A conditional order; its client id is empty if none was sent.

    Raises:
        Refused: A parameter is missing, wrong or not served here.
    """
    if parameters.text("algoType") != "CONDITIONAL":
        raise Refused(-1102, "Mandatory parameter 'algoType' was not sent, was empty/null, or malformed.")
    symbol = known_symbol(parameters, symbols)
    side = _side(parameters)
    parameters.text("type")
    order_type = parameters.choice("type", CONDITIONAL, -1116, "orderType")
    assert order_type is not None  # noqa: S101 - the text was there
    price = time_in_force = None
    if order_type in TRIGGERED_LIMIT:
        time_in_force = parameters.choice("timeInForce", TimeInForce, -1115, "timeInForce") or TimeInForce.GTC
        price = _wanted(parameters, "price")
    elif parameters.maybe("price") is not None:
        raise _superfluous("price")
    close_position = parameters.flag("closePosition") or False
    return PlaceOrder(
        symbol=symbol,
        client_order_id=parameters.maybe("clientAlgoId") or "",
        purpose=Purpose.STOP,
        side=side,
        order_type=order_type,
        qty=parameters.decimal("quantity") if close_position else _wanted(parameters, "quantity"),
        price=price,
        trigger_price=_wanted(parameters, "triggerPrice"),
        time_in_force=time_in_force,
        reduce_only=parameters.flag("reduceOnly") or False,
        close_position=close_position,
        position_side=position_side(parameters),
    )


class Amendment(NamedTuple):
    """What a limit order is to become; ``modify_id`` is the client's number of the change."""

    qty: Decimal
    price: Decimal
    modify_id: int | None


def amendment(parameters: Parameters, order: Order) -> Amendment:
    """How an order is to be modified.

    Raises:
        Refused: A parameter is missing or wrong, or names another side.
        Refusal: -5047, reduce-only is asked of an order that is not.
    """
    if _side(parameters) is not order.side:
        raise Refused(-1117, "Invalid side.")
    if parameters.flag("reduceOnly") and not order.reduce_only:
        raise Refusal(-5047)
    return Amendment(_wanted(parameters, "quantity"), _wanted(parameters, "price"), parameters.integer("modifyId"))


def working_type(parameters: Parameters) -> str:
    """Which price triggers an order.

    Raises:
        Refused: -1130, it is neither the contract's nor the mark price.
    """
    return parameters.choice("workingType", WORKING_TYPES, -1130, "workingType") or WORKING_TYPES[0]


def position_side(parameters: Parameters) -> PositionSide:
    """The position that is meant, BOTH if none is named.

    Raises:
        Refused: -4060, there is no such side.
    """
    return parameters.choice("positionSide", PositionSide, -4060, "position side") or PositionSide.BOTH


def _side(parameters: Parameters) -> Side:
    parameters.text("side")
    side = parameters.choice("side", Side, -1117, "side")
    assert side is not None  # noqa: S101 - the text was there
    return side


def _wanted(parameters: Parameters, name: str) -> Decimal:
    number = parameters.decimal(name)
    if number is None:
        raise Refused(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")
    return number


def _superfluous(name: str) -> Refused:
    return Refused(-1106, f"Parameter '{name}' sent when not required.")
