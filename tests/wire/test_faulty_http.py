"""Each fault of a request over real sockets: what the client saw of it, and whether it was applied."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import NamedTuple

import msgspec
import pytest
from aiohttp import ClientError, ClientPayloadError, ClientSession, ServerDisconnectedError, WSServerHandshakeError, web

from sadari.localexchange.faults.faults import Faults
from sadari.localexchange.faults.file import load_faults
from sadari.localexchange.faults.http import faulty
from sadari.model.units import SECOND_NS

ORDER = "POST", "/fapi/v1/order"
# Longer than any test.
NEVER_S = 600
BODY = b'{"applied":1,"padding":"' + b"x" * 200 + b'"}'


@pytest.fixture(autouse=True)
def _nothing_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No fault makes the server itself stumble."""
    yield
    assert not [record for record in caplog.get_records("call") if record.levelno >= logging.WARNING]


class Seen(NamedTuple):
    """What came back: all bytes, and whether the connection was reset in place of ended."""

    raw: bytes
    was_reset: bool

    @property
    def status(self) -> int:
        """Of the status line."""
        return int(self.raw.split(b" ", 2)[1])

    @property
    def body(self) -> bytes:
        """Behind the head."""
        return self.raw.partition(b"\r\n\r\n")[2]

    @property
    def head(self) -> bytes:
        """Before the body."""
        return self.raw.partition(b"\r\n\r\n")[0]


class Bench:
    """A tiny exchange that counts what it has applied, behind the faults; its clock is set by hand."""

    def __init__(self, text: str, seed: int = 1) -> None:
        self.applied: list[str] = []
        self.forms: list[dict[str, str]] = []
        self.now_ns = 0
        self.faults = Faults(load_faults(text), seed, 0)
        self.application = web.Application(middlewares=[faulty(self.faults, lambda: self.now_ns)])
        self.application.router.add_get("/ws", self._stream)
        self.application.router.add_route("*", "/{path:.*}", self._apply)
        self.port = 0

    async def _apply(self, request: web.Request) -> web.Response:
        self.forms.append({key: str(value) for key, value in (await request.post()).items()})
        if request.path == "/missing":
            raise web.HTTPNotFound
        self.applied.append(f"{request.method} {request.path}")
        padding = "x" * 200
        return web.json_response(
            {"applied": len(self.applied), "padding": padding}, dumps=lambda value: msgspec.json.encode(value).decode()
        )

    async def _stream(self, request: web.Request) -> web.WebSocketResponse:
        stream = web.WebSocketResponse()
        await stream.prepare(request)
        await stream.send_str("a frame")
        await stream.close()
        return stream

    async def ask(self, method: str, path: str, body: str = "") -> Seen:
        """Send one request over a connection of its own and read until that ends."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        head = f"{method} {path} HTTP/1.1\r\nHost: local\r\nConnection: close\r\n"
        form = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n" if body else ""
        writer.write(f"{head}{form}\r\n{body}".encode())
        raw, was_reset = b"", False
        try:
            while part := await reader.read(65536):
                raw += part
        except ConnectionResetError:
            was_reset = True
        finally:
            writer.close()
        return Seen(raw, was_reset)

    def run(self, script: Callable[[Bench], Awaitable[None]]) -> None:
        """Serve while a script asks."""

        async def serve() -> None:
            runner = web.AppRunner(self.application, shutdown_timeout=0.1)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self.port = runner.addresses[0][1]
            try:
                async with asyncio.timeout(60):
                    await script(self)
            finally:
                await runner.cleanup()

        asyncio.run(serve())


def asked(text: str, method: str = "POST", path: str = "/fapi/v1/order") -> tuple[Seen, Bench]:
    """One request under some faults."""
    bench = Bench(text)
    seen: list[Seen] = []

    async def script(bench: Bench) -> None:
        seen.append(await bench.ask(method, path))

    bench.run(script)
    return seen[0], bench


def test_without_a_fault_the_reply_is_the_applications() -> None:
    """The middleware alone changes nothing, not even a refusal that is raised."""
    seen, bench = asked("")
    assert (seen.status, seen.body, bench.applied) == (200, BODY, ["POST /fapi/v1/order"])
    refused, _ = asked("", path="/missing")
    assert (refused.status, refused.body) == (404, b"404: Not Found")


@pytest.mark.parametrize(("verb", "applied"), [("lost_request", 0), ("lost_reply", 1), ("late_request", 1)])
def test_a_dropped_connection_says_nothing_about_what_was_applied(verb: str, applied: int) -> None:
    """The client sees the same end of its connection whether the request was lost or its reply."""
    more = "seconds = 0\n" if verb == "late_request" else ""
    seen, bench = asked(f'[[fault]]\nverb = "{verb}"\n{more}')
    assert (seen, len(bench.applied)) == (Seen(b"", was_reset=False), applied)


def test_a_late_request_is_applied_after_its_connection_has_ended() -> None:
    """The client is told nothing and sees nothing applied while it is on its way."""

    async def script(bench: Bench) -> None:
        assert await bench.ask(*ORDER) == Seen(b"", was_reset=False)
        assert not bench.applied

    Bench(f'[[fault]]\nverb = "late_request"\nseconds = {NEVER_S}\n').run(script)


def test_a_late_request_still_has_its_parameters_when_it_arrives() -> None:
    """The body outlives the connection that has brought it."""

    async def script(bench: Bench) -> None:
        assert await bench.ask(*ORDER, body="symbol=BTCUSDT&quantity=1") == Seen(b"", was_reset=False)
        while not bench.forms:
            await asyncio.sleep(0.01)
        assert bench.forms == [{"symbol": "BTCUSDT", "quantity": "1"}]

    Bench('[[fault]]\nverb = "late_request"\nseconds = 0.01\n').run(script)


@pytest.mark.parametrize(("verb", "before"), [("delay", 0), ("late_reply", 1)])
def test_a_delayed_request_and_a_late_reply_differ_in_when_it_is_applied(verb: str, before: int) -> None:
    """While the client waits, the one is not applied yet and the other is."""

    async def script(bench: Bench) -> None:
        asking = asyncio.ensure_future(bench.ask(*ORDER))
        while not bench.faults.firings():
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        assert (len(bench.applied), asking.done()) == (before, False)
        asking.cancel()
        await asyncio.wait([asking])

    Bench(f'[[fault]]\nverb = "{verb}"\nseconds = {NEVER_S}\n').run(script)


@pytest.mark.parametrize("verb", ["delay", "late_reply"])
def test_what_is_late_is_answered_in_the_end(verb: str) -> None:
    """The client that waits long enough gets its reply, and it is applied once."""
    seen, bench = asked(f'[[fault]]\nverb = "{verb}"\nseconds = 0.05\n')
    assert (seen.body, len(bench.applied)) == (BODY, 1)


@pytest.mark.parametrize(("point", "applied"), [("before", 0), ("within", 1), ("after", 1)])
def test_a_reset_is_a_reset_on_the_wire(point: str, applied: int) -> None:
    """The client's socket reports a reset, and only before the point nothing is applied."""
    seen, bench = asked(f'[[fault]]\nverb = "reset"\npoint = "{point}"\n')
    assert (seen.was_reset, len(bench.applied)) == (True, applied)
    assert (b"200 OK" in seen.raw) == (point == "within")


@pytest.mark.parametrize("sent", [0, 1, 50, len(BODY) - 1, len(BODY) + 9])
def test_a_cut_body_is_shorter_than_its_length(sent: int) -> None:
    """The head promises the whole body and less of it comes; the request is applied."""
    seen, bench = asked(f'[[fault]]\nverb = "cut_body"\nsent = {sent}\n')
    assert f"Content-Length: {len(BODY)}".encode() in seen.head
    assert (seen.body, seen.was_reset) == (BODY[: min(sent, len(BODY) - 1)], False)
    assert len(bench.applied) == 1


def test_a_chunked_body_can_end_without_its_last_chunk() -> None:
    """A stream of chunks breaks off."""
    seen, _ = asked('[[fault]]\nverb = "cut_body"\nsent = 10\nchunked = true\n')
    assert seen.body == b"a\r\n" + BODY[:10] + b"\r\n"
    assert b"Transfer-Encoding: chunked" in seen.head


@pytest.mark.parametrize("applied", [True, False])
def test_the_reply_does_not_tell_whether_it_was_applied(applied: bool) -> None:
    """A page, a code and the first 503 look the same either way."""
    flag = f"applied = {str(applied).lower()}\n"
    page, one = asked(f'[[fault]]\nverb = "html"\nstatus = 502\n{flag}')
    assert (page.status, b"text/html" in page.head, page.body[:6]) == (502, True, b"<html>")
    unknown, two = asked(f'[[fault]]\nverb = "code"\ncode = -1007\nstatus = 408\nmessage = "Timeout"\n{flag}')
    assert (unknown.status, unknown.body) == (408, b'{"code":-1007,"msg":"Timeout"}')
    first, three = asked(f'[[fault]]\nverb = "status_503"\n{flag}')
    assert (first.status, b"Unknown error" in first.body) == (503, True)
    for bench in (one, two, three):
        assert len(bench.applied) == applied
        assert [firing.applied for firing in bench.faults.firings()] == [applied]


@pytest.mark.parametrize(
    ("variant", "code", "words"),
    [("B", -1000, "Service Unavailable."), ("C", -1001, "Internal error"), ("D", -1008, "throttled")],
)
def test_the_other_kinds_of_503_are_never_applied(variant: str, code: int, words: str) -> None:
    """They are definite failures, whatever the rule says of applying."""
    seen, bench = asked(f'[[fault]]\nverb = "status_503"\nvariant = "{variant}"\napplied = true\n')
    answer = msgspec.json.decode(seen.body)
    assert (seen.status, answer["code"], words in answer["msg"], bench.applied) == (503, code, True, [])


def test_a_throttling_exchange_lets_cancels_and_capped_orders_pass() -> None:
    """Variant D spares reduce-only, close-position and hedge-mode closes, in the query or in the body."""

    async def script(bench: Bench) -> None:
        assert (await bench.ask("DELETE", "/fapi/v1/order?symbol=A")).status == 200
        assert (await bench.ask(*ORDER, body="symbol=A&reduceOnly=true")).status == 200
        assert (await bench.ask("POST", "/fapi/v1/algoOrder?closePosition=true")).status == 200
        assert (await bench.ask(*ORDER, body="positionSide=LONG&side=SELL")).status == 200
        assert (await bench.ask(*ORDER, body="positionSide=LONG&side=BUY")).status == 503
        assert (await bench.ask(*ORDER, body="reduceOnly=false")).status == 503
        assert len(bench.applied) == 4

    Bench('[[fault]]\nverb = "status_503"\nvariant = "D"\n').run(script)


@pytest.mark.parametrize("status", [429, 418])
def test_a_broken_limit_says_when_to_come_back(status: int) -> None:
    """The header names the seconds, and nothing is applied."""
    seen, bench = asked(f'[[fault]]\nverb = "retry_after"\nstatus = {status}\nseconds = 130\n')
    assert (seen.status, b"Retry-After: 130" in seen.head, b"-1003" in seen.body) == (status, True, True)
    assert not bench.applied


def test_a_stale_read_gives_the_reply_of_before_to_the_same_question_only() -> None:
    """The first is true, the second old although time and signature differ, another question is true again."""

    async def script(bench: Bench) -> None:
        first = await bench.ask("GET", "/fapi/v1/order?orderId=1&timestamp=1&signature=a")
        again = await bench.ask("GET", "/fapi/v1/order?orderId=1&timestamp=2&signature=b")
        other = await bench.ask("GET", "/fapi/v1/order?orderId=2&timestamp=3&signature=c")
        assert b'"applied":1' in first.body
        assert again.body == first.body
        assert b'"applied":2' in other.body
        assert (await bench.ask(*ORDER)).status == 200

    Bench('[[fault]]\nverb = "stale_read"\n').run(script)


def test_an_empty_read_succeeds_with_nothing_and_spares_writes() -> None:
    """A GET gets an empty list; an order goes through."""
    rule = '[[fault]]\nverb = "empty_read"\npath = "/fapi/*"\n'
    seen, bench = asked(rule, "GET", "/fapi/v3/positionRisk")
    assert (seen.status, seen.body, bench.applied) == (200, b"[]", [])
    assert asked(rule)[0].body == BODY


def test_a_lagging_read_shows_what_was_there_some_seconds_ago() -> None:
    """At first the order is not there, then it is as it was, and never as it is now."""

    async def script(bench: Bench) -> None:
        early = await bench.ask("GET", "/fapi/v1/order?orderId=1")
        assert (early.status, b"-2013" in early.body) == (400, True)
        bench.now_ns = 9 * SECOND_NS
        assert (await bench.ask("GET", "/fapi/v1/order?orderId=1")).status == 400
        bench.now_ns = 10 * SECOND_NS
        assert b'"applied":1' in (await bench.ask("GET", "/fapi/v1/order?orderId=1")).body
        bench.now_ns = 19 * SECOND_NS
        assert b'"applied":2' in (await bench.ask("GET", "/fapi/v1/order?orderId=1")).body

    Bench('[[fault]]\nverb = "read_lag"\nseconds = 10\notherwise = "order_missing"\n').run(script)


def test_an_altered_reply_differs_in_what_was_found_only() -> None:
    """One field becomes something else; the rest and the status stay."""
    seen, bench = asked('[[fault]]\nverb = "alter_reply"\nfind = \'"applied":\\d+\'\nput = \'"applied":null\'\n')
    assert seen.body == BODY.replace(b":1,", b":null,")
    assert (seen.status, len(bench.applied)) == (200, 1)


def test_only_the_named_request_is_hit_and_its_neighbors_are_served() -> None:
    """The second POST for the symbol loses its reply; a GET, another path and another symbol do not."""

    async def script(bench: Bench) -> None:
        assert (await bench.ask(*ORDER, body="symbol=BTCUSDT")).status == 200
        assert (await bench.ask(*ORDER, body="symbol=ETHUSDT")).status == 200
        assert (await bench.ask("GET", "/fapi/v1/order?symbol=BTCUSDT")).status == 200
        assert (await bench.ask("POST", "/fapi/v1/leverage?symbol=BTCUSDT")).status == 200
        assert (await bench.ask(*ORDER, body="symbol=BTCUSDT")).raw == b""
        assert (await bench.ask(*ORDER, body="symbol=BTCUSDT")).status == 200
        assert [firing.subject for firing in bench.faults.firings()] == ["POST /fapi/v1/order"]
        assert len(bench.applied) == 6

    rule = '[[fault]]\nverb = "lost_reply"\nmethod = "POST"\npath = "/fapi/*/order"\nnth = 2\n'
    Bench(f'{rule}contains = "symbol=BTCUSDT"\n').run(script)


@pytest.mark.parametrize(
    ("rule", "kind", "applied"),
    [
        ('verb = "lost_request"', ServerDisconnectedError, 1),
        ('verb = "lost_reply"', ServerDisconnectedError, 2),
        ('verb = "reset"', ClientError, 1),
        ('verb = "cut_body"', ClientPayloadError, 2),
        ('verb = "cut_body"\nchunked = true', ClientPayloadError, 2),
    ],
)
def test_a_pooled_connection_breaks_under_a_client_which_then_goes_on(
    rule: str, kind: type[Exception], applied: int
) -> None:
    """The second request on a kept connection fails as that client says it, and the third opens a new one."""

    async def script(bench: Bench) -> None:
        url = f"http://127.0.0.1:{bench.port}/fapi/v1/order"
        async with ClientSession() as client:
            async with client.post(url) as first:
                assert await first.read() == BODY
            with pytest.raises(kind):
                async with client.post(url) as second:
                    await second.read()
            assert len(bench.applied) == applied
            async with client.post(url) as third:
                assert third.status == 200

    Bench(f"[[fault]]\n{rule}\nnth = 2\n").run(script)


def test_a_stream_opens_through_the_faults_unless_its_path_is_hit() -> None:
    """Rules that look into parameters or remember reads leave a handshake alone; a page refuses it."""
    rules = '[[fault]]\nverb = "lost_reply"\ncontains = "no such text"\n[[fault]]\nverb = "stale_read"\n'

    async def script(bench: Bench) -> None:
        url = f"http://127.0.0.1:{bench.port}/ws"
        async with ClientSession() as client:
            for _ in range(2):
                async with client.ws_connect(url) as stream:
                    assert await stream.receive_str() == "a frame"
            bench.faults.add(load_faults('[[fault]]\nverb = "html"\nstatus = 404\npath = "/ws*"\nname = "gone"\n'), 0)
            bench.faults.remove("stale_read-2")
            with pytest.raises(WSServerHandshakeError):
                await client.ws_connect(url)

    Bench(rules).run(script)
