"""Losing sight closes nothing and cancels nothing; the engine guards by other means, and agrees before it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from sadari.model.command import Command
from sadari.model.event import EngineTurned, Event, PositionsShown
from tests.live_scene import Stage, stage
from tests.live_truth import covered

QUICK = "\n[ladder]\nleverage = 3\n"
PRICES, POSITIONS, KEEP = "GET /fapi/v2/ticker/price", "GET /fapi/v3/positionRisk", "PUT /fapi/v1/listenKey"


def asked(on: Stage, what: str) -> int:
    """How often the engine has asked for something."""
    return on.rig.live.connections.rest.calls.get(what, 0)


def done(on: Stage) -> tuple[int, set[str]]:
    """How many orders there were, and the stops that wait."""
    desk = on.rig.exchange.desk
    return len(desk.orders), {algo.client_algo_id for algo in desk.algos.values() if algo.is_open}


async def _blinded(on: Stage, rule: str) -> None:
    live = on.rig.live
    await on.entered()
    polled, synced, (stopped, kept) = asked(on, PRICES), asked(on, POSITIONS), on.symbols
    await on.rig.until(lambda: asked(on, POSITIONS) > synced)
    assert asked(on, PRICES) == polled
    before = done(on)
    on.fault(rule)
    await on.rig.until(lambda: live.state == "DEGRADED" and asked(on, PRICES) > polled)
    assert done(on) == before
    # Nobody else can close it: the exchange's own stops do not work.
    on.fault(f'verb = "break_trigger"\nsymbol = "{stopped}"\noutcome = "stuck"')
    on.gap("-0.12", [stopped])
    await on.rig.until(lambda: on.is_over(stopped))
    assert on.rig.position(stopped).reason == "STOP_LOSS_INITIAL"
    assert on.rig.held(kept)
    assert live.state == "DEGRADED"
    on.no_more_faults()
    await on.rig.until(lambda: live.state == "RUNNING")
    await on.settled()
    assert covered(on.rig, kept)
    polled, synced = asked(on, PRICES), asked(on, POSITIONS)
    await on.rig.until(lambda: asked(on, POSITIONS) > synced)
    assert asked(on, PRICES) == polled


def test_a_lost_market_is_guarded_by_prices_over_http(tmp_path: Path) -> None:
    """None is asked for while trades are seen; a stop acts on one; nothing else happens for lack of sight."""

    async def played(verb: str) -> None:
        async with stage(tmp_path / verb, symbols=2, more=QUICK, rest_price_s=1) as on, on.rig.running():
            await _blinded(on, f'verb = "{verb}"\nstream = "*@aggTrade"')

    async def main() -> None:
        await asyncio.gather(played("close"), played("malformed_frame"))

    asyncio.run(main())


@pytest.mark.requirement("R003-13")
def test_while_the_user_stream_is_down_positions_are_asked_for(tmp_path: Path) -> None:
    """What the owner does meanwhile is found and booked by its trades; then the engine agrees and goes on."""

    async def main() -> None:
        async with stage(tmp_path, symbols=2, rest_price_s=1) as on, on.rig.running() as live:
            await on.entered()
            before = done(on)
            on.fault('verb = "html"\nmethod = "POST"\npath = "/fapi/v1/listenKey"')
            on.fault('verb = "close"\nstream = "ACCOUNT_UPDATE"')
            await on.rig.human("POST /control/transfer", asset="USDT", amount="100")
            await on.rig.until(lambda: live.state == "DEGRADED")
            polled = asked(on, POSITIONS)
            await on.rig.until(lambda: asked(on, POSITIONS) > polled + 2)
            assert done(on) == before
            closed = on.symbols[0]
            on.fault(f'verb = "human_trade"\nsymbol = "{closed}"')
            await on.rig.until(lambda: not on.rig.held(closed) and not on.rig.position(closed).qty)
            assert live.state == "DEGRADED"
            on.no_more_faults()
            await on.rig.until(lambda: live.state == "RUNNING")
            await on.settled()

    asyncio.run(main())


def test_after_a_reconnect_everything_is_read_before_anything_goes_on(tmp_path: Path) -> None:
    """F68: what was done unheard is known before the engine decides again."""
    facts: list[str] = []

    def see(_: int, event: Event, __: Sequence[Command]) -> None:
        if isinstance(event, EngineTurned):
            facts.append(event.trigger)
        elif isinstance(event, PositionsShown) and not event.symbol:
            facts.append("shown")

    async def main() -> None:
        async with stage(tmp_path, symbols=1) as on, on.rig.running() as live:
            await on.entered()
            live.driver.observers.append(see)
            on.fault('verb = "close"\nstream = "ACCOUNT_UPDATE"')
            await on.rig.human("POST /control/transfer", asset="USDT", amount="100")
            await on.rig.until(lambda: "data_lost" in facts)
            on.no_more_faults()
            await on.rig.until(lambda: live.state == "RUNNING")
            await on.settled()

    asyncio.run(main())
    back = facts.index("data_recovered")
    assert "shown" in facts[back : facts.index("reconciled", back)]


async def _deleted(on: Stage) -> None:
    await on.rig.client.ask("DELETE /fapi/v1/listenKey")


async def _expired(on: Stage) -> None:
    on.fault('verb = "listen_key_death"')


async def _gone(on: Stage) -> None:
    on.fault('verb = "listen_key_death"\nevent = false')


@pytest.mark.requirement("R003-12")
def test_a_listen_key_that_has_ended_is_replaced_at_once(tmp_path: Path) -> None:
    """With its event or without, by time or by another program: orders are told of again, and no key is asked twice."""

    async def ended(name: str, end: Callable[[Stage], Awaitable[None]]) -> None:
        async with stage(tmp_path / name, symbols=2) as on, on.rig.running() as live:
            await on.entered()
            connections = on.rig.live.parts.side.health()[0].reconnects
            await end(on)
            on.gap("-0.05")  # The orders that follow are how a silent stream shows.
            await on.each(lambda symbol: on.rig.position(symbol).stage and covered(on.rig, symbol))
            await on.rig.until(lambda: on.rig.live.parts.side.health()[0].reconnects > connections)
            await on.rig.until(lambda: live.state == "RUNNING")
            await on.settled()
            assert asked(on, KEEP) <= 1

    async def main() -> None:
        await asyncio.gather(ended("deleted", _deleted), ended("expired", _expired), ended("gone", _gone))

    asyncio.run(main())
