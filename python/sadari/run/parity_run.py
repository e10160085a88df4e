"""The live engine over real sockets on the exchange in lockstep, for a comparison with the run over history."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import msgspec

from sadari.core.engine_table import EngineState
from sadari.core.ledger import Entry, Ledger
from sadari.core.engine import Engine
from sadari.errors import SadariError
from sadari.localexchange.server import Address
from sadari.model.event import Event
from sadari.kernel import History
from sadari.model.units import MILLISECOND_NS, MINUTE_NS, SECOND_NS, price_of
from sadari.run.config import Config
from sadari.run.connections import Clocks
from sadari.run.journals import records
from sadari.run.keys import Keys, Secret
from sadari.run.listings import Listings, LocalSettings
from sadari.run.live import Asked, LiveEngine
from sadari.run.local import LocalExchange
from sadari.run.lockstep import LockstepLoop
from sadari.run.market import markets
from sadari.run.parity import Record, record_of
from sadari.run.request import Request
from sadari.store.folder import Folder

# The market's time stands while the engine starts; what is waited for there takes time of the loop alone.
LOOK_S = 0.05
START_S = 120.0
# So long nothing is out of sight before the market goes on.
CALM_S = 10.0
RARELY_S = 86_400
DEPOSITS = "transfers"


class Steps:
    """Lets the market go on, from one thing that may matter to the next, when nothing is under way.

    Args:
        exchange: Whose time stands between steps.
        paths: The way of each symbol's price, as a run over history has it.
        end_ns: Where it ends.
        progress: Told the share that is done, if anybody wants to know.
    """

    def __init__(self, exchange: LocalExchange, paths: Mapping[str, History], end_ns: int, progress: Callable[[float], None] | None) -> None:
        self.steps = 0
        self._exchange = exchange
        self._start_ns = exchange.market.now_ns
        self._end_ns = end_ns
        self._progress = progress
        self._waited_s = 0.0
        self._live: LiveEngine | None = None
        self._over: asyncio.Future[None] | None = None
        self._looked = True
        self._paths = paths

    def seconds(self) -> float:
        """The loop's time: the market's, and what was waited for while that stood."""
        return self._exchange.market.now_ns / SECOND_NS + self._waited_s

    def now_ns(self) -> int:
        """The market's time."""
        return self._exchange.market.now_ns

    def told_ns(self) -> int:
        """The market's time as the exchange tells it, cut to milliseconds."""
        return self.now_ns() // MILLISECOND_NS * MILLISECOND_NS

    async def play(self, live: LiveEngine) -> None:
        """Play everything; returns when the end is reached and nothing is under way."""
        self._over = asyncio.get_running_loop().create_future()
        self._live = live
        self._exchange.hub.hold()
        try:
            await self._over
        finally:
            self._live = None

    def idle(self, timeout: float | None) -> bool:
        """Nobody has anything to do; False if something is still under way."""
        if self._exchange.hub.release():
            return True
        if not self._agreed():
            return False
        live = self._live
        if live is None:
            if timeout is None:
                return False
            self._waited_s += timeout
        elif not self._looked:
            # Timers come after everything else of a moment.
            self._looked = True
            live.parts.alarms.look()
            live.parts.side.trading.look()
            live.parts.market.look()
        elif self.now_ns() >= self._end_ns:
            if self._over is not None and not self._over.done():
                self._over.set_result(None)
            self._live = None
        else:
            self._step(live)
        return True

    def _step(self, live: LiveEngine) -> None:
        now_ns, parts = self.now_ns(), live.parts
        # The engine knows the time to the millisecond: what is due by it is so at the next one.
        due = [_told(due_ns) for due_ns in (parts.alarms.due_ns, parts.market.due_ns) if due_ns is not None]
        arrives_ns = self._exchange.calls.due_ns
        due += [] if arrives_ns is None else [arrives_ns]
        until_ns = max(now_ns, min(now_ns - now_ns % MINUTE_NS + MINUTE_NS, self._end_ns, *due))
        for symbol, path in self._paths.items():
            # A tick that crosses no level, of the engine's or the exchange's, is by contract without effect.
            watch = parts.watches.watch(symbol)
            levels = (self._exchange.desk.exchange.watch(symbol), *(() if watch is None else (watch,)))
            hit = path.next_crossing(now_ns, until_ns, *levels)
            until_ns = until_ns if hit is None else hit[0]
        if until_ns > now_ns:
            for symbol, path in self._paths.items():
                self._exchange.tape.visit(symbol, until_ns, price_of(path.price_at(until_ns)))
        self._exchange.play.advance(until_ns)
        self._exchange.calls.arrive()
        self.steps += 1
        self._looked = False
        if self._progress is not None and now_ns // MINUTE_NS != self.now_ns() // MINUTE_NS:
            self._progress((self.now_ns() - self._start_ns) / (self._end_ns - self._start_ns))

    def _agreed(self) -> bool:
        """Whether every frame that was sent was handled, and every request answered."""
        loop = asyncio.get_running_loop()
        if not isinstance(loop, LockstepLoop) or loop.connecting:
            return False
        sent = self._exchange.hub.last_frames()
        loop.sockets = [one for one in loop.sockets if one.is_open]
        if len(sent) != len(loop.sockets) or sum(sent.values()) != sum(one.messages for one in loop.sockets):
            return False
        return self._live is None or in_flight(self._live) == len(self._exchange.calls)


def _told(time_ns: int) -> int:
    """A time in whole milliseconds, rounded up."""
    return -(-time_ns // MILLISECOND_NS) * MILLISECOND_NS


def in_flight(live: LiveEngine) -> int:
    """How many requests of an engine have no answer yet."""
    connections = live.connections
    return connections.rest.in_flight + sum(one.in_flight for one in connections.ws_apis)


def live_record(config: Config, request: Request, progress: Callable[[float], None] | None = None) -> Record:
    """What the live engine makes of the tape of a request.

    Raises:
        SadariError: The engine did not come to run, or failed.
    """
    candles = request.candles
    first_ns = min(one.open_time_ns[0] for one in candles.values())
    start_ns = first_ns if request.start_ns is None else max(first_ns, request.start_ns)
    settings = LocalSettings(
        lockstep=True, rebase=False, history_ns=start_ns - first_ns, seed=request.market.seed,
        balance=request.balance, fees=request.settings.fees, slippage_ticks=request.market.slippage_ticks,
        order_ns=request.market.latency_ms * MILLISECOND_NS,
    )  # fmt: skip
    listings = Listings(dict(request.instruments), dict(candles), dict(request.funding))
    exchange = LocalExchange(listings, settings, lambda: start_ns)
    end_ns = max(one.open_time_ns[-1] + one.interval_ns for one in candles.values())
    paths = {one.symbol: one.history for one in markets(request)}
    steps = Steps(exchange, paths, end_ns, progress)
    with TemporaryDirectory(prefix="sadari-parity-") as folder:
        run = _Run(config, exchange, steps, Path(folder))
        with asyncio.Runner(loop_factory=lambda: LockstepLoop(steps.seconds, steps.idle)) as runner:
            return runner.run(run.lived())


class _Run:
    """One life of the engine, from its start to the end of the tape."""

    def __init__(self, config: Config, exchange: LocalExchange, steps: Steps, folder: Path) -> None:
        self._config = config
        self._exchange = exchange
        self._steps = steps
        self._folder = Folder(folder)
        self._lines: list[str] = []

    async def lived(self) -> Record:
        started: asyncio.Future[Address] = asyncio.get_running_loop().create_future()
        serving = asyncio.ensure_future(self._exchange.serve(started.set_result))
        income = self._exchange.desk.exchange.income
        before = len(income)
        try:
            live = LiveEngine(self._asked(await started))
            running = asyncio.ensure_future(live.run(lambda: None))
            try:
                await self._settled(live, running)
                await self._steps.play(live)
                await live.stop("parity", "end of data")
                ended = await running
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
        finally:
            self._exchange.stop()
            await serving
        if ended.failure:
            raise SadariError(f"the engine ended {ended.state}: {ended.failure}")
        told = records(self._folder.journal)
        wallet = self._exchange.desk.exchange.wallet_balance
        # The first balance is brought in, which a run over history begins with.
        entries = [one for one in _entries(live, told) if one.account != DEPOSITS]
        return record_of(told, entries, income[before:], wallet)

    async def _settled(self, live: LiveEngine, running: asyncio.Future[object]) -> None:
        """Wait until the engine runs and its sensors are warm."""
        symbols = set(self._exchange.market.symbols)
        waited_s = 0.0
        seen_s = 0.0
        while seen_s < CALM_S:
            ready = live.begun and live.state is EngineState.RUNNING and live.parts.market.ready >= symbols
            seen_s = seen_s + LOOK_S if ready and not live.parts.supervision.lost else 0.0
            if running.done() or waited_s > START_S:
                last = "; ".join(self._lines[-3:])
                raise SadariError(f"the engine did not come to run: {last or 'it said nothing'}")
            await asyncio.sleep(LOOK_S)
            waited_s += LOOK_S

    def _asked(self, address: Address) -> Asked:
        config, steps = self._config, self._steps
        venue = msgspec.structs.replace(
            config.venue, rest=address.http, streams=address.ws, ws_api=f"{address.ws}/ws-fapi/v1", wallet="",
            symbols=tuple(self._exchange.market.symbols), folder=str(self._folder.path), sync_s=RARELY_S,
            account_s=RARELY_S,
        )  # fmt: skip
        engine = msgspec.structs.replace(config.engine, mode="local")
        key, secret, _ = self._exchange.credentials
        return Asked(
            config=msgspec.structs.replace(config, engine=engine, venue=venue),
            keys=Keys(Secret(key), Secret(secret)),
            folder=self._folder,
            clocks=Clocks(steps.told_ns, steps.told_ns, steps.told_ns),
            jitter=Random(self._config.market.seed).random,
            log=self._lines.append,
            alert=lambda told: self._lines.append(f"{told.severity}: {told.symbol} {told.code} {told.text}"),
            pid=0,
        )


def _entries(live: LiveEngine, told: list[object]) -> list[Entry]:
    """Every entry of the ledger, which the same events make again."""
    entries: list[Entry] = []
    opened = live.opened
    engine = Engine(opened.settings, opened.instruments, Ledger(entries))
    for one in told:
        if isinstance(one, Event):
            engine.handle(one)
    return entries
