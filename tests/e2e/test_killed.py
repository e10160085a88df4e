"""A run that is killed: what it has written stays whole. Source: requirement R004-20."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from sadari.cli.main import main
from sadari.errors import JournalError
from sadari.run.live.journals import replay
from sadari.store.journal import verify

COMMAND = "import sys; from sadari.cli.main import main; sys.exit(main())"


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up market and a configuration that trades it often."""
    folder = tmp_path_factory.mktemp("market")
    main(["data", "synth", "--out", str(folder / "candles"), "--symbols", "5", "--days", "60", "--seed", "3"])
    text = '[signal]\nkind = "always"\ndirection = "long"\n[reentry]\nmax_per_symbol_per_day = 50\n'
    (folder / "busy.toml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.requirement("R004-20")
@pytest.mark.parametrize("records", [0, 300, 900, 2_000])
def test_a_journal_of_a_killed_run_is_read_and_replayed_up_to_its_end(
    market: Path, tmp_path: Path, records: int
) -> None:
    """Killed at any point of its writing, it holds whole records only, which a fresh engine says again."""
    file = tmp_path / "run.journal"
    arguments = ["backtest", "--config", str(market / "busy.toml"), "--data", str(market / "candles"),
                 "--journal", str(file), "--quiet"]  # fmt: skip
    with subprocess.Popen([sys.executable, "-c", COMMAND, *arguments], stderr=subprocess.DEVNULL) as running:
        while running.poll() is None and not (file.exists() and written(file) >= records):
            time.sleep(0.001)
        running.kill()
    found = verify(file)
    assert found.fault == ""
    if found.records:
        assert replay(file).difference == ""


def written(file: Path) -> int:
    """How many records a journal has that may be in the middle of being made."""
    try:
        return verify(file).records
    except JournalError:  # There is nothing yet that could be called a journal.
        return -1
