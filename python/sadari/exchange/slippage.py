"""At which price an order that takes liquidity is filled. A small model that can be replaced."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

import msgspec

from sadari.model.instrument import Instrument
from sadari.model.order import Side


class Slippage(Protocol):
    """A model of what taking liquidity costs beyond the fee."""

    def price(self, instrument: Instrument, side: Side, last_price: Decimal, qty: Decimal) -> Decimal:
        """The fill price of a market or triggered order when the last trade was at ``last_price``; positive."""
        ...


class TickSlippage(msgspec.Struct, frozen=True):
    """Every taking order is filled this many ticks worse than the last trade, whatever its size."""

    ticks: int = 1

    def price(self, instrument: Instrument, side: Side, last_price: Decimal, qty: Decimal) -> Decimal:  # noqa: ARG002
        """Above the last price for a BUY, below it for a SELL, but never below one tick."""
        distance = self.ticks * instrument.tick_size
        if side is Side.BUY:
            return last_price + distance
        return max(last_price - distance, min(last_price, instrument.tick_size))


ONE_TICK = TickSlippage(1)
NO_SLIPPAGE = TickSlippage(0)
