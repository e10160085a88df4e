"""The dead man's switch: a symbol's orders are canceled unless their client says in time that it lives.

Source: reference binance-usdm §3.2, countdownCancelAll. Conditional orders stay: what the exchange does to them is not
known.
"""

from __future__ import annotations

from collections.abc import Callable

from sadari.binance.wire.orders import Countdown
from sadari.localexchange.account.desk import Desk
from sadari.localexchange.asking.endpoint import Endpoint, Security
from sadari.localexchange.asking.parameters import Parameters
from sadari.localexchange.asking.refused import Refused
from sadari.localexchange.endpoints.order_wishes import known_symbol
from sadari.model.units import MILLISECOND_NS


class Countdowns:
    """The countdowns that run, one for each symbol at most.

    Args:
        desk: Whose orders are canceled.
        gateway_ns: The clock that they run by, ns UTC.
    """

    def __init__(self, desk: Desk, gateway_ns: Callable[[], int]) -> None:
        self._desk = desk
        self._gateway_ns = gateway_ns
        self._due_ns: dict[str, int] = {}

    def endpoints(self) -> list[Endpoint]:
        """The table of one."""
        return [Endpoint("POST", "/fapi/v1/countdownCancelAll", self.start, Security.SIGNED, 10)]

    def start(self, asked: Parameters) -> Countdown:
        """Start a symbol's countdown, or start it anew; 0 stops it."""
        symbol = known_symbol(asked, self._desk.instruments)
        asked.text("countdownTime")
        time = asked.integer("countdownTime") or 0
        if time < 0:
            raise Refused(-1130, "Data sent for parameter 'countdownTime' is not valid.")
        self._due_ns.pop(symbol, None)
        if time:
            self._due_ns[symbol] = self._gateway_ns() + time * MILLISECOND_NS
        return Countdown(symbol, str(time))

    def act(self) -> None:
        """Cancel the orders of the symbols whose time is up."""
        now_ns = self._gateway_ns()
        for symbol in [symbol for symbol, due_ns in self._due_ns.items() if due_ns <= now_ns]:
            del self._due_ns[symbol]
            for order in list(self._desk.open_orders(symbol)):
                self._desk.cancel(order)
