"""What the engine decided, in words: from its commands to the lines of a `Status`.

``what`` is one of a few fixed words, so that a reader can count: entry, add 1, add 2 …, exit, closed, engine, and the
first two with "denied" behind them. ``reason`` begins with the reason or the denial itself.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sadari.model.command import Command, RecordDecision, RecordExit, RecordMove, RecordPosition, RewardRatio, SendAlert
from sadari.run.figures.status import DecisionStatus

ENTRY = "entry"
ADD = "add"
EXIT = "exit"
CLOSED = "closed"
ENGINE = "engine"
DENIED = "denied"

# What bounds an order that is as large as planned.
PLAN = "plan"
CENT = Decimal("0.01")


def decision_of(command: Command, time_ns: int) -> DecisionStatus | None:
    """The line for a command that was given at a time; None if it decides nothing a person would ask about."""
    words = _WORDS.get(type(command))
    told = None if words is None else words(command)
    if told is None:
        return None
    what, reason = told
    return DecisionStatus(time_ns=time_ns, symbol=getattr(command, "symbol", ""), what=what, reason=reason)


def alert_of(command: SendAlert, time_ns: int) -> DecisionStatus:
    """The line for an alert: how bad it is, and what."""
    reason = f"{command.code}: {command.text}" if command.text else command.code
    return DecisionStatus(time_ns=time_ns, symbol=command.symbol, what=command.severity, reason=reason)


def _decided(decision: RecordDecision) -> tuple[str, str]:
    what = f"{ADD} {decision.rung}" if decision.rung else ENTRY
    if decision.accepted:
        limited = f", limited by {decision.binding}" if decision.binding not in {"", PLAN} else ""
        on = f" on {decision.strategy}" if not decision.rung else ""
        return (
            what,
            f"{decision.direction} {decision.qty:f} at {decision.price:f}{on}{limited}{_worth(decision.reward)}",
        )
    numbers = f" ({decision.value}, limit {decision.limit})" if decision.value and decision.limit else ""
    return f"{what} {DENIED}", f"{decision.denial}{numbers}"


def _worth(reward: RewardRatio | None) -> str:
    if reward is None:
        return ""
    return f", RR {reward.raw:.2f} ({reward.net:.2f} after fees), pays if {reward.break_even:.1%} win"


def _left(record: RecordExit) -> tuple[str, str]:
    who = "" if record.actor == "engine" else f" by {record.actor}"
    return EXIT, f"{record.reason}: {record.qty:f}{who}"


def _closed(record: RecordPosition) -> tuple[str, str]:
    if record.pnl is None:
        return CLOSED, f"{record.reason}: result not known"
    net = (record.pnl - record.fees + record.funding).quantize(CENT)
    return CLOSED, f"{record.reason}: {net:+,f}"


def _moved(record: RecordMove) -> tuple[str, str] | None:
    return None if record.symbol else (ENGINE, f"{record.target} after {record.event}, was {record.source}")


_WORDS: dict[type[Command], Callable[[Any], tuple[str, str] | None]] = {
    RecordDecision: _decided,
    RecordExit: _left,
    RecordPosition: _closed,
    RecordMove: _moved,
}
