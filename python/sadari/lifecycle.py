"""A lifecycle: a table of moves over one shared `transitions.Machine`.

The table is the single source: the machine runs it, `mermaid` draws it, the stateful tests walk it, and the fast
lookup is compiled from the machine.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple, Protocol

from transitions import Machine

from sadari.errors import IllegalTransitionError


class Row(NamedTuple):
    """One permitted move. ``target`` None leaves the state unchanged; ``guard`` tells moves of one event apart."""

    source: str
    event: str
    guard: str
    target: str | None


class Stateful(Protocol):
    """Anything with a state that a lifecycle may move."""

    state: StrEnum


def rows(sources: Iterable[str], event: str, guard: str, target: str | None) -> list[Row]:
    """The same move from several states."""
    return [Row(source, event, guard, target) for source in sources]


def trigger(event: str, guard: str) -> str:
    """The machine's name of an event under a guard."""
    return f"{event} [{guard}]" if guard else event


class Lifecycle:
    """States and permitted moves of one kind of object.

    Args:
        name: What it is the life of.
        states: An enum whose member names are the states.
        table: The permitted moves; a (source, event, guard) may appear once.
        initial: The state in which a new object starts.
    """

    def __init__(self, name: str, states: type[StrEnum], table: Iterable[Row], initial: str) -> None:
        self.name = name
        self.states = states
        self.table = tuple(table)
        self.initial = states[initial]
        self.machine = Machine(model=None, states=states, initial=self.initial, auto_transitions=False)
        self.lookup: dict[tuple[StrEnum, str, str], StrEnum] = {}
        for row in self.table:
            self.machine.add_transition(
                trigger(row.event, row.guard), states[row.source], states[row.target] if row.target else None
            )
            key = (states[row.source], row.event, row.guard)
            if key in self.lookup:
                message = f"{name}: {row.source} lists {trigger(row.event, row.guard)} twice"
                raise ValueError(message)
            self.lookup[key] = states[row.target or row.source]

    def allows(self, state: StrEnum, event: str, guard: str = "") -> bool:
        """True if the table lists the event in this state."""
        return (state, event, guard) in self.lookup

    def move(self, model: Stateful, event: str, guard: str = "") -> tuple[StrEnum, StrEnum]:
        """Move an object by an event.

        Returns:
            The state before and after.

        Raises:
            IllegalTransitionError: The table lists no such move; the object is unchanged.
        """
        before = model.state
        if (before, event, guard) not in self.lookup:
            message = f"{self.name}: {trigger(event, guard)} is not listed in state {before.name}"
            raise IllegalTransitionError(message)
        self.machine.events[trigger(event, guard)].trigger(model)
        return before, model.state

    def mermaid(self) -> str:
        """The table as a Mermaid state diagram."""
        lines = ["stateDiagram-v2", f"    [*] --> {self.initial.name}"]
        merged: dict[tuple[str, str], list[str]] = {}
        for row in self.table:
            merged.setdefault((row.source, row.target or row.source), []).append(trigger(row.event, row.guard))
        for (source, target), labels in merged.items():
            lines.extend(f"    {source} --> {target}: {label}" for label in labels)
        return "\n".join(lines)
