"""Faults of calls over the WebSocket API: what the client sees, and what the exchange has done."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

from sadari.localexchange.faults.file import load_faults
from sadari.run.local.exchange import LocalExchange
from tests.local_exchange import BTC, local
from tests.wire.wire_client import connected

ORDER = {"symbol": BTC, "side": "BUY", "type": "MARKET", "quantity": "0.01"}
PLACED = 'method = "POST"\npath = "/fapi/v1/order"'


def signed(exchange: LocalExchange, **values: object) -> dict[str, object]:
    """Parameters with the account's key, the time and a signature."""
    key, secret, _ = exchange.credentials
    params = values | {"apiKey": key, "timestamp": exchange.market.now_ns // 1_000_000}
    text = "&".join(f"{name}={params[name]}" for name in sorted(params))
    return params | {"signature": hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()}


@contextlib.asynccontextmanager
async def facing(*rules: str) -> AsyncIterator[tuple[LocalExchange, ClientWebSocketResponse]]:
    """An exchange with rules of faults, and a connection to its WebSocket API."""
    exchange = local()
    for number, rule in enumerate(rules):
        exchange.faults.add(load_faults(f'[[fault]]\nname = "{number}"\n{rule}'), exchange.gateway_ns())
    async with (
        connected(exchange) as client,
        ClientSession() as http,
        http.ws_connect(f"{client.address.ws}/ws-fapi/v1") as socket,
    ):
        yield exchange, socket


async def ask(exchange: LocalExchange, socket: ClientWebSocketResponse, method: str, **values: object) -> Any:
    """The next message after a call; None if the connection has ended."""
    await socket.send_json({"id": method, "method": method, "params": signed(exchange, **values)})
    message = await socket.receive()
    return message.data if message.type is WSMsgType.TEXT else None


def placed(exchange: LocalExchange) -> int:
    """How many orders the exchange has taken in."""
    return len(exchange.desk.orders)


@pytest.mark.parametrize(
    ("rule", "status", "code", "orders"),
    [
        ('verb = "code"\ncode = -2019\nmessage = "Margin is insufficient."', 400, -2019, 0),
        ('verb = "code"\ncode = -1007\nstatus = 408\napplied = true', 408, -1007, 1),
        ('verb = "status_503"\nvariant = "A"\napplied = true', 503, -1000, 1),
        ('verb = "status_503"\nvariant = "C"', 503, -1001, 0),
        ('verb = "status_503"\nvariant = "D"', 503, -1008, 0),
        ('verb = "retry_after"\nstatus = 418\nseconds = 60', 418, -1003, 0),
    ],
)
def test_an_answer_stands_in_for_the_exchanges(rule: str, status: int, code: int, orders: int) -> None:
    """In the envelope of the call, with its id; done or not as the rule says."""

    async def scenario() -> None:
        async with facing(f"{rule}\n{PLACED}") as (exchange, socket):
            reply = json.loads(await ask(exchange, socket, "order.place", **ORDER))
            assert (reply["id"], reply["status"], reply["error"]["code"]) == ("order.place", status, code)
            assert placed(exchange) == orders
            # What no rule is about is answered.
            assert json.loads(await ask(exchange, socket, "v2/account.status"))["status"] == 200

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("rule", "orders"),
    [
        ('verb = "lost_request"', 0),
        ('verb = "lost_reply"', 1),
        ('verb = "reset"\npoint = "before"', 0),
        ('verb = "reset"\npoint = "after"', 1),
    ],
)
def test_a_connection_ends_around_a_call(rule: str, orders: int) -> None:
    """The client has no reply, and cannot know whether it was done; another connection can ask."""

    async def scenario() -> None:
        async with facing(f"{rule}\n{PLACED}") as (exchange, socket):
            assert await ask(exchange, socket, "order.place", **ORDER) is None
            assert placed(exchange) == orders

    asyncio.run(scenario())


def test_a_reply_is_withheld_while_later_calls_are_answered() -> None:
    """Silence about one call on a connection that lives; the order is done."""

    async def scenario() -> None:
        async with facing(f'verb = "lost_reply"\nhold_s = 600\n{PLACED}') as (exchange, socket):
            await socket.send_json({"id": 1, "method": "order.place", "params": signed(exchange, **ORDER)})
            reply = json.loads(await ask(exchange, socket, "v2/account.balance"))
            assert reply["id"] == "v2/account.balance"
            assert placed(exchange) == 1

    asyncio.run(scenario())


@pytest.mark.parametrize(("verb", "before"), [("delay", 0), ("late_reply", 1)])
def test_a_late_reply_comes_behind_that_of_a_later_call(verb: str, before: int) -> None:
    """Done at once or only then; the ids tell whose it is."""

    async def scenario() -> None:
        async with facing(f'verb = "{verb}"\nseconds = 0.05\n{PLACED}') as (exchange, socket):
            await socket.send_json({"id": 1, "method": "order.place", "params": signed(exchange, **ORDER)})
            first = json.loads(await ask(exchange, socket, "order.status", symbol=BTC, orderId=1))
            assert (first["id"], placed(exchange)) == ("order.status", before)
            late = await socket.receive_json()
            assert (late["id"], late["status"], placed(exchange)) == (1, 200, 1)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("rule", "begins"),
    [
        ('verb = "html"\nstatus = 502', "<html>"),
        ('verb = "cut_body"\nsent = 9', '{"id":"or'),
        (
            'verb = "alter_reply"\nfind = \'"status":200\'\nput = \'"status":"odd"\'',
            '{"id":"order.place","status":"odd"',
        ),
    ],
)
def test_a_reply_is_not_what_it_should_be(rule: str, begins: str) -> None:
    """A page, a part, another word."""

    async def scenario() -> None:
        async with facing(f"{rule}\n{PLACED}") as (exchange, socket):
            assert (await ask(exchange, socket, "order.place", **ORDER)).startswith(begins)

    asyncio.run(scenario())


def test_a_rule_may_be_about_one_of_the_two_ways_only() -> None:
    """What goes wrong over the WebSocket API can be done over HTTP, and the other way round."""

    async def scenario() -> None:
        rule = f'verb = "code"\ncode = -1000\n{PLACED}'
        exchange = local()
        exchange.faults.add(load_faults(f'[[fault]]\nname = "a"\nover = "ws"\n{rule}'), exchange.gateway_ns())
        async with (
            connected(exchange) as client,
            ClientSession() as http,
            http.ws_connect(f"{client.address.ws}/ws-fapi/v1") as socket,
        ):
            assert json.loads(await ask(exchange, socket, "order.place", **ORDER))["error"]["code"] == -1000
            assert "orderId" in await client.ask("POST /fapi/v1/order", **ORDER)
            exchange.faults.remove("a")
            exchange.faults.add(load_faults(f'[[fault]]\nname = "b"\nover = "http"\n{rule}'), exchange.gateway_ns())
            assert json.loads(await ask(exchange, socket, "order.place", **ORDER))["status"] == 200
            assert (await client.ask("POST /fapi/v1/order", **ORDER))["code"] == -1000
            subjects = [firing.subject for firing in exchange.faults.firings()]
            assert subjects == ["POST /fapi/v1/order over ws", "POST /fapi/v1/order"]

    asyncio.run(scenario())


def test_what_happens_before_a_request_happens_before_a_call_too() -> None:
    """The owner trades first; a message that is no call is answered as ever."""

    async def scenario() -> None:
        trade = f'verb = "human_trade"\nsymbol = "{BTC}"\nside = "BUY"\nqty = 0.02\ntimes = 1\n{PLACED}'
        async with facing(trade) as (exchange, socket):
            assert json.loads(await ask(exchange, socket, "order.place", **ORDER))["status"] == 200
            assert [float(order.qty) for order in exchange.desk.orders.values()] == [0.02, 0.01]
            await socket.send_str("{")
            assert json.loads((await socket.receive()).data)["error"]["code"] == -1135

    asyncio.run(scenario())
