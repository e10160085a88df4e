"""The user stream tells twice, late, in another order, or not at all: what is booked is what the exchange has done."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sadari.model.event import ForceExitRequested
from tests.live_scene import Stage, stage
from tests.live_truth import covered

ORDERS = 'stream = "ORDER_TRADE_UPDATE"'
FRAMES = {
    "F70 out of order": f'verb = "reorder_frame"\n{ORDERS}\nprobability = 0.4\nbehind = 3',
    "F71 twice": f'verb = "duplicate_frame"\n{ORDERS}\nafter_s = 0.4',
    "F71 short words twice": 'verb = "duplicate_frame"\nstream = "TRADE_LITE"\ncopies = 3',
    "F72 late accounts": 'verb = "delay_frame"\nstream = "ACCOUNT_UPDATE"\nprobability = 0.5\nseconds = 0.5',
    "F72 late orders": f'verb = "delay_frame"\n{ORDERS}\nprobability = 0.5\nseconds = 0.5',
    "F68 lost parts": f'verb = "drop_frame"\n{ORDERS}\ncontains = \'"X":"PARTIALLY_FILLED"\'',
    "F68 lost ends": f'verb = "drop_frame"\n{ORDERS}\ncontains = \'"X":"FILLED"\'\nevery = 2',
    "F73 half dead": f'verb = "drop_frame"\n{ORDERS}',
    "F68 closed": f'verb = "close"\n{ORDERS}\nevery = 3\ntimes = 2',
    "F56 broken": f'verb = "malformed_frame"\n{ORDERS}\nevery = 4\ntimes = 3',
    "F44 odd": f'verb = "alter_frame"\n{ORDERS}\nevery = 4\ntimes = 3\nfind = \'"X":"[A-Z_]*"\'\nput = \'"X":"ODD"\'',
    "F40 no link": 'verb = "drop_frame"\nstream = "ALGO_UPDATE"\nevery = 2',
}


async def _lived(on: Stage) -> None:
    async with on.rig.running() as live:
        await on.entered()
        on.gap("-0.05")
        await on.each(lambda symbol: on.rig.position(symbol).stage and covered(on.rig, symbol))
        await on.settled()
        live.take(ForceExitRequested(time_ns=live.now_ns(), symbol=on.symbols[0], actor="test"))
        on.gap("-0.06", on.symbols[1:])  # Their stops go off, at the exchange or here.
        await on.each(lambda symbol: on.rig.position(symbol).is_in("CLOSED", "FLAT"))
        await on.settled()


def test_what_is_booked_is_what_was_done_however_it_is_told(tmp_path: Path) -> None:
    """Trades are booked once each by their ids, also those that the stream never told."""

    async def played(name: str, rule: str) -> None:
        async with stage(tmp_path / name.replace(" ", "-"), symbols=3) as on:
            on.fault(rule)
            try:
                await _lived(on)
            except AssertionError as error:
                raise AssertionError(f"{name}: {error}") from None

    async def main() -> None:
        await asyncio.gather(*(played(name, rule) for name, rule in FRAMES.items()))

    asyncio.run(main())
