"""The local exchange put together: a market from files or made up, one account, a server."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal

from sadari.errors import ConfigError
from sadari.exchange import BookSlippage, Exchange, TickSlippage
from sadari.localexchange.account.announcements import Announcements
from sadari.localexchange.account.desk import Desk
from sadari.localexchange.account.notices import Notices
from sadari.localexchange.asking.endpoint import Endpoint
from sadari.localexchange.asking.gate import Gate
from sadari.localexchange.asking.limits import NO_LIMITS, Limits
from sadari.localexchange.endpoints import keys as key_endpoints
from sadari.localexchange.endpoints import public as public_endpoints
from sadari.localexchange.endpoints.account import AccountEndpoints
from sadari.localexchange.endpoints.algo import AlgoEndpoints
from sadari.localexchange.endpoints.countdowns import Countdowns
from sadari.localexchange.endpoints.orders import OrderEndpoints
from sadari.localexchange.faults.faults import Faults
from sadari.localexchange.faults.frames import FrameFaults
from sadari.localexchange.faults.http import faulty
from sadari.localexchange.market.market import Market
from sadari.localexchange.market.tape import Tape
from sadari.localexchange.market.told import ms
from sadari.localexchange.serving import ws_api
from sadari.localexchange.serving.control import Control
from sadari.localexchange.serving.delayed_calls import DelayedCalls
from sadari.localexchange.serving.happenings import GatewayClock, Happenings
from sadari.localexchange.serving.play import Play
from sadari.localexchange.serving.server import Address, Server
from sadari.localexchange.streams import listen_keys
from sadari.localexchange.streams.hub import Hub
from sadari.localexchange.streams.market import MarketStreams
from sadari.localexchange.streams.names import route_of
from sadari.model.order import Side
from sadari.model.plan import Fees
from sadari.model.units import MINUTE_NS
from sadari.run.feed import played
from sadari.run.local import keys as local_keys
from sadari.run.local.keys import Credentials, credentials
from sadari.run.local.listings import Listings, LocalSettings, begin, listings
from sadari.venue.clock import wall_ns

# Where time goes on by steps nothing is limited by it: a client may ask as often as it likes at one moment.
MESSAGES_PER_S = 10
LOOK_EVERY_S = 1.0
ANSWER_S = 0.05


class LocalExchange:
    """One exchange, ready to serve.

    Args:
        listings: What is traded.
        settings: What it is asked to be.
        now_ns: The wall's clock.
        identity: The account's; by the seed if it is not given.

    Attributes:
        further: The account's other keys.
        next_seed: With which it is to begin again, once `serve` has ended; None to end for good.

    Raises:
        ConfigError: The history leaves nothing to play.
    """

    def __init__(
        self,
        listings: Listings,
        settings: LocalSettings,
        now_ns: Callable[[], int] = wall_ns,
        identity: Credentials | None = None,
    ) -> None:
        # A contract may be listed anew while it plays, which is nobody else's listing.
        listings = listings._replace(instruments=dict(listings.instruments))
        self.settings = settings
        self.assumed = listings.assumed
        self.credentials = identity or credentials(settings.seed)
        self.api_keys, self.further = local_keys.keys(self.credentials, settings.permissions, settings.ed25519)
        self.next_seed: int | None = None
        self._stop = asyncio.Event()
        self._wall_ns = now_ns
        now = now_ns() if settings.rebase else None
        start_ns = begin(listings.candles, settings.history_ns, now if settings.same_hour else None)
        shift_ns = 0 if now is None else (now - start_ns) // MINUTE_NS * MINUTE_NS
        tapes = played.tapes(
            listings.candles, listings.instruments, settings.seed, start_ns=start_ns, shift_ns=shift_ns
        )
        self.market = Market(tapes, start_ns, shift_ns, listings.funding)
        self.gateway_ns = GatewayClock(self._market_ns if settings.lockstep else now_ns)
        keys = listen_keys.ListenKeys(self.gateway_ns, settings.seed)
        self.hub = Hub(keys, self.gateway_ns, pings=not settings.lockstep)
        fees = settings.fees
        onboard_ms = {name: ms(one.onboard_ns) for name, one in self.market.symbols.items()}
        self.notices = Notices(self.hub.wanted, self.hub.publish, onboard_ms)
        self.desk = self._account(listings, fees)
        streams = MarketStreams(self.market, self.hub.wanted, self.hub.publish)
        happenings = Happenings(self.desk, self.market, keys, self.gateway_ns, self.notices, self.api_keys)
        self.actions = happenings.actions()
        self.faults = Faults(settings.faults, settings.seed, self.gateway_ns(), self.actions)
        self.hub.disturb(FrameFaults(self.faults, self.gateway_ns))
        self.tape = Tape(tapes)
        self.play = Play(self.tape, self.market, self.desk, streams, self._look)
        self._countdowns = Countdowns(self.desk, self.gateway_ns)
        served = self._served(keys, fees)
        control = Control(
            self.desk,
            self.market,
            self.play,
            self.gateway_ns,
            self.hub.last_frames,
            self.faults,
            self._begin_again,
            self._look,
            self.api_keys,
            lockstep=settings.lockstep,
        )
        self.endpoints: list[Endpoint] = [*served, *control.endpoints(served)]
        self.calls = DelayedCalls(self.faults, self.gateway_ns, settings.order_ns if settings.lockstep else 0)
        self.methods = ws_api.methods(served)
        self.server = self._gateway()

    def _served(self, keys: listen_keys.ListenKeys, fees: Fees) -> list[Endpoint]:
        return [
            *public_endpoints.endpoints(self.market, self.gateway_ns),
            *listen_keys.endpoints(keys),
            *OrderEndpoints(self.desk).endpoints(),
            *self._countdowns.endpoints(),
            *AlgoEndpoints(self.desk).endpoints(),
            *AccountEndpoints(self.desk, fees).endpoints(),
            *key_endpoints.endpoints(self.api_keys, ms(self.gateway_ns())),
        ]

    def stop(self) -> None:
        """Let `serve` end."""
        self._stop.set()

    async def serve(self, started: Callable[[Address], None]) -> None:
        """Serve until told to stop, or to begin again.

        Args:
            started: Told where the server listens.

        Raises:
            ConfigError: The port is taken or the host is none of this machine.
        """
        try:
            address = await self.server.start(self.settings.host, self.settings.port)
        except (OSError, OverflowError) as error:
            raise ConfigError(
                f"--port {self.settings.port} on {self.settings.host} cannot be listened on: {error}"
            ) from error
        started(address)
        stopped = asyncio.ensure_future(self._stop.wait())
        playing = None
        if not self.settings.lockstep:
            playing = asyncio.ensure_future(self.play.run(self._wall_ns, self.settings.speed, self.settings.look_s))
        try:
            await asyncio.wait([one for one in (playing, stopped) if one], return_when=asyncio.FIRST_COMPLETED)
            # The answer to who asked to begin again goes out first.
            await asyncio.sleep(ANSWER_S if self.next_seed is not None else 0)
        finally:
            stopped.cancel()
            await self.server.stop()
            if playing is not None:
                playing.cancel()
                # A fault in the play is raised here, after every connection has been closed.
                with contextlib.suppress(asyncio.CancelledError):
                    await playing

    def _begin_again(self, seed: int | None) -> None:
        self.next_seed = self.settings.seed if seed is None else seed
        self.stop()

    def _account(self, listings: Listings, fees: Fees) -> Desk:
        ticks = self.settings.slippage_ticks
        slippage = BookSlippage(self._levels) if ticks is None else TickSlippage(ticks)
        exchange = Exchange(listings.instruments, fees, Decimal(0), slippage=slippage)
        # The first balance is an amount like any other: the wallet is the sum of its income from the start.
        exchange.transfer(self.market.now_ns, self.settings.balance)
        announcements = Announcements(exchange, listings.instruments, self.hub.publish_user, self.notices.liquidated)
        return Desk(exchange, listings.instruments, announcements, self._market_ns, self._price, self.gateway_ns)

    def _gateway(self) -> Server:
        lockstep = self.settings.lockstep
        limits = NO_LIMITS if lockstep else Limits()
        return Server(
            self.endpoints,
            Gate(self.api_keys, self.gateway_ns, _report, limits, token=self.credentials.token),
            self.hub,
            route_of=route_of,
            methods=self.methods,
            strict_routes=self.settings.strict_routes,
            nested_errors=self.settings.nested_errors,
            messages_per_s=None if lockstep else MESSAGES_PER_S,
            tick_every_s=None if lockstep else LOOK_EVERY_S,
            middlewares=(faulty(self.faults, self.gateway_ns),),
            calls=self.calls,
        )

    def _look(self) -> None:
        self._countdowns.act()
        self.notices.on_time(self.market.now_ns)
        self.faults.act(self.gateway_ns())
        if self.settings.lockstep:
            self.hub.tick()

    def _market_ns(self) -> int:
        return self.market.now_ns

    def _levels(self, symbol: str, side: Side) -> Iterator[tuple[Decimal, Decimal]]:
        """What an order of a side takes: the other side of the served book."""
        return self.market.symbols[symbol].takeable(bids=side is Side.SELL)

    def _price(self, symbol: str) -> Decimal:
        return self.market.symbols[symbol].last_price


def serve(settings: LocalSettings, started: Callable[[LocalExchange, Address], None]) -> None:
    """Serve an exchange until SIGINT or SIGTERM; where it is told to begin again, on the same port and account."""
    asyncio.run(_until_signaled(settings, started))


async def _until_signaled(settings: LocalSettings, started: Callable[[LocalExchange, Address], None]) -> None:
    local = LocalExchange(listings(settings), settings)
    address: Address | None = None
    ended = False

    def listening(at: Address) -> None:
        nonlocal address
        if address is None:
            started(local, at)
        address = at

    def end() -> None:
        nonlocal ended
        ended = True
        local.stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, end)
    await local.serve(listening)
    while address is not None and local.next_seed is not None and not ended:
        again = replace(settings, seed=local.next_seed, port=address.port)
        local = LocalExchange(listings(again), again, identity=local.credentials)
        await local.serve(listening)


def _report(what: str, error: Exception) -> None:
    sys.stderr.write(f"sadari exchange: {what}\n")
    traceback.print_exception(error, file=sys.stderr)
