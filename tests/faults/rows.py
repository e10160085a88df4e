"""The examples of the fault table beside the plays of them, each under a name of its own."""

from __future__ import annotations

from typing import NamedTuple

from sadari.localexchange.faults.served import FAULTS
from tests.faults.plays import ELSEWHERE, OPEN, PLAYS
from tests.faults.story import Play


class Row(NamedTuple):
    """An example of a row, and how it is played; ``text`` is the rule as the table has it."""

    name: str
    title: str
    text: str
    play: Play


# A row may be played oftener than it has examples: the last one again, with other values.
ROWS: dict[str, Row] = {
    f"{row.fault}-{number}": Row(
        f"{row.fault}-{number}", row.title, row.rules[min(number, len(row.rules)) - 1], play
    )
    for row in FAULTS
    for number, play in enumerate(PLAYS.get(row.fault, ()), 1)
}  # fmt: skip


def missing() -> list[str]:
    """Examples that have neither a play nor a reason why not, and plays and reasons of what is no example."""
    examples = {f"{row.fault}-{number}" for row in FAULTS for number in range(1, len(row.rules) + 1)}
    further = {name for name in ROWS if name.split("-")[0] not in {row.fault for row in FAULTS}}
    others = OPEN | ELSEWHERE
    twice = (others.keys() & ROWS.keys()) | (OPEN.keys() & ELSEWHERE.keys())
    return sorted((examples - ROWS.keys() - others.keys()) | (others.keys() - examples) | twice | further)
