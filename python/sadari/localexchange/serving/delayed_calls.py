"""Orders that are under way for a while: in lockstep a call of the WebSocket API that changes orders arrives later."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from sadari.binance.wire.control import MethodCall
from sadari.localexchange.faults.faults import Faults
from sadari.localexchange.serving.faulty_calls import Answer, FaultyCalls
from sadari.localexchange.streams.hub import Connection

# What travels; what is only asked for is answered at once.
PLACE, CANCEL = ".place", ".cancel"


class _Held(NamedTuple):
    due_ns: int
    symbol: str
    number: int
    connection: Connection
    message: bytes | str
    answer: Answer


class DelayedCalls(FaultyCalls):
    """Holds calls that place or cancel until so much of the market's time has passed.

    Those that arrive at one time do so in the order of their symbols and then of being sent, as over history.

    Args:
        faults: Decide about a call when it arrives.
        now_ns: The gateway's clock.
        delay_ns: How long such a call is under way.

    Attributes:
        gathers: Whether even what takes no time waits for `arrive`.
        closes_ns: From when on none arrives any more, but that cancels sent later do so at once; None for never.
    """

    def __init__(self, faults: Faults, now_ns: Callable[[], int], delay_ns: int) -> None:
        super().__init__(faults, now_ns)
        self.gathers = False
        self.closes_ns: int | None = None
        self._clock_ns = now_ns
        self._delay_ns = delay_ns
        self._sent = 0
        self._held: list[_Held] = []

    @property
    def due_ns(self) -> int | None:
        """When the next one arrives."""
        return self._held[0].due_ns if self._held else None

    @property
    def are_due(self) -> bool:
        """Whether `arrive` lets any arrive now."""
        due_ns = self.due_ns
        return due_ns is not None and due_ns <= self._clock_ns() and not self._closed(due_ns)

    def __len__(self) -> int:
        return len(self._held)

    def take(self, connection: Connection, message: bytes | str, answer: Answer) -> None:
        """Let a message be answered, when it has arrived."""
        symbol = _symbol(message, self._travelling())
        if symbol is None:
            super().take(connection, message, answer)
            return
        self._sent += 1
        due_ns = self._clock_ns() + self._delay_ns
        self._held.append(_Held(due_ns, symbol, self._sent, connection, message, answer))
        self._held.sort(key=lambda held: held[:3])

    def arrive(self) -> None:
        """Let arrive what is due."""
        while self.are_due:
            held = self._held.pop(0)
            super().take(held.connection, held.message, held.answer)

    def _travelling(self) -> tuple[str, ...]:
        if self._closed(self._clock_ns()):
            return (PLACE,)
        return (PLACE, CANCEL) if self._delay_ns or self.gathers else ()

    def _closed(self, at_ns: int) -> bool:
        return self.closes_ns is not None and at_ns >= self.closes_ns


def _symbol(message: bytes | str, travelling: tuple[str, ...]) -> str | None:
    """The symbol of a call that travels; None of any other message."""
    if not travelling:
        return None
    try:
        call = msgspec.json.decode(message, type=MethodCall)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return bytes(call.params.get("symbol", b"")).decode() if call.method.endswith(travelling) else None
