"""An instrument as the venue describes it: filters, leverage brackets, fees."""

from __future__ import annotations

from bisect import bisect_right
from decimal import Decimal

import msgspec


class Bracket(msgspec.Struct, frozen=True):
    """One leverage bracket: notional ``floor`` inclusive to ``cap`` exclusive, in quote currency; rates are fractions.

    ``cum`` is the maintenance amount that keeps the maintenance margin continuous between brackets.
    """

    floor: Decimal
    cap: Decimal
    max_leverage: int
    maint_margin_rate: Decimal
    cum: Decimal = Decimal(0)


class Instrument(msgspec.Struct, frozen=True, kw_only=True):
    """A contract's filters and brackets. Prices and quantities are in quote and base currency.

    ``market_max_qty`` limits one market order (MARKET_LOT_SIZE), ``max_qty`` any other order.
    """

    symbol: str
    tick_size: Decimal
    step_size: Decimal
    min_qty: Decimal
    max_qty: Decimal
    market_max_qty: Decimal
    min_notional: Decimal
    brackets: tuple[Bracket, ...]
    status: str = "TRADING"
    contract_type: str = "PERPETUAL"
    quote_asset: str = "USDT"
    max_price: Decimal = Decimal(0)
    min_price: Decimal = Decimal(0)
    multiplier_up: Decimal = Decimal(0)
    multiplier_down: Decimal = Decimal(0)
    liquidation_fee: Decimal = Decimal(0)

    def bracket(self, notional: Decimal) -> Bracket:
        """The bracket that holds a notional; beyond the last cap, the last one."""
        index = bisect_right(self.brackets, notional, key=lambda bracket: bracket.floor) - 1
        return self.brackets[max(index, 0)]

    def max_notional(self, leverage: int) -> Decimal:
        """The largest position notional allowed at a leverage, 0 if none allows it."""
        return max((b.cap for b in self.brackets if b.max_leverage >= leverage), default=Decimal(0))
