"""The chain of a journal: no byte of it can be changed unnoticed."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.errors import JournalError
from sadari.model.event import AlarmRang
from sadari.model.plan import Settings
from sadari.store.journal import Header, Journal, decode, encode, read, verify

RECORDS = 300
COLUMNS = ("lines", "chain")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal of a few rows."""
    path = tmp_path_factory.mktemp("journal") / "run.journal"
    with Journal(path, Header(build="1", settings=Settings(), instruments={})) as journal:
        for number in range(RECORDS):
            journal.append(AlarmRang(time_ns=number, name=f"alarm {number}"))
    return path


@given(st.data())
def test_any_changed_byte_is_found(written: Path, data: st.DataObject) -> None:
    """Whatever byte of whatever row's lines or chain, changed to whatever else, the row is named."""
    copy = Path(shutil.copy(written, written.with_suffix(".copy")))
    database = sqlite3.connect(copy, isolation_level=None)
    firsts = [first for (first,) in database.execute("SELECT first FROM rows")]
    first = data.draw(st.sampled_from(firsts))
    column = data.draw(st.sampled_from(COLUMNS))
    (value,) = database.execute(f"SELECT {column} FROM rows WHERE first = ?", (first,)).fetchone()  # noqa: S608
    at = data.draw(st.integers(0, len(value) - 1))
    changed = bytearray(value)
    changed[at] ^= data.draw(st.integers(1, 255))
    database.execute(f"UPDATE rows SET {column} = ? WHERE first = ?", (bytes(changed), first))  # noqa: S608
    database.close()
    verdict = verify(copy)
    assert verdict.records == first - 1
    assert verdict.fault.startswith(f"records {first} to ")


@given(st.floats(0, 1, exclude_max=True), st.integers(1, 255))
def test_any_changed_byte_of_the_file_is_found_or_without_meaning(written: Path, share: float, bits: int) -> None:
    """A byte of the file itself: the journal is refused, or says word for word what was written."""
    content = bytearray(written.read_bytes())
    content[int(share * len(content))] ^= bits
    copy = written.with_suffix(".bytes")
    copy.write_bytes(content)
    try:
        found = list(read(copy))
    except JournalError:
        return
    assert found == list(read(written))[: len(found)]
    assert verify(copy).records in {0, len(found)}


def test_a_damaged_schema_is_refused(written: Path) -> None:
    """Its text is at the end of the first page; what SQLite says of it may be no text any more."""
    good = written.read_bytes()
    copy = written.with_suffix(".schema")
    start = good.index(b"CREATE TABLE rows")
    for at in range(start, start + len("CREATE TABLE rows")):
        copy.write_bytes(good[:at] + bytes([good[at] ^ 0x80]) + good[at + 1 :])
        with pytest.raises(JournalError, match="is not a journal that can be read"):
            verify(copy)


@pytest.mark.requirement("R004-58")
@given(st.lists(st.text(max_size=30), max_size=20))
def test_any_text_survives(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    """Line ends, quotes and other scripts inside a record do not end its line."""
    names = [name.encode("utf-8", "replace").decode() for name in names]
    path = tmp_path_factory.mktemp("journal") / "run.journal"
    with Journal(path, Header(build="1", settings=Settings(), instruments={})) as journal:
        for name in names:
            journal.append(AlarmRang(time_ns=1, name=name))
    lines = [line for _, line in read(path)][1:-1]
    assert lines == [encode(AlarmRang(time_ns=1, name=name)) for name in names]
    assert [decode(line) for line in lines] == [AlarmRang(time_ns=1, name=name) for name in names]
