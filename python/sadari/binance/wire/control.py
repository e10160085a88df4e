"""What a gateway says about a request, rather than about the market: errors, control messages, limits, listen keys.

Source: reference binance-usdm §1 (WebSocket API), §2 (errors, limits), §4 (control messages), §5 (listen keys).
"""

from __future__ import annotations

from typing import Any

import msgspec

NULL = msgspec.Raw(b"null")


class ErrorBody(msgspec.Struct, frozen=True):
    """The body of every refused request."""

    code: int
    message: str = msgspec.field(name="msg")


class NestedError(msgspec.Struct, frozen=True):
    """The same body as a text within another, as some client libraries hand it on."""

    error: str


class ControlRequest(msgspec.Struct, frozen=True):
    """A message from the client of a stream connection; its fields are checked by hand, for the exchange's errors."""

    method: Any = None
    params: Any = None
    id: msgspec.Raw = NULL


class ControlReply(msgspec.Struct, frozen=True):
    """The answer to a control message, under the id as it came."""

    result: Any
    id: msgspec.Raw


class ControlFailure(msgspec.Struct, frozen=True):
    """The refusal of a control message."""

    error: ErrorBody
    id: msgspec.Raw


class CombinedEvent(msgspec.Struct, frozen=True):
    """An event with the name of its stream."""

    stream: str
    payload: msgspec.Raw = msgspec.field(name="data")


class MethodCall(msgspec.Struct, frozen=True, rename="camel"):
    """A request of the WebSocket API, its parameters as they were written."""

    method: str
    id: msgspec.Raw = NULL
    params: dict[str, msgspec.Raw] = {}


class RateLimit(msgspec.Struct, frozen=True, rename="camel"):
    """One limit and how much of it is used."""

    rate_limit_type: str
    interval: str
    interval_num: int
    limit: int
    count: int


class MethodReply(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """The answer of the WebSocket API."""

    id: msgspec.Raw
    status: int
    result: Any
    rate_limits: list[RateLimit] | None = None


class MethodFailure(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """The refusal of the WebSocket API."""

    id: msgspec.Raw
    status: int
    error: ErrorBody
    rate_limits: list[RateLimit] | None = None


class SessionStatus(msgspec.Struct, frozen=True, rename="camel"):
    """Who is logged on to a connection of the WebSocket API; None if nobody is. Times in milliseconds."""

    api_key: str | None
    authorized_since: int | None
    connected_since: int
    server_time: int
    return_rate_limits: bool = True


class ListenKey(msgspec.Struct, frozen=True, rename="camel"):
    """The key of the user stream."""

    listen_key: str


class ListenKeyExpired(msgspec.Struct, frozen=True, rename="camel"):
    """The last event of a user stream whose key was not kept alive."""

    event_time_ms: int = msgspec.field(name="E")
    listen_key: str
    event: str = msgspec.field(name="e", default="listenKeyExpired")


class CalledId(msgspec.Struct, frozen=True):
    """As much of a malformed call as its refusal needs."""

    id: msgspec.Raw = NULL
