"""Closing everything: stops, technical exits, forced exits, and what the venue closes by itself.

Source: strategies §5.7.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sadari.core import protection, settlement, slices
from sadari.core.desk import Desk
from sadari.core.entries import RETRY_BACKOFF_NS
from sadari.core.intent_table import IntentState
from sadari.core.intents import Intent, Part
from sadari.core.position import Position
from sadari.model.command import Reconcile, RecordExit, SetAlarm
from sadari.model.event import OrderCanceled, OrderFilled, OrderRejected
from sadari.model.order import Purpose
from sadari.model.reason import AuditCode, ExitReason, RejectReason
from sadari.model.units import SECOND_NS, exact

# A stop waits this long for the end of the order it has to cancel first (strategies §5.3, In flight).
CANCEL_WAIT_NS = SECOND_NS
# What the venue closes by itself, by the cause that it names.
FORCED = {"LIQUIDATION": ExitReason.EXCHANGE_LIQUIDATION, "ADL": ExitReason.ADL}
# So many market exits are refused before slices of a limit order take their place (faults R2, invariant I12).
MARKET_TRIES = 4
# A full exit without an answer may be followed by a second one after this long: both are capped (faults R1).
UNKNOWN_WAIT_NS = 5 * SECOND_NS
# A full exit is retried for ever at this spacing at most.
EXIT_RETRY_NS = 5 * SECOND_NS


def part_guard(position: Position) -> str:
    """The guard that rows for a pending entry carry: whether anything was filled."""
    if position.is_in("ENTRY_PENDING"):
        return "q>0" if position.qty > 0 else "q=0"
    return ""


def begin(desk: Desk, position: Position, event: str, reason: str, actor: str, cause: str) -> None:
    """Close everything for one recorded reason; while an exit is on its way only note the additional cause."""
    if position.is_in("EXITING"):
        desk.move(position, event)
        desk.audit(AuditCode.ADDITIONAL_CAUSE, position, f"{reason} ({cause})")
        return
    desk.move(position, event, part_guard(position))
    position.reason = reason
    position.decide()
    working = position.working
    awaited = working is not None and not working.final
    if awaited and working is not None:
        _record(desk, position, position.qty, actor, cause, "")
        desk.cancel(working)
        _set_alarm(desk, position, CANCEL_WAIT_NS)
        return
    send(desk, position, actor, cause)


def close_at_target(desk: Desk, position: Position, parts: Sequence[Part], cause: str) -> None:
    """The last target is reached: close everything by its reason, and what earlier ones left by theirs (§7.8)."""
    desk.move(position, "target_trigger", "last target")
    position.reason = parts[-1].reason
    position.decide()
    send(desk, position, cause=cause, parts=parts)


def _set_alarm(desk: Desk, position: Position, wait_ns: int) -> None:
    name = f"exit:{position.symbol}:{position.id}"
    desk.out.append(SetAlarm(name=name, at_ns=desk.now_ns + wait_ns, wall=True))


def _record(
    desk: Desk, position: Position, qty: Decimal, actor: str, cause: str, client_order_id: str, reason: str = ""
) -> None:
    desk.out.append(
        RecordExit(
            symbol=position.symbol,
            position_id=position.id,
            reason=reason or position.reason,
            qty=qty,
            actor=actor,
            cause=cause,
            client_order_id=client_order_id,
        )
    )


def send(
    desk: Desk, position: Position, actor: str = "engine", cause: str = "remainder", parts: Sequence[Part] = ()
) -> None:
    """Send a capped market order for what is open, at most the market maximum; the rest follows its fill.

    ``parts`` are shares with reasons of their own; what is beyond them is closed for the reason of the whole.
    """
    if position.qty == 0:
        return
    tries = position.tries.get("exit", 0)
    limit = None
    qty = min(position.qty, position.instrument.market_max_qty)
    if tries >= MARKET_TRIES:
        qty, limit = slices.cut(position, tries - MARKET_TRIES)
    intent = desk.order(position, Purpose.EXIT, qty)
    room = qty
    for part in parts:
        share = min(part.qty, room)
        room -= share
        if share > 0:
            _record(desk, position, share, actor, cause, intent.client_order_id, part.reason)
    if room > 0:
        _record(desk, position, room, actor, cause, intent.client_order_id)
    position.working = intent
    desk.send(position, intent, limit=limit)


def exit_filled(desk: Desk, position: Position, intent: Intent, event: OrderFilled) -> None:
    """A fill of an exit order."""
    position.reduce(event.price, event.qty)
    if position.qty == 0:
        position.working = None
        desk.move(position, "exit_filled", "Q=0")
        settlement.close(desk, position)
    elif event.done and intent is position.working:
        position.working = None
        desk.move(position, "exit_filled", "Q>0")
        send(desk, position)
    else:
        desk.move(position, "exit_partial")


def exit_ended(desk: Desk, position: Position, intent: Intent, event: OrderCanceled | OrderRejected) -> None:
    """The exit order has ended with something still open: again, for ever, at most five seconds apart."""
    position.working = None
    if isinstance(event, OrderCanceled) and intent.filled > 0:
        desk.move(position, "exit_partial")
        send(desk, position)
        return
    tries = position.tries.get("exit", 0)
    position.tries["exit"] = tries + 1
    desk.move(position, "exit_rejected")
    code = event.code if isinstance(event, OrderRejected) else event.cause
    position.refused_flat = isinstance(event, OrderRejected) and event.reason is RejectReason.REDUCE_ONLY
    desk.audit(AuditCode.EXIT_REJECTED, position, f"{intent.client_order_id}: {code}")
    desk.alert("critical", "EXIT_REJECTED", position.symbol, f"exit refused {tries + 1} times: {code}")
    if position.refused_flat or tries >= len(RETRY_BACKOFF_NS):
        desk.out.append(Reconcile(symbol=position.symbol))
    wait = RETRY_BACKOFF_NS[tries] if tries < len(RETRY_BACKOFF_NS) else EXIT_RETRY_NS
    _set_alarm(desk, position, wait)


def earlier_answered(desk: Desk, position: Position) -> None:
    """The order that a stop canceled first has ended: now the actual quantity is closed."""
    position.working = None
    send(desk, position, cause="canceled order ended")


def alarm(desk: Desk, position: Position) -> None:
    """The wait for a canceled order, or after a refused exit, is over: close what is open."""
    working = position.working
    if working is not None and not working.final and working.purpose is Purpose.EXIT:
        if working.state is not IntentState.UNKNOWN:
            return
        send(desk, position, cause=f"no answer to {working.client_order_id}")
        return
    send(desk, position, cause="wait is over")


def unanswered(desk: Desk, position: Position) -> None:
    """No answer to the exit under way: after a while a second one may follow, since the venue caps both."""
    _set_alarm(desk, position, UNKNOWN_WAIT_NS)


def protect_or_flat(desk: Desk, position: Position, cause: str) -> None:
    """No stop of ours rests at the venue and none can be placed: everything is closed (faults R2)."""
    desk.alert("critical", ExitReason.PROTECTIVE_STOP_ORDER, position.symbol, cause)
    if desk.guards:
        begin(desk, position, "protective_triggered", ExitReason.PROTECTIVE_STOP_ORDER.value, "engine", cause)


def found_flat(desk: Desk, position: Position, cause: str) -> None:
    """The venue shows no position, and no trade says what has closed it: its price stays open until one does."""
    working = position.working
    if not position.is_in("EXITING"):
        position.assumed = not position.reason
        position.reason = position.reason or ExitReason.MANUAL_EXTERNAL.value
        _record(desk, position, position.qty, "venue", cause, "")
    if working is not None and not working.final:
        desk.cancel(working)
    guard = part_guard(position)
    position.working = None
    position.qty = Decimal(0)
    desk.move(position, "exchange_flat", guard)
    settlement.close(desk, position)


def venue_is_flat(desk: Desk, position: Position) -> None:
    """The venue refused an exit and shows no position: what closed it is told by trades still to come."""
    position.working = None
    position.qty = Decimal(0)
    desk.move(position, "exchange_flat")
    settlement.close(desk, position)


def now_flat(desk: Desk, position: Position, intent: Intent) -> None:
    """An order of ours that was given up has closed what was left."""
    if not position.reason:
        position.reason = intent.parts[-1].reason if intent.parts else ExitReason.MANUAL_EXTERNAL.value
    position.working = None
    desk.move(position, "exchange_flat")
    settlement.close(desk, position)


def exit_is_accepted(position: Position) -> bool:
    """True while an exit order works at the venue: the resting stops stay as they are."""
    working = position.working
    accepted = (IntentState.NEW, IntentState.PARTIALLY_FILLED)
    return working is not None and working.purpose is Purpose.EXIT and working.state in accepted


def stop_filled(desk: Desk, position: Position, intent: Intent, event: OrderFilled) -> None:
    """A resting stop has filled at the venue: it wins over anything of ours.

    It may have closed what an opening bought whose trade is still to be told: that trade settles it.
    """
    reason = ExitReason.PROTECTIVE_STOP_ORDER.value
    held = min(event.qty, position.qty)
    position.reduce(event.price, held)
    if held < event.qty:
        position.close_part(event.price, event.qty - held)
        desk.audit(AuditCode.LATE_REPORT, position, f"{event.client_order_id} filled more than is held")
    _venue_closed(desk, position, reason, f"{intent.purpose} filled", event)


def forced_fill(desk: Desk, position: Position, event: OrderFilled) -> None:
    """The venue has closed (a part of) the position by itself: liquidation, ADL, or somebody's hand."""
    reason = FORCED.get(event.cause, ExitReason.MANUAL_EXTERNAL).value
    if event.buyer is (position.side.sign > 0):
        position.increase(event.price, event.qty)
    else:
        qty = min(event.qty, position.qty)
        position.reduce(event.price, qty)
        position.take_from_lots(qty)
    desk.audit(AuditCode.EXTERNAL_FILL, position, f"{event.client_order_id}: {event.qty} at {event.price}")
    desk.alert("critical", reason, position.symbol, f"{event.qty} at {event.price}")
    if position.qty == 0:
        _venue_closed(desk, position, reason, event.cause or "unknown order", event)
    elif not position.is_in("EXITING", "QUARANTINED"):
        quarantine(desk, position, "exchange_reduced", f"changed by {event.client_order_id}")


def quarantine(desk: Desk, position: Position, event: str, detail: str) -> None:
    """What is held is not what was asked for: stops first, nothing new, until the venue's account agrees."""
    desk.move(position, event, part_guard(position))
    protection.protect(desk, position)
    if position.working is not None and not position.working.final:
        desk.cancel(position.working)
    desk.audit(AuditCode.QUARANTINED, position, detail)


def _venue_closed(desk: Desk, position: Position, reason: str, cause: str, event: OrderFilled) -> None:
    first = not position.is_in("EXITING")
    outstanding = position.working
    if outstanding is not None and outstanding.final:
        outstanding = None
    if first:
        position.reason = reason
        _record(desk, position, event.qty + position.qty, "venue", cause, event.client_order_id)
        if outstanding is not None:
            desk.cancel(outstanding)
    if position.qty == 0:
        guard = "q>0" if position.is_in("ENTRY_PENDING") else ""
        position.working = None
        desk.move(position, "exchange_flat", guard)
        settlement.close(desk, position)
        return
    if first:
        desk.move(position, "protective_triggered", part_guard(position))
    if outstanding is None and event.done:
        send(desk, position, cause="rest after a resting stop")
    elif first:
        _set_alarm(desk, position, CANCEL_WAIT_NS)


def breached(position: Position, tick: Decimal) -> bool:
    """True if a price is at or beyond the effective stop ``X``."""
    return position.stop is not None and position.qty > 0 and position.side.adverse(exact(tick), position.stop)
