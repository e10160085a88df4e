"""A stream that cannot be had back, five times in a row: protected by default, closed only where that was chosen.

Source: strategies §6, §10, §11; requirement R003-31 (C-06).
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from sadari.model.command import RecordLiquidation
from sadari.store.folder import Folder
from sadari.store.journal import decode, read
from tests.live_scene import Stage, stage
from tests.live_truth import covered

# One second and two, four, eight and sixteen between the attempts.
PATIENCE_S = 90.0
CHOSEN = 'sync_s = 4\non_recovery_exhausted = "liquidate"'
NOTICE = "\n[liquidation]\nnotice_s = 2\n"


async def deaf(on: Stage) -> None:
    """The user stream ends, and no listen key is given any more."""
    await on.entered()
    on.fault('verb = "html"\nmethod = "POST"\npath = "/fapi/v1/listenKey"')
    on.fault('verb = "close"\nstream = "ACCOUNT_UPDATE"')
    await on.rig.human("POST /control/transfer", asset="USDT", amount="100")
    exhausted = "RECOVERY_EXHAUSTED"
    await on.rig.until(lambda: [one for one in on.rig.alerts if one.code == exhausted], PATIENCE_S)


def closing(on: Stage) -> list[str]:
    """The orders of ours that closed something."""
    return [name for name in on.rig.live.opened.engine.orders if name.endswith("-X")]


async def protects(folder: Path) -> None:
    """The default: blind, behind both stops, for as long as it takes."""
    async with stage(folder, symbols=2) as on, on.rig.running() as live:
        await deaf(on)
        await asyncio.sleep(3)
        assert live.state == "DEGRADED"
        assert closing(on) == []
        assert all(on.rig.held(symbol) and covered(on.rig, symbol) for symbol in on.symbols)
        on.no_more_faults()
        await on.rig.until(lambda: live.state == "RUNNING", PATIENCE_S)


async def liquidates(folder: Path) -> None:
    """Where it was chosen: the notice, then everything over REST, and blind as before."""
    async with stage(folder, symbols=2, more=NOTICE) as on:
        on.rig.config = on.rig.config.replace("sync_s = 4", CHOSEN)
        async with on.rig.running() as live:
            await deaf(on)
            assert live.state == "LIQUIDATING"
            assert closing(on) == []
            await on.rig.until(lambda: live.state == "DEGRADED", PATIENCE_S)
            assert not any(on.rig.held(symbol) for symbol in on.symbols)
            assert live.opened.engine.causes == ("liquidation",)
            on.no_more_faults()
            await on.rig.until(lambda: live.state == "PAUSED", PATIENCE_S)
        told = [decode(line) for _, line in read(Folder(on.rig.folder).journal)]
        first = next(one for one in told if isinstance(one, RecordLiquidation))
        assert (first.source, first.reason, first.after) == ("SCHEDULED", "CONNECTION_FAILURE", "PAUSE")


@pytest.mark.requirement("R003-31", "R003-44", "R003-11")
def test_what_follows_a_stream_that_cannot_be_had_back(tmp_path: Path) -> None:
    """Both at once, since each waits for half a minute."""

    async def main() -> None:
        await asyncio.gather(protects(tmp_path / "protect"), liquidates(tmp_path / "liquidate"))

    asyncio.run(main())
