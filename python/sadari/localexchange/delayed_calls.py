"""Orders that are under way for a while: in lockstep a call of the WebSocket API that changes orders arrives later."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from sadari.localexchange.faults import Faults
from sadari.localexchange.faulty_calls import Answer, FaultyCalls
from sadari.localexchange.hub import Connection

# What travels: what is only asked for is answered at once.
TRAVEL = (b".place", b".cancel")


class _Held(NamedTuple):
    due_ns: int
    connection: Connection
    message: bytes | str
    answer: Answer


class DelayedCalls(FaultyCalls):
    """Holds calls that place or cancel until so much of the market's time has passed.

    Args:
        faults: Decide about a call when it arrives.
        now_ns: The gateway's clock.
        delay_ns: How long such a call is under way.
    """

    def __init__(self, faults: Faults, now_ns: Callable[[], int], delay_ns: int) -> None:
        super().__init__(faults, now_ns)
        self._clock_ns = now_ns
        self._delay_ns = delay_ns
        self._held: deque[_Held] = deque()

    @property
    def due_ns(self) -> int | None:
        """When the next one arrives."""
        return self._held[0].due_ns if self._held else None

    def __len__(self) -> int:
        return len(self._held)

    def take(self, connection: Connection, message: bytes | str, answer: Answer) -> None:
        """Let a message be answered, when it has arrived."""
        text = message.encode() if isinstance(message, str) else message
        if self._delay_ns and any(word in text[:200] for word in TRAVEL):
            self._held.append(_Held(self._clock_ns() + self._delay_ns, connection, message, answer))
        else:
            super().take(connection, message, answer)

    def arrive(self) -> None:
        """Let arrive what is due."""
        while self._held and self._held[0].due_ns <= self._clock_ns():
            held = self._held.popleft()
            super().take(held.connection, held.message, held.answer)
