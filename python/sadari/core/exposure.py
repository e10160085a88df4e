"""What is at stake: margin in use and the worst case of the plan. Source: strategies §9.3 (gate 24), §9.5."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from sadari.core.position import Position
from sadari.core.rules import Rules
from sadari.model.reason import stage_name

COUNTED_OUT = ("FLAT", "CLOSED", "CLOSED_UNSETTLED")


def counts(position: Position) -> bool:
    """True for pending, held, exiting and quarantined positions (strategies §9.1)."""
    return not position.is_in(*COUNTED_OUT)


def margin_used(position: Position) -> Fraction:
    """Initial margin of a position and of its pending entry or add."""
    leverage = position.rules.ladder.leverage
    held = position.average * Fraction(position.qty) if position.qty else Fraction(0)
    working = position.working
    pending = Fraction(0)
    if working is not None and not working.final and working.qty is not None and working.purpose in ("ENTRY", "ADD"):
        pending = Fraction(working.qty - working.filled) * Fraction(position.last_price)
    return (held + pending) / leverage


def plan_loss(rules: Rules, notionals: list[Fraction], first_stage: int) -> Fraction:
    """The largest loss at a stage stop over the stages still reachable: cumulative notional times stop."""
    worst = Fraction(0)
    total = Fraction(0)
    for offset, notional in enumerate(notionals):
        total += notional
        worst = max(worst, total * Fraction(rules.ladder.stop_by_stage[first_stage + offset]))
    return worst


def worst_case(position: Position) -> Fraction:
    """What a position loses if the plan runs to its worst stop; after any staged exit only what is open now."""
    rules = position.rules
    if position.qty == 0:
        notionals = [rules.notional(rung, position.plan_balance) for rung in range(rules.ladder.rungs + 1)]
        return plan_loss(rules, notionals, 0)
    held = Fraction(position.qty) * position.average
    if position.half_closed or position.staged_exit or position.is_in("QUARANTINED"):
        side = position.side
        stop = position.stop if position.stop is not None else position.average
        return Fraction(position.qty) * max(Fraction(0), side.sign * (position.average - stop))
    planned = [
        rules.notional(rung, position.plan_balance) for rung in range(position.stage + 1, rules.ladder.rungs + 1)
    ]
    return plan_loss(rules, [held, *planned], position.stage)


def portfolio_worst_case(positions: Iterable[Position]) -> Fraction:
    """The sum over all counted positions."""
    return sum((worst_case(position) for position in positions if counts(position)), Fraction(0))


def ladder_worst_case(rules: Rules, balance: Decimal) -> Fraction:
    """The worst case of one full ladder planned from a balance."""
    notionals = [rules.notional(rung, balance) for rung in range(rules.ladder.rungs + 1)]
    return plan_loss(rules, notionals, 0)


def stage_label(position: Position) -> str:
    """The name of the stage a position has reached."""
    return stage_name(position.stage)
