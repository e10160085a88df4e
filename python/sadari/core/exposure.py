"""What is at stake: margin in use and the worst case of the plan. Source: strategies §9.3 (gate 24), §9.5."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from sadari.core.intent_table import IntentState
from sadari.core.intents import Intent
from sadari.core.position import Position
from sadari.model.entry import LimitEntry
from sadari.model.order import Direction
from sadari.model.units import EXACT, Exact, exact

COUNTED_OUT = ("FLAT", "CLOSED", "CLOSED_UNSETTLED")


def counts(position: Position) -> bool:
    """True for pending, held, exiting and quarantined positions (strategies §9.1)."""
    return not position.is_in(*COUNTED_OUT) or bool(position.openings and _unknown(position))


def _unknown(position: Position) -> list[Intent]:
    """Entries and adds that may have been executed without our knowledge: they count as if they were (faults R1)."""
    return [intent for intent in position.openings if intent.state is IntentState.UNKNOWN]


def _unknown_notional(position: Position) -> Exact:
    """The notional of those that no order under way stands for."""
    left = Exact(0)
    for intent in _unknown(position):
        if intent is not position.working and intent.qty is not None:
            left += exact(intent.qty - intent.filled) * exact(position.last_price)
    return left


def committed(position: Position) -> Exact:
    """The notional that takes margin: what is held, at its average price, and what of an entry or add is pending."""
    working = position.working
    held = position.cost + _unknown_notional(position) if position.openings else position.cost
    if working is None or working.final or working.qty is None or working.purpose not in ("ENTRY", "ADD"):
        return held
    price = position.last_price if position.limit is None else position.limit.price
    return held + exact(working.qty - working.filled) * exact(price)


class Exposure(NamedTuple):
    """What is at stake on each side at mark prices, in quote currency: notionals are not negative (strategies §9.4)."""

    long: Decimal
    short: Decimal
    long_unrealized: Decimal
    short_unrealized: Decimal

    @property
    def net(self) -> Decimal:
        """Long less short."""
        return EXACT.subtract(self.long, self.short)


def by_side(held: Iterable[tuple[Direction, Decimal, Decimal, Decimal]]) -> Exposure:
    """The exposure of positions given as direction, quantity, mark price and unrealized profit."""
    notional = dict.fromkeys(Direction, Decimal(0))
    profit = dict.fromkeys(Direction, Decimal(0))
    for direction, qty, mark, unrealized in held:
        notional[direction] = EXACT.fma(qty, mark, notional[direction])
        profit[direction] = EXACT.add(profit[direction], unrealized)
    long, short = Direction.LONG, Direction.SHORT
    return Exposure(notional[long], notional[short], profit[long], profit[short])


def _plan_loss(position: Position, notional: Exact, stage: int) -> Exact:
    """The largest loss at a stage stop over the stages still reachable: cumulative notional times stop."""
    stops = position.rules.stops
    worst = notional * stops[stage]
    for later in range(stage + 1, len(stops)):
        notional += position.plan[later]
        worst = max(worst, notional * stops[later])
    return worst


def worst_case(position: Position) -> Exact:
    """What a position loses if the plan runs to its worst stop; after any staged exit only what is open now."""
    if position.worst is None:
        position.worst = _worst_case(position)
    return position.worst


def _loss_at(stop: Exact, limit: LimitEntry, position: Position) -> Exact:
    """What an entry with a stop of its own loses there: no adds follow it (strategies §7.8, §9.5)."""
    sign, working = position.side.sign, position.working
    held = exact(position.qty) * max(Exact(0), sign * (position.average - stop)) if position.qty > 0 else Exact(0)
    if working is not None and working.qty is not None and not working.final:
        waits = exact(working.qty - working.filled) if working.purpose == "ENTRY" else Exact(0)
    else:
        waits = position.plan[0] / exact(limit.price) if position.qty == 0 else Exact(0)
    return held + waits * max(Exact(0), sign * (exact(limit.price) - stop))


def _worst_case(position: Position) -> Exact:
    if position.limit is not None and not position.is_in("QUARANTINED"):
        return _loss_at(position.stop or exact(position.limit.stop), position.limit, position)
    if position.qty == 0:
        return _plan_loss(position, position.plan[0], 0)
    if position.half_closed or position.staged_exit or position.is_in("QUARANTINED"):
        side = position.side
        stop = position.stop if position.stop is not None else position.average
        loss = exact(position.qty) * max(Exact(0), side.sign * (position.average - stop))
        unknown = sum(
            (exact(intent.qty - intent.filled) for intent in _unknown(position) if intent.qty is not None), Exact(0)
        )
        return loss + unknown * exact(position.last_price) * max(position.rules.stops)
    return _plan_loss(position, position.cost, position.stage)


def open_short_risk(positions: Iterable[Position]) -> Exact:
    """What short positions lose if all of them stop: 0 for one whose stop is at or below its average (D-22).

    What still waits for its price is counted as filled: resting orders together must not exceed what each may risk.
    """
    risk = Exact(0)
    for position in positions:
        if position.direction is not Direction.SHORT:
            continue
        if position.limit is not None and counts(position) and not position.is_in("QUARANTINED"):
            risk += _loss_at(position.stop or exact(position.limit.stop), position.limit, position)
        elif position.qty > 0 and position.stop is not None:
            risk += exact(position.qty) * max(Exact(0), position.stop - position.average)
    return risk


def portfolio_worst_case(positions: Iterable[Position]) -> Exact:
    """The sum over all counted positions."""
    return sum((worst_case(position) for position in positions if counts(position)), Exact(0))
