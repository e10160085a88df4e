"""Every fault of the disk at every operation, and every flipped bit: `make disk` plays them and prints what became.

The lines are counts: of what could be tried, of what was, and of each way in which it ended.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from tests.disk.faulty import ROOT, environment

PARTS = 2


class Tried(NamedTuple):
    """One case.

    Attributes:
        story: What the engine lived through.
        fault: What befell its disk.
        places: How many places there are for it.
        became: How it showed.
        states: On how many states of the disk the start after it was tried.
        wrong: What must not be.
    """

    story: str
    fault: str
    places: int
    became: str
    states: int
    wrong: list[str]


def play(base: Path, operations: int, bits: int, parts: Iterable[int], of: int) -> Iterator[Tried]:
    """Play parts of the cases, each in a process of its own.

    Raises:
        RuntimeError: A process broke off: what it said.
    """
    around = environment()
    running = []
    for part in parts:
        home = base / f"part-{part}"
        home.mkdir(parents=True)
        command = [sys.executable, "-m", "tests.disk.work", *map(str, (home, operations, bits, part, of))]
        running.append(subprocess.Popen(command, cwd=ROOT, env=around, stdout=subprocess.PIPE, text=True))
    for process in running:
        told, _ = process.communicate()
        yield from (Tried(*json.loads(line)) for line in told.splitlines())
        if process.returncode:
            raise RuntimeError(f"a part broke off with {process.returncode}")


def table(tried: Iterable[Tried]) -> str:
    """The counts as Markdown."""
    lines = [
        "| story | fault | places | tried | how it showed | starts after it | wrong |",
        "|---|---|---|---|---|---|---|",
    ]
    groups: dict[tuple[str, str, int], list[Tried]] = {}
    for one in tried:
        groups.setdefault((one.story, one.fault, one.places), []).append(one)
    for (story, fault, count), group in sorted(groups.items()):
        ends = ", ".join(f"{became}: {n}" for became, n in Counter(one.became for one in group).most_common())
        wrong = sum(bool(one.wrong) for one in group)
        lines.append(
            f"| {story} | {fault} | {count} | {len(group)} | {ends} | {sum(one.states for one in group)} | {wrong} |"
        )
    return "\n".join(lines)


def main() -> int:
    """Play everything and tell; 1 if something is wrong."""
    with tempfile.TemporaryDirectory() as base:
        tried = list(play(Path(base), 1, 1, range(PARTS), PARTS))
    sys.stdout.write(table(tried) + "\n")
    wrong = [(one, sentence) for one in tried for sentence in one.wrong]
    for one, sentence in wrong:
        sys.stdout.write(f"{one.story}, {one.fault} {sentence}\n")
    return int(bool(wrong))


if __name__ == "__main__":
    raise SystemExit(main())
