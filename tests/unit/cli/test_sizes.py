"""`sadari size` and `sadari study` as a user types them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sadari.cli.main import main


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    """What a command prints, and that it ends with this code."""
    assert main(arguments) == code
    return capsys.readouterr().out


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """The JSON that a command prints."""
    return json.loads(said(capsys, *arguments, "--json", "-"))


def test_a_size_comes_with_every_limit_or_with_the_gate_that_denied_it(capsys: pytest.CaptureFixture[str]) -> None:
    """R11 of strategies §9.6, and a stop at the entry; a denied one ends with code 1."""
    short = ("size", "--entry", "1.8058", "--stop", "1.8433", "--side", "short", "--balance", "4430", "--step", "0.1")
    page = said(capsys, *short)
    assert page.endswith("quantity 245.3\n")
    assert "c3_position" in page
    assert "<- binds" in page
    denied = said(capsys, "size", "--entry", "5", "--stop", "5", "--balance", "4430", code=1)
    assert denied == "denied: ZERO_STOP_DISTANCE, 0 against above 0\n"


def test_a_size_goes_by_the_limits_of_a_configuration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """[sizing] is what the engine goes by; a profile that is named is asked for all the same."""
    file = tmp_path / "s.toml"
    file.write_text("[sizing]\nrisk_per_trade = 0.0001\nmax_position = 0.01\n", encoding="utf-8")
    order = ("--entry", "4400", "--stop", "4444", "--side", "short", "--balance", "10000")
    asked = ("size", *order, "--config", str(file))
    assert said(capsys, *asked).endswith("quantity 0.022\n")
    assert said(capsys, *asked, "--profile", "ict").endswith("quantity 0.227\n")
    for wrong in ("nan", "-1", "much"):
        with pytest.raises(SystemExit, match="2"):
            main([*asked, "--short-risk", wrong])
        assert f"'{wrong}' is no " in capsys.readouterr().err


def test_a_study_of_a_folder_names_versions_filters_and_claims(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ten days are too few for a signal; the tables are there and say so."""
    folder = str(tmp_path / "candles")
    said(capsys, "data", "synth", "--out", folder, "--symbols", "2", "--days", "10", "--seed", "3")
    found = told(capsys, "study", "--data", folder)
    assert set(found["surge"]) == {"v33", "v32", "nine_of_thirteen"}
    assert {claim["holds"] for claim in found["claims"]} <= {None, False}
    page = said(capsys, "study", "--data", folder)
    assert page.startswith("Study of 2 symbols, 28,800 candles")
    assert "Scanner, filter option_b" in page
