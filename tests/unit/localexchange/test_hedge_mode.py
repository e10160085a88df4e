"""An account in hedge mode, in the protocol's words."""

from __future__ import annotations

from typing import Any

from tests.exchange_orders import BTC
from tests.local_desk import ETH, DeskByHand

DUAL = "POST /fapi/v1/positionSide/dual"
ORDER = "POST /fapi/v1/order"


def hedged() -> DeskByHand:
    """An account in hedge mode that holds 0.02 LONG and 0.01 SHORT."""
    hand = DeskByHand()
    hand.ask(DUAL, dualSidePosition="true")
    hand.place(quantity="0.02", positionSide="LONG")
    hand.place(side="SELL", positionSide="SHORT")
    return hand


def amounts(rows: list[dict[str, Any]]) -> dict[str, str]:
    """The quantities of BTC by position side."""
    return {row["positionSide"]: row["positionAmt"] for row in rows if row["symbol"] == BTC}


def test_every_answer_has_a_row_for_each_side() -> None:
    """The third versions list what is held, the second ones both sides of every symbol."""
    hand = hedged()
    assert hand.ask("GET /fapi/v1/positionSide/dual") == {"dualSidePosition": True}
    assert hand.ask("GET /fapi/v1/accountConfig")["dualSidePosition"] is True
    both = {"LONG": "0.020", "SHORT": "-0.010"}
    for rows in (
        hand.ask("GET /fapi/v3/positionRisk"),
        hand.ask("GET /fapi/v3/account")["positions"],
        hand.ask("GET /fapi/v2/positionRisk"),
        hand.ask("GET /fapi/v2/account")["positions"],
    ):
        assert {side: float(qty) for side, qty in amounts(rows).items()} == {s: float(q) for s, q in both.items()}
    flat = [row for row in hand.ask("GET /fapi/v2/positionRisk") if row["symbol"] == ETH]
    assert [row["positionSide"] for row in flat] == ["LONG", "SHORT"]
    assert [row["positionSide"] for row in hand.ask("GET /fapi/v1/userTrades", symbol=BTC)] == ["LONG", "SHORT"]


def test_an_order_without_a_side_is_refused_and_so_is_reduce_only() -> None:
    """-4061, -1106; an unknown side is -4060."""
    hand = hedged()
    order = {"symbol": BTC, "side": "SELL", "type": "MARKET", "quantity": "0.01"}
    assert hand.code(ORDER, **order) == -4061
    assert hand.code(ORDER, **order, positionSide="LONG", reduceOnly="true") == -1106
    assert hand.code(ORDER, **order, positionSide="UP") == -4060


def test_a_closing_order_ends_its_own_side_and_is_told_as_one_that_reduces() -> None:
    """However large; the other side stays, and only the changed one is told."""
    hand = hedged()
    hand.told.clear()
    answer = hand.place(side="SELL", quantity="1", positionSide="LONG")
    assert (answer["executedQty"], answer["positionSide"], answer["reduceOnly"]) == ("0.02", "LONG", True)
    (update,) = [event["o"] for event in hand.told if event.get("o", {}).get("x") == "TRADE"]
    assert (update["ps"], update["R"], update["z"]) == ("LONG", True, "0.02")
    (account,) = [event["a"] for event in hand.told if event["e"] == "ACCOUNT_UPDATE"]
    assert [(one["ps"], float(one["pa"])) for one in account["P"]] == [("LONG", 0)]
    assert amounts(hand.ask("GET /fapi/v3/positionRisk")) == {"SHORT": "-0.01"}


def test_each_side_accumulates_what_it_has_realized_and_knows_where_it_is_even() -> None:
    """What the LONG brings is not the SHORT's, and its fees move its own break-even price only."""
    hand = hedged()
    before = {row["positionSide"]: row["breakEvenPrice"] for row in hand.ask("GET /fapi/v3/positionRisk")}
    hand.move("10100")
    hand.place(side="SELL", quantity="0.01", positionSide="LONG")
    told = [event["a"]["P"] for event in hand.told if event["e"] == "ACCOUNT_UPDATE"][-1]
    assert [(one["ps"], one["cr"]) for one in told] == [("LONG", "0.99980000")]
    hand.place(side="BUY", quantity="0.005", positionSide="SHORT")
    told = [event["a"]["P"] for event in hand.told if event["e"] == "ACCOUNT_UPDATE"][-1]
    assert [(one["ps"], float(one["cr"]) < 0) for one in told] == [("SHORT", True)]
    after = {row["positionSide"]: row["breakEvenPrice"] for row in hand.ask("GET /fapi/v3/positionRisk")}
    assert float(after["LONG"]) < float(before["LONG"])
    assert float(after["SHORT"]) < float(before["SHORT"])


def test_each_side_has_its_wall_and_it_closes_that_side_alone() -> None:
    """-4130 to a second one on the same side; the child order is the side's."""
    hand = hedged()
    wall = {"closePosition": "true", "quantity": None}
    hand.place_algo(**wall, positionSide="LONG", clientAlgoId="l")
    again = {"algoType": "CONDITIONAL", "symbol": BTC, "side": "SELL", "type": "STOP_MARKET", "triggerPrice": "9800"}
    assert hand.code("POST /fapi/v1/algoOrder", **again, closePosition="true", positionSide="LONG") == -4130
    hand.place_algo(**wall, side="BUY", triggerPrice="10200", positionSide="SHORT", clientAlgoId="s")
    hand.told.clear()
    hand.move("9900")
    updates = [event["o"] for event in hand.told if event["e"] in {"ALGO_UPDATE", "ORDER_TRADE_UPDATE"}]
    assert {update["ps"] for update in updates} == {"LONG"}
    assert amounts(hand.ask("GET /fapi/v3/positionRisk")) == {"SHORT": "-0.01"}
    (left,) = hand.ask("GET /fapi/v1/openAlgoOrders")
    assert (left["clientAlgoId"], left["positionSide"]) == ("s", "SHORT")


def test_the_mode_is_locked_by_what_is_open() -> None:
    """-4068 with a position; afterwards it goes back, and an order for a side is refused."""
    hand = hedged()
    assert hand.code(DUAL, dualSidePosition="true") == -4059
    assert hand.code(DUAL, dualSidePosition="false") == -4068
    hand.place_algo(positionSide="LONG")
    assert hand.code(DUAL, dualSidePosition="false") == -4067
    hand.ask("DELETE /fapi/v1/algoOpenOrders", symbol=BTC)
    hand.place(side="SELL", quantity="0.02", positionSide="LONG")
    hand.place(side="BUY", positionSide="SHORT")
    hand.ask(DUAL, dualSidePosition="false")
    order = {"symbol": BTC, "side": "BUY", "type": "MARKET", "quantity": "0.01"}
    assert hand.code(ORDER, **order, positionSide="LONG") == -4061
    assert hand.place()["positionSide"] == "BOTH"


def test_leverage_and_margin_mode_are_the_symbols_and_both_sides_are_told() -> None:
    """A change of the margin mode pushes both sides, flat as they are."""
    hand = DeskByHand()
    hand.ask(DUAL, dualSidePosition="true")
    hand.ask("POST /fapi/v1/marginType", symbol=BTC, marginType="ISOLATED")
    assert [one["ps"] for one in hand.told[-1]["a"]["P"]] == ["LONG", "SHORT"]
    hand.place(positionSide="LONG")
    hand.ask("POST /fapi/v1/leverage", symbol=BTC, leverage=50)
    rows = [row for row in hand.ask("GET /fapi/v2/positionRisk") if row["symbol"] == BTC]
    assert [(row["leverage"], row["marginType"]) for row in rows] == [("50", "isolated")] * 2
    assert hand.code("POST /fapi/v1/positionMargin", symbol=BTC, amount="1", type=1) == -4061
    hand.ask("POST /fapi/v1/positionMargin", symbol=BTC, amount="1", type=1, positionSide="LONG")


def test_a_liquidated_side_is_closed_by_an_order_of_that_side() -> None:
    """An isolated LONG, whose SHORT stays."""
    hand = DeskByHand()
    hand.ask(DUAL, dualSidePosition="true")
    hand.ask("POST /fapi/v1/marginType", symbol=BTC, marginType="ISOLATED")
    hand.place(quantity="0.02", positionSide="LONG")
    hand.place(side="SELL", positionSide="SHORT")
    hand.told.clear()
    hand.move("9000")
    updates = [event["o"] for event in hand.told if event["e"] == "ORDER_TRADE_UPDATE"]
    assert {(update["ps"], update["S"]) for update in updates} == {("LONG", "SELL")}
    assert amounts(hand.ask("GET /fapi/v3/positionRisk")) == {"SHORT": "-0.01"}
