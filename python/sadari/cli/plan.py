"""The figures of a plan as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from sadari.core.plan import LevelRow, PlanReport
from sadari.model.order import Direction, SizingBasis
from sadari.model.plan import Settings


def text(symbol: str, settings: Settings, report: PlanReport, *, by_stop: bool = False) -> str:
    """A report in tables.

    Args:
        symbol: The contract, "" for none in particular.
        settings: What is planned by.
        report: What was worked out.
        by_stop: Whether entries name their own stops and targets; the report is of the worst of them then.
    """
    ladder = settings.ladder
    named = f" for {symbol}" if symbol else ""
    plan = f"{ladder.rungs} adds, leverage {ladder.leverage}, {ladder.margin_mode} margin"
    assumed = "" if symbol else ", assumed: no contract named"
    lines = [
        f"Plan{named}: balance {_money(report.balance)}, {plan}, weights are {_meaning(ladder.sizing_basis)}",
        f"Maintenance margin rate {_share(report.maint_margin_rate)}{assumed}",
    ]
    if by_stop:
        lines.append("Entries name their own stops and targets; this is the largest order, stopped where it loses most")
    if report.capital:
        lines += _capital(report, settings)
    for direction in Direction:
        rows = [row for row in report.levels if row.direction is direction]
        if rows:
            lines += ["", f"{direction}, first entry at {_number(report.price)}, fills exactly at the triggers"]
            table = [_LEVELS, *(list(_level(row)) for row in rows)]
            # Half is closed by the ladder only.
            lines += _table(*([row[:-1] for row in table] if by_stop else table))
    lines += ["", *_findings(report)]
    return "\n".join(lines)


def _meaning(basis: SizingBasis) -> str:
    return "margin" if basis is SizingBasis.MARGIN else "notional"


def _capital(report: PlanReport, settings: Settings) -> Iterator[str]:
    risk = settings.risk
    rows = [
        [
            row.basis + (" (configured)" if row.basis is settings.ladder.sizing_basis else ""),
            row.stage, _money(row.capital), _money(row.notional), _money(row.loss),
        ]
        for row in report.capital
    ]  # fmt: skip
    yield ""
    yield "One position, by what the weights are shares of"
    yield from _table(["basis", "stage", "capital", "exposure", "loss at stop"], *rows)
    yield ""
    yield (
        f"{risk.max_positions} positions commit {_money(report.committed)} of {_money(report.allowed)} allowed "
        f"(reserve {_share(risk.min_reserve_pct)})"
    )
    yield (
        f"{risk.max_positions} positions at their worst stops lose {_money(report.worst_case)} "
        f"({_share(report.worst_case / report.balance)}) of {_money(report.worst_allowed)} allowed "
        f"({_share(risk.max_portfolio_stop_loss_pct)})"
    )


_LEVELS = [
    "stage", "order at", "qty", "held", "average", "stage stop", "liquidation", "guard", "closes at", "loss", "half at",
]  # fmt: skip


def _level(row: LevelRow) -> Iterator[str]:
    yield row.stage
    yield from map(_number, (row.trigger, row.qty, row.total_qty, row.average, row.stage_stop))
    yield _number(row.liquidation) if row.liquidation is not None else "-"
    yield _number(row.guard) if row.guard is not None else "-"
    yield f"{_number(row.stop)}{' (guard)' if row.guarded else ''}"
    yield _money(row.loss)
    yield _number(row.half_close)


def _findings(report: PlanReport) -> Iterator[str]:
    for finding in report.findings:
        yield f"{finding.fault or 'note'}: {finding.text}"
    if not report.faults:
        yield "The plan keeps its limits."


def _table(*rows: Sequence[str]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *rest in rows:
        cells = (cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))
        yield f"  {first.ljust(widths[0])}  {'  '.join(cells)}"


def _money(value: Decimal) -> str:
    return f"{value:,.2f}"


def _share(value: Decimal) -> str:
    return f"{(value * 100).quantize(Decimal('0.0001')).normalize():f} %"


def _number(value: Decimal) -> str:
    """Eight significant digits, which is as far as a reader compares."""
    places = max(7 - value.adjusted(), 0) if value else 0
    rounded = value.quantize(Decimal(1).scaleb(-places)).normalize()
    return f"{rounded:f}"
