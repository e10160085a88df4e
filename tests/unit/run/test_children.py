"""Programs beside this one: started, spoken to, and ended with whoever started them."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sadari.errors import SadariError
from sadari.run.local.children import Child


def python(program: str) -> list[str]:
    """A program of a line or two."""
    return [sys.executable, "-c", program]


def test_a_child_says_where_it_is_and_ends_when_told(tmp_path: Path) -> None:
    """Its first line is read as JSON, and SIGINT ends it."""
    program = 'import signal, sys; print(\'{"rest": "here"}\', flush=True); signal.pause()'
    with Child("it", python(program), tmp_path / "log", speaks=True) as child:
        assert child.first_line() == {"rest": "here"}
        child.check()
    assert child.end() != 0
    assert "KeyboardInterrupt" in child.last_words()


def test_a_child_that_does_not_start_is_quoted(tmp_path: Path) -> None:
    """Its own last words are the reason."""
    program = "import sys; sys.exit('the port is taken')"
    with Child("the exchange", python(program), tmp_path / "log", speaks=True) as child:
        with pytest.raises(SadariError, match="the exchange did not start: the port is taken"):
            child.first_line()
        with pytest.raises(SadariError, match="the exchange has ended with 1: the port is taken"):
            child.check()


def test_a_child_that_does_not_exist_is_named(tmp_path: Path) -> None:
    """With what the system says."""
    with pytest.raises(SadariError, match="it cannot be started: No such file"):
        Child("it", [str(tmp_path / "none")], tmp_path / "log")


def test_a_child_that_does_not_end_is_ended(tmp_path: Path) -> None:
    """After its grace, by force."""
    program = (
        "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); print('{}', flush=True); "
        "[signal.pause() for _ in iter(int, 1)]"
    )
    child = Child("it", python(program), tmp_path / "log", speaks=True, grace_s=0.2)
    child.first_line()
    assert child.end() == -signal.SIGKILL


def test_names_can_be_set_and_taken_out_of_a_childs_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The demo's engine never sees the keys of whoever runs it."""
    monkeypatch.setenv("SADARI_KEY_FILE", "real.toml")
    program = (
        "import json, os; names = 'SADARI_KEY_FILE', 'SADARI_API_KEY'; "
        "print(json.dumps({name: os.getenv(name) for name in names}))"
    )
    environment = {"SADARI_KEY_FILE": None, "SADARI_API_KEY": "made up"}
    with Child("it", python(program), tmp_path / "log", speaks=True, environment=environment) as child:
        assert child.first_line() == {"SADARI_KEY_FILE": None, "SADARI_API_KEY": "made up"}


def test_our_own_program_ends_with_whoever_started_it(tmp_path: Path) -> None:
    """Even one that was killed: what it held open is closed, and the exchange ends as by Ctrl-C."""
    program = (
        "import sys, signal; from pathlib import Path; from sadari.run.local.children import Child; "
        "from sadari.cli.demo import PROGRAM; "
        "child = Child('it', [*PROGRAM, 'exchange', '--port', '0', '--json'], Path(sys.argv[1]), speaks=True); "
        "child.first_line(); print(child.pid, flush=True); signal.pause()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "log")], stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        watched = os.pidfd_open(pid)
        starter.kill()
    try:
        assert children_ended(watched)
    finally:
        os.close(watched)
    assert "Traceback" not in (tmp_path / "log").read_text()


def children_ended(pidfd: int) -> bool:
    """Whether a process ends by itself."""
    return bool(select.select([pidfd], [], [], 20)[0])
