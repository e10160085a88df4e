"""A symbol is prepared over real sockets, on every kind of account and against every refusal."""

from __future__ import annotations

import asyncio
from itertools import product

import msgspec
import pytest

from sadari.localexchange.faults.file import load_faults
from sadari.model.command import PlaceOrder
from sadari.model.event import SymbolPrepared, SymbolUnprepared
from sadari.model.order import MarginMode, OrderType, PositionSide, Purpose, Side
from sadari.venue.live.account.preparation import Preparation, Wish, event_of
from tests.local_exchange import BTC, ETH
from tests.wire.preparing import (
    CROSSED,
    ISOLATED,
    LEVERAGE,
    MARGIN,
    Policy,
    account,
    asked,
    effective,
    prepared_under,
    refused,
)
from tests.wire.rest_bench import bench

STATES = [
    (multi, current, held, wanted, policy)
    for multi, current, held, wanted, policy in product(
        (False, True), (CROSSED, ISOLATED), (False, True), (ISOLATED, CROSSED), ("crossed", "refuse")
    )
    if not (multi and current is ISOLATED)
]


@pytest.mark.requirement("R001-4", "R001-6", "R001-7", "R001-10", "R001-14", "R001-24", "R001-25", "R001-26")
@pytest.mark.parametrize(("multi", "current", "held", "wanted", "policy"), STATES)
def test_the_effective_mode_is_what_account_wish_and_exposure_allow(
    multi: bool, current: MarginMode, held: bool, wanted: MarginMode, policy: Policy
) -> None:
    """Every account, wish and policy: what is told is what the exchange has, and the leverage is set in all of them."""

    async def run() -> None:
        async with bench() as one:
            account(one, multi=multi, current=current, held=held)
            preparation = Preparation(one.rest, policy)
            prepared = await preparation.prepare(BTC, 50, wanted)
            impossible = multi and wanted is ISOLATED
            blocked = not multi and held and current is not wanted
            assert prepared.ready is not (blocked or (impossible and policy == "refuse"))
            assert prepared.margin_type == effective(one)
            assert prepared.downgraded is (impossible and policy == "crossed")
            assert prepared.leverage == 50 == one.exchange.desk.exchange.leverage(BTC)
            assert prepared.max_notional == one.exchange.desk.exchange.max_notional(BTC)
            assert asked(one, MARGIN) == (0 if impossible or current is wanted else 1)
            assert ("MARGIN_CHANGE_BLOCKED" in prepared.message) is blocked
            assert ("Single-Asset Mode" in prepared.message) is impossible
            assert ("is held in" in prepared.message) is held
            if prepared.ready:
                assert prepared.margin_type == ("CROSSED" if impossible else wanted.value.upper())
                assert prepared.message.startswith("ready" if prepared.margin_type == "ISOLATED" else "ready (CROSSED)")
                assert ("share" in prepared.message) is (prepared.margin_type == "CROSSED")

    asyncio.run(run())


@pytest.mark.requirement("R001-25")
def test_in_hedge_mode_both_positions_of_a_symbol_are_told() -> None:
    """Margin mode and leverage are the symbol's; what each side holds is told."""

    async def run() -> None:
        async with bench() as one:
            desk = one.exchange.desk
            desk.set_position_mode(hedge=True)
            for side, position_side in ((Side.BUY, PositionSide.LONG), (Side.SELL, PositionSide.SHORT)):
                desk.place(
                    PlaceOrder(
                        symbol=BTC, client_order_id="", purpose=Purpose.ENTRY, side=side, order_type=OrderType.MARKET,
                        qty=desk.instruments[BTC].step_size * 100, position_side=position_side,
                    )
                )  # fmt: skip
            prepared = await Preparation(one.rest).prepare(BTC, 50, CROSSED)
            assert (prepared.ready, prepared.leverage) == (True, 50)
            assert prepared.message.count("is held in CROSSED margin") == 2

    asyncio.run(run())


@pytest.mark.requirement("R001-12")
@pytest.mark.parametrize("multi", [False, True])
def test_a_second_preparation_changes_nothing_and_says_the_same(multi: bool) -> None:
    """It is idempotent: what is right already is not asked for."""

    async def run() -> None:
        async with bench() as one:
            account(one, multi=multi)
            preparation = Preparation(one.rest)
            first = await preparation.prepare(BTC, 7)
            before = {what: asked(one, what) for what in (MARGIN, LEVERAGE)}
            assert await preparation.prepare(BTC, 7) == first
            assert {what: asked(one, what) for what in (MARGIN, LEVERAGE)} == before

    asyncio.run(run())


@pytest.mark.requirement("R001-18")
@pytest.mark.parametrize("multi", [False, True])
def test_isolated_is_never_asked_for_where_crossed_is_wanted(multi: bool) -> None:
    """Not even on the way: the exchange would refuse any such request, and none is refused."""
    faults = '[[fault]]\nverb="code"\npath="*/marginType"\ncontains="ISOLATED"\ncode=-1130'

    async def run() -> None:
        async with bench(faults) as one:
            account(one, multi=multi)
            assert (await Preparation(one.rest).prepare(BTC, 5, CROSSED)).ready
            assert not one.exchange.faults.firings()

    asyncio.run(run())


@pytest.mark.requirement("R001-13")
def test_a_switch_to_single_asset_mode_gives_isolated_margin_at_the_next_preparation() -> None:
    """What the warning tells to do works: ISOLATED, 50x, ready."""

    async def run() -> None:
        async with bench() as one:
            account(one, multi=True)
            preparation = Preparation(one.rest)
            assert (await preparation.prepare(BTC, 50)).downgraded
            one.exchange.desk.set_multi_assets(multi_assets=False)
            prepared = await preparation.prepare(BTC, 50)
            assert (prepared.status, prepared.margin_type, prepared.downgraded) == ("success", "ISOLATED", False)
            assert (prepared.leverage, prepared.message) == (50, "ready")

    asyncio.run(run())


def test_many_symbols_are_prepared_with_two_readings_of_all() -> None:
    """The readings do not grow with the symbols, and one that is unknown does not hold up the others."""

    async def run() -> None:
        async with bench() as one:
            wishes = [Wish(BTC, 50, ISOLATED), Wish("NONEUSDT", 5, ISOLATED), Wish(ETH, 20, CROSSED)]
            first, unknown, last = await Preparation(one.rest).prepare_all(wishes)
            assert (first.ready, first.margin_type, first.leverage) == (True, "ISOLATED", 50)
            assert (last.ready, last.margin_type, last.leverage) == (True, "CROSSED", 20)
            assert (unknown.status, "is it listed?" in unknown.message) == ("failed", True)
            assert asked(one, "GET /fapi/v1/symbolConfig") == 2

    asyncio.run(run())


@pytest.mark.requirement("R001-11")
def test_a_change_by_the_accounts_owner_is_found_without_changing_it_back() -> None:
    """Leverage and margin mode changed by hand (faults F125, F126): the symbol is no longer confirmed."""

    async def run() -> None:
        async with bench() as one:
            preparation, wish = Preparation(one.rest), Wish(BTC, 50, ISOLATED)
            assert (await preparation.prepare(*wish)).ready
            (still,) = await preparation.confirm([wish])
            assert still.ready
            rule = f'[[fault]]\nverb="human_mode"\nsymbol="{BTC}"\nleverage=20\nmargin_mode="CROSSED"'
            one.exchange.faults.add(load_faults(rule), one.exchange.gateway_ns())
            await one.plain.control("POST /control/step", seconds=1)
            (now,) = await preparation.confirm([wish])
            assert (now.status, now.margin_type, now.leverage) == ("failed", "CROSSED", 20)
            assert effective(one) == "CROSSED"

    asyncio.run(run())


@pytest.mark.requirement("R001-16", "R001-20")
def test_the_result_has_exactly_the_fields_of_the_rule() -> None:
    """Strategies 9.7 lists them."""
    prepared, _, _ = asyncio.run(prepared_under(""))
    fields = {"symbol", "status", "margin_type", "downgraded", "leverage", "max_notional", "message"}
    assert set(msgspec.to_builtins(prepared)) == fields


@pytest.mark.requirement("R001-10", "R001-12", "R001-20")
def test_the_engine_is_told_what_is_confirmed_and_what_is_not() -> None:
    """A result that is no success never prepares a symbol."""
    good, _, _ = asyncio.run(prepared_under(""))
    bad, _, _ = asyncio.run(prepared_under(refused(-4048, "Held.")))
    limit = good.max_notional
    assert limit is not None
    assert event_of(good, 7) == SymbolPrepared(
        time_ns=7, symbol=BTC, leverage=50, max_notional=limit, margin_mode=ISOLATED, downgraded=False
    )
    assert event_of(bad, 7) == SymbolUnprepared(time_ns=7, symbol=BTC, cause=bad.message)
