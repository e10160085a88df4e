"""Whatever is asked of any endpoint, in any order: an answer that can be sent, or a refusal of the exchange's."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.exchange import Refusal
from sadari.localexchange.account.truth import truth
from sadari.localexchange.asking.parameters import Parameters
from sadari.localexchange.asking.refused import Refused
from sadari.run.local.exchange import LocalExchange
from tests.local_exchange import BTC, ETH, MARKET, encoded, local, quantized

ENDPOINTS = {f"{one.method} {one.path}": number for number, one in enumerate(local().endpoints)}
NAMES = sorted(ENDPOINTS)

CONDITIONAL = ["STOP_MARKET", "TAKE_PROFIT_MARKET"]
ODD = (
    "", "0", "-0", "-1", "1", "9" * 18, "-" + "9" * 18, "9" * 19, "0.000", "1e5", "NaN", "Infinity", "null", "[]",
    "true", "FALSE", "[1]", "{}", '["a"]', "[" * 500, "\u0663", "\x00", " ", BTC.lower(),
)  # fmt: skip
JUNK = st.one_of(st.sampled_from(ODD), st.text(max_size=40))
MOMENTS = st.sampled_from([START := MARKET.candles[BTC].start_ns // 1_000_000, START + 86_400_000, START + 90_000_000])


def numbers(symbol: str, what: str) -> st.SearchStrategy[str]:
    """Prices around the market's, on the grid or off it, or quantities that are worth something."""
    if what == "price":
        last = Decimal(repr(MARKET.candles[symbol].close[1440]))
        near = st.integers(-500, 500).map(lambda at: quantized(last * (10_000 + at) / 10_000, symbol))
        return st.one_of(near.map(lambda one: format(one, "f")), near.map(lambda one: f"{one}1"))
    return st.integers(1, 4_000).map(lambda steps: format(steps * MARKET.instruments[symbol].step_size, "f"))


def plausible(symbol: str) -> dict[str, st.SearchStrategy[str]]:
    """Values that the exchange can do something with, by the parameter's name."""
    price, qty, ids = numbers(symbol, "price"), numbers(symbol, "qty"), st.sampled_from(["a", "b", "c/1", "d:2"])
    order_ids = st.integers(8_000_000_001, 8_000_000_002).map(str)
    flags = st.sampled_from(["true", "false"])
    return {
        "symbol": st.just(symbol),
        "pair": st.just(symbol),
        "contractType": st.just("PERPETUAL"),
        "side": st.sampled_from(["BUY", "SELL"]),
        "type": st.sampled_from(["MARKET", "LIMIT", "STOP_MARKET", "TAKE_PROFIT_MARKET", "STOP"]),
        "algoType": st.just("CONDITIONAL"),
        "timeInForce": st.sampled_from(["GTC", "IOC", "FOK", "GTX", "GTD"]),
        "quantity": qty,
        "price": price,
        "triggerPrice": price,
        "reduceOnly": flags,
        "closePosition": flags,
        "positionSide": st.sampled_from(["BOTH", "LONG"]),
        "newClientOrderId": ids,
        "clientAlgoId": ids,
        "origClientOrderId": ids,
        "newOrderRespType": st.sampled_from(["ACK", "RESULT"]),
        "workingType": st.sampled_from(["CONTRACT_PRICE", "MARK_PRICE"]),
        "orderId": order_ids,
        "algoId": st.integers(3_000_001, 3_000_002).map(str),
        "fromId": st.integers(0, 9).map(str),
        "batchOrders": batches(symbol, price, qty),
        "orderIdList": st.lists(order_ids, max_size=3).map(lambda some: f"[{','.join(some)}]"),
        "origClientOrderIdList": st.lists(ids, max_size=3).map(json.dumps),
        "leverage": st.integers(-1, 60).map(str),
        "marginType": st.sampled_from(["ISOLATED", "CROSSED"]),
        "dualSidePosition": flags,
        "multiAssetsMargin": flags,
        "incomeType": st.sampled_from(["COMMISSION", "REALIZED_PNL"]),
        "interval": st.sampled_from(["1m", "5m", "1h", "1d", "1w", "1M"]),
        "startTime": MOMENTS.map(str),
        "endTime": MOMENTS.map(str),
        "limit": st.integers(-1, 1600).map(str),
        "byMs": st.integers(0, 60_000).map(str),
        "untilMs": MOMENTS.map(str),
        "asset": st.just("USDT"),
        "amount": st.integers(-12_000, 12_000).map(str),
    }


def batches(symbol: str, price: st.SearchStrategy[str], qty: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Texts of order batches, some with numbers where texts belong."""
    value = st.one_of(JUNK, st.integers(), st.floats(), st.booleans(), st.none())
    row = st.fixed_dictionaries(
        {"symbol": st.just(symbol), "side": st.just("BUY"), "type": st.sampled_from(["MARKET", "LIMIT"])},
        optional={"quantity": qty.map(float), "price": price, "timeInForce": st.just("GTC"), "newClientOrderId": value},
    )
    return st.one_of(
        st.lists(st.one_of(row, st.dictionaries(JUNK, value, max_size=2)), max_size=6).map(json.dumps),
        st.sampled_from(["[{'a':1}]", f'[{{"quantity":{"9" * 6_000}}}]', '[{"quantity":1e999}]', "[[]]"]),
    )


VALUES = {symbol: plausible(symbol) for symbol in (BTC, ETH)}

# What each endpoint takes, by the end of its path; all others take a symbol, a period and a limit.
TAKEN = {
    "POST /order": "symbol side type quantity newClientOrderId newOrderRespType",
    "POST /algoOrder": "algoType symbol side type triggerPrice quantity clientAlgoId",
    "/order": "symbol orderId",
    "/openOrder": "symbol origClientOrderId",
    "/algoOrder": "clientAlgoId",
    "POST /batchOrders": "batchOrders",
    "DELETE /batchOrders": "symbol orderIdList",
    "/leverage": "symbol leverage",
    "/marginType": "symbol marginType",
    "/dual": "dualSidePosition",
    "/multiAssetsMargin": "multiAssetsMargin",
    "/transfer": "asset amount",
    "/step": "byMs",
    "lines": "symbol pair contractType interval limit",
}
OPTIONAL = (
    "price", "timeInForce", "reduceOnly", "closePosition", "startTime", "endTime", "limit", "origClientOrderId",
    "origClientOrderIdList", "fromId", "orderId", "algoId", "incomeType", "untilMs", "workingType", "positionSide",
)  # fmt: skip


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, dict[str, str]]:
    """An endpoint and its parameters: mostly plausible ones, some missing, some too many, some junk."""
    where = draw(st.one_of(st.sampled_from(["POST /fapi/v1/order", "POST /fapi/v1/algoOrder"]), st.sampled_from(NAMES)))
    known = VALUES[draw(st.sampled_from([BTC, BTC, ETH]))]
    taken = next(
        (names for end, names in TAKEN.items() if where.endswith(end.partition(" ")[2] or end)
         and where.startswith(end.partition(" ")[0] if " " in end else "")),
        "symbol startTime",
    ).split()  # fmt: skip
    names = set(taken) - draw(st.one_of(st.just(set()), st.sets(st.sampled_from(taken), max_size=1)))
    names |= draw(st.one_of(st.just(set()), st.sets(st.sampled_from(OPTIONAL), max_size=3)))
    if where == "POST /fapi/v1/order":
        names |= draw(st.sampled_from([set(), {"price", "timeInForce"}]))
    values = {name: draw(known[name]) for name in sorted(names)}
    if names >= {"side", "type"} and draw(st.integers(0, 9)):
        usual = (
            ["STOP_MARKET", "TAKE_PROFIT_MARKET"]
            if "triggerPrice" in names
            else ["LIMIT" if "price" in names else "MARKET"]
        )
        values["type"] = draw(st.sampled_from(usual))
    for name in draw(st.one_of(st.just(set()), st.sets(st.sampled_from(sorted(known)), max_size=2))):
        values[name] = draw(JUNK)
    return where, values


def ask(exchange: LocalExchange, where: str, values: dict[str, str]) -> int:
    """The code of the refusal, or 0 for an answer that could be encoded; anything else is raised."""
    asked, endpoint = Parameters(values), exchange.endpoints[ENDPOINTS[where]]
    try:
        if not isinstance(endpoint.weight, int):
            assert endpoint.weight(asked) > 0
        assert encoded(endpoint.answer(asked))
    except (Refused, Refusal) as refusal:
        return refusal.code
    return 0


# A position, an order that works and a conditional one that waits, so that there is something to ask for.
FURNISHED: tuple[tuple[str, dict[str, str]], ...] = (
    ("POST /fapi/v1/order", {"symbol": BTC, "side": "BUY", "type": "MARKET", "quantity": "0.01"}),
    (
        "POST /fapi/v1/order",
        {"symbol": BTC, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01", "price": "50000"}
        | {"newClientOrderId": "a"},
    ),
    (
        "POST /fapi/v1/algoOrder",
        {"algoType": "CONDITIONAL", "symbol": BTC, "side": "SELL", "type": "STOP_MARKET", "closePosition": "true"}
        | {"triggerPrice": "50000", "clientAlgoId": "a"},
    ),
    ("POST /fapi/v1/listenKey", {}),
)


@given(st.lists(requests(), min_size=1, max_size=20))
def test_no_request_gets_anything_but_an_answer_or_a_refusal(asked: list[tuple[str, dict[str, str]]]) -> None:
    """Every endpoint takes every text for every parameter, in every order."""
    exchange = local()
    for where, values in FURNISHED:
        assert not ask(exchange, where, values)
    for where, values in asked:
        ask(exchange, where, values)


HUGE = "9" * 18
STOP = {"algoType": "CONDITIONAL", "symbol": BTC, "side": "BUY", "type": "STOP_MARKET", "quantity": "0.01"}
LIMIT = {"symbol": BTC, "side": "SELL", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.001"}


@pytest.mark.parametrize(
    ("where", "values", "code"),
    [
        ("POST /control/step", {"byMs": HUGE}, -1130),
        ("POST /control/step", {"untilMs": HUGE}, -1130),
        ("POST /control/step", {"byMs": "-1"}, -1130),
        ("POST /control/transfer", {"asset": "USDT", "amount": "9" * 20}, -1130),
        ("POST /control/transfer", {"asset": "USDT", "amount": "0.000000001"}, -1111),
        ("POST /control/transfer", {"asset": "USDT", "amount": "-10000.00000001"}, -4050),
        ("POST /fapi/v1/order", LIMIT | {"price": HUGE}, -4002),
        ("POST /fapi/v1/order", LIMIT | {"price": "9" * 20}, -4002),
        ("POST /fapi/v1/algoOrder", STOP | {"triggerPrice": HUGE}, -4002),
        ("POST /fapi/v1/batchOrders", {"batchOrders": f'[{{"quantity":{"9" * 6_000}}}]'}, -1130),
        ("POST /fapi/v1/batchOrders", {"batchOrders": '[{"quantity":1e999}]'}, -1130),
        ("POST /fapi/v1/batchOrders", {"batchOrders": "[" * 5_000}, -1130),
        ("DELETE /fapi/v1/batchOrders", {"symbol": BTC, "orderIdList": f"[{'9' * 6_000}]"}, -1130),
        ("POST /fapi/v1/leverage", {"symbol": BTC, "leverage": HUGE}, -4028),
    ],
)
def test_a_number_beyond_all_reason_is_refused(where: str, values: dict[str, str], code: int) -> None:
    """Neither a step without end nor a level that the kernel cannot hold, and nothing is left behind."""
    exchange = local()
    before = encoded(truth(exchange.desk))
    assert ask(exchange, where, values) == code
    assert encoded(truth(exchange.desk)) == before
