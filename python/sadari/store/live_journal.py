"""The journal of a live engine: each event with its commands is one row, on disk before anything of it is sent.

Rows go into SQLite's write-ahead log. Only a row with a command that changes the venue's state is synced, once; the
rows before it are synced by that too. A process that is killed loses nothing; a loss of power loses at most rows after
the last sync, of which nothing was sent.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Self

from sadari.errors import JournalError
from sadari.model.command import CancelOrder, Command, PlaceOrder
from sadari.model.event import Event
from sadari.store.folder import CARE, MEND
from sadari.store.journal import (
    GENESIS,
    INSERT,
    SELECT,
    Footer,
    Header,
    Row,
    check_kind,
    encode_lines,
    followed,
    lay_out,
    link,
)
from sadari.store.reserve import Mark, Reserve, read_mark, sync_folder

Clock = Callable[[], int]

# What changes the venue's state must be on disk before it is sent.
STATE_CHANGING = (PlaceOrder, CancelOrder)

# Another process may read the file; who waits longer than this for it waits too long.
_PATIENCE_S = 0.5
# Rows after which SQLite's log is moved into the file: a few megabytes.
_CHECKPOINT = 512


class LiveJournal:
    """An open journal. Use `create` or `resume`.

    Attributes:
        written: How many records are in the file.
        failed: A write has failed: nothing more is written.
        syncs: How often there was a sync; ``last_sync_ns`` and ``slowest_sync_ns`` are how long they took.
    """

    def __init__(self, path: Path, database: sqlite3.Connection, reserve: Reserve, clock_ns: Clock) -> None:
        self.path = path
        self.written = 0
        self.failed = False
        self.syncs = self.last_sync_ns = self.slowest_sync_ns = 0
        self._database = database
        self._reserve = reserve
        self._clock_ns = clock_ns
        self._chain = GENESIS
        self._syncing = False
        self._since_checkpoint = 0

    @classmethod
    def create(cls, path: Path, header: Header, clock_ns: Clock) -> Self:
        """Begin a journal; it appears with its header or not at all.

        Args:
            path: A file that does not exist yet.
            header: What the engine is made from.
            clock_ns: Measures how long a sync takes; any monotonic clock.

        Raises:
            JournalError: The file exists, was there and is gone, or cannot be written.
        """
        if path.exists():
            raise JournalError(f"{path}: exists already; a journal is never written over, name another file")
        earlier = read_mark(path)
        if earlier is not None and earlier.records:
            raise JournalError(
                f"{path}: the journal is gone: {Reserve.beside(path).name} says that it had {earlier.records} records; "
                "put it back, or restore a backup with sadari journal restore"
            )
        if earlier is None and Reserve.beside(path).exists():
            raise JournalError(
                f"{path}: the journal is gone, and {Reserve.beside(path).name}, which says whether there was one, "
                "cannot be read; put both back, or restore a backup with sadari journal restore"
            )
        reserve = Reserve.make(path, Mark(earlier.generation if earlier else 0, 0, GENESIS))
        _write_first(path, header)
        reserve.close()
        return cls.resume(path, clock_ns)

    @classmethod
    def resume(cls, path: Path, clock_ns: Clock) -> Self:
        """Open a journal to go on with it, whether it was closed or cut short.

        SQLite drops a commit that was cut; that nobody relied on it is proved by the mark in the reserve. Whatever
        else is not what was written is refused: what cannot be read is never taken as empty.

        Raises:
            JournalError: Missing, unreadable, foreign, newer or damaged; the sentence says which and names the record.
        """
        if not path.is_file():
            raise JournalError(f"{path}: there is no such journal")
        reserve = Reserve.open(path)
        try:
            _renew_log(path)
            database = _opened(path)
            try:
                journal = cls(path, database, reserve, clock_ns)
                journal._follow()
            except BaseException:
                database.close()
                raise
        except OSError as error:
            reserve.close()
            raise JournalError(f"{path}: the journal cannot be synced ({error.strerror}); {CARE}") from error
        # SQLite quotes a damaged schema in its message, and that may be no text any more.
        except (sqlite3.Error, UnicodeDecodeError) as error:
            reserve.close()
            raise JournalError(f"{path}: is not a journal that can be read ({error}); {MEND}") from error
        except BaseException:
            reserve.close()
            raise
        return journal

    def _follow(self) -> None:
        check_kind(self.path, self._database)
        mark = self._reserve.mark
        reached = mark.records == 0
        for row in followed(self.path, map(Row._make, self._database.execute(SELECT))):
            self.written, self._chain = self.written + row.size, row.chain
            if self.written == mark.records:
                reached = row.chain == mark.chain
        if not reached:
            raise JournalError(
                f"{self.path}: record {mark.records} was acknowledged and is not there: the journal ends at record "
                f"{self.written}, or is another one; put back the file with its -wal file, or restore a backup"
            )
        if self.written == 0:
            raise JournalError(f"{self.path}: it holds no record; {MEND}")
        # Into the file and synced anew, whatever became of an earlier sync.
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        busy, *_ = self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        self._database.execute("PRAGMA synchronous = NORMAL")
        # A checkpoint takes longer than a sync: `checkpoint` makes one when nothing waits for it.
        self._database.execute("PRAGMA wal_autocheckpoint = 0")
        # SQLite syncs the folder when it has made its log, and takes no notice when that fails: rows in a file without
        # a name would be lost with the power.
        sync_folder(self.path.parent)
        if not busy:
            # Somebody who reads an older moment keeps it from being whole; then the mark stays behind.
            self._reserve.acknowledge(self.written, self._chain)

    @property
    def generation(self) -> int:
        """How often the journal of this place was begun anew; see `Mark`."""
        return self._reserve.mark.generation

    def append_all(self, records: Iterable[Event | Command | Header | Footer], *, synced: bool = False) -> None:
        """Write an event and its commands as one row, synced if one of them changes the venue's state or if asked to.

        Raises:
            JournalError: The file cannot be written. What a write or sync that failed has left on the disk is not
                known, so that it is never tried again: from then on this is raised at every call.
        """
        if self.failed:
            raise JournalError(f"{self.path}: the journal has failed after record {self.written}; it is not written")
        waiting = list(records)
        first, count, lines = self.written + 1, len(waiting), encode_lines(waiting)
        chain = link(self._chain, first, count, lines)
        synced = synced or any(isinstance(record, STATE_CHANGING) for record in waiting)
        try:
            self._insert((first, count, lines, chain), synced=synced)
        except sqlite3.Error as error:
            self.failed = True
            raise JournalError(f"{self.path}: the journal cannot be written ({error}); {CARE}") from error
        self.written += count
        self._chain = chain
        if synced:
            self._acknowledge()

    def _acknowledge(self) -> None:
        try:
            self._reserve.acknowledge(self.written, self._chain)
        except JournalError:
            self.failed = True
            raise

    def _insert(self, row: tuple[int, int, bytes, bytes], *, synced: bool) -> None:
        if synced is not self._syncing:
            self._database.execute(f"PRAGMA synchronous = {'FULL' if synced else 'NORMAL'}")
            self._syncing = synced
        before_ns = self._clock_ns()
        self._database.execute(INSERT, row)
        self._since_checkpoint += 1
        if synced:
            self.syncs += 1
            self.last_sync_ns = self._clock_ns() - before_ns
            self.slowest_sync_ns = max(self.slowest_sync_ns, self.last_sync_ns)

    def checkpoint(self) -> None:
        """Move rows from SQLite's log into the file, once some have gathered. For when nothing waits for it.

        Raises:
            JournalError: The file cannot be written.
        """
        if self._since_checkpoint < _CHECKPOINT or self.failed:
            return
        self._since_checkpoint = 0
        try:
            self._database.execute("PRAGMA wal_checkpoint(PASSIVE)")
        except sqlite3.Error as error:
            self.failed = True
            raise JournalError(f"{self.path}: the journal cannot be written ({error}); {CARE}") from error

    def write_emergency(self, records: Iterable[Event | Command]) -> None:
        """Write into the reserve, synced, what the journal could not take.

        Raises:
            JournalError: It cannot be written.
        """
        self._reserve.write_emergency(encode_lines(list(records)))

    def emergencies(self) -> list[list[bytes]]:
        """What was written in emergencies: the lines of each, an event and those of its commands that went out.

        Raises:
            JournalError: It cannot be read.
        """
        return [lines.splitlines() for lines in self._reserve.emergencies()]

    def clear_emergencies(self) -> None:
        """Forget the emergencies: they are in the journal now, each written synced.

        Raises:
            JournalError: It cannot be written.
        """
        self._reserve.clear()

    def close(self) -> None:
        """Write the footer and close the file, which then is one file beside its reserve.

        Raises:
            JournalError: It cannot be written.
        """
        try:
            self.append_all([Footer(records=self.written)], synced=True)
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            raise JournalError(f"{self.path}: the journal cannot be closed ({error}); {CARE}") from error
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Close the file without a footer: the engine did not come to its end.

        When a write or sync has failed, what SQLite's log holds may not be on the disk, and a close would move it into
        the file all the same: a loss of power could then leave a newer file beside an older log. Somebody who reads
        keeps it from being moved.
        """
        with contextlib.ExitStack() as reading:
            if self.failed:
                with contextlib.suppress(sqlite3.Error):
                    reader = reading.enter_context(contextlib.closing(_opened(self.path, "ro")))
                    reader.execute("PRAGMA user_version").fetchone()
            self._database.close()
        self._reserve.close()


def _write_first(path: Path, header: Header) -> None:
    """A journal of one record, made aside and put in its place in one step."""
    fresh = path.with_name(path.name + ".new")
    lines = encode_lines([header])
    try:
        fresh.unlink(missing_ok=True)
        database = sqlite3.connect(fresh, isolation_level=None)
        try:
            database.execute("PRAGMA synchronous = FULL")
            lay_out(database)
            database.execute(INSERT, (1, 1, lines, link(GENESIS, 1, 1, lines)))
        finally:
            database.close()
        fresh.replace(path)
        sync_folder(path.parent)
    except (sqlite3.Error, OSError) as error:
        raise JournalError(f"{path}: a journal cannot be made here ({error}); {CARE}") from error


def _renew_log(path: Path) -> None:
    """Write SQLite's log anew where it is, and sync it.

    After a sync that has failed the system takes for written what is not, and no sync but that of a new write makes up
    for it. The log has to be whole on the disk before it is moved into the file.
    """
    log = path.with_name(path.name + "-wal")
    if log.exists():
        with log.open("rb+") as file:
            content = file.read()
            file.seek(0)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())


def _opened(path: Path, mode: str = "rw") -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.resolve().as_uri()}?mode={mode}", uri=True, isolation_level=None, timeout=_PATIENCE_S
    )
