"""A preparation against every refusal, lost reply and unreadable answer."""

from __future__ import annotations

import asyncio

import pytest

from sadari.venue.live.account.preparation import Preparation
from tests.local_exchange import BTC
from tests.wire.preparing import (
    LEVERAGE,
    MARGIN,
    MULTI,
    asked,
    prepared_under,
    refused,
    rest_a_bid,
)
from tests.wire.rest_bench import bench


@pytest.mark.requirement("R001-1", "R001-3", "R001-8", "R001-14", "R001-15", "R001-16")
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
