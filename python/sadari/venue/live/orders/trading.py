"""Trading at the exchange: orders, what is told of them, and comparing, behind one face."""

from __future__ import annotations

from typing import Protocol

from sadari.model.command import CancelOrder, PlaceOrder, QueryOrder
from sadari.model.event import AccountUpdated


class Trading(Protocol):
    """Where a live venue's orders go: to an exchange, or to a model of one on paper."""

    def place(self, order: PlaceOrder) -> None:
        """Send an order; its outcome is an event."""

    def cancel(self, command: CancelOrder) -> None:
        """Send a cancel; its outcome is an event."""

    def query(self, command: QueryOrder) -> None:
        """Find out what became of an order; the answer is an event."""

    async def compare(self, symbol: str = "") -> None:
        """Tell whatever differs.

        Raises:
            SadariError: It cannot be told now.
        """

    async def glance(self) -> None:
        """Look at positions alone, and compare the symbols that differ.

        Raises:
            SadariError: It cannot be done now.
        """

    async def refresh(self, cause: str = "REFRESH", *, positions: bool = True) -> None:
        """Tell the account, with its positions or without.

        Raises:
            SadariError: It cannot be told now.
        """

    def moved(self, time_ns: int) -> AccountUpdated | None:
        """What is available at a moment of decision, where prices have moved it."""

    def trade(self, symbol: str, price: float, time_ns: int) -> None:
        """A trade of the market, before the engine's levels meet it."""

    @property
    def meets_trades(self) -> bool:
        """Whether `trade` wants to be called."""

    def look(self) -> None:
        """Tell what has become due without a message."""

    @property
    def compared(self) -> int:
        """How often everything was compared."""

    @property
    def in_flight(self) -> int:
        """How many requests have no answer yet."""

    async def close(self) -> None:
        """Wait for nothing any more."""
