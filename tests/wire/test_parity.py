"""The run over history beside the live engine over real sockets, on one tape."""

from __future__ import annotations

from array import array
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from sadari.cli.main import main
from sadari.errors import ConfigError
from sadari.model.command import Audit, RecordExit, RecordPosition
from sadari.model.units import MINUTE_NS
from sadari.run import synthetic
from sadari.run.backtest import backtest
from sadari.run.config import Config, parse
from sadari.run.inputs import Prepared
from sadari.run.parity import SECTIONS, Verdict, text
from sadari.run.parity_run import parity
from sadari.run.request import Request
from sadari.store.candles import CandleColumns
from sadari.store.funding import FundingColumns

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


def configured(
    signal: str = CROSS, *, margin: str = "isolated", latency: int = 50, seed: int = 8, more: str = "",
    strategies: str = "",
) -> Config:  # fmt: skip
    """A ladder whose rungs and stops are as far apart as a made-up market moves in minutes; ``more`` outranks it.

    ``strategies`` take the place of the signal.
    """
    sections: dict[str, dict[str, str]] = {}
    section: dict[str, str] = {}
    ladder = LADDER if not strategies else LADDER.replace("[signal]\n{signal}\n", strategies)
    for text_ in (ladder.format(signal=signal, margin=margin, latency=latency, seed=seed), more):
        for line in filter(None, text_.splitlines()):
            if line.startswith("["):
                section = sections.setdefault(line, {})
            else:
                section[line.partition(" = ")[0]] = line
    return parse("\n".join("\n".join((name, *lines.values())) for name, lines in sections.items()))


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


class Tape(NamedTuple):
    """What becomes of one symbol in the last minutes: which candles are missing, and which one falls and comes back."""

    gap: tuple[int, int] = (0, 0)
    crash: tuple[int, float] = (0, 0.0)
    funded: tuple[int, ...] = ()


class Story(NamedTuple):
    """A tape of some symbols, and by which configuration it is run."""

    tapes: tuple[Tape, ...]
    minutes: int = 90
    signal: str = ALWAYS.format("long")
    margin: str = "isolated"
    latency: int = 50
    seed: int = 1
    more: str = ""

    def told(self) -> tuple[Config, Prepared]:
        """What is given to both."""
        config = configured(self.signal, margin=self.margin, latency=self.latency, seed=self.seed, more=self.more)
        prepared = made_up(config, len(self.tapes), self.minutes)
        request, columns, funding = prepared.request, dict(prepared.columns), dict(prepared.request.funding)
        for (symbol, whole), tape in zip(prepared.columns.items(), self.tapes, strict=True):
            first = len(whole.open_time_ns) - self.minutes
            tick = float(request.instruments[symbol].tick_size)
            columns[symbol] = disturbed(whole, first, tape.gap, tape.crash, tick)
            paid_ns = [whole.open_time_ns[first + minute] for minute in sorted(tape.funded)]
            if paid_ns:
                rates = memoryview(array("d", [0.002 if at % 2 else -0.0003 for at in range(len(paid_ns))]))
                funding[symbol] = FundingColumns(memoryview(array("q", paid_ns)), rates, None)
        changed = replace(request, candles=columns, funding=funding)
        return config, prepared._replace(request=changed, columns=columns)


def disturbed(
    columns: CandleColumns, first: int, gap: tuple[int, int], crash: tuple[int, float], tick: float
) -> CandleColumns:
    """Candles from which some are missing, and of which one falls, on the tick, and comes back."""
    at, depth = first + crash[0], crash[1]
    lows = array("d", columns.low)
    lows[at] = min(lows[at], max(tick, round(round(lows[at] * (1 - depth) / tick) * tick, 8)))
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


MINUTES = 80
TAPES = st.builds(
    Tape,
    gap=st.tuples(st.integers(3, MINUTES - 20), st.sampled_from([0, 0, 1, 2, 3, 12])),
    crash=st.tuples(st.integers(3, MINUTES - 5), st.one_of(st.just(0.0), st.floats(0.0, 0.02), st.floats(0.0, 0.2))),
    funded=st.sets(st.integers(5, MINUTES - 1), max_size=3).map(tuple),
)
# Small accounts and large orders, so that margin, steps and gates have their say; a ladder whose lots come back.
RICH = "[account]\nbalance = 10000\n"
POOR = """
[account]
balance = 300
[risk]
max_positions = 2
strategy_positions = 2
min_reserve_pct = 0.0
max_order_margin_pct = 0.9
[ladder]
weights = [0.10, 0.12, 0.12]
dca_rearm = true
tech_frame_minutes = 1
tech_exit = "ATR_TRAIL"
tech_atr_k = 1.0
"""
STORIES = st.builds(
    Story,
    tapes=st.lists(TAPES, min_size=1, max_size=3).map(tuple),
    minutes=st.just(MINUTES),
    signal=st.sampled_from([CROSS, ALWAYS.format("long"), ALWAYS.format("long"), ALWAYS.format("short")]),
    margin=st.sampled_from(["isolated", "crossed"]),
    latency=st.sampled_from([0, 50, 700]),
    seed=st.integers(1, 50),
    more=st.sampled_from([RICH, POOR]),
)
CRASH = Story((Tape(crash=(30, 0.15)), Tape(crash=(30, 0.09))), seed=3)


@settings(
    max_examples=18,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@example(Story((Tape(), Tape()), latency=0, seed=4)).via("two signals at once, and an order that takes no time")
@example(Story((Tape((20, 2)), Tape()), seed=5)).via("an order that arrives where candles are missing")
@example(Story((Tape((20, 12)), Tape((25, 12)), Tape()), more=POOR)).via("a signal that follows missing candles")
@example(CRASH._replace(margin="crossed", latency=700)).via("a rung that is armed where the price is beyond it")
@example(CRASH._replace(margin="crossed", latency=0)).via("two levels that are met at one nanosecond")
@example(
    Story(
        (Tape((56, 1), (34, 0.0174), (36, 77)), Tape((6, 12), funded=(8,)), Tape((55, 12), (75, 0.177))),
        MINUTES,
        margin="crossed",
        latency=700,
        seed=10,
        more=RICH,
    )
).via("an order that arrives at a price that was left on the way and is there again")
@example(Story((Tape((21, 12)), Tape(crash=(70, 0.0554))), MINUTES, CROSS, latency=700, seed=46, more=POOR)).via(
    "an alarm at a moment in which no price is new"
)
@example(
    Story(
        (Tape(crash=(66, 0.00365), funded=(44,)), Tape((4, 2), (4, 0.1668), (50, 63)), Tape((5, 2), (62, 0.0428))),
        MINUTES,
        latency=0,
        seed=43,
        more=POOR,
    )
).via("an order that takes no time, at the end")
@example(
    Story(
        (Tape((41, 3), (10, 0.0181)), Tape((49, 12)), Tape((29, 12), (28, 0.1907))),
        MINUTES,
        latency=0,
        seed=14,
        more=POOR,
    )
).via("an equity with more decimals than the exchange books")
@given(story=STORIES)
def test_made_up_tapes_are_the_same(story: Story) -> None:
    """Missing candles, prices that fall through all levels at once, funding, whatever the latency and the margin."""
    agreed(parity(*story.told()), fills=0)


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
