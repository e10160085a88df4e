"""The methods of the WebSocket API: the same answers as over HTTP.

Source: reference binance-usdm §1, WS API.
"""

from __future__ import annotations

from collections.abc import Iterable

from sadari.localexchange.asking.endpoint import Endpoint
from sadari.localexchange.asking.gate import WsMethod

# The method of each endpoint.
METHODS = {
    "order.place": ("POST", "/fapi/v1/order"),
    "order.modify": ("PUT", "/fapi/v1/order"),
    "order.cancel": ("DELETE", "/fapi/v1/order"),
    "order.status": ("GET", "/fapi/v1/order"),
    "algoOrder.place": ("POST", "/fapi/v1/algoOrder"),
    "algoOrder.cancel": ("DELETE", "/fapi/v1/algoOrder"),
    "account.position": ("GET", "/fapi/v2/positionRisk"),
    "v2/account.position": ("GET", "/fapi/v3/positionRisk"),
    "account.balance": ("GET", "/fapi/v2/balance"),
    "v2/account.balance": ("GET", "/fapi/v3/balance"),
    "account.status": ("GET", "/fapi/v2/account"),
    "v2/account.status": ("GET", "/fapi/v3/account"),
    "depth": ("GET", "/fapi/v1/depth"),
    "ticker.price": ("GET", "/fapi/v1/ticker/price"),
    "ticker.book": ("GET", "/fapi/v1/ticker/bookTicker"),
    "userDataStream.start": ("POST", "/fapi/v1/listenKey"),
    "userDataStream.ping": ("PUT", "/fapi/v1/listenKey"),
    "userDataStream.stop": ("DELETE", "/fapi/v1/listenKey"),
}


def methods(endpoints: Iterable[Endpoint]) -> dict[str, WsMethod]:
    """The methods that some endpoints can answer, by name."""
    table = {(one.method, one.path): one for one in endpoints}
    return {
        name: WsMethod(one.answer, one.security, one.orders, one.weight, trades=one.trades)
        for name, where in METHODS.items()
        if (one := table.get(where)) is not None
    }
