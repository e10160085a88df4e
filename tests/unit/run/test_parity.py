"""Two records side by side."""

from __future__ import annotations

from decimal import Decimal

from sadari.model.command import PlaceOrder, RecordExit
from sadari.model.event import AlarmRang
from sadari.model.order import OrderType, Purpose, Side
from sadari.run.parity.differences import Record, as_dict, compare, record_of, text

D = Decimal


def record(name: str, qty: str, *, wallet: str = "100") -> Record:
    """An exit and its order, with an id of the run's own."""
    exit_ = RecordExit(
        symbol="BTCUSDT", position_id=1, reason="STOP_LOSS", qty=D(qty), actor="engine", cause="level",
        client_order_id=name,
    )  # fmt: skip
    order = PlaceOrder(
        symbol="BTCUSDT", client_order_id=name, purpose=Purpose.EXIT, side=Side.SELL, order_type=OrderType.MARKET,
        qty=D(qty), reduce_only=True,
    )  # fmt: skip
    return record_of([AlarmRang(time_ns=1, name="a"), exit_, order], [], [], D(wallet))


def test_orders_are_told_apart_by_their_number_and_not_by_their_id() -> None:
    """Ids hold the name of the run, which differs."""
    verdict = compare(record("a-1-X", "1"), record("b-77-X", "1.0"))
    assert verdict.equal
    assert verdict.counts["orders"] == verdict.counts["reasons"] == (1, 1)
    assert "equal" in text(verdict)
    assert as_dict(verdict)["equal"] is True


def test_the_earliest_difference_is_told_first_and_none_is_left_out() -> None:
    """With what both say, and in which fields."""
    verdict = compare(record("a", "1"), record("a", "2", wallet="99"))
    assert [one.section for one in verdict.differences] == ["orders", "reasons", "wallet"]
    assert "the first is number 1 of orders, in qty" in text(verdict)
    assert "qty 2" in text(verdict)


def test_what_one_of_the_two_lacks_is_a_difference() -> None:
    """The other has nothing there."""
    empty = record_of([], [], [], D(100))
    verdict = compare(record("a", "1"), empty)
    assert verdict.differences[0].live is None
    assert "nothing" in text(verdict)
