"""What margin mode and leverage mean to a position that has its whole plan: where it ends and what it costs.

Source: strategies §5.2 (guard), §5.4 (D-13), §9.5; for crossed margin the isolated estimate with the whole balance as
its margin, for one position alone on the account.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

import msgspec

from sadari.core.plan import LevelRow, check_plan
from sadari.core.plans import plans
from sadari.core.rules import Side
from sadari.model.instrument import Instrument
from sadari.model.order import Direction, MarginMode
from sadari.model.plan import Settings
from sadari.model.units import decimal_of, exact
from sadari.venue.live.account.findings import Change


class Setting(NamedTuple):
    """What can be set of a symbol."""

    margin_mode: MarginMode
    leverage: int


class Outlook(NamedTuple):
    """One position with its whole plan.

    Attributes:
        notional: What it has cost.
        margin: What of it is margin.
        liquidation: Where the exchange closes it, None if nowhere.
        closed_at: Where its stop or, before that, the guard closes it.
        loss: What that costs.
        at_most: What a gap past every stop can cost: its margin or, crossed, the whole balance.
    """

    notional: Decimal
    margin: Decimal
    liquidation: Decimal | None
    closed_at: Decimal
    loss: Decimal
    at_most: Decimal


def whole_plan_notional(settings: Settings, balance: Decimal) -> Decimal:
    """The notional of a position that has its whole plan, the largest of several plans, in quote currency."""
    if balance <= 0:
        return Decimal(0)
    rows = (
        row.notional
        for plan in plans(settings).values()
        for row in check_plan(plan, balance).capital
        if row.basis is plan.ladder.sizing_basis
    )
    return max(rows, default=Decimal(0))


def changes(
    settings: Settings, balance: Decimal, instrument: Instrument, price: Decimal, found: Setting, planned: Setting
) -> Iterator[Change]:
    """The figures of a symbol's whole plan under two settings, the quantities those of the plan in both."""
    pairs = []
    for direction in Direction:
        now = _outlook(settings, balance, instrument, price, direction, found)
        then = _outlook(settings, balance, instrument, price, direction, planned)
        if now is None or then is None:
            continue
        pairs.append((now, then))
        for name, what in (
            ("liquidation", "liquidation price"),
            ("closed_at", "price where it is closed at a loss"),
            ("loss", "loss there"),
            ("at_most", "most that a gap past every stop can cost"),
            ("margin", "margin"),
        ):
            yield Change(what=f"{direction} {what}", found=getattr(now, name), planned=getattr(then, name))
    if pairs:
        many = settings.risk.max_positions
        for name, what in (("loss", "at their stops"), ("at_most", "in gaps past every stop")):
            worst_found, worst_planned = (
                min(balance, many * max(getattr(pair[which], name) for pair in pairs)) for which in (0, 1)
            )
            yield Change(what=f"worst case of {many} such positions {what}", found=worst_found, planned=worst_planned)


def _outlook(
    settings: Settings, balance: Decimal, instrument: Instrument, price: Decimal, direction: Direction, setting: Setting
) -> Outlook | None:
    """None where the plan is too small for the contract to have any quantity."""
    report = check_plan(settings, balance, instrument, price)
    rows = [row for row in report.levels if row.direction is direction and row.total_qty]
    if not rows:
        return None
    return _of(rows[-1], settings, balance, report.maint_margin_rate, setting)


def _of(row: LevelRow, settings: Settings, balance: Decimal, rate: Decimal, setting: Setting) -> Outlook:
    ladder = msgspec.structs.replace(settings.ladder, leverage=setting.leverage, margin_mode=setting.margin_mode)
    side = Side(row.direction, ladder, settings.fees)
    average, qty = exact(row.average), exact(row.total_qty)
    notional = average * qty
    isolated = setting.margin_mode is MarginMode.ISOLATED
    margin = notional / setting.leverage
    kept = side.liquidation if isolated else 1 - side.sign * exact(balance) / notional
    liquidation = average * kept / (1 - side.sign * exact(rate))
    stop = exact(row.stage_stop)
    if isolated and liquidation > 0:
        stop = side.tighter(stop, liquidation * side.guard)
    return Outlook(
        notional=decimal_of(notional),
        margin=decimal_of(margin),
        liquidation=decimal_of(liquidation) if liquidation > 0 else None,
        closed_at=decimal_of(stop),
        loss=decimal_of(side.sign * (average - stop) * qty),
        at_most=decimal_of(margin) if isolated else balance,
    )
