"""Orders as the venue takes them in: parameters and filters, in the order in which the venue asks."""

from __future__ import annotations

import re
from decimal import Decimal

import msgspec
from msgspec import structs

from sadari.exchange.margin import ZERO
from sadari.model.command import PlaceOrder
from sadari.model.instrument import Instrument
from sadari.model.order import OrderType, PositionSide, Side, TimeInForce
from sadari.model.units import decimals

CLIENT_ID = re.compile(r"[.A-Z:/a-z0-9_-]{1,36}")

# What a level of the kernel can hold, with room to spare.
HIGHEST_PRICE = Decimal(10_000_000_000)

# What waits for its trigger and then becomes a limit order, or a market order.
TRIGGERED_LIMIT = frozenset({OrderType.STOP, OrderType.TAKE_PROFIT})
CONDITIONAL = TRIGGERED_LIMIT | {OrderType.STOP_MARKET, OrderType.TAKE_PROFIT_MARKET}
LIMITED = TRIGGERED_LIMIT | {OrderType.LIMIT}

CLOSING = frozenset({(PositionSide.LONG, Side.SELL), (PositionSide.SHORT, Side.BUY)})


class OpenOrder(msgspec.Struct, frozen=True):
    """An order that waits at the venue. ``id`` grows with acceptance, so it is the time priority too."""

    id: int
    time_ns: int
    order: PlaceOrder

    @property
    def conditional(self) -> bool:
        """Whether it waits for its trigger; otherwise it is a limit order in the book."""
        return self.order.order_type in CONDITIONAL


def meets_from_below(order: PlaceOrder) -> bool:
    """Whether a waiting order is met by a price at or above its level (UP), not at or below it (DOWN)."""
    if order.order_type in {OrderType.STOP, OrderType.STOP_MARKET}:
        return order.side is Side.BUY
    return order.side is Side.SELL


def level_of(order: PlaceOrder) -> Decimal:
    """The price at which a waiting order is met: its trigger price, or its limit price."""
    level = order.trigger_price if order.order_type in CONDITIONAL else order.price
    assert level is not None  # noqa: S101 - `refused_for_parameters` has seen to it
    return level


def passed(order: PlaceOrder, last_price: Decimal) -> bool:
    """Whether the last trade is at or beyond the trigger of a conditional order already."""
    distance = last_price - level_of(order)
    return distance >= 0 if meets_from_below(order) else distance <= 0


def closes(order: PlaceOrder) -> bool:
    """Whether an order of hedge mode goes against the side of its position, so that it can only close."""
    return (order.position_side, order.side) in CLOSING


def capped(order: PlaceOrder) -> PlaceOrder:
    """An order as the venue takes it: in hedge mode what closes is reduce-only without saying so."""
    return structs.replace(order, reduce_only=True) if closes(order) and not order.close_position else order


def refused_in_hedge_mode(order: PlaceOrder) -> int:
    """The code for what hedge mode does not take, or 0.

    Source: reference binance-usdm §3.3 and §7; the code for a close-position order that would open is a guess.
    """
    if order.reduce_only:
        return -1106
    if order.close_position and order.position_side is not PositionSide.BOTH and not closes(order):
        return -4136
    return 0


def refused(order: PlaceOrder, instrument: Instrument, last_price: Decimal, *, hedge: bool = False) -> int:
    """The code with which the venue refuses an order whatever the account holds, or 0.

    The last price stands for the mark price in the band and minimum-value filters of limit and market orders.

    Source: reference binance-usdm §3.1 (filters), §3.3 (close-position), §6 (codes).
    """
    return (
        refused_for_parameters(order, hedge=hedge)
        or refused_for_prices(order, instrument, last_price)
        or refused_for_qty(order, instrument, last_price)
    )


def refused_for_parameters(order: PlaceOrder, *, hedge: bool = False) -> int:
    """The code for parameters that are missing, superfluous or do not fit together, or 0."""
    if CLIENT_ID.fullmatch(order.client_order_id) is None:
        return -4015
    if (order.position_side is PositionSide.BOTH) is hedge:
        return -4061
    conditional = order.order_type in CONDITIONAL
    if order.close_position:
        if not conditional or order.order_type in TRIGGERED_LIMIT:
            return -4136
        if order.qty is not None:
            return -4137
        if order.reduce_only:
            return -1106
    elif order.qty is None:
        return -1102
    if (order.trigger_price is None) is conditional:
        return -1102 if conditional else -1106
    if order.order_type in LIMITED:
        return -1102 if order.price is None or order.time_in_force is None else 0
    return 0 if order.price is None else -1106


def refused_for_prices(order: PlaceOrder, instrument: Instrument, last_price: Decimal) -> int:
    """The code for a price or trigger price outside its filters, or 0.

    The band is asked of what goes to the book: of a conditional order not before its trigger.
    """
    for price in (order.price, order.trigger_price):
        if price is None:
            continue
        if price <= 0:
            return -4001
        if price > HIGHEST_PRICE:
            return -4002
        if price % instrument.tick_size:
            return -1111 if finer(price, instrument.tick_size) else -4014
        if price < instrument.min_price:
            return -4013
        if instrument.max_price and price > instrument.max_price:
            return -4002
    if order.price is not None and order.order_type not in CONDITIONAL:
        if order.side is Side.BUY and 0 < instrument.multiplier_up * last_price < order.price:
            return -4016
        if order.side is Side.SELL and order.price < instrument.multiplier_down * last_price:
            return -4024
    return 0


def refused_for_qty(order: PlaceOrder, instrument: Instrument, last_price: Decimal) -> int:
    """The code for a quantity or value outside its filters, or 0. Reduce-only orders have no minimum value."""
    qty = order.qty
    if qty is None:
        return 0
    if qty <= 0:
        return -4003
    if qty % instrument.step_size:
        return -1111 if finer(qty, instrument.step_size) else -4023
    if qty < instrument.min_qty:
        return -4004
    if qty > (instrument.market_max_qty if order.order_type is OrderType.MARKET else instrument.max_qty):
        return -4005
    if not order.reduce_only:
        price = last_price if order.order_type is OrderType.MARKET else order.price or level_of(order)
        if qty * price < instrument.min_notional:
            return -4164
    return 0


def finer(number: Decimal, grid: Decimal) -> bool:
    """Whether a number has more decimals than its grid is written with."""
    return decimals(number.normalize()) > decimals(grid)


def takes(order: PlaceOrder, last_price: Decimal) -> bool:
    """Whether a limit order would be filled at once: its price is at or beyond the last trade."""
    assert order.price is not None  # noqa: S101 - `refused_for_parameters` has seen to it
    return order.price >= last_price if order.side is Side.BUY else order.price <= last_price


def rests(order: PlaceOrder) -> bool:
    """Whether an order may wait in the book."""
    return order.order_type is OrderType.LIMIT and order.time_in_force in {TimeInForce.GTC, TimeInForce.GTX}


def reducible(order: PlaceOrder, held: Decimal) -> Decimal:
    """How much of a signed position an order can close, whatever its quantity; 0 if it has the position's own side."""
    if order.side is Side.SELL:
        return max(held, ZERO)
    return max(-held, ZERO)
