"""The run over history beside the live engine over real sockets, on one tape."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from sadari.cli.main import main
from sadari.errors import ConfigError
from sadari.model.command import Audit, RecordExit, RecordPosition
from sadari.run.history.backtest import backtest
from sadari.run.parity.both import parity
from tests.parity_runs import ALWAYS, CROSS, LADDER, agreed, configured, made_up, without


def test_one_symbol_is_the_same_without_latency() -> None:
    """Entries, adds, recoveries, stops and half closes, each order and each amount."""
    config = configured(seed=7, latency=0)
    agreed(parity(config, made_up(config, 1, 240)), fills=11)


def test_several_symbols_on_one_account_are_the_same_with_latency() -> None:
    """Signals, orders and fills of one moment come in one order on both sides."""
    config = configured()
    agreed(parity(config, made_up(config, 3, 300)), fills=20)


def test_crossed_margin_is_the_same_with_latency() -> None:
    """What prices have left available is what both size by, at every decision."""
    config = configured(margin="crossed")
    agreed(parity(config, made_up(config, 3, 300)), fills=20)


@pytest.mark.parametrize(("seed", "latency", "fills"), [(1, 50, 6), (8, 0, 2)])
def test_entries_that_wait_for_their_price_are_the_same(seed: int, latency: int, fills: int) -> None:
    """Resting limit orders: those that fill, and each way in which one is called off, the last one by the end."""
    waits = 'kind = "ict"\n[ict]\nframe_minutes = 1\nswing_left = 1\nswing_right = 1\nentry_ttl = 12'
    config = configured(waits, latency=latency, seed=seed)
    prepared = made_up(config, 2, 700)
    found = backtest(prepared.request).records
    ends = {one.detail.split()[0] for one in found if isinstance(one, Audit) and one.code == "ENTRY_WITHDRAWN"}
    assert ends >= {"ENTRY_EXPIRED", "OPPOSITE_EVENT", "TARGET_FIRST"}
    agreed(parity(config, prepared), fills=fills)


MANAGED = """
[ict]
frame_minutes = 1
swing_left = 1
swing_right = 1
entry_level = 0.0
entry_ttl = 60
stop = "TIGHTER"
stop_buffer = 0.001
target_r = [0.5, 1.0, 1.5]
[reward]
enabled = false
be_after_tp1 = true
exit_on_opposite_choch = true
[risk]
max_shorts = 8
allow_opposite_side = true
"""
SIDE_BY_SIDE = """
[strategies.cross]
max_positions = 1
[strategies.cross.signal]
frame_minutes = 1
fast = 5
slow = 20
cooldown_minutes = 60
[strategies.ict]
max_positions = 8
[strategies.ict.signal]
kind = "ict"
"""


def test_targets_turns_of_structure_and_two_strategies_are_the_same() -> None:
    """Crosses on a ladder and set-ups with stops of their own, side by side: every reason, order and amount."""
    config = configured(more=MANAGED, strategies=SIDE_BY_SIDE)
    prepared = made_up(config, 3, 700)
    found = backtest(prepared.request).records
    reasons = {one.reason for one in found if isinstance(one, RecordExit)}
    assert reasons >= {"TAKE_PROFIT_1", "TAKE_PROFIT_2", "BREAKEVEN_STOP", "OPPOSITE_CHOCH", "DCA1_RECOVERY"}
    assert {one.strategy for one in found if isinstance(one, RecordPosition)} == {"cross", "ict"}
    agreed(parity(config, prepared), fills=20)


@pytest.mark.parametrize("direction", ["long", "short"])
def test_an_engine_that_always_enters_is_the_same(direction: str) -> None:
    """Every symbol enters at the same moments, through a payment of funding."""
    config = configured(ALWAYS.format(direction), seed=9)
    agreed(parity(config, made_up(config, 2, 400)), fills=20)


def test_a_recorded_day_of_three_symbols_is_the_same(
    recorded_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the command, from files: candles, contracts, brackets and funding as they were recorded."""
    config = tmp_path / "parity.toml"
    config.write_text(LADDER.format(signal=CROSS, margin="isolated", latency=50, seed=1), encoding="utf-8")
    rest = recorded_data / "payloads" / "rest"
    code = main([
        "parity", "--config", str(config), "--data", str(recorded_data / "klines-1m" / "2025-05"),
        "--instruments", str(rest / "2026-07-03" / "fapi-v1-exchangeInfo.json"),
        "--instruments", str(rest / "leverage-brackets-2025-07.ccxt.json.gz"), "--symbols", "BTCUSDT,ETHUSDT,ETCUSDT",
        "--from", "2025-05-07T12:00", "--to", "2025-05-07T20:00", "--json",
    ])  # fmt: skip
    said = msgspec.json.decode(capsys.readouterr().out)
    assert (code, said["equal"], said["differences"]) == (0, True, [])
    assert said["compared"]["fills"]["live"] > 20


SURGE = """kind = "surge"
[surge]
m1_min_true = 5
m15_min_true = 2
m1_daily_surge_pct = 0.03"""


def test_the_surge_strategy_behind_its_scanner_is_the_same(
    recorded_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Four time frames and scans of closed hours, warmed up by REST on one side and over whole columns on the other."""
    config = tmp_path / "parity.toml"
    config.write_text(LADDER.format(signal=SURGE, margin="crossed", latency=50, seed=1), encoding="utf-8")
    rest = recorded_data / "payloads" / "rest"
    code = main([
        "parity", "--config", str(config), "--data", str(recorded_data / "klines-1m" / "2025-05"),
        "--instruments", str(rest / "2026-07-03" / "fapi-v1-exchangeInfo.json"),
        "--instruments", str(rest / "leverage-brackets-2025-07.ccxt.json.gz"), "--symbols", "BTCUSDT,DOGEUSDT,XRPUSDT",
        "--from", "2025-06-09T23:00", "--to", "2025-06-10T03:00", "--json",
    ])  # fmt: skip
    said = msgspec.json.decode(capsys.readouterr().out)
    assert (code, said["equal"], said["differences"]) == (0, True, [])
    assert said["compared"]["decisions"]["live"] > 50
    assert said["compared"]["fills"]["live"] >= 4


def test_surge_and_ict_side_by_side_are_the_same(
    recorded_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both on one account over recorded candles: the ladder and limit entries with stops of their own."""
    config = tmp_path / "parity.toml"
    surge, _, own = SURGE.partition("[surge]\n")
    strategies = f'[strategies.surge.signal]\n{surge}[strategies.ict.signal]\nkind = "ict"\n[surge]\n{own}\n'
    ladder = LADDER.replace("[signal]\n{signal}\n", strategies).replace("[risk]", "[risk]\nallow_opposite_side = true")
    config.write_text(ladder.format(margin="crossed", latency=50, seed=1), encoding="utf-8")
    rest = recorded_data / "payloads" / "rest"
    code = main([
        "parity", "--config", str(config), "--data", str(recorded_data / "klines-1m" / "2025-05"),
        "--instruments", str(rest / "2026-07-03" / "fapi-v1-exchangeInfo.json"),
        "--instruments", str(rest / "leverage-brackets-2025-07.ccxt.json.gz"), "--symbols", "BTCUSDT,DOGEUSDT,XRPUSDT",
        "--from", "2025-06-09T23:00", "--to", "2025-06-10T05:00", "--json",
    ])  # fmt: skip
    said = msgspec.json.decode(capsys.readouterr().out)
    assert (code, said["equal"], said["differences"]) == (0, True, [])
    assert said["compared"]["fills"]["live"] >= 6


def test_symbols_that_are_not_listed_all_along_are_refused() -> None:
    """One that begins late, or ends early: over history there is no market then, and the exchange serves one."""
    config = configured()
    prepared = made_up(config, 2, 30)
    (symbol, whole), *_ = prepared.columns.items()
    rows = len(whole.open_time_ns)
    for missing in (range(rows - 20), range(rows - 5, rows)):
        columns = {**prepared.columns, symbol: without(whole, missing)}
        changed = prepared._replace(request=replace(prepared.request, candles=columns), columns=columns)
        with pytest.raises(ConfigError, match=f"{symbol} has candles from .* allowed for parity"):
            parity(config, changed)


def test_what_only_one_of_the_two_can_do_is_refused() -> None:
    """Outcomes that travel, a path that follows the position, and other assets."""
    config = configured()
    prepared = made_up(config, 1, 10)
    for market in ({"report_ms": 5}, {"path": "adverse"}):
        request = replace(prepared.request, market=msgspec.structs.replace(config.market, **market))
        with pytest.raises(ConfigError, match="allowed for parity"):
            parity(config, prepared._replace(request=request))
    with pytest.raises(ConfigError, match="allowed for parity"):
        parity(config, prepared._replace(request=replace(prepared.request, multi_assets=True)))
