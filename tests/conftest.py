"""What all tests share: the requirement marker, the recorded data, hypothesis settings.

`pytest --requirements` runs nothing: it collects the tests and prints which numbered requirements have none.
What a test measured and recorded with `record_property("figure", ...)` is printed at the end of the run.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
REQUIREMENTS = SHARED / "reference" / "requirements.md"
# What no test can show, and why.
UNTESTED = {
    "R003-41": "an order of work, with estimates of its effect; each stage has requirements of its own",
    "R003-47": "figures that were hoped for; what was measured stands in docs/recorded-ict.md as it is",
    "R003-48": "priorities of the same work",
}

IDENTIFIER = re.compile(r"R\d{3}-\d+")
HEADLINE = re.compile(rf"^- \*\*({IDENTIFIER.pattern})\b[^*]*\*\*\s*(.*)$", re.MULTILINE)

# Shared machines stall; a stall is no bug, so no example has a deadline. A failure prints what replays it. A tree that
# has not changed draws the same examples, so that it cannot turn red by itself; `make fuzz` draws new ones.
settings.register_profile("drawn", deadline=None, print_blob=True)
settings.register_profile("house", settings.get_profile("drawn"), derandomize=True)
settings.load_profile("house")

# A test run that was begun in the background may ignore Ctrl-C, and its children with it: some tests are about that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

COVERED = pytest.StashKey[dict[str, int]]()


@pytest.fixture(scope="session")
def recorded_data() -> Path:
    """The folder of recorded market data, or a skip where this machine has none."""
    folder = SHARED / "data"
    if not folder.is_dir():
        pytest.skip("no recorded market data beside this checkout (../shared/data)")
    return folder


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the switch behind `make requirements`."""
    parser.addoption("--requirements", action="store_true", help="list the numbered requirements that have no test")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Count the tests of each requirement and refuse ids that no document knows."""
    covered: dict[str, int] = {}
    known = requirements()
    for item in items:
        for identifier in marked(item):
            if not IDENTIFIER.fullmatch(identifier) or (known and identifier not in known):
                message = f"{item.nodeid}: requirement {identifier!r} is not in the list of requirements"
                raise pytest.UsageError(message)
            covered[identifier] = covered.get(identifier, 0) + 1
    config.stash[COVERED] = covered
    if config.getoption("requirements"):
        items.clear()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Collecting without running is a success when it was asked for."""
    if session.config.getoption("requirements") and session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
        session.exitstatus = pytest.ExitCode.OK


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the figures that tests recorded; when asked, the requirements without a test and the counts."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "figure":
                terminalreporter.write_line(f"{value}")
    if not config.getoption("requirements"):
        return
    known = requirements()
    if not known:
        terminalreporter.write_line("no list of requirements beside this checkout (../shared/reference)")
        return
    for line in coverage_lines(known, config.stash.get(COVERED, {})):
        terminalreporter.write_line(line)


def requirements() -> dict[str, str]:
    """Identifier to headline of every requirement, in the document's order; empty where it is absent."""
    if not REQUIREMENTS.is_file():
        return {}
    return dict(HEADLINE.findall(REQUIREMENTS.read_text(encoding="utf-8")))


def marked(item: pytest.Item) -> Iterable[str]:
    """The identifiers of an item's requirement markers."""
    return (identifier for marker in item.iter_markers("requirement") for identifier in marker.args)


def coverage_lines(known: dict[str, str], covered: dict[str, int]) -> list[str]:
    """What `--requirements` prints: the uncovered requirements, then one count for each part."""
    lines = [
        f"{identifier}  {text[:100]}\n{'':9}open: {UNTESTED.get(identifier, 'no test yet')}"
        for identifier, text in known.items()
        if identifier not in covered
    ]
    parts = sorted({identifier.partition("-")[0] for identifier in known})
    for part in parts:
        members = [identifier for identifier in known if identifier.startswith(f"{part}-")]
        tested = sum(identifier in covered for identifier in members)
        lines.append(f"{part}: {tested} of {len(members)} requirements have a test")
    lines.append(f"all: {len(covered)} of {len(known)} requirements have a test")
    return lines
