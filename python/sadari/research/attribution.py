"""Which conditions of a signal held, and which one alone was missing: why a strategy enters as rarely as it does.

Source: requirement R004-45; strategies §3, §4. Shares are of the minutes (scans) that could be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from sadari.model.order import Direction
from sadari.research.layout import count, line, percent, table
from sadari.sensors.candidates import Facts
from sadari.sensors.surge import SurgeFacts

Section = dict[str, Any]
SurgeFound = Sequence[tuple[tuple[str, Direction], SurgeFacts]]
ScansFound = Sequence[tuple[str, Facts]]


def surge(found: SurgeFound) -> Section | None:
    """What the surge rules saw, symbol by symbol and in all; None where they were not asked.

    Returns:
        ``conditions``: how often each held, and in how many minutes S1, S3, S15 or the entry failed for it alone.
    """
    if not found:
        return None
    facts = [one for _, one in found]
    ready = sum(one.ready_minutes for one in facts)
    names = list(facts[0].held)
    minutes = {"ENTRY": sum(one.entry_minutes for one in facts)}
    if any(one.combinations for one in facts):  # The oldest entry has no parts.
        parts = {"S1": sum(one.s1 for one in facts), "S3": sum(one.s3 for one in facts)}
        minutes = parts | {"S15": sum(one.s15 for one in facts)} | minutes
    return {
        "preset": facts[0].preset,
        "minutes": sum(one.minutes for one in facts),
        "ready_minutes": ready,
        "not_ready": _summed(one.not_ready for one in facts),
        "parts": [
            {"part": part, "minutes": number, "share": _share(number, ready)} for part, number in minutes.items()
        ],
        "combinations": _summed(one.combinations for one in facts),
        "conditions": [
            {
                "condition": name,
                "held": (held := sum(one.held.get(name, 0) for one in facts)),
                "share": _share(held, ready),
                "alone_missing": {part: sum(one.sole_failures[part].get(name, 0) for one in facts) for part in minutes},
            }
            for name in names
        ],
        "episodes": sum(one.episodes for one in facts),
        "signals": _summed(one.signals for one in facts),
        "symbols": [{"symbol": symbol, **msgspec.to_builtins(one)} for (symbol, _), one in found],
    }


def scanner(found: ScansFound) -> Section | None:
    """What the scanner saw, symbol by symbol and in all; None where it gated nothing."""
    if not found:
        return None
    facts = [one for _, one in found]
    ready = sum(one.ready for one in facts)
    return {
        "scans": sum(one.scans for one in facts),
        "ready": ready,
        "too_short": sum(one.too_short for one in facts),
        "quiet": sum(one.quiet for one in facts),
        "candidate_scans": (candidates := sum(one.candidate_scans for one in facts)),
        "candidate_share": _share(candidates, ready),
        "episodes": sum(one.episodes for one in facts),
        "ranked_out": sum(one.ranked_out for one in facts),
        "conditions": [
            {
                "condition": name,
                "held": (held := sum(one.held[name] for one in facts)),
                "share": _share(held, ready),
                "alone_missing": sum(one.sole_failures[name] for one in facts),
            }
            for name in facts[0].held
        ],
        "quote_volume_made_up": [symbol for symbol, one in found if not one.quote_volume_known],
        "symbols": [{"symbol": symbol, **msgspec.to_builtins(one)} for symbol, one in found],
    }


def _summed(several: Iterable[dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for one in several:
        for name, number in one.items():
            total[name] = total.get(name, 0) + number
    return total


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def surge_text(section: Section | None) -> list[str]:
    """The surge rules as lines and a table."""
    if section is None:
        return []
    days = [row["days_known_end"] for row in section["symbols"]]
    not_ready = ", ".join(f"{cause} {number:,}" for cause, number in section["not_ready"].items() if number)
    by_tag = ", ".join(f"{number:,} {tag}" for tag, number in section["signals"].items())
    signals = sum(section["signals"].values())
    rows = [
        (
            row["condition"],
            percent(row["share"]),
            *(f"{number:,}" for number in row["alone_missing"].values()),
        )
        for row in section["conditions"]
    ]
    return [
        *line("Entry", section["preset"]),
        *line(
            "Minutes",
            f"{section['minutes']:,}, ready {section['ready_minutes']:,}; not ready: {not_ready or 'none'} "
            "(a minute may have several causes)",
        ),
        *line("Days known", f"{min(days)} to {max(days)} at the end, symbol by symbol"),
        *line("True in", ", ".join(f"{row['part']} {percent(row['share'])}" for row in section["parts"])),
        *line("Signals", f"{signals:,} in {count(section['episodes'], 'episode')}" + (f": {by_tag}" if by_tag else "")),
        *table(("Condition", "held", *(f"alone for {row['part']}" for row in section["parts"])), rows),
    ]


def scanner_text(section: Section | None) -> list[str]:
    """The scanner as lines and a table."""
    if section is None:
        return []
    rows = [(row["condition"], percent(row["share"]), f"{row['alone_missing']:,}") for row in section["conditions"]]
    made_up = section["quote_volume_made_up"]
    lines = [
        *line(
            "Scans",
            f"{section['scans']:,}, ready {section['ready']:,}; not ready: too few hours {section['too_short']:,}, "
            f"quiet {section['quiet']:,}",
        ),
        *line(
            "Candidates",
            f"{section['candidate_scans']:,} scans ({percent(section['candidate_share'])}) in "
            f"{count(section['episodes'], 'episode')}",
        ),
    ]
    if made_up:
        lines += line(
            "Quote volume", f"not in the data of {count(len(made_up), 'symbol')}: close times volume stands in"
        )
    return [*lines, *table(("Condition", "held", "alone missing"), rows)]
