"""Answers about the market, as a made-up exchange serves them. Decimals are text.

Source: reference binance-usdm §3.1, held against recorded answers.
"""

from __future__ import annotations

import msgspec


class ServerTime(msgspec.Struct, frozen=True, rename="camel"):
    """The answer of time, in ms."""

    server_time: int


class RateLimit(msgspec.Struct, frozen=True, rename="camel"):
    """One limit of the exchange."""

    rate_limit_type: str
    interval: str
    interval_num: int
    limit: int


class MarginAsset(msgspec.Struct, frozen=True, rename="camel"):
    """An asset that positions can be margined in."""

    asset: str
    margin_available: bool
    auto_asset_exchange: str


class ServedFilter(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One of a contract's filters with the fields of its type."""

    filter_type: str
    min_price: str | None = None
    max_price: str | None = None
    tick_size: str | None = None
    min_qty: str | None = None
    max_qty: str | None = None
    step_size: str | None = None
    limit: int | None = None
    notional: str | None = None
    multiplier_up: str | None = None
    multiplier_down: str | None = None
    multiplier_decimal: str | None = None
    position_control_side: str | None = None


class ServedContract(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A contract with all that exchangeInfo says about it; dates in ms."""

    symbol: str
    pair: str
    contract_type: str
    delivery_date: int = 4_133_404_800_000
    onboard_date: int
    status: str
    maint_margin_percent: str = "2.5000"
    required_margin_percent: str = "5.0000"
    base_asset: str
    quote_asset: str
    margin_asset: str
    price_precision: int
    quantity_precision: int
    base_asset_precision: int = 8
    quote_precision: int = 8
    underlying_type: str = "COIN"
    underlying_sub_type: list[str]
    trigger_protect: str = "0.0500"
    liquidation_fee: str
    market_take_bound: str = "0.05"
    max_move_order_limit: int = 10_000
    filters: list[ServedFilter]
    order_types: list[str]
    time_in_force: list[str]
    permission_sets: list[str]


class ServedExchangeInfo(msgspec.Struct, frozen=True, rename="camel"):
    """The answer of exchangeInfo."""

    timezone: str
    server_time: int
    futures_type: str
    rate_limits: list[RateLimit]
    exchange_filters: list[str]
    assets: list[MarginAsset]
    symbols: list[ServedContract]


class Depth(msgspec.Struct, frozen=True):
    """A book: levels of price and quantity from the best."""

    last_update_id: int = msgspec.field(name="lastUpdateId")
    event_ms: int = msgspec.field(name="E")
    time_ms: int = msgspec.field(name="T")
    bids: list[tuple[str, str]]
    asks: list[tuple[str, str]]


class RecentTrade(msgspec.Struct, frozen=True, rename="camel"):
    """A trade as trades lists it."""

    id: int
    price: str
    qty: str
    quote_qty: str
    time: int
    is_buyer_maker: bool
    is_rpi_trade: bool = msgspec.field(name="isRPITrade", default=False)


class AggregatedTrade(msgspec.Struct, frozen=True):
    """A trade as aggTrades lists it."""

    number: int = msgspec.field(name="a")
    price: str = msgspec.field(name="p")
    qty: str = msgspec.field(name="q")
    normal_qty: str = msgspec.field(name="nq")
    first: int = msgspec.field(name="f")
    last: int = msgspec.field(name="l")
    time_ms: int = msgspec.field(name="T")
    buyer_maker: bool = msgspec.field(name="m")


class PremiumIndex(msgspec.Struct, frozen=True, rename="camel"):
    """Mark price and funding of a contract."""

    symbol: str
    mark_price: str
    index_price: str
    estimated_settle_price: str
    last_funding_rate: str
    interest_rate: str
    next_funding_time: int
    time: int


class FundingRate(msgspec.Struct, frozen=True, rename="camel"):
    """A payment of funding; the mark price is empty where it is not known."""

    symbol: str
    funding_time: int
    funding_rate: str
    mark_price: str
    rate_type: str = "Regular"


class DayTicker(msgspec.Struct, frozen=True, rename="camel"):
    """The last 24 hours of a contract."""

    symbol: str
    price_change: str
    price_change_percent: str
    weighted_avg_price: str
    last_price: str
    last_qty: str
    open_price: str
    high_price: str
    low_price: str
    volume: str
    quote_volume: str
    open_time: int
    close_time: int
    first_id: int
    last_id: int
    count: int


class PriceTicker(msgspec.Struct, frozen=True, rename="camel"):
    """The last price of a contract."""

    symbol: str
    price: str
    time: int


class BookTicker(msgspec.Struct, frozen=True, rename="camel"):
    """The top of a contract's book."""

    symbol: str
    bid_price: str
    bid_qty: str
    ask_price: str
    ask_qty: str
    time: int
    last_update_id: int


class OpenInterest(msgspec.Struct, frozen=True, rename="camel"):
    """The open interest of a contract."""

    open_interest: str
    symbol: str
    time: int
