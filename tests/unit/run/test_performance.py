"""The figures of how well an engine does, on sequences whose results are known."""

from __future__ import annotations

from decimal import Decimal
from statistics import mean, stdev

import pytest

from sadari.model.command import PlaceOrder, RecordExit, RecordPosition
from sadari.model.event import Event, OrderFound, OrderRejected, PositionRecord, PositionsShown
from sadari.model.order import Direction, OrderType, Purpose, Side
from sadari.model.reason import ExitReason, RejectReason
from sadari.run.figures.recent import Recent
from tests.ladder_driver import SYMBOL, held

D = Decimal
NOTHING = Event(time_ns=1)


def closed(pnl: str | None, fees: str = "1", funding: str = "0", balance: str = "1000") -> RecordPosition:
    """A settled position."""
    return RecordPosition(
        symbol="BTCUSDT", position_id=1, direction=Direction.LONG, strategy="s", signal_id="1", opened_ns=0,
        closed_ns=1, stage=0, reason="STOP_LOSS_INITIAL", entry_qty=D(1), max_qty=D(1), entry_price=D(100),
        exit_price=None if pnl is None else D(100), pnl=None if pnl is None else D(pnl), fees=D(fees), adds=0,
        max_notional=D(100), plan_balance=D(balance), worst_case=D(10), funding=D(funding),
    )  # fmt: skip


def order(number: int) -> PlaceOrder:
    """An order that is sent."""
    return PlaceOrder(
        symbol="BTCUSDT", client_order_id=f"run-{number}-e", purpose=Purpose.ENTRY, side=Side.BUY,
        order_type=OrderType.MARKET, qty=D(1),
    )  # fmt: skip


def left(position: int, reason: str) -> RecordExit:
    """A position that is left."""
    return RecordExit(symbol="BTCUSDT", position_id=position, reason=reason, qty=D(1), actor="engine", cause="price")


@pytest.mark.requirement("R000-24")
def test_the_figures_of_a_known_sequence_are_these() -> None:
    """Five orders, one refused; results of +2 %, -1 %, 0 and one that nobody knows; a fifth of the margin in use."""
    recent = Recent()
    recent.see(NOTHING, [order(number) for number in range(5)])
    recent.see(
        OrderRejected(
            time_ns=1, symbol="BTCUSDT", client_order_id="run-1-e", code=-2019, reason=RejectReason.INSUFFICIENT_MARGIN
        ),
        [],
    )
    results = [closed("21"), closed("-9"), closed("0.5", funding="0.5"), closed(None)]
    for record in results:
        recent.see(NOTHING, [record])
    shown = recent.performance.show(recent.orders, recent.refusals, D(1000), D(800))
    assert shown.order_success_rate == 0.8
    assert shown.margin_utilisation == D("0.2")
    shares = [0.02, -0.01, 0.0]
    assert shown.risk_adjusted_return == pytest.approx(mean(shares) / stdev(shares))
    assert shown.win_rate == pytest.approx(1 / 3)
    assert (shown.wins, shown.losses, shown.unknown) == (1, 1, 1)


@pytest.mark.requirement("R000-24")
@pytest.mark.parametrize("results", [[], ["5"], ["5", "5"]])
def test_what_cannot_be_known_yet_is_absent(results: list[str]) -> None:
    """No order, no account, and too little or nothing to deviate."""
    recent = Recent()
    for result in results:
        recent.see(NOTHING, [closed(result)])
    shown = recent.performance.show(0, 0, None, None)
    assert shown.order_success_rate is None
    assert shown.margin_utilisation is None
    assert shown.risk_adjusted_return is None
    assert recent.performance.show(0, 0, D(0), D(0)).margin_utilisation is None


@pytest.mark.requirement("R004-55")
def test_a_stop_or_a_target_counts_once_however_many_orders_carry_it_out() -> None:
    """By position and reason; a forced exit is neither."""
    recent = Recent()
    told = [
        left(1, ExitReason.HALF_PROFIT), left(1, ExitReason.BREAKEVEN_STOP), left(2, "STOP_LOSS_FIRST_DCA"),
        left(2, "STOP_LOSS_FIRST_DCA"), left(3, "STOP_LOSS_FIRST_DCA"), left(4, ExitReason.MANUAL_FORCE_EXIT),
        left(5, ExitReason.TAKE_PROFIT_2),
    ]  # fmt: skip
    for record in told:
        recent.see(NOTHING, [record])
    assert (recent.stops, recent.profits) == (3, 2)


def test_what_a_comparison_finds_is_counted_and_agreement_is_none() -> None:
    """Another quantity, an order that nobody needs, a position that is gone."""
    driver, recent = held(), Recent()
    orphan = OrderFound(
        time_ns=driver.now_ns, symbol="ETHUSDT", client_order_id="run-99-S", side=Side.SELL,
        order_type=OrderType.STOP_MARKET, ours=True, trigger_price=D(1),
    )  # fmt: skip
    told: list[int] = []
    for positions, found in (([D("0.3")], []), ([D("0.2")], []), ([D("0.2")], [orphan]), ([], [])):
        before = len(driver.log)
        for order_found in found:
            driver.give(order_found)
        records = tuple(PositionRecord(SYMBOL, qty, D(50000)) for qty in positions)
        driver.give(PositionsShown(time_ns=driver.now_ns, positions=records))
        recent.see(NOTHING, driver.log[before:])
        told.append(recent.differences)
    assert told == [0, 1, 2, 3]
