"""Reads that show the account as it was before the last trade: nothing that rests is taken away, nothing is found."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from sadari.model.event import ForceExitRequested
from sadari.run.operator.commands import Commands
from tests.live_account import ONCE, Books, agreed, entered, fault, hearing, quiet, resting, settled
from tests.live_engine import SYMBOL, Rig, rig

POSITIONS, ACCOUNT = "/fapi/v*/positionRisk", "/fapi/v*/account"
# So long, of real time: several comparisons, all of which read what was.
WATCHED_S = 3.0
ALARMING = {"POSITION_FOUND", "POSITION_DIFFERS", "LEDGER_DIFFERS", "EXTERNAL_FILL", "PROTECTIVE_LOST"}


async def _lagging(it: Rig, paths: tuple[str, ...], seconds: float) -> None:
    """Let reads lag from now on; what was read a while ago is known by then."""
    for path in paths:
        fault(it, f'verb = "read_lag"\npath = "{path}"\nseconds = {seconds}')
    compared = it.trading.compared
    await it.until(lambda: it.trading.compared >= compared + 2)


async def _entry(it: Rig, paths: tuple[str, ...], seconds: float) -> None:
    """The entry is told by the stream, and no read shows it."""
    await Commands(it.live).pause("tester", "until reads lag")
    await _lagging(it, paths, seconds)
    await Commands(it.live).resume("tester")
    await it.until(lambda: it.held() and agreed(it))
    until_s = asyncio.get_running_loop().time() + WATCHED_S
    while asyncio.get_running_loop().time() < until_s:
        assert resting(it), "a live position has no stop"
        await asyncio.sleep(0.005)
    assert it.position().state == "INITIAL"
    assert it.held() == it.position().qty


async def _exit(it: Rig, paths: tuple[str, ...], seconds: float) -> None:
    """The exit is told by the stream, and reads still show the position."""
    await entered(it)
    await quiet(it)
    await _lagging(it, paths, seconds)
    it.live.take(ForceExitRequested(time_ns=it.live.now_ns(), symbol=SYMBOL, actor="tester"))
    await it.until(lambda: not it.held() and not it.position().qty)
    until_s = asyncio.get_running_loop().time() + WATCHED_S
    while asyncio.get_running_loop().time() < until_s:
        assert not it.position().qty
        await asyncio.sleep(0.005)


@pytest.mark.parametrize("play", [_entry, _exit])
def test_a_read_of_before_the_last_trade_decides_nothing(
    tmp_path: Path, play: Callable[[Rig, tuple[str, ...], float], Awaitable[None]]
) -> None:
    """F45, F46, I1, I2: whether positions lag alone or the account with them, and for however long."""

    async def played(paths: tuple[str, ...], seconds: float) -> None:
        async with rig(tmp_path / f"{len(paths)}-{seconds}") as it:
            books = Books(it)
            async with it.running(ONCE) as live:
                await it.until(lambda: live.state == "RUNNING")
                await play(it, paths, seconds)
                hearing(it)
                await settled(it, books)
                assert not ALARMING & {one.code for one in it.alerts}, it.lines

    async def main() -> None:
        both = (POSITIONS, ACCOUNT)
        await asyncio.gather(*(played(paths, lag) for paths in (both, both[:1]) for lag in (0.4, 3.0, 60.0)))

    asyncio.run(main())
