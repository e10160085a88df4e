"""What goes wrong around a live engine closes nothing: judged from the exchange's own record. Source: strategies §6."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path

import pytest

from sadari.localexchange.faults.file import load_faults
from sadari.model.command import SetAlarm
from sadari.model.event import OperatorRequested
from sadari.run.live.engine import LiveEngine
from tests.live_account import NEVER, resting, trades
from tests.live_engine import PATIENCE_S, Rig, rig

Trouble = Callable[[Rig], Awaitable[None]]


async def fault(exchange: Rig, rule: str) -> None:
    """Add a rule of faults."""
    exchange.exchange.faults.add(load_faults(f"[[fault]]\n{rule}"), exchange.exchange.gateway_ns())


async def record(exchange: Rig) -> tuple[list[str], list[str]]:
    """The sides of every order that the exchange ever had, and the stops that wait."""
    truth = await exchange.human("GET /control/truth")
    waiting = [one["client_algo_id"] for one in truth["algos"] if one["ended_gateway_ns"] is None]
    return [one["side"] for one in truth["orders"]], waiting


async def breaks(engine: Rig) -> None:
    """Something raises in the engine's own loop."""

    def broken() -> None:
        raise ZeroDivisionError("of the test")

    asyncio.get_running_loop().call_soon(broken)
    await engine.until(lambda: engine.live.state == "FAILED")
    assert "ZeroDivisionError('of the test') (test_live_ends.py, line" in engine.live.ending.failure


async def is_rung_by_what_it_does_not_know(engine: Rig) -> None:
    """Something raises where the venue looks for what is due: nobody would hear an alarm any more."""
    engine.live.parts.alarms.set(SetAlarm(name="nonsense", at_ns=0))
    await engine.until(lambda: engine.live.state == "FAILED")
    assert "a task of the live venue has failed: ValueError" in engine.live.ending.failure


async def loses_everything(engine: Rig) -> None:
    """Each request and each frame is lost for a while."""
    await fault(engine, 'name = "calls"\nverb = "lost_request"')
    await fault(engine, 'name = "frames"\nverb = "close"')
    await engine.until(lambda: engine.live.state == "DEGRADED")
    for name in ("calls", "frames"):
        engine.exchange.faults.remove(name)
    await engine.until(lambda: engine.live.state == "RUNNING")


async def loses_its_listen_key(engine: Rig) -> None:
    """The key of the user stream expires."""
    await fault(engine, 'verb = "listen_key_death"')
    await engine.until(lambda: engine.live.parts.supervision.lost or engine.live.parts.side.health()[0].reconnects)
    await engine.until(lambda: engine.live.state == "RUNNING" and not engine.live.parts.supervision.lost)


@pytest.mark.requirement("R003-11")
@pytest.mark.parametrize("trouble", [breaks, is_rung_by_what_it_does_not_know, loses_everything, loses_its_listen_key])
def test_no_trouble_closes_a_position(tmp_path: Path, trouble: Trouble) -> None:
    """An exception, a lost connection and an expired listen key leave position and stops as they are."""

    async def play() -> None:
        async with rig(tmp_path) as played, played.running():
            await played.until(played.held)
            async with asyncio.timeout(PATIENCE_S):
                while len((await record(played))[1]) < 2:
                    await asyncio.sleep(0.01)
            await trouble(played)
            sides, waiting = await record(played)
            assert sides == ["BUY"]
            # The inner stop may just have been in the middle of moving: then there are two of it.
            assert {name[-1] for name in waiting} == {"W", "S"}
            assert played.held() > 0

    asyncio.run(play())


def test_a_stop_waits_for_the_first_comparison_which_protects_what_it_finds(tmp_path: Path) -> None:
    """An engine that ended before would leave what was filled meanwhile without a stop until its next start."""

    async def play() -> None:
        async with rig(tmp_path) as played:
            await trades(played, "BUY", Decimal("0.030"))
            await fault(played, 'verb = "late_reply"\npath = "/fapi/v1/openAlgoOrders"\nseconds = 1')
            async with played.running(NEVER) as live:
                assert live.state == "RECONCILING"
            assert live.state == "STOPPED"
            assert len(resting(played)) == 2
            assert played.held() == Decimal("0.030")

    asyncio.run(play())


def test_a_stop_in_the_moment_of_the_start_leaves_nothing_unprotected(tmp_path: Path) -> None:
    """Even one that comes before the first comparison has begun."""

    async def play() -> None:
        async with rig(tmp_path) as played:
            await trades(played, "BUY", Decimal("0.030"))
            live = LiveEngine(played._asked(NEVER))
            stopping: list[asyncio.Future[None]] = []

            def stop() -> None:
                wish = OperatorRequested(time_ns=live.now_ns(), command="stop_keep", actor="test", cause="at once")
                live.take(wish)
                stopping.append(asyncio.ensure_future(live.ending.drain()))

            ended = await live.run(stop)
            assert ended.state == "STOPPED"
            assert len(resting(played)) == 2
            assert played.held() == Decimal("0.030")

    asyncio.run(play())
