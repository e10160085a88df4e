"""The operator's wishes and the engine's own life: what closes and what never does. Source: strategies §6."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sadari.model.event import AlarmRang, DayStarted, EngineTurned, ForceExitRequested
from sadari.model.order import Direction, Purpose
from sadari.model.units import DAY_NS, MINUTE_NS
from tests.ladder_driver import SYMBOL, Driver, held, patient, pending, settings

LONG, SHORT = Direction.LONG, Direction.SHORT
CLOSING = (Purpose.REDUCE, Purpose.EXIT)
D = Decimal


def turn(driver: Driver, trigger: str, **fields: Any) -> None:
    """An internal fact about the engine's life."""
    driver.give(EngineTurned(time_ns=driver.now_ns, trigger=trigger, **fields))


def force(driver: Driver) -> None:
    """An operator wants the position closed."""
    driver.give(ForceExitRequested(time_ns=driver.now_ns, symbol=SYMBOL, actor="anna", cause="enough"))


NEVER_CLOSING = {
    "pause": [("command", "pause")],
    "pause and resume": [("command", "pause"), ("command", "resume")],
    "stop_keep": [("command", "stop_keep")],
    "stop_keep to its end": [("command", "stop_keep"), ("turn", "drained")],
    "drain time-out": [("command", "stop_keep"), ("turn", "drain_timeout")],
    "lost data": [("turn", "data_lost")],
    "lost data and back": [("turn", "data_lost"), ("turn", "data_recovered"), ("turn", "reconciled")],
    "a fatal error": [("turn", "fatal")],
    "a stop with a close that nothing authorizes": [("command", "stop_close")],
    "an illegal fact": [("turn", "drained")],
}


@pytest.mark.parametrize("name", NEVER_CLOSING)
@pytest.mark.parametrize("ticks", [(), ("48500",), ("48500", "47000"), ("55000",)])
def test_the_engines_own_life_closes_nothing_and_cancels_no_stop(name: str, ticks: tuple[str, ...]) -> None:
    """Pausing, stopping, losing sight and failing: no closing order, both stops keep resting."""
    driver = held(*ticks)
    closed, resting = len(driver.sent(*CLOSING)), dict(driver.stops)
    for kind, what in NEVER_CLOSING[name]:
        if kind == "command":
            driver.command(what)
        else:
            turn(driver, what)
    assert len(driver.sent(*CLOSING)) == closed
    assert driver.stops == resting
    assert driver.position.qty > 0


@pytest.mark.parametrize(("steps", "adds", "reduces", "stops"), [
    ((), True, True, True),
    (("pause",), False, True, True),
    (("data_lost",), False, True, True),
    (("stop_keep",), False, False, True),
    (("data_lost", "data_recovered"), False, False, True),
    (("stop_keep", "drained"), False, False, False),
    (("fatal",), False, False, False),
    (("fatal", "reset"), False, False, False),
    (("fatal", "reset", "start"), False, False, False),
    (("fatal", "reset", "start", "start_ok"), False, False, True),
])  # fmt: skip
def test_what_still_acts_depends_on_the_engines_state(
    steps: tuple[str, ...], adds: bool, reduces: bool, stops: bool
) -> None:
    """§6: adds only in RUNNING, profit while it is watched, stops in every living state, nothing in the others."""
    for tick, acts in (("48500", adds), ("55000", reduces), ("45000", stops)):
        driver = held()
        for step in steps:
            if step in {"pause", "stop_keep", "reset", "start"}:
                driver.command(step)
            else:
                turn(driver, step)
        assert bool(driver.levels[SYMBOL]) == stops, "nothing is waited for that would be ignored"
        did = [deed for deed in driver.tick(tick) if not deed.startswith("DENIED")]
        assert bool(did) == acts, (tick, did)


def test_an_add_denied_by_a_pause_is_made_after_it() -> None:
    """A denial uses no rung up: when the engine runs again the next tick beyond the trigger adds."""
    driver = held()
    driver.command("pause")
    assert driver.tick("48400") == ["DENIED ENGINE_NOT_RUNNING"]
    assert driver.tick("48300") == []
    driver.command("resume")
    assert driver.tick("48300") == ["ADD 0.414"]


def test_a_command_that_the_state_does_not_allow_is_refused() -> None:
    """With an audited fact, and nothing else changes."""
    driver = held()
    for command in ("start", "resume", "reset", "abandon", "dance"):
        driver.command(command)
    assert driver.audits() == ["NOT_ALLOWED_IN_STATE"] * 5
    assert driver.engine.state == "RUNNING"


def test_an_internal_fact_that_no_row_lists_shuts_the_gate() -> None:
    """It is recorded and alerted; no new exposure; stops still act."""
    driver = held()
    turn(driver, "drained")
    assert driver.audits() == ["ILLEGAL_EVENT"]
    assert driver.alerts() == [("critical", "ILLEGAL_EVENT")]
    assert driver.tick("48500") == ["DENIED ENGINE_NOT_RUNNING"]
    assert driver.tick("45000")[0] == "STOP_LOSS_INITIAL 0.300"


# forced exits


@pytest.mark.parametrize("ticks", [(), ("48500",), ("48500", "47000"), ("55000",)])
def test_a_forced_exit_closes_everything_in_every_held_state(ticks: tuple[str, ...]) -> None:
    """MANUAL_FORCE_EXIT with the operator as its actor."""
    driver = held(*ticks)
    qty = driver.position.qty
    driver.done = []
    force(driver)
    assert driver.done == [f"MANUAL_FORCE_EXIT {qty}", f"EXIT {qty}", "CLOSED MANUAL_FORCE_EXIT"]


@pytest.mark.parametrize("fills", [(), ("0.100",), ("0.300",)])
def test_a_forced_exit_of_a_pending_entry_closes_whatever_still_fills(fills: tuple[str, ...]) -> None:
    """The entry is canceled; a fill that races with the cancel is closed at once."""
    driver, entry = pending(Purpose.ENTRY)
    force(driver)
    for qty in fills:
        driver.fill(entry, qty, done=qty == "0.300")
    if fills != ("0.300",):
        driver.end(entry.client_order_id)
    assert driver.state == "FLAT"
    assert [order.qty for order in driver.sent(Purpose.EXIT)] == [D(qty) for qty in fills]


def test_a_forced_exit_where_nothing_is_held_is_refused() -> None:
    """Before the first signal and after the close."""
    driver = Driver(patient())
    force(driver)
    driver.signal(LONG, "50000")
    driver.tick("45000")
    force(driver)
    assert driver.audits() == ["NOT_ALLOWED_IN_STATE"] * 2


# technical exits


@pytest.mark.parametrize(("direction", "half", "verdict"), [
    (LONG, "55000", "MA_CROSS_DOWN"), (SHORT, "45000", "MA_CROSS_UP"),
])  # fmt: skip
def test_a_runner_ends_at_a_cross_of_the_averages(direction: Direction, half: str, verdict: str) -> None:
    """TECH_MA_CROSS at the last price."""
    driver = held(half, direction=direction)
    assert driver.verdict(verdict, half)[-1] == "CLOSED TECH_MA_CROSS"


def test_a_stop_comes_before_a_technical_exit() -> None:
    """A verdict at a price beyond the stop is a stop."""
    driver = held("55000")
    assert driver.verdict("MA_CROSS_DOWN", "50050")[-1] == "CLOSED BREAKEVEN_STOP"


def test_a_verdict_before_the_half_close_is_nothing() -> None:
    """Technical exits belong to the runner."""
    driver = held()
    assert driver.verdict("MA_CROSS_DOWN", "50000") == []


# cool-down and days


@pytest.mark.parametrize(("tick", "minutes"), [("45000", 60), ("55000 50000", 15)])
def test_a_symbol_rests_after_a_close(tick: str, minutes: int) -> None:
    """60 minutes after a stop, 15 after any other exit, to the nanosecond."""
    driver = Driver(settings())
    driver.signal(LONG, "50000")
    for price in tick.split():
        driver.tick(price)
    assert driver.state == "CLOSED"
    closed_ns = driver.position.closed_ns
    driver.now_ns = closed_ns + minutes * MINUTE_NS - 10**9 - 1
    assert driver.signal(LONG, "50000") == ["DENIED COOLDOWN_ACTIVE"]
    driver.now_ns = closed_ns + minutes * MINUTE_NS - 10**9
    assert driver.signal(LONG, "50000") == ["ENTRY 0.300"]


def test_a_lost_day_pauses_the_engine_until_the_next() -> None:
    """DAILY_LOSS_LIMIT: one denial, PAUSED, RUNNING again when the day begins."""
    driver = Driver(patient())
    assert driver.signal(LONG, "50000", equity=D(95_000)) == ["DENIED DAILY_LOSS_LIMIT"]
    assert driver.engine.state == "PAUSED"
    assert driver.signal(LONG, "50000") == ["DENIED ENGINE_NOT_RUNNING"]
    driver.now_ns = (driver.now_ns // DAY_NS + 1) * DAY_NS
    driver.give(DayStarted(time_ns=driver.now_ns, wallet_balance=driver.wallet, equity=driver.wallet))
    assert driver.engine.state == "RUNNING"
    assert driver.signal(LONG, "50000") == ["ENTRY 0.300"]


def test_what_is_told_late_does_not_begin_the_day_anew() -> None:
    """An order's report with a time before midnight, after midnight: the entries of the day stay counted."""
    driver = Driver(patient(max_per_symbol_per_day=1))
    driver.now_ns = (driver.now_ns // DAY_NS + 1) * DAY_NS
    assert driver.signal(LONG, "50000") == ["ENTRY 0.300"]
    driver.give(AlarmRang(time_ns=driver.now_ns // DAY_NS * DAY_NS - 1, name=f"retry:{SYMBOL}:1"))
    driver.tick("40000")
    assert driver.state == "FLAT"
    assert driver.signal(LONG, "50000") == ["DENIED REENTRY_LIMIT"]


def test_a_new_day_does_not_undo_an_operators_pause() -> None:
    """Only a pause for the day's loss alone ends with the day."""
    driver = Driver(patient())
    driver.signal(LONG, "50000", equity=D(95_000))
    driver.command("pause", cause="lunch")
    driver.now_ns = (driver.now_ns // DAY_NS + 1) * DAY_NS
    driver.give(DayStarted(time_ns=driver.now_ns, wallet_balance=driver.wallet, equity=driver.wallet))
    assert driver.engine.state == "PAUSED"
    driver.command("resume")
    assert driver.engine.state == "RUNNING"


def test_a_pause_cancels_a_pending_entry() -> None:
    """Working entries go; what was filled of them is held and protected."""
    driver, entry = pending(Purpose.ENTRY)
    driver.fill(entry, "0.100", done=False)
    driver.command("pause")
    driver.end(entry.client_order_id)
    assert (driver.state, driver.position.qty) == ("INITIAL", D("0.100"))
    assert driver.sent(*CLOSING) == []
