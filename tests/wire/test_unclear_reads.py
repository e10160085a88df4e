"""Reads that lag, are empty, odd or refused while orders are unclear: nothing is taken for absent, nothing is sold."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.live_scene import Stage, stage
from tests.live_truth import covered

MISSING = 'verb = "read_lag"\nseconds = 60\notherwise = "order_missing"'
# So long, by the exchange's clock: a comparison or two.
BAD_S = 6
READS = {
    "F26 orders": f'{MISSING}\nmethod = "GET"\npath = "/fapi/v1/*rder"',
    "F45 positions": 'verb = "read_lag"\nseconds = 60\npath = "/fapi/v3/positionRisk"\notherwise = "empty_list"',
    "F45 trades": 'verb = "read_lag"\nseconds = 60\npath = "/fapi/v1/userTrades"\notherwise = "empty_list"',
    "F46 positions": 'verb = "empty_read"\npath = "/fapi/v3/positionRisk"',
    "F46 stops": 'verb = "empty_read"\npath = "/fapi/v1/openAlgoOrders"',
    "F44 a stop": 'verb = "alter_reply"\npath = "/fapi/v1/openAlgo*"\nfind = \'"side":"SELL"\'\nput = \'"side":7\'',
    "F95": 'verb = "status_503"\nmethod = "GET"\nvariant = "B"\npath = "/fapi/*"',
    "F15": 'verb = "lost_request"\nmethod = "GET"\npath = "/fapi/*"',
}


async def _read(on: Stage, rule: str) -> None:
    """Entries without an answer while reads are bad for a while; then everything is well again."""
    async with on.rig.running() as live:
        on.fault(f"{rule}\nuntil_s = {BAD_S}")
        for symbol in on.symbols:
            on.break_order(symbol, 'verb = "code"\ncode = -1007\nstatus = 408\napplied = true')
        await on.each(on.rig.held)
        held = {symbol: on.rig.held(symbol) for symbol in on.symbols}
        await asyncio.sleep(BAD_S)
        assert {symbol: on.rig.held(symbol) for symbol in on.symbols} == held
        assert all(covered(on.rig, symbol) for symbol in on.symbols)
        await on.rig.until(lambda: live.state == "RUNNING")
        await on.settled()
        assert {symbol: on.rig.held(symbol) for symbol in on.symbols} == held
        assert {on.rig.position(symbol).state.value for symbol in on.symbols} == {"INITIAL"}
        assert not [one.code for one in on.rig.alerts if one.code == "POSITION_FOUND"]


def test_bad_reads_end_no_order_and_no_position(tmp_path: Path) -> None:
    """Misses alone never end an intent, an empty list never a position."""

    async def played(name: str, rule: str) -> None:
        async with stage(tmp_path / name.replace(" ", "-"), symbols=2) as on:
            try:
                await _read(on, rule)
            except AssertionError as error:
                raise AssertionError(f"{name}: {error}") from None

    async def main() -> None:
        await asyncio.gather(*(played(name, rule) for name, rule in READS.items()))

    asyncio.run(main())


def test_what_trades_while_a_comparison_reads_is_no_difference(tmp_path: Path) -> None:
    """A reading that was overtaken by a fill is not told: an add meanwhile is an add, and nothing is set aside."""

    async def main() -> None:
        async with stage(tmp_path, symbols=2) as on, on.rig.running() as live:
            await on.entered()
            on.fault('verb = "late_reply"\npath = "/fapi/v1/income"\nseconds = 1.5')
            firings = on.rig.exchange.faults.firings
            await on.rig.until(firings)
            on.gap("-0.05")
            await on.each(lambda symbol: on.rig.position(symbol).stage and covered(on.rig, symbol))
            number = len(firings())
            await on.rig.until(lambda: len(firings()) > number)
            await on.settled()
            assert not {one.code for one in on.rig.alerts} & {"POSITION_DIFFERS", "POSITION_FOUND", "QUARANTINED"}
            assert {on.rig.position(symbol).state.value for symbol in on.symbols} == {"FIRST_DCA"}
            assert live.state == "RUNNING"

    asyncio.run(main())
