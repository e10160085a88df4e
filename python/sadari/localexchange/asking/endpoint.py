"""What an endpoint is: a path, what it asks of the caller, what it costs, and the function that answers.

The tables of endpoints are what the server routes by and what `sadari exchange coverage` lists.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from sadari.localexchange.asking.parameters import Parameters


class Security(StrEnum):
    """What a caller has to bring: nothing, a key, a key and a signature, or the token of the control API."""

    NONE = "NONE"
    KEY = "KEY"
    SIGNED = "SIGNED"
    TOKEN = "TOKEN"  # noqa: S105 - the name of a kind


class Endpoint(NamedTuple):
    """One method of one path.

    Attributes:
        method: GET, POST, PUT or DELETE.
        path: As ``/fapi/v1/order``.
        answer: From the parameters to a value that msgspec encodes; raises `Refused` or `Refusal`.
        security: What a caller has to bring.
        weight: Of the request-weight limit, fixed or by the parameters.
        orders: How much it adds to the order counts.
    """

    method: str
    path: str
    answer: Callable[[Parameters], object]
    security: Security = Security.NONE
    weight: int | Callable[[Parameters], int] = 1
    orders: int = 0

    @property
    def trades(self) -> bool:
        """Whether a key needs the permission to trade for it, not only that to read."""
        return self.security is Security.SIGNED and self.method != "GET"


def by_symbol(one: int, every: int) -> Callable[[Parameters], int]:
    """The weight of an endpoint that answers for a symbol, or for every one if none is named."""
    return lambda asked: every if asked.maybe("symbol") is None else one
