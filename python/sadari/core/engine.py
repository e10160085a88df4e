"""The engine: one function from an event to commands. No I/O, no clock, no randomness.

Source: design §1, strategies §6.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from sadari.core import (
    booking,
    entries,
    exits,
    found_orders,
    life,
    preparation,
    protection,
    reconcile,
    reductions,
    reports,
    settlement,
    standing,
    stops,
    targets,
    waiting,
    watching,
)
from sadari.core.account import Account
from sadari.core.desk import Desk
from sadari.core.engine_table import EngineState
from sadari.core.intents import Intent
from sadari.core.ledger import Ledger
from sadari.core.liquidation import course as liquidation
from sadari.core.liquidation import request as liquidation_request
from sadari.core.liquidation.plan import LiquidationPlan, plan
from sadari.core.liquidation.request import Marks
from sadari.core.liquidation.state import Liquidation
from sadari.core.position import Position
from sadari.errors import IllegalTransitionError
from sadari.model import event as events
from sadari.model.command import Command
from sadari.model.event import Event, SymbolPrepared
from sadari.model.instrument import Instrument
from sadari.model.order import MarginMode
from sadari.model.plan import Settings
from sadari.model.reason import AuditCode, DenialCode, ExitReason
from sadari.model.units import Exact, exact


class Engine:
    """A position engine over events.

    Args:
        settings: What it decides by.
        instruments: Filters and brackets of every symbol it may trade, by symbol.
        ledger: Where it books what changes the wallet; an empty one of its own if none is given.
    """

    def __init__(self, settings: Settings, instruments: Mapping[str, Instrument], ledger: Ledger | None = None) -> None:
        self._desk = Desk(settings, instruments, Ledger() if ledger is None else ledger)
        desk = self._desk
        self._handlers: dict[type[Event], Callable[[Any], Position | None]] = {
            events.OperatorRequested: lambda event: life.operator(desk, event),
            events.LiquidationRequested: lambda event: liquidation_request.requested(desk, event),
            events.LiquidationCancelRequested: lambda event: liquidation_request.canceled(desk, event),
            events.LiquidationConfirmed: lambda event: liquidation_request.confirmed(desk, event),
            events.ForceExitRequested: self._force_exit,
            events.WriteOffRequested: lambda event: settlement.write_off(desk, event),
            events.AdoptRequested: lambda event: reconcile.adopt_requested(desk, event),
            events.SettingsChanged: lambda event: preparation.settings_changed(desk, event),
            events.InstrumentChanged: lambda event: preparation.instrument_changed(desk, event),
            events.EngineTurned: lambda event: life.turned(desk, event),
            events.GateShut: self._gate_shut,
            events.GateOpened: self._gate_opened,
            events.SymbolPrepared: lambda event: preparation.prepared(desk, event),
            events.SymbolUnprepared: lambda event: preparation.unprepared(desk, event),
            events.LevelCrossed: self._crossed,
            events.VerdictTurned: self._verdict,
            events.SignalRaised: self._signal,
            events.SignalWithdrawn: lambda event: waiting.withdrawn(desk, event),
            events.OrderAccepted: lambda event: reports.accepted(self._desk, event),
            events.OrderFilled: lambda event: reports.filled(self._desk, event),
            events.OrderCanceled: lambda event: reports.ended(self._desk, event),
            events.OrderRejected: lambda event: reports.ended(self._desk, event),
            events.CancelRejected: lambda event: reports.cancel_rejected(self._desk, event),
            events.OutcomeUnknown: lambda event: reports.unknown(self._desk, event),
            events.OrderFound: lambda event: found_orders.found(desk, event),
            events.StopStuck: lambda event: stops.stuck(desk, event),
            events.PositionsShown: lambda event: reconcile.shown(desk, event),
            events.AccountUpdated: self._account,
            events.FundingPaid: lambda event: booking.book_funding(self._desk, event),
            events.TransferListed: lambda event: booking.book_transfer(desk, event),
            events.EquityPeaked: lambda event: desk.account.see_peak(event.peak),
            events.EquityCrossed: lambda event: standing.fallen_far(desk, event),
            events.PositionLossCrossed: lambda event: standing.lost_far(desk, event),
            events.ConditionTold: lambda _: None,
            events.AlarmRang: self._alarm,
            events.DayStarted: lambda event: life.day(desk, event),
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
    def live(self) -> Mapping[str, Intent]:
        """Those of them that have not had the venue's last word; not to be changed."""
        return self._desk.live_orders()

    @property
    def ledger(self) -> Ledger:
        """What changed the wallet; not to be changed."""
        return self._desk.ledger

    @property
    def untold(self) -> Decimal:
        """By how much the wallet, as last shown, exceeds the ledger's: something is still to be told."""
        return self._desk.agreement.untold

    @property
    def account(self) -> Account:
        """Balances and day counters; not to be changed."""
        return self._desk.account

    @property
    def liquidation(self) -> Liquidation | None:
        """The last engine-wide liquidation, None if there was none; not to be changed."""
        return self._desk.liquidation

    def liquidation_plan(self, reason: str, marks: Marks) -> LiquidationPlan:
        """What an engine-wide liquidation would do now; nothing is changed by asking."""
        return plan(self._desk, reason, marks)

    @property
    def unsettled(self) -> tuple[Position, ...]:
        """Positions that are not settled while their symbol has a new one already."""
        return tuple(self._desk.unsettled)

    @property
    def causes(self) -> tuple[str, ...]:
        """Why entries are paused, in order."""
        return tuple(self._desk.causes)

    @property
    def lost(self) -> tuple[str, ...]:
        """What is out of sight, in order."""
        return tuple(self._desk.lost)

    def gate(self, symbol: str = "") -> tuple[str, ...]:
        """Why a symbol, or the whole account, may not be given new exposure; empty if the gate is open."""
        return self._desk.gate(symbol)

    @property
    def gates(self) -> Mapping[str, tuple[str, ...]]:
        """The causes that were told and stand, by symbol, the account's under the empty name."""
        return {symbol: tuple(causes) for symbol, causes in self._desk.shut.items()}

    def confirmed(self, symbol: str) -> SymbolPrepared | None:
        """What the venue has last confirmed of a symbol, whether it fits the plan or not."""
        return self._desk.confirmed.get(symbol)

    def margin_mode(self, symbol: str) -> MarginMode | None:
        """The margin mode that is in force for a symbol, None while nothing is confirmed."""
        desk = self._desk
        return desk.modes.get(symbol, desk.settings.ladder.margin_mode) if symbol in desk.confirmed else None

    def unprepared(self, symbol: str) -> str | None:
        """Why a symbol is not prepared, None if it is."""
        desk = self._desk
        return None if symbol in desk.prepared else desk.unprepared.get(symbol, "not confirmed")

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
            desk.account.see_peak(equity)
        try:
            position = self._handlers[type(event)](event)
            if position is not None:
                if position.turned:
                    targets.leave(desk, position)
                watching.sync(desk, position)
            liquidation.follow(desk, event)
        except IllegalTransitionError as error:
            desk.gate_causes.add(AuditCode.ILLEGAL_EVENT)
            desk.audit(AuditCode.ILLEGAL_EVENT, detail=str(error))
            desk.alert("critical", AuditCode.ILLEGAL_EVENT, text=str(error))
        return desk.out

    # the gate

    def _gate_shut(self, event: events.GateShut) -> None:
        self._desk.shut_gate(event.symbol, event.cause)

    def _gate_opened(self, event: events.GateOpened) -> None:
        if self._desk.open_gate(event.symbol, event.cause):
            life.ask_again(self._desk)

    # market

    def _signal(self, event: events.SignalRaised) -> Position | None:
        desk = self._desk
        denial = entries.on_signal(desk, event)
        if denial is not None and denial.code is DenialCode.DAILY_LOSS_LIMIT and desk.running:
            desk.audit(AuditCode.DAILY_LOSS_LIMIT, detail=f"{denial.value} <= {denial.limit}")
            life.pause(desk, life.DAILY_LOSS)
            entries.call_next_day(desk)
        return desk.positions.get(event.symbol)

    def _crossed(self, event: events.LevelCrossed) -> Position | None:
        desk = self._desk
        position = desk.positions.get(event.symbol)
        waits = position is not None and position.is_in("ENTRY_PENDING") and position.limit is not None
        if position is None or (position.qty == 0 and not waits):
            return None
        tick = event.price
        position.last_price = tick
        position.armed = None
        if waits and desk.guards:
            waiting.crossed(desk, position, event)
        if position.qty == 0:
            return position
        if not desk.guards or position.is_in("EXITING", "CLOSED", "CLOSED_UNSETTLED"):
            return position
        if watching.BACK in event.levels:
            reductions.unblock(desk, position)
        if exits.breached(position, tick):
            exits.begin(desk, position, "stop_trigger", position.stop_reason, "engine", f"tick {tick}")
        elif position.is_in("RUNNER") and watching.TRAIL in event.levels:
            exits.begin(desk, position, "tech_exit", ExitReason.TECH_ATR_TRAIL.value, "engine", f"tick {tick}")
        elif position.is_in(*desk.stages):
            self._ladder(position, tick)
        return position

    def _ladder(self, position: Position, tick: Decimal) -> None:
        desk = self._desk
        consider = reductions.consider_profit if position.limit is None else targets.consider
        if desk.reduces and consider(desk, position, tick):
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
        waited = position is not None and position.is_in(*watching.judged(position))
        if position is None or not waited or not desk.guards:
            return None
        position.last_price = event.price
        if exits.breached(position, event.price):
            cause = f"tick {event.price}"
            exits.begin(desk, position, "stop_trigger", position.stop_reason, "engine", cause)
        elif position.limit is not None:
            position.turned = event.verdict
        else:
            exits.begin(desk, position, "tech_exit", ExitReason.TECH_MA_CROSS.value, "engine", event.verdict)
        return position

    # account, alarms, operator's exits

    def _account(self, event: events.AccountUpdated) -> None:
        desk = self._desk
        standing.shown(desk, event)
        for signal in list(desk.waiting.values()):
            self._signal(signal)
            self._sync(signal.symbol)

    def _sync(self, symbol: str) -> None:
        position = self._desk.positions.get(symbol)
        if position is not None:
            watching.sync(self._desk, position)

    def _alarm(self, event: events.AlarmRang) -> Position | None:
        desk = self._desk
        kind, symbol, number = event.name.split(":")
        if kind == "compare":
            reconcile.look_again(desk, symbol)
            return None
        if kind == liquidation.ALARM:
            liquidation.rung(desk, int(number))
            return None
        position = desk.positions.get(symbol)
        if kind == "settle":
            position = next((old for old in desk.unsettled if old.id == int(number)), position)
        if position is None or position.id != int(number):
            return None
        _ring(desk, position, kind)
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


def _ring(desk: Desk, position: Position, kind: str) -> None:
    """A position has waited long enough for something."""
    if kind == "settle" and position.is_in("CLOSED_UNSETTLED"):
        settlement.rung(desk, position)
    elif kind == "cooldown" and position.is_in("CLOSED"):
        settlement.cool_down_over(desk, position)
    elif kind == waiting.ALARM:
        waiting.rung(desk, position)
    elif kind == "retry":
        position.suspended = {rung: price for rung, price in position.suspended.items() if rung in position.denied}
    elif kind == "reduce" and not liquidation.closes(desk):
        reductions.unblock(desk, position)
    elif kind == "protect":
        position.protect_blocked = False
        protection.protect(desk, position)
    elif kind == "bare":
        stops.bare(desk, position)
    elif kind == "exit" and position.is_in("EXITING") and desk.guards:
        exits.alarm(desk, position)
