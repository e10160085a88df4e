"""Statuses for the tests of the view: a known position with all its levels, and whole engines around it."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from sadari.model.units import SECOND_NS
from sadari.run.figures.status import (
    Counters,
    DecisionStatus,
    LevelStatus,
    PositionStatus,
    Status,
    StreamStatus,
    SymbolStatus,
    UnprotectedTime,
)

D = Decimal
NOW_NS = 1_735_862_400 * SECOND_NS


def level(name: str, price: str, distance: str) -> LevelStatus:
    """A level of the known position."""
    return LevelStatus(name=name, price=D(price), distance=D(distance))


POSITION = PositionStatus(
    symbol="DEMOAUSDT",
    direction="LONG",
    state="FIRST_DCA",
    stage="FIRST_DCA",
    strategy="ma_cross",
    qty=D("0.058"),
    entry_price=D("60000.0"),
    avg_price=D("59948.275862068965"),
    last_price=D("59920.0"),
    unrealized=D("-1.64"),
    stop=D("59678.51"),
    stop_reason="STOP_LOSS_FIRST_DCA",
    liquidation_price=D("54210.3"),
    margin_mode="isolated",
    opened_ns=NOW_NS - 200 * SECOND_NS,
    levels=(
        level("half", "60128.12", "0.00347"),
        level("recovery 1", "60000.0", "0.00134"),
        level("rung 2", "59790.0", "-0.00217"),
        level("stop", "59678.51", "-0.00403"),
    ),
    resting_stops=(level("inner stop", "59618.8", "-0.00503"), level("wall", "59499.5", "-0.00702")),
)

DECISIONS = (
    DecisionStatus(time_ns=NOW_NS - 9 * SECOND_NS, symbol="DEMOAUSDT", what="add 1", reason="LONG 0.033 at 59910.0"),
    DecisionStatus(
        time_ns=NOW_NS - 40 * SECOND_NS, symbol="DEMOCUSDT", what="exit", reason="STOP_LOSS_SECOND_DCA: 36.6"
    ),
    DecisionStatus(
        time_ns=NOW_NS - 60 * SECOND_NS,
        symbol="DEMOBUSDT",
        what="entry denied",
        reason="COOLDOWN_ACTIVE (60, limit 180)",
    ),
    DecisionStatus(
        time_ns=NOW_NS - 90 * SECOND_NS, symbol="DEMOAUSDT", what="entry", reason="LONG 0.025 at 60000.0 on ma_cross"
    ),
)

STATUS = Status(
    mode="local",
    name="demo",
    version="0.1.0",
    pid=4_242,
    state="RUNNING",
    time_ns=NOW_NS,
    started_ns=NOW_NS - 42 * SECOND_NS,
    uptime_s=42.0,
    wallet_balance=D("10012.31"),
    available_balance=D("9120.10"),
    equity=D("10010.67"),
    margin_ratio=D("0.0123"),
    account_age_s=0.3,
    day_result=D("10.67"),
    worst_case=D("230.5"),
    position_mode="one-way",
    positions=(POSITION,),
    symbols=(SymbolStatus(symbol="DEMOAUSDT", prepared=True, margin_mode="isolated", leverage=10),),
    streams=(
        StreamStatus(name="market", connected=True, streams=24, messages=5_321, age_s=0.1),
        StreamStatus(name="user", connected=True, streams=1, messages=33, age_s=2.5),
    ),
    decisions=DECISIONS,
    unprotected=UnprotectedTime(rises=6, last_s=0.031, median_s=0.03, p99_s=0.05, max_s=0.051),
    counters=Counters(
        ticks_seen=12_340,
        ticks_checked=1_204,
        events=320,
        decisions=12,
        orders=41,
        fills=30,
        rest_calls={"klines": 24, "account": 3},
        syncs=3,
    ),
    closed=4,
    realized=D("12.31"),
)


def crowd(count: int) -> Status:
    """The same engine with so many positions, each a little nearer to its stop than the one before."""
    many = tuple(
        replace(
            POSITION,
            symbol=f"DEMO{number:02}USDT",
            stop=D("59678.51") + number,
            direction="SHORT" if number % 2 else "LONG",
        )
        for number in range(count)
    )
    return replace(STATUS, positions=many)
