"""How much may still be asked: request weight and order counts, with a reserve for what is urgent.

Our own spending is counted at once; what the venue's headers say is taken where it is more, since other programs may
share the address. The windows are the clock's own minutes and ten seconds.

Source: reference binance-usdm §2 (limits); faults R8, F16, F17, F18.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from sadari.model.units import MINUTE_NS, SECOND_NS


class Limits(NamedTuple):
    """What the venue allows, per minute and per ten seconds."""

    weight: int = 2400
    orders_minute: int = 1200
    orders_ten_seconds: int = 300


RESERVE = 0.2
# So far our clock may be ahead of the one by which the venue begins a period.
CLOCK_NS = SECOND_NS


class _Window:
    """What was used in this period of the clock."""

    __slots__ = ("_number", "length_ns", "used")

    def __init__(self, length_ns: int) -> None:
        self.length_ns = length_ns
        self.used = 0
        self._number = -1

    def at(self, now_ns: int) -> None:
        """Begin anew where a new period has come.

        A clock that is set right may go back into the last period, whose count stays; after a longer way back the
        count is of a time that was none.
        """
        number = now_ns // self.length_ns
        if number > self._number or number < self._number - 1:
            self._number, self.used = number, 0

    def left_ns(self, now_ns: int) -> int:
        return self.length_ns - now_ns % self.length_ns


class Budget:
    """The ledger of one address and one account.

    Args:
        limits: What the venue allows.
        reserve: The part of each limit that only urgent requests may use: exits, protection, and looking them up.

    Attributes:
        on_shut: Told until when nothing may be asked, whenever that is later than before.
    """

    def __init__(self, limits: Limits = Limits(), reserve: float = RESERVE) -> None:  # noqa: B008 - it is immutable
        self._reserve = reserve
        self._weight = _Window(MINUTE_NS)
        self._minute = _Window(MINUTE_NS)
        self._ten_seconds = _Window(10 * SECOND_NS)
        self._shut_until_ns = 0
        self._orders_shut_until_ns = 0
        self._connections_shut_until_ns = 0
        self.limits = limits
        self.on_shut: Callable[[int], None] = lambda _: None

    def spend(self, weight: int, orders: int, now_ns: int, *, urgent: bool) -> int:
        """Spend, or say how long to wait.

        Args:
            weight: Of the request.
            orders: What it takes of the order counts.
            now_ns: The server's time.
            urgent: Whether it may use the reserve.

        Returns:
            0 if it was spent and may be sent; else in how many nanoseconds to ask again, with nothing spent.
        """
        wait_ns = max(self._shut_until_ns, self._orders_shut_until_ns if orders else 0) - now_ns
        if wait_ns > 0:
            return wait_ns
        part = 1.0 if urgent else 1.0 - self._reserve
        wanted = (
            (self._weight, weight, self.limits.weight),
            (self._minute, orders, self.limits.orders_minute),
            (self._ten_seconds, orders, self.limits.orders_ten_seconds),
        )
        for window, amount, limit in wanted:
            window.at(now_ns)
            if amount and window.used + amount > int(limit * part):
                return window.left_ns(now_ns)
        for window, amount, _ in wanted:
            window.used += amount
        return 0

    def told(
        self,
        asked_ns: int,
        now_ns: int,
        *,
        weight: int | None = None,
        minute: int | None = None,
        ten_seconds: int | None = None,
    ) -> None:
        """What the venue says has been used in its windows, None where it does not say.

        Where a period has begun since the request was sent, or only just before by our clock, it may be the last one's
        count, which is not taken over.
        """
        for window, used in ((self._weight, weight), (self._minute, minute), (self._ten_seconds, ten_seconds)):
            window.at(now_ns)
            same = (asked_ns - CLOCK_NS) // window.length_ns == now_ns // window.length_ns
            if used is not None and same and used > window.used:
                window.used = used

    def shut(self, until_ns: int) -> None:
        """Ask nothing at all until then: the limit was broken, or the address is banned."""
        if until_ns > self._shut_until_ns:
            self._shut_until_ns = until_ns
            self.on_shut(until_ns)

    def shut_orders(self, until_ns: int) -> None:
        """Place nothing until then: too many orders."""
        self._orders_shut_until_ns = max(self._orders_shut_until_ns, until_ns)

    def shut_connections(self, until_ns: int) -> None:
        """Open no connection until then: whichever of several was told to wait, the limit is that of them all."""
        self._connections_shut_until_ns = max(self._connections_shut_until_ns, until_ns)

    def connections_wait_ns(self, now_ns: int) -> int:
        """How long no connection is to be opened."""
        return max(0, max(self._connections_shut_until_ns, self._shut_until_ns) - now_ns)

    def used_weight(self, now_ns: int) -> int:
        """What was used of the request weight in this minute."""
        self._weight.at(now_ns)
        return self._weight.used

    @property
    def shut_until_ns(self) -> int:
        """Until when nothing may be asked, 0 if that never was so."""
        return self._shut_until_ns
