"""Whatever an account goes through, its records, its money, its answers and what it told of them are one story."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sadari.exchange import Refusal
from sadari.localexchange.account.desk import ALGO
from sadari.localexchange.account.records import AlgoOrder, Order
from sadari.localexchange.asking.refused import Refused
from sadari.model.units import SECOND_NS
from tests.exchange_orders import BTC, INSTRUMENT, D
from tests.local_desk import BALANCE, ETH, DeskByHand

Step = Callable[[DeskByHand], None]

SYMBOLS = st.sampled_from([BTC, BTC, ETH])
SIDES = st.sampled_from(["BUY", "SELL"])
QUANTITIES = st.one_of(st.integers(1, 100), st.integers(500, 1_500)).map(lambda steps: steps * INSTRUMENT.step_size)
CLIENT_IDS = st.sampled_from([None, "a", "b"])


def beside(hand: DeskByHand, symbol: str, points: int) -> Decimal:
    """The last price moved by hundredths of a percent, on the grid."""
    return (hand.prices[symbol] * (10_000 + points) / 10_000).quantize(INSTRUMENT.tick_size)


def trades(symbol: str, side: str, qty: Decimal, client_id: str | None, reduce_only: bool) -> Step:
    """A market order."""
    return lambda hand: hand.place(
        symbol=symbol, side=side, quantity=qty, newClientOrderId=client_id, reduceOnly="true" if reduce_only else None
    )


def rests(
    symbol: str, side: str, qty: Decimal, points: int, in_force: str, client_id: str | None, reduce_only: bool
) -> Step:
    """A limit order somewhere around the last price."""
    return lambda hand: hand.place(
        symbol=symbol, side=side, type="LIMIT", quantity=qty, price=beside(hand, symbol, points), timeInForce=in_force,
        newClientOrderId=client_id, reduceOnly="true" if reduce_only else None,
    )  # fmt: skip


def waits(symbol: str, side: str, kind: str, qty: Decimal | None, points: int, client_id: str | None) -> Step:
    """A conditional order, on the side where it can wait if ``points`` are positive; with no quantity it closes all."""
    if (side == "SELL") is (kind == "STOP_MARKET"):
        points = -points
    return lambda hand: hand.place_algo(
        symbol=symbol, side=side, type=kind, quantity=qty, closePosition="true" if qty is None else None,
        triggerPrice=beside(hand, symbol, points), clientAlgoId=client_id,
    )  # fmt: skip


def moves(symbol: str, points: int) -> Step:
    """A trade of the market at another price."""
    return lambda hand: hand.move(beside(hand, symbol, points), symbol)


def funds(symbol: str, points: int) -> Step:
    """A settlement of funding."""
    return lambda hand: hand.desk.fund(symbol, hand.now_ns, D(points) / 10_000)


def transfers(amount: int) -> Step:
    """A deposit or withdrawal."""
    return lambda hand: hand.desk.transfer(D(amount), "USDT")


def cancels(number: int) -> Step:
    """A cancel of some order or conditional order, open or not."""

    def step(hand: DeskByHand) -> None:
        everything: list[Order | AlgoOrder] = [*hand.desk.orders.values(), *hand.desk.algos.values()]
        if everything:
            one = everything[number % len(everything)]
            hand.desk.cancel_algo(one) if isinstance(one, AlgoOrder) else hand.desk.cancel(one)

    return step


def sets(symbol: str, what: str) -> Step:
    """A change of leverage or margin mode."""
    if what.isdigit():
        return lambda hand: hand.ask("POST /fapi/v1/leverage", symbol=symbol, leverage=what)
    return lambda hand: hand.ask("POST /fapi/v1/marginType", symbol=symbol, marginType=what)


POINTS = st.one_of(st.integers(-100, 100), st.integers(-1_500, 1_500))
NEAR = st.integers(-300, 300)
AHEAD = st.integers(-30, 300)
SELDOM = st.sampled_from([False, False, False, True])
STEPS = st.one_of(
    st.builds(trades, SYMBOLS, SIDES, QUANTITIES, CLIENT_IDS, SELDOM),
    st.builds(rests, SYMBOLS, SIDES, QUANTITIES, NEAR, st.sampled_from(["GTC", "GTX", "IOC", "FOK"]), CLIENT_IDS,
              SELDOM),
    st.builds(waits, SYMBOLS, SIDES, st.sampled_from(["STOP_MARKET", "TAKE_PROFIT_MARKET"]),
              st.one_of(st.none(), QUANTITIES), AHEAD, CLIENT_IDS),
    st.builds(moves, SYMBOLS, POINTS),
    st.builds(moves, SYMBOLS, POINTS),
    st.builds(funds, SYMBOLS, st.integers(-75, 75)),
    st.builds(transfers, st.integers(-600, 600)),
    st.builds(cancels, st.integers(0, 40)),
    st.builds(sets, SYMBOLS, st.sampled_from(["ISOLATED", "CROSSED", "5", "20", "50", "100"])),
)  # fmt: skip


@settings(max_examples=300)
@given(st.lists(STEPS, min_size=8, max_size=60))
def test_after_every_step_records_money_answers_and_events_agree(steps: list[Step]) -> None:
    """What the account is, what it answers and what it told are the same."""
    hand = DeskByHand()
    for step in steps:
        hand.now_ns += SECOND_NS
        with contextlib.suppress(Refused, Refusal):
            step(hand)
        money_adds_up(hand)
        records_add_up(hand)
        answers_agree(hand)
        endpoints_list_all_once(hand)
        events_tell_all(hand)


def money_adds_up(hand: DeskByHand) -> None:
    """The wallet is what it began with and all that was booked since; the trades make the position."""
    exchange = hand.exchange
    assert exchange.balances["USDT"] == BALANCE + sum(one.amount for one in exchange.income)
    assert exchange.balances["USDT"] >= 0
    for symbol in (BTC, ETH):
        signed = (one.qty if one.side.value == "BUY" else -one.qty for one in hand.desk.trades if one.symbol == symbol)
        held = exchange.positions.get(symbol)
        assert sum(signed, D(0)) == (held.qty if held else 0)
    kinds = {"COMMISSION": "fee", "REALIZED_PNL": "realized_pnl"}
    for kind, name in kinds.items():
        booked = sum((one.amount for one in exchange.income if one.kind == kind), D(0))
        forced = {one.trade_id for one in exchange.income if one.kind == "INSURANCE_CLEAR"}
        traded = [one for one in hand.desk.trades if kind != "COMMISSION" or one.trade_id not in forced]
        assert abs(booked) == abs(sum((getattr(one, name) for one in traded), D(0)))


def records_add_up(hand: DeskByHand) -> None:
    """Every record is the sum of its trades, and the open ones are those that wait at the model."""
    desk = hand.desk
    by_order: dict[int, list[Decimal]] = {}
    for trade in desk.trades:
        by_order.setdefault(trade.order_id, []).append(trade.qty)
        assert desk.orders[trade.order_id].symbol == trade.symbol
    for order_id, order in desk.orders.items():
        assert order.filled_qty == sum(by_order.get(order_id, []))
        assert (order.status.value == "FILLED") == bool(order.filled_qty)
    for symbol in (BTC, ETH):
        waiting = {one.order.client_order_id for one in hand.exchange.open_orders(symbol)}
        ours = {f"o{one.order_id}" for one in desk.orders.values() if one.is_open and one.symbol == symbol}
        ours |= {f"{ALGO}{one.algo_id}" for one in desk.algos.values() if one.is_open and one.symbol == symbol}
        assert waiting == ours
    for ids in (
        [one.client_order_id for one in desk.open_orders()],
        [one.client_algo_id for one in desk.open_algos()],
    ):
        assert len(ids) == len(set(ids))


def answers_agree(hand: DeskByHand) -> None:
    """Both versions of account, balance and positions show one and the same."""
    third, second = hand.ask("GET /fapi/v3/account"), hand.ask("GET /fapi/v2/account")
    totals = [name for name in third if name not in {"positions", "assets"}]
    assert {name: second[name] for name in totals} == {name: third[name] for name in totals}
    (asset,) = third["assets"]
    assert second["assets"] == [asset]
    (balance,) = hand.ask("GET /fapi/v3/balance")
    assert [balance] == hand.ask("GET /fapi/v2/balance")
    assert D(balance["balance"]) == D(asset["walletBalance"]) == D(third["totalWalletBalance"])
    assert D(balance["balance"]) == hand.exchange.balances["USDT"]
    assert D(balance["availableBalance"]) == D(asset["availableBalance"]) == D(third["availableBalance"])
    assert D(balance["crossWalletBalance"]) == D(asset["crossWalletBalance"]) == D(third["totalCrossWalletBalance"])
    assert D(balance["crossUnPnl"]) == D(asset["crossUnPnl"]) == D(third["totalCrossUnPnl"])
    assert D(asset["marginBalance"]) == D(asset["walletBalance"]) + D(asset["unrealizedProfit"])
    assert D(asset["unrealizedProfit"]) == sum(D(one["unrealizedProfit"]) for one in third["positions"])
    assert D(asset["initialMargin"]) == D(asset["positionInitialMargin"]) + D(asset["openOrderInitialMargin"])
    risks = {one["symbol"]: one for one in hand.ask("GET /fapi/v3/positionRisk")}
    assert set(risks) == {one["symbol"] for one in third["positions"]}
    for one in third["positions"]:
        risk = risks[one["symbol"]]
        shared = ("positionAmt", "notional", "isolatedMargin", "isolatedWallet", "initialMargin", "maintMargin")
        assert {name: one[name] for name in shared} == {name: risk[name] for name in shared}
        assert one["unrealizedProfit"] == risk["unRealizedProfit"]


def endpoints_list_all_once(hand: DeskByHand) -> None:
    """Trades, incomes and orders are all listed, once."""
    listed = [
        one["id"] for symbol in (BTC, ETH) for one in hand.ask("GET /fapi/v1/userTrades", symbol=symbol, limit=1000)
    ]
    assert sorted(listed) == [one.trade_id for one in hand.desk.trades]
    rows = hand.ask("GET /fapi/v1/income", limit=1000)
    assert [D(one["income"]) for one in rows] == [one.amount for one in hand.exchange.income]
    assert len({one["tranId"] for one in rows}) == len(rows)
    orders = hand.ask("GET /fapi/v1/allOrders", limit=1000)
    assert [one["orderId"] for one in orders] == list(hand.desk.orders)
    still = hand.ask("GET /fapi/v1/openOrders")
    assert [one["orderId"] for one in still] == [one["orderId"] for one in orders if one["status"] == "NEW"]
    algos = [one for s in (BTC, ETH) for one in hand.ask("GET /fapi/v1/allAlgoOrders", symbol=s, limit=1000)]
    assert sorted(one["algoId"] for one in algos) == list(hand.desk.algos)


def events_tell_all(hand: DeskByHand) -> None:
    """One who only listened knows every order, every trade, the wallet and the positions."""
    orders: dict[int, dict[str, Any]] = {}
    algos: dict[int, dict[str, Any]] = {}
    balances: dict[str, dict[str, Any]] = {"USDT": {"wb": BALANCE, "cw": BALANCE}}
    positions: dict[str, dict[str, Any]] = {}
    traded: list[tuple[int, Decimal, Decimal, Decimal, Decimal]] = []
    lite = []
    for event in hand.told:
        if event["e"] == "ORDER_TRADE_UPDATE":
            one = event["o"]
            assert (one["i"] in orders) is (one["x"] != "NEW")
            orders[one["i"]] = one
            if one["x"] in {"TRADE", "CALCULATED"}:
                traded.append((one["t"], D(one["l"]), D(one["L"]), D(one.get("n", "0")), D(one["rp"])))
        elif event["e"] == "ALGO_UPDATE":
            algos[event["o"]["aid"]] = event["o"]
        elif event["e"] == "TRADE_LITE":
            lite.append(event["t"])
        elif event["e"] == "ACCOUNT_UPDATE":
            balances |= {one["a"]: one for one in event["a"]["B"]}
            positions |= {one["s"]: one for one in event["a"]["P"]}
    desk = hand.desk
    known = {i: (one["X"], D(one["z"]), D(one["ap"]), one["c"], one["er"]) for i, one in orders.items()}
    assert known == {
        i: (one.status.value, one.filled_qty, one.avg_price, one.client_order_id, one.expiry_reason.value)
        for i, one in desk.orders.items()
    }
    assert {i: one["X"] for i, one in algos.items()} == {i: one.status.value for i, one in desk.algos.items()}
    assert traded == [(one.trade_id, one.qty, one.price, one.fee, one.realized_pnl) for one in desk.trades]
    assert lite == [one.trade_id for one in desk.trades if desk.orders[one.order_id].orig_type != "LIQUIDATION"]
    (shown,) = hand.ask("GET /fapi/v3/balance")
    assert D(balances["USDT"]["wb"]) == hand.exchange.balances["USDT"]
    assert D(balances["USDT"]["cw"]) == D(shown["crossWalletBalance"])
    for risk in hand.ask("GET /fapi/v2/positionRisk"):
        told = positions.get(risk["symbol"], {"pa": "0", "ep": "0", "iw": "0"})
        now = (D(risk["positionAmt"]), D(risk["entryPrice"]), D(risk["isolatedWallet"]))
        assert (D(told["pa"]), D(told["ep"]), D(told["iw"])) == now
