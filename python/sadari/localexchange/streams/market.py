"""What the market streams send: an event where somebody wants it, nothing computed where nobody does.

Streams that the live exchange thins out to some milliseconds send after every trade, because a drawn tape has at most
sixteen a minute; a recorded one has more, and all are told. Those by the clock send at the last full second that the
time has passed.

Source: reference binance-usdm §4.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from sadari.binance.numbers import plain
from sadari.binance.wire import streams as wire
from sadari.localexchange.market.candles import INTERVALS, frame
from sadari.localexchange.market.market import Market, SymbolMarket
from sadari.localexchange.market.tape import Trade
from sadari.localexchange.market.told import ms
from sadari.localexchange.streams.events import (
    book_change,
    book_ticker,
    book_top,
    candle,
    mark_price,
    mini_ticker,
    ticker,
)
from sadari.model.units import MINUTE_NS, SECOND_NS

_encode = msgspec.json.Encoder().encode

_SPEEDS = ("", "@100ms", "@250ms", "@500ms")
_TOPS = (5, 10, 20)
# Source: reference §4, seconds between two events.
_MARK_SECONDS = 3
_TICKER_SECONDS = 2
_ALL_BOOKS_SECONDS = 5


class _Names:
    """The names of one symbol's streams, made once."""

    def __init__(self, one: SymbolMarket) -> None:
        low = one.symbol.lower()
        pair = f"{low.partition('_')[0]}_{one.instrument.contract_type.lower()}"
        self.aggregated = f"{low}@aggTrade"
        self.trade = f"{low}@trade"
        self.book = f"{low}@bookTicker"
        self.tops = tuple((f"{low}@depth{most}{speed}", most) for most in _TOPS for speed in _SPEEDS)
        self.changes = tuple(f"{low}@depth{speed}" for speed in _SPEEDS)
        self.candles = {interval: f"{low}@kline_{interval}" for interval in INTERVALS}
        self.continuous = {interval: f"{pair}@continuousKline_{interval}" for interval in INTERVALS}
        self.all_candles = tuple(
            (name, interval, continuous)
            for names, continuous in ((self.candles, False), (self.continuous, True))
            for interval, name in names.items()
        )
        self.mark, self.mark_second = f"{low}@markPrice", f"{low}@markPrice@1s"
        self.ticker, self.mini = f"{low}@ticker", f"{low}@miniTicker"


class MarketStreams:
    """The streams of a market; told of every trade and time after the market was.

    Args:
        market: What is told.
        wanted: True if anybody listens to a stream.
        publish: Takes the name of a stream and one event of it.
    """

    def __init__(self, market: Market, wanted: Callable[[str], bool], publish: Callable[[str, bytes], None]) -> None:
        self._market = market
        self._wanted = wanted
        self._publish = publish
        self._names = {name: _Names(one) for name, one in market.symbols.items()}
        self._before: dict[str, Trade] = {}
        self._changed: dict[str, set[str]] = {name: set() for name in ("!ticker@arr", "!miniTicker@arr", "!bookTicker")}
        self._second = market.now_ns // SECOND_NS
        self._next_ns = (self._second + 1) * SECOND_NS
        self._minute_ns = dict.fromkeys(market.symbols, (market.now_ns // MINUTE_NS + 1) * MINUTE_NS)

    def on_trade(self, trade: Trade) -> None:
        """Send what a trade changes; first what was due by its time."""
        if trade.time_ns > self._next_ns:
            self.on_time(trade.time_ns - 1)
        names, wanted = self._names[trade.symbol], self._wanted
        one = self._market.symbols[trade.symbol]
        if wanted(names.aggregated):
            self._send(names.aggregated, _aggregated(trade))
        if wanted(names.trade):
            self._send(names.trade, _trade(trade))
        if wanted(names.book):
            self._send(names.book, book_ticker(one, trade.time_ns))
        self._close(trade.symbol, trade.time_ns)
        for name, interval, continuous in names.all_candles:
            if wanted(name):
                bar = one.candles.current(interval, trade.time_ns)
                if bar is not None:
                    self._send(name, candle(one, interval, bar, trade.time_ns, closed=False, continuous=continuous))
        self._books(one, names, trade)
        self._before[trade.symbol] = trade
        for changed in self._changed.values():
            changed.add(trade.symbol)

    def on_time(self, time_ns: int) -> None:
        """Send what is due by a time: candles that closed, each once, and what the clock sends, at most once."""
        for symbol in self._names:
            self._close(symbol, time_ns)
        second = time_ns // SECOND_NS
        if second <= self._second:
            return
        before, self._second = self._second, second
        self._next_ns = (second + 1) * SECOND_NS
        now_ns = second * SECOND_NS
        self._marks(now_ns, thirds=second // _MARK_SECONDS > before // _MARK_SECONDS)
        self._tickers(now_ns, even=second // _TICKER_SECONDS > before // _TICKER_SECONDS)
        if second // _ALL_BOOKS_SECONDS > before // _ALL_BOOKS_SECONDS and self._wanted("!bookTicker"):
            for one in self._taken("!bookTicker"):
                self._send("!bookTicker", book_ticker(one, now_ns))

    def _books(self, one: SymbolMarket, names: _Names, trade: Trade) -> None:
        for name, most in names.tops:
            if self._wanted(name):
                self._send(name, book_top(one, trade, most))
        for name in names.changes:
            if self._wanted(name):
                self._send(name, book_change(one, self._before.get(trade.symbol), trade))

    def _close(self, symbol: str, time_ns: int) -> None:
        """Send the candles of a symbol that have closed by a time."""
        one, names = self._market.symbols[symbol], self._names[symbol]
        while (end_ns := self._minute_ns[symbol]) <= time_ns:
            self._minute_ns[symbol] = end_ns + MINUTE_NS
            ended = [interval for interval in INTERVALS if frame(interval, end_ns - 1)[1] == end_ns]
            for interval in ended:
                for name, continuous in ((names.candles[interval], False), (names.continuous[interval], True)):
                    bar = one.candles.closed(interval, end_ns) if self._wanted(name) else None
                    if bar is not None:
                        self._send(name, candle(one, interval, bar, end_ns, closed=True, continuous=continuous))

    def _marks(self, now_ns: int, *, thirds: bool) -> None:
        wanted = self._wanted
        for symbol, names in self._names.items():
            for name in (names.mark, names.mark_second) if thirds else (names.mark_second,):
                if wanted(name):
                    self._send(name, mark_price(self._market.symbols[symbol], now_ns))
        for name in ("!markPrice@arr", "!markPrice@arr@1s") if thirds else ("!markPrice@arr@1s",):
            if wanted(name):
                self._send(name, [mark_price(one, now_ns) for one in self._market.symbols.values()])

    def _tickers(self, now_ns: int, *, even: bool) -> None:
        wanted = self._wanted
        if even:
            for symbol, names in self._names.items():
                one = self._market.symbols[symbol]
                if wanted(names.ticker):
                    self._send(names.ticker, ticker(one, now_ns))
                if wanted(names.mini):
                    self._send(names.mini, mini_ticker(one, now_ns))
        if wanted("!ticker@arr"):
            tickers = [ticker(one, now_ns) for one in self._taken("!ticker@arr")]
            if tickers:
                self._send("!ticker@arr", tickers)
        if wanted("!miniTicker@arr"):
            minis = [mini_ticker(one, now_ns) for one in self._taken("!miniTicker@arr")]
            if minis:
                self._send("!miniTicker@arr", minis)

    def _taken(self, name: str) -> list[SymbolMarket]:
        """The symbols that have traded since this stream was last sent."""
        changed = sorted(self._changed[name])
        self._changed[name].clear()
        return [self._market.symbols[symbol] for symbol in changed]

    def _send(self, name: str, event: object) -> None:
        self._publish(name, _encode(event))


def _aggregated(trade: Trade) -> wire.AggregatedTradeEvent:
    time_ms, qty = ms(trade.time_ns), plain(trade.qty)
    return wire.AggregatedTradeEvent(
        event_ms=time_ms,
        symbol=trade.symbol,
        number=trade.number,
        price=plain(trade.price),
        qty=qty,
        normal_qty=qty,
        first=trade.number,
        last=trade.number,
        time_ms=time_ms,
        buyer_maker=trade.buyer_maker,
    )


def _trade(trade: Trade) -> wire.TradeEvent:
    time_ms = ms(trade.time_ns)
    return wire.TradeEvent(
        event_ms=time_ms,
        time_ms=time_ms,
        symbol=trade.symbol,
        number=trade.number,
        price=plain(trade.price),
        qty=plain(trade.qty),
        buyer_maker=trade.buyer_maker,
    )
