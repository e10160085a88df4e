"""The live journal: nothing that was relied on is lost, and nothing that is not what was written passes for it."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sadari.errors import JournalError
from sadari.model.command import CancelOrder, RecordMove
from sadari.model.event import AlarmRang
from sadari.store.journal import Footer, decode, encode, read, rows, verify
from sadari.store.live_journal import LiveJournal
from sadari.store.reserve import Reserve, read_mark
from tests.live_folder import CLOCK, created, header, order
from tests.tidy.sources import ROOT

MOVE = RecordMove(symbol="", position_id=0, event="start", source="IDLE", target="STARTING")
CANCEL = CancelOrder(symbol="BTCUSDT", client_order_id="run-1-S")
NAME = "engine.journal"


def alarm(number: int) -> AlarmRang:
    """Some event."""
    return AlarmRang(time_ns=number, name=f"alarm {number}")


def content(path: Path) -> list[object]:
    """Every record after the header."""
    return [decode(line) for _, line in read(path)][1:]


def resumed(path: Path) -> LiveJournal:
    """The journal, opened to go on."""
    return LiveJournal.resume(path, CLOCK)


def written(folder: Path, count: int = 20) -> Path:
    """A journal of events, each second one with an order, its files as a process leaves them that is killed."""
    (folder / "before").mkdir()
    journal = created(folder / "before")
    for number in range(count):
        journal.append_all([alarm(number), order(number)] if number % 2 else [alarm(number)])
    for suffix in ("", ".reserve", "-wal"):
        shutil.copy(f"{journal.path}{suffix}", folder)
    journal.abandon()
    return folder / NAME


def test_an_event_with_its_commands_is_one_row_on_disk_when_it_is_taken(tmp_path: Path) -> None:
    """Another reader sees the whole row at once, whether it changes the venue's state or not."""
    journal = created(tmp_path)
    journal.append_all([alarm(1), MOVE])
    journal.append_all([alarm(2), MOVE, CANCEL, order(1)])
    assert [(row.first, row.size) for row in rows(journal.path)] == [(1, 1), (2, 2), (4, 4)]
    assert content(journal.path) == [alarm(1), MOVE, alarm(2), MOVE, CANCEL, order(1)]
    journal.close()


def test_only_what_changes_the_venues_state_is_synced_and_once(tmp_path: Path) -> None:
    """The mark of what is acknowledged follows each sync and nothing else."""
    journal = created(tmp_path)
    journal.append_all([alarm(1), MOVE])
    assert (journal.syncs, journal.slowest_sync_ns) == (0, 0)
    assert journal._database.execute("PRAGMA synchronous").fetchone() == (1,)
    assert read_mark(journal.path) is not None
    assert read_mark(journal.path).records == 1  # type: ignore[union-attr]
    journal.append_all([alarm(2), CANCEL, order(1), MOVE])
    assert journal.syncs == 1
    assert journal._database.execute("PRAGMA synchronous").fetchone() == (2,)
    assert 0 < journal.last_sync_ns <= journal.slowest_sync_ns
    assert read_mark(journal.path).records == journal.written == 7  # type: ignore[union-attr]
    journal.close()


def test_the_mark_is_never_ahead_of_what_is_on_disk(tmp_path: Path) -> None:
    """A reader keeps the log from being moved into the file: what was never synced is not acknowledged."""
    path = written(tmp_path, 21)
    with closing(sqlite3.connect(path)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT first FROM rows").fetchone()
        before = read_mark(path)
        journal = resumed(path)
        assert before is not None
        assert before.records < journal.written
        assert read_mark(path) == before
        journal.close()
        assert journal.syncs == 1, "the footer"
        assert read_mark(path).records == journal.written  # type: ignore[union-attr]
    assert verify(path).closed


@pytest.mark.parametrize("end", ["close", "abandon"])
def test_a_journal_goes_on_where_it_ended(tmp_path: Path, end: str) -> None:
    """After a stop, and after a crash; the chain runs through."""
    path = tmp_path / NAME
    journal = created(tmp_path)
    for number in range(5):
        journal.append_all([alarm(number), order(number)])
        getattr(journal, end)()
        assert verify(path).closed is (end == "close")
        journal = resumed(path)
    journal.close()
    events = [record for record in content(path) if not isinstance(record, Footer)]
    assert events == [record for number in range(5) for record in (alarm(number), order(number))]
    assert verify(path).fault == ""


def test_a_checkpoint_changes_nothing_that_is_read(tmp_path: Path) -> None:
    """Rows move from SQLite's log into the file once enough have gathered."""
    journal = created(tmp_path)
    for number in range(1_300):
        journal.append_all([alarm(number)])
        journal.checkpoint()
    assert journal.path.stat().st_size > 50_000
    assert content(journal.path) == [alarm(number) for number in range(1_300)]
    journal.close()


# what is refused


def test_an_existing_file_is_never_written_over(tmp_path: Path) -> None:
    """Not even an empty one."""
    (tmp_path / NAME).touch()
    with pytest.raises(JournalError, match="exists already"):
        created(tmp_path)


def test_a_journal_that_is_gone_is_not_begun_anew(tmp_path: Path) -> None:
    """The reserve remembers that there was one."""
    path = written(tmp_path)
    path.unlink()
    with pytest.raises(JournalError, match=r"is gone: engine\.journal\.reserve says that it had 31 records"):
        created(tmp_path)


def test_a_journal_that_is_gone_with_its_reserve_damaged_is_not_begun_anew(tmp_path: Path) -> None:
    """Nothing says that there was none."""
    path = written(tmp_path)
    path.unlink()
    with_torn_reserve(path)
    with pytest.raises(JournalError, match=r"is gone, and engine\.journal\.reserve, .* cannot be read; put both back"):
        created(tmp_path)


def test_what_was_begun_and_never_finished_is_begun_again(tmp_path: Path) -> None:
    """Killed before the journal had its name: the reserve is there, and nothing was ever acknowledged."""
    created(tmp_path).abandon()
    (tmp_path / NAME).rename(tmp_path / f"{NAME}.new")
    Reserve.make(tmp_path / NAME, read_mark(tmp_path / NAME)._replace(records=0)).close()  # type: ignore[union-attr]
    created(tmp_path).close()
    assert verify(tmp_path / NAME).records == 2


def as_text(path: Path) -> None:
    """Another kind of file."""
    path.write_text("x" * 5_000, encoding="utf-8")


def as_nothing(path: Path) -> None:
    """An empty file."""
    path.write_bytes(b"")


def as_foreign(path: Path) -> None:
    """Another program's database."""
    path.unlink()
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE trades (id INTEGER)")
    database.close()


def changed(statement: str) -> object:
    """A change from outside."""

    def change(path: Path) -> None:
        with sqlite3.connect(path) as database:
            database.execute(statement)
        database.close()

    return change


def without_reserve(path: Path) -> None:
    """The reserve is missing."""
    Reserve.beside(path).unlink()


def with_torn_reserve(path: Path) -> None:
    """A byte of the mark is another one, in both of its places."""
    reserve = Reserve.beside(path)
    text = bytearray(reserve.read_bytes())
    text[20] ^= 1
    text[2_068] ^= 1
    reserve.write_bytes(text)


def with_cut_reserve(path: Path) -> None:
    """Some of its room is missing."""
    reserve = Reserve.beside(path)
    reserve.write_bytes(reserve.read_bytes()[:-1])


REFUSED = [
    (lambda path: path.unlink(), "there is no such journal"),
    (as_text, "is not a journal that can be read"),
    (as_nothing, "is no journal of Sadari"),
    (as_foreign, "is no journal of Sadari"),
    (changed("PRAGMA user_version = 9"), r"was written by a later version \(layout 9\); this one knows 1"),
    (changed("DROP TABLE rows"), "is not a journal that can be read"),
    (changed("DELETE FROM rows"), "record 31 was acknowledged and is not there: the journal ends at record 0"),
    (changed("DELETE FROM rows WHERE first > 20"), "record 31 was acknowledged and is not there"),
    (changed("UPDATE rows SET lines = zeroblob(9) WHERE first = 6"), "records 6 to 7 are not what was written"),
    (without_reserve, "the reserve of the journal cannot be read"),
    (with_torn_reserve, "the reserve of the journal is not what was written"),
    (with_cut_reserve, "the reserve of the journal is not what was written"),
]


@pytest.mark.parametrize(("damage", "sentence"), REFUSED, ids=[sentence for _, sentence in REFUSED])
def test_what_is_not_what_was_written_is_refused_and_left_as_it_is(
    tmp_path: Path, damage: object, sentence: str
) -> None:
    """One sentence; never is what cannot be read, or is not all there, taken as empty."""
    path = written(tmp_path)
    resumed(path).abandon()
    damage(path)  # type: ignore[operator]
    before = path.read_bytes() if path.exists() else b""
    with pytest.raises(JournalError, match=sentence):
        resumed(path)
    assert (path.read_bytes() if path.exists() else b"") == before


@pytest.mark.requirement("R004-20")
def test_a_journal_moved_without_its_log_is_refused(tmp_path: Path) -> None:
    """The file alone is a good journal, and too short; with its log it goes on."""
    path = written(tmp_path)
    alone, whole = tmp_path / "alone", tmp_path / "whole"
    for target, names in ((alone, ("", ".reserve")), (whole, ("", ".reserve", "-wal"))):
        target.mkdir()
        for name in names:
            shutil.copy(f"{path}{name}", target)
    assert verify(alone / NAME).fault == ""
    with pytest.raises(JournalError, match="record 31 was acknowledged and is not there: the journal ends at record 1"):
        resumed(alone / NAME)
    resumed(whole / NAME).close()


def test_an_older_copy_in_the_place_of_the_journal_is_refused(tmp_path: Path) -> None:
    """It is whole, and what was sent since is not in it."""
    path = written(tmp_path)
    resumed(path).close()
    old = shutil.copy(path, tmp_path / "old")
    journal = resumed(path)
    journal.append_all([alarm(99), order(99)])
    journal.close()
    shutil.copy(old, path)
    with pytest.raises(JournalError, match="record 35 was acknowledged and is not there"):
        resumed(path)


# damage of any kind


@pytest.fixture(scope="module")
def cut_short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a journal whose process was killed: all but its header is in the log, the last row unsynced."""
    path = written(tmp_path_factory.mktemp("cut"), 11)
    assert Path(f"{path}-wal").stat().st_size > 40_000
    return path


ALL = [record for number in range(11) for record in ([alarm(number), order(number)] if number % 2 else [alarm(number)])]


@given(st.data())
@settings(max_examples=150)
def test_a_damaged_log_is_refused_or_loses_only_what_nobody_relied_on(
    cut_short: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Cut or changed at any byte: what is acknowledged is there word for word, or the journal is refused."""
    folder = tmp_path_factory.mktemp("damaged")
    for name in ("", ".reserve", "-wal"):
        shutil.copy(f"{cut_short}{name}", folder)
    log = folder / f"{NAME}-wal"
    content_of_log = bytearray(log.read_bytes())
    at = data.draw(st.integers(0, len(content_of_log) - 1))
    if data.draw(st.booleans()):
        del content_of_log[at:]
    else:
        content_of_log[at] ^= data.draw(st.integers(1, 255))
    log.write_bytes(content_of_log)
    mark = read_mark(folder / NAME)
    assert mark is not None
    before = [(number, encode(record)) for number, record in enumerate(ALL, 2)]
    try:
        journal = resumed(folder / NAME)
    except JournalError:
        return
    journal.abandon()
    after = list(read(folder / NAME))[1:]
    assert len(after) + 1 >= mark.records
    assert after == before[: len(after)]


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal that was closed, with something in its reserve."""
    journal = created(tmp_path_factory.mktemp("stopped"))
    for number in range(40):
        journal.append_all([alarm(number), order(number)])
    journal.write_emergency([alarm(99)])
    journal.close()
    return journal.path


@given(st.data())
@settings(max_examples=150)
def test_any_changed_byte_is_refused_or_without_meaning(
    stopped: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Of the file or of its reserve: refused by a sentence, or word for word what was written."""
    folder = tmp_path_factory.mktemp("changed")
    for name in ("", ".reserve"):
        shutil.copy(f"{stopped}{name}", folder)
    changed_file = folder / data.draw(st.sampled_from([NAME, f"{NAME}.reserve"]))
    text = bytearray(changed_file.read_bytes())
    text[data.draw(st.integers(0, min(len(text), 20_000) - 1))] ^= data.draw(st.integers(1, 255))
    changed_file.write_bytes(text)
    try:
        journal = resumed(folder / NAME)
    except JournalError:
        return
    try:
        emergencies = journal.emergencies()
    except JournalError:
        emergencies = [[encode(alarm(99))]]
    journal.abandon()
    assert emergencies == [[encode(alarm(99))]]
    assert list(read(folder / NAME)) == list(read(stopped))


KILLED = """
import sys
from pathlib import Path
from tests.live_folder import created, order
from sadari.model.event import AlarmRang
journal = created(Path(sys.argv[1]))
for number in range(1_000_000):
    journal.append_all([AlarmRang(time_ns=number, name="a"), order(number)])
    print(journal.written, flush=True)
    journal.checkpoint()
"""


@pytest.mark.requirement("R004-20")
@pytest.mark.parametrize("lines", [1, 7, 300, 1_200])
def test_a_killed_process_has_lost_nothing_that_it_went_on_from(tmp_path: Path, lines: int) -> None:
    """SIGKILL at any point: every record that was acknowledged is there, and the journal goes on."""
    arguments = [sys.executable, "-c", KILLED, str(tmp_path)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=ROOT) as running:
        assert running.stdout is not None
        told = [running.stdout.readline() for _ in range(lines)]
        running.send_signal(signal.SIGKILL)
        told += running.stdout.readlines()
    acknowledged = max(int(line) for line in told if line.endswith("\n"))
    journal = resumed(tmp_path / NAME)
    assert acknowledged <= journal.written <= acknowledged + 2
    journal.append_all([alarm(1), order(0)])
    journal.close()
    assert verify(tmp_path / NAME).fault == ""


def test_a_new_build_may_mark_where_it_went_on(tmp_path: Path) -> None:
    """A header in the middle is a record like any other."""
    journal = created(tmp_path)
    journal.append_all([header("9")])
    journal.close()
    assert content(journal.path) == [header("9"), Footer(records=2)]
