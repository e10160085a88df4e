"""Faults performed on calls of the WebSocket API: the same rules as for HTTP, by the method's name as the path.

A call is seen as ``WS /ws-fapi/v1/order.place``. A fault of delivery breaks the whole connection, as one of the network
does, so that every other call that waits on it stays without an answer too.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from sadari.binance.wire.control import MethodCall
from sadari.localexchange.fault_rules import (
    AlterReply,
    Code,
    CutBody,
    Delay,
    Html,
    LateReply,
    LateRequest,
    LostReply,
    LostRequest,
    Reset,
    RetryAfter,
    Status503,
)
from sadari.localexchange.faults import Faults
from sadari.localexchange.faulty_http import PAGE, UNAVAILABLE
from sadari.localexchange.gate import Answer, refusal_body
from sadari.localexchange.rule import Rule
from sadari.localexchange.ws_methods import WsMethods
from sadari.localexchange.ws_sessions import Session

API_PATH = "/ws-fapi/v1"


class Line(NamedTuple):
    """The connection that a call came over: how a text is sent on it, and how it is broken."""

    send: Callable[[bytes], None]
    abort: Callable[[], None]


class FaultyCalls:
    """Answers calls, with whatever goes wrong on the way.

    Args:
        faults: Which decide.
        methods: Who answers.
        now_ns: The gateway's clock.
    """

    def __init__(self, faults: Faults, methods: WsMethods, now_ns: Callable[[], int]) -> None:
        self._faults = faults
        self._methods = methods
        self._now_ns = now_ns

    def take(self, address: str, message: bytes | str, session: Session, line: Line) -> None:
        """Answer one message, or not."""

        def answer() -> bytes:
            return self._methods.answer(address, message, session)

        try:
            call = msgspec.json.decode(message, type=MethodCall)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            line.send(answer())  # What is no call has no method that a rule could name.
            return
        parameters = "&".join(f"{name}={_plain(value)}" for name, value in call.params.items())
        fired = self._faults.at_request("WS", f"{API_PATH}/{call.method}", parameters, self._now_ns())
        if fired is None:
            line.send(answer())
            return
        rule, applied = fired
        in_its_place = _in_its_place(rule)
        if in_its_place is not None:
            if applied:
                answer()
            line.send(self._methods.in_place_of(address, call, in_its_place))
        else:
            _deliver(rule, answer, line, applied=applied)


def _deliver(rule: Rule, answer: Callable[[], bytes], line: Line, *, applied: bool) -> None:
    """Perform a fault of delivery."""
    later = asyncio.get_running_loop().call_later
    match rule:
        case LostRequest():
            later(float(rule.hold_s), line.abort)
        case LostReply():
            answer()
            later(float(rule.hold_s), line.abort)
        case Delay():
            later(float(rule.seconds), lambda: line.send(answer()))
        case LateReply():
            later(float(rule.seconds), line.send, answer())
        case LateRequest():
            line.abort()
            later(float(rule.seconds), answer)
        case Reset():
            if rule.point != "before":
                answer()
            line.abort()
        case CutBody():
            text = answer()
            line.send(text[: len(text) // 2 if rule.sent is None else rule.sent])
        case Html():
            if applied:
                answer()
            line.send(PAGE.format(status=rule.status).encode())
        case AlterReply():
            line.send(re.sub(rule.find.encode(), rule.put.encode(), answer()))
        case _:
            line.send(answer())


def _in_its_place(rule: Rule) -> Answer | None:
    """The answer that stands in for the method's."""
    match rule:
        case Status503():
            code, message = UNAVAILABLE[rule.variant]
            return Answer(503, refusal_body(code, message if rule.message is None else rule.message))
        case Code():
            return Answer(rule.status, refusal_body(rule.code, rule.message))
        case RetryAfter():
            return Answer(rule.status, refusal_body(-1003, "Too many requests."), rule.seconds)
        case _:
            return None


def _plain(value: msgspec.Raw) -> str:
    return bytes(value).decode().strip('"')
