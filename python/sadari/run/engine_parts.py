"""What a live venue consists of, put together around one engine."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from sadari.core.intent_table import IntentState
from sadari.errors import FatalError, SadariError
from sadari.model.event import GateShut
from sadari.model.units import MILLISECOND_NS, SECOND_NS
from sadari.run.sensing import live_specs
from sadari.venue.live.alarms import Alarms
from sadari.venue.live.background import Background
from sadari.venue.live.balances import Balances
from sadari.venue.live.comparison import Held
from sadari.venue.live.exchange_trading import ExchangeTrading
from sadari.venue.live.market import Market
from sadari.venue.live.market_clock import MarketClock
from sadari.venue.live.market_streams import MarketStreams
from sadari.venue.live.preparation import Preparation
from sadari.venue.live.sensing import Sensing
from sadari.venue.live.supervision import Supervision
from sadari.venue.live.ticks import Ticks
from sadari.venue.live.user_stream import UserStream
from sadari.venue.live.venue import LiveVenue
from sadari.venue.live.watches import Watches

if TYPE_CHECKING:
    from sadari.run.live import LiveEngine

USER = "user"
KEY_REFUSED = "KEY_REFUSED"
WORKING = ("RUNNING", "PAUSED", "DEGRADED", "STOPPING", "LIQUIDATING")
# How old the account may be at a signal before it is read anew, and how long that may take.
ACCOUNT_AGE_NS = 5 * SECOND_NS
FRESH_S = 2.0


class Parts(NamedTuple):
    """The parts of a live venue."""

    clock: MarketClock
    balances: Balances
    watches: Watches
    ticks: Ticks
    alarms: Alarms
    trading: ExchangeTrading
    supervision: Supervision
    market: Market
    streams: MarketStreams
    user: UserStream
    preparation: Preparation
    venue: LiveVenue

    async def close(self) -> None:
        """End everything: nothing is asked any more, what rests at the exchange stays there."""
        self.alarms.close()
        self.streams.close()
        self.user.close()
        ends = (self.supervision.close(), self.market.close(), self.trading.close())
        await asyncio.gather(*ends, return_exceptions=True)


class Around:
    """What the parts know of the engine and of each other.

    Args:
        live: The engine's life.
    """

    def __init__(self, live: LiveEngine) -> None:
        self._live = live
        self._seen_ns: int | None = None
        self._background = Background()

    @property
    def parts(self) -> Parts:
        """The parts, once they are put together."""
        return self._live.parts

    def known(self) -> Mapping[str, Held]:
        """What the engine has, by symbol."""
        engine = self._live.opened.engine
        live: dict[str, list[str]] = {}
        for name, intent in engine.live.items():
            if intent.state is not IntentState.PROPOSED:
                live.setdefault(intent.symbol, []).append(name)
        return {
            symbol: Held(position.qty > 0, tuple(live.get(symbol, ()))) for symbol, position in engine.positions.items()
        }

    def unresolved(self, client_order_id: str) -> bool:
        """Whether the engine waits for what becomes of an order."""
        intent = self._live.opened.engine.orders.get(client_order_id)
        return intent is not None and not intent.final

    def ours(self, client_order_id: str) -> bool:
        """Whether an order is of this engine."""
        return client_order_id.startswith(f"{self._live.opened.settings.run_id}-")

    async def fresh(self) -> None:
        """Read the account where it is too old to size by; what cannot be read now is denied by the engine."""
        age_ns = self._live.asked.clocks.measure_ns() - self.parts.balances.told_at
        if age_ns <= ACCOUNT_AGE_NS:
            return
        try:
            await asyncio.wait_for(self.parts.trading.refresh(), FRESH_S)
        except (SadariError, TimeoutError) as error:
            self._live.asked.log(f"the account could not be read for a signal: {error}")

    async def poll_prices(self) -> None:
        """Prices by REST in place of a stream that is down."""
        for symbol, text, time_ns in await self.parts.market.prices():
            self.parts.ticks.trade(symbol, float(text), text, time_ns, 0)

    # the user stream

    def seen_since(self, server_ns: int, over_ns: int) -> bool:
        """Whether nothing since a time can have been missed: the user stream was there, or all was compared later.

        Args:
            server_ns: Since then, by the server's clock.
            over_ns: When all that could happen had happened.
        """
        if self._seen_ns is None:
            return False
        return self._seen_ns <= server_ns or self.parts.trading.comparison.begun_ns > over_ns

    def lose_user(self, why: str) -> None:
        """The user stream is down."""
        self._seen_ns = None
        self.parts.supervision.lose(USER, why)

    def recover_user(self) -> None:
        """The user stream is there, perhaps after something was missed: compare, or reach agreement."""
        self._seen_ns = self._live.connections.server.ns()
        if USER in self.parts.supervision.lost:
            self.parts.supervision.recover(USER)
        elif self._live.state in WORKING:
            self.parts.supervision.compare_soon("")

    def half_dead(self, client_order_id: str) -> None:
        """The user stream keeps an order back: another connection."""
        self._live.asked.log(f"the user stream has not told of {client_order_id}: it is opened anew")
        self.parts.user.doubt()

    def differs(self, symbol: str) -> None:
        """Something of a symbol was not told: compare."""
        self.parts.supervision.compare_soon(symbol)

    def refused(self, error: FatalError) -> None:
        """The key is not accepted any more: nothing new, and a person is told."""
        self._live.asked.log(f"critical: the key is not accepted: {error}")
        self._live.take(GateShut(time_ns=self.parts.clock.now_ns(), cause=KEY_REFUSED))

    def configured(self, symbol: str) -> None:
        """A setting has changed at the exchange: look whether what was prepared still holds."""
        symbols = [symbol] if symbol else list(self._live.prepared)
        self._background.begin(self._confirm(symbols))

    async def _confirm(self, symbols: list[str]) -> None:
        try:
            await self._live.confirm([one for one in symbols if one in self._live.prepared])
        except SadariError as error:
            self._live.asked.log(f"settings could not be read back: {error}")


def exchange_parts(live: LiveEngine) -> Parts:
    """The parts of an engine that trades at an exchange."""
    asked, connections, around = live.asked, live.connections, Around(live)
    config, clocks = asked.config, asked.clocks
    lanes = connections.lanes
    assert lanes is not None  # noqa: S101 - who trades has a key
    clock = MarketClock(clocks.steady_ns)
    balances = Balances(live.price, clocks.measure_ns)
    watches = Watches(live.take)
    trading = ExchangeTrading(
        live.take, connections.rest, lanes, clock, connections.server.ns, clocks.measure_ns, balances,
        known=around.known, unresolved=around.unresolved, ours=around.ours, seen_since=around.seen_since,
        half_dead=around.half_dead, differs=around.differs, configured=around.configured, report=asked.log,
    )  # fmt: skip
    trading.gateway.hedge = live.hedge
    supervision = Supervision(
        live.take, trading, config.venue, state=lambda: live.state.value, now_ns=clock.now_ns,
        poll_prices=around.poll_prices, report=asked.log,
    )  # fmt: skip
    specs = live_specs(config.settings(), config.signals(), config.surge, config.scanner)
    sensing = Sensing(specs, clock.now_ns, lambda: list(balances.positions))
    ticks = Ticks(clock, trading, watches)
    market = Market(
        live.take, connections.rest, sensing, watches, clock, balances, supervision, around.fresh, asked.log
    )
    streams = MarketStreams(
        connections.hosts.streams,
        ticks.trade,
        market.candle,
        market.lose,
        market.recover,
        now_ns=clocks.wall_ns,
        jitter=lambda: 2 * asked.jitter() - 1,
        on_exhausted=lambda name: supervision.exhausted(name, config.venue.on_recovery_exhausted.upper()),
    )
    market.attach(streams)
    alarms = Alarms(live.take, clock, balances)
    venue = LiveVenue(trading, clock, watches, alarms, market, market, supervision, asked.alert)
    user = UserStream(
        connections.rest,
        connections.hosts.streams,
        trading.frame,
        around.lose_user,
        around.recover_user,
        now_ns=clocks.wall_ns,
        jitter=lambda: 2 * asked.jitter() - 1,
        on_exhausted=lambda: supervision.exhausted(USER, config.venue.on_recovery_exhausted.upper()),
        on_fatal=around.refused,
    )
    preparation = Preparation(connections.rest, config.venue.on_multi_assets)
    return Parts(
        clock, balances, watches, ticks, alarms, trading, supervision, market, streams, user, preparation, venue
    )


def account_age_ms(configured: int | None, mode: str) -> int | None:
    """How old account data may be at a decision: as configured, else 5 s where the exchange's time is everybody's."""
    if configured is not None or mode == "local":
        return configured
    return ACCOUNT_AGE_NS // MILLISECOND_NS
