"""What the venue says about our orders: each report finds its intent, its position and the decision that follows.

Source: strategies §5.7; design §3 (Intents). Duplicates and late reports end here.
"""

from __future__ import annotations

from sadari.core import booking, entries, exits, protection, reductions, settlement
from sadari.core.desk import Desk
from sadari.core.intents import Intent
from sadari.core.position import Position
from sadari.model.command import QueryOrder, SetAlarm
from sadari.model.event import (
    CancelRejected,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    OrderRejected,
    OutcomeUnknown,
)
from sadari.model.order import Purpose
from sadari.model.reason import AuditCode, ExitReason, RejectReason
from sadari.model.units import SECOND_NS

_FLAT = ("FLAT", "CLOSED", "CLOSED_UNSETTLED")
_OPENING = (Purpose.ENTRY, Purpose.ADD)
_RESTING = (Purpose.STOP, Purpose.WALL)
# A stop that the venue refuses is placed again at once this often, then at this spacing.
PROTECT_TRIES = 3
PROTECT_RETRY_NS = 5 * SECOND_NS


def accepted(desk: Desk, event: OrderAccepted) -> None:
    """The venue has the order; no level follows from that."""
    intent = desk.orders.get(event.client_order_id)
    if intent is None or not intent.move("accept"):
        return
    position = desk.positions[intent.symbol]
    if intent.purpose in _RESTING:
        position.tries.pop("protect", None)
        protection.confirmed(desk, position, intent)


def filled(desk: Desk, event: OrderFilled) -> Position | None:
    """A trade: booked once, then decided by what the order was for and where the position stands."""
    booking.book_trade(desk, event)
    intent = desk.orders.get(event.client_order_id)
    if intent is None:
        return _not_ours(desk, event)
    position = desk.positions[intent.symbol]
    if not intent.book(event.trade_id, event.qty, done=event.done):
        desk.audit(AuditCode.LATE_REPORT, position, f"trade {event.trade_id} of {event.client_order_id} is known")
        return position
    position.count(event)
    if position.is_in(*_FLAT):
        _late_fill(desk, position, intent, event)
    elif intent.purpose in _RESTING:
        exits.stop_filled(desk, position, intent, event)
    elif position.is_in("EXITING", "QUARANTINED"):
        _fill_while_leaving(desk, position, intent, event)
    elif intent is not position.working:
        _unexpected_fill(desk, position, intent, event)
    else:
        _expected_fill(desk, position, intent, event)
    if position.qty > 0 and not position.is_in("EXITING", *_FLAT):
        protection.protect(desk, position)
    return position


def _expected_fill(desk: Desk, position: Position, intent: Intent, event: OrderFilled) -> None:
    if intent.purpose is Purpose.ENTRY:
        entries.entry_filled(desk, position, event)
        if position.reason:
            exits.begin(desk, position, "force_exit", position.reason, "operator", "asked for while entering")
    elif intent.purpose is Purpose.ADD:
        entries.add_filled(desk, position, intent, event)
    else:
        reductions.reduce_filled(desk, position, intent, event)


def _apply(desk: Desk, position: Position, intent: Intent, event: OrderFilled) -> None:
    """Book a fill that no rule waits for, as what it was meant to be where that is still so."""
    if intent.purpose is Purpose.ADD and intent.position_id == position.id:
        position.add(intent.rung, event.price, event.qty)
    elif intent.purpose in _OPENING:
        position.increase(event.price, event.qty)
    else:
        qty = min(event.qty, position.qty)
        if qty < event.qty:
            desk.audit(AuditCode.LATE_REPORT, position, f"{event.client_order_id} filled more than is held")
        if qty > 0:
            position.reduce(event.price, qty)
        if intent.position_id == position.id:
            reductions.allot(position, intent, qty)
        else:
            position.take_from_lots(qty)


def _unexpected_fill(desk: Desk, position: Position, intent: Intent, event: OrderFilled) -> None:
    """A fill of our own that no row of the state expects: booked, and only stops and exits act until agreement."""
    _apply(desk, position, intent, event)
    detail = f"{event.client_order_id} filled {event.qty} after its end"
    desk.alert("critical", "UNEXPECTED_FILL", position.symbol, detail)
    if position.qty > 0:
        exits.quarantine(desk, position, "unexpected_fill", detail)
    elif not position.is_in("ENTRY_PENDING"):
        exits.now_flat(desk, position, intent)


def _fill_while_leaving(desk: Desk, position: Position, intent: Intent, event: OrderFilled) -> None:
    if intent.purpose is Purpose.EXIT and position.is_in("EXITING"):
        exits.exit_filled(desk, position, intent, event)
        return
    awaited = intent is position.working
    _apply(desk, position, intent, event)
    if position.qty == 0:
        exits.now_flat(desk, position, intent)
        return
    late_add = intent.purpose in _OPENING and not awaited and position.is_in("EXITING")
    desk.move(position, "late_add_fill" if late_add else "earlier_answer")
    if not event.done or not (awaited or position.working is None):
        return
    position.working = None
    if position.is_in("EXITING"):
        exits.earlier_answered(desk, position)


def _late_fill(desk: Desk, position: Position, intent: Intent, event: OrderFilled) -> None:
    """A fill after the close: what it opened is a new record in quarantine, protected at once (strategies §5.7)."""
    if intent.purpose not in _OPENING:
        desk.move(position, "late_answer")
        desk.audit(AuditCode.LATE_REPORT, position, f"{event.client_order_id} filled {event.qty} after the close")
        if position.is_in("CLOSED_UNSETTLED"):
            settlement.book_late(desk, position, event)
        return
    desk.move(position, "exchange_position_found")
    strategy, signal_id, balance = position.strategy, position.signal_id, position.plan_balance
    rearm = position.rearm
    position.start(desk.next_position_id(), position.direction, strategy, signal_id, balance)
    position.rearm = rearm
    position.opened_ns = desk.now_ns
    position.count(event)
    position.adopt(event.price, event.qty)
    desk.audit(AuditCode.QUARANTINED, position, f"{event.client_order_id} filled {event.qty} after the close")
    desk.alert("critical", "LATE_FILL", position.symbol, f"{event.qty} at {event.price}")


def _not_ours(desk: Desk, event: OrderFilled) -> Position | None:
    position = desk.positions.get(event.symbol)
    trade = (event.symbol, event.trade_id)
    if trade in desk.foreign_trades:
        desk.audit(AuditCode.LATE_REPORT, position, f"trade {event.trade_id} of {event.client_order_id} is known")
        return position
    desk.foreign_trades.add(trade)
    if position is None or position.qty == 0 or position.is_in(*_FLAT):
        desk.audit(AuditCode.EXTERNAL_FILL, None, f"{event.symbol} {event.client_order_id}: {event.qty}")
        desk.alert("critical", AuditCode.EXTERNAL_FILL, event.symbol, event.client_order_id)
        return None
    position.count(event)
    exits.forced_fill(desk, position, event)
    if position.qty > 0 and not position.is_in("EXITING"):
        protection.protect(desk, position)
    return position


def ended(desk: Desk, event: OrderCanceled | OrderRejected) -> Position | None:
    """An order has ended at the venue without (further) fills."""
    intent = desk.orders.get(event.client_order_id)
    if intent is None:
        return None
    move = "reject" if isinstance(event, OrderRejected) else ("expire" if event.cause == "EXPIRED" else "cancel")
    if not intent.move(move):
        return None
    position = desk.positions[intent.symbol]
    if intent.purpose in _RESTING:
        if not protection.lost(position, intent):
            return None  # We have replaced or withdrawn it.
        _stop_ended(desk, position, intent, event)
    elif position.is_in(*_FLAT):
        desk.move(position, "late_answer")
    elif position.is_in("QUARANTINED"):
        desk.move(position, "earlier_answer")
    elif intent is position.working:
        _working_ended(desk, position, intent, event)
    if position.is_in("EXITING"):
        # Stops that are lost are placed again; while an exit works, or beyond their trigger, there is nothing to place.
        passed = isinstance(event, OrderRejected) and event.reason is RejectReason.WOULD_TRIGGER
        if intent.purpose in _RESTING and not passed and not exits.exit_is_accepted(position):
            protection.protect(desk, position)
    elif position.qty > 0 and not position.is_in(*_FLAT):
        protection.protect(desk, position)
    return position


def _working_ended(desk: Desk, position: Position, intent: Intent, event: OrderCanceled | OrderRejected) -> None:
    if intent.purpose is Purpose.EXIT:
        exits.exit_ended(desk, position, intent, event)
    elif position.is_in("EXITING"):
        desk.move(position, "earlier_answer")
        exits.earlier_answered(desk, position)
    elif intent.purpose is Purpose.ENTRY:
        entries.entry_ended(desk, position, event)
    elif intent.purpose is Purpose.ADD:
        entries.add_ended(desk, position, intent, event)
    else:
        reductions.reduce_ended(desk, position, intent, event)


def _stop_ended(desk: Desk, position: Position, intent: Intent, event: OrderCanceled | OrderRejected) -> None:
    if position.qty == 0 or position.is_in(*_FLAT):
        return
    if isinstance(event, OrderRejected) and event.reason is RejectReason.WOULD_TRIGGER:
        reason = position.stop_reason or ExitReason.STOP_LOSS.value
        exits.begin(desk, position, "stop_trigger", reason, "engine", "the resting stop's trigger is already passed")
        return
    desk.move(position, "protective_lost", exits.part_guard(position))
    code = event.code if isinstance(event, OrderRejected) else event.cause
    desk.audit(AuditCode.PROTECTIVE_LOST, position, f"{intent.client_order_id}: {code}")
    tries = position.tries.get("protect", 0) + 1
    position.tries["protect"] = tries
    if tries >= PROTECT_TRIES:
        desk.alert("critical", AuditCode.PROTECTIVE_LOST, position.symbol, f"{tries} times: {code}")
        position.protect_blocked = True
        name = f"protect:{position.symbol}:{position.id}"
        desk.out.append(SetAlarm(name=name, at_ns=desk.now_ns + PROTECT_RETRY_NS, wall=True))


def cancel_rejected(desk: Desk, event: CancelRejected) -> Position | None:
    """The order to cancel is not open any more: its own report says what became of it."""
    intent = desk.orders.get(event.client_order_id)
    return desk.positions[intent.symbol] if intent is not None else None


_UNKNOWN = {Purpose.ENTRY: "entry_unknown", Purpose.ADD: "add_unknown", Purpose.REDUCE: "reduce_unknown"}


def unknown(desk: Desk, event: OutcomeUnknown) -> Position | None:
    """No answer came: look the order up, never send it again."""
    intent = desk.orders.get(event.client_order_id)
    if intent is None or not intent.move("lose"):
        return None
    position = desk.positions[intent.symbol]
    if position.is_in("EXITING"):
        desk.move(position, "exit_unknown")
    elif intent.purpose in _UNKNOWN and intent is position.working and not position.is_in("QUARANTINED", *_FLAT):
        desk.move(position, _UNKNOWN[intent.purpose])
    desk.out.append(QueryOrder(symbol=intent.symbol, client_order_id=intent.client_order_id))
    return position
