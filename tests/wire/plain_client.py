"""HTTP and WebSocket requests without any client library: signed by hand, answers as they come."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import time
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from tests.clients.exchange_process import Address


class PlainClient:
    """One HTTP session on one started exchange, with the account that it names."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._session = aiohttp.ClientSession(headers={"X-MBX-APIKEY": address.key})

    async def __aenter__(self) -> Self:
        """The client itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the session and its connections."""
        await self._session.close()

    async def ask(self, method: str, path: str, **parameters: Any) -> Any:
        """The decoded answer to a request without a signature, whatever its status."""
        return await self._sent(method, path, urlencode(parameters))

    async def signed(self, method: str, path: str, **parameters: Any) -> Any:
        """The decoded answer to a request that is signed over the query string exactly as sent."""
        text = urlencode({**parameters, "timestamp": time.time_ns() // 1_000_000})
        signature = hmac.new(self.address.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        return await self._sent(method, path, f"{text}&signature={signature}")

    def socket(self, path: str) -> AbstractAsyncContextManager[aiohttp.ClientWebSocketResponse]:
        """A connection to what follows the address's `ws`, such as `/market/stream?streams=…`."""
        return self._session.ws_connect(self.address.ws + path)

    async def _sent(self, method: str, path: str, query: str) -> Any:
        url = f"{self.address.rest}{path}" + (f"?{query}" if query else "")
        async with self._session.request(method, URL(url, encoded=True)) as answer:
            return json.loads(await answer.read())


async def heard(socket: aiohttp.ClientWebSocketResponse, wanted: set[str], seconds: float) -> list[dict[str, Any]]:
    """The events of one connection until each wanted name came by, or the time is over.

    Args:
        socket: where to listen.
        wanted: values of `e`.
        seconds: how long to listen at most.
    """
    found: list[dict[str, Any]] = []
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while wanted - {one.get("e") for one in found}:
                found += events(json.loads(await socket.receive_str()))
    return found


def events(message: Any) -> list[dict[str, Any]]:
    """The events in one message: unwrapped, and each of an array's by itself."""
    inner = message["data"] if isinstance(message, dict) and "stream" in message else message
    return list(inner) if isinstance(inner, list) else [inner]
