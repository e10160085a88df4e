"""Profit in parts: the lots of the ladder at their recovery levels and half of the rest.

Source: strategies §5.3.
"""

from __future__ import annotations

from decimal import Decimal

from sadari.core import settlement
from sadari.core.desk import Desk
from sadari.core.entries import RETRY_BACKOFF_NS
from sadari.core.intents import Intent, Part
from sadari.core.lots import ZERO
from sadari.core.position import Position
from sadari.model.command import RecordExit, SetAlarm
from sadari.model.event import OrderCanceled, OrderFilled, OrderRejected
from sadari.model.order import Purpose
from sadari.model.reason import AuditCode, ExitReason, RejectReason, recovery
from sadari.model.units import SECOND_NS, Exact, exact, floor_step

# After three tries a reduction waits for the next crossing, at the latest for this long (strategies §5.3).
BLOCKED_NS = 60 * SECOND_NS
_TRIES = "reduction"


def profit_parts(position: Position, price: Exact) -> tuple[list[Part], bool]:
    """The parts that this tick is beyond, the highest lot first, and whether half is due."""
    side = position.side
    parts: list[Part] = []
    for rung in position.open_lots():
        if not side.favourable(price, position.recovery(rung)):
            break
        parts.append(Part(recovery(rung), position.lots[rung].open, rung))
    half_due = side.favourable(price, position.half_level)
    return parts, half_due


def consider_profit(desk: Desk, position: Position, tick: Decimal) -> bool:
    """Send one reduce-only order for every part this tick is beyond. True if something was done."""
    if position.half_closed or position.reduction_blocked:
        return False
    parts, half_due = profit_parts(position, exact(tick))
    if not parts and not half_due:
        return False
    ladder, instrument = position.rules.ladder, position.instrument
    lots_qty = sum((part.qty for part in parts), ZERO)
    if half_due:
        position.runner_best = tick
        rest = exact(position.qty - lots_qty)
        half = floor_step(exact(ladder.half_close_ratio) * rest, instrument.step_size)
        if half < instrument.min_qty:
            desk.audit(AuditCode.HALF_QTY_ZERO, position, f"half of {position.qty - lots_qty}")
            if not parts:
                _half_without_order(desk, position)
                return True
        else:
            parts.append(Part(ExitReason.HALF_PROFIT.value, half, 0))
    qty = sum((part.qty for part in parts), ZERO)
    if position.qty - qty < instrument.min_qty:
        parts[-1].qty += position.qty - qty
        qty = position.qty
    event = "half_trigger" if half_due else "recovery_trigger"
    position.return_state = position.state.value
    desk.move(position, event)
    send(desk, position, parts, "RUNNER" if half_due else position.return_state, "level")
    return True


def _half_without_order(desk: Desk, position: Position) -> None:
    position.half_closed = True
    desk.move(position, "half_trigger", "order quantity 0")
    position.update_stop()


def _go_on(desk: Desk, position: Position, before: Intent, cause: str) -> None:
    """The next order of a reduction of which something is filled."""
    send(desk, position, _unfilled(before), before.target, cause, continues=True)


def send(
    desk: Desk, position: Position, parts: list[Part], target: str, cause: str, *, continues: bool = False
) -> None:
    """One order for the parts, at most the market maximum; what is beyond it follows its fill."""
    room = min(sum((part.qty for part in parts), ZERO), position.instrument.market_max_qty)
    intent = desk.order(position, Purpose.REDUCE, room)
    intent.parts = parts
    intent.target = target
    intent.continues = continues
    for part in parts:
        share = min(part.qty, room)
        room -= share
        if share == 0:
            break
        desk.out.append(
            RecordExit(
                symbol=position.symbol,
                position_id=position.id,
                reason=part.reason,
                qty=share,
                actor="engine",
                cause=cause,
                client_order_id=intent.client_order_id,
            )
        )
    if sum((part.qty for part in parts), ZERO) == position.qty:
        position.decide()
    position.working = intent
    desk.send(position, intent)


def _unfilled(intent: Intent) -> list[Part]:
    return [Part(part.reason, part.qty - part.filled, part.rung) for part in intent.parts if part.filled < part.qty]


def reduce_filled(desk: Desk, position: Position, intent: Intent, event: OrderFilled) -> None:
    """A fill of the reduction under way: allotted to its parts in their order."""
    position.reduce(event.price, event.qty)
    allot(position, intent, event.qty)
    if position.qty == 0:
        position.working = None
        position.reason = intent.parts[-1].reason
        desk.move(position, "reduce_filled", "Q=0")
        settlement.close(desk, position)
    elif not event.done:
        desk.move(position, "reduce_partial")
    elif _unfilled(intent):
        desk.move(position, "reduce_done_partial", "tries left")
        _go_on(desk, position, intent, "beyond the market maximum")
    else:
        position.working = None
        position.tries.pop(_TRIES, None)
        desk.move(position, "reduce_filled", f"to {_conclude(position, intent.target)}")


def allot(position: Position, intent: Intent, qty: Decimal) -> None:
    """Give a fill to the parts of its reduction in their order, and mark what has happened by it."""
    for part in intent.parts:
        share = min(part.qty - part.filled, qty)
        part.filled += share
        qty -= share
        if share == 0:
            continue
        if position.limit is not None:
            _reach(position, part.reason, share)
            continue
        if part.rung == 0:
            position.half_closed = True
            continue
        position.staged_exit = True
        lot = position.lots[part.rung]
        lot.open -= min(share, lot.open)
        if lot.open == 0 and position.rules.ladder.dca_rearm:
            position.used.discard(part.rung)


def _reach(position: Position, reason: str, qty: Decimal) -> None:
    """A target has closed so much of its share; what is left of that stays open (strategies §5.3)."""
    position.staged_exit = True
    for goal in position.goals:
        if goal.reason == reason:
            goal.open -= min(qty, goal.open)


def _conclude(position: Position, target: str) -> str:
    """The state to return to: RUNNER as soon as any of the half was filled."""
    if target == "RUNNER":
        position.half_closed = True
    position.merge_small_lots()
    position.update_stop()
    return "RUNNER" if position.half_closed else target


def reduce_ended(desk: Desk, position: Position, intent: Intent, event: OrderCanceled | OrderRejected) -> None:
    """The reduction has ended without (further) fills: try again, or give up until the next crossing."""
    tries = position.tries.get(_TRIES, 0) + 1
    position.tries[_TRIES] = tries
    desk.refused(position, event)
    position.decision = None
    given_up = tries >= len(RETRY_BACKOFF_NS)
    wait = BLOCKED_NS if given_up else RETRY_BACKOFF_NS[tries - 1]
    begun = intent.filled > 0 or intent.continues
    if begun and not given_up:
        desk.move(position, "reduce_done_partial", "tries left")
    elif begun:
        position.working = None
        desk.move(position, "reduce_done_partial", f"given up, to {_conclude(position, position.return_state)}")
    else:
        position.working = None
        desk.move(position, "reduce_rejected", f"to {_conclude(position, position.return_state)}")
        if isinstance(event, OrderRejected) and event.reason is RejectReason.MIN_NOTIONAL and not given_up:
            _close_all(desk, position, intent)
            return
    if given_up:
        position.tries.pop(_TRIES, None)
        desk.audit(AuditCode.REDUCTION_GIVEN_UP, position, f"after {tries} tries")
    position.reduction_blocked = True
    position.reduction_given_up = given_up
    desk.out.append(SetAlarm(name=f"reduce:{position.symbol}:{position.id}", at_ns=desk.now_ns + wait, wall=True))


def _close_all(desk: Desk, position: Position, intent: Intent) -> None:
    """Exempt from the minimum by rule, refused for it all the same: everything is closed with the same reason."""
    last = intent.parts[-1]
    if position.limit is not None:
        desk.move(position, "target_trigger", "some target stays open")
    else:
        desk.move(position, "recovery_trigger" if last.rung else "half_trigger")
    everything = [Part(last.reason, position.qty, last.rung)]
    send(desk, position, everything, intent.target, "refused for its notional")


def unblock(desk: Desk, position: Position) -> None:
    """The wait after a refused reduction is over: its remainder is sent, or its level armed again."""
    position.reduction_blocked = position.reduction_given_up = False
    intent = position.working
    if position.is_in("REDUCING") and intent is not None and intent.final:
        _go_on(desk, position, intent, "remainder")
