"""A client of the local exchange over real sockets: it signs, counts frames and keeps what it got."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import aiohttp
import msgspec

from sadari.localexchange.serving.server import Address
from sadari.run.local.exchange import LocalExchange


class WireClient:
    """One HTTP connection and one stream connection.

    Attributes:
        address: Where the exchange listens.
        replies: Status and body of every answer, in order.
        frames: Every text frame, in order.
    """

    def __init__(self, exchange: LocalExchange, address: Address, session: aiohttp.ClientSession) -> None:
        self.exchange = exchange
        self.replies: list[tuple[int, bytes]] = []
        self.frames: list[bytes] = []
        self.address = address
        self._session = session
        self._socket: aiohttp.ClientWebSocketResponse | None = None

    async def raw(
        self, method: str, target: str, *, headers: dict[str, str] | None = None, body: bytes | None = None
    ) -> tuple[int, bytes]:
        """Any request at all."""
        async with self._session.request(method, self.address.http + target, headers=headers, data=body) as reply:
            got = reply.status, await reply.read()
        self.replies.append(got)
        return got

    async def ask(self, where: str, **values: object) -> Any:
        """A signed request, decoded."""
        method, _, path = where.partition(" ")
        stamped = values | {"timestamp": self.exchange.market.now_ns // 1_000_000}
        query = urlencode({name: str(value) for name, value in stamped.items()})
        key, secret, _ = self.exchange.credentials
        signature = hmac.new(secret.encode(), query.encode(), hashlib.sha256).hexdigest()
        _, body = await self.raw(method, f"{path}?{query}&signature={signature}", headers={"X-MBX-APIKEY": key})
        return msgspec.json.decode(body)

    async def control(self, where: str, **values: object) -> Any:
        """A request to the control API, decoded."""
        method, _, path = where.partition(" ")
        query = urlencode({name: str(value) for name, value in values.items()})
        headers = {"Authorization": f"Bearer {self.exchange.credentials.token}"}
        _, body = await self.raw(method, f"{path}?{query}", headers=headers)
        return msgspec.json.decode(body)

    async def listen(self, path: str) -> None:
        """Open the stream connection."""
        self._socket = await self._session.ws_connect(self.address.ws + path)

    async def receive(self, last: int) -> list[Any]:
        """Every frame up to a number, decoded."""
        assert self._socket is not None
        before = len(self.frames)
        while len(self.frames) < last:
            message = await self._socket.receive()
            assert message.type is aiohttp.WSMsgType.TEXT, message
            self.frames.append(message.data.encode())
        return [msgspec.json.decode(frame) for frame in self.frames[before:]]

    async def send(self, message: object) -> None:
        """A control message of the stream connection."""
        assert self._socket is not None
        await self._socket.send_json(message)

    async def send_raw(self, message: bytes, *, binary: bool) -> None:
        """Any message at all."""
        assert self._socket is not None
        await (self._socket.send_bytes(message) if binary else self._socket.send_str(message.decode()))

    async def step(self, **values: object) -> list[Any]:
        """Let time go on; exactly the frames that were pushed until then."""
        stepped = await self.control("POST /control/step", **values)
        (last,) = stepped["frames"].values()
        return await self.receive(last)


@contextlib.asynccontextmanager
async def connected(exchange: LocalExchange) -> AsyncIterator[WireClient]:
    """A client of an exchange that serves for as long as the block lasts."""
    started: asyncio.Future[Address] = asyncio.get_running_loop().create_future()
    serving = asyncio.ensure_future(exchange.serve(started.set_result))
    try:
        address = await started
        connector = aiohttp.TCPConnector(limit=2)
        async with aiohttp.ClientSession(connector=connector, skip_auto_headers=("User-Agent",)) as session:
            yield WireClient(exchange, address, session)
    finally:
        exchange.stop()
        await serving
