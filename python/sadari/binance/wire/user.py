"""The user data stream's events. Numbers are text, times milliseconds.

Source: reference binance-usdm §5.
"""

from __future__ import annotations

import msgspec


class OrderUpdate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The ``o`` of ORDER_TRADE_UPDATE; the fee's fields are absent where none was paid, ``M`` but in amendments."""

    symbol: str = msgspec.field(name="s")
    client_order_id: str = msgspec.field(name="c")
    side: str = msgspec.field(name="S")
    order_type: str = msgspec.field(name="o")
    time_in_force: str = msgspec.field(name="f")
    qty: str = msgspec.field(name="q")
    price: str = msgspec.field(name="p")
    avg_price: str = msgspec.field(name="ap")
    stop_price: str = msgspec.field(name="sp")
    execution: str = msgspec.field(name="x")
    status: str = msgspec.field(name="X")
    order_id: int = msgspec.field(name="i")
    last_qty: str = msgspec.field(name="l")
    filled_qty: str = msgspec.field(name="z")
    last_price: str = msgspec.field(name="L")
    fee_asset: str | None = msgspec.field(name="N", default=None)
    fee: str | None = msgspec.field(name="n", default=None)
    trade_time: int = msgspec.field(name="T")
    trade_id: int = msgspec.field(name="t")
    bid_notional: str = msgspec.field(name="b")
    ask_notional: str = msgspec.field(name="a")
    maker: bool = msgspec.field(name="m")
    reduce_only: bool = msgspec.field(name="R")
    working_type: str = msgspec.field(name="wt")
    orig_type: str = msgspec.field(name="ot")
    position_side: str = msgspec.field(name="ps")
    close_position: bool = msgspec.field(name="cp")
    price_protect: bool = msgspec.field(name="pP")
    si: int
    ss: int
    realized_pnl: str = msgspec.field(name="rp")
    self_trade_prevention: str = msgspec.field(name="V")
    price_match: str = msgspec.field(name="pm")
    good_till_date: int = msgspec.field(name="gtd")
    expiry_reason: str = msgspec.field(name="er")
    modify_id: int | None = msgspec.field(name="M", default=None)


class OrderTradeUpdate(msgspec.Struct, frozen=True, tag_field="e", tag="ORDER_TRADE_UPDATE"):
    """What has happened to an order."""

    event_time: int = msgspec.field(name="E")
    transaction_time: int = msgspec.field(name="T")
    order: OrderUpdate = msgspec.field(name="o")


class TradeLite(msgspec.Struct, frozen=True, kw_only=True, tag_field="e", tag="TRADE_LITE"):
    """An execution, early and short."""

    event_time: int = msgspec.field(name="E")
    transaction_time: int = msgspec.field(name="T")
    symbol: str = msgspec.field(name="s")
    qty: str = msgspec.field(name="q")
    price: str = msgspec.field(name="p")
    maker: bool = msgspec.field(name="m")
    client_order_id: str = msgspec.field(name="c")
    side: str = msgspec.field(name="S")
    last_price: str = msgspec.field(name="L")
    last_qty: str = msgspec.field(name="l")
    trade_id: int = msgspec.field(name="t")
    order_id: int = msgspec.field(name="i")


class BalanceChange(msgspec.Struct, frozen=True):
    """A balance; the change is without profit and fees."""

    asset: str = msgspec.field(name="a")
    wallet_balance: str = msgspec.field(name="wb")
    cross_wallet_balance: str = msgspec.field(name="cw")
    change: str = msgspec.field(name="bc")


class PositionChange(msgspec.Struct, frozen=True, kw_only=True):
    """A position that has changed."""

    symbol: str = msgspec.field(name="s")
    amount: str = msgspec.field(name="pa")
    entry_price: str = msgspec.field(name="ep")
    accumulated: str = msgspec.field(name="cr")
    unrealized: str = msgspec.field(name="up")
    margin_type: str = msgspec.field(name="mt")
    isolated_wallet: str = msgspec.field(name="iw")
    position_side: str = msgspec.field(name="ps")
    margin_asset: str = msgspec.field(name="ma")
    break_even_price: str = msgspec.field(name="bep")


class AccountChange(msgspec.Struct, frozen=True):
    """What changed the account, and what of it changed."""

    cause: str = msgspec.field(name="m")
    balances: list[BalanceChange] = msgspec.field(name="B")
    positions: list[PositionChange] = msgspec.field(name="P")


class AccountUpdate(msgspec.Struct, frozen=True, tag_field="e", tag="ACCOUNT_UPDATE"):
    """Balances and positions that have changed."""

    event_time: int = msgspec.field(name="E")
    transaction_time: int = msgspec.field(name="T")
    change: AccountChange = msgspec.field(name="a")


class AlgoChange(msgspec.Struct, frozen=True, kw_only=True):
    """The ``o`` of ALGO_UPDATE."""

    client_algo_id: str = msgspec.field(name="caid")
    algo_id: int = msgspec.field(name="aid")
    algo_type: str = msgspec.field(name="at")
    order_type: str = msgspec.field(name="o")
    symbol: str = msgspec.field(name="s")
    side: str = msgspec.field(name="S")
    position_side: str = msgspec.field(name="ps")
    time_in_force: str = msgspec.field(name="f")
    qty: str = msgspec.field(name="q")
    status: str = msgspec.field(name="X")
    child_order_id: str = msgspec.field(name="ai")
    avg_price: str = msgspec.field(name="ap")
    filled_qty: str = msgspec.field(name="aq")
    child_type: str = msgspec.field(name="act")
    trigger_price: str = msgspec.field(name="tp")
    price: str = msgspec.field(name="p")
    self_trade_prevention: str = msgspec.field(name="V")
    working_type: str = msgspec.field(name="wt")
    price_match: str = msgspec.field(name="pm")
    close_position: bool = msgspec.field(name="cp")
    price_protect: bool = msgspec.field(name="pP")
    reduce_only: bool = msgspec.field(name="R")
    trigger_time: int = msgspec.field(name="tt")
    good_till_date: int = msgspec.field(name="gtd")
    reject_reason: str = msgspec.field(name="rm")
    trailing_active: bool = msgspec.field(name="ia")


class AlgoUpdate(msgspec.Struct, frozen=True, tag_field="e", tag="ALGO_UPDATE"):
    """What has happened to a conditional order."""

    event_time: int = msgspec.field(name="E")
    transaction_time: int = msgspec.field(name="T")
    order: AlgoChange = msgspec.field(name="o")


class LeverageConfig(msgspec.Struct, frozen=True):
    """A symbol's new leverage."""

    symbol: str = msgspec.field(name="s")
    leverage: int = msgspec.field(name="l")


class AssetsConfig(msgspec.Struct, frozen=True):
    """The new assets mode."""

    multi_assets: bool = msgspec.field(name="j")


class AccountConfigUpdate(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="e", tag="ACCOUNT_CONFIG_UPDATE"):
    """A setting has changed: one of the two parts is there."""

    event_time: int = msgspec.field(name="E")
    transaction_time: int = msgspec.field(name="T")
    leverage: LeverageConfig | None = msgspec.field(name="ac", default=None)
    assets: AssetsConfig | None = msgspec.field(name="ai", default=None)
