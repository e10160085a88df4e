"""The exit that is left when the venue refuses market orders: slices of a limit order inside the price band.

Source: faults R2 and F30, invariant I12. Each try changes its quantity, its price or both.
"""

from __future__ import annotations

from decimal import Decimal

from sadari.core.position import Position
from sadari.model.order import Direction
from sadari.model.units import EXACT, Exact, ceil_tick, exact, floor_step, floor_tick

ONE = Exact(1)
# How far from the last price a limit may lie where the contract tells no band.
BAND = Exact(1, 100)
# How many times a refused slice is halved, and how near to the last price its limit comes.
HALVINGS = 4
NEARER = 3


def cut(position: Position, number: int) -> tuple[Decimal, Decimal]:
    """Quantity and limit of the try with this number, from 0: the largest slice at the far edge of the band first."""
    instrument = position.instrument
    whole = min(position.qty, instrument.max_qty)
    share = floor_step(exact(whole) / 2 ** min(number, HALVINGS), instrument.step_size)
    qty = min(max(share, instrument.min_qty), whole)
    return qty, _limit(position, ONE / 2 ** (number % NEARER))


def _limit(position: Position, reach: Exact) -> Decimal:
    """A price so far into the band around the last price, rounded to stay inside."""
    instrument, last = position.instrument, exact(position.last_price)
    if position.direction is Direction.LONG:
        edge = exact(instrument.multiplier_down) if instrument.multiplier_down > 0 else ONE - BAND
        price = ceil_tick(last * (ONE - (ONE - edge) * reach), instrument.tick_size)
        return max(price, instrument.min_price)
    edge = exact(instrument.multiplier_up) if instrument.multiplier_up > 0 else ONE + BAND
    price = floor_tick(last * (ONE + (edge - ONE) * reach), instrument.tick_size)
    return EXACT.min(price, instrument.max_price) if instrument.max_price > 0 else price
