"""The operator's commands against a running engine's socket, and without one."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from sadari.cli.main import main
from sadari.cli.shown import status_text
from sadari.run.figures.status import (
    Counters,
    DecisionStatus,
    LevelStatus,
    LiquidationStatus,
    PerformanceStatus,
    PositionStatus,
    Status,
    StreamStatus,
    SymbolStatus,
    UnprotectedTime,
)
from sadari.run.operator.control import Control
from sadari.run.settings.tokens import make_secrets
from sadari.store.folder import Folder
from tests.unit.run.test_control import Listening

HELD = PositionStatus(
    symbol="BTCUSDT", direction="LONG", state="FIRST_DCA", stage="FIRST_DCA", strategy="surge", qty=Decimal("0.750"),
    entry_price=Decimal(50_000), avg_price=Decimal("49142.85"), last_price=Decimal(48_600),
    unrealized=Decimal("-407.14"), stop=Decimal("45702.85"), stop_reason="STOP_LOSS_FIRST_DCA", liquidation_price=None,
    margin_mode="crossed", opened_ns=1,
    levels=(LevelStatus(name="rung2", price=Decimal(47_000), distance=Decimal("-0.0329")),),
    resting_stops=(LevelStatus(name="wall", price=Decimal("45246.00")),),
)  # fmt: skip
WHOLE = Status(
    mode="local", name="run", version="1.2.3", pid=77, state="PAUSED", time_ns=1, started_ns=1_700_000_000_000_000_000,
    uptime_s=3_725.0, pause_causes=("daily_loss_limit",), gates=("stream lost",), lost=("user stream",),
    wallet_balance=Decimal("10000.50"), margin_ratio=Decimal("0.01"), clock_offset_ms=-3.0, position_mode="one-way",
    multi_assets=False, account_age_s=75.0, positions=(HELD,),
    symbols=(SymbolStatus(symbol="ETHUSDT", prepared=False, gates=("not prepared",), message="[bold]-4168",
                          streams={"ethusdt@aggTrade": True, "ethusdt@kline_1m": False}),),
    streams=(StreamStatus(name="user", connected=False, streams=1, messages=5, age_s=12.34),),
    decisions=(DecisionStatus(time_ns=1, symbol="ETHUSDT", what="entry denied", reason="COOLDOWN_ACTIVE"),),
    unprotected=UnprotectedTime(rises=3, last_s=0.031, max_s=0.2), watched=("BTCUSDT",),
    counters=Counters(rest_calls={"order": 4}, stops_triggered=2, profits_triggered=1),
    performance=PerformanceStatus(
        order_success_rate=0.975, margin_utilisation=Decimal("0.2"), risk_adjusted_return=0.5, win_rate=0.25, unknown=1
    ),
    liquidation=LiquidationStatus(
        correlation_id="c1", phase="VERIFY", source="CLI", reason="OPERATOR_REQUEST", actor="anna", cause="x",
        after="PAUSE", deadline_ns=1, number=4, symbols=("BTCUSDT", "TAOUSDT"), open=("TAOUSDT",),
    ),
)  # fmt: skip


class Held(Listening):
    """An operator of an engine that holds a position."""

    async def status(self) -> Status:
        """Everything at once."""
        return WHOLE


@contextmanager
def engine(folder: Path) -> Iterator[Held]:
    """The socket of an engine, in another thread."""
    operator, loop, ready = Held(), asyncio.new_event_loop(), threading.Event()
    over = asyncio.Event()

    async def serve() -> None:
        control = Control(folder / "control.sock", operator)
        await control.start()
        ready.set()
        await over.wait()
        await control.close()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    ready.wait()
    try:
        yield operator
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


WISHES = [
    (["pause", "--cause", "news"], ("pause", "news")),
    (["resume"], ("resume",)),
    (["stop"], ("stop", False)),
    (["stop", "--close"], ("stop", True)),
    (["exit", "BTC/USDT:USDT", "--cause", "enough"], ("exit", "BTCUSDT", "enough")),
    (["sync"], ("sync",)),
    (["adopt", "btcusdt"], ("adopt", "BTCUSDT")),
    (["write-off", "BTCUSDT", "--cause", "too old"], ("write_off", "BTCUSDT", "too old")),
    (
        ["liquidate", "--reason", "OPERATOR_REQUEST", "--cause", "x", "--after", "stop"],
        ("liquidate", "OPERATOR_REQUEST", "STOP", "x", True),
    ),
    (["liquidate"], ("liquidate", "", "PAUSE", "", True)),
    (
        ["liquidate", "--source", "cli", "--correlation", "c", "--timestamp", "1", "--token", "t"],
        ("liquidate", "", "PAUSE", "", True),
    ),
    (["liquidate", "--cancel", "--cause", "x"], ("cancel_liquidation", "x", "")),
    (["liquidate", "--confirm", "--correlation", "c"], ("confirm_liquidation", "", "c")),
    (["liquidate", "--abandon", "--cause", "x"], ("abandon_liquidation", "x")),
]


@pytest.mark.requirement("R004-6")
def test_each_command_reaches_the_engine_and_prints_its_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With who asked."""
    make_secrets(Folder(tmp_path))
    with engine(tmp_path) as operator:
        for arguments, wanted in WISHES:
            assert main([*arguments, "--folder", str(tmp_path)]) == 0
            name, *asked = operator.asked[-1]
            if name != "sync":
                assert asked.pop(0)
            assert (name, *asked) == wanted
            assert capsys.readouterr().out == f"{wanted[0]} is done\n"


def test_what_the_engine_refuses_is_its_sentence_and_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And a symbol that is none is refused before it is asked."""
    with engine(tmp_path) as operator:
        assert main(["prepare", "YYY", "--folder", str(tmp_path)]) == 2
        assert capsys.readouterr().err == "sadari: -1121: Invalid symbol YYY.\n"
        assert main(["exit", "?", "--folder", str(tmp_path)]) == 2
        assert "symbol is '?'" in capsys.readouterr().err
        assert operator.asked == []


@pytest.mark.requirement("R000-24", "R004-55")
def test_the_status_is_shown_as_text_and_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every figure that a person looks for, and JSON for a program."""
    with engine(tmp_path):
        assert main(["status", "--folder", str(tmp_path)]) == 0
        text = capsys.readouterr().out
        assert main(["status", "--json", "--folder", str(tmp_path)]) == 0
        assert msgspec.json.decode(capsys.readouterr().out, type=Status) == WHOLE
        assert main(["positions", "--folder", str(tmp_path)]) == 0
        held = capsys.readouterr().out
        assert main(["positions", "--json", "--folder", str(tmp_path)]) == 0
        assert json.loads(capsys.readouterr().out)["positions"][0]["symbol"] == "BTCUSDT"
    assert text == status_text(WHOLE)
    assert held in text
    for told in (
        "run (local) is PAUSED, process 77", "1 h 02 min", "paused: daily_loss_limit", "gate shut: stream lost",
        "not seen: user stream", "wallet 10000.5,", "clock -3.0 ms", "read 1 min 15 s ago", "FIRST_DCA", "0.75",
        "49142.85", "STOP_LOSS_FIRST_DCA", "rung2", "-3.29 %", "wall", "45246", "not prepared", "[bold]-4168", "LOST",
        "12.3 s", "entry denied", "COOLDOWN_ACTIVE", "3 rises", "last 0.031 s", "REST calls: order 4",
        "2 stops and 1 targets triggered", "watched tick by tick: BTCUSDT", "kline_1m NOT SEEN", "1 results unknown",
        "liquidation c1: VERIFY, OPERATOR_REQUEST by CLI (anna), then PAUSE: BTCUSDT, TAOUSDT; still open: TAOUSDT",
        "orders not refused 97.5 %, margin in use 20.0 %, won 25.0 %, mean result by its deviation +0.50",
    ):  # fmt: skip
        assert told in text


@pytest.mark.parametrize(
    "arguments", [["status"], ["positions"], ["stop"], ["exit", "BTCUSDT"], ["liquidate"], ["liquidate", "--plan"]]
)
def test_without_an_engine_there_is_a_sentence_and_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    """By the folder, or by the configuration that names it."""
    assert main([*arguments, "--folder", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith(f"sadari: {tmp_path}: no engine runs in this folder")
    (tmp_path / "c.toml").write_text(f'[venue]\nfolder = "{tmp_path}/absent"\n', "utf-8")
    assert main([*arguments, "--config", str(tmp_path / "c.toml")]) == 2
    assert f"{tmp_path}/absent: no engine runs" in capsys.readouterr().err
