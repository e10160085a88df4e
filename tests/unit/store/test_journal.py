"""The journal: what is written is what is read, and nothing else passes for it."""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from pathlib import Path

import pytest

from sadari.errors import JournalError
from sadari.model.command import Command
from sadari.model.event import AlarmRang, Event
from sadari.model.plan import Settings
from sadari.store.journal import Footer, Header, Journal, Verdict, decode, encode, read, verify

HEADER = Header(build="1", settings=Settings(), instruments={}, market={"seed": "1"})


def events(count: int) -> list[Event | Command]:
    """Some records."""
    return [AlarmRang(time_ns=number, name=f"alarm {number}") for number in range(count)]


def write(path: Path, records: list[Event | Command]) -> Path:
    """A closed journal of records."""
    with Journal(path, HEADER) as journal:
        for record in records:
            journal.append(record)
    return path


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    """Header, records in order and footer, numbered without a gap, over several rows."""
    records = events(1_000)
    found = list(read(write(tmp_path / "j", records)))
    assert [number for number, _ in found] == list(range(1, 1_003))
    assert [decode(line) for _, line in found] == [HEADER, *records, Footer(records=1_001)]
    assert [line for _, line in found[1:-1]] == [encode(record) for record in records]
    assert verify(tmp_path / "j") == Verdict(1_002, closed=True, fault="")


def test_an_existing_file_is_never_written_over(tmp_path: Path) -> None:
    """Not even an empty one."""
    (tmp_path / "j").touch()
    with pytest.raises(JournalError, match="exists already"):
        Journal(tmp_path / "j", HEADER)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """The sentence names the file."""
    with pytest.raises(JournalError, match="a journal cannot be made here"):
        Journal(tmp_path / "absent" / "j", HEADER)


def test_a_run_that_failed_leaves_an_intact_journal_without_a_footer(tmp_path: Path) -> None:
    """Everything that happened is kept; that it was cut short shows."""

    def fail() -> None:
        with Journal(tmp_path / "j", HEADER) as journal:
            journal.append(AlarmRang(time_ns=1, name="a"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert verify(tmp_path / "j") == Verdict(2, closed=False, fault="")


def test_a_closed_journal_is_one_file(tmp_path: Path) -> None:
    """It can be kept, copied and opened read-only as it is."""
    write(tmp_path / "j", events(10))
    assert [path.name for path in tmp_path.iterdir()] == ["j"]


# The header is a row of its own; rows of 128 records begin at 2, 130, 258 and so on.
CHANGES = [
    ("DELETE FROM rows WHERE first = 1", "record 1 is missing, the next one there is 2"),
    ("DELETE FROM rows WHERE first = 130", "record 130 is missing, the next one there is 258"),
    (
        "UPDATE rows SET lines = CAST(replace(lines, 'alarm 200', 'alarm 201') AS BLOB) WHERE first = 130",
        "records 130 to 257 are not what was written",
    ),
    ("UPDATE rows SET lines = CAST(lines AS TEXT) WHERE first = 130", "the row after record 129 is not what"),
    ("UPDATE rows SET size = size + 1 WHERE first = 130", "records 130 to 258 are not what was written"),
    ("UPDATE rows SET chain = zeroblob(32) WHERE first = 130", "records 130 to 257 are not what was written"),
    ("UPDATE rows SET first = 131 WHERE first = 130", "record 130 is missing, the next one there is 131"),
]


@pytest.mark.parametrize(("statement", "fault"), CHANGES, ids=[statement for statement, _ in CHANGES])
def test_a_changed_row_is_found_and_named(tmp_path: Path, statement: str, fault: str) -> None:
    """The first row that is not what was written; what comes before it still is."""
    path = write(tmp_path / "j", events(500))
    with sqlite3.connect(path) as database:
        database.execute(statement)
    database.close()
    verdict = verify(path)
    assert fault in verdict.fault
    assert verdict.records == (0 if statement.endswith("= 1") else 129)
    with pytest.raises(JournalError, match=r"is missing|not what was written"):
        list(read(path))


def test_what_is_no_journal_is_refused(tmp_path: Path) -> None:
    """A missing file, another kind of file, another database."""
    with pytest.raises(JournalError, match="there is no such journal"):
        verify(tmp_path / "absent")
    (tmp_path / "text").write_text("x" * 5_000, encoding="utf-8")
    with pytest.raises(JournalError, match="is not a journal that can be read"):
        verify(tmp_path / "text")
    sqlite3.connect(tmp_path / "empty").close()
    (tmp_path / "empty").touch()
    with pytest.raises(JournalError, match="is not a journal that can be read"):
        verify(tmp_path / "empty")


def test_numbers_keep_their_digits(tmp_path: Path) -> None:
    """A decimal comes back with the digits it had, trailing zeros included."""
    header = Header(build="1", settings=Settings(run_id="x"), instruments={})
    with Journal(tmp_path / "j", header):
        pass
    (_, line), *_ = read(tmp_path / "j")
    found = decode(line)
    assert isinstance(found, Header)
    assert str(found.settings.ladder.weights[1]) == "0.020"
    assert found.settings.risk.min_reserve_pct == Decimal("0.45")
