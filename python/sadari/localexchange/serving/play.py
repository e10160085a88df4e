"""Plays the tape: the market, the account and the streams see each trade in its turn.

Two clocks: the market's is the tape's, the gateway's is the wall's. In lockstep both are the tape's, and time only goes
on when it is told to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal

from sadari.localexchange.account.desk import Desk
from sadari.localexchange.market.market import Market
from sadari.localexchange.market.tape import Tape
from sadari.localexchange.streams.market import MarketStreams
from sadari.model.units import MILLISECOND_NS, MINUTE_NS, SECOND_NS

# How much market time is played before streams look at their clocks, and how often the wall's is looked at.
BEAT_NS = 250 * MILLISECOND_NS
LOOK_S = 0.005
# So many trades, and so much of the market's time, are played at most before requests get their turn.
SLICE = 500
SLICE_NS = MINUTE_NS


class Play:
    """The tape in motion.

    Args:
        tape: The trades to come.
        market: What they have made so far.
        desk: The account that they meet.
        streams: What is told of them.
        look: Called at each beat of the market's time and of the wall's, for what is due by a clock of its own.
    """

    def __init__(
        self, tape: Tape, market: Market, desk: Desk, streams: MarketStreams, look: Callable[[], None]
    ) -> None:
        self._tape = tape
        self._market = market
        self._desk = desk
        self._streams = streams
        self._look = look
        self._start_ns = market.now_ns
        self._next_beat_ns = market.now_ns - market.now_ns % BEAT_NS + BEAT_NS
        self._due = {symbol: one.next_funding(market.now_ns) for symbol, one in market.symbols.items()}
        self._funding_ns = min(payment.time_ns for payment in self._due.values())
        for symbol, one in market.symbols.items():
            desk.exchange.mark(symbol, one.last_price)

    @property
    def ended(self) -> bool:
        """Whether the last trade has been played; the market stands still from then on."""
        return self._tape.next_ns() is None

    def advance(self, until_ns: int, most: int | None = None) -> bool:
        """Play up to a time, it included; at most so many trades. False if some are left.

        Whatever happens at one time happens in the order trades, funding, clocks.
        """
        played = 0
        while True:
            next_ns = self._tape.next_ns()
            at_ns = until_ns if next_ns is None else min(next_ns, until_ns)
            # At the time of a trade the clocks wait until all trades of that time are played.
            while self._next_beat_ns < at_ns or (self._next_beat_ns == at_ns and next_ns != at_ns):
                self._beat(self._next_beat_ns)
            if next_ns is None or next_ns > until_ns:
                self._settle(until_ns)
                self._market.on_time(until_ns)
                return True
            if played == most:
                return False
            self._settle(next_ns - 1)
            trade = self._tape.pop()
            self._market.on_trade(trade)
            self._desk.meet(trade.symbol, trade.time_ns, trade.price)
            self._streams.on_trade(trade)
            played += 1

    async def run(self, now_ns: Callable[[], int], speed: float, look_s: float = LOOK_S) -> None:
        """Follow the wall's clock at a speed until canceled; what is late is made up for, nothing is left out."""
        began_ns = now_ns()
        while True:
            target_ns = self._start_ns + int((now_ns() - began_ns) * speed)
            slice_ns = min(target_ns, self._market.now_ns + SLICE_NS)
            done = target_ns < self._market.now_ns or (self.advance(slice_ns, SLICE) and slice_ns == target_ns)
            self._look()
            await asyncio.sleep(look_s if done else 0)

    def _beat(self, time_ns: int) -> None:
        self._settle(time_ns)
        self._market.on_time(time_ns)
        self._streams.on_time(time_ns)
        self._look()
        self._next_beat_ns += BEAT_NS

    def _settle(self, until_ns: int) -> None:
        """Pay the funding that has become due."""
        while self._funding_ns <= until_ns:
            due_ns = self._funding_ns
            self._market.on_time(due_ns)
            for symbol, payment in self._due.items():
                if payment.time_ns == due_ns:
                    if payment.rate:
                        mark = None if payment.mark_price is None else Decimal(repr(payment.mark_price))
                        self._desk.fund(symbol, due_ns, Decimal(repr(payment.rate)), mark)
                    self._due[symbol] = self._market.symbols[symbol].next_funding(due_ns)
            self._funding_ns = min(payment.time_ns for payment in self._due.values())


def until_of(market: Market, *, by_ms: int | None, until_ms: int | None) -> int:
    """The time that a step goes to: so many milliseconds on, a time in milliseconds, or one second on."""
    if until_ms is not None:
        return max(until_ms * MILLISECOND_NS, market.now_ns)
    return market.now_ns + (SECOND_NS if by_ms is None else by_ms * MILLISECOND_NS)
