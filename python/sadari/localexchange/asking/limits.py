"""How much may be asked: request weight by address, orders by account, and what happens to those who ask for more.

Source: reference binance-usdm §2. The windows are the clock's own minutes and ten seconds.
"""

from __future__ import annotations

from typing import NamedTuple

from sadari.binance.wire.control import RateLimit
from sadari.localexchange.asking.refused import Refused
from sadari.model.units import MINUTE_NS, SECOND_NS

FIRST_BAN_NS = 2 * MINUTE_NS
LONGEST_BAN_NS = 3 * 24 * 60 * MINUTE_NS


class Limits(NamedTuple):
    """The limits of a gateway; None is no limit.

    Attributes:
        weight: Request weight a minute of one address.
        orders_minute: Orders a minute of the account.
        orders_ten_seconds: Orders in ten seconds of the account.
        offences: How many requests over the weight limit, in one minute, lead to a ban.
    """

    weight: int | None = 2400
    orders_minute: int | None = 1200
    orders_ten_seconds: int | None = 300
    offences: int = 20


NO_LIMITS = Limits(None, None, None)


class Limited(Refused):
    """A refusal that says when to come back.

    Attributes:
        retry_after_s: Whole seconds, at least one.
    """

    def __init__(self, code: int, message: str, status: int, wait_ns: int) -> None:
        super().__init__(code, message, status)
        self.retry_after_s = max(1, -(-wait_ns // SECOND_NS))


class Window:
    """A count that starts anew with each period of the clock."""

    __slots__ = ("_count", "_length_ns", "_number")

    def __init__(self, length_ns: int) -> None:
        self._length_ns = length_ns
        self._number = -1
        self._count = 0

    def add(self, amount: int, now_ns: int) -> int:
        """Count something and give the count of this period."""
        number = now_ns // self._length_ns
        if number != self._number:
            self._number = number
            self._count = 0
        self._count += amount
        return self._count

    def left_ns(self, now_ns: int) -> int:
        """How long this period still lasts."""
        return self._length_ns - now_ns % self._length_ns


class _Address:
    """What one address has used, and what it has done wrong."""

    __slots__ = ("banned_until_ns", "bans", "offences", "used")

    def __init__(self) -> None:
        self.used = Window(MINUTE_NS)
        self.offences = Window(MINUTE_NS)
        self.banned_until_ns = 0
        self.bans = 0


class Usage:
    """The counts of all addresses and of the one account; what goes over a limit raises `Limited`."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._addresses: dict[str, _Address] = {}
        self._ten_seconds = Window(10 * SECOND_NS)
        self._minute = Window(MINUTE_NS)

    def charge_weight(self, address: str, weight: int, now_ns: int) -> None:
        """Count the weight of a request.

        Raises:
            Limited: -1003 with status 429, or 418 for an address that went on regardless: two minutes the first time,
                then twice as long each time, three days at most.
        """
        one = self._addresses.setdefault(address, _Address())
        if now_ns < one.banned_until_ns:
            raise _banned(address, one.banned_until_ns, now_ns)
        used = one.used.add(weight, now_ns)
        if self._limits.weight is None or used <= self._limits.weight:
            return
        if one.offences.add(1, now_ns) > self._limits.offences:
            one.banned_until_ns = now_ns + min(FIRST_BAN_NS << min(one.bans, 16), LONGEST_BAN_NS)
            one.bans += 1
            raise _banned(address, one.banned_until_ns, now_ns)
        raise Limited(
            -1003,
            f"Too many requests; current limit of IP({address}) is {self._limits.weight} requests per minute. "
            "Please use the websocket for live updates to avoid polling the API.",
            429,
            one.used.left_ns(now_ns),
        )

    def charge_orders(self, orders: int, now_ns: int) -> None:
        """Count orders; those that go over a limit are not counted.

        Raises:
            Limited: -1015 with status 429.
        """
        for window, limit, what in (
            (self._ten_seconds, self._limits.orders_ten_seconds, "TEN_SECONDS"),
            (self._minute, self._limits.orders_minute, "MINUTE"),
        ):
            if limit is not None and window.add(0, now_ns) + orders > limit:
                message = f"Too many new orders; current limit is {limit} orders per {what}."
                raise Limited(-1015, message, 429, window.left_ns(now_ns))
        self._ten_seconds.add(orders, now_ns)
        self._minute.add(orders, now_ns)

    def headers(self, address: str, orders: int, now_ns: int) -> dict[str, str]:
        """The headers of an answer; those of the order counts only where orders were counted."""
        headers = {"X-MBX-USED-WEIGHT-1M": str(self._weight(address, now_ns))}
        if orders:
            headers["X-MBX-ORDER-COUNT-10S"] = str(self._ten_seconds.add(0, now_ns))
            headers["X-MBX-ORDER-COUNT-1M"] = str(self._minute.add(0, now_ns))
        return headers

    def listed(self, address: str, orders: int, now_ns: int) -> list[RateLimit]:
        """The same as the WebSocket API says it; a limit that is off is not listed."""
        weight, minute, ten_seconds, _ = self._limits
        rows = [("REQUEST_WEIGHT", "MINUTE", 1, weight, self._weight(address, now_ns))]
        if orders:
            rows.append(("ORDERS", "SECOND", 10, ten_seconds, self._ten_seconds.add(0, now_ns)))
            rows.append(("ORDERS", "MINUTE", 1, minute, self._minute.add(0, now_ns)))
        return [
            RateLimit(kind, unit, many, limit, count) for kind, unit, many, limit, count in rows if limit is not None
        ]

    def _weight(self, address: str, now_ns: int) -> int:
        one = self._addresses.get(address)
        return 0 if one is None else one.used.add(0, now_ns)


def _banned(address: str, until_ns: int, now_ns: int) -> Limited:
    message = (
        f"Way too many requests; IP({address}) banned until {until_ns // 1_000_000}. "
        "Please use the websocket for live updates to avoid bans."
    )
    return Limited(-1003, message, 418, until_ns - now_ns)
