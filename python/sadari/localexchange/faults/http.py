"""Faults performed on HTTP requests and their replies, on the connection itself where that is what is faulty."""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote_plus

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from sadari.localexchange.faults.faults import Faults
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
    ReadLag,
    Reset,
    RetryAfter,
    StaleRead,
    Status503,
)
from sadari.model.units import SECOND_NS

PAGE = "<html><head><title>{status}</title></head><body><center><h1>{status}</h1></center></body></html>"
# Source: reference binance-usdm §2, the variants of 503; A and B have no code of their own there.
UNAVAILABLE = {
    "A": (-1000, "Unknown error, please check your request or try again later."),
    "B": (-1000, "Service Unavailable."),
    "C": (-1001, "Internal error; unable to process your request. Please try again."),
    "D": (-1008, "Request throttled by system-level protection. Reduce-only/close-position orders are exempt."),
}
TOO_MANY, BANNED = "Too many requests.", "Way too many requests; IP banned."
# How many different reads are remembered, and how many replies of each.
KEPT_READS = 1_000
KEPT_REPLIES = 1_000
# What differs between two requests for the same.
_PASSING = {"timestamp", "signature", "recvWindow"}


# What the one who runs the exchange asks has no faults.
CONTROL = "/control/"


class _Reply(NamedTuple):
    time_ns: int
    status: int
    content_type: str
    body: bytes

    def again(self) -> web.Response:
        return web.Response(status=self.status, content_type=self.content_type, body=self.body)


class _Reads:
    """The replies that reads have got, for those that a rule may want to give again."""

    def __init__(self) -> None:
        self._replies: dict[tuple[object, ...], list[_Reply]] = {}

    def remember(self, request: web.Request, response: web.StreamResponse, now_ns: int) -> None:
        body = _body(response)
        if body is None:
            return
        key = _asked(request)
        if key not in self._replies and len(self._replies) >= KEPT_READS:
            del self._replies[next(iter(self._replies))]
        replies = self._replies.setdefault(key, [])
        replies.append(_Reply(now_ns, response.status, response.content_type, body))
        del replies[:-KEPT_REPLIES]

    def newest(self, request: web.Request, until_ns: int) -> _Reply | None:
        """The newest reply made at a time or before it."""
        replies = self._replies.get(_asked(request), [])
        return next((reply for reply in reversed(replies) if reply.time_ns <= until_ns), None)


def faulty(faults: Faults, now_ns: Callable[[], int]) -> Middleware:
    """A middleware that performs the faults around whatever an application answers.

    It belongs outermost. Where a fault stands in for the reply of a request that is applied, the application's answer
    is thrown away; what is not applied never reaches it.

    Args:
        faults: Which decide.
        now_ns: The gateway's clock.
    """
    reads = _Reads()

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith(CONTROL):
            return await handler(request)
        parameters = await _parameters(request) if faults.reads_parameters else ""
        fired = faults.at_request(request.method, request.path, parameters, now_ns())

        async def answer() -> web.StreamResponse:
            try:
                response = await handler(request)
            except web.HTTPException as refusal:
                response = _as_reply(refusal)
            if faults.remembers(request.method, request.path):
                reads.remember(request, response, now_ns())
            return response

        if fired is None:
            return await answer()
        rule, applied = fired
        match rule:
            case StaleRead():
                old = reads.newest(request, now_ns())
                return await answer() if old is None else old.again()
            case ReadLag():
                truth = await answer()
                old = reads.newest(request, now_ns() - int(rule.seconds * SECOND_NS))
                return _before_the_first(rule, truth) if old is None else old.again()
            case Html() | Status503() | Code() | RetryAfter() | EmptyRead():
                if applied:
                    await answer()
                return _in_its_place(rule)
            case _:
                return await _on_the_connection(rule, request, answer)

    return middleware


async def _on_the_connection(
    rule: Rule, request: web.Request, answer: Callable[[], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Perform a fault of delivery."""
    match rule:
        case LostRequest():
            return await _drop(request, float(rule.hold_s))
        case LostReply():
            await answer()
            return await _drop(request, float(rule.hold_s))
        case Delay():
            await asyncio.sleep(float(rule.seconds))
            return await answer()
        case LateReply():
            response = await answer()
            await asyncio.sleep(float(rule.seconds))
            return response
        case LateRequest():
            # The body must be here before the connection that brings it ends.
            await request.read()
            dropped = await _drop(request)
            await asyncio.sleep(float(rule.seconds))
            await answer()
            return dropped
        case Reset():
            if rule.point == "before":
                return _reset(request)
            response = await answer()
            if rule.point == "within":
                _write(request, response, None, chunked=False)
            return _reset(request)
        case CutBody():
            _write(request, await answer(), rule.sent, chunked=rule.chunked)
            return await _drop(request, gently=True)
        case AlterReply():
            return _altered(rule, await answer())
        case _:
            return await answer()


def _in_its_place(rule: Html | Status503 | Code | RetryAfter | EmptyRead) -> web.Response:
    """The reply that stands in for the application's."""
    match rule:
        case Html():
            return web.Response(status=rule.status, content_type="text/html", text=PAGE.format(status=rule.status))
        case Status503():
            code, message = UNAVAILABLE[rule.variant]
            return _error(503, code, message if rule.message is None else rule.message)
        case Code():
            return _error(rule.status, rule.code, rule.message)
        case RetryAfter():
            response = _error(rule.status, -1003, TOO_MANY if rule.status == 429 else BANNED)  # noqa: PLR2004
            response.headers["Retry-After"] = str(rule.seconds)
            return response
        case EmptyRead():
            return web.Response(content_type="application/json", body=rule.body.encode())


def _before_the_first(rule: ReadLag, truth: web.StreamResponse) -> web.StreamResponse:
    """The answer of a lagging read that has nothing old enough."""
    match rule.otherwise:
        case "order_missing":
            return _error(400, -2013, "Order does not exist.")
        case "empty_list":
            return web.Response(content_type="application/json", body=b"[]")
        case "truth":
            return truth


def _error(status: int, code: int, message: str) -> web.Response:
    body = msgspec.json.encode({"code": code, "msg": message})
    return web.Response(status=status, content_type="application/json", body=body)


def _altered(rule: AlterReply, response: web.StreamResponse) -> web.StreamResponse:
    body = _body(response)
    if body is None:
        return response
    changed = re.sub(rule.find.encode(), rule.put.encode(), body)
    return web.Response(status=response.status, content_type=response.content_type, body=changed)


def _as_reply(refusal: web.HTTPException) -> web.Response:
    """What the server would make of a refusal that was raised."""
    headers = {name: value for name, value in refusal.headers.items() if name != "Content-Length"}
    return web.Response(status=refusal.status, reason=refusal.reason, headers=headers, body=refusal.body)


def _body(response: web.StreamResponse) -> bytes | None:
    """The body of a reply that has not gone out yet; None of a stream, such as a WebSocket."""
    if not isinstance(response, web.Response) or response.prepared:
        return None
    body = response.body
    return b"" if body is None else bytes(body) if isinstance(body, (bytes, bytearray)) else None


async def _parameters(request: web.Request) -> str:
    query = unquote_plus(request.rel_url.raw_query_string)
    body = unquote_plus((await request.read()).decode("utf-8", "replace")) if request.can_read_body else ""
    return f"{query}&{body}"


def _asked(request: web.Request) -> tuple[object, ...]:
    """What a read asks for, whenever it does and whoever signs it."""
    given = sorted(pair for pair in parse_qsl(request.rel_url.raw_query_string) if pair[0] not in _PASSING)
    return request.path, request.headers.get("X-MBX-APIKEY"), tuple(given)


def _write(request: web.Request, response: web.StreamResponse, sent: int | None, *, chunked: bool) -> None:
    """Write the head of a reply and the beginning of its body, past what would see to a whole one."""
    body, transport = _body(response), request.transport
    if body is None or transport is None:
        return
    part = body[: len(body) // 2 if sent is None else min(sent, max(len(body) - 1, 0))]
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
    head = f"HTTP/1.1 {response.status} {response.reason}\r\nContent-Type: {response.content_type}\r\n{length}\r\n\r\n"
    chunk = b"%x\r\n%b\r\n" % (len(part), part) if chunked and part else part
    transport.write(head.encode() + chunk)


async def _drop(request: web.Request, hold_s: float = 0.0, *, gently: bool = False) -> web.Response:
    """End the connection; gently: only after what has been written is out.

    The response that is returned meets a closed connection, and the server gives it up.
    """
    if hold_s:
        await asyncio.sleep(hold_s)
    transport = request.transport
    if transport is not None and gently:
        transport.close()
    elif transport is not None:
        transport.abort()
    return web.Response()


def _reset(request: web.Request) -> web.Response:
    """End the connection by a reset, as one does that has lost its memory of it."""
    transport = request.transport
    if transport is not None:
        # Lingering for no time makes the system send a reset in place of an orderly end.
        connection = transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response()
