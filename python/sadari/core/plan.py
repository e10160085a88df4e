"""A configuration's arithmetic before any order: what the plan commits, where it stops, what it can lose.

Source: strategies §5.1 (D-30), §5.4 (D-13), §9.5 (D-08).
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import accumulate, pairwise

import msgspec

from sadari.core.rules import ONE, Rules, Side
from sadari.model.instrument import Instrument
from sadari.model.order import Direction, SizingBasis
from sadari.model.plan import Ladder, Settings
from sadari.model.reason import PlanFault, stage_name
from sadari.model.units import Exact, decimal_of, exact, floor_step

# Where no instrument is named, a maintenance margin rate at the high end of the liquid contracts' first brackets.
ASSUMED_MAINT_MARGIN_RATE = Decimal("0.01")


class CapitalRow(msgspec.Struct, frozen=True, kw_only=True):
    """What one position has committed when it has reached a stage, in quote currency.

    ``loss`` is its loss at the stage stop, ``notional`` times the stage's stop fraction.
    """

    basis: SizingBasis
    stage: str
    capital: Decimal
    notional: Decimal
    loss: Decimal


class LevelRow(msgspec.Struct, frozen=True, kw_only=True):
    """One stage of the ladder with every fill exactly at its trigger.

    ``stop`` is what closes the position first, the stop of the stage (or an earlier one that the ratchet keeps) or the
    guard before the liquidation price; ``loss`` is what it costs there. ``liquidation`` and ``guard`` are None for a
    crossed margin. ``trigger`` is the price of the stage's order.
    """

    direction: Direction
    stage: str
    trigger: Decimal
    qty: Decimal
    total_qty: Decimal
    average: Decimal
    stage_stop: Decimal
    liquidation: Decimal | None
    guard: Decimal | None
    stop: Decimal
    guarded: bool
    loss: Decimal
    half_close: Decimal


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a person should know; one with a ``fault`` makes the configuration unusable."""

    fault: PlanFault | None
    text: str


class PlanReport(msgspec.Struct, frozen=True, kw_only=True):
    """The plan worked out, and what is wrong with it.

    ``committed`` is the margin of ``max_positions`` whole plans and ``allowed`` the most they may take; ``worst_case``
    is the loss if all of them stop at their worst stage and ``worst_allowed`` its limit; all in quote currency.
    """

    balance: Decimal
    price: Decimal
    maint_margin_rate: Decimal
    capital: tuple[CapitalRow, ...] = ()
    levels: tuple[LevelRow, ...] = ()
    committed: Decimal = Decimal(0)
    allowed: Decimal = Decimal(0)
    worst_case: Decimal = Decimal(0)
    worst_allowed: Decimal = Decimal(0)
    findings: tuple[Finding, ...] = ()

    @property
    def faults(self) -> tuple[Finding, ...]:
        """The findings that make the configuration unusable."""
        return tuple(finding for finding in self.findings if finding.fault is not None)


class _Stage:
    """One stage of an ideal ladder, exact. ``stop`` is the stage stop or what the ratchet keeps; no guard in it."""

    __slots__ = ("average", "guard", "index", "liquidation", "qty", "stop", "total", "trigger")

    def __init__(self, index: int, trigger: Exact, qty: Exact, total: Exact, average: Exact) -> None:
        self.index = index
        self.trigger = trigger
        self.qty = qty
        self.total = total
        self.average = average
        self.stop = self.liquidation = self.guard = Exact(0)


def check_plan(
    settings: Settings, balance: Decimal, instrument: Instrument | None = None, price: Decimal = Decimal(1)
) -> PlanReport:
    """Work a plan out and find what contradicts it.

    Args:
        settings: The plan and its limits.
        balance: Wallet balance that the weights are shares of.
        instrument: The contract whose step and brackets count; without one, quantities are not rounded and the
            maintenance margin rate is `ASSUMED_MAINT_MARGIN_RATE`.
        price: The first entry price.
    """
    ladder = settings.ladder
    invalid = next(_invalid(ladder), "")
    if invalid:
        finding = Finding(fault=PlanFault.LADDER_CONFIG_INVALID, text=invalid)
        return PlanReport(
            balance=balance, price=price, maint_margin_rate=ASSUMED_MAINT_MARGIN_RATE, findings=(finding,)
        )
    rules = Rules(ladder, settings.fees, settings.reward)
    rate = _maint_margin_rate(rules, balance, instrument)
    stages = {
        direction: list(_stages(rules, rules.side(direction), balance, price, rate, instrument))
        for direction in Direction
    }
    capital = tuple(_capital(ladder, balance))
    worst = max(row.loss for row in capital if row.basis is ladder.sizing_basis)
    report = PlanReport(
        balance=balance,
        price=price,
        maint_margin_rate=rate,
        capital=capital,
        levels=tuple(_level(rules, rules.side(way), stage) for way in Direction for stage in stages[way]),
        committed=settings.risk.max_positions * sum(ladder.weights, Decimal(0)) * balance,
        allowed=(1 - settings.risk.min_reserve_pct) * balance,
        worst_case=settings.risk.max_positions * worst,
        worst_allowed=settings.risk.max_portfolio_stop_loss_pct * balance,
    )
    findings = [
        *_unreachable(rules),
        *_liquidated_early(rules, stages),
        *_over_limits(report, settings),
        *_notes(report, settings),
        *_too_small(stages, instrument),
    ]
    return msgspec.structs.replace(report, findings=tuple(findings))


def _invalid(ladder: Ladder) -> Iterator[str]:
    """What D-30 forbids, one sentence each."""
    wanted = ladder.rungs + 1
    if len(ladder.weights) != wanted or len(ladder.stop_by_stage) != wanted:
        yield (
            f"[ladder] weights has {len(ladder.weights)} and stop_by_stage {len(ladder.stop_by_stage)} values; "
            f"{ladder.rungs} in dca_trigger want {wanted} in each"
        )
    rising = (Decimal(0), *ladder.dca_trigger, Decimal(1))
    if any(nearer >= further for nearer, further in pairwise(rising)):
        yield f"[ladder] dca_trigger is {_listed(ladder.dca_trigger)}; allowed: rising fractions above 0 and below 1"
    if any(weight <= 0 for weight in ladder.weights):
        yield f"[ladder] weights is {_listed(ladder.weights)}; allowed: fractions above 0"
    if any(not 0 < stop < 1 for stop in ladder.stop_by_stage):
        yield f"[ladder] stop_by_stage is {_listed(ladder.stop_by_stage)}; allowed: fractions above 0 and below 1"
    if not 0 < ladder.half_close_ratio <= 1:
        yield f"[ladder] half_close_ratio is {ladder.half_close_ratio}; allowed: a fraction above 0, at most 1"


def _maint_margin_rate(rules: Rules, balance: Decimal, instrument: Instrument | None) -> Decimal:
    """The maintenance margin rate of the bracket that holds the whole plan."""
    if instrument is None or not instrument.brackets:
        return ASSUMED_MAINT_MARGIN_RATE
    whole = sum((rules.notional(rung, balance) for rung in range(len(rules.weights))), Exact(0))
    return instrument.bracket(decimal_of(whole)).maint_margin_rate


def _stages(
    rules: Rules, side: Side, balance: Decimal, price: Decimal, rate: Decimal, instrument: Instrument | None
) -> Iterator[_Stage]:
    """The ladder with every fill exactly at its trigger; quantities rounded down where there is an instrument."""
    total = cost = Exact(0)
    held: Exact | None = None
    for index, factor in enumerate((ONE, *side.trigger)):
        trigger = exact(price) * factor
        qty = rules.notional(index, balance) / trigger
        if instrument is not None:
            qty = exact(floor_step(qty, instrument.step_size))
        total, cost = total + qty, cost + qty * trigger
        stage = _Stage(index, trigger, qty, total, cost / total if total else trigger)
        own = stage.average * side.stop[index]
        stage.stop = side.tighter(held, own) if held is not None and rules.ladder.stop_ratchet else own
        held = stage.stop
        stage.liquidation = stage.average * side.liquidation / (1 - side.sign * exact(rate))
        stage.guard = stage.liquidation * side.guard
        yield stage


def _capital(ladder: Ladder, balance: Decimal) -> Iterator[CapitalRow]:
    """The table of §9.5: the same weights read both ways."""
    for basis in SizingBasis:
        scale = ladder.leverage if basis is SizingBasis.MARGIN else 1
        for index, weight in enumerate(accumulate(ladder.weights)):
            notional = weight * scale * balance
            yield CapitalRow(
                basis=basis,
                stage=stage_name(index),
                capital=notional / ladder.leverage,
                notional=notional,
                loss=notional * ladder.stop_by_stage[index],
            )


def _level(rules: Rules, side: Side, stage: _Stage) -> LevelRow:
    # A liquidation price at or below zero is none: a LONG without leverage cannot be liquidated.
    guarded = rules.isolated and stage.liquidation > 0
    stop = side.tighter(stage.stop, stage.guard) if guarded else stage.stop
    return LevelRow(
        direction=side.direction,
        stage=stage_name(stage.index),
        trigger=decimal_of(stage.trigger),
        qty=decimal_of(stage.qty),
        total_qty=decimal_of(stage.total),
        average=decimal_of(stage.average),
        stage_stop=decimal_of(stage.stop),
        liquidation=decimal_of(stage.liquidation) if guarded else None,
        guard=decimal_of(stage.guard) if guarded else None,
        stop=decimal_of(stop),
        guarded=guarded and stop == stage.guard,
        loss=decimal_of(side.sign * (stage.average - stop) * stage.total),
        half_close=decimal_of(stage.average * side.half),
    )


def _unreachable(rules: Rules) -> Iterator[Finding]:
    """Each trigger must lie before the stop of the stage before it (D-30)."""
    for direction in Direction:
        side = rules.side(direction)
        ideal = list(_stages(rules, side, Decimal(1), Decimal(1), ASSUMED_MAINT_MARGIN_RATE, None))
        for before, stage in pairwise(ideal):
            if side.adverse(stage.trigger, before.stop):
                text = (
                    f"{direction}: add {stage.index} at {percent(stage.trigger - 1)} of the entry price comes no "
                    f"earlier than the stop of {stage_name(before.index)} at {percent(before.stop - 1)}"
                )
                yield Finding(fault=PlanFault.LADDER_RUNG_UNREACHABLE, text=text)


def _liquidated_early(rules: Rules, stages: dict[Direction, list[_Stage]]) -> Iterator[Finding]:
    """Isolated: each trigger must lie before the guard of the stage before it (D-13)."""
    if not rules.isolated:
        return
    for direction, ladder in stages.items():
        side = rules.side(direction)
        for before, stage in pairwise(ladder):
            if before.liquidation > 0 and side.adverse(stage.trigger, before.guard):
                text = (
                    f"{direction}: at {rules.ladder.leverage}x the guard of {stage_name(before.index)} at "
                    f"{percent(before.guard / ladder[0].trigger - 1)} of the entry price comes before add "
                    f"{stage.index} at {percent(stage.trigger / ladder[0].trigger - 1)}; lower the leverage"
                )
                yield Finding(fault=PlanFault.LEVERAGE_PLAN_INCOMPATIBLE, text=text)


def _over_limits(report: PlanReport, settings: Settings) -> Iterator[Finding]:
    risk = settings.risk
    if report.committed > report.allowed:
        text = (
            f"{risk.max_positions} positions of {percent(sum(settings.ladder.weights, Decimal(0)))} take "
            f"{percent(report.committed / report.balance)} of the balance where a reserve of "
            f"{percent(risk.min_reserve_pct)} leaves {percent(report.allowed / report.balance)}"
        )
        yield Finding(fault=PlanFault.CONFIG_OVERCOMMITTED, text=text)
    if report.worst_case > report.worst_allowed:
        text = (
            f"{risk.max_positions} positions at their worst stops lose {percent(report.worst_case / report.balance)} "
            f"of the balance where max_portfolio_stop_loss_pct allows {percent(risk.max_portfolio_stop_loss_pct)}"
        )
        yield Finding(fault=PlanFault.PORTFOLIO_RISK_CAP, text=text)


def _notes(report: PlanReport, settings: Settings) -> Iterator[Finding]:
    ladder = settings.ladder
    if ladder.sizing_basis is SizingBasis.MARGIN and ladder.leverage > 1:
        real = report.worst_case / report.balance
        text = (
            f"a loss of {percent(real / ladder.leverage)} for {settings.risk.max_positions} stopped positions would "
            f"leave out the leverage of {ladder.leverage}; with it, which is what an account pays, it is "
            f"{percent(real)}"
        )
        yield Finding(fault=None, text=text)
    for row in report.levels:
        if row.guarded:
            text = (
                f"{row.direction} {row.stage}: isolated margin would be liquidated at "
                f"{percent((row.liquidation or row.stop) / row.average - 1)} of the average price; the guard closes "
                f"at {percent(row.stop / row.average - 1)}, before the stop of the stage"
            )
            yield Finding(fault=None, text=text)


def _too_small(stages: dict[Direction, list[_Stage]], instrument: Instrument | None) -> Iterator[Finding]:
    if instrument is None:
        return
    smallest, least = exact(instrument.min_qty), exact(instrument.min_notional)
    for direction, ladder in stages.items():
        for stage in ladder:
            if stage.qty < smallest or stage.qty * stage.trigger < least:
                text = (
                    f"{direction} {stage_name(stage.index)}: an order of {decimal_of(stage.qty).normalize():f} at "
                    f"{decimal_of(stage.trigger).normalize():f} is below the smallest that {instrument.symbol} takes "
                    f"({instrument.min_qty} and a notional of {instrument.min_notional}); it will be left out"
                )
                yield Finding(fault=None, text=text)


def percent(share: Exact | Decimal) -> str:
    """A share as a person reads it."""
    return f"{decimal_of(exact(share) * 100, 4).normalize():f} %"


def _listed(values: tuple[Decimal, ...]) -> str:
    return f"[{', '.join(map(str, values))}]"
