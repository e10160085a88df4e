"""When a connection that was lost is tried again, and when one that is well is replaced.

Times are ns of one clock that the caller keeps, jitter is a number from -1 to 1 that the caller draws.

Source: strategies §10, Recovery; reference binance-usdm §4 (a connection lives 24 hours).
"""

from __future__ import annotations

from typing import NamedTuple

from sadari.model.units import HOUR_NS, SECOND_NS

LONGEST_S = 60
JITTER = 0.1
STABLE_NS = 60 * SECOND_NS
EXHAUSTED_AFTER = 5
# A planned replacement comes between 20 and 23 hours.
PLANNED_NS = 21 * HOUR_NS + HOUR_NS // 2
PLANNED_SPREAD_NS = HOUR_NS + HOUR_NS // 2


class Retry(NamedTuple):
    """When to try again. ``exhausted`` is true at the fifth failure in a row; attempts go on all the same."""

    at_ns: int
    exhausted: bool


class Recovery:
    """Counts failures in a row.

    Attributes:
        failures: How many attempts or connections in a row have failed, without stable data in between.
    """

    def __init__(self) -> None:
        self.failures = 0
        self._steady_since_ns: int | None = None

    def heard(self, now_ns: int) -> None:
        """Data came: a minute of it makes what was before forgotten."""
        if self._steady_since_ns is None:
            self._steady_since_ns = now_ns
        elif self.failures and now_ns - self._steady_since_ns >= STABLE_NS:
            self.failures = 0

    def failed(self, now_ns: int, jitter: float, at_least_s: float = 0.0) -> Retry:
        """An attempt failed, or a connection was lost.

        Args:
            now_ns: The time.
            jitter: From -1 to 1; it moves the delay by a tenth at most.
            at_least_s: What the exchange has asked to wait.
        """
        self._steady_since_ns = None
        self.failures += 1
        delay_s = min(2 ** min(self.failures - 1, 10), LONGEST_S) * (1 + JITTER * jitter)
        at_ns = now_ns + int(max(delay_s, at_least_s) * SECOND_NS)
        return Retry(at_ns, self.failures == EXHAUSTED_AFTER)


def replaced_at(connected_ns: int, jitter: float) -> int:
    """When a connection that is well is replaced by a new one, long before the exchange ends it."""
    return connected_ns + PLANNED_NS + int(PLANNED_SPREAD_NS * jitter)
