"""How long exposure was without a covering stop at the exchange, by the exchange's own times.

A close-position stop covers whatever is held, a reduce-only one its quantity. Source: invariant I1.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Mapping
from decimal import Decimal

from sadari.core.intent_table import IntentState
from sadari.core.intents import Intent
from sadari.core.position import Position
from sadari.model.event import Event, OrderAccepted, OrderFilled
from sadari.model.units import MILLISECOND_NS, SECOND_NS
from sadari.run.figures.status import UnprotectedTime

_ACCEPTED = (IntentState.NEW, IntentState.PARTIALLY_FILLED)
# So many of the longest are kept: the percentiles of more would not change by it.
KEPT = 10_000


class UnprotectedTimes:
    """Measures each rise of exposure until it is covered.

    Args:
        positions: The engine's positions, by symbol.
    """

    def __init__(self, positions: Mapping[str, Position]) -> None:
        self._positions = positions
        self._held = {symbol: position.qty for symbol, position in positions.items()}
        self._since: dict[str, int] = {}
        self._until: dict[str, int] = {}
        self._times: list[int] = []
        self._last: int | None = None
        self._rises = 0

    def see(self, event: Event) -> None:
        """Look at a position after an event that concerns an order of its symbol."""
        if not isinstance(event, OrderFilled | OrderAccepted):
            return
        position = self._positions.get(event.symbol)
        if position is None:
            return
        time_ns = getattr(event, "booked_ns", 0) or event.time_ns
        before, self._held[event.symbol] = self._held.get(event.symbol, Decimal(0)), position.qty
        if position.qty > before:
            self._rises += 1
            # A rise that is told late, after the stop that covers it too, is a part of what was measured then.
            if time_ns >= self._until.get(event.symbol, 0):
                self._since.setdefault(event.symbol, time_ns)
        if event.symbol in self._since and (position.qty == 0 or covered(position)):
            took_ns = max(time_ns - self._since.pop(event.symbol), 0)
            self._until[event.symbol] = time_ns
            self._last = took_ns
            insort(self._times, took_ns)
            if len(self._times) > KEPT:
                del self._times[0]

    def times_ms(self) -> list[int]:
        """Each time, sorted; of very many the longest."""
        return [took_ns // MILLISECOND_NS for took_ns in self._times]

    def show(self) -> UnprotectedTime:
        """The times so far."""
        times = self._times
        if not times or self._last is None:
            return UnprotectedTime(rises=self._rises, open=len(self._since))
        return UnprotectedTime(
            rises=self._rises,
            open=len(self._since),
            last_s=self._last / SECOND_NS,
            median_s=times[len(times) // 2] / SECOND_NS,
            p99_s=times[min(len(times) * 99 // 100, len(times) - 1)] / SECOND_NS,
            max_s=times[-1] / SECOND_NS,
        )


def covered(position: Position) -> bool:
    """Whether stops that the exchange has accepted cover what is held."""
    if is_accepted(position.wall):
        return True
    inner = (position.inner, position.inner_next)
    return any(stop is not None and is_accepted(stop) and (stop.qty or 0) >= position.qty for stop in inner)


def is_accepted(stop: Intent | None) -> bool:
    """Whether the exchange has accepted a stop."""
    return stop is not None and stop.state in _ACCEPTED
