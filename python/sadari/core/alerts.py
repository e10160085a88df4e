"""Alerts: one when a condition becomes true, a reminder while it stays so, a notice when it has been false for a while.

Source: strategies §10. Nothing here knows how a condition is measured (see `conditions`) or who is told.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

import msgspec

from sadari.model.command import SendAlert
from sadari.model.event import EngineTurned, Event
from sadari.model.reason import AuditCode, LiquidationRefusal, RejectReason
from sadari.model.units import MILLISECOND_NS, MINUTE_NS, SECOND_NS

RECOVERED_NS = 60 * SECOND_NS
REMIND_NS = 15 * MINUTE_NS


class Severity(StrEnum):
    """How bad it is, the mildest first."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class Edge(StrEnum):
    """What a notice tells of its condition."""

    RAISED = "raised"
    REMINDED = "reminded"
    RECOVERED = "recovered"


class Condition(StrEnum):
    """The conditions of strategies §10, in its order, and the three turns of an engine that a person is told of."""

    PORTFOLIO_DRAWDOWN = "portfolio_drawdown"
    SINGLE_POSITION_LOSS = "single_position_loss"
    SHORT_POSITION_COUNT = "short_position_count"
    TOTAL_SHORT_RISK = "total_short_risk"
    CONNECTION_STALE = "connection_stale"
    MARKET_STREAM_SILENT = "market_stream_silent"
    MARGIN_RATIO = "margin_ratio"
    LIQUIDATION_DISTANCE = "liquidation_distance"
    PROTECTIVE_STOP_MISSING = "protective_stop_missing"
    SETTLEMENT_MISMATCH = "settlement_mismatch"
    SETTLEMENT_DRIFT = "settlement_drift"
    SETTLEMENT_PENDING = "settlement_pending"
    ORDER_REJECTED_MARGIN = "order_rejected_margin"
    LISTEN_KEY_LOST = "listen_key_lost"
    DAILY_LOSS_LIMIT = "daily_loss_limit"
    UNAUTHORISED_LIQUIDATION = "unauthorised_liquidation"
    RECOVERY_EXHAUSTED = "recovery_exhausted"
    RECONCILE_FAILED = "reconcile_failed"
    ENGINE_FAILED = "engine_failed"


# What happens and does not last: nothing recovers from it.
ONCE = frozenset(
    {
        Condition.SETTLEMENT_DRIFT, Condition.UNAUTHORISED_LIQUIDATION, Condition.RECOVERY_EXHAUSTED,
        Condition.RECONCILE_FAILED, Condition.ENGINE_FAILED,
    }
)  # fmt: skip

# Of these each is told, however soon it follows another.
EACH = frozenset({Condition.SETTLEMENT_DRIFT, Condition.UNAUTHORISED_LIQUIDATION})

# The engine's own alerts that tell of one of these conditions.
CONDITION_OF: dict[str, Condition] = {
    AuditCode.MARGIN_RATIO: Condition.MARGIN_RATIO,
    AuditCode.LIQUIDATION_NEAR: Condition.LIQUIDATION_DISTANCE,
    AuditCode.PROTECTIVE_LOST: Condition.PROTECTIVE_STOP_MISSING,
    AuditCode.STOP_STUCK: Condition.PROTECTIVE_STOP_MISSING,
    AuditCode.SETTLEMENT_MISMATCH: Condition.SETTLEMENT_MISMATCH,
    AuditCode.SETTLEMENT_DRIFT: Condition.SETTLEMENT_DRIFT,
    AuditCode.SETTLEMENT_PENDING: Condition.SETTLEMENT_PENDING,
    RejectReason.INSUFFICIENT_MARGIN: Condition.ORDER_REJECTED_MARGIN,
    AuditCode.DAILY_LOSS_LIMIT: Condition.DAILY_LOSS_LIMIT,
    AuditCode.RECOVERY_EXHAUSTED: Condition.RECOVERY_EXHAUSTED,
    **dict.fromkeys(LiquidationRefusal, Condition.UNAUTHORISED_LIQUIDATION),
}

# Turns of the engine that a person is told of.
_TURNS = {"recovery_exhausted": Condition.RECOVERY_EXHAUSTED, "fatal": Condition.ENGINE_FAILED,
         "start_failed": Condition.ENGINE_FAILED, "drain_timeout": Condition.ENGINE_FAILED}  # fmt: skip

# Told again and again with another text each time: one alert for all of them.
_REPEATED = frozenset({"EXIT_REJECTED", "JOURNAL_SLOW", "CLOCK_OFF", "DISK"})
_RANK = {severity: rank for rank, severity in enumerate(Severity)}


class Reading(NamedTuple):
    """Something that is so now.

    Attributes:
        code: A condition, or what else the engine alerts of.
        severity: How bad it is.
        symbol: What it is about; empty for the account.
        value: What was measured.
        threshold: What it was compared with.
        text: More about it.
        correlation: What the audit's lines of the same matter have in common.
    """

    code: str
    severity: Severity
    symbol: str = ""
    value: str = ""
    threshold: str = ""
    text: str = ""
    correlation: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells conditions apart."""
        same = self.code in _CONDITIONS or self.code in _REPEATED
        return self.code, self.symbol, "" if same else self.text


def happening(event: Event) -> Reading | None:
    """What a turn of the engine means to a person; None for most."""
    if not isinstance(event, EngineTurned):
        return None
    condition = _TURNS.get(event.trigger)
    if event.trigger == "reconcile_failed" and event.guard != "tries left":
        condition = Condition.RECONCILE_FAILED
    return None if condition is None else Reading(condition, Severity.CRITICAL, text=event.cause)


def reading_of(alert: SendAlert, run_id: str = "run") -> Reading:
    """What the engine says as a reading of a condition, or of what has none; ``run_id`` begins its correlation."""
    code = CONDITION_OF.get(alert.code, alert.code)
    life = f"{run_id}/p{alert.position_id}" if alert.position_id else ""
    return Reading(
        str(code), Severity(alert.severity), alert.symbol, alert.value, alert.threshold, alert.text,
        alert.matter or life,
    )  # fmt: skip


class Notice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The record of an alert; all notices of one spell of a condition share the id.

    Attributes:
        times: How often it happened in this spell, of what happens.
        since_ns: When the spell began.
    """

    id: str
    condition: str
    edge: Edge
    severity: Severity
    time_ns: int
    since_ns: int
    symbol: str = ""
    value: str = ""
    threshold: str = ""
    text: str = ""
    correlation: str = ""
    times: int = 1


class _Spell:
    """A condition from its beginning until it has been false for a while."""

    __slots__ = ("began_ns", "false_ns", "id", "reading", "severity", "severity_ns", "times", "told_ns")

    def __init__(self, reading: Reading, now_ns: int) -> None:
        self.reading = reading
        self.severity = reading.severity
        self.began_ns = self.told_ns = self.severity_ns = now_ns
        self.false_ns: int | None = None
        self.times = 0
        self.id = "-".join(filter(None, (reading.code, reading.symbol, str(now_ns // MILLISECOND_NS))))

    def notice(self, edge: Edge, now_ns: int) -> Notice:
        """Tell of it."""
        self.told_ns = now_ns
        reading = self.reading
        return Notice(
            id=self.id, condition=reading.code, edge=edge, severity=self.severity, time_ns=now_ns,
            since_ns=self.began_ns, symbol=reading.symbol, value=reading.value, threshold=reading.threshold,
            text=reading.text, correlation=reading.correlation or self.id, times=max(self.times, 1),
        )  # fmt: skip


class Alerts:
    """Every condition that is true, or was until a moment ago."""

    def __init__(self) -> None:
        self._spells: dict[tuple[str, str, str], _Spell] = {}

    @property
    def standing(self) -> tuple[Reading, ...]:
        """What is true now by the last look."""
        return tuple(spell.reading for spell in self._spells.values() if spell.false_ns is None)

    def happened(self, reading: Reading, now_ns: int) -> Notice | None:
        """Something has happened; it is true for this instant."""
        if reading.code in EACH:
            self._spells.pop(reading.key, None)
        notice = self._holds(reading, now_ns)
        spell = self._spells[reading.key]
        spell.times += 1
        spell.false_ns = now_ns
        return notice

    def judge(self, readings: Iterable[Reading], now_ns: int) -> list[Notice]:
        """These conditions are true now, and no others.

        Returns:
            What a person is told: what is new or worse, what is still so, what is so no more.
        """
        notices: list[Notice] = []
        true = set()
        for reading in readings:
            notice = self._holds(reading, now_ns)
            spell = self._spells[reading.key]
            spell.false_ns = None
            true.add(reading.key)
            if notice is not None:
                notices.append(notice)
        for key, spell in list(self._spells.items()):
            if key in true:
                continue
            if spell.false_ns is None:
                spell.false_ns = now_ns
            elif now_ns - spell.false_ns >= RECOVERED_NS:
                del self._spells[key]
                if key[0] in _CONDITIONS and key[0] not in ONCE:
                    notices.append(spell.notice(Edge.RECOVERED, now_ns))
        return notices

    def _holds(self, reading: Reading, now_ns: int) -> Notice | None:
        spell = self._spells.get(reading.key)
        if spell is None:
            spell = self._spells[reading.key] = _Spell(reading, now_ns)
            return spell.notice(Edge.RAISED, now_ns)
        spell.reading = reading
        worse = _RANK[reading.severity] - _RANK[spell.severity]
        # Milder for a moment only is as bad as before: what flutters about a threshold is told once.
        if worse >= 0 or now_ns - spell.severity_ns >= RECOVERED_NS:
            spell.severity, spell.severity_ns = reading.severity, now_ns
        if worse > 0:
            return spell.notice(Edge.RAISED, now_ns)
        return spell.notice(Edge.REMINDED, now_ns) if now_ns - spell.told_ns >= REMIND_NS else None


_CONDITIONS = frozenset(Condition)
