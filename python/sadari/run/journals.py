"""Journals of runs: what an engine made from the header says to the same events, beside what was written."""

from __future__ import annotations

from collections import deque
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import msgspec

from sadari.core.engine import Engine
from sadari.errors import JournalError
from sadari.model.command import Command
from sadari.model.event import Event
from sadari.store.journal import Footer, Header, decode, encode, read


class Replay(NamedTuple):
    """How a replay went. ``difference`` names the first command that is not what was written, "" if all are."""

    events: int
    commands: int
    difference: str


def replay(path: Path) -> Replay:
    """Feed the events of a journal to a fresh engine and compare its commands byte for byte.

    Raises:
        JournalError: The file is no journal, is damaged, or was written by another build.
    """
    records = ((number, line, _decoded(path, number, line)) for number, line in read(path))
    _, _, header = next(records, (0, b"", None))
    if not isinstance(header, Header):
        raise JournalError(f"{path}: does not begin with a header")
    if header.build != (build := version("sadari")):
        raise JournalError(
            f"{path}: was written by version {header.build}; only that version says the same again, this is {build}"
        )
    engine = Engine(header.settings, header.instruments)
    said: deque[bytes] = deque()
    events = commands = 0
    closed = False
    for number, line, record in records:
        if isinstance(record, Command):
            again = said.popleft() if said else b"nothing"
            if again != line:
                return Replay(events, commands, _difference(number, line, again))
            commands += 1
            continue
        if said:
            return Replay(events, commands, _difference(number, b"nothing", said[0]))
        if isinstance(record, Event):
            said.extend(map(encode, engine.handle(record)))
            events += 1
        elif isinstance(record, Footer):
            closed = True
        else:
            raise JournalError(f"{path}: record {number} is a second header")
    # A run that was cut short may have been so between an event and its commands; those that lack are no difference.
    if said and closed:
        return Replay(events, commands, f"after the last record the engine says {said[0].decode()}")
    return Replay(events, commands, "")


def records(path: Path) -> list[Event | Command]:
    """Every event and command of a journal, in order.

    Raises:
        JournalError: The file is no journal or is damaged.
    """
    found = (_decoded(path, number, line) for number, line in read(path))
    return [record for record in found if isinstance(record, Event | Command)]


def _decoded(path: Path, number: int, line: bytes) -> object:
    try:
        return decode(line)
    except msgspec.MsgspecError as error:
        raise JournalError(f"{path}: record {number} is none that this build knows ({error})") from error


def _difference(number: int, written: bytes, again: bytes) -> str:
    return f"at record {number} the journal has {written.decode()} where the engine says {again.decode()}"
