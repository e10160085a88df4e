"""Orders that fill in part, and quantities too small or too large for one order. Source: strategies §5.3."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sadari.model.order import Direction, Purpose
from sadari.model.units import MILLISECOND_NS
from tests.ladder_driver import SYMBOL, Driver, held, patient, pending

LONG = Direction.LONG
ENTRY, ADD, REDUCE, EXIT = Purpose.ENTRY, Purpose.ADD, Purpose.REDUCE, Purpose.EXIT
D = Decimal


def test_an_entry_that_fills_in_part_is_protected_at_once() -> None:
    """Provisional average and stop from the first fill; what is canceled is never sent again."""
    driver = Driver(patient())
    driver.hold = {ENTRY}
    driver.signal(LONG, "50000")
    entry = driver.held.pop()
    driver.fill(entry, "0.100", done=False)
    assert driver.state == "ENTRY_PENDING"
    assert driver.resting(Purpose.STOP) == [D("44910.00")]
    driver.fill(entry, "0.100", done=False, price="50020")
    assert driver.position.e0 == 50_010
    driver.end(entry.client_order_id, cause="EXPIRED")
    assert (driver.state, driver.position.qty) == ("INITIAL", D("0.200"))
    assert driver.position.worst_case > 0
    assert driver.tick("48509.7") == ["ADD 0.412"]


def test_what_is_worth_less_than_the_smallest_order_is_closed_all_the_same() -> None:
    """Fault F29: the smallest notional is for openings; no guard of ours holds an exit back."""
    driver = Driver(patient(), min_notional=D("100"))
    driver.hold = {ENTRY}
    driver.signal(LONG, "50000")
    entry = driver.held.pop()
    driver.fill(entry, "0.001", done=False)
    driver.end(entry.client_order_id, cause="EXPIRED")
    assert driver.tick("45000") == ["STOP_LOSS_INITIAL 0.001", "EXIT 0.001", "CLOSED STOP_LOSS_INITIAL"]


@pytest.mark.parametrize("refused", [True, False])
def test_an_entry_without_a_fill_leaves_nothing(refused: bool) -> None:
    """Refused or expired: flat, nothing armed, no stop, and the entry does not count."""
    driver = Driver(patient())
    driver.hold = {ENTRY}
    driver.signal(LONG, "50000")
    entry = driver.held.pop()
    if refused:
        driver.reject(entry)
    else:
        driver.end(entry.client_order_id)
    assert driver.state == "FLAT"
    assert driver.stops == {}
    assert driver.engine.account.entries[SYMBOL] == 0


def test_an_add_that_fills_in_part_is_a_lot_of_what_was_filled() -> None:
    """The stage is reached with the first fill; the rest is not sent again; the recovery closes what there is."""
    driver, add = pending(ADD, "48500")
    driver.fill(add, "0.100", done=False)
    assert (driver.state, driver.position.stage) == ("DCA1_PENDING", 1)
    driver.fill(add, "0.050", done=False)
    driver.end(add.client_order_id)
    assert driver.state == "FIRST_DCA"
    assert driver.tick("50000") == ["DCA1_RECOVERY 0.150", "REDUCE 0.150"]


@pytest.mark.parametrize(("ticks", "fills", "expected"), [
    (("48500",), ("0.004",), "none"),
    (("48500", "47000"), ("0.412", "0.004"), "DCA1_RECOVERY 0.416"),
])  # fmt: skip
def test_a_lot_below_the_minimum_joins_what_is_below_it(
    ticks: tuple[str, ...], fills: tuple[str, ...], expected: str
) -> None:
    """The next lower lot, and the lowest one the entry: it is never sent alone."""
    driver = held(contract={"min_qty": D("0.010")})
    driver.hold = {ADD}
    for tick, qty in zip(ticks, fills, strict=True):
        driver.tick(tick)
        add = driver.held.pop()
        driver.fill(add, qty, done=False)
        driver.end(add.client_order_id)
    assert driver.tick("48500") == []
    assert ([] if expected == "none" else [expected]) == [deed for deed in driver.tick("50000") if "DCA" in deed]


def test_a_reduction_that_fills_in_part_is_allotted_from_the_highest_lot() -> None:
    """Scenario E in pieces: first lot 2, then lot 1, then half; the remainder is sent after the pause."""
    driver, reduction = pending(REDUCE, "48500", "47000", "53200")
    driver.fill(reduction, "0.425", done=False)
    driver.fill(reduction, "0.100", done=False)
    assert driver.resting(Purpose.STOP)
    driver.end(reduction.client_order_id)
    assert driver.state == "REDUCING"
    assert driver.ring("reduce:") == 500 * MILLISECOND_NS
    rest = driver.held.pop()
    assert rest.qty == D("0.462")
    assert driver.done == ["DCA1_RECOVERY 0.312", "HALF_PROFIT 0.150"]
    driver.fill(rest)
    assert (driver.state, driver.position.qty) == ("RUNNER", D("0.150"))


@pytest.mark.parametrize(("filled", "state", "lots"), [("0.425", "SECOND_DCA", [1]), ("0.900", "RUNNER", [])])
def test_a_reduction_given_up_keeps_what_is_unfilled(filled: str, state: str, lots: list[int]) -> None:
    """Lots keep their quantity; the half counts as done if any of it was filled."""
    driver, order = pending(REDUCE, "48500", "47000", "53200")
    driver.fill(order, filled, done=False)
    driver.end(order.client_order_id)
    for _ in range(2):
        driver.ring("reduce:")
        order = driver.held.pop()
        driver.fill(order, "0.001", done=False)
        driver.end(order.client_order_id)
    assert driver.state == state
    assert driver.position.open_lots() == lots
    assert driver.position.half_closed == (state == "RUNNER")


@pytest.mark.parametrize(("min_qty", "step"), [("0.200", "0.001"), ("0.300", "0.300")])
def test_a_half_too_small_to_send_makes_a_runner_without_an_order(min_qty: str, step: str) -> None:
    """HALF_QTY_ZERO: marked as done, the break-even stop holds."""
    driver = held("55000", contract={"min_qty": D(min_qty), "step_size": D(step)})
    assert (driver.state, driver.position.qty) == ("RUNNER", D("0.300"))
    assert driver.audits() == ["HALF_QTY_ZERO"]
    assert driver.sent(REDUCE) == []
    assert driver.tick("50049.99")[0] == "BREAKEVEN_STOP 0.300"


def test_a_remainder_below_the_minimum_is_closed_too() -> None:
    """What would be left after a reduction could not be sold alone: everything goes for the same reason."""
    driver = held(contract={"min_qty": D("0.100")}, half_close_ratio="0.8")
    assert driver.tick("55000") == ["HALF_PROFIT 0.300", "REDUCE 0.300", "CLOSED HALF_PROFIT"]


def test_a_closing_order_beyond_the_market_maximum_goes_out_in_parts() -> None:
    """Exits and reductions: one after the other, each within the maximum."""
    limit = {"market_max_qty": D("0.500")}
    driver = held("48500", "47000", contract=limit)
    driver.tick("45918.33")
    assert [order.qty for order in driver.sent(EXIT)] == [D("0.500"), D("0.500"), D("0.137")]
    assert driver.done[-1] == "CLOSED STOP_LOSS_SECOND_DCA"
    driver = held("48500", "47000", "53200", contract=limit)
    assert [order.qty for order in driver.sent(REDUCE)] == [D("0.500"), D("0.487")]
    assert [deed for deed in driver.done if not deed.startswith("REDUCE")] == [
        "DCA2_RECOVERY 0.425", "DCA1_RECOVERY 0.075", "DCA1_RECOVERY 0.337", "HALF_PROFIT 0.150",
    ]  # fmt: skip
    assert (driver.state, driver.position.qty) == ("RUNNER", D("0.150"))


def test_an_exit_that_expires_in_part_is_sent_again_for_the_rest() -> None:
    """At once, without waiting."""
    driver, order = pending(EXIT, "44900")
    driver.fill(order, "0.100", done=False)
    driver.hold = set()
    driver.end(order.client_order_id, cause="EXPIRED")
    assert [o.qty for o in driver.sent(EXIT)] == [D("0.300"), D("0.200")]
    assert driver.state == "FLAT"


@pytest.mark.parametrize("purpose", [ENTRY, ADD, REDUCE, EXIT])
def test_an_order_has_ended_although_its_end_comes_with_a_known_trade(purpose: Purpose) -> None:
    """All of its trades were told before the word that there are no more: the position goes on all the same."""
    driver = Driver(patient())
    if purpose is not ENTRY:
        driver.signal(LONG, "50000")
    driver.hold = {purpose}
    if purpose is ENTRY:
        driver.signal(LONG, "50000")
    elif purpose is EXIT:
        driver.tick("44000")
    else:
        driver.tick("48500")
        if purpose is REDUCE:
            driver.tick("50000")
    order = driver.held.pop()
    driver.fill(order, done=False)
    trades, qty, fees = driver.trades, driver.position.qty, driver.position.fees
    driver.trades -= 1
    driver.fill(order, done=True)
    assert driver.engine.orders[order.client_order_id].state == "FILLED"
    assert driver.position.working is None
    assert (driver.trades, driver.position.qty, driver.position.fees) == (trades, qty, fees)
    assert driver.state == {ENTRY: "INITIAL", ADD: "FIRST_DCA", REDUCE: "FIRST_DCA", EXIT: "FLAT"}[purpose]
