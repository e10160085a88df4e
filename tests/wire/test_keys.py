"""Keys over real sockets: permissions that come and go, and sessions that an Ed25519 key opens."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
import pytest
from aiohttp import ClientSession, ClientWebSocketResponse
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sadari.errors import ConfigError
from sadari.model.units import DAY_NS
from sadari.run.local.exchange import LocalExchange
from sadari.run.local.listings import LocalSettings, read_permissions
from tests.local_exchange import BTC, MARKET, local
from tests.wire.wire_client import WireClient, connected

RESTRICTIONS = "GET /sapi/v1/account/apiRestrictions"
ORDER = {"symbol": BTC, "side": "BUY", "type": "MARKET", "quantity": "0.01"}
PEM = serialization.Encoding.PEM


def private_key(exchange: LocalExchange) -> Ed25519PrivateKey:
    """The key of the pair that an exchange has made."""
    text = exchange.further.ed25519_private_key
    assert text is not None
    key = serialization.load_pem_private_key(text.encode(), None)
    assert isinstance(key, Ed25519PrivateKey)
    return key


def signed(exchange: LocalExchange, private: Ed25519PrivateKey, **values: Any) -> dict[str, Any]:
    """Parameters of a call with key, time and signature: sorted, joined, signed, in base64."""
    now = exchange.market.now_ns // 1_000_000
    params = values | {"apiKey": exchange.further.ed25519_key, "timestamp": now}
    text = "&".join(f"{name}={params[name]}" for name in sorted(params))
    return params | {"signature": base64.b64encode(private.sign(text.encode())).decode()}


async def called(socket: ClientWebSocketResponse, method: str, **params: Any) -> tuple[int, Any]:
    """Status and result, or code, of one call."""
    await socket.send_json({"id": 1, "method": method, "params": params})
    reply = await socket.receive_json()
    return reply["status"], reply["result"] if reply["status"] == 200 else reply["error"]["code"]


def test_a_key_says_what_it_may_do_and_loses_it_while_the_client_runs() -> None:
    """Withdrawals are shown, futures are refused, a revoked key is unknown; the owner gives all of it back."""

    async def scenario() -> None:
        exchange = local()
        async with connected(exchange) as client:
            healthy = await client.ask(RESTRICTIONS)
            wanted = ("ipRestrict", "enableReading", "enableFutures", "enableWithdrawals")
            assert [healthy[name] for name in wanted] == [True, True, True, False]
            await client.control("POST /control/key", enableWithdrawals="true", ipRestrict="false")
            risky = await client.ask(RESTRICTIONS)
            assert [risky[name] for name in wanted] == [False, True, True, True]
            await client.control("POST /control/key", enableFutures="false")
            assert (await client.ask("POST /fapi/v1/order", **ORDER))["code"] == -2015
            assert "assets" in await client.ask("GET /fapi/v3/account")
            await client.control("POST /control/key", revoked="true")
            assert (await client.ask("GET /fapi/v3/account"))["code"] == -2015
            assert client.replies[-1][0] == 401
            # The owner's own way to the account needs no key.
            assert "orderId" in await client.control("POST /control/human/fapi/v1/order", **ORDER)
            await client.control("POST /control/key", revoked="false", enableFutures="true")
            assert "orderId" in await client.ask("POST /fapi/v1/order", **ORDER)
            assert (await client.control("POST /control/key", key="nobody"))["code"] == -1130

    asyncio.run(scenario())


def test_the_second_key_may_read_and_not_trade() -> None:
    """It belongs to the same account and says so."""

    async def scenario() -> None:
        exchange = local()
        own = exchange.credentials
        exchange.credentials = own._replace(key=exchange.further.reader_key, secret=exchange.further.reader_secret)
        async with connected(exchange) as client:
            assert (await client.ask(RESTRICTIONS))["enableFutures"] is False
            assert (await client.ask("POST /fapi/v1/order", **ORDER))["code"] == -2015
            assert (await client.ask("GET /fapi/v3/balance"))[0]["balance"] == "10000"

    asyncio.run(scenario())


async def _over_http(client: WireClient, exchange: LocalExchange, private: Ed25519PrivateKey, spoilt: str) -> Any:
    query = urlencode(ORDER | {"timestamp": exchange.market.now_ns // 1_000_000})
    signature = base64.b64encode(private.sign((query + spoilt).encode())).decode()
    target = f"/fapi/v1/order?{query}&signature={quote(signature, safe='')}"
    _, body = await client.raw("POST", target, headers={"X-MBX-APIKEY": exchange.further.ed25519_key})
    return msgspec.json.decode(body)


def test_an_ed25519_key_signs_requests_over_http() -> None:
    """Base64, percent-encoded; a signature over other bytes is refused."""

    async def scenario() -> None:
        exchange = local()
        private = private_key(exchange)
        async with connected(exchange) as client:
            assert "orderId" in await _over_http(client, exchange, private, "")
            assert (await _over_http(client, exchange, private, "&x=1"))["code"] == -1022

    asyncio.run(scenario())


def test_a_session_is_logged_on_once_and_its_calls_need_no_signature() -> None:
    """Status says who; logged out it is nobody; another connection never was; a revoked key ends it."""

    async def scenario() -> None:
        exchange = local()
        private = private_key(exchange)
        async with connected(exchange) as client, ClientSession() as http:
            address = client.address
            async with http.ws_connect(f"{address.ws}/ws-fapi/v1") as socket:
                now = {"timestamp": exchange.market.now_ns // 1_000_000}
                assert await called(socket, "order.place", **ORDER, **now) == (401, -2014)
                status, logged_on = await called(socket, "session.logon", **signed(exchange, private))
                assert (status, logged_on["apiKey"]) == (200, exchange.further.ed25519_key)
                assert logged_on["authorizedSince"] == logged_on["serverTime"] == now["timestamp"]
                assert (await called(socket, "order.place", **ORDER, **now))[0] == 200
                assert await called(socket, "order.place", **ORDER) == (400, -1102)
                assert (await called(socket, "session.status"))[1]["apiKey"] == exchange.further.ed25519_key
                async with http.ws_connect(f"{address.ws}/ws-fapi/v1") as other:
                    assert (await called(other, "session.status"))[1]["apiKey"] is None
                    assert await called(other, "account.status", **now) == (401, -2014)
                await client.control("POST /control/key", key=exchange.further.ed25519_key, revoked="true")
                assert await called(socket, "account.status", **now) == (401, -2015)
                await client.control("POST /control/key", key=exchange.further.ed25519_key, revoked="false")
                assert (await called(socket, "session.logout"))[1]["apiKey"] is None
                assert await called(socket, "account.status", **now) == (401, -2014)

    asyncio.run(scenario())


def test_a_log_on_with_a_shared_secret_or_a_wrong_signature_is_refused() -> None:
    """-4056 for the kind of key, -1022 for the signature; the session stays nobody's."""

    async def scenario() -> None:
        exchange = local()
        private = private_key(exchange)
        async with (
            connected(exchange) as client,
            ClientSession() as http,
            http.ws_connect(f"{client.address.ws}/ws-fapi/v1") as socket,
        ):
            params = signed(exchange, private)
            wrong = params | {"signature": params["signature"][::-1]}
            assert await called(socket, "session.logon", **wrong) == (400, -1022)
            own = params | {"apiKey": exchange.credentials.key}
            assert await called(socket, "session.logon", **own) == (400, -4056)
            assert (await called(socket, "session.status"))[1]["apiKey"] is None

    asyncio.run(scenario())


def test_a_registered_public_key_takes_the_place_of_the_made_pair(tmp_path: Path) -> None:
    """The client keeps its private key to itself; a file that is none is refused before anything is served."""

    async def scenario() -> None:
        private = Ed25519PrivateKey.generate()
        file = tmp_path / "public.pem"
        public = private.public_key().public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        file.write_bytes(public)
        settings = LocalSettings(lockstep=True, rebase=False, history_ns=DAY_NS, ed25519=file)
        exchange = LocalExchange(MARKET, settings, lambda: 0)
        assert exchange.further.ed25519_private_key is None
        async with connected(exchange) as client:
            assert "orderId" in await _over_http(client, exchange, private, "")

    asyncio.run(scenario())
    missing = LocalSettings(lockstep=True, rebase=False, history_ns=DAY_NS, ed25519=tmp_path / "none.pem")
    with pytest.raises(ConfigError, match=r"none\.pem cannot be read"):
        LocalExchange(MARKET, missing, lambda: 0)


def test_permissions_are_named_in_words() -> None:
    """What is not named is not allowed; an unknown word is refused with the known ones."""
    assert read_permissions(["reading", "withdrawals"]) == read_permissions(["withdrawals", "reading"])
    assert read_permissions(["reading"]).futures is False
    with pytest.raises(ConfigError, match="names 'trade'; allowed: reading, futures, withdrawals, ip-list"):
        read_permissions(["trade"])
