"""The program behind `make sim`: seeds in several processes, what was found, what was met, and how long things took."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator

from tests.sim.seeds import Outcome, run

REPLAY = "python -m tests.sim.check --replay {}"


def outcome_of(seed: int) -> Outcome | str:
    """Run a seed; what breaks the simulation itself is told as text."""
    try:
        return run(seed)
    except Exception:  # noqa: BLE001 - whatever it is belongs into the report
        return f"seed {seed} broke the simulation:\n{traceback.format_exc()}"


def outcomes(seeds: range, processes: int) -> Iterator[Outcome | str]:
    """Run seeds, each in a process that has seen no other for long."""
    context = multiprocessing.get_context("fork")
    with context.Pool(processes, maxtasksperchild=20) as pool:
        yield from pool.imap_unordered(outcome_of, seeds)


def main(arguments: list[str]) -> int:
    """Run what is asked for; 1 if anything was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.sim.check", description=__doc__)
    parser.add_argument("seeds", nargs="?", type=int, default=200, help="how many (default: 200)")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--replay", type=int, metavar="SEED", help="run one seed and tell everything that happens")
    asked = parser.parse_args(arguments)
    if asked.replay is not None:
        outcome = run(asked.replay, told=True)
        print("\n".join(outcome.told))  # noqa: T201 - it is what the command is for
        return _report([outcome], [], 0.0)
    began = time.monotonic()
    done: list[Outcome] = []
    broken: list[str] = []
    for one in outcomes(range(asked.first, asked.first + asked.seeds), asked.processes):
        if isinstance(one, str):
            broken.append(one)
        else:
            done.append(one)
    return _report(done, broken, time.monotonic() - began)


def _report(done: list[Outcome], broken: list[str], took_s: float) -> int:
    say = sys.stdout.write
    fired: Counter[str] = Counter()
    for one in done:
        fired.update(one.fired)
    for one in sorted(done, key=lambda one: one.seed):
        if one.found:
            say(f"seed {one.seed}: {REPLAY.format(one.seed)}\n" + "".join(f"    {told}\n" for told in one.found[:8]))
    for text in broken:
        say(text + "\n")
    say("fired: " + ", ".join(f"{kind} {count}" for kind, count in sorted(fired.items())) + "\n")
    bad = sum(bool(one.found) for one in done) + len(broken)
    simulated = sum(one.simulated_s for one in done)
    say(
        f"{len(done) + len(broken)} seeds, {bad} with violations; {sum(one.lives for one in done)} processes, "
        f"{sum(one.trades for one in done)} trades, {simulated / 3600:.1f} h simulated in {took_s:.0f} s\n"
    )
    return int(bad > 0)


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":
        # The order of sets of texts is a part of what a seed decides.
        command = [sys.executable, "-m", "tests.sim.check", *sys.argv[1:]]
        os.execve(sys.executable, command, {**os.environ, "PYTHONHASHSEED": "0"})  # noqa: S606 - it is this program
    sys.exit(main(sys.argv[1:]))
