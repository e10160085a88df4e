"""Files that appear whole or not at all, and a bar that only people see."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

from sadari.cli import output
from sadari.cli.output import ProgressBar, write_text
from sadari.errors import ConfigError


class Terminal(io.StringIO):
    """An error output that a person looks at."""

    def isatty(self) -> bool:
        """It is one."""
        return True


def test_a_file_is_replaced_in_one_step(tmp_path: Path) -> None:
    """The old content or the new, and nothing beside it."""
    file = tmp_path / "report.json"
    file.write_text("old", encoding="utf-8")
    write_text(file, "new")
    assert file.read_text("utf-8") == "new"
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """One sentence."""
    with pytest.raises(ConfigError, match=r"absent/r\.json: cannot be written"):
        write_text(tmp_path / "absent" / "r.json", "new")


def test_a_bar_is_drawn_on_a_terminal_and_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """After two seconds; here, after none."""
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(output, "PATIENCE_S", 0)
    bar = ProgressBar("backtest")
    bar(0.5)
    bar.clear()
    drawn = screen.getvalue()
    assert drawn.startswith("\rbacktest [#")
    assert " 50%" in drawn
    assert drawn.endswith("\r\x1b[K")


@pytest.mark.parametrize(("terminal", "patience"), [(Terminal, 60), (io.StringIO, 0)])
def test_no_bar_for_a_file_or_for_what_is_short(
    monkeypatch: pytest.MonkeyPatch, terminal: type[io.StringIO], patience: float
) -> None:
    """Not one byte."""
    screen = terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(output, "PATIENCE_S", patience)
    bar = ProgressBar("backtest")
    bar(0.5)
    bar.clear()
    assert screen.getvalue() == ""


def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    """As with `sadari machines | head -1`: no trace is left behind."""
    program = Path(sys.executable).with_name("sadari")
    pipe = f"'{program}' machines --rungs 400 | head -1"
    run = subprocess.run(pipe, shell=True, capture_output=True, text=True, cwd=tmp_path, check=True)  # noqa: S602
    assert (run.stdout, run.stderr) == ("## Engine\n", "")
