"""The journal of a run: every event and command in order, in one SQLite file, chained by hash.

Records that are written together form one row: JSON lines, numbered on from the row before. A row's chain is the
SHA-256 of the chain before it, its numbers and its lines, so that any changed byte is found, and where. Record 1 is
the header, which says what the engine was built from; the last is the footer, which is absent after a crash. A live
journal (see `live_journal`) may have more of both: where another build went on, and where the engine was stopped.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import msgspec

from sadari.errors import JournalError
from sadari.model.command import AnyCommand, Command
from sadari.model.event import AnyEvent, Event
from sadari.model.instrument import Instrument
from sadari.model.plan import Settings
from sadari.store.folder import MEND

_SCHEMA = "CREATE TABLE rows (first INTEGER PRIMARY KEY, size INTEGER, lines BLOB, chain BLOB)"
INSERT = "INSERT INTO rows VALUES (?, ?, ?, ?)"
SELECT = "SELECT first, size, lines, chain FROM rows ORDER BY first"
GENESIS = bytes(32)

# The smaller, the closer a fault is named; from here on up, the larger is no faster.
_BATCH = 128

# Marks the file as ours, and how it is laid out; a file without is from before there were marks.
_KIND = int.from_bytes(b"SADA")
_LAYOUT = 1


class Header(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What a run was made from. ``market`` names the assumptions about the venue, by name and value."""

    build: str
    settings: Settings
    instruments: dict[str, Instrument]
    market: dict[str, str] = {}


class Footer(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The run came to its end; ``records`` counts everything before this."""

    records: int


Record = AnyEvent | AnyCommand | Header | Footer

_encoder = msgspec.json.Encoder()
encode = _encoder.encode
encode_lines = _encoder.encode_lines
_FOOTER = b'{"type":"Footer"'
decode = msgspec.json.Decoder(Record).decode


class Journal:
    """The journal of a run over history being written.

    Records wait in memory and are written in batches: speed counts, and a crash loses the run anyway.

    Args:
        path: A file that does not exist yet.
        header: What the run is made from.

    Raises:
        JournalError: The file exists or cannot be written.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self.path = path
        self.written = 0
        self._chain = GENESIS
        # Records are frozen values: encoding them later, all at once, gives the same bytes for a third of the time.
        self._waiting: list[Event | Command | Header | Footer] = [header]
        if path.exists():
            raise JournalError(f"{path}: exists already; a journal is never written over, name another file")
        try:
            self._database = sqlite3.connect(path, isolation_level=None)
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = OFF")
            lay_out(self._database)
        except sqlite3.Error as error:
            raise JournalError(f"{path}: a journal cannot be made here ({error})") from error
        self.flush()

    def append(self, record: Event | Command) -> None:
        """Add what has happened or what is to be done.

        Raises:
            JournalError: The file cannot be written.
        """
        self._waiting.append(record)
        if len(self._waiting) >= _BATCH:
            self.flush()

    def flush(self) -> None:
        """Write what is waiting as one row.

        Raises:
            JournalError: The file cannot be written; what was waiting still is.
        """
        if not self._waiting:
            return
        first, count = self.written + 1, len(self._waiting)
        lines = encode_lines(self._waiting)
        chain = link(self._chain, first, count, lines)
        try:
            self._database.execute(INSERT, (first, count, lines, chain))
        except sqlite3.Error as error:
            raise JournalError(f"{self.path}: the journal cannot be written ({error})") from error
        self.written += count
        self._chain = chain
        self._waiting.clear()

    def close(self) -> None:
        """Write the footer and close the file, which then is one file and may be kept read-only."""
        self._waiting.append(Footer(records=self.written + len(self._waiting)))
        try:
            self.flush()
            self._database.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.Error as error:
            raise JournalError(f"{self.path}: the journal cannot be closed ({error})") from error
        finally:
            self._database.close()

    def abandon(self) -> None:
        """Close the file without a footer: the run did not come to its end."""
        try:
            self.flush()
        finally:
            self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self.abandon()


def lay_out(database: sqlite3.Connection) -> None:
    """Make the table of a new journal and mark the file as one."""
    database.execute(f"PRAGMA application_id = {_KIND}")
    database.execute(f"PRAGMA user_version = {_LAYOUT}")
    database.execute(_SCHEMA)


def check_kind(path: Path, database: sqlite3.Connection) -> None:
    """Refuse a database that is no journal, or one that a later version has laid out.

    Raises:
        JournalError: It says which of the two.
    """
    ((kind,),) = database.execute("PRAGMA application_id")
    ((layout,),) = database.execute("PRAGMA user_version")
    if kind != _KIND:
        raise JournalError(f"{path}: is no journal of Sadari; put it back, or {MEND}")
    if layout > _LAYOUT:
        raise JournalError(
            f"{path}: was written by a later version (layout {layout}); this one knows {_LAYOUT}: go on with that one"
        )


def link(previous: bytes, first: int, count: int, lines: bytes) -> bytes:
    """The chain value of a row."""
    return sha256(b"%b%d:%d:%b" % (previous, first, count, lines)).digest()


class Row(NamedTuple):
    """What is stored together: ``size`` records from number ``first`` on, as JSON lines."""

    first: int
    size: int
    lines: bytes
    chain: bytes

    @property
    def fits_its_types(self) -> bool:
        """False for a row that was changed from outside: any cell of SQLite may change its type with its bytes."""
        return tuple(map(type, self)) == (int, int, bytes, bytes)

    def records(self) -> list[bytes]:
        """Each record as its line of JSON."""
        return self.lines.splitlines()


def rows(path: Path) -> Iterator[Row]:
    """The rows of a journal as they are stored, not verified.

    Raises:
        JournalError: There is no such journal, or the file is damaged.
    """
    if not path.is_file():
        raise JournalError(f"{path}: there is no such journal")
    try:
        database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        try:
            yield from map(Row._make, database.execute(SELECT))
        finally:
            database.close()
    # SQLite quotes a damaged schema in its message, and that may be no text any more.
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise JournalError(f"{path}: is not a journal that can be read ({error}); {MEND}") from error


def read(path: Path) -> Iterator[tuple[int, bytes]]:
    """The records of a journal in order, each with its number and its line of JSON (see `decode`).

    Raises:
        JournalError: There is no such journal, or it is not what was written.
    """
    for row in followed(path, rows(path)):
        yield from enumerate(row.records(), row.first)


def followed(path: Path, stored: Iterable[Row]) -> Iterator[Row]:
    """The same rows, each as long as the chain holds.

    Raises:
        JournalError: Names the records that are not what was written.
    """
    chain, records = GENESIS, 0
    for row in stored:
        if fault := _fault(row, records, chain):
            raise JournalError(f"{path}: {fault}; {MEND}")
        chain = row.chain
        records += row.size
        yield row


class Verdict(NamedTuple):
    """How far a journal is what was written: the records before the first fault, and the fault ("" if none).

    ``closed`` is False where the footer is missing: the run was cut short, or still goes on.
    """

    records: int
    closed: bool
    fault: str


def verify(path: Path) -> Verdict:
    """Follow the chain through a journal.

    Raises:
        JournalError: The file is no journal.
    """
    chain, records, last = GENESIS, 0, b""
    for row in rows(path):
        if fault := _fault(row, records, chain):
            return Verdict(records, closed=False, fault=fault)
        chain, last = row.chain, row.records()[-1]
        records += row.size
    if records == 0:
        return Verdict(0, closed=False, fault="it holds no record")
    return Verdict(records, closed=last.startswith(_FOOTER), fault="")


def _fault(row: Row, before: int, chain: bytes) -> str:
    """What is wrong with a row that follows ``before`` records and this chain, or an empty text."""
    if not row.fits_its_types:
        return f"the row after record {before} is not what was written"
    if row.first != before + 1:
        return f"record {before + 1} is missing, the next one there is {row.first}"
    if link(chain, row.first, row.size, row.lines) != row.chain:
        return f"records {row.first} to {row.first + max(row.size, 1) - 1} are not what was written"
    return ""
