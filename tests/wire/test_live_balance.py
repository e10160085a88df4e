"""What the engine knows of the account's money while it runs, and what it decides by it, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from sadari.model.command import Command, PlaceOrder
from sadari.model.event import Event, OrderRejected
from sadari.run.operator.commands import Commands
from tests.live_account import (
    NEVER,
    ONCE,
    Books,
    agreed,
    audited,
    deaf,
    decided,
    entered,
    fault,
    happened,
    hearing,
    quiet,
    settled,
    trades,
)
from tests.live_engine import CONFIG, MARKET, SYMBOL, Rig, rig

# Where nearly all of the money is taken out, the loss of the next trade is a large part of what is left.
SELDOM = CONFIG.replace("sync_s = 2", "sync_s = 600") + '\n[alerts]\non_drawdown = "consider"\n'
OFTEN = CONFIG.replace("sync_s = 2", "sync_s = 600\naccount_s = 1")
OTHER = max(MARKET.instruments)
ACCOUNT = "/fapi/v3/account"


async def began(it: Rig) -> None:
    """Wait until engine and exchange agree for the first time, and nothing is read for the preparation any more."""
    await it.until(lambda: it.live.state == "RUNNING" and it.live.symbols.prepared)


async def moved(it: Rig, amount: str) -> None:
    """The owner brings money in or takes it out."""
    answer = await it.human("POST /control/transfer", asset="USDT", amount=amount)
    assert answer["code"] == 200, answer


@pytest.mark.requirement("R002-7")
@pytest.mark.requirement("R002-9")
@pytest.mark.parametrize("amount", ["250.5", "-250.5"])
def test_the_user_stream_alone_changes_the_balance(tmp_path: Path, amount: str) -> None:
    """Nothing is asked; what it was, what it is and why are written down; the ledger has the transfer."""

    async def story() -> None:
        async with rig(tmp_path / "engine", config=SELDOM) as it:
            books = Books(it)
            async with it.running(NEVER) as live:
                await began(it)
                await quiet(it)
                account, audit = live.opened.engine.account, audited(it)
                before = dict(live.connections.rest.calls)
                await moved(it, amount)
                await it.until(lambda: account.wallet_balance == Decimal(10_000) + Decimal(amount))
                assert account.available_balance == Decimal(10_000) + Decimal(amount)
                asked = {what for what, calls in live.connections.rest.calls.items() if calls != before.get(what)}
                assert not {what for what in asked if "account" in what or "balance" in what or "income" in what}
                (told,) = audit("BALANCE_CHANGED")
                assert "wallet 10000" in told
                assert f"-> {Decimal(10_000) + Decimal(amount)}" in told
                await Commands(live).sync()
                await settled(it, books)

    asyncio.run(story())


@pytest.mark.requirement("R002-6")
@pytest.mark.requirement("R002-8")
def test_what_the_stream_kept_back_is_found_by_the_cross_check(tmp_path: Path) -> None:
    """It is reported, and what is read by REST counts."""

    async def story() -> None:
        async with rig(tmp_path / "engine", config=OFTEN) as it:
            books = Books(it)
            async with it.running(NEVER) as live:
                await began(it)
                deaf(it)
                await moved(it, "77")
                await it.until(lambda: live.opened.engine.account.wallet_balance == Decimal(10_077))
                assert any("shows a balance of 10077" in line and "stream said 10000" in line for line in it.lines)
                await settled(it, books)

    asyncio.run(story())


@pytest.mark.requirement("R000-4")
@pytest.mark.requirement("R000-7")
@pytest.mark.requirement("R000-9")
def test_balances_that_are_too_old_deny_until_they_are_read_again(tmp_path: Path) -> None:
    """While the account cannot be read its last balances stay and nothing is opened by them; then it goes on."""

    async def story() -> None:
        async with rig(tmp_path / "engine", config=OFTEN) as it:
            books = Books(it)
            async with it.running(ONCE + "[risk]\naccount_max_age_ms = 5000\n") as live:
                await began(it)
                await Commands(live).pause("tester", "until nothing can be read")
                decisions = decided(it)
                fault(it, f'verb = "status_503"\npath = "{ACCOUNT}"\nvariant = "B"')
                await Commands(live).resume("tester")
                await it.until(lambda: [one for one in decisions if one.denial == "ACCOUNT_DATA_STALE"])
                await it.until(lambda: any("status 503" in line for line in it.lines))
                assert not any(one.accepted for one in decisions)
                assert not it.exchange.desk.orders
                assert live.opened.engine.account.wallet_balance == Decimal(10_000)
                hearing(it)
                await entered(it)
                await settled(it, books)

    asyncio.run(story())


@pytest.mark.requirement("R002-10")
@pytest.mark.requirement("R002-5")
def test_the_next_signal_after_a_transfer_sizes_by_the_new_balance(tmp_path: Path) -> None:
    """The balance is the exchange's, whatever it was before: twice the money, twice the order."""

    async def story() -> None:
        async with rig(tmp_path / "engine", config=SELDOM) as it:
            books = Books(it)
            async with it.running(ONCE) as live:
                await began(it)
                await Commands(live).pause("tester", "until the money is there")
                await moved(it, "10000")
                await it.until(lambda: live.opened.engine.account.wallet_balance == Decimal(20_000))
                decisions = decided(it)
                await Commands(live).resume("tester")
                await entered(it)
                entry = next(one for one in decisions if one.accepted)
                step = MARKET.instruments[SYMBOL].step_size
                assert entry.qty == Decimal("0.015") * 20_000 * 10 / entry.price // step * step == it.held()
                await settled(it, books)

    asyncio.run(story())


@pytest.mark.requirement("R002-11")
def test_a_margin_ratio_of_a_half_pauses_the_engine(tmp_path: Path) -> None:
    """Brackets that ask for more make a crossed position dangerous: a person is told, and nothing is opened."""

    async def story() -> None:
        async with rig(tmp_path / "engine", config=OFTEN) as it:
            await trades(it, "BUY", Decimal(4), OTHER)
            async with it.running(NEVER) as live:
                ratio = it.exchange.desk.exchange.margin_ratio
                fault(it, f'verb = "bracket_change"\nsymbol = "{OTHER}"\nmaint_factor = 60')
                await it.until(lambda: live.opened.engine.causes == ("margin_ratio",))
                assert Decimal("0.5") <= (ratio() or 0) < 1
                assert "MARGIN_RATIO" in {one.code for one in it.alerts}
                assert live.opened.engine.state == "PAUSED"

    asyncio.run(story())


# "Margin is insufficient": the first fill is 0.264, and the 1.136 of the next order are not there any more.


def historical(it: Rig) -> str:
    """A ladder whose first two orders are those of the story, by the price of now."""
    price = it.exchange.market.symbols[OTHER].last_price
    first, second = price * Decimal("0.2645") / 100_000, price * Decimal("1.12") / 100_000
    return ONCE + (
        f"[risk]\nmax_positions = 1\nstrategy_positions = 1\n[ladder]\nweights = [{first:.6f}, {second:.6f}]\n"
        "dca_trigger = [0.01]\nstop_by_stage = [0.10, 0.08]\n"
    )


async def reserved(it: Rig, amount: Decimal) -> None:
    """An order of the owner on the other symbol takes margin, and rests."""
    instrument = MARKET.instruments[SYMBOL]
    price = it.exchange.market.symbols[SYMBOL].last_price * Decimal("0.95")
    price = price // instrument.tick_size * instrument.tick_size
    qty = amount * 20 / price // instrument.step_size * instrument.step_size
    asked = {"side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": qty, "price": price}
    answer = await it.human("POST /control/human/fapi/v1/order", symbol=SYMBOL, **asked)
    assert answer["status"] == "NEW", answer


def goes_on_the_way(it: Rig) -> None:
    """All but 40 is taken out when the next opening order has been sent and has not arrived."""
    gone: list[Decimal] = []

    def follow(_number: int, _event: Event, commands: Sequence[Command]) -> None:
        opens = any(isinstance(one, PlaceOrder) and one.purpose in ("ENTRY", "ADD") for one in commands)
        if opens and not gone:
            gone.append(it.live.opened.engine.account.available_balance - 40)
            it.exchange.desk.transfer(-gone[0], "USDT")

    it.live.driver.observers.append(follow)


@pytest.mark.requirement("R000-1")
@pytest.mark.requirement("R000-2")
@pytest.mark.requirement("R000-3")
@pytest.mark.requirement("R000-5")
@pytest.mark.requirement("R000-6")
@pytest.mark.parametrize(("left", "becomes"), [(120, "resized"), (45, "denied")])
def test_an_add_that_the_margin_does_not_reach_for_is_never_sent_so(tmp_path: Path, left: int, becomes: str) -> None:
    """After the first fill there is less money: the add is smaller or denied here, and nothing is refused there."""

    async def story() -> None:
        async with rig(tmp_path / "engine", config=OFTEN, symbols=(OTHER,)) as it:
            books = Books(it)
            async with it.running(historical(it)) as live:
                await entered(it, OTHER)
                await quiet(it)
                assert it.held(OTHER) == Decimal("0.264")
                refused, decisions = happened(it, OrderRejected), decided(it)
                account = live.opened.engine.account
                await reserved(it, account.available_balance - left)
                await it.until(lambda: left <= account.available_balance < left + 3)
                fault(it, f'verb = "price_gap"\nsymbol = "{OTHER}"\nfraction = -0.02')
                await it.until(lambda: [one for one in decisions if one.rung == 1])
                (add,) = (one for one in decisions if one.rung == 1)
                assert add.accepted is (becomes == "resized")
                if add.accepted:
                    await it.until(lambda: it.held(OTHER) == Decimal("0.264") + add.qty and agreed(it, OTHER))
                    assert 0 < add.qty < 1
                    assert add.binding == "c2_value"
                else:
                    assert add.denial == "MARGIN_BUFFER"
                await quiet(it)
                assert not refused
                await settled(it, books, OTHER)

    asyncio.run(story())


@pytest.mark.requirement("R000-1")
@pytest.mark.requirement("R000-2")
@pytest.mark.requirement("R000-22")
@pytest.mark.parametrize("rung", [0, 1])
def test_money_that_goes_while_the_order_is_on_its_way_costs_one_refusal(tmp_path: Path, rung: int) -> None:
    """The exchange refuses once; nothing is sent again until the account was read, and then by what is left."""

    async def story() -> None:
        async with rig(tmp_path / "engine", config=SELDOM, symbols=(OTHER,)) as it:
            books = Books(it)
            async with it.running(historical(it)):
                await began(it)
                refused, decisions = happened(it, OrderRejected), decided(it)
                if rung == 1:
                    await entered(it, OTHER)
                    await quiet(it)
                sent = len(it.exchange.desk.orders)
                goes_on_the_way(it)
                if rung == 1:
                    fault(it, f'verb = "price_gap"\nsymbol = "{OTHER}"\nfraction = -0.02')
                await it.until(lambda: refused)
                denied = len(decisions)
                await it.until(lambda: len(decisions) > denied)
                await quiet(it)
                assert [one.code for one in refused] == [-2019]
                assert len(it.exchange.desk.orders) == sent
                assert decisions[-1].denial == "MARGIN_BUFFER"
                await settled(it, books, OTHER)

    asyncio.run(story())
