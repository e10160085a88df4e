"""Runs that are compared: a ladder for made-up markets, those markets, and that nothing differs."""

from __future__ import annotations

from array import array
from dataclasses import replace
from typing import Any

from sadari.model.units import MINUTE_NS
from sadari.run.feed import synthetic
from sadari.run.feed.inputs import Prepared
from sadari.run.parity.differences import SECTIONS, Verdict, text
from sadari.run.settings.config import Config, parse
from sadari.run.settings.request import Request
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


def without(columns: CandleColumns, missing: range) -> CandleColumns:
    """Candles that lack some rows."""
    parts: dict[str, Any] = {}
    for name in ("open_time_ns", "open", "high", "low", "close", "volume", "quote_volume"):
        column = getattr(columns, name)
        if column is not None:
            kept = [value for row, value in enumerate(column) if row not in missing]
            parts[name] = memoryview(array("q" if name == "open_time_ns" else "d", kept))
    return replace(columns, **parts)
