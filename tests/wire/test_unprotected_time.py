"""Unprotected time as the engine reports it is what the exchange's own records say."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from sadari.model.event import ForceExitRequested
from tests.live_scene import stage
from tests.live_truth import covered, unprotected_ms

STOPS = {
    "well": "",
    "answered late": 'verb = "late_reply"\nseconds = 0.3',
    "made late": 'verb = "delay"\nseconds = 0.3',
    "refused once": 'verb = "code"\ncode = -4045',
    "refused before it was done": 'verb = "status_503"\nvariant = "B"',
    "unclear": 'verb = "code"\ncode = -1007\nstatus = 408\napplied = true',
}


def test_what_is_reported_is_what_the_exchange_shows(tmp_path: Path) -> None:
    """For entries and adds, with stops that are answered, made or told late: each time, to the millisecond."""

    async def main() -> None:
        async with stage(tmp_path, symbols=len(STOPS)) as on:
            for symbol, rule in zip(on.symbols, STOPS.values(), strict=True):
                if rule:
                    on.break_order(symbol, rule, conditional=True, when="every = 2\ntimes = 2")
            on.fault('verb = "delay_frame"\nstream = "ALGO_UPDATE"\nprobability = 0.5\nseconds = 0.2')
            async with on.rig.running() as live:
                await on.entered()
                on.gap("-0.05")
                await on.each(lambda symbol: on.rig.position(symbol).stage and covered(on.rig, symbol))
                await on.settled()
                live.take(ForceExitRequested(time_ns=live.now_ns(), symbol=on.symbols[0], actor="test"))
                await on.rig.until(lambda: on.is_over(on.symbols[0]))
                await on.rig.until(lambda: not live.unprotected.show().open)
                true = unprotected_ms(on.rig)
                assert live.unprotected.times_ms() == true
                assert live.unprotected.show().max_s == pytest.approx(true[-1] / 1_000)

    asyncio.run(main())
