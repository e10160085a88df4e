"""Orders that a comparison found open at the venue: ours as we know them, ours without a purpose, and other people's.

What nobody needs is withdrawn, what is not ours is never touched (faults F76, F123; invariants I2, I10, I15). What is
found is judged when the positions of the same comparison are told.
"""

from __future__ import annotations

from sadari.core import protection, reports
from sadari.core.desk import Desk
from sadari.core.intents import Intent
from sadari.core.position import Position
from sadari.model.command import CancelOrder
from sadari.model.event import OrderAccepted, OrderFound
from sadari.model.order import OrderType, Purpose
from sadari.model.reason import AuditCode


def found(desk: Desk, event: OrderFound) -> Position | None:
    """An order that is open at the venue."""
    desk.found[event.symbol, event.client_order_id] = event
    if not event.ours:
        if desk.shut_gate(event.symbol, AuditCode.FOREIGN_ORDER):
            text = f"{event.client_order_id} is not ours and stays; no new exposure on {event.symbol} while it is there"
            desk.audit(AuditCode.FOREIGN_ORDER, desk.positions.get(event.symbol), text)
            desk.alert("warning", AuditCode.FOREIGN_ORDER, event.symbol, text)
        return None
    intent = desk.orders.get(event.client_order_id)
    if intent is None:
        _keep_number(desk, event.client_order_id)
        return None
    if intent.final and not intent.absent:
        return None
    accepted = OrderAccepted(time_ns=event.time_ns, symbol=event.symbol, client_order_id=event.client_order_id)
    reports.accepted(desk, accepted)
    return desk.positions.get(event.symbol)


def _keep_number(desk: Desk, client_order_id: str) -> None:
    """An id of this run that we do not remember must not be given to another order."""
    number = client_order_id.removeprefix(f"{desk.settings.run_id}-").split("-")[0]
    if number.isdecimal():
        desk.made(int(number))


def inherit(desk: Desk, position: Position) -> None:
    """Stops of ours that we do not remember and that fit become the position's; nothing is uncovered meanwhile."""
    for order in desk.found.values():
        fits = order.order_type is OrderType.STOP_MARKET and order.side is position.direction.exit_side
        if not order.ours or order.symbol != position.symbol or not fits or order.client_order_id in desk.orders:
            continue
        if order.close_position and position.wall is None:
            position.wall = _remember(desk, position, order, Purpose.WALL)
        elif order.reduce_only and order.qty is not None and position.inner is None:
            position.inner = _remember(desk, position, order, Purpose.STOP)


def _remember(desk: Desk, position: Position, order: OrderFound, purpose: Purpose) -> Intent:
    qty = None if purpose is Purpose.WALL else order.qty
    intent = Intent(position.symbol, position.id, order.client_order_id, purpose, qty)
    intent.trigger_price = order.trigger_price
    intent.move("submit")
    intent.move("accept")
    desk.know(intent)
    return intent


def sweep(desk: Desk, symbol: str) -> None:
    """The positions of a comparison are known: withdraw what has no purpose, and say whether others are here."""
    orders = [order for order in desk.found.values() if order.symbol == symbol]
    for order in orders:
        del desk.found[order.symbol, order.client_order_id]
    foreign = [order for order in orders if not order.ours]
    if not foreign:
        desk.open_gate(symbol, AuditCode.FOREIGN_ORDER)
    desk.foreign_stops.pop(symbol, None)
    if stops := sum(order.trigger_price is not None for order in foreign):
        desk.foreign_stops[symbol] = stops
    position = desk.positions.get(symbol)
    if position is not None and position.wall_blocked and not any(order.close_position for order in foreign):
        position.wall_blocked = False
        if position.qty > 0 and not position.is_in("EXITING"):
            protection.protect(desk, position)
    for order in orders:
        if order.ours and not _has_a_purpose(desk, position, order):
            desk.out.append(CancelOrder(symbol=symbol, client_order_id=order.client_order_id))
            desk.audit(AuditCode.ORPHAN_REMOVED, position, f"{order.client_order_id} of {symbol}")


def _has_a_purpose(desk: Desk, position: Position | None, order: OrderFound) -> bool:
    if position is None:
        return False
    intent = desk.orders.get(order.client_order_id)
    if intent is not None and intent in (position.inner, position.inner_next, position.wall, position.working):
        return True
    # What covers a position goes only when something else covers it.
    capped = order.close_position or order.reduce_only
    return capped and position.qty > 0 and not protection.covered(position, besides=intent)
