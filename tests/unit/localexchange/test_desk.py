"""The desk: records of orders and conditional orders, client ids, and what is told in which order."""

from __future__ import annotations

from typing import Any

import pytest

from sadari.localexchange.account.desk import FIRST_ALGO_ID, FIRST_ORDER_ID
from tests.exchange_orders import BTC, D
from tests.local_desk import ETH, DeskByHand

LIMIT = {"type": "LIMIT", "timeInForce": "GTC", "price": "9900", "newClientOrderId": "mine"}
TRIGGERED = [
    "ALGO_UPDATE TRIGGERING", "ALGO_UPDATE TRIGGERED", "ORDER_TRADE_UPDATE NEW", "TRADE_LITE",
    "ORDER_TRADE_UPDATE TRADE", "ALGO_UPDATE FINISHED", "ACCOUNT_UPDATE",
]  # fmt: skip


def order_updates(hand: DeskByHand) -> list[dict[str, Any]]:
    """What was told of orders."""
    return [event["o"] for event in hand.told if event["e"] == "ORDER_TRADE_UPDATE"]


def test_a_market_order_is_new_then_traded_then_the_account_is_told() -> None:
    """The short message of a trade comes before the full one."""
    hand = DeskByHand()
    answer = hand.place()
    assert hand.kinds() == [
        "ORDER_TRADE_UPDATE NEW", "TRADE_LITE", "ORDER_TRADE_UPDATE TRADE", "ACCOUNT_UPDATE",
    ]  # fmt: skip
    assert (answer["orderId"], answer["status"], answer["executedQty"]) == (FIRST_ORDER_ID, "FILLED", "0.01")
    assert answer["avgPrice"] == "10000.01000000"


def test_ack_knows_of_no_fill_and_result_does() -> None:
    """The order is filled all the same."""
    hand = DeskByHand()
    ack = hand.place(newOrderRespType="ACK")
    assert (ack["status"], ack["executedQty"], ack["cumQuote"], ack["avgPrice"]) == ("NEW", "0", "0", "0")
    assert hand.ask("GET /fapi/v1/order", symbol=BTC, orderId=ack["orderId"])["status"] == "FILLED"
    usual = hand.place(newOrderRespType=None)
    assert usual["status"] == "NEW"


def test_a_client_id_is_unique_among_open_orders_only() -> None:
    """Once its order has ended it names the next one, and a query finds the newest."""
    hand = DeskByHand()
    first = hand.place(**LIMIT)
    assert hand.code("POST /fapi/v1/order", symbol=BTC, side="BUY", quantity="0.01", **LIMIT) == -4116
    assert hand.code("POST /fapi/v1/order", symbol=ETH, side="BUY", quantity="0.01", **LIMIT) == -4116
    hand.ask("DELETE /fapi/v1/order", symbol=BTC, origClientOrderId="mine")
    second = hand.place(**LIMIT)
    assert second["orderId"] > first["orderId"]
    assert hand.ask("GET /fapi/v1/order", symbol=BTC, origClientOrderId="mine")["orderId"] == second["orderId"]
    assert len(hand.desk.orders) == 2


def test_orders_and_conditional_orders_have_ids_of_their_own() -> None:
    """One and the same client id may be open in both families, and neither's endpoint knows the other's."""
    hand = DeskByHand()
    order, algo = hand.place(**LIMIT), hand.place_algo(clientAlgoId="mine")
    assert (order["orderId"], algo["algoId"]) == (FIRST_ORDER_ID, FIRST_ALGO_ID)
    assert hand.code("GET /fapi/v1/order", symbol=BTC, orderId=algo["algoId"]) == -2013
    assert hand.code("GET /fapi/v1/algoOrder", algoId=order["orderId"]) == -2013
    hand.ask("DELETE /fapi/v1/allOpenOrders", symbol=BTC)
    assert [one["algoId"] for one in hand.ask("GET /fapi/v1/openAlgoOrders")] == [algo["algoId"]]
    assert hand.ask("GET /fapi/v1/openOrders") == []
    hand.ask("DELETE /fapi/v1/algoOpenOrders", symbol=BTC)
    assert hand.ask("GET /fapi/v1/openAlgoOrders") == []


def test_what_is_not_open_cannot_be_canceled_and_what_never_was_cannot_be_found() -> None:
    """-2011 to a cancel, -2013 to a query, in both families."""
    hand = DeskByHand()
    filled = hand.place()["orderId"]
    assert hand.code("DELETE /fapi/v1/order", symbol=BTC, orderId=filled) == -2011
    assert hand.code("DELETE /fapi/v1/order", symbol=BTC, orderId=1) == -2011
    assert hand.code("DELETE /fapi/v1/order", symbol=ETH, orderId=filled) == -2011
    assert hand.code("GET /fapi/v1/order", symbol=BTC, origClientOrderId="nobody") == -2013
    assert hand.code("GET /fapi/v1/openOrder", symbol=BTC, orderId=filled) == -2013
    assert hand.code("DELETE /fapi/v1/algoOrder", clientAlgoId="nobody") == -2011
    assert hand.code("GET /fapi/v1/algoOrder", clientAlgoId="nobody") == -2013
    assert hand.code("DELETE /fapi/v1/order", symbol=BTC) == -1102


class Hasty(DeskByHand):
    """A client that cancels each order as soon as it is told of it."""

    def __init__(self) -> None:
        super().__init__()
        self.codes: list[int] = []

    def _hear(self, kind: str, payload: bytes) -> None:
        super()._hear(kind, payload)
        order = self.told[-1].get("o", {})
        if order.get("x") == "NEW":
            self.codes.append(self.code("DELETE /fapi/v1/order", symbol=BTC, orderId=order["i"]))


def test_an_order_that_trades_at_once_is_not_canceled_between_its_acceptance_and_its_fill() -> None:
    """-2011 although its fill has not been told: the trade is on record all the same."""
    hand = Hasty()
    assert hand.place()["status"] == "FILLED"
    assert hand.codes == [-2011]
    assert len(hand.desk.trades) == 1


@pytest.mark.parametrize("kind", ["STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"])
def test_conditional_types_have_moved_to_the_algo_endpoint(kind: str) -> None:
    """-4120, and nothing is recorded."""
    hand = DeskByHand()
    where = "POST /fapi/v1/order"
    assert hand.code(where, symbol=BTC, side="SELL", type=kind, quantity="0.01", stopPrice="9900") == -4120
    assert not hand.desk.orders
    assert not hand.told


def test_only_one_close_position_order_rests_for_a_side_and_type() -> None:
    """-4130 to the second, whatever its client id; another type may rest beside it."""
    hand = DeskByHand()
    hand.place()
    wall = {"algoType": "CONDITIONAL", "symbol": BTC, "side": "SELL", "closePosition": "true"}
    where = "POST /fapi/v1/algoOrder"
    hand.ask(where, **wall, type="STOP_MARKET", triggerPrice="9900")
    assert hand.code(where, **wall, type="STOP_MARKET", triggerPrice="9800") == -4130
    hand.ask(where, **wall, type="TAKE_PROFIT_MARKET", triggerPrice="10100")
    assert len(hand.desk.algos) == 2


def test_a_refused_order_leaves_no_record_no_event_and_its_client_id_free() -> None:
    """The next order gets the number that it would have had."""
    hand = DeskByHand()
    assert hand.code("POST /fapi/v1/order", symbol=BTC, side="BUY", quantity="100", **LIMIT) == -2019
    assert not hand.told
    assert hand.place(**LIMIT)["orderId"] == FIRST_ORDER_ID


def test_a_reduce_only_order_is_as_large_as_what_it_could_reduce() -> None:
    """It stops at zero and its record says so."""
    hand = DeskByHand()
    hand.place(quantity="0.01")
    answer = hand.place(side="SELL", quantity="0.05", reduceOnly="true")
    assert (answer["origQty"], answer["executedQty"], answer["reduceOnly"]) == ("0.01", "0.01", True)
    assert hand.ask("GET /fapi/v3/positionRisk") == []
    values = {"symbol": BTC, "side": "SELL", "type": "MARKET", "quantity": "0.01", "reduceOnly": "true"}
    assert hand.code("POST /fapi/v1/order", **values) == -2022


def test_a_triggered_order_becomes_one_of_the_book_under_its_own_client_id() -> None:
    """The exchange's order of events, and a child that both families name."""
    hand = DeskByHand()
    hand.place()
    hand.kinds()
    algo = hand.place_algo(clientAlgoId="wall", closePosition="true", quantity=None)
    assert hand.kinds() == ["ALGO_UPDATE NEW"]
    hand.move("9950")
    assert hand.kinds() == []
    hand.move("9890")
    told = list(hand.told)
    assert hand.kinds() == TRIGGERED
    children = [event["o"]["ai"] for event in told if event["e"] == "ALGO_UPDATE"]
    order = hand.ask("GET /fapi/v1/order", symbol=BTC, origClientOrderId="wall")
    assert children == ["", str(order["orderId"]), str(order["orderId"])]
    assert (order["type"], order["origType"], order["stopPrice"]) == ("MARKET", "STOP_MARKET", "9900")
    assert (order["status"], order["executedQty"], order["closePosition"]) == ("FILLED", "0.01", True)
    listed = hand.ask("GET /fapi/v1/algoOrder", algoId=algo["algoId"])
    assert (listed["algoStatus"], listed["actualOrderId"]) == ("FINISHED", str(order["orderId"]))
    assert listed["actualQty"] == "0.01"
    assert listed["triggerTime"] == hand.now_ns // 1_000_000
    assert hand.code("DELETE /fapi/v1/algoOrder", algoId=algo["algoId"]) == -2011
    assert hand.place_algo(clientAlgoId="wall", side="BUY", triggerPrice="10100")["algoId"] == algo["algoId"] + 1


def test_a_trigger_with_nothing_to_close_ends_without_a_child() -> None:
    """EXPIRED, and no order appears."""
    hand = DeskByHand()
    hand.place_algo(closePosition="true", quantity=None)
    hand.move("9890")
    assert hand.kinds() == ["ALGO_UPDATE NEW", "ALGO_UPDATE EXPIRED"]
    assert not hand.desk.orders


def test_a_trigger_that_the_margin_does_not_pay_for_is_rejected_with_its_reason() -> None:
    """No margin was asked for while it waited."""
    hand = DeskByHand()
    hand.place_algo(side="BUY", triggerPrice="10100", quantity="3")
    hand.move("10150")
    rejected = hand.told[-1]["o"]
    assert (rejected["X"], rejected["ai"]) == ("REJECTED", "")
    assert rejected["rm"]
    assert not hand.desk.orders


@pytest.mark.parametrize(
    ("mode", "qty", "below", "due"), [("ISOLATED", "0.1", 9_500, "9501"), ("CROSSED", "1.5", 9_300, "9360")]
)
def test_a_liquidation_cancels_all_orders_and_closes_under_a_client_id_of_the_exchange(
    mode: str, qty: str, below: int, due: str
) -> None:
    """Reason 5 for the canceled, CALCULATED for the closing trade, and no short message of it."""
    hand = DeskByHand()
    if mode == "ISOLATED":
        hand.ask("POST /fapi/v1/marginType", symbol=BTC, marginType=mode)
    hand.place(quantity=qty)
    hand.place(**LIMIT | {"price": below})
    hand.place_algo(side="BUY", triggerPrice="11000", clientAlgoId="above")
    hand.told.clear()
    hand.move(due)
    canceled, opened, closed = order_updates(hand)
    assert hand.kinds() == [
        "ORDER_TRADE_UPDATE CANCELED", "ALGO_UPDATE EXPIRED", "ORDER_TRADE_UPDATE NEW", "ORDER_TRADE_UPDATE CALCULATED",
        "ACCOUNT_UPDATE",
    ]  # fmt: skip
    assert (canceled["c"], canceled["X"], canceled["er"]) == ("mine", "CANCELED", "5")
    assert opened["i"] == closed["i"]
    assert closed["c"].startswith("autoclose-")
    assert (closed["x"], closed["X"], closed["ot"], closed["f"]) == ("CALCULATED", "FILLED", "LIQUIDATION", "IOC")
    assert D(closed["rp"]) < 0
    assert hand.ask("GET /fapi/v3/positionRisk") == []
    assert "INSURANCE_CLEAR" in [one["incomeType"] for one in hand.ask("GET /fapi/v1/income")]


def test_a_waiting_order_that_locks_margin_tells_no_account() -> None:
    """Neither placing nor canceling it does."""
    hand = DeskByHand()
    hand.place(**LIMIT)
    hand.ask("DELETE /fapi/v1/order", symbol=BTC, origClientOrderId="mine")
    assert hand.kinds() == ["ORDER_TRADE_UPDATE NEW", "ORDER_TRADE_UPDATE CANCELED"]


def test_a_batch_answers_each_order_for_itself() -> None:
    """A refused one is an error among the answers, the others are placed, and numbers count as texts."""
    hand = DeskByHand()
    batch = (
        '[{"symbol":"BTCUSDT","side":"BUY","type":"MARKET","quantity":0.01,"newOrderRespType":"RESULT"},'
        '{"symbol":"BTCUSDT","side":"BUY","type":"STOP_MARKET","quantity":"0.01"},'
        '{"symbol":"BTCUSDT","side":"SELL","type":"MARKET","quantity":"0.01","reduceOnly":true}]'
    )
    first, second, third = hand.ask("POST /fapi/v1/batchOrders", batchOrders=batch)
    assert (first["status"], second["code"], third["reduceOnly"]) == ("FILLED", -4120, True)
    cancel = {"symbol": BTC, "orderIdList": f"[{first['orderId']}]"}
    assert [one["code"] for one in hand.ask("DELETE /fapi/v1/batchOrders", **cancel)] == [-2011]
    assert hand.code("POST /fapi/v1/batchOrders", batchOrders="[]") == -4082
