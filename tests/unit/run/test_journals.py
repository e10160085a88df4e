"""A journal fed to a fresh engine: the same commands byte for byte, and any difference named."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import msgspec
import pytest

from sadari.errors import JournalError
from sadari.model.command import Command, PlaceOrder
from sadari.model.event import Event
from sadari.run.feed.synthetic import market
from sadari.run.history.backtest import backtest
from sadari.run.live import journals
from sadari.run.live.journals import replay
from sadari.run.settings.config import Config
from sadari.run.settings.request import Request
from sadari.store.journal import Header, Journal, decode, read, verify
from sadari.store.live_journal import LiveJournal
from tests.live_folder import CLOCK, created, driven, header, story


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The journal of a backtest that trades."""
    path = tmp_path_factory.mktemp("run") / "run.journal"
    listings = list(market(2, 5, 7))
    config = Config()
    backtest(
        Request(
            settings=config.settings(),
            balance=config.account.balance,
            candles={one.instrument.symbol: one.candles for one in listings},
            instruments={one.instrument.symbol: one.instrument for one in listings},
            journal=path,
        )
    )
    return path


def rewritten(source: Path, target: Path, *records: Event | Command, header: Header | None = None) -> Path:
    """A journal with other records, its chain intact."""
    first = decode(next(read(source))[1])
    assert isinstance(first, Header)
    with Journal(target, header or first) as journal:
        for record in records:
            journal.append(record)
    return target


def content(path: Path) -> list[Event | Command]:
    """The events and commands of a journal."""
    return [record for _, line in read(path) if isinstance(record := decode(line), Event | Command)]


def test_the_same_events_give_the_same_commands(written: Path) -> None:
    """A whole run, orders included."""
    records = content(written)
    outcome = replay(written)
    assert outcome.difference == ""
    assert outcome.events == sum(isinstance(record, Event) for record in records)
    assert outcome.commands == sum(isinstance(record, Command) for record in records)
    assert any(isinstance(record, PlaceOrder) for record in records)


def test_a_command_that_the_engine_would_not_give_is_named(written: Path, tmp_path: Path) -> None:
    """Another quantity in an intact chain: the record, what it says, and what the engine says."""
    records = content(written)
    at, order = next((at, one) for at, one in enumerate(records) if isinstance(one, PlaceOrder) and one.qty is not None)
    records[at] = msgspec.structs.replace(order, qty=order.qty * 2)  # type: ignore[operator]
    forged = rewritten(written, tmp_path / "j", *records)
    assert verify(forged).fault == ""
    difference = replay(forged).difference
    assert difference.startswith(f"at record {at + 2} the journal has ")
    assert f'"qty":"{order.qty}"' in difference.partition("where the engine says")[2]


@pytest.mark.parametrize("place", ["in the middle", "at the end"])
def test_a_command_that_is_missing_is_named(written: Path, tmp_path: Path, place: str) -> None:
    """The engine says more than the journal has."""
    records = content(written)
    last = next(at for at in reversed(range(len(records))) if isinstance(records[at], Command))
    if place == "in the middle":
        del records[next(at for at, one in enumerate(records) if isinstance(one, PlaceOrder))]
    else:
        records = records[:last]
    assert "the engine says" in replay(rewritten(written, tmp_path / "j", *records)).difference


def test_a_command_too_many_is_named(written: Path, tmp_path: Path) -> None:
    """The engine says nothing where the journal has something."""
    records = content(written)
    extra = next(one for one in records if isinstance(one, PlaceOrder))
    difference = replay(rewritten(written, tmp_path / "j", *records, extra)).difference
    assert difference.endswith("where the engine says nothing")


def test_a_journal_of_another_version_is_not_replayed(written: Path, tmp_path: Path) -> None:
    """Only the same build says the same again."""
    first = decode(next(read(written))[1])
    assert isinstance(first, Header)
    other = rewritten(written, tmp_path / "j", header=msgspec.structs.replace(first, build="0.0.0"))
    with pytest.raises(JournalError, match=r"was written by version 0\.0\.0"):
        replay(other)


def test_the_content_of_a_journal_is_every_event_and_command_of_all_its_lives(tmp_path: Path) -> None:
    """Headers and footers are none; it is closed if a footer is the last, and names the build that wrote last."""
    events = story("49000").events
    journal = created(tmp_path, "0.0.1")
    driven(journal, events[:-2])
    journal.close()
    first = journals.content(journal.path)
    assert (first.closed, first.build, first.lines) == (True, "0.0.1", len(first.records) + 2)
    again = LiveJournal.resume(journal.path, CLOCK)
    again.append_all([header()])
    again.append_all(events[-2:])
    second = journals.content(journal.path)
    again.abandon()
    assert second.records == [*first.records, *events[-2:]]
    assert (second.closed, second.build, second.lines) == (False, version("sadari"), first.lines + 3)


def test_content_that_this_build_does_not_know_is_named_by_its_record(tmp_path: Path) -> None:
    """A record of a kind that is not there, and a header of a later version; nothing is left out."""
    for name, line, sentence in (
        ("kind", b'{"type":"Unheard"}', "record 2 is none that this build knows"),
        ("later", b'{"type":"Header","build":"99.0.0"}', r"was written by version 99\.0\.0, later than this one"),
    ):
        with Journal(tmp_path / name, header()) as journal:
            journal._waiting.append(msgspec.Raw(line))  # type: ignore[arg-type]
        with pytest.raises(JournalError, match=sentence):
            journals.content(tmp_path / name)
