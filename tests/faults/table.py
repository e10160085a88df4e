"""The table of the rows that are tested and of those that are open: for `docs/`, with verdicts for `make faults`."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import pytest

from sadari.localexchange.faults.served import FAULTS
from tests.faults.plays import ELSEWHERE, OPEN
from tests.faults.rows import ROWS, Row

TEST = "tests/faults/test_rows.py::test_a_fault_is_met_as_its_row_requires"


def table(verdicts: Mapping[str, str] | None = None) -> str:
    """Both lists as Markdown; with a column of verdicts where there are any."""
    rows = {name.split("-")[0] for name in (*ROWS, *ELSEWHERE)}
    head, rule = ["fault", "what goes wrong", "while it is", "the position ends for"], ["---"] * 4
    lines = []
    for row in ROWS.values():
        cells = [row.name, row.title, ", ".join(row.play.at), _ending(row)]
        if verdicts is not None:
            cells.append(verdicts.get(row.name, "not run"))
        lines.append(f"| {' | '.join(cells)} |")
    if verdicts is not None:
        head, rule = [*head, "verdict"], [*rule, "---"]
    titles = {row.fault: row.title for row in FAULTS}
    return "\n".join(
        [
            f"{len(rows)} of {len(FAULTS)} rows are played, in {len(ROWS) + len(set(ELSEWHERE.values()))} tests.",
            "",
            f"| {' | '.join(head)} |",
            f"|{'|'.join(rule)}|",
            *lines,
            "",
            "| played by a test of its own | what goes wrong | which |",
            "|---|---|---|",
            *(f"| {name} | {titles[name.split('-')[0]]} | `{test}` |" for name, test in ELSEWHERE.items()),
            "",
            "| open | what goes wrong | why no test plays it |",
            "|---|---|---|",
            *(f"| {name} | {titles[name.split('-')[0]]} | {reason} |" for name, reason in OPEN.items()),
        ]
    )


def _ending(row: Row) -> str:
    return " or ".join(row.play.reasons) if row.play.opens else "(none is opened)"


class Verdicts:
    """What became of each test of a row; a plugin of pytest."""

    def __init__(self) -> None:
        self.by_name: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the outcome of a row."""
        if TEST in report.nodeid and (report.when == "call" or report.failed):
            name = report.nodeid.partition("[")[2].partition("]")[0]
            self.by_name[name] = report.outcome


if __name__ == "__main__":
    seen = Verdicts()
    code = pytest.main(["--quiet", "tests/faults", *sys.argv[1:]], plugins=[seen])
    print(table(seen.by_name))  # noqa: T201 - it is what the command is for
    sys.exit(code)
