"""The loop of a live engine: each event is decided on, written down, and then carried out."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from sadari.core.engine import Engine
from sadari.core.engine_table import EngineState
from sadari.errors import JournalError
from sadari.model.command import CancelOrder, Command, PlaceOrder
from sadari.model.event import EngineTurned, Event
from sadari.model.order import Purpose

_ENDED = (EngineState.IDLE, EngineState.STOPPED, EngineState.FAILED)


class Keeper(Protocol):
    """Where events and commands are written down before anything of them is carried out: a `LiveJournal`."""

    @property
    def written(self) -> int:
        """How many records there are."""

    def append_all(self, records: Sequence[Event | Command]) -> None:
        """Write an event and its commands."""

    def write_emergency(self, records: Sequence[Event | Command]) -> None:
        """Write what `append_all` could not."""

    def checkpoint(self) -> None:
        """Tidy up, for which nothing has to wait."""


# Is told each event with its commands when they have gone out; the number is the event's in the journal.
Observer = Callable[[int, Event, Sequence[Command]], None]


class Driver:
    """Takes events from wherever they come, in one thread.

    An event that is caused while another one is worked on comes after it. Nothing is carried out that is not written
    down. When the journal fails, that is handled once: of the commands at hand only what can do nothing but close a
    position goes out, by way of the reserve; then the engine is FAILED and takes no event any more. What rests at the
    venue stays there.

    Args:
        engine: Decides.
        keep: The journal.
        execute: Hands a command to the venue and returns at once.

    Attributes:
        events, commands: How many were worked on.
        dropped: Events that came after the failure.
        failure: Why nothing is taken any more, "" while all is well.
        observers: Are told in their order. None of them may raise anything.
    """

    def __init__(self, engine: Engine, keep: Keeper, execute: Callable[[Command], None]) -> None:
        self.engine = engine
        self.events = self.commands = self.dropped = 0
        self.failure = ""
        self.observers: list[Observer] = []
        self._keep = keep
        self._execute = execute
        self._waiting: deque[Event] = deque()
        self._draining = False
        self._time_ns = 0

    def take(self, event: Event) -> None:
        """Work on an event, at once unless another one is being worked on."""
        self._waiting.append(event)
        if self._draining:
            return
        self._draining = True
        try:
            while self._waiting:
                self._work(self._waiting.popleft())
            if not self.failure:
                self._tidy()
        finally:
            self._draining = False

    def _work(self, event: Event) -> None:
        if self.failure:
            self.dropped += 1
            return
        self._time_ns = event.time_ns
        commands = self.engine.handle(event)
        number = self._keep.written + 1
        try:
            self._keep.append_all((event, *commands))
        except JournalError as error:
            self._fail(str(error), number, event, commands)
            return
        for command in commands:
            self._execute(command)
        self._tell(number, event, commands)

    def _tell(self, number: int, event: Event, commands: Sequence[Command]) -> None:
        self.events += 1
        self.commands += len(commands)
        for observer in self.observers:
            observer(number, event, commands)

    def _tidy(self) -> None:
        try:
            self._keep.checkpoint()
        except JournalError as error:
            self._turn_failed(str(error), self._keep.written + 1)

    def _fail(self, failure: str, number: int, event: Event, commands: Sequence[Command]) -> None:
        allowed = [command for command in commands if only_closes(command)]
        try:
            self._keep.write_emergency((event, *allowed))
        except JournalError as error:
            # Its client order id would be given out again after a restart: what is not written is not sent.
            failure, allowed = f"{failure}; {error}", []
        for command in commands:
            if command in allowed or not isinstance(command, PlaceOrder | CancelOrder):
                self._execute(command)
        self._tell(number, event, [command for command in commands if command in allowed])
        self._turn_failed(failure, number)

    def _turn_failed(self, failure: str, number: int) -> None:
        self.failure = failure
        if self.engine.state in _ENDED:
            return
        event = EngineTurned(time_ns=self._time_ns, trigger="fatal", cause=failure)
        commands = [one for one in self.engine.handle(event) if not isinstance(one, PlaceOrder | CancelOrder)]
        for command in commands:
            self._execute(command)
        self._tell(number, event, commands)


def only_closes(command: Command) -> bool:
    """Whether a command can do nothing but close a whole position: a capped full exit or a close-position stop."""
    if not isinstance(command, PlaceOrder):
        return False
    return command.close_position or (command.purpose is Purpose.EXIT and command.reduce_only)
