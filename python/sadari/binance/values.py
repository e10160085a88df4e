"""What the venue shows, as values of ours: decimals, nanoseconds, and None where it shows nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import msgspec

from sadari.model.event import PositionRecord
from sadari.model.order import MarginMode, PositionSide, Side

WORKING = frozenset({"NEW", "PARTIALLY_FILLED"})
ENDED = frozenset({"FILLED", "CANCELED", "REJECTED", "EXPIRED", "EXPIRED_IN_MATCH"})
ALGO_WAITING = "NEW"
# Triggered, but no one knows yet what came of it.
ALGO_ENDED = frozenset({"FINISHED", "CANCELED", "REJECTED", "EXPIRED"})


class _Shown(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    pass


class OrderShown(_Shown, frozen=True, kw_only=True):
    """A regular order. A status that is in neither `WORKING` nor `ENDED` is one we do not know.

    Attributes:
        order_type: As the venue names it: that of the conditional order that it was, where it was one.
        price: None for a market order.
        avg_price: None where nothing was filled, or where the answer does not say.
        updated_ns: When it last changed.
    """

    symbol: str
    client_order_id: str
    order_id: int
    side: Side
    position_side: PositionSide
    order_type: str
    status: str
    qty: Decimal
    filled_qty: Decimal
    price: Decimal | None
    avg_price: Decimal | None
    reduce_only: bool
    close_position: bool
    updated_ns: int

    @property
    def working(self) -> bool:
        """Whether it is open."""
        return self.status in WORKING

    @property
    def ended(self) -> bool:
        """Whether nothing more can become of it."""
        return self.status in ENDED


class AlgoShown(_Shown, frozen=True, kw_only=True):
    """A conditional order.

    Attributes:
        qty: None for a close-position order.
        order_id: The regular order that it has become, None before that.
        mark_triggered: Whether the mark price triggers it, in place of the last price.
    """

    symbol: str
    client_order_id: str
    algo_id: int
    side: Side
    position_side: PositionSide
    order_type: str
    status: str
    qty: Decimal | None
    trigger_price: Decimal | None
    price: Decimal | None
    mark_triggered: bool
    reduce_only: bool
    close_position: bool
    order_id: int | None
    created_ns: int
    updated_ns: int

    @property
    def waiting(self) -> bool:
        """Whether it waits for its price."""
        return self.status == ALGO_WAITING

    @property
    def ended(self) -> bool:
        """Whether nothing more can become of it itself."""
        return self.status in ALGO_ENDED


class TradeShown(_Shown, frozen=True, kw_only=True):
    """One of the account's trades; a positive fee was paid."""

    symbol: str
    trade_id: int
    order_id: int
    buyer: bool
    position_side: PositionSide
    price: Decimal
    qty: Decimal
    fee: Decimal
    fee_asset: str
    realized_pnl: Decimal
    maker: bool
    time_ns: int


class IncomeShown(_Shown, frozen=True, kw_only=True):
    """One booked amount; ``income_id`` is unique among those of its kind, None where the venue gave none."""

    kind: str
    symbol: str
    amount: Decimal
    asset: str
    time_ns: int
    income_id: str | None
    trade_id: int | None
    note: str


class AccountShown(_Shown, frozen=True, kw_only=True):
    """Balances. In multi-assets mode they are values in USD and ``wallets`` has the balance of each asset.

    ``free_balance`` is what would be available without crossed positions, whatever prices do. ``held`` are the symbols
    of which it lists a position, ``updated_ns`` is when a wallet last changed.
    """

    wallet_balance: Decimal
    cross_wallet_balance: Decimal
    available_balance: Decimal
    free_balance: Decimal
    margin_balance: Decimal
    unrealized_pnl: Decimal
    initial_margin: Decimal
    maint_margin: Decimal
    wallets: tuple[tuple[str, Decimal], ...]
    held: frozenset[str]
    updated_ns: int

    @property
    def margin_ratio(self) -> Decimal | None:
        """Maintenance margin by margin balance; None where nothing is left to divide by."""
        return self.maint_margin / self.margin_balance if self.margin_balance > 0 else None


class PositionShown(_Shown, frozen=True, kw_only=True):
    """A position. ``qty`` is signed; prices are None where there is none."""

    symbol: str
    position_side: PositionSide
    qty: Decimal
    entry_price: Decimal | None
    mark_price: Decimal | None
    liquidation_price: Decimal | None
    isolated_margin: Decimal
    isolated_wallet: Decimal
    unrealized_pnl: Decimal
    maint_margin: Decimal | None
    updated_ns: int

    def record(self) -> PositionRecord | None:
        """The same as events carry it, None if it is flat."""
        if not self.qty or self.entry_price is None:
            return None
        return PositionRecord(
            self.symbol, self.qty, self.entry_price, self.liquidation_price, self.isolated_margin, self.mark_price
        )


class SymbolShown(_Shown, frozen=True, kw_only=True):
    """A symbol's settings; ``max_notional`` is None where the venue does not say it."""

    symbol: str
    margin_mode: MarginMode
    leverage: int
    max_notional: Decimal | None


class LeverageShown(_Shown, frozen=True, kw_only=True):
    """What the leverage was set to; ``max_notional`` is None where the venue does not say it."""

    symbol: str
    leverage: int
    max_notional: Decimal | None


class AccountFlags(_Shown, frozen=True, kw_only=True):
    """The account's flags, None where the answer does not have one."""

    can_trade: bool
    can_withdraw: bool | None
    hedge: bool | None
    multi_assets: bool | None


class FeeRates(_Shown, frozen=True, kw_only=True):
    """Fee rates as fractions."""

    symbol: str
    maker: Decimal
    taker: Decimal


class PriceShown(_Shown, frozen=True, kw_only=True):
    """A last price, and when it was, None where that is not said."""

    symbol: str
    price: Decimal
    time_ns: int | None


class MarkShown(_Shown, frozen=True, kw_only=True):
    """A mark price with the funding rate that is due at ``next_funding_ns``; None where there is none."""

    symbol: str
    mark_price: Decimal
    index_price: Decimal | None
    funding_rate: Decimal | None
    next_funding_ns: int | None
    time_ns: int


class FundingShown(_Shown, frozen=True, kw_only=True):
    """A funding rate that was applied, and the mark price it was applied at, None where that is not said."""

    symbol: str
    rate: Decimal
    mark_price: Decimal | None
    time_ns: int


class KeyShown(_Shown, frozen=True, kw_only=True):
    """What a key may do; None where the venue does not say it.

    Attributes:
        transfers: Whether it can move money to other accounts.
        other_trading: What else it may trade, by the venue's words.
    """

    reads: bool | None
    futures: bool | None
    withdrawals: bool | None
    transfers: bool | None
    address_list: bool | None
    other_trading: tuple[str, ...]


class Kline(NamedTuple):
    """A candle; the last one of an answer is, as a rule, not closed yet."""

    open_time_ns: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    quote_volume: float
    close_time_ns: int
