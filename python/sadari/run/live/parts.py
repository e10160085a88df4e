"""What a live venue consists of, put together around one engine."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sadari.errors import SadariError
from sadari.model.event import Event
from sadari.model.units import MILLISECOND_NS, SECOND_NS
from sadari.run.feed.sensing import live_specs
from sadari.run.live.alerting import Alerting
from sadari.run.live.paper_side import PaperSide
from sadari.run.live.side import Facts, Make
from sadari.venue.live.alarms import Alarms
from sadari.venue.live.market.market import Market
from sadari.venue.live.market.sensing import Sensing
from sadari.venue.live.market_clock import MarketClock
from sadari.venue.live.orders.balances import Balances
from sadari.venue.live.supervision import Supervision
from sadari.venue.live.ticks import Ticks
from sadari.venue.live.venue import LiveVenue
from sadari.venue.live.watches import Watches
from sadari.venue.live.wire.market_streams import MarketStreams

if TYPE_CHECKING:
    from sadari.run.live.engine import LiveEngine

# How old the account may be at a signal before it is read anew, and how long that may take.
ACCOUNT_AGE_NS = 5 * SECOND_NS
FRESH_S = 2.0


class Parts:
    """The parts of a live venue; what holds the account is put in by `build`, which it is given these for.

    Args:
        live: The engine's life.
        market_ns: The market's time now.
    """

    def __init__(self, live: LiveEngine, market_ns: int) -> None:
        clocks = live.asked.clocks
        self._live = live
        self.clock = MarketClock(clocks.steady_ns)
        self.clock.see(market_ns)
        self.balances = Balances(live.price, clocks.measure_ns)
        self.watches = Watches(self._decide)
        self.alarms = Alarms(live.take, self.clock, self.balances)
        self.alerting = Alerting(live)

    def build(self, make: Make, facts: Facts) -> None:
        """Put in the account's side, and what stands on it."""
        live, asked = self._live, self._live.asked
        config = asked.config
        self.balances.multi_assets = bool(facts.multi_assets)
        self.side = make(live, facts)
        trading = self.side.trading
        self.ticks = Ticks(self.clock, trading, self.watches)
        self.supervision = Supervision(
            live.take, trading, config.venue, state=lambda: live.state.value, now_ns=self.clock.now_ns,
            poll_prices=self._poll_prices, report=asked.log,
        )  # fmt: skip
        specs = live_specs(config.settings(), config.signals(), config.surge, config.scanner, config.ict)
        sensing = Sensing(specs, self.clock.now_ns, lambda: self.balances.symbols)
        paper = self.side if isinstance(self.side, PaperSide) else None
        self.market = Market(
            self._decide, live.connections.rest, sensing, self.watches, self.clock, self.balances, self.supervision,
            self._fresh, asked.log, marks=paper is not None,
            forget=self.ticks.forget,
        )  # fmt: skip
        policy = config.venue.on_recovery_exhausted.upper()
        self.streams = MarketStreams(
            live.connections.hosts.streams, self.ticks.trade, self.market.candle, self.market.lose, self.market.recover,
            now_ns=asked.clocks.measure_ns, jitter=lambda: 2 * asked.jitter() - 1,
            on_mark=(lambda _: None) if paper is None else paper.mark,
            on_silent=self.market.doubt,
            on_exhausted=lambda name: self.supervision.exhausted(name, policy),
        )  # fmt: skip
        self.market.attach(self.streams)
        self.venue = LiveVenue(
            trading,
            self.clock,
            self.watches,
            self.alarms,
            self.market,
            self.market,
            self.supervision,
            self.alerting.told,
            lambda symbol: live.opened.engine.positions[symbol].id,
        )

    def _decide(self, event: Event) -> None:
        """Hand over what may be decided on, behind what prices have left available."""
        moved = self.side.trading.moved(event.time_ns)
        if moved is not None:
            self._live.take(moved)
        self._live.take(event)

    async def close(self) -> None:
        """End everything: nothing is asked any more, what rests at the exchange stays there."""
        self.alarms.close()
        self.streams.close()
        await self.alerting.close()
        ends = (self.supervision.close(), self.market.close(), self.side.close())
        await asyncio.gather(*ends, return_exceptions=True)

    async def _fresh(self) -> None:
        """Read the account where it is too old to size by; what cannot be read now is denied by the engine."""
        age_ns = self._live.asked.clocks.measure_ns() - self.balances.told_at
        if age_ns <= ACCOUNT_AGE_NS:
            return
        try:
            async with asyncio.timeout(FRESH_S):  # `wait_for` can lose a cancel, and the end would wait for ever.
                await self.side.trading.refresh(positions=False)
        except TimeoutError:
            self._live.asked.log(f"the account could not be read for a signal in {FRESH_S:.0f} s")
        except SadariError as error:
            self._live.asked.log(f"the account could not be read for a signal: {error}")

    async def _poll_prices(self) -> None:
        """Prices by REST in place of a stream that is down."""
        for symbol, text, time_ns in await self.market.prices():
            self.ticks.trade(symbol, float(text), text, time_ns, 0)


def account_age_ms(configured: int | None, mode: str) -> int | None:
    """How old account data may be at a decision: as configured, else 5 s where the exchange's time is everybody's."""
    if configured is not None or mode == "local":
        return configured
    return ACCOUNT_AGE_NS // MILLISECOND_NS
