"""How fast is a backtest: the whole of it, from columns in memory to records, index built inside."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace as changed
from pytest_benchmark.fixture import BenchmarkFixture

from benches.ladder_market import MILLION, ladder_request, reference_candles
from sadari.model.order import TechExit
from sadari.model.plan import Strategy
from sadari.research.run_record import Run
from sadari.run.history.backtest import backtest
from sadari.run.settings.request import SignalSection


def measured(benchmark: BenchmarkFixture, run: Run, seconds: float) -> None:
    """Keep what a run did beside its time."""
    benchmark.extra_info["records"] = len(run.records)
    benchmark.extra_info["million_candles_per_second"] = run.candles / seconds / 1e6


@pytest.mark.parametrize("kept", ["memory", "journal"])
def bench_the_ladder_over_a_million_candles(benchmark: BenchmarkFixture, tmp_path: Path, kept: str) -> None:
    candles = reference_candles(MILLION)
    journals = iter(tmp_path / f"{number}.journal" for number in range(10_000))

    def run() -> Run:
        return backtest(ladder_request(candles, journal=next(journals) if kept == "journal" else None))

    result = benchmark.pedantic(  # type: ignore[no-untyped-call]
        run, rounds=7, warmup_rounds=1
    )
    if benchmark.stats is not None:
        measured(benchmark, result, benchmark.stats.stats.median)
    assert result.wallet_end > Decimal(0)


def bench_a_million_candles_that_decide_nothing(benchmark: BenchmarkFixture) -> None:
    candles = reference_candles(MILLION)
    request = ladder_request(candles, kind="ma_cross", tech_exit=TechExit.OFF)
    result = benchmark.pedantic(  # type: ignore[no-untyped-call]
        lambda: backtest(request), rounds=7, warmup_rounds=1
    )
    assert result.candles == MILLION


@pytest.mark.parametrize("gate", [60, None], ids=["behind the scanner", "without the scanner"])
def bench_surge_over_a_million_candles_verdicts_computed_inside(benchmark: BenchmarkFixture, gate: int | None) -> None:
    plain = ladder_request(reference_candles(MILLION))
    settings = changed(plain.settings, strategies={"surge": Strategy(scan_max_age_minutes=gate)})
    request = replace(plain, settings=settings, signals={"surge": SignalSection(kind="surge")})
    result = benchmark.pedantic(  # type: ignore[no-untyped-call]
        lambda: backtest(request), rounds=7, warmup_rounds=1
    )
    if benchmark.stats is not None:
        measured(benchmark, result, benchmark.stats.stats.median)
    assert sum(count for _, facts in result.surge for count in facts.signals.values()) > 0
