"""The client over HTTP against the local exchange and its faults: what comes of an order, and how often it was sent."""

from __future__ import annotations

import asyncio
import socket
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web

from sadari.binance import account_answers, answers, decode, endpoints
from sadari.binance.budget import Budget
from sadari.binance.endpoint import Endpoint
from sadari.binance.orders import cancel, place, query
from sadari.binance.sign import HmacSigner
from sadari.errors import ConfigError, FatalError, RefusedError, RetryableError, SadariError, UnknownOutcomeError
from sadari.localexchange.serving.known import ENDPOINTS, METHODS
from sadari.model.command import CancelOrder, PlaceOrder, QueryOrder
from sadari.model.order import OrderType, Purpose, Side
from sadari.model.units import SECOND_NS
from sadari.venue.clock import wall_ns
from sadari.venue.live.wire.rest import Rest
from sadari.venue.live.wire.server_clock import ServerClock
from tests.local_exchange import BTC, ETH
from tests.wire.preparing import hold
from tests.wire.rest_bench import IMPATIENT, QUICK, Bench, entry, run

D = Decimal
SENT = "POST /fapi/v1/order"
ORDER = 'method = "POST", path = "/fapi/*/order"'
READ = 'method = "GET", path = "/fapi/v3/account"'
PARAMETERS: dict[str, dict[str, str]] = {
    "/fapi/v1/klines": {"symbol": BTC, "interval": "1m", "limit": "5"},
    "/fapi/v1/order": {"symbol": BTC, "origClientOrderId": "r-1-E"},
    "/fapi/v1/algoOrder": {"clientAlgoId": "r-2-W"},
}
READERS: dict[Endpoint, Any] = {
    endpoints.TIME: answers.server_time_ns,
    endpoints.EXCHANGE_INFO: decode.contracts,
    endpoints.KLINES: lambda body: answers.klines(body, BTC),
    endpoints.TICKER_PRICE: answers.prices,
    endpoints.PREMIUM_INDEX: answers.marks,
    endpoints.FUNDING_RATE: answers.funding_rates,
    endpoints.QUERY_ORDER: answers.order,
    endpoints.OPEN_ORDERS: answers.orders,
    endpoints.ALL_ORDERS: answers.orders,
    endpoints.QUERY_ALGO: answers.algo_order,
    endpoints.OPEN_ALGO: answers.algo_orders,
    endpoints.ALL_ALGO: answers.algo_orders,
    endpoints.ACCOUNT: account_answers.account,
    endpoints.ACCOUNT_CONFIG: account_answers.account_flags,
    endpoints.SYMBOL_CONFIG: account_answers.symbol_settings,
    endpoints.POSITION_RISK: account_answers.positions,
    endpoints.POSITION_MODE: account_answers.hedge_mode,
    endpoints.MULTI_ASSETS: account_answers.multi_assets_mode,
    endpoints.LEVERAGE_BRACKET: decode.leverage_brackets,
    endpoints.COMMISSION_RATE: account_answers.fee_rates,
    endpoints.USER_TRADES: answers.trades,
    endpoints.INCOME: answers.income,
}
WALL = PlaceOrder(
    symbol=BTC,
    client_order_id="r-2-W",
    purpose=Purpose.WALL,
    side=Side.SELL,
    order_type=OrderType.STOP_MARKET,
    close_position=True,
    trigger_price=D(1000),
)


async def outcome(one: Bench, endpoint: Endpoint, parameters: dict[str, str]) -> bytes | SadariError:
    """The answer or the failure."""
    try:
        return await one.rest.call(endpoint, parameters)
    except SadariError as error:
        return error


def test_every_read_of_the_engine_is_answered_and_understood() -> None:
    """By the served exchange with a position, a protective stop and a booked trade."""

    async def script(one: Bench) -> None:
        assert answers.order(await one.rest.call(*entry())).filled_qty == D("0.01")
        assert answers.algo_order(await one.rest.call(*place(WALL, hedge=False))).close_position
        for endpoint, reader in READERS.items():
            body = await one.rest.call(endpoint, PARAMETERS.get(endpoint.path, {"symbol": BTC}))
            assert reader(body) is not None, endpoint
        (position,) = account_answers.positions(await one.rest.call(endpoints.POSITION_RISK))
        assert position.qty == D("0.01")
        await one.rest.call(*cancel(CancelOrder(symbol=BTC, client_order_id="r-2-W"), conditional=True))
        asked = query(QueryOrder(symbol=BTC, client_order_id="r-2-W"), conditional=True)
        assert answers.algo_order(await one.rest.call(*asked)).status == "CANCELED"

    run(script)


@pytest.mark.requirement("R000-8")
def test_positions_are_read_with_a_symbol_and_without() -> None:
    """One symbol's, every symbol's, none where nothing is held."""

    async def held(one: Bench, **asked: str) -> list[str]:
        listed = account_answers.positions(await one.rest.call(endpoints.POSITION_RISK, asked))
        return sorted(position.symbol for position in listed)

    async def script(one: Bench) -> None:
        hold(one, ETH)
        assert (await held(one), await held(one, symbol=BTC)) == ([ETH], [])
        hold(one, BTC)
        assert (await held(one), await held(one, symbol=BTC)) == (sorted([BTC, ETH]), [BTC])

    run(script)


def test_every_endpoint_of_the_table_is_in_the_protocol() -> None:
    """Path and method are those that the reference lists."""
    for one in endpoints.ALL:
        if one is not endpoints.KEY_RESTRICTIONS:
            assert one.method in ENDPOINTS[one.path].split(), one
        assert one.ws_method in {"", *METHODS}, one


UNKNOWN = [
    f"code = -1007, status = 408, {ORDER}, verb = 'code', applied = true",
    f"code = -1007, status = 408, {ORDER}, verb = 'code'",
    f"code = -1006, status = 500, {ORDER}, verb = 'code', applied = true",
    f"variant = 'A', {ORDER}, verb = 'status_503', applied = true",
    f"variant = 'A', {ORDER}, verb = 'status_503'",
    f"variant = 'B', message = 'Service Unavailable!', {ORDER}, verb = 'status_503'",
    f"{ORDER}, verb = 'lost_reply'",
    f"{ORDER}, verb = 'lost_request'",
    f"{ORDER}, verb = 'lost_reply', hold_s = 60",
    f"{ORDER}, verb = 'late_request', seconds = 0.01",
    f"{ORDER}, verb = 'reset', point = 'before'",
    f"{ORDER}, verb = 'reset', point = 'within'",
    f"{ORDER}, verb = 'reset', point = 'after'",
    f"{ORDER}, verb = 'cut_body', sent = 17",
    f"{ORDER}, verb = 'cut_body', sent = 0",
    f"{ORDER}, verb = 'cut_body', chunked = true",
    f"{ORDER}, verb = 'html', status = 502, applied = true",
    f"{ORDER}, verb = 'html', status = 403",
]


@pytest.mark.parametrize("rule", UNKNOWN)
def test_an_order_without_a_definite_answer_is_of_unknown_outcome_and_sent_once(rule: str) -> None:
    """Whether it was applied or not, which the client cannot know (faults F01 to F09, F14)."""

    async def script(one: Bench) -> None:
        assert isinstance(await outcome(one, *entry()), UnknownOutcomeError)
        assert one.rest.calls[SENT] == 1
        await asyncio.sleep(0.05)
        assert one.placed <= 1

    run(script, f"fault = [{{ {rule} }}]", limits=IMPATIENT)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_kept_connection_that_breaks_sends_nothing_twice(method: str) -> None:
    """The HTTP library would repeat PUT and DELETE by itself (faults F07): the peer counts what it gets."""
    seen: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(request.method)
        if len(seen) > 1 and request.transport is not None:
            request.transport.close()
        return web.Response(body=b"{}")

    async def inside() -> None:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", answer)
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            async with Rest(url, HmacSigner("k", "s"), ServerClock(wall_ns), Budget(), limits=QUICK) as rest:
                await rest.call(endpoints.PING)
                with pytest.raises(UnknownOutcomeError):
                    await rest.call(Endpoint(method, "/fapi/v1/order"))
        finally:
            await runner.cleanup()
        assert seen == ["GET", method]

    asyncio.run(inside())


@pytest.mark.parametrize(
    "rule",
    [
        f"variant = 'B', {ORDER}, verb = 'status_503'",
        f"variant = 'C', {ORDER}, verb = 'status_503'",
        f"variant = 'D', {ORDER}, verb = 'status_503'",
        f"seconds = 30, {ORDER}, verb = 'retry_after'",
        f"code = -1015, status = 429, {ORDER}, verb = 'code'",
    ],
)
def test_an_order_that_was_certainly_not_done_is_the_callers_to_send_again(rule: str) -> None:
    """It is sent once here; the exchange has not had it (faults F04, F05, F16, F18)."""

    async def script(one: Bench) -> None:
        error = await outcome(one, *entry())
        assert isinstance(error, RetryableError)
        assert error.after_s > 0
        assert (one.rest.calls[SENT], one.placed) == (1, 0)

    run(script, f"fault = [{{ {rule} }}]")


def test_a_refusal_has_the_venues_code_and_text() -> None:
    """Nothing of it is in other words."""

    async def script(one: Bench) -> None:
        endpoint, asked = entry()
        error = await outcome(one, endpoint, asked | {"quantity": "4"})
        assert isinstance(error, RefusedError)
        assert (error.code, error.message) == (-2019, "Margin is insufficient.")

    run(script)


@pytest.mark.requirement("R001-3", "R001-9")
def test_a_refusal_that_comes_as_a_text_within_another_is_the_same() -> None:
    """The code is found, and the whole answer is in the message."""

    async def script(one: Bench) -> None:
        await one.rest.call(endpoints.SET_MULTI_ASSETS, {"multiAssetsMargin": "true"})
        error = await outcome(one, endpoints.MARGIN_TYPE, {"symbol": BTC, "marginType": "ISOLATED"})
        assert isinstance(error, RefusedError)
        assert error.code == -4168
        assert '{"error":"{' in error.message

    run(script, nested_errors=True)


@pytest.mark.requirement("R004-4")
@pytest.mark.parametrize(
    "rule",
    [
        f"{READ}, times = 2, verb = 'html'",
        f"{READ}, times = 2, verb = 'lost_request'",
        f"{READ}, times = 2, verb = 'reset', point = 'within'",
        f"{READ}, times = 2, verb = 'cut_body'",
        f"{READ}, times = 2, verb = 'code', code = -1000, status = 500",
        f"{READ}, times = 2, verb = 'code', code = -1007, status = 408",
        f"{READ}, times = 2, verb = 'status_503', variant = 'A'",
    ],
)
def test_a_read_is_asked_three_times(rule: str) -> None:
    """Two failures are mended; a third would have been told."""

    async def script(one: Bench) -> None:
        assert account_answers.account(await one.rest.call(endpoints.ACCOUNT)).wallet_balance == D(10_000)
        assert one.rest.calls["GET /fapi/v3/account"] >= 3

    run(script, f"fault = [{{ {rule} }}]")


@pytest.mark.requirement("R004-4")
def test_a_read_that_fails_three_times_is_told_and_never_unknown() -> None:
    """It changes nothing: whoever asked may ask again."""

    async def script(one: Bench) -> None:
        assert isinstance(await outcome(one, endpoints.ACCOUNT, {}), RetryableError)
        assert one.rest.calls["GET /fapi/v3/account"] == 3

    run(script, f"fault = [{{ {READ}, verb = 'html' }}]")


def test_a_clock_that_is_off_is_measured_and_the_request_sent_again_with_the_right_time() -> None:
    """A refusal for the time is definite, so that even an order may go out a second time (faults F19)."""

    async def script(one: Bench) -> None:
        one.clock.offset_ns = -30 * SECOND_NS
        assert answers.order(await one.rest.call(*entry())).filled_qty == D("0.01")
        assert (one.rest.calls[SENT], one.placed) == (2, 1)
        assert abs(one.clock.offset_ns) <= SECOND_NS
        one.clock.offset_ns = 30 * SECOND_NS
        assert answers.order(await one.rest.call(*entry("r-2-E"))).filled_qty == D("0.01")

    run(script)


def test_a_clock_that_stays_off_is_told_after_one_measurement() -> None:
    """It goes on to be the caller's matter: nothing was done."""

    async def script(one: Bench) -> None:
        assert isinstance(await outcome(one, *entry()), RetryableError)
        assert (one.rest.calls[SENT], one.rest.calls["GET /fapi/v1/time"]) == (2, 3)

    run(script, f"fault = [{{ {ORDER}, verb = 'code', code = -1021 }}]")


def test_the_clock_is_measured_within_its_own_bound() -> None:
    """Against a server on this machine the offset is what it may be wrong by, at most."""

    async def script(one: Bench) -> None:
        await one.rest.measure_clock()
        assert one.clock.bound_ns is not None
        assert abs(one.clock.offset_ns) <= one.clock.bound_ns

    run(script, lockstep=False)


@pytest.mark.parametrize(("status", "rest_of_it"), [(429, "a limit"), (418, "a ban")])
def test_after_a_limit_or_a_ban_nothing_is_asked_until_its_time(status: int, rest_of_it: str) -> None:
    """Not by any endpoint, and not for what is urgent (faults F16, F17)."""

    async def script(one: Bench) -> None:
        first = await outcome(one, *entry())
        assert isinstance(first, RetryableError), rest_of_it
        asked = dict(one.rest.calls)
        with pytest.raises(RetryableError, match="budget") as refused:
            await one.rest.call(endpoints.ACCOUNT, urgent=True)
        assert refused.value.after_s > 100
        assert one.rest.calls == asked

    run(script, f"fault = [{{ {ORDER}, verb = 'retry_after', status = {status}, seconds = 130 }}]")


def test_a_read_waits_for_a_limit_that_ends_soon() -> None:
    """As long as the exchange asks; then it is answered."""

    async def script(one: Bench) -> None:
        assert await one.rest.call(endpoints.ACCOUNT)
        assert one.rest.calls["GET /fapi/v3/account"] == 2

    run(script, f"fault = [{{ {READ}, times = 1, verb = 'retry_after', seconds = 1 }}]", lockstep=False)


def test_the_used_weight_of_the_headers_feeds_the_budget() -> None:
    """What another program on this address spends counts here."""

    async def script(one: Bench) -> None:
        # What is counted in the first second of a minute may be the last one's.
        one.exchange.play.advance(one.exchange.market.now_ns + 2 * SECOND_NS)
        for _ in range(3):
            await one.plain.ask("GET /fapi/v1/income")
        await one.rest.call(endpoints.PING)
        assert one.rest.budget.used_weight(one.clock.ns()) == 91

    run(script)


@pytest.mark.parametrize("wrong", ["key", "secret"])
def test_a_wrong_key_is_fatal_and_shown_nowhere(wrong: str) -> None:
    """Neither key nor secret nor signature is in the message or in what caused it (faults F134)."""

    async def script(one: Bench) -> None:
        key, secret, _ = one.exchange.credentials
        bad = HmacSigner("canary" if wrong == "key" else key, "canary" if wrong == "secret" else secret)
        async with Rest(one.address.http, bad, one.clock, Budget()) as rest:
            with pytest.raises(FatalError, match="-2015" if wrong == "key" else "-1022") as refused:
                await rest.call(*entry())
        shown = f"{refused.value!r}{refused.value.__cause__!r}{refused.value.__context__!r}"
        assert not [secret for secret in (key, secret, "canary", "signature=") if secret in shown]

    run(script)


def test_without_a_key_only_public_things_are_asked() -> None:
    """The others fail before anything is sent."""

    async def script(one: Bench) -> None:
        async with Rest(one.address.http, None, one.clock, Budget()) as rest:
            assert answers.prices(await rest.call(endpoints.TICKER_PRICE))
            with pytest.raises(FatalError, match="needs an API key"):
                await rest.call(*entry())
            assert list(rest.calls) == ["GET /fapi/v2/ticker/price"]

    run(script)


def test_where_nobody_listens_nothing_was_done() -> None:
    """No connection, no order: it is retryable (faults F15)."""

    async def inside() -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{free.getsockname()[1]}"
            async with Rest(url, HmacSigner("k", "s"), ServerClock(wall_ns), Budget(), limits=QUICK) as rest:
                with pytest.raises(RetryableError, match="no connection") as refused:
                    await rest.call(*entry())
        assert "signature" not in f"{refused.value!r}{refused.value.__cause__!r}{refused.value.__context__!r}"

    asyncio.run(inside())


@pytest.mark.parametrize("url", ["", "fapi.binance.com", "ftp://host", "https://me@host", "https://host?x=1"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    """One sentence says what is allowed."""
    with pytest.raises(ConfigError, match="https://HOST"):
        Rest(url, None, ServerClock(wall_ns), Budget())
