"""One tape through the run over history and, over real sockets, through the live engine on the exchange in lockstep."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from sadari.core.engine import Engine
from sadari.core.engine_table import EngineState
from sadari.core.ledger import Entry, Ledger
from sadari.errors import ConfigError, SadariError
from sadari.localexchange.serving.server import Address
from sadari.model.command import Command, PlaceOrder, RecordExit
from sadari.model.event import Event, OperatorRequested
from sadari.model.units import MILLISECOND_NS, SECOND_NS
from sadari.run.feed.inputs import Prepared
from sadari.run.history.backtest import backtest
from sadari.run.history.markets import markets
from sadari.run.live.connections import Clocks
from sadari.run.live.engine import Asked, Ended, LiveEngine
from sadari.run.live.journals import records
from sadari.run.local.exchange import LocalExchange
from sadari.run.local.listings import Listings, LocalSettings
from sadari.run.parity.differences import Record, Verdict, compare, record_of
from sadari.run.parity.lockstep import LockstepLoop
from sadari.run.parity.steps import Steps
from sadari.run.settings.config import Config
from sadari.run.settings.keys import Keys, Secret
from sadari.run.settings.request import FunnelSection, Request
from sadari.store.candles import CandleColumns
from sadari.store.folder import Folder

# The market's time stands while the engine starts; what is waited for there takes time of the loop alone.
LOOK_S = 0.05
START_S = 120.0
# So long nothing is out of sight before the market goes on.
CALM_S = 10.0
RARELY_S = 86_400
DEPOSITS = "transfers"
ACTOR = "parity"


def parity(config: Config, prepared: Prepared, progress: Callable[[float], None] | None = None) -> Verdict:
    """Run a request over history and through the live engine, and compare what both did.

    Raises:
        ConfigError: It asks for what the exchange in lockstep does not do.
        SadariError: The live engine did not come to run, or failed.
    """
    request = prepared.request
    refuse(request, prepared.columns)
    run = backtest(replace(request, funnel=FunnelSection(), journal=None, progress=None))
    history = record_of(run.records, run.ledger or (), run.income, run.wallet_end)
    return compare(history, live_record(config, prepared, progress))


def refuse(request: Request, candles: Mapping[str, CandleColumns]) -> None:
    """Refuse what only one of the two can do.

    Raises:
        ConfigError: Outcomes travel, prices inside candles follow no seed, there are other assets, or a symbol has no
            market at the beginning or at the end.
    """
    market = request.market
    if market.report_ms:
        raise ConfigError(f"[market] report_ms is {market.report_ms}; allowed for parity: 0, outcomes are told at once")
    if market.path != "tape":
        raise ConfigError(f"[market] path is {market.path}; allowed for parity: tape")
    if request.assets or request.multi_assets:
        raise ConfigError("[account] has other assets; allowed for parity: a balance in the quote asset alone")
    _refuse_late_and_early(request, candles)


def _refuse_late_and_early(request: Request, candles: Mapping[str, CandleColumns]) -> None:
    """Refuse symbols that are not traded all along: over history there is no market then, and the exchange has one."""
    spans = {symbol: (one.open_time_ns[0], one.open_time_ns[-1] + one.interval_ns) for symbol, one in candles.items()}
    end_ns = max(last_ns for _, last_ns in spans.values())
    start_ns = max(min(first_ns for first_ns, _ in spans.values()), request.start_ns or 0)
    for symbol, (first_ns, last_ns) in spans.items():
        if first_ns > start_ns or last_ns < end_ns:
            known, asked = (" to ".join(map(_moment, span)) for span in ((first_ns, last_ns), (start_ns, end_ns)))
            raise ConfigError(f"{symbol} has candles from {known}; allowed for parity: all of {asked}")


def _moment(time_ns: int) -> str:
    return f"{datetime.fromtimestamp(time_ns // SECOND_NS, UTC):%Y-%m-%d %H:%M}"


def live_record(config: Config, prepared: Prepared, progress: Callable[[float], None] | None = None) -> Record:
    """What the live engine makes of the tape of a request.

    Raises:
        SadariError: The engine did not come to run, or failed.
    """
    request, candles = prepared.request, prepared.columns
    first_ns = min(one.open_time_ns[0] for one in candles.values())
    start_ns = first_ns if request.start_ns is None else max(first_ns, request.start_ns)
    settings = LocalSettings(
        lockstep=True, rebase=False, history_ns=start_ns - first_ns, seed=request.market.seed,
        balance=request.balance, fees=request.settings.fees, slippage_ticks=request.market.slippage_ticks,
        order_ns=request.market.latency_ms * MILLISECOND_NS,
    )  # fmt: skip
    listings = Listings(dict(request.instruments), dict(candles), request.funding)
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
                under_way = len(self._exchange.calls)
                await live.stop(ACTOR, "end of data")
                ended = await running
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
        finally:
            self._exchange.stop()
            await serving
        # What the data end before never arrives, here as over history, and is no failure of the engine.
        if ended.failure and not under_way:
            raise SadariError(f"the engine ended {ended.state}: {ended.failure}")
        told = list(_without_attempts(records(self._folder.journal)))
        wallet = self._exchange.desk.exchange.wallet_balance
        # The first balance is brought in, which a run over history begins with.
        entries = [one for one in _entries(live, told) if one.account != DEPOSITS]
        return record_of(told, entries, income[before:], wallet)

    async def _settled(self, live: LiveEngine, running: asyncio.Future[Ended]) -> None:
        """Wait until the engine runs and its sensors are warm."""
        symbols = set(self._exchange.market.symbols)
        waited_s = 0.0
        seen_s = 0.0
        while seen_s < CALM_S:
            ready = live.begun and live.state is EngineState.RUNNING and live.parts.market.ready >= symbols
            seen_s = seen_s + LOOK_S if ready and not live.parts.supervision.lost else 0.0
            if running.done():
                ended = running.result()
                raise SadariError(f"the engine ended {ended.state} at its start: {ended.failure}")
            if waited_s > START_S:
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
        # History has nobody who resumes: what waits for an operator would stop one of the two only.
        alerts = msgspec.structs.replace(config.alerts, on_drawdown="consider", on_position_loss="consider")
        key, secret, _ = self._exchange.credentials
        return Asked(
            config=msgspec.structs.replace(config, engine=engine, venue=venue, alerts=alerts),
            keys=Keys(Secret(key), Secret(secret)),
            folder=self._folder,
            clocks=Clocks(steps.told_ns, steps.told_ns, steps.told_ns),
            jitter=lambda: 0.5,
            log=self._lines.append,
            alert=lambda told: self._lines.append(f"{told.severity}: {told.symbol} {told.code} {told.text}"),
            pid=0,
        )


def _without_attempts(told: Iterable[Event | Command]) -> Iterator[Event | Command]:
    """What was told, without what is sent again after the data have ended: nothing arrives any more."""
    over = False
    for one in told:
        over = over or (isinstance(one, OperatorRequested) and one.actor == ACTOR)
        if not (over and isinstance(one, PlaceOrder | RecordExit)):
            yield one


def _entries(live: LiveEngine, told: Sequence[Event | Command]) -> list[Entry]:
    """Every entry of the ledger, which the same events make again."""
    entries: list[Entry] = []
    opened = live.opened
    engine = Engine(opened.settings, opened.instruments, Ledger(entries))
    for one in told:
        if isinstance(one, Event):
            engine.handle(one)
    return entries
