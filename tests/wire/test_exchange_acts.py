"""The exchange acts by itself on the account of a running engine, or more happens in a gap than a page holds."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from sadari.errors import SadariError
from sadari.run.operator.commands import Commands
from tests.live_account import (
    NEVER,
    ONCE,
    Books,
    agreed,
    audited,
    deaf,
    entered,
    fault,
    hearing,
    quiet,
    settled,
    stops,
    trades,
)
from tests.live_engine import CONFIG, MARKET, SYMBOL, Rig, rig

OTHER = max(MARKET.instruments)
QTY = Decimal("0.010")
SELDOM = CONFIG.replace("sync_s = 2", "sync_s = 600")


@pytest.mark.requirement("R004-1")
@pytest.mark.parametrize("qty", [QTY, None])
def test_what_is_deleveraged_is_booked_as_that(tmp_path: Path, qty: Decimal | None) -> None:
    """The stops follow a part; the whole ends the position for that reason."""

    async def story() -> None:
        async with rig(tmp_path / "engine") as it:
            books = Books(it)
            async with it.running(ONCE):
                await entered(it)
                held = it.held()
                fault(it, f'verb = "deleveraging"\nsymbol = "{SYMBOL}"' + (f"\nqty = {qty}" if qty else ""))
                await it.until(lambda: it.held() < held and agreed(it))
                await settled(it, books)
                if qty is None:
                    await it.until(lambda: it.position().is_in("CLOSED"))
                    assert it.position().reason == "ADL"
                else:
                    await it.until(lambda: it.position().is_in("INITIAL"))
                assert "ADL" in {one.code for one in it.alerts}

    asyncio.run(story())


def test_a_liquidation_is_booked_with_what_it_has_cost(tmp_path: Path) -> None:
    """Every stop has failed and the price falls over the liquidation price: the exchange's order ends the position."""

    async def story() -> None:
        async with rig(tmp_path / "engine") as it:
            books = Books(it)
            async with it.running(ONCE):
                await entered(it)
                fault(it, f'verb = "break_trigger"\nsymbol = "{SYMBOL}"\noutcome = "rejected"')
                fault(it, f'verb = "price_gap"\nsymbol = "{SYMBOL}"\nfraction = -0.2')
                await it.until(lambda: not it.held() and it.position().is_in("CLOSED"))
                assert it.position().reason == "EXCHANGE_LIQUIDATION"
                assert books.theirs()["insurance"]
                await it.until(books.agree)
                await settled(it, books)

    asyncio.run(story())


def test_funding_is_booked_once(tmp_path: Path) -> None:
    """Of an isolated position, by the exchange's amount, though stream and comparison both tell of it."""

    async def story() -> None:
        async with rig(tmp_path / "engine", speed=7200.0) as it:
            await trades(it, "BUY", 3 * QTY)
            books = Books(it)
            async with it.running(NEVER):
                await it.until(lambda: "funding" in books.theirs())
                await it.until(lambda: "funding" in books.ours())
                await settled(it, books)

    asyncio.run(story())


def test_what_a_comparison_read_before_it_failed_is_told_by_the_next(tmp_path: Path) -> None:
    """Income that was read is not told before orders and positions were: it must not be lost with them."""

    async def story() -> None:
        async with rig(tmp_path / "engine", config=SELDOM) as it:
            books = Books(it)
            async with it.running(NEVER) as live:
                await it.until(lambda: live.state == "RUNNING")
                deaf(it)
                await it.human("POST /control/transfer", asset="USDT", amount=50)
                fault(it, 'verb = "html"\npath = "/fapi/v1/openAlgoOrders"')
                with pytest.raises(SadariError):
                    await Commands(live).sync()
                hearing(it)
                await Commands(live).sync()
                await settled(it, books)

    asyncio.run(story())


@pytest.mark.requirement("R004-9")
@pytest.mark.requirement("R004-14")
@pytest.mark.parametrize("found", ["start", "reconnect", "sync_s", "sync"])
def test_what_nobody_has_told_is_found(tmp_path: Path, found: str) -> None:
    """At a start, after a reconnect, at the next comparison and when an operator asks for it: the same is found."""

    async def story() -> None:
        async with rig(tmp_path / "engine", config=CONFIG if found == "sync_s" else SELDOM) as it:
            books = Books(it)
            async with it.running(ONCE) as live:
                await entered(it)
                await quiet(it)
                held, inner = it.held(), stops(it)[0]
                audit = audited(it)
                if found != "start":
                    deaf(it)
                    await _meanwhile(it, inner)
                    assert it.position().qty == held or found == "sync_s"
                if found == "sync":
                    await Commands(live).sync()
                elif found == "reconnect":
                    hearing(it)
                    fault(it, 'verb = "listen_key_death"')
                if found != "start":
                    await _as_found(it, books, held, inner)
                    assert audit("EXTERNAL_FILL")
            if found == "start":
                await _meanwhile(it, inner)
                async with it.running(ONCE):
                    await _as_found(it, books, held, inner)

    asyncio.run(story())


async def _meanwhile(it: Rig, inner: str) -> None:
    await trades(it, "SELL", QTY)
    await it.human("DELETE /control/human/fapi/v1/algoOrder", symbol=SYMBOL, clientAlgoId=inner)
    await it.human("POST /control/transfer", asset="USDT", amount=50)


async def _as_found(it: Rig, books: Books, held: Decimal, inner: str) -> None:
    await it.until(lambda: it.held() == held - QTY and agreed(it) and stops(it)[0] != inner)
    await settled(it, books)
    await it.until(lambda: it.position().is_in("INITIAL"))
    assert "MANUAL_EXTERNAL" in {one.code for one in it.alerts}


def test_what_the_owner_opens_and_closes_unheard_elsewhere_is_in_the_ledger(tmp_path: Path) -> None:
    """Nothing of it is held when the account is compared, and nobody here trades the symbol: income names it."""

    async def story() -> None:
        async with rig(tmp_path / "engine", config=SELDOM) as it:
            books = Books(it)
            async with it.running(ONCE) as live:
                await entered(it)
                await quiet(it)
                deaf(it)
                for side in ("BUY", "SELL"):
                    await trades(it, side, QTY, OTHER)
                await Commands(live).sync()
                await settled(it, books)
                assert OTHER in {account.removeprefix("position:") for account in books.ours()}

    asyncio.run(story())


def test_a_gap_of_more_trades_than_a_page_holds_loses_none(tmp_path: Path) -> None:
    """While the user stream says nothing the owner trades 1,001 times: all of them are booked, each once."""

    async def story() -> None:
        async with rig(tmp_path / "engine", config=SELDOM) as it:
            books = Books(it)
            async with it.running(ONCE) as live:
                await entered(it)
                deaf(it)
                before = len(it.exchange.desk.trades)
                fault(it, f'verb = "human_trade"\nsymbol = "{SYMBOL}"\nside = "BUY"\nqty = 0.001\ntrades = 1001')
                assert len(it.exchange.desk.trades) >= before + 1001
                hearing(it)
                fault(it, 'verb = "listen_key_death"')
                await it.until(lambda: live.opened.engine.state == "RUNNING" and agreed(it))
                await settled(it, books)

    asyncio.run(story())


def test_what_a_hand_traded_unheard_before_the_first_trade_that_was_heard_is_in_the_ledger(tmp_path: Path) -> None:
    """The list of a symbol's trades begins for us with the first one told; income names the one before (I6)."""

    async def story() -> None:
        async with rig(tmp_path / "engine", config=SELDOM) as it:
            books = Books(it)
            async with it.running(NEVER):
                await it.until(lambda: it.live.state == "RUNNING")
                deaf(it)
                await trades(it, "SELL", QTY)
                await asyncio.sleep(0.2)
                hearing(it)
                await trades(it, "BUY", QTY)
                await it.until(lambda: it.trading.fills.told)
                await Commands(it.live).sync()
                await it.until(books.agree)

    asyncio.run(story())
