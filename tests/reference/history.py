"""History as a list of everything that happens, walked from its beginning."""

from __future__ import annotations

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
    done: int = 0

    def __post_init__(self) -> None:
        self.visits = [
            visit
            for time, candle in zip(self.times, self.candles, strict=True)
            for visit in visits(
                slow_expand(self.seed, time, self.interval_ns, candle, volume=1.0, tick=self.tick, path=self.path),
                self.tick,
            )
        ]

    def next_crossing(self, after_ns: int, until_ns: int, *watches: SlowWatch) -> tuple[int, int] | None:
        """Feed visits and frame closes in order until one of them meets a level."""
        while self.done < len(self.frames) and self.frames[self.done][0] < after_ns:
            self.done += 1
        closes = [(frame[0], 1, number) for number, frame in enumerate(self.frames) if frame[0] <= until_ns]
        ticks = [(time, 0, price) for time, price in self.visits if after_ns < time <= until_ns]
        for time, rank, price_or_number in sorted(closes[self.done :] + ticks):
            if rank == 0:
                if any(watch.crossed(price_or_number) for watch in watches):
                    return time, price_or_number
                for watch in watches:
                    watch.touch(price_or_number)
            else:
                self.done += 1
                standing = self.stand(time, *watches)
                met = [watch.frame(*self.frames[price_or_number][1:]) for watch in watches]
                if any(met) and standing is not None:
                    return time, standing
        self.stand(until_ns, *watches)
        return None

    def stand(self, time_ns: int, *watches: SlowWatch) -> int | None:
        """Tell the watches the price standing at a time, if there is one."""
        standing = self.price_at(time_ns)
        if standing is not None:
            for watch in watches:
                watch.last = standing
        return standing

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
