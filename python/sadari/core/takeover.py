"""Quantities that are known by the venue's word about a position, without trades of ours.

Source: strategies §5.7 (adoption, D-34; quarantine; an entry whose answer is unknown).
"""

from __future__ import annotations

from decimal import Decimal

from sadari.core.lots import ZERO
from sadari.core.position import Position
from sadari.model.units import EXACT, Exact, decimal_of, exact

# The strategy of positions that nobody of us has opened.
ADOPTED = "adopted"
# An adopted position is taken to be at a stage from this share of the notional planned up to it.
ADOPTED_SHARE = Exact(9, 10)


def adopt(position: Position, price: Decimal, qty: Decimal) -> None:
    """Take over a quantity that no plan of this life opened: no lots, no adds, its stage by its size (D-34)."""
    rungs = position.rules.ladder.rungs
    position.used.update(range(1, rungs + 1))
    planned = Exact(0)
    for stage in range(rungs + 1):
        planned += position.plan[stage]
        if 0 < ADOPTED_SHARE * planned <= exact(price) * exact(qty):
            position.stage = stage
    position.increase(price, qty)


def stop_from_mark(position: Position, mark: Decimal) -> bool:
    """A position found beyond its stop is not closed by being found: the stop starts from the mark price (D-34)."""
    if position.stop is None or not position.side.adverse(exact(mark), position.stop):
        return False
    position.stop_from, position.ratchet = exact(mark), None
    position.update_stop()
    return True


def correct(position: Position, price: Decimal, qty: Decimal) -> None:
    """The venue holds another quantity: what is missing is the highest lot's, a surplus the entry's (§5.7)."""
    change = qty - position.qty
    position.untraded += change
    if change < 0:
        position.take_from_lots(-change)
    else:
        cost = EXACT.subtract(EXACT.multiply(price, qty), decimal_of(position.cost))
        position.entry_qty += change
        position.entry_cost = EXACT.add(position.entry_cost, cost)
    position.qty = qty
    position.avg = exact(price)
    position.cost = position.average * exact(qty)
    position.max_qty = max(position.max_qty, qty)
    position.max_notional = max(position.max_notional, EXACT.multiply(qty, price))
    position.liquidation = None
    position.update_stop()


def explained(position: Position, price: Decimal, qty: Decimal, *, closes: bool) -> Decimal:
    """A trade may tell at last of a change that was shown before; the quantity that goes beyond that is returned."""
    share = min(max(-position.untraded if closes else position.untraded, ZERO), qty)
    if closes and share:
        position.close_part(price, share)
    position.untraded += share if closes else -share
    return qty - share


def enter_as_shown(position: Position, price: Decimal, qty: Decimal) -> None:
    """Hold what the venue shows of an entry whose answer is unknown, until its trades are told."""
    position.qty = position.entry_qty = position.entry_cost = ZERO
    position.cost = Exact(0)
    position.avg = position.e0 = position.ratchet = None
    position.enter(price, qty)
    position.unproven, position.unproven_price = qty, price


def prove(position: Position, price: Decimal, qty: Decimal) -> Decimal:
    """A trade of such an entry takes the place of what was shown; the quantity that goes beyond that is returned."""
    share = min(position.unproven, qty)
    if share == 0:
        return qty
    change = EXACT.multiply(EXACT.subtract(price, position.unproven_price), share)
    position.unproven -= share
    position.entry_cost = EXACT.add(position.entry_cost, change)
    if position.qty == 0:
        position.gain -= position.side.sign * exact(change)
        return qty - share
    position.cost += exact(change)
    position.avg = position.e0 = position.cost / exact(position.qty)
    position.ratchet = position.liquidation = None
    position.update_stop()
    return qty - share
