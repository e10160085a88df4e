"""Reads that fail while an engine starts, and what of one contract is odd: nothing else is kept from going on."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from sadari.run.live import symbols
from tests.live_account import ONCE, entered, fault, hearing
from tests.live_engine import CONFIG, SYMBOL, rig
from tests.live_scene import MARKET, SYMBOLS

READ = 'verb = "status_503"\nmethod = "GET"\nvariant = "C"\n'


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What failed is read again after a moment."""
    monkeypatch.setattr(symbols, "AGAIN_S", 0.5)


def test_what_is_traded_most_is_asked_until_it_is_answered(tmp_path: Path) -> None:
    """It is for new exposure only: what is held stays held, and the engine runs."""

    async def story() -> None:
        async with rig(tmp_path / "engine") as it:
            async with it.running(ONCE):
                await entered(it)
            it.config = it.config.replace(f'symbols = ["{SYMBOL}"]', "symbols = []")
            fault(it, f'{READ}path = "/fapi/v1/ticker/24hr"')
            async with it.running(ONCE) as live:
                await it.until(lambda: live.state == "RUNNING")
                await it.until(lambda: any("what is traded most cannot be read" in line for line in it.lines))
                assert it.held()
                hearing(it)
                await it.until(lambda: live.symbols.prepared)
                assert live.state == "RUNNING"

    asyncio.run(story())


def test_a_symbol_whose_settings_cannot_be_read_is_prepared_once_they_can(tmp_path: Path) -> None:
    """Nobody has to ask for it; until then nothing is opened."""

    async def story() -> None:
        async with rig(tmp_path / "engine") as it, it.running(ONCE) as live:
            # Not before the examination: the symbols are prepared once all is compared.
            fault(it, f'{READ}path = "/fapi/v1/symbolConfig"')
            await it.until(lambda: any("its settings cannot be read" in line for line in it.lines))
            assert live.opened.engine.unprepared(SYMBOL)
            assert not it.held()
            hearing(it)
            await entered(it)
            assert live.symbols.prepared[SYMBOL].ready

    asyncio.run(story())


def test_an_odd_contract_that_nobody_trades_is_left_out(tmp_path: Path) -> None:
    """F44: a filter of another name bars no start with a position of another symbol; it is told of."""
    ours, odd = SYMBOLS[0], SYMBOLS[-1]
    rule = (
        'verb = "alter_reply"\npath = "/fapi/v1/exchangeInfo"\n'
        """find = '(?s)(.*)"filterType":"LOT_SIZE"'\nput = '\\1"filterType":"NEW_SIZE"'"""
    )

    async def story() -> None:
        async with rig(tmp_path / "engine", config=CONFIG, symbols=(ours,), market=MARKET) as it:
            async with it.running(ONCE):
                await entered(it, ours)
            fault(it, rule)
            async with it.running(ONCE) as live:
                await it.until(lambda: live.state == "RUNNING" and live.symbols.prepared)
                assert it.held(ours)
                assert any(odd in line and "left out" in line for line in it.lines), it.lines

    asyncio.run(story())
