"""One engine for each folder: a lock that the system lets go of when its process ends, however it ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from sadari.errors import ConfigError
from sadari.store.folder import CARE

NAME = "engine.lock"


class FolderLock:
    """The lock of a folder, held from its making on.

    Args:
        folder: A folder that exists.

    Raises:
        ConfigError: Another process holds it, or the folder cannot be written to.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        try:
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._fault(error) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._descriptor)
            who = _written(self.path) or "of unknown number"
            raise ConfigError(
                f"{folder}: process {who} works in this folder; allowed: one at a time, and one engine for each account"
            ) from error
        try:
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)
        except OSError as error:
            os.close(self._descriptor)
            raise self._fault(error) from error

    def _fault(self, error: OSError) -> ConfigError:
        return ConfigError(f"{self.path}: the folder cannot be locked ({error.strerror}); {CARE}")

    def release(self) -> None:
        """Let go. The file stays: a name that comes and goes could be locked twice."""
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def holder(folder: Path) -> str:
    """The number of the process that holds the lock of a folder, "" if none does."""
    path = folder / NAME
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return ""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _written(path) or "of unknown number"
    finally:
        os.close(descriptor)
    return ""


def _written(path: Path) -> str:
    text = path.read_text(encoding="ascii", errors="replace").strip()
    return text if text.isdigit() else ""
