"""Connections within one process, with the times and the breaks of real ones."""

from __future__ import annotations

import asyncio
import hashlib
import random
import re
from collections.abc import Callable, Iterable
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from tests.sim.loop import SimLoop

NS = 1_000_000_000
FIRST_PORT = 40_000
Address = tuple[str, int]
_DATE = re.compile(rb"Date: [^\r]*\r\n")


class Way(NamedTuple):
    """How long bytes are under way, in seconds: at least, and on average beyond that."""

    least_s: float = 0.001
    more_s: float = 0.002


class Network:
    """What hosts are joined by.

    Args:
        seed: Of all times.
        way: How long bytes are under way.

    Attributes:
        silent: Whether everything that is sent gets lost.
        trace: The hash of every byte that was sent, with its time.
    """

    def __init__(self, seed: int, way: Way = Way()) -> None:  # noqa: B008 - it is immutable
        self.way = way
        self.silent = False
        self.trace = hashlib.sha256()
        self.joins: list[tuple[Wire, Wire]] = []
        self._chance = random.Random(f"network/{seed}")
        self._listening: dict[int, Listener] = {}
        self._next_port = FIRST_PORT
        self.loop: SimLoop

    def attach(self, loop: SimLoop) -> None:
        """The loop whose time it has."""
        self.loop = loop

    def delay_s(self) -> float:
        """How long the next bytes are under way."""
        return self.way.least_s + self._chance.expovariate(1.0) * self.way.more_s

    def note(self, here: Address, content: bytes) -> None:
        """Take bytes that are sent into the trace, but for the date, which is the real one."""
        self.trace.update(b"%d %d " % (self.loop.now_ns, here[1]) + _DATE.sub(b"", content))

    def listen(self, listener: Listener, port: int) -> int:
        """Let connections to a port come to a listener; 0 picks one."""
        if not port:
            self._next_port += 1
            port = self._next_port
        if port in self._listening:
            raise OSError(98, f"port {port} is taken")
        self._listening[port] = listener
        return port

    def deafen(self, port: int) -> None:
        """Nobody listens on a port any more."""
        self._listening.pop(port, None)

    async def dial(self, address: Address) -> None:
        """Wait as long as a handshake takes.

        Raises:
            ConnectionRefusedError: Nobody listens there.
        """
        await asyncio.sleep(2 * self.delay_s())
        if address[1] not in self._listening:
            raise ConnectionRefusedError(111, f"nobody listens on {address}")

    def join(self, protocol: asyncio.Protocol, address: Address, host: str) -> Wire:
        """A connection to a listener, made."""
        listener = self._listening.get(address[1])
        if listener is None:
            raise ConnectionRefusedError(111, f"nobody listens on {address}")
        self._next_port += 1
        near = Wire(self, self.loop, host, copy_context(), ("127.0.0.1", self._next_port), address)
        far = Wire(self, self.loop, "", listener.context, address, near.here)
        near.other, far.other = far, near
        self.joins = [one for one in self.joins if not one[0].gone]
        self.joins.append((near, far))
        self.loop.call_soon(far.begin, listener.factory(), context=listener.context)
        near.begin(protocol)
        return near

    def cut_host(self, host: str) -> None:
        """All connections of a host end: the other sides hear of it."""
        for near, _ in self.joins:
            if near.host == host:
                near.die()

    def cut(self, which: Callable[[Wire], bool]) -> int:
        """Break connections for both sides."""
        found = [pair for pair in self.joins if not pair[0].gone and which(pair[0])]
        for near, far in found:
            near.abort()
            far.abort()
        return len(found)


class Wire(asyncio.Transport):
    """One end of a connection.

    Attributes:
        host: Whose it is; "" for the listener's.
        gone: Whether it is over.
        lost: Whether bytes of it got lost on the way.
    """

    def __init__(
        self, network: Network, loop: SimLoop, host: str, context: Context, here: Address, there: Address
    ) -> None:
        super().__init__({"peername": there, "sockname": here})
        self.host = host
        self.here = here
        self.gone = False
        self.lost = False
        self.other: Wire
        self._network = network
        self._loop = loop
        self._context = context
        self._protocol: asyncio.Protocol | None = None
        self._closing = False
        self._paused = False
        self._held: list[bytes] = []
        self._last_ns = 0

    def begin(self, protocol: asyncio.Protocol) -> None:
        """Somebody is there."""
        self._protocol = protocol
        protocol.connection_made(self)
        for content in self._held:
            self._hand(content)
        self._held = []

    # what protocols ask

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send bytes; they arrive in order."""
        if self._closing or not data:
            return
        content = bytes(data)
        self._network.note(self.here, content)
        self._later(self.other._receive, content)

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        """Send bytes."""
        self.write(b"".join(list_of_data))

    def close(self) -> None:
        """End it once everything is sent."""
        if not self._closing:
            self._closing = True
            self._later(self.other._ended, None)
            self._loop.call_soon(self._lost, None, context=self._context)

    def abort(self) -> None:
        """End it at once."""
        if not self.gone:
            self._closing = True
            self._later(self.other._ended, ConnectionResetError(104, "Connection reset by peer"))
            self._loop.call_soon(self._lost, None, context=self._context)

    def die(self) -> None:
        """Its host is no more."""
        if not self.gone:
            self.gone = self._closing = True
            self._later(self.other._ended, ConnectionResetError(104, "Connection reset by peer"))

    def is_closing(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._closing

    def get_protocol(self) -> Any:
        """Who is told."""
        return self._protocol

    def set_protocol(self, protocol: Any) -> None:
        """Another one is told from now on."""
        self._protocol = protocol

    def is_reading(self) -> bool:
        """Whether bytes are taken."""
        return not self._paused

    def pause_reading(self) -> None:
        """Keep what comes."""
        self._paused = True

    def resume_reading(self) -> None:
        """Take what has come."""
        self._paused = False
        held, self._held = self._held, []
        for content in held:
            self._receive(content)

    def get_write_buffer_size(self) -> int:
        """Nothing waits here."""
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """There is nothing to limit."""

    def can_write_eof(self) -> bool:
        """It cannot be half closed."""
        return False

    # what arrives

    def _later(self, what: Callable[[Any], None], value: Any) -> None:
        if self._network.silent:
            self.lost = self.other.lost = True
            return
        at_ns = max(self._last_ns + 1, self._loop.now_ns + int(self._network.delay_s() * NS))
        self._last_ns = at_ns
        self._loop.call_at(at_ns / NS, what, value, context=self.other._context)

    def _receive(self, content: bytes) -> None:
        if self.gone or self._closing:
            return
        if self._protocol is None or self._paused:
            self._held.append(content)
        else:
            self._hand(content)

    def _hand(self, content: bytes) -> None:
        if self._protocol is not None:
            self._protocol.data_received(content)

    def _ended(self, error: Exception | None) -> None:
        if self.gone:
            return
        if error is None and self._protocol is not None and not self._closing:
            self._protocol.eof_received()
        self._closing = True
        self._lost(error)

    def _lost(self, error: Exception | None) -> None:
        if not self.gone:
            self.gone = True
            if self._protocol is not None:
                self._protocol.connection_lost(error)


class Listener(asyncio.AbstractServer):
    """A port that is listened on."""

    def __init__(self, network: Network, factory: Callable[[], Any], address: Address, context: Context) -> None:
        self.factory = factory
        self.context = context
        self._network = network
        self._address = (address[0], network.listen(self, address[1]))

    @property
    def sockets(self) -> tuple[Listener, ...]:
        """What says where it listens."""
        return (self,)

    def getsockname(self) -> Address:
        """Where it listens."""
        return self._address

    def close(self) -> None:
        """Listen no more."""
        self._network.deafen(self._address[1])

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """The loop of the network."""
        return self._network.loop

    async def wait_closed(self) -> None:
        """Nothing is waited for."""

    def is_serving(self) -> bool:
        """It does."""
        return True

    async def start_serving(self) -> None:
        """It does."""

    async def serve_forever(self) -> None:
        """It does."""
