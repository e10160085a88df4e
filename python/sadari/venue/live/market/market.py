"""The market: candles of what is scanned, trades of what is held, and what the sensors make of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from decimal import Decimal
from typing import Protocol

from msgspec.structs import replace

from sadari.binance import answers, endpoints, stream_names
from sadari.binance.market_frames import StreamedCandle
from sadari.errors import SadariError
from sadari.model.command import ArmLevels, ArmSignals, WatchVerdict
from sadari.model.event import SignalRaised
from sadari.model.instrument import Instrument
from sadari.model.units import MINUTE_NS
from sadari.sensors.feed import Quoted
from sadari.sensors.signals import Candle
from sadari.venue.live.background import Background
from sadari.venue.live.market.klines import Klines
from sadari.venue.live.market.sensed import FrameClosed, Raised, Withdrawn
from sadari.venue.live.market.sensing import Outcome, Sensing
from sadari.venue.live.market.silence import Silence, Streams
from sadari.venue.live.market_clock import MarketClock
from sadari.venue.live.orders.balances import Balances
from sadari.venue.live.ports import Caller, Take
from sadari.venue.live.supervision import Supervision
from sadari.venue.live.watches import Watches

CANDLE_NS = MINUTE_NS
# Symbols that are warmed up at once; each asks for several pages of candles.
WARMED_AT_ONCE = 4
AGAIN_S = 5.0
NAME = "market"


class Follows(Streams, Protocol):
    """Who brings streams."""

    def follow(self, streams: Iterable[str]) -> None:
        """Want them."""

    def drop(self, streams: Iterable[str]) -> None:
        """Want them no more."""


class Market:
    """What is seen of the market.

    Args:
        take: Where events go.
        rest: Asks for candles and prices.
        sensing: What candles say.
        watches: The armed levels, whose trails follow closed frames.
        clock: The exchange's time.
        balances: The account at the moment of a signal.
        supervision: Told when the market is out of sight.
        fresh: Reads the account anew where it is too old to size by.
        report: Told of what is no event.
        marks: Whether mark prices are followed with trades.
        forget: Told a symbol whose trades are about to be followed: none of before counts.

    Attributes:
        ready: The symbols whose sensors are warm.
        last: The last price that a candle told, by symbol.
    """

    def __init__(
        self,
        take: Take,
        rest: Caller,
        sensing: Sensing,
        watches: Watches,
        clock: MarketClock,
        balances: Balances,
        supervision: Supervision,
        fresh: Callable[[], Awaitable[None]],
        report: Callable[[str], None],
        *,
        marks: bool = False,
        forget: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.ready: set[str] = set()
        self.last: dict[str, float] = {}
        self._opened: dict[str, int] = {}
        self._take = take
        self._rest = rest
        self._klines = Klines(rest)
        self._sensing = sensing
        self._watches = watches
        self._clock = clock
        self._balances = balances
        self._supervision = supervision
        self._fresh = fresh
        self._marks = marks
        self._forget = forget
        self._lost: set[str] = set()
        self._report = report
        self._followed: set[str] = set()
        self._since: dict[str, int] = {}
        self._filling: set[str] = set()
        self._background = Background()
        self._signals: asyncio.Queue[Raised | Withdrawn] = asyncio.Queue()

    def attach(self, streams: Follows) -> None:
        """Take the streams that are to bring trades and candles; they know this market already."""
        self._streams = streams
        self._silence = Silence(self._rest, streams, lambda stream: self._since[stream])

    # trades

    def follow(self, symbol: str) -> None:
        """Follow a symbol's trades from now on."""
        if symbol not in self._followed:
            self._followed.add(symbol)
            self._forget(symbol)
            self._report(f"{symbol}: its trades are followed from now on")
            self._follow(self._names(symbol))

    def drop(self, symbol: str) -> None:
        """Follow a symbol's trades no more."""
        if symbol in self._followed:
            self._followed.remove(symbol)
            self._report(f"{symbol}: its trades are followed no more")
            names = self._names(symbol)
            self._streams.drop(names)
            for name in names:
                self.recover(name)

    def _follow(self, names: list[str]) -> None:
        self._since.update(dict.fromkeys(names, self._clock.now_ns()))
        self._streams.follow(names)

    @property
    def followed(self) -> frozenset[str]:
        """The symbols whose trades are wanted."""
        return frozenset(self._followed)

    def _names(self, symbol: str) -> list[str]:
        return [stream_names.trades(symbol), *([stream_names.marks(symbol)] if self._marks else [])]

    async def prices(self) -> list[tuple[str, str, int]]:
        """The last prices of what is followed and not seen, by REST: symbol, price as written, time.

        Raises:
            SadariError: The exchange could not be asked.
        """
        if not self._unseen():
            return []
        body = await self._rest.call(endpoints.TICKER_PRICE, urgent=True)
        # What is seen again by now has newer prices than these.
        shown, now_ns = answers.prices(body, self._unseen()), self._clock.now_ns()
        return [(one.symbol, format(one.price, "f"), one.time_ns or now_ns) for one in shown]

    def _unseen(self) -> set[str]:
        return {symbol for symbol in self._followed if stream_names.trades(symbol) in self._lost}

    # candles

    def begin(self, instruments: Iterable[Instrument], beside: Iterable[Instrument] = ()) -> None:
        """Scan symbols: their candles come from now on, and their sensors are warmed up beside.

        Args:
            instruments: What may raise signals.
            beside: What signals are about too, as the market's own symbol.
        """
        chosen = [*beside, *instruments]
        for instrument in instruments:
            self._sensing.add(instrument)
        for instrument in beside:
            self._sensing.add(instrument, entries=False)
        self._follow([stream_names.candles(one.symbol, CANDLE_NS) for one in chosen])
        limit = asyncio.Semaphore(WARMED_AT_ONCE)
        for instrument in chosen:
            self._background.begin(self._warm_up(instrument.symbol, limit))
        self._background.begin(self._raise_signals())

    def candle(self, symbol: str, interval_ns: int, candle: StreamedCandle, closed: bool) -> None:  # noqa: FBT001 - a field of the candle
        """Take a candle of a stream; only a closed one says anything but a price."""
        self.last[symbol] = candle.close
        self._opened[symbol] = candle.open_ns
        if not closed or interval_ns != CANDLE_NS:
            return
        self._clock.see(candle.open_ns + interval_ns)
        known = Candle(candle.open_ns, candle.open, candle.high, candle.low, candle.close, candle.volume)
        self._tell(self._sensing.push(symbol, Quoted(known, candle.quote_volume)))
        if self._sensing.gap(symbol) is not None:
            self._mend(symbol)

    # sight

    def doubt(self, stream: str) -> None:
        """A stream is silent: it is lost if there was a trade that it has not told of."""
        self._silence.doubt(stream)

    def lose(self, stream: str) -> None:
        """A stream is not seen any more."""
        self._lost.add(stream)
        if self.is_blind:
            self._supervision.lose(NAME, f"{len(self._lost)} streams are not seen, {stream} among them")

    def recover(self, stream: str) -> None:
        """A stream is seen again: what its candles left out meanwhile is asked for."""
        self._lost.discard(stream)
        symbol = stream_names.symbol_of(stream)
        if symbol in self.ready and self._sensing.late(symbol) is not None:
            self._mend(symbol)
        if not self.is_blind:
            self._supervision.recover(NAME)

    @property
    def is_blind(self) -> bool:
        """Whether the trades of something that is held are not seen, or most candles."""
        trades = {stream_names.trades(symbol) for symbol in self._followed}
        lost_candles = len(self._lost - trades)
        return bool(self._lost & trades) or 2 * lost_candles > len(self._sensing.symbols)

    @property
    def due_ns(self) -> int | None:
        """When signals have waited long enough; None if none waits."""
        return self._sensing.due_ns

    def look(self) -> None:
        """Tell signals that have waited long enough."""
        due_ns = self._sensing.due_ns
        if due_ns is not None and due_ns <= self._clock.now_ns():
            self._tell(self._sensing.overdue())

    async def close(self) -> None:
        """Ask for nothing any more."""
        await asyncio.gather(self._background.close(), self._silence.close())

    async def _warm_up(self, symbol: str, limit: asyncio.Semaphore) -> None:
        async with limit:
            while True:
                try:
                    longer = {}
                    for interval_ns, rows in self._sensing.needs(symbol):
                        now_ns = self._clock.now_ns()
                        longer[interval_ns] = await self._klines.last(symbol, interval_ns, rows, now_ns)
                    candles = longer.pop(CANDLE_NS, [])
                    said = self._sensing.start(symbol, candles, longer)
                except SadariError as error:
                    self._report(f"{symbol}: its candles could not be had, they are asked for again: {error}")
                    await asyncio.sleep(AGAIN_S)
                else:
                    self.ready.add(symbol)
                    self._tell(said)
                    if self._sensing.gap(symbol) is not None:
                        self._mend(symbol)
                    return

    def _mend(self, symbol: str) -> None:
        if symbol not in self._filling:
            self._filling.add(symbol)
            self._background.begin(self._fill(symbol))

    async def _fill(self, symbol: str) -> None:
        try:
            while (gap := self._sensing.gap(symbol) or self._sensing.late(symbol)) is not None:
                try:
                    candles = await self._klines.missing(symbol, CANDLE_NS, gap)
                except SadariError as error:
                    self._report(f"{symbol}: missing candles could not be had: {error}")
                    await asyncio.sleep(AGAIN_S)
                    continue
                self._tell(self._sensing.fill(symbol, candles))
                if gap in (self._sensing.gap(symbol), self._sensing.late(symbol)):
                    await asyncio.sleep(AGAIN_S)
        finally:
            self._filling.discard(symbol)

    # what the engine asks for

    def arm(self, command: ArmSignals) -> None:
        """A signal that waits may be raised again."""
        self._sensing.arm_signals(command)

    def watch(self, command: WatchVerdict) -> None:
        """Watch for a verdict, or for none."""
        self._sensing.watch_verdict(command)

    def trail(self, command: ArmLevels) -> None:
        """Let closed frames move a trail, or none."""
        self._sensing.arm_levels(command)

    # telling

    def _tell(self, outcomes: Iterable[Outcome]) -> None:
        for one in outcomes:
            if isinstance(one, Raised | Withdrawn):
                self._signals.put_nowait(one)
            elif isinstance(one, FrameClosed):
                self._watches.close_frame(one.symbol, one.high, one.low, one.line, self._clock.now_ns())
            else:
                # What is held is met by every trade: the last of them has the price, which may be later than the close.
                turned, price = one.event(self._clock.now_ns()), self._watches.last_price(one.symbol)
                self._take(turned if price is None else replace(turned, price=price))

    async def _raise_signals(self) -> None:
        """Raise one signal after another, each with an account that is not too old."""
        while True:
            raised = await self._signals.get()
            if isinstance(raised, Withdrawn):
                self._take(raised.event(self._clock.now_ns()))
                continue
            await self._fresh()
            self._take(self._priced(raised.event(self._clock.now_ns(), self._balances.equity())))

    def _priced(self, event: SignalRaised) -> SignalRaised:
        """With the last price if a later candle has begun; the close may be known before the stream tells of it."""
        price = self.price(event.symbol)
        begun = self._opened.get(event.symbol, 0) >= event.price_time_ns
        return replace(event, price=price) if begun and price is not None else event

    def price(self, symbol: str) -> Decimal | None:
        """The last price that a candle told."""
        known = self.last.get(symbol)
        return None if known is None else Decimal(repr(known))
