"""The command line: what it prints, where it writes, and how it ends."""

from __future__ import annotations

import argparse
import json
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from sadari.cli.arguments import time_ns
from sadari.cli.main import main, parser
from sadari.model.units import DAY_NS, HOUR_NS, MINUTE_NS

RUN = ["demo", "--backtest", "--symbols", "1", "--days", "3"]


def commands(top: argparse.ArgumentParser, path: tuple[str, ...] = ()) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every command that can be run, by its words."""
    groups = [action for action in top._actions if isinstance(action, argparse._SubParsersAction)]
    if not groups:
        yield " ".join(path), top
    for group in groups:
        for name, inner in group.choices.items():
            yield from commands(inner, (*path, name))


ALL = dict(commands(parser()))


def test_every_command_of_the_design_is_there() -> None:
    """Those that exist; some ask a running engine."""
    assert set(ALL) == {
        "demo", "backtest", "sweep", "config init", "config check", "config show", "machines", "journal verify",
        "journal replay", "data synth", "data check", "size", "parity",
        "report", "study", "exchange", "monitor", "journal backup", "journal export", "journal reset",
        "journal restore", "repair", "status", "positions", "pause", "resume", "stop", "exit", "sync", "prepare",
        "adopt", "write-off", "doctor", "run", "liquidate", "alert test",
    }  # fmt: skip


@pytest.mark.parametrize("name", ALL)
def test_each_help_shows_an_example_that_can_be_typed(name: str) -> None:
    """The example is of this command, and the parser takes it."""
    program, *words = shlex.split((ALL[name].epilog or "").removeprefix("example: "))
    assert program == "sadari"
    assert words[: len(name.split())] == name.split()
    parser().parse_args(words)


@pytest.mark.parametrize(("text", "expected"), [
    ("1970-01-02", DAY_NS), ("1970-01-01T01:30", HOUR_NS + 30 * MINUTE_NS), ("1970-01-01T02:00+02:00", 0),
    ("1970-01-01T01:00:00Z", HOUR_NS),
])  # fmt: skip
def test_a_time_is_in_utc_unless_it_says_otherwise(text: str, expected: int) -> None:
    """Whatever zone this machine is in."""
    assert time_ns(text) == expected


def test_a_demo_reports_itself(capsys: pytest.CaptureFixture[str]) -> None:
    """The same seed prints the same result; only the time it took differs."""
    assert main([*RUN, "--seed", "5"]) == 0
    first = capsys.readouterr().out
    assert main([*RUN, "--seed", "5"]) == 0
    result = slice(first.index("\nResult"), None)
    assert first[result] == capsys.readouterr().out[result]


def test_json_goes_to_a_file_or_to_the_screen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The report is printed beside a file, and not beside itself."""
    file = tmp_path / "report.json"
    assert main([*RUN, "--json", str(file), "--quiet"]) == 0
    assert capsys.readouterr().out == ""
    assert main([*RUN, "--json", "-"]) == 0
    shown = json.loads(capsys.readouterr().out)
    written = json.loads(file.read_text("utf-8"))
    assert shown["result"] == written["result"]
    assert list(tmp_path.iterdir()) == [file]


def test_a_journal_that_is_intact_is_said_to_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Verified, replayed, and never written over."""
    file = str(tmp_path / "run.journal")
    assert main([*RUN, "--journal", file, "--quiet"]) == 0
    assert main(["journal", "verify", file]) == 0
    assert main(["journal", "replay", file, "--verify"]) == 0
    out = capsys.readouterr().out
    assert "records are what was written" in out
    assert "commands are the same byte for byte" in out
    assert main([*RUN, "--journal", file]) == 1
    assert "exists already" in capsys.readouterr().err


def test_a_changed_journal_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The first records that are not what was written are named."""
    file = tmp_path / "run.journal"
    assert main([*RUN, "--journal", str(file), "--quiet"]) == 0
    content = file.read_bytes()
    at = content.index(b"OperatorRequested")
    file.write_bytes(content[:at] + b"operator" + content[at + 8 :])
    assert main(["journal", "verify", str(file)]) == 1
    assert "then records 2 to" in capsys.readouterr().out
    assert main(["journal", "replay", str(file), "--verify"]) == 1
    assert "not what was written" in capsys.readouterr().err


def test_a_configuration_is_written_checked_and_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The three commands agree about the defaults."""
    file = str(tmp_path / "ladder.toml")
    assert main(["config", "init", "--out", file]) == 0
    assert main(["config", "check", file, "--balance", "1000"]) == 0
    checked = capsys.readouterr().out
    for figure in ("55.00", "550.00", "27.50", "275.00 (27.5 %)", "550.00 of 550.00", "2.75 %", "keeps its limits"):
        assert figure in checked
    assert main(["config", "show", file]) == 0
    assert main(["config", "show"]) == 0
    one, other = capsys.readouterr().out.split('mode = "backtest"')[1:]
    assert one.strip().removesuffix("[engine]").strip() == other.strip()
    assert main(["config", "init", "--out", file]) == 2
    assert "never written over" in capsys.readouterr().err


def test_a_plan_that_contradicts_itself_is_shown_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All faults, the figures beside them, and exit code 2."""
    file = tmp_path / "ladder.toml"
    file.write_text("[ladder]\nleverage = 50\n[risk]\nmax_positions = 15\n", encoding="utf-8")
    assert main(["config", "check", str(file)]) == 2
    out = capsys.readouterr().out
    for code in ("CONFIG_OVERCOMMITTED", "LEVERAGE_PLAN_INCOMPATIBLE", "PORTFOLIO_RISK_CAP"):
        assert code in out
    assert main(["config", "check", str(file), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["committed"] == "8250.000"


def test_a_plan_of_entries_with_stops_of_their_own_shows_no_half_close(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Beside a ladder's plan, which does."""
    file = tmp_path / "both.toml"
    file.write_text('[strategies.a.signal]\nkind = "surge"\n[strategies.b.signal]\nkind = "ict"\n', encoding="utf-8")
    assert main(["config", "check", str(file)]) == 0
    ladder, own = capsys.readouterr().out.split("Strategy b")
    assert "half at" in ladder
    assert "own stops" not in ladder
    assert "half at" not in own
    assert "Entries name their own stops and targets" in own


def test_a_made_up_market_is_written_checked_and_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From an empty folder to a report, with bounds and by segments."""
    data, config = str(tmp_path / "candles"), str(tmp_path / "ladder.toml")
    assert main(["data", "synth", "--out", data, "--symbols", "1", "--days", "3", "--seed", "7"]) == 0
    assert main(["data", "check", data]) == 0
    assert "4,320 candles of 60 s" in capsys.readouterr().out
    assert main(["config", "init", "--out", config]) == 0
    run = ["backtest", "--config", config, "--data", data]
    assert main([*run, "--bounds", "--json", str(tmp_path / "b.json")]) == 0
    assert "Bounds" in capsys.readouterr().out
    assert set(json.loads((tmp_path / "b.json").read_text("utf-8"))["bounds"]["totals"]) == {
        "tape", "adverse", "favourable",
    }  # fmt: skip
    assert main([*run, "--segments", "--json", str(tmp_path / "s.json")]) == 0
    assert "1 segment" in capsys.readouterr().out
    assert len(json.loads((tmp_path / "s.json").read_text("utf-8"))["reports"]) == 1


@pytest.mark.requirement("R003-2")
def test_denied_signals_are_followed_when_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By the option or by the configuration: a row for each of them, and a table."""
    data, config, out = str(tmp_path / "candles"), tmp_path / "ladder.toml", tmp_path / "f.json"
    assert main(["data", "synth", "--out", data, "--symbols", "1", "--days", "2", "--seed", "7"]) == 0
    signal = "[signal]\nframe_minutes = 5\nfast = 3\nslow = 8\n"
    reports = []
    for text, option in ((signal, ["--funnel"]), (f"{signal}[funnel]\nenabled = true\n", [])):
        config.write_text(text, "utf-8")
        capsys.readouterr()
        assert main(["backtest", "--config", str(config), "--data", data, *option, "--json", str(out)]) == 0
        assert "Denied signals, followed" in capsys.readouterr().out
        reports.append(json.loads(out.read_text("utf-8")))
    assert len(reports[0]["funnel"]["shadows"]) == reports[0]["signals"]["denied"] > 0
    assert reports[0]["funnel"]["shadows"] == reports[1]["funnel"]["shadows"]


@pytest.mark.parametrize(("arguments", "headings"), [
    ([], ["## Engine", "## Liquidation", "## Position"]),
    (["--engine"], ["## Engine", "## Liquidation"]),
    (["--position"], ["## Position"]),
])  # fmt: skip
def test_the_lifecycles_are_drawn(
    arguments: list[str], headings: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Both, or the one that is asked for."""
    assert main(["machines", *arguments]) == 0
    assert [line for line in capsys.readouterr().out.splitlines() if line.startswith("##")] == headings


def test_a_ladder_of_any_length_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    """One pending state for each rung."""
    assert main(["machines", "--rungs", "4", "--position"]) == 0
    out = capsys.readouterr().out
    assert "DCA4_PENDING" in out
    assert "DCA5_PENDING" not in out
