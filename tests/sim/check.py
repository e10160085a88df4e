"""The program behind `make sim`: seeds and kills in several processes, and what was found, met and measured."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from tests.disk.faulty import environment
from tests.sim.dead_keys import dead_key
from tests.sim.kills import Killed, Point, every, killed, recoveries
from tests.sim.report import Report
from tests.sim.seeds import Outcome, run

REPLAY = "python -m tests.sim.check --replay {}"
KILL = "python -m tests.sim.check --kill {}"
# So many runs are the work of one process: then its memory is given back.
RUNS_EACH = 50
DEAD_KEYS = 20

T = TypeVar("T")
R = TypeVar("R")


class Broken(Exception):  # noqa: N818 - it is what became of a run
    """What broke the simulation itself."""


def outcome_of(seed: int) -> Outcome | Broken:
    """Run a seed."""
    return _safely(lambda: run(seed), f"seed {seed}")


def killed_at_points(points: tuple[Point, ...]) -> Killed | Broken:
    """Run the story of the kills with its engine killed at some points."""
    return _safely(lambda: killed(points), f"kill {_plain(points)}")


def _safely(make: Callable[[], R], what: str) -> R | Broken:
    try:
        return make()
    except Exception:  # noqa: BLE001 - whatever it is belongs into the report
        return Broken(f"{what} broke the simulation:\n{traceback.format_exc()}")


def _plain(points: Sequence[Point]) -> str:
    return ",".join(map(str, points))


def _each(work: Callable[[T], R], over: Sequence[T], processes: int) -> Iterator[R]:
    with multiprocessing.get_context("fork").Pool(processes, maxtasksperchild=RUNS_EACH) as pool:
        yield from pool.imap_unordered(work, over)


def main(arguments: list[str]) -> int:
    """Run what is asked for; 1 if anything was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.sim.check", description=__doc__)
    parser.add_argument("seeds", nargs="?", type=int, default=200, help="how many (default: 200)")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--no-kills", action="store_true", help="leave out the engine that is killed at every point")
    parser.add_argument("--publish", type=Path, help="write the figures to this page")
    parser.add_argument("--replay", type=int, metavar="SEED", help="run one seed and tell everything that happens")
    parser.add_argument("--kill", metavar="POINTS", help="kill at such points, those of one run with commas between")
    parser.add_argument("--points", action="store_true", help="name every point at which the kills are")
    asked = parser.parse_args(arguments)
    if asked.replay is not None:
        outcome = run(asked.replay, told=True)
        return _told([*outcome.told, f"trace {outcome.trace}"], outcome.found)
    if asked.points:
        _say([str(point) for point in every(killed().counts)])
        return 0
    if asked.kill is not None:
        runs = asked.kill.split()
        return max(_told_kill(text, whole=len(runs) == 1) for text in runs)
    report, began = Report(asked.seeds, asked.first), time.monotonic()
    for one in _each(outcome_of, range(asked.first, asked.first + asked.seeds), asked.processes):
        if isinstance(one, Broken):
            _say([str(one)])
            report.broken += 1
        else:
            report.add(one)
            if one.found:
                _say([f"seed {one.seed}: {REPLAY.format(one.seed)}", *(f"    {told}" for told in one.found[:8])])
    report.seeds_took_s = time.monotonic() - began
    if not asked.no_kills:
        _kills(report, asked.processes)
        for took, found in _each(dead_key, range(DEAD_KEYS), asked.processes):
            report.add_times(took)
            report.broken += bool(found)
            _say([f"a dead key: {told}" for told in found])
    _say(report.lines())
    if asked.publish is not None:
        asked.publish.write_text(report.page(), encoding="utf-8")
    return int(report.bad > 0)


def _kills(report: Report, processes: int) -> None:
    """The engine killed at every point of its first life, and at every point of the recovery from some of these."""
    began = time.monotonic()
    first = [(point,) for point in every(killed().counts)]
    for one in _each(killed_at_points, [*first, *recoveries(first)], processes):
        if isinstance(one, Broken):
            _say([str(one)])
            report.broken += 1
            continue
        report.add_kill(one)
        if one.found:
            _say([f"kill: {KILL.format(_plain(one.points))}", *(f"    {told}" for told in one.found[:8])])
    report.kills_took_s = time.monotonic() - began


def _told_kill(text: str, *, whole: bool) -> int:
    """Kill at points; everything that happens is told where something is violated, or if it is asked for."""
    done = killed(tuple(Point.read(one) for one in text.split(",")), told=True)
    return _told([f"kill {text}", *(done.told if whole or done.found else ())], done.found)


def _told(told: list[str], found: list[str]) -> int:
    _say([*told, *(f"VIOLATED {one}" for one in found)])
    return int(bool(found))


def _say(lines: Sequence[str]) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":
        # The order of sets of texts is a part of what a seed decides, and the disk is made before the process.
        command = [sys.executable, "-m", "tests.sim.check", *sys.argv[1:]]
        os.execve(sys.executable, command, {**environment(), "PYTHONHASHSEED": "0"})  # noqa: S606 - it is this program
    sys.exit(main(sys.argv[1:]))
