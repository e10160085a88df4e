"""What the edge tells of gates, symbols and the plan, and what is denied because of it. Source: §9.2, §9.7."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, get_args

import msgspec
import pytest

from sadari.model.command import RecordDecision, RefreshAccount, SendAlert
from sadari.model.event import (
    AnyEvent,
    EngineTurned,
    GateOpened,
    GateShut,
    InstrumentChanged,
    SettingsChanged,
    SymbolPrepared,
    SymbolUnprepared,
)
from sadari.model.instrument import Bracket
from sadari.model.order import Direction, MarginMode, Purpose
from sadari.model.reason import RejectReason
from sadari.model.units import SECOND_NS
from tests.ladder_driver import SYMBOL, Driver, held, patient, pending, settings

D = Decimal
LONG = Direction.LONG


def shut(driver: Driver, cause: str, symbol: str = "") -> None:
    """A cause of the gate stands from now on."""
    driver.give(GateShut(time_ns=driver.now_ns, cause=cause, symbol=symbol))


def opened(driver: Driver, cause: str, symbol: str = "") -> None:
    """A cause of the gate has gone."""
    driver.give(GateOpened(time_ns=driver.now_ns, cause=cause, symbol=symbol))


def prepare(driver: Driver, leverage: int = 10, **fields: Any) -> None:
    """The venue confirms margin mode and leverage."""
    notional = D(10**9)
    driver.give(
        SymbolPrepared(time_ns=driver.now_ns, symbol=SYMBOL, leverage=leverage, max_notional=notional, **fields)
    )


def last(driver: Driver) -> tuple[str, str]:
    """Denial and value of the last decision."""
    decision = driver.of(RecordDecision)[-1]
    return decision.denial, decision.value


@pytest.mark.parametrize(("symbol", "code"), [("", "ENGINE_NOT_RUNNING"), (SYMBOL, "SYMBOL_NOT_TRADABLE")])
def test_a_shut_gate_denies_with_every_cause_until_the_last_one_has_gone(symbol: str, code: str) -> None:
    """Of the account or of one symbol; the order is that in which they came."""
    driver = Driver(patient())
    shut(driver, "start", symbol)
    shut(driver, "user_stream", symbol)
    driver.signal(LONG, "50000")
    assert last(driver) == (code, "start, user_stream")
    opened(driver, "start", symbol)
    driver.signal(LONG, "50000")
    assert last(driver) == (code, "user_stream")
    opened(driver, "user_stream", symbol)
    assert driver.signal(LONG, "50000") == ["ENTRY 0.300"]


def test_the_gate_of_another_symbol_denies_nothing_here() -> None:
    """A symbol's gate is its own."""
    driver = Driver(patient())
    shut(driver, "start", "ETHUSDT")
    assert driver.signal(LONG, "50000") == ["ENTRY 0.300"]
    assert driver.engine.gate("ETHUSDT") == ("start",)
    assert driver.engine.gates == {"ETHUSDT": ("start",)}


def test_every_cause_of_a_gate_can_go_at_once() -> None:
    """A start after a crash does not know by what a former process had shut it."""
    driver = Driver(patient())
    shut(driver, "clock")
    shut(driver, "user_stream")
    shut(driver, "orders", SYMBOL)
    opened(driver, "")
    assert driver.engine.gates == {SYMBOL: ("orders",)}


def test_an_add_that_a_gate_denied_is_asked_again_when_it_opens() -> None:
    """A denial uses no rung up, and stops and profit act all the while."""
    driver = held()
    shut(driver, "orders", SYMBOL)
    assert driver.tick("48400") == ["DENIED SYMBOL_NOT_TRADABLE"]
    assert driver.tick("48300") == []
    opened(driver, "orders", SYMBOL)
    assert driver.tick("48300") == ["ADD 0.414"]
    shut(driver, "orders")
    assert driver.tick("45000")[0] == "STOP_LOSS_FIRST_DCA 0.714"


# symbols


@pytest.mark.requirement("R001-10")
def test_a_symbol_that_is_not_confirmed_any_more_is_not_entered() -> None:
    """The denial says what has happened; a new preparation lifts it."""
    driver = Driver(patient())
    driver.give(SymbolUnprepared(time_ns=driver.now_ns, symbol=SYMBOL, cause="MARGIN_CHANGE_BLOCKED"))
    driver.signal(LONG, "50000")
    assert last(driver) == ("SYMBOL_NOT_PREPARED", "MARGIN_CHANGE_BLOCKED")
    assert driver.engine.unprepared(SYMBOL) == "MARGIN_CHANGE_BLOCKED"
    prepare(driver)
    assert driver.signal(LONG, "50000") == ["ENTRY 0.300"]
    assert driver.engine.unprepared(SYMBOL) is None


def test_another_leverage_than_the_plans_is_not_prepared_and_says_so() -> None:
    """What the account's owner has changed is named."""
    driver = Driver(patient())
    prepare(driver, leverage=5)
    driver.signal(LONG, "50000")
    assert last(driver) == ("SYMBOL_NOT_PREPARED", "leverage is 5, the plan wants 10")


@pytest.mark.requirement("R001-11", "R001-17")
def test_a_crossed_symbol_of_an_isolated_plan_lives_without_the_isolated_estimate() -> None:
    """Its stop is the stage's, not a guard before an estimated liquidation; a person is told once per preparation."""
    isolated = Driver(patient(margin_mode="isolated", leverage=10))
    isolated.signal(LONG, "50000")
    assert isolated.position.stop_reason == "LIQUIDATION_GUARD"
    crossed = Driver(patient(margin_mode="isolated", leverage=10))
    prepare(crossed, margin_mode=MarginMode.CROSSED, downgraded=True)
    crossed.signal(LONG, "50000")
    assert crossed.position.stop_reason == "STOP_LOSS_INITIAL"
    assert crossed.position.stop == 45000
    assert crossed.alerts() == [("warning", "MARGIN_SHARED")]
    text = crossed.of(SendAlert)[0].text
    assert "ISOLATED" in text
    assert "single-asset" in text
    assert (crossed.engine.margin_mode(SYMBOL), isolated.engine.margin_mode(SYMBOL)) == ("crossed", "isolated")
    assert crossed.engine.margin_mode("ETHUSDT") is None
    assert getattr(crossed.engine.confirmed(SYMBOL), "downgraded", None) is True
    prepare(crossed, margin_mode=MarginMode.CROSSED, downgraded=True)
    assert crossed.alerts() == [("warning", "MARGIN_SHARED")] * 2


def test_a_crossed_plan_is_no_reason_to_warn() -> None:
    """It is what was asked for."""
    driver = Driver(patient())
    prepare(driver, margin_mode=MarginMode.CROSSED)
    assert driver.alerts() == []


def test_what_is_held_follows_a_change_of_the_margin_mode_at_once() -> None:
    """Isolated again, the guard before the estimated liquidation holds, and the resting stop moves to it."""
    driver = Driver(patient(margin_mode="isolated"))
    prepare(driver, margin_mode=MarginMode.CROSSED, downgraded=True)
    driver.signal(LONG, "50000")
    (before,) = driver.resting(Purpose.STOP)
    prepare(driver, margin_mode=MarginMode.ISOLATED)
    assert driver.position.stop_reason == "LIQUIDATION_GUARD"
    assert driver.resting(Purpose.STOP)[0] > before


# contracts


def change(driver: Driver, **fields: Any) -> None:
    """The venue describes the contract anew."""
    contract = msgspec.structs.replace(driver.instruments[SYMBOL], **fields)
    driver.give(InstrumentChanged(time_ns=driver.now_ns, instrument=contract))


def test_a_contract_that_stops_trading_is_not_entered_and_what_is_held_keeps_its_stops() -> None:
    """The status is the denial's value; trading again, the denied add is asked again."""
    driver = held()
    resting = dict(driver.stops)
    change(driver, status="SETTLING")
    assert driver.tick("48400") == ["DENIED SYMBOL_NOT_TRADABLE"]
    assert last(driver)[1] == "SETTLING"
    assert driver.stops == resting
    change(driver, status="TRADING")
    assert driver.tick("48300") == ["ADD 0.414"]


def test_a_position_goes_by_new_filters_at_once() -> None:
    """The next order is rounded by the new step."""
    driver = held()
    change(driver, step_size=D("0.1"))
    assert driver.tick("48500") == ["ADD 0.4"]


def test_brackets_that_are_not_told_stay() -> None:
    """A description without brackets takes none away; new ones count for the guard of what is held."""
    driver = held(margin_mode="isolated")
    stop = driver.position.stop
    change(driver, brackets=())
    assert driver.position.stop == stop
    change(driver, brackets=(Bracket(D(0), D(10**9), 125, D("0.02")),))
    assert driver.position.stop is not None
    assert stop is not None
    assert driver.position.stop > stop


def test_a_contract_that_is_listed_later_can_be_traded() -> None:
    """It is known from then on."""
    driver = Driver(patient())
    contract = msgspec.structs.replace(driver.instruments[SYMBOL], symbol="NEWUSDT")
    driver.give(InstrumentChanged(time_ns=driver.now_ns, instrument=contract))
    driver.signal(LONG, "50000", symbol="NEWUSDT")
    assert last(driver)[0] == "SYMBOL_NOT_PREPARED"


# settings


def new_settings(driver: Driver, **fields: Any) -> None:
    """The configuration has been read anew."""
    driver.give(SettingsChanged(time_ns=driver.now_ns, settings=patient(**fields)))


def test_new_settings_are_for_new_positions_and_what_is_held_keeps_its_plan() -> None:
    """Fault F117: the stop distance of an open position does not move."""
    driver = held()
    new_settings(driver, stop_by_stage=("0.02", "0.07", "0.05"), dca_trigger=("0.01", "0.06"))
    assert driver.position.stop == 45000
    assert driver.tick("49500") == []
    assert driver.tick("48500") == ["ADD 0.412"]
    driver.tick("45000")
    assert driver.state == "FLAT"
    driver.signal(LONG, "50000")
    assert driver.position.stop == 49000


def test_a_longer_ladder_may_follow_a_shorter_one() -> None:
    """Stages of both are known: the old one ends by its own levels, the new one climbs to its third rung."""
    driver = held()
    new_settings(
        driver,
        dca_trigger=("0.02", "0.03", "0.04"),
        weights=("0.01", "0.01", "0.01", "0.01"),
        stop_by_stage=("0.10", "0.10", "0.10", "0.10"),
        max_loss_pct="0.5",
    )
    assert driver.tick("48500") == ["ADD 0.412"]
    driver.tick("40000")
    driver.signal(LONG, "50000")
    for tick in ("49000", "48500", "48000"):
        driver.tick(tick)
    assert driver.state == "DCA_3"


@pytest.mark.parametrize(("fields", "why"), [
    ({"leverage": 5}, "leverage is 10, the plan wants 5"),
    ({"margin_mode": "isolated"}, "the plan wants another margin mode now"),
])  # fmt: skip
def test_a_plan_that_the_venue_has_not_confirmed_is_prepared_anew(fields: dict[str, Any], why: str) -> None:
    """What was confirmed for the old plan does not count for the new one."""
    driver = Driver(patient())
    new_settings(driver, **fields)
    driver.signal(LONG, "50000")
    assert last(driver) == ("SYMBOL_NOT_PREPARED", why)


# what is out of sight


def turn(driver: Driver, trigger: str, cause: str = "") -> None:
    """An internal fact about the engine's life."""
    driver.give(EngineTurned(time_ns=driver.now_ns, trigger=trigger, cause=cause))


def test_sight_is_back_only_when_no_cause_is_left() -> None:
    """Causes are counted here, by their names, whatever the edge says."""
    driver = held()
    turn(driver, "data_lost", "market")
    turn(driver, "data_lost", "user")
    turn(driver, "data_recovered", "market")
    assert (driver.engine.state, driver.engine.lost) == ("DEGRADED", ("user",))
    turn(driver, "reconciled")
    assert driver.engine.state == "DEGRADED", "agreement found before does not count"
    turn(driver, "data_recovered", "user")
    assert driver.engine.state == "RECONCILING"
    turn(driver, "data_recovered", "user")
    turn(driver, "reconciled")
    assert driver.engine.state == "RUNNING"
    assert "ILLEGAL_EVENT" not in driver.audits()


def test_a_start_after_a_crash_can_say_that_nothing_is_out_of_sight() -> None:
    """What a former process had lost does not hold this one back."""
    driver = held()
    turn(driver, "data_lost", "market")
    turn(driver, "data_lost", "user")
    turn(driver, "data_recovered")
    assert (driver.engine.state, driver.engine.lost) == ("RECONCILING", ())


def test_sight_that_is_lost_while_starting_counts() -> None:
    """It is remembered, and the engine is DEGRADED as soon as it may be."""
    driver = Driver(patient())
    driver.command("stop_keep")
    turn(driver, "drained")
    turn(driver, "data_lost", "user")
    assert driver.engine.state == "STOPPED"
    driver.command("reset")
    driver.command("start")
    turn(driver, "data_lost", "user")
    turn(driver, "start_ok")
    assert driver.engine.state == "DEGRADED"


def test_while_sight_is_lost_nothing_is_opened_and_everything_is_closed() -> None:
    """§6, DEGRADED: no adds; profit, stops and what rests act."""
    driver = held()
    turn(driver, "data_lost", "user")
    assert driver.tick("48500") == ["DENIED ENGINE_NOT_RUNNING"]
    assert driver.tick("55000")[0] == "HALF_PROFIT 0.150"
    assert driver.tick("50000")[0] == "BREAKEVEN_STOP 0.150"


# balances that are too old


def test_a_signal_on_old_balances_asks_for_new_ones_and_is_asked_once_more() -> None:
    """§9.1: older balances are read anew before sizing."""
    driver = Driver(patient(account_max_age_ms=500))
    assert driver.signal(LONG, "50000") == ["DENIED ACCOUNT_DATA_STALE"]
    assert len(driver.of(RefreshAccount)) == 1
    driver.account()
    assert driver.sent(Purpose.ENTRY)[0].qty == D("0.300")


def test_a_signal_whose_price_is_old_when_the_account_arrives_opens_nothing() -> None:
    """It is asked once more and no oftener, by its own price's age."""
    driver = Driver(patient(account_max_age_ms=500))
    driver.signal(LONG, "50000")
    driver.now_ns += 3 * SECOND_NS
    driver.account()
    driver.account()
    assert [d.denial for d in driver.of(RecordDecision)] == ["ACCOUNT_DATA_STALE", "MARKET_DATA_STALE"]


def test_an_add_on_old_balances_asks_for_new_ones_once_and_is_made_when_they_come() -> None:
    """One request per denial, not one per tick."""
    driver = Driver(settings(account_max_age_ms=2000, max_portfolio_stop_loss_pct="0.9"))
    driver.signal(LONG, "50000")
    driver.now_ns += 10 * SECOND_NS
    assert driver.tick("48500") == ["DENIED ACCOUNT_DATA_STALE"]
    driver.tick("48400")
    driver.tick("48300")
    assert len(driver.of(RefreshAccount)) == 1
    driver.account()
    assert driver.tick("48300") == ["ADD 0.414"]


@pytest.mark.requirement("R000-1", "R000-2")
def test_a_refusal_for_margin_shuts_every_symbol_and_asks_for_the_account() -> None:
    """The story of 0.264 and 1.136: no order is sent again until balances are known, then by them."""
    driver = Driver(patient(), symbols=(SYMBOL, "ETHUSDT"))
    driver.hold = {Purpose.ENTRY}
    driver.signal(LONG, "50000")
    driver.reject(driver.held.pop(), -2019, RejectReason.INSUFFICIENT_MARGIN)
    assert len(driver.of(RefreshAccount)) == 1
    for number in range(5):
        driver.signal(LONG, "50000", symbol="ETHUSDT", signal_id=str(number))
        assert last(driver)[0] == "ACCOUNT_DATA_STALE"
    driver.account(available="1000")
    driver.signal(LONG, "50000", symbol="ETHUSDT")
    (sized,) = [order for order in driver.sent(Purpose.ENTRY) if order.symbol == "ETHUSDT"]
    assert sized.qty is not None
    assert sized.qty < D("0.3")


def test_an_add_refused_for_margin_is_tried_once_more_with_another_size() -> None:
    """At most one retry (§9.2), sized by what is available then."""
    driver, add = pending(Purpose.ADD, "48500")
    driver.reject(add, -2019, RejectReason.INSUFFICIENT_MARGIN)
    driver.account(available="2000")
    driver.ring("retry:")
    driver.tick("48500")
    again = driver.held.pop()
    assert again.qty is not None
    assert add.qty is not None
    assert again.qty < add.qty
    driver.reject(again, -2019, RejectReason.INSUFFICIENT_MARGIN)
    driver.account()
    assert driver.tick("48400") == []
    assert "ADD_ABANDONED" in driver.audits()


def test_every_event_has_its_decision() -> None:
    """None of the closed list is unknown to the engine."""
    assert set(get_args(AnyEvent)) == set(Driver(patient()).engine._handlers)
