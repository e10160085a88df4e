"""Profit at the targets of an entry with a stop of its own: each closes its share of the initial quantity.

Source: strategies §7.8, §8.4.
"""

from __future__ import annotations

from decimal import Decimal

from sadari.core import exits, reductions
from sadari.core.desk import Desk
from sadari.core.intents import Part
from sadari.core.lots import ZERO, Goal
from sadari.core.position import Position
from sadari.model.entry import LimitEntry, Target
from sadari.model.instrument import Instrument
from sadari.model.reason import ExitReason
from sadari.model.units import exact, floor_step

_REASONS = (ExitReason.TAKE_PROFIT_1, ExitReason.TAKE_PROFIT_2, ExitReason.TAKE_PROFIT_3)
#: The most targets that an entry may have.
MOST = len(_REASONS)


def split(targets: tuple[Target, ...], qty: Decimal, instrument: Instrument) -> list[Goal]:
    """What each target closes of an initial quantity, rounded down; the last one closes the rest.

    A share that is too small joins the next one, the last one joins the one before. If only one is left, everything is
    closed at the middle target.
    """
    step, least = instrument.step_size, instrument.min_qty
    shares = [floor_step(exact(one.share) * exact(qty), step) for one in targets[:-1]]
    shares.append(qty - sum(shares, ZERO))
    for place in range(len(shares) - 1):
        if shares[place] < least:
            shares[place + 1] += shares[place]
            shares[place] = ZERO
    kept = [place for place, share in enumerate(shares) if share > 0]
    if len(kept) > 1 and shares[kept[-1]] < least:
        last = kept.pop()
        shares[kept[-1]] += shares[last]
    if len(kept) == 1:
        return [Goal(ExitReason.TAKE_PROFIT.value, targets[(len(targets) - 1) // 2].price, qty)]
    return [Goal(_REASONS[place].value, targets[place].price, shares[place]) for place in kept]


def set_goals(position: Position, limit: LimitEntry) -> None:
    """All of the initial quantity is known: share it out, once."""
    if limit.targets and not position.goals and position.is_in("INITIAL") and position.qty > 0:
        position.goals = split(limit.targets, position.qty, position.instrument)


def leave(desk: Desk, position: Position) -> None:
    """Structure has turned against what is held: close it, as soon as no order of it is under way (§7.8)."""
    if position.is_in("INITIAL") and desk.guards:
        verdict, position.turned = position.turned, ""
        exits.begin(desk, position, "opposite_choch", ExitReason.OPPOSITE_CHOCH.value, "engine", verdict)


def next_goal(position: Position) -> Goal | None:
    """The nearest target that is not reached yet."""
    return next((goal for goal in position.goals if goal.open > 0), None)


def consider(desk: Desk, position: Position, tick: Decimal) -> bool:
    """Close what every target that this tick is beyond has to close, by one order. True if it was sent."""
    if position.reduction_blocked:
        return False
    price = exact(tick)
    left = [goal for goal in position.goals if goal.open > 0]
    due = [goal for goal in left if position.side.favourable(price, goal.price)]
    if not due:
        return False
    parts = [Part(goal.reason, goal.open, 0) for goal in due]
    rest = position.qty - sum((part.qty for part in parts), ZERO)
    if due == left or rest < position.instrument.min_qty:
        _close(desk, position, parts, f"tick {tick}")
        return True
    position.return_state = position.state.value
    desk.move(position, "target_trigger", "some target stays open")
    reductions.send(desk, position, parts, position.return_state, f"tick {tick}")
    return True


def _close(desk: Desk, position: Position, parts: list[Part], cause: str) -> None:
    """The last target closes what is left, whatever its share was."""
    before = parts[:-1]
    earlier = ZERO
    for part in before:
        part.qty = min(part.qty, position.qty - earlier)
        earlier += part.qty
    parts[-1].qty = position.qty - earlier
    exits.close_at_target(desk, position, [part for part in parts if part.qty > 0], cause)
