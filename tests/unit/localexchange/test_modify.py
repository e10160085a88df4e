"""Orders that are modified, as a client sees them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from sadari.exchange import BookSlippage, Refusal
from sadari.localexchange.account import desk as desks
from sadari.localexchange.account.announcements import Announcements
from sadari.localexchange.account.desk import Desk
from sadari.localexchange.account.records import Status
from sadari.localexchange.asking.refused import Refused
from sadari.localexchange.endpoints.orders import OrderEndpoints
from sadari.localexchange.serving.ws_api import methods
from sadari.model.order import Side
from tests.exchange_orders import BTC, INSTRUMENT, D, T, exchange, limit
from tests.local_desk import DeskByHand

MODIFY = "PUT /fapi/v1/order"


def resting(**values: object) -> tuple[DeskByHand, Any]:
    """A desk with an order to buy 0.02 at 9,900, and its answer; what it told is forgotten."""
    desk = DeskByHand()
    usual = {"type": "LIMIT", "timeInForce": "GTC", "price": "9900", "quantity": "0.02", "newClientOrderId": "mine"}
    order = desk.place(**usual | values)
    desk.told.clear()
    return desk, order


def modify(desk: DeskByHand, **values: object) -> Any:
    """Modify it to 0.03 at 9,800, or as is said otherwise."""
    usual = {"symbol": BTC, "side": "BUY", "origClientOrderId": "mine", "quantity": "0.03", "price": "9800"}
    return desk.ask(MODIFY, **usual | values)


def test_a_modified_order_keeps_its_ids_and_is_told_as_amended() -> None:
    """The answer and the event name the change, and a query shows the new order."""
    desk, order = resting()
    answer = modify(desk, modifyId=77)
    assert (answer["orderId"], answer["clientOrderId"], answer["modifyId"]) == (order["orderId"], "mine", 77)
    assert (answer["origQty"], answer["price"], answer["pair"], answer["status"]) == ("0.03", "9800", BTC, "NEW")
    (told,) = desk.told
    one = told["o"]
    assert {name: one[name] for name in "xXMqp"} == {"x": "AMENDMENT", "X": "NEW", "M": 77, "q": "0.03", "p": "9800"}
    (listed,) = desk.ask("GET /fapi/v1/openOrders", symbol=BTC)
    assert (listed["orderId"], listed["origQty"], listed["price"]) == (order["orderId"], "0.03", "9800")
    desk.move("9800")
    assert desk.ask("GET /fapi/v1/order", symbol=BTC, orderId=order["orderId"])["status"] == "FILLED"


def test_an_amendment_that_meets_the_market_is_told_before_its_trade() -> None:
    """First what the order is now, then what has become of it."""
    desk, _ = resting()
    answer = modify(desk, price="10100")
    assert (answer["status"], answer["executedQty"]) == ("FILLED", "0.03")
    assert desk.kinds() == [
        "ORDER_TRADE_UPDATE AMENDMENT", "TRADE_LITE", "ORDER_TRADE_UPDATE TRADE", "ACCOUNT_UPDATE",
    ]  # fmt: skip


def test_a_post_only_order_that_would_take_ends_canceled() -> None:
    """It has its old price and quantity then."""
    desk, _ = resting(timeInForce="GTX")
    answer = modify(desk, price="10100")
    assert (answer["status"], answer["price"], answer["origQty"]) == ("CANCELED", "9900", "0.02")
    assert desk.kinds() == ["ORDER_TRADE_UPDATE CANCELED"]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"quantity": "0.02", "price": "9900"}, -5027),
        ({"quantity": "0.001", "price": "100"}, -5029),
        ({"quantity": "0"}, -4003),
        ({"quantity": "50"}, -2019),
        ({"price": "9800.001"}, -1111),
        ({"price": None}, -1102),
        ({"side": "SELL"}, -1117),
        ({"reduceOnly": "true"}, -5047),
        ({"origClientOrderId": "other"}, -2013),
    ],
)
def test_what_cannot_be_modified_so_is_refused_and_stays(values: dict[str, object], code: int) -> None:
    """Nothing is told and the order is as it was."""
    desk, _ = resting()
    before = desk.ask("GET /fapi/v1/openOrders")
    with pytest.raises((Refused, Refusal)) as raised:
        modify(desk, **values)
    assert isinstance(raised.value, Refused | Refusal)
    assert raised.value.code == code
    assert desk.ask("GET /fapi/v1/openOrders") == before
    assert not desk.told


def test_orders_that_have_ended_and_market_orders_are_not_modified() -> None:
    """A limit order that has ended is unknown; a market order is of the wrong type."""
    desk, _ = resting()
    desk.ask("DELETE /fapi/v1/order", symbol=BTC, origClientOrderId="mine")
    with pytest.raises(Refused, match="-2013"):
        modify(desk)
    desk.place(newClientOrderId="market")
    with pytest.raises(Refusal, match="-5025"):
        modify(desk, origClientOrderId="market")


def test_a_contract_that_is_not_traded_has_its_orders_left_alone() -> None:
    """Not even a smaller order is taken."""
    desk, _ = resting()
    desk.exchange.relist(msgspec.structs.replace(desk.desk.instruments[BTC], status="BREAK"))
    with pytest.raises(Refusal, match="-5024"):
        modify(desk, quantity="0.01")


def test_there_is_an_end_to_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The exchange allows so many to an order."""
    monkeypatch.setattr(desks, "MOST_AMENDMENTS", 2)
    desk, _ = resting()
    assert [modify(desk, price=price)["modifyId"] for price in ("9801", "9802")] == [1, 2]
    with pytest.raises(Refusal, match="-5026"):
        modify(desk, price="9803")


def test_a_batch_modifies_each_for_itself() -> None:
    """One of the two is refused."""
    desk, _ = resting()
    row = '{"symbol":"%s","side":"BUY","origClientOrderId":"%s","quantity":"0.03","price":"9800"}'
    rows = ",".join(row % (BTC, name) for name in ("mine", "other"))
    first, second = desk.ask("PUT /fapi/v1/batchOrders", batchOrders=f"[{rows}]")
    assert (first["price"], second["code"]) == ("9800", -2013)


def test_the_order_that_a_conditional_one_has_become_is_modified_like_any_other() -> None:
    """The conditional order still ends with it."""
    desk = DeskByHand()
    algo = desk.place_algo(type="STOP", price="9950", clientAlgoId="mine")
    desk.move("9900")
    modify(desk, side="SELL", quantity="0.01", price="9960")
    desk.move("9950")
    assert len(desk.ask("GET /fapi/v1/openOrders")) == 1
    desk.move("9960")
    assert desk.ask("GET /fapi/v1/algoOrder", algoId=algo["algoId"])["algoStatus"] == "FINISHED"
    assert desk.exchange.positions[BTC].qty == D("-0.01")


def half_filled() -> Desk:
    """A desk whose order to buy 2 at 100.01 has got 1, and waits with the rest."""

    def levels(_: str, side: Side) -> list[tuple[Decimal, Decimal]]:
        return [(D("100.01"), D(1))] if side is Side.BUY else []

    venue = exchange(slippage=BookSlippage(levels))
    announcements = Announcements(venue, {BTC: INSTRUMENT}, lambda _kind, _payload: None, lambda _order, _trade: None)
    desk = Desk(venue, {BTC: INSTRUMENT}, announcements, lambda: T, lambda _: D(100))
    desk.place(limit("mine", Side.BUY, "2", "100.01"))
    return desk


def test_of_a_partly_filled_order_only_the_rest_is_modified() -> None:
    """The new quantity counts what is filled; what is left of it waits at the new price."""
    desk = half_filled()
    (order,) = desk.open_orders()
    desk.amend(order, D(4), D(99))
    (waiting,) = desk.exchange.open_orders(BTC)
    assert (waiting.order.qty, order.qty, order.filled_qty) == (D(3), D(4), D(1))
    assert order.status is Status.PARTIALLY_FILLED
    desk.meet(BTC, T, D(99))
    assert (order.status, order.filled_qty) == (Status.FILLED, D(4))


@pytest.mark.parametrize("qty", ["1", "0.5"])
def test_an_order_that_is_to_be_no_larger_than_what_is_filled_ends(qty: str) -> None:
    """What has been filled stays filled."""
    desk = half_filled()
    (order,) = desk.open_orders()
    desk.amend(order, D(qty), D(99))
    assert (order.status, order.filled_qty) == (Status.CANCELED, D(1))
    assert not desk.exchange.open_orders(BTC)


def test_the_websocket_method_is_the_same_answer() -> None:
    """It is looked up by its endpoint."""
    desk, _ = resting()
    assert methods(OrderEndpoints(desk.desk).endpoints())["order.modify"].orders == 1
