"""Somebody else acts on the account of a running engine, over real sockets; the exchange's truth is the judge."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from sadari.model.event import Event, OrderFound
from sadari.run.operator.commands import Commands
from tests.live_account import NEVER, ONCE, Books, agreed, audited, entered, resting, settled, stops, trades
from tests.live_engine import MARKET, SYMBOL, rig

STEP = MARKET.instruments[SYMBOL].step_size
QTY = Decimal("0.010")


@pytest.mark.requirement("R004-1")
@pytest.mark.parametrize("part", [Decimal("0.5"), Decimal(1)])
def test_what_the_owner_closes_by_hand_is_closed_here(tmp_path: Path, part: Decimal) -> None:
    """The stops follow a partial close at once; a full one ends the position by the hand's own trades."""

    async def story() -> None:
        async with rig(tmp_path / "engine") as it:
            books = Books(it)
            async with it.running(ONCE):
                await entered(it)
                held = it.held()
                await trades(it, "SELL", (held * part).quantize(STEP))
                await settled(it, books)
                assert it.held() == held - (held * part).quantize(STEP)
                if part == 1:
                    await it.until(lambda: it.position().is_in("CLOSED"))
                    assert it.position().reason == "MANUAL_EXTERNAL"
                else:
                    await it.until(lambda: it.position().is_in("INITIAL"))

    asyncio.run(story())


@pytest.mark.requirement("R004-1")
def test_what_the_owner_adds_by_hand_is_protected_with_the_rest(tmp_path: Path) -> None:
    """The inner stop has the whole of it, and the position goes on once the comparison agrees."""

    async def story() -> None:
        async with rig(tmp_path / "engine") as it:
            books = Books(it)
            async with it.running(ONCE):
                await entered(it)
                held = it.held()
                await trades(it, "BUY", QTY)
                await settled(it, books)
                assert it.held() == held + QTY
                await it.until(lambda: it.position().is_in("INITIAL"))

    asyncio.run(story())


@pytest.mark.requirement("R004-1")
def test_a_position_that_the_owner_turns_around_ends_and_the_other_one_is_found(tmp_path: Path) -> None:
    """The long is closed by the hand; the short is nobody's here: protected at once, in quarantine."""

    async def story() -> None:
        async with rig(tmp_path / "engine") as it:
            books = Books(it)
            async with it.running(ONCE):
                await entered(it)
                held = it.held()
                await trades(it, "SELL", 2 * held)
                await it.until(lambda: it.held() == -held and agreed(it))
                await settled(it, books)
                assert it.position().is_in("QUARANTINED")
                assert it.position().strategy == "adopted"

    asyncio.run(story())


@pytest.mark.parametrize("which", ["inner", "wall"])
def test_a_stop_that_the_owner_cancels_is_back_at_once(tmp_path: Path, which: str) -> None:
    """Under another id, for the same quantity; the other stop stays all the time."""

    async def story() -> None:
        async with rig(tmp_path / "engine") as it:
            books = Books(it)
            async with it.running(ONCE):
                await entered(it)
                inner, wall = stops(it)
                gone, stays = (inner, wall) if which == "inner" else (wall, inner)
                await it.human("DELETE /control/human/fapi/v1/algoOrder", symbol=SYMBOL, clientAlgoId=gone)
                await it.until(lambda: agreed(it) and gone not in stops(it))
                assert stays in stops(it)
                await settled(it, books)

    asyncio.run(story())


def test_an_order_of_the_owner_shuts_the_gate_of_its_symbol_and_is_left_alone(tmp_path: Path) -> None:
    """Entries are denied while it rests; it is never canceled; when the owner takes it away the gate opens."""

    async def story() -> None:
        async with rig(tmp_path / "engine") as it:
            # What rests on a symbol keeps it from being prepared: it is as the plan wants it before.
            await it.human("POST /control/human/fapi/v1/marginType", symbol=SYMBOL, marginType="ISOLATED")
            await it.human("POST /control/human/fapi/v1/leverage", symbol=SYMBOL, leverage=10)
            price = it.exchange.market.symbols[SYMBOL].last_price
            low = (price * Decimal("0.7")).quantize(MARKET.instruments[SYMBOL].tick_size)
            asked = {"symbol": SYMBOL, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": QTY}
            order = await it.human("POST /control/human/fapi/v1/order", **asked, price=low, newClientOrderId="web_1")
            books = Books(it)
            async with it.running(ONCE) as live:
                engine = live.opened.engine
                await it.until(lambda: engine.gate(SYMBOL) == ("FOREIGN_ORDER",))
                for _ in range(2):
                    await Commands(live).sync()
                assert not it.held()
                assert [one.client_order_id for one in it.exchange.desk.open_orders(SYMBOL)] == ["web_1"]
                await it.human("DELETE /control/human/fapi/v1/order", symbol=SYMBOL, orderId=order["orderId"])
                await Commands(live).sync()
                assert not engine.gate(SYMBOL)
                await entered(it)
                await settled(it, books)

    asyncio.run(story())


def test_a_stop_of_ours_that_has_no_position_is_removed(tmp_path: Path) -> None:
    """An order with our prefix that nobody needs is withdrawn; the owner's own stop beside it stays."""

    async def story() -> None:
        async with rig(tmp_path / "engine") as it, it.running(NEVER) as live:
            name = f"{live.opened.settings.run_id}-900-W"
            low = (it.exchange.market.symbols[SYMBOL].last_price * Decimal("0.7")) // 1
            asked = {"symbol": SYMBOL, "side": "SELL", "type": "STOP_MARKET", "algoType": "CONDITIONAL"}
            for client_id, at in ((name, low), ("web_2", low - 1)):
                await it.human(
                    "POST /control/human/fapi/v1/algoOrder", **asked, triggerPrice=at, quantity=QTY,
                    clientAlgoId=client_id,
                )  # fmt: skip
            audit = audited(it)
            await it.until(lambda: [one.client_algo_id for one in resting(it)] == ["web_2"])
            await it.until(lambda: audit("ORPHAN_REMOVED") == [f"{name} of {SYMBOL}"])

    asyncio.run(story())


@pytest.mark.requirement("R004-1")
@pytest.mark.requirement("R004-24")
@pytest.mark.parametrize("answer", ["quarantined", "adopt", "auto_adopt"])
def test_a_position_found_at_the_start_is_protected_at_once(tmp_path: Path, answer: str) -> None:
    """It stays in quarantine until an operator adopts it, or is managed at once where the configuration says so."""

    async def story() -> None:
        async with rig(tmp_path / "engine") as it:
            await trades(it, "BUY", 3 * QTY)
            books = Books(it)
            async with it.running(NEVER + ("auto_adopt = true\n" if answer == "auto_adopt" else "")) as live:
                await it.until(lambda: agreed(it) and it.held() == 3 * QTY)
                await Commands(live).sync()
                assert it.position().is_in("INITIAL" if answer == "auto_adopt" else "QUARANTINED")
                if answer == "adopt":
                    await Commands(live).adopt("tester", SYMBOL)
                    assert it.position().is_in("INITIAL")
                    await Commands(live).exit("tester", SYMBOL, "it was enough")
                    await it.until(lambda: not it.held() and it.position().is_in("CLOSED"))
                await settled(it, books)

    asyncio.run(story())


@pytest.mark.requirement("R004-24")
def test_a_position_of_an_earlier_process_goes_on_with_what_was_done_meanwhile(tmp_path: Path) -> None:
    """Its plan and its stops are remembered; the owner's partial close and a transfer of the meantime are booked."""

    async def story() -> None:
        async with rig(tmp_path / "engine") as it:
            books = Books(it)
            async with it.running(ONCE):
                await entered(it)
                before, held, resting_then = it.position().id, it.held(), stops(it)
                await settled(it, books)
            assert stops(it) == resting_then
            await trades(it, "SELL", QTY)
            await it.human("POST /control/transfer", asset="USDT", amount=-100)
            async with it.running(ONCE):
                await it.until(lambda: it.held() == held - QTY and agreed(it))
                assert it.position().id == before
                assert stops(it)[1] == resting_then[1]
                await it.until(lambda: it.position().is_in("INITIAL"))
                await settled(it, books)

    asyncio.run(story())


def test_a_comparison_that_finds_everything_as_it_was_tells_no_order(tmp_path: Path) -> None:
    """Stops that rest where they should are no news: told every time, they would make most of the journal."""

    async def story() -> None:
        async with rig(tmp_path / "engine") as it:
            books = Books(it)
            async with it.running(ONCE) as live:
                await entered(it)
                told: list[str] = []

                def hear(_: int, event: Event, __: object) -> None:
                    if isinstance(event, OrderFound):
                        told.append(event.client_order_id)

                live.driver.observers.append(hear)
                compared = it.trading.comparison.done
                await it.until(lambda: it.trading.comparison.done > compared + 2)
                assert told == []
                assert len(stops(it)) == 2
                await settled(it, books)

    asyncio.run(story())
