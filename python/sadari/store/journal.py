"""The journal of a run: every event and command in order, in one SQLite file, chained by hash.

A record's ``chain`` is the SHA-256 of the chain before it, its kind, its time and its body, so that any changed
byte is found, with the record it is in. The first record is the header, which says what the engine was built from;
the footer, which is absent after a crash, says how the run ended.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self, get_args

import msgspec

from sadari.errors import JournalError
from sadari.model.command import AnyCommand, CancelOrder, Command, PlaceOrder
from sadari.model.event import AnyEvent, Event
from sadari.model.instrument import Instrument
from sadari.model.plan import Settings

HEADER, EVENT, COMMAND, FOOTER = "H", "E", "C", "F"

_SCHEMA = "CREATE TABLE records (seq INTEGER PRIMARY KEY, kind TEXT, time_ns INTEGER, body BLOB, chain BLOB)"
_INSERT = "INSERT INTO records VALUES (?, ?, ?, ?, ?)"
_SELECT = "SELECT seq, kind, time_ns, body, chain FROM records ORDER BY seq"
_BATCH = 4_096
_GENESIS = bytes(32)

# What changes the venue's state must be on disk before it is sent.
_STATE_CHANGING = (PlaceOrder, CancelOrder)

_KINDS: dict[type, str] = {
    **dict.fromkeys(get_args(AnyEvent), EVENT),
    **dict.fromkeys(get_args(AnyCommand), COMMAND),
}

encode = msgspec.json.Encoder().encode


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What a run was made from. ``market`` names the assumptions about the venue, by name and value."""

    build: str
    settings: Settings
    instruments: dict[str, Instrument]
    market: dict[str, str] = {}


class Footer(msgspec.Struct, frozen=True, kw_only=True):
    """How a run ended: the number of events and commands before it."""

    events: int
    commands: int


class Record(NamedTuple):
    """One row as it is stored."""

    seq: int
    kind: str
    time_ns: int
    body: bytes
    chain: bytes


def link(previous: bytes, kind: str, time_ns: int, body: bytes) -> bytes:
    """The chain value of a record."""
    return sha256(b"%b%b%d:%b" % (previous, kind.encode(), time_ns, body)).digest()


class Journal:
    """A journal being written.

    Records are kept in memory and written in batches, unless ``durable``: then everything is on disk before a
    command that changes the venue's state is given back to the caller.

    Args:
        path: A file that does not exist yet.
        header: What the run is made from.
        durable: Sync before state-changing commands (live); otherwise speed counts and a crash loses the run.

    Raises:
        JournalError: The file exists or cannot be written.
    """

    def __init__(self, path: Path, header: Header, *, durable: bool = False) -> None:
        self.path = path
        self.durable = durable
        self.events = 0
        self.commands = 0
        self._seq = 0
        self._time_ns = 0
        self._chain = _GENESIS
        self._waiting: list[Record | tuple[int, str, int, bytes, bytes]] = []
        if path.exists():
            raise JournalError(f"{path}: exists already; a journal is never written over, name another file")
        try:
            self._database = sqlite3.connect(path, isolation_level=None)
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
            self._database.execute(_SCHEMA)
        except sqlite3.Error as error:
            raise JournalError(f"{path}: a journal cannot be made here ({error})") from error
        self._add(HEADER, encode(header))
        self.flush()

    def append(self, record: Event | Command) -> None:
        """Add what has happened or what is to be done; a command carries the time of the event before it.

        Raises:
            JournalError: The file cannot be written.
        """
        kind = _KINDS[type(record)]
        if kind == EVENT:
            self.events += 1
            self._time_ns = record.time_ns  # type: ignore[union-attr]
        else:
            self.commands += 1
        # Written out here, not called: this runs for every record of a backtest.
        body = encode(record)
        time_ns = self._time_ns
        self._seq += 1
        self._chain = sha256(b"%b%b%d:%b" % (self._chain, kind.encode(), time_ns, body)).digest()
        self._waiting.append((self._seq, kind, time_ns, body, self._chain))
        if len(self._waiting) >= _BATCH or (self.durable and isinstance(record, _STATE_CHANGING)):
            self.flush()

    def flush(self) -> None:
        """Write what is waiting, in one transaction.

        Raises:
            JournalError: The file cannot be written; what was waiting still is.
        """
        try:
            self._database.execute("BEGIN")
            self._database.executemany(_INSERT, self._waiting)
            self._database.execute("COMMIT")
        except sqlite3.Error as error:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise JournalError(f"{self.path}: the journal cannot be written ({error})") from error
        self._waiting.clear()

    def close(self) -> None:
        """Write the footer and close the file."""
        self._add(FOOTER, encode(Footer(events=self.events, commands=self.commands)))
        self.abandon()

    def abandon(self) -> None:
        """Close the file without a footer: the run did not come to its end."""
        try:
            self.flush()
        finally:
            self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is None:
            self.close()
        else:
            self.abandon()

    def _add(self, kind: str, body: bytes) -> None:
        self._seq += 1
        self._chain = link(self._chain, kind, self._time_ns, body)
        self._waiting.append((self._seq, kind, self._time_ns, body, self._chain))


def read(path: Path) -> Iterator[Record]:
    """The records of a journal in order, not verified.

    Raises:
        JournalError: There is no such journal, or the file is damaged.
    """
    if not path.is_file():
        raise JournalError(f"{path}: there is no such journal")
    try:
        database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        try:
            yield from map(Record._make, database.execute(_SELECT))
        finally:
            database.close()
    except sqlite3.Error as error:
        raise JournalError(f"{path}: is not a journal that can be read ({error})") from error


class Verdict(NamedTuple):
    """What `verify` found: how many records are as they were written, whether the run was closed, and the fault."""

    records: int
    closed: bool
    fault: str


def verify(path: Path) -> Verdict:
    """Follow the chain through a journal.

    Raises:
        JournalError: The file is no journal.
    """
    chain, seen, kind = _GENESIS, 0, ""
    for record in read(path):
        place = f"record {record.seq} ({record.kind})"
        if record.seq != seen + 1:
            return Verdict(seen, closed=False, fault=f"record {seen + 1} is missing: after {seen} comes {record.seq}")
        if not _well_formed(record):
            return Verdict(seen, closed=False, fault=f"{place} is no record of a journal")
        chain = link(chain, record.kind, record.time_ns, record.body)
        if chain != record.chain:
            return Verdict(seen, closed=False, fault=f"{place} is not what was written: its chain does not match")
        seen, kind = record.seq, record.kind
    if seen == 0:
        return Verdict(0, closed=False, fault="the journal holds no record")
    return Verdict(seen, closed=kind == FOOTER, fault="")


def _well_formed(record: Record) -> bool:
    # SQLite lets any cell change its type along with its bytes.
    return (
        isinstance(record.kind, str)
        and isinstance(record.time_ns, int)
        and isinstance(record.body, bytes)
        and isinstance(record.chain, bytes)
        and (record.kind == HEADER) == (record.seq == 1)
    )
