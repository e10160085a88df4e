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
    """A trailing level with every price it has seen; a crossed one is asleep."""

    up: bool
    k: float
    floor: int | None
    seen: list[int]
    level: int | None
    seen_ns: float = math.inf
    closed_ns: float = math.inf
    asleep: bool = False
    whole_frame: bool = False

    def frame(self, high: int, low: int, line: float) -> bool:
        """Take the close of a frame; True if the level has moved."""
        if self.whole_frame:
            self.seen += [high, low]
        self.whole_frame = True
        offset = self.k * line
        if not math.isfinite(offset):
            return False
        before = self.level
        bounds = [level for level in (self.floor, before) if level is not None]
        if self.up:
            self.level = min([math.ceil(min(self.seen) + Fraction(offset) * UNITS), *bounds])
        else:
            self.level = max([math.floor(max(self.seen) - Fraction(offset) * UNITS), *bounds])
        return self.level != before


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

    def arm_trail(
        self,
        number: int,
        up: bool,
        k: float,
        best: int,
        *,
        floor: int | None,
        level: int | None,
        since_ns: float = math.inf,
    ) -> None:
        """Arm or replace a trailing level."""
        self.disarm(number)
        self.trails[number] = SlowTrail(up, k, floor, [best], level, since_ns, since_ns)
        if level is not None:
            self.armed[number] = (up, level, False)

    def rearm_trail(self, number: int, floor: int | None) -> bool:
        """Arm a trail where it is; False if there is none."""
        if number not in self.trails:
            return False
        trail = self.trails[number]
        trail.floor, trail.asleep = floor, False
        if trail.level is not None:
            self.armed[number] = (trail.up, trail.level, False)
        return True

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
            trail.seen.append(price)
        crossed = self.crossed(price)
        for number in crossed:
            if not self.armed[number][2]:
                del self.armed[number]
            if number in self.trails:
                self.trails[number].asleep = True
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
        return self.place([number for number, trail in self.trails.items() if trail.frame(high, low, line)])

    def place(self, moved: list[int]) -> bool:
        """Arm the trails that have moved and are awake; True if one lies at or beyond the last price."""
        awake = {number for number in moved if not self.trails[number].asleep}
        for number in awake:
            trail = self.trails[number]
            assert trail.level is not None
            self.armed[number] = (trail.up, trail.level, False)
        return self.last is not None and not awake.isdisjoint(self.crossed(self.last))

    def nearest(self) -> tuple[int | None, int | None]:
        """The highest DOWN level and the lowest UP level."""
        return (
            max((level for up, level, _ in self.armed.values() if not up), default=None),
            min((level for up, level, _ in self.armed.values() if up), default=None),
        )

    def levels(self) -> list[tuple[int, bool, int]]:
        """Every placed level, by id."""
        return [(number, up, level) for number, (up, level, _) in sorted(self.armed.items())]
