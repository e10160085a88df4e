"""Parameters, periods and the orders that they ask for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sadari.localexchange.asking.parameters import Parameters
from sadari.localexchange.asking.periods import WEEK_MS, Period, period
from sadari.localexchange.asking.refused import Refused
from sadari.localexchange.endpoints.order_wishes import conditional, regular, working_type
from sadari.model.order import OrderType, PositionSide, Side, TimeInForce
from tests.exchange_orders import BTC, D

MARKET = {"symbol": BTC, "side": "BUY", "type": "MARKET", "quantity": "0.01"}
LIMIT = MARKET | {"type": "LIMIT", "timeInForce": "GTC", "price": "100"}
STOP = MARKET | {"algoType": "CONDITIONAL", "type": "STOP_MARKET", "triggerPrice": "100"}


def refused(read: Callable[[], object]) -> int:
    """The code with which something is refused."""
    with pytest.raises(Refused) as refusal:
        read()
    return refusal.value.code


def test_what_is_not_sent_is_none_and_what_is_empty_is_refused() -> None:
    """-1102 only where it is wanted."""
    asked = Parameters({"empty": ""})
    for read in (asked.maybe, asked.integer, asked.decimal, asked.flag):
        assert read("absent") is None
        assert refused(lambda read=read: read("empty")) == -1105  # type: ignore[misc]
    assert refused(lambda: asked.text("absent")) == -1102
    assert refused(lambda: asked.text("empty")) == -1105


@pytest.mark.parametrize("text", ["x", "1.0", " 1", "+1", "1e3", "\u0663", "9" * 19, "--1", "1\n", "0x1", "1_000"])
def test_what_is_no_whole_number_is_refused(text: str) -> None:
    """ASCII digits and a minus, and no more of them than a time in ns has."""
    assert refused(lambda: Parameters({"n": text}).integer("n")) == -1130


@pytest.mark.parametrize("text", ["x", "1.", ".5", "1e-3", "NaN", "Infinity", "-Infinity", "\u0661.5", "1,5", "9" * 21])
def test_what_is_no_decimal_is_refused(text: str) -> None:
    """No exponent, nothing that is not a number, none without digits on both sides of its point."""
    assert refused(lambda: Parameters({"n": text}).decimal("n")) == -1130


def test_what_is_a_number_is_read_exactly() -> None:
    """With the digits that it was written with."""
    assert Parameters({"n": "-9007199254740993"}).integer("n") == -9_007_199_254_740_993
    assert str(Parameters({"n": "0.10"}).decimal("n")) == "0.10"


def test_flags_are_words_in_any_case() -> None:
    """And nothing else is one."""
    assert Parameters({"f": "TRUE"}).flag("f") is True
    assert Parameters({"f": "false"}).flag("f") is False
    for text in ("1", "yes", "tru"):
        assert refused(lambda text=text: Parameters({"f": text}).flag("f")) == -1130  # type: ignore[misc]


def test_more_rows_than_there_may_be_are_the_most_and_none_are_refused() -> None:
    """The usual number if nothing is said."""
    assert Parameters({}).limit(500, 1000) == 500
    assert Parameters({"limit": "1001"}).limit(500, 1000) == 1000
    assert refused(lambda: Parameters({"limit": "0"}).limit(500, 1000)) == -1130


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, Period(10 * WEEK_MS - WEEK_MS, 10 * WEEK_MS, begins=False)),
        ({"startTime": "5"}, Period(5, 5 + WEEK_MS, begins=True)),
        ({"endTime": str(WEEK_MS)}, Period(0, WEEK_MS, begins=False)),
        ({"startTime": "0", "endTime": str(WEEK_MS)}, Period(0, WEEK_MS, begins=True)),
        ({"startTime": "0", "endTime": str(WEEK_MS + 1)}, -4165),
        ({"startTime": "2", "endTime": "1"}, -1130),
        ({"startTime": "x"}, -1130),
    ],
)
def test_a_period_is_a_week_at_most(values: dict[str, str], expected: Period | int) -> None:
    """The last one if nothing is said; both of its ends are in it."""

    def read() -> Period:
        return period(Parameters(values), 10 * WEEK_MS)

    if isinstance(expected, int):
        assert refused(read) == expected
        return
    assert read() == expected
    assert expected.holds(expected.first)
    assert expected.holds(expected.last)
    assert not expected.holds(expected.first - 1)
    assert not expected.holds(expected.last + 1)


def test_orders_are_read_as_they_were_asked_for() -> None:
    """A market, a limit and a conditional order."""
    market, limit = (regular(Parameters(values), {BTC}) for values in (MARKET, LIMIT | {"reduceOnly": "true"}))
    assert (market.order_type, market.qty, market.price, market.side) == (OrderType.MARKET, D("0.01"), None, Side.BUY)
    assert (limit.time_in_force, limit.price, limit.reduce_only) == (TimeInForce.GTC, D(100), True)
    assert limit.position_side is PositionSide.BOTH
    stop = conditional(Parameters(STOP | {"clientAlgoId": "a"}), {BTC})
    assert (stop.order_type, stop.trigger_price, stop.client_order_id) == (OrderType.STOP_MARKET, D(100), "a")


@pytest.mark.parametrize(
    ("values", "code"),
    [
        (MARKET | {"symbol": "btcusdt"}, -1121),
        (MARKET | {"side": "LONG"}, -1117),
        (MARKET | {"type": "BEST"}, -1116),
        (MARKET | {"type": "STOP_MARKET"}, -4120),
        (MARKET | {"price": "100"}, -1106),
        (MARKET | {"positionSide": "UP"}, -4060),
        (MARKET | {"quantity": "1e2"}, -1130),
        (MARKET | {"quantity": ""}, -1105),
        (MARKET | {"reduceOnly": "maybe"}, -1130),
        (LIMIT | {"timeInForce": "DAY"}, -1115),
        *(({name: text for name, text in LIMIT.items() if name != left}, -1102) for left in LIMIT),
    ],
)
def test_an_order_that_cannot_be_read_is_refused_with_the_code_for_what_is_wrong(
    values: dict[str, str], code: int
) -> None:
    """Each parameter has its own."""
    assert refused(lambda: regular(Parameters(values), {BTC})) == code


@pytest.mark.parametrize(
    ("values", "code"),
    [
        (STOP | {"algoType": "VP"}, -1102),
        (STOP | {"type": "MARKET"}, -1116),
        *(({name: text for name, text in STOP.items() if name != left}, -1102) for left in STOP),
    ],
)
def test_a_conditional_order_that_cannot_be_read_is_refused_likewise(values: dict[str, str], code: int) -> None:
    """Nothing that is not served is taken for something else."""
    assert refused(lambda: conditional(Parameters(values), {BTC})) == code


def test_only_a_price_that_is_served_can_trigger() -> None:
    """Contract price unless the mark price is named."""
    assert working_type(Parameters({})) == "CONTRACT_PRICE"
    assert working_type(Parameters({"workingType": "MARK_PRICE"})) == "MARK_PRICE"
    assert refused(lambda: working_type(Parameters({"workingType": "INDEX_PRICE"}))) == -1130
