"""What one connection listens to: from its URL, and from its control messages.

Source: reference binance-usdm §1 (routes), §4 (control messages). Anything may be subscribed to and is acknowledged;
what does not exist, or is asked for on the wrong route, never pushes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote

import msgspec

from sadari.binance.wire.control import NULL, ControlFailure, ControlReply, ControlRequest, ErrorBody

PUBLIC = "public"
PRIVATE = "private"
MOST_STREAMS = 1024

_TARGET = re.compile(r"(?:/(public|market|private))?/(ws|stream)(?:/(.*))?")
_LISTEN_KEY = re.compile(r"[A-Za-z0-9]{32,128}")
_METHODS = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")

RouteOf = Callable[[str], str | None]


class Opening(NamedTuple):
    """What the URL of a connection asks for.

    Attributes:
        route: ``public``, ``market``, ``private`` or None for a path without a route.
        combined: Whether events come with the name of their stream.
        names: Streams, and listen keys, in the URL's order; segments that name neither are left out.
        events: Of a listen key the kinds that are wanted; a key that is absent wants all.
    """

    route: str | None
    combined: bool
    names: list[str]
    events: dict[str, frozenset[str]]


def opening(path: str, query: str, route_of: RouteOf) -> Opening | None:
    """Read the URL of a stream connection; None if the path is none of the exchange's.

    Args:
        path: As it came, still percent-encoded.
        query: The same, without its question mark.
        route_of: The route of a stream, None for what is no stream.
    """
    found = _TARGET.fullmatch(path)
    if found is None:
        return None
    route, mode, rest = found.groups()
    asked = [unquote(segment) for segment in (rest or "").split("/")]
    events: dict[str, frozenset[str]] = {}
    key = ""
    for name, value in parse_qsl(query):
        if name == "streams":
            asked += value.split("/")
        elif name == "listenKey":
            key = value
            asked.append(value)
        elif name == "events" and key:
            events[key] = frozenset(value.split("/"))
    names = [name for name in asked if is_listen_key(name) or (name and route_of(name) is not None)]
    return Opening(route, mode == "stream", list(dict.fromkeys(names)), events)


def is_listen_key(name: str) -> bool:
    """Whether a name has the shape of a listen key; no stream has it."""
    return _LISTEN_KEY.fullmatch(name) is not None


class Subscriptions:
    """The streams of one connection.

    Args:
        start: What its URL asks for.
        route_of: The route of a stream, None for what is no stream.
        strict: Whether a path without a route is silent about market and user streams, as the live host is; otherwise
            it delivers everything.
    """

    def __init__(self, start: Opening, route_of: RouteOf, *, strict: bool = False) -> None:
        self.combined = start.combined
        self._route = start.route
        self._events = start.events
        self._names = dict.fromkeys(start.names)
        self._route_of = route_of
        self._strict = strict

    def delivered(self) -> set[str]:
        """The streams and listen keys that push on this connection."""
        return {name for name in self._names if self._delivers(name)}

    def wants(self, listen_key: str, kind: str) -> bool:
        """Whether a kind of user event is wanted under a key that is delivered."""
        return listen_key not in self._events or kind in self._events[listen_key]

    def receive(self, message: bytes | str) -> bytes:
        """Do what a control message asks and give the reply to it."""
        reply_id = NULL
        try:
            request = msgspec.json.decode(message, type=ControlRequest)
            reply_id = request.id if bytes(request.id) else NULL
            return msgspec.json.encode(ControlReply(self._do(request), reply_id))
        except _InvalidError as error:
            return msgspec.json.encode(ControlFailure(ErrorBody(*error.args), reply_id))
        except msgspec.ValidationError:
            return msgspec.json.encode(ControlFailure(ErrorBody(2, "Invalid request: expected an object"), reply_id))
        except (msgspec.DecodeError, UnicodeDecodeError):
            return msgspec.json.encode(ControlFailure(ErrorBody(3, "Invalid JSON: expected value"), reply_id))

    def _delivers(self, name: str) -> bool:
        route = PRIVATE if is_listen_key(name) else self._route_of(name)
        if route is None:
            return False
        if self._route is None:
            return route == PUBLIC or not self._strict
        return route == self._route

    def _do(self, request: ControlRequest) -> object:
        match request.method:
            case "SUBSCRIBE":
                names = {**self._names, **dict.fromkeys(_names(request.params))}
                if len(names) > MOST_STREAMS:
                    raise _InvalidError(2, f"Invalid request: more than {MOST_STREAMS} streams")
                self._names = names
            case "UNSUBSCRIBE":
                for name in _names(request.params):
                    self._names.pop(name, None)
            case "LIST_SUBSCRIPTIONS":
                return list(self._names)
            case "SET_PROPERTY":
                self.combined = _combined(request.params)
            case "GET_PROPERTY":
                _property_named(request.params, 1)
                return self.combined
            case None:
                raise _InvalidError(2, "Invalid request: missing field `method`")
            case _:
                expected = ", ".join(f"`{method}`" for method in _METHODS)
                raise _InvalidError(2, f"Invalid request: unknown variant, expected one of {expected}")
        return None


class _InvalidError(Exception):
    """A control message that cannot be done, by code and sentence."""


def _names(params: object) -> list[str]:
    if not isinstance(params, list) or not all(isinstance(name, str) for name in params):
        raise _InvalidError(2, "Invalid request: params must be a list of stream names")
    return params


def _combined(params: object) -> bool:
    value = _property_named(params, 2)[1]
    if not isinstance(value, bool):
        raise _InvalidError(1, "Invalid value type: expected Boolean")
    return value


def _property_named(params: object, count: int) -> list[Any]:
    if not isinstance(params, list) or not params or not isinstance(params[0], str):
        raise _InvalidError(2, "Invalid request: property name must be a string")
    if params[0] != "combined":
        raise _InvalidError(0, "Unknown property")
    if len(params) != count:
        raise _InvalidError(2, "Invalid request: wrong number of parameters")
    return params
