"""Conditional orders whose trigger goes wrong: they wait like any other, and then not what should happens."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Literal

from sadari.exchange import Exchange
from sadari.exchange.orders import passed
from sadari.localexchange.account.announcements import Announcements
from sadari.localexchange.account.records import AlgoOrder, AlgoStatus

Outcome = Literal["stuck", "rejected", "unfilled"]

# What a trigger ends in, in the order in which it is told.
_WAYS: dict[Outcome, tuple[AlgoStatus, ...]] = {
    "stuck": (AlgoStatus.TRIGGERING,),
    "rejected": (AlgoStatus.TRIGGERING, AlgoStatus.REJECTED),
    "unfilled": (AlgoStatus.TRIGGERING, AlgoStatus.TRIGGERED, AlgoStatus.FINISHED),
}
_REASON = "Margin is insufficient."


class BrokenTriggers:
    """The conditional orders that the exchange model does not know any more, because it would trigger them.

    Args:
        exchange: The model.
        tell: Where user events go.
        gateway_ns: The gateway's clock.
    """

    def __init__(self, exchange: Exchange, tell: Announcements, gateway_ns: Callable[[], int]) -> None:
        self._exchange = exchange
        self._gateway_ns = gateway_ns
        self._tell = tell
        self._broken: dict[str, tuple[AlgoOrder, Outcome]] = {}

    def take(self, key: str, algo: AlgoOrder, outcome: Outcome, time_ns: int) -> None:
        """Let the trigger of a waiting order end like this."""
        if key not in self._broken:
            self._exchange.cancel(algo.symbol, key, time_ns)
        self._broken[key] = (algo, outcome)

    def give(self, key: str) -> bool:
        """Forget an order; False if it is none of these."""
        return self._broken.pop(key, None) is not None

    def meet(self, symbol: str, time_ns: int, price: Decimal) -> list[str]:
        """The keys of those that a trade triggers; what becomes of them is recorded and told."""
        if not self._broken:
            return []
        met = [key for key, (algo, _) in self._broken.items() if algo.symbol == symbol and passed(algo.wish, price)]
        for key in met:
            algo, outcome = self._broken.pop(key)
            algo.triggered_ns = time_ns
            for status in _WAYS[outcome]:
                algo.end(status, time_ns, self._gateway_ns(), _REASON if status is AlgoStatus.REJECTED else "")
                self._tell.algo(algo)
        return met
