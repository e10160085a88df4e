"""The armed levels of every symbol, met by each trade as it comes."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from sadari.kernel import Watch
from sadari.model.command import ArmLevels, Trail
from sadari.model.event import LevelCrossed
from sadari.model.units import price_of
from sadari.venue.live.ports import Take

# The trail's id: after those of the fixed levels, so that of equal levels it is told last.
TRAIL = 1 << 32


class Watches:
    """One watch for each symbol.

    Args:
        take: Where crossings go.

    Attributes:
        seen: Trades that came.
        checked: Trades that were held against levels.
    """

    def __init__(self, take: Take) -> None:
        self.seen = 0
        self.checked = 0
        self._take = take
        self._watches: dict[str, Watch] = {}
        self._names: dict[str, dict[int, str]] = {}
        self._trails: dict[str, Trail] = {}

    @property
    def symbols(self) -> list[str]:
        """The symbols with armed levels."""
        return sorted(self._watches)

    def tick(self, symbol: str, price: float, time_ns: int) -> None:
        """Meet a trade: at most one event, and none for nearly all."""
        self.seen += 1
        watch = self._watches.get(symbol)
        if watch is None:
            return
        self.checked += 1
        met = watch.tick(price)
        if met:
            names = self._names[symbol]
            at = watch.last
            levels = tuple(names[number] for number in met if number in names)
            if levels and at is not None:
                self._take(LevelCrossed(time_ns=time_ns, symbol=symbol, price=price_of(at), levels=levels))

    def arm(self, command: ArmLevels, now_ns: int) -> None:
        """Replace the levels of a symbol; a trail that is armed again goes on from where it is."""
        symbol = command.symbol
        watch = self._watches.setdefault(symbol, Watch())
        names = {number: level.name for number, level in enumerate(command.levels)}
        if command.trail is not None:
            names[TRAIL] = command.trail.name
        for number in self._names.get(symbol, {}).keys() - names.keys():
            watch.disarm(number)
        self._names[symbol] = names
        for number, level in enumerate(command.levels):
            watch.arm(number, level.up, level.units)
        self._arm_trail(symbol, watch, command.trail, now_ns)
        if not names:
            del self._watches[symbol], self._names[symbol]

    def _arm_trail(self, symbol: str, watch: Watch, trail: Trail | None, now_ns: int) -> None:
        before = self._trails.pop(symbol, None)
        if trail is None:
            return
        self._trails[symbol] = trail
        if before is not None and trail == replace(before, floor=trail.floor):
            watch.rearm_trail(TRAIL, trail.floor)
            return
        best = trail.best if watch.last is None else trail.best_with(watch.last)
        watch.arm_trail(TRAIL, trail.up, float(trail.k), best, trail.floor, None, since_ns=now_ns)

    def trail(self, symbol: str) -> Trail | None:
        """The trail of a symbol, if it has one."""
        return self._trails.get(symbol)

    def close_frame(self, symbol: str, high: int, low: int, line: float, time_ns: int) -> None:
        """Let a closed frame move the trail; it may be met by the price standing.

        Args:
            symbol: Whose trail.
            high: The frame's extreme in kernel units.
            low: The other.
            line: The value of the line that the trail keeps its distance by.
            time_ns: When the frame closed.
        """
        watch = self._watches.get(symbol)
        if watch is None or symbol not in self._trails or not watch.frame(high, low, line):
            return
        at = watch.last
        if at is None:
            return
        names = self._names[symbol]
        levels = tuple(names[number] for number in watch.touch(at) if number in names)
        if levels:
            self._take(LevelCrossed(time_ns=time_ns, symbol=symbol, price=price_of(at), levels=levels))

    def watch(self, symbol: str) -> Watch | None:
        """The levels of a symbol, None if it has none."""
        return self._watches.get(symbol)

    def last_price(self, symbol: str) -> Decimal | None:
        """The last price that was met on a symbol with levels."""
        watch = self._watches.get(symbol)
        return None if watch is None or watch.last is None else price_of(watch.last)
