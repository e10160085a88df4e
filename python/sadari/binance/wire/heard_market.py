"""Market stream events as a client reads them: only the fields it needs, decimals as their text, times ms.

Source: reference binance-usdm §4.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec


class Trade(msgspec.Struct, frozen=True, gc=False, tag_field="e", tag="aggTrade"):
    """A trade."""

    symbol: str = msgspec.field(name="s")
    trade_id: int = msgspec.field(name="a")
    price: str = msgspec.field(name="p")
    qty: str = msgspec.field(name="q")
    time_ms: int = msgspec.field(name="T")


class CandleFields(msgspec.Struct, frozen=True, gc=False):
    """A candle inside its event."""

    open_ms: int = msgspec.field(name="t")
    interval: str = msgspec.field(name="i")
    open: str = msgspec.field(name="o")
    high: str = msgspec.field(name="h")
    low: str = msgspec.field(name="l")
    close: str = msgspec.field(name="c")
    volume: str = msgspec.field(name="v")
    quote_volume: str = msgspec.field(name="q")
    trades: int = msgspec.field(name="n")
    closed: bool = msgspec.field(name="x")


class Candle(msgspec.Struct, frozen=True, gc=False, tag_field="e", tag="kline"):
    """A candle so far, or closed."""

    event_ms: int = msgspec.field(name="E")
    symbol: str = msgspec.field(name="s")
    candle: CandleFields = msgspec.field(name="k")


class Mark(msgspec.Struct, frozen=True, gc=False, tag_field="e", tag="markPriceUpdate"):
    """Mark price and funding."""

    event_ms: int = msgspec.field(name="E")
    symbol: str = msgspec.field(name="s")
    mark_price: str = msgspec.field(name="p")
    index_price: str = msgspec.field(name="i")
    funding_rate: str = msgspec.field(name="r")
    next_funding_ms: int = msgspec.field(name="T")


class BookTop(msgspec.Struct, frozen=True, gc=False, tag_field="e", tag="bookTicker"):
    """The top of the book."""

    update_id: int = msgspec.field(name="u")
    time_ms: int = msgspec.field(name="T")
    symbol: str = msgspec.field(name="s")
    bid_price: str = msgspec.field(name="b")
    ask_price: str = msgspec.field(name="a")


MarketEvent: TypeAlias = Trade | Candle | Mark | BookTop


class Combined(msgspec.Struct, frozen=True, gc=False):
    """An event with the name of its stream."""

    stream: str
    event: MarketEvent = msgspec.field(name="data")


class ErrorFields(msgspec.Struct, frozen=True):
    """A refusal's code and text."""

    code: int = 0
    message: str = msgspec.field(name="msg", default="")


class Kind(msgspec.Struct, frozen=True):
    """Which kind of event it is."""

    name: str = msgspec.field(name="e", default="")


class Other(msgspec.Struct, frozen=True):
    """Whatever else comes: the answer to a control message, a refusal in either form, or an event we do not know."""

    stream: str = ""
    kind: Kind = msgspec.field(name="data", default=Kind())
    bare_kind: str = msgspec.field(name="e", default="")
    number: int | str | None = msgspec.field(name="id", default=None)
    result: msgspec.Raw = msgspec.field(default=msgspec.Raw(b""))
    error: ErrorFields | None = None
    code: int | None = None
    message: str = msgspec.field(name="msg", default="")


class Control(msgspec.Struct, frozen=True):
    """A control message as a client writes it."""

    method: str
    params: list[str]
    id: int
