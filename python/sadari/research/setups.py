"""How the set-ups of the ICT strategy ended, and what called off the entries that waited for their price."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from sadari.model.command import Audit, Command
from sadari.model.event import Event
from sadari.model.order import Direction
from sadari.model.reason import AuditCode
from sadari.research.layout import line, table
from sadari.sensors.ict import IctFacts

Section = dict[str, Any]


def section(found: Sequence[tuple[str, IctFacts]], records: Iterable[Event | Command]) -> Section | None:
    """All symbols together, side by side; None where the strategy was not asked.

    What became of an entry that was raised is by candles, as the sensor sees it: REACHED says that price came to it.
    """
    if not found:
        return None
    entries: Counter[Direction] = Counter()
    ends: dict[str, Counter[Direction]] = {}
    for _, facts in found:
        entries[facts.direction] += facts.entries
        for end, number in facts.ends.items():
            ends.setdefault(end, Counter())[facts.direction] += number
    withdrawn = Counter(
        record.detail.partition(" ")[0]
        for record in records
        if isinstance(record, Audit) and record.code == AuditCode.ENTRY_WITHDRAWN
    )
    return {
        "entries": {side.value: entries[side] for side in Direction},
        "ends": [
            {"end": end, **{side.value: numbers[side] for side in Direction}} for end, numbers in sorted(ends.items())
        ],
        "called_off": dict(sorted(withdrawn.items())),
    }


def text(whole: Section | None) -> list[str]:
    """The same as lines and a table."""
    if whole is None:
        return []
    called_off = ", ".join(f"{number:,} {cause}" for cause, number in whole["called_off"].items())
    sides = [side.value for side in Direction]
    rows = [(row["end"], *(f"{row[side]:,}" for side in sides)) for row in whole["ends"]]
    raised = [("ENTRY", *(f"{whole['entries'][side]:,}" for side in sides))]
    return [*line("Called off", called_off or "none"), *table(("Set-up", *sides), [*raised, *rows])]
