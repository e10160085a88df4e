"""A small gateway over loopback for the tests of the wire: a few endpoints, a clock set by hand."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

from aiohttp import ClientSession, ClientWebSocketResponse

from sadari.exchange import Refusal
from sadari.localexchange.asking.api_keys import ApiKey, ApiKeys, Secret
from sadari.localexchange.asking.endpoint import Endpoint, Security
from sadari.localexchange.asking.gate import Gate, WsMethod
from sadari.localexchange.asking.limits import Limits
from sadari.localexchange.asking.parameters import Parameters
from sadari.localexchange.asking.refused import Refused
from sadari.localexchange.serving.server import Address, Server, serving
from sadari.localexchange.streams import listen_keys
from sadari.localexchange.streams.hub import Hub, OutgoingFilter

KEY = {"X-MBX-APIKEY": "key"}
START_NS = 1_700_000_040 * 10**9
BOOK = "btcusdt@bookTicker"
TRADES = "btcusdt@aggTrade"


class Hand:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now_ns = START_NS

    def __call__(self) -> int:
        """The time it was set to."""
        return self.now_ns


class Gateway(NamedTuple):
    """Everything that a test turns or looks at."""

    address: Address
    clock: Hand
    hub: Hub
    keys: listen_keys.ListenKeys
    reported: list[tuple[str, Exception]]
    session: ClientSession


def route_of(name: str) -> str | None:
    """The route of the streams that these tests know."""
    return {BOOK: "public", TRADES: "market"}.get(name)


def sign(text: str) -> str:
    """The signature as a client makes it."""
    return hmac.new(b"secret", text.encode(), hashlib.sha256).hexdigest()


@contextlib.asynccontextmanager
async def gateway(
    limits: Limits | None = None, *, outgoing: OutgoingFilter | None = None, most_waiting: int = 1 << 20, **more: Any
) -> AsyncIterator[Gateway]:
    """A gateway for as long as the block lasts."""
    clock = Hand()
    reported: list[tuple[str, Exception]] = []
    keys = listen_keys.ListenKeys(clock)
    hub = Hub(keys, clock, outgoing=outgoing, most_waiting=most_waiting)
    gate = Gate(
        ApiKeys([ApiKey("key", Secret(b"secret"))]), clock, lambda what, error: reported.append((what, error)), limits
    )
    methods = {
        "order.place": WsMethod(_echo, Security.SIGNED, orders=1),
        "broken": WsMethod(_break, Security.NONE),
        "userDataStream.start": WsMethod(lambda _: {"listenKey": keys.start()}, Security.KEY),
    }
    table = [*_ENDPOINTS, *listen_keys.endpoints(keys)]
    server = Server(table, gate, hub, route_of=route_of, methods=methods, tick_every_s=None, **more)
    async with serving(server) as address, ClientSession() as session:
        yield Gateway(address, clock, hub, keys, reported, session)


async def call(one: Gateway, method: str, target: str, **more: Any) -> tuple[int, Any, dict[str, str]]:
    """Status, body and headers of a request over HTTP."""
    async with one.session.request(method, one.address.http + target, **more) as response:
        return response.status, json.loads(await response.read()), dict(response.headers)


async def ask(socket: ClientWebSocketResponse, message: Any) -> Any:
    """Send a message and take the next one that comes."""
    await socket.send_str(message if isinstance(message, str) else json.dumps(message))
    return await socket.receive_json()


async def until(condition: Any) -> None:
    """Let the loop run until something is so; a test that waits for nothing ends by its timeout."""
    while True:
        if condition():
            return
        await asyncio.sleep(0.001)


def _echo(parameters: Parameters) -> object:
    return {"symbol": parameters.text("symbol")}


def _refuse(parameters: Parameters) -> object:
    raise Refusal(-2019) if parameters.flag("model") else Refused(-1121, "Invalid symbol.")


def _break(_: Parameters) -> object:
    raise ZeroDivisionError


_ENDPOINTS = [
    Endpoint("GET", "/fapi/v1/ping", lambda _: {}),
    Endpoint("GET", "/fapi/v1/refuse", _refuse),
    Endpoint("GET", "/fapi/v1/break", _break),
    Endpoint("GET", "/fapi/v1/unencodable", lambda _: object()),
    Endpoint("GET", "/fapi/v1/heavy", _echo, weight=lambda parameters: parameters.integer("limit") or 1),
    Endpoint("POST", "/fapi/v1/order", _echo, Security.SIGNED, weight=0, orders=1),
]
