"""Looking after the folder of an engine that does not run: beginning anew, and finding and mending what is broken."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from sadari.core.engine import Engine
from sadari.errors import ConfigError, JournalError
from sadari.run.live.resume import rebuilt
from sadari.store import audit, backup
from sadari.store.folder import Folder
from sadari.store.journal import verify
from sadari.store.live_journal import LiveJournal
from sadari.store.lock import FolderLock, holder
from sadari.store.reserve import Reserve, read_mark

_OVER = ("FLAT", "CLOSED")


class Cleared(NamedTuple):
    """A reset: what the journal held, its verified copy, and where it is itself."""

    records: int
    copy: Path
    aside: Path
    generation: int


def standing(engine: Engine) -> list[str]:
    """What is open by an engine's own books: positions not over, and orders without the venue's last word."""
    found = [
        f"{position.symbol} is {position.state.value}" + (f" with {position.qty}" if position.qty else "")
        for position in engine.positions.values()
        if position.state.value not in _OVER
    ]
    found += [f"order {intent.client_order_id} is {intent.state.value}" for intent in engine.orders.values()
              if not intent.final]  # fmt: skip
    return found


def reset(folder: Folder, now_ns: int) -> Cleared:
    """Begin anew: counters, locks of symbols and books of the engine are gone; what was is kept, and so is all else.

    Raises:
        ConfigError: An engine runs there, something is open, or there is nothing to reset.
        JournalError: The journal is not what was written, or the backup cannot be made.
    """
    if not folder.journal.is_file():
        raise ConfigError(f"{folder.path}: there is no journal to reset")
    with FolderLock(folder.path):
        _refuse_open(folder)
        copy = backup.back_up(folder, now_ns)
        records = verify(folder.journal).records
        aside = backup.begin_anew(folder, now_ns)
        cleared = read_mark(folder.journal)
        if aside is None or cleared is None or cleared.records or folder.journal.exists():
            raise JournalError(f"{folder.path}: is not clean after the reset; see sadari repair")
        if (kept := verify(copy)).fault or kept.records != records:
            raise JournalError(f"{copy}: the backup is not what the journal was; the journal is in {aside}")
        return Cleared(records, copy, aside, cleared.generation)


def _refuse_open(folder: Folder) -> None:
    reserve = Reserve.open(folder.journal)
    try:
        waiting = reserve.emergencies()
    finally:
        reserve.close()
    found = standing(rebuilt(folder.journal).engine)
    if waiting:
        found.insert(0, "the reserve holds what the journal could not take; start the engine once")
    if found:
        raise ConfigError(
            f"{folder.path}: cannot be reset while something is open: {'; '.join(found)}; "
            "allowed: every position closed and settled, and no order on its way"
        )


class Finding(NamedTuple):
    """What was looked at, whether it is good now, and a sentence; ``mended`` if it was not good before."""

    what: str
    good: bool
    sentence: str
    mended: bool = False


def diagnose(folder: Folder, now_ns: int, *, restore: bool = False) -> list[Finding]:
    """Look at everything in a folder and mend what can be mended without losing anything.

    Args:
        folder: Of the engine.
        now_ns: The time that names what is set aside.
        restore: Put the newest good backup in the place of the journal if that cannot be gone on with.

    Raises:
        ConfigError: There is no such folder.
    """
    if not folder.path.is_dir():
        raise ConfigError(f"{folder.path}: there is no such folder")
    if running := holder(folder.path):
        lock = Finding("lock", good=True, sentence=f"process {running} works here: nothing is mended while it does")
        return [lock, *_watched(folder)]
    with FolderLock(folder.path):
        found = [Finding("lock", good=True, sentence="no engine runs here"), *_leftovers(folder)]
        journal = _journal(folder, now_ns)
    if restore and not all(finding.good for finding in journal):
        journal += _restored(folder, now_ns)
        if journal[-1].good:
            journal = [journal[-1], *_journal_as_it_is(folder)]
    return [*found, *journal, *_backups(folder), *_audit(folder)]


def _watched(folder: Folder) -> Iterator[Finding]:
    verdict = verify(folder.journal)
    good = not verdict.fault
    told = f"all {verdict.records} records are what was written" if good else verdict.fault
    yield Finding("journal", good=good, sentence=told)
    yield from _backups(folder)


def _leftovers(folder: Folder) -> Iterator[Finding]:
    """What a process that was killed has left."""
    if folder.socket.exists():
        folder.socket.unlink()
        yield Finding("socket", good=True, sentence="nobody listened to it; removed", mended=True)
    for path in (*folder.path.glob("*.new"), *folder.path.glob("*.restored")):
        path.unlink()
        yield Finding("leftover", good=True, sentence=f"{path.name} was never finished; removed", mended=True)


def _journal(folder: Folder, now_ns: int) -> list[Finding]:
    """The journal and its reserve; a reserve that is missing or damaged is made anew if the journal is whole."""
    if not folder.journal.exists():
        return _no_journal(folder)
    found: list[Finding] = []
    fault = _reserve_fault(folder)
    if fault and not backup.fault_of(folder.journal):
        try:
            aside = backup.renew_reserve(folder, now_ns)
        except JournalError as error:
            return [Finding("reserve", good=False, sentence=f"{fault}; {error}")]
        kept = f"; the damaged one is in {aside}" if aside else ""
        told = f"is made anew: compare with the venue what it may have said{kept}; it was wrong: {fault}"
        found.append(Finding("reserve", good=True, sentence=told, mended=True))
    return [*found, *_journal_as_it_is(folder)]


def _reserve_fault(folder: Folder) -> str:
    """What is wrong with the reserve, "" if nothing is."""
    try:
        reserve = Reserve.open(folder.journal)
        try:
            reserve.emergencies()
        finally:
            reserve.close()
    except JournalError as error:
        return str(error)
    return ""


def _no_journal(folder: Folder) -> list[Finding]:
    mark = read_mark(folder.journal)
    if mark is not None and mark.records:
        told = f"is gone; it had {mark.records} records: put it back, or restore a backup"
        return [Finding("journal", good=False, sentence=told)]
    if mark is None and Reserve.beside(folder.journal).exists():
        told = "is gone, and its reserve cannot be read: put both back, or restore a backup"
        return [Finding("journal", good=False, sentence=told)]
    return [Finding("journal", good=True, sentence="there is none yet")]


def _journal_as_it_is(folder: Folder) -> Iterator[Finding]:
    try:
        journal = LiveJournal.resume(folder.journal, lambda: 0)
        try:
            written, emergencies = journal.written, len(journal.emergencies())
        finally:
            journal.abandon()
        fed = rebuilt(folder.journal)
    except JournalError as error:
        yield Finding("journal", good=False, sentence=str(error))
        return
    yield Finding("journal", good=True, sentence=f"all {written} records are what was written, and are said again")
    if emergencies:
        told = "holds what the journal could not take; the next start takes it over"
        yield Finding("reserve", good=True, sentence=told)
    still = standing(fed.engine)
    told = "; ".join(still) if still else "nothing"
    yield Finding("open", good=True, sentence=f"by the journal: {told}")


def _restored(folder: Folder, now_ns: int) -> list[Finding]:
    copy = backup.newest_good(folder)
    if copy is None:
        return [Finding("backup", good=False, sentence="there is none that is what was written")]
    aside = backup.restore(folder, copy, now_ns)
    told = f"{copy} is in the place of the journal, which is in {aside}"
    return [Finding("journal", good=True, sentence=told, mended=True)]


def _backups(folder: Folder) -> Iterator[Finding]:
    copies = backup.backups(folder)
    good = backup.newest_good(folder)
    told = f"{len(copies)} copies, the newest good one is {good}" if good else f"{len(copies)} copies, none is good"
    yield Finding("backup", good=good is not None or not copies, sentence=told)


def _audit(folder: Folder) -> Iterator[Finding]:
    files = audit.files(folder.audit)
    if files:
        audit.mended(folder.audit)
    for path in files:
        if wrong := audit.faults(path):
            told = f"{path.name}: lines {', '.join(map(str, wrong[:10]))} are no lines of an audit"
            yield Finding("audit", good=False, sentence=told)
    yield Finding("audit", good=True, sentence=f"{len(files)} files")
