"""Journals of runs: what an engine made from the header says to the same events, beside what was written."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import msgspec

from sadari.core.engine import Engine
from sadari.errors import JournalError
from sadari.model.command import Command
from sadari.model.event import Event
from sadari.store.journal import Footer, Header, Record, Row, decode, decode_lines, encode, followed, read, rows

# A reserve holds fewer events than this.
LATEST = 10_000

# Is told each event with its commands; the number is the event's in the journal.
Observe = Callable[[int, Event, Sequence[Command]], None]


class Replay(NamedTuple):
    """How a replay went. ``difference`` names the first command that is not what was written, "" if all are."""

    events: int
    commands: int
    difference: str


def replay(path: Path) -> Replay:
    """Feed the events of a journal to a fresh engine and compare its commands byte for byte.

    Raises:
        JournalError: The file is no journal, is damaged, or was last written by another build.
    """
    fed = Feeding(path)
    difference = fed.run()
    if fed.build != (build := version("sadari")):
        raise JournalError(
            f"{path}: was written by version {fed.build}; only that version says the same again, this is {build}"
        )
    return Replay(fed.events, fed.commands, difference)


class Feeding:
    """A fresh engine that is fed the events of a journal.

    Attributes:
        engine: What the events have made of it so far.
        header: What it was made from.
        build: The version that wrote the last part of the journal.
        number: The last record.
        latest: The lines of the last events, as many as a reserve may hold.
        closed: The last record is a footer.
        unsaid: What the engine says after the last record, where the journal ends before it.
    """

    def __init__(self, path: Path, observe: Observe | None = None) -> None:
        self.path = path
        self.events = self.commands = self.number = 0
        self.latest: deque[bytes] = deque(maxlen=LATEST)
        self.closed = False
        self.unsaid: list[bytes] = []
        self._observe = observe
        self._records = read(path)
        self.header = self._first()
        self.build = self.header.build
        self.engine = Engine(self.header.settings, self.header.instruments)

    def _first(self) -> Header:
        self.number, line = next(self._records, (0, b""))
        header = self._decoded(line) if line else None
        if not isinstance(header, Header):
            raise JournalError(f"{self.path}: does not begin with a header")
        return header

    def run(self) -> str:
        """Feed everything; the first difference, "" if there is none.

        Raises:
            JournalError: The journal is damaged, or has records that this build does not know.
        """
        said: list[Command] = []
        lines: list[bytes] = []
        at = 0
        for number, line in self._records:
            self.number = number
            record = self._decoded(line)
            if isinstance(record, Command):
                again = lines[at] if at < len(lines) else b"nothing"
                if again != line:
                    return _difference(self.number, line, again)
                at += 1
                continue
            if at < len(lines):
                return _difference(self.number, b"nothing", lines[at])
            self.commands += at
            said, at = self._take(record, line), 0
            lines = [encode(command) for command in said]
        self.commands += at
        self.unsaid = lines[at:]
        # A run that was cut short may have been so between an event and its commands: those that lack are none.
        if self.unsaid and self.closed:
            return f"after the last record the engine says {self.unsaid[0].decode()}"
        return ""

    def _take(self, record: Record, line: bytes) -> list[Command]:
        """What the engine says to a record."""
        self.closed = isinstance(record, Footer)
        if isinstance(record, Header):
            self.build = record.build
        if not isinstance(record, Event):
            return []
        self.events += 1
        self.latest.append(line)
        said = self.engine.handle(record)
        if self._observe is not None:
            self._observe(self.number, record, said)
        return said

    def _decoded(self, line: bytes) -> Record:
        if line.startswith(_HEADER):
            refuse_later(self.path, line)
        return _decoded(self.path, self.number, line)


_HEADER = b'{"type":"Header"'


def refuse_later(path: Path, header: bytes) -> None:
    """Refuse a header that a later version has written: it may mean what this one does not know.

    Raises:
        JournalError: It was.
    """
    build, own = str(msgspec.json.decode(header).get("build", "")), version("sadari")
    if _numbers(build) > _numbers(own):
        raise JournalError(f"{path}: was written by version {build}, later than this one, which is {own}")


def _numbers(build: str) -> tuple[int, ...]:
    return tuple(int(part) for part in build.split(".") if part.isdigit())


class Content(NamedTuple):
    """What is in a journal: events and commands in order, how many ``lines`` there are in all, and who wrote it last.

    ``closed`` is False where the footer is missing: the run was cut short, or still goes on.
    """

    records: list[Event | Command]
    lines: int
    build: str
    closed: bool


def content(path: Path) -> Content:
    """Every event and command of a journal, which may be one that is being written.

    Raises:
        JournalError: The file is no journal, is damaged, or was written by a later version.
    """
    found: list[Event | Command] = []
    lines, build, closed = 0, "", False
    for row in followed(path, rows(path)):
        lines += row.size
        told = _decoded_row(path, row)
        closed = isinstance(told[-1], Footer)
        for record in told:
            if isinstance(record, Event | Command):
                found.append(record)
            elif isinstance(record, Header):
                build = record.build
    return Content(found, lines, build, closed)


def _decoded_row(path: Path, row: Row) -> list[Record]:
    """The records of a row, at once where that can be done; what cannot be is named by its number."""
    if _HEADER in row.lines:
        for line in row.records():
            if line.startswith(_HEADER):
                refuse_later(path, line)
    try:
        return decode_lines(row.lines)
    except msgspec.MsgspecError:
        return [_decoded(path, number, line) for number, line in enumerate(row.records(), row.first)]


def records(path: Path) -> list[Event | Command]:
    """Every event and command of a journal, in order.

    Raises:
        JournalError: As `content`.
    """
    return content(path).records


def _decoded(path: Path, number: int, line: bytes) -> Record:
    try:
        record: Record = decode(line)
    except msgspec.MsgspecError as error:
        raise JournalError(f"{path}: record {number} is none that this build knows ({error})") from error
    return record


def _difference(number: int, written: bytes, again: bytes) -> str:
    return f"at record {number} the journal has {written.decode()} where the engine says {again.decode()}"
