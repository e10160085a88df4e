"""What time it is at the exchange."""

from __future__ import annotations

from collections.abc import Callable


class MarketClock:
    """The time of the last thing that the exchange told, plus what has passed on this machine since.

    One rule for a real exchange, for a local one that plays faster, and for one whose time stands between steps.

    Args:
        elapsed_ns: A clock that is never set; None where the exchange's time stands until it tells another.
    """

    def __init__(self, elapsed_ns: Callable[[], int] | None) -> None:
        self._elapsed_ns = elapsed_ns
        self._seen_ns = 0
        self._seen_at = 0

    def see(self, time_ns: int) -> None:
        """Take in a time that the exchange told; an earlier one changes nothing."""
        elapsed = self._elapsed_ns
        if time_ns <= self._seen_ns:
            return
        self._seen_ns = time_ns
        if elapsed is not None:
            self._seen_at = elapsed()

    def now_ns(self) -> int:
        """The exchange's time, never going back by more than its last word was early."""
        elapsed = self._elapsed_ns
        return self._seen_ns if elapsed is None else self._seen_ns + elapsed() - self._seen_at
