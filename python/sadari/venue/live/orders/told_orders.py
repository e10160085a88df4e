"""What the user stream has told of each order, so that nothing goes back and no trade is missing unnoticed."""

from __future__ import annotations

from collections import OrderedDict
from decimal import Decimal
from typing import NamedTuple

from sadari.binance.user_frames import AlgoHeard, OrderHeard

# So many orders that have ended are remembered, for what is told of them again.
MOST_ENDED = 5000
ZERO = Decimal(0)


class ToldOrder:
    """An order, or a conditional one with the order that it has become.

    Attributes:
        filled: The quantity of the trades that were told.
        owed: The quantity that the exchange says was filled.
        accepted: Whether it was told to be at the exchange.
        ended: Whether its end was told.
        full: Whether it was filled to the end.
        end: The end without further trades, which may wait for trades that were not told yet.
    """

    __slots__ = ("_trades", "accepted", "end", "ended", "filled", "full", "owed")

    def __init__(self) -> None:
        self.filled = ZERO
        self.owed = ZERO
        self.accepted = False
        self.ended = False
        self.full = False
        self.end: OrderHeard | None = None
        self._trades: set[int] = set()

    def trade(self, trade_id: int, qty: Decimal) -> bool:
        """Count a trade; false if it is known."""
        if trade_id in self._trades:
            return False
        self._trades.add(trade_id)
        self.filled += qty
        return True

    @property
    def whole(self) -> bool:
        """Whether all that was filled was told."""
        return self.filled >= self.owed


class WaitingAlgo(NamedTuple):
    """A conditional order that has not ended: what is known of it, and since when its trigger has led to nothing."""

    heard: AlgoHeard
    fired_ns: int | None = None
    told: bool = False


class ToldOrders:
    """All orders by their client order id, the ended ones for a while."""

    def __init__(self) -> None:
        self._orders: dict[str, ToldOrder] = {}
        self._ended: OrderedDict[str, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._orders)

    def of(self, client_order_id: str) -> ToldOrder:
        """The order; a new one where nothing was told of it."""
        found = self._orders.get(client_order_id)
        if found is None:
            found = self._orders[client_order_id] = ToldOrder()
        return found

    def maybe(self, client_order_id: str) -> ToldOrder | None:
        """The order, None where nothing was told of it."""
        return self._orders.get(client_order_id)

    def end(self, client_order_id: str) -> list[str]:
        """Its end was told; what is forgotten for it, the oldest first."""
        self._orders[client_order_id].ended = True
        self._ended[client_order_id] = None
        forgotten = []
        while len(self._ended) > MOST_ENDED:
            oldest, _ = self._ended.popitem(last=False)
            del self._orders[oldest]
            forgotten.append(oldest)
        return forgotten
