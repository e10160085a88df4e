"""How large a plan may be as risk changes: options that are off by default. Source: `sadari.model.plan.Scaling`."""

from __future__ import annotations

from decimal import Decimal

from sadari.core.desk import Desk
from sadari.model.event import SignalRaised
from sadari.model.plan import Scaling

ONE = Decimal(1)
# A share of a plan needs no more digits, and an exact quotient might have no last one.
SMALLEST = Decimal("0.0001")


def share(desk: Desk, signal: SignalRaised) -> Decimal:
    """The share of its plan that a new position is given, above 0 and at most 1."""
    scaling, account = desk.settings.scaling, desk.account
    fall = ONE - signal.equity / account.peak_equity if account.peak_equity > 0 else Decimal(0)
    return by_volatility(scaling, signal.volatility) * by_drawdown(scaling, fall)


def by_volatility(scaling: Scaling, percentile: float | None) -> Decimal:
    """What high volatility leaves; one that is not known counts as the highest."""
    start = scaling.volatility_from_pct
    if start is None:
        return ONE
    above = (Decimal(100 if percentile is None else percentile) - start) / (Decimal(100) - start)
    reduced = ONE - (ONE - scaling.volatility_floor) * min(max(above, Decimal(0)), ONE)
    return reduced.quantize(SMALLEST)


def by_drawdown(scaling: Scaling, fall: Decimal) -> Decimal:
    """What a fall of equity below its peak, as a fraction, leaves: the last step that it has reached."""
    left = ONE
    for step, size in scaling.drawdown_steps:
        if fall >= step:
            left = size
    return left
