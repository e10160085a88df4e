"""Texts are UTF-8 on every machine, whatever its locale says: files, journals, reports and what is printed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.requirement("R004-58")]

LADDER = "사다리"
# A locale whose encoding is ASCII, and an error wherever a file is opened without naming an encoding.
FOREIGN = {
    "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONWARNDEFAULTENCODING": "1",
    "PYTHONWARNINGS": "error::EncodingWarning",
}  # fmt: skip


def sadari(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program in a folder, under that locale."""
    command = [sys.executable, "-c", "import sys; from sadari.cli.main import main; sys.exit(main())", *arguments]
    environment = {**os.environ, **FOREIGN}
    return subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=False, env=environment)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up market and a configuration with Korean remarks, in a folder with a Korean name."""
    folder = tmp_path_factory.mktemp("encoding") / LADDER
    folder.mkdir()
    run = sadari(folder, "data", "synth", "--out", "candles", "--symbols", "1", "--days", "2", "--seed", "7")
    assert (run.returncode, run.stderr) == (0, "")
    (folder / f"{LADDER}.toml").write_text(f"# {LADDER}\n[signal]\nfast = 5 # 빠른 평균\n", encoding="utf-8")
    return folder


def test_a_run_reads_and_writes_korean_under_any_locale(made: Path) -> None:
    """Configuration, journal and report by Korean names; the report says the same as under another locale."""
    names = ["--config", f"{LADDER}.toml", "--data", "candles", "--journal", f"{LADDER}.journal"]
    run = sadari(made, "backtest", *names, "--json", f"{LADDER}.json")
    assert (run.returncode, run.stderr) == (0, "")
    assert json.loads((made / f"{LADDER}.json").read_text(encoding="utf-8"))["result"]["adds_up"]
    verified = sadari(made, "journal", "replay", "--verify", f"{LADDER}.journal")
    assert (verified.returncode, verified.stderr) == (0, "")


def test_korean_that_is_refused_is_shown_as_it_was_written(made: Path, tmp_path: Path) -> None:
    """The sentence can be read, and names the file and the value."""
    file = tmp_path / f"{LADDER}.toml"
    file.write_text(f'[signal]\nkind = "{LADDER}"\n', encoding="utf-8")
    run = sadari(made, "config", "check", str(file))
    assert run.returncode == 2
    assert f'{LADDER}.toml: [signal] kind is "{LADDER}"; allowed: ma_cross, surge, ict, always' in run.stderr


def test_what_is_printed_is_utf8(made: Path) -> None:
    """The help has a sign that few encodings know."""
    run = sadari(made, "--help")
    assert (run.returncode, run.stderr) == (0, "")
    assert "USDⓈ-M" in run.stdout


def test_a_configuration_in_another_encoding_is_refused(made: Path, tmp_path: Path) -> None:
    """Korean Windows writes CP949 where it is not told otherwise; that is said, not guessed."""
    file = tmp_path / "ladder.toml"
    file.write_bytes(f"# {LADDER}\n".encode("cp949"))
    run = sadari(made, "config", "check", str(file))
    assert run.returncode == 2
    assert "the configuration is not a text file in UTF-8 (byte 2)" in run.stderr
