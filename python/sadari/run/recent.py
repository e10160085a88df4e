"""The last decisions and alerts in words, and counts of what was decided."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from decimal import Decimal

from sadari.model.command import Command, PlaceOrder, RecordDecision, RecordExit, RecordPosition, SendAlert
from sadari.model.event import Event, OrderFilled, OrderRejected
from sadari.model.reason import stage_name
from sadari.run.status import DecisionStatus

KEPT = 50


class Recent:
    """What an engine decided lately.

    Attributes:
        decisions: In words, the last first.
        alerts: The same.
        realized: Price profit of settled positions less fees, plus funding, in quote currency.
    """

    def __init__(self) -> None:
        self.decisions: deque[DecisionStatus] = deque(maxlen=KEPT)
        self.alerts: deque[DecisionStatus] = deque(maxlen=KEPT)
        self.decided = self.orders = self.refusals = self.fills = self.closed = 0
        self.realized = Decimal(0)

    def see(self, event: Event, commands: Iterable[Command]) -> None:
        """Take in an event and what was decided on it."""
        self.refusals += isinstance(event, OrderRejected)
        self.fills += isinstance(event, OrderFilled)
        for command in commands:
            if isinstance(command, RecordDecision):
                self._decide(event, command.symbol, _entry(command), _why(command))
            elif isinstance(command, RecordExit):
                self._decide(event, command.symbol, f"close {command.qty}", f"{command.reason} ({command.cause})")
            elif isinstance(command, RecordPosition):
                self._close(event, command)
            elif isinstance(command, PlaceOrder):
                self.orders += 1
            elif isinstance(command, SendAlert):
                what = f"{command.severity} {command.code}"
                alert = DecisionStatus(time_ns=event.time_ns, symbol=command.symbol, what=what, reason=command.text)
                self.alerts.appendleft(alert)

    def _decide(self, event: Event, symbol: str, what: str, reason: str) -> None:
        self.decided += 1
        self.decisions.appendleft(DecisionStatus(time_ns=event.time_ns, symbol=symbol, what=what, reason=reason))

    def _close(self, event: Event, record: RecordPosition) -> None:
        self.closed += 1
        if record.pnl is None:
            told = "profit not known"
        else:
            self.realized += record.pnl - record.fees + record.funding
            told = f"{record.pnl - record.fees + record.funding:+.2f} after fees"
        what = DecisionStatus(
            time_ns=event.time_ns, symbol=record.symbol, what="closed", reason=f"{record.reason}, {told}"
        )
        self.decisions.appendleft(what)


def _entry(record: RecordDecision) -> str:
    what = "enter" if record.rung == 0 else f"add {stage_name(record.rung)}"
    return f"{what} {record.direction} {record.qty}" if record.accepted else f"no {what} {record.direction}"


def _why(record: RecordDecision) -> str:
    if record.accepted:
        return f"{record.strategy} at {record.price}, bound by {record.binding}"
    told = f": {record.value} against {record.limit}" if record.limit else f": {record.value}" if record.value else ""
    return f"{record.denial}{told}"
