"""What is at stake on each side: written to the log on every change, and once a minute while something is held.

Source: strategies §9.4, requirement R003-37.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from sadari.core.exposure import Exposure, by_side
from sadari.core.position import Position
from sadari.model.command import Command
from sadari.model.event import Event
from sadari.model.units import decimal_of, exact
from sadari.venue.live.background import Background

EVERY_S = 60.0
CENT = Decimal("0.01")
PLACES = 8

Held = tuple[tuple[str, Decimal], ...]


def exposure(positions: Mapping[str, Position], price: Callable[[str], Decimal | None]) -> Exposure:
    """The exposure of what is held at the last prices."""
    found = []
    for position in positions.values():
        if position.qty > 0:
            last = price(position.symbol) or position.last_price
            profit = position.side.sign * (exact(last) - position.average) * exact(position.qty)
            found.append((position.direction, position.qty, last, decimal_of(profit, PLACES)))
    return by_side(found)


class Exposures:
    """Follows what an engine holds.

    Args:
        positions: Its records, by symbol.
        price: The last price of a symbol.
        log: Where a line goes.
    """

    def __init__(
        self, positions: Mapping[str, Position], price: Callable[[str], Decimal | None], log: Callable[[str], None]
    ) -> None:
        self._positions = positions
        self._price = price
        self._log = log
        self._background = Background()
        self._held = self._quantities()

    def start(self) -> None:
        """Begin to tell once a minute."""
        self._background.begin(self._repeat())

    async def close(self) -> None:
        """Tell nothing any more."""
        await self._background.close()

    def seen(self, _: int, __: Event, ___: Sequence[Command]) -> None:
        """Follow an event that was worked on."""
        held = self._quantities()
        if held != self._held:
            self._held = held
            self.tell()

    def tell(self) -> None:
        """One line: both sides, their difference and what each has won or lost so far."""
        now = exposure(self._positions, self._price)
        long, short, net = (side.quantize(CENT) for side in (now.long, now.short, now.net))
        won, lost = (profit.quantize(CENT) for profit in (now.long_unrealized, now.short_unrealized))
        self._log(f"exposure: long {long} ({won:+}), short {short} ({lost:+}), net {net:+}")

    def _quantities(self) -> Held:
        return tuple((one.symbol, one.side.sign * one.qty) for one in self._positions.values() if one.qty > 0)

    async def _repeat(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            if self._held:
                self.tell()
