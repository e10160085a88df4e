"""The WebSocket side of the server: handshakes, and what clients send."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from aiohttp import WSMessage, WSMsgType, web

from sadari.localexchange.asking.gate import Gate, WsMethod
from sadari.localexchange.asking.refused import Refused
from sadari.localexchange.serving.faulty_calls import FaultyCalls
from sadari.localexchange.serving.ws_methods import WsMethods
from sadari.localexchange.streams.hub import Connection, Hub, text_frame
from sadari.localexchange.streams.subscriptions import MOST_STREAMS, Opening, RouteOf, Subscriptions, opening

API_PATH = "/ws-fapi/v1"
LONGEST_MESSAGE = 64 << 10
PATIENCE_S = 1.0
ENDED = (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR)

Reply = Callable[[bytes | str], bytes]


class Sockets:
    """Serves stream connections and the WebSocket API.

    Args:
        hub: Where connections are kept.
        gate: What calls of the WebSocket API pass.
        route_of: The route of a stream, None for what is no stream.
        methods: Of the WebSocket API, by name.
        strict_routes: Whether paths without a route carry public streams only.
        messages_per_s: What a stream connection may send; None is no limit.
        calls: Has the calls of the WebSocket API go wrong; None if they never do.
    """

    def __init__(
        self,
        hub: Hub,
        gate: Gate,
        route_of: RouteOf,
        methods: Mapping[str, WsMethod],
        *,
        strict_routes: bool,
        messages_per_s: int | None,
        calls: FaultyCalls | None = None,
    ) -> None:
        self._hub = hub
        self._calls = calls
        self._gate = gate
        self._route_of = route_of
        self._methods = WsMethods(methods, gate)
        self._strict = strict_routes
        self._messages_per_s = messages_per_s
        self._closing: set[asyncio.Task[bool]] = set()

    async def serve(self, request: web.Request, path: str, query: str) -> web.WebSocketResponse | None:
        """Serve a connection until it ends; None if the path is no WebSocket's.

        Raises:
            Refused: For a request that is no handshake, or asks for too many streams.
        """
        is_call = path.rstrip("/") == API_PATH
        start = None if is_call else opening(path, query, self._route_of)
        if start is None and not is_call:
            return None
        if start is not None and len(start.names) > MOST_STREAMS:
            raise Refused(-1101, f"Too many streams; a connection takes {MOST_STREAMS}.")
        socket = web.WebSocketResponse(timeout=PATIENCE_S, autoping=False, compress=False, max_msg_size=LONGEST_MESSAGE)
        if not socket.can_prepare(request).ok:
            raise Refused(-1000, "A WebSocket handshake is expected on this path.")
        await self._run(request, socket, start)
        return socket

    async def _run(self, request: web.Request, socket: web.WebSocketResponse, start: Opening | None) -> None:
        number = self._hub.next_number()
        socket.headers["X-Sadari-Connection"] = str(number)
        await socket.prepare(request)
        transport = request.transport
        if transport is None:
            return
        session = self._methods.open()
        subscriptions = None if start is None else Subscriptions(start, self._route_of, strict=self._strict)
        address = request.remote or ""

        def close(code: int, reason: bytes) -> None:
            self._hub.closed(connection)
            closing = asyncio.ensure_future(socket.close(code=code, message=reason))
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

        def reply(message: bytes | str) -> bytes:
            if subscriptions is None:
                return self._methods.answer(address, message, session)
            answer = subscriptions.receive(message)
            self._hub.refresh(connection)
            return answer

        connection = self._hub.open(number, transport, close, subscriptions)
        try:
            await self._listen(socket, connection, reply)
        finally:
            self._hub.closed(connection)

    async def _listen(self, socket: web.WebSocketResponse, connection: Connection, reply: Reply) -> None:
        most = None if connection.subscriptions is None else self._messages_per_s
        while (message := await socket.receive()).type not in ENDED:
            if most is not None and connection.incoming.add(1, self._gate.now_ns()) > most:
                self._hub.closed(connection)
                await socket.close(code=1008, message=b"Too many requests")
                return
            self._take(connection, message, reply)

    def _take(self, connection: Connection, message: WSMessage, reply: Reply) -> None:
        if message.type is WSMsgType.PING:
            connection.pong(message.data)
        elif message.type is WSMsgType.PONG:
            connection.unanswered_ns = None
        elif self._calls is not None and connection.subscriptions is None:
            self._calls.take(connection, message.data, lambda: reply(message.data))
        else:
            connection.push(text_frame(reply(message.data)))
