"""One connection of market streams over its sockets: lost ones are tried again, old and silent ones replaced.

A replacement opens first and the old socket is closed only when the new one delivers; whoever listens sees frames of
both and drops what it knows.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple

from sadari.binance.market_frames import (
    SHOWN,
    Malformed,
    MarketFrame,
    ReplyHeard,
    UnknownKind,
    decoded,
)
from sadari.binance.recovery import Recovery, replaced_at
from sadari.binance.stream_session import StreamSession
from sadari.errors import RetryableError
from sadari.model.units import SECOND_NS
from sadari.venue.live.wire.socket import LIMITS, Socket, SocketLimits, connect
from sadari.venue.live.wire.stream_health import StreamHealth
from sadari.venue.live.wire.tasks import begin

MALFORMED_IN_A_ROW = 5
MALFORMED_KEPT = 8
# How long a replacement may take until it delivers; else it is given up and the old socket goes on.
TAKE_OVER_NS = 10 * SECOND_NS


class Surroundings(NamedTuple):
    """What every connection shares.

    Attributes:
        now_ns: A clock of this machine that is never set.
        jitter: A new number from -1 to 1.
        take: Takes each frame that is an event.
        lost: Told the streams that are not seen any more.
        silent: Told those that have said nothing for longer than they may.
        came: Told a stream of which the first frame came, also after it was lost.
        exhausted: Told the connection's name at the fifth failure in a row.
        limits: Of every socket.
    """

    now_ns: Callable[[], int]
    jitter: Callable[[], float]
    take: Callable[[MarketFrame], None]
    lost: Callable[[Iterable[str]], None]
    silent: Callable[[Iterable[str]], None]
    came: Callable[[str], None]
    exhausted: Callable[[str], None]
    limits: SocketLimits = LIMITS


class _Link:
    """A socket with what was asked for on it."""

    __slots__ = ("malformed_in_a_row", "opened_ns", "replace_ns", "session", "socket")

    def __init__(self, session: StreamSession) -> None:
        self.session = session
        self.socket: Socket | None = None
        self.opened_ns = 0
        self.replace_ns = 0
        self.malformed_in_a_row = 0

    def send_due(self, now_ns: int) -> None:
        """Ask for what is due."""
        if self.socket is not None and self.socket.is_open:
            for message in self.session.messages(now_ns):
                self.socket.send(message)

    def close(self) -> None:
        """End it without being told."""
        if self.socket is not None:
            self.socket.close()


class MarketConnection:
    """A connection that is kept.

    Args:
        name: What it is called.
        url: Where it begins.
        around: What it shares with others.

    Attributes:
        session: The streams wanted on it.
        quarantine: The latest frames that could not be used: reason and the beginning of the raw bytes.
    """

    def __init__(self, name: str, url: str, around: Surroundings) -> None:
        self.name = name
        self.quarantine: deque[tuple[str, bytes]] = deque(maxlen=MALFORMED_KEPT)
        self._url = url
        self._around = around
        self._recovery = Recovery()
        self._link = _Link(StreamSession(around.now_ns()))
        self._next: _Link | None = None
        self._attempt: asyncio.Task[None] | None = None
        self._retry_ns = 0
        self._messages = 0
        self._message_ns: int | None = None
        self._opened = 0
        self._malformed = 0
        self._unknown = 0
        self._closed = False

    @property
    def session(self) -> StreamSession:
        """The streams wanted on it."""
        return self._link.session

    @property
    def connected(self) -> bool:
        """Whether there is a socket."""
        return self._link.socket is not None

    def follow(self, names: list[str], now_ns: int) -> None:
        """Want streams."""
        for link in self._links():
            link.session.follow(names, now_ns)
        if not self.connected and self._recovery.failures:
            self._around.lost(names)
        self.look(now_ns)

    def drop(self, names: list[str], now_ns: int) -> None:
        """Want streams no more."""
        for link in self._links():
            link.session.drop(names)
        self.look(now_ns)

    def look(self, now_ns: int) -> None:
        """Do what is due; called at least four times a second."""
        for link in self._links():
            link.send_due(now_ns)
        if self.connected:
            self._watch(now_ns)
        elif self.session.streams:
            self._open(self.session.continued(now_ns), now_ns)
        if self._next is not None and self._next.socket is not None:
            self._judge(self._next, now_ns)

    def replace(self, now_ns: int, silent: Iterable[str] = ()) -> None:
        """Open another socket in place of the present one, which goes on until then."""
        self._open(self.session.continued(now_ns, silent), now_ns)

    def health(self, now_ns: int) -> StreamHealth:
        """How it is."""
        age_s = None if self._message_ns is None else (now_ns - self._message_ns) / SECOND_NS
        return StreamHealth(
            self.name,
            self.connected,
            len(self.session.streams),
            self._messages,
            age_s,
            max(self._opened - 1, 0),
            self._malformed,
            self._unknown,
        )

    def close(self) -> None:
        """End it."""
        self._closed = True
        if self._attempt is not None:
            self._attempt.cancel()
        for link in self._links():
            link.close()

    def _links(self) -> list[_Link]:
        return [self._link] if self._next is None else [self._link, self._next]

    def _watch(self, now_ns: int) -> None:
        stale = self.session.grown_stale(now_ns)
        if stale:
            self._around.silent(stale)
        silent = self.session.silent(now_ns)
        if silent or now_ns >= self._link.replace_ns or self.session.unanswered(now_ns):
            self.replace(now_ns, silent)

    def _judge(self, link: _Link, now_ns: int) -> None:
        """Let a replacement stand alone, or give it up."""
        streams = link.session.streams.values()
        heard = any(one.heard_ns is not None for one in streams)
        if not streams or (link.session.settled and heard):
            self._take_over()
        elif now_ns - link.opened_ns >= TAKE_OVER_NS:
            since = [one.heard_ns for one in self.session.streams.values() if one.heard_ns is not None]
            if link.session.settled and max(since, default=0) < link.opened_ns:
                # Everything is acknowledged, and the old socket hears nothing either.
                self._take_over()
                return
            self._next = None
            link.close()
            self._failed()

    def _open(self, session: StreamSession, now_ns: int) -> None:
        if self._next is not None or now_ns < self._retry_ns or self._closed:
            return
        self._next = link = _Link(session)
        self._attempt = begin(self._connect(link))

    async def _connect(self, link: _Link) -> None:
        around = self._around
        try:
            socket = await connect(
                self._url,
                lambda content: self._text(link, content),
                lambda reason: self._ended(link, reason),
                around.now_ns,
                around.limits,
            )
        except RetryableError as error:
            self._next = None
            self._failed(error.after_s)
            if not self.connected:
                self._around.lost(list(self.session.streams))
            return
        finally:
            self._attempt = None
        now_ns = around.now_ns()
        self._opened += 1
        link.socket = socket
        link.opened_ns = now_ns
        link.replace_ns = replaced_at(now_ns, around.jitter())
        link.send_due(now_ns)
        if not self.connected:
            self._take_over()

    def _take_over(self) -> None:
        """The new socket stands alone."""
        old, new = self._link, self._next
        if new is not None:
            self._link, self._next = new, None
            old.close()

    def _failed(self, at_least_s: float = 0.0) -> None:
        retry = self._recovery.failed(self._around.now_ns(), self._around.jitter(), at_least_s)
        self._retry_ns = retry.at_ns
        if retry.exhausted:
            self._around.exhausted(self.name)

    def _ended(self, link: _Link, _: str) -> None:
        """A socket has ended by itself."""
        link.socket = None
        self._failed()
        if link is self._next:
            self._next = None
        elif link is self._link:
            if self._next is not None and self._next.socket is not None:
                self._take_over()
                unheard = [name for name, one in self.session.streams.items() if one.heard_ns is None]
                self._around.lost(unheard)
            else:
                self._around.lost(list(self.session.streams))

    def _text(self, link: _Link, content: bytes) -> None:
        """A frame, on its way to who wants it."""
        now_ns = self._around.now_ns()
        self._messages += 1
        self._message_ns = now_ns
        frame = decoded(content)
        if isinstance(frame, ReplyHeard):
            link.session.replied(frame.number, frame.error)
            return
        if isinstance(frame, Malformed):
            self._unusable(link, frame, now_ns)
            return
        link.malformed_in_a_row = 0
        if isinstance(frame, UnknownKind):
            self._unknown += 1
            return
        came = link.session.heard(frame.stream, now_ns)
        if came is None:
            return
        self._recovery.heard(now_ns)
        if came:
            self._around.came(frame.stream)
        self._around.take(frame)

    def _unusable(self, link: _Link, frame: Malformed, now_ns: int) -> None:
        self._malformed += 1
        self.quarantine.append((frame.reason, frame.raw[:SHOWN]))
        link.malformed_in_a_row += 1
        if link.malformed_in_a_row >= MALFORMED_IN_A_ROW and link is self._link:
            link.malformed_in_a_row = 0
            self.replace(now_ns)
