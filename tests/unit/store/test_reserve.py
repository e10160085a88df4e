"""The reserve of a live journal: room for what must be written on a full disk, and read back whole or refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from sadari.errors import JournalError
from sadari.model.command import Command
from sadari.model.event import AlarmRang, Event
from sadari.store.journal import decode
from sadari.store.live_journal import LiveJournal
from sadari.store.reserve import Reserve, read_mark
from tests.live_folder import created, full_disk, order
from tests.unit.store.test_live_journal import alarm, resumed


def fill(journal: LiveJournal) -> None:
    """Write until it fails."""
    for number in range(1, 100):
        journal.append_all([alarm(number), order(number)])


def fill_reserve(journal: LiveJournal) -> None:
    """Write until it is full."""
    for _ in range(30):
        journal.write_emergency([AlarmRang(time_ns=1, name="x" * 50_000)])


def test_a_full_disk_fails_the_journal_for_good(tmp_path: Path) -> None:
    """A write that failed is not tried again, even when there is room again; what was written before is whole."""
    journal = created(tmp_path)
    journal.append_all([alarm(0), order(0)])
    with full_disk(20_000), pytest.raises(JournalError, match="the journal cannot be written"):
        fill(journal)
    before = journal.written
    assert journal.failed
    with pytest.raises(JournalError, match=f"has failed after record {before}"):
        journal.append_all([alarm(1)])
    journal.abandon()
    again = resumed(journal.path)
    assert again.written == before
    again.close()


def test_an_emergency_finds_room_on_a_full_disk_and_is_read_back(tmp_path: Path) -> None:
    """The reserve does not grow, and holds what is put there until it is cleared."""
    journal = created(tmp_path)
    told: list[Event | Command] = [alarm(7), order(7)]
    with full_disk(20_000):
        journal.write_emergency(told)
        journal.write_emergency(told[:1])
    journal.abandon()
    journal = resumed(journal.path)
    assert [[decode(line) for line in lines] for lines in journal.emergencies()] == [told, told[:1]]
    journal.clear_emergencies()
    assert journal.emergencies() == []
    journal.write_emergency(told[1:])
    journal.abandon()
    journal = resumed(journal.path)
    assert [[decode(line) for line in lines] for lines in journal.emergencies()] == [told[1:]]
    journal.close()


@pytest.mark.parametrize("cut", range(0, 96, 5))
def test_a_mark_that_was_torn_leaves_the_one_before(tmp_path: Path, cut: int) -> None:
    """Of two places one is written at a time: what was acknowledged before is known, and the journal goes on."""
    journal = created(tmp_path)
    reserve = Reserve.beside(journal.path)
    marks = [read_mark(journal.path)]
    states = [reserve.read_bytes()]
    for number in range(1, 5):
        journal.append_all([alarm(number), order(number)])
        marks.append(read_mark(journal.path))
        states.append(reserve.read_bytes())
    journal.abandon()
    for at in range(1, 5):
        begun = next(place for place in (0, 2_048) if states[at - 1][place:][:96] != states[at][place:][:96])
        torn = states[at - 1][:begun] + states[at][begun : begun + cut] + states[at - 1][begun + cut :]
        reserve.write_bytes(torn)
        # What is cut off may be what was there before by chance: then nothing was torn.
        assert read_mark(journal.path) == marks[at if torn == states[at] else at - 1]
        resumed(journal.path).abandon()


def test_a_reserve_that_is_full_says_so(tmp_path: Path) -> None:
    """It takes a megabyte, and nothing beyond."""
    journal = created(tmp_path)
    with pytest.raises(JournalError, match="the reserve of the journal is full"):
        fill_reserve(journal)
    assert len(journal.emergencies()) == 20
    journal.close()


@pytest.mark.parametrize("acknowledged", [True, False])
def test_an_emergency_that_is_not_whole_is_refused_if_it_was_relied_on(tmp_path: Path, acknowledged: bool) -> None:
    """One that was cut before it was acknowledged was not sent; what comes before it is whole."""
    journal = created(tmp_path)
    journal.write_emergency([alarm(1)])
    mark = Reserve.beside(journal.path).read_bytes()[:4_096]
    journal.write_emergency([alarm(2)])
    journal.abandon()
    reserve = Reserve.beside(journal.path)
    text = reserve.read_bytes()
    at = text.index(b"alarm 2")
    reserve.write_bytes((text[:4_096] if acknowledged else mark) + text[4_096:at] + bytes(4) + text[at + 4 :])
    journal = resumed(journal.path)
    if acknowledged:
        with pytest.raises(JournalError, match="emergency 2 of 2 is not what was written"):
            journal.emergencies()
    else:
        assert [[decode(line) for line in lines] for lines in journal.emergencies()] == [[alarm(1)]]
    journal.abandon()
