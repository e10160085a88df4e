"""Backups: copies that verify, of a journal that is being written, and putting them back."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sadari.errors import ConfigError, JournalError
from sadari.model.event import AlarmRang
from sadari.model.units import SECOND_NS
from sadari.store.backup import back_up, backups, begin_anew, newest_good, renew_reserve, restore
from sadari.store.folder import Folder
from sadari.store.journal import read, verify
from sadari.store.live_journal import LiveJournal
from sadari.store.lock import FolderLock
from sadari.store.reserve import Reserve, read_mark
from tests.live_folder import CLOCK, created, full_disk, kept, order, story
from tests.tidy.sources import ROOT

NOW_NS = 1_700_000_000 * SECOND_NS

WRITING = """
import sys
from pathlib import Path
from tests.live_folder import created, order
from sadari.model.event import AlarmRang
journal = created(Path(sys.argv[1]))
for number in range(1_000_000):
    journal.append_all([AlarmRang(time_ns=number, name="a"), order(number)])
    journal.checkpoint()
    if number == 50:
        print("writing", flush=True)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """The folder of an engine that was killed."""
    return kept(tmp_path, story("48500").events)


@pytest.mark.requirement("R004-20", "R004-40")
def test_a_copy_is_one_moment_of_a_journal_that_is_being_written(tmp_path: Path) -> None:
    """Each verifies, is the beginning of the journal word for word, and says more than the one before."""
    arguments = [sys.executable, "-c", WRITING, str(tmp_path)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=ROOT) as running:
        assert running.stdout is not None
        running.stdout.readline()
        copies = [back_up(Folder(tmp_path), NOW_NS + at * SECOND_NS) for at in range(5)]
        running.kill()
    whole = list(read(Folder(tmp_path).journal))
    said = [list(read(copy)) for copy in copies]
    assert all(records == whole[: len(records)] for records in said)
    assert sorted(map(len, said)) == list(map(len, said))
    assert [copy.parent.name for copy in copies][:2] == ["20231114T221320Z", "20231114T221321Z"]
    assert list(copies[0].parent.iterdir()) == [copies[0]]


def test_only_the_newest_copies_are_kept(folder: Folder) -> None:
    """Two of the same second have names of their own."""
    made = [back_up(folder, NOW_NS + at // 2 * SECOND_NS, kept=3) for at in range(6)]
    assert backups(folder) == sorted(made)[-3:]
    assert len(set(made)) == 6


def test_what_is_no_good_copy_does_not_become_one(folder: Folder) -> None:
    """A journal that is damaged, or none: refused, and the earlier copies are left."""
    good = back_up(folder, NOW_NS)
    LiveJournal.resume(folder.journal, CLOCK).close()
    content = folder.journal.read_bytes()
    at = content.index(b"LevelCrossed")
    folder.journal.write_bytes(content[:at] + b"L" + b"X" + content[at + 2 :])
    with pytest.raises(JournalError, match="are not what was written"):
        back_up(folder, NOW_NS + SECOND_NS, kept=1)
    folder.journal.unlink()
    with pytest.raises(JournalError, match="there is no such journal"):
        back_up(folder, NOW_NS + SECOND_NS, kept=1)
    assert backups(folder) == [good]


def test_a_copy_on_a_full_disk_is_refused_and_leaves_the_journal(folder: Folder) -> None:
    """With its sentence."""
    with full_disk(4_096), pytest.raises(JournalError, match=r"cannot be copied|cannot be written"):
        back_up(folder, NOW_NS)
    assert backups(folder) == []
    LiveJournal.resume(folder.journal, CLOCK).close()


def test_a_copy_is_put_back_and_what_was_there_is_set_aside(folder: Folder) -> None:
    """The next start goes on from it, in another generation."""
    before = list(read(folder.journal))
    copy = back_up(folder, NOW_NS)
    journal = LiveJournal.resume(folder.journal, CLOCK)
    journal.append_all([AlarmRang(time_ns=1, name="a"), order(99)])
    journal.abandon()
    after = list(read(folder.journal))
    aside = restore(folder, copy, NOW_NS)
    assert aside is not None
    assert list(read(aside / folder.journal.name)) == after
    assert list(read(folder.journal)) == before
    journal = LiveJournal.resume(folder.journal, CLOCK)
    assert journal.generation == 1
    journal.close()
    restore(folder, copy, NOW_NS)
    assert read_mark(folder.journal).generation == 2  # type: ignore[union-attr]


def test_nothing_is_put_back_while_an_engine_runs(folder: Folder) -> None:
    """The sentence names its process; the journal is as it was."""
    copy = back_up(folder, NOW_NS)
    with FolderLock(folder.path), pytest.raises(ConfigError, match=f"process {os.getpid()} works in this folder"):
        restore(folder, copy, NOW_NS)
    assert verify(folder.journal).fault == ""


def test_a_copy_that_is_not_what_was_written_is_not_put_back(folder: Folder) -> None:
    """And the newest good one is an earlier one."""
    good, bad = back_up(folder, NOW_NS), back_up(folder, NOW_NS + SECOND_NS)
    content = bad.read_bytes()
    bad.write_bytes(content.replace(b"LevelCrossed", b"LevelKrossed", 1))
    assert newest_good(folder) == good
    with pytest.raises(JournalError, match="cannot be restored: records"):
        restore(folder, bad, NOW_NS)


def test_a_new_beginning_is_of_the_next_generation(folder: Folder) -> None:
    """Numbers that were given out are known by that, whatever became of the journal."""
    for generation in (1, 2):
        begin_anew(folder, NOW_NS)
        journal = created(folder.path)
        assert journal.generation == generation
        journal.close()


def test_a_reserve_made_anew_does_not_hide_that_it_was_gone(folder: Folder) -> None:
    """The journal goes on, in another generation: what it had acknowledged is not known."""
    Reserve.beside(folder.journal).write_bytes(b"x")
    aside = renew_reserve(folder, NOW_NS)
    assert aside is not None
    journal = LiveJournal.resume(folder.journal, CLOCK)
    assert journal.generation == 1
    journal.close()
