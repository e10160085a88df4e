"""The gateway over HTTP: what passes, and how everything else is answered."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler

from sadari.localexchange.asking.limits import Limits
from tests.wire.gateway import KEY, START_NS, Gateway, call, gateway, sign

ORDER = f"symbol=BTCUSDT&timestamp={START_NS // 1_000_000}"
FORM = {**KEY, "Content-Type": "application/x-www-form-urlencoded"}


def ask(method: str, target: str, **more: Any) -> tuple[int, Any, dict[str, str]]:
    """The answer of a fresh gateway."""

    async def once() -> tuple[int, Any, dict[str, str]]:
        async with gateway() as one:
            return await call(one, method, target, **more)

    return asyncio.run(once())


def test_a_signed_order_passes_as_query_and_as_form_and_is_counted() -> None:
    """Both ways in which clients send it; the headers count weight and orders."""

    async def scenario() -> None:
        async with gateway() as one:
            signed = f"{ORDER}&signature={sign(ORDER)}"
            await call(one, "GET", "/fapi/v1/ping")
            first = await call(one, "POST", f"/fapi/v1/order?{signed}", headers=KEY)
            second = await call(one, "POST", "/fapi/v1/order", data=signed, headers=FORM)
            assert first[:2] == second[:2] == (200, {"symbol": "BTCUSDT"})
            names = ("X-MBX-USED-WEIGHT-1M", "X-MBX-ORDER-COUNT-10S", "X-MBX-ORDER-COUNT-1M")
            assert [second[2][name] for name in names] == ["1", "2", "2"]

    asyncio.run(scenario())


def test_a_body_is_taken_as_the_bytes_that_were_signed() -> None:
    """Whatever encoding its header claims, it is not unpacked."""
    signed = f"{ORDER}&signature={sign(ORDER)}".encode()
    headers = {**FORM, "Content-Encoding": "gzip"}
    assert ask("POST", "/fapi/v1/order", data=signed, headers=headers)[:2] == (200, {"symbol": "BTCUSDT"})


@pytest.mark.parametrize(
    ("method", "target", "more", "status", "code"),
    [
        ("GET", "/fapi/v1/nowhere", {}, 404, -5000),
        ("GET", "/", {}, 404, -5000),
        ("GET", "/%ff/%00", {}, 404, -5000),
        ("POST", "/fapi/v1/ping", {}, 405, -5000),
        ("PATCH", "/fapi/v1/order", {}, 405, -5000),
        ("GET", "/ws/btcusdt@aggTrade", {}, 400, -1000),
        ("POST", "/ws-fapi/v1", {}, 400, -1000),
        ("POST", "/fapi/v1/order", {"data": b"a" * 65_537, "headers": FORM}, 413, -1000),
        ("POST", "/fapi/v1/order", {"data": b"a=%ff", "headers": FORM}, 400, -1100),
        ("POST", "/fapi/v1/order", {"data": ORDER, "headers": FORM}, 400, -1102),
        ("POST", "/fapi/v1/order", {"data": f"{ORDER}&signature=00", "headers": FORM}, 400, -1022),
        ("POST", "/fapi/v1/order", {"data": f"{ORDER}&signature=é".encode(), "headers": FORM}, 400, -1022),
        ("POST", f"/fapi/v1/order?{ORDER}", {}, 401, -2014),
        ("POST", f"/fapi/v1/order?{ORDER}", {"headers": {"X-MBX-APIKEY": "no"}}, 401, -2015),
        ("PUT", "/fapi/v1/listenKey", {"headers": KEY}, 400, -1125),
        ("GET", "/fapi/v1/refuse", {}, 400, -1121),
        ("GET", "/fapi/v1/refuse?model=true", {}, 400, -2019),
        ("GET", "/fapi/v1/heavy?limit=x", {}, 400, -1130),
        ("GET", "/fapi/v1/break", {}, 500, -1000),
        ("GET", "/fapi/v1/unencodable", {}, 500, -1000),
    ],
)
def test_bad_input_is_answered_as_the_exchange_answers(
    method: str, target: str, more: dict[str, Any], status: int, code: int
) -> None:
    """Status, code and a sentence, as JSON, and never a traceback."""
    answer = ask(method, target, **more)
    assert (answer[0], answer[1]["code"], set(answer[1])) == (status, code, {"code", "msg"})
    assert "Traceback" not in answer[1]["msg"]
    assert answer[2]["Content-Type"].startswith("application/json")


def test_bytes_that_are_no_request_end_that_connection_alone() -> None:
    """Another client is answered before, meanwhile and after."""

    async def scenario() -> None:
        async with gateway() as one:
            for rubbish in (
                b"\x00\xff\r\n\r\n",
                b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\n\r\n",
                b"POST / HTTP/1.1\r\n",
            ):
                reader, writer = await asyncio.open_connection(one.address.host, one.address.port)
                writer.write(rubbish)
                writer.write_eof()
                answer = await reader.read()
                assert b"Traceback" not in answer
                assert not answer or answer.startswith(b"HTTP/1.")
                writer.close()
                assert (await call(one, "GET", "/fapi/v1/ping"))[0] == 200

    asyncio.run(scenario())


def test_an_unexpected_failure_is_reported_and_not_shown() -> None:
    """The report has the request and the exception; the client is told -1000."""

    async def scenario() -> None:
        async with gateway() as one:
            await call(one, "GET", "/fapi/v1/break")
            assert [(what, type(error)) for what, error in one.reported] == [("GET /fapi/v1/break", ZeroDivisionError)]

    asyncio.run(scenario())


def test_who_asks_too_much_waits_and_who_goes_on_is_banned() -> None:
    """429 with the seconds to the next minute, then 418 with those of the ban; after it, answers again."""

    async def scenario() -> None:
        async with gateway(Limits(weight=10, offences=1)) as one:
            await _weigh(one, 10, 200, None)
            await _weigh(one, 1, 429, "60")
            await _weigh(one, 1, 418, "120")
            one.clock.now_ns += 120 * 10**9
            await _weigh(one, 1, 200, None)

    asyncio.run(scenario())


async def _weigh(one: Gateway, weight: int, status: int, retry_after: str | None) -> None:
    answer = await call(one, "GET", f"/fapi/v1/heavy?symbol=A&limit={weight}")
    assert (answer[0], answer[2].get("Retry-After")) == (status, retry_after)


def test_middlewares_stand_around_every_request() -> None:
    """One that answers itself is what the client sees."""

    @web.middleware
    async def unavailable(request: web.Request, handler: Handler) -> web.StreamResponse:
        await handler(request)
        return web.json_response({"code": -1001, "msg": "lost"}, status=503)

    async def scenario() -> None:
        async with gateway(middlewares=[unavailable]) as one:
            assert (await call(one, "GET", "/fapi/v1/ping"))[:2] == (503, {"code": -1001, "msg": "lost"})

    asyncio.run(scenario())
