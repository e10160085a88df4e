"""The lifecycles' tables, every state with every event, beside the rows of strategies §5.7 and §6 typed once more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

import pytest
from transitions import MachineError

from sadari.core.engine_table import ENGINE, OPERATOR_EVENTS
from sadari.core.intent_table import INTENT
from sadari.core.liquidation.table import LIQUIDATION
from sadari.core.position_table import position_lifecycle
from sadari.errors import IllegalTransitionError
from sadari.lifecycle import Lifecycle, Row, trigger

LIFECYCLES = {
    "engine": ENGINE,
    "intent": INTENT,
    **{
        f"position of {rungs} rungs{', rearmed' if rearm else ''}": position_lifecycle(rungs, rearm=rearm)
        for rungs in range(5)
        for rearm in (False, True)
    },
}


class Thing:
    """Something that lives by a table."""

    __slots__ = ("state",)

    def __init__(self, state: StrEnum) -> None:
        self.state = state


class Case(NamedTuple):
    """One state with one event under one guard, and where the table leads (None: not listed)."""

    state: StrEnum
    event: str
    guard: str
    target: StrEnum | None


def product(lifecycle: Lifecycle) -> Iterator[Case]:
    """Every state with every event and guard that the table knows anywhere."""
    listed = {(row.source, row.event, row.guard): row.target or row.source for row in lifecycle.table}
    moves = sorted({(row.event, row.guard) for row in lifecycle.table})
    for state in lifecycle.states:
        for event, guard in moves:
            target = listed.get((state.name, event, guard))
            yield Case(state, event, guard, lifecycle.states[target] if target else None)


@pytest.mark.parametrize("name", LIFECYCLES)
def test_a_listed_event_moves_to_its_target_and_any_other_is_illegal(name: str) -> None:
    """The full product of states and events; what is illegal leaves the state as it was."""
    lifecycle = LIFECYCLES[name]
    for case in product(lifecycle):
        thing = Thing(case.state)
        assert lifecycle.allows(case.state, case.event, case.guard) == (case.target is not None)
        if case.target is None:
            with pytest.raises(IllegalTransitionError, match=case.state.name):
                lifecycle.move(thing, case.event, case.guard)
            assert thing.state is case.state
        else:
            assert lifecycle.move(thing, case.event, case.guard) == (case.state, case.target)
            assert thing.state is case.target


@pytest.mark.parametrize("name", LIFECYCLES)
def test_the_compiled_lookup_says_what_the_machine_says(name: str) -> None:
    """Every state with every event: the same target, or neither knows one."""
    lifecycle = LIFECYCLES[name]
    for case in product(lifecycle):
        thing = Thing(case.state)
        compiled = lifecycle.lookup.get((case.state, case.event, case.guard))
        event = lifecycle.machine.events[trigger(case.event, case.guard)]
        if compiled is None:
            with pytest.raises(MachineError):
                event.trigger(thing)
        else:
            event.trigger(thing)
            assert thing.state is compiled


def reached(lifecycle: Lifecycle, start: Iterable[StrEnum], *, backwards: bool = False) -> set[StrEnum]:
    """The states that can be reached from these, or from which these can be reached."""
    edges = [(source, target) for (source, _, _), target in lifecycle.lookup.items()]
    if backwards:
        edges = [(target, source) for source, target in edges]
    found = set(start)
    while new := {target for source, target in edges if source in found} - found:
        found |= new
    return found


ENDS = {"engine": ("STOPPED", "FAILED"), "intent": ("DENIED", "FILLED", "CANCELED", "EXPIRED", "REJECTED")}


@pytest.mark.parametrize("name", LIFECYCLES)
def test_every_state_can_be_reached_and_can_end(name: str) -> None:
    """From the initial state to all, and from all to an end."""
    lifecycle = LIFECYCLES[name]
    ends = [lifecycle.states[end] for end in ENDS.get(name, ("CLOSED",))]
    assert reached(lifecycle, [lifecycle.initial]) == set(lifecycle.states)
    assert reached(lifecycle, ends, backwards=True) == set(lifecycle.states)


def test_an_event_listed_twice_is_refused() -> None:
    """A table says once where an event leads."""
    row = Row("IDLE", "start", "", "STARTING")
    with pytest.raises(ValueError, match="twice"):
        Lifecycle("engine", ENGINE.states, [row, row], "IDLE")


def expand(table: str, sets: dict[str, str]) -> set[tuple[str, str, str, str]]:
    """Rows of ``states | event [guard] / event | target`` (``=``: unchanged; ``to STATE``: one row for each state)."""
    found = set()
    for line in table.strip().splitlines():
        sources, events, target = (cell.strip() for cell in line.split("|"))
        for name in sources.split():
            for source in sets.get(name, name).split():
                state, held, _ = source.partition("+")
                for text in events.split(" / "):
                    event, _, guard = text.strip().rstrip("]").partition(" [")
                    for end in sets.get(target, target).split():
                        full = f"{guard}{end}" if guard.endswith("to ") else guard or ("q>0" if held else "")
                        found.add((state, event, full, state if end == "=" else end))
    return found


def rows_of(lifecycle: Lifecycle) -> set[tuple[str, str, str, str]]:
    """The rows of a table with the unchanged state written out."""
    return {(row.source, row.event, row.guard, row.target or row.source) for row in lifecycle.table}


POSITION_SETS = {
    "STAGES": "INITIAL FIRST_DCA SECOND_DCA",
    "ANY_OPEN": "INITIAL FIRST_DCA SECOND_DCA RUNNER",
    "HELD": "INITIAL FIRST_DCA SECOND_DCA RUNNER DCA1_PENDING DCA2_PENDING REDUCING",
    "PENDING+": "ENTRY_PENDING+",
    "FINAL": "FLAT CLOSED CLOSED_UNSETTLED",
}
POSITION_ROWS = """
FLAT | signal_accepted | ENTRY_PENDING
ENTRY_PENDING | entry_filled / entry_done_partial | INITIAL
ENTRY_PENDING | entry_partial / entry_unknown / exchange_position_found | =
ENTRY_PENDING | entry_rejected / entry_timeout_unfilled / entry_cancelled / force_exit [q=0] / liquidate [q=0] | FLAT
INITIAL | dca1_trigger | DCA1_PENDING
FIRST_DCA | dca2_trigger | DCA2_PENDING
DCA1_PENDING | add_filled [to ] / add_done_partial [to ] | FIRST_DCA
DCA2_PENDING | add_filled [to ] / add_done_partial [to ] | SECOND_DCA
DCA1_PENDING DCA2_PENDING | add_partial / add_unknown | =
DCA1_PENDING | add_rejected [to ] | INITIAL
DCA2_PENDING | add_rejected [to ] | FIRST_DCA
FIRST_DCA SECOND_DCA | recovery_trigger | REDUCING
STAGES | half_trigger | REDUCING
STAGES | half_trigger [order quantity 0] | RUNNER
INITIAL | target_trigger [some target stays open] | REDUCING
INITIAL | target_trigger [last target] / opposite_choch | EXITING
REDUCING | reduce_partial / reduce_unknown / reduce_done_partial [tries left] | =
REDUCING | reduce_done_partial [given up, to ] / reduce_filled [to ] | ANY_OPEN
REDUCING | reduce_filled [Q=0] | CLOSED_UNSETTLED
REDUCING | reduce_rejected [to ] | STAGES
HELD PENDING+ QUARANTINED | stop_trigger / protective_triggered / force_exit / liquidate | EXITING
HELD PENDING+ QUARANTINED EXITING | protective_lost | =
HELD PENDING+ QUARANTINED EXITING | exchange_flat | CLOSED_UNSETTLED
HELD PENDING+ | exchange_reduced / unexpected_fill | QUARANTINED
HELD PENDING+ QUARANTINED | reconcile_mismatch | QUARANTINED
RUNNER | tech_exit | EXITING
EXITING | exit_filled [Q=0] | CLOSED_UNSETTLED
EXITING | exit_filled [Q>0] / exit_unknown / reconcile_mismatch / earlier_answer / exit_partial / exit_rejected | =
EXITING | stop_trigger / force_exit / liquidate / protective_triggered / late_add_fill | =
CLOSED_UNSETTLED | settled / operator_write_off | CLOSED
CLOSED_UNSETTLED | settle_retry / settle_timeout | =
CLOSED | cooldown_over | FLAT
QUARANTINED | earlier_answer | =
QUARANTINED | reconcile_ok [to ] / operator_adopt [to ] | ANY_OPEN
FINAL | exchange_position_found | QUARANTINED
FINAL | late_answer / protective_lost / market_data | =
"""


def test_the_position_table_of_two_rungs_has_the_rows_of_the_specification() -> None:
    """§5.7, row by row in both directions: none is missing, none is added."""
    assert rows_of(position_lifecycle(2)) == expand(POSITION_ROWS, POSITION_SETS)


ENGINE_SETS = {
    "ALL": "IDLE STARTING RECONCILING RUNNING PAUSED DEGRADED STOPPING LIQUIDATING STOPPED FAILED",
    "ALIVE": "STARTING RECONCILING RUNNING PAUSED DEGRADED STOPPING LIQUIDATING",
    "WORKING": "RECONCILING RUNNING PAUSED DEGRADED",
    "REMEMBERED": "RECONCILING RUNNING PAUSED DEGRADED STOPPING",
}
ENGINE_ROWS = """
IDLE | start | STARTING
STARTING | start_ok | RECONCILING
STARTING | start_failed | FAILED
RECONCILING | reconciled [pause flag unset] | RUNNING
RECONCILING | reconciled [pause flag set] | PAUSED
RECONCILING | reconcile_failed [tries left] | =
RECONCILING | reconcile_failed [transport error] | DEGRADED
RECONCILING | reconcile_failed [state unusable] | FAILED
RUNNING | pause | PAUSED
PAUSED STARTING RECONCILING DEGRADED LIQUIDATING | pause | =
PAUSED | day_start [only cause: daily_loss_limit] | RUNNING
ALL | day_start | =
PAUSED | resume | RUNNING
STARTING RECONCILING DEGRADED | resume | =
RUNNING PAUSED RECONCILING | data_lost | DEGRADED
DEGRADED STOPPING LIQUIDATING | data_lost | =
STOPPING LIQUIDATING | data_recovered / recovery_exhausted | =
DEGRADED | data_recovered | RECONCILING
DEGRADED | data_recovered [causes left] | =
DEGRADED | recovery_exhausted [policy PROTECT] / recovery_exhausted [policy LIQUIDATE] | =
STARTING WORKING | stop_keep | STOPPING
WORKING | stop_close | STOPPING
LIQUIDATING | stop_keep / stop_close / liquidation_incomplete | =
REMEMBERED | liquidation_authorised | LIQUIDATING
LIQUIDATING | notice_cancelled [to ] | REMEMBERED
LIQUIDATING | liquidation_verified [after PAUSE] | PAUSED
LIQUIDATING | liquidation_verified [after PAUSE, data lost] | DEGRADED
LIQUIDATING | liquidation_verified [after STOP] | STOPPED
LIQUIDATING | abandon | FAILED
STOPPING | drained | STOPPED
STOPPING | drain_timeout | FAILED
ALIVE | fatal | FAILED
STOPPED FAILED | reset | IDLE
"""


def test_the_engine_table_has_the_rows_of_the_specification() -> None:
    """§6, row by row in both directions."""
    assert rows_of(ENGINE) == expand(ENGINE_ROWS, ENGINE_SETS)


LIQUIDATION_ROWS = """
NOTICE | deadline / confirmed | CANCEL
NOTICE | canceled | CANCELED
CANCEL | all_confirmed / time_out | CLOSE
CLOSE | next | =
CLOSE | all_attempted | VERIFY
VERIFY | remainder / not_read | =
VERIFY | flat | SETTLE
SETTLE | pending | =
SETTLE | found_open | VERIFY
SETTLE | settled / time_out | DONE
NOTICE CANCEL CLOSE VERIFY SETTLE | resumed | =
NOTICE CANCEL CLOSE VERIFY SETTLE | abandoned | ABANDONED
"""


def test_the_liquidation_table_has_the_phases_of_the_specification() -> None:
    """§11, phase by phase: no way back beyond the notice, no end but through the settlement or an operator."""
    assert rows_of(LIQUIDATION) == expand(LIQUIDATION_ROWS, {})


def test_the_commands_of_an_operator_are_events_of_the_engine() -> None:
    """Each is listed somewhere: otherwise it could only ever be refused."""
    assert {event for _, event, _ in ENGINE.lookup} >= OPERATOR_EVENTS


def test_a_rearmed_rung_is_entered_from_its_stage_and_every_higher_one() -> None:
    """dca_rearm: an add goes back to where it came from, or on to the higher of that and its own stage."""
    lookup = {(s.name, e, g): t.name for (s, e, g), t in position_lifecycle(2, rearm=True).lookup.items()}
    for origin in ("INITIAL", "FIRST_DCA", "SECOND_DCA"):
        assert lookup[origin, "dca1_trigger", ""] == "DCA1_PENDING"
        assert lookup["DCA1_PENDING", "add_rejected", f"to {origin}"] == origin
    assert lookup["DCA1_PENDING", "add_filled", "to SECOND_DCA"] == "SECOND_DCA"
    assert ("DCA1_PENDING", "add_filled", "to INITIAL") not in lookup
    assert ("INITIAL", "dca2_trigger", "") not in lookup
