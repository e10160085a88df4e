"""What is watched while a position is held: every trade, or prices by REST while trades are out of sight."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from sadari.binance import endpoints, stream_names
from sadari.localexchange.faults.file import load_faults
from sadari.model.units import MINUTE_NS
from sadari.run.figures.status import Status
from sadari.run.operator.shown import status
from sadari.store.journal import verify
from tests.live_engine import CONFIG, SYMBOL, Rig, rig

PRICES = f"{endpoints.TICKER_PRICE.method} {endpoints.TICKER_PRICE.path}"
TRADES = stream_names.trades(SYMBOL)
CANDLES = stream_names.candles(SYMBOL, MINUTE_NS)


def play(folder: Path, script: Callable[[Rig], Awaitable[None]], config: str = CONFIG) -> Rig:
    """An engine, from its start over a script to its end."""

    async def main() -> Rig:
        async with rig(folder, config=config, speed=200) as one:
            async with one.running():
                await one.until(lambda: one.held() and watched(one) == (SYMBOL,))
                await script(one)
            return one

    return asyncio.run(main())


def shown(one: Rig) -> Status:
    """The status of the engine that runs."""
    return status(one.live)


def watched(one: Rig) -> tuple[str, ...]:
    """Whose trades are held against levels."""
    return shown(one).watched


def asked_for_prices(one: Rig) -> int:
    """How often prices were asked for by REST."""
    return shown(one).counters.rest_calls.get(PRICES, 0)


def audited(folder: Path) -> list[dict[str, Any]]:
    """The lines of the audit."""
    files = sorted((folder / "audit").iterdir())
    return [json.loads(line) for path in files for line in path.read_text(encoding="utf-8").splitlines()]


def fault(one: Rig, name: str, rule: str) -> None:
    """Let a rule stand from now on."""
    text = f'[[fault]]\nname = "{name}"\n{rule}'
    one.exchange.faults.add(load_faults(text), one.exchange.gateway_ns())


@pytest.mark.requirement("R004-15", "R004-47", "R004-53", "R004-55", "R004-59", "R000-24")
def test_every_trade_of_what_is_held_is_checked_and_no_price_is_asked_for(tmp_path: Path) -> None:
    """Streams are there by themselves and go when the position does; the status says which are seen."""

    async def script(one: Rig) -> None:
        before, asked = shown(one).counters, asked_for_prices(one)
        await one.until(lambda: shown(one).counters.ticks_seen >= before.ticks_seen + 50)
        after = shown(one)
        assert after.counters.ticks_checked - before.ticks_checked == after.counters.ticks_seen - before.ticks_seen
        assert asked_for_prices(one) == asked
        assert one.live.parts.streams.missed == 0
        (symbol,) = after.symbols
        assert symbol.streams == {TRADES: True, CANDLES: True}
        assert after.performance.order_success_rate == 1
        assert after.performance.margin_utilisation is not None
        assert 0 < after.performance.margin_utilisation < 1
        assert one.exchange.hub.last_frames()
        sold = {"symbol": SYMBOL, "side": "SELL", "type": "MARKET", "quantity": one.held()}
        await one.human("POST /control/human/fapi/v1/order", **sold)
        await one.until(lambda: not one.held() and watched(one) == ())
        await one.until(lambda: shown(one).symbols[0].streams == {CANDLES: True})
        traded, candles = one.live.parts.ticks.price(SYMBOL), one.live.parts.market
        await one.until(lambda: candles.price(SYMBOL) != traded)
        # A price that nobody follows any more says nothing.
        assert one.live.price(SYMBOL) == candles.price(SYMBOL)

    one = play(tmp_path, script, CONFIG + "[daily]\nmax_entries = 1\n")
    assert f"{SYMBOL}: its trades are followed from now on" in one.lines
    assert f"{SYMBOL}: its trades are followed no more" in one.lines
    assert not one.exchange.hub.last_frames()
    kinds = {line["kind"] for line in audited(tmp_path)}
    assert {"signal", "decision", "order", "fill", "transition", "engine", "exit", "position"} <= kinds
    assert verify(tmp_path / "engine.journal").fault == ""


@pytest.mark.requirement("R004-54", "R004-55", "R004-59")
def test_while_trades_are_out_of_sight_prices_are_asked_for_and_no_more_once_they_are_back(tmp_path: Path) -> None:
    """Levels are held against those prices, nothing is closed because of it, and both turns are in log and audit."""

    async def script(one: Rig) -> None:
        held = one.held()
        fault(one, "down", f'verb = "close"\nstream = "{TRADES}"')
        await one.until(lambda: shown(one).state == "DEGRADED")
        await one.until(lambda: shown(one).symbols[0].streams[TRADES] is False)
        asked, checked = asked_for_prices(one), shown(one).counters.ticks_checked
        await one.until(lambda: asked_for_prices(one) >= asked + 2)
        await one.until(lambda: shown(one).counters.ticks_checked >= checked + 2)
        one.exchange.faults.remove("down")
        await one.until(lambda: shown(one).state == "RUNNING" and shown(one).symbols[0].streams[TRADES])
        asked, seen = asked_for_prices(one), shown(one).counters.ticks_seen
        await one.until(lambda: shown(one).counters.ticks_seen >= seen + 60)
        assert asked_for_prices(one) == asked
        assert one.held() == held

    one = play(tmp_path, script, CONFIG + "rest_price_s = 1\n")
    told = [line for line in one.lines if line.startswith("market is")]
    assert "prices are asked for every 1 s meanwhile" in told[0]
    assert told[-1] == "market is seen again"
    turns = [line["trigger"] for line in audited(tmp_path) if line.get("type") == "EngineTurned"]
    assert turns.index("start_ok") < turns.index("data_lost") < turns.index("data_recovered")
