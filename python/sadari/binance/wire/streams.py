"""Events of the market streams, as a made-up exchange sends them. Decimals are text, times ms.

Source: reference binance-usdm §4, held against recorded messages. ``market`` and ``pair`` came with the merged markets.
"""

from __future__ import annotations

import msgspec

USDM = 1


class AggregatedTradeEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="e", tag="aggTrade"):
    """A trade."""

    event_ms: int = msgspec.field(name="E")
    symbol: str = msgspec.field(name="s")
    number: int = msgspec.field(name="a")
    price: str = msgspec.field(name="p")
    qty: str = msgspec.field(name="q")
    normal_qty: str = msgspec.field(name="nq")
    first: int = msgspec.field(name="f")
    last: int = msgspec.field(name="l")
    time_ms: int = msgspec.field(name="T")
    buyer_maker: bool = msgspec.field(name="m")
    market: int = msgspec.field(name="st", default=USDM)


class TradeEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="e", tag="trade"):
    """A trade, on the stream that no page describes."""

    event_ms: int = msgspec.field(name="E")
    time_ms: int = msgspec.field(name="T")
    symbol: str = msgspec.field(name="s")
    number: int = msgspec.field(name="t")
    price: str = msgspec.field(name="p")
    qty: str = msgspec.field(name="q")
    execution: str = msgspec.field(name="X", default="MARKET")
    buyer_maker: bool = msgspec.field(name="m")
    market: int = msgspec.field(name="st", default=USDM)


class StreamedCandle(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A candle inside an event; a continuous contract's has no symbol."""

    open_ms: int = msgspec.field(name="t")
    close_ms: int = msgspec.field(name="T")
    symbol: str | None = msgspec.field(name="s", default=None)
    interval: str = msgspec.field(name="i")
    first: int = msgspec.field(name="f")
    last: int = msgspec.field(name="L")
    open: str = msgspec.field(name="o")
    close: str = msgspec.field(name="c")
    high: str = msgspec.field(name="h")
    low: str = msgspec.field(name="l")
    volume: str = msgspec.field(name="v")
    trades: int = msgspec.field(name="n")
    closed: bool = msgspec.field(name="x")
    quote_volume: str = msgspec.field(name="q")
    taker_volume: str = msgspec.field(name="V")
    taker_quote_volume: str = msgspec.field(name="Q")
    ignored: str = msgspec.field(name="B")


class CandleEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="e", tag="kline"):
    """A candle so far, or closed."""

    event_ms: int = msgspec.field(name="E")
    symbol: str = msgspec.field(name="s")
    candle: StreamedCandle = msgspec.field(name="k")


class ContinuousCandleEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="e", tag="continuous_kline"):
    """A candle of a pair's contract of one type."""

    event_ms: int = msgspec.field(name="E")
    pair: str = msgspec.field(name="ps")
    contract_type: str = msgspec.field(name="ct")
    candle: StreamedCandle = msgspec.field(name="k")


class MarkPriceEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="e", tag="markPriceUpdate"):
    """Mark price and funding."""

    event_ms: int = msgspec.field(name="E")
    symbol: str = msgspec.field(name="s")
    mark_price: str = msgspec.field(name="p")
    average: str = msgspec.field(name="ap")
    settle_price: str = msgspec.field(name="P")
    index_price: str = msgspec.field(name="i")
    funding_rate: str = msgspec.field(name="r")
    next_funding_ms: int = msgspec.field(name="T")
    market: int = msgspec.field(name="st", default=USDM)


class BookTickerEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="e", tag="bookTicker"):
    """The top of the book."""

    update_id: int = msgspec.field(name="u")
    event_ms: int = msgspec.field(name="E")
    time_ms: int = msgspec.field(name="T")
    symbol: str = msgspec.field(name="s")
    bid_price: str = msgspec.field(name="b")
    bid_qty: str = msgspec.field(name="B")
    ask_price: str = msgspec.field(name="a")
    ask_qty: str = msgspec.field(name="A")
    pair: str = msgspec.field(name="ps")
    market: int = msgspec.field(name="st", default=USDM)


class MiniTickerEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="e", tag="24hrMiniTicker"):
    """The last 24 hours in short."""

    event_ms: int = msgspec.field(name="E")
    symbol: str = msgspec.field(name="s")
    close: str = msgspec.field(name="c")
    open: str = msgspec.field(name="o")
    high: str = msgspec.field(name="h")
    low: str = msgspec.field(name="l")
    volume: str = msgspec.field(name="v")
    quote_volume: str = msgspec.field(name="q")
    pair: str = msgspec.field(name="ps")
    market: int = msgspec.field(name="st", default=USDM)


class TickerEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="e", tag="24hrTicker"):
    """The last 24 hours."""

    event_ms: int = msgspec.field(name="E")
    symbol: str = msgspec.field(name="s")
    change: str = msgspec.field(name="p")
    percent: str = msgspec.field(name="P")
    average: str = msgspec.field(name="w")
    close: str = msgspec.field(name="c")
    last_qty: str = msgspec.field(name="Q")
    open: str = msgspec.field(name="o")
    high: str = msgspec.field(name="h")
    low: str = msgspec.field(name="l")
    volume: str = msgspec.field(name="v")
    quote_volume: str = msgspec.field(name="q")
    open_ms: int = msgspec.field(name="O")
    close_ms: int = msgspec.field(name="C")
    first: int = msgspec.field(name="F")
    last: int = msgspec.field(name="L")
    trades: int = msgspec.field(name="n")
    pair: str = msgspec.field(name="ps")
    market: int = msgspec.field(name="st", default=USDM)


class DepthEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="e", tag="depthUpdate"):
    """The best levels of a book, or what has changed in it; a quantity of 0 removes a level."""

    event_ms: int = msgspec.field(name="E")
    time_ms: int = msgspec.field(name="T")
    symbol: str = msgspec.field(name="s")
    first: int = msgspec.field(name="U")
    last: int = msgspec.field(name="u")
    before: int = msgspec.field(name="pu")
    bids: list[tuple[str, str]] = msgspec.field(name="b")
    asks: list[tuple[str, str]] = msgspec.field(name="a")
    pair: str = msgspec.field(name="ps")
    market: int = msgspec.field(name="st", default=USDM)


class ForcedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order by which the exchange closes a position."""

    symbol: str = msgspec.field(name="s")
    side: str = msgspec.field(name="S")
    order_type: str = msgspec.field(name="o")
    time_in_force: str = msgspec.field(name="f")
    qty: str = msgspec.field(name="q")
    price: str = msgspec.field(name="p")
    avg_price: str = msgspec.field(name="ap")
    status: str = msgspec.field(name="X")
    last_qty: str = msgspec.field(name="l")
    filled_qty: str = msgspec.field(name="z")
    time_ms: int = msgspec.field(name="T")


class ForcedOrderEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="e", tag="forceOrder"):
    """A liquidation; also on the stream of all of them a single one."""

    event_ms: int = msgspec.field(name="E")
    order: ForcedOrder = msgspec.field(name="o")
    pair: str = msgspec.field(name="ps")
    market: int = msgspec.field(name="st", default=USDM)


class ContractBracket(msgspec.Struct, frozen=True, kw_only=True):
    """A bracket of notional, in numbers."""

    number: int = msgspec.field(name="bs")
    floor: float = msgspec.field(name="bnf")
    cap: float = msgspec.field(name="bnc")
    maint_margin_rate: float = msgspec.field(name="mmr")
    cum: float = msgspec.field(name="cf")
    min_leverage: int = msgspec.field(name="mi")
    max_leverage: int = msgspec.field(name="ma")


class ContractEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="e", tag="contractInfo"):
    """A contract that was listed or has changed; the delivery of a perpetual one lies in 2100."""

    event_ms: int = msgspec.field(name="E")
    symbol: str = msgspec.field(name="s")
    pair: str = msgspec.field(name="ps")
    contract_type: str = msgspec.field(name="ct")
    delivery_ms: int = msgspec.field(name="dt", default=4_133_404_800_000)
    onboard_ms: int = msgspec.field(name="ot")
    status: str = msgspec.field(name="cs")
    brackets: list[ContractBracket] = msgspec.field(name="bks")
    market: int = msgspec.field(name="st", default=USDM)
