"""An engine out of its journal: the same engine, and what the venue has to be told again."""

from __future__ import annotations

import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from sadari.core.engine import Engine
from sadari.core.engine_table import EngineState
from sadari.core.intent_table import IntentState
from sadari.errors import JournalError
from sadari.model.command import ArmLevels, Command, PlaceOrder, WatchVerdict
from sadari.model.event import AlarmRang, Event, LevelCrossed
from sadari.model.order import Purpose
from sadari.run.live.driver import Driver
from sadari.run.live.journals import replay
from sadari.run.live.resume import Resumption, resume
from sadari.store.audit import Audit as AuditFiles
from sadari.store.audit import files
from sadari.store.folder import Folder
from sadari.store.journal import Header, decode, encode, read, verify
from tests.ladder_driver import SYMBOL, pending
from tests.ladder_driver import Driver as Story
from tests.live_folder import CLOCK, SETTINGS, created, driven, full_disk, kept, order, story
from tests.tidy.sources import ROOT
from tests.unit.run.test_driver import exit_now, log_size


def again(folder: Folder) -> Resumption:
    """The engine of a folder."""
    return resume(folder.journal, CLOCK)


def books(engine: Engine) -> object:
    """What an engine knows of its positions and orders."""
    return (
        engine.state,
        [(p.symbol, p.id, p.state, p.qty, p.avg, p.stop, p.stage, p.armed) for p in engine.positions.values()],
        [(i.client_order_id, i.state, i.filled) for i in engine.orders.values()],
    )


STORIES = {
    "an entry": ("50000",),
    "an add": ("48500",),
    "two adds": ("48500", "47000"),
    "half": ("55000",),
    "a stop": ("48500", "44000"),
}


@pytest.mark.requirement("R004-20")
@pytest.mark.parametrize("ticks", STORIES.values(), ids=STORIES)
def test_the_engine_is_the_one_that_was(tmp_path: Path, ticks: tuple[str, ...]) -> None:
    """After each event of a story: books, orders and the number of the next order are the same."""
    told = story(*ticks)
    resumed = again(kept(tmp_path, told.events))
    assert books(resumed.engine) == books(told.engine)
    assert resumed.events == len(told.events)
    driver, done = driven_on(resumed, [exit_now(told.now_ns + 1)])
    assert done == told.engine.handle(exit_now(told.now_ns + 1))
    assert driver.failure == ""
    resumed.journal.close()
    assert replay(resumed.journal.path).difference == ""


def driven_on(resumed: Resumption, events: list[Event]) -> tuple[Driver, list[Command]]:
    """The engine goes on with events; what it has carried out."""
    done: list[Command] = []
    driver = Driver(resumed.engine, resumed.journal, done.append)
    for event in events:
        driver.take(event)
    return driver, done


def test_the_venue_remembers_what_is_armed_watched_and_set(tmp_path: Path) -> None:
    """As it is at the end of the story, whatever was armed before."""
    told = story("55000")
    resumed = again(kept(tmp_path, told.events))
    known = resumed.remembered
    assert known.levels[SYMBOL] == told.of(ArmLevels)[-1]
    assert known.verdicts[SYMBOL] == told.of(WatchVerdict)[-1]
    assert known.alarms.keys() == told.alarms.keys()
    assert known.time_ns == told.now_ns
    assert set(known.asked_ns) == {one.client_order_id for one in told.of(PlaceOrder)}
    resumed.journal.close()


def test_a_level_that_was_crossed_and_not_armed_again_is_not_armed(tmp_path: Path) -> None:
    """The others of the symbol are."""
    told = story()
    armed = told.of(ArmLevels)[-1].levels
    told.hold = {Purpose.ADD}
    told.tick("48500")
    resumed = again(kept(tmp_path, told.events))
    crossed = next(event for event in told.events if isinstance(event, LevelCrossed)).levels
    assert crossed
    assert {level.name for level in armed} & set(crossed)
    assert resumed.remembered.levels[SYMBOL] == told.of(ArmLevels)[-1]
    resumed.remembered.see(LevelCrossed(time_ns=1, symbol=SYMBOL, price=SETTINGS.fees.taker, levels=("stop",)), [])
    assert "stop" not in {level.name for level in resumed.remembered.levels[SYMBOL].levels}
    resumed.journal.close()


def test_an_alarm_that_has_rung_is_forgotten(tmp_path: Path) -> None:
    """And one that has not is not."""
    told, closing = pending(Purpose.EXIT, "48500", "44000")
    told.reject(closing)
    resumed = again(kept(tmp_path, told.events))
    (alarm,) = resumed.remembered.alarms.values()
    assert (alarm.name, alarm.at_ns) == (f"exit:{SYMBOL}:1", told.alarms[alarm.name])
    resumed.remembered.see(AlarmRang(time_ns=1, name="retry:BTCUSDT:1"), [])
    assert resumed.remembered.alarms
    resumed.remembered.see(AlarmRang(time_ns=1, name=alarm.name), [])
    assert resumed.remembered.alarms == {}
    resumed.journal.close()


@pytest.mark.parametrize("purpose", [Purpose.ENTRY, Purpose.ADD, Purpose.EXIT])
def test_every_order_without_a_last_word_is_named_with_its_state(tmp_path: Path, purpose: Purpose) -> None:
    """An unanswered order is SUBMITTED, a lost one UNKNOWN, resting stops are NEW, and nothing else is listed."""
    ticks = {Purpose.ENTRY: (), Purpose.ADD: ("48500",), Purpose.EXIT: ("44000",)}[purpose]
    told, unanswered = pending(purpose, *ticks)
    for lost, state in ((False, IntentState.SUBMITTED), (True, IntentState.UNKNOWN)):
        if lost:
            told.lose(unanswered)
        folder = tmp_path / state
        folder.mkdir()
        resumed = again(kept(folder, told.events))
        states = {intent.client_order_id: intent.state for intent in resumed.unresolved()}
        assert states.pop(unanswered.client_order_id) is state
        assert states == dict.fromkeys(told.stops, IntentState.NEW)
        resumed.journal.close()


# builds


def test_another_build_that_decides_the_same_goes_on_and_marks_where(tmp_path: Path) -> None:
    """And once marked the journal is replayed by it."""
    told = story("48500")
    folder = kept(tmp_path, told.events, build="0.0.1")
    again(folder).journal.abandon()
    again(folder).journal.abandon()
    headers = [one for _, line in read(folder.journal) if isinstance(one := decode(line), Header)]
    assert [one.build for one in headers] == ["0.0.1", version("sadari")]
    assert replay(folder.journal).difference == ""


def test_a_build_that_decides_otherwise_is_refused_with_the_record(tmp_path: Path) -> None:
    """The journal says what this engine would not say."""
    journal = created(tmp_path, build="0.0.1")
    driven(journal, story().events)
    journal.append_all([AlarmRang(time_ns=1, name="retry:BTCUSDT:1"), order(77)])
    journal.close()
    sentence = r"decides otherwise than version 0\.0\.1 did: at record \d+ .*run-77-N.* where the engine says nothing"
    with pytest.raises(JournalError, match=sentence):
        resume(journal.path, CLOCK)


def test_a_command_that_is_missing_at_the_end_is_a_difference(tmp_path: Path) -> None:
    """An event and its commands are one row: there is no journal of ours that ends between them."""
    told = story()
    journal = created(tmp_path)
    journal.append_all(told.events[:1])
    journal.abandon()
    with pytest.raises(JournalError, match="after the last record the engine says"):
        resume(journal.path, CLOCK)


def test_a_journal_of_a_later_version_is_refused(tmp_path: Path) -> None:
    """It may mean what this version does not know."""
    folder = kept(tmp_path, story().events, build="99.1.0")
    with pytest.raises(JournalError, match=r"was written by version 99\.1\.0, later than this one"):
        resume(folder.journal, CLOCK)


# what the journal could not take


def failed(folder: Path, told: Story, event: Event, room: int | None = None) -> list[Command]:
    """An engine whose disk is full when an event comes; what it has carried out for that."""
    journal = created(folder)
    driver, done = driven(journal, told.events)
    before = len(done)
    with full_disk(log_size(journal) if room is None else room):
        driver.take(event)
    assert driver.failure
    journal.abandon()
    return done[before:]


def test_an_exit_that_went_out_by_the_reserve_is_in_the_journal_after_the_next_start(tmp_path: Path) -> None:
    """Its client order id is known, and given to nothing else."""
    told = story()
    event = exit_now(told.now_ns + 1)
    (sent,) = [one for one in failed(tmp_path, told, event) if isinstance(one, PlaceOrder)]
    for first in (True, False):
        resumed = again(Folder(tmp_path))
        assert resumed.emergency is first
        assert resumed.engine.state is EngineState.FAILED
        assert resumed.engine.orders[sent.client_order_id].state is IntentState.SUBMITTED
        assert resumed.remembered.asked_ns[sent.client_order_id] == event.time_ns
        resumed.journal.abandon()
    assert [line for _, line in read(Folder(tmp_path).journal)].count(encode(event)) == 1
    assert replay(Folder(tmp_path).journal).difference == ""


def test_everything_after_the_failure_is_in_the_journal_as_it_was_numbered(tmp_path: Path) -> None:
    """An entry that filled after it: the wall that went out has its id, and the audit its numbers."""
    told, entry = pending(Purpose.ENTRY)
    journal = created(tmp_path)
    driver, done = driven(journal, told.events)
    told_of: list[tuple[int, Event]] = []
    driver.observers.append(lambda number, event, _: told_of.append((number, event)))
    count = len(told.events)
    told.fill(entry)
    with full_disk(log_size(journal)):
        driver.take(AlarmRang(time_ns=told.now_ns, name="retry:BTCUSDT:1"))
        for event in told.events[count:]:
            driver.take(event)
    journal.abandon()
    wall = next(one for one in done if isinstance(one, PlaceOrder) and one.close_position)
    resumed = again(Folder(tmp_path))
    assert resumed.engine.orders[wall.client_order_id].trigger_price == wall.trigger_price
    assert resumed.engine.positions[SYMBOL].qty == told.position.qty
    resumed.journal.abandon()
    stored = {number: decode(line) for number, line in read(Folder(tmp_path).journal)}
    assert [stored[number] for number, _ in told_of] == [event for _, event in told_of]
    assert len(told_of) >= 3


@pytest.mark.parametrize("taken", [0, 1, 2])
def test_a_start_that_was_cut_short_takes_over_the_rest(tmp_path: Path, taken: int) -> None:
    """Killed between two of the events that it put into the journal, or before it had cleared the reserve."""
    told = story()
    frames: list[Event] = [AlarmRang(time_ns=told.now_ns + at, name="retry:BTCUSDT:1") for at in range(2)]
    journal = created(tmp_path)
    driven(journal, [*told.events, *frames[:taken]])
    for event in frames:
        journal.write_emergency([event])
    journal.abandon()
    again(Folder(tmp_path)).journal.abandon()
    found = [decode(line) for _, line in read(Folder(tmp_path).journal)]
    assert [one for one in found if one in frames] == frames


def test_a_report_that_had_come_before_is_not_taken_for_one_of_the_reserve(tmp_path: Path) -> None:
    """The journal ends with an event that comes again within what it could not take: nothing of that is there."""
    told = story()
    twice, once = (AlarmRang(time_ns=told.now_ns + at, name="retry:BTCUSDT:1") for at in (1, 0))
    journal = created(tmp_path)
    driven(journal, [*told.events, twice])
    for event in (once, twice):
        journal.write_emergency([event])
    journal.abandon()
    again(Folder(tmp_path)).journal.abandon()
    found = [decode(line) for _, line in read(Folder(tmp_path).journal)]
    assert [one for one in found if one in (once, twice)] == [twice, once, twice]


def test_a_row_that_reached_the_disk_though_its_sync_failed_is_taken_once(tmp_path: Path) -> None:
    """It is in the journal and in the reserve."""
    told = story()
    event = exit_now(told.now_ns + 1)
    journal = created(tmp_path)
    _, done = driven(journal, [*told.events, event])
    journal.write_emergency([event, done[-1]])
    journal.abandon()
    resumed = again(Folder(tmp_path))
    assert resumed.journal.emergencies() == []
    resumed.journal.close()
    assert [line for _, line in read(journal.path)].count(encode(event)) == 1


def test_a_reserve_that_says_something_else_is_refused(tmp_path: Path) -> None:
    """An order that this engine would not have sent."""
    told = story()
    journal = created(tmp_path)
    driven(journal, told.events)
    journal.write_emergency([exit_now(told.now_ns + 1), order(5)])
    journal.abandon()
    with pytest.raises(JournalError, match=r"says that .*run-5-N.* went out, which the engine does not say"):
        again(Folder(tmp_path))


# killed

LIVES = """
import sys
import time
from pathlib import Path
from sadari.model.event import AlarmRang, ForceExitRequested
from tests.live_folder import CLOCK, created, driven, story
from sadari.store.audit import Audit
from sadari.run.live.driver import Driver
from sadari.run.live.resume import resume
from tests.ladder_driver import SYMBOL
folder, told = Path(sys.argv[1]), story("48500", "47000", "44000")
audit = Audit(folder / "audit", "run")
if (folder / "engine.journal").exists():
    resumed = resume(folder / "engine.journal", CLOCK, audit.observe)
    driver = Driver(resumed.engine, resumed.journal, lambda command: None)
    rest = told.events[resumed.events:]
else:
    driver, _ = driven(created(folder), [])
    rest = told.events
driver.observers.append(audit.observe)
print(driver.engine.state, flush=True)
for event in rest:
    time.sleep(0.002)
    driver.take(event)
    print(len(driver.engine.orders), flush=True)
"""


@pytest.mark.requirement("R004-20")
def test_an_engine_that_is_killed_again_and_again_comes_to_the_same_end(tmp_path: Path) -> None:
    """SIGKILL after ever more events, and a start out of the journal each time; the audit has each line once."""
    told = story("48500", "47000", "44000")
    arguments = [sys.executable, "-c", LIVES, str(tmp_path)]
    for lines in (3, 5, 4):
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=ROOT) as running:
            assert running.stdout is not None
            assert all(running.stdout.readline() for _ in range(lines))
            running.send_signal(signal.SIGKILL)
    subprocess.run(arguments, check=True, capture_output=True, cwd=ROOT)
    whole = AuditFiles(tmp_path / "whole", "run")
    resumed = resume(Folder(tmp_path).journal, CLOCK, whole.observe)
    whole.close()
    assert books(resumed.engine) == books(told.engine)
    resumed.journal.close()
    assert [path.read_bytes() for path in files(tmp_path / "audit")] == [
        path.read_bytes() for path in files(tmp_path / "whole")
    ]
    assert verify(resumed.journal.path).fault == ""
    assert replay(resumed.journal.path).difference == ""
