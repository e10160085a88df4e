"""How many messages a second does the local exchange push, and how long does a request take?

Server and clients share one event loop, hence one core: the clients read bytes and take nothing apart.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from sadari.localexchange.asking.api_keys import ApiKey, ApiKeys, Secret
from sadari.localexchange.asking.endpoint import Endpoint, Security
from sadari.localexchange.asking.gate import Gate
from sadari.localexchange.asking.limits import NO_LIMITS
from sadari.localexchange.serving.server import Address, Server, serving
from sadari.localexchange.streams.hub import Hub
from sadari.localexchange.streams.listen_keys import ListenKeys

CLIENTS = 4
EVENTS = 5000
NOW_NS = 1_700_000_000 * 10**9
STREAM = "btcusdt@aggTrade"
EVENT = (
    b'{"e":"aggTrade","E":1700000000000,"s":"BTCUSDT","a":5933014,"p":"42000.10","q":"0.100","nq":"0.100",'
    b'"f":100,"l":105,"T":1700000000000,"m":true,"st":1}'
)


class Reader(asyncio.Protocol):
    """A client that counts bytes."""

    def __init__(self, target: str) -> None:
        nonce = base64.b64encode(bytes(16)).decode()
        self._request = (
            f"GET {target} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {nonce}\r\n\r\n"
        )
        self.open = asyncio.Event()
        self.done = asyncio.Event()
        self.wanted = 0

    def itself(self) -> Reader:
        """A protocol is made by a function."""
        return self

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin the handshake."""
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(self._request.encode())

    def data_received(self, data: bytes) -> None:
        """Count; the first bytes are the handshake's answer."""
        if not self.open.is_set():
            self.open.set()
            return
        self.wanted -= len(data)
        if self.wanted <= 0:
            self.done.set()


@asynccontextmanager
async def exchange() -> AsyncIterator[tuple[Hub, Address]]:
    """A gateway without limits and with one signed endpoint."""
    hub = Hub(ListenKeys(lambda: NOW_NS), lambda: NOW_NS)
    gate = Gate(ApiKeys([ApiKey("key", Secret(b"secret"))]), lambda: NOW_NS, lambda _, __: None, NO_LIMITS)
    table = [Endpoint("POST", "/fapi/v1/order", lambda parameters: parameters.text("symbol"), Security.SIGNED)]
    async with serving(Server(table, gate, hub, route_of=lambda _: "market")) as address:
        yield hub, address


@pytest.mark.parametrize("mode", ["ws/", "stream?streams="])
def bench_pushed_to_four_clients(benchmark: BenchmarkFixture, mode: str) -> None:
    wrapper = len(f'{{"stream":"{STREAM}","data":}}') if mode.startswith("stream") else 0
    every_byte = EVENTS * (4 + len(EVENT) + wrapper)

    async def connected(readers: list[Reader], address: Address) -> None:
        for reader in readers:
            await asyncio.get_running_loop().create_connection(reader.itself, address.host, address.port)
            await reader.open.wait()

    async def pushed(hub: Hub, readers: list[Reader]) -> None:
        for reader in readers:
            reader.done.clear()
            reader.wanted = every_byte
        for number in range(EVENTS):
            hub.publish(STREAM, EVENT)
            if number % 10 == 0:
                await asyncio.sleep(0)
        for reader in readers:
            await reader.done.wait()

    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        hub, address = runner.run(stack.enter_async_context(exchange()))
        readers = [Reader(f"/market/{mode}{STREAM}") for _ in range(CLIENTS)]
        runner.run(connected(readers, address))
        benchmark.pedantic(  # type: ignore[no-untyped-call]
            lambda: runner.run(pushed(hub, readers)), rounds=9, warmup_rounds=1
        )
        runner.run(stack.aclose())
    if benchmark.stats is not None:
        benchmark.extra_info["messages_per_second"] = round(CLIENTS * EVENTS / benchmark.stats.stats.median)


def bench_a_signed_request(benchmark: BenchmarkFixture) -> None:
    query = f"symbol=BTCUSDT&timestamp={NOW_NS // 1_000_000}"
    signature = hmac.new(b"secret", query.encode(), hashlib.sha256).hexdigest()
    request = f"POST /fapi/v1/order?{query}&signature={signature} HTTP/1.1\r\nHost: x\r\nX-MBX-APIKEY: key\r\n\r\n"

    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        _, address = runner.run(stack.enter_async_context(exchange()))
        reader, writer = runner.run(asyncio.open_connection(address.host, address.port))

        async def asked() -> None:
            writer.write(request.encode())
            await reader.readuntil(b'"BTCUSDT"')

        benchmark(lambda: runner.run(asked()))
        writer.close()
        runner.run(stack.aclose())
