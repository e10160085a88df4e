"""Faults performed on calls of the WebSocket API and their replies: the same rules as over HTTP, by method and path.

A connection carries many calls, so what ends it takes all of them along; ``hold_s`` lets a call wait in silence first.
Replies from before are given again over HTTP only.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

import msgspec

from sadari.binance.wire.control import ErrorBody, MethodCall, MethodFailure, MethodReply
from sadari.localexchange.asking.admission import read_call
from sadari.localexchange.asking.refused import Refused
from sadari.localexchange.faults.faults import Faults
from sadari.localexchange.faults.http import BANNED, PAGE, TOO_MANY, UNAVAILABLE
from sadari.localexchange.faults.rule import Rule
from sadari.localexchange.faults.rules import (
    AlterReply,
    Code,
    CutBody,
    Delay,
    EmptyRead,
    Html,
    LateReply,
    LateRequest,
    LostReply,
    LostRequest,
    Reset,
    RetryAfter,
    Status503,
)
from sadari.localexchange.serving.ws_api import METHODS
from sadari.localexchange.streams.hub import Connection, text_frame
from sadari.model.units import MILLISECOND_NS

Answer = Callable[[], bytes]


class FaultyCalls:
    """Stands between a connection of the WebSocket API and what answers its calls.

    Args:
        faults: Which decide.
        now_ns: The gateway's clock.
    """

    def __init__(self, faults: Faults, now_ns: Callable[[], int]) -> None:
        self._faults = faults
        self._now_ns = now_ns

    def take(self, connection: Connection, message: bytes | str, answer: Answer) -> None:
        """Let a message be answered, or not, and have the reply sent as the rules say."""
        call = _known(message) if self._faults.watches_requests else None
        if call is None:
            connection.push(text_frame(answer()))
            return
        method, path = METHODS[call.method]
        fired = self._faults.at_request(method, path, _parameters(call), self._now_ns(), over="ws")
        if fired is None:
            connection.push(text_frame(answer()))
            return
        rule, applied = fired
        if isinstance(rule, Html | Status503 | Code | RetryAfter | EmptyRead):
            if applied:
                answer()
            connection.push(text_frame(_in_its_place(rule, call, self._now_ns())))
        else:
            _deliver(rule, connection, answer)


def _deliver(rule: Rule, connection: Connection, answer: Answer) -> None:
    """Perform a fault of delivery."""
    match rule:
        case LostRequest():
            _later(float(rule.hold_s), connection.abort)
        case LostReply():
            answer()
            _later(float(rule.hold_s), connection.abort)
        case Delay():
            _later(float(rule.seconds), lambda: connection.push(text_frame(answer())))
        case LateReply():
            reply = text_frame(answer())
            _later(float(rule.seconds), lambda: connection.push(reply))
        case LateRequest():
            connection.abort()
            _later(float(rule.seconds), answer)
        case Reset():
            if rule.point != "before":
                answer()
            connection.abort()
        case CutBody():
            reply = answer()
            connection.push(text_frame(reply[: len(reply) // 2 if rule.sent is None else rule.sent]))
        case AlterReply():
            connection.push(text_frame(re.sub(rule.find.encode(), rule.put.encode(), answer())))
        case _:
            connection.push(text_frame(answer()))


def _in_its_place(rule: Html | Status503 | Code | RetryAfter | EmptyRead, call: MethodCall, now_ns: int) -> bytes:
    """The reply that stands in for the exchange's."""
    match rule:
        case Html():
            return PAGE.format(status=rule.status).encode()
        case Status503():
            code, message = UNAVAILABLE[rule.variant]
            return _failure(call, 503, code, message if rule.message is None else rule.message)
        case Code():
            return _failure(call, rule.status, rule.code, rule.message)
        case RetryAfter():
            until_ms = now_ns // MILLISECOND_NS + rule.seconds * 1000
            message = TOO_MANY if rule.status == 429 else f"{BANNED[:-1]} until {until_ms}."  # noqa: PLR2004
            return _failure(call, rule.status, -1003, message)
        case EmptyRead():
            return msgspec.json.encode(MethodReply(call.id, 200, msgspec.Raw(rule.body.encode())))


def _failure(call: MethodCall, status: int, code: int, message: str) -> bytes:
    return msgspec.json.encode(MethodFailure(call.id, status, ErrorBody(code, message)))


def _known(message: bytes | str) -> MethodCall | None:
    """The call in a message; None of what stands for no endpoint."""
    try:
        call = msgspec.json.decode(message, type=MethodCall)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return call if call.method in METHODS else None


def _parameters(call: MethodCall) -> str:
    try:
        values = read_call(call.params).values
    except Refused:
        return ""
    return "&".join(f"{name}={text}" for name, text in values.items())


def _later(seconds: float, act: Callable[[], object]) -> None:
    if seconds > 0:
        asyncio.get_running_loop().call_later(seconds, act)
    else:
        act()
