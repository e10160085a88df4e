"""Whatever a venue does while everything is closed, and however often the process ends: the same few truths.

Source: strategies §11; invariants I8, I9, I13.
"""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from sadari.model.command import RecordExit, RecordLiquidated, RecordLiquidation, RecordPosition
from sadari.model.event import OrderAccepted, OrderFilled
from sadari.model.order import Purpose
from sadari.model.units import SECOND_NS
from tests.liquidation_driver import INCIDENT, Flattening, incident

ZERO = Decimal(0)
PHASES = {"NOTICE", "CANCEL", "CLOSE", "VERIFY", "SETTLE"}
DEEDS = st.lists(
    st.tuples(st.sampled_from(["next", "fill", "part", "refuse", "accept", "lose", "stop", "alarm", "restart",
                               "blind", "deaf", "pause", "confirm"]), st.integers(0, 3)),
    max_size=25,
)  # fmt: skip


def do(driver: Flattening, deed: str, number: int) -> None:
    """One thing that happens."""
    held = driver.held
    symbol = list(INCIDENT)[number]
    if deed == "next" and driver.liquidation.under_way and driver.engine.state == "LIQUIDATING":
        driver.next()
    elif deed in ("fill", "part", "refuse", "accept", "lose") and held:
        _answer(driver, deed, number % len(held))
    elif deed == "stop":
        _stop_fills(driver, symbol)
    elif deed == "alarm":
        for name in [one for one in driver.alarms if one.startswith(f"exit:{symbol}:")]:
            driver.ring(name)
    elif deed in ("restart", "blind"):
        _dies(driver, sight=deed == "restart")
    elif deed == "deaf":
        driver.answers = not driver.answers
    elif deed == "pause":
        driver.command("pause")
    elif deed == "confirm":
        driver.confirm()


def _answer(driver: Flattening, deed: str, at: int) -> None:
    order = driver.held[at]
    left = min(order.qty or ZERO, abs(driver.at_venue(order.symbol)))
    if deed == "accept":
        driver.give(OrderAccepted(time_ns=driver.now_ns, symbol=order.symbol, client_order_id=order.client_order_id))
        return
    if deed == "lose":
        driver.lose(order)
        return
    if deed == "part" and left > Decimal("0.002"):
        intent = driver.engine.orders[order.client_order_id]
        if not intent.final and intent.filled == 0:
            driver.fill(order, "0.001", done=False)
        return
    driver.held.pop(at)
    intent = driver.engine.orders[order.client_order_id]
    if intent.final:
        return
    if deed == "fill" and left > 0:
        rest = min(left, (order.qty or ZERO) - intent.filled)
        driver.fill(order, str(rest), done=True)
    elif intent.filled > 0 or left == 0:
        driver.end(order.client_order_id, symbol=order.symbol, cause="EXPIRED")
    else:
        driver.reject(order, -1001)


def _stop_fills(driver: Flattening, symbol: str) -> None:
    """The wall of a symbol fills at the venue, for all that is held."""
    qty = abs(driver.at_venue(symbol))
    walls = [one for one in driver.stops.values() if one.symbol == symbol and one.purpose is Purpose.WALL]
    if qty and walls and driver.engine.positions[symbol].qty == qty:
        driver.fill(walls[0], str(qty))


def _dies(driver: Flattening, *, sight: bool) -> None:
    """The process ends; what was on its way is lost, and proven to be after the next start."""
    lost, driver.held = driver.held, []
    driver.answers = True
    driver.restart(sight=sight)
    for order in lost:
        if not driver.engine.orders[order.client_order_id].final:
            driver.end(order.client_order_id, symbol=order.symbol, cause="ABSENT")


def settle(driver: Flattening) -> None:
    """From here on the venue does what it is told."""
    driver.answers, driver.hold = True, set()
    for order in list(driver.held):
        driver.held.remove(order)
        if not driver.engine.orders[order.client_order_id].final:
            driver.end(order.client_order_id, symbol=order.symbol, cause="ABSENT")
    for _ in range(40):
        if not driver.liquidation.under_way:
            return
        driver.next()
    raise AssertionError(f"it is in {driver.phase} still: {driver.liquidation.open}")


@settings(max_examples=60)
@given(deeds=DEEDS)
def test_it_ends_flat_with_a_reason_and_a_record_for_each_and_no_price_without_a_trade(
    deeds: list[tuple[str, int]],
) -> None:
    """No order before its notice, nothing beyond zero, no id twice, nothing illegal, no symbol missing anywhere."""
    driver = incident()
    driver.hold = {Purpose.EXIT}
    driver.ask()
    for deed, number in deeds:
        do(driver, deed, number)
    settle(driver)
    assert {symbol: driver.at_venue(symbol) for symbol in INCIDENT} == dict.fromkeys(INCIDENT, ZERO)
    assert "ILLEGAL_EVENT" not in driver.audits(), [one for one in driver.log if "ILLEGAL" in str(one)]
    assert driver.engine.state in ("PAUSED", "DEGRADED")
    assert driver.stops == {}
    names = [order.client_order_id for order in driver.closing()]
    assert len(names) == len(set(names))
    assert all(order.reduce_only for order in driver.closing())
    judge_records(driver)


def judge_records(driver: Flattening) -> None:
    """What the journal of such a liquidation has to say."""
    told = driver.of(RecordLiquidated)
    for symbol in INCIDENT:
        mine = {one.phase for one in told if one.symbol == symbol}
        assert mine == PHASES, (symbol, mine)
    by_phase = [one.phase for one in driver.of(RecordLiquidation)]
    assert by_phase[0] == "NOTICE"
    assert by_phase[-1] == "SETTLE"
    trades = {
        symbol: [one for one in driver.events if isinstance(one, OrderFilled) and one.symbol == symbol and one.buyer]
        for symbol in INCIDENT
    }
    ended = driver.of(RecordPosition)
    assert sorted(one.symbol for one in ended) == sorted(INCIDENT)
    for one in ended:
        value = sum((trade.price * trade.qty for trade in trades[one.symbol]), ZERO)
        qty = sum((trade.qty for trade in trades[one.symbol]), ZERO)
        assert one.exit_price is not None
        assert abs(one.exit_price * qty - value) < Decimal("1e-6")
        assert one.reason in ("ENGINE_LIQUIDATION:OPERATOR_REQUEST", "PROTECTIVE_STOP_ORDER")
    reasons = [one for one in driver.of(RecordExit) if one.actor == "anna"]
    assert all(one.reason == "ENGINE_LIQUIDATION:OPERATOR_REQUEST" and one.cause for one in reasons)


@settings(max_examples=30)
@given(deeds=DEEDS)
def test_nothing_is_closed_while_the_notice_runs(deeds: list[tuple[str, int]]) -> None:
    """Whatever happens meanwhile, but for a confirmation and the deadline itself; then it may be canceled."""
    driver = incident()
    driver.ask()
    for deed, number in deeds:
        if deed not in ("next", "confirm"):
            do(driver, deed, number)
    assert driver.closing() == []
    if driver.engine.state == "LIQUIDATING":
        driver.now_ns += 29 * SECOND_NS
        driver.call_off()
        assert driver.phase == "CANCELED"
    assert driver.closing() == []
