"""From a frame of a market stream to one of our values, or to the reason why it is none.

Nothing here raises: a frame that cannot be used is a value too, so that a reader never dies of what it reads. A price
that is zero, negative, infinite or no number is none (faults F56, F83).

Source: reference binance-usdm §4.
"""

from __future__ import annotations

from math import inf
from typing import NamedTuple, TypeAlias

import msgspec

from sadari.binance.stream_names import INTERVALS
from sadari.binance.wire import heard_market as wire
from sadari.model.units import MILLISECOND_NS

# As much of a frame as is kept and shown.
SHOWN = 300


class TradeHeard(NamedTuple):
    """A trade. ``text`` is the price as it was written."""

    stream: str
    symbol: str
    trade_id: int
    price: float
    text: str
    qty: float
    time_ns: int


class StreamedCandle(NamedTuple):
    """A candle so far, or closed; ``quote_volume`` is in the quote asset."""

    open_ns: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    quote_volume: float
    trades: int


class CandleHeard(NamedTuple):
    """A candle of a symbol; ``time_ns`` is when it was told."""

    stream: str
    symbol: str
    interval_ns: int
    candle: StreamedCandle
    closed: bool
    time_ns: int


class MarkHeard(NamedTuple):
    """Mark price, index price and funding; rate and time are None where there is no funding."""

    stream: str
    symbol: str
    mark_price: float
    text: str
    index_price: float | None
    funding_rate: float | None
    next_funding_ns: int | None
    time_ns: int


class BookTopHeard(NamedTuple):
    """Best bid and ask; ``update_id`` only grows."""

    stream: str
    symbol: str
    bid: float
    ask: float
    update_id: int
    time_ns: int


class ReplyHeard(NamedTuple):
    """The answer to a control message; ``error`` is empty where it was accepted."""

    number: int | str
    error: str


class UnknownKind(NamedTuple):
    """An event that nobody here wants."""

    stream: str
    kind: str


class Malformed(NamedTuple):
    """A frame that cannot be used; ``stream`` is empty where it does not say."""

    stream: str
    reason: str
    raw: bytes


MarketFrame: TypeAlias = TradeHeard | CandleHeard | MarkHeard | BookTopHeard | ReplyHeard | UnknownKind | Malformed

_combined = msgspec.json.Decoder(wire.Combined).decode
_other = msgspec.json.Decoder(wire.Other).decode


def decoded(frame: bytes) -> MarketFrame:
    """What a frame of a combined connection says."""
    try:
        message = _combined(frame)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return _no_event(frame, str(error))
    event = message.event
    if type(event) is wire.Trade:
        text = event.price
        try:
            price = float(text)
            qty = float(event.qty)
        except ValueError:
            return Malformed(message.stream, f"the price is {text!r}, the quantity {event.qty!r}", frame)
        if 0.0 < price < inf and qty >= 0.0:
            return TradeHeard(
                message.stream, event.symbol, event.trade_id, price, text, qty, event.time_ms * MILLISECOND_NS
            )
        return Malformed(message.stream, f"the price is {text!r}, the quantity {event.qty!r}", frame)
    try:
        return _further(message.stream, event)
    except ValueError as error:
        return Malformed(message.stream, str(error), frame)


def _further(stream: str, event: wire.MarketEvent) -> MarketFrame:
    """What is told less often."""
    if isinstance(event, wire.Candle):
        interval_ns = INTERVALS.get(event.candle.interval)
        if interval_ns is None:
            raise ValueError(f"the interval is {event.candle.interval!r}")
        candle = _candle(event.candle)
        time_ns = event.event_ms * MILLISECOND_NS
        return CandleHeard(stream, event.symbol, interval_ns, candle, event.candle.closed, time_ns)
    if isinstance(event, wire.Mark):
        return MarkHeard(
            stream,
            event.symbol,
            _price(event.mark_price),
            event.mark_price,
            _price(event.index_price) if event.index_price else None,
            float(event.funding_rate) if event.funding_rate else None,
            event.next_funding_ms * MILLISECOND_NS or None,
            event.event_ms * MILLISECOND_NS,
        )
    if isinstance(event, wire.BookTop):
        bid, ask = _price(event.bid_price), _price(event.ask_price)
        return BookTopHeard(stream, event.symbol, bid, ask, event.update_id, event.time_ms * MILLISECOND_NS)
    return UnknownKind(stream, type(event).__name__)


def _candle(fields: wire.CandleFields) -> StreamedCandle:
    open_, high, low, close = _price(fields.open), _price(fields.high), _price(fields.low), _price(fields.close)
    if not low <= min(open_, close) <= max(open_, close) <= high:
        raise ValueError(f"a candle of {open_:g}, {high:g}, {low:g}, {close:g} has its prices in no order")
    volume, quote_volume = float(fields.volume), float(fields.quote_volume)
    if not (0.0 <= volume < inf and 0.0 <= quote_volume < inf):
        raise ValueError(f"the volumes are {fields.volume!r} and {fields.quote_volume!r}")
    open_ns = fields.open_ms * MILLISECOND_NS
    return StreamedCandle(open_ns, open_, high, low, close, volume, quote_volume, fields.trades)


def _price(text: str) -> float:
    """A number above zero."""
    price = float(text)
    if not 0.0 < price < inf:
        raise ValueError(f"a price is {text!r}")
    return price


def _no_event(frame: bytes, reason: str) -> MarketFrame:
    """An answer to a control message, an event of another kind, or nothing at all."""
    try:
        other = _other(frame)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return Malformed("", str(error), frame)
    kind = other.kind.name or other.bare_kind
    if kind in _KNOWN:
        # A kind that we know, with fields that we do not.
        return Malformed(other.stream, reason, frame)
    if kind:
        return UnknownKind(other.stream, kind)
    if other.number is None:
        # A refusal that answers nothing we sent is kept as it came.
        return Malformed(other.stream, reason, frame)
    if other.error is not None:
        return ReplyHeard(other.number, f"{other.error.code}: {other.error.message}")
    return ReplyHeard(other.number, "" if other.code is None else f"{other.code}: {other.message}")


_KNOWN = frozenset({"aggTrade", "kline", "markPriceUpdate", "bookTicker"})
