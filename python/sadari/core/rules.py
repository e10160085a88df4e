"""The ladder's numbers as exact fractions, computed once per run: what a position multiplies with.

Source: strategies §5.1, §5.2. Thresholds are never rounded; a price is compared with the exact level.
"""

from __future__ import annotations

from bisect import bisect_right
from decimal import Decimal

from sadari.model.instrument import Instrument
from sadari.model.order import Direction, MarginMode, SizingBasis
from sadari.model.plan import Fees, Ladder, Reward
from sadari.model.reason import stop_loss
from sadari.model.units import Exact, exact

ONE = Exact(1)


class Side:
    """The ladder's factors for one direction.

    Attributes:
        sign: ``+1`` for LONG, ``-1`` for SHORT.
        trigger: Factor of the first entry price at which rung k (index k-1) is due.
        stop: Factor of the average price at which stage k stops.
        half: Factor of the average price at which half is closed.
        breakeven: Factor of the average price that pays both fees.
        liquidation: ``1 - sign/leverage``, the numerator of the liquidation estimate.
        guard: Factor of the liquidation price at which the guard closes.
        near_wall: Factor of the liquidation price beyond which no resting stop may lie.
        inner: Factor of the stop at which the inner resting stop lies.
        wall: Factor of the stop at which the outer resting stop lies.
    """

    __slots__ = (
        "breakeven",
        "direction",
        "guard",
        "half",
        "inner",
        "liquidation",
        "near_wall",
        "sign",
        "stop",
        "trigger",
        "wall",
    )

    def __init__(self, direction: Direction, ladder: Ladder, fees: Fees) -> None:
        sign = direction.sign
        self.direction = direction
        self.sign = sign
        self.trigger = tuple(ONE - sign * exact(pct) for pct in ladder.dca_trigger)
        self.stop = tuple(ONE - sign * exact(pct) for pct in ladder.stop_by_stage)
        self.half = ONE + sign * exact(ladder.half_close_pct)
        self.breakeven = ONE + sign * 2 * exact(fees.taker)
        self.liquidation = ONE - Exact(sign, ladder.leverage)
        self.guard = ONE + sign * exact(ladder.liq_guard_pct)
        self.near_wall = ONE + sign * exact(ladder.liq_guard_pct) / 2
        self.inner = ONE - sign * exact(ladder.protect_offset)
        self.wall = ONE - sign * exact(ladder.protect_wall_offset)

    def adverse(self, price: Exact, level: Exact) -> bool:
        """True if the price is at or beyond the level against the position (strategies §1.2)."""
        return price <= level if self.sign > 0 else price >= level

    def favourable(self, price: Exact, level: Exact) -> bool:
        """True if the price is at or beyond the level in the position's favour (strategies §1.2)."""
        return price >= level if self.sign > 0 else price <= level

    def tighter(self, first: Exact, second: Exact) -> Exact:
        """The stop level nearer to the market."""
        return max(first, second) if self.sign > 0 else min(first, second)


class Rules:
    """The plan of a run with its factors for both directions."""

    __slots__ = ("_sides", "fees", "isolated", "ladder", "reward", "stop_reasons", "stops", "weights")

    def __init__(self, ladder: Ladder, fees: Fees, reward: Reward) -> None:
        self.ladder = ladder
        self.fees = fees
        self.reward = reward
        self.isolated = ladder.margin_mode is MarginMode.ISOLATED
        scale = ladder.leverage if ladder.sizing_basis is SizingBasis.MARGIN else 1
        self.weights = tuple(exact(weight) * scale for weight in ladder.weights)
        self.stops = tuple(map(exact, ladder.stop_by_stage))
        self.stop_reasons = tuple(stop_loss(stage) for stage in range(len(self.stops)))
        self._sides = {direction: Side(direction, ladder, fees) for direction in Direction}

    def side(self, direction: Direction) -> Side:
        """The factors of one direction."""
        return self._sides[direction]

    def notional(self, rung: int, plan_balance: Decimal) -> Exact:
        """The planned order notional of the entry (rung 0) or of an add (strategies §5.1 ``sizing_basis``)."""
        return self.weights[rung] * exact(plan_balance)

    def plan(self, plan_balance: Decimal) -> tuple[Exact, ...]:
        """The planned order notionals of the entry and of each add."""
        return tuple(self.notional(rung, plan_balance) for rung in range(len(self.weights)))


class Maintenance:
    """The maintenance margin rates of an instrument's brackets, by position notional, as exact fractions."""

    __slots__ = ("_floors", "_rates")

    def __init__(self, instrument: Instrument) -> None:
        self._floors = [exact(bracket.floor) for bracket in instrument.brackets]
        self._rates = [exact(bracket.maint_margin_rate) for bracket in instrument.brackets]

    def rate(self, notional: Exact) -> Exact:
        """The rate of the bracket that holds a notional."""
        return self._rates[max(bisect_right(self._floors, notional) - 1, 0)]


def estimated_liquidation(side: Side, avg: Exact, notional: Exact, maintenance: Maintenance) -> Exact | None:
    """The liquidation price of an isolated position before the venue has supplied one; None if there is none.

    Source: strategies §5.2, ``LP = avg·(1 - sg/leverage)/(1 - sg·mmr)`` with the bracket of the whole position.
    """
    estimate = avg * side.liquidation / (1 - side.sign * maintenance.rate(notional))
    return estimate if estimate > 0 else None
