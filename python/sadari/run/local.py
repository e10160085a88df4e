"""The local exchange put together: a market from files or made up, one account, a server."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from sadari.binance.decode import symbol_of
from sadari.errors import ConfigError
from sadari.exchange import BookSlippage, Exchange
from sadari.localexchange import listen_keys, public_endpoints, ws_api
from sadari.localexchange.account_endpoints import AccountEndpoints
from sadari.localexchange.algo_endpoints import AlgoEndpoints
from sadari.localexchange.announcements import Announcements
from sadari.localexchange.control import Control
from sadari.localexchange.countdowns import Countdowns
from sadari.localexchange.desk import Desk
from sadari.localexchange.endpoint import Endpoint
from sadari.localexchange.fault_file import load_faults
from sadari.localexchange.fault_rules import Rule
from sadari.localexchange.faults import Faults
from sadari.localexchange.faulty_frames import FrameFaults
from sadari.localexchange.faulty_http import faulty
from sadari.localexchange.gate import Gate
from sadari.localexchange.happenings import GatewayClock, Happenings
from sadari.localexchange.hub import Hub
from sadari.localexchange.limits import NO_LIMITS, Limits
from sadari.localexchange.market import Market
from sadari.localexchange.market_streams import MarketStreams
from sadari.localexchange.order_endpoints import OrderEndpoints
from sadari.localexchange.play import Play
from sadari.localexchange.server import Address, Server
from sadari.localexchange.stream_names import route_of
from sadari.localexchange.tape import SymbolTape, Tape
from sadari.model.instrument import Instrument
from sadari.model.order import Side
from sadari.model.plan import Fees
from sadari.model.units import DAY_NS, MINUTE_NS
from sadari.run import synthetic
from sadari.run.inputs import INSTRUMENT_FILES, Inputs, funding_beside
from sadari.run.instruments import describe, refuse_missing
from sadari.store import candles
from sadari.store.funding import FundingColumns
from sadari.venue.clock import wall_ns

SYNTHETIC_SYMBOLS = 5
SYNTHETIC_DAYS = 60

# So deep is the book that an order can take.
BOOK_LEVELS = 1_000

# Where time goes on by steps nothing is limited by it: a client may ask as often as it likes at one moment.
MESSAGES_PER_S = 10
LOOK_EVERY_S = 1.0


@dataclass(frozen=True, kw_only=True)
class LocalSettings:
    """What a local exchange is asked to be.

    Attributes:
        data: Folders or files of candles; without any the market is made up.
        instruments: Files as the exchange serves them.
        symbols: The symbols to serve, or None for all.
        host: Where to listen.
        port: 0 picks a free one.
        speed: Market seconds in a second.
        lockstep: Time goes on by steps of the control API.
        rebase: Whether the start of the play is told as now.
        history_ns: How much of the data is history when the play begins.
        seed: Of tape, keys and made-up market.
        balance: The account's first balance.
        strict_routes: Whether paths without a route carry public streams only, as the live host does.
        faults: The rules of faults that stand from the start.
    """

    data: Sequence[Path] = ()
    instruments: Sequence[Path] = ()
    symbols: Sequence[str] | None = None
    host: str = "127.0.0.1"
    port: int = 0
    speed: float = 1.0
    lockstep: bool = False
    rebase: bool = True
    history_ns: int = 35 * DAY_NS
    seed: int = 1
    balance: Decimal = Decimal(10_000)
    strict_routes: bool = False
    faults: tuple[Rule, ...] = ()


class Listings(NamedTuple):
    """What is traded."""

    instruments: dict[str, Instrument]
    candles: dict[str, candles.CandleColumns]
    funding: dict[str, FundingColumns]


class Credentials(NamedTuple):
    """What a client needs, and what the one who runs the exchange needs; the same for the same seed."""

    key: str
    secret: str
    token: str


class LocalExchange:
    """One exchange, ready to serve.

    Args:
        listings: What is traded.
        settings: What it is asked to be.
        now_ns: The wall's clock.

    Raises:
        ConfigError: The history leaves nothing to play.
    """

    def __init__(
        self,
        listings: Listings,
        settings: LocalSettings,
        now_ns: Callable[[], int] = wall_ns,
    ) -> None:
        self.settings = settings
        self.credentials = credentials(settings.seed)
        self._wall_ns = now_ns
        now = now_ns() if settings.rebase else None
        start_ns = begin(listings.candles, settings.history_ns, now)
        shift_ns = 0 if now is None else (now - start_ns) // MINUTE_NS * MINUTE_NS
        tapes = [
            SymbolTape(symbol, one, listings.instruments[symbol], settings.seed, start_ns=start_ns, shift_ns=shift_ns)
            for symbol, one in sorted(listings.candles.items())
        ]
        self.market = Market(tapes, start_ns, shift_ns, listings.funding)
        self.gateway_ns = GatewayClock(self._market_ns if settings.lockstep else now_ns)
        keys = listen_keys.ListenKeys(self.gateway_ns, settings.seed)
        self.hub = Hub(keys, self.gateway_ns)
        fees = Fees()
        slippage = BookSlippage(self._levels)
        exchange = Exchange(listings.instruments, fees, Decimal(0), slippage=slippage)
        # The first balance is an amount like any other: the wallet is the sum of its income from the start.
        exchange.transfer(self.market.now_ns, settings.balance)
        announcements = Announcements(exchange, listings.instruments, self.hub.publish_user)
        self.desk = Desk(exchange, listings.instruments, announcements, self._market_ns, self._price)
        streams = MarketStreams(self.market, self.hub.wanted, self.hub.publish)
        happenings = Happenings(self.desk, self.market, keys, self.gateway_ns)
        self.actions = happenings.actions()
        self.faults = Faults(settings.faults, settings.seed, self.gateway_ns(), self.actions)
        self.hub.outgoing = FrameFaults(self.faults, self.gateway_ns)
        self.play = Play(Tape(tapes), self.market, self.desk, streams, self._look)
        self._countdowns = Countdowns(self.desk, self.gateway_ns)
        served = self._served(keys, fees)
        control = Control(
            self.desk,
            self.market,
            self.play,
            self.gateway_ns,
            self.hub.last_frames,
            self.faults,
            lockstep=settings.lockstep,
        )
        self.endpoints: list[Endpoint] = [*served, *control.endpoints(served)]
        self.methods = ws_api.methods(served)
        key, secret, token = self.credentials
        lockstep = settings.lockstep
        gate = Gate({key: secret.encode()}, self.gateway_ns, _report, NO_LIMITS if lockstep else Limits(), token=token)
        self.server = Server(
            self.endpoints, gate, self.hub, route_of=route_of, methods=self.methods,
            strict_routes=settings.strict_routes,
            messages_per_s=None if lockstep else MESSAGES_PER_S,
            tick_every_s=None if lockstep else LOOK_EVERY_S,
            middlewares=(faulty(self.faults, self.gateway_ns),),
        )  # fmt: skip

    async def serve(self, started: Callable[[Address], None], stop: asyncio.Event) -> None:
        """Serve until told to stop.

        Args:
            started: Told where the server listens.
            stop: Set to end it.

        Raises:
            ConfigError: The port is taken or the host is none of this machine.
        """
        try:
            address = await self.server.start(self.settings.host, self.settings.port)
        except OSError as error:
            raise ConfigError(
                f"--port {self.settings.port} on {self.settings.host} cannot be listened on: {error.strerror}"
            ) from error
        started(address)
        playing = None
        if not self.settings.lockstep:
            playing = asyncio.ensure_future(self.play.run(self._wall_ns, self.settings.speed))
        try:
            stopped = asyncio.ensure_future(stop.wait())
            await asyncio.wait([one for one in (playing, stopped) if one], return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
            if playing is not None:
                playing.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await playing
            await self.server.stop()

    def _served(self, keys: listen_keys.ListenKeys, fees: Fees) -> list[Endpoint]:
        return [
            *public_endpoints.endpoints(self.market, self.gateway_ns),
            *listen_keys.endpoints(keys),
            *OrderEndpoints(self.desk).endpoints(),
            *self._countdowns.endpoints(),
            *AlgoEndpoints(self.desk).endpoints(),
            *AccountEndpoints(self.desk, fees).endpoints(),
        ]

    def _look(self) -> None:
        self._countdowns.act()
        self.faults.act(self.gateway_ns())
        if self.settings.lockstep:
            self.hub.tick()

    def _market_ns(self) -> int:
        return self.market.now_ns

    def _levels(self, symbol: str, side: Side) -> Iterator[tuple[Decimal, Decimal]]:
        """What an order of a side takes: the other side of the served book."""
        return self.market.symbols[symbol].levels(bids=side is Side.SELL, most=BOOK_LEVELS)

    def _price(self, symbol: str) -> Decimal:
        return self.market.symbols[symbol].last_price


def credentials(seed: int) -> Credentials:
    """The key, the secret and the token of a seed: they protect nothing but a made-up account on this machine."""
    key, secret, token = (sha256(f"{seed}:{what}".encode()).hexdigest() for what in ("key", "secret", "token"))
    return Credentials(key, secret, token)


def listings(settings: LocalSettings) -> Listings:
    """What is traded: the candles of files with their instruments and funding, or a made-up market.

    Raises:
        ConfigError: There are no candles, or a symbol has no instrument.
    """
    if not settings.data:
        made = list(synthetic.market(SYNTHETIC_SYMBOLS, SYNTHETIC_DAYS, settings.seed))
        return Listings(
            {one.instrument.symbol: one.instrument for one in made},
            {one.instrument.symbol: one.candles for one in made},
            {one.instrument.symbol: one.funding for one in made},
        )
    symbols = [symbol_of(text) for text in settings.symbols] if settings.symbols is not None else None
    columns = candles.load(settings.data, symbols)
    own = [folder / name for folder in settings.data for name in INSTRUMENT_FILES if (folder / name).is_file()]
    described = describe(columns, [*own, *settings.instruments], {})
    refuse_missing(described.missing)
    return Listings(described.instruments, columns, funding_beside(Inputs(data=settings.data), columns))


def read_faults(path: Path) -> tuple[Rule, ...]:
    """The rules of a file.

    Raises:
        ConfigError: It cannot be read, or is wrong; names the file.
    """
    try:
        return load_faults(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def begin(columns: Mapping[str, candles.CandleColumns], history_ns: int, now_ns: int | None) -> int:
    """Where the play begins: after so much history, on a minute.

    If it is to be told as now, it begins up to a day later, at this time of the day, so that days stay days and funding
    keeps its hours; where the data end before that, it begins at once and they do not.

    Raises:
        ConfigError: Nothing is left to play then.
    """
    first, last = min(one.start_ns for one in columns.values()), max(one.end_ns for one in columns.values())
    if history_ns >= last - first:
        raise ConfigError(
            f"--history is {history_ns / DAY_NS:g} days and the candles span {(last - first) / DAY_NS:g}: "
            "it has to leave something to play"
        )
    start_ns = first + history_ns // MINUTE_NS * MINUTE_NS
    later_ns = start_ns if now_ns is None else start_ns + (now_ns - start_ns) % DAY_NS // MINUTE_NS * MINUTE_NS
    return later_ns if later_ns < last else start_ns


def serve(settings: LocalSettings, started: Callable[[LocalExchange, Address], None]) -> None:
    """Serve an exchange until SIGINT or SIGTERM."""
    local = LocalExchange(listings(settings), settings)
    asyncio.run(_until_signaled(local, started))


async def _until_signaled(local: LocalExchange, started: Callable[[LocalExchange, Address], None]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await local.serve(lambda address: started(local, address), stop)


def _report(what: str, error: Exception) -> None:
    sys.stderr.write(f"sadari exchange: {what}\n")
    traceback.print_exception(error, file=sys.stderr)
