"""The account's own stream: kept under a listen key that is kept alive, connected anew whenever there is doubt.

Whatever happened while it was not connected is never told again, so every connection, the first one too, calls for a
comparison with the exchange.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from sadari.binance.account_answers import listen_key
from sadari.binance.codes import LISTEN_KEY_GONE
from sadari.binance.endpoints import KEEP_LISTEN_KEY, START_LISTEN_KEY
from sadari.binance.market_frames import SHOWN, Malformed, UnknownKind
from sadari.binance.stream_names import user_url
from sadari.binance.user_frames import KeyExpiredHeard, UserFrame, decoded
from sadari.binance.user_session import Do, UserSession
from sadari.errors import DataError, FatalError, RefusedError, RetryableError, UnknownOutcomeError
from sadari.model.units import SECOND_NS
from sadari.venue.live.ports import Caller
from sadari.venue.live.wire.socket import LIMITS, Socket, SocketLimits, connect
from sadari.venue.live.wire.stream_health import StreamHealth
from sadari.venue.live.wire.tasks import begin

LOOK_S = 0.25
MALFORMED_KEPT = 8


class UserStream:
    """The user stream.

    Args:
        caller: Who asks for the listen key.
        base: The stream host; the route follows.
        on_frame: Takes every event but the key's own, in the order in which it came, also what is told twice.
        on_lost: Told why it is not seen any more, once for each time.
        on_recovered: Called after each connection, planned ones among them: compare with the exchange.
        now_ns: A clock of this machine that is never set.
        jitter: A new number from -1 to 1.
        on_exhausted: Called at the fifth failure in a row; attempts go on.
        on_fatal: Told when the key of the account is not accepted; attempts go on, further apart each time.
        on_key_lost: Told why, when the listen key has expired or is somebody else's.
        limits: Of the socket.

    Attributes:
        lost: Why it is not seen, empty while it is. It is not seen before the first connection either.
        quarantine: The latest frames that could not be used: reason and the beginning of the raw bytes.
    """

    def __init__(
        self,
        caller: Caller,
        base: str,
        on_frame: Callable[[UserFrame], None],
        on_lost: Callable[[str], None],
        on_recovered: Callable[[], None],
        *,
        now_ns: Callable[[], int],
        jitter: Callable[[], float],
        on_exhausted: Callable[[], None] = lambda: None,
        on_fatal: Callable[[FatalError], None] = lambda _: None,
        on_key_lost: Callable[[str], None] = lambda _: None,
        limits: SocketLimits = LIMITS,
    ) -> None:
        self.lost = "not connected yet"
        self.quarantine: deque[tuple[str, bytes]] = deque(maxlen=MALFORMED_KEPT)
        self._caller = caller
        self._base = base
        self._on_frame, self._on_lost, self._on_recovered = on_frame, on_lost, on_recovered
        self._on_exhausted, self._on_fatal, self._on_key_lost = on_exhausted, on_fatal, on_key_lost
        self._now_ns, self._jitter, self._limits = now_ns, jitter, limits
        self._session = UserSession()
        self._socket: Socket | None = None
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False
        self._told = False
        self._opened = 0
        self._messages = 0
        self._message_ns: int | None = None
        self._malformed = 0
        self._unknown = 0

    def start(self) -> None:
        """Connect, and stay connected."""
        if self._timer is None:
            self._look()

    def doubt(self) -> None:
        """Something was seen elsewhere that should have been told here: connect anew, with the key asked for anew."""
        self._session.doubt()
        self._act()

    def health(self) -> StreamHealth:
        """How it is."""
        age_s = None if self._message_ns is None else (self._now_ns() - self._message_ns) / SECOND_NS
        return StreamHealth(
            "user",
            self._socket is not None,
            1,
            self._messages,
            age_s,
            max(self._opened - 1, 0),
            self._malformed,
            self._unknown,
        )

    def close(self) -> None:
        """End the connection. The key stays: it may be somebody else's too."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()
        if self._socket is not None:
            self._socket.close()

    def _look(self) -> None:
        # First the next look, so that one which fails is not the last.
        self._timer = asyncio.get_running_loop().call_later(LOOK_S, self._look)
        self._act()

    def _act(self) -> None:
        """Begin with what is due, one thing at a time."""
        if self._task is not None or self._closed:
            return
        step = self._session.due(self._now_ns())
        if step is not None:
            self._task = begin(self._do(step))

    async def _do(self, step: Do) -> None:
        try:
            if step is Do.CONNECT:
                await self._connect()
            else:
                await self._ask(step)
        except RetryableError as error:
            self._not_done(step, str(error), error.after_s)
        except (RefusedError, UnknownOutcomeError, DataError) as error:
            self._not_done(step, str(error))
        except FatalError as error:
            self._not_done(step, str(error))
            self._on_fatal(error)
        finally:
            self._task = None
        self._act()

    async def _ask(self, step: Do) -> None:
        """Make the key, or prolong it."""
        asked_ns = self._now_ns()
        if step is Do.MAKE_KEY:
            made = listen_key(await self._caller.call(START_LISTEN_KEY, urgent=True))
            if not made:
                raise DataError("the answer has no listen key")
            self._session.made(made, asked_ns)
            return
        key = self._session.key or ""
        try:
            # Named, so that a key which somebody else has made meanwhile is not prolonged in place of ours.
            answered = listen_key(await self._caller.call(KEEP_LISTEN_KEY, {"listenKey": key}, urgent=True))
        except RefusedError as error:
            if error.code != LISTEN_KEY_GONE:
                raise
            self._key_gone(key, str(error))
            return
        if answered in {"", key}:
            self._session.kept(asked_ns)
        else:
            self._key_gone(key, "another listen key is active")

    async def _connect(self) -> None:
        """Open a socket under the key; the one before it is closed afterwards."""
        key = self._session.key
        if key is None:
            return
        opened: list[Socket] = []

        def ended(reason: str) -> None:
            if opened and opened[0] is self._socket:
                self._ended(reason)

        socket = await connect(user_url(self._base, key), self._text, ended, self._now_ns, self._limits)
        if self._session.key != key:
            # It has expired meanwhile; nothing will ever come over this socket.
            socket.close()
            return
        opened.append(socket)
        before, self._socket = self._socket, socket
        if before is not None:
            before.close()
        self._opened += 1
        self._session.connected(self._now_ns(), self._jitter())
        self.lost = ""
        self._told = False
        self._on_recovered()

    def _not_done(self, step: Do, reason: str, at_least_s: float = 0.0) -> None:
        now_ns = self._now_ns()
        if step is Do.KEEP_KEY:
            self._session.keep_failed(now_ns)
            return
        exhausted = self._session.failed(now_ns, self._jitter(), at_least_s)
        if self._socket is None:
            self._gone(reason)
        if exhausted:
            self._on_exhausted()

    def _ended(self, reason: str) -> None:
        """The socket has ended by itself."""
        self._socket = None
        self._gone(reason)
        if self._session.closed(self._now_ns(), self._jitter()):
            self._on_exhausted()

    def _key_gone(self, key: str, reason: str) -> None:
        if self._session.key_gone(key or None):
            self._on_key_lost(reason)
            self._gone(reason)

    def _gone(self, reason: str) -> None:
        self.lost = reason
        if not self._told:
            self._told = True
            self._on_lost(reason)

    def _text(self, content: bytes) -> None:
        self._messages += 1
        self._message_ns = self._now_ns()
        frame = decoded(content)
        if isinstance(frame, Malformed):
            self._malformed += 1
            self.quarantine.append((frame.reason, frame.raw[:SHOWN]))
            # What it said is lost: only a comparison finds out, and that follows each connection.
            self._session.doubt()
            return
        if isinstance(frame, UnknownKind):
            self._unknown += 1
        elif isinstance(frame, KeyExpiredHeard):
            self._key_gone(frame.listen_key, "the listen key has expired")
            self._act()
        else:
            self._on_frame(frame)
