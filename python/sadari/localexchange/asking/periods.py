"""The period that a query asks for.

Source: reference binance-usdm §3.2 and §3.4: at most seven days, the last seven if nothing is said.
"""

from __future__ import annotations

from typing import NamedTuple

from sadari.localexchange.asking.parameters import Parameters
from sadari.localexchange.asking.refused import Refused

WEEK_MS = 7 * 24 * 3_600_000


class Period(NamedTuple):
    """From one millisecond to another, both in it. ``begins``: the caller has said where."""

    first: int
    last: int
    begins: bool

    def holds(self, time: int) -> bool:
        """Whether a time lies in it."""
        return self.first <= time <= self.last


def period(asked: Parameters, now: int) -> Period:
    """The period between ``startTime`` and ``endTime``.

    Args:
        asked: The request's parameters.
        now: The market's time in ms.

    Raises:
        Refused: -4165 if it is longer than seven days, -1130 if it ends before it begins.
    """
    start, end = asked.integer("startTime"), asked.integer("endTime")
    if start is not None and end is not None:
        if end < start:
            raise Refused(-1130, "Data sent for parameter 'endTime' is not valid.")
        if end - start > WEEK_MS:
            raise Refused(-4165, "Invalid time interval: at most 7 days are allowed.")
    first = start if start is not None else (end if end is not None else now) - WEEK_MS
    last = end if end is not None else first + WEEK_MS if start is not None else now
    return Period(first, last, start is not None)
