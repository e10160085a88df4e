"""The server's time, by this machine's clock and a measured offset."""

from __future__ import annotations

from collections.abc import Callable

from sadari.model.units import MILLISECOND_NS


class ServerClock:
    """One for all that sign requests.

    Args:
        now_ns: This machine's clock, or another that goes as fast.

    Attributes:
        offset_ns: The server's time less that clock's.
        bound_ns: By how much the offset may be wrong, None until it was measured.
    """

    def __init__(self, now_ns: Callable[[], int]) -> None:
        self.offset_ns = 0
        self.bound_ns: int | None = None
        self.local_ns = now_ns

    def ns(self) -> int:
        """The server's time."""
        return self.local_ns() + self.offset_ns

    def ms(self) -> int:
        """The server's time in whole milliseconds, as a request is stamped."""
        return (self.local_ns() + self.offset_ns) // MILLISECOND_NS

    def set(self, sent_ns: int, received_ns: int, server_ns: int) -> None:
        """Take over a measurement: the server wrote its time somewhere between sending and receiving."""
        # The server's time is cut to the millisecond: on average it is half of one later.
        self.offset_ns = server_ns + MILLISECOND_NS // 2 - (sent_ns + received_ns) // 2
        self.bound_ns = max(received_ns - sent_ns, 0) // 2 + MILLISECOND_NS // 2
