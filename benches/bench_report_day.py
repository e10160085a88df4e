"""How long does the report of a day take over a month's journal? Aim: 30 days and 100,000 events under two seconds."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from sadari.model.event import AlarmRang, Event
from sadari.model.order import Direction
from sadari.model.plan import Settings
from sadari.model.units import DAY_NS
from sadari.research.daily.document import Source, document
from sadari.research.daily.spans import day_of, week_of
from sadari.research.daily.text import text
from sadari.run.live.journals import content
from sadari.store.journal import Header, Journal
from tests.unit.research.stories import START, D, Scribe

DAYS, EVENTS = 30, 100_000
SYMBOLS = tuple(f"S{number}USDT" for number in range(50))
# A position has ten events, and two signals beside it are denied; what is left are alarms.
POSITIONS = 8_000


def month() -> Scribe:
    """Thirty days of positions with stops, funding and denied signals, in the order of their times."""
    tale = Scribe(days=DAYS, symbols=SYMBOLS)
    step = DAYS * 1440 / POSITIONS
    for number in range(POSITIONS):
        symbol, minute = SYMBOLS[number % len(SYMBOLS)], step * number
        direction = Direction.LONG if number % 3 else Direction.SHORT
        tale.signal(minute, symbol, direction, D(100), accepted=False, denial="MAX_POSITIONS")
        tale.signal(minute, symbol, direction, D(100), accepted=False, denial="RR_BELOW_MINIMUM", value="0.4")
        tale.enter(minute, symbol, direction, D("100.5"), D(4))
        stops = [tale.protect(minute + 0.01, symbol, direction) for _ in range(2)]
        tale.fund(minute + step / 2, symbol, D("-0.01"))
        tale.exit(minute + step, symbol, direction, D(99 + number % 3), "STOP_LOSS_INITIAL")
        for stop in stops:
            tale.cancel(minute + step, symbol, stop)
        tale.record(symbol, direction, minute, minute + step, "STOP_LOSS_INITIAL")
    left = EVENTS - sum(isinstance(record, Event) for record in tale.records)
    tale.write(*(AlarmRang(time_ns=tale.at(DAYS * 1440), name=f"alarm {number}") for number in range(left)))
    return tale


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The month as a journal on disk."""
    path: Path = tmp_path_factory.mktemp("month") / "run.journal"
    with Journal(path, Header(build="0.1.0", settings=Settings(), instruments={})) as kept:
        for record in month().records:
            kept.append(record)
    return path


def told(journal: Path, *, week: bool) -> str:
    """What the command does: read, follow, tell, write."""
    read = content(journal)
    assert sum(isinstance(record, Event) for record in read.records) == EVENTS
    source = Source(journal.name, read.build, read.lines, read.closed)
    of = week_of if week else day_of
    whole = document(source, read.records, of(START + 20 * DAY_NS), of(START + 10 * DAY_NS), with_funnel=True)
    assert not whole["checks"]["failed"]
    return text(whole)


def bench_a_day_beside_another_out_of_a_month(benchmark: BenchmarkFixture, journal: Path) -> None:
    """From the file on the disk to the page."""
    page: str = benchmark(lambda: told(journal, week=False))
    assert page.startswith("Day 2023-07-22")


def bench_a_week_beside_another_out_of_a_month(benchmark: BenchmarkFixture, journal: Path) -> None:
    """The same with its seven days."""
    page: str = benchmark(lambda: told(journal, week=True))
    assert page.startswith("Week 2023-W29")
