"""A live engine: made from configuration, key and folder, run until it is stopped.

Source: strategies §6, design §1. The engine decides, the driver writes down, the venue carries out; here they are put
together, and nothing else.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

import msgspec

from sadari.core.alerts import Notice
from sadari.core.engine_table import EngineState
from sadari.errors import ConfigError
from sadari.model.command import Command, QueryOrder, SendAlert
from sadari.model.event import EngineTurned, Event, OrderFilled
from sadari.model.instrument import Instrument
from sadari.model.plan import Settings
from sadari.notify.courier import Delivery
from sadari.run.feed.sensing import MARKET
from sadari.run.figures.exposures import Exposures
from sadari.run.figures.recent import Recent
from sadari.run.figures.unprotected import UnprotectedTimes
from sadari.run.live.connections import Clocks, Connections
from sadari.run.live.driver import Driver
from sadari.run.live.ending import AT_END, Ending
from sadari.run.live.exchange_side import ExchangeSide, examined
from sadari.run.live.health import Health
from sadari.run.live.opening import Opened, identity, open_engine
from sadari.run.live.other_engines import OtherEngines
from sadari.run.live.paper_side import PaperSide, listed
from sadari.run.live.parts import Parts, account_age_ms
from sadari.run.live.side import Facts
from sadari.run.live.silence import silent
from sadari.run.live.symbols import Symbols
from sadari.run.settings.config import Config
from sadari.run.settings.keys import Keys
from sadari.run.settings.modes import hosts_of
from sadari.run.settings.reward_notes import reward_notes
from sadari.run.settings.tokens import make_secrets
from sadari.store.audit import Audit
from sadari.store.folder import Folder
from sadari.store.lock import FolderLock
from sadari.venue.live.account.examination import forbidding
from sadari.venue.live.account.findings import Severity
from sadari.venue.live.wire.tasks import begin

# From so many trades back the list of a symbol's trades is read again after a restart: one may have been missed.
TRADES_KEPT = 500


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is to be run.

    Attributes:
        config: Everything that is configured.
        keys: What signs; None on paper.
        folder: Where the journal is.
        clocks: This machine's.
        jitter: Numbers from 0 to 1.
        log: Told one line of what happens beside the journal.
        alert: Told every alert of the engine as it is given.
        pid: The number of this process.
        notify: Told what a person is to be told: once for a spell of a condition, reminded, and of its end. Returns at
            once.
        deliveries: How the channels do that it tells people by.
    """

    config: Config
    keys: Keys | None
    folder: Folder
    clocks: Clocks
    jitter: Callable[[], float]
    log: Callable[[str], None]
    alert: Callable[[SendAlert], None]
    pid: int
    notify: Callable[[Notice], None] = lambda _: None
    deliveries: Callable[[], tuple[Delivery, ...]] = tuple


class Ended(NamedTuple):
    """How a run ended: the engine's last state, why if it failed, and whether it was closing everything."""

    state: str
    failure: str
    liquidating: bool = False


class LiveEngine:
    """One engine on one account; use `run`.

    Attributes:
        ending: How it ends.
        begun: Whether the engine is opened and started: from then on its end is the end of the run.
        symbols: What is traded, and how it is set.
        facts: What is known of the account from the examination at the start.
    """

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.symbols = Symbols(self)
        self.facts = Facts({})
        self.recent = Recent()
        self.started_ns = 0
        self._trades: dict[str, deque[int]] = {}
        self.ending = Ending(self)
        self.begun = False
        self._running: asyncio.Task[object] | None = None

    # what others look at

    @property
    def driver(self) -> Driver:
        """The loop; there once the engine is opened."""
        return self._driver

    @property
    def parts(self) -> Parts:
        """What the venue consists of; there once the engine is opened."""
        return self._parts

    @property
    def unprotected(self) -> UnprotectedTimes:
        """How long exposure was without a stop."""
        return self._unprotected

    @property
    def connections(self) -> Connections:
        """The connections to the venue."""
        return self._connections

    @property
    def opened(self) -> Opened:
        """The engine and its journal."""
        return self._opened

    @property
    def audit(self) -> Audit:
        """The lines of each day."""
        return self._audit

    @property
    def health(self) -> Health:
        """What is watched of the surroundings."""
        return self._health

    @property
    def state(self) -> EngineState:
        """The engine's state."""
        return self._opened.engine.state

    def price(self, symbol: str) -> Decimal | None:
        """The last price of a symbol: that of a trade where its trades are followed, else of a candle."""
        market = self._parts.market
        traded = self._parts.ticks.price(symbol) if symbol in market.followed else None
        return market.price(symbol) if traded is None else traded

    def marks(self) -> tuple[tuple[str, Decimal], ...]:
        """The last prices of what is held, where one is known."""
        held = (symbol for symbol, one in self._opened.engine.positions.items() if one.qty > 0)
        prices = ((symbol, self.price(symbol)) for symbol in sorted(held))
        return tuple((symbol, price) for symbol, price in prices if price is not None)

    def margin_mode(self, symbol: str) -> str:
        """The effective margin mode of a symbol as last confirmed, in this life or one before; "" if it never was."""
        mode = self._opened.engine.margin_mode(symbol)
        return "" if mode is None else mode.name

    def take(self, event: Event) -> None:
        """Hand an event to the engine."""
        self._driver.take(event)

    def now_ns(self) -> int:
        """The exchange's time."""
        return self._parts.clock.now_ns()

    # its life

    async def run(self, ready: Callable[[], None]) -> Ended:
        """Run until the engine is stopped or has failed.

        Args:
            ready: Called when the engine may be asked and told things.

        Raises:
            ConfigError: What was asked for cannot be run.
            JournalError: The journal cannot be gone on with.
        """
        folder = self.asked.folder
        try:
            folder.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"{folder.path}: cannot be made ({error.strerror})") from error
        hosts = hosts_of(self.asked.config)
        asyncio.get_running_loop().set_exception_handler(self.ending.unexpected)
        self._running = asyncio.current_task()
        with FolderLock(folder.path):
            make_secrets(folder)
            async with Connections(hosts, self.asked.keys, self.asked.clocks, self.asked.jitter) as connections:
                self._connections = connections
                try:
                    await silent(self.asked, connections)
                    return await self._run(ready)
                except asyncio.CancelledError:
                    if not self.ending.early:
                        raise
                    return Ended(EngineState.STOPPED.value, "")

    async def _run(self, ready: Callable[[], None]) -> Ended:
        paper = self.asked.config.engine.mode == "paper"
        facts = self.facts = await (listed(self) if paper else examined(self))
        for one in facts.findings:
            if one.severity is not Severity.FINE:
                self.asked.log(f"{one.severity}: {one.told}")
        for note in reward_notes(self.asked.config):
            self.asked.log(f"note: {note}")
        market_ns = await self._connections.market_ns(self.asked.log)
        self._open(facts.instruments)
        self._parts = Parts(self, market_ns)
        self._parts.build(PaperSide if paper else ExchangeSide, facts)
        self._parts.side.restore(self._trades)
        self._health = Health(self)
        self._exposures = Exposures(self._opened.engine.positions, self.price, self.asked.log)
        self._driver.observers.extend(
            (self._health.seen, OtherEngines(self).seen, self._exposures.seen, self._parts.alerting.seen)
        )
        for event in self._opened.first_events(self._settings, self.now_ns()):
            self.take(event)
        self.begun = True
        try:
            await self.ending.lived(self._live(ready))
        finally:
            await self._close()
        found = self._opened.engine.liquidation
        liquidating = found is not None and not found.is_in("NOTICE", "CANCELED", "DONE")
        return Ended(self.state.value, self.ending.failure or self._driver.failure, liquidating)

    async def _live(self, ready: Callable[[], None]) -> None:
        now_ns, parts, listed_now = self.now_ns(), self._parts, self.facts.instruments
        forbidden = forbidding(self.facts.findings)
        if forbidden:
            self.ending.failure = "; ".join(one.told for one in forbidden)
            self.take(EngineTurned(time_ns=now_ns, trigger="start_failed", cause=self.ending.failure))
            return
        for event in self._opened.changed(listed_now, now_ns):
            self.take(event)
        await parts.side.start()
        self.take(EngineTurned(time_ns=now_ns, trigger="start_ok"))
        self._health.start()
        self._exposures.start()
        parts.alerting.start()
        parts.supervision.tell_lost()
        self._remind()
        self._looking = begin(parts.venue.run())
        parts.supervision.start()
        parts.supervision.agree()
        ready()
        # What is held comes first: agreement, and with it protection, before anything that is only for new exposure.
        await parts.supervision.settled()
        chosen = await self.symbols.chosen()
        await self.symbols.prepare(chosen)
        beside = [listed_now[MARKET]] if MARKET in listed_now and MARKET not in chosen else []
        parts.market.begin([listed_now[symbol] for symbol in chosen], beside)

    def _open(self, instruments: Mapping[str, Instrument]) -> None:
        asked, server_ns = self.asked, self._connections.server.ns()
        self._settings = live_settings(asked.config)
        known = identity(asked.folder)
        if known is not None:
            self._audit = Audit(asked.folder.audit, *known)
        self._opened = open_engine(
            asked.folder,
            self._settings,
            instruments,
            {"mode": asked.config.engine.mode, "rest": self._connections.hosts.rest},
            now_ns=server_ns,
            clock_ns=asked.clocks.measure_ns,
            observe=self._remember,
        )
        if known is None:
            self._audit = Audit(asked.folder.audit, self._opened.settings.run_id, self._opened.journal.generation)
        self._driver = Driver(self._opened.engine, self._opened.journal, self._execute)
        self._driver.observers.append(self._seen)
        self._unprotected = UnprotectedTimes(self._opened.engine.positions)
        self.started_ns = server_ns

    def _execute(self, command: Command) -> None:
        self._parts.venue.execute(command)

    def _remember(self, number: int, event: Event, commands: Sequence[Command]) -> None:
        """Follow an event of the journal."""
        self._audit.observe(number, event, commands)
        self.recent.see(event, commands)
        if isinstance(event, OrderFilled):
            self._trades.setdefault(event.symbol, deque(maxlen=TRADES_KEPT)).append(event.trade_id)

    def _seen(self, number: int, event: Event, commands: Sequence[Command]) -> None:
        """Follow an event that was worked on."""
        self._audit.observe(number, event, commands)
        self.recent.see(event, commands)
        self._unprotected.see(event)
        self._parts.side.seen(event)
        # Before its beginning it passes through the end of the run before.
        if self.begun and self.state in AT_END:
            self.ending.is_over()

    def _remind(self) -> None:
        """Tell the venue what it was told before, and find out what became of what was under way."""
        remembered = self._opened.remembered
        venue = self._parts.venue
        for command in (*remembered.verdicts.values(), *remembered.signals.values(), *remembered.alarms.values()):
            venue.execute(command)
        if remembered.day is not None:
            venue.execute(remembered.day)
        for event in self._opened.unclear(self.now_ns()):
            self.take(event)
        for intent in list(self._opened.engine.orders.values()):
            if intent.state == "UNKNOWN":
                venue.execute(QueryOrder(symbol=intent.symbol, client_order_id=intent.client_order_id))

    # its end

    async def stop(self, actor: str, cause: str) -> None:
        """Stop and close nothing: what rests at the exchange stays there."""
        if self.begun:
            await self.ending.stop(actor, cause)
        else:
            self.ending.early = True
            if self._running is not None:
                self._running.cancel()

    async def _close(self) -> None:
        looking = getattr(self, "_looking", None)
        if looking is not None:
            looking.cancel()
        await self.symbols.close()
        await self._health.close()
        await self._exposures.close()
        await self._parts.close()
        self._audit.close()
        journal = self._opened.journal
        if journal.failed:
            journal.abandon()
        else:
            journal.close()


def live_settings(config: Config) -> Settings:
    """The settings of a live engine: account data that is too old decides nothing."""
    settings = config.settings()
    age_ms = account_age_ms(settings.risk.account_max_age_ms, config.engine.mode)
    return msgspec.structs.replace(settings, risk=msgspec.structs.replace(settings.risk, account_max_age_ms=age_ms))
