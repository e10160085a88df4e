"""Who may have everything closed: each refusal is told and touches nothing. Source: strategies §11, §6; R003-24, 25."""

from __future__ import annotations

from typing import Any

import pytest

from sadari.model.command import Audit, CancelOrder, PlaceOrder, RecordLiquidation, SendAlert
from sadari.model.event import EngineTurned, OperatorRequested
from sadari.model.order import Direction, Purpose
from sadari.model.reason import LiquidationReason, LiquidationRefusal, liquidation_source
from tests.liquidation_driver import ORDER, Flattening, incident

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a source that is none": ({"source": "web"}, "LIQUIDATION_SOURCE_UNKNOWN"),
    "a token where the source should be": ({"source": "a81f" * 16}, "LIQUIDATION_SOURCE_UNKNOWN"),
    "a wrong token": ({"authentic": False, "doubt": "the token is wrong"}, "LIQUIDATION_AUTH_FAILED"),
    "no token": ({"authentic": False}, "LIQUIDATION_AUTH_FAILED"),
    "nobody's": ({"actor": ""}, "LIQUIDATION_AUTH_FAILED"),
    "no correlation id": ({"correlation_id": ""}, "LIQUIDATION_AUTH_FAILED"),
    "no reason": ({"reason": ""}, "LIQUIDATION_REASON_REQUIRED"),
    "a reason that is none": ({"reason": "BORED"}, "LIQUIDATION_REASON_REQUIRED"),
    "everything wrong": ({"source": "", "authentic": False, "reason": ""}, "LIQUIDATION_SOURCE_UNKNOWN"),
}


def refused(driver: Flattening, before: int, code: str) -> None:
    """The request was told as refused, and did nothing else."""
    told = driver.log[before:]
    (audit,) = [one for one in told if isinstance(one, Audit)]
    (alert,) = [one for one in told if isinstance(one, SendAlert)]
    assert (audit.code, alert.code, alert.severity) == (code, code, "critical")
    assert not [one for one in told if isinstance(one, PlaceOrder | CancelOrder | RecordLiquidation)]


@pytest.mark.requirement("R003-24", "R003-42", "R003-8")
@pytest.mark.parametrize("name", REFUSED)
def test_each_refusal_is_audited_and_alerted_and_nothing_is_touched(name: str) -> None:
    """With the first thing that is wrong, in the order of §11."""
    fields, code = REFUSED[name]
    driver = incident()
    stops, before = dict(driver.stops), len(driver.log)
    driver.ask(**fields)
    refused(driver, before, code)
    assert (driver.engine.state, driver.engine.liquidation, driver.stops) == ("RUNNING", None, stops)


@pytest.mark.requirement("R003-25")
def test_a_request_is_taken_once_and_never_again() -> None:
    """Not while it is under way, not after a cancel or a restart; nor one that was refused with a good token."""
    driver = incident()
    driver.ask()
    before = len(driver.log)
    driver.ask()
    refused(driver, before, "LIQUIDATION_REPLAYED")
    driver.ask(correlation_id="c2")
    assert driver.audits()[-1] == "LIQUIDATION_IN_PROGRESS"
    driver.call_off()
    for correlation_id in ("c1", "c2"):
        driver.ask(correlation_id=correlation_id)
        assert driver.audits()[-1] == "LIQUIDATION_REPLAYED"
    driver.restart()
    driver.ask(correlation_id="c2")
    assert driver.audits()[-1] == "LIQUIDATION_REPLAYED"
    driver.ask(correlation_id="c3")
    assert driver.engine.state == "LIQUIDATING"


def test_an_id_that_nobody_proved_to_own_stays_free() -> None:
    """Whoever guesses an id with a wrong token spends nothing of its owner's."""
    driver = incident()
    driver.ask(authentic=False)
    driver.ask()
    assert driver.engine.state == "LIQUIDATING"


@pytest.mark.requirement("R003-25")
def test_whatever_is_refused_in_whichever_phase_changes_nothing_of_its_course() -> None:
    """A second request, the same one again, and each that is wrong: in every phase the next step is the same."""
    wrong = [{}, {"correlation_id": "c9"}, *(fields for fields, _ in REFUSED.values())]
    plain, bothered = incident(), incident()
    phases = set()
    for driver in (plain, bothered):
        driver.refused = {"TAOUSDT"}
        driver.ask()
    while plain.liquidation.under_way:
        phases.add(plain.phase)
        for fields in wrong:
            before = len(bothered.log)
            bothered.ask(**fields)
            (audit,) = [one for one in bothered.log[before:] if isinstance(one, Audit)]
            assert audit.code in set(LiquidationRefusal)
        for driver in (plain, bothered):
            if driver.liquidation.number == 2:
                driver.refused = set()
            driver.next()
    assert phases == {"NOTICE", "CLOSE", "VERIFY", "SETTLE"}, "nothing was there to be canceled"
    assert bothered.of(PlaceOrder) == plain.of(PlaceOrder)
    assert bothered.of(RecordLiquidation) == plain.of(RecordLiquidation)


STATES: dict[str, list[str]] = {
    "RECONCILING": ["data_lost", "data_recovered"],
    "RUNNING": [],
    "PAUSED": ["pause"],
    "DEGRADED": ["data_lost"],
    "STOPPING": ["stop_keep"],
    "STOPPED": ["stop_keep", "drained"],
    "FAILED": ["fatal"],
    "IDLE": ["fatal", "reset"],
    "STARTING": ["fatal", "reset", "start"],
}


@pytest.mark.parametrize("state", STATES)
def test_it_is_refused_where_no_row_names_it(state: str) -> None:
    """§6: in every state that works, and while stopping; nowhere else."""
    driver = incident()
    for step in STATES[state]:
        if step in {"pause", "stop_keep", "reset", "start"}:
            driver.command(step)
        else:
            driver.give(EngineTurned(time_ns=driver.now_ns, trigger=step))
    assert driver.engine.state == state
    before = len(driver.log)
    driver.ask()
    if state in {"RECONCILING", "RUNNING", "PAUSED", "DEGRADED", "STOPPING"}:
        assert driver.engine.state == "LIQUIDATING"
        assert driver.liquidation.remembered == state
    else:
        refused(driver, before, "LIQUIDATION_NOT_ALLOWED_IN_STATE")
        assert driver.engine.state == state


@pytest.mark.parametrize("reason", list(LiquidationReason))
def test_every_reason_of_section_11_is_one(reason: str) -> None:
    """And is the reason of every exit that follows."""
    driver = incident()
    driver.ask(reason=reason)
    driver.to_the_end()
    assert {one.reason for one in driver.liquidation.results.values()} == {f"ENGINE_LIQUIDATION:{reason}"}


@pytest.mark.parametrize(("name", "source"), [
    ("CLI", "CLI"), ("cli", "CLI"), ("api_auth", "API_AUTH"), ("api_key", "API_AUTH"), ("scheduled", "SCHEDULED"),
    ("scheduled_task", "SCHEDULED"), ("SCHEDULED", "SCHEDULED"), ("", None), ("root", None),
])  # fmt: skip
def test_a_source_has_two_spellings(name: str, source: str | None) -> None:
    """S003 gives api_auth and api_key, scheduled and scheduled_task."""
    assert liquidation_source(name) == source


def test_every_refusal_has_a_code_that_is_audited() -> None:
    """The closed list of §11."""
    assert len(LiquidationRefusal) == 6
    assert {code for _, code in REFUSED.values()} | {
        "LIQUIDATION_REPLAYED", "LIQUIDATION_IN_PROGRESS", "LIQUIDATION_NOT_ALLOWED_IN_STATE",
    } == set(LiquidationRefusal)  # fmt: skip


# what the engine asks for itself


@pytest.mark.requirement("R003-8", "R003-10")
def test_a_stop_that_closes_goes_through_the_same_notice() -> None:
    """Source SCHEDULED, reason OPERATOR_STOP_CLOSE, an id of the engine's own; it may be canceled."""
    driver = incident()
    driver.command("stop_close", cause="holiday")
    assert (driver.engine.state, driver.phase, driver.closing()) == ("LIQUIDATING", "NOTICE", [])
    wanted = driver.liquidation.wanted
    assert (wanted.source, wanted.reason, wanted.after) == ("SCHEDULED", "OPERATOR_STOP_CLOSE", "STOP")
    assert (wanted.actor, wanted.cause) == ("test", "holiday")
    driver.call_off()
    assert driver.engine.state == "STOPPING"


@pytest.mark.requirement("R003-8")
def test_a_stop_that_closes_does_so_for_a_recorded_reason_and_ends_the_engine() -> None:
    """The smallest first; what closed them names the stop; STOPPED when nothing is left."""
    driver = incident()
    driver.command("stop_close", cause="holiday")
    driver.to_the_end()
    assert tuple(order.symbol for order in driver.closing()) == ORDER
    assert {one.reason for one in driver.liquidation.results.values()} == {"ENGINE_LIQUIDATION:OPERATOR_STOP_CLOSE"}
    assert (driver.engine.state, driver.stops) == ("STOPPED", {})


@pytest.mark.parametrize(
    ("actor", "cause", "code"),
    [("", "holiday", "LIQUIDATION_AUTH_FAILED"), ("anna", "", "LIQUIDATION_REASON_REQUIRED")],
)
def test_a_stop_that_closes_needs_a_name_and_a_cause(actor: str, cause: str, code: str) -> None:
    """Otherwise it is a stop that keeps everything; the refusal is audited and alerted like any other."""
    driver = incident()
    driver.give(OperatorRequested(time_ns=driver.now_ns, command="stop_close", actor=actor, cause=cause))
    assert (driver.engine.state, driver.engine.liquidation, driver.closing()) == ("STOPPING", None, [])
    assert code in {one.code for one in driver.of(Audit)}
    assert code in {one.code for one in driver.of(SendAlert)}


def test_an_entry_that_fills_after_a_stop_that_closes_is_closed_too() -> None:
    """Its cancel lost the race: it is protected during the notice, and closed after it."""
    driver = Flattening("BTCUSDT")
    driver.hold = {Purpose.ENTRY}
    driver.signal(Direction.LONG, "50000", symbol="BTCUSDT")
    entry = driver.held.pop()
    driver.command("stop_close", cause="holiday")
    driver.fill(entry)
    assert len(driver.stops) == 2
    driver.to_the_end()
    assert driver.at_venue("BTCUSDT") == 0
    assert driver.stops == {}
    assert driver.engine.state == "STOPPED"


@pytest.mark.parametrize("policy", ["LIQUIDATE", "PROTECT"])
def test_a_connection_that_cannot_be_had_back_closes_only_where_that_was_chosen(policy: str) -> None:
    """Through the notice, with source SCHEDULED and reason CONNECTION_FAILURE; a person is told either way."""
    driver = incident()
    driver.give(EngineTurned(time_ns=driver.now_ns, trigger="data_lost", cause="user"))
    guard = f"policy {policy}"
    driver.give(EngineTurned(time_ns=driver.now_ns, trigger="recovery_exhausted", guard=guard, cause="user"))
    assert ("critical", "RECOVERY_EXHAUSTED") in driver.alerts()
    assert driver.closing() == []
    if policy == "PROTECT":
        assert (driver.engine.state, driver.engine.liquidation) == ("DEGRADED", None)
        return
    assert (driver.engine.state, driver.phase) == ("LIQUIDATING", "NOTICE")
    wanted = driver.liquidation.wanted
    assert (wanted.source, wanted.reason, wanted.after) == ("SCHEDULED", "CONNECTION_FAILURE", "PAUSE")
    driver.to_the_end()
    assert driver.engine.state == "DEGRADED"
