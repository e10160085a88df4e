"""Many settings side by side, each beside what it did on data that it was not chosen by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sadari.research.bounds import total
from sadari.research.layout import count, moment, paragraph, ratio, table
from sadari.research.metrics import rank_correlation

Section = dict[str, Any]

# What a sweep can be sorted by: the key of the figure in a row; of each, more is better.
FIGURES = {"return": "return", "drawdown": "max_drawdown", "ratio": "risk_adjusted_return"}
NAMES = {"return": "return", "drawdown": "drawdown", "ratio": "return over drawdown"}
HALVES = ("in_sample", "out_of_sample")
SKIPPED = 10


def row(values: Mapping[str, Any], within: Section, beyond: Section) -> Section:
    """One combination: its values, and the figures of its two summaries, in-sample and out-of-sample."""
    halves = {
        half: {**total(summary), "risk_adjusted_return": summary["statistics"]["risk_adjusted_return"]}
        for half, summary in zip(HALVES, (within, beyond), strict=True)
    }
    return {"values": dict(values), **halves}


def compare(
    rows: Sequence[Section],
    skipped: Sequence[tuple[Mapping[str, Any], str]],
    sort: str,
    within: Section,
    beyond: Section,
) -> Section:
    """All combinations, sorted by an in-sample figure, best first, those without the figure last.

    Args:
        rows: What `row` made of each.
        skipped: The values of those that were not run, and why.
        sort: One of `FIGURES`.
        within: Start and end of the in-sample period.
        beyond: Start and end of the out-of-sample period.

    Returns:
        ``rank_correlation`` tells by that figure how far the order in-sample is the order out-of-sample;
        ``best_out_of_sample_place`` where the first row comes then. Both are null where they cannot be told.
    """
    figure = FIGURES[sort]
    ordered = sorted(rows, key=lambda one: _order(one["in_sample"][figure]), reverse=True)
    pairs = [(one["in_sample"][figure], one["out_of_sample"][figure]) for one in ordered]
    known = [(a, b) for a, b in pairs if a is not None and b is not None]
    best = pairs[0][1] if pairs else None
    return {
        "in_sample": within,
        "out_of_sample": beyond,
        "sorted_by": sort,
        "combinations": len(rows) + len(skipped),
        "tried": len(rows),
        "rank_correlation": rank_correlation(known),
        "compared": len(known),
        "best_out_of_sample_place": None if best is None else 1 + sum(b > best for _, b in known),
        "rows": ordered,
        "skipped": [{"values": dict(values), "why": why} for values, why in skipped],
    }


def _order(value: float | None) -> tuple[bool, float]:
    return value is not None, value or 0.0


def text(compared: Section, top: int) -> str:
    """The best rows as a table, what to think of them, and what was left out."""
    rows = compared["rows"][:top]
    keys = list(compared["rows"][0]["values"])
    head = ["", *_short(keys), *(name for figure in _CELLS for name in (figure, "out"))]
    body = [
        [
            str(place),
            *(shown(one["values"][key]) for key in keys),
            *(cell(one[half]) for cell in _CELLS.values() for half in HALVES),
        ]
        for place, one in enumerate(rows, 1)
    ]
    lines = [
        f"Sweep, sorted by {NAMES[compared['sorted_by']]} in sample; beside each figure the one out of sample",
        *table(head, body),
    ]
    if len(rows) < compared["tried"]:
        lines += paragraph(f"and {compared['tried'] - len(rows):,} more in the JSON")
    lines += ["", *paragraph(_periods(compared)), *paragraph(_warning(compared))]
    for one in compared["skipped"][:SKIPPED]:
        named = ", ".join(f"{key}={shown(value)}" for key, value in one["values"].items())
        lines += paragraph(f"Not run: {named}: {one['why']}")
    if len(compared["skipped"]) > SKIPPED:
        lines += paragraph(f"and {len(compared['skipped']) - SKIPPED:,} more not run, in the JSON")
    return "\n".join(lines) + "\n"


def shown(value: object) -> str:
    """A value of a setting, as it is written on the command line."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"[{','.join(map(shown, value))}]" if isinstance(value, list) else str(value)


def _short(keys: Sequence[str]) -> list[str]:
    """The keys without their sections where that leaves no doubt."""
    bare = [key.partition(".")[2] for key in keys]
    return [key if bare.count(name) > 1 else name for key, name in zip(keys, bare, strict=True)]


def _hundredths(value: float | None, form: str) -> str:
    return "-" if value is None else format(value * 100, form)


_CELLS: dict[str, Callable[[Section], str]] = {
    "trades": lambda half: f"{half['closed']:,}",
    "return %": lambda half: _hundredths(half["return"], "+,.2f"),
    "fall %": lambda half: _hundredths(half["max_drawdown"], ",.2f"),
    "ratio": lambda half: ratio(half["risk_adjusted_return"]),
    "won %": lambda half: _hundredths(half["win_rate"], ".0f"),
}


def _periods(compared: Section) -> str:
    within, beyond = compared["in_sample"], compared["out_of_sample"]
    return (
        f"In sample {moment(within['start'])} to {moment(within['end'])}, out of sample to {moment(beyond['end'])}, "
        "each begun flat with the whole balance; what is open at its end counts at the last price. Fall is the maximum "
        "drawdown, ratio the return over it."
    )


def _warning(compared: Section) -> str:
    """What the best row is worth."""
    tried, rank, place = compared["tried"], compared["rank_correlation"], compared["best_out_of_sample_place"]
    name = NAMES[compared["sorted_by"]]
    sentences = [f"{count(tried, 'combination')} tried: the best of many looks good by luck alone, and is no promise."]
    if place is not None:
        sentences.append(f"Out of sample the first row is number {place:,} of {compared['compared']:,} by {name}.")
    if rank is None:
        sentences.append(
            f"Whether the order by {name} lasts cannot be told: there are too few results, or all are alike."
        )
    else:
        sentences.append(
            f"The rank correlation of {name} in sample and out of sample is {rank:+.2f}, where 1 is the same order, "
            "0 none and -1 the opposite one."
        )
    return " ".join(sentences)
