"""One engine for each folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sadari.errors import ConfigError
from sadari.store.lock import FolderLock, holder
from tests.live_folder import full_disk

HOLD = """
import sys
from pathlib import Path
from sadari.store.lock import FolderLock
lock = FolderLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_engine_is_refused_and_told_which_process_is_the_first(tmp_path: Path) -> None:
    """Until that one ends, however it ends."""
    arguments = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        with pytest.raises(ConfigError, match=f"process {first.pid} works in this folder"):
            FolderLock(tmp_path)
        assert holder(tmp_path) == str(first.pid)
        first.send_signal(signal.SIGKILL)
    assert holder(tmp_path) == ""
    with FolderLock(tmp_path):
        assert holder(tmp_path) == str(os.getpid())
    assert holder(tmp_path) == ""


def test_a_folder_that_cannot_be_locked_is_named(tmp_path: Path) -> None:
    """And nobody holds what is not there."""
    assert holder(tmp_path / "absent") == ""
    with pytest.raises(ConfigError, match="absent"):
        FolderLock(tmp_path / "absent")


def test_a_folder_on_a_full_disk_is_refused_by_a_sentence(tmp_path: Path) -> None:
    """What cannot be told is who holds the lock; and nobody does."""
    with (
        full_disk(0),
        pytest.raises(ConfigError, match=r"cannot be locked \(File too large\); see that its disk is well"),
    ):
        FolderLock(tmp_path)
    assert holder(tmp_path) == ""
