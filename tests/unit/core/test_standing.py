"""How the account stands: margin ratio, liquidation distance, changes of balances. Source: strategies §10."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sadari.model.command import Audit
from sadari.model.event import PRICES, AccountUpdated, PositionRecord, PositionsShown
from sadari.model.order import Purpose
from tests.ladder_driver import SYMBOL, Driver, held, patient

D = Decimal


def account(driver: Driver, ratio: str | None, *positions: PositionRecord, wallet: str = "0", **fields: Any) -> None:
    """The venue shows balances and a margin ratio."""
    balance = driver.wallet + D(wallet)
    driver.give(
        AccountUpdated(
            time_ns=driver.now_ns, cause=fields.pop("cause", "REFRESH"), wallet_balance=balance,
            available_balance=balance, positions=positions, margin_ratio=None if ratio is None else D(ratio),
        )
    )  # fmt: skip


@pytest.mark.parametrize(("ratio", "paused"), [("0.4999", False), ("0.5", True), ("0.79", True)])
def test_at_half_the_margin_the_engine_pauses_until_an_operator_resumes(ratio: str, paused: bool) -> None:
    """D-24, inclusive, once per edge; nothing is closed."""
    driver = held()
    account(driver, ratio)
    account(driver, ratio)
    assert (driver.engine.state == "PAUSED") is paused
    assert driver.engine.causes == (("margin_ratio",) if paused else ())
    assert driver.alerts() == ([("warning", "MARGIN_RATIO")] if paused else [])
    account(driver, "0.1")
    assert (driver.engine.state == "PAUSED") is paused, "latched"
    driver.command("resume")
    assert driver.engine.state == "RUNNING"
    assert driver.sent(Purpose.EXIT) == []
    account(driver, "0.6")
    assert driver.engine.state == "PAUSED", "a new edge"


def test_near_the_end_of_the_margin_a_person_is_told_at_once() -> None:
    """0.8 is critical, once per edge, whether it was passed slowly or in one step."""
    driver = held()
    for ratio in ("0.8", "0.9", "0.6", "0.85"):
        account(driver, ratio)
    assert driver.alerts() == [("critical", "MARGIN_RATIO")] * 2


def test_a_pause_for_margin_does_not_end_with_the_day() -> None:
    """Only the day's loss does."""
    driver = held()
    account(driver, "0.5")
    driver.now_ns += 2 * 86_400 * 10**9
    driver.tick("50001")
    assert driver.engine.state == "PAUSED"


def test_a_margin_ratio_in_a_state_that_cannot_pause_is_told_all_the_same() -> None:
    """STOPPING, for example: no illegal event."""
    driver = held()
    driver.command("stop_keep")
    account(driver, "0.9")
    assert driver.alerts() == [("critical", "MARGIN_RATIO")]
    assert driver.engine.state == "STOPPING"


@pytest.mark.requirement("R002-11")
@pytest.mark.parametrize(("liquidation", "near"), [("49500", True), ("49499", False), ("0", False)])
@pytest.mark.parametrize("whole", [True, False])
def test_a_liquidation_price_within_one_percent_is_told_once_per_edge(
    liquidation: str, near: bool, whole: bool
) -> None:
    """From the account or from a comparison; the guard acts by itself."""
    driver = held()
    for price in (liquidation, liquidation, "40000", liquidation):
        record = PositionRecord(SYMBOL, D("0.3"), D(50000), D(price), mark_price=D(50000))
        if whole:
            driver.give(PositionsShown(time_ns=driver.now_ns, positions=(record,)))
        else:
            account(driver, None, record)
    assert driver.alerts() == [("critical", "LIQUIDATION_NEAR")] * (2 if near else 0)


@pytest.mark.requirement("R002-9")
def test_a_change_of_a_live_balance_is_written_down_with_old_new_and_cause() -> None:
    """Each once; what does not change is no line."""
    driver = Driver(patient(account_max_age_ms=5000))
    account(driver, "0.1", wallet="-100", cause="WITHDRAW")
    account(driver, "0.1", wallet="-100")
    (fact,) = [fact for fact in driver.of(Audit) if fact.code == "BALANCE_CHANGED"]
    assert fact.detail == "WITHDRAW: wallet 100000 -> 99900, available 100000 -> 99900"


def test_a_history_has_no_lines_of_balances() -> None:
    """There every change is a record of its own already."""
    driver = held("48500")
    driver.account()
    assert "BALANCE_CHANGED" not in driver.audits()


def test_prices_alone_change_what_is_available_and_nothing_else() -> None:
    """The balances are as old as they were, and a refusal for margin is not taken back."""
    driver = held()
    state = driver.engine.account
    state.margin_refused = True
    before = (state.wallet_balance, state.updated_ns)
    driver.now_ns += 10**9
    driver.give(
        AccountUpdated(
            time_ns=driver.now_ns, cause=PRICES, wallet_balance=state.wallet_balance + 5, available_balance=D(17)
        )
    )
    assert (state.available_balance, state.margin_refused) == (D(17), True)
    assert (state.wallet_balance, state.updated_ns) == before


def test_a_denied_add_is_asked_again_by_news_alone() -> None:
    """A reading that shows what is known says nothing new, however prices have moved; more money does."""
    driver = held()
    driver.account(available="50")
    assert driver.tick("48400") == ["DENIED MARGIN_BUFFER"]
    driver.account(available="5000")
    assert "rung1" not in driver.levels[SYMBOL], "crossed: prices alone move what is available"
    driver.wallet += 5
    driver.account(available="5000")
    assert "rung1" in driver.levels[SYMBOL]
    assert driver.tick("48400")[0].startswith("ADD ")
