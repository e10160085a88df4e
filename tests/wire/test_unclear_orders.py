"""Orders whose answers are lost, late, cut, doubled or wrong: one order for each intent, and the engine finds out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from sadari.model.event import ForceExitRequested, OrderCanceled, OrderRejected, OutcomeUnknown
from sadari.model.reason import RejectReason
from tests.live_account import happened
from tests.live_scene import Stage, stage
from tests.live_truth import covered

# What comes over the WebSocket API in place of a good answer, or beside it.
ANSWERS = {
    "F01 done": 'verb = "code"\ncode = -1007\nstatus = 408\napplied = true',
    "F01 not done": 'verb = "code"\ncode = -1007\nstatus = 408',
    "F02 done": 'verb = "code"\ncode = -1006\napplied = true',
    "F03 done": 'verb = "status_503"\nvariant = "A"\napplied = true',
    "F03 not done": 'verb = "status_503"\nvariant = "A"',
    "F04 B": 'verb = "status_503"\nvariant = "B"',
    "F04 C": 'verb = "status_503"\nvariant = "C"',
    "F05 D": 'verb = "status_503"\nvariant = "D"',
    "F04 another sentence": 'verb = "status_503"\nvariant = "B"\nmessage = "Service Unavailable!"',
    "F13": 'verb = "code"\ncode = -4116\napplied = true',
    "F44": 'verb = "alter_reply"\nfind = \'"status":"[A-Z]*"\'\nput = \'"status":7\'',
    "F69": 'verb = "late_reply"\nseconds = 1',
}
# What happens to a request over HTTP on its way.
DELIVERIES = {
    "F06 lost reply": 'verb = "lost_reply"',
    "F06 lost request": 'verb = "lost_request"',
    "F07 before": 'verb = "reset"\npoint = "before"',
    "F07 within": 'verb = "reset"\npoint = "within"',
    "F07 after": 'verb = "reset"\npoint = "after"',
    "F08": 'verb = "cut_body"',
    "F08 without an end": 'verb = "cut_body"\nchunked = true',
    "F08 nothing": 'verb = "cut_body"\nsent = 0',
    "F09 done": 'verb = "html"\napplied = true',
    "F09 not done": 'verb = "html"',
    "F09 firewall": 'verb = "html"\nstatus = 403',
    "F14": 'verb = "late_request"\nseconds = 1',
}
# What breaks the connection of the WebSocket API between a request and its answer, and every other call that waits.
BROKEN = {name: DELIVERIES[name] for name in ("F06 lost reply", "F06 lost request", "F07 before", "F07 after", "F14")}
UNCLEAR = {name: ANSWERS[name] for name in ("F01 done", "F01 not done", "F02 done", "F03 done", "F03 not done", "F44")}
PLAYS: list[tuple[str, dict[str, str]]] = [("socket", ANSWERS), ("rest", DELIVERIES), ("socket", BROKEN)]


def break_next(on: Stage, ways: dict[str, str]) -> None:
    """Something goes wrong with the next order of every symbol."""
    for symbol, rule in zip(on.symbols, ways.values(), strict=True):
        on.break_order(symbol, rule)


async def opened(on: Stage, ways: dict[str, str]) -> None:
    """Something goes wrong with every entry, and then with every add."""
    break_next(on, ways)
    async with on.rig.running():
        await on.entered()
        break_next(on, ways)
        await _added(on)


async def reduced(on: Stage, ways: dict[str, str]) -> None:
    """Something goes wrong with every reduction."""
    async with on.rig.running():
        await on.entered()
        await _added(on)
        break_next(on, ways)
        on.gap("0.08")
        await on.each(lambda symbol: on.rig.position(symbol).exit_qty)
        await on.settled()


async def closed(on: Stage, ways: dict[str, str]) -> None:
    """Something goes wrong with every exit."""
    async with on.rig.running() as live:
        await on.entered()
        break_next(on, ways)
        for symbol in on.symbols:
            live.take(ForceExitRequested(time_ns=live.now_ns(), symbol=symbol, actor="test"))
        await on.each(lambda symbol: on.rig.position(symbol).is_in("CLOSED", "FLAT"))
        await on.settled()


async def _added(on: Stage) -> None:
    on.gap("-0.05")
    await on.each(lambda symbol: on.rig.position(symbol).stage and covered(on.rig, symbol))
    await on.settled()


async def stopped(on: Stage, ways: dict[str, str]) -> None:
    """Something goes wrong with the wall and the inner stop of every position, the first ones and the next ones."""
    for symbol, rule in zip(on.symbols, ways.values(), strict=True):
        on.break_order(symbol, rule, conditional=True, when="times = 3")
    async with on.rig.running():
        await on.entered()
        await _added(on)


@pytest.mark.parametrize("what", [opened, reduced, closed, stopped])
def test_an_order_is_made_once_whatever_becomes_of_its_answer(
    tmp_path: Path, what: Callable[[Stage, dict[str, str]], Awaitable[None]]
) -> None:
    """Each unclear outcome ends on evidence or on proof of absence; then the strategy decides anew."""

    async def played(path: str, ways: dict[str, str]) -> None:
        async with stage(tmp_path / f"{path}-{len(ways)}", path, symbols=len(ways)) as on:
            await what(on, ways)

    async def main() -> None:
        # Beside each other, for most of their time they wait.
        await asyncio.gather(*(played(*play) for play in PLAYS))

    asyncio.run(main())


def test_only_proof_of_absence_makes_a_refusal_of_an_unclear_answer(tmp_path: Path) -> None:
    """What may have been done is told as unknown, for every symbol; a refusal follows only where it was not done."""

    async def main() -> None:
        async with stage(tmp_path, symbols=len(UNCLEAR)) as on, on.rig.running():
            await on.entered()
            unknown, refused = happened(on.rig, OutcomeUnknown), happened(on.rig, OrderRejected)
            break_next(on, UNCLEAR)
            await _added(on)
            assert {one.symbol for one in unknown} == set(on.symbols)
            assert {one.reason for one in refused} <= {RejectReason.NOT_FOUND}

    asyncio.run(main())


@pytest.mark.parametrize("status", ["EXPIRED", "REJECTED"])
def test_a_stop_that_has_ended_with_its_answer_covers_nothing(tmp_path: Path, status: str) -> None:
    """It is placed again at once; the one that rests after all is found and goes."""

    async def main() -> None:
        async with stage(tmp_path, symbols=1) as on:
            (symbol,) = on.symbols
            rule = f"""verb = "alter_reply"\nfind = '"algoStatus":"NEW"'\nput = '"algoStatus":"{status}"'"""
            on.break_order(symbol, rule, conditional=True)
            async with on.rig.running():
                ended = happened(on.rig, OrderCanceled)
                await on.entered()
                assert len(on.rig.exchange.desk.algos) > len(on.symbols) * 2
                assert status in {one.cause for one in ended}

    asyncio.run(main())
