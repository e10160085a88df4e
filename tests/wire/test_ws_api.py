"""The client of the WebSocket API: written at once, matched by id, and never silent about what it does not know."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest

from sadari.binance import answers, endpoints
from sadari.binance.budget import Budget, Limits
from sadari.binance.endpoint import Endpoint
from sadari.binance.orders import cancel, place, query
from sadari.binance.sign import HmacSigner
from sadari.errors import ConfigError, FatalError, RefusedError, RetryableError, UnknownOutcomeError
from sadari.model.command import CancelOrder, PlaceOrder, QueryOrder
from sadari.model.order import OrderType, Purpose, Side
from sadari.model.units import SECOND_NS
from sadari.venue.clock import wall_ns
from sadari.venue.live.wire.server_clock import ServerClock
from sadari.venue.live.wire.ws_api import WsApi, WsApiLimits
from tests.local_exchange import BTC
from tests.wire.gateway import until
from tests.wire.rest_bench import Bench, bench, entry
from tests.wire.ws_peer import PATH, QUICK, Peer, facing

D = Decimal
IMPATIENT = QUICK._replace(answer_s=0.1)
ORDER = endpoints.PLACE_ORDER
STATUS = Endpoint("GET", "/fapi/v1/order", ORDER.security, ws_method="order.status")


def over(script: Callable[[Bench, WsApi], Awaitable[None]], *, limits: WsApiLimits = QUICK, **more: Any) -> None:
    """Run a script against the local exchange, connected."""

    async def inside() -> None:
        async with bench(**more) as one:
            api = WsApi(
                one.address.ws + PATH, one.signer, one.clock, one.rest.budget, jitter=lambda: 0.5, limits=limits
            )
            await api.start()
            try:
                await script(one, api)
            finally:
                await api.close()

    asyncio.run(inside())


def silent(_: Peer, __: Any) -> list[str]:
    """Nothing is answered."""
    return []


def test_orders_of_both_families_are_placed_looked_up_and_canceled() -> None:
    """With the answers of the way over HTTP."""
    stop = PlaceOrder(
        symbol=BTC,
        client_order_id="r-2-S",
        purpose=Purpose.STOP,
        side=Side.SELL,
        order_type=OrderType.STOP_MARKET,
        qty=D("0.01"),
        trigger_price=D(1000),
    )

    async def script(one: Bench, api: WsApi) -> None:
        assert answers.order(await api.request(*entry())).filled_qty == D("0.01")
        assert answers.algo_order(await api.request(*place(stop, hedge=False))).waiting
        asked = query(QueryOrder(symbol=BTC, client_order_id="r-1-E"), conditional=False)
        assert answers.order(await api.request(*asked)).status == "FILLED"
        await api.request(*cancel(CancelOrder(symbol=BTC, client_order_id="r-2-S"), conditional=True))
        assert answers.algo_orders(await one.rest.call(endpoints.OPEN_ALGO)) == []
        assert api.calls == {"order.place": 1, "algoOrder.place": 1, "order.status": 1, "algoOrder.cancel": 1}

    over(script)


def test_a_request_is_on_its_way_before_anything_else_runs() -> None:
    """When the call returns no byte of it waits in this process."""

    async def inside() -> None:
        peer = Peer(silent)
        async with facing(peer) as api:
            answer = api.request(*entry())
            link = api._link
            assert link is not None
            assert link.socket is not None
            assert link.socket.unsent_bytes == 0
            assert not answer.done()
            await until(lambda: bool(peer.got))
            answer.cancel()

    asyncio.run(inside())


def test_a_refusal_has_the_venues_code_and_text() -> None:
    """As over HTTP."""

    async def script(_: Bench, api: WsApi) -> None:
        with pytest.raises(RefusedError) as refused:
            await api.request(*cancel(CancelOrder(symbol=BTC, client_order_id="nobody"), conditional=False))
        assert (refused.value.code, refused.value.message) == (-2011, "Unknown order sent.")

    over(script)


def test_a_clock_that_is_off_is_retryable_and_a_wrong_secret_fatal() -> None:
    """Neither order was done; the way over HTTP measures the clock."""

    async def script(one: Bench, api: WsApi) -> None:
        one.clock.offset_ns = -30 * SECOND_NS
        with pytest.raises(RetryableError, match="-1021"):
            await api.request(*entry())
        one.clock.offset_ns = 0
        api._signer = HmacSigner(one.signer.key, "canary")
        with pytest.raises(FatalError, match="-1022") as fatal:
            await api.request(*entry())
        assert "canary" not in repr(fatal.value)
        assert one.placed == 0

    over(script)


def test_the_limits_of_an_answer_feed_the_budget() -> None:
    """What the exchange counts on this address counts here."""

    def counting(_: Peer, request: Any) -> list[str]:
        rows = [("REQUEST_WEIGHT", "MINUTE", 1, 90), ("ORDERS", "SECOND", 10, 7), ("ORDERS", "DAY", 1, 500)]
        names = ("rateLimitType", "interval", "intervalNum", "count")
        limits = [dict(zip(names, row, strict=True)) | {"limit": 2400} for row in rows]
        return [json.dumps({"id": request["id"], "status": 200, "result": {}, "rateLimits": limits})]

    async def inside() -> None:
        budget, clock = Budget(Limits(100, 100, 10)), ServerClock(lambda: SECOND_NS)
        async with facing(Peer(counting), budget=budget, clock=clock) as api:
            await api.request(*entry())
            assert budget.used_weight(SECOND_NS) == 90
            assert budget.spend(0, 2, SECOND_NS, urgent=False) > 0

    asyncio.run(inside())


def test_answers_are_matched_by_their_ids_in_whatever_order_they_come() -> None:
    """The last request is answered first."""
    held: list[Any] = []

    def reversed_pairs(_: Peer, request: Any) -> list[str]:
        held.append(request)
        if len(held) < 3:
            return []
        return [
            json.dumps({"id": one["id"], "status": 200, "result": {"echo": one["params"]["newClientOrderId"]}})
            for one in reversed(held)
        ]

    async def inside() -> None:
        async with facing(Peer(reversed_pairs)) as api:
            asked = [api.request(*entry(f"r-{number}-E")) for number in range(3)]
            got = [json.loads(await one)["echo"] for one in asked]
            assert got == ["r-0-E", "r-1-E", "r-2-E"]

    asyncio.run(inside())


def test_a_lost_connection_makes_every_order_that_waits_unknown_and_every_read_retryable() -> None:
    """And the next request fails at once with nothing done, until there is a connection again (faults F06)."""

    async def inside() -> None:
        peer = Peer(silent)
        async with facing(peer) as api:
            orders = [api.request(*entry(f"r-{number}-E")) for number in range(3)]
            read = api.request(STATUS, {"symbol": BTC})
            await until(lambda: len(peer.got) == 4)
            await peer.sockets[0].close()
            for order in orders:
                with pytest.raises(UnknownOutcomeError, match="connection ended"):
                    await order
            with pytest.raises(RetryableError):
                await read
            with pytest.raises(RetryableError, match="no connection"):
                api.request(*entry())
            await until(lambda: api.is_connected)
            assert api.connections == 2
            assert len(peer.got) == 4

    asyncio.run(inside())


def test_an_order_without_an_answer_is_unknown_after_its_time_and_a_late_answer_is_counted() -> None:
    """The connection stays, and nothing is sent again."""

    async def inside() -> None:
        peer = Peer(silent)
        async with facing(peer, IMPATIENT) as api:
            with pytest.raises(UnknownOutcomeError, match=r"no answer in 0\.1 s"):
                await api.request(*entry())
            await peer.sockets[0].send_str(json.dumps({"id": peer.got[0]["id"], "status": 200, "result": {}}))
            await until(lambda: api.strays == 1)
            assert api.is_connected
            assert len(peer.got) == 1

    asyncio.run(inside())


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"id":"1","status":200,"result":{}}', '{"id":null,"status":401,"error":{"code":-2015}}'],
)
def test_what_answers_nothing_is_kept_and_hurts_nobody(text: str) -> None:
    """Broken text, a foreign id, a failure without one: the request behind it is answered all the same (faults F56)."""

    def stray_first(_: Peer, request: Any) -> list[str]:
        return [text, json.dumps({"id": request["id"], "status": 200, "result": {}})]

    async def inside() -> None:
        async with facing(Peer(stray_first)) as api:
            assert await api.request(*entry()) == b"{}"
            assert api.strays == 1

    asyncio.run(inside())


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (503, {"code": -1000, "msg": "Unknown error, please check your request or try again later."}, "unknown"),
        (503, {"code": -1000, "msg": "Service Unavailable."}, "retry"),
        (408, {"code": -1007, "msg": "Timeout waiting for response from backend server."}, "unknown"),
        (400, {"code": -2019, "msg": "Margin is insufficient."}, "refused"),
        (500, None, "unknown"),
        (400, "text", "unknown"),
    ],
)
def test_a_failure_is_judged_as_over_http(status: int, error: object, kind: str) -> None:
    """By code and text."""

    def failing(_: Peer, request: Any) -> list[str]:
        return [json.dumps({"id": request["id"], "status": status, "error": error})]

    kinds = {"unknown": UnknownOutcomeError, "retry": RetryableError, "refused": RefusedError}

    async def inside() -> None:
        async with facing(Peer(failing)) as api:
            with pytest.raises(kinds[kind]):
                await api.request(*entry())

    asyncio.run(inside())


def test_under_a_ban_nothing_more_is_written_on_either_way() -> None:
    """The budget is shut until the time that the exchange names (faults F17)."""
    until_ms = wall_ns() // 1_000_000 + 300_000

    def banned(_: Peer, request: Any) -> list[str]:
        error = {"code": -1003, "msg": f"Way too many requests; IP(1.2.3.4) banned until {until_ms}."}
        return [json.dumps({"id": request["id"], "status": 418, "error": error})]

    async def inside() -> None:
        peer, budget = Peer(banned), Budget()
        async with facing(peer, budget=budget) as api:
            with pytest.raises(RetryableError) as refused:
                await api.request(*entry())
            assert 300 <= refused.value.after_s < 302, "a second more, for a clock that is ahead"
            with pytest.raises(RetryableError, match="budget"):
                api.request(*entry(), urgent=True)
            assert len(peer.got) == 1
            assert budget.shut_until_ns > 0

    asyncio.run(inside())


def test_the_reserve_is_for_what_is_urgent() -> None:
    """An opening is held back where an exit still passes (faults R8)."""

    def fine(_: Peer, request: Any) -> list[str]:
        return [json.dumps({"id": request["id"], "status": 200, "result": {}})]

    async def inside() -> None:
        async with facing(Peer(fine), budget=Budget(Limits(100, 5, 5))) as api:
            for _ in range(4):
                await api.request(*entry())
            with pytest.raises(RetryableError, match="budget"):
                api.request(*entry())
            assert await api.request(*entry(), urgent=True) == b"{}"

    asyncio.run(inside())


def test_a_connection_is_replaced_in_time_and_the_old_one_stays_for_its_answers() -> None:
    """The planned change loses nothing: what waits on the old connection is answered there (faults F52)."""

    async def inside() -> None:
        peer = Peer(silent)
        async with facing(peer, QUICK._replace(planned_s=0.05, answer_s=2.0)) as api:
            waiting = api.request(*entry())
            await until(lambda: api.connections >= 2)
            assert api.is_connected
            await peer.sockets[0].send_str(json.dumps({"id": peer.got[0]["id"], "status": 200, "result": {"ok": 1}}))
            assert await waiting == b'{"ok": 1}'
            after = api.request(*entry("r-2-E"))
            await until(lambda: len(peer.got) == 2)
            after.cancel()

    asyncio.run(inside())


def test_a_peer_that_refuses_is_tried_again_and_every_request_meanwhile_fails_at_once() -> None:
    """The start returns without a connection; it comes when the peer lets it."""

    async def inside() -> None:
        peer = Peer(silent)
        peer.refusing = True
        async with facing(peer) as api:
            assert not api.is_connected
            assert "503" in api.last_failure
            with pytest.raises(RetryableError):
                api.request(*entry())
            peer.refusing = False
            await until(lambda: api.is_connected)

    asyncio.run(inside())


def test_closing_leaves_nothing_in_the_air() -> None:
    """Who waits learns that the outcome is unknown, and no task stays behind."""

    async def inside() -> None:
        peer = Peer(silent)
        async with facing(peer) as api:
            waiting = api.request(*entry())
            await until(lambda: bool(peer.got))
            await api.close()
            with pytest.raises(UnknownOutcomeError, match="closed here"):
                await waiting
            with pytest.raises(RetryableError):
                api.request(*entry())

    asyncio.run(inside())


def test_an_address_that_is_none_is_refused() -> None:
    """One sentence says what is allowed."""
    with pytest.raises(ConfigError, match="wss://HOST/PATH"):
        WsApi("https://host", HmacSigner("k", "s"), ServerClock(wall_ns), Budget(), jitter=lambda: 0.0)
