"""Copies of a journal: taken while it is written, verified before they count, and put back while nothing runs."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from sadari.errors import ConfigError, JournalError
from sadari.model.units import SECOND_NS
from sadari.store.folder import Folder
from sadari.store.journal import followed, rows, verify
from sadari.store.lock import FolderLock
from sadari.store.reserve import Mark, Reserve, read_mark, sync_folder

KEPT = 24
# In an order id: behind the name of the run, before the order's number.
_GENERATION = re.compile(rb"-g([0-9]{1,9})-[0-9]")
_PARTIAL = ".partial"


def back_up(folder: Folder, now_ns: int, *, kept: int = KEPT) -> Path:
    """Copy the journal into a folder of its own, named by the time; older copies beyond ``kept`` are removed.

    It may be called while an engine writes, and in another thread: SQLite copies one moment of the file.

    Args:
        folder: Of the engine.
        now_ns: The time that names the copy.
        kept: How many copies stay, this one among them.

    Returns:
        The copy.

    Raises:
        JournalError: There is no journal, the copy cannot be written, or it is not what the journal is.
    """
    home = _unused(folder.backups, now_ns)
    made = home.with_name(home.name + _PARTIAL)
    copy = made / folder.journal.name
    try:
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(parents=True)
        _copy(folder.journal, copy)
        _check(copy)
        made.replace(home)
        sync_folder(folder.backups)
        for old in backups(folder)[:-kept]:
            shutil.rmtree(old.parent)
    except OSError as error:
        raise JournalError(f"{home}: the backup cannot be written ({error.strerror})") from error
    return home / folder.journal.name


def backups(folder: Folder) -> list[Path]:
    """The copies of a journal, the oldest first."""
    return sorted(
        path / folder.journal.name
        for path in folder.backups.glob("????????T??????Z*")
        if path.suffix != _PARTIAL and (path / folder.journal.name).is_file()
    )


def newest_good(folder: Folder) -> Path | None:
    """The newest copy that verifies, None if there is none."""
    return next((copy for copy in reversed(backups(folder)) if not fault_of(copy)), None)


def fault_of(copy: Path) -> str:
    """What is wrong with a copy, "" if it is what was written."""
    try:
        return verify(copy).fault
    except JournalError as error:
        return str(error)


def restore(folder: Folder, copy: Path, now_ns: int) -> Path | None:
    """Put a copy in the place of the journal; what was there is set aside beside the backups, whole.

    What was sent since the copy was taken is not in it: the generation goes up, so that no client order id of that
    time is given out again.

    Returns:
        Where the earlier journal is now, None if there was none.

    Raises:
        ConfigError: A process works in the folder.
        JournalError: The copy is not what was written, or cannot be put there.
    """
    with FolderLock(folder.path):
        if fault := fault_of(copy):
            raise JournalError(f"{copy}: cannot be restored: {fault}")
        fresh = folder.journal.with_name(folder.journal.name + ".restored")
        try:
            fresh.unlink(missing_ok=True)
            _copy(copy, fresh)
            records, chain = _check(fresh)
            aside = set_aside(folder, now_ns)
            Reserve.make(folder.journal, Mark(_generation(folder, aside) + 1, records, chain)).close()
            fresh.replace(folder.journal)
            sync_folder(folder.path)
        except OSError as error:
            raise JournalError(f"{folder.journal}: the backup cannot be put there ({error.strerror})") from error
        return aside


def set_aside(folder: Folder, now_ns: int) -> Path | None:
    """Move the journal with everything beside it into a folder of its own, which is no backup; None if there is none.

    For whoever holds the lock of the folder.

    Raises:
        JournalError: It cannot be moved.
    """
    there = [path for path in sorted(folder.path.glob(folder.journal.name + "*")) if path.suffix != ".restored"]
    if not there:
        return None
    aside = _unused(folder.path / "aside", now_ns)
    try:
        aside.mkdir(parents=True)
        for path in there:
            path.replace(aside / path.name)
        sync_folder(folder.path)
    except OSError as error:
        raise JournalError(f"{aside}: the journal cannot be set aside ({error.strerror})") from error
    return aside


def begin_anew(folder: Folder, now_ns: int) -> Path | None:
    """Set the journal aside and leave only what says that a next one is of another generation.

    For whoever holds the lock of the folder.

    Returns:
        Where the earlier journal is now, None if there was none.

    Raises:
        JournalError: It cannot be moved.
    """
    aside = set_aside(folder, now_ns)
    Reserve.make(folder.journal, Mark(_generation(folder, aside) + 1, 0, bytes(32))).close()
    return aside


def renew_reserve(folder: Folder, now_ns: int) -> Path | None:
    """Make the reserve of a journal anew from its chain, where it is missing or damaged; the generation goes up.

    For whoever holds the lock of the folder, and has seen that the journal verifies.

    Returns:
        Where the damaged reserve is now, None if there was none.

    Raises:
        JournalError: The journal is not what was written, or ends before what the reserve says was acknowledged, or
            the reserve cannot be made.
    """
    records, chain = _check(folder.journal)
    mark = read_mark(folder.journal)
    if mark is not None and mark.records > records:
        raise JournalError(f"{folder.journal}: ends at record {records}, and {mark.records} were acknowledged")
    generation = _generation(folder, None) + 1
    reserve = Reserve.beside(folder.journal)
    aside = None
    if reserve.exists():
        aside = _unused(folder.path / "aside", now_ns)
        aside.mkdir(parents=True)
        reserve.replace(aside / reserve.name)
    Reserve.make(folder.journal, Mark(generation, records, chain)).close()
    return aside


def _generation(folder: Folder, aside: Path | None) -> int:
    """The highest generation that is known of, of what stands there and of all that was set aside."""
    places = [folder.journal, *(path / folder.journal.name for path in (folder.path / "aside").glob("*"))]
    if aside is not None:
        places.append(aside / folder.journal.name)
    marked = [mark.generation for place in places if (mark := read_mark(place)) is not None]
    return max([0, *marked, *(number for place in places for number in _named(place))])


def _named(journal: Path) -> Iterator[int]:
    """The generations in the order ids of a journal, whatever state it is in: its mark may be what is damaged."""
    for path in (journal, journal.with_name(journal.name + "-wal")):
        if path.is_file():
            yield from map(int, _GENERATION.findall(path.read_bytes()))


def _copy(source: Path, target: Path) -> None:
    """One moment of a database as a file of its own, synced."""
    if not source.is_file():
        raise JournalError(f"{source}: there is no such journal")
    try:
        read = sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)
        try:
            written = sqlite3.connect(target)
            try:
                written.execute("PRAGMA synchronous = FULL")
                read.backup(written)
                written.execute("PRAGMA journal_mode = DELETE")
            finally:
                written.close()
        finally:
            read.close()
    except sqlite3.Error as error:
        raise JournalError(f"{source}: cannot be copied to {target} ({error})") from error


def _check(journal: Path) -> tuple[int, bytes]:
    """The number of records and the last chain of a journal that is what was written."""
    records, chain = 0, b""
    for row in followed(journal, rows(journal)):
        records, chain = records + row.size, row.chain
    if not records:
        raise JournalError(f"{journal}: it holds no record")
    return records, chain


def _unused(parent: Path, now_ns: int) -> Path:
    """A folder named by a time, with a number where there is one of that second already."""
    stamp = f"{datetime.fromtimestamp(now_ns // SECOND_NS, UTC):%Y%m%dT%H%M%SZ}"
    for number in range(1, 1_000):
        path = parent / (stamp if number == 1 else f"{stamp}-{number}")
        if not path.exists():
            return path
    raise ConfigError(f"{parent / stamp}: there are too many of this second")
