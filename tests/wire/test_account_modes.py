"""Settings that somebody changes under a running engine, and an account in hedge mode, over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from sadari.localexchange.faults.served import FAULTS
from sadari.model.order import PositionSide
from sadari.run.live.engine import LiveEngine
from sadari.run.operator.commands import Commands
from tests.faults.rules import rules, table
from tests.live_account import ONCE, Books, decided, entered, fault, quiet, resting, settled, trades
from tests.live_engine import CONFIG, SYMBOL, Rig, rig

SELDOM = CONFIG.replace("sync_s = 2", "sync_s = 600")
HUMAN = "POST /control/human"
QTY = Decimal("0.010")
CHANGES: dict[str, tuple[str, dict[str, object]]] = {
    "leverage": ("/fapi/v1/leverage", {"symbol": SYMBOL, "leverage": 7}),
    "margin mode": ("/fapi/v1/marginType", {"symbol": SYMBOL, "marginType": "CROSSED"}),
}


@pytest.mark.requirement("R001-16")
@pytest.mark.parametrize("what", CHANGES)
def test_a_symbol_whose_setting_the_owner_changes_is_not_entered_until_it_is_prepared(
    tmp_path: Path, what: str
) -> None:
    """The exchange tells of it; every signal is denied; an operator's preparation sets it back, and it is entered."""

    async def story() -> None:
        async with rig(tmp_path / "engine", config=SELDOM) as it:
            books = Books(it)
            async with it.running(ONCE) as live:
                await it.until(lambda: live.state == "RUNNING" and live.symbols.prepared)
                engine, operator = live.opened.engine, Commands(live)
                await operator.pause("tester", "until it is changed")
                path, values = CHANGES[what]
                await it.human(f"{HUMAN}{path}", **values)
                await it.until(lambda: engine.unprepared(SYMBOL))
                decisions = decided(it)
                await operator.resume("tester")
                await it.until(lambda: [one for one in decisions if one.denial == "SYMBOL_NOT_PREPARED"])
                assert not it.exchange.desk.orders
                await operator.prepare(SYMBOL)
                assert engine.unprepared(SYMBOL) is None
                await entered(it)
                held = it.exchange.desk.exchange.positions[SYMBOL]
                assert (held.leverage, held.mode) == (10, "isolated")
                await settled(it, books)

    asyncio.run(story())


def test_a_leverage_that_is_changed_under_a_position_stops_its_adds_and_keeps_its_stops(tmp_path: Path) -> None:
    """What is held stays protected; nothing is added until the plan's leverage is back."""

    async def story() -> None:
        async with rig(tmp_path / "engine", config=SELDOM) as it:
            books = Books(it)
            async with it.running(ONCE) as live:
                await entered(it)
                held = it.held()
                await it.human(f"{HUMAN}/fapi/v1/leverage", symbol=SYMBOL, leverage=12)
                await it.until(lambda: live.opened.engine.unprepared(SYMBOL))
                decisions = decided(it)
                fault(it, f'verb = "price_gap"\nsymbol = "{SYMBOL}"\nfraction = -0.035')
                await it.until(lambda: [one for one in decisions if one.rung == 1])
                assert decisions[0].denial == "SYMBOL_NOT_PREPARED"
                assert it.held() == held
                await settled(it, books)

    asyncio.run(story())


@pytest.mark.parametrize("hedge", ["true", "false"])
def test_orders_follow_a_position_mode_that_the_owner_has_changed(tmp_path: Path, hedge: str) -> None:
    """No message tells of it: one refusal does, the mode is read back, and the next order is written for it."""
    path = f"{HUMAN}/fapi/v1/positionSide/dual"

    async def story() -> None:
        async with rig(tmp_path / "engine", config=SELDOM) as it:
            books = Books(it)
            if hedge == "false":
                await it.human(path, dualSidePosition="true")
            async with it.running(ONCE) as live:
                await it.until(lambda: live.state == "RUNNING" and live.symbols.prepared)
                await Commands(live).pause("tester", "until it is changed")
                await it.human(path, dualSidePosition=hedge)
                await Commands(live).resume("tester")
                await it.until(lambda: len(resting(it)) == 2)
                assert live.recent.refusals == 1
                assert live.facts.hedge is (hedge == "true")
                if hedge == "false":
                    await settled(it, books)

    asyncio.run(story())


def test_multi_assets_mode_that_the_owner_turns_on_is_noticed(tmp_path: Path) -> None:
    """Isolated margin is gone with it: nothing is entered until the symbol was prepared again, crossed and said so."""

    async def story() -> None:
        async with rig(tmp_path / "engine", config=SELDOM) as it, it.running(ONCE) as live:
            await it.until(lambda: live.state == "RUNNING" and live.symbols.prepared)
            engine, operator = live.opened.engine, Commands(live)
            await operator.pause("tester", "until it is changed")
            await it.human(f"{HUMAN}/fapi/v1/marginType", symbol=SYMBOL, marginType="CROSSED")
            await it.human(f"{HUMAN}/fapi/v1/multiAssetsMargin", multiAssetsMargin="true")
            await it.until(lambda: it.exchange.desk.exchange.multi_assets and engine.unprepared(SYMBOL))
            text = await operator.prepare(SYMBOL)
            assert "CROSSED" in text
            await operator.resume("tester")
            await entered(it)
            assert it.exchange.desk.exchange.positions[SYMBOL].mode == "crossed"
            assert "MARGIN_SHARED" in {one.code for one in it.alerts}

    asyncio.run(story())


def held_on(it: Rig, side: str) -> Decimal:
    """What is held on one side of an account in hedge mode."""
    position = it.exchange.desk.exchange.position(SYMBOL, PositionSide(side))
    return Decimal(0) if position is None else abs(position.qty)


def covered_on(it: Rig, side: str) -> bool:
    """Whether exactly the wall and an inner stop for the whole of it rest on a side."""
    orders = [one.wish for one in resting(it) if one.wish.position_side == side]
    return sorted((one.close_position, one.qty or 0) for one in orders) == [(False, held_on(it, side)), (True, 0)]


@contextlib.asynccontextmanager
async def hedged(folder: Path, *, speed: float = 60.0) -> AsyncIterator[tuple[Rig, LiveEngine]]:
    """An engine on an account in hedge mode, with its first entry and the stops of that; the books agree at the end."""
    async with rig(folder, speed=speed) as it:
        await it.human(f"{HUMAN}/fapi/v1/positionSide/dual", dualSidePosition="true")
        books = Books(it)
        async with it.running(ONCE) as live:
            await it.until(lambda: held_on(it, "LONG") and covered_on(it, "LONG"))
            yield it, live
            await it.until(books.agree)


async def closes(it: Rig, live: LiveEngine) -> None:
    """Somebody ends the position, and nothing of its side is left."""
    await Commands(live).exit("tester", SYMBOL, "it was enough")
    await it.until(lambda: not held_on(it, "LONG") and it.position().is_in("CLOSED"))
    assert not [one for one in resting(it) if one.wish.position_side == "LONG"]


@pytest.mark.requirement("R004-1")
def test_a_hedge_mode_account_is_traded_with_sides_and_the_other_side_is_left_alone(tmp_path: Path) -> None:
    """Entry, add and exit are of the LONG side; a short of the owner shuts the gate and is never touched."""

    async def story() -> None:
        async with hedged(tmp_path / "engine") as (it, live):
            assert live.facts.hedge
            entry = held_on(it, "LONG")
            fault(it, f'verb = "price_gap"\nsymbol = "{SYMBOL}"\nfraction = -0.035')
            await it.until(lambda: held_on(it, "LONG") > entry and covered_on(it, "LONG"))
            await quiet(it)
            await trades(it, "SELL", QTY, positionSide="SHORT")
            await it.until(lambda: live.opened.engine.gate(SYMBOL) == ("FOREIGN_POSITION",))
            await it.until(lambda: it.position().working is None and not it.position().is_in("QUARANTINED"))
            await closes(it, live)
            assert held_on(it, "SHORT") == QTY

    asyncio.run(story())


@pytest.mark.requirement("R004-1")
def test_what_the_owner_trades_on_both_sides_is_kept_apart(tmp_path: Path) -> None:
    """F101: more of our side is ours to cover and to close, the other side is neither; nothing is netted."""
    longer, shorter = next(row.rules for row in FAULTS if row.fault == "F101")

    async def story() -> None:
        async with hedged(tmp_path / "engine") as (it, live):
            entry = held_on(it, "LONG")
            for number, rule in enumerate((shorter, longer)):
                change = {"symbol": SYMBOL, "from_s": None}
                it.exchange.faults.add(rules(table(rule), f"hand-{number}", change), it.exchange.gateway_ns())
                it.exchange.faults.act(it.exchange.gateway_ns())
            await it.until(lambda: "FOREIGN_POSITION" in live.opened.engine.gate(SYMBOL))
            await it.until(lambda: it.position().qty == held_on(it, "LONG") > entry and covered_on(it, "LONG"))
            await it.until(lambda: it.position().working is None)
            assert it.position().direction == "LONG"
            await closes(it, live)
            assert held_on(it, "SHORT") == Decimal("0.01")
            assert not resting(it)

    asyncio.run(story())


def _funded(it: Rig) -> list[int]:
    """When funding was booked, a time for each row."""
    return [one.time_ns for one in it.exchange.desk.exchange.income if one.kind == "FUNDING_FEE"]


@pytest.mark.requirement("R004-1")
def test_funding_of_both_sides_of_a_symbol_is_booked(tmp_path: Path) -> None:
    """Two rows of one time and no name of a side: the ledger has both, and nothing contradicts."""

    async def story() -> None:
        async with hedged(tmp_path / "engine", speed=3600.0) as (it, live):
            await trades(it, "SELL", 3 * QTY, positionSide="SHORT")
            await it.until(lambda: len(times := _funded(it)) > len(set(times)))
            await it.until(lambda: not live.opened.engine.untold)
        assert not {"SETTLEMENT_MISMATCH", "LEDGER_DIFFERS"} & {one.code for one in it.alerts}

    asyncio.run(story())
