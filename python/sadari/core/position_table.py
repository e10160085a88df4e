"""A position's life as a table, for any number of rungs. Source: strategies §5.7, D-30.

The four rows of a rung are repeated per rung. Guards of the form ``to STATE`` name the state that a pending order
leads back or on to; ``q>0`` and ``q=0`` tell apart whether anything of a pending entry was filled, ``Q>0`` and
``Q=0`` whether anything of the position is left.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache

from sadari.lifecycle import Lifecycle, Row, rows
from sadari.model.reason import stage_name

_PENDING = "ENTRY_PENDING"
_FINAL = ("FLAT", "CLOSED", "CLOSED_UNSETTLED")


def pending(rung: int) -> str:
    """The state in which the add of a rung is unresolved."""
    return f"DCA{rung}_PENDING"


def _entering() -> list[Row]:
    ended = ("entry_rejected", "entry_timeout_unfilled", "entry_cancelled")
    return [
        Row("FLAT", "signal_accepted", "", _PENDING),
        Row(_PENDING, "entry_filled", "", "INITIAL"),
        Row(_PENDING, "entry_partial", "", None),
        Row(_PENDING, "entry_done_partial", "", "INITIAL"),
        *(Row(_PENDING, event, "", "FLAT") for event in ended),
        Row(_PENDING, "entry_unknown", "", None),
        Row(_PENDING, "exchange_position_found", "", None),
        Row(_PENDING, "force_exit", "q=0", "FLAT"),
        Row(_PENDING, "liquidate", "q=0", "FLAT"),
    ]


def _adding(rungs: int, *, rearm: bool) -> list[Row]:
    table: list[Row] = []
    for rung in range(1, rungs + 1):
        state = pending(rung)
        origins = range(rung - 1, rungs + 1) if rearm else (rung - 1,)
        for stage in origins:
            table.append(Row(stage_name(stage), f"dca{rung}_trigger", "", state))
            table.append(Row(state, "add_rejected", f"to {stage_name(stage)}", stage_name(stage)))
        for stage in sorted({max(stage, rung) for stage in origins}):
            name = stage_name(stage)
            table.extend(Row(state, event, f"to {name}", name) for event in ("add_filled", "add_done_partial"))
        table.append(Row(state, "add_partial", "", None))
        table.append(Row(state, "add_unknown", "", None))
    return table


def _reducing(stages: list[str]) -> list[Row]:
    returns = [*stages, "RUNNER"]
    return [
        *rows(stages[1:], "recovery_trigger", "", "REDUCING"),
        *rows(stages, "half_trigger", "", "REDUCING"),
        *rows(stages, "half_trigger", "order quantity 0", "RUNNER"),
        Row("INITIAL", "target_trigger", "some target stays open", "REDUCING"),
        Row("INITIAL", "target_trigger", "last target", "EXITING"),
        Row("INITIAL", "opposite_choch", "", "EXITING"),
        Row("REDUCING", "reduce_partial", "", None),
        Row("REDUCING", "reduce_unknown", "", None),
        Row("REDUCING", "reduce_done_partial", "tries left", None),
        *(Row("REDUCING", "reduce_done_partial", f"given up, to {state}", state) for state in returns),
        *(Row("REDUCING", "reduce_filled", f"to {state}", state) for state in returns),
        Row("REDUCING", "reduce_filled", "Q=0", "CLOSED_UNSETTLED"),
        *(Row("REDUCING", "reduce_rejected", f"to {state}", state) for state in stages),
    ]


def _exiting(held: list[str]) -> list[Row]:
    partly = [*((state, "") for state in held), (_PENDING, "q>0")]
    table = [Row(state, "stop_trigger", guard, "EXITING") for state, guard in [*partly, ("QUARANTINED", "")]]
    for state, guard in [*partly, ("QUARANTINED", "")]:
        table.append(Row(state, "protective_triggered", guard, "EXITING"))
        table.append(Row(state, "force_exit", guard, "EXITING"))
        table.append(Row(state, "liquidate", guard, "EXITING"))
        table.append(Row(state, "protective_lost", guard, None))
        table.append(Row(state, "exchange_flat", guard, "CLOSED_UNSETTLED"))
        table.append(Row(state, "reconcile_mismatch", guard, "QUARANTINED" if state != "QUARANTINED" else None))
    for state, guard in partly:
        table.append(Row(state, "exchange_reduced", guard, "QUARANTINED"))
        table.append(Row(state, "unexpected_fill", guard, "QUARANTINED"))
    causes = ("stop_trigger", "force_exit", "liquidate", "protective_triggered")
    unchanged = ("protective_lost", "exit_unknown", "reconcile_mismatch", "earlier_answer", "exit_partial")
    return [
        *table,
        Row("RUNNER", "tech_exit", "", "EXITING"),
        *(Row("EXITING", event, "", None) for event in (*unchanged, *causes, "exit_rejected", "late_add_fill")),
        Row("EXITING", "exit_filled", "Q=0", "CLOSED_UNSETTLED"),
        Row("EXITING", "exit_filled", "Q>0", None),
        Row("EXITING", "exchange_flat", "", "CLOSED_UNSETTLED"),
    ]


def _ending(stages: list[str]) -> list[Row]:
    adopted = [*stages, "RUNNER"]
    return [
        Row("CLOSED_UNSETTLED", "settled", "", "CLOSED"),
        Row("CLOSED_UNSETTLED", "settle_retry", "", None),
        Row("CLOSED_UNSETTLED", "settle_timeout", "", None),
        Row("CLOSED_UNSETTLED", "operator_write_off", "", "CLOSED"),
        Row("CLOSED", "cooldown_over", "", "FLAT"),
        Row("QUARANTINED", "earlier_answer", "", None),
        *(Row("QUARANTINED", "reconcile_ok", f"to {state}", state) for state in adopted),
        *(Row("QUARANTINED", "operator_adopt", f"to {state}", state) for state in adopted),
        *rows(_FINAL, "exchange_position_found", "", "QUARANTINED"),
        *rows(_FINAL, "late_answer", "", None),
        *rows(_FINAL, "protective_lost", "", None),
        *rows(_FINAL, "market_data", "", None),
    ]


def _states(names: dict[str, str]) -> type[StrEnum]:
    # The members depend on the number of rungs, which no type checker can follow.
    return StrEnum("PositionState", names)  # type: ignore[return-value]


@lru_cache(maxsize=16)
def position_lifecycle(rungs: int, *, rearm: bool = False) -> Lifecycle:
    """The lifecycle of a position with a ladder of this many rungs.

    Args:
        rungs: The number of adds, 0 or more.
        rearm: Whether a recovered lot makes its rung available again (``dca_rearm``).
    """
    stages = [stage_name(stage) for stage in range(rungs + 1)]
    waits = [pending(rung) for rung in range(1, rungs + 1)]
    ladder = [state for pair in zip(stages, [*waits, ""], strict=True) for state in pair if state]
    tail = ["REDUCING", "RUNNER", "EXITING", "CLOSED_UNSETTLED", "CLOSED", "QUARANTINED"]
    names = ["FLAT", _PENDING, *ladder, *tail]
    states = _states({name: name for name in names})
    held = [*ladder, "REDUCING", "RUNNER"]
    table = [
        *_entering(),
        *_adding(rungs, rearm=rearm),
        *_reducing(stages),
        *_exiting(held),
        *_ending(stages),
    ]
    return Lifecycle("position", states, table, "FLAT")
