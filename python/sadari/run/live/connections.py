"""The connections of a live engine to its venue, made from configuration and key."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import NamedTuple, Self

from sadari.binance import answers, endpoints
from sadari.binance.budget import Budget
from sadari.binance.sign import Signer, signer
from sadari.errors import SadariError
from sadari.run.settings.hosts import Hosts
from sadari.run.settings.keys import Keys
from sadari.venue.live.orders.gateway import Lanes
from sadari.venue.live.wire.rest import Rest
from sadari.venue.live.wire.server_clock import ServerClock
from sadari.venue.live.wire.ws_api import WsApi


class Clocks(NamedTuple):
    """This machine's: the wall, which may be set, and one that never is; ``steady_ns`` is None in lockstep."""

    wall_ns: Callable[[], int]
    steady_ns: Callable[[], int] | None
    measure_ns: Callable[[], int]


class Connections:
    """REST and the two connections of the WebSocket API; one request budget for all.

    Args:
        hosts: Where to.
        keys: What signs; None where nothing is signed.
        clocks: This machine's.
        jitter: Numbers from 0 to 1.
    """

    def __init__(self, hosts: Hosts, keys: Keys | None, clocks: Clocks, jitter: Callable[[], float]) -> None:
        self.hosts = hosts
        # Of a clock that is never set: one that is would make every request of another time than now (faults F113).
        self.server = ServerClock(clocks.measure_ns)
        self._wall_ns = clocks.wall_ns
        self.budget = Budget()
        signs: Signer | None = None if keys is None else signer(keys.key.reveal(), keys.secret.reveal())
        self.rest = Rest(hosts.rest, signs, self.server, self.budget, spot_url=hosts.wallet)
        self.lanes: Lanes | None = None
        self._ws_apis: tuple[WsApi, ...] = ()
        if signs is not None:
            openings, exits = (WsApi(hosts.ws_api, signs, self.server, self.budget, jitter=jitter) for _ in range(2))
            self._ws_apis = (openings, exits)
            self.lanes = Lanes(openings, exits)

    @property
    def off_ns(self) -> int:
        """The server's clock less this machine's wall, as last measured."""
        return self.server.ns() - self._wall_ns()

    @property
    def ws_apis(self) -> tuple[WsApi, ...]:
        """Openings, exits; none where nothing is signed."""
        return self._ws_apis

    async def start(self) -> None:
        """Connect the WebSocket API; REST connects by itself."""
        await asyncio.gather(*(one.start() for one in self._ws_apis))

    async def market_ns(self, log: Callable[[str], None]) -> int:
        """The market's time: a local exchange may play another than the server's."""
        try:
            shown = answers.prices(await self.rest.call(endpoints.TICKER_PRICE, urgent=True))
        except SadariError as error:
            log(f"prices could not be read at the start: {error}")
            shown = []
        return max((one.time_ns for one in shown if one.time_ns is not None), default=self.server.ns())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.gather(*(one.close() for one in self._ws_apis), self.rest.close(), return_exceptions=True)
