"""What one connection of market streams has asked for, what has come of it, and what to ask next.

A stream counts as live from its first frame on: an acknowledgement alone proves nothing (fault F61). Which of them are
silent is judged on their data, whatever else the connection does (F50).

Source: strategies §10; reference binance-usdm §4 (control messages).
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from sadari.binance.wire.heard_market import Control
from sadari.model.units import MINUTE_NS, SECOND_NS

# The exchange takes 1024 streams and ten messages a second, pings and pongs among them.
MOST_STREAMS = 200
SPACING_NS = SECOND_NS // 4
ANSWER_WITHIN_NS = 5 * SECOND_NS
ASKED_AT_MOST = 3
LOOK_EVERY_NS = 30 * SECOND_NS
FIRST_FRAME_NS = 10 * SECOND_NS
STALE_NS = 60 * SECOND_NS
SILENT_NS = 90 * SECOND_NS
# A market may be silent by itself. What no new connection has changed is waited for twice as long each time.
LONGEST_SILENCE_NS = 15 * MINUTE_NS
SOON_NS = 30 * SECOND_NS

_encode = msgspec.json.Encoder().encode


class StreamState:
    """One stream on one connection.

    Attributes:
        since_ns: Since when it is wanted here.
        asked_ns: When it was last asked for, None before.
        times: How often it was asked for.
        acknowledged: Whether that was answered.
        heard_ns: When its last frame came, None before the first.
        patience_ns: How long it may be silent before its connection is replaced.
        stale: Whether it is reported as silent.
    """

    __slots__ = ("acknowledged", "asked_ns", "heard_ns", "patience_ns", "since_ns", "stale", "times")

    def __init__(self, since_ns: int, patience_ns: int) -> None:
        self.since_ns = since_ns
        self.asked_ns: int | None = None
        self.times = 0
        self.acknowledged = False
        self.heard_ns: int | None = None
        self.patience_ns = patience_ns
        self.stale = False

    @property
    def alive_ns(self) -> int:
        """Its last sign of life, or when it was first wanted."""
        return self.since_ns if self.heard_ns is None else self.heard_ns

    def unanswered(self, now_ns: int) -> bool:
        """Whether it was asked for and nothing has come of that."""
        if self.acknowledged or self.heard_ns is not None or self.asked_ns is None:
            return False
        return now_ns - self.asked_ns >= ANSWER_WITHIN_NS


class StreamSession:
    """The streams of one connection, from its handshake to its end.

    Args:
        now_ns: The time of the handshake.

    Attributes:
        streams: What is wanted, by name.
        refused: Control messages that the exchange refused, in words, the latest last.
    """

    def __init__(self, now_ns: int) -> None:
        self.streams: dict[str, StreamState] = {}
        self.refused: list[str] = []
        self._waiting: dict[str, None] = {}
        self._leaving: dict[str, None] = {}
        self._requests: dict[int, list[str]] = {}
        self._number = 0
        self._sent_ns = now_ns - SPACING_NS
        self._looked_ns = now_ns

    @property
    def room(self) -> int:
        """How many streams more it takes."""
        return MOST_STREAMS - len(self.streams)

    @property
    def settled(self) -> bool:
        """Whether every stream is live or, silent by itself, at least acknowledged."""
        return all(one.heard_ns is not None or one.acknowledged for one in self.streams.values())

    def follow(self, names: Iterable[str], now_ns: int, patience_ns: int = SILENT_NS) -> None:
        """Want streams; those that are wanted already stay as they are."""
        for name in names:
            self._leaving.pop(name, None)
            if name not in self.streams:
                self.streams[name] = StreamState(now_ns, patience_ns)
                self._waiting[name] = None

    def drop(self, names: Iterable[str]) -> None:
        """Want streams no more."""
        for name in names:
            state = self.streams.pop(name, None)
            if state is None:
                continue
            self._waiting.pop(name, None)
            if state.asked_ns is not None:
                self._leaving[name] = None

    def messages(self, now_ns: int) -> list[bytes]:
        """What to send now: at most one control message, well below what the exchange takes."""
        if now_ns - self._sent_ns < SPACING_NS:
            return []
        if self._leaving:
            names, self._leaving = list(self._leaving), {}
            return [self._message("UNSUBSCRIBE", names, now_ns)]
        for name, state in self.streams.items():
            if state.times < ASKED_AT_MOST and state.unanswered(now_ns):
                self._waiting[name] = None
        if not self._waiting:
            return []
        names, self._waiting = list(self._waiting), {}
        for name in names:
            state = self.streams[name]
            state.asked_ns = now_ns
            state.times += 1
        message = self._message("SUBSCRIBE", names, now_ns)
        self._requests = {number: asked for number, asked in self._requests.items() if not self._has_answer(asked)}
        self._requests[self._number] = names
        return [message]

    def heard(self, name: str, now_ns: int) -> bool | None:
        """A frame of a stream came.

        Returns:
            Whether the stream has come (back) to life by it; None if it is not wanted here.
        """
        state = self.streams.get(name)
        if state is None:
            return None
        came = state.heard_ns is None or state.stale
        if came:
            state.stale = False
            if now_ns - state.since_ns <= SOON_NS:
                # A new connection has helped: the silence was not the market's.
                state.patience_ns = SILENT_NS
        state.heard_ns = now_ns
        return came

    def replied(self, number: int | str, error: str) -> None:
        """A control message was answered; what was refused is asked for again like what has no answer."""
        if error:
            self.refused = [*self.refused[-9:], error]
            return
        for name in self._requests.pop(number, ()) if isinstance(number, int) else ():
            state = self.streams.get(name)
            if state is not None:
                state.acknowledged = True

    def unanswered(self, now_ns: int) -> bool:
        """Whether a stream was asked for as often as makes sense, without an answer or a frame."""
        return any(one.times >= ASKED_AT_MOST and one.unanswered(now_ns) for one in self.streams.values())

    def grown_stale(self, now_ns: int) -> list[str]:
        """The streams that have now been silent for a minute, or ten seconds before the first frame; each once."""
        found = [
            name
            for name, one in self.streams.items()
            if not one.stale and now_ns - one.alive_ns > (FIRST_FRAME_NS if one.heard_ns is None else STALE_NS)
        ]
        for name in found:
            self.streams[name].stale = True
        return found

    def silent(self, now_ns: int) -> list[str]:
        """The streams whose silence a new connection may end; looked for every 30 seconds, else none."""
        if now_ns - self._looked_ns < LOOK_EVERY_NS:
            return []
        self._looked_ns = now_ns
        return [name for name, one in self.streams.items() if now_ns - one.alive_ns > one.patience_ns]

    def continued(self, now_ns: int, silent: Iterable[str] = ()) -> StreamSession:
        """The same streams on a new connection; what was silent on this one is waited for longer there."""
        session = StreamSession(now_ns)
        quiet = frozenset(silent)
        for name, one in self.streams.items():
            longer = min(2 * one.patience_ns, LONGEST_SILENCE_NS) if name in quiet else one.patience_ns
            session.follow((name,), now_ns, longer)
        return session

    def _has_answer(self, names: list[str]) -> bool:
        found = [self.streams[name] for name in names if name in self.streams]
        return all(one.acknowledged or one.heard_ns is not None for one in found)

    def _message(self, method: str, names: list[str], now_ns: int) -> bytes:
        self._number += 1
        self._sent_ns = now_ns
        return _encode(Control(method, names, self._number))
