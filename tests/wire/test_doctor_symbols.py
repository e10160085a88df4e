"""What the examination finds in symbols: support, margin mode, leverage, brackets and the plan."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

import msgspec
import pytest

from sadari.model.order import Direction, MarginMode
from sadari.model.plan import Ladder, Risk
from sadari.venue.live.account.examination import forbidding
from sadari.venue.live.account.findings import Expected, Severity
from tests.local_exchange import BTC, ETH
from tests.wire.examined import PLAN, SETTINGS, about, buy, changed, examined_now
from tests.wire.rest_bench import Bench


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


@pytest.mark.requirement("R001-25")
def test_a_margin_mode_that_a_position_keeps_has_the_remedy_to_close_it() -> None:
    """Preparing again would not help."""
    (held, free) = about(examined_now(arrange=buy, prepared=False), "margin mode")
    assert (held.symbols, free.symbols) == ((BTC,), (ETH,))
    assert held.remedy.startswith("close the positions")
    assert free.remedy.startswith("sadari run sets it")


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
