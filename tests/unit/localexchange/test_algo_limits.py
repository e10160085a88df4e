"""Conditional limit orders as a client sees them: the conditional order, what it becomes, and what is told."""

from __future__ import annotations

from typing import Any

import pytest

from sadari.exchange import Refusal
from sadari.localexchange.asking.refused import Refused
from tests.exchange_orders import BTC
from tests.local_desk import DeskByHand

ORDER, ALGO = "GET /fapi/v1/order", "GET /fapi/v1/algoOrder"


def stop_limit(desk: DeskByHand, **values: object) -> Any:
    """A STOP that sells 0.01 BTC at 9,950 once 9,900 is reached, or what is said otherwise."""
    return desk.place_algo(**{"type": "STOP", "price": "9950", "clientAlgoId": "mine"} | values)


def test_a_triggered_limit_order_is_a_limit_order_of_its_own_until_it_is_filled() -> None:
    """The conditional order is TRIGGERED while the order rests under the same client id, then FINISHED."""
    desk = DeskByHand()
    placed = stop_limit(desk, timeInForce="GTX", workingType="MARK_PRICE")
    assert (placed["orderType"], placed["price"], placed["timeInForce"]) == ("STOP", "9950", "GTX")
    assert (placed["workingType"], placed["algoStatus"]) == ("MARK_PRICE", "NEW")
    desk.move("9900")
    assert desk.kinds() == [
        "ALGO_UPDATE NEW", "ALGO_UPDATE TRIGGERING", "ALGO_UPDATE TRIGGERED", "ORDER_TRADE_UPDATE NEW",
    ]  # fmt: skip
    algo = desk.ask(ALGO, algoId=placed["algoId"])
    assert (algo["algoStatus"], algo["actualType"]) == ("TRIGGERED", "LIMIT")
    (resting,) = desk.ask("GET /fapi/v1/openOrders", symbol=BTC)
    assert str(resting["orderId"]) == algo["actualOrderId"]
    assert {name: resting[name] for name in ("clientOrderId", "type", "origType", "timeInForce", "price")} == {
        "clientOrderId": "mine", "type": "LIMIT", "origType": "STOP", "timeInForce": "GTX", "price": "9950",
    }  # fmt: skip
    assert (resting["stopPrice"], resting["workingType"]) == ("9900", "MARK_PRICE")
    assert not desk.ask("GET /fapi/v1/openAlgoOrders", symbol=BTC)
    desk.move("9950")
    assert desk.kinds() == ["TRADE_LITE", "ORDER_TRADE_UPDATE TRADE", "ALGO_UPDATE FINISHED", "ACCOUNT_UPDATE"]
    assert desk.ask(ORDER, symbol=BTC, orderId=resting["orderId"])["status"] == "FILLED"


def test_every_message_names_price_time_in_force_and_working_type() -> None:
    """They are those of the request."""
    desk = DeskByHand()
    stop_limit(desk, timeInForce="IOC", workingType="MARK_PRICE")
    desk.move("9900")
    algos = [event["o"] for event in desk.told if event["e"] == "ALGO_UPDATE"]
    assert {(one["p"], one["f"], one["wt"], one["o"]) for one in algos} == {("9950", "IOC", "MARK_PRICE", "STOP")}
    orders = [event["o"] for event in desk.told if event["e"] == "ORDER_TRADE_UPDATE"]
    assert {(one["p"], one["f"], one["wt"], one["o"], one["ot"]) for one in orders} == {
        ("9950", "IOC", "MARK_PRICE", "LIMIT", "STOP")
    }


def test_canceling_the_order_it_has_become_finishes_it() -> None:
    """The conditional order itself cannot be canceled any more."""
    desk = DeskByHand()
    algo_id = stop_limit(desk)["algoId"]
    desk.move("9900")
    with pytest.raises(Refusal, match="-2011"):
        desk.ask("DELETE /fapi/v1/algoOrder", algoId=algo_id)
    canceled = desk.ask("DELETE /fapi/v1/order", symbol=BTC, origClientOrderId="mine")
    assert canceled["status"] == "CANCELED"
    assert desk.ask(ALGO, algoId=algo_id)["algoStatus"] == "FINISHED"
    assert desk.exchange.order_margin(BTC) == 0


def test_an_immediate_one_that_finds_nothing_expires_and_finishes_at_once() -> None:
    """Its limit is above the market that it would sell to."""
    desk = DeskByHand()
    algo_id = stop_limit(desk, timeInForce="IOC")["algoId"]
    desk.move("9900")
    algo = desk.ask(ALGO, algoId=algo_id)
    assert algo["algoStatus"] == "FINISHED"
    assert desk.ask(ORDER, symbol=BTC, orderId=algo["actualOrderId"])["status"] == "EXPIRED"


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"quantity": "100"}, "INSUFFICIENT_MARGIN"),
        ({"timeInForce": "FOK"}, "OTHER"),
        ({"reduceOnly": "true"}, "REDUCE_ONLY"),
    ],
)
def test_what_is_refused_at_the_trigger_is_rejected_with_the_reason(values: dict[str, str], reason: str) -> None:
    """No order comes of it."""
    desk = DeskByHand()
    algo_id = stop_limit(desk, **values)["algoId"]
    desk.told.clear()
    desk.move("9900")
    (told,) = desk.told
    assert (told["o"]["X"], told["o"]["rm"]) == ("REJECTED", reason)
    assert desk.ask(ALGO, algoId=algo_id)["actualOrderId"] == ""


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"price": None}, -1102),
        ({"type": "STOP_MARKET"}, -1106),
        ({"timeInForce": "SOON"}, -1115),
        ({"workingType": "INDEX_PRICE"}, -1130),
        ({"quantity": None, "closePosition": "true"}, -4136),
    ],
)
def test_parameters_that_do_not_fit_are_refused(values: dict[str, object], code: int) -> None:
    """A limit price belongs to STOP and TAKE_PROFIT and to nothing else."""
    with pytest.raises((Refused, Refusal)) as raised:
        stop_limit(DeskByHand(), **values)
    assert isinstance(raised.value, Refused | Refusal)
    assert raised.value.code == code


def test_a_market_stop_takes_either_price_as_its_trigger() -> None:
    """The last price stands for the mark price; the order that it becomes says which was asked for."""
    desk = DeskByHand()
    desk.place_algo(workingType="MARK_PRICE")
    desk.move("9900")
    assert {event["o"]["wt"] for event in desk.told if event["e"] == "ORDER_TRADE_UPDATE"} == {"MARK_PRICE"}
