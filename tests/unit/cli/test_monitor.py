"""Watching an engine over its control socket: what is shown, remembered and told at the end."""

from __future__ import annotations

import json
import os
import signal
from io import StringIO
from pathlib import Path
from threading import Timer

import pytest
from msgspec.structs import replace
from rich.console import Console

from sadari.cli.following import Screen, Silent, follow, interruptible
from sadari.cli.main import main
from sadari.cli.story import Story, summary
from sadari.errors import ConfigError, RetryableError
from sadari.model.units import SECOND_NS
from sadari.run.figures.status import DecisionStatus, Status
from tests.unit.cli.control_socket import serving
from tests.unit.cli.statuses import DECISIONS, NOW_NS, STATUS


def decision(second: int, what: str, reason: str) -> DecisionStatus:
    """A decision of some second."""
    return DecisionStatus(time_ns=NOW_NS + second * SECOND_NS, symbol="DEMOBUSDT", what=what, reason=reason)


LATER = (
    decision(1, "entry", "SHORT 4 at 2500.0 on ma_cross"),
    decision(2, "add 1", "SHORT 5.3 at 2504.0"),
    decision(3, "exit", "DCA1_RECOVERY: 5.3"),
    decision(4, "exit", "HALF_PROFIT: 2"),
    decision(5, "add 2 denied", "DCA_WOULD_STOP (2511, limit 2510)"),
)


def test_a_story_counts_each_decision_once() -> None:
    """Statuses overlap: what one has shown already is nothing new in the next."""
    story = Story()
    assert story.see(STATUS, 1.0) == sorted(DECISIONS, key=lambda one: one.time_ns)
    assert story.see(STATUS, 1.5) == []
    assert story.see(replace(STATUS, decisions=LATER[:3] + DECISIONS[:2]), 2.0) == list(LATER[:3])
    story.see(replace(STATUS, decisions=LATER), 3.0)
    outcome = story.outcome()
    assert (outcome.entries, outcome.adds) == (2, 2)
    assert outcome.exits == {"DCA1_RECOVERY": 1, "HALF_PROFIT": 1, "STOP_LOSS_SECOND_DCA": 1}
    assert outcome.denied == {"COOLDOWN_ACTIVE": 1, "DCA_WOULD_STOP": 1}
    assert outcome.first_s == {"entry": 1.0, "add": 1.0, "exit": 1.0}
    assert (outcome.open, outcome.unrealized, outcome.watched_s) == (1, STATUS.positions[0].unrealized, 3.0)


def test_a_sum_with_an_unknown_part_is_unknown() -> None:
    """One position without a price, and what all would bring is not known."""
    story = Story()
    bare = replace(STATUS.positions[0], unrealized=None)
    story.see(replace(STATUS, positions=(STATUS.positions[0], bare)), 0.0)
    assert story.outcome().unrealized is None


def test_a_summary_says_what_is_left_behind() -> None:
    """The state, the result, and each open position with what protects it."""
    text = summary(STATUS)
    for expected in (
        "local demo was RUNNING after 42.0s", "wallet 10,012.31", "margin ratio 1.23%", "4 positions closed",
        "still open: DEMOAUSDT LONG FIRST_DCA 0.058 at 59,948.3, -1.64, stop 59,678.5, 2 stops at the venue",
        "max 0.051s", "41 orders (0 refused), 30 fills, 12,340 ticks seen, 27 calls by REST",
    ):  # fmt: skip
        assert expected in text


def test_the_monitor_tells_decisions_as_they_come_and_sums_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not on a terminal: lines, then the summary."""
    later = replace(STATUS, decisions=LATER + DECISIONS)
    with serving(tmp_path, [STATUS, STATUS, later]):
        assert main(["monitor", "--folder", str(tmp_path), "--for", "1s"]) == 0
    out = capsys.readouterr().out
    assert out.index("STOP_LOSS_SECOND_DCA: 36.6") < out.index("DCA1_RECOVERY: 5.3") < out.index("2 entries, 2 adds")
    assert out.count("HALF_PROFIT: 2") == 1


def test_json_is_the_last_status_and_what_happened(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And nothing else is printed, so that a program can read it."""
    with serving(tmp_path, [STATUS]):
        assert main(["monitor", "--folder", str(tmp_path), "--for", "1s", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["status"]["positions"][0]["stage"] == "FIRST_DCA"
    assert told["summary"]["exits"] == {"STOP_LOSS_SECOND_DCA": 1}
    assert told["summary"]["realized"] == "12.31"


def test_a_folder_without_an_engine_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """At once, with its name."""
    assert main(["monitor", "--folder", str(tmp_path)]) == 2
    assert f"{tmp_path}: no engine runs in this folder" in capsys.readouterr().err


def test_watching_ends_with_the_engine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The socket is gone: the summary is of the last status."""
    with serving(tmp_path, [STATUS]) as (_, end):
        timer = Timer(0.6, end)
        timer.start()
        assert main(["monitor", "--folder", str(tmp_path)]) == 0
        timer.join()
    assert "was RUNNING after 42.0s" in capsys.readouterr().out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_whatever_ends_watching_leaves_a_summary(
    number: signal.Signals, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C, or a program that asks it to end."""
    with serving(tmp_path, [STATUS]) as (watched, _):
        timer = Timer(0.6, lambda: os.kill(os.getpid(), number))
        timer.start()
        assert main(["monitor", "--folder", str(tmp_path)]) == 0
        timer.join()
        assert watched.asked > 1
    assert "still open: DEMOAUSDT" in capsys.readouterr().out


def test_an_engine_that_is_busy_is_asked_again() -> None:
    """A late answer ends nothing; a check that fails does."""
    story = Story()
    answers: list[Status | Exception] = [RetryableError("late"), STATUS, RetryableError("late"), ConfigError("gone")]

    def ask() -> Status:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    follow(ask, Silent(), story)
    assert story.last is STATUS
    assert not answers


def test_an_engine_that_has_died_is_not_waited_for() -> None:
    """What watches over its process is asked before it is."""

    def check() -> None:
        raise ConfigError("the engine has ended")

    with pytest.raises(ConfigError, match="has ended"), interruptible():
        follow(lambda: STATUS, Silent(), Story(), check=check)


def test_the_screen_is_drawn_in_place_and_given_back() -> None:
    """The other screen of the terminal, never scrolled, no line wider than it, and the cursor is back at the end."""
    written = StringIO()
    console = Console(file=written, force_terminal=True, width=80, height=24, legacy_windows=False, color_system=None)
    with Screen(console) as screen:
        screen.show(STATUS, [])
        screen.show(replace(STATUS, state="PAUSED"), [])
    text = written.getvalue()
    assert text.count("\x1b[?1049h") == text.count("\x1b[?1049l") == 1
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")
    frames = text.split("\x1b[H")
    assert "RUNNING" in frames[-2]
    assert "PAUSED" in frames[-1]
    assert frames[-1].split("\x1b[?")[0].count("\n") == 23
    assert "\x1b[2J" not in text
