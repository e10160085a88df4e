"""History as a list of everything that happens, walked from its beginning."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field

from tests.reference.expand import slow_expand, visits
from tests.reference.watch import SlowWatch

Candle = tuple[int, int, int, int]
Frame = tuple[int, int, int, float]


@dataclass
class SlowHistory:
    """Candles (open, high, low, close) in units at their open times, and frames (close time, high, low, line)."""

    times: list[int]
    candles: list[Candle]
    interval_ns: int
    tick: int
    seed: int
    path: str = "tape"
    frames: list[Frame] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.visits = [
            visit
            for time, candle in zip(self.times, self.candles, strict=True)
            for visit in visits(
                slow_expand(self.seed, time, self.interval_ns, candle, volume=1.0, tick=self.tick, path=self.path),
                self.tick,
            )
        ]

    def next_crossing(self, after_ns: int, until_ns: int, *watches: SlowWatch) -> tuple[int, int, bool] | None:
        """Feed copies visits and frame closes in order until one of them meets a level."""
        watches = deepcopy(watches)
        self.advance(after_ns, *watches)
        times = {time for time, _ in self.visits if after_ns < time <= until_ns}
        times |= {frame[0] for frame in self.frames if after_ns <= frame[0] <= until_ns}
        for time in sorted(times):
            for price in [price for at, price in self.visits if at == time > after_ns]:
                if any(watch.crossed(price) for watch in watches):
                    return time, price, False
            met = [self.follow(watch, time, closed=True) for watch in watches]
            standing = self.price_at(time)
            if any(met) and standing is not None:
                return time, standing, True
        return None

    def advance(self, until_ns: int, *watches: SlowWatch, closed: bool = False) -> None:
        """Let trails follow, looking at each visit and each frame from the beginning."""
        for watch in watches:
            self.follow(watch, until_ns, closed=closed)

    def follow(self, watch: SlowWatch, until_ns: int, *, closed: bool) -> bool:
        """Let the trails of one watch follow; True if one that has moved lies at or beyond the price standing."""
        events = [(time, 0, price) for time, price in self.visits if time <= until_ns]
        events += [(frame[0], 1, row) for row, frame in enumerate(self.frames) if frame[0] < until_ns + closed]
        moved = []
        for number, trail in watch.trails.items():
            before = trail.level
            for time, rank, price_or_row in sorted(events):
                if rank == 0 and time > trail.seen_ns:
                    trail.seen.append(price_or_row)
                elif rank == 1 and time > trail.closed_ns:
                    trail.frame(*self.frames[price_or_row][1:])
                    trail.closed_ns = time
            trail.seen_ns = max(trail.seen_ns, until_ns)
            if trail.level != before:
                moved.append(number)
        standing = self.price_at(until_ns)
        watch.last = watch.last if standing is None else standing
        return watch.place(moved)

    def price_at(self, time_ns: int) -> int | None:
        """The last price visited at or before a time."""
        return next((price for time, price in reversed(self.visits) if time <= time_ns), None)

    def extremes(self, after_ns: int, until_ns: int) -> tuple[int, int] | None:
        """The lowest and highest price visited in a stretch, else the price standing at its end twice."""
        seen = [price for time, price in self.visits if after_ns < time <= until_ns]
        standing = self.price_at(until_ns)
        if not seen:
            return None if standing is None else (standing, standing)
        return min(seen), max(seen)

    def candle_at(self, time_ns: int) -> int:
        """The last candle closed at a time, or -1."""
        return sum(time + self.interval_ns <= time_ns for time in self.times) - 1
