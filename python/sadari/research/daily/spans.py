"""The time that a report is about: a UTC day, or an ISO week from Monday to Sunday."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Generic, NamedTuple, TypeVar

from sadari.model.units import DAY_NS
from sadari.research.shapes import iso

DAY, WEEK = "day", "week"
WEEK_DAYS = 7
# The first of January 1970 was a Thursday.
_MONDAY_NS = 4 * DAY_NS


class Span(NamedTuple):
    """A half-open stretch of the exchange's time. ``name`` is 2026-01-31, or 2026-W05."""

    kind: str
    name: str
    start_ns: int
    end_ns: int

    def has(self, time_ns: int | None) -> bool:
        """Whether a time lies in it; one that is not known does not."""
        return time_ns is not None and self.start_ns <= time_ns < self.end_ns

    def meets(self, start_ns: int, end_ns: int | None) -> bool:
        """Whether something that begins and ends at these times has a moment in it; what goes on has no end."""
        return start_ns < self.end_ns and (end_ns is None or end_ns >= self.start_ns)

    def days(self) -> list[Span]:
        """Its days."""
        return [day_of(start_ns) for start_ns in range(self.start_ns, self.end_ns, DAY_NS)]


def day_of(time_ns: int) -> Span:
    """The UTC day of a time."""
    start_ns = time_ns - time_ns % DAY_NS
    return Span(DAY, (iso(start_ns) or "")[:10], start_ns, start_ns + DAY_NS)


def week_of(time_ns: int) -> Span:
    """The ISO week of a time: from Monday, midnight UTC, to the next one."""
    start_ns = time_ns - (time_ns - _MONDAY_NS) % (WEEK_DAYS * DAY_NS)
    year, week, _ = (date(1970, 1, 1) + timedelta(days=start_ns // DAY_NS)).isocalendar()
    return Span(WEEK, f"{year}-W{week:02}", start_ns, start_ns + WEEK_DAYS * DAY_NS)


Item = TypeVar("Item")


class ByDay(Generic[Item]):
    """Items by the UTC day of their time, so that a day is told without looking at all others.

    Args:
        items: In the order in which they are to be told.
        time_of: When an item was; None for one that belongs to no day.
    """

    def __init__(self, items: Iterable[Item], time_of: Callable[[Item], int | None]) -> None:
        self._days: dict[int, list[Item]] = {}
        for item in items:
            time_ns = time_of(item)
            if time_ns is not None:
                self._days.setdefault(time_ns // DAY_NS, []).append(item)
        self._numbers = sorted(self._days)

    def of(self, span: Span) -> list[Item]:
        """The items of a span."""
        days = range(span.start_ns // DAY_NS, span.end_ns // DAY_NS)
        return [item for day in days for item in self._days.get(day, ())]

    def before(self, span: Span) -> Item | None:
        """The last item before a span."""
        at = bisect_left(self._numbers, span.start_ns // DAY_NS)
        return self._days[self._numbers[at - 1]][-1] if at else None
