"""Entries that wait for their price."""

from __future__ import annotations

from decimal import Decimal

import msgspec


class Target(msgspec.Struct, frozen=True):
    """A price, not rounded, at which a ``share`` of the initial quantity is closed at a profit (strategies §8.4)."""

    price: Decimal
    share: Decimal = Decimal(1)


class LimitEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The terms of an entry that waits for its price, and the numbers of the set-up behind it (strategies §7.7).

    Attributes:
        price: The limit price, on the grid.
        stop: Where the position is closed at a loss, not rounded; price there before the entry calls it off.
        until_ns: The last instant at which it waits, of the market's clock.
        targets: Where it is closed at a profit, the nearest first; price at that one before the entry calls it off.
        extreme: The most extreme price of the set-up, beyond which the stop lies.
        liquidity: The nearest liquidity on the other side of the set-up, None if there is none.
        true_range: The average true range of the entry's frame, None if it is not known.
        volatility: Percentile (0 to 100) of that range in percent of the close, None if it is not known.
        bias: Trend of the hours of the symbol: NEUTRAL, BULLISH or BEARISH.
        frame_ns: The frame of the set-up, 0 if there is none: structure may turn against what is held.
        swings: Frames before and after a swing of that structure.
    """

    price: Decimal
    stop: Decimal
    until_ns: int
    targets: tuple[Target, ...] = ()
    extreme: Decimal | None = None
    liquidity: Decimal | None = None
    true_range: float | None = None
    volatility: float | None = None
    bias: str = "NEUTRAL"
    frame_ns: int = 0
    swings: tuple[int, int] = (2, 2)

    @property
    def target(self) -> Decimal | None:
        """The first target, None if there is none."""
        return self.targets[0].price if self.targets else None
