"""How well an engine does, from what it has settled and what its account shows."""

from __future__ import annotations

import math
from decimal import Decimal

from sadari.model.command import RecordPosition
from sadari.model.units import Exact, decimal_of, exact
from sadari.run.figures.status import PerformanceStatus

_PLACES = 8


class Performance:
    """Counts settled positions; what is not known of one is left out, and told as unknown."""

    def __init__(self) -> None:
        self._wins = self._losses = self._even = self._unknown = 0
        self._mean = self._squares = 0.0

    def see(self, record: RecordPosition) -> None:
        """Take in a settled position."""
        if record.pnl is None:
            self._unknown += 1
            return
        net = record.pnl - record.fees + record.funding
        self._wins += net > 0
        self._losses += net < 0
        self._even += net == 0
        if record.plan_balance > 0:
            share = float(net / record.plan_balance)
            before = share - self._mean
            self._mean += before / self.settled
            self._squares += before * (share - self._mean)

    @property
    def settled(self) -> int:
        """How many results are known."""
        return self._wins + self._losses + self._even

    @property
    def risk_adjusted_return(self) -> float | None:
        """The mean result by its sample deviation, each result as a share of the balance that its plan was made on.

        Returns:
            None under two results, or without any deviation.
        """
        if self.settled < 2 or self._squares <= 0:  # noqa: PLR2004 - a deviation takes two
            return None
        return self._mean / math.sqrt(self._squares / (self.settled - 1))

    def show(
        self, orders: int, refusals: int, equity: Decimal | None, available_balance: Decimal | None
    ) -> PerformanceStatus:
        """The figures.

        Args:
            orders: How many were sent.
            refusals: How many of them the venue has refused.
            equity: In quote currency, None while it is not known.
            available_balance: The same.
        """
        return PerformanceStatus(
            order_success_rate=None if orders == 0 else (orders - refusals) / orders,
            margin_utilisation=_utilisation(equity, available_balance),
            risk_adjusted_return=self.risk_adjusted_return,
            win_rate=None if self.settled == 0 else self._wins / self.settled,
            wins=self._wins,
            losses=self._losses,
            unknown=self._unknown,
        )


def _utilisation(equity: Decimal | None, available_balance: Decimal | None) -> Decimal | None:
    if equity is None or available_balance is None or equity <= 0:
        return None
    return decimal_of(max(1 - exact(available_balance) / exact(equity), Exact(0)), _PLACES)
