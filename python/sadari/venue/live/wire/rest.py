"""The venue over HTTP.

Nothing but a read is ever sent twice, neither here nor by the HTTP library below, but for a request that was refused
for its time: that one certainly was not executed. Messages and causes hold no key, signature or query.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import NamedTuple, Self

import aiohttp
from yarl import URL

from sadari.binance import answers, endpoints
from sadari.binance.budget import Budget
from sadari.binance.codes import TOO_MANY_ORDERS
from sadari.binance.endpoint import Endpoint, Security
from sadari.binance.judge import BANNED, LIMITED, Fault, banned_s, fault_of, judge, unclear
from sadari.binance.sign import KEY_HEADER, Signer, encoded, signed_query
from sadari.errors import ClockOffError, ConfigError, FatalError, RetryableError, SadariError
from sadari.model.units import SECOND_NS
from sadari.venue.live.ports import NO_PARAMETERS
from sadari.venue.live.wire.server_clock import ServerClock

READ_TRIES = 3
CLOCK_TRIES = 3
_SPOT_PATHS = "/sapi/"


class RestLimits(NamedTuple):
    """How long to wait.

    Attributes:
        answer_s: For connection, request and answer together.
        connect_s: For a connection.
        keep_alive_s: An idle connection is closed after this, before the other side does it as we write.
        patience_s: The longest that a read waits for the budget or for what a limit asks.
        backoff_s: Before the second try of a read; it doubles.
        connections: How many at most.
    """

    answer_s: float = 10.0
    connect_s: float = 5.0
    keep_alive_s: float = 15.0
    patience_s: float = 65.0
    backoff_s: float = 1.0
    connections: int = 20


class _BrokenError(aiohttp.ClientError):
    """A connection that broke under a request; of this kind the library below knows no second try."""


class Rest:
    """A `ports.Caller` over connections of its own.

    Args:
        url: The venue's host, as ``https://fapi.binance.com``.
        signer: Of the account; None where only public things are asked.
        clock: The server's time.
        budget: What may be asked; one for all that share address and account.
        spot_url: The host of the few paths that are not the futures host's; empty where that is the same.
        limits: Times.

    Attributes:
        calls: How often each endpoint was asked, tries and all.
        in_flight: How many requests have no answer yet.

    Raises:
        ConfigError: A host is no address of HTTP.
    """

    def __init__(
        self,
        url: str,
        signer: Signer | None,
        clock: ServerClock,
        budget: Budget,
        *,
        spot_url: str = "",
        limits: RestLimits = RestLimits(),  # noqa: B008 - it is immutable
    ) -> None:
        self.calls: dict[str, int] = {}
        self.in_flight = 0
        self.clock = clock
        self.budget = budget
        self._url = _host(url)
        self._spot_url = _host(spot_url) if spot_url else self._url
        self._signer = signer
        self._limits = limits
        self._session: aiohttp.ClientSession | None = None

    async def call(
        self,
        endpoint: Endpoint,
        parameters: Mapping[str, str] = NO_PARAMETERS,
        *,
        weight: int | None = None,
        urgent: bool = False,
    ) -> bytes:
        """See `ports.Caller`; a receive window among the parameters is used in place of the usual one."""
        tries, clock_was_right = 0, True
        while True:
            tries += 1
            outcome = await self._try(
                endpoint, parameters, endpoint.weight if weight is None else weight, urgent=urgent
            )
            if isinstance(outcome, bytes):
                return outcome
            if isinstance(outcome, ClockOffError) and clock_was_right:
                clock_was_right = False
                await self.measure_clock()
                continue
            if not isinstance(outcome, RetryableError) or not endpoint.reads or tries >= READ_TRIES:
                raise outcome
            wait_s = max(outcome.after_s, self._limits.backoff_s * 2 ** (tries - 1))
            if wait_s > self._limits.patience_s:
                raise outcome
            await asyncio.sleep(wait_s)

    async def measure_clock(self) -> None:
        """Measure the offset of the server's clock: the quickest of a few answers counts.

        Raises:
            RetryableError: The server does not answer.
            DataError: What it answers is no time.
        """
        best: tuple[int, int, int] | None = None
        for _ in range(CLOCK_TRIES):
            sent_ns = self.clock.local_ns()
            outcome = await self._try(endpoints.TIME, NO_PARAMETERS, endpoints.TIME.weight, urgent=True)
            received_ns = self.clock.local_ns()
            if not isinstance(outcome, bytes):
                raise outcome
            if best is None or received_ns - sent_ns < best[1] - best[0]:
                best = sent_ns, received_ns, answers.server_time_ns(outcome)
        if best is not None:
            self.clock.set(*best)

    async def close(self) -> None:
        """Close the connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _try(
        self, endpoint: Endpoint, parameters: Mapping[str, str], weight: int, *, urgent: bool
    ) -> bytes | SadariError:
        what = _what(endpoint)
        asked_ns = self.clock.ns()
        wait_ns = self.budget.spend(weight, endpoint.orders, asked_ns, urgent=urgent)
        if wait_ns:
            return RetryableError(f"{what}: the request budget is used up", wait_ns / SECOND_NS)
        url, headers = self._request(endpoint, parameters, what)
        self.calls[what] = self.calls.get(what, 0) + 1
        changes = not endpoint.reads
        self.in_flight += 1
        try:
            async with self._open().request(
                endpoint.method, URL(url, encoded=True), headers=headers, allow_redirects=False
            ) as response:
                return self._judged(response, await response.read(), endpoint, asked_ns)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            return RetryableError(f"{what}: no connection to the venue: {_reason(error)}")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return unclear(f"{what}: no whole answer: {_reason(error)}", changes=changes)
        finally:
            self.in_flight -= 1

    def _request(self, endpoint: Endpoint, parameters: Mapping[str, str], what: str) -> tuple[str, dict[str, str]]:
        """Address and headers."""
        host = self._spot_url if endpoint.path.startswith(_SPOT_PATHS) else self._url
        if endpoint.security is Security.NONE:
            query, headers = encoded(parameters), {}
        elif self._signer is None:
            raise FatalError(f"{what}: it needs an API key, and there is none")
        else:
            signed = endpoint.security is Security.SIGNED
            query = signed_query(parameters, self._signer, self.clock.ms()) if signed else encoded(parameters)
            headers = {KEY_HEADER: self._signer.key}
        return f"{host}{endpoint.path}{'?' if query else ''}{query}", headers

    def _judged(
        self, response: aiohttp.ClientResponse, body: bytes, endpoint: Endpoint, asked_ns: int
    ) -> bytes | SadariError:
        status, now_ns = response.status, self.clock.ns()
        # Source: reference binance-usdm §2, the header is not to be relied on there.
        weight = None if endpoint is endpoints.TICKER_PRICE else _count(response, "X-MBX-USED-WEIGHT-1M")
        self.budget.told(
            asked_ns,
            now_ns,
            weight=weight,
            minute=_count(response, "X-MBX-ORDER-COUNT-1M"),
            ten_seconds=_count(response, "X-MBX-ORDER-COUNT-10S"),
        )
        wait_s: float | None = _count(response, "Retry-After")
        if wait_s is None:
            wait_s = banned_s(status, body, now_ns)
        error = judge(status, body, changes=not endpoint.reads, retry_after_s=wait_s, what=_what(endpoint))
        if error is None:
            return body
        if status in {BANNED, LIMITED} and isinstance(error, RetryableError):
            self._shut(fault_of(body), now_ns + int(error.after_s * SECOND_NS))
        return error

    def _shut(self, fault: Fault | None, until_ns: int) -> None:
        if fault is not None and fault.code == TOO_MANY_ORDERS:
            self.budget.shut_orders(until_ns)
        else:
            self.budget.shut(until_ns)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            limits = self._limits
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=limits.connections, keepalive_timeout=limits.keep_alive_s),
                timeout=aiohttp.ClientTimeout(total=limits.answer_s, sock_connect=limits.connect_s),
                cookie_jar=aiohttp.DummyCookieJar(),
                middlewares=(_only_once,),
            )
        return self._session


async def _only_once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keep the library from sending PUT and DELETE again when a kept connection breaks (faults F07)."""
    try:
        return await handler(request)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _BrokenError(str(error)) from None


def _what(endpoint: Endpoint) -> str:
    return f"{endpoint.method} {endpoint.path}"


def _host(url: str) -> str:
    if not url.startswith(("http://", "https://")) or "?" in url or "@" in url:
        raise ConfigError(f"the venue's address is {url!r}; allowed: https://HOST or http://HOST:PORT")
    return url.rstrip("/")


def _reason(error: BaseException) -> str:
    """Why, without the request's address, which some of the library's messages have."""
    if isinstance(error, _BrokenError | aiohttp.ClientConnectorError):
        return str(error)
    return type(error).__name__


def _count(response: aiohttp.ClientResponse, header: str) -> int | None:
    text = response.headers.get(header, "")
    return int(text) if text.isascii() and text.isdigit() else None
