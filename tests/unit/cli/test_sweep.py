"""`sadari sweep`: what it prints and writes, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sadari.cli import sweep
from sadari.cli.main import main
from sadari.research.sweep import FIGURES


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up contract over two days, and the default configuration."""
    folder = tmp_path_factory.mktemp("sweep")
    assert (
        main(["data", "synth", "--out", str(folder / "candles"), "--symbols", "1", "--days", "2", "--seed", "7"]) == 0
    )
    assert main(["config", "init", "--out", str(folder / "ladder.toml")]) == 0
    return folder


def swept(folder: Path, *arguments: str) -> int:
    """Run the command on that folder."""
    return main(["sweep", "--config", str(folder / "ladder.toml"), "--data", str(folder / "candles"), *arguments])


@pytest.mark.requirement("R004-45")
def test_a_sweep_prints_its_best_rows_and_writes_them_all(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Four combinations, of which two cannot be run; one row is printed, the file has both."""
    out = made / "sweep.json"
    varied = ["--vary", "ladder.leverage=5,50", "--vary", "signal.fast=10,20"]
    assert swept(made, *varied, "--top", "1", "--split", "0.5", "--sort", "ratio", "--json", str(out)) == 0
    page = " ".join(capsys.readouterr().out.split())
    assert "and 1 more in the JSON" in page
    assert "2 combinations tried" in page
    assert "Not run: ladder.leverage=50, signal.fast=10: LEVERAGE_PLAN_INCOMPATIBLE" in page
    written = json.loads(out.read_text("utf-8"))
    assert sorted(row["values"]["signal.fast"] for row in written["rows"]) == [10, 20]
    assert [one["values"]["ladder.leverage"] for one in written["skipped"]] == [50, 50]
    assert written["sorted_by"] == "ratio"
    assert written["in_sample"]["end"] == written["out_of_sample"]["start"] == "2025-01-02T00:00:00Z"


def test_json_on_the_screen_comes_alone(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """So that a script can read it; quiet prints nothing at all."""
    assert swept(made, "--vary", "signal.fast=10", "--json", "-") == 0
    assert len(json.loads(capsys.readouterr().out)["rows"]) == 1
    assert swept(made, "--vary", "signal.fast=10", "--quiet") == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("arguments", "said"), [
    (["--vary", "ladder.levrage=5"], "section [ladder] has no key 'levrage'; did you mean 'leverage'?"),
    (["--vary", "ladder.leverage=0"], "leverage is 0; allowed: a whole number from 1 to 125"),
    (["--vary", "leverage=5"], "--vary is 'leverage=5'; allowed: SECTION.KEY=VALUE,VALUE"),
    (["--vary", "ladder.leverage=50"], "none of the 1 combinations can be run; of the first: LEVERAGE_PLAN"),
    (["--vary", "market.seed=1,2", "--vary", f"signal.fast={','.join(map(str, range(2, 600)))}"], "1,196 combinations"),
    (["--vary", "signal.fast=5", "--from", "2030-01-01"], "no candle lies in the range"),
    (["--vary", "signal.fast=5", "--json", "absent/o.json"], "absent/o.json: cannot be written"),
])  # fmt: skip
def test_what_cannot_be_swept_is_refused_in_one_sentence(
    made: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    """Exit code 2, and nothing is printed besides."""
    assert swept(made, *arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert said in printed.err
    assert printed.err.count("\n") == 1


@pytest.mark.parametrize("text", ["0", "1", "1.5", "-0.5", "nan", "half"])
def test_a_split_leaves_something_on_both_sides(made: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    """Neither nothing nor everything is in-sample."""
    with pytest.raises(SystemExit) as ended:
        swept(made, "--vary", "signal.fast=5", f"--split={text}")
    assert ended.value.code == 2
    assert f"'{text}' is no share; allowed: a number between 0 and 1" in capsys.readouterr().err


def test_the_command_offers_every_figure_there_is_to_sort_by() -> None:
    """The help does without the import; the two lists agree."""
    assert tuple(FIGURES) == sweep.SORTS
