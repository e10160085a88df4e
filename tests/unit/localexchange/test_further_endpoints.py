"""Endpoints beside the main road: margin moves, order tests, forced orders, queues, fees and countdowns."""

from __future__ import annotations

import pytest

from sadari.exchange import Refusal
from sadari.localexchange.asking.parameters import Parameters
from sadari.localexchange.asking.refused import Refused
from sadari.localexchange.endpoints.countdowns import Countdowns
from sadari.model.units import MILLISECOND_NS
from tests.exchange_orders import BTC, D
from tests.local_desk import ETH, DeskByHand

MARGIN, TEST = "POST /fapi/v1/positionMargin", "POST /fapi/v1/order/test"


def isolated() -> DeskByHand:
    """A desk with an isolated LONG of 0.01 at 10,000."""
    desk = DeskByHand()
    desk.ask("POST /fapi/v1/marginType", symbol=BTC, marginType="ISOLATED")
    desk.place()
    desk.told.clear()
    return desk


def code_of(raised: pytest.ExceptionInfo[Exception]) -> int:
    """The code of a refusal."""
    assert isinstance(raised.value, Refused | Refusal)
    return raised.value.code


def test_margin_is_moved_and_told_with_the_position() -> None:
    """The wallet balance is what it was, the crossed part of it is less."""
    desk = isolated()
    wallet, margin = desk.exchange.wallet_balance, desk.exchange.positions[BTC].margin
    answer = desk.ask(MARGIN, symbol=BTC, amount="20.5", type=1)
    assert answer == {"amount": 20.5, "code": 200, "msg": "Successfully modify position margin.", "type": 1}
    (told,) = desk.told
    (balance,), (position,) = told["a"]["B"], told["a"]["P"]
    assert told["a"]["m"] == "MARGIN_TRANSFER"
    assert (D(balance["wb"]), D(balance["cw"])) == (wallet, wallet - margin - D("20.5"))
    assert D(position["iw"]) == margin + D("20.5")
    assert desk.ask(MARGIN, symbol=BTC, amount="20", type=2)["type"] == 2
    assert desk.exchange.positions[BTC].margin == margin + D("0.5")


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"symbol": ETH}, -4054),
        ({"amount": "0"}, -4055),
        ({"amount": "-1"}, -4055),
        ({"amount": "0.000000001"}, -1111),
        ({"amount": "100000"}, -4050),
        ({"type": 2}, -4051),
        ({"type": 3}, -1130),
        ({"type": None}, -1102),
        ({"positionSide": "LONG"}, -4061),
    ],
)
def test_a_margin_move_that_cannot_be_is_refused(values: dict[str, object], code: int) -> None:
    """Nothing has moved then."""
    desk = isolated()
    margin = desk.exchange.positions[BTC].margin
    with pytest.raises((Refused, Refusal)) as raised:
        desk.ask(MARGIN, **{"symbol": BTC, "amount": "1", "type": 1} | values)
    assert code_of(raised) == code
    assert desk.exchange.positions[BTC].margin == margin
    assert not desk.told


LIMIT = {"symbol": BTC, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01", "price": "9000"}
AT_MARKET = {"symbol": BTC, "side": "BUY", "type": "MARKET", "quantity": "0.01"}


@pytest.mark.parametrize("wish", [LIMIT | {"price": "9900"}, LIMIT | {"price": "10100"}, AT_MARKET])
def test_an_order_test_answers_like_an_order_and_nothing_happens(wish: dict[str, str]) -> None:
    """The answer is that of a new order, without an id."""
    desk = DeskByHand()
    answer = desk.ask(TEST, **wish, newClientOrderId="mine")
    assert (answer["status"], answer["clientOrderId"], answer["orderId"]) == ("NEW", "mine", 0)
    assert not desk.told
    assert not desk.desk.orders
    assert not desk.exchange.open_orders(BTC)
    assert desk.exchange.wallet_balance == 1000
    assert answer.keys() == desk.ask("POST /fapi/v1/order", **wish).keys()


@pytest.mark.parametrize(
    "wish",
    [
        AT_MARKET | {"quantity": "100"},
        AT_MARKET | {"reduceOnly": "true"},
        AT_MARKET | {"newClientOrderId": "taken"},
        AT_MARKET | {"newClientOrderId": "not valid"},
        AT_MARKET | {"type": "STOP"},
        LIMIT | {"price": "10600"},
        LIMIT | {"price": "9900", "quantity": "100"},
        LIMIT | {"price": "9900", "timeInForce": "FOK"},
        LIMIT | {"price": "10100", "timeInForce": "GTX"},
        LIMIT | {"price": "9900.001"},
        LIMIT | {"price": None},
    ],
)
def test_an_order_test_is_refused_as_the_order_would_be(wish: dict[str, str | None]) -> None:
    """Both with the same code."""
    desk = DeskByHand()
    desk.place(type="LIMIT", timeInForce="GTC", price="9900", newClientOrderId="taken")
    codes = []
    for where in (TEST, "POST /fapi/v1/order"):
        with pytest.raises((Refused, Refusal)) as raised:
            desk.ask(where, **wish)
        codes.append(code_of(raised))
    assert codes[0] == codes[1]


def test_forced_orders_are_listed_by_themselves() -> None:
    """A liquidation is one; there is no deleveraging, and the client's own orders are no part of it."""
    desk = isolated()
    desk.move("9000")
    (row,) = desk.ask("GET /fapi/v1/forceOrders")
    assert row["clientOrderId"].startswith("autoclose-")
    assert (row["pair"], row["cumBase"], row["side"], row["status"]) == (BTC, "0.01", "SELL", "FILLED")
    assert desk.ask("GET /fapi/v1/forceOrders", symbol=BTC, autoCloseType="LIQUIDATION") == [row]
    assert not desk.ask("GET /fapi/v1/forceOrders", symbol=ETH)
    assert not desk.ask("GET /fapi/v1/forceOrders", autoCloseType="ADL")
    assert desk.ask("GET /fapi/v1/allOrders", symbol=BTC)[-1] == row
    with pytest.raises(Refused, match="autoCloseType"):
        desk.ask("GET /fapi/v1/forceOrders", autoCloseType="OTHER")


def test_all_orders_name_the_pair_and_the_base_quantity_and_a_single_query_does_not() -> None:
    """The lists have two fields more."""
    desk = DeskByHand()
    order_id = desk.place()["orderId"]
    (row,) = desk.ask("GET /fapi/v1/allOrders", symbol=BTC)
    one = desk.ask("GET /fapi/v1/order", symbol=BTC, orderId=order_id)
    assert row == one | {"pair": BTC, "cumBase": "0.01"}


def test_small_answers_are_what_they_are() -> None:
    """Order limits, the queue of deleveraging and fees in BNB."""
    desk = isolated()
    limits = desk.ask("GET /fapi/v1/rateLimit/order")
    assert [(one["rateLimitType"], one["interval"], one["intervalNum"], one["limit"]) for one in limits] == [
        ("ORDERS", "MINUTE", 1, 1200), ("ORDERS", "SECOND", 10, 300),
    ]  # fmt: skip
    queue = [{"symbol": BTC, "adlQuantile": {"LONG": 0, "SHORT": 0, "BOTH": 0}}]
    assert desk.ask("GET /fapi/v1/adlQuantile") == queue
    assert not desk.ask("GET /fapi/v1/adlQuantile", symbol=ETH)
    assert desk.ask("POST /fapi/v1/feeBurn", feeBurn="false")["code"] == 200
    with pytest.raises(Refused, match="BNB"):
        desk.ask("POST /fapi/v1/feeBurn", feeBurn="true")


def test_a_countdown_cancels_the_symbols_orders_unless_it_is_renewed_or_stopped() -> None:
    """Orders of other symbols and conditional ones stay."""
    desk, now_ns = DeskByHand(), [0]
    countdowns = Countdowns(desk.desk, lambda: now_ns[0])

    def start(time: str) -> None:
        answer = countdowns.start(Parameters({"symbol": BTC, "countdownTime": time}))
        assert (answer.symbol, answer.countdown_time) == (BTC, time)

    def pass_by(milliseconds: int) -> list[str]:
        now_ns[0] += milliseconds * MILLISECOND_NS
        countdowns.act()
        return [order.symbol for order in desk.desk.open_orders()]

    desk.place_algo()
    desk.place(type="LIMIT", timeInForce="GTC", price="9900")
    desk.place(type="LIMIT", timeInForce="GTC", price="9900", symbol=ETH)
    start("1000")
    assert pass_by(999) == [BTC, ETH]
    start("1000")
    assert pass_by(999) == [BTC, ETH]
    start("0")
    assert pass_by(5000) == [BTC, ETH]
    start("1000")
    assert pass_by(1000) == [ETH]
    assert len(list(desk.desk.open_algos())) == 1
    desk.place(type="LIMIT", timeInForce="GTC", price="9900")
    assert pass_by(5000) == [ETH, BTC]
    with pytest.raises(Refused, match="countdownTime"):
        start("-1")
