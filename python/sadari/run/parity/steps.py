"""The steps of an exchange in lockstep: from one thing that may matter to a live engine to the next."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from sadari.binance import stream_names
from sadari.errors import SadariError
from sadari.kernel import History
from sadari.model.units import MILLISECOND_NS, MINUTE_NS, SECOND_NS, price_of
from sadari.run.live.engine import LiveEngine
from sadari.run.local.exchange import LocalExchange
from sadari.run.parity.lockstep import LockstepLoop

# What is silent for ten seconds counts as lost: no step is so long that a stream could not be heard in between.
LONGEST_NS = 5 * SECOND_NS
# So often something may be due at one moment.
MOST_AT_ONCE = 10_000
# While trades that are wanted do not come yet: as often as subscriptions are asked for.
SOON_NS = 250 * MILLISECOND_NS


class Steps:
    """Lets the market go on, from one thing that may matter to the next, when nothing is under way.

    Args:
        exchange: Whose time stands between steps.
        paths: The way of each symbol's price, as a run over history has it.
        end_ns: Where it ends.
        progress: Told the share that is done, if anybody wants to know.
    """

    def __init__(
        self,
        exchange: LocalExchange,
        paths: Mapping[str, History],
        end_ns: int,
        progress: Callable[[float], None] | None,
    ) -> None:
        self._exchange = exchange
        self._start_ns = exchange.market.now_ns
        self._end_ns = end_ns
        self._progress = progress
        self._stands = 0
        self._waited_s = 0.0
        self._live: LiveEngine | None = None
        self._over: asyncio.Future[None] | None = None
        self._looked = True
        self._arriving = False
        self._timers_ns = self._start_ns
        self._paths = paths
        # As over history: what takes no time arrives when all else of a moment is told, and nothing any more with the
        # last candle's end.
        exchange.calls.gathers, exchange.calls.closes_ns = True, end_ns

    def seconds(self) -> float:
        """The loop's time: what the market's was when all else of a moment was done, and what was waited for then."""
        return self._timers_ns / SECOND_NS + self._waited_s

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
        if not self._agreed():
            return False
        if self._exchange.hub.release():
            return True
        live = self._live
        if live is None:
            if timeout is None:
                return False
            self._waited_s += timeout
        elif self._arriving or self._exchange.calls.are_due:
            self._arriving = False
            self._exchange.calls.arrive()
        elif not self._looked:
            # Timers come after everything else of a moment.
            self._looked = True
            self._timers_ns = self.now_ns()
            # Where no trade has told the engine what time it is, it would wait for its alarms for ever.
            live.parts.clock.see(self.told_ns())
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
        until_ns = max(
            now_ns, min(now_ns - now_ns % MINUTE_NS + MINUTE_NS, self._end_ns, now_ns + self._longest_ns(live), *due)
        )
        until_ns = self._next_crossing(live, now_ns, until_ns)
        if until_ns > now_ns:
            # What is traded on the way comes first: it decides which prices are new.
            self._exchange.play.advance(until_ns - 1)
            for symbol, path in self._paths.items():
                # A trade that changes no price and meets nothing is none over history: it must meet no new level here.
                price = price_of(path.price_at(until_ns))
                if symbol in self._exchange.tape.last or price != self._exchange.market.symbols[symbol].last_price:
                    self._exchange.tape.visit(symbol, until_ns, price)
        self._exchange.play.advance(until_ns)
        # A trade of this moment comes before an order that arrives, what that leads to before a level that it crosses.
        if self._exchange.tape.last:
            self._exchange.calls.arrive()
        else:
            self._arriving = True
        self._stands = 0 if self.now_ns() > now_ns else self._stands + 1
        if self._stands > MOST_AT_ONCE:
            raise SadariError(f"the market's time stands at {now_ns}: something is due there again and again")
        self._looked = False
        if self._progress is not None and now_ns // MINUTE_NS != self.now_ns() // MINUTE_NS:
            self._progress((self.now_ns() - self._start_ns) / (self._end_ns - self._start_ns))

    def _next_crossing(self, live: LiveEngine, now_ns: int, until_ns: int) -> int:
        """The time of the next tick that crosses a level, of the engine's or the exchange's; else that given.

        Any other tick is by contract without effect. Where the price of one symbol meets something, those of the
        others are known; of two that meet something at one time, the second one's is known as it was just before.
        """
        exchange, watches, meets = self._exchange.desk.exchange, live.parts.watches, set[str]()
        for symbol, path in self._paths.items():
            watch = watches.watch(symbol)
            levels = (exchange.watch(symbol), *(() if watch is None else (watch,)))
            hit = path.next_crossing(now_ns, until_ns, *levels)
            if hit is not None:
                meets = {symbol} if hit[0] < until_ns else meets | {symbol}
                until_ns = hit[0]
        self._exchange.tape.last = frozenset(meets)
        return until_ns - 1 if len(meets) > 1 and until_ns - 1 > now_ns else until_ns

    def _longest_ns(self, live: LiveEngine) -> int:
        wanted = (stream_names.trades(symbol) for symbol in live.parts.market.followed)
        return LONGEST_NS if all(self._exchange.hub.wanted(stream) for stream in wanted) else SOON_NS

    def _agreed(self) -> bool:
        """Whether every frame that is on its way was handled, and every request answered."""
        loop = asyncio.get_running_loop()
        if not isinstance(loop, LockstepLoop) or loop.connecting:
            return False
        sent = self._exchange.hub.sent_frames()
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
