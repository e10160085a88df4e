"""From frames of the user stream to events: nothing goes back, nothing is booked twice, nothing is guessed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.binance.user_frames import AlgoHeard, OrderHeard, TradeSign
from sadari.model.event import (
    Event,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    OrderRejected,
    OutcomeUnknown,
    StopStuck,
)
from sadari.model.order import PositionSide, Side
from sadari.model.reason import RejectReason
from sadari.venue.live.orders.reports import Reports

BTC = "BTCUSDT"
SECOND = 10**9
TEN = Decimal(10)


def order(status: str = "NEW", execution: str = "", **more: Any) -> OrderHeard:
    """A report of an order of ten."""
    fields: dict[str, Any] = {
        "symbol": BTC,
        "client_order_id": "run-1-E",
        "order_id": 7,
        "side": Side.BUY,
        "position_side": PositionSide.BOTH,
        "order_type": "MARKET",
        "execution": execution or status,
        "status": status,
        "qty": TEN,
        "filled_qty": Decimal(0),
        "trigger_price": None,
        "last_qty": Decimal(0),
        "last_price": Decimal(0),
        "fee": None,
        "fee_asset": "",
        "realized_pnl": Decimal(0),
        "trade_id": 0,
        "maker": False,
        "reduce_only": False,
        "close_position": False,
        "expiry_reason": "0",
        "time_ns": 5,
        "told_ns": 6,
    }
    return OrderHeard(**{**fields, **more})


def trade(trade_id: int, qty: int, filled: int, status: str = "", **more: Any) -> OrderHeard:
    """A report of a trade."""
    reached = status or ("FILLED" if filled == TEN else "PARTIALLY_FILLED")
    fields = {
        "trade_id": trade_id,
        "last_qty": Decimal(qty),
        "filled_qty": Decimal(filled),
        "last_price": Decimal(100),
        "fee": Decimal("0.4"),
        "fee_asset": "USDT",
    }
    return order(reached, "TRADE", **{**fields, **more})


def algo(status: str, order_id: int | None = None, **more: Any) -> AlgoHeard:
    """A report of a stop."""
    fields: dict[str, Any] = {
        "symbol": BTC,
        "client_order_id": "run-2-W",
        "algo_id": 70,
        "side": "SELL",
        "order_type": "STOP_MARKET",
        "status": status,
        "trigger_price": Decimal(90),
        "order_id": order_id,
        "close_position": True,
        "reject_reason": "",
        "time_ns": 5,
        "told_ns": 6,
    }
    return AlgoHeard(**{**fields, **more})


def told(*frames: OrderHeard | AlgoHeard | TradeSign, reports: Reports | None = None) -> list[Event]:
    """The events of some frames."""
    one = reports or Reports()
    return [event for frame in frames for event in one.events(frame, 0)]


def kinds(events: list[Event]) -> list[str]:
    """What kinds of events these are."""
    return [type(event).__name__ for event in events]


def fill(event: Event) -> OrderFilled:
    """An event that is a fill."""
    assert isinstance(event, OrderFilled)
    return event


def test_an_order_is_accepted_and_filled_trade_by_trade() -> None:
    """Price, quantity, fee and profit are the trade's own; the last one is marked."""
    frames = (order(), trade(1, 4, 4), trade(2, 6, 10, realized_pnl=Decimal(-3)))
    accepted, first, last = told(*frames)
    assert accepted == OrderAccepted(time_ns=5, symbol=BTC, client_order_id="run-1-E")
    assert fill(first).qty == Decimal(4)
    assert (fill(first).done, fill(last).done) == (False, True)
    assert fill(last) == OrderFilled(
        time_ns=5, symbol=BTC, client_order_id="run-1-E", trade_id=2, price=Decimal(100), qty=Decimal(6),
        fee=Decimal("0.4"), realized_pnl=Decimal(-3), buyer=True,
    )  # fmt: skip


def test_the_short_word_of_a_trade_is_never_booked() -> None:
    """TRADE_LITE is a sign of life and no more."""
    reports = Reports()
    assert told(TradeSign(BTC, "run-1-E", 7, 1, 5), trade(1, 10, 10), reports=reports) == told(trade(1, 10, 10))
    assert reports.signs == 1


def test_what_is_new_after_its_fill_stays_filled() -> None:
    """F70: NEW and PARTIALLY_FILLED after FILLED say nothing that is not known."""
    assert kinds(told(trade(1, 10, 10), order())) == ["OrderFilled"]
    assert kinds(told(order("CANCELED"), order())) == ["OrderCanceled"]


def test_an_end_waits_for_the_trades_before_it() -> None:
    """The last trade comes first: the order is done with the one that was missing, and someone looks meanwhile."""
    reports = Reports()
    (early,) = told(trade(2, 6, 10), reports=reports)
    assert not fill(early).done
    assert reports.gaps == {BTC}
    (late,) = told(trade(1, 4, 4), reports=reports)
    assert fill(late).done


def test_a_cancel_waits_for_the_trades_before_it() -> None:
    """F75: the quantity that was filled is known before the order is told to have ended."""
    reports = Reports()
    assert told(order("CANCELED", filled_qty=Decimal(4)), reports=reports) == []
    assert reports.gaps == {BTC}
    assert kinds(told(trade(1, 4, 4), reports=reports)) == ["OrderFilled", "OrderCanceled"]


@pytest.mark.requirement("R003-51")
def test_an_order_whose_trades_are_missing_is_looked_up_after_two_seconds() -> None:
    """A trade that never comes does not leave its order open for ever; one that comes in time needs no question."""
    for last in (trade(2, 6, 10), order("CANCELED", filled_qty=Decimal(4))):
        reports = Reports()
        reports.events(last, SECOND)
        assert reports.due(3 * SECOND - 1) == []
        (event,) = reports.due(3 * SECOND)
        assert event == OutcomeUnknown(time_ns=5 + 2 * SECOND, symbol=BTC, client_order_id="run-1-E")
        assert reports.due(9 * SECOND) == []
        in_time = Reports()
        told(last, trade(1, 4, 4), reports=in_time)
        assert in_time.due(9 * SECOND) == []


def test_a_trade_that_was_read_elsewhere_is_not_missing() -> None:
    """After a comparison the stream goes on from there."""
    reports = Reports()
    reports.learned("run-1-E", 1, Decimal(4))
    (last,) = told(trade(2, 6, 10), reports=reports)
    assert fill(last).done
    assert reports.gaps == set()


def test_a_remainder_that_expires_follows_its_trades() -> None:
    """F82: the last trade may carry the end of the rest."""
    parts = told(trade(1, 4, 4), order("EXPIRED", filled_qty=Decimal(4)))
    assert kinds(parts) == ["OrderFilled", "OrderCanceled"]
    together = told(trade(1, 4, 4, status="EXPIRED"))
    assert kinds(together) == ["OrderFilled", "OrderCanceled"]
    assert not fill(together[0]).done
    assert isinstance(together[1], OrderCanceled)
    assert together[1].cause == "EXPIRED"


@pytest.mark.parametrize(
    ("status", "reason", "cause"),
    [
        ("CANCELED", "0", "CANCELED"),
        ("CANCELED", "5", "LIQUIDATION"),
        ("EXPIRED", "4", "EXPIRED"),
        ("EXPIRED_IN_MATCH", "1", "EXPIRED"),
    ],
)
def test_the_cause_of_an_end_is_the_exchanges(status: str, reason: str, cause: str) -> None:
    """F94 and others: an unfilled end of any kind is an end."""
    (event,) = told(order(status, expiry_reason=reason))
    assert event == OrderCanceled(time_ns=5, symbol=BTC, client_order_id="run-1-E", cause=cause)


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("autoclose-123", "LIQUIDATION"),
        ("adl_autoclose", "ADL"),
        ("settlement_autoclose-123", "SETTLEMENT"),
        ("web_abc", ""),
    ],
)
def test_who_closes_is_read_from_the_client_order_id(name: str, cause: str) -> None:
    """The exchange's own orders carry a cause, also where they stand as NEW and no fee is told; a person's do not."""
    report = trade(1, 10, 10, status="NEW" if cause else "FILLED", client_order_id=name, fee=None, fee_asset="")
    (event,) = told(report._replace(execution="CALCULATED"))
    assert (fill(event).cause, fill(event).fee, fill(event).done) == (cause, Decimal(0), True)


def test_a_fee_in_another_asset_is_not_taken_for_the_quote_asset() -> None:
    """F48: it is kept apart, once."""
    reports = Reports()
    report = trade(1, 10, 10, fee=Decimal("0.001"), fee_asset="BNB")
    assert [fill(event).fee for event in told(report, report, reports=reports)] == [0, 0]
    assert reports.other_fees == [(BTC, 1, "BNB", Decimal("0.001"))]


def test_a_status_that_nobody_knows_is_looked_up_and_never_guessed() -> None:
    """F44."""
    reports = Reports()
    assert kinds(told(order("PENDING_NEW"), algo("SLEEPING"), reports=reports)) == ["OutcomeUnknown"] * 2
    assert isinstance(told(order("PENDING_NEW"))[0], OutcomeUnknown)
    assert reports.gaps == {BTC}


# Conditional orders.


def test_a_stop_is_accepted_once() -> None:
    """Whatever comes twice."""
    assert kinds(told(algo("NEW"), algo("NEW"))) == ["OrderAccepted"]


@pytest.mark.parametrize("child", ["run-2-W", "x-other"])
def test_the_order_that_a_stop_becomes_is_the_stops_own(child: str) -> None:
    """F40: by the order id, under whatever client id it trades."""
    reports = Reports()
    report = trade(1, 10, 10, client_order_id=child, side=Side.SELL, order_type="STOP_MARKET")
    frames = (algo("NEW"), algo("TRIGGERING"), algo("TRIGGERED", 7), order(client_order_id=child), report)
    events = told(*frames, algo("FINISHED", 7), reports=reports)
    assert kinds(events) == ["OrderAccepted", "OrderFilled"]
    assert fill(events[-1]).client_order_id == "run-2-W"
    assert reports.due(100 * SECOND) == []


def test_a_stops_order_is_known_before_the_word_that_links_them() -> None:
    """Exactly one stop that waits looks like it: symbol, side, kind and trigger."""
    report = trade(1, 10, 10, client_order_id="x", side=Side.SELL, order_type="STOP_MARKET", trigger_price=Decimal(90))
    assert fill(told(algo("NEW"), report)[-1]).client_order_id == "run-2-W"
    other = report._replace(trigger_price=Decimal(91))
    assert fill(told(algo("NEW"), other)[-1]).client_order_id == "x"
    twin = algo("NEW", client_order_id="run-3-S")
    assert fill(told(algo("NEW"), twin, report)[-1]).client_order_id == "x"


def test_a_trigger_that_leads_to_nothing_is_stuck_after_two_seconds() -> None:
    """F77: told once, with the time at which it is so."""
    reports = Reports()
    reports.events(algo("NEW"), 0)
    reports.events(algo("TRIGGERING"), 10 * SECOND)
    assert reports.due(12 * SECOND - 1) == []
    assert reports.due(12 * SECOND) == [StopStuck(time_ns=5 + 2 * SECOND, symbol=BTC, client_order_id="run-2-W")]
    assert reports.due(13 * SECOND) == []


def test_finished_says_nothing_by_itself() -> None:
    """F79: without an order it protects nobody; with one, that order tells."""
    reports = Reports()
    assert told(algo("NEW"), algo("TRIGGERING"), algo("TRIGGERED"), algo("FINISHED"), reports=reports)[1:] == []
    assert kinds(reports.due(2 * SECOND)) == ["StopStuck"]
    traded = Reports()
    assert told(algo("NEW"), algo("FINISHED", 7), reports=traded)[1:] == []
    assert traded.due(2 * SECOND) == []
    assert kinds(told(order("EXPIRED", expiry_reason="8", client_order_id="run-2-W"), reports=traded)) == [
        "OrderCanceled"
    ]


def test_a_stop_that_ends_otherwise_is_told_with_its_reason() -> None:
    """F78: refused at its trigger, canceled by somebody, expired."""
    (refused,) = told(algo("REJECTED", reject_reason="Margin is insufficient."))
    assert isinstance(refused, OrderRejected)
    assert (refused.reason, refused.message) == (RejectReason.INSUFFICIENT_MARGIN, "Margin is insufficient.")
    for status in ("CANCELED", "EXPIRED"):
        (ended,) = told(algo(status), algo("NEW"))
        assert isinstance(ended, OrderCanceled)
        assert ended.cause == status


def test_an_acknowledged_order_that_the_stream_never_tells_of_is_noticed() -> None:
    """F73: own orders are the probe of the stream; each is noticed once."""
    reports = Reports()
    reports.acknowledged("run-1-E", 0)
    reports.acknowledged("run-2-W", 0)
    reports.events(algo("NEW"), SECOND)
    reports.acknowledged("run-2-W", SECOND)
    assert reports.untold(2 * SECOND - 1) == []
    assert reports.untold(2 * SECOND) == ["run-1-E"]
    assert reports.untold(9 * SECOND) == []


@given(st.permutations(range(5)), st.lists(st.integers(0, 4), max_size=5))
def test_in_whatever_order_reports_come_the_trades_add_up_and_one_ends_it(order_: list[int], again: list[int]) -> None:
    """Every trade is told, exactly one new trade is the last one, and it comes when the others have."""
    reports = [order(), trade(1, 2, 2), trade(2, 3, 5), trade(3, 4, 9), trade(4, 1, 10)]
    one = Reports()
    seen: dict[int, OrderFilled] = {}
    for place in [*order_, *again]:
        for event in one.events(reports[place], 0):
            if isinstance(event, OrderFilled):
                seen.setdefault(event.trade_id, event)
            else:
                assert isinstance(event, OrderAccepted)
                assert not seen
    assert sum(event.qty for event in seen.values()) == TEN
    assert [event.done for event in seen.values()] == [False, False, False, True]


def test_orders_that_have_ended_are_not_remembered_for_ever() -> None:
    """A long life does not fill the memory."""
    reports = Reports()
    for number in range(6000):
        reports.events(trade(number + 1, 10, 10, client_order_id=f"run-{number}-E", order_id=number), 0)
    assert len(reports._told) == 5000
