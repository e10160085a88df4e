"""Stops that the exchange refuses, or that fail when they are needed: held means covered, or on the way out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sized
from pathlib import Path

import pytest

from sadari.model.event import ForceExitRequested
from tests.live_scene import Stage, stage
from tests.live_truth import covered

# What the exchange says to stops of a symbol, how often, and whether the position can be kept.
REFUSALS = {
    "F31": ("code = -2021", "times = 1", False),
    "F32": ("code = -4045", "times = 2", True),
    "F38": ("code = -4120", "", False),
    "F98": ("code = -1111", "", False),
    "F39": ("code = -4130", "times = 1", True),
    "F21": ("code = -2015\nstatus = 401", "times = 2", True),
}
BROKEN = ("stuck", "rejected", "unfilled")
# What the exchange says to exits before it lets one pass.
EXITS = {
    "F23": ("code = -2022", "times = 2"),
    "F30": ("code = -4131", "times = 2"),
    "F42": ("code = -4400", "times = 1"),
}
ONCE = "\n[ladder]\nleverage = 3\n[reentry]\nmax_per_symbol_per_day = 1\n"


async def _refused(on: Stage) -> None:
    """A few refusals are tried again, for ever they end flat; a trigger that is passed already closes at once."""
    told = dict(zip(on.symbols, REFUSALS.values(), strict=True))
    for symbol, (code, when, _) in told.items():
        on.break_order(symbol, f'verb = "code"\n{code}', conditional=True, when=when)

    def kept(symbol: str) -> object:
        return on.rig.held(symbol) and covered(on.rig, symbol) if told[symbol][2] else on.is_over(symbol)

    async with on.rig.running():
        await on.each(kept)
        await on.settled()
        assert all(kept(symbol) for symbol in on.symbols)


async def _failed(on: Stage) -> None:
    """Stuck, rejected or gone without a fill at its trigger: nothing is covered by it, and everything is closed."""
    async with on.rig.running():
        await on.entered()
        for symbol, outcome in zip(on.symbols, BROKEN, strict=True):
            # The engine does not see the price itself, or it would be out before the stop is needed.
            on.fault(f'verb = "drop_frame"\nstream = "{symbol.lower()}@aggTrade"')
            on.fault(f'verb = "break_trigger"\nsymbol = "{symbol}"\noutcome = "{outcome}"')
        on.gap("-0.13")
        await on.each(on.is_over)
        await on.settled()
        fired = {algo.symbol for algo in on.rig.exchange.desk.algos.values() if algo.triggered_ns}
        assert fired == set(on.symbols)


async def _held_back(on: Stage) -> None:
    """An exit that is refused is tried until nothing is held, and until then the stops stay."""
    async with on.rig.running() as live:
        await on.entered()
        for symbol, (code, when) in zip(on.symbols, EXITS.values(), strict=True):
            on.break_order(symbol, f'verb = "code"\n{code}', when=when)
            live.take(ForceExitRequested(time_ns=live.now_ns(), symbol=symbol, actor="test"))
        bare = set[str]()

        def flat(symbol: str) -> bool:
            if not covered(on.rig, symbol):
                bare.add(symbol)
            return on.is_over(symbol)

        await on.each(flat)
        await on.settled()
        assert not bare


@pytest.mark.parametrize(("what", "symbols"), [(_refused, REFUSALS), (_failed, BROKEN), (_held_back, EXITS)])
def test_what_is_held_is_covered_or_on_its_way_out(
    what: Callable[[Stage], Awaitable[None]], symbols: Sized, tmp_path: Path
) -> None:
    """Faults R2: protect, or flat."""

    async def main() -> None:
        async with stage(tmp_path, symbols=len(symbols), more=ONCE) as on:
            await what(on)

    asyncio.run(main())


def test_an_exit_that_a_ban_holds_back_is_told_and_made_when_it_is_over(tmp_path: Path) -> None:
    """It is not kept for the hours that a ban may last, and a person knows (faults F17)."""

    async def main() -> None:
        async with stage(tmp_path, symbols=1) as on, on.rig.running() as live:
            await on.entered()
            (symbol,), budget = on.symbols, live.connections.budget
            on.fault('verb = "retry_after"\nstatus = 418\nseconds = 300\npath = "/fapi/v3/positionRisk"\ntimes = 1')
            await on.rig.until(lambda: budget.shut_until_ns)
            live.take(ForceExitRequested(time_ns=live.now_ns(), symbol=symbol, actor="test"))
            await on.rig.until(lambda: "EXIT_REJECTED" in {one.code for one in on.rig.alerts})
            assert on.rig.held(symbol)
            budget._shut_until_ns = 0
            await on.rig.until(lambda: on.is_over(symbol))

    asyncio.run(main())
