"""What the protocol has, so that what is not served can be named.

Source: reference binance-usdm §1, §3, §4 and §6.
"""

from __future__ import annotations

ENDPOINTS: dict[str, str] = {
    "/fapi/v1/ping": "GET",
    "/fapi/v1/time": "GET",
    "/fapi/v1/exchangeInfo": "GET",
    "/fapi/v1/depth": "GET",
    "/fapi/v1/trades": "GET",
    "/fapi/v1/historicalTrades": "GET",
    "/fapi/v1/aggTrades": "GET",
    "/fapi/v1/klines": "GET",
    "/fapi/v1/markPriceKlines": "GET",
    "/fapi/v1/indexPriceKlines": "GET",
    "/fapi/v1/premiumIndexKlines": "GET",
    "/fapi/v1/continuousKlines": "GET",
    "/fapi/v1/premiumIndex": "GET",
    "/fapi/v1/fundingRate": "GET",
    "/fapi/v1/fundingInfo": "GET",
    "/fapi/v1/ticker/24hr": "GET",
    "/fapi/v1/ticker/price": "GET",
    "/fapi/v2/ticker/price": "GET",
    "/fapi/v1/ticker/bookTicker": "GET",
    "/fapi/v1/openInterest": "GET",
    "/fapi/v1/assetIndex": "GET",
    "/fapi/v1/constituents": "GET",
    "/fapi/v1/insuranceBalance": "GET",
    "/fapi/v1/symbolAdlRisk": "GET",
    "/fapi/v1/tradingSchedule": "GET",
    "/fapi/v1/order": "GET POST PUT DELETE",
    "/fapi/v1/order/test": "POST",
    "/fapi/v1/openOrder": "GET",
    "/fapi/v1/openOrders": "GET",
    "/fapi/v1/allOrders": "GET",
    "/fapi/v1/allOpenOrders": "DELETE",
    "/fapi/v1/batchOrders": "POST PUT DELETE",
    "/fapi/v1/countdownCancelAll": "POST",
    "/fapi/v1/orderAmendment": "GET",
    "/fapi/v1/forceOrders": "GET",
    "/fapi/v1/rateLimit/order": "GET",
    "/fapi/v1/algoOrder": "GET POST DELETE",
    "/fapi/v1/algoOpenOrders": "DELETE",
    "/fapi/v1/openAlgoOrders": "GET",
    "/fapi/v1/allAlgoOrders": "GET",
    "/fapi/v2/account": "GET",
    "/fapi/v3/account": "GET",
    "/fapi/v2/balance": "GET",
    "/fapi/v3/balance": "GET",
    "/fapi/v2/positionRisk": "GET",
    "/fapi/v3/positionRisk": "GET",
    "/fapi/v1/accountConfig": "GET",
    "/fapi/v1/symbolConfig": "GET",
    "/fapi/v1/leverage": "POST",
    "/fapi/v1/marginType": "POST",
    "/fapi/v1/positionSide/dual": "GET POST",
    "/fapi/v1/multiAssetsMargin": "GET POST",
    "/fapi/v1/feeBurn": "GET POST",
    "/fapi/v1/positionMargin": "POST",
    "/fapi/v1/leverageBracket": "GET",
    "/fapi/v1/commissionRate": "GET",
    "/fapi/v1/userTrades": "GET",
    "/fapi/v1/income": "GET",
    "/fapi/v1/adlQuantile": "GET",
    "/fapi/v1/listenKey": "POST PUT DELETE",
    "/api/v3/ping": "GET",
    "/api/v3/time": "GET",
    "/sapi/v1/capital/config/getall": "GET",
    "/sapi/v1/account/apiRestrictions": "GET",
}

METHODS = (
    "order.place", "order.modify", "order.cancel", "order.status", "algoOrder.place", "algoOrder.cancel",
    "account.position", "v2/account.position", "account.balance", "v2/account.balance", "account.status",
    "v2/account.status", "depth", "ticker.price", "ticker.book", "userDataStream.start", "userDataStream.ping",
    "userDataStream.stop", "session.logon", "session.status", "session.logout",
)  # fmt: skip

USER_EVENTS = (
    "ORDER_TRADE_UPDATE", "TRADE_LITE", "ACCOUNT_UPDATE", "ALGO_UPDATE", "ACCOUNT_CONFIG_UPDATE", "listenKeyExpired",
    "MARGIN_CALL",
)  # fmt: skip

ORDER_TYPES = (
    "MARKET", "LIMIT", "STOP_MARKET", "TAKE_PROFIT_MARKET", "STOP", "TAKE_PROFIT", "TRAILING_STOP_MARKET",
)  # fmt: skip

CODES = (
    -1000, -1001, -1002, -1003, -1006, -1007, -1008, -1010, -1011, -1013, -1014, -1015, -1016, -1020, -1021, -1022,
    -1100, -1101, -1102, -1103, -1104, -1105, -1106, -1111, -1114, -1115, -1116, -1117, -1118, -1119, -1120, -1121,
    -1122, -1125, -1128, -1130, -1136, -2010, -2011, -2012, -2013, -2014, -2015, -2017, -2018, -2019, -2020, -2021,
    -2022, -2023, -2024, -2025, -2026, -2027, -2028, -4001, -4002, -4003, -4004, -4005, -4013, -4014, -4015, -4016,
    -4023, -4024, -4028, -4045, -4046, -4047, -4048, -4050, -4051, -4054, -4059, -4060, -4061, -4062, -4067, -4068,
    -4082, -4083, -4087, -4088, -4109, -4116, -4117, -4118, -4120, -4130, -4131, -4135, -4136, -4137, -4138, -4140,
    -4141, -4142, -4144, -4161, -4164, -4165, -4167, -4168, -4169, -4170, -4171, -4172, -4183, -4184, -4192, -4210,
    -4211, -4400, -4401, -4402, -4403, -4531, -5000, -5021, -5022, -5024, -5025, -5026, -5027, -5028, -5029, -5037,
    -5038, -5039, -5040, -5041, -5043, -5047,
)  # fmt: skip
