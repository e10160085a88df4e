"""The engine's life as a table. Source: strategies §6.

An event under a guard is one move; the caller names the guard. Commands of an operator that are not listed in a
state are refused, internal events that are not listed are bugs.
"""

from __future__ import annotations

from enum import StrEnum

from sadari.lifecycle import Lifecycle, Row, rows


class EngineState(StrEnum):
    """The states of strategies §6."""

    IDLE = "IDLE"
    STARTING = "STARTING"
    RECONCILING = "RECONCILING"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    DEGRADED = "DEGRADED"
    STOPPING = "STOPPING"
    LIQUIDATING = "LIQUIDATING"
    STOPPED = "STOPPED"
    FAILED = "FAILED"


# Stops and exits act in these states; outside of them only what rests at the venue protects.
GUARDING = frozenset(EngineState) - {EngineState.IDLE, EngineState.STARTING, EngineState.STOPPED, EngineState.FAILED}
# Profit is taken in parts in these.
REDUCING = frozenset({EngineState.RUNNING, EngineState.PAUSED, EngineState.DEGRADED})

OPERATOR_EVENTS = frozenset({"start", "pause", "resume", "stop_keep", "stop_close", "abandon", "reset"})

_ALIVE = ("STARTING", "RECONCILING", "RUNNING", "PAUSED", "DEGRADED", "STOPPING", "LIQUIDATING")
_WORKING = ("RECONCILING", "RUNNING", "PAUSED", "DEGRADED")
_EVERY = tuple(EngineState.__members__)
_DATA = ("data_lost", "data_recovered", "recovery_exhausted")


def _starting() -> list[Row]:
    return [
        Row("IDLE", "start", "", "STARTING"),
        Row("STARTING", "start_ok", "", "RECONCILING"),
        Row("STARTING", "start_failed", "", "FAILED"),
        Row("RECONCILING", "reconciled", "pause flag unset", "RUNNING"),
        Row("RECONCILING", "reconciled", "pause flag set", "PAUSED"),
        Row("RECONCILING", "reconcile_failed", "tries left", None),
        Row("RECONCILING", "reconcile_failed", "transport error", "DEGRADED"),
        Row("RECONCILING", "reconcile_failed", "state unusable", "FAILED"),
    ]


def _pausing() -> list[Row]:
    return [
        Row("RUNNING", "pause", "", "PAUSED"),
        *rows(("PAUSED", "STARTING", "RECONCILING", "DEGRADED", "LIQUIDATING"), "pause", "", None),
        Row("PAUSED", "resume", "", "RUNNING"),
        *rows(("STARTING", "RECONCILING", "DEGRADED"), "resume", "", None),
        Row("PAUSED", "day_start", "only cause: daily_loss_limit", "RUNNING"),
        *rows(_EVERY, "day_start", "", None),
    ]


def _losing_sight() -> list[Row]:
    return [
        *rows(("RUNNING", "PAUSED", "RECONCILING"), "data_lost", "", "DEGRADED"),
        Row("DEGRADED", "data_lost", "", None),
        Row("DEGRADED", "data_recovered", "causes left", None),
        Row("DEGRADED", "data_recovered", "", "RECONCILING"),
        Row("DEGRADED", "recovery_exhausted", "policy PROTECT", None),
        Row("DEGRADED", "recovery_exhausted", "policy LIQUIDATE", None),
        *(row for event in _DATA for row in rows(("STOPPING", "LIQUIDATING"), event, "", None)),
    ]


def _stopping() -> list[Row]:
    return [
        *rows(("STARTING", *_WORKING), "stop_keep", "", "STOPPING"),
        *rows(_WORKING, "stop_close", "", "STOPPING"),
        *rows(("LIQUIDATING",), "stop_keep", "", None),
        *rows(("LIQUIDATING",), "stop_close", "", None),
        Row("STOPPING", "drained", "", "STOPPED"),
        Row("STOPPING", "drain_timeout", "", "FAILED"),
        *rows(_ALIVE, "fatal", "", "FAILED"),
        *rows(("STOPPED", "FAILED"), "reset", "", "IDLE"),
    ]


def _liquidating() -> list[Row]:
    remembered = (*_WORKING, "STOPPING")
    return [
        *rows(remembered, "liquidation_authorised", "", "LIQUIDATING"),
        *(Row("LIQUIDATING", "notice_cancelled", f"to {state}", state) for state in remembered),
        Row("LIQUIDATING", "liquidation_verified", "after PAUSE", "PAUSED"),
        Row("LIQUIDATING", "liquidation_verified", "after PAUSE, data lost", "DEGRADED"),
        Row("LIQUIDATING", "liquidation_verified", "after STOP", "STOPPED"),
        Row("LIQUIDATING", "liquidation_incomplete", "", None),
        Row("LIQUIDATING", "abandon", "", "FAILED"),
    ]


ENGINE = Lifecycle(
    "engine",
    EngineState,
    [*_starting(), *_pausing(), *_losing_sight(), *_stopping(), *_liquidating()],
    "IDLE",
)
