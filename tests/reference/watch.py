"""The watch as its rules say it, one level at a time, in exact arithmetic."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

UNITS = 10**8


def units(price: float) -> int:
    """The wire price's shortest decimal, in 1e-8 of the quote currency."""
    return int(Decimal(repr(price)) * UNITS)


@dataclass
class SlowTrail:
    """A trailing level with every price it has met."""

    up: bool
    k: float
    floor: int | None
    met: list[int]
    whole_frame: bool = False


@dataclass
class SlowWatch:
    """Armed levels in a dictionary; every call looks at all of them."""

    armed: dict[int, tuple[bool, int, bool]] = field(default_factory=dict)
    trails: dict[int, SlowTrail] = field(default_factory=dict)
    last: int | None = None
    dropped: int = 0

    def arm(self, number: int, up: bool, level: int, sticky: bool = False) -> bool:
        """Arm or replace a level; True if the last price is at or beyond it."""
        self.disarm(number)
        self.armed[number] = (up, level, sticky)
        return self.last is not None and number in self.crossed(self.last)

    def arm_trail(self, number: int, up: bool, k: float, best: int, *, floor: int | None, level: int | None) -> None:
        """Arm or replace a trailing level."""
        self.disarm(number)
        self.trails[number] = SlowTrail(up, k, floor, [best])
        if level is not None:
            self.armed[number] = (up, level, False)

    def disarm(self, number: int) -> bool:
        """Disarm a level; False if there was none."""
        trail = self.trails.pop(number, None)
        level = self.armed.pop(number, None)
        return trail is not None or level is not None

    def crossed(self, price: int) -> list[int]:
        """Ids at or beyond whose level a price is: DOWN from the highest, then UP from the lowest, equal ones by id."""
        down = [(-level, number) for number, (up, level, _) in self.armed.items() if not up and price <= level]
        up = [(level, number) for number, (up, level, _) in self.armed.items() if up and price >= level]
        return [number for _, number in sorted(down) + sorted(up)]

    def touch(self, price: int) -> list[int]:
        """Take a price."""
        self.last = price
        for trail in self.trails.values():
            trail.met.append(price)
        crossed = self.crossed(price)
        for number in crossed:
            if not self.armed[number][2]:
                self.disarm(number)
        return crossed

    def tick(self, price: float) -> list[int] | None:
        """Take a price from the wire."""
        if not math.isfinite(price) or price <= 0:
            self.dropped += 1
            return None
        return self.touch(units(price)) or None

    def pending(self) -> list[int]:
        """The last price once more."""
        return [] if self.last is None else self.touch(self.last)

    def frame(self, high: int, low: int, line: float) -> bool:
        """Move the trailing levels; True if one now lies at or beyond the last price."""
        moved = set()
        for number, trail in self.trails.items():
            if trail.whole_frame:
                trail.met += [high, low]
            trail.whole_frame = True
            offset = trail.k * line
            if not math.isfinite(offset):
                continue
            now = self.armed[number][1] if number in self.armed else None
            bounds = [level for level in (trail.floor, now) if level is not None]
            if trail.up:
                level = min([math.ceil(min(trail.met) + Fraction(offset) * UNITS), *bounds])
            else:
                level = max([math.floor(max(trail.met) - Fraction(offset) * UNITS), *bounds])
            if level != now:
                moved.add(number)
            self.armed[number] = (trail.up, level, False)
        return self.last is not None and not moved.isdisjoint(self.crossed(self.last))

    def nearest(self) -> tuple[int | None, int | None]:
        """The highest DOWN level and the lowest UP level."""
        return (
            max((level for up, level, _ in self.armed.values() if not up), default=None),
            min((level for up, level, _ in self.armed.values() if up), default=None),
        )

    def levels(self) -> list[tuple[int, bool, int]]:
        """Every placed level, by id."""
        return [(number, up, level) for number, (up, level, _) in sorted(self.armed.items())]
