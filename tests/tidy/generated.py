"""The pages of docs/ that are written by the program itself: `python -m tests.tidy.generated` writes them anew."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIFECYCLES = ROOT / "docs" / "lifecycles.md"

LIFECYCLES_HEAD = """\
# Lifecycles

Every state and every permitted move of the engine and of a position. The tables in `sadari.lifecycle` are what the
program runs on; this page is their drawing, written by `make docs` from `sadari machines`.

"""


def sadari(*arguments: str) -> str:
    """What a `sadari` command of this environment prints.

    Raises:
        subprocess.CalledProcessError: The command failed.
    """
    command = [str(Path(sys.executable).with_name("sadari")), *arguments]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout


def pages() -> dict[Path, str]:
    """Each generated page and the text that it should have."""
    return {LIFECYCLES: LIFECYCLES_HEAD + sadari("machines").rstrip("\n") + "\n"}


if __name__ == "__main__":
    for page, text in pages().items():
        page.write_text(text, encoding="utf-8")
