"""python-binance's `AsyncClient` and `BinanceSocketManager`, unmodified but for their addresses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import ROUND_DOWN, Decimal
from typing import Any

import pytest
from binance import AsyncClient, BinanceSocketManager
from binance.exceptions import BinanceAPIException

from tests.clients.exchange_process import Address

WAIT_S = 60
NOTIONAL = Decimal(300)


def played(address: Address, scene: Callable[[Any], Awaitable[None]]) -> None:
    """Run a scene with a client that knows this exchange only, and close it whatever happens."""
    AsyncClient.API_URL = f"{address.rest}/api"
    AsyncClient.FUTURES_URL = f"{address.rest}/fapi"
    AsyncClient.FUTURES_DATA_URL = f"{address.rest}/futures/data"
    AsyncClient.WS_FUTURES_URL = address.ws_api
    BinanceSocketManager.FSTREAM_URL = f"{address.ws}/"

    async def run() -> None:
        async with asyncio.timeout(WAIT_S):
            client = await AsyncClient.create(address.key, address.secret)
            try:
                await scene(client)
            finally:
                await client.close_connection()

    asyncio.run(run())


async def traded(client: Any) -> tuple[str, Decimal, str, Callable[[float], str]]:
    """A symbol, its last price, a quantity for it, and prices beside the last one on the symbol's tick."""
    markets = (await client.futures_exchange_info())["symbols"]
    market = next((one for one in markets if one["symbol"] == "LTCUSDT"), markets[0])
    steps = {one["filterType"]: one for one in market["filters"]}
    last = Decimal((await client.futures_symbol_ticker(symbol=market["symbol"]))["price"])

    def on(value: Decimal, step: str) -> str:
        size = Decimal(step)
        return format((value / size).to_integral_value(ROUND_DOWN) * size, "f")

    def beside(factor: float) -> str:
        return on(last * Decimal(str(factor)), steps["PRICE_FILTER"]["tickSize"])

    return market["symbol"], last, on(NOTIONAL / last, steps["MARKET_LOT_SIZE"]["stepSize"]), beside


def test_public_answers_are_read(address: Address) -> None:
    """Ping, time, rules, candles and the book."""

    async def scene(client: Any) -> None:
        assert await client.futures_ping() == {}
        assert (await client.futures_time())["serverTime"] > 0
        symbol, last, _, _ = await traded(client)
        assert last > 0
        rows = await client.futures_klines(symbol=symbol, interval="5m", limit=50)
        assert len(rows) == 50
        assert len(rows[0]) == 12
        book = await client.futures_order_book(symbol=symbol, limit=5)
        assert Decimal(book["bids"][0][0]) < Decimal(book["asks"][0][0])
        assert (await client.futures_mark_price(symbol=symbol))["symbol"] == symbol

    played(address, scene)


def test_the_account_is_read(address: Address) -> None:
    """Account, balances, positions, brackets and modes."""

    async def scene(client: Any) -> None:
        account = await client.futures_account()
        assert account["canTrade"] is True
        assert Decimal(account["availableBalance"]) > 1_000
        balances = {row["asset"]: row for row in await client.futures_account_balance()}
        assert Decimal(balances["USDT"]["balance"]) == Decimal(account["totalWalletBalance"])
        assert isinstance(await client.futures_position_information(), list)
        assert (await client.futures_leverage_bracket())[0]["brackets"][0]["bracket"] == 1
        assert (await client.futures_get_position_mode())["dualSidePosition"] is False

    played(address, scene)


def test_market_limit_and_stop_orders_are_placed_and_canceled(address: Address) -> None:
    """The three order families of a ladder, and a close that leaves nothing behind."""

    async def scene(client: Any) -> None:
        symbol, _, size, beside = await traded(client)
        await client.futures_change_leverage(symbol=symbol, leverage=5)
        order = {"symbol": symbol, "quantity": size}
        bought = await client.futures_create_order(**order, side="BUY", type="MARKET", newOrderRespType="RESULT")
        assert (bought["status"], bought["executedQty"]) == ("FILLED", size)
        limit = await client.futures_create_order(
            **order, side="BUY", type="LIMIT", timeInForce="GTC", price=beside(0.97)
        )
        assert limit["status"] == "NEW"
        assert [one["orderId"] for one in await client.futures_get_open_orders(symbol=symbol)] == [limit["orderId"]]
        gone = await client.futures_cancel_order(symbol=symbol, orderId=limit["orderId"])
        assert gone["status"] == "CANCELED"

        stop = await client.futures_create_order(
            symbol=symbol, side="SELL", type="STOP_MARKET", triggerPrice=beside(0.95), closePosition="true"
        )
        assert stop["algoStatus"] == "NEW"
        listed = await client.futures_get_open_orders(symbol=symbol, conditional=True)
        assert [one["algoId"] for one in listed] == [stop["algoId"]]
        await client.futures_cancel_order(symbol=symbol, algoId=stop["algoId"])

        held = await client.futures_position_information(symbol=symbol)
        assert [row["positionAmt"] for row in held] == [size]
        await client.futures_create_order(**order, side="SELL", type="MARKET", reduceOnly="true")
        left = await client.futures_position_information(symbol=symbol)
        assert not [row for row in left if Decimal(row["positionAmt"])]
        assert {row["orderId"] for row in await client.futures_account_trades(symbol=symbol)} >= {bought["orderId"]}
        assert {row["incomeType"] for row in await client.futures_income_history()} >= {"COMMISSION"}

    played(address, scene)


def test_a_refusal_has_its_code(address: Address) -> None:
    """python-binance shows the exchange's code and sentence."""

    async def scene(client: Any) -> None:
        symbol, *_ = await traded(client)
        with pytest.raises(BinanceAPIException) as refused:
            await client.futures_cancel_order(symbol=symbol, orderId=1)
        assert refused.value.code == -2011
        with pytest.raises(BinanceAPIException) as unknown:
            await client.futures_klines(symbol="NOSUCHUSDT", interval="1m")
        assert unknown.value.code == -1121

    played(address, scene)


def test_market_sockets_deliver(address: Address) -> None:
    """Aggregate trades, candles and best prices, each on its own socket and on one together."""

    async def scene(client: Any) -> None:
        symbol, *_ = await traded(client)
        low = symbol.lower()
        sockets = BinanceSocketManager(client)
        for opened, event in (
            (sockets.aggtrade_futures_socket(symbol), "aggTrade"),
            (sockets.kline_futures_socket(symbol), "continuous_kline"),
            (sockets.symbol_ticker_futures_socket(symbol), "bookTicker"),
            (sockets.futures_multiplex_socket([f"{low}@kline_1m", f"{low}@markPrice@1s"]), "kline"),
        ):
            async with opened as socket:
                while (message := await socket.recv()).get("data", message)["e"] != event:
                    assert message.get("e") != "error"

    played(address, scene)


def test_the_user_socket_tells_of_an_order(address: Address) -> None:
    """A market order there and back shows as orders, light trades and account changes."""

    async def scene(client: Any) -> None:
        symbol, _, size, _ = await traded(client)
        async with BinanceSocketManager(client).futures_user_socket() as socket:
            order = {"symbol": symbol, "quantity": size, "type": "MARKET"}
            bought = await client.futures_create_order(**order, side="BUY")
            await client.futures_create_order(**order, side="SELL", reduceOnly="true")
            seen: dict[str, list[Any]] = {}
            while not {"ORDER_TRADE_UPDATE", "TRADE_LITE", "ACCOUNT_UPDATE"} <= seen.keys():
                event = await socket.recv()
                seen.setdefault(event["e"], []).append(event)
            assert seen["ORDER_TRADE_UPDATE"][0]["o"]["i"] == bought["orderId"]
            assert seen["ACCOUNT_UPDATE"][0]["a"]["m"] == "ORDER"

    played(address, scene)


def test_orders_are_placed_over_the_websocket_api(address: Address) -> None:
    """The client's `ws_futures_*` methods reach the same account."""

    async def scene(client: Any) -> None:
        symbol, _, size, beside = await traded(client)
        placed = await client.ws_futures_create_order(
            symbol=symbol, side="BUY", type="LIMIT", timeInForce="GTC", quantity=size, price=beside(0.97)
        )
        asked = await client.ws_futures_get_order(symbol=symbol, orderId=placed["orderId"])
        assert asked["status"] == "NEW"
        await client.ws_futures_cancel_order(symbol=symbol, orderId=placed["orderId"])
        assert await client.futures_get_open_orders(symbol=symbol) == []

    played(address, scene)
