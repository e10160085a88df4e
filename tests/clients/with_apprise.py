"""Our door to Apprise with the real library behind it: servers on this machine take, refuse, hang or are not there."""

from __future__ import annotations

import json
import logging
import socket
import socketserver
import sys
import threading
from collections.abc import Iterator
from email import message_from_bytes
from email.header import decode_header, make_header
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "python"))

from sadari.errors import ConfigError, RetryableError
from sadari.notify.by_apprise import sender

TOKEN = "123456789:AAEtelegramTOKENtelegram_AAEtelegra"  # noqa: S105 - it opens nothing
# One address for each kind of channel, as their services write them.
ADDRESSES = {
    "telegram": f"tgram://{TOKEN}/987654321",
    "slack": "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/",
    "e-mail": "mailtos://user:password@mail.example.org?to=me@example.org",
    "SMS": "twilio://AC" + "a" * 32 + ":" + "b" * 32 + "@15551234567/15557654321",
    "webhook": "jsons://hooks.example.org/path",
}


class Message(NamedTuple):
    """What the engine sends has these and more."""

    title: str = "[run] 위험 BTCUSDT: single_position_loss"
    body: str = "포지션 손실이 모든 손절 한도를 넘었습니다.\n값: -0.16"


class Hook(ThreadingHTTPServer):
    """A webhook.

    Attributes:
        status: What it answers with.
        bodies: What it was sent.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Posted)
        self.status = 200
        self.bodies: list[dict[str, str]] = []


class Posted(BaseHTTPRequestHandler):
    """A request to it."""

    server: Hook

    def do_POST(self) -> None:
        """Take the message."""
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bodies.append(json.loads(content.decode("utf-8")))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def hook() -> Iterator[Hook]:
    """A webhook on this machine."""
    server = Hook()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_webhook_gets_the_message_letter_by_letter(hook: Hook) -> None:
    """Title and body in Korean, UTF-8."""
    sender("hook", f"json://127.0.0.1:{hook.server_address[1]}/x")(Message())
    (body,) = hook.bodies
    assert (body["title"], body["message"]) == (Message().title, Message().body)


def test_a_message_that_is_refused_is_not_done(hook: Hook) -> None:
    """Whatever the answer: it is tried again later."""
    hook.status = 500
    with pytest.raises(RetryableError, match="not taken"):
        sender("hook", f"json://127.0.0.1:{hook.server_address[1]}/x")(Message())


def test_nobody_there_is_not_done() -> None:
    """A port where nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(RetryableError, match="not taken"):
        sender("hook", f"json://127.0.0.1:{port}/x")(Message())


def test_a_server_that_never_answers_is_given_up() -> None:
    """By the library's own patience; until then only this channel's thread waits."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(RetryableError, match="not taken"):
            sender("hook", f"json://127.0.0.1:{silent.getsockname()[1]}/x?rto=0.3&cto=0.3")(Message())


class Mail(socketserver.StreamRequestHandler):
    """A mail server that takes everything."""

    def handle(self) -> None:
        """One conversation."""
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = list(iter(self.rfile.readline, b".\r\n"))
                TAKEN.append(b"".join(lines))
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 fine\r\n")
            if word == b"QUIT":
                return


TAKEN: list[bytes] = []


def test_an_e_mail_arrives_in_korean() -> None:
    """Over SMTP, as a mail program reads it."""
    TAKEN.clear()
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mail) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_address[1]
        address = f"mailto://127.0.0.1:{port}?from=a@example.org&to=b@example.org&mode=insecure&smtp=127.0.0.1"
        sender("mail", address)(Message())
        server.shutdown()
    (taken,) = TAKEN
    mail = message_from_bytes(taken)
    assert str(make_header(decode_header(mail["Subject"]))) == Message().title
    texts = [part.get_payload(decode=True) for part in mail.walk() if part.get_content_type() == "text/plain"]
    read = [text.decode("utf-8").replace("\r\n", "\n") for text in texts if isinstance(text, bytes)]
    assert any(Message().body in text for text in read)


@pytest.mark.parametrize("kind", ADDRESSES)
def test_every_kind_of_channel_is_known(kind: str) -> None:
    """Telegram, Slack, e-mail, SMS, webhook."""
    assert callable(sender(kind, ADDRESSES[kind]))


def test_an_address_that_is_none_is_refused_without_being_shown(capfd: pytest.CaptureFixture[str]) -> None:
    """One sentence, and no token."""
    with pytest.raises(ConfigError) as refused:
        sender("phone", f"pigeon://{TOKEN}/x")
    shown = capfd.readouterr()
    assert "its address is none that Apprise knows" in str(refused.value)
    assert TOKEN not in str(refused.value) + shown.out + shown.err


def test_the_library_writes_no_token_anywhere(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even when a request fails, whose address has the token in it."""
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    caplog.set_level(logging.DEBUG)
    with pytest.raises(RetryableError) as failed:
        sender("phone", ADDRESSES["telegram"])(Message())
    shown = capfd.readouterr()
    told = (
        shown.out
        + shown.err
        + str(failed.value)
        + "".join(record.getMessage() for record in caplog.records if record.name.startswith("apprise"))
    )
    assert "AAEtelegramTOKEN" not in told
