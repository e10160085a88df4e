"""The other side of a connection of the WebSocket API, which does what a test says, and a client connected to it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from aiohttp import WSMsgType, web

from sadari.binance.budget import Budget
from sadari.binance.sign import HmacSigner
from sadari.venue.clock import wall_ns
from sadari.venue.live.wire.server_clock import ServerClock
from sadari.venue.live.wire.ws_api import WsApi, WsApiLimits

PATH = "/ws-fapi/v1"
QUICK = WsApiLimits(answer_s=5.0, first_wait_s=0.01, longest_wait_s=0.02)


class Peer:
    """The other side of a connection, which does with each request what a test says.

    Attributes:
        got: The requests.
        sockets: The connections, in order.
    """

    def __init__(self, answer: Callable[[Peer, Any], list[str]]) -> None:
        self.got: list[Any] = []
        self.sockets: list[web.WebSocketResponse] = []
        self.refusing = False
        self._answer = answer

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One connection."""
        if self.refusing:
            return web.Response(status=503, text="down")
        socket = web.WebSocketResponse(compress=False, timeout=0.1)
        await socket.prepare(request)
        self.sockets.append(socket)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                self.got.append(json.loads(message.data))
                for text in self._answer(self, self.got[-1]):
                    await socket.send_str(text)
        return socket


@contextlib.asynccontextmanager
async def facing(
    peer: Peer, limits: WsApiLimits = QUICK, budget: Budget | None = None, clock: ServerClock | None = None
) -> AsyncIterator[WsApi]:
    """A client connected to a peer."""
    application = web.Application()
    application.router.add_get(PATH, peer.serve)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    api = WsApi(
        f"ws://127.0.0.1:{runner.addresses[0][1]}{PATH}",
        HmacSigner("key", "secret"),
        clock or ServerClock(wall_ns),
        budget or Budget(),
        jitter=lambda: 0.5,
        limits=limits,
    )
    await api.start()
    try:
        yield api
    finally:
        await api.close()
        for socket in peer.sockets:
            await socket.close()
        await runner.cleanup()
