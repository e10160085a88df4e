"""The loop of a live engine: each event is decided on, written down, and then carried out."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from sadari.core.engine import Engine
from sadari.core.engine_table import EngineState
from sadari.errors import JournalError
from sadari.model.command import CancelOrder, Command, PlaceOrder
from sadari.model.event import (
    CancelRejected,
    EngineTurned,
    Event,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    OrderRejected,
    OutcomeUnknown,
)
from sadari.model.order import Purpose

_ENDED = (EngineState.IDLE, EngineState.STOPPED, EngineState.FAILED)
_REPORTS = (OrderAccepted, OrderFilled, OrderCanceled, OrderRejected, CancelRejected, OutcomeUnknown)


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


# Is told each event with its commands when they have gone out; the number is the event's in the journal, 0 where it is
# written down nowhere.
Observer = Callable[[int, Event, Sequence[Command]], None]


class Driver:
    """Takes events from wherever they come, in one thread.

    An event that is caused while another one is worked on comes after it. Nothing is carried out that is not written
    down. When the journal fails it is never tried again: the event at hand, and that the engine is FAILED, are written
    into the reserve, and of their commands only what can do nothing but close a position goes out. From then on only
    reports of orders are taken, in the same way: an entry that was on its way may still fill and needs its wall.
    What rests at the venue stays there.

    Args:
        engine: Decides.
        keep: The journal.
        execute: Hands a command to the venue and returns at once.

    Attributes:
        events, commands: How many were worked on.
        dropped: Events that came after the failure and were not taken.
        failure: Why the engine has failed, "" while all is well.
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
        self._number = 0
        self._reserve_failed = False

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
        if self.failure and (self._reserve_failed or not isinstance(event, _REPORTS)):
            self.dropped += 1
            return
        self._time_ns = event.time_ns
        commands = self.engine.handle(event)
        if self.failure:
            self._carry_out_what_closes(event, commands)
            return
        number = self._keep.written + 1
        try:
            self._keep.append_all((event, *commands))
        except JournalError as error:
            self._fail(str(error), number, event, commands)
            return
        self._carry_out(commands)
        self._tell(number, event, commands)

    def _carry_out(self, commands: Iterable[Command]) -> None:
        """Every one of them: what breaks at one keeps no stop behind it from going out, and is raised afterwards."""
        broken: Exception | None = None
        for command in commands:
            try:
                self._execute(command)
            except Exception as error:  # noqa: BLE001 - it is raised below
                broken = broken or error
        if broken is not None:
            raise broken

    def _tell(self, number: int, event: Event, commands: Sequence[Command]) -> None:
        self.events += 1
        self.commands += len(commands)
        for observer in self.observers:
            observer(number, event, commands)

    def _tidy(self) -> None:
        try:
            self._keep.checkpoint()
        except JournalError as error:
            self._fail(str(error), self._keep.written + 1)

    # once the journal has failed

    def _fail(self, failure: str, number: int, event: Event | None = None, commands: Sequence[Command] = ()) -> None:
        self.failure = failure
        self._number = number
        if event is not None:
            self._carry_out_what_closes(event, commands)
        if self.engine.state not in _ENDED:
            fatal = EngineTurned(time_ns=self._time_ns, trigger="fatal", cause=failure)
            self._carry_out_what_closes(fatal, self.engine.handle(fatal))

    def _carry_out_what_closes(self, event: Event, commands: Sequence[Command]) -> None:
        """Write into the reserve, then carry out what may go out, and what is no order at all."""
        closing = [command for command in commands if only_closes(command)]
        if not self._reserve_failed:
            try:
                self._keep.write_emergency((event, *closing))
            except JournalError as error:
                self.failure = f"{self.failure}; {error}"
                self._reserve_failed = True
        if self._reserve_failed:
            # Its client order id would be given out again after a restart: what is not written is not sent.
            closing = []
        out = [one for one in commands if one in closing or not isinstance(one, PlaceOrder | CancelOrder)]
        self._carry_out(out)
        if self._reserve_failed:
            # The next start knows nothing of it, and gives its number to something else.
            self._tell(0, event, out)
            return
        self._tell(self._number, event, out)
        # As the next start numbers them when it takes them into the journal.
        self._number += 1 + len(commands)


def only_closes(command: Command) -> bool:
    """Whether a command can do nothing but close a whole position: a capped full exit or a close-position stop."""
    if not isinstance(command, PlaceOrder):
        return False
    return command.close_position or (command.purpose is Purpose.EXIT and command.reduce_only)
