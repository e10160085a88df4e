"""A shadow is the same lifecycle on the same tape: of a signal that was accepted alone it tells the real position."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import asdict
from msgspec.structs import replace as changed

from sadari.model.command import Command, RecordDecision, RecordExit, RecordPosition
from sadari.model.event import AccountUpdated, Event, FundingPaid, OrderFilled, SignalRaised
from sadari.model.order import MarginMode, TechExit
from sadari.model.plan import Daily, Ladder, Reentry, Reward, Risk, Settings
from sadari.model.units import HOUR_NS
from sadari.research.book import Book
from sadari.research.run_record import Run, ShadowState
from sadari.run.feed.sensing import sensing
from sadari.run.history.backtest import backtest
from sadari.run.history.funnel import ShadowRun, shared
from sadari.run.history.markets import markets
from sadari.run.settings.request import FunnelSection, MarketSection, Request, SignalSection
from sadari.sensors.ict_settings import IctSettings
from tests.history_script import BTC, rates
from tests.reference.tapes import INSTRUMENT, START_NS, made_up

ROWS = 4_000
D = Decimal
# What numbers a run gives its orders, trades and positions: the only thing in which a shadow differs.
NUMBERS = {"client_order_id", "trade_id", "position_id"}

Record = Event | Command
Told = tuple[str, dict[str, Any]]

kinds = st.sampled_from([TechExit.MA_CROSS, TechExit.ATR_TRAIL, TechExit.EITHER])
delays = st.sampled_from([0, 50, 1_500, 90_000])


def asked(
    seed: int, tech_exit: TechExit, mode: MarginMode = MarginMode.ISOLATED, latency_ms: int = 50, report_ms: int = 0
) -> Request:
    """A made-up market of one symbol with funding every hour, and a ladder so narrow that all of it happens."""
    ladder = Ladder(
        dca_trigger=(D("0.004"), D("0.008")), stop_by_stage=(D("0.02"), D("0.014"), D("0.01")),
        half_close_pct=D("0.008"), margin_mode=mode, tech_exit=tech_exit,
    )  # fmt: skip
    return Request(
        settings=Settings(
            ladder=ladder,
            risk=Risk(max_shorts=9, max_portfolio_stop_loss_pct=D(1)),
            reentry=Reentry(cooldown_after_exit_minutes=5, cooldown_after_stop_minutes=5, max_per_symbol_per_day=1_000),
            daily=Daily(max_entries=1_000, max_loss_pct=D(1)),
        ),
        balance=D(10_000),
        candles={BTC: made_up(seed, ROWS).without(range(seed % 3_000, seed % 3_000 + seed % 40))},
        instruments={BTC: INSTRUMENT},
        signals={"ma_cross": SignalSection(frame_minutes=5, fast=3, slow=8, cooldown_minutes=5)},
        market=MarketSection(seed=seed, latency_ms=latency_ms, report_ms=report_ms),
        funding={BTC: rates(*((START_NS + hour * HOUR_NS, 0.0002 * (hour % 3 - 1)) for hour in range(1, 66)))},
    )


def of_position(records: Iterable[Record]) -> list[Told]:
    """What made the outcome of a position: fills with fees, funding, exits with reasons, and its record."""
    kept = [record for record in records if isinstance(record, OrderFilled | FundingPaid | RecordExit | RecordPosition)]
    plain = [(type(record).__name__, asdict(record)) for record in kept]
    for _, said in plain:
        said["slips"] = [slip.amount for slip in said.get("slips", ())]
    return [(kind, {key: value for key, value in said.items() if key not in NUMBERS}) for kind, said in plain]


def accepted(run: Run) -> Iterator[tuple[SignalRaised, Decimal, list[Record]]]:
    """Each accepted signal, the wallet balance before it, and the records from its decision to its position's."""
    wallet = D(0)
    signal: SignalRaised | None = None
    life: tuple[SignalRaised, Decimal, list[Record]] | None = None
    for record in run.records:
        if isinstance(record, AccountUpdated):
            wallet = record.wallet_balance
        elif isinstance(record, SignalRaised):
            signal = record
        elif isinstance(record, RecordDecision) and record.accepted and not record.rung and signal is not None:
            life = (signal, wallet, [])
        if life is not None:
            life[2].append(record)
            if isinstance(record, RecordPosition):
                yield life
                life = None
    if life is not None:
        yield life


@pytest.mark.requirement("R003-2", "R004-45")
@settings(max_examples=60)
@given(st.integers(0, 2**32), kinds, st.sampled_from(MarginMode), delays, delays)
def test_a_shadow_of_a_signal_that_was_accepted_alone_is_the_real_position(
    seed: int, tech_exit: TechExit, mode: MarginMode, latency_ms: int, report_ms: int
) -> None:
    """Fills, fees, funding, reasons and result are the same to the last digit, for ended positions and open ones."""
    request = asked(seed, tech_exit, mode, latency_ms, report_ms)
    run = backtest(request)
    market = shared(markets(request), START_NS)[BTC]
    end_ns = market.span_ns[1]
    nets = {life.signal_id: life.net for life in Book(run).lives}
    for signal, wallet, real in accepted(run):
        shadow = ShadowRun(request, market, signal, wallet, end_ns)
        assert of_position(shadow.records()) == of_position(real)
        outcome = ShadowRun(request, market, signal, wallet, end_ns).follow("")
        # A payment may be told after the exit that it came before: the account's own sum has it in either case.
        assert outcome.booked == nets.get(signal.signal_id, D(0))
        last = real[-1]
        if isinstance(last, RecordPosition):
            assert (outcome.state, outcome.reason) == (ShadowState.ENDED, last.reason)
            assert (outcome.adds, outcome.closed_ns) == (last.adds, last.closed_ns)
        elif run.open_positions:
            [held] = run.open_positions
            assert (outcome.state, outcome.unrealized) == (ShadowState.OPEN, held.unrealized)


@settings(max_examples=20)
@given(st.integers(0, 2**32), delays, st.booleans())
def test_a_shadow_of_an_entry_that_waits_is_the_real_position(seed: int, latency_ms: int, options: bool) -> None:
    """Targets in parts, stops of their own and turns of structure; the filter does not matter to a shadow."""
    reward = Reward(be_after_tp1=options, exit_on_opposite_choch=options)
    request = asked(seed, TechExit.EITHER, latency_ms=latency_ms)
    request = replace(
        request, settings=changed(request.settings, reward=reward), signals={"ict": SignalSection(kind="ict")},
        ict=IctSettings(frame_minutes=1, swing_left=1, swing_right=1),
    )  # fmt: skip
    run = backtest(request)
    traded = markets(request, sensing(request).entries)
    market = shared(traded, START_NS)[BTC]
    for signal, wallet, real in accepted(run):
        if isinstance(real[-1], RecordPosition):
            shadow = ShadowRun(request, market, signal, wallet, market.span_ns[1])
            assert of_position(shadow.records()) == of_position(real)


def test_the_made_up_markets_use_the_whole_ladder() -> None:
    """The property above is about adds, recoveries, both technical exits, stops and positions left open."""
    reasons: set[str] = set()
    for seed in range(12):
        run = backtest(asked(seed, TechExit.EITHER))
        reasons |= {record.reason for record in run.records if isinstance(record, RecordExit)}
        reasons |= {"OPEN"} if run.open_positions else set()
    assert reasons >= {
        "DCA1_RECOVERY", "DCA2_RECOVERY", "HALF_PROFIT", "TECH_MA_CROSS", "TECH_ATR_TRAIL", "BREAKEVEN_STOP",
        "STOP_LOSS_SECOND_DCA", "OPEN",
    }  # fmt: skip


@settings(max_examples=15)
@given(st.integers(0, 2**32), kinds, st.booleans())
def test_a_run_is_the_same_with_and_without_its_funnel(seed: int, tech_exit: TechExit, crossed: bool) -> None:
    """Records, income, equity and what is open: following what was denied changes nothing."""
    request = asked(seed, tech_exit, MarginMode.CROSSED if crossed else MarginMode.ISOLATED)
    plain, followed = backtest(request), backtest(replace(request, funnel=FunnelSection(enabled=True)))
    assert followed.funnel is not None
    measured = {"cpu_s": 0.0, "wall_s": 0.0, "funnel": None}
    assert changed(followed, **measured) == changed(plain, **measured)
