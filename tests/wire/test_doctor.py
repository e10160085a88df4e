"""A healthy account and each unhealthy one, examined over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Literal

import msgspec
import pytest

from sadari.binance.values import KeyShown
from sadari.localexchange.api_keys import Permissions
from sadari.model.command import PlaceOrder
from sadari.model.order import Direction, MarginMode, OrderType, PositionSide, Purpose, Side, TimeInForce
from sadari.model.plan import Fees, Ladder, Risk, Settings
from sadari.model.units import SECOND_NS
from sadari.venue.live.account_findings import worst_case
from sadari.venue.live.examination import examine, forbidding, found
from sadari.venue.live.findings import Expected, Finding, Readings, Severity
from sadari.venue.live.preparation import Preparation, Wish
from tests.local_exchange import BTC, ETH
from tests.wire.rest_bench import Bench, bench

SETTINGS = Settings(run_id="doctor")
PLAN = Expected(mode="local", settings=SETTINGS, symbols=(BTC, ETH), acknowledged=Decimal("0.275"))
Arrange = Callable[[Bench], None]


def nothing(_: Bench) -> None:
    """The account as it is prepared."""


async def examined(
    expected: Expected = PLAN,
    faults: str = "",
    arrange: Arrange = nothing,
    *,
    ahead_ns: int = 0,
    wallet_host: bool = False,
    prepared: bool = True,
    **more: Any,
) -> list[Finding]:
    """What is found in an account that was prepared as planned and then changed."""
    async with bench(faults, **more) as one:
        if prepared:
            ladder = SETTINGS.ladder
            wishes = [Wish(symbol, ladder.leverage, ladder.margin_mode) for symbol in (BTC, ETH)]
            assert all(result.ready for result in await Preparation(one.rest).prepare_all(wishes))
        arrange(one)
        return await examine(one.rest, lambda: one.exchange.market.now_ns + ahead_ns, expected, wallet_host=wallet_host)


def examined_now(*arguments: Any, **more: Any) -> list[Finding]:
    """The same, run."""
    return asyncio.run(examined(*arguments, **more))


def about(findings: list[Finding], subject: str, severity: Severity | None = None) -> list[Finding]:
    """The findings about something."""
    return [one for one in findings if one.subject == subject and severity in {None, one.severity}]


def changed(finding: Finding, what: str) -> tuple[Decimal | None, Decimal | None]:
    """A figure as found and as planned."""
    (one,) = (change for change in finding.changes if change.what == what)
    return one.found, one.planned


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


@pytest.mark.requirement("R001-22", "R001-23")
def test_crossed_margin_in_place_of_isolated_is_told_with_what_it_changes() -> None:
    """A fresh account is crossed at 20x: liquidation price, margin and worst case of both, and what sets it."""
    findings = examined_now(prepared=False)
    (mode,) = about(findings, "margin mode")
    assert (mode.severity, mode.symbols) == (Severity.WARNS, (BTC, ETH))
    assert mode.remedy.endswith(f"sadari prepare {BTC} {ETH}")
    shared, planned = changed(mode, "LONG most that a gap past every stop can cost")
    assert shared == 10_000
    assert planned == pytest.approx(Decimal(550), rel=Decimal("0.05"))
    crossed, isolated = changed(mode, "LONG liquidation price")
    assert crossed is None
    assert isolated is not None
    (leverage,) = about(findings, "leverage")
    at_20x, at_10x = changed(leverage, "LONG liquidation price")
    assert at_20x is not None
    assert at_10x == isolated < at_20x
    assert "20x where 10x is planned" in leverage.found


@pytest.mark.requirement("R001-23")
@pytest.mark.parametrize(("direction", "sign"), [(Direction.LONG, 1), (Direction.SHORT, -1)])
def test_the_isolated_liquidation_price_is_the_plans_own(direction: Direction, sign: int) -> None:
    """Strategies 5.2: avg (1 - sg/leverage) / (1 - sg mmr), and the stop or the guard before it."""
    (mode,) = about(examined_now(prepared=False), "margin mode")
    _, liquidation = changed(mode, f"{direction} liquidation price")
    _, closed = changed(mode, f"{direction} price where it is closed at a loss")
    _, loss = changed(mode, f"{direction} loss there")
    _, margin = changed(mode, f"{direction} margin")
    assert liquidation is not None
    assert closed is not None
    assert loss is not None
    assert margin is not None
    rate = Decimal("0.01")
    average = liquidation * (1 - sign * rate) / (1 - sign * Decimal("0.1"))
    assert closed == pytest.approx(average * (1 - sign * Decimal("0.05")), rel=Decimal("0.02"))
    assert loss == pytest.approx(sign * (average - closed) * margin * 10 / average, rel=Decimal("1e-6"))


@pytest.mark.requirement("R001-6", "R001-13", "R001-22")
@pytest.mark.parametrize(("policy", "severity"), [("crossed", Severity.WARNS), ("refuse", Severity.FORBIDS)])
def test_multi_assets_mode_is_told_with_how_to_leave_it(
    policy: Literal["crossed", "refuse"], severity: Severity
) -> None:
    """It warns where crossed margin is the fallback, and forbids a start where it is not."""

    def multi(one: Bench) -> None:
        one.exchange.desk.set_multi_assets(multi_assets=True)

    findings = examined_now(PLAN._replace(on_multi_assets=policy), "", multi, prepared=False)
    (mode,) = about(findings, "assets mode")
    assert (mode.severity, mode.symbols) == (severity, (BTC, ETH))
    assert "Single-Asset Mode" in mode.remedy
    assert changed(mode, "SHORT most that a gap past every stop can cost")[0] == 10_000
    assert not about(findings, "margin mode")


def test_multi_assets_mode_is_fine_where_crossed_margin_is_wanted() -> None:
    """By the ladder, or symbol by symbol (R001-21)."""

    def multi(one: Bench) -> None:
        one.exchange.desk.set_multi_assets(multi_assets=True)

    expected = PLAN._replace(margin_modes={BTC: MarginMode.CROSSED, ETH: MarginMode.CROSSED})
    findings = examined_now(expected, "", multi, prepared=False)
    assert about(findings, "assets mode")[0].severity is Severity.FINE
    assert not about(findings, "margin mode")


@pytest.mark.parametrize(("ahead_s", "bad"), [("0.9", False), ("-0.9", False), ("1.1", True), ("-1.1", True)])
def test_a_clock_that_is_off_by_more_than_a_second_forbids_a_start(ahead_s: str, bad: bool) -> None:
    """Either way; the offset is told in milliseconds."""
    findings = examined_now(ahead_ns=int(Decimal(ahead_s) * SECOND_NS))
    (clock,) = about(findings, "clock")
    assert (clock in forbidding(findings)) is bad
    assert f"{abs(int(Decimal(ahead_s) * 1000))} ms" in clock.found
    assert ("NTP" in clock.remedy) is bad


ORDER = PlaceOrder(
    symbol=BTC, client_order_id="", purpose=Purpose.ENTRY, side=Side.BUY, order_type=OrderType.LIMIT,
    qty=Decimal("0.01"), time_in_force=TimeInForce.GTC,
)  # fmt: skip


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
    assert "2 open orders are ours, 1 of them conditional" in ours.found
    assert "1 open orders are not ours, 0 of them conditional" in foreign.found


def buy(one: Bench) -> None:
    """Hold a position."""
    one.exchange.desk.place(msgspec.structs.replace(ORDER, order_type=OrderType.MARKET, time_in_force=None))


def test_a_position_is_told_with_its_margin_mode_and_liquidation_price() -> None:
    """The effect of a change of mode on it can be judged by them (R001-25)."""
    (position,) = about(examined_now(arrange=buy), "position")
    assert (position.severity, position.symbols) == (Severity.WARNS, (BTC,))
    assert f"{BTC} holds 0.01 at" in position.found
    assert "isolated margin" in position.found
    assert "none" not in position.found


@pytest.mark.requirement("R001-25")
def test_a_margin_mode_that_a_position_keeps_has_the_remedy_to_close_it() -> None:
    """Preparing again would not help."""
    (held, free) = about(examined_now(arrange=buy, prepared=False), "margin mode")
    assert (held.symbols, free.symbols) == ((BTC,), (ETH,))
    assert held.remedy.startswith("close the positions")
    assert free.remedy.startswith("sadari run sets it")


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


@pytest.mark.requirement("R001-2")
def test_symbols_that_cannot_be_traded_are_told_with_the_reason() -> None:
    """An unknown one forbids a start, with the nearest name; the others are examined."""
    wrong = f"{BTC[:-4]}XUSDT"
    findings = examined_now(PLAN._replace(symbols=(wrong, BTC)))
    (unknown,) = about(findings, "symbol", Severity.FORBIDS)
    assert f"did you mean {BTC}?" in unknown.found
    assert about(findings, "symbols")[0].symbols == (BTC,)


def test_every_symbol_is_examined_where_none_is_named() -> None:
    """What the exchange lists and the engine can trade."""
    assert set(about(examined_now(PLAN._replace(symbols=())), "symbols")[0].symbols) == {BTC, ETH}


def with_ladder(**ladder: Any) -> Expected:
    """The plan with another ladder."""
    return PLAN._replace(settings=msgspec.structs.replace(SETTINGS, ladder=Ladder(**ladder)))


def test_a_plan_that_is_larger_than_the_bracket_is_told() -> None:
    """10 000 of balance, the whole plan 55 000 at 100 000; at 10x a position may be 1 000 000."""
    findings = examined_now(balance=Decimal(250_000))
    (small,) = about(findings, "brackets", Severity.FINE)
    assert "137500" in small.found
    findings = examined_now(balance=Decimal(2_500_000))
    (large,) = about(findings, "brackets", Severity.WARNS)
    assert changed(large, "largest notional of a position") == (Decimal(1_000_000), Decimal(1_375_000))


def test_a_leverage_that_no_bracket_allows_is_told_with_what_they_allow() -> None:
    """The symbols will not be traded."""
    (none,) = about(examined_now(with_ladder(leverage=75)), "brackets", Severity.WARNS)
    assert "at most 50x" in none.found


@pytest.mark.requirement("R001-26")
def test_a_leverage_that_liquidates_before_the_adds_is_told() -> None:
    """Strategies 5.4: 50x isolated is liquidated before the first add (C-03), for all that margin can be had."""
    (early,) = about(examined_now(with_ladder(leverage=50)), "plan", Severity.WARNS)
    assert "LEVERAGE_PLAN_INCOMPATIBLE" in early.found
    assert early.symbols == (BTC, ETH)


def test_a_plan_that_breaks_its_own_limits_forbids_a_start() -> None:
    """A faulty plan is one on any account."""
    risk = msgspec.structs.replace(SETTINGS, risk=Risk(max_positions=15))
    texts = [one.found for one in forbidding(examined_now(PLAN._replace(settings=risk)))]
    assert any("CONFIG_OVERCOMMITTED" in text for text in texts)
    assert any("PORTFOLIO_RISK_CAP" in text for text in texts)


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
    assert worst_case(SETTINGS, Decimal(1_000)) == Decimal(275)


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
    """90 of weight each."""
    (weight,) = about(examined_now(PLAN._replace(sync_s=4)), "request weight")
    assert (weight.severity, "1350 of 2400" in weight.found) == (Severity.WARNS, True)


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
