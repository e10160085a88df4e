"""What a client reads of the exchange's answers: only what it needs, whatever else is there.

Numbers come as text or as numbers; fields with a default are not in every answer.

Source: reference binance-usdm §3.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec


class _Read(msgspec.Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    pass


class ServerTime(_Read, frozen=True, kw_only=True):
    """The answer of time."""

    server_time: int


class RateLimit(_Read, frozen=True, kw_only=True):
    """One of the limits that exchangeInfo lists."""

    rate_limit_type: str
    interval: str
    interval_num: int
    limit: int


class RateLimits(msgspec.Struct, frozen=True, rename="camel"):
    """The limits of exchangeInfo."""

    rate_limits: list[RateLimit]


class Price(_Read, frozen=True, kw_only=True):
    """A row of ticker/price."""

    symbol: str
    price: Decimal
    time: int | None = None


class Premium(_Read, frozen=True, kw_only=True):
    """A row of premiumIndex."""

    symbol: str
    mark_price: Decimal
    index_price: Decimal | None = None
    last_funding_rate: str | int | None = None
    next_funding_time: int = 0
    time: int


class Funding(_Read, frozen=True, kw_only=True):
    """A row of fundingRate; the mark price of old rows is empty."""

    symbol: str
    funding_rate: Decimal
    funding_time: int
    mark_price: str | int | None = None


class Order(_Read, frozen=True, kw_only=True):
    """An order: the answer to placing or canceling it, or a row of a query."""

    order_id: int
    symbol: str
    status: str
    client_order_id: str
    side: str
    type: str
    orig_type: str | None = None
    position_side: str = "BOTH"
    orig_qty: Decimal
    executed_qty: Decimal
    price: Decimal | None = None
    avg_price: Decimal | None = None
    stop_price: Decimal | None = None
    reduce_only: bool = False
    close_position: bool = False
    time: int | None = None
    update_time: int


class AlgoOrder(_Read, frozen=True, kw_only=True):
    """A conditional order: the answer to placing it, or a row of a query.

    Its type was seen under either name.
    """

    algo_id: int
    client_algo_id: str
    symbol: str
    side: str
    order_type: str | None = None
    type: str | None = None
    algo_status: str
    position_side: str = "BOTH"
    quantity: Decimal | None = None
    trigger_price: Decimal | None = None
    price: Decimal | None = None
    working_type: str | None = None
    reduce_only: bool = False
    close_position: bool = False
    actual_order_id: str | int | None = None
    create_time: int
    update_time: int


class Trade(_Read, frozen=True, kw_only=True):
    """A row of userTrades."""

    symbol: str
    id: int
    order_id: int
    side: str
    position_side: str = "BOTH"
    price: Decimal
    qty: Decimal
    commission: Decimal
    commission_asset: str
    realized_pnl: Decimal
    maker: bool
    time: int


class Income(_Read, frozen=True, kw_only=True):
    """A row of income; its numbers are text in some answers and numbers in others."""

    symbol: str | None = None
    income_type: str
    income: Decimal
    asset: str
    info: str | None = None
    time: int
    tran_id: int | str | None = None
    trade_id: int | str | None = None


class Asset(_Read, frozen=True, kw_only=True):
    """One asset of the account."""

    asset: str
    wallet_balance: Decimal
    update_time: int = 0


class DayTicker(_Read, frozen=True, kw_only=True):
    """A row of the tickers of 24 hours."""

    symbol: str
    quote_volume: Decimal


class MarketTrade(_Read, frozen=True, kw_only=True):
    """A trade of the market."""

    time: int


class AccountPosition(_Read, frozen=True, kw_only=True):
    """A position of the account, or orders on it."""

    symbol: str
    position_amt: Decimal
    isolated_wallet: Decimal
    initial_margin: Decimal


class Account(_Read, frozen=True, kw_only=True):
    """The third version of the account."""

    total_wallet_balance: Decimal
    total_unrealized_profit: Decimal
    total_margin_balance: Decimal
    total_maint_margin: Decimal
    total_initial_margin: Decimal
    total_position_initial_margin: Decimal
    total_open_order_initial_margin: Decimal
    total_cross_wallet_balance: Decimal
    total_cross_un_pnl: Decimal
    available_balance: Decimal
    assets: list[Asset]
    positions: list[AccountPosition] = []


class Position(_Read, frozen=True, kw_only=True):
    """A row of positionRisk, of either version."""

    symbol: str
    position_side: str = "BOTH"
    position_amt: Decimal
    entry_price: Decimal
    mark_price: Decimal
    unrealized_profit: Decimal = msgspec.field(name="unRealizedProfit")
    liquidation_price: Decimal
    isolated_margin: Decimal = Decimal(0)
    isolated_wallet: Decimal = Decimal(0)
    initial_margin: Decimal | None = None
    maint_margin: Decimal | None = None
    update_time: int = 0


class SymbolConfig(_Read, frozen=True, kw_only=True):
    """A row of symbolConfig."""

    symbol: str
    margin_type: str
    leverage: int
    max_notional_value: str | int | None = None


class AccountConfig(_Read, frozen=True, kw_only=True):
    """The account's flags."""

    can_trade: bool
    can_withdraw: bool | None = None
    dual_side_position: bool | None = None
    multi_assets_margin: bool | None = None


class DualSide(_Read, frozen=True, kw_only=True):
    """The position mode."""

    dual_side_position: bool


class MultiAssets(_Read, frozen=True, kw_only=True):
    """The assets mode."""

    multi_assets_margin: bool


class LeverageSet(_Read, frozen=True, kw_only=True):
    """The answer to setting the leverage."""

    symbol: str
    leverage: int
    max_notional_value: str | int | None = None


class CommissionRate(_Read, frozen=True, kw_only=True):
    """The account's fee rates of a symbol."""

    symbol: str
    maker_commission_rate: Decimal
    taker_commission_rate: Decimal


class KeyRestrictions(_Read, frozen=True, kw_only=True):
    """What a key may do; what is not mentioned is not known."""

    ip_restrict: bool | None = None
    enable_reading: bool | None = None
    enable_futures: bool | None = None
    enable_withdrawals: bool | None = None
    enable_internal_transfer: bool | None = None
    permits_universal_transfer: bool | None = None
    enable_margin: bool | None = None
    enable_spot_and_margin_trading: bool | None = None
    enable_vanilla_options: bool | None = None
    enable_portfolio_margin_trading: bool | None = None


class ListenKey(_Read, frozen=True, kw_only=True):
    """The user stream's key; old servers answer its renewal with nothing."""

    listen_key: str = ""


class Reply(msgspec.Struct, frozen=True, rename="camel"):
    """An answer of the WebSocket API; one of ``result`` and ``error`` is there."""

    id: int | str | None = None
    status: int = 0
    result: msgspec.Raw = msgspec.Raw(b"null")
    error: msgspec.Raw = msgspec.Raw(b"null")
    rate_limits: list[UsedLimit] = []


class UsedLimit(_Read, frozen=True, kw_only=True):
    """A limit and how much of it is used."""

    rate_limit_type: str
    interval: str
    interval_num: int
    count: int


# open time, open, high, low, close, volume, close time, quote volume, trades, taker's volumes, unused
KlineRow = tuple[int, str, str, str, str, str, int, str, int, str, str, str]
