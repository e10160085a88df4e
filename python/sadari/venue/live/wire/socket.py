"""A WebSocket connection without a queue: a message reaches its callback inside the read that brought it.

`websockets` parses and writes the frames (its layer without I/O); what is here moves bytes, asks for signs of life and
keeps to a size. Compression is not offered: it would cost more time than the network it saves.
"""

from __future__ import annotations

import asyncio
import functools
import ssl
from collections.abc import Callable
from typing import NamedTuple, cast

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus, InvalidURI, PayloadTooBig
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.uri import WebSocketURI, parse_uri

from sadari.binance.judge import BANNED
from sadari.errors import BannedError, ConfigError, RetryableError

MISSED_PINGS = 2
BODY_SHOWN = 300


class SocketLimits(NamedTuple):
    """What a connection may take.

    Attributes:
        message_bytes: The longest message; a longer one closes the connection.
        ping_s: Seconds between pings. The connection is given up when the second one in a row has had no answer for
            this long.
        connect_s: Seconds for name, connection, encryption and handshake together.
        close_s: Seconds until a connection that was closed and cannot get rid of its last bytes is cut.
    """

    message_bytes: int = 4 * 1024 * 1024
    ping_s: float = 10.0
    connect_s: float = 10.0
    close_s: float = 1.0


LIMITS = SocketLimits()


class Socket(asyncio.Protocol):
    """A connection; made by `connect`.

    Attributes:
        opened: Done when it is clear whether there is a connection.
        opened_ns: When the handshake was done, 0 before.
        message_ns: When the last message came, None before the first.
        pong_ns: When the last pong came, None before the first.
        messages: How many messages came.
    """

    __slots__ = (
        "_closed",
        "_failure",
        "_handed_over",
        "_limits",
        "_now_ns",
        "_on_closed",
        "_on_text",
        "_parts",
        "_peer",
        "_timer",
        "_transport",
        "_unanswered",
        "_ws",
        "message_ns",
        "messages",
        "opened",
        "opened_ns",
        "pong_ns",
    )

    def __init__(
        self,
        uri: WebSocketURI,
        on_text: Callable[[bytes], None],
        on_closed: Callable[[str], None],
        now_ns: Callable[[], int],
        limits: SocketLimits,
    ) -> None:
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.opened_ns = 0
        self.message_ns: int | None = None
        self.pong_ns: int | None = None
        self.messages = 0
        # The path may hold a listen key, which is nobody's to read.
        self._peer = f"{uri.host}:{uri.port}"
        self._on_text = on_text
        self._on_closed = on_closed
        self._now_ns = now_ns
        self._limits = limits
        self._ws = ClientProtocol(uri, max_size=limits.message_bytes)
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._parts: list[bytes] = []
        self._unanswered = 0
        self._closed = False
        self._failure: RetryableError | None = None
        self._handed_over = False

    def hand_over(self) -> None:
        """From now on the end is told to the listener.

        Raises:
            RetryableError: It has ended already.
        """
        if self._failure is not None:
            raise self._failure
        self._handed_over = True

    @property
    def is_open(self) -> bool:
        """Whether a message can be sent."""
        return self.opened_ns > 0 and not self._closed

    @property
    def _going(self) -> bool:
        return not self._closed

    @property
    def unsent_bytes(self) -> int:
        """How much of what was sent has not left this process."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def send(self, text: bytes) -> None:
        """Write a text message now.

        Raises:
            RetryableError: The connection is closed; nothing was sent.
        """
        if not self.is_open:
            raise RetryableError(f"the connection to {self._peer} is closed")
        self._ws.send_text(text)
        self._flush()

    def close(self) -> None:
        """Say goodbye and close. Neither callback is called from now on."""
        if self._closed:
            return
        if self.opened_ns:
            self._ws.send_close(1000)
            self._flush()
        self._end()

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        # Of TCP or TLS, whatever the loop's own class for it is.
        self._transport = cast("asyncio.Transport", transport)
        self._ws.send_request(self._ws.connect())
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Hand over every message that is whole."""
        if self._closed:
            return
        ws = self._ws
        ws.receive_data(data)
        # First what has to be answered: a pong must not wait for what the messages lead to.
        if ws.writes:
            self._flush()
        for event in ws.events_received():
            if isinstance(event, Frame):
                self._frame(event)
            elif isinstance(event, Response):
                self._answered()
            if not self._going:
                return
        if ws.state is not State.OPEN and (ws.state is not State.CONNECTING or ws.handshake_exc is not None):
            self._lost(self._why())

    def eof_received(self) -> None:
        """The other side has ended the connection without a word."""
        self._lost("it ended without a close message")

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._transport = None
        self._lost("it ended without a close message" if exc is None else f"it broke: {exc}")

    def _frame(self, frame: Frame) -> None:
        if frame.opcode is Opcode.TEXT or frame.opcode is Opcode.BINARY:
            if frame.fin:
                self._message(bytes(frame.data))
            else:
                self._parts = [bytes(frame.data)]
        elif frame.opcode is Opcode.CONT:
            self._parts.append(bytes(frame.data))
            if frame.fin:
                whole = b"".join(self._parts)
                self._parts = []
                self._message(whole)
        elif frame.opcode is Opcode.PONG:
            self._unanswered = 0
            self.pong_ns = self._now_ns()

    def _message(self, content: bytes) -> None:
        self.messages += 1
        self.message_ns = self._now_ns()
        self._on_text(content)

    def _answered(self) -> None:
        """The answer to the request for an upgrade."""
        if self._ws.handshake_exc is None:
            self.opened_ns = self._now_ns()
            self._timer = asyncio.get_running_loop().call_later(self._limits.ping_s, self._ping)
            if not self.opened.done():
                self.opened.set_result(None)

    def _ping(self) -> None:
        if self._unanswered >= MISSED_PINGS:
            self._lost(f"{MISSED_PINGS} pings had no answer", abort=True)
            return
        self._unanswered += 1
        self._ws.send_ping(b"")
        self._flush()
        self._timer = asyncio.get_running_loop().call_later(self._limits.ping_s, self._ping)

    def _flush(self) -> None:
        for content in self._ws.data_to_send():
            if content and self._transport is not None:
                self._transport.write(content)

    def _why(self) -> str:
        """Why the protocol has ended, in words."""
        ws = self._ws
        if ws.handshake_exc is not None:
            return _handshake_failure(ws.handshake_exc)
        if isinstance(ws.parser_exc, PayloadTooBig):
            return f"a message was longer than {self._limits.message_bytes} bytes"
        if ws.parser_exc is not None:
            return f"what came is no WebSocket message: {ws.parser_exc}"
        if ws.close_rcvd is not None:
            return f"the other side closed it: {ws.close_rcvd}"
        return "it is closed"

    def _lost(self, reason: str, *, abort: bool = False) -> None:
        """End it, and say so once: to who waits for the opening, else to who listens."""
        if self._closed:
            return
        self._end(abort=abort)
        if self._handed_over:
            self._on_closed(reason)
            return
        self._failure = _failure(self._peer, reason, self._ws.handshake_exc)
        if not self.opened.done():
            self.opened.set_result(None)

    def _end(self, *, abort: bool = False) -> None:
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        transport = self._transport
        if transport is None:
            return
        if abort:
            transport.abort()
            return
        transport.close()
        if transport.get_write_buffer_size():
            # Where nothing is taken any more, a polite close would wait for the operating system to give up.
            asyncio.get_running_loop().call_later(self._limits.close_s, transport.abort)


async def connect(
    url: str,
    on_text: Callable[[bytes], None],
    on_closed: Callable[[str], None],
    now_ns: Callable[[], int],
    limits: SocketLimits = LIMITS,
) -> Socket:
    """Connect and shake hands.

    The first message may come before this returns; a connection that ends before that is an error here. What a callback
    raises goes to the loop's exception handler and ends the connection: a reader never dies in silence.

    Args:
        url: ws:// or wss://, with path and query.
        on_text: Called with each message, also a binary one: who decodes it finds out whether it makes sense.
        on_closed: Called once with the reason in words when the connection ends, but not after `Socket.close`.
        now_ns: This machine's clock, for the times of message and pong.
        limits: Sizes and times.

    Raises:
        RetryableError: No connection; the message says why, with what a refusing server said.
        ConfigError: The address is none of a WebSocket.
    """
    try:
        uri = parse_uri(url)
    except InvalidURI as error:
        raise ConfigError(f"a stream's address begins with ws:// or wss:// and names a host, not {url!r}") from error
    loop = asyncio.get_running_loop()
    socket = Socket(uri, on_text, on_closed, now_ns, limits)
    try:
        async with asyncio.timeout(limits.connect_s):
            await loop.create_connection(lambda: socket, uri.host, uri.port, ssl=_tls() if uri.secure else None)
            await socket.opened
        socket.hand_over()
    except TimeoutError as error:
        raise RetryableError(f"no connection to {uri.host}:{uri.port} in {limits.connect_s:g} s") from error
    except OSError as error:
        raise RetryableError(f"no connection to {uri.host}:{uri.port}: {error}") from error
    finally:
        if not socket.is_open:
            socket.close()
    return socket


@functools.cache
def _tls() -> ssl.SSLContext:
    """Certificates are always checked."""
    return ssl.create_default_context()


def _handshake_failure(error: Exception) -> str:
    if not isinstance(error, InvalidStatus):
        return f"no WebSocket handshake: {error}"
    body = bytes(error.response.body or b"")[:BODY_SHOWN].decode(errors="replace")
    return f"the handshake was refused with status {error.response.status_code}: {body}"


def _failure(peer: str, reason: str, error: Exception | None) -> RetryableError:
    response = error.response if isinstance(error, InvalidStatus) else None
    wait = "" if response is None else response.headers.get("Retry-After", "")
    kind = BannedError if response is not None and response.status_code == BANNED else RetryableError
    return kind(f"no connection to {peer}: {reason}", float(wait) if wait.isdigit() else 0.0)
