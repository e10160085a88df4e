"""The sensors of a run: surge behind the scanner, several strategies at once, and what a signal carries."""

from __future__ import annotations

from array import array
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace as changed

from sadari.errors import ConfigError
from sadari.model.command import RecordDecision
from sadari.model.event import SignalRaised
from sadari.model.plan import Ladder, Reentry, Scaling, Settings, Strategy
from sadari.model.units import HOUR_NS, MINUTE_NS
from sadari.research.report import summarize, text
from sadari.research.run_record import Run
from sadari.run.feed.inputs import Inputs, prepare
from sadari.run.history.backtest import backtest
from sadari.run.settings.config import parse
from sadari.run.settings.request import Request, ScannerSection, SignalSection
from sadari.sensors.surge import Surge
from sadari.sensors.surge_settings import SurgeSettings
from tests.reference.tapes import INSTRUMENT, made_up

ROWS = 20_000
D = Decimal
LOOSE = SurgeSettings(m1_min_true=3, m15_min_true=1, m1_daily_surge_pct=0.01, m1_min_gap_80_480=0.0)
# Of such a market almost any hour with more volume than usual makes a candidate.
EASY = ScannerSection(rise=0.002, surge=1.0, bullish=1)
SURGE = SignalSection(kind="surge")


def request(*symbols: str, gate: int | None = 60, **others: Any) -> Request:
    """Some made-up symbols, entered on loose surges."""
    settings = Settings(
        reentry=Reentry(max_per_symbol_per_day=99), strategies={"surge": Strategy(scan_max_age_minutes=gate)}
    )
    asked = Request(
        settings=settings,
        balance=D(100_000),
        candles={symbol: made_up(number, ROWS) for number, symbol in enumerate(symbols, 3)},
        instruments={symbol: changed(INSTRUMENT, symbol=symbol) for symbol in symbols},
        signals={"surge": SURGE},
        surge=LOOSE,
        scanner=EASY,
    )
    return replace(asked, **others)


def raised(run: Run) -> list[SignalRaised]:
    """The signals of a run."""
    return [record for record in run.records if isinstance(record, SignalRaised)]


def decided(run: Run) -> list[RecordDecision]:
    """The decisions on entries of a run."""
    return [record for record in run.records if isinstance(record, RecordDecision) and record.rung == 0]


@pytest.fixture(scope="module")
def gated() -> Run:
    """Two symbols behind the scanner."""
    return backtest(request("AAAUSDT", "BBBUSDT"))


@pytest.mark.requirement("R004-26", "R004-33")
def test_every_surge_is_raised_with_the_age_of_its_candidate(gated: Run) -> None:
    """The signals are those of the rule; whoever is no candidate of the last hour is denied, whoever is is not."""
    for symbol, candles in request("AAAUSDT", "BBBUSDT").candles.items():
        expected = [signal.close_ns for signal in Surge(LOOSE).batch(candles).signals]
        assert [signal.time_ns for signal in raised(gated) if signal.symbol == symbol] == expected
    denials = [decision.denial == "NOT_A_CANDIDATE" for decision in decided(gated)]
    ages = [signal.candidate_age_ns for signal in raised(gated)]
    assert denials == [age is None or age > HOUR_NS for age in ages]
    assert {True, False} == set(denials)


def test_a_gate_that_is_off_asks_no_scanner() -> None:
    """No age is known, and none is asked for."""
    run = backtest(request("AAAUSDT", gate=None))
    assert {signal.candidate_age_ns for signal in raised(run)} == {None}
    assert "NOT_A_CANDIDATE" not in {decision.denial for decision in decided(run)}
    assert run.scans == []


def test_a_symbol_outside_of_the_universe_is_never_a_candidate() -> None:
    """One that is denied by name, or is no perpetual, is not scanned; its surges are all denied."""
    asked = request("AAAUSDT", "BBBUSDT", scanner=changed(EASY, deny=("AAAUSDT",)))
    contract = changed(asked.instruments["BBBUSDT"], contract_type="CURRENT_QUARTER")
    run = backtest(replace(asked, instruments={**asked.instruments, "BBBUSDT": contract}))
    assert run.scans == []
    assert {decision.denial for decision in decided(run)} == {"NOT_A_CANDIDATE"}


def test_signals_of_a_spell_share_the_number_of_its_episode(gated: Run) -> None:
    """Numbers rise from one spell to the next, and every signal has one."""
    for symbol in ("AAAUSDT", "BBBUSDT"):
        episodes = [signal.episode for signal in raised(gated) if signal.symbol == symbol]
        assert episodes == sorted(episodes)
        assert min(episodes) >= 1
        assert len(set(episodes)) < len(episodes)


@pytest.mark.requirement("R004-45")
def test_the_report_says_which_condition_was_missing_and_what_was_not_ready(gated: Run) -> None:
    """Minutes that were too cold are counted by cause; quote volume that is made up is said to be."""
    summary = summarize(gated)
    surge, scanner = summary["surge"], summary["scanner"]
    assert surge["minutes"] == 2 * ROWS
    assert surge["ready_minutes"] + max(surge["not_ready"].values()) <= surge["minutes"]
    assert surge["not_ready"]["cold_15m"] > 0
    assert sum(surge["signals"].values()) == summary["signals"]["raised"]
    assert {row["condition"] for row in surge["conditions"]} >= {"M1-1", "M3-5", "M15-4"}
    assert scanner["quote_volume_made_up"] == ["AAAUSDT", "BBBUSDT"]
    assert scanner["too_short"] > 0
    page = text(summary)
    assert "close times volume stands in" in page
    assert "alone missing" in page


def test_candles_of_another_interval_are_refused_by_name() -> None:
    """A surge is made of minutes."""
    times = memoryview(array("q", [row * 15 * MINUTE_NS for row in range(300)]))
    candles = replace(made_up(1, 300), interval_ns=15 * MINUTE_NS, open_time_ns=times)
    asked = request("AAAUSDT", candles={"AAAUSDT": candles})
    ladder = Ladder(tech_frame_minutes=15)
    with pytest.raises(ConfigError, match="AAAUSDT: surge: the candles are of 15 minutes; allowed: 1"):
        backtest(replace(asked, settings=changed(asked.settings, ladder=ladder)))


def test_two_strategies_raise_their_signals_on_one_account() -> None:
    """Each decision names its strategy, ladder and limits follow it, and both are in the report."""
    single = Ladder(weights=(D("0.01"),), dca_trigger=(), stop_by_stage=(D("0.02"),))
    asked = request("AAAUSDT", "BBBUSDT", gate=None)
    strategies = {"surge": Strategy(), "cross": Strategy(ladder=single, max_positions=1)}
    signals = {"surge": SURGE, "cross": SignalSection(frame_minutes=5, fast=3, slow=8, direction="long")}
    run = backtest(replace(asked, settings=changed(asked.settings, strategies=strategies), signals=signals))
    assert {signal.strategy for signal in raised(run)} == {"surge", "cross"}
    rows = {row["name"]: row for row in summarize(run)["by_strategy"]}
    assert set(rows) == {"surge", "cross"}
    assert all(row["positions"] > 0 for row in rows.values())
    adds = [record for record in run.records if isinstance(record, RecordDecision) and record.rung]
    assert {decision.strategy for decision in adds} == {"surge"}
    assert "STRATEGY_POSITION_LIMIT" in {decision.denial for decision in decided(run) if decision.strategy == "cross"}


@pytest.mark.requirement("R000-26", "R000-28")
def test_what_the_options_for_risk_ask_for_is_carried_only_if_they_are_on() -> None:
    """Volatility and correlation with what is held; nothing of both by default."""
    asked = request("AAAUSDT", "BBBUSDT", gate=None)
    plain = raised(backtest(asked))
    assert {(signal.volatility, signal.correlations) for signal in plain} == {(None, ())}
    scaling = Scaling(volatility_from_pct=D(50), max_correlated_loss_pct=D("0.5"))
    told = raised(backtest(replace(asked, settings=changed(asked.settings, scaling=scaling))))
    assert any(signal.volatility is not None for signal in told)
    known = [rho for signal in told for _, rho in signal.correlations]
    assert known
    assert all(-1 <= rho <= 1 for rho in known)


def test_the_trend_of_the_market_is_that_of_bitcoin() -> None:
    """Every signal carries it where BTCUSDT is among the symbols, and none does where it is not."""
    assert {signal.market_trend for signal in raised(backtest(request("AAAUSDT", gate=None)))} == {""}
    trends = {signal.market_trend for signal in raised(backtest(request("AAAUSDT", "BTCUSDT", gate=None)))}
    assert trends <= {"NEUTRAL", "BULLISH", "BEARISH"}
    assert len(trends) > 1


@pytest.mark.requirement("R004-26", "R004-28", "R004-29", "R004-33")
def test_recorded_markets_surge_behind_the_scanner(recorded_data: Path) -> None:
    """From a file and a folder to entries: what is accepted was a candidate at most an hour before."""
    files = [recorded_data / "payloads/rest/2026-07-03/fapi-v1-exchangeInfo.json",
             recorded_data / "payloads/rest/leverage-brackets-2025-07.ccxt.json.gz"]  # fmt: skip
    inputs = Inputs(data=[recorded_data / "klines-1m/2023-07"], instruments=files, symbols=["ETCUSDT", "XLMUSDT"])
    run = backtest(prepare(parse('[signal]\nkind = "surge"'), inputs).request)
    accepted = {decision.signal_id for decision in decided(run) if decision.accepted}
    ages = [signal.candidate_age_ns for signal in raised(run) if signal.signal_id in accepted]
    assert ages
    assert all(age is not None and age <= HOUR_NS for age in ages)
    assert summarize(run)["result"]["adds_up"]
