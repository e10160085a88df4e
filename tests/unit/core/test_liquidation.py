"""A liquidation's course: notice, cancel, close, verify, settle, what interrupts it, and what the engine is afterwards.

Source: strategies §11, §6.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sadari.lifecycle import Lifecycle
from sadari.model.command import CancelOrder, RecordLiquidated, RecordLiquidation, RecordPosition, SendAlert
from sadari.model.event import EngineTurned, OrderFilled, PositionRecord, PositionsShown
from sadari.model.order import Direction, Purpose
from sadari.model.plan import Liquidation as Times
from sadari.model.units import SECOND_NS
from tests.liquidation_driver import INCIDENT, Flattening, incident

D = Decimal
BTC, ETH = "BTCUSDT", "ETHUSDT"
OPENING = (Purpose.ENTRY, Purpose.ADD)


def turn(driver: Flattening, trigger: str, **fields: Any) -> None:
    """An internal fact about the engine's life."""
    driver.give(EngineTurned(time_ns=driver.now_ns, trigger=trigger, **fields))


def two_longs() -> Flattening:
    """Two positions with their stops."""
    driver = Flattening(BTC, ETH)
    driver.signal(Direction.LONG, "50000", symbol=BTC)
    driver.signal(Direction.LONG, "49000", symbol=ETH)
    return driver


# notice


@pytest.mark.requirement("R003-28", "R003-42", "R003-52")
def test_nothing_is_sent_before_the_notice_is_over() -> None:
    """Thirty seconds to the nanosecond: no order, no cancel; the notice says who, why, what, how much, until when."""
    driver = incident()
    sent = len(driver.sent(*Purpose)), len(driver.of(CancelOrder))
    driver.ask(cause="enough")
    assert driver.engine.state == "LIQUIDATING"
    assert (len(driver.sent(*Purpose)), len(driver.of(CancelOrder))) == sent
    (notice,) = driver.of(RecordLiquidation)
    assert (notice.source, notice.reason, notice.actor, notice.cause) == ("CLI", "OPERATOR_REQUEST", "anna", "enough")
    assert (notice.correlation_id, notice.symbols) == ("c1", tuple(sorted(INCIDENT)))
    assert notice.deadline_ns == driver.now_ns + 30 * SECOND_NS
    (alert,) = [one for one in driver.of(SendAlert) if one.code == "EMERGENCY_LIQUIDATION"]
    for part in ("OPERATOR_REQUEST", "CLI", "anna", "c1", "DOTUSDT SHORT 257.4 (-3.397", "-21.39", "in 30 s"):
        assert part in alert.text
    assert driver.next() == 30 * SECOND_NS
    assert driver.closing()


@pytest.mark.parametrize("reason", ["OPERATOR_REQUEST", "MARGIN_CRITICAL"])
def test_only_margin_critical_may_be_without_a_notice(reason: str) -> None:
    """`notice_s = 0` is its alone; for any other reason the configuration does not take it."""
    driver = incident()
    driver.ask(reason=reason)
    assert bool(driver.closing()) is (reason == "MARGIN_CRITICAL")
    assert Times().notice_s == 30


def test_an_explicit_second_confirmation_ends_the_notice() -> None:
    """One of another liquidation, or by nobody, does not."""
    driver = incident()
    driver.ask()
    driver.confirm(correlation_id="c2")
    driver.confirm(actor="")
    assert driver.phase == "NOTICE"
    driver.confirm(correlation_id="c1", cause="now")
    assert driver.closing()
    assert driver.audits().count("NOT_ALLOWED_IN_STATE") == 2
    confirmed = next(one for one in driver.of(RecordLiquidation) if one.event == "confirmed")
    assert (confirmed.actor, confirmed.cause) == ("anna", "now")


CANCELED_TO = {
    "RUNNING": ([], [], "RUNNING"),
    "PAUSED": (["pause"], [], "PAUSED"),
    "paused meanwhile": ([], ["pause"], "PAUSED"),
    "data lost now": ([], ["data_lost"], "DEGRADED"),
    "data lost meanwhile": ([], ["data_lost", "data_recovered"], "RECONCILING"),
    "DEGRADED": (["data_lost"], [], "DEGRADED"),
    "DEGRADED and back": (["data_lost"], ["data_recovered"], "RECONCILING"),
    "STOPPING": (["stop_keep"], [], "STOPPING"),
    "stopped meanwhile": ([], ["stop_keep"], "STOPPING"),
    "RECONCILING": (["data_lost", "data_recovered"], [], "RECONCILING"),
}


@pytest.mark.requirement("R003-28")
@pytest.mark.parametrize("name", CANCELED_TO)
def test_a_notice_may_be_canceled_and_the_engine_goes_on_from_where_it_was(name: str) -> None:
    """Nothing was closed, both stops stand; what was not seen meanwhile is compared first."""
    before, meanwhile, after = CANCELED_TO[name]
    driver = incident()
    stops = dict(driver.stops)
    for step in before:
        _step(driver, step)
    driver.ask()
    for step in meanwhile:
        _step(driver, step)
    driver.call_off(cause="by mistake")
    assert driver.engine.state == after
    assert (driver.phase, driver.closing(), driver.stops) == ("CANCELED", [], stops)
    assert ("warning", "LIQUIDATION_CANCELED") in driver.alerts()
    assert driver.outcomes("DOTUSDT") == [("NOTICE", "HELD"), ("NOTICE", "KEPT")]
    assert "ILLEGAL_EVENT" not in driver.audits()


def _step(driver: Flattening, step: str) -> None:
    if step in {"pause", "stop_keep"}:
        driver.command(step)
    else:
        turn(driver, step, **({"cause": "user"} if step.startswith("data") else {}))


def test_beyond_the_notice_there_is_no_way_back() -> None:
    """A cancel is refused and audited in every later phase, and after the end."""
    driver = incident()
    driver.refused = {"TAOUSDT"}
    driver.ask()
    driver.next()
    phases = set()
    while driver.liquidation.under_way:
        phases.add(driver.phase)
        driver.call_off()
        assert driver.audits()[-1] == "NOT_ALLOWED_IN_STATE"
        driver.next()
        if driver.liquidation.number == 2:
            driver.refused = set()
    driver.call_off()
    assert phases == {"CLOSE", "VERIFY", "SETTLE"}
    assert driver.engine.state == "PAUSED"


# cancel


def test_orders_that_would_change_a_position_go_before_anything_is_closed() -> None:
    """An entry, and an add; stops stay until their position is flat (D-25)."""
    driver = two_longs()
    driver.hold = set(OPENING)
    driver.tick("48500", symbol=BTC)
    (add,) = driver.held
    stops = dict(driver.stops)
    driver.ask()
    driver.next()
    assert next(one.client_order_id for one in driver.of(CancelOrder)) == add.client_order_id
    canceled = next(at for at, one in enumerate(driver.log) if isinstance(one, CancelOrder))
    closing = next(at for at, one in enumerate(driver.log) if one in driver.closing())
    assert canceled < closing
    assert driver.outcomes(BTC)[:2] == [("NOTICE", "HELD"), ("CANCEL", "CANCEL_SENT")]
    assert driver.outcomes(ETH)[1] == ("CANCEL", "NOTHING_TO_CANCEL")
    still = {name for name, order in driver.stops.items() if order.symbol == ETH}
    assert still == {name for name, order in stops.items() if order.symbol == ETH}, "it is not its turn yet"
    driver.to_the_end()
    assert driver.stops == {}


def test_a_cancel_without_an_answer_is_waited_for_ten_seconds() -> None:
    """Then it goes on; an entry that fills after all is closed by a pass, and until then nothing is verified."""
    driver = two_longs()
    driver.hold = set(OPENING)
    driver.tick("48500", symbol=BTC)
    (add,) = driver.held
    driver.held = []
    driver.ask()
    driver.next()
    assert driver.phase == "CANCEL"
    assert driver.next() == 10 * SECOND_NS
    assert driver.phase == "CLOSE"
    driver.next()
    driver.ring(f"exit:{BTC}")
    for _ in range(4):
        driver.next()
    assert driver.phase == "VERIFY", "the add may still fill"
    assert driver.at_venue(BTC) == 0
    driver.fill(add, price="48400")
    driver.to_the_end()
    assert driver.at_venue(BTC) == 0
    assert driver.engine.state == "PAUSED"


def test_an_entry_that_is_canceled_is_never_filled_and_the_record_says_so() -> None:
    """Nothing was held: the record of the symbol says how it ended in each phase."""
    driver = Flattening(BTC)
    driver.hold = {Purpose.ENTRY}
    driver.signal(Direction.LONG, "50000", symbol=BTC)
    driver.ask()
    driver.to_the_end()
    assert driver.outcomes(BTC) == [
        ("NOTICE", "ENTERING"), ("CANCEL", "CANCEL_SENT"), ("CLOSE", "FLAT"), ("VERIFY", "FLAT"),
        ("SETTLE", "NEVER_FILLED"),
    ]  # fmt: skip
    assert driver.of(RecordLiquidation)[-1].realized == 0
    assert driver.engine.state == "PAUSED"


def test_a_position_in_parts_takes_no_more_profit() -> None:
    """A reduction that is canceled is not sent again; everything goes at once."""
    driver = two_longs()
    driver.hold = {Purpose.REDUCE}
    driver.tick("55000", symbol=BTC)
    assert driver.held
    driver.ask()
    driver.next()
    for name in [one for one in driver.alarms if one.startswith("reduce:")]:
        driver.ring(name)
    driver.to_the_end()
    assert len(driver.sent(Purpose.REDUCE)) == 1
    assert driver.at_venue(BTC) == 0


# close and verify


def test_a_stop_that_fires_meanwhile_keeps_its_own_reason() -> None:
    """Stops stay active for what is not closed yet."""
    driver = two_longs()
    driver.ask()
    driver.tick("44000", symbol=BTC)
    driver.to_the_end()
    reasons = {record.symbol: record.reason for record in driver.of(RecordPosition)}
    assert reasons == {BTC: "STOP_LOSS_INITIAL", ETH: "ENGINE_LIQUIDATION:OPERATOR_REQUEST"}


def test_what_the_venue_holds_beside_is_closed_too_and_what_nobody_can_close_is_named() -> None:
    """One of a contract that the engine does not know stays open by its name, until the venue shows nothing."""
    driver = two_longs()
    driver.answers = False
    driver.ask()
    for _ in range(2):
        driver.next()
    assert driver.phase == "VERIFY"
    found = (PositionRecord("NEWUSDT", D(5), D(10), mark_price=D(10)),)
    driver.give(PositionsShown(time_ns=driver.now_ns, positions=found))
    for _ in range(3):
        driver.give(PositionsShown(time_ns=driver.now_ns, positions=found))
        driver.next()
    assert driver.liquidation.open == ("NEWUSDT",)
    assert driver.outcomes("NEWUSDT")[0] == ("VERIFY", "OPEN")
    assert {one.qty for one in driver.of(RecordLiquidated) if one.symbol == "NEWUSDT"} == {D(5)}
    driver.give(PositionsShown(time_ns=driver.now_ns))
    assert driver.phase == "SETTLE"


def test_a_venue_that_does_not_answer_verifies_nothing() -> None:
    """Everything is flat by our own count, which is not enough."""
    driver = two_longs()
    driver.answers = False
    driver.ask()
    for _ in range(6):
        driver.next()
    assert driver.phase == "VERIFY"
    assert ("VERIFY", "NOT_READ") in driver.outcomes(BTC)
    assert driver.audits().count("LIQUIDATION_INCOMPLETE") == 1
    driver.answers = True
    driver.next()
    driver.to_the_end()
    assert driver.engine.state == "PAUSED"


def test_one_that_cannot_be_closed_by_a_bug_keeps_none_of_the_others_open() -> None:
    """It is told, met again by each pass, and named as open."""
    driver = incident()
    position = driver.engine.positions["XRPUSDT"]
    sound = position.lifecycle
    position.lifecycle = Lifecycle("broken", sound.states, [], "FLAT")
    driver.ask()
    for _ in range(6):
        driver.next()
    assert [symbol for symbol in INCIDENT if driver.at_venue(symbol)] == ["XRPUSDT"]
    assert "ILLEGAL_EVENT" in driver.audits()
    assert driver.liquidation.open == ("XRPUSDT",)
    position.lifecycle = sound
    driver.to_the_end()
    assert driver.at_venue("XRPUSDT") == 0


@pytest.mark.requirement("R003-43")
def test_a_settlement_that_is_tried_again_adds_nothing() -> None:
    """Three tries with the same trades give the single sum."""
    driver = incident()
    driver.hold = {Purpose.EXIT}
    driver.ask()
    for _ in range(4):
        driver.next()
    for order in list(driver.held):
        driver.fill(order)
    driver.next()
    tries = 0
    while driver.phase == "SETTLE":
        assert driver.next() == SECOND_NS
        tries += 1
    assert tries <= 3
    assert not driver.engine.live
    end = [one for one in driver.of(RecordLiquidation) if one.phase == "SETTLE"][-1]
    assert end.realized == D("-21.394475")
    closing = [one for one in driver.events if isinstance(one, OrderFilled) and one.buyer]
    assert end.wallet_change == end.booked_change == end.realized - sum(one.fee for one in closing)


# what comes in between, and afterwards


@pytest.mark.parametrize(
    ("command", "state"), [("stop_keep", "STOPPED"), ("stop_close", "STOPPED"), ("pause", "PAUSED")]
)
def test_a_stop_meanwhile_lets_it_go_on_and_ends_the_engine_with_it(command: str, state: str) -> None:
    """F118: a stop in the middle leaves nothing behind; it comes after the last symbol."""
    driver = incident()
    driver.ask()
    driver.next()
    driver.command(command, cause="bye")
    assert driver.engine.state == "LIQUIDATING"
    driver.to_the_end()
    assert driver.engine.state == state
    assert {symbol: driver.at_venue(symbol) for symbol in INCIDENT} == dict.fromkeys(INCIDENT, D(0))


@pytest.mark.parametrize(("lost", "state"), [(True, "DEGRADED"), (False, "PAUSED")])
def test_afterwards_the_engine_is_paused_or_blind_until_an_operator_resumes(lost: bool, state: str) -> None:
    """§6: PAUSED, or DEGRADED with the pause flag set if data is lost now."""
    driver = incident()
    driver.ask()
    if lost:
        turn(driver, "data_lost", cause="user")
    driver.to_the_end()
    assert driver.engine.state == state
    assert driver.engine.causes == ("liquidation",)
    if lost:
        turn(driver, "data_recovered", cause="user")
        turn(driver, "reconciled")
    assert driver.signal(Direction.LONG, "1.6", symbol="DOTUSDT") == ["DENIED ENGINE_NOT_RUNNING"]
    driver.command("resume")
    assert driver.engine.state == "RUNNING"


@pytest.mark.parametrize("after", ["PAUSE", "STOP"])
def test_what_follows_is_what_was_asked_for(after: str) -> None:
    """PAUSE or STOP."""
    driver = incident()
    driver.ask(after=after)
    driver.to_the_end()
    assert driver.engine.state == {"PAUSE": "PAUSED", "STOP": "STOPPED"}[after]


def test_nothing_is_opened_while_everything_is_closed() -> None:
    """In no phase, the notice included."""
    driver = incident()
    driver.ask()
    while driver.liquidation.under_way:
        assert driver.signal(Direction.LONG, "50000", symbol="XRPUSDT")[-1].startswith("DENIED")
        driver.next()


def test_the_plan_says_what_then_happens_and_changes_nothing() -> None:
    """The same order, the same quantities, the same times."""
    driver = incident()
    marks = tuple((symbol, D(held.mark)) for symbol, held in INCIDENT.items())
    before = len(driver.log)
    planned = driver.engine.liquidation_plan("OPERATOR_REQUEST", marks)
    assert (len(driver.log), driver.engine.state, planned.refusal) == (before, "RUNNING", "")
    assert planned.unrealized == D("-21.39447500")
    began_ns = driver.now_ns
    driver.ask()
    assert driver.engine.liquidation_plan("OPERATOR_REQUEST", marks).refusal.startswith("LIQUIDATION_IN_PROGRESS")
    for one in planned.closes:
        driver.next()
        order = driver.closing()[-1]
        assert (one.symbol, one.qty) == (order.symbol, order.qty)
        assert driver.now_ns - began_ns == int(one.after_s * SECOND_NS)


def test_what_the_plan_does_not_know_it_leaves_out() -> None:
    """No price, no value: never 0."""
    driver = incident()
    for position in driver.engine.positions.values():
        position.last_price = D(0)
    planned = driver.engine.liquidation_plan("", ())
    assert {one.notional for one in planned.closes} == {one.unrealized for one in planned.closes} == {None}
    assert planned.unrealized is None
    assert planned.refusal.startswith("LIQUIDATION_REASON_REQUIRED")
