"""Bad input, from the outside: one sentence on the error output, exit code 2, no trace, nothing half-done."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

Spoil = Callable[[Path], None]


def sadari(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program in a folder."""
    program = str(Path(sys.executable).with_name("sadari"))
    return subprocess.run([program, *arguments], cwd=folder, capture_output=True, encoding="utf-8", check=False)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder from which a backtest runs."""
    folder = tmp_path_factory.mktemp("good")
    made = sadari(folder, "data", "synth", "--out", "candles", "--symbols", "1", "--days", "1", "--seed", "7")
    assert (made.returncode, made.stderr) == (0, "")
    assert sadari(folder, "config", "init", "--out", "ladder.toml").returncode == 0
    return folder


def config(old: str, new: str) -> Spoil:
    """Change the configuration."""

    def spoil(folder: Path) -> None:
        replace_text(folder / "ladder.toml", old, new)

    return spoil


def candle(number: int, column: int, value: str) -> Spoil:
    """Change one cell of the candles; row 0 is the header."""

    def spoil(folder: Path) -> None:
        file = folder / "candles" / "DEMOAUSDT.csv"
        lines = file.read_text("utf-8").splitlines()
        cells = lines[number].split(",")
        cells[column] = value
        lines[number] = ",".join(cells)
        file.write_text("\n".join(lines) + "\n", "utf-8")

    return spoil


def repeat_row(folder: Path) -> None:
    """Write one candle twice."""
    file = folder / "candles" / "DEMOAUSDT.csv"
    lines = file.read_text("utf-8").splitlines()
    file.write_text("\n".join([*lines[:5], *lines[4:]]) + "\n", "utf-8")


def swap_rows(folder: Path) -> None:
    """Write two candles in the wrong order."""
    file = folder / "candles" / "DEMOAUSDT.csv"
    lines = file.read_text("utf-8").splitlines()
    lines[4], lines[6] = lines[6], lines[4]
    file.write_text("\n".join(lines) + "\n", "utf-8")


def replace_text(file: Path, old: str, new: str) -> None:
    """Change a file once."""
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")


def header(folder: Path) -> None:
    """Misname a column."""
    replace_text(folder / "candles" / "DEMOAUSDT.csv", ",close,", ",last,")


def unknown_symbol(folder: Path) -> None:
    """Candles that no file describes."""
    shutil.copy(folder / "candles" / "DEMOAUSDT.csv", folder / "candles" / "NEWUSDT.csv")


def nothing(folder: Path) -> None:
    """Leave everything as it is: the fault is in the arguments."""
    assert folder.is_dir()


CASES: dict[str, tuple[Spoil, list[str], str]] = {
    "unknown key": (config("leverage = 10", "levrage = 10"), [], "did you mean 'leverage'?"),
    "unknown section": (config("[ladder]", "[lader]"), [], "did you mean 'ladder'?"),
    "impossible value": (
        config("leverage = 10", "leverage = 0"),
        [],
        "leverage is 0; allowed: a whole number from 1 to",
    ),
    "wrong type": (config("leverage = 10", 'leverage = "ten"'), [], 'leverage is "ten"; allowed: a whole number'),
    "no TOML": (config("[ladder]", "[ladder"), [], "this is not TOML"),
    "ladder of unequal lengths": (config("[0.03, 0.06]", "[0.03]"), [], "LADDER_CONFIG_INVALID: "),
    "unreachable rung": (
        config("[0.10, 0.07, 0.05]", "[0.02, 0.02, 0.02]"),
        [],
        "LADDER_RUNG_UNREACHABLE: LONG: add 1",
    ),
    "overcommitted": (config("max_positions = 10", "max_positions = 15"), [], "CONFIG_OVERCOMMITTED: 15 positions"),
    "liquidated before the stop": (config("leverage = 10", "leverage = 50"), [], "LEVERAGE_PLAN_INCOMPATIBLE: LONG"),
    "always in both directions": (config('kind = "ma_cross"', 'kind = "always"'), [], 'direction is "both"'),
    "NaN": (candle(10, 2, "nan"), [], "DEMOAUSDT.csv, line 11: high is nan"),
    "disorder": (swap_rows, [], "DEMOAUSDT.csv, line 6: open_time is"),
    "duplicate": (repeat_row, [], "line 6: open_time is 2025-01-01 00:03:00, the same as in the row before"),
    "high below low": (candle(10, 2, "1"), [], "line 11: high is 1.0, below low"),
    "wrong columns": (header, [], "column 'close' is missing; the file has open_time"),
    "symbol without instrument": (unknown_symbol, [], "NEWUSDT lacks tick_size"),
    "empty range": (nothing, ["--from", "2030-01-01"], "no candle lies in the range"),
    "empty range at the front": (nothing, ["--to", "2020-01-01"], "no candle in the range asked for"),
    "unknown symbol": (nothing, ["--symbols", "BTCUSDT"], "no candles for BTCUSDT; found are DEMOAUSDT"),
    "no symbol": (nothing, ["--symbols", "B-T-C"], "symbol is 'B-T-C'; allowed: the form BTCUSDT"),
    "no such data": (nothing, ["--data", "absent"], "absent: there is no such file or folder of candles"),
    "no such instruments": (nothing, ["--instruments", "absent"], "absent: cannot be read"),
    "no such funding": (nothing, ["--funding", "absent"], "absent: there is no such folder of funding rates"),
    "no such configuration": (nothing, ["--config", "absent"], "absent: the configuration cannot be read"),
    "a funnel of many runs": (nothing, ["--segments", "--funnel"], "--funnel is of one run and --segments makes many"),
    "a funnel on a bound": (config('path = "tape"', 'path = "adverse"'), ["--funnel"], 'path is "adverse" with a fun'),
    "no place for the report": (nothing, ["--json", "absent/r.json"], "absent/r.json: cannot be written"),
    "no place for the journal": (nothing, ["--journal", "absent/j"], "absent/j: cannot be written"),
}


@pytest.mark.parametrize(("spoil", "arguments", "said"), CASES.values(), ids=CASES)
def test_one_sentence_and_exit_code_2(
    good: Path, tmp_path: Path, spoil: Spoil, arguments: list[str], said: str
) -> None:
    """Nothing is printed besides the sentence, and no file appears."""
    folder = Path(shutil.copytree(good, tmp_path / "run"))
    spoil(folder)
    before = sorted(folder.rglob("*"))
    run = sadari(folder, "backtest", "--config", "ladder.toml", "--data", "candles", "--json", "out.json", *arguments)
    assert (run.returncode, run.stdout) == (2, "")
    assert said in run.stderr
    assert run.stderr.startswith("sadari: ")
    assert run.stderr.count("\n") == 1
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(("arguments", "said"), [
    (["backtest", "--config", "ladder.toml"], "the following arguments are required: --data"),
    (["backtest", "--config", "ladder.toml", "--data", "candles", "--from", "May"], "'May' is no time; allowed"),
    (["demo", "--seed", "-1"], "'-1' is no count; allowed: a whole number"),
    (["config", "check", "ladder.toml", "--balance", "0"], "'0' is no amount; allowed: a number above 0"),
    (["machines", "--rungs", "x"], "'x' is no count"),
    (["bactest"], "invalid choice: 'bactest'"),
    ([], "the following arguments are required: COMMAND"),
])  # fmt: skip
def test_arguments_that_cannot_be_are_refused(good: Path, arguments: list[str], said: str) -> None:
    """Usage and one sentence, exit code 2."""
    run = sadari(good, *arguments)
    assert (run.returncode, run.stdout) == (2, "")
    assert said in run.stderr
    assert "Traceback" not in run.stderr


def test_the_good_folder_is_good(good: Path, tmp_path: Path) -> None:
    """The cases above fail for what they change and for nothing else."""
    folder = Path(shutil.copytree(good, tmp_path / "run"))
    run = sadari(folder, "backtest", "--config", "ladder.toml", "--data", "candles", "--json", "out.json")
    assert (run.returncode, run.stderr) == (0, "")
    assert (folder / "out.json").is_file()
