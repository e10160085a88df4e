"""The gates before new exposure: their order, their exact limits, what is recorded. Source: strategies §9."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from itertools import combinations
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec
import pytest

from sadari.model.command import ArmSignals, RecordDecision
from sadari.model.event import SymbolPrepared
from sadari.model.order import Direction, Purpose
from sadari.model.reason import DenialCode, RejectReason
from sadari.model.units import DAY_NS, MILLISECOND_NS, SECOND_NS
from tests.ladder_driver import SYMBOL, Driver, held, patient, settings

LONG, SHORT = Direction.LONG, Direction.SHORT
OTHER = "ETHUSDT"
D = Decimal


class Fault(NamedTuple):
    """What makes one gate fail: something that happened before, other limits, or the signal itself."""

    before: Callable[[Driver], Any] = lambda _driver: None
    limits: Mapping[str, Any] = MappingProxyType({})
    contract: Mapping[str, Any] = MappingProxyType({})
    signal: Mapping[str, Any] = MappingProxyType({})
    after: Callable[[Driver], Any] = lambda _driver: None


def entered_and_stopped(driver: Driver) -> None:
    """A position on the symbol that was closed by its stop this second."""
    driver.signal(LONG, "50000")
    driver.tick("45000")
    driver.now_ns -= SECOND_NS


def unprepare(driver: Driver) -> None:
    """The venue confirms another leverage than the plan's."""
    driver.give(SymbolPrepared(time_ns=driver.now_ns, symbol=SYMBOL, leverage=7, max_notional=D(10**9)))


def seen(driver: Driver) -> None:
    """The signal was decided on before."""
    driver.signal(LONG, "50000", signal_id="again", price_time_ns=0)


FAULTS: dict[DenialCode, Fault] = {
    DenialCode.ENGINE_NOT_RUNNING: Fault(after=lambda driver: driver.command("pause")),
    DenialCode.SYMBOL_NOT_TRADABLE: Fault(contract={"status": "BREAK"}),
    DenialCode.SYMBOL_NOT_PREPARED: Fault(after=unprepare),
    DenialCode.MARKET_DATA_STALE: Fault(signal={"price_time_ns": 0}),
    DenialCode.ACCOUNT_DATA_STALE: Fault(limits={"account_max_age_ms": 0}),
    DenialCode.DUPLICATE_SIGNAL: Fault(before=seen, signal={"signal_id": "again"}),
    DenialCode.POSITION_EXISTS: Fault(before=lambda driver: driver.signal(LONG, "50000")),
    DenialCode.MAX_POSITIONS: Fault(limits={"max_positions": 0}),
    DenialCode.STRATEGY_POSITION_LIMIT: Fault(limits={"strategy_positions": 0}),
    DenialCode.SHORT_POSITION_LIMIT: Fault(limits={"max_shorts": 0}, signal={"direction": SHORT}),
    DenialCode.HEDGE_NOT_ALLOWED: Fault(
        before=lambda driver: driver.signal(LONG, "50000", symbol=OTHER), signal={"direction": SHORT}
    ),
    DenialCode.COOLDOWN_ACTIVE: Fault(before=entered_and_stopped),
    DenialCode.REENTRY_LIMIT: Fault(limits={"max_per_symbol_per_day": 0}),
    DenialCode.DAILY_TRADE_LIMIT: Fault(limits={"max_entries": 0}),
    DenialCode.DAILY_LOSS_LIMIT: Fault(signal={"equity": D(1)}),
    DenialCode.LEVERAGE_PLAN_INCOMPATIBLE: Fault(limits={"margin_mode": "isolated", "leverage": 50}),
    DenialCode.MARGIN_BUFFER: Fault(after=lambda driver: driver.account(available="50.00")),
    DenialCode.PORTFOLIO_RISK_CAP: Fault(limits={"max_portfolio_stop_loss_pct": "0"}),
    DenialCode.MARGIN_RESERVE: Fault(limits={"min_reserve_pct": "1"}),
    DenialCode.BELOW_MIN_QTY: Fault(contract={"min_qty": D(1000)}),
    DenialCode.BELOW_MIN_NOTIONAL: Fault(contract={"min_notional": D(10**9)}),
}
# A position that exists on the symbol has no cool-down, and one that was stopped does not exist.
EXCLUSIVE = {(DenialCode.POSITION_EXISTS, DenialCode.COOLDOWN_ACTIVE)}
PAIRS = [pair for pair in combinations(FAULTS, 2) if pair not in EXCLUSIVE]


def denied(*codes: DenialCode) -> RecordDecision:
    """The decision on a signal while these gates would fail."""
    faults = [FAULTS[code] for code in codes]
    driver = Driver(settings(max_portfolio_stop_loss_pct="0.9"), symbols=(SYMBOL, OTHER))
    for fault in faults:
        fault.before(driver)
    limits: dict[str, Any] = {"max_portfolio_stop_loss_pct": "0.9"}
    contract: dict[str, Any] = {}
    signal: dict[str, Any] = {"direction": LONG}
    for fault in faults:
        limits |= fault.limits
        contract |= fault.contract
        signal |= fault.signal
    impose(driver, settings(**limits), contract)
    for fault in faults:
        fault.after(driver)
    driver.signal(signal.pop("direction"), "50000", **signal)
    return driver.of(RecordDecision)[-1]


def impose(driver: Driver, limits: Any, contract: Mapping[str, Any]) -> None:
    """Other limits from now on, as if the run had started with them."""
    desk = driver.engine._desk
    desk.decide_by(limits)
    driver.instruments[SYMBOL] = msgspec.structs.replace(driver.instruments[SYMBOL], **contract)
    desk.instruments[SYMBOL] = driver.instruments[SYMBOL]
    for position in desk.positions.values():
        position.rules = desk.rules_for("", SYMBOL)
        if position.symbol == SYMBOL:
            position.instrument = driver.instruments[SYMBOL]


@pytest.mark.parametrize("code", FAULTS)
def test_each_gate_says_no_with_its_own_code(code: DenialCode) -> None:
    """One failing gate, one denial, with a value and a limit beside it; no order."""
    decision = denied(code)
    assert decision.denial == code
    assert (decision.accepted, decision.qty) == (False, D(0))
    assert decision.value
    assert decision.limit


@pytest.mark.parametrize(("first", "second"), PAIRS, ids=[f"{a} before {b}" for a, b in PAIRS])
def test_of_two_failing_gates_the_earlier_is_the_reason(first: DenialCode, second: DenialCode) -> None:
    """The fixed order of §9.2, for every pair that can fail together, however the faults are listed."""
    assert denied(second, first).denial == first


@pytest.mark.requirement("R000-23")
def test_without_a_fault_the_signal_is_accepted_with_every_cap() -> None:
    """The decision keeps all caps and names the binding one."""
    decision = denied()
    assert (decision.accepted, decision.denial, decision.qty, decision.binding) == (True, "", D("0.300"), "plan")
    assert set(decision.caps) == {"plan", "c2_value", "c4_margin", "c6_bracket"}


class Boundary(NamedTuple):
    """The last value that passes, the first that fails, and what is recorded then."""

    passing: Mapping[str, Any]
    failing: Mapping[str, Any]
    code: str
    value: str
    limit: str


BOUNDARIES = {
    "price age": Boundary({"age_ms": 2000}, {"age_ms": 2001}, "MARKET_DATA_STALE", "2001 ms", "2000 ms"),
    "account age": Boundary(
        {"account_age_ms": 5000}, {"account_age_ms": 5001}, "ACCOUNT_DATA_STALE", "5001 ms", "5000 ms"
    ),
    "day loss": Boundary({"equity": "95000.01"}, {"equity": "95000"}, "DAILY_LOSS_LIMIT", "-5000", "-5000.00"),
    "margin buffer": Boundary({"available": "50.01"}, {"available": "50.00"}, "MARGIN_BUFFER", "50.00", "50.0"),
    "worst case": Boundary(
        {"max_portfolio_stop_loss_pct": "0.0275"}, {"max_portfolio_stop_loss_pct": "0.0274"},
        "PORTFOLIO_RISK_CAP", "2750", "2740",
    ),
    "reserve": Boundary({"min_reserve_pct": "0.985"}, {"min_reserve_pct": "0.9851"}, "MARGIN_RESERVE", "1500", "1490"),
    "smallest quantity": Boundary({"min_qty": "0.300"}, {"min_qty": "0.301"}, "BELOW_MIN_QTY", "0.300", "0.301"),
    "smallest notional": Boundary(
        {"min_notional": "15000"}, {"min_notional": "15000.01"}, "BELOW_MIN_NOTIONAL", "15000", "15000.01"
    ),
}  # fmt: skip


def decide(changes: Mapping[str, Any]) -> RecordDecision:
    """The decision on a signal under one changed circumstance."""
    fields = dict(changes)
    age_ms, account_ms = fields.pop("age_ms", 0), fields.pop("account_age_ms", None)
    equity, available = D(fields.pop("equity", "100000")), fields.pop("available", None)
    contract: dict[str, Any] = {name: D(fields.pop(name)) for name in ("min_qty", "min_notional") if name in fields}
    limit: dict[str, Any] = {} if account_ms is None else {"account_max_age_ms": 5000}
    driver = Driver(patient(**fields, **limit), **contract)
    driver.account(available=available)
    driver.now_ns += (account_ms or 1000) * MILLISECOND_NS - SECOND_NS
    price_ns = driver.now_ns + SECOND_NS - age_ms * MILLISECOND_NS
    driver.signal(LONG, "50000", equity=equity, price_time_ns=price_ns)
    return driver.of(RecordDecision)[-1]


@pytest.mark.requirement("R000-12", "R000-17", "R000-14", "R000-6", "R000-23", "R000-27")
@pytest.mark.parametrize("name", BOUNDARIES)
def test_a_limit_holds_to_the_last_digit(name: str) -> None:
    """The value on the allowed side passes this gate, the next one is denied; value and limit are recorded."""
    boundary = BOUNDARIES[name]
    assert decide(boundary.passing).denial != boundary.code
    decision = decide(boundary.failing)
    assert (decision.denial, decision.value, decision.limit) == (boundary.code, boundary.value, boundary.limit)


def cycle(driver: Driver) -> list[str]:
    """Enter and leave by a stop."""
    did = driver.signal(LONG, "50000")
    driver.tick("45000")
    return did


def test_the_third_entry_of_a_symbol_passes_and_the_fourth_does_not() -> None:
    """Per UTC day; the next day counts anew."""
    driver = Driver(patient())
    assert [cycle(driver) for _ in range(4)] == [["ENTRY 0.300"]] * 3 + [["DENIED REENTRY_LIMIT"]]
    driver.now_ns += 86_400 * SECOND_NS
    assert cycle(driver) == ["ENTRY 0.300"]


def test_a_signal_denied_for_the_day_is_armed_for_the_next() -> None:
    """One that waits to be armed is not raised minute by minute against a limit that holds until midnight."""
    driver = Driver(patient(max_per_symbol_per_day=1))
    cycle(driver)
    assert driver.signal(LONG, "50000", rearm=True) == ["DENIED REENTRY_LIMIT"]
    assert driver.of(ArmSignals)[-1].not_before_ns == (driver.now_ns // DAY_NS + 1) * DAY_NS


def test_the_fiftieth_entry_of_a_day_passes_and_the_next_does_not() -> None:
    """All symbols together."""
    driver = Driver(patient(max_per_symbol_per_day=100, max_loss_pct=D("0.99")))
    did = [cycle(driver) for _ in range(51)]
    assert [said.split()[0] for (said,) in did[:50]] == ["ENTRY"] * 50
    assert did[50] == ["DENIED DAILY_TRADE_LIMIT"]


@pytest.mark.requirement("R000-15")
@pytest.mark.parametrize(("limits", "direction", "allowed", "code"), [
    ({}, LONG, 10, "MAX_POSITIONS"),
    ({"max_positions": 3}, LONG, 3, "MAX_POSITIONS"),
    ({"strategy_positions": 4}, LONG, 4, "STRATEGY_POSITION_LIMIT"),
    ({}, SHORT, 2, "SHORT_POSITION_LIMIT"),
    ({"max_shorts": 3, "max_short_risk_pct": "1"}, SHORT, 3, "SHORT_POSITION_LIMIT"),
])  # fmt: skip
@pytest.mark.parametrize("answered", [True, False])
def test_positions_are_counted_from_their_pending_entry(
    limits: dict[str, Any], direction: Direction, allowed: int, code: str, answered: bool
) -> None:
    """The last allowed one passes, the next is denied with count and limit; a pending entry counts already."""
    symbols = tuple(f"S{number}USDT" for number in range(allowed + 1))
    driver = Driver(patient(**limits), symbols=symbols)
    if not answered:
        driver.hold = {Purpose.ENTRY}
    for symbol in symbols:
        driver.signal(direction, "50000", symbol=symbol)
    decisions = driver.of(RecordDecision)
    assert [decision.accepted for decision in decisions] == [True] * allowed + [False]
    assert (decisions[-1].denial, decisions[-1].value, decisions[-1].limit) == (code, str(allowed), str(allowed))


@pytest.mark.requirement("R003-36")
@pytest.mark.parametrize("allow", [False, True])
def test_the_first_opposite_entry_is_denied_unless_allowed(allow: bool) -> None:
    """Against any open or pending position of the account."""
    driver = Driver(patient(allow_opposite_side=allow), symbols=(SYMBOL, OTHER))
    driver.hold = {Purpose.ENTRY}
    driver.signal(LONG, "50000", symbol=OTHER)
    driver.signal(SHORT, "50000")
    assert driver.of(RecordDecision)[-1].denial == ("" if allow else "HEDGE_NOT_ALLOWED")


@pytest.mark.requirement("R001-2")
def test_an_unknown_symbol_is_not_tradable() -> None:
    """Nothing is made up for it."""
    driver = Driver(patient())
    driver.signal(LONG, "50000", symbol="NOUSDT")
    assert driver.of(RecordDecision)[-1].denial == "SYMBOL_NOT_TRADABLE"


def test_a_bracket_without_room_is_named() -> None:
    """The venue's maximum at this leverage leaves nothing."""
    driver = Driver(patient())
    driver.give(SymbolPrepared(time_ns=driver.now_ns, symbol=SYMBOL, leverage=10, max_notional=D(10)))
    driver.signal(LONG, "50000")
    assert driver.of(RecordDecision)[-1].denial == "LEVERAGE_BRACKET_EXCEEDED"


@pytest.mark.requirement("R000-1")
def test_a_refusal_for_margin_shuts_every_symbol_until_fresh_account_data() -> None:
    """-2019 does not repeat: no order goes out, however many signals, until the account is shown again."""
    driver = Driver(patient(), symbols=(SYMBOL, OTHER))
    driver.hold = {Purpose.ENTRY}
    driver.signal(LONG, "50000")
    driver.reject(driver.held.pop(), -2019, RejectReason.INSUFFICIENT_MARGIN)
    for symbol in (SYMBOL, OTHER) * 5:
        assert driver.signal(LONG, "50000", symbol=symbol) == ["DENIED ACCOUNT_DATA_STALE"]
    assert len(driver.sent(Purpose.ENTRY)) == 1
    driver.account(available="5000")
    driver.signal(LONG, "50000")
    assert len(driver.sent(Purpose.ENTRY)) == 2


def test_an_add_refused_for_margin_is_tried_at_most_once_more() -> None:
    """After fresh account data, with a quantity computed anew."""
    driver = held()
    driver.hold = {Purpose.ADD}
    driver.tick("48500")
    driver.reject(driver.held.pop(), -2019, RejectReason.INSUFFICIENT_MARGIN)
    driver.ring("retry:")
    assert driver.tick("48500") == ["DENIED ACCOUNT_DATA_STALE"]
    driver.account(available="3000")
    driver.tick("48400")
    again = driver.held.pop()
    assert again.qty == D("0.185"), "c2: 30 % of the available balance as margin"
    driver.reject(again, -2019, RejectReason.INSUFFICIENT_MARGIN)
    assert driver.audits()[-1] == "ADD_ABANDONED"


ADD_GATES = [
    code for code in FAULTS
    if code in {"ENGINE_NOT_RUNNING", "SYMBOL_NOT_TRADABLE", "SYMBOL_NOT_PREPARED", "ACCOUNT_DATA_STALE",
                "MARGIN_BUFFER", "PORTFOLIO_RISK_CAP", "MARGIN_RESERVE", "BELOW_MIN_QTY", "BELOW_MIN_NOTIONAL"}
]  # fmt: skip


@pytest.mark.parametrize("code", ADD_GATES)
def test_an_add_denied_by_a_gate_is_made_once_the_gate_opens(code: DenialCode) -> None:
    """Nothing is sent, the rung is not used up, one record while the condition lasts."""
    driver = held()
    fault = FAULTS[code]
    impose(driver, patient(**fault.limits), fault.contract)
    fault.after(driver)
    assert driver.tick("48500") == [f"DENIED {code}"]
    driver.account(available="50.00" if code == "MARGIN_BUFFER" else None)
    assert driver.tick("48500") == [], "recorded once"
    impose(driver, patient(), {"status": "TRADING", "min_qty": D("0.001"), "min_notional": D(5)})
    prepared = SymbolPrepared(time_ns=driver.now_ns, symbol=SYMBOL, leverage=10, max_notional=D(10**9))
    driver.give(prepared)
    if code == "ENGINE_NOT_RUNNING":
        driver.command("resume")
    driver.account()
    assert driver.tick("48500") == ["ADD 0.412"]


def test_an_add_is_asked_none_of_the_gates_of_an_entry() -> None:
    """Counts of positions, entries and days do not hold the plan of an open position up."""
    driver = held()
    limits = {"max_positions": 0, "strategy_positions": 0, "max_per_symbol_per_day": 0, "max_entries": 0}
    impose(driver, patient(**limits), {})
    assert driver.tick("48500") == ["ADD 0.412"]
