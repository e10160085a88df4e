"""Sizing by the distance to a stop: the vectors R1 to R12 of strategies §9.6, exact, and what holds for every order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.core.sizing import Sizing, size_by_stop
from sadari.model.order import Direction
from sadari.model.plan import PROFILES, Fees, Risk
from sadari.model.units import decimal_of, exact

D = Decimal
SHORT = Direction.SHORT


def sized(entry: str, stop: str | None, step: str = "0.001", *, profile: str = "s000", **changes: Any) -> Sizing:
    """An order at 10,000 of balance, all of it available, without leverage."""
    direction = SHORT if stop is not None and D(stop) > D(entry) else Direction.LONG
    fields: dict[str, Any] = {
        "direction": direction, "leverage": 1, "balance": D(10_000), "available": D(10_000),
        "min_notional": D(5),
    }  # fmt: skip
    return size_by_stop(
        PROFILES[profile], Risk(), Fees(), entry=D(entry), stop=None if stop is None else D(stop), step=D(step),
        **(fields | changes),
    )  # fmt: skip


ONE_RULE = {
    "R1": ("4400", "4312", "0.001", "1.136363", "1.136"),
    "R2": ("1.8058", "1.8433", "0.1", "2666.666666", "2666.6"),
    "R3": ("349.23", "355.82", "0.001", "15.174506", "15.174"),
}


@pytest.mark.requirement("R002-3", "R000-2")
@pytest.mark.parametrize("name", ONE_RULE)
def test_balance_times_risk_over_distance_is_rounded_down(name: str) -> None:
    """R1 to R3: the rule alone, as the first limit states it; half up would exceed the risk in R2 and R3."""
    entry, stop, step, cap, qty = ONE_RULE[name]
    found = sized(entry, stop, step)
    assert decimal_of(found.caps["c1_risk"], 6) == D(cap)
    assert decimal_of(found.caps["c1_risk"], 12) // D(step) * D(step) == D(qty)


@pytest.mark.requirement("R002-3")
def test_r4_a_stop_at_the_entry_is_refused() -> None:
    """R4: nothing is divided by zero."""
    denial = sized("4400", "4400").denial
    assert denial is not None
    assert denial.code == "ZERO_STOP_DISTANCE"


@pytest.mark.parametrize(("stop", "direction"), [("4444", Direction.LONG), ("4356", SHORT)])
def test_a_stop_on_the_wrong_side_has_no_quantity(stop: str, direction: Direction) -> None:
    """Strategies §8.1: gate 16."""
    denial = sized("4400", stop, direction=direction).denial
    assert denial is not None
    assert denial.code == "INVALID_PRICES"


BY_AVAILABLE = {
    "R5": ("10000", "1.136363", "0.681818", "0.681", "c2_value"),
    "R6": ("8000", "1.136363", "0.545454", "0.545", "c2_value"),
    "R7": ("500", "0.568181", "0.034090", "0.034", "c2_value"),
}


@pytest.mark.requirement("R000-10", "R000-11", "R000-18", "R000-19")
@pytest.mark.parametrize("name", BY_AVAILABLE)
def test_without_a_stop_two_percent_are_assumed(name: str) -> None:
    """R5 to R7: the smaller of both risks over 0.02 of the price, then three tenths of what is available."""
    available, risk, value, qty, binding = BY_AVAILABLE[name]
    found = sized("4400", None, available=D(available))
    assert decimal_of(found.caps["c1_risk"], 6) == D(risk)
    assert decimal_of(found.caps["c2_value"], 6) == D(value)
    assert (found.qty, found.binding, found.denial) == (D(qty), binding, None)


def test_r8_what_is_left_is_below_the_smallest_notional() -> None:
    """R8: 10 are usable at 60, which is 0.022614 at tenfold leverage; 0.004 is worth 17.6, below 20."""
    found = sized("4400", None, available=D(60), leverage=10, min_notional=D(20))
    assert decimal_of(found.caps["c4_margin"], 6) == D("0.022614")
    assert decimal_of(found.caps["c2_value"], 6) == D("0.004090")
    assert found.denial is not None
    assert (found.qty, found.denial.code, found.denial.value) == (D("0.004"), "BELOW_MIN_NOTIONAL", "17.6")


@pytest.mark.requirement("R000-12")
def test_r9_the_buffer_is_inclusive() -> None:
    """R9: 50.00 is denied, 50.01 passes this gate."""
    refused, passed = (sized("4400", None, available=D(free)).denial for free in ("50.00", "50.01"))
    assert refused is not None
    assert passed is not None
    assert (refused.code, passed.code) == ("MARGIN_BUFFER", "MARGIN_RESERVE")


INCIDENT = {
    "R10": ("0.1167", "0.1187", "1", "22150.00 11388.17 3796.06 30353.29 33225.00", "3796"),
    "R11": ("1.8058", "1.8433", "0.1", "1181.33 735.96 245.32 1961.58 1772.00", "245.3"),
}


@pytest.mark.requirement("R003-3")
@pytest.mark.parametrize("name", INCIDENT)
def test_a_short_of_the_incident_is_bound_by_a_tenth_of_the_balance(name: str) -> None:
    """R10 and R11: all five limits, at 4,430 of balance and without leverage."""
    entry, stop, step, caps, qty = INCIDENT[name]
    found = sized(entry, stop, step, profile="ict", direction=SHORT, balance=D(4430), available=D(4430))
    shown = [found.caps[f"c{number}"] for number in ("1_risk", "2_value", "3_position", "4_margin", "5_short_risk")]
    assert [round(decimal_of(cap), 2) for cap in shown] == [D(cap) for cap in caps.split()]
    assert (found.qty, found.binding, found.denial) == (D(qty), "c3_position", None)


@pytest.mark.parametrize(("open_risk", "qty", "said"), [
    ("0", "0.227", "c3_position"), ("145", "0.113", "c5_short_risk"), ("150", "0", "SHORT_RISK_CAP"),
])  # fmt: skip
def test_r12_what_open_shorts_risk_is_taken_off(open_risk: str, qty: str, said: str) -> None:
    """R12: 1.5 % of 10,000 less what is at risk already, over a distance of 44."""
    found = sized("4400", "4444", profile="ict", direction=SHORT, short_risk=D(open_risk))
    assert found.qty == D(qty)
    assert said == (found.denial.code if found.denial else found.binding)


@pytest.mark.requirement("R000-5", "R000-16", "R000-17")
@given(
    st.decimals("0.0001", "100000", places=4),
    st.decimals("-0.2", "0.2", places=3).filter(bool),
    st.sampled_from(["0.001", "0.1", "1", "0.00000001"]),
    st.decimals("51", "1000000", places=2),
    st.decimals("0.01", "1", places=2),
    st.integers(1, 125),
    st.sampled_from(sorted(PROFILES)),
)
def test_a_quantity_keeps_every_limit(
    entry: Decimal, away: Decimal, step: str, balance: Decimal, free: Decimal, leverage: int, profile: str
) -> None:
    """A multiple of the step, at most each cap, its loss at the stop within the risk, buffer and a fifth kept."""
    available = max(balance * free, D("50.01"))
    direction = SHORT if away > 0 else Direction.LONG
    found = size_by_stop(
        PROFILES[profile], Risk(), Fees(), direction=direction, entry=entry, stop=entry * (1 + away),
        leverage=leverage, balance=balance, available=available, step=D(step), min_notional=D(0),
    )  # fmt: skip
    qty = exact(found.qty)
    assert found.qty % D(step) == 0
    assert all(qty <= cap or qty == 0 for cap in found.caps.values())
    risk = min(D("0.10") * available, D("0.01") * balance)
    assert qty * exact(abs(entry * away)) <= exact(risk)
    taken = qty * exact(entry) * (exact(D(1)) / leverage + exact(Fees().taker))
    assert exact(available) - taken >= max(exact(D(50)), exact(D("0.20")) * exact(available)) or qty == 0
