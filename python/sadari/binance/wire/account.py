"""The account as the exchange answers it. Numbers are text, times milliseconds.

Source: reference binance-usdm §3.4.
"""

from __future__ import annotations

import msgspec


class AssetBalance(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """One asset of the account."""

    asset: str
    wallet_balance: str
    unrealized_profit: str
    margin_balance: str
    maint_margin: str
    initial_margin: str
    position_initial_margin: str
    open_order_initial_margin: str
    cross_wallet_balance: str
    cross_un_pnl: str
    available_balance: str
    max_withdraw_amount: str
    margin_available: bool
    update_time: int


class AccountPosition(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A position in the third version of the account."""

    symbol: str
    position_side: str
    position_amt: str
    unrealized_profit: str
    isolated_margin: str
    notional: str
    isolated_wallet: str
    initial_margin: str
    maint_margin: str
    update_time: int


class AccountPositionV2(AccountPosition, frozen=True, rename="camel", kw_only=True):
    """A position in the second version."""

    leverage: str
    isolated: bool
    entry_price: str
    break_even_price: str
    max_notional: str
    bid_notional: str
    ask_notional: str
    position_initial_margin: str
    open_order_initial_margin: str


class AccountTotals(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """The sums over the account: of its asset or, in multi-assets mode, in USD."""

    total_initial_margin: str
    total_maint_margin: str
    total_wallet_balance: str
    total_unrealized_profit: str
    total_margin_balance: str
    total_position_initial_margin: str
    total_open_order_initial_margin: str
    total_cross_wallet_balance: str
    total_cross_un_pnl: str
    available_balance: str
    max_withdraw_amount: str


class Account(AccountTotals, frozen=True, rename="camel", kw_only=True):
    """The third version."""

    assets: list[AssetBalance]
    positions: list[AccountPosition]


class AccountV2(AccountTotals, frozen=True, rename="camel", kw_only=True):
    """The second version, with the account's flags and every symbol."""

    fee_tier: int
    fee_burn: bool
    can_trade: bool
    can_deposit: bool
    can_withdraw: bool
    update_time: int
    multi_assets_margin: bool
    trade_group_id: int
    assets: list[AssetBalance]
    positions: list[AccountPositionV2]


class Balance(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A row of the balance."""

    account_alias: str
    asset: str
    balance: str
    cross_wallet_balance: str
    cross_un_pnl: str
    available_balance: str
    max_withdraw_amount: str
    margin_available: bool
    update_time: int


class PositionRisk(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What both versions of positionRisk share. The notional is signed."""

    symbol: str
    position_side: str
    position_amt: str
    entry_price: str
    break_even_price: str
    mark_price: str
    unrealized_profit: str = msgspec.field(name="unRealizedProfit")
    liquidation_price: str
    isolated_margin: str
    notional: str
    isolated_wallet: str
    update_time: int


class PositionRiskV3(PositionRisk, frozen=True, rename="camel", kw_only=True):
    """The third version: neither leverage nor margin type."""

    margin_asset: str
    initial_margin: str
    maint_margin: str
    position_initial_margin: str
    open_order_initial_margin: str
    adl: int
    bid_notional: str
    ask_notional: str


class PositionRiskV2(PositionRisk, frozen=True, rename="camel", kw_only=True):
    """The second version; flags are words."""

    leverage: str
    max_notional_value: str
    margin_type: str
    is_auto_add_margin: str


class AccountConfig(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """The account's flags."""

    fee_tier: int
    can_trade: bool
    can_deposit: bool
    can_withdraw: bool
    dual_side_position: bool
    update_time: int
    multi_assets_margin: bool
    trade_group_id: int


class SymbolConfig(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A symbol's settings."""

    symbol: str
    margin_type: str
    is_auto_add_margin: bool
    leverage: int
    max_notional_value: str


class LeverageSet(msgspec.Struct, frozen=True, rename="camel"):
    """The answer to setting the leverage."""

    leverage: int
    max_notional_value: str
    symbol: str


class MarginMoved(msgspec.Struct, frozen=True):
    """The answer to moving margin; ``type`` is 1 for adding, 2 for taking back."""

    amount: float
    type: int
    code: int = 200
    msg: str = "Successfully modify position margin."


class Quantiles(msgspec.Struct, frozen=True):
    """By position side."""

    long: int = msgspec.field(name="LONG", default=0)
    short: int = msgspec.field(name="SHORT", default=0)
    both: int = msgspec.field(name="BOTH", default=0)


class QuantilesOf(msgspec.Struct, frozen=True):
    """Where a position stands in the queue of auto-deleveraging, 0 to 4."""

    symbol: str
    quantile: Quantiles = msgspec.field(name="adlQuantile")


class DualSide(msgspec.Struct, frozen=True, rename="camel"):
    """Whether the account is in hedge mode."""

    dual_side_position: bool


class MultiAssets(msgspec.Struct, frozen=True, rename="camel"):
    """Whether the account is in multi-assets mode."""

    multi_assets_margin: bool


class FeeBurn(msgspec.Struct, frozen=True, rename="camel"):
    """Whether fees are paid in BNB."""

    fee_burn: bool


class CommissionRate(msgspec.Struct, frozen=True, rename="camel"):
    """The account's fee rates."""

    symbol: str
    maker_commission_rate: str
    taker_commission_rate: str
    rpi_commission_rate: str


class IncomeRow(msgspec.Struct, frozen=True, rename="camel"):
    """One booked amount."""

    symbol: str
    income_type: str
    income: str
    asset: str
    info: str
    time: int
    tran_id: int
    trade_id: str


class Bracket(msgspec.Struct, frozen=True, rename="camel"):
    """A leverage bracket, in numbers and not in text."""

    bracket: int
    initial_leverage: int
    notional_cap: int
    notional_floor: int
    maint_margin_ratio: float
    cum: float


class Brackets(msgspec.Struct, frozen=True):
    """A symbol's brackets."""

    symbol: str
    brackets: list[Bracket]


class ApiRestrictions(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What a key may do. ``ip_restrict`` says whether it is bound to addresses; ``create_time`` is in milliseconds.

    Source: the exchange's account documentation, API key permission.
    """

    ip_restrict: bool
    create_time: int
    enable_reading: bool
    enable_futures: bool
    enable_withdrawals: bool
    enable_internal_transfer: bool = False
    permits_universal_transfer: bool = False
    enable_margin: bool = False
    enable_vanilla_options: bool = False
    enable_spot_and_margin_trading: bool = False
    enable_portfolio_margin_trading: bool = False
    enable_fix_api_trade: bool = False
    enable_fix_read_only: bool = False
