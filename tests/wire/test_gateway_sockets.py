"""The gateway over WebSockets: streams, user events, calls, and clients that misbehave."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

from tests.wire.gateway import BOOK, START_NS, TRADES, Gateway, ask, call, gateway, sign, until

MINUTE_NS = 60 * 10**9
API_KEY = {"X-MBX-APIKEY": "key"}


async def connect(one: Gateway, target: str, **more: Any) -> ClientWebSocketResponse:
    """A connection that is open on both sides."""
    socket: ClientWebSocketResponse = await one.session.ws_connect(one.address.ws + target, **more)
    number = int(socket._response.headers["X-Sadari-Connection"])
    await until(lambda: number in one.hub.last_frames())
    return socket


def test_an_event_goes_to_all_who_listen_raw_or_with_its_stream() -> None:
    """Raw under /ws, wrapped under /stream, nothing to others; each connection counts its own frames."""

    async def scenario() -> None:
        async with gateway() as one:
            raw = await connect(one, f"/market/ws/{TRADES}")
            combined = await connect(one, f"/stream?streams={TRADES}/{BOOK}")
            other = await connect(one, f"/public/ws/{TRADES}")
            one.hub.publish(TRADES, b'{"e":"aggTrade"}')
            one.hub.publish(BOOK, b'{"e":"bookTicker"}')
            one.hub.publish("nobody@listens", b"{}")
            assert await raw.receive_str() == '{"e":"aggTrade"}'
            assert await combined.receive_str() == f'{{"stream":"{TRADES}","data":{{"e":"aggTrade"}}}}'
            assert await combined.receive_json() == {"stream": BOOK, "data": {"e": "bookTicker"}}
            assert await ask(other, {"method": "GET_PROPERTY", "params": ["combined"], "id": "x"}) == {
                "result": False,
                "id": "x",
            }
            assert one.hub.last_frames() == {1: 1, 2: 2, 3: 1}

    asyncio.run(scenario())


@pytest.mark.parametrize("length", [0, 125, 126, 65_535, 65_536, 300_000])
def test_an_event_of_any_length_arrives_whole(length: int) -> None:
    """All three forms of a frame's length."""

    async def scenario() -> None:
        async with gateway() as one:
            socket = await connect(one, f"/ws/{TRADES}")
            one.hub.publish(TRADES, b"x" * length)
            assert await socket.receive_str() == "x" * length

    asyncio.run(scenario())


def test_a_stream_is_wanted_from_its_first_listener_to_its_last() -> None:
    """By control message, and by the end of a connection."""

    async def scenario() -> None:
        async with gateway() as one:
            first, second = await connect(one, "/market/ws/1"), await connect(one, f"/market/ws/{TRADES}")
            await ask(first, {"method": "SUBSCRIBE", "params": [TRADES], "id": 1})
            await second.close()
            await until(lambda: len(one.hub.last_frames()) == 1)
            assert one.hub.wanted(TRADES)
            await ask(first, {"method": "UNSUBSCRIBE", "params": [TRADES], "id": 2})
            assert not one.hub.wanted(TRADES)

    asyncio.run(scenario())


def test_user_events_go_to_the_active_key_by_kind_until_it_expires() -> None:
    """The name of the stream is the key; the expiry itself is told to all; then there is silence."""

    async def scenario() -> None:
        async with gateway() as one:
            key = (await call(one, "POST", "/fapi/v1/listenKey", headers=API_KEY))[1]["listenKey"]
            everything = await connect(one, "/private/stream")
            assert await ask(everything, {"method": "SUBSCRIBE", "params": [key], "id": "7"}) == {
                "result": None,
                "id": "7",
            }
            some = await connect(one, f"/private/ws?listenKey={key}&events=ACCOUNT_UPDATE")
            for kind in ("TRADE_LITE", "ACCOUNT_UPDATE"):
                one.hub.publish_user(kind, json.dumps({"e": kind}).encode())
            got = [await everything.receive_json() for _ in range(2)]
            assert got == [{"stream": key, "data": {"e": kind}} for kind in ("TRADE_LITE", "ACCOUNT_UPDATE")]
            assert await some.receive_json() == {"e": "ACCOUNT_UPDATE"}
            one.clock.now_ns += 60 * MINUTE_NS
            one.hub.publish_user("TRADE_LITE", b"{}")
            one.hub.tick()
            event = {"E": one.clock.now_ns // 1_000_000, "listenKey": key, "e": "listenKeyExpired"}
            assert (await everything.receive_json())["data"] == await some.receive_json() == event

    asyncio.run(scenario())


async def open_raw(one: Gateway, target: str) -> asyncio.StreamWriter:
    """A client that does its handshake and then neither reads nor answers."""
    _, writer = await asyncio.open_connection(one.address.host, one.address.port, limit=1024)
    nonce = base64.b64encode(bytes(16)).decode()
    writer.write(
        f"GET {target} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {nonce}\r\n\r\n".encode()
    )
    await until(lambda: one.hub.last_frames() == {1: 0})
    return writer


def test_a_slow_reader_is_cut_and_another_gets_everything() -> None:
    """One never reads; the other has every event, in order, without a gap."""

    async def scenario() -> None:
        async with gateway(most_waiting=200_000) as one:
            writer = await open_raw(one, f"/ws/{TRADES}")
            quick = await connect(one, f"/ws/{TRADES}")
            sent = 0
            while 1 in one.hub.last_frames():
                for _ in range(20):
                    one.hub.publish(TRADES, f'{{"n":{sent},"x":"{"x" * 2000}"}}'.encode())
                    assert (await quick.receive_json())["n"] == sent
                    sent += 1
            one.hub.publish(TRADES, b'{"n":"last"}')
            assert await quick.receive_json() == {"n": "last"}
            assert one.hub.last_frames() == {2: sent + 1}
            writer.close()

    asyncio.run(scenario())


def test_a_connection_is_pinged_and_closed_without_a_pong_or_after_a_day() -> None:
    """A ping each three minutes, ten minutes to answer, 24 hours to live."""

    async def scenario() -> None:
        async with gateway() as one:
            silent = await connect(one, "/ws/1", autoping=False)
            polite = await connect(one, "/ws/2", autoping=False)
            one.clock.now_ns += 3 * MINUTE_NS
            one.hub.tick()
            assert (await silent.receive()).type is WSMsgType.PING
            await polite.pong((await polite.receive()).data)
            await until(lambda: one.hub._connections[2].unanswered_ns is None)
            one.clock.now_ns += 10 * MINUTE_NS
            one.hub.tick()
            while (last := await silent.receive()).type is WSMsgType.PING:
                pass
            assert (last.type, last.data) == (WSMsgType.CLOSE, 1008)
            assert list(one.hub.last_frames()) == [2]
            one.clock.now_ns += 24 * 60 * MINUTE_NS
            one.hub.tick()
            while (last := await polite.receive()).type is WSMsgType.PING:
                pass
            assert (last.type, last.data) == (WSMsgType.CLOSE, 1001)

    asyncio.run(scenario())


@pytest.mark.parametrize("kind", ["ping", "pong", "text"])
def test_the_eleventh_message_within_a_second_closes_a_connection(kind: str) -> None:
    """Pings and pongs count; another connection is not disturbed."""

    async def scenario() -> None:
        async with gateway() as one:
            rash, calm = await connect(one, "/ws/1", autoping=False), await connect(one, "/ws/2")
            for _ in range(11):
                await (rash.send_str("{}") if kind == "text" else getattr(rash, kind)())
            while (last := await rash.receive()).type in {WSMsgType.PONG, WSMsgType.TEXT}:
                pass
            assert (last.type, last.data) == (WSMsgType.CLOSE, 1008)
            assert (await ask(calm, {"method": "LIST_SUBSCRIPTIONS", "id": 1}))["result"] == []

    asyncio.run(scenario())


def test_malformed_messages_are_answered_and_huge_ones_close() -> None:
    """The connection survives what can be answered."""

    async def scenario() -> None:
        async with gateway() as one:
            socket = await connect(one, "/ws")
            assert (await ask(socket, "{"))["error"]["code"] == 3
            await socket.send_bytes(b"\xff")
            assert (await socket.receive_json())["error"]["code"] == 3
            await socket.send_str("x" * 70_000)
            last = await socket.receive()
            assert (last.type, last.data) == (WSMsgType.CLOSE, 1009)

    asyncio.run(scenario())


def test_the_filter_drops_repeats_and_delays_events() -> None:
    """It sees connection, stream and text; what it drops is not counted."""

    def outgoing(connection: int, stream: str, text: bytes) -> list[tuple[float, bytes]]:
        assert (connection, stream) == (1, TRADES)
        return {b"drop": [], b"twice": [(0.0, text), (0.0, text)], b"late": [(0.01, text)]}.get(text, [(0.0, text)])

    async def scenario() -> None:
        async with gateway(outgoing=outgoing) as one:
            socket = await connect(one, f"/ws/{TRADES}")
            for text in (b"drop", b"late", b"twice", b"plain"):
                one.hub.publish(TRADES, text)
            assert [await socket.receive_str() for _ in range(4)] == ["twice", "twice", "plain", "late"]
            assert one.hub.last_frames() == {1: 4}

    asyncio.run(scenario())


def test_calls_are_answered_by_id_with_limits_and_refused_as_over_http() -> None:
    """Signed parameters pass; everything else has status, code and sentence in the call's envelope."""
    params: dict[str, Any] = {"symbol": "BTCUSDT", "apiKey": "key", "timestamp": START_NS // 1_000_000, "quantity": 0.1}
    params["signature"] = sign("&".join(f"{name}={params[name]}" for name in sorted(params)))

    async def scenario() -> None:
        async with gateway() as one:
            socket = await connect(one, "/ws-fapi/v1")
            reply = await ask(socket, {"id": 7, "method": "order.place", "params": params})
            assert (reply["id"], reply["status"], reply["result"]) == (7, 200, {"symbol": "BTCUSDT"})
            assert [(row["rateLimitType"], row["count"]) for row in reply["rateLimits"]] == [
                ("REQUEST_WEIGHT", 1),
                ("ORDERS", 1),
                ("ORDERS", 1),
            ]
            hidden = {
                "id": "a",
                "method": "userDataStream.start",
                "params": {"apiKey": "key", "returnRateLimits": False},
            }
            assert set(await ask(socket, hidden)) == {"id", "status", "result"}
            for message, reply_id, status, code in (
                ({"id": None, "method": "order.place", "params": {**params, "symbol": "X"}}, None, 400, -1022),
                ({"id": "b", "method": "order.place"}, "b", 401, -2014),
                ({"id": [1], "method": "no.such"}, [1], 400, -1020),
                ({"id": 3, "method": "session.logon", "params": params}, 3, 400, -4056),
                ({"id": 4, "method": "broken"}, 4, 500, -1000),
                ({"id": 5, "method": 5}, 5, 400, -1135),
                ({"id": 6}, 6, 400, -1135),
                ([], None, 400, -1135),
                ("{", None, 400, -1135),
            ):
                reply = await ask(socket, message)
                assert (reply["id"], reply["status"], reply["error"]["code"]) == (reply_id, status, code)

    asyncio.run(scenario())


def test_a_server_that_stops_says_so_to_its_connections() -> None:
    """They are closed with 1001."""

    async def scenario() -> None:
        async with ClientSession() as session:
            async with gateway() as one:
                sockets = [await session.ws_connect(one.address.ws + path) for path in ("/ws", "/ws-fapi/v1")]
                await until(lambda: len(one.hub.last_frames()) == len(sockets))
            for socket in sockets:
                last = await socket.receive()
                assert (last.type, last.data) == (WSMsgType.CLOSE, 1001)

    asyncio.run(scenario())


def test_a_server_stops_though_a_client_does_not_answer() -> None:
    """Its closing handshake is not waited for forever, and nothing is left behind."""

    async def scenario() -> None:
        async with gateway() as one:
            writer = await open_raw(one, "/ws")
        writer.close()
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(scenario())


def test_a_connection_that_is_closing_listens_to_nothing_more() -> None:
    """A control message that was under way when the closing began changes nothing."""

    async def scenario() -> None:
        async with gateway() as one:
            await connect(one, f"/ws/{TRADES}")
            connection = one.hub._connections[1]
            one.hub.closed(connection)
            one.hub.refresh(connection)
            assert not one.hub.wanted(TRADES)

    asyncio.run(scenario())
