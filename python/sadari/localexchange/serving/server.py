"""The server: HTTP by the table of endpoints, WebSockets beside it, clean start and stop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import NamedTuple

import msgspec
from aiohttp import web
from aiohttp.typedefs import Middleware

from sadari.binance.wire.control import NestedError
from sadari.localexchange.asking.admission import Reading, Request, read
from sadari.localexchange.asking.endpoint import Endpoint
from sadari.localexchange.asking.gate import Answer, Gate, WsMethod, refusal_body
from sadari.localexchange.asking.refused import Refused
from sadari.localexchange.serving.faulty_calls import FaultyCalls
from sadari.localexchange.serving.sockets import Sockets
from sadari.localexchange.streams.hub import Hub
from sadari.localexchange.streams.subscriptions import RouteOf

LONGEST_BODY = 64 << 10
LONGEST_LINE = 32 << 10
PATIENCE_S = 2.0
FIRST_ERROR = 400


class Address(NamedTuple):
    """Where a server listens."""

    host: str
    port: int

    @property
    def http(self) -> str:
        """The URL before any path."""
        return f"http://{self.host}:{self.port}"

    @property
    def ws(self) -> str:
        """The same for WebSockets."""
        return f"ws://{self.host}:{self.port}"


class Server:
    """Serves endpoints and streams.

    Args:
        endpoints: Every path and method that is answered.
        gate: What every request passes.
        hub: Where stream connections are kept.
        route_of: The route of a stream, None for what is no stream.
        methods: Of the WebSocket API, by name.
        strict_routes: Whether WebSocket paths without a route carry public streams only.
        nested_errors: Whether the body of an error is a text within another.
        messages_per_s: What a stream connection may send; None is no limit.
        middlewares: Put around every request.
        tick_every_s: How often the hub looks at its clock; None leaves that to the caller.
        calls: Has the calls of the WebSocket API go wrong; None if they never do.
    """

    def __init__(
        self,
        endpoints: Iterable[Endpoint],
        gate: Gate,
        hub: Hub,
        *,
        route_of: RouteOf,
        methods: Mapping[str, WsMethod] | None = None,
        strict_routes: bool = False,
        nested_errors: bool = False,
        messages_per_s: int | None = 10,
        middlewares: Iterable[Middleware] = (),
        tick_every_s: float | None = 1.0,
        calls: FaultyCalls | None = None,
    ) -> None:
        self._table: dict[str, dict[str, Endpoint]] = {}
        for endpoint in endpoints:
            self._table.setdefault(endpoint.path, {})[endpoint.method] = endpoint
        self._gate = gate
        self._nested_errors = nested_errors
        self._hub = hub
        self._tick_every_s = tick_every_s
        self._sockets = Sockets(
            hub, gate, route_of, methods or {}, strict_routes=strict_routes, messages_per_s=messages_per_s,
            calls=calls,
        )  # fmt: skip
        self._application = web.Application(middlewares=tuple(middlewares), client_max_size=LONGEST_BODY)
        self._application.router.add_route("*", "/{path:.*}", self._serve)
        self._runner: web.AppRunner | None = None
        self._ticking: asyncio.Task[None] | None = None

    async def start(self, host: str, port: int) -> Address:
        """Begin to listen; port 0 picks a free one.

        Raises:
            OSError: If the port is taken.
        """
        runner = self._runner = web.AppRunner(
            self._application,
            access_log=None,
            shutdown_timeout=PATIENCE_S,
            # The signature is over the bytes that were sent.
            auto_decompress=False,
            max_line_size=LONGEST_LINE,
        )
        await runner.setup()
        await web.TCPSite(runner, host, port).start()
        if self._tick_every_s is not None:
            self._ticking = asyncio.ensure_future(self._tick(self._tick_every_s))
        return Address(host, runner.addresses[0][1])

    async def stop(self) -> None:
        """Close all connections and stop to listen."""
        if self._ticking is not None:
            self._ticking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._ticking
        self._hub.close_all(1001, b"Server shutdown")
        if self._runner is not None:
            await self._runner.cleanup()

    async def _tick(self, every_s: float) -> None:
        while True:
            await asyncio.sleep(every_s)
            self._hub.tick()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        path, _, query = request.raw_path.partition("?")
        by_method = self._table.get(path)
        if by_method is None:
            return await self._serve_socket(request, path, query)
        endpoint = by_method.get(request.method)
        if endpoint is None:
            return self._response(_no_such_path(path, request.method, 405), {"Allow": ", ".join(sorted(by_method))})
        try:
            body = b"" if request.method == "GET" else await request.read()
        except web.HTTPRequestEntityTooLarge:
            return self._response(Answer(413, refusal_body(-1000, f"A body takes {LONGEST_BODY} bytes at most.")))
        except web.RequestPayloadError:
            return self._response(Answer(400, refusal_body(-1000, "The body was cut short or is malformed.")))

        def reading() -> Reading:
            content_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            raw_query = query.encode("utf-8", "surrogateescape")
            scheme, _, token = request.headers.get("Authorization", "").partition(" ")
            key = request.headers.get("X-MBX-APIKEY")
            return read(Request(raw_query, body, key, content_type, token if scheme == "Bearer" else None))

        address = request.remote or ""
        answer = self._gate.answer(address, f"{request.method} {path}", reading, endpoint)
        return self._response(answer, self._gate.usage.headers(address, endpoint.orders, self._gate.now_ns()))

    async def _serve_socket(self, request: web.Request, path: str, query: str) -> web.StreamResponse:
        try:
            served = await self._sockets.serve(request, path, query)
        except Refused as refused:
            return self._response(Answer(refused.status, refusal_body(refused.code, refused.message)))
        return self._response(_no_such_path(path, request.method, 404)) if served is None else served

    def _response(self, answer: Answer, headers: Mapping[str, str] | None = None) -> web.Response:
        body = answer.body
        if self._nested_errors and answer.status >= FIRST_ERROR:
            body = msgspec.json.encode(NestedError(body.decode()))
        response = web.Response(status=answer.status, body=body, content_type="application/json", headers=headers)
        if answer.retry_after_s is not None:
            response.headers["Retry-After"] = str(answer.retry_after_s)
        return response


@contextlib.asynccontextmanager
async def serving(server: Server, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Address]:
    """A server that listens for as long as the block lasts."""
    address = await server.start(host, port)
    try:
        yield address
    finally:
        await server.stop()


def _no_such_path(path: str, method: str, status: int) -> Answer:
    shown = path.encode("utf-8", "replace").decode()
    return Answer(status, refusal_body(-5000, f"Path {shown}, Method {method} is invalid"))
