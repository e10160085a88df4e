"""What the venue says about our orders: each report finds its intent, its position and the decision that follows.

Source: strategies §5.7; design §3 (Intents). Duplicates and late reports end here.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from sadari.core import booking, entries, exits, protection, reductions, settlement, stops, takeover
from sadari.core.desk import Desk
from sadari.core.intents import Intent
from sadari.core.position import Position
from sadari.model.command import QueryOrder, Reconcile
from sadari.model.event import (
    ABSENT,
    CancelRejected,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    OrderRejected,
    OutcomeUnknown,
)
from sadari.model.order import Direction, PositionSide, Purpose
from sadari.model.reason import AuditCode, ExitReason, RejectReason

_FLAT = ("FLAT", "CLOSED", "CLOSED_UNSETTLED")
_OPENING = (Purpose.ENTRY, Purpose.ADD)
_RESTING = (Purpose.STOP, Purpose.WALL)


def accepted(desk: Desk, event: OrderAccepted) -> None:
    """The venue has the order; no level follows from that."""
    intent = desk.orders.get(event.client_order_id)
    if intent is not None and intent.absent:
        late_life(desk, intent)
        return
    if intent is None:
        return
    position = desk.record_of(intent)
    if intent.called_off and not intent.final:
        desk.cancel(intent)  # The cancel came before the order, or got lost.
    if not intent.move("accept"):
        return
    if intent.purpose in _RESTING:
        position.tries.pop("protect", None)
        protection.confirmed(desk, position, intent)


def late_life(desk: Desk, intent: Intent) -> None:
    """An order that was given up is at the venue after all: nothing waits for it, so it goes (faults R1)."""
    intent.absent = False
    if not intent.move("revive"):
        intent.move("accept")
    desk.know(intent)
    position = desk.record_of(intent)
    if intent.purpose in _OPENING:
        position.openings.append(intent)
    desk.cancel(intent)
    desk.audit(AuditCode.LATE_LIFE, position, intent.client_order_id)
    desk.alert("critical", AuditCode.LATE_LIFE, intent.symbol, f"{intent.client_order_id} had been given up")


def filled(desk: Desk, event: OrderFilled) -> Position | None:
    """A trade: booked once, then decided by what the order was for and where the position stands."""
    booking.book_trade(desk, event)
    intent = desk.orders.get(event.client_order_id)
    if intent is None:
        return _not_ours(desk, event)
    position = _record_for(desk, intent)
    if not intent.book(event.trade_id, event.qty, done=event.done):
        desk.audit(AuditCode.LATE_REPORT, position, f"trade {event.trade_id} of {event.client_order_id} is known")
        awaited = intent is position.working or intent.purpose in _RESTING
        if not (event.done and intent.move("fill", "last") and awaited) or position.is_in(*_FLAT):
            return position
        # All of its trades were told before its end was: only that is new.
        _fill(desk, position, intent, msgspec.structs.replace(event, qty=Decimal(0)))
    elif position.is_in(*_FLAT):
        position = _late_fill(desk, position, intent, event)
    else:
        position.count(event)
        _fill(desk, position, intent, event)
    if position.qty > 0 and not position.is_in("EXITING", *_FLAT):
        protection.protect(desk, position)
    return position


def _record_for(desk: Desk, intent: Intent) -> Position:
    """The record that a fill changes: what an order of an ended life opens is not that life's any more."""
    position = desk.record_of(intent)
    told = position.unproven == 0 and position.untold == 0 and not (intent.shown and position.untraded > 0)
    opens = intent.purpose in _OPENING and told
    return desk.positions[intent.symbol] if opens and position in desk.unsettled else position


def _fill(desk: Desk, position: Position, intent: Intent, event: OrderFilled) -> None:
    event = _beyond_shown(position, intent, event)
    if intent.purpose in _RESTING:
        exits.stop_filled(desk, position, intent, event)
    elif position.is_in("EXITING", "QUARANTINED"):
        _fill_while_leaving(desk, position, intent, event)
    elif intent is not position.working:
        _unexpected_fill(desk, position, intent, event)
    else:
        _expected_fill(desk, position, intent, event)


def _beyond_shown(position: Position, intent: Intent, event: OrderFilled) -> OrderFilled:
    """What a trade of ours changes beyond the quantity that the venue showed before it was told."""
    if not intent.shown:
        return event
    closes = event.buyer is (position.side.sign < 0)
    rest = takeover.explained(position, event.price, event.qty, closes=closes)
    if rest < event.qty and intent.purpose is Purpose.ADD and intent.position_id == position.id:
        position.fill_lot(intent.rung, event.price, event.qty - rest)
    return msgspec.structs.replace(event, qty=rest)


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
    elif intent.purpose in _OPENING and event.buyer is (position.side.sign > 0):
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


def _late_fill(desk: Desk, position: Position, intent: Intent, event: OrderFilled) -> Position:
    """A fill after the close: what it opened is a new record in quarantine, protected at once (strategies §5.7)."""
    if intent.purpose is Purpose.ENTRY and intent.position_id == position.id and position.unproven > 0:
        position.count(event)
        takeover.prove(position, event.price, event.qty)
        settlement.try_again(desk, position)
        return position
    if intent.shown and intent.purpose in _OPENING and intent.position_id == position.id and position.untraded > 0:
        position.count(event)
        event = msgspec.structs.replace(event, qty=takeover.explained(position, event.price, event.qty, closes=False))
        if event.qty == 0:
            desk.audit(AuditCode.LATE_REPORT, position, f"{event.client_order_id} bought what was shown before")
            return position
    if intent.purpose in _OPENING and position.is_in("CLOSED_UNSETTLED") and position.untold > 0:
        event = _opened_behind(desk, position, event)
        if event.qty == 0:
            return position
    if intent.purpose not in _OPENING:
        position.count(event)
        desk.move(position, "late_answer")
        if position.assumed and intent.purpose in _RESTING:
            _name_cause(desk, position, ExitReason.PROTECTIVE_STOP_ORDER)
        desk.audit(AuditCode.LATE_REPORT, position, f"{event.client_order_id} filled {event.qty} after the close")
        if position.is_in("CLOSED_UNSETTLED"):
            settlement.book_late(desk, position, event)
        return position
    strategy, signal_id, balance, rearm = (
        position.strategy,
        position.signal_id,
        position.plan_balance,
        position.rearm,
    )
    direction = Direction.LONG if event.buyer else Direction.SHORT
    rules, position = position.rules, desk.succeed(event.symbol, direction)
    if position.is_in("FLAT") and rules is not position.rules:
        position.follow(rules)
    desk.move(position, "exchange_position_found")
    position.start(desk.next_position_id(), direction, strategy, signal_id, balance)
    position.rearm = rearm
    position.opened_ns = desk.now_ns
    position.count(event)
    takeover.adopt(position, event.price, event.qty)
    desk.audit(AuditCode.QUARANTINED, position, f"{event.client_order_id} filled {event.qty} after the close")
    desk.alert("critical", "LATE_FILL", position.symbol, f"{event.qty} at {event.price}")
    return position


def _opened_behind(desk: Desk, position: Position, event: OrderFilled) -> OrderFilled:
    """The trade of an opening that a stop has closed before it was told; what goes beyond that is returned."""
    share = min(event.qty, position.untold)
    position.count(event)
    position.open_behind(event.price, share)
    desk.audit(AuditCode.LATE_REPORT, position, f"{event.client_order_id} bought {share} of what is closed already")
    settlement.try_again(desk, position)
    return msgspec.structs.replace(event, qty=event.qty - share)


def _name_cause(desk: Desk, position: Position, reason: ExitReason) -> None:
    """A trade tells at last what has closed the position."""
    desk.audit(AuditCode.ADDITIONAL_CAUSE, position, f"{reason}, so far {position.reason}")
    position.reason, position.assumed = reason.value, False


def _not_ours(desk: Desk, event: OrderFilled) -> Position | None:
    position = desk.positions.get(event.symbol)
    trade = (event.symbol, event.trade_id)
    if trade in desk.foreign_trades:
        desk.audit(AuditCode.LATE_REPORT, position, f"trade {event.trade_id} of {event.client_order_id} is known")
        return position
    desk.foreign_trades.add(trade)
    told_ns = event.booked_ns or event.time_ns
    for old in desk.unsettled:
        if old.symbol == event.symbol and told_ns <= old.closed_ns and _closes(old, event):
            return _closed_by_others(desk, old, event)
    if position is not None and position.strategy == takeover.ADOPTED and told_ns <= position.opened_ns:
        desk.audit(AuditCode.LATE_REPORT, position, f"trade {event.trade_id} was a part of what was found")
        return position
    if position is not None and _of_the_other_side(position, event):
        position = None
    if position is not None and position.is_in("CLOSED_UNSETTLED") and _closes(position, event):
        return _closed_by_others(desk, position, event)
    if position is None or position.qty == 0 or position.is_in(*_FLAT):
        desk.audit(AuditCode.EXTERNAL_FILL, None, f"{event.symbol} {event.client_order_id}: {event.qty}")
        desk.alert("critical", AuditCode.EXTERNAL_FILL, event.symbol, event.client_order_id)
        desk.shut_gate(event.symbol, AuditCode.EXTERNAL_FILL)
        desk.out.append(Reconcile(symbol=event.symbol))
        return None
    closes = event.buyer is (position.side.sign < 0)
    position.count(event, qty=min(event.qty, position.qty) if closes else event.qty)
    rest = takeover.explained(position, event.price, event.qty, closes=closes)
    if rest == 0:
        detail = f"{event.client_order_id}: {event.qty} at {event.price}, as shown"
        desk.audit(AuditCode.EXTERNAL_FILL, position, detail)
        return position
    event = msgspec.structs.replace(event, qty=rest)
    beyond = rest > position.qty
    exits.forced_fill(desk, position, event)
    if beyond and position.qty == 0:
        desk.out.append(Reconcile(symbol=event.symbol))  # The rest of it is a position of the other side.
    if position.qty > 0 and not position.is_in("EXITING"):
        protection.protect(desk, position)
    return position


def _of_the_other_side(position: Position, event: OrderFilled) -> bool:
    """Whether a trade is of a symbol's other position in hedge mode, which is not ours."""
    return event.position_side not in (PositionSide.BOTH, position.direction.name)


def _closes(position: Position, event: OrderFilled) -> bool:
    return position.entry_qty > position.exit_qty and event.buyer is (position.side.sign < 0)


def _closed_by_others(desk: Desk, position: Position, event: OrderFilled) -> Position:
    """A trade that tells what has closed a position found flat."""
    if position.assumed and event.cause in exits.FORCED:
        _name_cause(desk, position, exits.FORCED[event.cause])
    desk.audit(AuditCode.EXTERNAL_FILL, position, f"{event.client_order_id}: {event.qty} at {event.price}")
    position.count(event)
    left = position.entry_qty - position.exit_qty
    settlement.book_late(desk, position, msgspec.structs.replace(event, qty=min(event.qty, left)))
    return position


def ended(desk: Desk, event: OrderCanceled | OrderRejected) -> Position | None:
    """An order has ended at the venue without (further) fills."""
    intent = desk.orders.get(event.client_order_id)
    if intent is None:
        return None
    move = "reject" if isinstance(event, OrderRejected) else ("expire" if event.cause == "EXPIRED" else "cancel")
    if not intent.move(move):
        return None
    by_refusal = isinstance(event, OrderRejected) and event.reason is RejectReason.NOT_FOUND
    intent.absent = by_refusal or (isinstance(event, OrderCanceled) and event.cause == ABSENT)
    position = desk.record_of(intent)
    position.worst = None
    if intent.purpose in _RESTING:
        if not protection.lost(position, intent):
            return None  # We have replaced or withdrawn it.
        stops.ended(desk, position, intent, event)
    elif position.is_in(*_FLAT):
        desk.move(position, "late_answer")
        _nothing_more_opens(desk, position)
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


def _nothing_more_opens(desk: Desk, position: Position) -> None:
    """An order of an ended life has had its last word: a wall that stood for what it might open goes."""
    for record in dict.fromkeys((position, desk.positions[position.symbol])):
        if record.is_in(*_FLAT):
            protection.withdraw(desk, record)


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


def cancel_rejected(desk: Desk, event: CancelRejected) -> Position | None:
    """The order to cancel is not open any more: its own report says what became of it."""
    intent = desk.orders.get(event.client_order_id)
    return desk.record_of(intent) if intent is not None else None


_UNKNOWN = {Purpose.ENTRY: "entry_unknown", Purpose.ADD: "add_unknown", Purpose.REDUCE: "reduce_unknown"}


def unknown(desk: Desk, event: OutcomeUnknown) -> Position | None:
    """No answer came: look the order up, never send it again."""
    intent = desk.orders.get(event.client_order_id)
    if intent is None or intent.final:
        return None
    position = desk.record_of(intent)
    position.worst = None
    desk.out.append(QueryOrder(symbol=intent.symbol, client_order_id=intent.client_order_id))
    if not intent.move("lose"):
        return position  # It was known to work; what became of it is read.
    if position.is_in("EXITING"):
        desk.move(position, "exit_unknown")
        if intent is position.working and intent.purpose is Purpose.EXIT:
            exits.unanswered(desk, position)
    elif intent.purpose in _UNKNOWN and intent is position.working and not position.is_in("QUARANTINED", *_FLAT):
        desk.move(position, _UNKNOWN[intent.purpose])
    elif intent.purpose in _RESTING:
        stops.unanswered(desk, position, intent)
    return position
