"""One symbol over history: its tape, the levels armed on it, and where its next things happen."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from decimal import Decimal

from sadari.kernel import Watch
from sadari.model.command import ArmLevels, Trail
from sadari.model.units import price_of
from sadari.sensors.signals import Signal
from sadari.sensors.technical import Technical
from sadari.venue.port import Market


class Track:
    """What a venue over history keeps of one symbol.

    Attributes:
        watch: The engine's levels.
        resting: The exchange's levels.
        crossing: Time and price of the next crossing that is planned; one planned before it is void.
        arming: Grows with each `ArmLevels`: a crossing of levels that were replaced is void.
        unseen: The price of a trade of this moment that crossed a level and that the engine has not been told of yet.
        trail: The trailing level, if one is armed.
        signal: The entry signal waited for.
        watching: Grows with each `WatchVerdict`.
    """

    def __init__(self, market: Market, resting: Watch, start_ns: int) -> None:
        self.symbol = market.symbol
        self.history = market.history
        self.resting = resting
        self.watch = Watch()
        self.crossing: tuple[int, int] | None = None
        self.arming = 0
        self.unseen: int | None = None
        self.trail: Follower | None = None
        self.signals = market.rule.batch(market.candles)
        self.rearm = market.rule.rearm
        self.strategy = market.rule.strategy
        self.signal: Signal | None = None
        self.watching = 0
        self.technical = Technical(market.candles, start_ns)
        self.funding = market.funding
        self.start_ns, self.end_ns = market.span_ns
        self._names: list[str] = []
        self._open_times = market.candles.open_time_ns
        self._interval_ns = market.candles.interval_ns

    def arm(self, command: ArmLevels, now_ns: int) -> None:
        """Replace the engine's levels. One that the price stands beyond is met by the next trade that still is.

        A trail that is armed again goes on from where it is.
        """
        self.arming += 1
        watch = self.watch
        watch.clear()
        self._names = [level.name for level in command.levels]
        for number, level in enumerate(command.levels):
            watch.arm(number, level.up, level.units)
        trail = command.trail
        if trail is None:
            self.trail = None
            return
        if self.trail is None or not self.trail.is_for(trail):
            self.trail = Follower(trail, now_ns)
        self._names.append(trail.name)
        self.trail.floor = trail.floor
        self.place(self.trail)

    def place(self, trail: Follower) -> None:
        """Arm the trailing level where it is now, if it is anywhere yet."""
        if trail.level is not None:
            self.watch.arm(len(self._names) - 1, trail.rule.up, trail.level)

    def touch(self, units: int) -> tuple[str, ...]:
        """The names of the engine's levels that a price crosses, nearest first."""
        return tuple([self._names[number] for number in self.watch.touch(units)])

    def price(self, time_ns: int) -> Decimal:
        """The last price at a time."""
        return price_of(self.history.price_at(time_ns))

    def traded_from(self, time_ns: int) -> int | None:
        """The first instant at or after a time that a candle covers; None if there is none."""
        row = bisect_right(self._open_times, time_ns) - 1
        if row >= 0 and time_ns < self._open_times[row] + self._interval_ns:
            return time_ns
        return self._open_times[row + 1] if row + 1 < len(self._open_times) else None

    def last_traded_ns(self, time_ns: int) -> int:
        """When the last price at a time was made: now inside a candle, at a close where candles are missing."""
        row = bisect_right(self._open_times, time_ns) - 1
        return min(time_ns, self._open_times[row] + self._interval_ns)

    def next_funding(self, time_ns: int) -> int | None:
        """The row of the first funding at or after a time."""
        if self.funding is None:
            return None
        row = bisect_left(self.funding.time_ns, time_ns)
        return row if row < len(self.funding.time_ns) else None


class Follower:
    """A trailing level between closed frames. The kernel's rule moves it; only prices since it was armed count.

    It asks the history for no more than the present, so a jump to a far crossing never moves it ahead of time.

    Source: strategies §5.5 (`ATR_TRAIL`).

    Attributes:
        level: Where it is, in units; None until the first frame has placed it.
        floor: The loosest it may be.
    """

    def __init__(self, rule: Trail, now_ns: int) -> None:
        self.rule = rule
        self.level: int | None = None
        self.floor = rule.floor
        self._best = rule.best
        self._seen_ns = now_ns

    def is_for(self, rule: Trail) -> bool:
        """Whether a trail that is armed is this one again."""
        return (rule.name, rule.up, rule.k) == (self.rule.name, self.rule.up, self.rule.k)

    def close(self, track: Track, close_ns: int, line: float) -> bool:
        """Take the close of a frame; True if the level has moved."""
        low, high = track.history.extremes(self._seen_ns, close_ns)
        self._seen_ns = close_ns
        self._best = min(self._best, low) if self.rule.up else max(self._best, high)
        before = self.level
        step = Watch()
        step.arm_trail(0, self.rule.up, float(self.rule.k), self._best, self.floor, before)
        step.frame(high, low, line)
        self.level = next((level for _, _, level in step.levels()), None)
        return self.level != before

    def is_met_by(self, units: int) -> bool:
        """Whether a price is at or beyond the level."""
        return self.level is not None and (units >= self.level if self.rule.up else units <= self.level)
