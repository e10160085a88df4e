"""At which price an order that takes liquidity is filled. A small model that can be replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple, Protocol

import msgspec

from sadari.model.instrument import Instrument
from sadari.model.order import Side


class Slice(NamedTuple):
    """So much at one price."""

    price: Decimal
    qty: Decimal


class Slippage(Protocol):
    """A model of what taking liquidity costs beyond the fee."""

    def price(self, instrument: Instrument, side: Side, last_price: Decimal, qty: Decimal) -> Decimal:
        """The price at which a whole position is taken over when the last trade was at ``last_price``; positive."""
        ...

    def slices(
        self, instrument: Instrument, side: Side, last_price: Decimal, qty: Decimal, limit: Decimal | None
    ) -> Sequence[Slice]:
        """What an order of this quantity takes, best price first, none beyond its limit; less than that if thin."""
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

    def slices(
        self, instrument: Instrument, side: Side, last_price: Decimal, qty: Decimal, limit: Decimal | None
    ) -> Sequence[Slice]:
        """All of it at one price, which a limit bounds."""
        price = self.price(instrument, side, last_price, qty)
        if limit is not None:
            price = min(price, limit) if side is Side.BUY else max(price, limit)
        return (Slice(price, qty),)


class BookSlippage:
    """Orders take the levels of a book, one after the other.

    Args:
        levels: What a side of order takes of a symbol as (price, quantity), best first; as much as there is.
    """

    def __init__(self, levels: Callable[[str, Side], Iterable[tuple[Decimal, Decimal]]]) -> None:
        self._levels = levels

    def price(self, instrument: Instrument, side: Side, last_price: Decimal, qty: Decimal) -> Decimal:
        """The worst level that is needed; the last one there is, if all are not enough."""
        taken = self.slices(instrument, side, last_price, qty, None)
        return taken[-1].price if taken else last_price

    def slices(
        self,
        instrument: Instrument,
        side: Side,
        last_price: Decimal,  # noqa: ARG002 - the levels know it
        qty: Decimal,
        limit: Decimal | None,
    ) -> Sequence[Slice]:
        """What the levels hold, up to the quantity and the limit."""
        taken: list[Slice] = []
        left = qty
        for price, there in self._levels(instrument.symbol, side):
            beyond = limit is not None and (price > limit if side is Side.BUY else price < limit)
            if left <= 0 or beyond:
                break
            taken.append(Slice(price, min(there, left)))
            left -= there
        return taken


ONE_TICK = TickSlippage(1)
NO_SLIPPAGE = TickSlippage(0)
