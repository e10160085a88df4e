"""One of each kind: asks a started exchange for every answer and event that a recording or the reference describes.

It trades on one symbol on the way, so that orders, trades, positions and the account's events are there to see, and
leaves the account flat.
"""

from __future__ import annotations

import asyncio
from decimal import ROUND_DOWN, Decimal
from typing import Any

from tests.clients.exchange_process import Address
from tests.wire.plain_client import PlainClient, heard

STREAM_S = 40
NOTIONAL = Decimal(200)
BELOW = Decimal("0.97")
Served = dict[str, list[Any]]


async def everything(address: Address) -> Served:
    """What is served for each kind, by the names of `recordings.RECORDED` and `WRITTEN`."""
    async with PlainClient(address) as client:
        rules = await client.ask("GET", "/fapi/v1/exchangeInfo")
        market = rules["symbols"][0]
        served: Served = {"exchangeInfo": [rules]}
        served |= await _public(client, market["symbol"])
        served |= await _settings(client, market["symbol"])
        traded, streamed = await asyncio.gather(_traded(client, market), _streamed(client, market["symbol"]))
        return served | traded | streamed


async def _public(client: PlainClient, symbol: str) -> Served:
    asked: dict[str, tuple[str, dict[str, Any]]] = {
        "klines": ("v1/klines", {"symbol": symbol, "interval": "1m", "limit": 5}),
        "depth": ("v1/depth", {"symbol": symbol, "limit": 5}),
        "trades": ("v1/trades", {"symbol": symbol, "limit": 5}),
        "aggTrades": ("v1/aggTrades", {"symbol": symbol, "limit": 5}),
        "premiumIndex": ("v1/premiumIndex", {"symbol": symbol}),
        "premiumIndex, all": ("v1/premiumIndex", {}),
        "fundingRate": ("v1/fundingRate", {"symbol": symbol}),
        "fundingInfo": ("v1/fundingInfo", {}),
        "ticker/24hr": ("v1/ticker/24hr", {"symbol": symbol}),
        "ticker/price": ("v1/ticker/price", {"symbol": symbol}),
        "ticker/bookTicker": ("v1/ticker/bookTicker", {"symbol": symbol}),
        "ticker/bookTicker, all": ("v1/ticker/bookTicker", {}),
        "openInterest": ("v1/openInterest", {"symbol": symbol}),
        "time": ("v1/time", {}),
        "error": ("v1/depth", {"symbol": "NOSUCHUSDT"}),
    }
    return {kind: [await client.ask("GET", f"/fapi/{path}", **wanted)] for kind, (path, wanted) in asked.items()}


async def _settings(client: PlainClient, symbol: str) -> Served:
    asked: dict[str, tuple[str, str, dict[str, Any]]] = {
        "leverage": ("POST", "v1/leverage", {"symbol": symbol, "leverage": 5}),
        "marginType": ("POST", "v1/marginType", {"symbol": symbol, "marginType": "ISOLATED"}),
        "symbolConfig": ("GET", "v1/symbolConfig", {"symbol": symbol}),
        "accountConfig": ("GET", "v1/accountConfig", {}),
        "leverageBracket": ("GET", "v1/leverageBracket", {}),
        "commissionRate": ("GET", "v1/commissionRate", {"symbol": symbol}),
        "positionSide/dual": ("GET", "v1/positionSide/dual", {}),
        "multiAssetsMargin": ("GET", "v1/multiAssetsMargin", {}),
    }
    return {kind: [await client.signed(way, f"/fapi/{path}", **wanted)] for kind, (way, path, wanted) in asked.items()}


async def _streamed(client: PlainClient, symbol: str) -> Served:
    low = symbol.lower()
    market = f"/market/stream?streams={low}@aggTrade/{low}@kline_1m/{low}@markPrice@1s/{low}@ticker"
    also = f"/market/stream?streams={low}@miniTicker/{low}_perpetual@continuousKline_1m"
    public = f"/public/stream?streams={low}@bookTicker/{low}@depth@100ms/{low}@trade"
    async with client.socket(market) as first, client.socket(public) as second, client.socket(also) as third:
        lists = await asyncio.gather(
            heard(first, {"aggTrade", "kline", "markPriceUpdate", "24hrTicker"}, STREAM_S),
            heard(second, {"bookTicker", "depthUpdate", "trade"}, STREAM_S),
            heard(third, {"24hrMiniTicker", "continuous_kline"}, STREAM_S),
        )
    served: Served = {}
    for event in (one for found in lists for one in found):
        served.setdefault(f"@{event['e']}", []).append(event)
    return served


async def _traded(client: PlainClient, market: dict[str, Any]) -> Served:
    key = await client.ask("POST", "/fapi/v1/listenKey")
    wanted = {"ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE", "TRADE_LITE", "ALGO_UPDATE", "ACCOUNT_CONFIG_UPDATE"}
    async with client.socket(f"/private/ws?listenKey={key['listenKey']}") as socket:
        served = {"listenKey": [key]} | await _orders(client, market)
        await client.signed("POST", "/fapi/v1/leverage", symbol=market["symbol"], leverage=4)
        for event in await heard(socket, wanted, STREAM_S):
            served.setdefault(event["e"], []).append(event)
    return served


async def _orders(client: PlainClient, market: dict[str, Any]) -> Served:
    symbol = {"symbol": market["symbol"]}
    last = Decimal((await client.ask("GET", "/fapi/v1/ticker/price", **symbol))["price"])
    steps = {one["filterType"]: one for one in market["filters"]}
    amount = _on(NOTIONAL / last, steps["MARKET_LOT_SIZE"]["stepSize"])
    below = _on(last * BELOW, steps["PRICE_FILTER"]["tickSize"])
    order = {**symbol, "quantity": amount, "newOrderRespType": "RESULT"}
    conditional = {**symbol, "algoType": "CONDITIONAL", "side": "SELL", "type": "STOP_MARKET", "closePosition": "true"}

    resting = await client.signed(
        "POST", "/fapi/v1/order", **order, side="BUY", type="LIMIT", timeInForce="GTC", price=below
    )
    served: Served = {
        "order": [await client.signed("GET", "/fapi/v1/order", **symbol, orderId=resting.get("orderId"))],
        "openOrders": [await client.signed("GET", "/fapi/v1/openOrders", **symbol)],
        "allOpenOrders": [await client.signed("DELETE", "/fapi/v1/allOpenOrders", **symbol)],
    }
    bought = await client.signed("POST", "/fapi/v1/order", **order, side="BUY", type="MARKET")
    stop = await client.signed("POST", "/fapi/v1/algoOrder", **conditional, triggerPrice=below)
    served |= {
        "algoOrder, placed": [stop],
        "algoOrder": [await client.signed("GET", "/fapi/v1/algoOrder", algoId=stop.get("algoId"))],
        "openAlgoOrders": [await client.signed("GET", "/fapi/v1/openAlgoOrders", **symbol)],
        "algoOrder, canceled": [await client.signed("DELETE", "/fapi/v1/algoOrder", algoId=stop.get("algoId"))],
        "account v2": [await client.signed("GET", "/fapi/v2/account")],
        "account v3": [await client.signed("GET", "/fapi/v3/account")],
        "positionRisk v2": [await client.signed("GET", "/fapi/v2/positionRisk", **symbol)],
        "positionRisk v3": [await client.signed("GET", "/fapi/v3/positionRisk", **symbol)],
    }
    sold = await client.signed("POST", "/fapi/v1/order", **order, side="SELL", type="MARKET", reduceOnly="true")
    return served | {
        "order, placed": [resting, bought, sold],
        "userTrades": [await client.signed("GET", "/fapi/v1/userTrades", **symbol)],
        "allOrders": [await client.signed("GET", "/fapi/v1/allOrders", **symbol)],
        "income": [await client.signed("GET", "/fapi/v1/income")],
        "balance": [await client.signed("GET", "/fapi/v3/balance")],
    }


def _on(value: Decimal, step: str) -> str:
    size = Decimal(step)
    return format((value / size).to_integral_value(ROUND_DOWN) * size, "f")
