"""User stream events as a client reads them: only the fields it needs. Decimals come as text, times as ms.

Source: reference binance-usdm §5. What some servers leave out has a default.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TypeAlias

import msgspec

ZERO = Decimal(0)


class OrderFields(msgspec.Struct, frozen=True, kw_only=True):
    """The ``o`` of ORDER_TRADE_UPDATE; fee and its asset are absent where none was paid, forced orders have nulls."""

    symbol: str = msgspec.field(name="s")
    client_order_id: str = msgspec.field(name="c")
    order_id: int = msgspec.field(name="i")
    side: str = msgspec.field(name="S")
    position_side: str | None = msgspec.field(name="ps", default="BOTH")
    order_type: str | None = msgspec.field(name="o", default="")
    orig_type: str | None = msgspec.field(name="ot", default="")
    execution: str = msgspec.field(name="x")
    status: str = msgspec.field(name="X")
    qty: Decimal = msgspec.field(name="q")
    filled_qty: Decimal = msgspec.field(name="z")
    trigger_price: Decimal | None = msgspec.field(name="sp", default=None)
    last_qty: Decimal | None = msgspec.field(name="l", default=None)
    last_price: Decimal | None = msgspec.field(name="L", default=None)
    fee_asset: str | None = msgspec.field(name="N", default=None)
    fee: Decimal | None = msgspec.field(name="n", default=None)
    trade_ms: int = msgspec.field(name="T")
    trade_id: int | None = msgspec.field(name="t", default=None)
    maker: bool | None = msgspec.field(name="m", default=False)
    reduce_only: bool | None = msgspec.field(name="R", default=False)
    close_position: bool | None = msgspec.field(name="cp", default=False)
    realized_pnl: Decimal | None = msgspec.field(name="rp", default=None)
    expiry_reason: str | int | None = msgspec.field(name="er", default=None)


class OrderEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="e", tag="ORDER_TRADE_UPDATE"):
    """What has happened to an order."""

    event_ms: int = msgspec.field(name="E")
    transaction_ms: int = msgspec.field(name="T")
    order: OrderFields = msgspec.field(name="o")


class TradeLite(msgspec.Struct, frozen=True, kw_only=True, tag_field="e", tag="TRADE_LITE"):
    """An execution, early and short."""

    event_ms: int = msgspec.field(name="E")
    transaction_ms: int = msgspec.field(name="T")
    symbol: str = msgspec.field(name="s")
    client_order_id: str = msgspec.field(name="c")
    trade_id: int = msgspec.field(name="t")
    order_id: int = msgspec.field(name="i")


class BalanceFields(msgspec.Struct, frozen=True, kw_only=True):
    """A balance that has changed; the change is without profit and fees."""

    asset: str = msgspec.field(name="a")
    wallet_balance: Decimal = msgspec.field(name="wb")
    cross_wallet_balance: Decimal = msgspec.field(name="cw")
    change: Decimal = msgspec.field(name="bc", default=ZERO)


class PositionFields(msgspec.Struct, frozen=True, kw_only=True):
    """A position that has changed."""

    symbol: str = msgspec.field(name="s")
    qty: Decimal = msgspec.field(name="pa")
    entry_price: Decimal = msgspec.field(name="ep")
    unrealized_pnl: Decimal = msgspec.field(name="up", default=ZERO)
    margin_type: str = msgspec.field(name="mt", default="")
    isolated_wallet: Decimal = msgspec.field(name="iw", default=ZERO)
    position_side: str = msgspec.field(name="ps", default="BOTH")


class ChangeFields(msgspec.Struct, frozen=True, kw_only=True):
    """The ``a`` of ACCOUNT_UPDATE."""

    cause: str = msgspec.field(name="m", default="")
    balances: list[BalanceFields] = msgspec.field(name="B", default=[])
    positions: list[PositionFields] = msgspec.field(name="P", default=[])


class AccountEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="e", tag="ACCOUNT_UPDATE"):
    """Balances and positions that have changed; what is not listed is as it was."""

    event_ms: int = msgspec.field(name="E")
    transaction_ms: int = msgspec.field(name="T")
    change: ChangeFields = msgspec.field(name="a")


class AlgoFields(msgspec.Struct, frozen=True, kw_only=True):
    """The ``o`` of ALGO_UPDATE; the child's id is empty before there is one."""

    client_order_id: str = msgspec.field(name="caid")
    algo_id: int = msgspec.field(name="aid")
    order_type: str = msgspec.field(name="o", default="")
    symbol: str = msgspec.field(name="s")
    side: str = msgspec.field(name="S", default="")
    position_side: str = msgspec.field(name="ps", default="BOTH")
    qty: Decimal = msgspec.field(name="q", default=ZERO)
    status: str = msgspec.field(name="X")
    order_id: str | int | None = msgspec.field(name="ai", default=None)
    trigger_price: Decimal = msgspec.field(name="tp", default=ZERO)
    close_position: bool = msgspec.field(name="cp", default=False)
    reduce_only: bool = msgspec.field(name="R", default=False)
    reject_reason: str = msgspec.field(name="rm", default="")


class AlgoEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="e", tag="ALGO_UPDATE"):
    """What has happened to a conditional order."""

    event_ms: int = msgspec.field(name="E")
    transaction_ms: int = msgspec.field(name="T")
    order: AlgoFields = msgspec.field(name="o")


class LeverageFields(msgspec.Struct, frozen=True):
    """A symbol's new leverage."""

    symbol: str = msgspec.field(name="s")
    leverage: int = msgspec.field(name="l")


class AssetsFields(msgspec.Struct, frozen=True):
    """The new assets mode."""

    multi_assets: bool = msgspec.field(name="j")


class ConfigEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="e", tag="ACCOUNT_CONFIG_UPDATE"):
    """A setting has changed: one of the two parts is there."""

    event_ms: int = msgspec.field(name="E")
    transaction_ms: int = msgspec.field(name="T", default=0)
    leverage: LeverageFields | None = msgspec.field(name="ac", default=None)
    assets: AssetsFields | None = msgspec.field(name="ai", default=None)


class CalledFields(msgspec.Struct, frozen=True, kw_only=True):
    """A position of MARGIN_CALL."""

    symbol: str = msgspec.field(name="s")
    position_side: str = msgspec.field(name="ps", default="BOTH")
    maint_margin: Decimal = msgspec.field(name="mm", default=ZERO)


class MarginCall(msgspec.Struct, frozen=True, kw_only=True, tag_field="e", tag="MARGIN_CALL"):
    """A warning that may come before a liquidation, or not."""

    event_ms: int = msgspec.field(name="E")
    positions: list[CalledFields] = msgspec.field(name="p", default=[])


class KeyExpired(msgspec.Struct, frozen=True, kw_only=True, tag_field="e", tag="listenKeyExpired"):
    """The last event of a stream whose key is no more."""

    event_ms: int = msgspec.field(name="E", default=0)
    listen_key: str = msgspec.field(name="listenKey", default="")


UserEvent: TypeAlias = OrderEvent | TradeLite | AccountEvent | AlgoEvent | ConfigEvent | MarginCall | KeyExpired


class Kind(msgspec.Struct, frozen=True):
    """Which kind of event it is, where we know no more of it."""

    name: str = msgspec.field(name="e", default="")
