"""Whole runs over made-up markets: what holds whatever happens."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sadari.core.engine import Engine
from sadari.model.event import Event, OperatorRequested, OrderFilled
from sadari.model.plan import Reentry, Settings
from sadari.model.units import MINUTE_NS
from sadari.research.run_record import Run
from sadari.run.history.backtest import backtest
from sadari.run.settings.request import MarketSection, Request, SignalSection
from sadari.venue.schedule import RANKS, Rank
from tests.reference.tapes import INSTRUMENT, made_up

SYMBOLS = ("AAAUSDT", "BBBUSDT", "CCCUSDT")
INSTRUMENTS = {symbol: replace(INSTRUMENT, symbol=symbol) for symbol in SYMBOLS}
RANK_BY_NAME = {"LevelCrossed": Rank.CROSSING, "VerdictTurned": Rank.CANDLE, "SignalRaised": Rank.SIGNAL}


def run_over(seed: int, rows: int, path: str = "tape", *, kind: str = "always", report_ms: int = 0) -> Run:
    """Three symbols of one seed, the second with holes, the third beginning late."""
    candles = {symbol: made_up(seed + number, rows) for number, symbol in enumerate(SYMBOLS)}
    candles["BBBUSDT"] = candles["BBBUSDT"].without(range(seed % rows, min(rows, seed % rows + 30)))
    candles["CCCUSDT"] = candles["CCCUSDT"].rows(slice(rows // 3, None))
    signal = SignalSection(kind=kind, direction="long" if kind == "always" else "both", fast=3, slow=8)  # type: ignore[arg-type]
    return backtest(
        Request(
            settings=Settings(reentry=Reentry(cooldown_after_exit_minutes=5, cooldown_after_stop_minutes=5)),
            balance=Decimal(10_000),
            candles=candles,
            instruments=INSTRUMENTS,
            signals={signal.kind: signal},
            market=MarketSection(seed=seed, path=path, report_ms=report_ms),  # type: ignore[arg-type]
        )
    )


def rank(event: Event) -> int:
    """Where an event stands among those of its instant."""
    return RANKS.get(type(event)) or RANK_BY_NAME.get(type(event).__name__, Rank.ALARM)


@settings(max_examples=25)
@example(seed=21_334_356, path="tape", kind="ma_cross", report_ms=0).via("a signal with the last candle's end")
@given(
    seed=st.integers(0, 2**32),
    path=st.sampled_from(["tape", "adverse", "favourable"]),
    kind=st.sampled_from(["always", "ma_cross"]),
    report_ms=st.sampled_from([0, 250]),
)
def test_whatever_the_market_does_a_run_is_in_order_accounted_for_and_replayable(
    seed: int, path: str, kind: str, report_ms: int
) -> None:
    """Time never goes back, ranks hold inside an instant, the wallet is its income, and a fresh engine agrees."""
    run = run_over(seed, 6_000, path, kind=kind, report_ms=report_ms)
    events = [record for record in run.records if isinstance(record, Event)]
    # The operator starts it, and stops it at the end of the data: what is canceled then is no part of that order.
    end = max(at for at, event in enumerate(events) if isinstance(event, OperatorRequested))
    inner = events[7:end]
    for earlier, later in pairwise(inner):
        assert (earlier.time_ns, rank(earlier)) <= (later.time_ns, rank(later))
    assert sum(entry.amount for entry in run.income) == run.wallet_end - run.wallet_start
    engine = Engine(run.settings, INSTRUMENTS)
    assert [record for event in events for record in (event, *engine.handle(event))] == run.records
    held = {position.symbol: position.qty for position in run.open_positions}
    assert {symbol: p.qty for symbol, p in engine.positions.items() if p.qty} == held


@pytest.mark.parametrize("path", ["tape", "adverse", "favourable"])
def test_what_comes_later_changes_nothing_before(path: str) -> None:
    """A run over the first half has the events of the whole run's first half (prefix invariance)."""
    rows = 60_000
    candles = made_up(77, rows)
    whole, half = (
        backtest(
            Request(
                settings=Settings(),
                balance=Decimal(10_000),
                candles={"AAAUSDT": part},
                instruments=INSTRUMENTS,
                signals={"always": SignalSection(kind="always", direction="long")},
                market=MarketSection(path=path),  # type: ignore[arg-type]
            )
        )
        for part in (candles, candles.rows(slice(rows // 2)))
    )
    end_ns = candles.open_time_ns[0] + rows // 2 * MINUTE_NS
    before = [[r for r in run.records if isinstance(r, Event) and r.time_ns < end_ns] for run in (whole, half)]
    assert before[0] == before[1]
    assert sum(isinstance(record, OrderFilled) for record in before[0]) > 5
