"""The folder of an engine: a new beginning that loses nothing, and what is broken there found, named and mended."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sadari.cli.main import main
from sadari.errors import ConfigError
from sadari.model.order import Purpose
from sadari.model.reason import RejectReason
from sadari.model.units import SECOND_NS
from sadari.run.live.resume import begin_or_resume, resume
from sadari.run.live.upkeep import Finding, diagnose, reset
from sadari.store.backup import back_up, begin_anew
from sadari.store.folder import Folder
from sadari.store.journal import read, verify
from sadari.store.live_journal import LiveJournal
from sadari.store.lock import FolderLock
from sadari.store.reserve import Reserve
from tests.ladder_driver import SYMBOL, Driver, pending
from tests.live_folder import CLOCK, created, header, kept, story
from tests.unit.run.test_driver import alarm
from tests.unit.run.test_resume import driven_on

NOW_NS = 1_700_000_000 * SECOND_NS


def over() -> Driver:
    """A story that has come to its end: closed, settled, and the cool-down is over."""
    told = story("48500", "44000")
    told.read_flat()
    return told


def findings(folder: Folder, *, restore: bool = False) -> dict[str, Finding]:
    """What was found, by what was looked at."""
    return {finding.what: finding for finding in diagnose(folder, NOW_NS, restore=restore)}


# beginning anew


def test_a_journal_that_is_gone_with_its_reserve_damaged_is_no_folder_without_one(tmp_path: Path) -> None:
    """Nothing says that there was none."""
    folder = kept(tmp_path, story().events)
    folder.journal.unlink()
    Reserve.beside(folder.journal).write_bytes(b"")
    found = findings(folder)["journal"]
    assert (found.good, found.mended) == (False, False)
    assert found.sentence.startswith("is gone, and its reserve cannot be read")


def test_a_reserve_made_anew_is_of_a_generation_that_gave_out_no_id(tmp_path: Path) -> None:
    """Also where the damaged one was all that said how often the journal had been begun anew."""
    folder = Folder(tmp_path)
    begin_anew(folder, NOW_NS)
    started = begin_or_resume(folder.journal, header(), CLOCK)
    driven_on(started, story().events)
    started.journal.close()
    assert any("-g1-" in name for name in started.engine.orders)
    Reserve.beside(folder.journal).unlink()
    assert findings(folder)["reserve"].mended
    resumed = resume(folder.journal, CLOCK)
    assert resumed.journal.generation == 2
    resumed.journal.close()


@pytest.mark.requirement("R004-40")
def test_a_reset_backs_up_sets_aside_and_leaves_everything_else(tmp_path: Path) -> None:
    """The next engine knows nothing of the last one but that it was."""
    folder = kept(tmp_path, over().events)
    (tmp_path / "sadari.toml").write_text('[engine]\nname = "run"\n', "utf-8")
    folder.audit.mkdir()
    (folder.audit / "audit_20231114.jsonl").write_text("", "utf-8")
    before = list(read(folder.journal))
    cleared = reset(folder, NOW_NS)
    assert list(read(cleared.copy)) == list(read(cleared.aside / folder.journal.name)) == before
    assert cleared.records == len(before)
    assert not folder.journal.exists()
    assert (tmp_path / "sadari.toml").read_text("utf-8") == '[engine]\nname = "run"\n'
    assert (folder.audit / "audit_20231114.jsonl").exists()
    created(tmp_path).close()
    resumed = resume(folder.journal, CLOCK)
    assert (resumed.engine.positions, resumed.engine.orders, resumed.journal.generation) == ({}, {}, 1)
    resumed.journal.close()


def unsettled() -> Driver:
    """A story of a position that is flat at the venue, and no trade tells why."""
    told, closing = pending(Purpose.EXIT, "44000")
    told.reject(closing, -2022, RejectReason.REDUCE_ONLY)
    told.read_flat()
    return told


OPEN: dict[str, tuple[Callable[[], Driver], str]] = {
    "a position": (lambda: story("48500"), r"BTCUSDT is FIRST_DCA with \d"),
    "an order without an answer": (lambda: pending(Purpose.ENTRY)[0], r"order run-1-E is SUBMITTED"),
    "a position that is not settled": (unsettled, "BTCUSDT is CLOSED_UNSETTLED"),
}


@pytest.mark.requirement("R004-40")
@pytest.mark.parametrize("what", OPEN)
def test_a_reset_is_refused_while_anything_is_open(tmp_path: Path, what: str) -> None:
    """By the journal; nothing is touched."""
    tell, sentence = OPEN[what]
    folder = kept(tmp_path, tell().events)
    before = list(read(folder.journal))
    with pytest.raises(ConfigError, match=f"cannot be reset while something is open: .*{sentence}"):
        reset(folder, NOW_NS)
    assert list(read(folder.journal)) == before
    assert not folder.backups.exists()


@pytest.mark.requirement("R004-40")
def test_a_reset_is_refused_while_an_engine_runs(tmp_path: Path) -> None:
    """Whatever its journal says."""
    folder = kept(tmp_path, over().events)
    with FolderLock(tmp_path), pytest.raises(ConfigError, match="works in this folder"):
        reset(folder, NOW_NS)


def test_a_reset_is_refused_while_the_reserve_holds_something(tmp_path: Path) -> None:
    """It may be an order."""
    folder = kept(tmp_path, over().events)
    journal = LiveJournal.resume(folder.journal, CLOCK)
    journal.write_emergency([alarm(1)])
    journal.abandon()
    with pytest.raises(ConfigError, match="the reserve holds what the journal could not take"):
        reset(folder, NOW_NS)
    with pytest.raises(ConfigError, match="there is no journal to reset"):
        reset(Folder(tmp_path / "absent"), NOW_NS)


# finding and mending


def test_a_good_folder_is_good(tmp_path: Path) -> None:
    """Every part is named with what it holds."""
    folder = kept(tmp_path, story().events)
    back_up(folder, NOW_NS)
    found = findings(folder)
    assert all(one.good and not one.mended for one in found.values())
    assert (
        found["journal"].sentence
        == f"all {verify(folder.journal).records} records are what was written, and are said again"
    )
    assert found["open"].sentence.startswith("by the journal: BTCUSDT is INITIAL with ")
    assert found["backup"].sentence.startswith("1 copies, the newest good one is ")


def test_nothing_is_mended_while_an_engine_runs(tmp_path: Path) -> None:
    """It is looked at only."""
    folder = kept(tmp_path, story().events)
    folder.socket.touch()
    with FolderLock(tmp_path):
        found = findings(folder)
    assert "nothing is mended while it does" in found["lock"].sentence
    assert found["journal"].good
    assert folder.socket.exists()


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    """A socket that nobody listens to, files that were never finished, half a line."""
    folder = kept(tmp_path, story().events)
    folder.socket.touch()
    (tmp_path / "engine.journal.new").touch()
    folder.audit.mkdir()
    (folder.audit / "audit_20231114.jsonl").write_text(
        '{"generation":0,"number":2}\n{"generation":0,"number":4}\n{"gener', "utf-8"
    )
    found = findings(folder)
    assert found["socket"].mended
    assert found["leftover"].mended
    assert found["audit"].good
    assert not folder.socket.exists()
    assert (folder.audit / "audit_20231114.jsonl").read_text("utf-8") == '{"generation":0,"number":2}\n'


def test_a_line_of_the_audit_that_was_changed_is_named(tmp_path: Path) -> None:
    """It is not mended: what it was is in the journal."""
    folder = kept(tmp_path, story().events)
    folder.audit.mkdir()
    (folder.audit / "audit_20231114.jsonl").write_text('x\n{"generation":0,"number":2}\n', "utf-8")
    wrong = [one for one in diagnose(folder, NOW_NS) if not one.good]
    assert [one.sentence for one in wrong] == ["audit_20231114.jsonl: lines 1 are no lines of an audit"]


def changed(content: bytes) -> bytes:
    """A byte of the emergency is another one."""
    return content.replace(b"retry:BTCUSDT:1", b"retry:BTCUSDT:2")


@pytest.mark.parametrize(
    "change", [lambda _: None, lambda _: b"", lambda content: content[:5_000], lambda content: b"x" + content, changed]
)
def test_a_reserve_is_made_anew_where_the_journal_is_whole(
    tmp_path: Path, change: Callable[[bytes], bytes | None]
) -> None:
    """Missing or damaged in any part; the journal then goes on."""
    folder = kept(tmp_path, story().events)
    journal = LiveJournal.resume(folder.journal, CLOCK)
    journal.write_emergency([alarm(1)])
    journal.abandon()
    reserve = Reserve.beside(folder.journal)
    content = change(reserve.read_bytes())
    reserve.unlink()
    if content is not None:
        reserve.write_bytes(content)
    found = findings(folder)
    assert found["reserve"].mended
    assert found["journal"].good
    resume(folder.journal, CLOCK).journal.close()


def test_a_reserve_that_knows_of_more_than_the_journal_has_is_kept(tmp_path: Path) -> None:
    """Made anew it would hide that records were lost."""
    folder = kept(tmp_path, story().events)
    reserve = Reserve.open(folder.journal)
    reserve.acknowledge(10_000, bytes(32))
    reserve.close()
    before = Reserve.beside(folder.journal).read_bytes()[:5_000]
    Reserve.beside(folder.journal).write_bytes(before)
    found = findings(folder)
    assert not found["reserve"].good
    assert "and 10000 were acknowledged" in found["reserve"].sentence
    assert Reserve.beside(folder.journal).read_bytes() == before


def damaged(folder: Folder) -> None:
    """Another byte in the middle."""
    LiveJournal.resume(folder.journal, CLOCK).close()
    content = folder.journal.read_bytes()
    folder.journal.write_bytes(content.replace(b"OrderFilled", b"OrderFillet", 1))


def gone(folder: Folder) -> None:
    """Nobody knows where it is."""
    folder.journal.unlink()


@pytest.mark.parametrize("damage", [damaged, gone])
def test_a_broken_journal_is_named_and_restored_only_when_that_is_wished(tmp_path: Path, damage: object) -> None:
    """From the newest copy that is good; the broken one is set aside."""
    folder = kept(tmp_path, story("48500").events)
    back_up(folder, NOW_NS)
    bad = back_up(folder, NOW_NS + SECOND_NS)
    bad.write_bytes(bad.read_bytes().replace(b"OrderFilled", b"OrderFillet", 1))
    damage(folder)  # type: ignore[operator]
    assert not findings(folder)["journal"].good
    assert not findings(folder)["journal"].good
    found = findings(folder, restore=True)
    assert found["journal"].good
    resumed = resume(folder.journal, CLOCK)
    assert resumed.engine.positions[SYMBOL].qty > 0
    assert resumed.journal.generation == 1
    resumed.journal.close()


def test_without_a_good_backup_nothing_is_restored(tmp_path: Path) -> None:
    """And it is said."""
    folder = kept(tmp_path, story().events)
    damaged(folder)
    found = findings(folder, restore=True)
    assert not found["journal"].good
    assert verify(folder.journal).fault


# the command line


def test_the_commands_of_the_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Backup, export, restore, reset and repair, one after the other, by folder and by configuration."""
    folder = kept(tmp_path, over().events)
    (tmp_path / "c.toml").write_text(f'[venue]\nfolder = "{tmp_path}"\n', "utf-8")
    where = ["--folder", str(tmp_path)]
    assert main(["journal", "backup", "--config", str(tmp_path / "c.toml")]) == 0
    assert "is a verified copy" in capsys.readouterr().out
    assert main(["journal", "export", str(folder.journal)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == verify(folder.journal).records
    assert main(["journal", "restore", *where]) == 0
    assert "what was there is in" in capsys.readouterr().out
    assert main(["repair", *where]) == 0
    assert "WRONG" not in capsys.readouterr().out
    assert main(["journal", "reset", *where]) == 0
    assert "verified clean" in capsys.readouterr().out
    assert main(["repair", *where, "--json"]) == 0
    capsys.readouterr()
    assert main(["journal", "reset", *where]) == 2
    assert capsys.readouterr().err == f"sadari: {tmp_path}: there is no journal to reset\n"


def test_a_journal_that_lost_what_was_acknowledged_does_not_verify(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its chain is whole, and its reserve knows of more."""
    folder = kept(tmp_path, story().events)
    assert main(["journal", "verify", str(folder.journal)]) == 0
    reserve = Reserve.open(folder.journal)
    reserve.acknowledge(10_000, bytes(32))
    reserve.close()
    assert main(["journal", "verify", str(folder.journal)]) == 1
    assert capsys.readouterr().out.endswith("records are intact; record 10000 was acknowledged and is gone\n")


def test_repair_fails_while_something_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A script sees it by the code, a person by the word."""
    folder = kept(tmp_path, story().events)
    damaged(folder)
    assert main(["repair", "--folder", str(tmp_path)]) == 1
    assert "journal   WRONG" in capsys.readouterr().out
    shutil.rmtree(tmp_path)
    assert main(["repair", "--folder", str(tmp_path)]) == 2
    assert "there is no such folder" in capsys.readouterr().err
