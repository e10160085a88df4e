"""What is under version control: sources, tests and pages, and nothing that a run leaves behind."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.tidy.sources import ROOT

LEFT_BEHIND = re.compile(
    r"(^|/)(__pycache__|\.venv|target|dist|build|backups?|logs?)/|\.(pyc|so|log|bak|orig|journal|db)$"
)


@pytest.mark.requirement("R004-41")
def test_no_cache_log_or_backup_is_kept_and_the_tests_are() -> None:
    """Neither what tools leave behind, nor what runs write; cleaning up never removes tests."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S607
    if listed.returncode:
        pytest.skip("not a checkout")
    names = listed.stdout.splitlines()
    assert not [name for name in names if LEFT_BEHIND.search(name)]
    assert sum(name.startswith("tests/") for name in names) > len(list((ROOT / "python").rglob("*.py"))) / 2
