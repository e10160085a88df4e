"""What does it cost to follow a denied signal in shadow for up to seven days? Aim: about a millisecond each."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace
from pytest_benchmark.fixture import BenchmarkFixture

from sadari.model.plan import Risk, Settings
from sadari.model.units import HOUR_NS, MINUTE_NS
from sadari.research.run_record import Funnel
from sadari.run.history.backtest import backtest
from sadari.run.history.funnel import follow_denied
from sadari.run.history.markets import markets
from sadari.run.settings.request import FunnelSection, Request, SignalSection
from tests.history_script import rates
from tests.reference.tapes import INSTRUMENT, START_NS, made_up

SYMBOLS = tuple(f"S{number}USDT" for number in range(12))
ROWS = 48_000


def crowded() -> Request:
    """Twelve symbols over a month, funding every eight hours, ten positions at a time: most signals are denied."""
    end_ns = START_NS + ROWS * MINUTE_NS
    paid = rates(*((time_ns, 0.0001) for time_ns in range(START_NS, end_ns, 8 * HOUR_NS)))
    return Request(
        settings=Settings(risk=Risk(max_shorts=10)),
        balance=Decimal(10_000),
        candles={symbol: made_up(number, ROWS) for number, symbol in enumerate(SYMBOLS)},
        instruments={symbol: replace(INSTRUMENT, symbol=symbol) for symbol in SYMBOLS},
        signals={"ma_cross": SignalSection(frame_minutes=15, fast=20, slow=80)},
        funding=dict.fromkeys(SYMBOLS, paid),
        funnel=FunnelSection(enabled=True),
    )


def bench_the_denied_signals_of_twelve_symbol_months(benchmark: BenchmarkFixture) -> None:
    request = crowded()
    run, traded = backtest(request), markets(request)
    start_ns, end_ns = traded[0].span_ns
    funnel: Funnel = benchmark.pedantic(  # type: ignore[no-untyped-call]
        lambda: follow_denied(request, traded, run.records, start_ns=start_ns, end_ns=end_ns), rounds=5, warmup_rounds=1
    )
    benchmark.extra_info["shadows"] = funnel.followed
    if benchmark.stats is not None:
        benchmark.extra_info["milliseconds_each"] = benchmark.stats.stats.median / funnel.followed * 1e3
    assert funnel.followed > 100
