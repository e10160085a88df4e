"""Where the recording of each kind of answer lies, and which differences from it are meant, with the reason.

Most account answers were never recorded in public; for those the samples of the exchange's documentation stand in, as
other client libraries keep them for their parsers. They are older than the protocol that is served, so what was added
since is listed as a difference with its date.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.wire.shape import Difference, differences

PAYLOADS = Path(__file__).resolve().parents[3] / "shared" / "data" / "payloads"
LIBRARY = "doc-samples/nautilus"
NET = "doc-samples/binance-net/rest"

RECORDED: dict[str, tuple[str, ...]] = {
    "exchangeInfo": ("rest/2026-07-03/fapi-v1-exchangeInfo.json",),
    "klines": (f"{NET}/ExchangeData-GetKlines.json",),
    "depth": ("rest/2024-08-08/fapi-v1-depth-BTCUSDT.json",),
    "trades": (f"{NET}/ExchangeData-GetRecentTrades.json",),
    "aggTrades": (f"{NET}/ExchangeData-GetAggregatedTradeHistory.json",),
    "premiumIndex": ("rest/2026-07-13/fapi-v1-premiumIndex-BTCUSDT.json",),
    "premiumIndex, all": ("rest/2026-07-04/fapi-v1-premiumIndex.json",),
    "fundingRate": ("rest/2026-07-13/fapi-v1-fundingRate-BTCUSDT.json",),
    "fundingInfo": ("rest/2026-07-04/fapi-v1-fundingInfo.json",),
    "ticker/24hr": (f"{NET}/ExchangeData-GetTicker.json",),
    "ticker/price": (f"{LIBRARY}/rest/http_responses-http_futures_market_ticker_price.json",),
    "ticker/bookTicker": ("rest/2026-07-15/fapi-v1-ticker-bookTicker-BTCUSDT.json",),
    "ticker/bookTicker, all": ("rest/2026-07-15/fapi-v1-ticker-bookTicker-all.json",),
    "time": (f"{NET}/ExchangeData-GetServerTime.json",),
    "error": ("rest/errors/http-error-2014-api-key-format-invalid.json",),
    "account v2": (f"{NET}/Account-GetAccountInfo.json",),
    "account v3": (f"{NET}/Account-GetAccountInfoV3.json",),
    "balance": (f"{NET}/Account-GetBalances.json",),
    "positionRisk v2": (f"{LIBRARY}/rest/http_json-position_risk.json",),
    "symbolConfig": (f"{LIBRARY}/rest/http_responses-http_futures_account_symbol_config.json",),
    "accountConfig": (f"{NET}/Account-GetAccountConfiguration.json",),
    "leverageBracket": (f"{NET}/Account-GetBrackets.json",),
    "commissionRate": (f"{NET}/Account-GetUserCommissionRate.json",),
    "positionSide/dual": (f"{LIBRARY}/rest/http_responses-http_futures_account_position_side_dual.json",),
    "multiAssetsMargin": (f"{NET}/Account-GetMultiAssetsMode.json",),
    "leverage": (f"{NET}/Account-ChangeInitialLeverage.json",),
    "marginType": (f"{NET}/Account-ChangeMarginType.json",),
    "listenKey": (f"{NET}/Account-StartUserStream.json",),
    "order, placed": ("rest/ccxt-recorded/swap-batchOrders-response.json",),
    "order": (f"{LIBRARY}/rest/http_json-order_response.json",),
    "openOrders": (f"{NET}/Trading-GetOpenOrders.json",),
    "allOrders": (f"{LIBRARY}/rest/http_responses-http_futures_account_orders.json",),
    "allOpenOrders": (f"{NET}/Trading-CancelAllOrders.json",),
    "userTrades": (
        f"{NET}/Trading-GetUserTrades.json",
        f"{LIBRARY}/rest/http_responses-http_futures_account_trades.json",
    ),
    "income": (f"{NET}/Account-GetIncomeHistory.json",),
    "algoOrder, placed": (f"{NET}/Trading-PlaceConditionalOrder.json",),
    "algoOrder": (f"{NET}/Trading-GetConditionalOrder.json",),
    "openAlgoOrders": (f"{NET}/Trading-GetOpenConditionalOrders.json",),
    "@aggTrade": ("ws/samples/combined-aggTrade-2021.json", f"{LIBRARY}/ws/market_data_json-agg_trade_stream.json"),
    "@trade": ("ws/samples/combined-trade-2024.json",),
    "@kline": ("ws/samples/combined-kline-2021.json", "ws/samples/combined-kline-closed-2021.json"),
    "@markPriceUpdate": (f"{LIBRARY}/ws/market_data_json-mark_price_stream.json",),
    "@bookTicker": (
        "ws/samples/combined-bookTicker-2024.json",
        f"{LIBRARY}/ws/market_data_json-book_ticker_stream.json",
    ),
    "@depthUpdate": (
        "ws/samples/combined-depthUpdate-2024.json",
        f"{LIBRARY}/ws/market_data_json-depth_update_stream.json",
    ),
    "@24hrTicker": (f"{LIBRARY}/ws/market_data_json-ticker_stream.json",),
    "ORDER_TRADE_UPDATE": (
        f"{LIBRARY}/ws/user_data_json-order_update_new.json",
        f"{LIBRARY}/ws/user_data_json-order_update_trade.json",
    ),
    "ACCOUNT_UPDATE": (f"{LIBRARY}/ws/user_data_json-account_update.json",),
    "TRADE_LITE": (f"{LIBRARY}/ws/user_data_json-trade_lite.json",),
    "ALGO_UPDATE": (
        f"{LIBRARY}/ws/user_data_json-algo_update_new.json",
        f"{LIBRARY}/ws/user_data_json-algo_update_canceled.json",
    ),
}  # fmt: skip

# Kinds that no one recorded: keys and types as the reference lists them.
WRITTEN: dict[str, Any] = {
    "positionRisk v3": [
        dict.fromkeys(
            (
                *("symbol", "positionSide", "positionAmt", "entryPrice", "breakEvenPrice", "markPrice"),
                *(
                    "unRealizedProfit",
                    "liquidationPrice",
                    "isolatedMargin",
                    "notional",
                    "marginAsset",
                    "isolatedWallet",
                ),
                *("initialMargin", "maintMargin", "positionInitialMargin", "openOrderInitialMargin"),
                *("bidNotional", "askNotional"),
            ),
            "",
        )
        | {"adl": 0, "updateTime": 0}
    ],
    "algoOrder, canceled": {"algoId": 1, "clientAlgoId": "", "code": "200", "msg": "success"},
    "@24hrMiniTicker": dict.fromkeys(("e", "s", "c", "o", "h", "l", "v", "q", "ps"), "") | {"E": 0, "st": 1},
    "@continuous_kline": {
        **dict.fromkeys(("e", "ps", "ct"), ""),
        "E": 0,
        "k": dict.fromkeys("ioclhvqVQB", "") | dict.fromkeys("tTfLn", 0) | {"x": True},
    },
    "openInterest": {"openInterest": "", "symbol": "", "time": 0},
    "ACCOUNT_CONFIG_UPDATE": {"e": "", "E": 0, "T": 0, "ac": {"s": "", "l": 0}},
}


@dataclass(frozen=True)
class Meant:
    """A difference from the recording that is meant.

    Attributes:
        kind: a key of `RECORDED` or `WRITTEN`.
        path: the place, as `shape.Difference` names it.
        what: "missing", "extra", "type" or "empty".
        reason: why ours is right.
    """

    kind: str
    path: str
    what: str
    reason: str


# What the exchange's change log added after the samples were taken, and what belongs to other orders than ours.
MEANT = (
    Meant("aggTrades", "[].nq", "extra", "since 2025-12-31: the quantity without RPI trades"),
    Meant("@aggTrade", "nq", "extra", "since 2025-12-31: the quantity without RPI trades"),
    Meant("trades", "[].isRPITrade", "extra", "since 2025-11-18"),
    Meant("fundingRate", "[].rateType", "extra", "since 2026-07-28"),
    Meant("@markPriceUpdate", "ap", "extra", "the moving average of the mark price, in the reference's list"),
    Meant("@24hrTicker", "ps", "extra", "since 2026-06-30: the pair"),
    Meant("@trade", "st", "extra", "since 2026-06-30: 1 is USD-M"),
    Meant("account v2", "feeBurn", "extra", "in the reference's list, newer than the sample"),
    Meant(
        "fundingInfo", "", "empty", "lists contracts with an adjusted cap, floor or interval; made-up ones have none"
    ),
    Meant("openAlgoOrders", "[].actualQty", "extra", "in the reference's list, newer than the sample"),
    Meant("openAlgoOrders", "[].actualType", "extra", "in the reference's list, newer than the sample"),
    Meant(
        "exchangeInfo", "symbols[].permissionSets", "empty", "names products (grids, copy trading) that are not played"
    ),
    Meant("account v2", "positions[].breakEvenPrice", "extra", "the live host sends it beyond its documentation"),
    Meant("account v2", "positions[].isolatedMargin", "extra", "the reference: v2 has the keys of v3 as well"),
    Meant("account v2", "positions[].isolatedWallet", "extra", "the reference: v2 has the keys of v3 as well"),
    Meant("account v2", "positions[].notional", "extra", "the reference: v2 has the keys of v3 as well"),
    Meant("account v3", "assets[].marginAvailable", "extra", "the live host sends it beyond its documentation"),
    Meant("commissionRate", "rpiCommissionRate", "extra", "since 2025-11-18"),
    Meant("leverageBracket", "[].brackets[].cum", "type", "a fraction in higher brackets; the sample has one bracket"),
    Meant("leverageBracket", "[].notionalCoef", "missing", "only on accounts with adjusted brackets"),
    Meant("openOrders", "[].activatePrice", "missing", "only on trailing orders, which the sample is"),
    Meant("openOrders", "[].priceRate", "missing", "only on trailing orders, which the sample is"),
    Meant("allOrders", "[].activatePrice", "missing", "only on trailing orders, which the sample is"),
    Meant("allOrders", "[].priceRate", "missing", "only on trailing orders, which the sample is"),
    Meant("allOrders", "[].priceMatch", "extra", "newer than the sample"),
    Meant("allOrders", "[].selfTradePreventionMode", "extra", "newer than the sample"),
    Meant("allOrders", "[].goodTillDate", "extra", "newer than the sample"),
    Meant("allOrders", "[].pair", "extra", "since 2026-08-07"),
    Meant("allOrders", "[].cumBase", "extra", "since 2026-08-07"),
    Meant("userTrades", "[].pair", "extra", "since 2026-08-07"),
    Meant("userTrades", "[].baseQty", "extra", "since 2026-08-07"),
    Meant("income", "[].tranId", "type", "an integer on the live host; the sample quotes it"),
    Meant("exchangeInfo", "symbols[].underlyingSubType", "empty", "a made-up coin is of no kind"),
    Meant("ORDER_TRADE_UPDATE", "o.er", "extra", "since 2025-10-23: why an order expired"),
    Meant("ORDER_TRADE_UPDATE", "o.pm", "extra", "in the reference's list, newer than the sample"),
    Meant("ORDER_TRADE_UPDATE", "o.gtd", "extra", "in the reference's list, newer than the sample"),
    Meant("ORDER_TRADE_UPDATE", "o.AP", "missing", "only on trailing orders"),
    Meant("ORDER_TRADE_UPDATE", "o.cr", "missing", "only on trailing orders"),
    Meant("ACCOUNT_UPDATE", "a.P[].ma", "extra", "the live host sends the margin asset beyond its documentation"),
    Meant("ALGO_UPDATE", "o.ia", "extra", "since 2026-08-07: whether a trailing order is active"),
)


def unexplained(kind: str, served: list[Any]) -> list[Difference]:
    """The differences of what is served for one kind that no entry of `MEANT` gives a reason for."""
    reasons = {(one.path, one.what) for one in MEANT if one.kind == kind}
    return [one for one in differences(samples(kind), served) if (one.path, one.what) not in reasons]


def samples(kind: str) -> list[Any]:
    """The recorded values of one kind, without the wrapper of combined streams."""
    if kind in WRITTEN:
        return [WRITTEN[kind]]
    values = []
    for name in RECORDED[kind]:
        raw = (PAYLOADS / name).read_bytes()
        value = json.loads(gzip.decompress(raw) if name.endswith(".gz") else raw)
        values.append(value["data"] if isinstance(value, dict) and "stream" in value else value)
    if kind == "order, placed":  # The recording is a batch of one.
        values = [one for batch in values for one in batch]
    return values
