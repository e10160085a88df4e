"""The run over history beside the live engine over real sockets, on one tape."""

from __future__ import annotations

from array import array
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from sadari.cli.main import main
from sadari.errors import ConfigError
from sadari.model.command import Audit, PlaceOrder
from sadari.model.event import Event
from sadari.model.reason import DenialCode
from sadari.model.units import MILLISECOND_NS, MINUTE_NS
from sadari.run import synthetic
from sadari.run.backtest import backtest
from sadari.run.config import Config, parse
from sadari.run.inputs import Prepared
from sadari.run.parity import SECTIONS, Verdict, text
from sadari.run.parity_run import parity
from sadari.run.request import Request
from sadari.store.candles import CandleColumns

LADDER = """
[engine]
name = "parity"
[signal]
{signal}
[ladder]
margin_mode = "{margin}"
dca_trigger = [0.0015, 0.0035]
stop_by_stage = [0.006, 0.0045, 0.0035]
half_close_pct = 0.003
protect_offset = 0.002
protect_wall_offset = 0.005
[reentry]
cooldown_after_stop_minutes = 6
cooldown_after_exit_minutes = 3
max_per_symbol_per_day = 1000
[daily]
max_entries = 10000
[risk]
max_positions = 8
strategy_positions = 8
[market]
latency_ms = {latency}
seed = {seed}
"""
CROSS = "frame_minutes = 1\nfast = 5\nslow = 20\ncooldown_minutes = 5"
ALWAYS = 'kind = "always"\ndirection = "{}"'


def configured(signal: str = CROSS, *, margin: str = "isolated", latency: int = 50, seed: int = 8) -> Config:
    """A ladder whose rungs and stops are as far apart as a made-up market moves in minutes."""
    return parse(LADDER.format(signal=signal, margin=margin, latency=latency, seed=seed))


def made_up(config: Config, symbols: int, minutes: int) -> Prepared:
    """The last minutes of a made-up market, after enough for every line."""
    made = list(synthetic.market(symbols, 3, config.market.seed))
    columns = {one.instrument.symbol: one.candles for one in made}
    end_ns = max(one.end_ns for one in columns.values())
    request = Request(
        settings=config.settings(), balance=config.account.balance, candles=columns,
        instruments={one.instrument.symbol: one.instrument for one in made}, signals=config.signals(),
        surge=config.surge, ict=config.ict, scanner=config.scanner, market=config.market,
        funding={one.instrument.symbol: one.funding for one in made}, start_ns=end_ns - minutes * MINUTE_NS,
    )  # fmt: skip
    return Prepared(request, columns, [])


def agreed(verdict: Verdict, *, fills: int) -> None:
    """Nothing differs, and so many trades at least were compared."""
    assert verdict.equal, text(verdict)
    assert all(one == other for one, other in verdict.counts.values())
    assert tuple(verdict.counts) == SECTIONS
    assert verdict.counts["fills"][0] >= fills


def test_one_symbol_is_the_same_without_latency() -> None:
    """Entries, adds, recoveries, stops and half closes, each order and each amount."""
    config = configured(seed=7, latency=0)
    agreed(parity(config, made_up(config, 1, 240)), fills=11)


def test_several_symbols_on_one_account_are_the_same_with_latency() -> None:
    """Signals, orders and fills of one moment come in one order on both sides."""
    config = configured()
    agreed(parity(config, made_up(config, 3, 300)), fills=20)


def test_crossed_margin_differs_in_nothing_but_how_old_the_available_balance_is() -> None:
    """Live, it is as of the last reading; over history, of the moment. What is decided is the same."""
    config = configured(margin="crossed")
    verdict = parity(config, made_up(config, 3, 300))
    assert {one.section for one in verdict.differences} <= {"caps"}, text(verdict)
    assert verdict.counts["fills"][0] >= 20


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


@pytest.mark.parametrize("direction", ["long", "short"])
def test_an_engine_that_always_enters_is_the_same(direction: str) -> None:
    """Every symbol enters at the same moments, through a payment of funding."""
    config = configured(ALWAYS.format(direction), seed=9)
    agreed(parity(config, made_up(config, 2, 400)), fills=20)


def disturbed(columns: CandleColumns, first: int, gap: tuple[int, int], crash: tuple[int, float]) -> CandleColumns:
    """Candles from which some are missing, and of which one falls and comes back."""
    at, depth = first + crash[0], crash[1]
    lows = array("d", columns.low)
    lows[at] = round(lows[at] * (1 - depth), 1)
    whole = replace(columns, low=memoryview(lows))
    missing = range(first + gap[0], first + gap[0] + gap[1])
    return whole if not missing else without(whole, missing)


def without(columns: CandleColumns, missing: range) -> CandleColumns:
    """Candles that lack some rows."""
    parts: dict[str, Any] = {}
    for name in ("open_time_ns", "open", "high", "low", "close", "volume", "quote_volume"):
        column = getattr(columns, name)
        if column is not None:
            kept = [value for row, value in enumerate(column) if row not in missing]
            parts[name] = memoryview(array("q" if name == "open_time_ns" else "d", kept))
    return replace(columns, **parts)


def sent_into(prepared: Prepared, begin_ns: int, end_ns: int) -> bool:
    """Whether an order is under way to a symbol whose candles are missing then."""
    now_ns = 0
    for one in backtest(prepared.request).records:
        now_ns = one.time_ns if isinstance(one, Event) else now_ns
        if isinstance(one, PlaceOrder) and begin_ns <= now_ns < end_ns:
            return True
    return False


@settings(
    max_examples=6,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(
    seed=st.integers(1, 50),
    gap=st.tuples(st.integers(5, 100), st.sampled_from([0, 0, 3, 12])),
    crash=st.tuples(st.integers(5, 110), st.floats(0.0, 0.2)),
    latency=st.sampled_from([0, 50, 700]),
)
def test_crashes_change_nothing_and_gaps_only_what_is_out_of_sight(
    seed: int, gap: tuple[int, int], crash: tuple[int, float], latency: int
) -> None:
    """Missing candles, prices that fall through all levels at once, whatever the latency.

    An order that arrives where candles are missing waits for the next one over history, where no price is known; a
    served exchange has its last one. Such tapes are left out.
    """
    config = configured(ALWAYS.format("long"), seed=seed, latency=latency)
    prepared = made_up(config, 1, 120)
    ((symbol, whole),) = prepared.columns.items()
    first = len(whole.open_time_ns) - 120
    columns = {symbol: disturbed(whole, first, gap, crash)}
    changed = prepared._replace(request=replace(prepared.request, candles=columns), columns=columns)
    begin_ns = whole.open_time_ns[first + gap[0]]
    assume(not gap[1] or not sent_into(changed, begin_ns - latency * MILLISECOND_NS, begin_ns + gap[1] * MINUTE_NS))
    verdict = parity(config, changed)
    if gap[1] and not verdict.equal:
        # A minute without a candle is a stream out of sight: live, nothing is opened until all is compared again.
        told = verdict.differences[0].live
        assert told is not None, text(verdict)
        assert told.said.get("denial") == DenialCode.ENGINE_NOT_RUNNING, text(verdict)
    else:
        agreed(verdict, fills=1)


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
