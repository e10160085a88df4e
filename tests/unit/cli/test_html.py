"""`--html` writes a page beside whatever else is asked for, and says beforehand what it cannot do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sadari.cli.main import main
from sadari.research.pictures import page as pictures

RUN = ["demo", "--backtest", "--symbols", "1", "--days", "3", "--quiet"]


@pytest.fixture
def market(tmp_path: Path) -> list[str]:
    """The arguments of a backtest over three made-up days."""
    folder, config = tmp_path / "candles", tmp_path / "ladder.toml"
    assert main(["data", "synth", "--out", str(folder), "--symbols", "1", "--days", "3", "--seed", "7"]) == 0
    assert main(["config", "init", "--out", str(config)]) == 0
    return ["backtest", "--config", str(config), "--data", str(folder), "--quiet"]


def test_page_json_and_bounds_go_together(market: list[str], tmp_path: Path) -> None:
    """The files appear whole and nothing else is left in the folder."""
    out = tmp_path / "out"
    out.mkdir()
    assert main([*market, "--bounds", "--html", str(out / "a.html"), "--json", str(out / "a.json")]) == 0
    assert sorted(path.name for path in out.iterdir()) == ["a.html", "a.json"]
    text = (out / "a.html").read_text("utf-8")
    assert text.startswith("<!doctype html>")
    assert "<!--" not in text
    assert json.loads((out / "a.json").read_text("utf-8"))["months"]


@pytest.mark.parametrize("secret", ["http://", "https://cdn", 'src="http', "@import"])
def test_the_page_loads_nothing_from_elsewhere(tmp_path: Path, secret: str) -> None:
    """What is not inside it is not asked for; the policy in its head forbids the rest."""
    file = tmp_path / "a.html"
    assert main([*RUN, "--html", str(file)]) == 0
    text = file.read_text("utf-8")
    assert secret not in text
    assert "default-src 'none'" in text


def test_segments_are_many_runs_and_a_page_is_of_one(market: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Refused before anything is run."""
    assert main([*market, "--segments", "--html", "a.html"]) == 2
    assert "--html draws one run and --segments makes many" in capsys.readouterr().err


def test_a_page_that_cannot_be_written_is_refused_before_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    """The folder has to be there."""
    assert main([*RUN, "--html", "no/such/folder/a.html"]) == 2
    assert "no/such/folder/a.html: cannot be written" in capsys.readouterr().err


def test_a_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Without the research extra there is one sentence, and no run."""
    monkeypatch.setattr(pictures, "NEEDED", ("numpy", "plotly_that_is_not_there"))
    assert main([*RUN, "--html", "a.html"]) == 2
    said = capsys.readouterr().err
    assert "plotly_that_is_not_there" in said
    assert "sadari[research]" in said
    assert not Path("a.html").exists()
