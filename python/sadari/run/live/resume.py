"""An engine out of its journal: fed every event again, compared byte for byte, and what the venue has to remember."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import msgspec

from sadari.core.engine import Engine
from sadari.core.intents import Intent
from sadari.errors import JournalError
from sadari.model.command import (
    ArmLevels,
    ArmSignals,
    CallDay,
    Command,
    PlaceOrder,
    SetAlarm,
    WatchVerdict,
)
from sadari.model.event import AlarmRang, DayStarted, Event, LevelCrossed, SignalRaised
from sadari.run.live.journals import Feeding, Observe
from sadari.store.journal import Header, decode, encode
from sadari.store.live_journal import Clock, LiveJournal
from sadari.store.reserve import read_mark


class Remembered:
    """What a venue was told and has not answered yet.

    Attributes:
        levels: The levels armed, by symbol, without those that were crossed since.
        verdicts: The verdict watched, by symbol.
        signals: Symbols whose signal waits to be armed again.
        alarms: The alarms that have not rung, by name.
        day: The start of a day that is to be reported.
        asked_ns: When each order was asked for, by client order id: its trades are not older.
        time_ns: The time of the last event.
    """

    def __init__(self) -> None:
        self.levels: dict[str, ArmLevels] = {}
        self.verdicts: dict[str, WatchVerdict] = {}
        self.signals: dict[str, ArmSignals] = {}
        self.alarms: dict[str, SetAlarm] = {}
        self.day: CallDay | None = None
        self.asked_ns: dict[str, int] = {}
        self.time_ns = 0

    def see(self, event: Event, commands: Sequence[Command]) -> None:
        """Follow one event and its commands."""
        self.time_ns = event.time_ns
        if isinstance(event, LevelCrossed) and (armed := self.levels.get(event.symbol)) is not None:
            self.levels[event.symbol] = _without(armed, event.levels)
        elif isinstance(event, AlarmRang):
            self.alarms.pop(event.name, None)
        elif isinstance(event, SignalRaised):
            self.signals.pop(event.symbol, None)
        elif isinstance(event, DayStarted):
            self.day = None
        for command in commands:
            self._told(command)

    def _told(self, command: Command) -> None:
        if isinstance(command, ArmLevels):
            self.levels[command.symbol] = command
        elif isinstance(command, SetAlarm):
            self.alarms[command.name] = command
        elif isinstance(command, PlaceOrder):
            self.asked_ns[command.client_order_id] = self.time_ns
        elif isinstance(command, WatchVerdict):
            self.verdicts.pop(command.symbol, None)
            if command.verdict is not None:
                self.verdicts[command.symbol] = command
        elif isinstance(command, ArmSignals):
            self.signals[command.symbol] = command
        elif isinstance(command, CallDay):
            self.day = command


def _without(armed: ArmLevels, crossed: Sequence[str]) -> ArmLevels:
    """What stays armed of a symbol when some levels were crossed."""
    trail = armed.trail if armed.trail is not None and armed.trail.name not in crossed else None
    levels = tuple(level for level in armed.levels if level.name not in crossed)
    return msgspec.structs.replace(armed, levels=levels, trail=trail)


class Resumption(NamedTuple):
    """An engine that can go on.

    Attributes:
        engine: As it was after the last event of the journal; it stands in the state that it had then.
        journal: Opened for appending.
        header: What the engine was made from: settings and instruments that differ now are events to feed.
        remembered: What the venue has to be told again.
        events: How many were fed.
        emergency: Events that the journal could not take before are in it now, and with them that the engine is
            FAILED; what they had wanted sent and was not is among the unresolved orders.
    """

    engine: Engine
    journal: LiveJournal
    header: Header
    remembered: Remembered
    events: int
    emergency: bool

    def unresolved(self) -> list[Intent]:
        """Orders without the venue's last word: SUBMITTED may never have been sent, UNKNOWN as well, others rest."""
        return [intent for intent in self.engine.orders.values() if not intent.final]


def run_id_of(name: str, generation: int) -> str:
    """What client order ids begin with: the engine's name, and the generation of its journal after the first.

    Numbers begin anew, or are behind, in each generation; every id still begins with ``<name>-``, and none comes twice.
    """
    return f"{name}-g{generation}" if generation else name


def begin_or_resume(path: Path, header: Header, clock_ns: Clock, observe: Observe | None = None) -> Resumption:
    """Go on with the journal if there is one, else begin one.

    Args:
        path: The journal.
        header: What a new engine is made from; its ``run_id`` is the engine's name, see `run_id_of`.
        clock_ns: Measures syncs.
        observe: See `resume`.

    Raises:
        JournalError: The journal cannot be gone on with, is gone, or cannot be made.
    """
    if path.exists():
        return resume(path, clock_ns, observe)
    mark = read_mark(path)
    run_id = run_id_of(header.settings.run_id, mark.generation if mark is not None else 0)
    own = msgspec.structs.replace(header, settings=msgspec.structs.replace(header.settings, run_id=run_id))
    journal = LiveJournal.create(path, own, clock_ns)
    return Resumption(Engine(own.settings, own.instruments), journal, own, Remembered(), 0, emergency=False)


def resume(path: Path, clock_ns: Clock, observe: Observe | None = None) -> Resumption:
    """Open a journal and rebuild its engine.

    Args:
        path: The journal.
        clock_ns: Measures its syncs.
        observe: Is told each event with its commands, before this returns: what is kept beside the engine.

    Raises:
        JournalError: The journal cannot be gone on with; the sentence says why and names the record.
    """
    journal = LiveJournal.resume(path, clock_ns)
    try:
        return _resumed(journal, observe)
    except BaseException:
        journal.abandon()
        raise


def _resumed(journal: LiveJournal, observe: Observe | None) -> Resumption:
    remembered = Remembered()

    def see(number: int, event: Event, commands: Sequence[Command]) -> None:
        remembered.see(event, commands)
        if observe is not None:
            observe(number, event, commands)

    fed = rebuilt(journal.path, see)
    build = version("sadari")
    if fed.build != build:
        journal.append_all([msgspec.structs.replace(fed.header, build=build)])
    emergencies = journal.emergencies()
    for lines in emergencies[_taken_over(emergencies, fed.latest) :]:
        _take_over(journal, fed, lines, see)
    if emergencies:
        journal.clear_emergencies()
    return Resumption(fed.engine, journal, fed.header, remembered, fed.events, bool(emergencies))


def rebuilt(path: Path, observe: Observe | None = None) -> Feeding:
    """The engine of a journal, which says again what was written.

    Raises:
        JournalError: It says something else, or the journal is not what was written.
    """
    fed = Feeding(path, observe)
    difference = fed.run()
    if fed.unsaid and not difference:
        difference = f"after the last record the engine says {fed.unsaid[0].decode()}"
    if difference:
        raise JournalError(
            f"{path}: the engine of version {version('sadari')} decides otherwise than version {fed.build} did: "
            f"{difference}; go on with that version, or reset when nothing is open"
        )
    return fed


def _taken_over(emergencies: list[list[bytes]], latest: Iterable[bytes]) -> int:
    """How many of the emergencies are in the journal already, which ends with these events.

    The write had reached the disk after all, or an earlier start was cut short before it had cleared them. One event
    proves nothing: the same report may have come twice.
    """
    there, taken = list(latest), [lines[0] for lines in emergencies]
    return next(count for count in range(len(taken), -1, -1) if there[len(there) - count :] == taken[:count])


def _take_over(journal: LiveJournal, fed: Feeding, lines: list[bytes], see: Observe) -> None:
    """Put an event that the journal could not take where it belongs, with everything that the engine said to it."""
    event = decode(lines[0])
    if not isinstance(event, Event):
        raise JournalError(f"{journal.path}: what the reserve holds does not begin with an event")
    commands = fed.engine.handle(event)
    said = set(map(encode, commands))
    if strange := next((line for line in lines[1:] if line not in said), None):
        raise JournalError(
            f"{journal.path}: the reserve says that {strange.decode()} went out, which the engine does not say"
        )
    journal.append_all([event, *commands], synced=True)
    see(journal.written - len(commands), event, commands)
