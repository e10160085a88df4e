"""One request that the exchange serves, as a value.

Source: reference binance-usdm §2 and §3.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import NamedTuple


class Security(Enum):
    """What a request needs: nothing, the key in a header, or the key and a signature."""

    NONE = auto()
    KEY = auto()
    SIGNED = auto()


class Endpoint(NamedTuple):
    """A request.

    Attributes:
        method: GET, POST, PUT or DELETE. All but GET change something and are never sent again by themselves.
        path: From the host on.
        security: What it needs.
        weight: What it takes of the request weight of a minute.
        orders: What it takes of the order counts.
        ws_method: Its name in the WebSocket API, "" if it has none.
    """

    method: str
    path: str
    security: Security = Security.NONE
    weight: int = 1
    orders: int = 0
    ws_method: str = ""

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.method == "GET"
