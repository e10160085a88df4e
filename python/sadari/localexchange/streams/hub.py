"""All WebSocket connections: who gets what, and who is cut.

An event is framed once for each of its two forms and the same bytes go to every connection. What is pushed within one
turn of the event loop leaves in one write.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from sadari.binance.wire.control import CombinedEvent, ListenKeyExpired
from sadari.localexchange.asking.limits import Window
from sadari.localexchange.faults.frames import CloseConnection, FrameFaults
from sadari.localexchange.streams.listen_keys import ListenKeys
from sadari.localexchange.streams.subscriptions import Subscriptions
from sadari.model.units import MINUTE_NS, SECOND_NS

PING_EVERY_NS = 3 * MINUTE_NS
PONG_WITHIN_NS = 10 * MINUTE_NS
LIFE_NS = 24 * 60 * MINUTE_NS
MOST_WAITING = 8 << 20

OutgoingFilter = Callable[[int, str, bytes], list[tuple[float, bytes]]]
Close = Callable[[int, bytes], None]


def text_frame(payload: bytes) -> bytes:
    """One unmasked text frame, as a server sends it (RFC 6455 §5.2)."""
    return _frame(0x81, payload)


class Connection:
    """One WebSocket connection.

    Args:
        number: Its id, counted from 1.
        transport: Where frames are written.
        close: Starts the closing handshake with a code and a reason.
        now_ns: When it was opened.
        subscriptions: What it listens to; None on the WebSocket API.
        most_waiting: Bytes that may wait for a slow reader.
        held: Whether what is queued waits for `release` instead of the end of this turn.
    """

    def __init__(
        self,
        number: int,
        transport: asyncio.WriteTransport,
        close: Close,
        now_ns: int,
        subscriptions: Subscriptions | None,
        most_waiting: int = MOST_WAITING,
        *,
        held: bool = False,
    ) -> None:
        self.number = number
        self.close = close
        self.subscriptions = subscriptions
        self.names: set[str] = set()
        self.opened_ns = now_ns
        self.pinged_ns = now_ns
        self.unanswered_ns: int | None = None
        self.incoming = Window(SECOND_NS)
        self.frames = 0
        self._unsent = 0
        self.held = held
        self.ended = False
        self._most_waiting = most_waiting
        self._transport = transport
        self._pending: list[bytes] = []
        self._loop = asyncio.get_running_loop()

    def push(self, frame: bytes) -> None:
        """Queue a text frame; it counts. After the closing handshake has begun there are none."""
        if not self.ended:
            self.frames += 1
            self._unsent += 1
            self.queue(frame)

    def queue(self, frame: bytes) -> None:
        """Queue a frame of any kind for the end of this turn of the loop."""
        if not self._pending and not self.held:
            self._loop.call_soon(self._flush)
        self._pending.append(frame)

    @property
    def sent(self) -> int:
        """How many of its text frames are on their way, or were."""
        return self.frames - self._unsent

    @property
    def waits(self) -> bool:
        """Whether something is queued."""
        return bool(self._pending)

    def release(self) -> None:
        """Send what is queued now."""
        self._flush()

    def abort(self) -> None:
        """End it at once, without a closing handshake; what waits to be sent is lost."""
        self._transport.abort()

    def ping(self, now_ns: int) -> None:
        """Ask for a sign of life."""
        self.pinged_ns = now_ns
        if self.unanswered_ns is None:
            self.unanswered_ns = now_ns
        self.queue(_frame(0x89, str(now_ns // 1_000_000).encode()))

    def pong(self, payload: bytes) -> None:
        """Give a sign of life."""
        self.queue(_frame(0x8A, payload))

    def _flush(self) -> None:
        pending, self._pending, self._unsent = self._pending, [], 0
        if self._transport.is_closing():
            return
        # Only what was there before this turn tells a slow reader from a large burst.
        if self._transport.get_write_buffer_size() > self._most_waiting:
            self._transport.abort()
            return
        self._transport.write(b"".join(pending))


class Hub:
    """The connections of a server, and the door for what is pushed to them.

    Args:
        listen_keys: Whose key user events go to.
        now_ns: The gateway's clock.
        outgoing: Turns an event's text for one connection into the texts to send, each after a delay in seconds; may
            raise `CloseConnection`.
        most_waiting: Bytes that may wait for a slow reader before it is cut.
        pings: Whether to ask for signs of life; where time jumps, silence says nothing.

    Attributes:
        held: Whether events wait until `release` lets them go, one connection after the other.
    """

    def __init__(
        self,
        listen_keys: ListenKeys,
        now_ns: Callable[[], int],
        *,
        outgoing: OutgoingFilter | None = None,
        most_waiting: int = MOST_WAITING,
        pings: bool = True,
    ) -> None:
        self._outgoing = outgoing
        self._listen_keys = listen_keys
        self._now_ns = now_ns
        self._most_waiting = most_waiting
        self._pings = pings
        self.held = False
        self._opened = 0
        self._connections: dict[int, Connection] = {}
        self._listeners: dict[str, dict[int, Connection]] = {}
        self._faults: FrameFaults | None = None

    def disturb(self, frames: FrameFaults) -> None:
        """Let faults have every frame that goes out from now on, as long as there are any."""
        self._faults = frames

    def wanted(self, stream: str) -> bool:
        """Whether anyone listens to a stream."""
        return stream in self._listeners

    def publish(self, stream: str, payload: bytes) -> None:
        """Push an event to all who listen to its stream.

        Args:
            stream: The wire's name, as ``btcusdt@aggTrade``.
            payload: The encoded event, without the combined wrapper.
        """
        listeners = self._listeners.get(stream)
        if listeners:
            self._send(stream, payload, list(listeners.values()))

    def publish_user(self, kind: str, payload: bytes) -> None:
        """Push a user event to all who listen under the active key and want its kind."""
        key = self._listen_keys.active()
        if key is not None:
            self._send_user(key, kind, payload)

    def last_frames(self) -> dict[int, int]:
        """The number of text frames, replies among them, that each open connection was sent."""
        return {number: connection.frames for number, connection in self._connections.items()}

    def sent_frames(self) -> dict[int, int]:
        """As `last_frames`, without what waits for `release`."""
        return {number: connection.sent for number, connection in self._connections.items()}

    def hold(self) -> None:
        """Let events wait for `release` from now on."""
        self.held = True
        for connection in self._connections.values():
            connection.held = connection.subscriptions is not None

    def release(self) -> bool:
        """Send what waits on one connection; False if nothing waits.

        What happens at one time is told as a run over history orders it: the account, trades, candles.
        """
        waiting = [one for one in self._connections.values() if one.waits]
        for connection in sorted(waiting, key=_turn)[:1]:
            connection.release()
        return bool(waiting)

    def next_number(self) -> int:
        """The id of a connection that is about to be opened."""
        self._opened += 1
        return self._opened

    def open(
        self,
        number: int,
        transport: asyncio.WriteTransport,
        close: Close,
        subscriptions: Subscriptions | None = None,
    ) -> Connection:
        """Take in a connection, after its handshake."""
        now_ns = self._now_ns()
        held = self.held and subscriptions is not None
        connection = Connection(number, transport, close, now_ns, subscriptions, self._most_waiting, held=held)
        self._connections[connection.number] = connection
        self.refresh(connection)
        return connection

    def closed(self, connection: Connection) -> None:
        """Forget a connection."""
        connection.ended = True
        self._connections.pop(connection.number, None)
        self._listen(connection, set())
        if self._faults is not None:
            self._faults.forget(connection.number)

    def refresh(self, connection: Connection) -> None:
        """Follow what a connection listens to, after a control message."""
        if connection.subscriptions is not None and not connection.ended:
            self._listen(connection, connection.subscriptions.delivered())

    def tick(self) -> None:
        """Do what is due: expire the listen key, ping, close what is silent or a day old."""
        now_ns = self._now_ns()
        for key in self._listen_keys.expired():
            event = ListenKeyExpired(now_ns // 1_000_000, key)
            self._send_user(key, event.event, msgspec.json.encode(event), to_all=True)
        for connection in list(self._connections.values()):
            silent_ns = connection.unanswered_ns
            if now_ns - connection.opened_ns >= LIFE_NS:
                connection.close(1001, b"24 hours")
            elif silent_ns is not None and now_ns - silent_ns >= PONG_WITHIN_NS:
                connection.close(1008, b"Pong timeout")
            elif self._pings and now_ns - connection.pinged_ns >= PING_EVERY_NS:
                connection.ping(now_ns)

    def close_all(self, code: int, reason: bytes) -> None:
        """Start to close every connection."""
        for connection in list(self._connections.values()):
            connection.close(code, reason)

    def _send_user(self, key: str, kind: str, payload: bytes, *, to_all: bool = False) -> None:
        listeners = [
            connection
            for connection in self._listeners.get(key, {}).values()
            if to_all or (connection.subscriptions is not None and connection.subscriptions.wants(key, kind))
        ]
        self._send(key, payload, listeners, kind)

    def _send(self, name: str, payload: bytes, listeners: list[Connection], kind: str | None = None) -> None:
        """Send an event, framed at most once for each form; the filter knows a user event by its kind."""
        ready: dict[bool, bytes] = {}
        outgoing = self._outgoing if self._faults is None or self._faults.idle else self._faults
        for connection in listeners:
            combined = connection.subscriptions is not None and connection.subscriptions.combined
            frame = ready.get(combined)
            if frame is None:
                event = CombinedEvent(name, msgspec.Raw(payload))
                text = msgspec.json.encode(event) if combined else payload
                frame = ready[combined] = text if outgoing is not None else text_frame(text)
            if outgoing is None:
                connection.push(frame)
                continue
            try:
                self._send_filtered(connection, outgoing(connection.number, kind or name, frame))
            except CloseConnection as asked:
                connection.close(asked.code, b"")

    def _send_filtered(self, connection: Connection, parts: list[tuple[float, bytes]]) -> None:
        for delay_s, text in parts:
            frame = text_frame(text)
            if delay_s <= 0:
                connection.push(frame)
            else:
                asyncio.get_running_loop().call_later(delay_s, connection.push, frame)

    def _listen(self, connection: Connection, names: set[str]) -> None:
        for name in connection.names - names:
            listeners = self._listeners[name]
            del listeners[connection.number]
            if not listeners:
                del self._listeners[name]
        for name in names - connection.names:
            self._listeners.setdefault(name, {})[connection.number] = connection
        connection.names = names


def _turn(connection: Connection) -> tuple[int, int]:
    """What comes first: events of the account, trades, whatever else."""
    kinds = {name.partition("@")[2] for name in connection.names}
    return (0 if "" in kinds else 1 if "aggTrade" in kinds else 2, connection.number)


def _frame(first: int, payload: bytes) -> bytes:
    length = len(payload)
    if length < 126:  # noqa: PLR2004 - the three length forms of the protocol
        return bytes((first, length)) + payload
    if length < 1 << 16:
        return bytes((first, 126)) + length.to_bytes(2) + payload
    return bytes((first, 127)) + length.to_bytes(8) + payload
