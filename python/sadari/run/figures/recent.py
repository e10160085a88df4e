"""The last decisions and alerts in words, and counts of what was decided."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from decimal import Decimal

from sadari.model.command import Audit, Command, PlaceOrder, RecordDecision, RecordExit, RecordPosition, SendAlert
from sadari.model.event import Event, OrderFilled, OrderRejected
from sadari.model.reason import AuditCode, ExitReason, is_profit, is_stop
from sadari.run.figures.decisions import alert_of, decision_of
from sadari.run.figures.performance import Performance
from sadari.run.figures.status import DecisionStatus

KEPT = 50
# What a comparison with the exchange finds, beside a position that is gone.
_DIFFERENCES = frozenset(
    {AuditCode.ORPHAN_REMOVED, AuditCode.FOREIGN_ORDER, AuditCode.POSITION_FOUND, AuditCode.POSITION_DIFFERS}
)


class Recent:
    """What an engine decided lately.

    Attributes:
        decisions: In words, the last first.
        alerts: The same.
        differences: How often a comparison found something else than what was believed.
        realized: Price profit of settled positions less fees, plus funding, in quote currency.
        performance: How well it does.
    """

    def __init__(self) -> None:
        self.decisions: deque[DecisionStatus] = deque(maxlen=KEPT)
        self.alerts: deque[DecisionStatus] = deque(maxlen=KEPT)
        self.decided = self.orders = self.refusals = self.fills = self.closed = 0
        self.stops = self.profits = self.differences = 0
        self.realized = Decimal(0)
        self.performance = Performance()
        self._leaving: dict[str, tuple[int, str]] = {}

    def see(self, event: Event, commands: Iterable[Command]) -> None:
        """Take in an event and what was decided on it."""
        self.refusals += isinstance(event, OrderRejected)
        self.fills += isinstance(event, OrderFilled)
        for command in commands:
            self.decided += isinstance(command, RecordDecision | RecordExit)
            self.orders += isinstance(command, PlaceOrder)
            self.differences += _differs(command)
            if isinstance(command, RecordExit):
                self._left_for(command)
            if isinstance(command, SendAlert):
                self.alerts.appendleft(alert_of(command, event.time_ns))
            elif (told := decision_of(command, event.time_ns)) is not None:
                self.decisions.appendleft(told)
            if isinstance(command, RecordPosition):
                self.closed += 1
                self.performance.see(command)
                if command.pnl is not None:
                    self.realized += command.pnl - command.fees + command.funding

    def _left_for(self, record: RecordExit) -> None:
        """Count what made a position be left; the orders that carry it out may be many."""
        why = record.position_id, record.reason
        if self._leaving.get(record.symbol) != why:
            self._leaving[record.symbol] = why
            self.stops += is_stop(record.reason) or record.reason == ExitReason.BREAKEVEN_STOP
            self.profits += is_profit(record.reason)


def _differs(command: Command) -> bool:
    if isinstance(command, RecordExit):
        return command.actor == "venue" and not command.client_order_id
    return isinstance(command, Audit) and command.code in _DIFFERENCES
