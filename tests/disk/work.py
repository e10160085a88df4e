"""A part of all cases, played in a process that was begun with the faulty disk; started by `tests.disk.table`.

Prints one line of JSON for each: what was tried, on what, what became of it, what is wrong.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from sadari.store.folder import Folder
from tests.disk import flipped
from tests.disk.cases import STORIES, Case, counted, played
from tests.disk.faulty import EVERYTHING, NOTHING, Fault, FaultyDisk

# As `tests.disk.table` reads it.
Found = tuple[str, str, int, str, int, list[str]]

# States of the disk after a loss of power that are tried at each operation beside nothing and everything.
CHANCES = 3
# A watched disk remembers all that was ever written: after so many flips it is made anew.
_FLIPS = 250


def cases(base: Path, every: int) -> Iterator[tuple[Case, int]]:
    """Every so-manieth operation of every story, for each fault, and how many operations there are."""
    for story in STORIES:
        counts = counted(base, story)
        for fault, count in counts.items():
            for number in range(1 + fault * 7 % every, count + 1, every):
                chance = [number * 10 + at for at in range(2, 2 + CHANCES)]
                seeds = (NOTHING, EVERYTHING, *chance) if fault is Fault.POWER else (NOTHING, chance[0])
                yield Case(story, fault, number, seeds), count


def faults(base: Path, every: int, part: int, parts: int) -> Iterator[Found]:
    """Faults at operations."""
    for at, (case, count) in enumerate(cases(base / "count", every)):
        if at % parts != part:
            continue
        outcome = played(base / "case", case)
        told = [f"at {case.number}: {one}" for one in outcome.wrong]
        yield case.story, case.fault.name, count, outcome.during, outcome.states, told


def flips(base: Path, every: int, part: int, parts: int) -> Iterator[Found]:
    """Flipped bits."""
    for name in flipped.SAMPLES:
        home = base / name
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        whole = flipped.sample(home, name)
        every_place = list(flipped.places(whole.files))
        counts = {end: sum(found == end for found, _ in every_place) for end in whole.files}
        mine = every_place[part * every :: parts * every]
        for first in range(0, len(mine), _FLIPS):
            with FaultyDisk.under(home):
                for end, at in mine[first : first + _FLIPS]:
                    became, wrong = flipped.flipped(Folder(home).journal, whole, end, at)
                    told = [f"byte {at}: {wrong}"] if wrong else []
                    yield f"a bit flipped, {name}", f"engine.journal{end}", counts[end], became, 1, told


def main(arguments: list[str]) -> None:
    """Play a part: a folder, every how many operations and flips, which part of how many."""
    base = Path(arguments[0])
    operations, bits, part, parts = map(int, arguments[1:])
    for found in faults(base, operations, part, parts):
        sys.stdout.write(json.dumps(found) + "\n")
    for found in flips(base, bits, part, parts):
        sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
