"""`sadari demo` as a user types it."""

from __future__ import annotations

import json
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest

from sadari.cli.demo import length
from sadari.cli.main import main
from sadari.run.local.demo import SEED
from sadari.run.local.demo_search import ENTERED_S

PROGRAM = [sys.executable, "-c", "import sys; from sadari.cli.main import main; sys.exit(main())"]


@pytest.mark.parametrize(("words", "expected"), [
    (["--html", "page.html"], "--html only goes with --backtest"),
    (["--quiet"], "--quiet only goes with --backtest"),
    (["--backtest", "--speed", "60"], "--speed does not go with --backtest"),
    (["--backtest", "--for", "60s"], "--for does not go with --backtest"),
    (["--backtest", "--headless"], "--headless does not go with --backtest"),
    (["--backtest", "--ict"], "--ict does not go with --backtest"),
])  # fmt: skip
def test_options_of_the_other_demo_are_refused(
    words: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """They would do nothing, and nobody would know."""
    assert main(["demo", *words]) == 2
    assert expected in capsys.readouterr().err


def test_a_folder_that_holds_something_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The journal of another demo belongs to an exchange that is gone."""
    (tmp_path / "engine.journal").write_text("")
    assert main(["demo", "--folder", str(tmp_path)]) == 2
    assert "each demo has its own" in capsys.readouterr().err


def test_the_search_lists_seeds_with_their_times(capsys: pytest.CaptureFixture[str]) -> None:
    """The best first; the demo's own among them."""
    assert main(["demo", "--search", "3"]) == 0
    out = capsys.readouterr().out
    assert "of 3 seeds show a whole ladder" in out
    assert out.splitlines()[1].startswith(f"seed {SEED}: entered by ")


@pytest.mark.parametrize(("for_ns", "terminal", "length_s"), [
    (None, True, None), (None, False, 60.0), (5_000_000_000, True, 5.0), (5_000_000_000, False, 5.0),
])  # fmt: skip
def test_a_demo_that_nobody_watches_ends_by_itself(for_ns: int | None, terminal: bool, length_s: float | None) -> None:
    """Without a terminal there is nobody to end it; what is asked for counts either way."""
    assert length(Namespace(for_ns=for_ns), terminal=terminal) == length_s


def test_the_demo_enters_adds_and_exits_within_a_minute(tmp_path: Path) -> None:
    """Over real sockets, and what it leaves behind is a journal that is what was written."""
    folder = tmp_path / "demo"
    run = subprocess.run(
        [*PROGRAM, "demo", "--for", "60s", "--headless", "--json", "--folder", str(folder)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    happened, status = told["summary"], told["status"]
    assert status["state"] == "RUNNING"
    assert happened["first_s"]["entry"] <= ENTERED_S
    assert happened["adds"] >= 1
    assert sum(happened["exits"].values()) >= 1
    assert status["unprotected"]["open"] == 0
    assert main(["journal", "verify", str(folder / "engine.journal")]) == 0
    assert main(["journal", "replay", "--verify", str(folder / "engine.journal")]) == 0
