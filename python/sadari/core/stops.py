"""Resting stops that end, stay unanswered or trigger without an order: placed again, or everything is closed.

Source: strategies §5.7 (protective_lost), §10; faults R2, F39, F98, F124; invariants I1, I14.
"""

from __future__ import annotations

from sadari.core import exits, life, protection
from sadari.core.desk import Desk
from sadari.core.intent_table import IntentState
from sadari.core.intents import Intent
from sadari.core.position import Position
from sadari.model.command import Reconcile, SetAlarm
from sadari.model.event import ABSENT, OrderCanceled, OrderRejected, StopStuck
from sadari.model.reason import AuditCode, ExitReason, RejectReason
from sadari.model.units import MINUTE_NS, SECOND_NS

# Why entries are paused when the venue lets no further stop rest (fault F32).
STOPS_FULL = "stop_order_limit"
_FLAT = ("FLAT", "CLOSED", "CLOSED_UNSETTLED")
# A stop that the venue refuses is placed again at once this often, then at this spacing.
PROTECT_TRIES = 3
PROTECT_RETRY_NS = 5 * SECOND_NS
# Source: fault F124.
STOP_TAKEN_NS = 10 * MINUTE_NS


def ended(desk: Desk, position: Position, intent: Intent, event: OrderCanceled | OrderRejected) -> None:
    """The venue no longer has a stop, or never took it: it is placed again, or the stop condition is met already."""
    if position.qty == 0 or position.is_in(*_FLAT):
        return
    if isinstance(event, OrderRejected) and event.reason is RejectReason.WOULD_TRIGGER:
        reason = position.stop_reason or ExitReason.STOP_LOSS.value
        exits.begin(desk, position, "stop_trigger", reason, "engine", "the resting stop's trigger is already passed")
        return
    if isinstance(event, OrderCanceled) and event.cause != ABSENT:
        _taken(desk, position)
    desk.move(position, "protective_lost", exits.part_guard(position))
    code = event.code if isinstance(event, OrderRejected) else event.cause
    desk.audit(AuditCode.PROTECTIVE_LOST, position, f"{intent.client_order_id}: {code}")
    if isinstance(event, OrderRejected) and event.reason is RejectReason.CLOSE_POSITION_EXISTS:
        # Something rests there that we do not know: it is read, and the inner stop goes on alone (fault F39).
        position.wall_blocked = True
        desk.out.append(Reconcile(symbol=position.symbol))
    tries = position.tries.get("protect", 0) + 1
    position.tries["protect"] = tries
    if tries >= PROTECT_TRIES:
        desk.alert("critical", AuditCode.PROTECTIVE_LOST, position.symbol, f"{tries} times: {code}")
        position.protect_blocked = True
        if isinstance(event, OrderRejected) and event.reason is RejectReason.STOP_ORDER_LIMIT:
            # More rests at the venue than we know of: what is entered next would be closed again for want of a stop.
            life.pause(desk, STOPS_FULL)
        name = f"protect:{position.symbol}:{position.id}"
        desk.out.append(SetAlarm(name=name, at_ns=desk.now_ns + PROTECT_RETRY_NS, wall=True))
    _flat_if_bare(desk, position, f"no stop can be placed: refused {tries} times, the last time with {code}")


def _flat_if_bare(desk: Desk, position: Position, cause: str) -> None:
    """Several tries were refused, nothing rests and nothing is under way that could: protect or flat (faults R2)."""
    refused = position.tries.get("protect", 0) >= PROTECT_TRIES
    stays = protection.covered(position) or protection.unanswered(position)
    if refused and not stays and not position.is_in("EXITING"):
        exits.protect_or_flat(desk, position, cause)


def _taken(desk: Desk, position: Position) -> None:
    """The venue has canceled a stop without our asking; soon after another one a person is told (fault F124).

    Whoever takes stops away may do it again: nothing is added to this position any more.
    """
    before, position.stop_lost_ns = position.stop_lost_ns, desk.now_ns
    if before is not None and desk.now_ns - before <= STOP_TAKEN_NS:
        text = "a resting stop was canceled that we had not asked for, the second within ten minutes; it is back"
        desk.alert("critical", AuditCode.PROTECTIVE_LOST, position.symbol, text)
        desk.shut_gate(position.symbol, AuditCode.PROTECTIVE_LOST)


def stuck(desk: Desk, event: StopStuck) -> Position | None:
    """A stop has triggered and no order came of it: it covers nothing, whatever the venue still says (invariant I1)."""
    intent = desk.orders.get(event.client_order_id)
    position = None if intent is None else desk.record_of(intent)
    if intent is None or position is None or position.qty == 0 or position.is_in(*_FLAT):
        return position
    desk.audit(AuditCode.STOP_STUCK, position, intent.client_order_id)
    cause = f"{intent.client_order_id} triggered without an order"
    desk.alert("critical", AuditCode.STOP_STUCK, position.symbol, cause)
    if not protection.covered(position, besides=intent):
        exits.protect_or_flat(desk, position, cause)
    elif protection.lost(position, intent) and not position.is_in("EXITING"):
        protection.protect(desk, position)
    return position


def _watch_bare(desk: Desk, position: Position) -> None:
    if position.qty > 0 and not position.is_in("EXITING") and not protection.covered(position):
        name = f"bare:{position.symbol}:{position.id}"
        desk.out.append(SetAlarm(name=name, at_ns=desk.now_ns + PROTECT_RETRY_NS, wall=True))


def bare(desk: Desk, position: Position) -> None:
    """Seconds have passed without a stop that is known to rest: another one is placed, after three tries R2 holds."""
    if position.qty == 0 or position.is_in("EXITING", *_FLAT) or protection.covered(position):
        return
    tries = position.tries["protect"] = position.tries.get("protect", 0) + 1
    text = f"no stop is known to rest, {tries} times after {PROTECT_RETRY_NS // SECOND_NS} s"
    desk.alert("critical", AuditCode.PROTECTIVE_LOST, position.symbol, text)
    silent = position.inner
    if silent is not None and silent.state is IntentState.UNKNOWN:
        silent.absent = True
        protection.lost(position, silent)
    _flat_if_bare(desk, position, text)
    if not position.is_in("EXITING"):
        protection.protect(desk, position)
        _watch_bare(desk, position)


def unanswered(desk: Desk, position: Position, intent: Intent) -> None:
    """No answer to a stop: it is looked up, covers nothing meanwhile, and is not waited for for ever."""
    _flat_if_bare(desk, position, f"no answer to {intent.client_order_id}, and no other stop can be placed")
    _watch_bare(desk, position)
