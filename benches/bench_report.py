"""How long does a report over 10,000 positions take? Aim: under a second."""

from __future__ import annotations

from pytest_benchmark.fixture import BenchmarkFixture

from sadari.model.order import Direction
from sadari.research.pictures.page import page
from sadari.research.report import summarize, text
from sadari.research.run_record import Run
from tests.browser.made_up import crowd
from tests.unit.research.stories import D, Scribe

POSITIONS = 10_000
SYMBOLS = tuple(f"S{number}USDT" for number in range(50))


def story() -> Run:
    """Positions that enter, are protected by two stops, and leave: seventeen records each."""
    tale = Scribe(days=30, symbols=SYMBOLS)
    for number in range(POSITIONS):
        symbol, minute = SYMBOLS[number % len(SYMBOLS)], 4.0 * number
        tale.enter(minute, symbol, Direction.LONG, D("100.5"), D(4))
        stops = [tale.protect(minute + 1, symbol, Direction.LONG) for _ in range(2)]
        tale.exit(minute + 3, symbol, Direction.LONG, D(99 + number % 3), "STOP_LOSS_INITIAL")
        for stop in stops:
            tale.cancel(minute + 3, symbol, stop)
        tale.record(symbol, Direction.LONG, minute, minute + 3, "STOP_LOSS_INITIAL")
    tale.equity = [(tale.at(4.0 * number), 10_000.0 + number % 77) for number in range(10_000)]
    return tale.run()


def bench_a_report_over_ten_thousand_positions(benchmark: BenchmarkFixture) -> None:
    """Summary and page together."""
    run = story()
    page: str = benchmark(lambda: text(summarize(run)))
    assert "Closed positions          10,000" in page


def bench_a_page_over_ten_thousand_positions(benchmark: BenchmarkFixture) -> None:
    """What `--html` adds to a report: lines, ladders, compression."""
    run, market = crowd(POSITIONS)
    summary = summarize(run)
    html: str = benchmark(lambda: page(run, summary, market))
    assert len(html.encode()) < 5_000_000
