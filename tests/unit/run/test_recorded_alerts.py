"""Conditions over history: recorded at the events of a run, told nobody, and without any effect on it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sadari.core.alerts import Condition, Edge, Severity
from sadari.model.command import SendAlert
from sadari.model.plan import Settings
from sadari.model.units import MINUTE_NS
from sadari.research.book import Book
from sadari.research.conduct import incidents
from sadari.run.history.backtest import backtest
from sadari.run.settings.alert_sections import AlertsSection
from sadari.run.settings.request import Request, SignalSection
from tests.reference.tapes import INSTRUMENT, made_up

D = Decimal


def request(alerts: AlertsSection) -> Request:
    """Days of one symbol, entered whenever flat."""
    return Request(
        settings=Settings(),
        balance=D(10_000),
        candles={"BTCUSDT": made_up(9, 20_000)},
        instruments={"BTCUSDT": INSTRUMENT},
        signals={"always": SignalSection(kind="always", direction="long")},
        alerts=alerts,
    )


@pytest.mark.requirement("R003-45")
def test_a_run_over_history_records_its_conditions_and_is_the_same_run() -> None:
    """With thresholds that are met all the time, and with some that never are: the same events, the same commands."""
    near = backtest(request(AlertsSection(max_drawdown_pct=D("0.0005"), max_position_loss_pct=D("0.01"))))
    far = backtest(request(AlertsSection(max_drawdown_pct=D(1), max_position_loss_pct=D(1))))
    assert near.records == far.records
    raised = {one.condition for one in near.notices if one.edge is Edge.RAISED}
    assert {Condition.PORTFOLIO_DRAWDOWN, Condition.SINGLE_POSITION_LOSS} <= raised
    told = {one.condition for one in far.notices}
    assert not {Condition.PORTFOLIO_DRAWDOWN, Condition.SINGLE_POSITION_LOSS} & told
    assert [one.time_ns for one in near.notices] == sorted(one.time_ns for one in near.notices)


def test_what_the_engine_alerts_of_over_history_is_recorded_once_a_spell() -> None:
    """The engine's own alerts are commands of the run; a notice is what a person would have got."""
    run = backtest(request(AlertsSection()))
    alerts = [one for one in run.records if isinstance(one, SendAlert)]
    drifts = [one for one in run.notices if one.condition == Condition.SETTLEMENT_DRIFT]
    assert alerts
    assert 0 < len(drifts) <= len([one for one in alerts if one.code == "SETTLEMENT_DRIFT"])


def test_a_condition_is_raised_again_only_after_it_was_over() -> None:
    """Of each symbol and condition: raised, perhaps reminded, recovered, raised."""
    run = backtest(request(AlertsSection(max_drawdown_pct=D("0.0005"))))
    edges = [
        one.edge for one in run.notices
        if one.condition == Condition.PORTFOLIO_DRAWDOWN and one.edge is not Edge.REMINDED
    ]  # fmt: skip
    assert len(edges) > 2
    assert edges == [(Edge.RAISED, Edge.RECOVERED)[place % 2] for place in range(len(edges))]
    spells: dict[str, int] = {}
    for one in run.notices:
        before = spells.get(one.id)
        assert before is None or one.edge is Edge.RAISED or one.time_ns - before >= MINUTE_NS
        spells[one.id] = one.time_ns


def test_the_report_says_how_often_a_condition_was_raised() -> None:
    """With its worst severity, how many symbols, and when first; alerts without a condition have their own list."""
    run = backtest(request(AlertsSection(max_drawdown_pct=D("0.0005"))))
    rows = {row["condition"]: row for row in incidents(Book(run))["conditions"]}
    raised = [one for one in run.notices if one.edge is Edge.RAISED and one.condition == Condition.PORTFOLIO_DRAWDOWN]
    row = rows["portfolio_drawdown"]
    assert (row["raised"], row["severity"], row["symbols"]) == (len(raised), Severity.CRITICAL.value, 0)
    assert set(rows) <= set(Condition)
