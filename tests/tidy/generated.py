"""The pages of docs/ that are written by the program itself: `python -m tests.tidy.generated` writes them anew."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.faults import table as faults
from tests.mutants import table as mutants

ROOT = Path(__file__).resolve().parents[2]
LIFECYCLES = ROOT / "docs" / "lifecycles.md"

LIFECYCLES_HEAD = """\
# Lifecycles

Every state and every permitted move of the engine, of a liquidation and of a position. The tables (`engine_table`,
`position_table` and `liquidation.table` in `sadari.core`) are what the program runs on; this page is their drawing,
written by `make docs` from `sadari machines`.

"""

COVERAGE = ROOT / "docs" / "exchange-coverage.md"

COVERAGE_HEAD = """\
# What the local exchange serves

Written by `make docs` from `sadari exchange coverage`, which reads it off the tables that the server routes by.

"""

FAULTS = ROOT / "docs" / "exchange-faults.md"

FAULTS_HEAD = """\
# Which faults the local exchange can produce

Written by `make docs` from `sadari exchange faults`. How rules are written: [the local exchange](local-exchange.md).

"""

TESTED = ROOT / "docs" / "faults-tested.md"

TESTED_HEAD = """\
# Which faults the live engine is tested against

Written by `make docs` from `tests/faults`; `make faults` plays every row and prints this table with the verdicts.

Each row of [the exchange's fault table](exchange-faults.md) is played at a real engine over sockets while it opens,
holds, adds, gets out, or is stopped out. What all have in common is judged by the exchange's own records: no client
order id twice, nothing filled beyond its order and no step twice, every exit capped, what is held covered by a stop
within five seconds (longer only where no answer to a stop is clear), at most twelve orders into a refusal, and at the
end the same position, the same stops, the same trades and the same ledger to the last digit, with one reason for the
ending.

"""

MUTANTS = ROOT / "docs" / "mutants.md"

MUTANTS_HEAD = """\
# Naive engines

Written by `make docs` from `tests/mutants`; `make mutants` runs the test of each and prints this with the verdicts.

Each of them is ours with one function that does what others have done wrong. A test that is worth having fails on it.
A run first sees that every test named here passes without them. An engine counts as caught when its test fails by what
it says while the replaced function was really called: a replacement that nobody reaches, or that breaks by itself,
proves nothing and is told apart.

"""


def sadari(*arguments: str) -> str:
    """What a `sadari` command of this environment prints.

    Raises:
        subprocess.CalledProcessError: The command failed.
    """
    command = [str(Path(sys.executable).with_name("sadari")), *arguments]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout


def pages() -> dict[Path, str]:
    """Each generated page and the text that it should have."""
    written = {
        LIFECYCLES: LIFECYCLES_HEAD + sadari("machines"),
        COVERAGE: COVERAGE_HEAD + sadari("exchange", "coverage"),
        FAULTS: FAULTS_HEAD + sadari("exchange", "faults"),
        TESTED: TESTED_HEAD + faults.table(),
        MUTANTS: MUTANTS_HEAD + mutants.table(),
    }
    return {page: text.rstrip("\n") + "\n" for page, text in written.items()}


if __name__ == "__main__":
    for page, text in pages().items():
        page.write_text(text, encoding="utf-8")
