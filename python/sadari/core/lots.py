"""Shares of a position that are closed apart from each other: what an add bought, what a target closes."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from sadari.model.units import Exact, exact

ZERO = Decimal(0)


class Decision(NamedTuple):
    """The last price when closing everything was decided, what that would have brought; gain and exits until then."""

    price: Decimal
    unrealized: Exact
    gain: Exact
    exit_value: Decimal


class Lot:
    """What one add bought: ``qty`` filled at ``price`` on average, ``open`` of it not yet closed by its recovery."""

    __slots__ = ("cost", "open", "qty")

    def __init__(self) -> None:
        self.qty = ZERO
        self.cost = ZERO
        self.open = ZERO

    @property
    def price(self) -> Exact:
        """The quantity-weighted fill price."""
        return exact(self.cost) / exact(self.qty)


class Goal:
    """What one target closes: ``open`` of it is still to be filled."""

    __slots__ = ("open", "price", "qty", "reason")

    def __init__(self, reason: str, price: Decimal, qty: Decimal) -> None:
        self.reason = reason
        self.price = exact(price)
        self.qty = self.open = qty
