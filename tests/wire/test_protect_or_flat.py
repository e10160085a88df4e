"""Stops that the exchange refuses, or that fail when they are needed: held means covered, or on the way out (faults R2)."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sadari.model.event import ForceExitRequested
from tests.live_scene import stage
from tests.live_truth import covered

# What the exchange says to stops of a symbol, how often, and whether the position can be kept.
REFUSALS = {
    "F31": ("code = -2021", "times = 1", False),
    "F32": ("code = -4045", "times = 2", True),
    "F38": ("code = -4120", "", False),
    "F98": ("code = -1000", "", False),
    "F39": ("code = -4130", "times = 1", True),
    "F21": ("code = -2015\nstatus = 401", "times = 2", True),
}
BROKEN = ("stuck", "rejected", "unfilled")
# What the exchange says to exits before it lets one pass.
EXITS = {
    "F23": ("code = -2022", "times = 2"),
    "F30": ("code = -4131", "times = 5"),
    "F42": ("code = -4400", "times = 1"),
}
ONCE = "\n[ladder]\nleverage = 3\n[reentry]\nmax_per_symbol_per_day = 1\n"


def test_a_stop_that_is_refused_is_placed_again_or_the_position_is_closed(tmp_path: Path) -> None:
    """A few refusals are tried again, for ever they end flat; a trigger that is passed already closes at once."""

    async def main() -> None:
        async with stage(tmp_path, symbols=len(REFUSALS), more=ONCE) as on:
            told = dict(zip(on.symbols, REFUSALS.values(), strict=True))
            for symbol, (code, when, _) in told.items():
                on.break_order(symbol, f'verb = "code"\n{code}', conditional=True, when=when)
            async with on.rig.running():
                await on.each(
                    lambda symbol: (
                        on.rig.held(symbol) and covered(on.rig, symbol) if told[symbol][2] else on.is_over(symbol)
                    )
                )
                await on.settled()
                assert {symbol for symbol in on.symbols if on.rig.held(symbol)} == {
                    symbol for symbol, one in told.items() if one[2]
                }

    asyncio.run(main())


def test_a_stop_that_fails_at_its_trigger_is_replaced_by_an_exit(tmp_path: Path) -> None:
    """Stuck, rejected or gone without a fill: nothing is covered by it, and everything is closed."""

    async def main() -> None:
        async with stage(tmp_path, symbols=len(BROKEN), more=ONCE) as on:
            async with on.rig.running():
                await on.entered()
                for symbol, outcome in zip(on.symbols, BROKEN, strict=True):
                    # The engine does not see the price itself, or it would be out before the stop is needed.
                    on.fault(f'verb = "drop_frame"\nstream = "{symbol.lower()}@aggTrade"')
                    on.fault(f'verb = "break_trigger"\nsymbol = "{symbol}"\noutcome = "{outcome}"')
                on.gap("-0.13")
                await on.each(lambda symbol: not on.rig.held(symbol))
                await on.settled()
                fired = [algo for algo in on.rig.exchange.desk.algos.values() if algo.triggered_ns]
                assert {algo.symbol for algo in fired} == set(on.symbols)

    asyncio.run(main())


def test_an_exit_that_is_refused_is_tried_until_the_position_is_flat(tmp_path: Path) -> None:
    """The reason matters for how, not for whether; stops stay until then."""

    async def main() -> None:
        async with stage(tmp_path, symbols=len(EXITS), more=ONCE) as on:
            async with on.rig.running() as live:
                await on.entered()
                for symbol, (code, when) in zip(on.symbols, EXITS.values(), strict=True):
                    on.break_order(symbol, f'verb = "code"\n{code}', when=when)
                    live.take(ForceExitRequested(time_ns=live.now_ns(), symbol=symbol, actor="test"))
                bare = set()

                def flat(symbol: str) -> bool:
                    if not covered(on.rig, symbol):
                        bare.add(symbol)
                    return not on.rig.held(symbol)

                await on.each(flat)
                await on.settled()
                assert not bare

    asyncio.run(main())
