"""One symbol over history: its tape, the levels armed on it, and where its next things happen."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from decimal import Decimal

from msgspec.structs import replace

from sadari.kernel import Watch
from sadari.model.command import ArmLevels, Trail
from sadari.model.units import SECOND_NS, price_of
from sadari.sensors.signals import Signal
from sadari.sensors.technical import Technical
from sadari.venue.port import Market

# Time in ns, price in units, and whether by the close of a frame.
Crossing = tuple[int, int, bool]
# The trail's id: after those of the fixed levels, so that of equal levels it is told last.
TRAIL = 1 << 32


class Track:
    """What a venue over history keeps of one symbol.

    Attributes:
        watch: The engine's levels.
        resting: The exchange's levels.
        crossing: The next crossing that is planned, as the history tells it; one planned before it is void.
        arming: Grows with each `ArmLevels`: a crossing of levels that were replaced is void.
        unseen: The price of a trade of this moment that crossed a level and that the engine has not been told of yet.
        trail: The trail as it was last armed, if there is one.
        waiting: The entry signal waited for, of each strategy.
        watching: Grows with each `WatchVerdict`.
    """

    def __init__(self, market: Market, resting: Watch, start_ns: int) -> None:
        self.symbol = market.symbol
        self.history = market.history
        self.resting = resting
        self.watch = Watch()
        self.crossing: Crossing | None = None
        self.arming = 0
        self.unseen: int | None = None
        self.trail: Trail | None = None
        self.entries = market.entries
        self.waiting: dict[str, Signal | None] = {}
        self.watching = 0
        self.technical = market.technical or Technical(market.candles, start_ns)
        self.funding = market.funding
        self.start_ns, self.end_ns = market.span_ns
        self._names: dict[int, str] = {}
        self._followed: tuple[int, int] | None = None
        self._open_times = market.candles.open_time_ns
        self._interval_ns = market.candles.interval_ns

    def arm(self, command: ArmLevels, now_ns: int) -> None:
        """Replace the engine's levels. One that the price stands beyond is met by the next trade that still is.

        A trail that is armed again goes on from where it is.
        """
        self.arming += 1
        self.advance(now_ns)
        names = {number: level.name for number, level in enumerate(command.levels)}
        if command.trail is not None:
            names[TRAIL] = command.trail.name
        for number in self._names.keys() - names.keys():
            self.watch.disarm(number)
        self._names = names
        for number, level in enumerate(command.levels):
            self.watch.arm(number, level.up, level.units)
        if command.trail is not None:
            self._arm_trail(command.trail, now_ns)
        self.trail = command.trail

    def _arm_trail(self, trail: Trail, now_ns: int) -> None:
        if self.trail is not None and trail == replace(self.trail, floor=trail.floor):
            self.watch.rearm_trail(TRAIL, trail.floor)
            return
        followed = (trail.frame_ns, trail.atr_n)
        if followed != self._followed:
            self._followed = followed
            ranges = self.technical.true_range(*followed)
            frames = ranges.frames
            self.history.attach_frames(frames.frame_ns, frames.open_time_ns, frames.high, frames.low, ranges.line)
        best = trail.best_with(self._told_units(now_ns))
        self.watch.arm_trail(TRAIL, trail.up, float(trail.k), best, trail.floor, None, since_ns=now_ns)

    def advance(self, now_ns: int, *, closed: bool = False) -> None:
        """Let the trail follow up to a time; a frame that closes then is taken only if it is ``closed``."""
        if self.trail is not None:
            self.history.advance(now_ns, self.watch, closed=closed)

    def touch(self, units: int) -> tuple[str, ...]:
        """The names of the engine's levels that a price crosses, nearest first."""
        return tuple([self._names[number] for number in self.watch.touch(units)])

    def price(self, time_ns: int) -> Decimal:
        """The last price at a time."""
        return price_of(self.history.price_at(time_ns))

    def told_price(self, time_ns: int) -> Decimal:
        """The last price that anybody has been told of: a trade of this moment that is still to be met is none."""
        return price_of(self._told_units(time_ns))

    def _told_units(self, time_ns: int) -> int:
        meets = self.crossing is not None and self.crossing[0] == time_ns and not self.crossing[2]
        return self.history.price_at(time_ns - 1 if meets else time_ns)

    def is_traded(self, time_ns: int) -> bool:
        """Whether a candle covers an instant."""
        row = bisect_right(self._open_times, time_ns) - 1
        return row >= 0 and time_ns < self._open_times[row] + self._interval_ns

    def follows_hole(self, close_ns: int) -> bool:
        """Whether candles are missing before the one that closes at a time."""
        row = bisect_left(self._open_times, close_ns - self._interval_ns)
        return 0 < row < len(self._open_times) and self._open_times[row - 1] < self._open_times[row] - self._interval_ns

    def last_traded_ns(self, time_ns: int) -> int:
        """When the last price at a time was made: now inside a candle, at a close where candles are missing."""
        row = bisect_right(self._open_times, time_ns) - 1
        return min(time_ns, self._open_times[row] + self._interval_ns)

    def next_funding(self, time_ns: int) -> int | None:
        """The row of the first funding at or after a time.

        The exchange stamps payments some milliseconds after the hour; they are due on it.
        """
        if self.funding is None:
            return None
        row = bisect_left(self.funding.time_ns, -(-time_ns // SECOND_NS) * SECOND_NS)
        return row if row < len(self.funding.time_ns) else None
