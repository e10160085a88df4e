"""An event loop whose time is the market's: it goes on only when nothing is under way any more.

Engine and exchange run in one loop, over real sockets. Whenever nobody has anything left to do, and both agree on what
was sent and handled, the owner is asked to let the market go on; timers follow the market's time.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple, Unpack

from sadari.errors import SadariError
from sadari.model.units import SECOND_NS
from sadari.venue.clock import steady_ns
from sadari.venue.live.wire.socket import Socket

# How long sockets are waited for at a time, and how long until nothing is expected of them any more.
WAIT_S = 0.001
PATIENCE_NS = 30 * SECOND_NS
# Coarser than what a float of seconds since 1970 can tell apart.
RESOLUTION_S = 1e-6

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")

# Is told for how many seconds nothing is planned, None if nothing is; False while something is under way.
Idle = Callable[[float | None], bool]


def done_at_once(loop: asyncio.AbstractEventLoop, func: Callable[[Unpack[_Ts]], _T], *args: *_Ts) -> asyncio.Future[_T]:
    """What a loop of made-up time does in place of a thread; an exception is its waiter's."""
    done: asyncio.Future[_T] = loop.create_future()
    try:
        done.set_result(func(*args))
    except Exception as error:  # noqa: BLE001 - whoever waits for it gets it
        done.set_exception(error)
    return done


class LockstepLoop(asyncio.SelectorEventLoop):
    """The loop.

    Args:
        seconds: The time that timers follow.
        idle: Asked whenever nothing is ready.

    Attributes:
        sockets: The WebSocket connections that the engine has made.
        connecting: How many connections are being made.
    """

    def __init__(self, seconds: Callable[[], float], idle: Idle) -> None:
        self._seconds = seconds
        self.sockets: list[Socket] = []
        self.connecting = 0
        super().__init__(_Idling(idle))
        self._clock_resolution = RESOLUTION_S

    def time(self) -> float:
        """The market's time."""
        return self._seconds()

    async def create_connection(self, *arguments: Any, **more: Any) -> Any:  # noqa: ANN401 - as the base class has it
        """Connect, and remember the engine's WebSocket connections."""
        self.connecting += 1
        try:
            transport, protocol = await super().create_connection(*arguments, **more)
        finally:
            self.connecting -= 1
        if isinstance(protocol, Socket):
            self.sockets.append(protocol)
        return transport, protocol

    def run_in_executor(
        self,
        executor: Executor | None,  # noqa: ARG002 - it is done here
        func: Callable[[Unpack[_Ts]], _T],
        *args: *_Ts,
    ) -> asyncio.Future[_T]:
        """Do it at once: what takes no market time is done before the market goes on."""
        return done_at_once(self, func, *args)


class _Idling(selectors.DefaultSelector):
    """Asks for the next step where the loop would sleep."""

    def __init__(self, idle: Idle) -> None:
        super().__init__()
        self._idle = idle
        self._waits_since_ns: int | None = None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(0)
        if found or timeout == 0:
            self._waits_since_ns = None
            return found
        if self._idle(timeout):
            self._waits_since_ns = None
            return found
        now_ns = steady_ns()
        if self._waits_since_ns is None:
            self._waits_since_ns = now_ns
        if now_ns - self._waits_since_ns > PATIENCE_NS:
            raise SadariError("engine and exchange do not come to an agreement on what was sent and handled")
        return super().select(WAIT_S)
