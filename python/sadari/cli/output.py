"""Where commands print: files that appear whole or not at all, and a bar for what takes long."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from tempfile import NamedTemporaryFile

import msgspec

from sadari.errors import ConfigError
from sadari.venue.clock import Stopwatch

STDOUT = Path("-")
PATIENCE_S = 2.0


def json_text(value: object) -> str:
    """A value as indented JSON; decimals are texts."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"


def write_text(path: Path, text: str) -> None:
    """Write a file in one step; ``-`` is the standard output.

    Raises:
        ConfigError: The file cannot be written there.
    """
    if path == STDOUT:
        sys.stdout.write(text)
        return
    try:
        with NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False) as whole:
            whole.write(text)
        Path(whole.name).chmod(0o644)
        Path(whole.name).replace(path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written ({error.strerror})") from error


def check_writable(*paths: Path | None, reads: Iterable[Path | None] = ()) -> None:
    """Refuse outputs before the work is done, not after it.

    Args:
        paths: The outputs; None and ``-`` are no files.
        reads: What is read, and so is not written over.

    Raises:
        ConfigError: The folder of a file does not exist or cannot be written to, or a file is one that is read, or
            another output.
    """
    taken = {path.resolve(): "is read" for path in reads if path is not None}
    for path in paths:
        if path is None or path == STDOUT:
            continue
        if not os.access(path.parent, os.W_OK) or path.is_dir():
            raise ConfigError(
                f"{path}: cannot be written; allowed: a file in an existing folder that can be written to"
            )
        why = taken.setdefault(path.resolve(), "")
        if why:
            raise ConfigError(f"{path}: {why}, so that it cannot be written; allowed: another file")
        taken[path.resolve()] = "is another output"


class ProgressBar:
    """A line on the error output that fills up: only on a terminal, only for what takes longer than two seconds."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._shown = sys.stderr.isatty()
        self._running = Stopwatch()
        self._drawn = False

    def __call__(self, share: float) -> None:
        """Show that this share, from 0 to 1, is done."""
        if not self._shown or self._running.spent().wall_s < PATIENCE_S:
            return
        width = max(shutil.get_terminal_size().columns - len(self._what) - 12, 10)
        filled = int(width * share)
        bar = "#" * filled + "." * (width - filled)
        print(f"\r{self._what} [{bar}] {share:4.0%}", end="", file=sys.stderr, flush=True)
        self._drawn = True

    def clear(self) -> None:
        """Take the line away."""
        if self._drawn:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
            self._drawn = False
