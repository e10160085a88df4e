"""How long is an order under way inside this process, from the wish for it to its frame in the socket?

A peer on loopback takes the frames and answers none. Signing is shown by itself, for either kind of key.
"""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pytest_benchmark.fixture import BenchmarkFixture

from sadari.binance.budget import Budget, Limits
from sadari.binance.orders import place
from sadari.binance.sign import Ed25519Signer, HmacSigner, Signer, signed_call
from sadari.model.command import PlaceOrder
from sadari.model.order import OrderType, Purpose, Side
from sadari.venue.clock import wall_ns
from sadari.venue.live.wire.server_clock import ServerClock
from sadari.venue.live.wire.ws_api import WsApi

EXIT = PlaceOrder(
    symbol="BTCUSDT",
    client_order_id="demo-12-X",
    purpose=Purpose.EXIT,
    side=Side.SELL,
    order_type=OrderType.MARKET,
    qty=Decimal("0.012"),
    reduce_only=True,
)
ENDLESS = Limits(1 << 40, 1 << 40, 1 << 40)
HMAC = HmacSigner("k" * 64, "s" * 64)


@pytest.mark.parametrize(
    "signer", [HMAC, Ed25519Signer("k" * 64, Ed25519PrivateKey.generate())], ids=["hmac", "ed25519"]
)
def bench_a_signed_call(benchmark: BenchmarkFixture, signer: Signer) -> None:
    endpoint, asked = place(EXIT, hedge=False)
    benchmark(signed_call, 1, endpoint.ws_method, asked, signer, 1_700_000_000_000)


def bench_an_order_to_its_frame_in_the_socket(benchmark: BenchmarkFixture) -> None:
    async def swallow(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(compress=False, timeout=0.1)
        await socket.prepare(request)
        async for _ in socket:
            pass
        return socket

    async def inside() -> None:
        application = web.Application()
        application.router.add_get("/", swallow)
        served = web.AppRunner(application, shutdown_timeout=0.1)
        await served.setup()
        await web.TCPSite(served, "127.0.0.1", 0).start()
        url = f"ws://127.0.0.1:{served.addresses[0][1]}/"
        api = WsApi(url, HMAC, ServerClock(wall_ns), Budget(ENDLESS), jitter=lambda: 0.5)
        await api.start()
        waiting: list[asyncio.Future[bytes]] = []

        def send() -> None:
            waiting.append(api.request(*place(EXIT, hedge=False)))

        # All of it fits into the operating system's buffers, so that each round has its own write.
        benchmark.pedantic(send, rounds=400, warmup_rounds=20)  # type: ignore[no-untyped-call]
        assert api._link is not None
        assert api._link.socket is not None
        assert api._link.socket.unsent_bytes == 0
        for one in waiting:
            one.cancel()
        await api.close()
        await served.cleanup()

    asyncio.run(inside())
