"""What is due, in the one order that events have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import IntEnum
from heapq import heappop, heappush
from itertools import count
from typing import Any

from sadari.model import event as events
from sadari.model.event import Event

Action = Callable[[Any], Iterable[Event]]
Entry = tuple[int, int, str, int, Action, Any]

NOTHING: tuple[Event, ...] = ()
# Sorts behind every symbol.
BEHIND_ALL = "~"


class Rank(IntEnum):
    """What comes first among things due at one instant.

    Source: strategies §1.7 (D-27). A trade at an instant comes before an order that arrives then; one that takes no
    time waits until all else is told (ORDER). Of what a closed frame says, a verdict comes before a trail that it moves
    to the price (§5.5: both at once are a cross).
    """

    TRADE = 0
    FILL = 1
    ACCOUNT = 2
    CROSSING = 3
    CANDLE = 4
    TRAIL = 5
    SIGNAL = 6
    ORDER = 7
    ALARM = 8


RANKS: dict[type[Event], Rank] = {
    events.OrderAccepted: Rank.FILL,
    events.OrderFilled: Rank.FILL,
    events.OrderCanceled: Rank.FILL,
    events.OrderRejected: Rank.FILL,
    events.CancelRejected: Rank.FILL,
    events.AccountUpdated: Rank.ACCOUNT,
    events.FundingPaid: Rank.ACCOUNT,
}


class Schedule:
    """Actions by (time, rank, symbol, sequence), where the sequence is that of being planned.

    Attributes:
        now_ns: The time of the action taken out last.
        rank: Its rank.
        end_ns: The last instant of the run.
    """

    def __init__(self, now_ns: int, end_ns: int) -> None:
        self.now_ns = now_ns
        self.rank = Rank.FILL
        self.end_ns = end_ns
        self._heap: list[Entry] = []
        self._sequence = count()

    def plan(self, time_ns: int, rank: Rank, symbol: str, action: Action, what: object) -> None:
        """Plan to call ``action(what)`` at a time; what it returns are the events of that moment."""
        heappush(self._heap, (time_ns, rank, symbol, next(self._sequence), action, what))

    def tell(self, time_ns: int, rank: Rank, symbol: str, event: Event) -> None:
        """Plan to hand out an event."""
        self.plan(time_ns, rank, symbol, handed_out, event)

    def is_due_now(self) -> bool:
        """Whether something is planned for this very moment."""
        return bool(self._heap) and self._heap[0][0] <= self.now_ns

    def due(self) -> Entry | None:
        """Take out the first entry and go to its time; None when nothing is due until the end."""
        if not self._heap or self._heap[0][0] > self.end_ns:
            return None
        entry = heappop(self._heap)
        self.now_ns, self.rank = entry[0], Rank(entry[1])
        return entry

    def rest(self) -> Iterator[Entry]:
        """What is still planned, in order."""
        yield from sorted(self._heap, key=lambda entry: entry[:4])


def handed_out(event: Event) -> Iterable[Event]:
    """The action that is an event itself."""
    return (event,)
