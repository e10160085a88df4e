"""Surge and ICT side by side on one account: one set of gates, each by its own plan (strategies §7.8, §9.2, §9.4)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace as changed

from sadari.model.command import Audit, RecordDecision, RecordExit, RecordMove, RecordPosition, WatchVerdict
from sadari.model.order import Direction, MinimumReward
from sadari.model.plan import Reentry, Reward, Risk, Settings, Strategy
from sadari.research.pictures.tracks import tracks_of
from sadari.research.report import Summary, summarize, text
from sadari.research.run_record import Run
from sadari.run.history.backtest import backtest
from sadari.run.settings.config import load, parse
from sadari.run.settings.request import FunnelSection, Request, SignalSection
from sadari.run.settings.reward_notes import reward_notes
from sadari.sensors.ict_settings import IctSettings
from sadari.sensors.surge_settings import SurgeSettings
from tests.reference.tapes import INSTRUMENT, made_up

D = Decimal
SYMBOLS = ("AAAUSDT", "BBBUSDT", "CCCUSDT", "DDDUSDT")
LOOSE = SurgeSettings(m1_min_true=3, m15_min_true=1, m1_daily_surge_pct=0.01, m1_min_gap_80_480=0.0)
LIMITS = {"surge": 2, "ict": 2}
TARGETS = {"TAKE_PROFIT", "TAKE_PROFIT_1", "TAKE_PROFIT_2", "TAKE_PROFIT_3"}
OWN_STOPS = {"STOP_LOSS", "PROTECTIVE_STOP_ORDER", "LIQUIDATION_GUARD", "BREAKEVEN_STOP"}


def both(reward: Reward | None = None, ict: IctSettings | None = None) -> Request:
    """Some made-up symbols, both strategies on each."""
    settings = Settings(
        reentry=Reentry(max_per_symbol_per_day=99, cooldown_after_stop_minutes=5, cooldown_after_exit_minutes=5),
        risk=Risk(allow_opposite_side=True, max_portfolio_stop_loss_pct=D(1)), reward=reward or Reward(),
        strategies={name: Strategy(max_positions=most) for name, most in LIMITS.items()},
    )  # fmt: skip
    return Request(
        settings=settings,
        balance=D(100_000),
        candles={symbol: made_up(number, 20_000) for number, symbol in enumerate(SYMBOLS, 3)},
        instruments={symbol: changed(INSTRUMENT, symbol=symbol) for symbol in SYMBOLS},
        signals={"surge": SignalSection(kind="surge"), "ict": SignalSection(kind="ict")},
        surge=LOOSE,
        ict=ict or IctSettings(frame_minutes=3),
    )


def alone(reward: Reward, ict: IctSettings) -> Request:
    """The same with ICT only."""
    return replace(both(reward, ict), signals={"ict": SignalSection(kind="ict")})


@pytest.fixture(scope="module")
def run() -> Run:
    """Both, as by default."""
    return backtest(both())


@pytest.fixture(scope="module")
def summary(run: Run) -> Summary:
    """Its report."""
    return summarize(run)


def decisions(run: Run, strategy: str) -> list[RecordDecision]:
    """What was decided on a strategy's entries and adds."""
    return [one for one in run.records if isinstance(one, RecordDecision) and one.strategy == strategy]


def exits(run: Run, strategy: str) -> set[str]:
    """The reasons for which a strategy's positions, or parts of them, were closed."""
    own = {one.position_id for one in run.records if isinstance(one, RecordPosition) and one.strategy == strategy}
    return {one.reason for one in run.records if isinstance(one, RecordExit) and one.position_id in own}


def test_both_trade_and_the_account_adds_up(run: Run, summary: Summary) -> None:
    """Each has positions of its own in the report; wallet and ledger agree."""
    rows = {row["name"]: row for row in summary["by_strategy"]}
    assert set(rows) == set(LIMITS)
    assert all(row["positions"] >= 5 for row in rows.values())
    assert summary["result"]["adds_up"]
    assert not [one for one in run.records if isinstance(one, Audit) and one.code == "ILLEGAL_EVENT"]
    sides = {one.direction for one in run.records if isinstance(one, RecordPosition) and one.strategy == "ict"}
    assert sides == set(Direction)


def test_each_is_sized_by_its_own_rule(run: Run) -> None:
    """A ladder by its plan, a stop by what it loses; each decision keeps all limits that were asked."""
    for strategy, caps in (
        ("surge", {"plan", "c2_value", "c4_margin", "c6_bracket"}),
        ("ict", {"c1_risk", "c2_value", "c3_position", "c4_margin", "c6_bracket"}),
    ):
        accepted = [one for one in decisions(run, strategy) if one.accepted and not one.rung]
        assert accepted
        for one in accepted:
            short = {"c5_short_risk"} if strategy == "ict" and one.direction is Direction.SHORT else set()
            assert set(one.caps) == caps | short
            assert one.qty <= min(one.caps.values())
            assert (one.reward is not None) is (strategy == "ict")


def test_ict_positions_are_managed_by_targets_and_one_stop(run: Run) -> None:
    """No add, half close or technical exit of the ladder; whatever closes has one of their own reasons."""
    assert exits(run, "ict") <= TARGETS | OWN_STOPS
    assert {"TAKE_PROFIT_1", "TAKE_PROFIT_3", "STOP_LOSS"} <= exits(run, "ict")
    assert not exits(run, "surge") & (TARGETS | {"STOP_LOSS"})
    assert not [one for one in decisions(run, "ict") if one.rung]
    lived = [one for one in run.records if isinstance(one, RecordPosition) and one.strategy == "ict"]
    assert all((one.stage, one.adds) == (0, 0) for one in lived)


def test_neither_holds_more_than_its_own_number(run: Run) -> None:
    """Pending ones count; both limits are met at some time, and the account's is never passed."""
    strategies = {}
    held: dict[int, str] = {}
    most = dict.fromkeys(LIMITS, 0)
    for one in run.records:
        if isinstance(one, RecordDecision) and one.accepted and not one.rung:
            strategies[one.symbol] = one.strategy
        elif isinstance(one, RecordMove) and one.event == "signal_accepted":
            held[one.position_id] = strategies[one.symbol]
        elif isinstance(one, RecordMove) and one.target in ("FLAT", "CLOSED", "CLOSED_UNSETTLED"):
            held.pop(one.position_id, None)
        for name in LIMITS:
            most[name] = max(most[name], list(held.values()).count(name))
    assert most == LIMITS


def test_the_report_compares_what_must_win_with_what_won(summary: Summary) -> None:
    """By bucket; 1.16 has to win in 46.30 % of the trades."""
    (row,) = summary["reward"]
    assert (row["from"], row["to"], row["denied"]) == ("1", "1.5", 0)
    assert round(row["break_even"], 4) == 0.4630
    assert row["won"] <= row["ended"]
    assert row["ended"] > 5
    assert "46.30 %" in text(summary)


def test_what_the_filter_denies_is_followed() -> None:
    """With targets of 1.5 true ranges and stops of 2.5 nothing passes FIXED: the shadows tell what that saved."""
    far = IctSettings(frame_minutes=3, target="ATR", stop="ATR")
    asked = alone(Reward(mode=MinimumReward.FIXED), far)
    run = backtest(replace(asked, funnel=FunnelSection(enabled=True)))
    assert not [one for one in decisions(run, "ict") if one.accepted]
    summary = summarize(run)
    (row,) = summary["reward"]
    assert (row["from"], row["accepted"]) == ("0.6", 0)
    assert row["denied"] > 0
    assert row["shadow_ended"] > 0
    gate = next(one for one in summary["funnel"]["gates"] if one["gate"] == "RR_BELOW_MINIMUM")
    assert gate["followed"] >= row["shadow_ended"]


def test_what_is_held_may_stop_at_break_even_after_the_first_target() -> None:
    """No stop beyond it takes what the first target has brought."""
    run = backtest(alone(Reward(be_after_tp1=True), IctSettings(frame_minutes=1)))
    assert "BREAKEVEN_STOP" in exits(run, "ict")
    assert not [one for one in run.records if isinstance(one, WatchVerdict)]


def test_what_is_held_may_go_when_structure_turns_against_it() -> None:
    """The verdict is watched while such a position is held."""
    run = backtest(alone(Reward(exit_on_opposite_choch=True), IctSettings(frame_minutes=1)))
    assert "OPPOSITE_CHOCH" in exits(run, "ict")
    watched = [one.verdict for one in run.records if isinstance(one, WatchVerdict)]
    assert {"CHOCH_UP", "CHOCH_DOWN", None} <= set(watched)


def test_the_example_of_both_is_one_that_can_be_run() -> None:
    """docs/runs/surge-and-ict.toml: both strategies, by name and kind, three positions for ICT."""
    config = load(Path(__file__).parents[3] / "docs" / "runs" / "surge-and-ict.toml")
    assert {name: signal.kind for name, signal in config.signals().items()} == {"surge": "surge", "ict": "ict"}
    assert config.settings().strategy("ict").max_positions == 3
    assert config.settings().strategy("surge").scan_max_age_minutes == 60


NOTES = [
    ("", ["RR_CONFIG_VACUOUS"] * 2),
    ("[reward]\nenabled = false\n", []),
    ('[ict]\ndirection = "short"\n', ["RR_CONFIG_VACUOUS"]),
    ('[ict]\ntarget = "STRUCTURE"\n', []),
    ('[ict]\ntarget = "ATR"\n', []),
    ('[ict]\ntarget = "ATR"\nstop = "ATR"\n', ["RR_CONFIG_UNSATISFIABLE"]),
    ('[ict]\ntarget = "ATR"\nstop = "ATR"\n[reward]\nmode = "FIXED"\n', ["RR_CONFIG_UNSATISFIABLE"] * 2),
    ('[ict]\ntarget = "ATR"\nstop = "ATR"\ntarget_atr_long = 6\ntarget_atr_short = 3.425\n', ["RR_CONFIG_VACUOUS"] * 2),
    ("[ict]\ntarget_r = [0.3]\ntarget_shares = [1]\n", ["RR_CONFIG_UNSATISFIABLE"] * 2),
    ('[ict]\ntarget = "ATR"\nstop = "WIDER"\n', ["RR_CONFIG_UNSATISFIABLE"]),
    ('[ict]\ntarget = "ATR"\nstop = "WIDER"\ntarget_atr_long = 5\n', []),
    ('[ict]\ntarget = "ATR"\nstop = "TIGHTER"\n', []),
    ('[ict]\ntarget = "ATR"\nstop = "TIGHTER"\ntarget_atr_long = 5\n', ["RR_CONFIG_VACUOUS"]),
    ('[ict]\ntarget = "STRUCTURE"\n[reward]\nmode = "FIXED"\nfixed = 0\n', ["RR_CONFIG_VACUOUS"] * 2),
]  # fmt: skip


@pytest.mark.requirement("R003-20")
@pytest.mark.parametrize(("more", "codes"), NOTES)
def test_a_filter_that_denies_all_or_nothing_is_told_at_the_start(more: str, codes: list[str]) -> None:
    """Strategies §8.3: for each direction whose ratio does not depend on the market."""
    notes = reward_notes(parse(f'[signal]\nkind = "ict"\n{more}'))
    assert [note.partition(":")[0] for note in notes] == codes


def test_without_ict_nothing_is_told() -> None:
    """No entry has a reward."""
    assert reward_notes(parse("")) == []


def test_a_picture_has_rungs_for_a_ladder_only(run: Run) -> None:
    """What waits for targets of its own has none to be drawn, whatever the account's ladder plans."""
    tracks = tracks_of(run.records)
    climbs = {(track.life.strategy, track.climbs) for track in tracks if track.life.record is not None}
    assert climbs == {("surge", True), ("ict", False)}
