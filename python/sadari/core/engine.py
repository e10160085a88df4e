"""The engine: one function from an event to commands. No I/O, no clock, no randomness.

Source: design §1, strategies §6.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from sadari.core import booking, entries, exits, protection, reductions, reports, settlement, watching
from sadari.core.account import Account
from sadari.core.desk import Desk
from sadari.core.engine_table import ENGINE, OPERATOR_EVENTS, EngineState
from sadari.core.intents import Intent
from sadari.core.ledger import Ledger
from sadari.core.position import Position
from sadari.errors import IllegalTransitionError
from sadari.model import event as events
from sadari.model.command import CallDay, Command, RecordMove
from sadari.model.event import Event
from sadari.model.instrument import Instrument
from sadari.model.plan import Settings
from sadari.model.reason import AuditCode, DenialCode, ExitReason, stage_name
from sadari.model.units import DAY_NS, Exact, exact

DAILY_LOSS = "daily_loss_limit"


class Engine:
    """A position engine over events.

    Args:
        settings: What it decides by.
        instruments: Filters and brackets of every symbol it may trade, by symbol.
        ledger: Where it books what changes the wallet; an empty one of its own if none is given.
    """

    def __init__(self, settings: Settings, instruments: Mapping[str, Instrument], ledger: Ledger | None = None) -> None:
        self._desk = Desk(settings, instruments, Ledger() if ledger is None else ledger)
        rungs = max(ladder.rungs for ladder in settings.ladders)
        self._stages = tuple(stage_name(stage) for stage in range(rungs + 1))
        self._handlers: dict[type[Event], Callable[[Any], Position | None]] = {
            events.OperatorRequested: self._operator,
            events.ForceExitRequested: self._force_exit,
            events.WriteOffRequested: lambda event: settlement.write_off(self._desk, event),
            events.EngineTurned: self._turned,
            events.SymbolPrepared: self._prepared,
            events.LevelCrossed: self._crossed,
            events.VerdictTurned: self._verdict,
            events.SignalRaised: self._signal,
            events.OrderAccepted: lambda event: reports.accepted(self._desk, event),
            events.OrderFilled: lambda event: reports.filled(self._desk, event),
            events.OrderCanceled: lambda event: reports.ended(self._desk, event),
            events.OrderRejected: lambda event: reports.ended(self._desk, event),
            events.CancelRejected: lambda event: reports.cancel_rejected(self._desk, event),
            events.OutcomeUnknown: lambda event: reports.unknown(self._desk, event),
            events.AccountUpdated: self._account,
            events.FundingPaid: lambda event: booking.book_funding(self._desk, event),
            events.AlarmRang: self._alarm,
            events.DayStarted: self._day,
        }

    # what may be looked at

    @property
    def state(self) -> EngineState:
        """Where the engine is in its life."""
        return EngineState(self._desk.state.value)

    @property
    def positions(self) -> Mapping[str, Position]:
        """The record of every symbol seen so far; not to be changed."""
        return self._desk.positions

    @property
    def orders(self) -> Mapping[str, Intent]:
        """Every order of ours so far, by client order id; not to be changed."""
        return self._desk.orders

    @property
    def ledger(self) -> Ledger:
        """What changed the wallet; not to be changed."""
        return self._desk.ledger

    @property
    def account(self) -> Account:
        """Balances and day counters; not to be changed."""
        return self._desk.account

    # the one function

    def handle(self, event: Event) -> list[Command]:
        """Take one event and say what is to be done.

        An internal event that no lifecycle lists is a bug: the fact is recorded, no new exposure is allowed any more,
        and protection stays.
        """
        desk = self._desk
        desk.out = []
        if desk.agreement.due and (event.time_ns != desk.now_ns or type(event) is events.EngineTurned):
            booking.instant_over(desk)
        desk.now_ns = event.time_ns
        equity: Decimal | None = getattr(event, "equity", None)
        desk.account.roll(event.time_ns, equity)
        if equity is not None:
            desk.account.see_equity(equity)
        try:
            position = self._handlers[type(event)](event)
            if position is not None:
                watching.sync(desk, position)
        except IllegalTransitionError as error:
            desk.gate_causes.add(AuditCode.ILLEGAL_EVENT)
            desk.audit(AuditCode.ILLEGAL_EVENT, detail=str(error))
            desk.alert("critical", AuditCode.ILLEGAL_EVENT, text=str(error))
        return desk.out

    # the engine's own life

    def _move(self, event: str, guard: str = "") -> None:
        desk = self._desk
        before, after = ENGINE.move(desk, event, guard)
        if before is after:
            return
        desk.out.append(RecordMove(symbol="", position_id=0, event=event, source=before.value, target=after.value))
        for position in desk.positions.values():
            watching.sync(desk, position)

    def _operator(self, event: events.OperatorRequested) -> None:
        desk = self._desk
        if event.command not in OPERATOR_EVENTS or not ENGINE.allows(desk.state, event.command):
            desk.audit(AuditCode.NOT_ALLOWED_IN_STATE, detail=f"{event.command} in {desk.state.value} by {event.actor}")
            return
        if event.command == "pause":
            self._pause(event.cause or "operator")
        elif event.command == "resume":
            desk.causes.clear()
            self._move("resume")
            self._ask_again()
        elif event.command == "stop_close":
            desk.audit(AuditCode.NOT_ALLOWED_IN_STATE, detail="no liquidation source is configured: stopping with KEEP")
            self._move("stop_close")
            self._cancel_entries()
        else:
            self._move(event.command)
            if event.command == "stop_keep":
                self._cancel_entries()
            elif event.command == "reset":
                desk.gate_causes.clear()

    def _pause(self, cause: str) -> None:
        desk = self._desk
        if cause not in desk.causes:
            desk.causes.append(cause)
        self._move("pause")
        self._cancel_entries()

    def _cancel_entries(self) -> None:
        for position in self._desk.positions.values():
            if position.is_in("ENTRY_PENDING") and position.working is not None:
                self._desk.cancel(position.working)

    def _turned(self, event: events.EngineTurned) -> None:
        guard = event.guard
        if event.trigger == "reconciled":
            guard = "pause flag set" if self._desk.causes else "pause flag unset"
        self._move(event.trigger, guard)
        if event.trigger == "reconciled":
            for position in self._desk.positions.values():
                if position.is_in("EXITING"):
                    exits.alarm(self._desk, position)
        self._ask_again()

    def _prepared(self, event: events.SymbolPrepared) -> None:
        if event.leverage == self._desk.settings.ladder.leverage:
            self._desk.prepared[event.symbol] = event.max_notional
        else:
            self._desk.prepared.pop(event.symbol, None)
        self._ask_again()

    def _day(self, event: events.DayStarted) -> None:
        desk = self._desk
        desk.account.start_day(event)
        only_daily = desk.causes == [DAILY_LOSS]
        if DAILY_LOSS in desk.causes:
            desk.causes.remove(DAILY_LOSS)
        if desk.state is EngineState.PAUSED and only_daily:
            self._move("day_start", "only cause: daily_loss_limit")
            self._ask_again()
        held = any(position.qty > 0 for position in desk.positions.values())
        if held:
            desk.day_call_ns = (event.time_ns // DAY_NS + 1) * DAY_NS
            desk.out.append(CallDay(at_ns=desk.day_call_ns))

    # market

    def _signal(self, event: events.SignalRaised) -> Position | None:
        desk = self._desk
        denial = entries.on_signal(desk, event)
        if denial is not None and denial.code is DenialCode.DAILY_LOSS_LIMIT and desk.running:
            desk.audit(AuditCode.DAILY_LOSS_LIMIT, detail=f"{denial.value} <= {denial.limit}")
            self._pause(DAILY_LOSS)
            entries.call_next_day(desk)
        return desk.positions.get(event.symbol)

    def _crossed(self, event: events.LevelCrossed) -> Position | None:
        desk = self._desk
        position = desk.positions.get(event.symbol)
        if position is None or position.qty == 0:
            return None
        tick = event.price
        position.last_price = tick
        position.armed = None
        if not desk.guards or position.is_in("EXITING", "CLOSED", "CLOSED_UNSETTLED"):
            return position
        if watching.BACK in event.levels:
            reductions.unblock(desk, position)
        if exits.breached(position, tick):
            exits.begin(desk, position, "stop_trigger", position.stop_reason, "engine", f"tick {tick}")
        elif position.is_in("RUNNER") and watching.TRAIL in event.levels:
            exits.begin(desk, position, "tech_exit", ExitReason.TECH_ATR_TRAIL.value, "engine", f"tick {tick}")
        elif position.is_in(*self._stages):
            self._ladder(position, tick)
        return position

    def _ladder(self, position: Position, tick: Decimal) -> None:
        desk = self._desk
        if desk.reduces and reductions.consider_profit(desk, position, tick):
            protection.protect(desk, position)
            return
        rung = position.next_rung()
        if rung is None or not position.side.adverse(exact(tick), position.trigger(rung)):
            return
        if position.suspended.get(rung, Exact(0)) is not None:
            position.suspended.pop(rung, None)
            entries.consider_add(desk, position, rung, tick)

    def _verdict(self, event: events.VerdictTurned) -> Position | None:
        desk = self._desk
        position = desk.positions.get(event.symbol)
        if position is None or not position.is_in("RUNNER") or not desk.guards:
            return None
        position.last_price = event.price
        if exits.breached(position, event.price):
            cause = f"tick {event.price}"
            exits.begin(desk, position, "stop_trigger", position.stop_reason, "engine", cause)
        else:
            exits.begin(desk, position, "tech_exit", ExitReason.TECH_MA_CROSS.value, "engine", event.verdict)
        return position

    # account, alarms, operator's exits

    def _account(self, event: events.AccountUpdated) -> None:
        desk = self._desk
        booking.book_account(desk, event)
        desk.account.update(event)
        settlement.retry_all(desk)
        for record in event.positions:
            position = desk.positions.get(record.symbol)
            if position is not None and record.qty == 0 and position.is_in("EXITING") and position.refused_flat:
                exits.venue_is_flat(desk, position)
                watching.sync(desk, position)
            if position is None or position.qty == 0 or record.qty != position.side.sign * position.qty:
                continue
            matters = position.read_liquidation(record.liquidation_price)
            awaited = position.working is not None and not position.working.final
            if position.is_in("QUARANTINED") and not awaited:
                position.working = None
                state = "RUNNER" if position.half_closed else stage_name(position.stage)
                desk.move(position, "reconcile_ok", f"to {state}")
                matters = True
            if matters:
                if not position.is_in("EXITING", "CLOSED_UNSETTLED"):
                    protection.protect(desk, position)
                watching.sync(desk, position)
        self._ask_again()

    def _ask_again(self) -> None:
        """An input of a denied add may have changed: its rung is armed again."""
        for position in self._desk.positions.values():
            waiting = [rung for rung in position.suspended if rung in position.denied]
            for rung in waiting:
                del position.suspended[rung]
            if waiting:
                watching.sync(self._desk, position)

    def _alarm(self, event: events.AlarmRang) -> Position | None:
        desk = self._desk
        kind, symbol, number = event.name.split(":")
        position = desk.positions.get(symbol)
        if position is None or position.id != int(number):
            return None
        if kind == "settle" and position.is_in("CLOSED_UNSETTLED"):
            settlement.rung(desk, position)
        elif kind == "cooldown" and position.is_in("CLOSED"):
            settlement.cool_down_over(desk, position)
        elif kind == "retry":
            position.suspended = {rung: price for rung, price in position.suspended.items() if rung in position.denied}
        elif kind == "reduce":
            reductions.unblock(desk, position)
        elif kind == "protect":
            position.protect_blocked = False
            protection.protect(desk, position)
        elif kind == "exit" and position.is_in("EXITING") and desk.guards:
            exits.alarm(desk, position)
        return position

    def _force_exit(self, event: events.ForceExitRequested) -> Position | None:
        desk = self._desk
        position = desk.positions.get(event.symbol)
        held = position is not None and (position.qty > 0 or position.is_in("ENTRY_PENDING"))
        if position is None or not held or position.is_in("CLOSED", "CLOSED_UNSETTLED"):
            state = position.state.value if position else "FLAT"
            desk.audit(AuditCode.NOT_ALLOWED_IN_STATE, position, f"force exit in {state} by {event.actor}")
            return position
        if position.is_in("ENTRY_PENDING") and position.qty == 0 and position.working is not None:
            position.reason = ExitReason.MANUAL_FORCE_EXIT.value
            desk.cancel(position.working)
            return position
        cause = event.cause or "asked for"
        exits.begin(desk, position, "force_exit", ExitReason.MANUAL_FORCE_EXIT.value, event.actor, cause)
        return position
