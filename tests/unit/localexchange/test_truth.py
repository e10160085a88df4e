"""The exchange's truth says when each order and stop began and ended, on both clocks."""

from __future__ import annotations

from typing import Any

import msgspec

from sadari.localexchange.account.truth import truth
from sadari.model.units import SECOND_NS
from tests.exchange_orders import T
from tests.local_desk import DeskByHand
from tests.uncovered import Uncovered, uncovered

WALL = {"closePosition": "true", "quantity": None}


def told(hand: DeskByHand) -> dict[str, Any]:
    """The truth as a client of the control API decodes it."""
    decoded: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(truth(hand.desk)))
    return decoded


def after(hand: DeskByHand, seconds: int) -> int:
    """Let time go on, without a trade; the time then."""
    hand.now_ns += seconds * SECOND_NS
    return hand.now_ns


def test_an_order_has_ended_when_it_was_done_canceled_or_triggered() -> None:
    """While it works there is no end; afterwards nothing moves it, though its child goes on."""
    hand = DeskByHand()
    hand.place()
    hand.place_algo(**WALL, clientAlgoId="wall")
    hand.place(type="LIMIT", timeInForce="GTC", price="9000", newClientOrderId="rest")
    first = told(hand)
    assert [one["ended_ns"] for one in first["orders"]] == [T, None]
    assert first["algos"][0]["ended_ns"] is None
    after(hand, 5)
    hand.move("9900")
    at = hand.now_ns
    (algo,) = told(hand)["algos"]
    assert (algo["created_gateway_ns"], algo["ended_ns"], algo["ended_gateway_ns"]) == (T, at, at)
    assert (algo["status"], algo["triggered_ns"]) == ("FINISHED", at)
    after(hand, 5)
    hand.ask("DELETE /fapi/v1/order", symbol="BTCUSDT", origClientOrderId="rest")
    rest = next(one for one in told(hand)["orders"] if one["client_order_id"] == "rest")
    assert (rest["created_ns"], rest["ended_ns"], rest["ended_gateway_ns"]) == (T, hand.now_ns, hand.now_ns)


def test_the_time_from_a_rise_to_its_stop_follows_from_the_truth_alone() -> None:
    """A rise, a rise beyond a stop's quantity, a canceled stop, a stop that is never placed."""
    hand = DeskByHand()
    hand.place()
    covered = after(hand, 2)
    hand.place_algo(reduceOnly="true")
    more = after(hand, 10)
    hand.place()
    whole = after(hand, 1)
    hand.place_algo(**WALL, clientAlgoId="wall", triggerPrice="9800")
    gone = after(hand, 10)
    hand.ask("DELETE /fapi/v1/algoOrder", clientAlgoId="wall")
    assert uncovered(told(hand)) == [
        Uncovered("BTCUSDT", "BOTH", T, covered, rose=True),
        Uncovered("BTCUSDT", "BOTH", more, whole, rose=True),
        Uncovered("BTCUSDT", "BOTH", gone, None, rose=False),
    ]
    flat = after(hand, 3)
    hand.place(side="SELL", quantity="0.02")
    assert uncovered(told(hand))[-1].lasted_ns == flat - gone


def test_each_side_is_covered_by_its_own_stop_and_a_stop_of_the_wrong_side_covers_nothing() -> None:
    """In hedge mode the LONG's wall leaves the SHORT bare; in one-way mode a buy stop leaves a LONG bare."""
    hand = DeskByHand()
    hand.ask("POST /fapi/v1/positionSide/dual", dualSidePosition="true")
    hand.place(positionSide="LONG")
    hand.place_algo(**WALL, positionSide="LONG")
    hand.place(side="SELL", positionSide="SHORT")
    assert uncovered(told(hand)) == [Uncovered("BTCUSDT", "SHORT", T, None, rose=True)]
    wrong = DeskByHand()
    wrong.place()
    wrong.place_algo(**WALL, side="BUY", triggerPrice="11000")
    assert uncovered(told(wrong)) == [Uncovered("BTCUSDT", "BOTH", T, None, rose=True)]
