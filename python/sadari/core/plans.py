"""The plans of the strategies that share an account: each by itself, and what they take together.

Source: strategies §9.3, §9.5 (D-08).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import NamedTuple

from msgspec.structs import replace

from sadari.core.plan import Finding, check_plan, percent
from sadari.model.order import SizingBasis
from sadari.model.plan import Ladder, Settings, StopSizing
from sadari.model.reason import PlanFault

# A stop may lie anywhere short of losing everything.
FURTHEST_STOP = Decimal("0.99")


class Together(NamedTuple):
    """What as many positions as may be held at once take as margin, and lose at their worst stops, in quote currency.

    They are those of the strategies in which a position takes, or loses, most.
    """

    committed: Decimal
    worst_case: Decimal


def plans(settings: Settings) -> dict[str, Settings]:
    """What each strategy plans by, as if the account had no other; where none is named, the account's plan as ""."""
    found: dict[str, Settings] = {}
    for name, own in settings.strategies.items():
        risk = settings.risk
        reserve = max(own.min_reserve_pct or risk.min_reserve_pct, risk.min_reserve_pct)
        at_once = min(risk.max_positions, settings.at_once(name))
        ladder = settings.ladder_of(name)
        if own.by_stop:
            ladder = _single_order(settings.sizing, ladder)
        limits = replace(risk, max_positions=at_once, min_reserve_pct=reserve)
        found[name] = replace(settings, ladder=ladder, risk=limits)
    return found or {"": settings}


def together(settings: Settings, balance: Decimal) -> Together:
    """What the account's positions take and lose together."""
    taken: list[tuple[Decimal, int]] = []
    lost: list[tuple[Decimal, int]] = []
    for plan in plans(settings).values():
        at_once, basis = plan.risk.max_positions, plan.ladder.sizing_basis
        losses = (row.loss for row in check_plan(plan, balance).capital if row.basis is basis)
        taken.append((sum(plan.ladder.weights, Decimal(0)) * balance, at_once))
        lost.append((max(losses, default=Decimal(0)), at_once))
    most = settings.risk.max_positions
    return Together(_dearest(taken, most), _dearest(lost, most))


def check_together(settings: Settings, balance: Decimal) -> Iterator[Finding]:
    """What several strategies contradict that each by itself does not."""
    if len(settings.strategies) < 2:  # noqa: PLR2004 - one has nobody to be together with
        return
    risk, found = settings.risk, together(settings, balance)
    names = ", ".join(settings.strategies)
    positions = min(risk.max_positions, sum(plan.risk.max_positions for plan in plans(settings).values()))
    allowed = 1 - risk.min_reserve_pct
    if found.committed > allowed * balance:
        text = (
            f"{positions} positions of {names} together take {percent(found.committed / balance)} of the balance where "
            f"a reserve of {percent(risk.min_reserve_pct)} leaves {percent(allowed)}"
        )
        yield Finding(fault=PlanFault.CONFIG_OVERCOMMITTED, text=text)
    if found.worst_case > risk.max_portfolio_stop_loss_pct * balance:
        text = (
            f"{positions} positions of {names} together lose {percent(found.worst_case / balance)} of the balance at "
            f"their worst stops where max_portfolio_stop_loss_pct allows {percent(risk.max_portfolio_stop_loss_pct)}"
        )
        yield Finding(fault=PlanFault.PORTFOLIO_RISK_CAP, text=text)


def _dearest(strategies: Iterable[tuple[Decimal, int]], positions: int) -> Decimal:
    """The sum of the dearest positions; of each strategy what one costs, and how many it may have."""
    total = Decimal(0)
    for each, most in sorted(strategies, reverse=True):
        held = min(most, positions)
        total, positions = total + held * each, positions - held
    return total


def _single_order(sizing: StopSizing, ladder: Ladder) -> Ladder:
    """The worst of orders that are sized by their stop, as a plan: the largest, stopped where it loses most (§9.3)."""
    most = sizing.max_order_value
    largest = most if sizing.max_position is None else min(sizing.max_position, most)
    return replace(
        ladder, weights=(largest / ladder.leverage,), dca_trigger=(), sizing_basis=SizingBasis.MARGIN,
        stop_by_stage=(min(sizing.risk_per_trade / largest, FURTHEST_STOP),),
    )  # fmt: skip
