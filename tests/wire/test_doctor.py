"""A healthy account and each unhealthy one, examined over real sockets."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import msgspec
import pytest

from sadari.binance.values import KeyShown
from sadari.core.plans import together
from sadari.errors import FatalError
from sadari.localexchange.asking.api_keys import Permissions
from sadari.model.command import PlaceOrder
from sadari.model.order import OrderType, PositionSide, Purpose, Side
from sadari.model.plan import Fees
from sadari.model.units import SECOND_NS
from sadari.venue.live.account.examination import examine, forbidding, found, refuse
from sadari.venue.live.account.findings import Readings, Severity
from tests.local_exchange import BTC, ETH
from tests.wire.examined import ORDER, PLAN, SETTINGS, about, buy, changed, examined_now
from tests.wire.rest_bench import Bench, bench


@pytest.mark.requirement("R001-22")
def test_nothing_is_found_in_a_healthy_account() -> None:
    """Every finding is fine, and each subject is named, the account's modes among them."""
    findings = examined_now()
    assert [one for one in findings if one.severity is not Severity.FINE] == []
    subjects = {one.subject for one in findings}
    assert subjects >= {"clock", "key", "trading", "position mode", "assets mode", "margin mode and leverage"}
    assert subjects >= {"balance", "worst case", "leftovers", "fees", "request weight", "symbols", "brackets"}
    assert "no wallet host" in about(findings, "key")[0].found


def test_the_examination_changes_nothing() -> None:
    """It only reads: an account that is not as planned stays as it is."""

    async def run() -> None:
        async with bench() as one:
            await examine(one.rest, lambda: one.exchange.market.now_ns, PLAN, wallet_host=False)
            assert {what.split()[0] for what in one.rest.calls} == {"GET"}

    asyncio.run(run())


@pytest.mark.parametrize(("ahead_s", "bad"), [("0.9", False), ("-0.9", False), ("1.1", True), ("-1.1", True)])
def test_a_clock_that_is_off_by_more_than_a_second_forbids_a_start(ahead_s: str, bad: bool) -> None:
    """Either way; the offset is told in milliseconds."""
    findings = examined_now(ahead_ns=int(Decimal(ahead_s) * SECOND_NS))
    (clock,) = about(findings, "clock")
    assert (clock in forbidding(findings)) is bad
    assert f"{abs(int(Decimal(ahead_s) * 1000))} ms" in clock.found
    assert ("NTP" in clock.remedy) is bad


def leave_orders(one: Bench) -> None:
    """One of ours, one of somebody else's, and a stop of ours."""
    desk = one.exchange.desk
    price = one.exchange.market.symbols[BTC].last_price // 1 - 2000
    desk.place(msgspec.structs.replace(ORDER, client_order_id="doctor-1-E", price=price))
    desk.place(msgspec.structs.replace(ORDER, client_order_id="web_abc", price=price))
    desk.place_algo(
        PlaceOrder(
            symbol=ETH, client_order_id="doctor-2-W", purpose=Purpose.STOP, side=Side.SELL,
            order_type=OrderType.STOP_MARKET, qty=one.exchange.desk.instruments[ETH].step_size * 100,
            trigger_price=one.exchange.market.symbols[ETH].last_price * 9 // 10,
        )
    )  # fmt: skip


def test_open_orders_are_told_apart_by_whose_they_are() -> None:
    """In both families, ours by the run's name."""
    ours, foreign = about(examined_now(arrange=leave_orders), "open orders")
    assert (ours.symbols, foreign.symbols) == (tuple(sorted((BTC, ETH))), (BTC,))
    assert "that are ours: 2, 1 of them conditional" in ours.found
    assert "that are not ours: 1, 0 of them conditional" in foreign.found


def test_a_position_is_told_with_its_margin_mode_and_liquidation_price() -> None:
    """The effect of a change of mode on it can be judged by them (R001-25)."""
    (position,) = about(examined_now(arrange=buy), "position")
    assert (position.severity, position.symbols) == (Severity.WARNS, (BTC,))
    assert f"{BTC} holds 0.01 at" in position.found
    assert "isolated margin" in position.found
    assert "none" not in position.found


def altered(path: str, code: int = -4099, message: str = "No.", status: int = 400) -> str:
    """A rule that refuses a reading."""
    return f'[[fault]]\nverb="code"\nmethod="GET"\npath="*/{path}"\ncode={code}\nmessage="{message}"\nstatus={status}'


@pytest.mark.parametrize(
    ("path", "subject"),
    [
        ("accountConfig", "account"), ("account", "balance"), ("symbolConfig", "settings"),
        ("positionRisk", "positions"), ("openOrders", "orders"), ("openAlgoOrders", "orders"),
        ("exchangeInfo", "contracts"), ("leverageBracket", "contracts"), ("premiumIndex", "prices"),
        ("commissionRate", "fees"), ("time", "clock"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_forbids_a_start_and_the_rest_is_examined(path: str, subject: str) -> None:
    """The exchange's own text is told; nothing is taken for zero."""
    findings = examined_now(PLAN, altered(path), prepared=False)
    (unread,) = about(findings, subject, Severity.FORBIDS)
    assert "-4099: No." in unread.found
    assert len(findings) > 4


def test_a_key_that_is_not_accepted_is_told_in_the_exchanges_words() -> None:
    """-2015 on everything that is signed."""
    findings = examined_now(PLAN, altered("accountConfig", -2015, "Invalid API-key.", 401), prepared=False)
    assert any("-2015" in one.found for one in forbidding(findings))


@pytest.mark.parametrize(
    ("mode", "acknowledged", "severity"),
    [
        ("live", None, Severity.FORBIDS), ("live", "0.274", Severity.FORBIDS), ("live", "0.275", Severity.FINE),
        ("testnet", None, Severity.WARNS), ("local", "0.1", Severity.WARNS),
    ],
)  # fmt: skip
def test_live_wants_the_computed_worst_case_acknowledged(
    mode: str, acknowledged: str | None, severity: Severity
) -> None:
    """Strategies 9.5: 27.5 % of the balance; the remedy names the value that is enough."""
    accepted = None if acknowledged is None else Decimal(acknowledged)
    (worst,) = about(examined_now(PLAN._replace(mode=mode, acknowledged=accepted)), "worst case")
    assert worst.severity is severity
    assert "27.5 %" in worst.found
    assert ("acknowledged_worst_case_pct = 0.275" in worst.remedy) is (severity is not Severity.FINE)


def test_the_worst_case_is_that_of_the_reference() -> None:
    """Strategies 9.5: 1 000 of balance, ten positions at SECOND lose 275.00."""
    assert together(SETTINGS, Decimal(1_000)).worst_case == Decimal(275)


def test_fees_that_are_not_the_configured_ones_are_told_with_what_they_cost() -> None:
    """Of a whole plan, in and out; dearer than configured warns."""
    cheap = msgspec.structs.replace(SETTINGS, fees=Fees(taker=Decimal("0.0004"), maker=Decimal("0.0002")))
    (fees,) = about(examined_now(PLAN._replace(settings=cheap)), "fees")
    assert fees.severity is Severity.WARNS
    assert changed(fees, "fees of a whole plan in and out as taker") == (Decimal("5.5"), Decimal("4.4"))
    assert "taker = 0.0005" in fees.remedy


def test_an_empty_account_forbids_a_start() -> None:
    """There is nothing to trade with, and no figure is made of it."""

    def spend(one: Bench) -> None:
        one.exchange.desk.transfer(Decimal(-10_000), "USDT")

    findings = examined_now(arrange=spend)
    (balance,) = about(findings, "balance")
    assert balance.severity is Severity.FORBIDS
    assert not about(findings, "worst case")


def test_comparisons_that_take_too_much_of_the_budget_are_told() -> None:
    """120 of weight each."""
    (weight,) = about(examined_now(PLAN._replace(sync_s=4)), "request weight")
    assert (weight.severity, "1800 of 2400" in weight.found) == (Severity.WARNS, True)


@pytest.mark.parametrize(
    ("permissions", "told"),
    [
        (Permissions(withdrawals=True), "the key can withdraw"),
        (Permissions(futures=False), "the key cannot trade futures"),
        (Permissions(ip_list=False), "the key works from any address"),
    ],
)
@pytest.mark.parametrize(("mode", "severity"), [("live", Severity.FORBIDS), ("local", Severity.WARNS)])
def test_a_key_that_may_more_or_less_than_trade_futures_forbids_a_live_start(
    permissions: Permissions, told: str, mode: str, severity: Severity
) -> None:
    """Faults F136; elsewhere it is told. The remedy says where to change it."""

    def change(one: Bench) -> None:
        one.exchange.api_keys.of(None).permissions = permissions

    (key,) = about(examined_now(PLAN._replace(mode=mode), "", change, wallet_host=True), "key")
    assert (key.severity, key.found) == (severity, told)
    assert "API Management" in key.remedy


def test_a_key_that_does_what_it_should_and_no_more_is_fine() -> None:
    """Also live."""
    (key,) = about(examined_now(PLAN._replace(mode="live"), wallet_host=True), "key")
    assert key.severity is Severity.FINE


@pytest.mark.parametrize("unsaid", ["withdrawals", "transfers", "address_list"])
def test_what_is_not_told_of_a_key_is_not_ruled_out(unsaid: str) -> None:
    """A host that leaves a permission away has not denied it."""
    whole = KeyShown(
        reads=True, futures=True, withdrawals=False, transfers=False, address_list=True, other_trading=()
    )  # fmt: skip
    live = PLAN._replace(mode="live")
    readings = Readings(wallet_host=True, key=whole)
    assert not [one for one in forbidding(found(readings, live)) if one.subject == "key"]
    readings.key = msgspec.structs.replace(whole, **{unsaid: None})
    assert [one for one in forbidding(found(readings, live)) if one.subject == "key"]


def test_hedge_mode_is_told_and_its_positions_too() -> None:
    """Both position modes work (issue 5): it is no fault."""

    def hedged(one: Bench) -> None:
        one.exchange.desk.set_position_mode(hedge=True)
        for side, position_side in ((Side.BUY, PositionSide.LONG), (Side.SELL, PositionSide.SHORT)):
            wish = msgspec.structs.replace(ORDER, order_type=OrderType.MARKET, time_in_force=None, side=side)
            one.exchange.desk.place(msgspec.structs.replace(wish, position_side=position_side))

    findings = examined_now(arrange=hedged)
    (mode,) = about(findings, "position mode")
    assert (mode.severity, "hedge mode" in mode.found) == (Severity.FINE, True)
    assert len(about(findings, "position")) == 2


def test_live_without_a_wallet_host_forbids_a_start() -> None:
    """What the key may do is not known, and that is not taken for good."""
    assert any(one.subject == "key" for one in forbidding(examined_now(PLAN._replace(mode="live"))))


def test_a_start_is_refused_with_every_cause_and_its_remedy() -> None:
    """One sentence for the operator; an account that is fit is let through."""
    refuse(examined_now())
    findings = examined_now(PLAN._replace(mode="live", acknowledged=None))
    with pytest.raises(FatalError) as caught:
        refuse(findings)
    assert "acknowledged_worst_case_pct = 0.275" in str(caught.value)
    assert "set [venue] wallet" in str(caught.value)
