"""The connection under every stream, against a server that is not ours."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from sadari.errors import ConfigError, RetryableError
from sadari.venue.clock import wall_ns
from sadari.venue.live.wire.socket import Socket, SocketLimits, _tls, connect

Served = Callable[[ServerConnection], Awaitable[None]]

# What a machine under load may need.
PATIENCE_S = 20.0


class Listener:
    """What a connection said, and a way to wait for it."""

    def __init__(self) -> None:
        self.texts: list[bytes] = []
        self.reasons: list[str] = []
        self._changed = asyncio.Event()

    def text(self, content: bytes) -> None:
        """A message."""
        self.texts.append(content)
        self._changed.set()

    def closed(self, reason: str) -> None:
        """The end."""
        self.reasons.append(reason)
        self._changed.set()

    async def until(self, texts: int = 0, reasons: int = 0) -> None:
        """Wait until so many came, and not for ever."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self.texts) < texts or len(self.reasons) < reasons:
                self._changed.clear()
                await self._changed.wait()


async def echo(server: ServerConnection) -> None:
    """Say back whatever comes."""
    with contextlib.suppress(ConnectionClosed):
        async for message in server:
            await server.send(message)


@contextlib.asynccontextmanager
async def served(serving: Served, **settings: object) -> AsyncIterator[str]:
    """The address of a server."""
    async with serve(serving, "127.0.0.1", 0, **settings) as server:  # type: ignore[arg-type]
        host, port = next(iter(server.sockets)).getsockname()
        yield f"ws://{host}:{port}/stream"


def heard(serving: Served, use: Callable[[Socket, Listener], Awaitable[None]], **limits: float) -> Listener:
    """What a listener heard while a connection was used."""

    async def main() -> Listener:
        listener = Listener()
        async with served(serving) as url:
            chosen = SocketLimits()._replace(**limits)  # type: ignore[arg-type]
            socket = await connect(url, listener.text, listener.closed, wall_ns, chosen)
            await use(socket, listener)
            socket.close()
        return listener

    return asyncio.run(main())


def test_what_is_sent_comes_back_as_it_was() -> None:
    """Short, long, empty and other alphabets; a close of our own is not reported."""
    messages = [b"{}", b"x" * 70_000, b"", "사다리".encode(), b"y" * 200]

    async def use(socket: Socket, listener: Listener) -> None:
        for message in messages:
            socket.send(message)
        await listener.until(texts=len(messages))
        assert socket.messages == len(messages)
        assert socket.message_ns is not None

    listener = heard(echo, use)
    assert listener.texts == messages
    assert listener.reasons == []


def test_a_message_in_pieces_arrives_whole() -> None:
    """Fragments are put together before anyone sees them."""

    async def pieces(server: ServerConnection) -> None:
        await server.send(["{", '"a"', ":1}"])
        await server.wait_closed()

    async def use(_: Socket, listener: Listener) -> None:
        await listener.until(texts=1)

    assert heard(pieces, use).texts == [b'{"a":1}']


def test_messages_before_a_close_are_handed_over_and_the_reason_is_told_once() -> None:
    """Nothing that came is lost with the connection."""

    async def leaves(server: ServerConnection) -> None:
        await server.recv()
        await server.send("last")
        await server.close(1001, "maintenance")

    async def use(socket: Socket, listener: Listener) -> None:
        socket.send(b"go")
        await listener.until(reasons=1)
        assert not socket.is_open
        with pytest.raises(RetryableError, match="is closed"):
            socket.send(b"late")

    listener = heard(leaves, use)
    assert listener.texts == [b"last"]
    (reason,) = listener.reasons
    assert "1001" in reason
    assert "maintenance" in reason


def test_a_message_beyond_the_bound_ends_the_connection() -> None:
    """It is never kept in memory (F57)."""

    async def floods(server: ServerConnection) -> None:
        await server.recv()
        await server.send("z" * 5000)
        await server.wait_closed()

    async def use(socket: Socket, listener: Listener) -> None:
        socket.send(b"go")
        await listener.until(reasons=1)

    listener = heard(floods, use, message_bytes=1000)
    assert listener.texts == []
    assert listener.reasons == ["a message was longer than 1000 bytes"]


def test_a_connection_that_ends_at_once_is_an_error_and_what_it_said_is_kept() -> None:
    """The handshake, a message and the end may come in one read: the end is told in one place only."""
    listener = Listener()

    async def leaves(server: ServerConnection) -> None:
        await server.send("last")
        await server.close(1008, "not you")

    async def main() -> None:
        async with served(leaves) as url:
            socket = await connect(url, listener.text, listener.closed, wall_ns)
            await listener.until(reasons=1)
            socket.close()
            raise RetryableError(listener.reasons.pop())

    with pytest.raises(RetryableError, match="not you"):
        asyncio.run(main())
    assert listener.texts == [b"last"]
    assert listener.reasons == []


def test_a_cut_connection_is_told() -> None:
    """Without a close message there is a reason all the same."""

    async def vanishes(server: ServerConnection) -> None:
        await server.recv()
        server.transport.abort()

    async def use(socket: Socket, listener: Listener) -> None:
        socket.send(b"go")
        await listener.until(reasons=1)

    (reason,) = heard(vanishes, use).reasons
    assert reason.startswith(("it ended", "it broke"))


def test_two_pings_without_an_answer_end_the_connection() -> None:
    """A peer that takes everything and says nothing is not waited for (F51)."""

    async def main() -> list[str]:
        listener = Listener()
        done, gone = asyncio.Event(), asyncio.Event()

        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            request = await reader.readuntil(b"\r\n\r\n")
            writer.write(upgrade(request))
            await done.wait()
            writer.close()
            gone.set()

        server = await asyncio.start_server(silent, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        socket = await connect(
            f"ws://127.0.0.1:{port}/", listener.text, listener.closed, wall_ns, SocketLimits(ping_s=0.02)
        )
        await listener.until(reasons=1)
        assert socket.pong_ns is None
        done.set()
        await gone.wait()
        server.close()
        await server.wait_closed()
        return listener.reasons

    assert asyncio.run(main()) == ["2 pings had no answer"]


def test_pings_are_answered_and_keep_the_connection() -> None:
    """Both sides ask for signs of life, and get them."""

    async def asks(server: ServerConnection) -> None:
        await (await server.ping())
        await asyncio.sleep(0.1)
        await server.send("answered")
        await server.wait_closed()

    async def use(socket: Socket, listener: Listener) -> None:
        await listener.until(texts=1)
        assert socket.pong_ns is not None

    listener = heard(asks, use, ping_s=0.01)
    assert listener.texts == [b"answered"]
    assert listener.reasons == []


def test_a_refused_handshake_says_status_and_text() -> None:
    """The path may be retired (F62): what the server says about it is not lost, and how long to wait neither."""

    def refuses(server: ServerConnection, _: Request) -> Response:
        response = server.respond(HTTPStatus.TOO_MANY_REQUESTS, "Way too many connections.")
        response.headers["Retry-After"] = "17"
        return response

    async def main() -> None:
        async with served(echo, process_request=refuses) as url:
            await connect(url, lambda _: None, lambda _: None, wall_ns)

    with pytest.raises(RetryableError, match="status 429: Way too many connections") as caught:
        asyncio.run(main())
    assert caught.value.after_s == 17


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\n\r\n", b"what?\r\n\r\n", None])
def test_a_host_that_does_not_speak_websocket_is_an_error_in_words(answer: bytes | None) -> None:
    """Silence, an end, a page or nonsense in place of a handshake: nothing hangs."""

    async def main() -> None:
        done = asyncio.Event()

        async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            if answer is None:
                await reader.read()
            else:
                writer.write(answer)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
            done.set()

        server = await asyncio.start_server(other, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        limits = SocketLimits(connect_s=0.2)
        try:
            await connect(f"ws://127.0.0.1:{port}/", lambda _: None, lambda _: None, wall_ns, limits)
        finally:
            await done.wait()
            server.close()
            await server.wait_closed()

    with pytest.raises(RetryableError, match=r"no connection to 127\.0\.0\.1"):
        asyncio.run(main())


def test_an_address_without_a_server_or_of_another_kind_is_refused() -> None:
    """No listener is a matter of trying again; a wrong address is not."""

    async def main(url: str) -> None:
        await connect(url, lambda _: None, lambda _: None, wall_ns)

    with pytest.raises(RetryableError, match="no connection"):
        asyncio.run(main("ws://127.0.0.1:1/"))
    with pytest.raises(ConfigError, match="ws:// or wss://"):
        asyncio.run(main("https://127.0.0.1/"))


def test_a_reader_does_not_die_in_silence() -> None:
    """What a callback raises reaches the loop's exception handler and ends the connection (F56)."""

    async def main() -> tuple[list[object], list[str]]:
        failures: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context["exception"]))
        listener = Listener()

        def broken(_: bytes) -> None:
            raise ValueError("a bug")

        async with served(echo) as url:
            socket = await connect(url, broken, listener.closed, wall_ns)
            socket.send(b"{}")
            await listener.until(reasons=1)
        return failures, listener.reasons

    failures, reasons = asyncio.run(main())
    assert [str(failure) for failure in failures] == ["a bug"]
    assert reasons == ["it broke: a bug"]


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


@pytest.mark.parametrize("trusted", [True, False])
def test_an_encrypted_connection_is_made_only_where_the_certificate_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trusted: bool
) -> None:
    """F140: nothing switches the check off."""
    public, private = certificate(tmp_path)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(public))
    _tls.cache_clear()

    async def main() -> list[bytes]:
        listener = Listener()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(public, private)
        async with serve(echo, "127.0.0.1", 0, ssl=context) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            socket = await connect(f"wss://localhost:{port}/", listener.text, listener.closed, wall_ns)
            socket.send(b"{}")
            await listener.until(texts=1)
            socket.close()
        return listener.texts

    try:
        if trusted:
            assert asyncio.run(main()) == [b"{}"]
        else:
            with pytest.raises(RetryableError, match="certificate verify failed"):
                asyncio.run(main())
    finally:
        _tls.cache_clear()


def upgrade(request: bytes) -> bytes:
    """The answer that opens a connection, by the book (RFC 6455 §4.2.2)."""
    from websockets.utils import accept_key

    (key,) = [
        line.partition(b":")[2].strip().decode()
        for line in request.split(b"\r\n")
        if line.lower().startswith(b"sec-websocket-key")
    ]
    return (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {accept_key(key)}\r\n\r\n"
    ).encode()
