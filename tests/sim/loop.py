"""An event loop whose time is made up: where nobody has anything to do, the next timer is due at once.

Connections lead through a `Network` in this process. Whoever runs here has a host (a context variable that its tasks
and callbacks inherit); a host that is killed never runs again, and nothing that it had under way comes to an end.
"""

from __future__ import annotations

import asyncio
import selectors
import socket
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from contextvars import Context, ContextVar, copy_context
from typing import Any, TypeVar, TypeVarTuple, Unpack

from sadari.run.parity.lockstep import done_at_once
from tests.sim.network import Listener, Network

NS = 1_000_000_000
HOST: ContextVar[str] = ContextVar("HOST", default="exchange")

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")
Handler = Callable[[asyncio.AbstractEventLoop, dict[str, Any]], object]


class KilledError(BaseException):
    """Raised where a host dies within its own doing, to get out of it; whatever it still does then has no effect."""


class StuckError(Exception):
    """Nobody has anything to do, now or at any later time."""


class SimLoop(asyncio.SelectorEventLoop):
    """The loop.

    Args:
        network: What connections lead through.

    Attributes:
        now_ns: The time, from 0 at the beginning.
        turns: How often something was done.
        after_turn: Called after everything that was to be done at once.
        broken: What nobody has caught, of hosts that live.
    """

    def __init__(self, network: Network) -> None:
        self.now_ns = 0
        self.turns = 0
        self.broken: list[str] = []
        self.after_turn: list[Callable[[], None]] = []
        self._network = network
        self._dialed: dict[int, tuple[str, int]] = {}
        self._dead: set[str] = set()
        self._handlers: dict[str, Handler | None] = {}
        super().__init__(_Jumping(self))
        self._clock_resolution = 1e-9
        network.attach(self)

    def time(self) -> float:
        """Seconds since the beginning."""
        return self.now_ns / NS

    def jump(self, timeout: float) -> None:
        """Let the time go on to the next timer."""
        self.now_ns += max(1, -int(-timeout * NS // 1))

    # hosts

    def spawn(self, host: str, coroutine: Any) -> asyncio.Task[Any]:
        """Begin a task on a host of its own."""
        context = copy_context()
        context.run(HOST.set, host)
        return self.create_task(coroutine, context=context)

    def kill(self, host: str) -> None:
        """End a host: its connections break, its timers and tasks are never heard of again."""
        self._dead.add(host)
        self._network.cut_host(host)
        self.bury()

    def bury(self) -> None:
        """Forget what hosts that are dead have still had to do."""
        if self._dead:
            for handle in (*self._ready, *self._scheduled):  # type: ignore[attr-defined]
                if handle._context is not None and handle._context.get(HOST, "") in self._dead:
                    handle.cancel()

    # what asyncio asks of a loop

    async def create_connection(self, protocol_factory: Any, host: Any = None, port: Any = None, **more: Any) -> Any:
        """Connect through the network."""
        sock: socket.socket | None = more.get("sock")
        if sock is not None:
            address = self._dialed.pop(sock.fileno())
            sock.close()
        else:
            address = (host, port)
            await self._network.dial(address)
        protocol = protocol_factory()
        transport = self._network.join(protocol, address, HOST.get())
        return transport, protocol

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        """What the HTTP client does before `create_connection`."""
        await self._network.dial(address[:2])
        self._dialed[sock.fileno()] = address[:2]

    async def create_server(self, protocol_factory: Any, host: Any = None, port: Any = None, **_: Any) -> Any:
        """Listen on the network."""
        return Listener(self._network, protocol_factory, (host, port or 0), copy_context())

    def run_in_executor(
        self,
        executor: Executor | None,  # noqa: ARG002 - it is done here
        func: Callable[[Unpack[_Ts]], _T],
        *args: *_Ts,
    ) -> asyncio.Future[_T]:
        """Do it at once."""
        return done_at_once(self, func, *args)

    def set_exception_handler(self, handler: Handler | None) -> None:
        """Each host has its own."""
        self._handlers[HOST.get()] = handler

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Ask the host's own; what only it would have said of its death is not heard."""
        error = context.get("exception")
        if isinstance(error, KilledError):
            return
        host = self._host_of(context)
        # A task that is thrown away at its death is said to be pending, and does not say whose it was.
        if host in self._dead or (self._dead and error is None and "destroyed" in str(context.get("message"))):
            return
        handler = self._handlers.get(host)
        if handler is not None:
            handler(self, context)
        elif not _hung_up_on(error):
            where = "" if error is None else "".join(traceback.format_exception(error)[-4:])
            self.broken.append(f"{host}: {context.get('message')}: {error!r}\n{where}")

    def _host_of(self, context: Mapping[str, Any]) -> str:
        handle = context.get("handle")
        inner: Context | None = getattr(handle, "_context", None)
        return HOST.get() if inner is None else str(inner.get(HOST, "exchange"))


def _hung_up_on(error: BaseException | None) -> bool:
    """Whether the HTTP server's library was left between the arrival of a request and its first look at it."""
    frames = traceback.extract_tb(None if error is None else error.__traceback__)
    return bool(frames) and frames[-1].filename.endswith("web_protocol.py") and isinstance(error, TypeError)


class _Jumping(selectors.BaseSelector):
    """Where the loop would sleep the time jumps."""

    def __init__(self, loop: SimLoop) -> None:
        self._loop = loop
        self._keys: dict[Any, selectors.SelectorKey] = {}

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        loop = self._loop
        loop.turns += 1
        for look in loop.after_turn:
            look()
        if loop._dead:
            loop.bury()
        if timeout is None:
            raise StuckError("nobody has anything to do")
        if timeout > 0:
            loop.jump(timeout)
        return []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        key = selectors.SelectorKey(fileobj, fileobj if isinstance(fileobj, int) else fileobj.fileno(), events, data)
        self._keys[key.fd] = key
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._keys.pop(fileobj if isinstance(fileobj, int) else fileobj.fileno())

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._keys

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:
        return self._keys[fileobj if isinstance(fileobj, int) else fileobj.fileno()]

    def close(self) -> None:
        self._keys.clear()
