"""The driver: written down before it is carried out, in order, and a journal that fails is handled once."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from sadari.core.engine import Engine
from sadari.core.engine_table import EngineState
from sadari.model.command import CancelOrder, Command, PlaceOrder, SendAlert
from sadari.model.event import AlarmRang, EngineTurned, Event, ForceExitRequested, OperatorRequested, SignalRaised
from sadari.model.order import Purpose
from sadari.run.live.driver import Driver, only_closes
from sadari.store.journal import decode, encode, read
from sadari.store.live_journal import LiveJournal
from tests.ladder_driver import START_NS, SYMBOL, pending
from tests.live_folder import INSTRUMENTS, SETTINGS, created, driven, full_disk, order, story

START = OperatorRequested(time_ns=START_NS, command="start", actor="test")
READY = EngineTurned(time_ns=START_NS, trigger="start_ok")


def alarm(number: int) -> AlarmRang:
    """An alarm of a position that there is not."""
    return AlarmRang(time_ns=START_NS + number, name=f"retry:{SYMBOL}:{number}")


def content(journal: LiveJournal) -> list[object]:
    """Every record after the header."""
    return [decode(line) for _, line in read(journal.path)][1:]


def exit_now(time_ns: int) -> ForceExitRequested:
    """An operator wants out."""
    return ForceExitRequested(time_ns=time_ns, symbol=SYMBOL, actor="anna")


def test_each_event_is_written_with_its_commands_before_any_of_them_goes_out(tmp_path: Path) -> None:
    """What is carried out is on disk already, as another reader sees it."""
    journal = created(tmp_path)

    def execute(command: Command) -> None:
        assert command in content(journal)

    driver = Driver(Engine(SETTINGS, INSTRUMENTS), journal, execute)
    for event in story("48500").events:
        driver.take(event)
    assert driver.events == len(story("48500").events)
    assert driver.commands == len(content(journal)) - driver.events
    journal.close()


def test_an_event_that_a_command_causes_comes_after_the_one_at_hand(tmp_path: Path) -> None:
    """However deep it is nested: what it causes waits until all commands have gone out and all have been told."""
    journal = created(tmp_path)
    order_of: list[object] = []

    def execute(command: Command) -> None:
        order_of.append(command)
        if len(order_of) == 1:
            driver.take(READY)
            driver.take(alarm(1))

    driver = Driver(Engine(SETTINGS, INSTRUMENTS), journal, execute)
    driver.observers.append(lambda number, event, said: order_of.extend((number, event, *said)))
    driver.take(START)
    events = [one for one in order_of if isinstance(one, Event)]
    assert events == [START, READY, alarm(1)]
    numbers = [one for one in order_of if isinstance(one, int)]
    stored = content(journal)
    assert [stored[number - 2] for number in numbers] == events
    journal.close()


def test_a_bug_while_executing_is_raised_and_blocks_nothing_afterwards(tmp_path: Path) -> None:
    """The next event is worked on as ever."""
    journal = created(tmp_path)
    bugs = [ZeroDivisionError()]

    def execute(_command: Command) -> None:
        if bugs:
            raise bugs.pop()

    driver = Driver(Engine(SETTINGS, INSTRUMENTS), journal, execute)
    with pytest.raises(ZeroDivisionError):
        driver.take(START)
    driver.take(READY)
    assert driver.engine.state is EngineState.RECONCILING
    journal.close()


def test_a_bug_at_one_command_keeps_no_other_from_going_out(tmp_path: Path) -> None:
    """What it is raised at may be the first of an event, and a stop the last."""
    journal = created(tmp_path)
    tried: list[Command] = []

    def execute(command: Command) -> None:
        tried.append(command)
        raise ZeroDivisionError(len(tried))

    driver = Driver(Engine(SETTINGS, INSTRUMENTS), journal, execute)
    for event in story("48500").events:
        with suppress(ZeroDivisionError):
            driver.take(event)
    assert tried == [one for one in content(journal) if isinstance(one, Command)]
    assert any(isinstance(one, PlaceOrder) and one.close_position for one in tried)
    journal.close()


@pytest.mark.parametrize(("command", "closes"), [
    (order(1), False),
    (order(1, Purpose.ADD), False),
    (order(1, Purpose.REDUCE, reduce_only=True), False),
    (order(1, Purpose.STOP, reduce_only=True), False),
    (order(1, Purpose.EXIT), False),
    (order(1, Purpose.EXIT, reduce_only=True), True),
    (order(1, Purpose.WALL, close_position=True), True),
    (CancelOrder(symbol=SYMBOL, client_order_id="x"), False),
    (SendAlert(severity="info", code="x"), False),
])  # fmt: skip
def test_what_can_only_close(command: Command, closes: bool) -> None:
    """A capped full exit or a close-position stop, and nothing else."""
    assert only_closes(command) is closes


# a journal that fails


def log_size(journal: LiveJournal) -> int:
    """How large SQLite's log is: it cannot grow beyond that on a disk that is full now."""
    return Path(f"{journal.path}-wal").stat().st_size


def test_on_a_full_disk_an_exit_goes_out_by_the_reserve_and_the_engine_has_failed(tmp_path: Path) -> None:
    """The position is closed, the person is told, and nothing is taken any more."""
    told = story()
    journal = created(tmp_path)
    driver, done = driven(journal, told.events)
    before, orders = journal.written, len([one for one in done if isinstance(one, PlaceOrder)])
    with full_disk(log_size(journal)):
        driver.take(exit_now(told.now_ns + 1))
    sent = [one for one in done if isinstance(one, PlaceOrder)][orders:]
    assert [(one.purpose, one.reduce_only) for one in sent] == [(Purpose.EXIT, True)]
    assert "the journal cannot be written" in driver.failure
    assert driver.engine.state is EngineState.FAILED
    assert journal.written == before
    (event, *out), (fatal,) = journal.emergencies()
    assert (decode(event), [decode(line) for line in out]) == (exit_now(told.now_ns + 1), sent)
    assert decode(fatal) == EngineTurned(time_ns=told.now_ns + 1, trigger="fatal", cause=driver.failure)
    count = len(done)
    driver.take(alarm(9))
    assert (len(done), driver.dropped) == (count, 1)
    journal.abandon()


def test_an_opening_never_goes_out_by_the_reserve(tmp_path: Path) -> None:
    """A signal whose entry cannot be written down: nothing is sent, the person is told."""
    told = story()
    at = next(at for at, event in enumerate(told.events) if isinstance(event, SignalRaised))
    journal = created(tmp_path)
    driver, done = driven(journal, told.events[:at])
    with full_disk(log_size(journal)):
        driver.take(told.events[at])
    assert not [one for one in done if isinstance(one, PlaceOrder | CancelOrder)]
    assert journal.emergencies()[0] == [encode(told.events[at])]
    assert driver.engine.state is EngineState.FAILED
    journal.abandon()


def test_what_can_be_written_nowhere_is_not_sent(tmp_path: Path) -> None:
    """Not even an exit: after a restart its number would be given to another order; the walls stay at the venue."""
    told = story()
    journal = created(tmp_path)
    driver, done = driven(journal, told.events)
    count = len([one for one in done if isinstance(one, PlaceOrder)])
    numbers: list[int] = []
    driver.observers.append(lambda number, _event, _said: numbers.append(number))
    with full_disk(100):
        driver.take(exit_now(told.now_ns + 1))
    assert numbers == [0, 0], "it has no number that the next start would give to another event"
    assert len([one for one in done if isinstance(one, PlaceOrder)]) == count
    assert "the reserve of the journal cannot be written" in driver.failure
    assert driver.engine.state is EngineState.FAILED
    journal.abandon()


def test_an_entry_that_fills_after_the_failure_gets_its_wall(tmp_path: Path) -> None:
    """The close-position stop and no other order, by the reserve; whatever is no report of an order is not taken."""
    told, entry = pending(Purpose.ENTRY)
    journal = created(tmp_path)
    driver, done = driven(journal, told.events)
    count = len(told.events)
    told.fill(entry)
    with full_disk(log_size(journal)):
        driver.take(alarm(1))
        before = len(done)
        driver.take(alarm(2))
        for event in told.events[count:]:
            driver.take(event)
    orders = [one for one in done[before:] if isinstance(one, PlaceOrder | CancelOrder)]
    assert [(one.purpose, one.close_position) for one in orders if isinstance(one, PlaceOrder)] == [
        (Purpose.WALL, True)
    ]
    assert len(orders) == 1
    assert driver.dropped == 1
    assert encode(orders[0]) in [line for lines in journal.emergencies() for line in lines]
    journal.abandon()
