"""The local exchange in lockstep, over real sockets."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from sadari.localexchange.serving.control import LONGEST_STEP_NS
from sadari.localexchange.serving.server import LONGEST_BODY
from sadari.localexchange.streams.listen_keys import LIFE_NS
from tests.local_exchange import BTC, ETH, SEED, local, quantized
from tests.wire.wire_client import WireClient, connected

STREAMS = ("aggTrade", "trade", "kline_1m", "markPrice@1s", "bookTicker", "depth5", "ticker", "miniTicker")
MINUTE_MS = 60_000


async def opened(client: WireClient) -> None:
    """Listen to one symbol's market, to all tickers and to the account."""
    key = (await client.ask("POST /fapi/v1/listenKey"))["listenKey"]
    names = [f"{BTC.lower()}@{kind}" for kind in STREAMS] + ["!ticker@arr", "!markPrice@arr", key]
    await client.listen("/stream?streams=" + "/".join(names))


async def traded(client: WireClient) -> None:
    """A morning of an account: orders of every kind, refusals, queries, and time that goes on in between."""
    price = client.exchange.market.symbols[BTC].last_price
    order = {"symbol": BTC, "side": "BUY", "type": "MARKET", "quantity": "0.010", "newOrderRespType": "RESULT"}
    await client.ask("POST /fapi/v1/leverage", symbol=BTC, leverage=10)
    await client.ask("POST /fapi/v1/order", **order)
    await client.step(byMs=500)
    for points in (9_990, 9_995, 10_005):
        side = "BUY" if points < 10_000 else "SELL"
        limit = {"type": "LIMIT", "timeInForce": "GTC", "price": quantized(price * points / 10_000, BTC), "side": side}
        await client.ask("POST /fapi/v1/order", **order | limit)
    stop = {"algoType": "CONDITIONAL", "side": "SELL", "type": "STOP_MARKET", "closePosition": "true", "symbol": BTC}
    await client.ask("POST /fapi/v1/algoOrder", **stop, triggerPrice=quantized(price * 9_980 / 10_000, BTC))
    await client.ask("POST /fapi/v1/order", **order | {"quantity": "1e9"})
    for _ in range(20):
        await client.step(byMs=MINUTE_MS)
        await client.ask("GET /fapi/v3/account")
        await client.ask("GET /fapi/v1/openOrders", symbol=BTC)
    for path in ("allOrders", "allAlgoOrders", "userTrades", "income", "klines", "depth", "aggTrades"):
        await client.ask(f"GET /fapi/v1/{path}", symbol=BTC, **({"interval": "1m"} if path == "klines" else {}))
    await client.control("GET /control/truth")


def story(seed: int) -> tuple[list[tuple[int, bytes]], list[bytes]]:
    """Every reply and every frame of one morning."""

    async def run() -> tuple[list[tuple[int, bytes]], list[bytes]]:
        async with connected(local(seed)) as client:
            await opened(client)
            await traded(client)
            return client.replies, client.frames

    return asyncio.run(run())


def test_the_same_seed_and_requests_get_the_same_bytes_twice() -> None:
    """Every reply and every pushed frame, market and account."""
    replies, frames = story(SEED)
    assert {status for status, _ in replies} == {200, 400}
    assert len(frames) > 1_000
    kinds = (b"ORDER_TRADE_UPDATE", b"TRADE_LITE", b"ACCOUNT_UPDATE", b"ALGO_UPDATE", b"ACCOUNT_CONFIG_UPDATE")
    assert all(any(kind in frame for frame in frames) for kind in kinds)
    assert story(SEED) == (replies, frames)
    others = story(SEED + 1)
    assert others[0] != replies
    assert others[1] != frames


def test_a_step_tells_the_number_of_the_last_frame_and_there_is_none_after_it() -> None:
    """What a client reads after so many frames is the reply to its next message."""

    async def run() -> None:
        async with connected(local()) as client:
            await opened(client)
            for at in range(1, 6):
                assert await client.step(byMs=10_000)
                assert await client.step(byMs=0) == []
                await client.send({"method": "LIST_SUBSCRIPTIONS", "id": at})
                (reply,) = await client.receive(len(client.frames) + 1)
                assert reply["id"] == at

    asyncio.run(run())


def test_truth_is_what_the_clients_are_told() -> None:
    """Orders, trades, incomes, balances and positions, all of them."""

    async def run() -> None:
        async with connected(local()) as client:
            await opened(client)
            await traded(client)
            truth = await client.control("GET /control/truth")
            orders = await client.ask("GET /fapi/v1/allOrders")
            shown = [(one["orderId"], one["status"], Decimal(one["executedQty"]), one["updateTime"]) for one in orders]
            assert shown == [
                (one["order_id"], one["status"], Decimal(one["filled_qty"]), one["updated_ns"] // 1_000_000)
                for one in truth["orders"]
            ]
            assert {status for _, status, _, _ in shown} >= {"FILLED"}
            trades = await client.ask("GET /fapi/v1/userTrades", symbol=BTC)
            assert [(one["id"], Decimal(one["price"]), Decimal(one["commission"])) for one in trades] == [
                (one["trade_id"], Decimal(one["price"]), Decimal(one["fee"])) for one in truth["trades"]
            ]
            income = await client.ask("GET /fapi/v1/income", limit=1000)
            booked = [(one["kind"], Decimal(one["amount"])) for one in truth["income"]]
            assert [(one["incomeType"], Decimal(one["income"])) for one in income] == booked
            account = await client.ask("GET /fapi/v3/account")
            assert Decimal(account["totalWalletBalance"]) == Decimal(truth["balances"]["USDT"])
            assert Decimal(truth["balances"]["USDT"]) == sum(amount for _, amount in booked)
            held = {one["symbol"]: (one["positionAmt"]) for one in account["positions"]}
            assert held == {one["symbol"]: one["qty"] for one in truth["positions"]}
            algos = await client.ask("GET /fapi/v1/allAlgoOrders", symbol=BTC)
            assert [(one["algoId"], one["algoStatus"]) for one in algos] == [
                (one["algo_id"], one["status"]) for one in truth["algos"]
            ]

    asyncio.run(run())


@pytest.mark.parametrize("authorization", [None, "Bearer", "Bearer wrong", "Basic {token}", "{token}"])
def test_the_control_api_takes_its_token_and_nothing_else(authorization: str | None) -> None:
    """Neither without one, nor with another, nor under another scheme; nothing happens."""

    async def run() -> None:
        async with connected(local()) as client:
            text = authorization and authorization.format(token=client.exchange.credentials.token)
            headers = {} if text is None else {"Authorization": text}
            before = client.exchange.market.now_ns
            for where in ("GET /control/truth", "POST /control/step", "POST /control/human/fapi/v1/leverage"):
                method, _, path = where.partition(" ")
                status, body = await client.raw(method, path, headers=headers)
                assert status == 401
                assert b'"code":-2015' in body
            assert client.exchange.market.now_ns == before

    asyncio.run(run())


def test_a_human_acts_on_the_same_account_without_a_key() -> None:
    """The client sees what it did not do: a leverage, an order, a cancel, and the money that is gone."""

    async def run() -> None:
        async with connected(local()) as client:
            await opened(client)
            await client.step(byMs=1_000)
            price = quantized(client.exchange.market.symbols[ETH].last_price * 99 / 100, ETH)
            order = {"symbol": ETH, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": 1, "price": price}
            await client.ask("POST /fapi/v1/order", **order, newClientOrderId="mine")
            human = "/control/human/fapi/v1"
            assert (await client.control(f"POST {human}/leverage", symbol=BTC, leverage=7))["leverage"] == 7
            await client.control(f"POST {human}/order", symbol=BTC, side="SELL", type="MARKET", quantity="0.01")
            await client.control(f"DELETE {human}/order", symbol=ETH, origClientOrderId="mine")
            await client.control("POST /control/transfer", asset="USDT", amount="-1000")
            told = [one["data"] for one in await client.step(byMs=0)]
            kinds = [one["e"] for one in told]
            assert kinds == [
                "ORDER_TRADE_UPDATE", "ACCOUNT_CONFIG_UPDATE", "ORDER_TRADE_UPDATE", "TRADE_LITE", "ORDER_TRADE_UPDATE",
                "ACCOUNT_UPDATE", "ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE",
            ]  # fmt: skip
            assert told[-1]["a"]["m"] == "WITHDRAW"
            assert told[-2]["o"]["c"] == "mine"
            (config,) = await client.ask("GET /fapi/v1/symbolConfig", symbol=BTC)
            assert config["leverage"] == 7
            assert [one["symbol"] for one in await client.ask("GET /fapi/v3/positionRisk")] == [BTC]
            assert await client.ask("GET /fapi/v1/openOrders") == []

    asyncio.run(run())


def test_a_listen_key_that_runs_out_in_a_step_is_told_in_that_step() -> None:
    """Its event is among the frames that the step counts, and the connection lives on."""

    async def run() -> None:
        async with connected(local()) as client:
            await opened(client)
            await client.step(byMs=LIFE_NS // 1_000_000 - 1_000)
            told = await client.step(byMs=2_000)
            assert "listenKeyExpired" in [one["data"]["e"] for one in told if isinstance(one["data"], dict)]
            assert (await client.ask("PUT /fapi/v1/listenKey"))["code"] == -1125
            assert await client.step(byMs=1_000)

    asyncio.run(run())


def test_a_step_without_end_is_refused_and_the_exchange_goes_on() -> None:
    """A day is the longest."""

    async def run() -> None:
        async with connected(local()) as client:
            before = client.exchange.market.now_ns
            for values in ({"byMs": LONGEST_STEP_NS // 1_000_000 + 1}, {"untilMs": "9" * 18}, {"byMs": -1}):
                assert (await client.control("POST /control/step", **values))["code"] == -1130
            assert client.exchange.market.now_ns == before
            assert (await client.control("GET /control/clocks"))["market_ms"] == before // 1_000_000

    asyncio.run(run())


BAD = [
    ("GET", "/", None, 404),
    ("GET", "/fapi/v1/nothing", None, 404),
    ("GET", "/fapi/v1/order/", None, 404),
    ("GET", "/fapi/v9/%00%ff", None, 404),
    ("PATCH", "/fapi/v1/order", None, 405),
    ("POST", "/fapi/v1/time", None, 405),
    ("DELETE", "/control/step", None, 405),
    ("GET", "/fapi/v1/depth?symbol=%ff", None, 400),
    ("GET", "/fapi/v1/depth?symbol", None, 400),
    ("GET", f"/fapi/v1/depth?symbol={BTC}&symbol={BTC}", None, 400),
    ("GET", f"/fapi/v1/depth?symbol={BTC}&limit=1e3", None, 400),
    ("GET", "/fapi/v1/klines?symbol=" + "x" * 20_000, None, 400),
    ("GET", "/fapi/v1/order?symbol=x", None, 401),
    ("POST", "/fapi/v1/order", b"\xff\x00&=&&=%", 400),
    ("POST", "/fapi/v1/order", b"x" * (LONGEST_BODY + 1), 413),
    ("POST", "/fapi/v1/order", b'{"symbol":1}', 401),
    ("GET", "/ws/x", None, 400),
    ("GET", "/ws-fapi/v1", None, 400),
    ("GET", "/stream?streams=" + "/".join(f"s{n}@trade" for n in range(1_100)), None, 400),
]


@pytest.mark.parametrize(("method", "target", "body", "status"), BAD, ids=[f"{m} {t[:40]}" for m, t, _, _ in BAD])
def test_what_makes_no_sense_is_refused_in_the_exchanges_words(
    method: str, target: str, body: bytes | None, status: int, capfd: pytest.CaptureFixture[str]
) -> None:
    """Unknown paths, wrong methods, oversize and ill-typed input: a code and a message, and the next is served."""

    async def run() -> None:
        async with connected(local()) as client:
            got, text = await client.raw(method, target, body=body)
            assert got == status
            assert text.startswith(b'{"code":-')
            assert (await client.raw("GET", "/fapi/v1/ping")) == (200, b"{}")

    asyncio.run(run())
    assert not any(capfd.readouterr())


CALLS = [
    b"",
    b"x",
    b"\xff\xfe",
    b"[]",
    b"null",
    b"{}",
    b"[" * 10_000,
    b'{"method":1}',
    b'{"id":"\\ud800","method":"order.place"}',
    b'{"id":[1,{"a":2}],"method":"nothing.at.all","params":{}}',
    b'{"id":1,"method":"order.place","params":[]}',
    b'{"id":1,"method":"order.place","params":{"apiKey":{"a":1},"symbol":null,"timestamp":1e400}}',
    b'{"id":1,"method":"order.place","params":{"symbol":"\\ud800"}}',
    b'{"id":1,"method":"depth","params":{"symbol":"DEMOAUSDT","limit":[5]}}',
    b'{"id":1,"method":"depth","params":{"symbol":"DEMOAUSDT","limit":' + b"9" * 6_000 + b"}}",
    b'{"id":1,"method":"ticker.price","params":{"symbol":true}}',
    b'{"id":' + b"9" * 19 + b',"method":"ticker.price","params":{"symbol":"DEMOAUSDT","returnRateLimits":0}}',
]


@pytest.mark.parametrize("binary", [False, True])
def test_every_call_of_the_websocket_api_gets_its_reply_however_bad_it_is(
    binary: bool,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """In order, none with a status above 499, and the last one is served."""

    async def run() -> None:
        async with connected(local()) as client:
            await client.listen("/ws-fapi/v1")
            for number, call in enumerate(CALLS, 1):
                if binary or is_text(call):
                    await client.send_raw(call, binary=binary)
                    (reply,) = await client.receive(len(client.frames) + 1)
                    assert reply["status"] < 500, number
                    assert reply["status"] == 200 or reply["error"]["code"] < 0
            await client.send({"id": "last", "method": "depth", "params": {"symbol": BTC, "limit": 5}})
            (reply,) = await client.receive(len(client.frames) + 1)
            assert (reply["id"], reply["status"]) == ("last", 200)

    asyncio.run(run())
    assert not any(capfd.readouterr())


def is_text(message: bytes) -> bool:
    """Whether a message may go in a text frame."""
    try:
        message.decode()
    except UnicodeDecodeError:
        return False
    return True


def frames_of(steps: list[int]) -> tuple[list[bytes], bytes]:
    """What is pushed while time goes on by steps of so many milliseconds, and the truth after them."""

    async def run() -> tuple[list[bytes], bytes]:
        async with connected(local()) as client:
            await opened(client)
            price = client.exchange.market.symbols[BTC].last_price
            order = {"symbol": BTC, "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01"}
            for points in range(-29, 30, 2):
                near = quantized(price * (10_000 + points) / 10_000, BTC)
                await client.ask("POST /fapi/v1/order", **order, price=near, side="SELL" if points > 0 else "BUY")
            for by_ms in steps:
                await client.step(byMs=by_ms)
            await client.control("GET /control/truth")
            return client.frames, client.replies[-1][1]

    return asyncio.run(run())


def test_how_time_is_divided_into_steps_changes_nothing() -> None:
    """The same frames in the same order, and the same truth, by whatever steps the same time was reached."""
    whole = frames_of([600_000])
    assert b"FILLED" in whole[1]
    assert frames_of([1, 249, 250, 1_000, 58_500, 0, 60_001, 119_999, 300_000, 59_999, 1]) == whole
    assert frames_of([100_000] * 6) == whole
