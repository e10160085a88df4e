"""The engine's own life: what an operator asks for, what the edge tells of it, and the days.

Source: strategies §6, §10.
"""

from __future__ import annotations

from sadari.core import exits, refusals, watching
from sadari.core.desk import Desk
from sadari.core.engine_table import ENGINE, OPERATOR_EVENTS, EngineState
from sadari.core.liquidation import course as liquidation
from sadari.core.liquidation import request as liquidation_request
from sadari.core.liquidation.state import PAUSE, STOP
from sadari.core.moving import move
from sadari.core.waiting import call_off, waits
from sadari.model import event as events
from sadari.model.command import CallDay
from sadari.model.reason import AuditCode, DenialCode, EntryEnd, LiquidationReason
from sadari.model.units import DAY_NS

DAILY_LOSS = "daily_loss_limit"
# Whoever is blind in these states has nothing to lose sight of; what is lost is only remembered.
LIQUIDATES = "policy LIQUIDATE"
_LATE = ("reconciled", "reconcile_failed", "drained", "drain_timeout")
_BLIND = (EngineState.IDLE, EngineState.STARTING, EngineState.STOPPED, EngineState.FAILED)


def operator(desk: Desk, event: events.OperatorRequested) -> None:
    """An operator's command; one that the state does not allow is refused."""
    command = event.command
    if command not in OPERATOR_EVENTS or not ENGINE.allows(desk.state, command):
        desk.audit(AuditCode.NOT_ALLOWED_IN_STATE, detail=f"{command} in {desk.state.value} by {event.actor}")
        return
    if command == "pause":
        pause(desk, event.cause or "operator")
    elif command == "resume":
        desk.causes.clear()
        refusals.forget_all(desk)
        move(desk, "resume")
        ask_again(desk)
    elif command == "stop_close":
        _stop_and_close(desk, event)
    else:
        if command == "abandon":
            liquidation.abandon(desk, event.actor, event.cause)
        liquidating = desk.state is EngineState.LIQUIDATING
        move(desk, command)
        if command == "stop_keep":
            cancel_entries(desk)
            if liquidating:
                _stop_afterwards(desk)
        elif command == "reset":
            desk.gate_causes.clear()
            desk.lost.clear()


def _stop_and_close(desk: Desk, event: events.OperatorRequested) -> None:
    """Stop, and close everything through a liquidation; where that is refused it is a stop that closes nothing."""
    before = desk.state
    move(desk, "stop_close")
    if before is EngineState.LIQUIDATING:
        _stop_afterwards(desk)
        return
    cancel_entries(desk)
    liquidation_request.see_prices(desk, event.marks)
    reason = LiquidationReason.OPERATOR_STOP_CLOSE
    liquidation_request.own_request(desk, reason, STOP, event.actor, event.cause)


def _stop_afterwards(desk: Desk) -> None:
    """A stop while everything is being closed: the liquidation goes on, and the engine ends with it."""
    found = liquidation_request.under_way(desk)
    if found is not None:
        found.stop_asked = True


def pause(desk: Desk, cause: str) -> None:
    """No new exposure until an operator resumes."""
    if cause not in desk.causes:
        desk.causes.append(cause)
    if ENGINE.allows(desk.state, "pause"):
        move(desk, "pause")
    cancel_entries(desk)


def cancel_entries(desk: Desk) -> None:
    """Entries that work at the venue go."""
    for position in desk.positions.values():
        waiting = waits(position)
        if waiting is not None:
            call_off(desk, position, waiting[0], EntryEnd.ENTRIES_STOPPED)
        elif position.is_in("ENTRY_PENDING") and position.working is not None:
            desk.cancel(position.working)


def turned(desk: Desk, event: events.EngineTurned) -> None:
    """A fact about the engine's life; what is out of sight is counted here, by its causes."""
    trigger, guard = event.trigger, event.guard
    if trigger in {"data_lost", "data_recovered"}:
        _sight(desk, trigger, event.cause)
        return
    if trigger in {"reconciled", "reconcile_failed"} and desk.state is EngineState.DEGRADED:
        desk.audit(AuditCode.LATE_REPORT, detail=f"{trigger}: sight was lost meanwhile, the comparison does not count")
        return
    if trigger in _LATE and desk.state is EngineState.LIQUIDATING:
        desk.audit(AuditCode.LATE_REPORT, detail=f"{trigger}: everything is being closed meanwhile")
        return
    if trigger == "reconciled":
        guard = "pause flag set" if desk.causes else "pause flag unset"
    move(desk, trigger, guard)
    if trigger == "start_ok" and desk.lost:
        move(desk, "data_lost")
    elif trigger == "reconciled":
        for position in desk.positions.values():
            if position.is_in("EXITING"):
                exits.alarm(desk, position)
    elif trigger == "recovery_exhausted":
        _exhausted(desk, event)
    liquidation.resume(desk)
    ask_again(desk)


def _exhausted(desk: Desk, event: events.EngineTurned) -> None:
    """A connection could not be had back: a person is told, and by the configuration everything is closed."""
    text = f"{event.cause} could not be had back; it is tried on"
    desk.alert("critical", AuditCode.RECOVERY_EXHAUSTED, text=text)
    if event.guard == LIQUIDATES and desk.state is EngineState.DEGRADED:
        reason = LiquidationReason.CONNECTION_FAILURE
        liquidation_request.own_request(desk, reason, PAUSE, liquidation_request.ENGINE_ACTOR, text)


def _sight(desk: Desk, trigger: str, cause: str) -> None:
    """Something is out of sight, or back: the engine sees again only when nothing is missing."""
    if trigger == "data_lost":
        if cause not in desk.lost:
            desk.lost.append(cause)
        if desk.state not in _BLIND:
            move(desk, trigger)
            liquidation.resume(desk)
        return
    if not cause:
        desk.lost.clear()
    elif cause in desk.lost:
        desk.lost.remove(cause)
    if ENGINE.allows(desk.state, trigger):
        move(desk, trigger, "causes left" if desk.lost and desk.state is EngineState.DEGRADED else "")


def day(desk: Desk, event: events.DayStarted) -> None:
    """A UTC day begins: a pause for the day's loss ends with it."""
    desk.account.start_day(event)
    refusals.forget_all(desk)
    only_daily = desk.causes == [DAILY_LOSS]
    if DAILY_LOSS in desk.causes:
        desk.causes.remove(DAILY_LOSS)
    if desk.state is EngineState.PAUSED and only_daily:
        move(desk, "day_start", "only cause: daily_loss_limit")
        ask_again(desk)
    held = any(position.qty > 0 for position in desk.positions.values())
    if held:
        desk.day_call_ns = (event.time_ns // DAY_NS + 1) * DAY_NS
        desk.out.append(CallDay(at_ns=desk.day_call_ns))


def waits_for_account(desk: Desk) -> bool:
    """Whether an add or an entry was denied because balances were too old."""
    stale = DenialCode.ACCOUNT_DATA_STALE
    return bool(desk.waiting) or any(stale in position.denied.values() for position in desk.positions.values())


def ask_again(desk: Desk) -> None:
    """An input of a denied add may have changed: its rung is armed again."""
    for position in desk.positions.values():
        waiting = [rung for rung in position.suspended if rung in position.denied]
        for rung in waiting:
            del position.suspended[rung]
        if waiting:
            watching.sync(desk, position)
