"""Entries with a stop of their own on an account: sized by what they lose there, within the limits on shorts and sides.

Source: strategies §9.3, §9.4, §9.6.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sadari.model.command import RecordDecision
from sadari.model.entry import LimitEntry, Target
from sadari.model.order import Direction, Purpose
from sadari.model.units import EXACT
from tests.ladder_driver import START_NS, Driver, patient

D = Decimal
SHORT, LONG = Direction.SHORT, Direction.LONG
OTHER = "ETHUSDT"
THIRD = "XRPUSDT"


def entry(price: str, stop: str) -> LimitEntry:
    """An entry whose target is twice as far away as its stop."""
    target = EXACT.add(D(price), 2 * EXACT.subtract(D(price), D(stop)))
    return LimitEntry(price=D(price), stop=D(stop), targets=(Target(target),), until_ns=START_NS * 2)


def raised(driver: Driver, direction: Direction, price: str, stop: str, **fields: Any) -> RecordDecision:
    """What is decided on an entry."""
    driver.signal(direction, price, limit=entry(price, stop), strategy="ict", **fields)
    return driver.of(RecordDecision)[-1]


INCIDENT = {
    "R10": ("0.1167", "0.1187", "1", "22150.00 11388.17 3796.06 30353.29 33225.00", "3796"),
    "R11": ("1.8058", "1.8433", "0.1", "1181.33 735.96 245.32 1961.58 1772.00", "245.3"),
}


@pytest.mark.requirement("R003-3", "R000-23")
@pytest.mark.parametrize("name", INCIDENT)
def test_r10_and_r11_by_the_engine(name: str) -> None:
    """Strategies §9.6: all five limits are in the decision, and a tenth of the balance binds."""
    price, stop, step, caps, qty = INCIDENT[name]
    driver = Driver(
        patient(leverage=1),
        balance="4430",
        tick_size=D("0.0001"),
        step_size=D(step),
        min_qty=D(step),
        max_qty=D(10**6),
        market_max_qty=D(10**6),
    )
    decision = raised(driver, SHORT, price, stop)
    shown = [decision.caps[f"c{number}"] for number in ("1_risk", "2_value", "3_position", "4_margin", "5_short_risk")]
    assert [round(cap, 2) for cap in shown] == [D(cap) for cap in caps.split()]
    assert (decision.accepted, decision.qty, decision.binding) == (True, D(qty), "c3_position")


@pytest.mark.requirement("R003-35")
@pytest.mark.parametrize("filled", [False, True])
@pytest.mark.parametrize(("risk", "stop", "qty", "said"), [
    ("0.0145", "114.5", "0.113", "c5_short_risk"), ("0.015", "115", "0", "SHORT_RISK_CAP"),
])  # fmt: skip
def test_r12_by_the_engine(risk: str, stop: str, qty: str, said: str, *, filled: bool) -> None:
    """145 of 150 are at risk in another short, held or still waiting: 5/44 is left; at 150 nothing is."""
    driver = Driver(patient(risk_per_trade=risk), balance="10000", symbols=("BTCUSDT", OTHER))
    first = raised(driver, SHORT, "100", stop)
    assert first.qty == 10
    if filled:
        driver.fill(driver.sent(Purpose.ENTRY)[0], price="100")
        driver.wallet = D(10_000)
        driver.account()
    decision = raised(driver, SHORT, "4400", "4444", symbol=OTHER)
    assert decision.qty == D(qty)
    assert said == (decision.denial or decision.binding)


def test_a_long_has_no_cap_on_short_risk() -> None:
    """c5 is for shorts only."""
    driver = Driver(patient(), balance="10000")
    assert "c5_short_risk" not in raised(driver, LONG, "4400", "4356").caps


@pytest.mark.requirement("R003-36")
@pytest.mark.parametrize(("first", "second"), [(SHORT, LONG), (LONG, SHORT)])
def test_an_order_that_waits_keeps_the_other_side_out(first: Direction, second: Direction) -> None:
    """The first opposite entry already, of either kind; unless both sides are allowed."""
    stop = {SHORT: "101", LONG: "99"}
    for allowed, said in ((False, "HEDGE_NOT_ALLOWED"), (True, "")):
        for limit in (None, entry("100", stop[second])):
            driver = Driver(patient(allow_opposite_side=allowed), symbols=("BTCUSDT", OTHER))
            assert raised(driver, first, "100", stop[first]).accepted
            driver.signal(second, "100", symbol=OTHER, limit=limit)
            assert driver.of(RecordDecision)[-1].denial == said


@pytest.mark.requirement("R003-34")
@pytest.mark.parametrize(
    ("trend", "said"), [("", "SHORT_POSITION_LIMIT"), ("BULLISH", "SHORT_POSITION_LIMIT"), ("BEARISH", "")]
)
def test_a_third_short_needs_a_bearish_market(trend: str, said: str) -> None:
    """Two wait already; in a bearish market one more may."""
    driver = Driver(patient(), symbols=("BTCUSDT", OTHER, THIRD))
    for symbol in ("BTCUSDT", OTHER):
        assert raised(driver, SHORT, "100", "100.2", symbol=symbol).accepted
    assert raised(driver, SHORT, "100", "100.2", symbol=THIRD, market_trend=trend).denial == said


def test_what_waits_is_margin_at_its_own_price() -> None:
    """Gate 24 counts an entry that waits at its limit, wherever the last price is."""
    changes = {"leverage": 1, "max_position": "0.5", "max_order_value": "1", "risk_per_trade": "1"}
    driver = Driver(
        patient(**changes, max_available_risk="1", max_usable_pct="0.95"), balance="10000", symbols=("BTCUSDT", OTHER)
    )
    first = raised(driver, LONG, "100", "99")
    assert first.qty == 50
    assert raised(driver, LONG, "100", "99", symbol=OTHER).denial == "MARGIN_RESERVE"
