"""A symbol is prepared over real sockets, on every kind of account and against every refusal."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from itertools import product
from typing import Literal

import msgspec
import pytest

from sadari.localexchange.fault_file import load_faults
from sadari.model.command import PlaceOrder
from sadari.model.event import SymbolPrepared, SymbolUnprepared
from sadari.model.order import MarginMode, OrderType, PositionSide, Purpose, Side, TimeInForce
from sadari.venue.live.preparation import Preparation, Prepared, Wish, event_of
from tests.local_exchange import BTC, ETH
from tests.wire.rest_bench import Bench, bench

ISOLATED, CROSSED = MarginMode.ISOLATED, MarginMode.CROSSED
MARGIN, LEVERAGE = "POST /fapi/v1/marginType", "POST /fapi/v1/leverage"
Policy = Literal["crossed", "refuse"]


def hold(one: Bench, symbol: str = BTC) -> None:
    """Buy a little at the market."""
    wish = PlaceOrder(
        symbol=symbol, client_order_id="", purpose=Purpose.ENTRY, side=Side.BUY, order_type=OrderType.MARKET,
        qty=one.exchange.desk.instruments[symbol].step_size * 100,
    )  # fmt: skip
    one.exchange.desk.place(wish)


def rest_a_bid(one: Bench, symbol: str = BTC) -> None:
    """Leave an order open that will not be filled."""
    instrument = one.exchange.desk.instruments[symbol]
    price = one.exchange.market.symbols[symbol].last_price * Decimal("0.97") // instrument.tick_size
    wish = PlaceOrder(
        symbol=symbol, client_order_id="", purpose=Purpose.ENTRY, side=Side.BUY, order_type=OrderType.LIMIT,
        qty=instrument.step_size * 100, price=price * instrument.tick_size, time_in_force=TimeInForce.GTC,
    )  # fmt: skip
    one.exchange.desk.place(wish)


def account(one: Bench, *, multi: bool, current: MarginMode = CROSSED, held: bool = False) -> None:
    """An account in a state."""
    desk = one.exchange.desk
    if multi:
        desk.set_multi_assets(multi_assets=True)
    if current is ISOLATED:
        desk.set_margin_mode(BTC, ISOLATED)
    if held:
        hold(one)


def effective(one: Bench, symbol: str = BTC) -> str:
    """What is in force at the exchange itself."""
    return one.exchange.desk.exchange.margin_mode(symbol).value.upper()


def asked(one: Bench, what: str) -> int:
    """How often something was asked for."""
    return one.rest.calls.get(what, 0)


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


def refused(code: int, message: str, path: str = "marginType", more: str = "") -> str:
    """A rule that refuses a request."""
    return f'[[fault]]\nverb="code"\npath="*/{path}"\nmethod="POST"\ncode={code}\nmessage="{message}"\n{more}\n'


async def prepared_under(faults: str, policy: Policy = "crossed", leverage: int = 50) -> tuple[Prepared, str, int]:
    """What comes of a wish for isolated margin on a single-asset account, what is in force then, and the requests."""
    async with bench(faults) as one:
        prepared = await Preparation(one.rest, policy).prepare(BTC, leverage)
        assert one.exchange.desk.exchange.leverage(BTC) == prepared.leverage
        return prepared, effective(one), asked(one, MARGIN)


MULTI = "Unable to adjust to isolated-margin mode under the Multi-Assets mode."


@pytest.mark.requirement("R001-3", "R001-8", "R001-14", "R001-15", "R001-16")
@pytest.mark.parametrize("nested", [False, True])
def test_a_refusal_for_the_assets_mode_leads_to_crossed_margin_whenever_it_comes(nested: bool) -> None:
    """The account read single a moment ago: crossed is asked for, which it is already (-4046), and confirmed."""

    async def run() -> None:
        async with bench(refused(-4168, MULTI, more='contains="ISOLATED"'), nested_errors=nested) as one:
            prepared = await Preparation(one.rest).prepare(BTC, 50)
            assert (prepared.status, prepared.margin_type, prepared.downgraded) == ("success", "CROSSED", True)
            assert (asked(one, MARGIN), prepared.leverage) == (2, 50)

    asyncio.run(run())


@pytest.mark.requirement("R001-15", "R001-19")
def test_a_refusal_for_the_assets_mode_is_final_where_the_policy_refuses() -> None:
    """Nothing else is asked for, the leverage is set all the same, and the remedy is told."""
    prepared, _, calls = asyncio.run(prepared_under(refused(-4168, MULTI), "refuse"))
    assert (prepared.status, prepared.downgraded, prepared.leverage, calls) == ("failed", False, 50, 1)
    assert "-4168" in prepared.message
    assert "Single-Asset Mode" in prepared.message


@pytest.mark.requirement("R001-14", "R001-15")
def test_a_fallback_that_is_refused_too_fails() -> None:
    """Crossed margin that could not be set is not taken for set."""
    faults = refused(-4168, MULTI, more='contains="ISOLATED"') + refused(-4099, "No.", more='contains="CROSSED"')
    prepared, _, calls = asyncio.run(prepared_under(faults))
    assert (prepared.status, prepared.leverage, calls) == ("failed", 50, 2)
    assert "-4099: No." in prepared.message


@pytest.mark.requirement("R001-5", "R001-9", "R001-25")
@pytest.mark.parametrize(
    ("code", "message", "told"),
    [
        (-4047, "Margin type cannot be changed if there exists open orders.", "MARGIN_CHANGE_BLOCKED"),
        (-4048, "Margin type cannot be changed if there exists position.", "MARGIN_CHANGE_BLOCKED"),
        (-4067, "Position side cannot be changed if there exists open orders.", "MARGIN_CHANGE_BLOCKED"),
        (-4061, "Order's position side does not match user's setting.", "position mode"),
        (-4099, "Something new, in full length, with a ; in it", "was refused"),
    ],
)
def test_any_other_refusal_fails_with_its_code_and_whole_text(code: int, message: str, told: str) -> None:
    """What is in force stays what is told, and the leverage is set in spite of it."""
    prepared, now, _ = asyncio.run(prepared_under(refused(code, message)))
    assert (prepared.status, prepared.margin_type, prepared.leverage) == ("failed", now, 50)
    assert f"{code}: {message}" in prepared.message
    assert told in prepared.message


@pytest.mark.requirement("R001-25")
def test_an_open_order_keeps_the_margin_mode_and_that_is_told() -> None:
    """The exchange's own -4047, without a fault."""

    async def run() -> None:
        async with bench() as one:
            rest_a_bid(one)
            prepared = await Preparation(one.rest).prepare(BTC, 50)
            assert (prepared.status, prepared.margin_type, prepared.leverage) == ("failed", "CROSSED", 50)
            assert "MARGIN_CHANGE_BLOCKED" in prepared.message
            assert "-4047" in prepared.message

    asyncio.run(run())


@pytest.mark.requirement("R001-9")
@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        ('verb="html"\nstatus=403', "<html"),
        ('verb="html"\nstatus=502', "<html"),
        ('verb="code"\ncode=-4099\nmessage="a \\"quoted\\" text, {not json}"', 'a "quoted" text, {not json}'),
    ],
)
def test_a_malformed_refusal_loses_nothing_of_its_text(rule: str, kept: str) -> None:
    """The text is told as it came, and what is in force is read back."""
    prepared, now, _ = asyncio.run(prepared_under(f'[[fault]]\npath="*/marginType"\n{rule}'))
    assert (prepared.status, prepared.margin_type, now) == ("failed", "CROSSED", "CROSSED")
    assert kept in prepared.message


def test_a_setting_that_was_accepted_and_does_not_read_back_fails() -> None:
    """Success is only what is read back (faults F34): -4046 is said and it is not so."""
    prepared, now, _ = asyncio.run(prepared_under(refused(-4046, "No need to change margin type.")))
    assert (prepared.status, prepared.margin_type, now) == ("failed", "CROSSED", "CROSSED")
    assert "reads CROSSED where ISOLATED is wanted" in prepared.message


@pytest.mark.parametrize("path", ["marginType", "leverage"])
@pytest.mark.parametrize("rule", ['verb="reset"\npoint="after"', 'verb="cut_body"', 'verb="lost_reply"'])
def test_a_lost_reply_is_settled_by_reading_back(path: str, rule: str) -> None:
    """The request was applied and its answer never came whole: nothing is sent again, and the symbol is ready."""
    faults = f'[[fault]]\n{rule}\npath="*/{path}"\nmethod="POST"'

    async def run() -> None:
        async with bench(faults) as one:
            prepared = await Preparation(one.rest).prepare(BTC, 50)
            assert (prepared.ready, prepared.message) == (True, "ready")
            assert (asked(one, MARGIN), asked(one, LEVERAGE)) == (1, 1)

    asyncio.run(run())


@pytest.mark.requirement("R001-4")
def test_an_invalid_leverage_is_told_with_what_the_brackets_allow() -> None:
    """-4028 of the exchange itself; the margin mode is set all the same."""

    async def run() -> None:
        async with bench() as one:
            most = max(bracket.max_leverage for bracket in one.exchange.desk.instruments[BTC].brackets)
            before = one.exchange.desk.exchange.leverage(BTC)
            prepared = await Preparation(one.rest).prepare(BTC, most + 1)
            assert (prepared.status, prepared.margin_type, prepared.leverage) == ("failed", "ISOLATED", before)
            assert "-4028" in prepared.message
            assert f"allow 1 to {most}" in prepared.message

    asyncio.run(run())


@pytest.mark.parametrize(("code", "message"), [(-4161, "Leverage reduction."), (-2027, "Exceeded."), (-4203, "KYC.")])
def test_a_refused_leverage_fails_with_its_code_and_whole_text(code: int, message: str) -> None:
    """The symbol is not ready at a leverage that is not the planned one (faults F33)."""
    prepared, now, _ = asyncio.run(prepared_under(refused(code, message, "leverage")))
    assert (prepared.status, prepared.margin_type, now) == ("failed", "ISOLATED", "ISOLATED")
    assert f"{code}: {message}" in prepared.message


@pytest.mark.parametrize("path", ["accountConfig", "symbolConfig", "positionRisk"])
def test_nothing_is_changed_where_the_account_cannot_be_read(path: str) -> None:
    """A mode that is not known is not guessed."""

    async def run() -> None:
        async with bench(f'[[fault]]\nverb="code"\npath="*/{path}"\ncode=-1000\nmessage="Unknown."') as one:
            prepared = await Preparation(one.rest).prepare(BTC, 50)
            assert (prepared.status, prepared.margin_type, prepared.leverage) == ("failed", "", None)
            assert (asked(one, MARGIN), asked(one, LEVERAGE)) == (0, 0)

    asyncio.run(run())


def test_what_was_set_and_cannot_be_read_back_is_not_ready() -> None:
    """The second reading fails: the symbol is not confirmed, whatever the answers said."""

    async def run() -> None:
        rule = 'verb="code"\npath="*/symbolConfig"\nnth=2\ncode=-4099\nmessage="No."'
        async with bench(f"[[fault]]\n{rule}") as one:
            prepared = await Preparation(one.rest).prepare(BTC, 50)
            assert (prepared.status, prepared.margin_type) == ("failed", "")
            assert "cannot be read back: -4099: No." in prepared.message

    asyncio.run(run())


def test_an_unlisted_symbol_fails_with_the_exchanges_word() -> None:
    """-1121 of the exchange."""

    async def run() -> None:
        async with bench() as one:
            prepared = await Preparation(one.rest).prepare("NONEUSDT", 50)
            assert prepared.status == "failed"
            assert "-1121" in prepared.message

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
