"""What a client reads of an account's settings: only the fields that it uses, so that others may come and go.

Source: reference binance-usdm §3.3, §3.4; the wallet's documentation of apiRestrictions.
"""

from __future__ import annotations

import msgspec


class ServerTime(msgspec.Struct, frozen=True, rename="camel"):
    """The exchange's clock, in milliseconds."""

    server_time: int


class Flags(msgspec.Struct, frozen=True, rename="camel"):
    """The flags of accountConfig."""

    can_trade: bool
    dual_side_position: bool
    multi_assets_margin: bool


class SymbolFlags(msgspec.Struct, frozen=True, rename="camel"):
    """A row of symbolConfig."""

    symbol: str
    margin_type: str
    leverage: int
    max_notional_value: str = ""


class Leverage(msgspec.Struct, frozen=True, rename="camel"):
    """The answer to setting the leverage."""

    leverage: int
    max_notional_value: str = ""


class Held(msgspec.Struct, frozen=True, rename="camel"):
    """A row of positionRisk; the quantity is signed."""

    symbol: str
    position_amt: str
    position_side: str = "BOTH"
    entry_price: str = "0"
    mark_price: str = "0"
    liquidation_price: str = "0"


class Totals(msgspec.Struct, frozen=True, rename="camel"):
    """What the account holds."""

    total_wallet_balance: str
    available_balance: str


class OpenOrder(msgspec.Struct, frozen=True, rename="camel"):
    """A row of openOrders."""

    symbol: str
    client_order_id: str


class OpenAlgoOrder(msgspec.Struct, frozen=True, rename="camel"):
    """A row of openAlgoOrders."""

    symbol: str
    client_algo_id: str


class FeeRates(msgspec.Struct, frozen=True, rename="camel"):
    """The account's fee rates."""

    symbol: str
    maker_commission_rate: str
    taker_commission_rate: str


class KeyPermissions(msgspec.Struct, frozen=True, rename="camel"):
    """What a key may do. What is not told is None."""

    enable_futures: bool
    enable_withdrawals: bool
    ip_restrict: bool
    enable_reading: bool | None = None
    enable_internal_transfer: bool | None = None
    permits_universal_transfer: bool | None = None
    enable_spot_and_margin_trading: bool | None = None
    enable_margin: bool | None = None
    enable_vanilla_options: bool | None = None
    enable_portfolio_margin_trading: bool | None = None


class MarkPrice(msgspec.Struct, frozen=True, rename="camel"):
    """A row of premiumIndex."""

    symbol: str
    mark_price: str


class Limit(msgspec.Struct, frozen=True, rename="camel"):
    """A rate limit of exchangeInfo."""

    rate_limit_type: str
    interval: str
    interval_num: int
    limit: int


class Limits(msgspec.Struct, frozen=True, rename="camel"):
    """The rate limits of exchangeInfo, which has much else."""

    rate_limits: list[Limit] = []
