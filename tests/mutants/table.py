"""The table of naive engines, for `docs/`; as a program it runs the test of each and says whether it fails."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

import pytest

from tests.mutants.engines import MUTANTS


def table(verdicts: Mapping[str, str] | None = None) -> str:
    """Every naive engine as Markdown; with a column of verdicts where there are any."""
    head = ["engine", "fault", "what it does wrong", "instead of", "caught by"]
    if verdicts is not None:
        head.append("verdict")
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for name, one in MUTANTS.items():
        test = one.test.rpartition("::")[2]
        cells = [name, one.fault, one.does, f"`{one.where.rpartition('.')[2]}`", f"`{test}`"]
        if verdicts is not None:
            cells.append(verdicts[name])
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def verdict(name: str) -> str:
    """Run the test of a naive engine: caught if it fails, and fails as a test does."""
    command = [sys.executable, "-m", "pytest", "--quiet", "-p", "tests.mutants.wear", "--mutant", name]
    done = subprocess.run([*command, MUTANTS[name].test], capture_output=True, check=False)
    return {pytest.ExitCode.TESTS_FAILED: "caught", pytest.ExitCode.OK: "NOT CAUGHT"}.get(
        pytest.ExitCode(done.returncode), "BROKEN"
    )


if __name__ == "__main__":
    chosen = sys.argv[1:] or list(MUTANTS)
    found = dict.fromkeys(MUTANTS, "not run") | {name: verdict(name) for name in chosen}
    print(table(found))  # noqa: T201 - it is what the command is for
    sys.exit(any(found[name] != "caught" for name in chosen))
