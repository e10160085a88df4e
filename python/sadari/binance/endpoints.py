"""Every request that the engine makes, and what it weighs.

Source: reference binance-usdm §1 (WebSocket API), §2 and §3.
"""

from __future__ import annotations

from sadari.binance.endpoint import Endpoint, Security

_SIGNED = Security.SIGNED

# Public.
PING = Endpoint("GET", "/fapi/v1/ping")
TIME = Endpoint("GET", "/fapi/v1/time")
EXCHANGE_INFO = Endpoint("GET", "/fapi/v1/exchangeInfo")
KLINES = Endpoint("GET", "/fapi/v1/klines", weight=5)
TRADES = Endpoint("GET", "/fapi/v1/trades", weight=5)
TICKER_PRICE = Endpoint("GET", "/fapi/v2/ticker/price", weight=2)
TICKER_24H = Endpoint("GET", "/fapi/v1/ticker/24hr", weight=40)
PREMIUM_INDEX = Endpoint("GET", "/fapi/v1/premiumIndex", weight=10)
# Its own pool of 500 in five minutes; it is charged to the common one here, which is on the safe side.
FUNDING_RATE = Endpoint("GET", "/fapi/v1/fundingRate")

# Orders.
PLACE_ORDER = Endpoint("POST", "/fapi/v1/order", _SIGNED, weight=0, orders=1, ws_method="order.place")
CANCEL_ORDER = Endpoint("DELETE", "/fapi/v1/order", _SIGNED, ws_method="order.cancel")
QUERY_ORDER = Endpoint("GET", "/fapi/v1/order", _SIGNED, ws_method="order.status")
OPEN_ORDERS = Endpoint("GET", "/fapi/v1/openOrders", _SIGNED, weight=40)
ALL_ORDERS = Endpoint("GET", "/fapi/v1/allOrders", _SIGNED, weight=5)

# Conditional orders.
PLACE_ALGO = Endpoint("POST", "/fapi/v1/algoOrder", _SIGNED, weight=0, orders=1, ws_method="algoOrder.place")
CANCEL_ALGO = Endpoint("DELETE", "/fapi/v1/algoOrder", _SIGNED, ws_method="algoOrder.cancel")
QUERY_ALGO = Endpoint("GET", "/fapi/v1/algoOrder", _SIGNED)
OPEN_ALGO = Endpoint("GET", "/fapi/v1/openAlgoOrders", _SIGNED, weight=40)
ALL_ALGO = Endpoint("GET", "/fapi/v1/allAlgoOrders", _SIGNED, weight=5)

# The account.
ACCOUNT = Endpoint("GET", "/fapi/v3/account", _SIGNED, weight=5, ws_method="v2/account.status")
ACCOUNT_CONFIG = Endpoint("GET", "/fapi/v1/accountConfig", _SIGNED, weight=5)
SYMBOL_CONFIG = Endpoint("GET", "/fapi/v1/symbolConfig", _SIGNED, weight=5)
POSITION_RISK = Endpoint("GET", "/fapi/v3/positionRisk", _SIGNED, weight=5, ws_method="v2/account.position")
LEVERAGE = Endpoint("POST", "/fapi/v1/leverage", _SIGNED)
MARGIN_TYPE = Endpoint("POST", "/fapi/v1/marginType", _SIGNED)
POSITION_MODE = Endpoint("GET", "/fapi/v1/positionSide/dual", _SIGNED, weight=30)
MULTI_ASSETS = Endpoint("GET", "/fapi/v1/multiAssetsMargin", _SIGNED, weight=30)
SET_MULTI_ASSETS = Endpoint("POST", "/fapi/v1/multiAssetsMargin", _SIGNED)
LEVERAGE_BRACKET = Endpoint("GET", "/fapi/v1/leverageBracket", _SIGNED)
COMMISSION_RATE = Endpoint("GET", "/fapi/v1/commissionRate", _SIGNED, weight=20)
USER_TRADES = Endpoint("GET", "/fapi/v1/userTrades", _SIGNED, weight=5)
INCOME = Endpoint("GET", "/fapi/v1/income", _SIGNED, weight=30)

# The user stream's key. POST gives the active key again, PUT prolongs it: both may be asked twice, neither is deleted.
START_LISTEN_KEY = Endpoint("POST", "/fapi/v1/listenKey", Security.KEY)
KEEP_LISTEN_KEY = Endpoint("PUT", "/fapi/v1/listenKey", Security.KEY)

# What the key may do; on the live venue it is the spot host that answers.
KEY_RESTRICTIONS = Endpoint("GET", "/sapi/v1/account/apiRestrictions", _SIGNED)

ALL = tuple(value for value in list(globals().values()) if isinstance(value, Endpoint))

# (most rows, weight): the first that holds.
_KLINE_WEIGHTS = ((99, 1), (499, 2), (1000, 5))


def klines_weight(limit: int) -> int:
    """What some rows of candles weigh."""
    return next((weight for most, weight in _KLINE_WEIGHTS if limit <= most), 10)


def weight_of(endpoint: Endpoint, *, symbol: bool) -> int:
    """What a request weighs that may name a symbol: the constants above have the weight of asking for all."""
    return 1 if symbol and endpoint in _CHEAPER_WITH_SYMBOL else endpoint.weight


_CHEAPER_WITH_SYMBOL = frozenset({OPEN_ORDERS, OPEN_ALGO, TICKER_PRICE, PREMIUM_INDEX})
