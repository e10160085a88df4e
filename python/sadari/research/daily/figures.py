"""The figures that two days are compared by, and what has to add up in a day for its report to be believed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from sadari.model.units import SECOND_NS
from sadari.research.daily.results import GROUPS, Ledgers
from sadari.research.daily.spans import WEEK, Span
from sadari.research.layout import percent, ratio, usdt
from sadari.research.shapes import money

ZERO = Decimal(0)
Section = dict[str, Any]
NET = ("price", "fees", "funding", "net")


class Figure(NamedTuple):
    """A figure of a report: its words, how it is shown, where it is. ``adds`` says that days add up to their week."""

    title: str
    show: Callable[[Any], str]
    path: tuple[str | int, ...]
    adds: bool = False


def _count(value: int) -> str:
    return f"{value:,}"


def _seconds(value: float) -> str:
    return f"{value:,.3f} s"


FIGURES: dict[str, Figure] = {
    "signals": Figure("signals", _count, ("signals", "raised"), adds=True),
    "signals_long": Figure("signals LONG", _count, ("signals", "by_direction", 0, "raised"), adds=True),
    "signals_short": Figure("signals SHORT", _count, ("signals", "by_direction", 1, "raised"), adds=True),
    "denied": Figure("denied", _count, ("signals", "denied"), adds=True),
    "denied_rate": Figure("denied, of signals", percent, ("signals", "denied_rate")),
    "mean_rr": Figure("mean reward to risk denied", ratio, ("signals", "mean_rr")),
    "filled": Figure("positions opened", _count, ("positions", "opened"), adds=True),
    "filled_long": Figure("positions opened LONG", _count, ("signals", "by_direction", 0, "opened"), adds=True),
    "filled_short": Figure("positions opened SHORT", _count, ("signals", "by_direction", 1, "opened"), adds=True),
    "fill_rate": Figure("opened, of signals", percent, ("signals", "fill_rate")),
    "positions_at_once": Figure("positions at once", _count, ("positions", "at_once")),
    "ended": Figure("positions ended", _count, ("results", "ended"), adds=True),
    "wins": Figure("won", _count, ("results", "wins"), adds=True),
    "win_rate": Figure("won, of ended and known", percent, ("results", "win_rate")),
    "price": Figure("price USDT of ended", usdt, ("results", "price"), adds=True),
    "fees": Figure("fees USDT of ended", usdt, ("results", "fees"), adds=True),
    "funding": Figure("funding USDT of ended", usdt, ("results", "funding"), adds=True),
    "net": Figure("net USDT of ended", usdt, ("results", "net"), adds=True),
    "mean_multiple": Figure("mean result by planned risk", ratio, ("rewards", "in_risk", "mean")),
    "booked_net": Figure("booked USDT", usdt, ("booked", "net"), adds=True),
    "orders": Figure("orders sent", _count, ("orders", "sent"), adds=True),
    "refused": Figure("orders refused", _count, ("orders", "refused"), adds=True),
    "success_rate": Figure("not refused, of answered", percent, ("orders", "success_rate")),
    "order_fill_rate": Figure("filled, of trading orders", percent, ("orders", "fill_rate")),
    "trades": Figure("trades", _count, ("fills", "trades"), adds=True),
    "margin_max": Figure("most margin in use", percent, ("margin", "max")),
    "margin_mean": Figure("mean margin in use", percent, ("margin", "mean")),
    "unprotected_s": Figure("time without a stop", _seconds, ("unprotected", "total_s")),
    "unprotected_longest_s": Figure("the longest of it", _seconds, ("unprotected", "longest_s")),
}


def figures(told: Section) -> Section:
    """Every figure of a report by name."""
    found: Section = {}
    for name, figure in FIGURES.items():
        value: Any = told
        for step in figure.path:
            value = value[step]
        found[name] = value
    return found


def compare(day: Section, other: Section) -> list[Section]:
    """Each figure of two reports.

    Returns:
        ``difference`` is the day's less the other's; ``change`` is that relative to the other, None where the other
        is 0, one of both is not known, or they have different signs: such a share would mean nothing.
    """
    before, now = figures(other), figures(day)
    return [
        {
            "figure": name,
            "other": before[name],
            "day": now[name],
            "difference": _difference(now[name], before[name]),
            "change": _change(now[name], before[name]),
        }
        for name in FIGURES
    ]


def _difference(now: Any, before: Any) -> Any:  # noqa: ANN401 - a count, a rate or an amount
    if now is None or before is None:
        return None
    return money(Decimal(now) - Decimal(before)) if isinstance(now, str) else now - before


def _change(now: Any, before: Any) -> float | None:  # noqa: ANN401 - a count, a rate or an amount
    if now is None or before is None or not float(before) or float(now) * float(before) < 0:
        return None
    return float(now) / float(before) - 1


class Check(NamedTuple):
    """Two sums that have to be the same."""

    what: str
    whole: Any
    parts: Any

    def row(self) -> Section:
        """As it is written down."""
        return {"what": self.what, "holds": self.whole == self.parts, "whole": self.whole, "parts": self.parts}


def checks(told: Section, kept: Ledgers, span: Span, until_ns: int) -> list[Section]:
    """Whether totals are the sums of their parts, and whether two ways to the same sum agree."""
    found = [
        *_signals(told),
        *_positions(told),
        *_booked(told, kept),
        *_orders(told),
        *_times(told, span, until_ns),
    ]
    if span.kind == WEEK:
        whole = figures(told)
        for name, figure in FIGURES.items():
            if figure.adds:
                found.append(Check(f"{figure.title}: the days", _same(whole[name]), _sum(told["days"], name)))
    return [check.row() for check in found]


def _same(value: Any) -> Any:  # noqa: ANN401 - a count or an amount
    return money(Decimal(value)) if isinstance(value, str) else value


def _sum(rows: Iterable[Section], name: str) -> Any:  # noqa: ANN401 - of counts a count, of amounts an amount
    values = [row[name] for row in rows]
    if any(isinstance(value, str) for value in values):
        return money(sum((Decimal(value) for value in values), ZERO))
    return sum(values)


def _sums_of(whole: Section, rows: Sequence[Section], names: Iterable[str], what: str) -> list[Check]:
    """Each of these names, summed over rows. Without rows amounts are a plain zero."""
    return [
        Check(f"{what}: {name}", whole[name], _sum(rows, name) if rows else "0" if isinstance(whole[name], str) else 0)
        for name in names
    ]


def _signals(told: Section) -> list[Check]:
    signals, parts = told["signals"], ("raised", "denied", "accepted", "undecided", "opened")
    found = [
        Check(
            "signals: denied, accepted and undecided",
            signals["raised"],
            signals["denied"] + signals["accepted"] + signals["undecided"],
        ),
        Check("denied: the gates", signals["denied"], sum(row["denied"] for row in told["gates"])),
        Check("opened: the positions", signals["opened"], told["positions"]["opened"]),
    ]
    for group in ("by_direction", "by_symbol", "by_strategy"):
        found += _sums_of(signals, signals[group], parts, f"signals {_words(group)}")
    return [*found, *_sums_of({"signals": signals["raised"]}, told["hours"], ("signals",), "by hour")]


def _positions(told: Section) -> list[Check]:
    results, positions = told["results"], told["positions"]
    risk = told["rewards"]["in_risk"]
    held = positions["held_at_start"] + positions["opened"] - positions["over"]
    found = [
        Check("ended: won, lost, even and unknown", results["ended"], _counted(results)),
        Check("held at the end: held before, opened, less over", positions["held_at_end"], held),
        Check("results by planned risk: the bins", risk["positions"], sum(row["count"] for row in risk["bins"])),
        Check("net of ended: price, fees and funding", results["net"], _net(results)),
    ]
    for group in GROUPS:
        found += _sums_of(results, results[group], ("ended", "wins", *NET), f"results {_words(group)}")
    return found


def _counted(results: Section) -> int:
    return int(results["wins"] + results["losses"] + results["even"] + results["unknown"])


def _net(row: Section) -> str | None:
    return money(sum((Decimal(row[name]) for name in ("price", "fees", "funding")), ZERO))


def _booked(told: Section, kept: Ledgers) -> list[Check]:
    booked = told["booked"]
    found = [
        Check("booked: price, fees and funding", booked["net"], _net(booked)),
        Check("booked: the ledger in double entry", booked["net"], money(kept.trading)),
        Check("fees booked: the trades", booked["fees"], told["fills"]["fees"]),
    ]
    for group in ("by_symbol", "by_strategy", "by_reason"):
        found += _sums_of(booked, booked[group], NET, f"booked {_words(group)}")
    return [*found, *_sums_of({"net": booked["net"]}, told["hours"], ("net",), "booked by hour")]


def _orders(told: Section) -> list[Check]:
    orders, fates = told["orders"], ("filled", "canceled", "refused", "working", "unanswered")
    return [
        Check("orders sent: their fates", orders["sent"], sum(orders[fate] for fate in fates)),
        Check("orders refused: the refusals", orders["refused"], sum(row["count"] for row in orders["refusals"])),
        *_sums_of(orders, orders["by_purpose"], ("sent", *fates), "orders by purpose"),
    ]


def _times(told: Section, span: Span, until_ns: int) -> list[Check]:
    bare, engine = told["unprotected"], told["incidents"]["engine"]
    found = _sums_of(bare, bare["by_symbol"], ("spells",), "spells without a stop by symbol")
    if engine["state_at_start"] is not None:
        lasted = max(min(until_ns, span.end_ns) - span.start_ns, 0) / SECOND_NS
        found.append(Check("time in states: the span", round(lasted, 6), round(sum(engine["in_state_s"].values()), 6)))
    return found


def _words(group: str) -> str:
    return group.replace("_", " ")
