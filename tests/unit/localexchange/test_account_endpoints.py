"""Account, settings, truth, and the names under which the WebSocket API answers."""

from __future__ import annotations

import msgspec
import pytest

from sadari.exchange import Collateral
from sadari.localexchange.account.truth import truth
from sadari.localexchange.asking.endpoint import Security
from sadari.localexchange.serving.known import METHODS as KNOWN_METHODS
from sadari.localexchange.serving.ws_api import METHODS, methods
from tests.exchange_orders import BTC, D
from tests.local_desk import ETH, DeskByHand
from tests.local_exchange import local

LEVERAGE, MARGIN = "POST /fapi/v1/leverage", "POST /fapi/v1/marginType"
DUAL, ASSETS = "POST /fapi/v1/positionSide/dual", "POST /fapi/v1/multiAssetsMargin"


def test_a_margin_type_that_is_set_already_or_cannot_be_set_is_refused() -> None:
    """-4046 for the same again, -4048 with a position, -4047 with an order, -1130 for no such type."""
    hand = DeskByHand()
    assert hand.code(MARGIN, symbol=BTC, marginType="CROSSED") == -4046
    assert hand.ask(MARGIN, symbol=BTC, marginType="ISOLATED") == {"code": 200, "msg": "success"}
    assert [one["marginType"] for one in hand.ask("GET /fapi/v1/symbolConfig")] == ["ISOLATED", "CROSSED"]
    assert hand.told[-1]["a"]["m"] == "MARGIN_TYPE_CHANGE"
    assert hand.code(MARGIN, symbol=BTC, marginType="isolated") == -1130
    hand.place()
    assert hand.code(MARGIN, symbol=BTC, marginType="CROSSED") == -4048
    hand.place(symbol=ETH, type="LIMIT", timeInForce="GTC", price="9900")
    assert hand.code(MARGIN, symbol=ETH, marginType="ISOLATED") == -4047


def test_in_multi_assets_mode_nothing_is_isolated() -> None:
    """-4168 there, -4171 for the same mode again, and the change is told."""
    hand = DeskByHand(assets={"BTC": Collateral()})
    assert hand.code(ASSETS, multiAssetsMargin="false") == -4171
    hand.ask(ASSETS, multiAssetsMargin="true")
    assert hand.told[-1]["ai"] == {"j": True}
    assert hand.ask("GET /fapi/v1/multiAssetsMargin") == {"multiAssetsMargin": True}
    assert hand.ask("GET /fapi/v1/accountConfig")["multiAssetsMargin"] is True
    assert hand.code(MARGIN, symbol=BTC, marginType="ISOLATED") == -4168
    assert hand.code(ASSETS, multiAssetsMargin="1") == -1130
    assert hand.code(ASSETS) == -1102


def test_the_account_starts_in_one_way_mode() -> None:
    """-4059 to what it is already, -4061 to an order for hedge mode."""
    hand = DeskByHand()
    assert hand.ask("GET /fapi/v1/positionSide/dual") == {"dualSidePosition": False}
    assert hand.code(DUAL, dualSidePosition="false") == -4059
    order = {"symbol": BTC, "side": "BUY", "type": "MARKET", "quantity": "0.01"}
    assert hand.code("POST /fapi/v1/order", **order, positionSide="LONG") == -4061


@pytest.mark.parametrize("leverage", [0, -1, 126, 10**17])
def test_a_leverage_that_no_bracket_allows_is_refused(leverage: int) -> None:
    """-4028, and nothing is told."""
    hand = DeskByHand()
    assert hand.code(LEVERAGE, symbol=BTC, leverage=leverage) == -4028
    assert not hand.told


def test_leverage_is_told_and_not_lowered_under_an_isolated_position() -> None:
    """-4161 then; the answer has the largest notional as text."""
    hand = DeskByHand()
    hand.ask(MARGIN, symbol=BTC, marginType="ISOLATED")
    assert hand.ask(LEVERAGE, symbol=BTC, leverage=50) == {
        "leverage": 50, "maxNotionalValue": "600000", "symbol": BTC,
    }  # fmt: skip
    assert hand.told[-1]["ac"] == {"s": BTC, "l": 50}
    hand.place()
    assert hand.code(LEVERAGE, symbol=BTC, leverage=20) == -4161
    assert hand.ask(LEVERAGE, symbol=BTC, leverage=60)["leverage"] == 60


def test_the_third_version_shows_active_symbols_and_the_second_all() -> None:
    """A position or an open order makes a symbol active."""
    hand = DeskByHand()
    assert hand.ask("GET /fapi/v3/positionRisk") == []
    assert [one["symbol"] for one in hand.ask("GET /fapi/v2/positionRisk")] == [BTC, ETH]
    hand.place(symbol=ETH, type="LIMIT", timeInForce="GTC", price="9900")
    (row,) = hand.ask("GET /fapi/v3/positionRisk")
    assert (row["symbol"], row["positionAmt"], row["bidNotional"]) == (ETH, "0", "99.00")
    assert [one["symbol"] for one in hand.ask("GET /fapi/v3/account")["positions"]] == [ETH]
    assert hand.ask("GET /fapi/v3/positionRisk", symbol=BTC) == []
    assert hand.code("GET /fapi/v3/positionRisk", symbol="NONE") == -1121


def test_incomes_are_told_by_kind_symbol_and_period() -> None:
    """Oldest first; the numbers are those of the whole list."""
    hand = DeskByHand()
    hand.place()
    hand.place(side="SELL")
    hand.desk.transfer(D(5), "USDT")
    kinds = [one["incomeType"] for one in hand.ask("GET /fapi/v1/income")]
    assert kinds == ["COMMISSION", "REALIZED_PNL", "COMMISSION", "TRANSFER"]
    rows = hand.ask("GET /fapi/v1/income", incomeType="COMMISSION")
    assert [one["tranId"] for one in rows] == [1, 3]
    assert hand.ask("GET /fapi/v1/income", symbol=ETH) == []
    assert hand.ask("GET /fapi/v1/income", startTime=hand.now_ns // 1_000_000 + 1) == []
    assert [one["tranId"] for one in hand.ask("GET /fapi/v1/income", limit=1)] == [4]


def test_a_transfer_tells_the_asset_that_it_moved_and_no_other() -> None:
    """With its amount; what was not touched has not changed."""
    hand = DeskByHand(assets={"BTC": Collateral()})
    hand.desk.transfer(D(2), "BTC")
    hand.desk.transfer(D(-1), "BTC")
    told = [event["a"] for event in hand.told]
    assert [one["m"] for one in told] == ["DEPOSIT", "WITHDRAW"]
    assert [one["B"] for one in told] == [
        [{"a": "BTC", "wb": "2", "cw": "2", "bc": "2"}],
        [{"a": "BTC", "wb": "1", "cw": "1", "bc": "-1"}],
    ]
    assert {one["asset"]: one["balance"] for one in hand.ask("GET /fapi/v3/balance")} == {"USDT": "1000", "BTC": "1"}


def test_a_position_that_was_flipped_breaks_even_beside_its_own_entry() -> None:
    """What the position before it has earned is not counted to it; what it pays itself is."""
    hand = DeskByHand()
    hand.place(side="SELL")
    hand.move("9000")
    hand.place(quantity="0.03")
    (row,) = hand.ask("GET /fapi/v3/positionRisk")
    assert (row["positionAmt"], D(row["entryPrice"])) == ("0.02", D("9000.01"))
    fee = hand.desk.trades[-1].fee
    assert D(row["breakEvenPrice"]) == D("9000.01") + fee / D("0.02")
    hand.desk.fund(BTC, hand.now_ns, D("0.001"))
    (row,) = hand.ask("GET /fapi/v3/positionRisk")
    assert D(row["breakEvenPrice"]) == D("9000.01") + fee / D("0.02") + 9


def test_the_truth_is_all_of_it_in_our_words() -> None:
    """Orders, conditional orders, trades, incomes and positions, none rounded and with their times."""
    hand = DeskByHand()
    hand.place()
    hand.place_algo(clientAlgoId="wall")
    hand.move("9890")
    told = truth(hand.desk)
    assert [one.order_id for one in told.orders] == list(hand.desk.orders)
    (algo,) = told.algos
    assert (algo.status, algo.order_id, algo.triggered_ns) == ("FINISHED", told.orders[1].order_id, hand.now_ns)
    assert told.balances["USDT"] == 1_000 + sum(one.amount for one in told.income)
    assert told.market_ns == hand.now_ns
    assert told.positions == []
    decoded = msgspec.json.decode(msgspec.json.encode(told))
    assert len(decoded["trades"]) == 2
    assert decoded["orders"][0]["trades"] == decoded["trades"][:1]


def test_every_method_of_the_websocket_api_is_an_endpoint_under_another_name() -> None:
    """None is served that the protocol does not have; answer, weight and order count are the endpoint's own."""
    endpoints = local().endpoints
    served = methods(endpoints)
    assert set(served) == set(METHODS)
    assert set(served) <= set(KNOWN_METHODS)
    table = {(one.method, one.path): one for one in endpoints}
    for name, method in served.items():
        endpoint = table[METHODS[name]]
        assert method.answer == endpoint.answer
        assert (method.security, method.orders, method.weight) == (endpoint.security, endpoint.orders, endpoint.weight)
    assert served["order.place"].security is Security.SIGNED
    assert methods([]) == {}
