"""One flipped bit in the files of a small journal: refused, or without any effect on what is read back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from sadari.errors import JournalError
from sadari.model.event import AlarmRang
from sadari.store.folder import Folder
from sadari.store.journal import read
from sadari.store.live_journal import LiveJournal
from sadari.store.reserve import SUFFIX, Mark, read_mark
from tests.ladder_driver import START_NS
from tests.live_folder import CLOCK, created, driven, story

LOG = "-wal"
# The room of a reserve is a megabyte of zeros: of those beyond its first pages every so-manieth.
_DENSE = 8_192
_SPARSE = 1_021

SAMPLES = ("killed", "stopped")


class Sample(NamedTuple):
    """The files of a journal by what their names end in, and what is read back from them."""

    files: Mapping[str, bytes]
    records: list[tuple[int, bytes]]
    mark: Mark
    emergencies: list[list[bytes]]


def sample(folder: Path, name: str) -> Sample:
    """A journal of an open position: of a process that was killed, all in SQLite's log, or of one that was stopped."""
    journal = created(folder)
    driven(journal, story("48500").events)
    journal.write_emergency([AlarmRang(time_ns=START_NS, name="a")])
    path = Folder(folder).journal
    if name == "stopped":
        journal.close()
    files = {end: at.read_bytes() for end in ("", LOG, SUFFIX) if (at := path.with_name(path.name + end)).exists()}
    if name == "killed":
        journal.abandon()
    for at in folder.iterdir():
        at.unlink()
    put(path, files)
    again = LiveJournal.resume(path, CLOCK)
    mark, emergencies = read_mark(path), again.emergencies()
    again.abandon()
    assert mark is not None
    return Sample(files, list(read(path)), mark, emergencies)


def put(path: Path, files: Mapping[str, bytes]) -> None:
    """Put the files of a journal in their places, and nothing else."""
    for end in ("", LOG, "-shm", SUFFIX):
        at = path.with_name(path.name + end)
        if end in files:
            at.write_bytes(files[end])
        else:
            at.unlink(missing_ok=True)


def places(files: Mapping[str, bytes]) -> Iterator[tuple[str, int]]:
    """Every byte of the files, of the empty end of a reserve some."""
    for end, content in files.items():
        dense = _DENSE if end == SUFFIX else len(content)
        yield from ((end, at) for at in range(min(dense, len(content))))
        yield from ((end, at) for at in range(dense, len(content), _SPARSE))


def flipped(path: Path, whole: Sample, end: str, at: int) -> tuple[str, str]:
    """Flip a bit of a byte and open the journal: what became of it, and what is wrong with that."""
    content = bytearray(whole.files[end])
    content[at] ^= 1 << at % 8
    put(path, {**whole.files, end: bytes(content)})
    before = read_mark(path)
    try:
        journal = LiveJournal.resume(path, CLOCK)
        try:
            emergencies, generation = journal.emergencies(), journal.generation
        finally:
            journal.abandon()
        records = list(read(path))
    except JournalError as error:
        return "refused", "" if str(path) in str(error) else f"names no file: {error}"
    if (emergencies, generation) != (whole.emergencies, whole.mark.generation):
        return "other", "emergencies or generation are other ones"
    if records == whole.records:
        return "without effect", ""
    if before is not None and records == whole.records[: len(records)] and len(records) >= before.records:
        return "ends earlier, at what nothing relied on", ""
    return "other", f"other records: {len(records)} of {len(whole.records)}"
