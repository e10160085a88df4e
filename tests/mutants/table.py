"""The table of naive engines, for `docs/`; as a program it runs the test of each and says whether it fails."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.mutants.engines import MUTANTS
from tests.mutants.wear import CAUGHT, SAID

AT_A_TIME = 2
PATIENCE_S = 120


def table(verdicts: Mapping[str, str] | None = None) -> str:
    """Every naive engine as Markdown; with a column of verdicts where there are any."""
    head = ["engine", "fault", "what it does wrong", "instead of", "caught by"]
    if verdicts is not None:
        head.append("verdict")
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for name, one in MUTANTS.items():
        where, test = one.where.rpartition(".")[2], one.test.rpartition("::")[2]
        cells = [name, one.fault, one.does, f"`{where}`", f"`{test}`"]
        if verdicts is not None:
            cells.append(verdicts[name])
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def red(tests: list[str]) -> list[str]:
    """The tests that fail without any naive engine, and once more when asked alone: they would catch nothing."""
    return _red(_red(tests, at_a_time=AT_A_TIME), at_a_time=1)


def _red(tests: list[str], at_a_time: int) -> list[str]:
    done = _pytest("--numprocesses", str(at_a_time), "--dist", "loadgroup", *tests) if tests else None
    if done is None or done.returncode == pytest.ExitCode.OK:
        return []
    failed = [line.split()[1] for line in done.stdout.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    found = [test for test in tests if any(line.startswith(test) for line in failed)]
    if not found:
        raise SystemExit(done.stdout + done.stderr)
    return found


def verdict(name: str) -> str:
    """Run the test of a naive engine: caught if it fails, and fails as a test does."""
    done = _pytest(
        "--exitfirst", "--timeout", str(PATIENCE_S), "-p", "tests.mutants.wear", "--mutant", name, MUTANTS[name].test
    )
    said = [line.removeprefix(SAID) for line in done.stdout.splitlines() if line.startswith(SAID)]
    return said[-1] if said else "BROKEN"


def _pytest(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "--quiet", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)


def verdicts(names: list[str]) -> dict[str, str]:
    """What becomes of each of them; the others have not run."""
    found = dict.fromkeys(MUTANTS, "not run")
    useless = red(sorted({MUTANTS[name].test for name in names}))
    useful = [name for name in names if MUTANTS[name].test not in useless]
    found |= dict.fromkeys(names, "FAILS WITHOUT IT")
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        return found | dict(zip(useful, pool.map(verdict, useful), strict=True))


if __name__ == "__main__":
    chosen = sys.argv[1:] or list(MUTANTS)
    began_s = time.monotonic()
    told = verdicts(chosen)
    caught = sum(told[name] == CAUGHT for name in chosen)
    print(table(told))  # noqa: T201 - it is what the command is for
    print(f"\n{caught} of {len(chosen)} caught in {time.monotonic() - began_s:.0f} s")  # noqa: T201
    sys.exit(caught < len(chosen))
