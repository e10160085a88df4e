"""How much: quantities are cut down to limits and to steps, from the symbol's own price and the balance of now."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.core.sizing import Sizing, ladder_caps, quantity
from sadari.model.command import RecordDecision
from sadari.model.order import Direction
from sadari.model.plan import Fees, Ladder, Risk
from sadari.model.units import Exact, exact, floor_step
from tests.ladder_driver import SYMBOL, Driver, instrument, patient

D = Decimal
LONG = Direction.LONG


def sized(available: str, leverage: int = 1, price: str = "4400", **contract: Any) -> Sizing:
    """An order whose plan is the whole available balance, at a price."""
    traded = instrument(**contract)
    at, free = exact(D(price)), D(available)
    caps = ladder_caps(
        Ladder(leverage=leverage), Risk(), Fees(), traded,
        planned=exact(free), price=at, available=free, held=D(0), max_notional=D(10**9),
    )  # fmt: skip
    return quantity(caps, traded, at)


@pytest.mark.requirement("R000-13")
@given(
    st.fractions(0, 10**6),
    st.sampled_from(["0.001", "0.1", "1", "10", "0.00000001", "0.005"]).map(D),
)
def test_a_quantity_is_the_largest_multiple_of_the_step_that_is_not_above_it(qty: Fraction, step: Decimal) -> None:
    """Never rounded up, whatever the step of the symbol."""
    rounded = floor_step(Exact(qty.numerator, qty.denominator), step)
    assert rounded % step == 0
    assert Fraction(rounded) <= qty < Fraction(rounded) + Fraction(step)


@pytest.mark.requirement("R000-13")
@pytest.mark.parametrize(("cap", "step", "qty"), [
    ("2666.66666", "0.1", "2666.6"), ("15.174506", "0.001", "15.174"), ("9.99", "1", "9"),
])  # fmt: skip
def test_a_limit_is_rounded_down_where_the_nearest_step_would_break_it(cap: str, step: str, qty: str) -> None:
    """Half up would give 2666.7, 15.175 and 10: more than the limit."""
    found = quantity({"limit": exact(D(cap))}, instrument(step_size=D(step)), exact(D(10)))
    assert (found.qty, found.binding, found.denial) == (D(qty), "limit", None)


@pytest.mark.requirement("R000-11")
@pytest.mark.parametrize(("available", "cap", "qty"), [
    ("10000", "0.681818", "0.681"), ("8000", "0.545454", "0.545"), ("500", "0.034090", "0.034"),
])  # fmt: skip
def test_an_order_takes_at_most_three_tenths_of_the_available_balance(available: str, cap: str, qty: str) -> None:
    """Without leverage margin is value: 0.30 * available / price, the smallest of all limits here, rounded down."""
    found = sized(available)
    assert (found.qty, found.binding) == (D(qty), "c2_value")
    assert 0 <= found.caps["c2_value"] - exact(D(cap)) < exact(D("0.000001"))


def test_of_little_margin_the_buffer_is_kept_and_the_rest_is_too_small_to_send() -> None:
    """60 available: 10 are usable, which is 0.022614 at tenfold leverage; a value of 20 at least is not reached."""
    caps = sized("60", leverage=10).caps
    assert 0 <= caps["c4_margin"] - exact(D("0.022614")) < exact(D("0.000001"))
    denial = sized("60", min_notional=D(20)).denial
    assert denial is not None
    assert (denial.code, denial.value) == ("BELOW_MIN_NOTIONAL", "8.8")


@pytest.mark.requirement("R000-14", "R000-25")
def test_each_symbol_is_sized_at_its_own_price() -> None:
    """The same plan of 15,000: at 50,000, at 2,500 and at 0.25, each exactly, and anew when the price moves."""
    prices = {SYMBOL: "50000", "ETHUSDT": "2500", "DOGEUSDT": "0.25"}
    driver = Driver(patient(), symbols=tuple(prices), max_qty=D(10**6), market_max_qty=D(10**6))
    for symbol, price in prices.items():
        driver.signal(LONG, price, symbol=symbol)
    sizes = [(decision.symbol, decision.price, decision.qty) for decision in driver.of(RecordDecision)]
    assert sizes == [(symbol, D(price), D(15_000) / D(price)) for symbol, price in prices.items()]
    driver.tick("45000")
    driver.account(available="100000")
    driver.signal(LONG, "40000")
    plan = (driver.wallet * D("0.015") * 10 / 40_000).quantize(D("0.001"), rounding="ROUND_FLOOR")
    assert driver.of(RecordDecision)[-1].qty == plan


@pytest.mark.requirement("R002-10")
def test_the_next_signal_is_sized_by_the_balance_of_now() -> None:
    """A wallet that is halved, then doubled: so are the quantities, without a restart."""
    driver = Driver(patient(max_per_symbol_per_day=9))
    quantities = []
    for wallet in ("100000", "50000", "200000"):
        driver.wallet = D(wallet)
        driver.account(cause="TRANSFER")
        driver.signal(LONG, "50000")
        quantities.append(driver.of(RecordDecision)[-1].qty)
        driver.tick("45000")
    assert quantities == [D("0.300"), D("0.150"), D("0.600")]
