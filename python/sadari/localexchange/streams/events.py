"""The events of one symbol's market streams, made from its market."""

from __future__ import annotations

from sadari.binance.numbers import plain
from sadari.binance.wire import streams as wire
from sadari.localexchange.market.candles import Bar
from sadari.localexchange.market.market import SymbolMarket
from sadari.localexchange.market.tape import Trade
from sadari.localexchange.market.told import Day, levels, levels_of, ms, price, quantity, quoted, rate, taker_buys, wide


def candle(
    one: SymbolMarket, interval: str, bar: Bar, now_ns: int, *, closed: bool, continuous: bool
) -> wire.CandleEvent | wire.ContinuousCandleEvent:
    """A candle so far or closed, of the symbol or of its pair's continuous contract."""
    taker_volume, taker_quote_volume = taker_buys(one, bar)
    told = wire.StreamedCandle(
        open_ms=ms(bar.open_ns),
        close_ms=ms(bar.end_ns) - 1,
        symbol=None if continuous else one.symbol,
        interval=interval,
        first=bar.first,
        last=bar.last,
        open=price(one, bar.open),
        close=price(one, bar.close),
        high=price(one, bar.high),
        low=price(one, bar.low),
        volume=quantity(one, bar.volume),
        trades=bar.trade_count,
        closed=closed,
        quote_volume=quoted(one, bar.quote_volume),
        taker_volume=taker_volume,
        taker_quote_volume=taker_quote_volume,
        ignored="0",
    )
    if continuous:
        return wire.ContinuousCandleEvent(
            event_ms=ms(now_ns), pair=_pair(one), contract_type=one.instrument.contract_type, candle=told
        )
    return wire.CandleEvent(event_ms=ms(now_ns), symbol=one.symbol, candle=told)


def mark_price(one: SymbolMarket, now_ns: int) -> wire.MarkPriceEvent:
    """Mark price and funding."""
    mark = wide(one.mark_price)
    following = one.next_funding(now_ns)
    return wire.MarkPriceEvent(
        event_ms=ms(now_ns),
        symbol=one.symbol,
        mark_price=mark,
        average=mark,
        settle_price=mark,
        index_price=mark,
        funding_rate=rate(following.rate, known=one.has_funding),
        next_funding_ms=ms(following.time_ns),
    )


def book_ticker(one: SymbolMarket, now_ns: int) -> wire.BookTickerEvent:
    """The top of the book."""
    bid, ask = one.best_bid(), one.best_ask()
    return wire.BookTickerEvent(
        update_id=one.update_id,
        event_ms=ms(now_ns),
        time_ms=ms(one.last.time_ns if one.last is not None else now_ns),
        symbol=one.symbol,
        bid_price=plain(bid.price),
        bid_qty=plain(bid.qty),
        ask_price=plain(ask.price),
        ask_qty=plain(ask.qty),
        pair=_pair(one),
    )


def ticker(one: SymbolMarket, now_ns: int) -> wire.TickerEvent:
    """The last 24 hours."""
    day = Day(one, now_ns)
    return wire.TickerEvent(
        event_ms=ms(now_ns),
        symbol=one.symbol,
        change=day.change,
        percent=day.percent,
        average=day.average,
        close=day.last,
        last_qty=day.last_qty,
        open=day.open,
        high=day.high,
        low=day.low,
        volume=day.volume,
        quote_volume=day.quote_volume,
        open_ms=day.open_ms,
        close_ms=day.close_ms,
        first=day.first_id,
        last=day.last_id,
        trades=day.count,
        pair=_pair(one),
    )


def mini_ticker(one: SymbolMarket, now_ns: int) -> wire.MiniTickerEvent:
    """The last 24 hours in short."""
    day = Day(one, now_ns)
    return wire.MiniTickerEvent(
        event_ms=ms(now_ns),
        symbol=one.symbol,
        close=day.last,
        open=day.open,
        high=day.high,
        low=day.low,
        volume=day.volume,
        quote_volume=day.quote_volume,
        pair=_pair(one),
    )


def book_top(one: SymbolMarket, trade: Trade, most: int) -> wire.DepthEvent:
    """The best levels of the book after a trade."""
    return _depth(one, trade, *(levels(one, trade, bids=side, most=most) for side in (True, False)))


def book_change(one: SymbolMarket, before: Trade | None, trade: Trade) -> wire.DepthEvent:
    """What a trade has changed in the book since the trade before it; a level that is gone has the quantity 0."""
    return _depth(one, trade, *(_changes(one, before, trade, bids=side) for side in (True, False)))


def _changes(one: SymbolMarket, before: Trade | None, trade: Trade, *, bids: bool) -> list[tuple[str, str]]:
    old, new = (dict(one.ladder(at, bids=bids)) for at in (before, trade))
    gone = [(level, 0) for level in old if level not in new]
    return levels_of(one, gone + [(level, qty) for level, qty in new.items() if old.get(level) != qty])


def _depth(
    one: SymbolMarket, trade: Trade, bids: list[tuple[str, str]], asks: list[tuple[str, str]]
) -> wire.DepthEvent:
    time_ms = ms(trade.time_ns)
    return wire.DepthEvent(
        event_ms=time_ms,
        time_ms=time_ms,
        symbol=one.symbol,
        first=trade.number,
        last=trade.number,
        before=trade.number - 1,
        bids=bids,
        asks=asks,
        pair=_pair(one),
    )


def _pair(one: SymbolMarket) -> str:
    return one.symbol.partition("_")[0]
