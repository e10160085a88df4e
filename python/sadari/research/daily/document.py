"""The document of a report: a day or week, another beside it, and the journal that both were read from.

Its keys are described in docs/reports.md and stay; ``version`` goes up when one of them changes its meaning or goes.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from sadari.model.command import Command
from sadari.model.event import Event
from sadari.research.daily.days import Days
from sadari.research.daily.figures import compare, figures
from sadari.research.daily.spans import Span
from sadari.research.shapes import iso

VERSION = 1
Section = dict[str, Any]


class Source(NamedTuple):
    """What a report was read from. ``closed`` says that the journal has come to its end."""

    name: str
    build: str
    records: int
    closed: bool


def document(
    source: Source,
    records: Sequence[Event | Command],
    span: Span,
    other: Span | None = None,
    *,
    with_funnel: bool = False,
) -> Section:
    """Tell a span, beside another one if it is given.

    Returns:
        ``checks`` counts what adds up in both, and names what does not: it is empty in every sound report.
    """
    with _without_looking_for_cycles():
        days = Days(records)
        told = days.of(span, with_funnel=with_funnel)
        beside = None if other is None else days.of(other, with_funnel=with_funnel)
    changes = None if beside is None else compare(told, beside)
    asked = [*told["checks"], *(beside["checks"] if beside is not None else ())]
    if beside is not None and changes is not None:
        asked += _recomputed(changes, figures(told), figures(beside))
    return {
        "version": VERSION,
        "journal": {
            "name": source.name,
            "build": source.build,
            "records": source.records,
            "closed": source.closed,
            "first": iso(days.first_ns or None),
            "last": iso(days.last_ns or None),
        },
        "report": told,
        "other": beside,
        "changes": changes,
        "checks": {"asked": len(asked), "failed": [check for check in asked if not check["holds"]]},
    }


@contextmanager
def _without_looking_for_cycles() -> Iterator[None]:
    """Very many objects are made here and all are kept: to look through them again and again takes a fifth longer."""
    looking = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if looking:
            gc.enable()


def _recomputed(changes: Iterable[Section], day: Section, other: Section) -> list[Section]:
    """Whether the other figure with the change is the figure of the day, to the ninth digit."""
    found = []
    for row in changes:
        if row["change"] is None:
            continue
        now, again = float(day[row["figure"]]), float(other[row["figure"]]) * (1 + row["change"])
        found.append(
            {
                "what": f"change of {row['figure']}",
                "holds": abs(now - again) <= 1e-9 * max(abs(now), 1.0),
                "whole": now,
                "parts": again,
            }
        )
    return found
