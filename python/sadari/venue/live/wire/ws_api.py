"""The venue's WebSocket API: the quick way of an order.

A request is on its way to the network when `WsApi.request` returns. What is not answered, because the connection ended
or nothing came, is of unknown outcome: it is never sent again here. While there is no connection a request fails at
once with nothing done, and the caller takes the way over HTTP.

Source: reference binance-usdm §1, WS API.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec

from sadari.binance.budget import Budget
from sadari.binance.codes import TOO_MANY_ORDERS
from sadari.binance.endpoint import Endpoint
from sadari.binance.judge import BANNED, LIMITED, banned_s, fault_of, judge, unclear
from sadari.binance.sign import Signer, signed_call
from sadari.binance.wire.read import Reply, UsedLimit
from sadari.errors import BannedError, ConfigError, RetryableError
from sadari.model.units import MILLISECOND_NS, SECOND_NS
from sadari.venue.live.wire.server_clock import ServerClock
from sadari.venue.live.wire.socket import LIMITS, Socket, SocketLimits, connect

_REPLY = msgspec.json.Decoder(Reply)


class WsApiLimits(NamedTuple):
    """How long to wait.

    Attributes:
        answer_s: For an answer; after that the outcome is unknown.
        first_wait_s: Before the second try of a connection; it doubles.
        longest_wait_s: At most.
        lasting_s: A connection that has lasted so long was a good one: the wait begins anew.
        planned_s: A connection is replaced after this, before the venue ends it after 24 hours.
    """

    answer_s: float = 10.0
    first_wait_s: float = 1.0
    longest_wait_s: float = 60.0
    lasting_s: float = 60.0
    planned_s: float = 22 * 3600.0


class _Waiting(NamedTuple):
    """A request that has no answer yet."""

    answer: asyncio.Future[bytes]
    endpoint: Endpoint
    asked_ns: int
    timer: asyncio.TimerHandle


class _Link:
    """One connection and the requests that went out over it."""

    __slots__ = ("ended", "socket", "waiting")

    def __init__(self) -> None:
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.socket: Socket | None = None
        self.waiting: dict[int, _Waiting] = {}

    def lost(self, reason: str) -> None:
        """The connection has ended: nobody will answer any more."""
        if not self.ended.done():
            self.ended.set_result(reason)
        waiting, self.waiting = self.waiting, {}
        for one in waiting.values():
            one.timer.cancel()
            _fail(one, f"the connection ended before the answer: {reason}")

    def expired(self, request_id: int, answer_s: float) -> None:
        """No answer has come."""
        one = self.waiting.pop(request_id, None)
        if one is not None:
            _fail(one, f"no answer in {answer_s:g} s")

    def close(self) -> None:
        """Say goodbye."""
        if self.socket is not None:
            self.socket.close()
        self.lost("it was closed here")


class WsApi:
    """Asks over one connection, which it makes anew whenever it ends.

    Args:
        url: As ``wss://ws-fapi.binance.com/ws-fapi/v1``.
        signer: Of the account.
        clock: The server's time.
        budget: What may be asked; the same as that of the way over HTTP.
        jitter: A number from 0 to 1 for each wait, so that clients do not come back all at once.
        limits: Times.
        socket_limits: Those of the connection.

    Attributes:
        calls: How often each method was asked.
        strays: Messages that answered no request that waits: late ones, and those without an id.
        connections: How many connections there were.
        last_failure: Why the last connection ended or could not be made.

    Raises:
        ConfigError: The address is none of a WebSocket.
    """

    def __init__(
        self,
        url: str,
        signer: Signer,
        clock: ServerClock,
        budget: Budget,
        *,
        jitter: Callable[[], float],
        limits: WsApiLimits = WsApiLimits(),  # noqa: B008 - it is immutable
        socket_limits: SocketLimits = LIMITS,
    ) -> None:
        if not url.startswith(("ws://", "wss://")):
            raise ConfigError(f"the address of the WebSocket API is {url!r}; allowed: wss://HOST/PATH")
        self.calls: dict[str, int] = {}
        self.strays = 0
        self.connections = 0
        self.last_failure = ""
        self._url = url
        self._signer = signer
        self._clock = clock
        self._budget = budget
        self._jitter = jitter
        self._limits = limits
        self._socket_limits = socket_limits
        self._link: _Link | None = None
        self._retiring: set[_Link] = set()
        self._last_id = 0
        self._keeping: asyncio.Task[None] | None = None
        self._tried = asyncio.Event()

    @property
    def is_connected(self) -> bool:
        """Whether a request can be sent now."""
        socket = None if self._link is None else self._link.socket
        return socket is not None and socket.is_open

    @property
    def age_s(self) -> float | None:
        """How long ago the last message came, None before the first on this connection."""
        socket = None if self._link is None else self._link.socket
        if socket is None or socket.message_ns is None:
            return None
        return max(self._clock.local_ns() - socket.message_ns, 0) / SECOND_NS

    @property
    def in_flight(self) -> int:
        """How many requests have no answer yet."""
        return 0 if self._link is None else len(self._link.waiting)

    async def start(self) -> None:
        """Connect, and stay connected; returns after the first try, whatever came of it."""
        self._keeping = asyncio.create_task(self._keep())
        self._keeping.add_done_callback(_speak_up)
        await self._tried.wait()

    async def close(self) -> None:
        """End the connection; what still waits is of unknown outcome."""
        keeping, self._keeping = self._keeping, None
        if keeping is not None:
            keeping.cancel()
            await asyncio.wait([keeping])
        for link in (*self._retiring, *(() if self._link is None else (self._link,))):
            link.close()

    def request(
        self, endpoint: Endpoint, parameters: Mapping[str, str], *, urgent: bool = False, weight: int | None = None
    ) -> asyncio.Future[bytes]:
        """Write a request to the network now.

        The future gets the answer's result, or the exceptions of `ports.Caller`; those for a clock that is off are
        retryable as well: the way over HTTP measures it.

        Args:
            endpoint: What is asked; it has a method of the WebSocket API.
            parameters: As for `ports.Caller`.
            urgent: It may use what is kept in reserve for exits and protection.
            weight: What it takes of the request weight where that is not the endpoint's own.

        Raises:
            RetryableError: There is no connection, or the request budget is used up; nothing was sent.
        """
        link = self._link
        socket = None if link is None else link.socket
        if link is None or socket is None or not socket.is_open:
            raise RetryableError(f"{endpoint.ws_method}: there is no connection to the WebSocket API")
        now_ns = self._clock.ns()
        wait_ns = self._budget.spend(
            endpoint.weight if weight is None else weight, endpoint.orders, now_ns, urgent=urgent
        )
        if wait_ns:
            raise RetryableError(f"{endpoint.ws_method}: the request budget is used up", wait_ns / SECOND_NS)
        self._last_id = request_id = self._last_id + 1
        socket.send(signed_call(request_id, endpoint.ws_method, parameters, self._signer, now_ns // MILLISECOND_NS))
        # From here on it is under way.
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[bytes] = loop.create_future()
        answer_s = self._limits.answer_s
        link.waiting[request_id] = _Waiting(
            answer, endpoint, now_ns, loop.call_later(answer_s, link.expired, request_id, answer_s)
        )
        self.calls[endpoint.ws_method] = self.calls.get(endpoint.ws_method, 0) + 1
        return answer

    async def _keep(self) -> None:
        """Connect again and again."""
        loop, limits, failures = asyncio.get_running_loop(), self._limits, 0
        while True:
            link = _Link()
            await asyncio.sleep(self._budget.connections_wait_ns(self._clock.ns()) / SECOND_NS)
            try:
                link.socket = await connect(
                    self._url, lambda text, link=link: self._take(link, text),  # type: ignore[misc]
                    link.lost, self._clock.local_ns, self._socket_limits,
                )  # fmt: skip
            except RetryableError as error:
                self.last_failure = str(error)
                self._tried.set()
                failures += 1
                until_ns = self._clock.ns() + int(error.after_s * SECOND_NS)
                if isinstance(error, BannedError):
                    self._budget.shut(until_ns)
                elif error.after_s:
                    self._budget.shut_connections(until_ns)
                await asyncio.sleep(max(error.after_s, self._wait_s(failures)))
                continue
            self.connections += 1
            self._take_over(link)
            self._tried.set()
            since = loop.time()
            done, _ = await asyncio.wait([link.ended], timeout=limits.planned_s)
            if not done:
                continue
            self.last_failure = link.ended.result()
            failures = 0 if loop.time() - since >= limits.lasting_s else failures + 1
            await asyncio.sleep(self._wait_s(failures))

    def _take_over(self, link: _Link) -> None:
        """Send over a new connection; the old one stays for its answers."""
        old, self._link = self._link, link
        if old is None or old.ended.done():
            return
        self._retiring.add(old)

        def retire() -> None:
            self._retiring.discard(old)
            old.close()

        asyncio.get_running_loop().call_later(self._limits.answer_s, retire)

    def _wait_s(self, failures: int) -> float:
        limits = self._limits
        longest = min(limits.first_wait_s * 2.0 ** min(max(failures - 1, 0), 16), limits.longest_wait_s)
        return longest * (0.5 + 0.5 * self._jitter())

    def _take(self, link: _Link, text: bytes) -> None:
        """An answer."""
        try:
            reply = _REPLY.decode(text)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            self.strays += 1
            return
        waiting = link.waiting.pop(reply.id, None) if isinstance(reply.id, int) else None
        if waiting is None:
            self.strays += 1
            return
        if reply.rate_limits:
            self._told(waiting.asked_ns, reply.rate_limits)
        waiting.timer.cancel()
        body = bytes(reply.result if reply.status in range(200, 300) else reply.error)
        error = judge(
            reply.status, body, changes=not waiting.endpoint.reads,
            retry_after_s=banned_s(reply.status, body, self._clock.ns()), what=waiting.endpoint.ws_method,
        )  # fmt: skip
        if reply.status in {BANNED, LIMITED} and isinstance(error, RetryableError):
            self._shut(body, error.after_s)
        if waiting.answer.done():
            return
        if error is None:
            waiting.answer.set_result(body)
        else:
            waiting.answer.set_exception(error)

    def _told(self, asked_ns: int, limits: list[UsedLimit]) -> None:
        used = {(one.rate_limit_type, one.interval, one.interval_num): one.count for one in limits}
        self._budget.told(
            asked_ns,
            self._clock.ns(),
            weight=used.get(("REQUEST_WEIGHT", "MINUTE", 1)),
            minute=used.get(("ORDERS", "MINUTE", 1)),
            ten_seconds=used.get(("ORDERS", "SECOND", 10)),
        )

    def _shut(self, body: bytes, after_s: float) -> None:
        fault, until_ns = fault_of(body), self._clock.ns() + int(after_s * SECOND_NS)
        if fault is not None and fault.code == TOO_MANY_ORDERS:
            self._budget.shut_orders(until_ns)
        else:
            self._budget.shut(until_ns)


def _fail(one: _Waiting, reason: str) -> None:
    if not one.answer.done():
        one.answer.set_exception(unclear(f"{one.endpoint.ws_method}: {reason}", changes=not one.endpoint.reads))


def _speak_up(keeping: asyncio.Task[None]) -> None:
    """A fault of the keeper itself goes to the loop's exception handler, not unheard."""
    if not keeping.cancelled():
        keeping.result()
