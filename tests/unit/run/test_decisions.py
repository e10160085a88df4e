"""Commands in words: the few that a reader may count by, and the reason first."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from sadari.model.command import (
    Command,
    QueryOrder,
    RecordDecision,
    RecordExit,
    RecordMove,
    RecordPosition,
    SendAlert,
)
from sadari.model.order import Direction
from sadari.run.figures.decisions import alert_of, decision_of
from sadari.run.history.backtest import backtest
from sadari.run.local.demo_search import request

D = Decimal
ENTRY = RecordDecision(
    symbol="X", direction=Direction.LONG, strategy="surge", signal_id="1", rung=0, price=D("50000.0"), accepted=True,
    qty=D("0.150"), binding="plan",
)  # fmt: skip
DENIED = replace(ENTRY, accepted=False, denial="MAX_POSITIONS", value="10", limit="10")
EXIT = RecordExit(symbol="X", position_id=1, reason="HALF_PROFIT", qty=D("0.075"), actor="engine", cause="level")
CLOSED = RecordPosition(
    symbol="X", position_id=1, direction=Direction.LONG, strategy="surge", signal_id="1", opened_ns=1, closed_ns=2,
    stage=1, reason="BREAKEVEN_STOP", entry_qty=D(1), max_qty=D(1), entry_price=D(1), exit_price=D(1), pnl=D("12.345"),
    fees=D("1.1"), funding=D("-0.2"), adds=1, max_notional=D(1), plan_balance=D(1), worst_case=D(1),
)  # fmt: skip


@pytest.mark.parametrize(("command", "what", "reason"), [
    (ENTRY, "entry", "LONG 0.150 at 50000.0 on surge"),
    (replace(ENTRY, rung=2, binding="c2_usable"), "add 2", "LONG 0.150 at 50000.0, limited by c2_usable"),
    (DENIED, "entry denied", "MAX_POSITIONS (10, limit 10)"),
    (replace(DENIED, rung=1, denial="ENGINE_NOT_RUNNING", value="", limit=""), "add 1 denied", "ENGINE_NOT_RUNNING"),
    (EXIT, "exit", "HALF_PROFIT: 0.075"),
    (replace(EXIT, reason="MANUAL_FORCE_EXIT", actor="operator"), "exit", "MANUAL_FORCE_EXIT: 0.075 by operator"),
    (CLOSED, "closed", "BREAKEVEN_STOP: +11.04"),
    (replace(CLOSED, pnl=None), "closed", "BREAKEVEN_STOP: result not known"),
    (RecordMove(symbol="", position_id=0, event="pause", source="RUNNING", target="PAUSED"), "engine",
     "PAUSED after pause, was RUNNING"),
])  # fmt: skip
def test_a_decision_has_its_words(command: Any, what: str, reason: str) -> None:
    """What it is, then the reason or the denial, then numbers."""
    told = decision_of(command, 7)
    assert told is not None
    assert (told.time_ns, told.what, told.reason) == (7, what, reason)


@pytest.mark.parametrize("command", [
    QueryOrder(symbol="X", client_order_id="a"),
    RecordMove(symbol="X", position_id=1, event="entry_filled", source="ENTRY_PENDING", target="INITIAL"),
])  # fmt: skip
def test_what_decides_nothing_has_none(command: Command) -> None:
    """Neither a question nor the step of a position."""
    assert decision_of(command, 7) is None


def test_an_alert_says_how_bad_it_is() -> None:
    """And its code first."""
    alert = alert_of(SendAlert(severity="critical", code="EXIT_REJECTED", symbol="X", text="twice"), 7)
    assert (alert.what, alert.reason, alert.symbol) == ("critical", "EXIT_REJECTED: twice", "X")
    assert alert_of(SendAlert(severity="info", code="STARTED"), 7).reason == "STARTED"


def test_every_record_of_a_run_has_its_words() -> None:
    """Whatever an engine says of the demo's market is told without a fault."""
    records = backtest(request(1, 1.0)).records
    told = [decision_of(one, 0) for one in records if isinstance(one, Command)]
    assert {one.what.split()[0] for one in told if one is not None} == {"entry", "add", "exit", "closed", "engine"}
