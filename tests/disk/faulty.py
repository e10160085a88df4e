"""A disk that fails at the n-th operation and can lose its power: what `rust/faulty-disk` does, for Python.

The library has to be there before the process begins: start one with `environment`, then ask for a `FaultyDisk`.

    subprocess.run([sys.executable, "-m", "tests.disk.table"], env=environment())

    disk = FaultyDisk(folder)        # from now on every file below the folder is on this disk
    disk.arm(Fault.NO_SPACE, 7)      # the seventh operation that it can befall, counted from here, fails
    ...
    disk.fired, disk.count(Fault.NO_SPACE)
    disk.lose_power(seed, into)      # another folder, as a loss of power now could leave this one
    disk.off()
"""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "target" / "release" / "libfaulty_disk.so"
BUILD = ("cargo", "build", "--quiet", "--release", "--package", "sadari-faulty-disk")

# What a loss of power leaves of what was not synced; any other seed is a choice by chance.
NOTHING = 0
EVERYTHING = 1


class Fault(IntEnum):
    """A way to fail, and what it can befall."""

    NO_SPACE = 1
    """No room, this once: any change of a file or a name, any sync."""
    ERROR = 2
    """An input or output error, this once: as above, and opening a file for writing."""
    TORN = 3
    """Half of a write reaches the file, then there is an error."""
    SHORT = 4
    """Half of a write reaches the file, and that is what the caller is told."""
    UNSYNCED = 5
    """A sync fails, and no later one makes up for it."""
    FULL = 6
    """From here on nothing grows: what has its room already can be written."""
    GONE = 7
    """From here on nothing can be changed."""
    POWER = 8
    """From here on nothing happens any more; the operation itself may be done in any part."""
    UNREAD = 9
    """A read fails, this once."""


def build() -> Path:
    """The library, made anew where its sources are newer."""
    subprocess.run(BUILD, cwd=ROOT, check=True)
    return LIBRARY


def environment() -> dict[str, str]:
    """The environment of a process that may ask for a `FaultyDisk`: this one's, with the library before libc."""
    return os.environ | {"LD_PRELOAD": str(build())}


def is_there() -> bool:
    """Whether this process was begun with the library."""
    return hasattr(ctypes.CDLL(None), "sadari_disk_watch")


class FaultyDisk:
    """The disk that a folder is on, until `off`. There is one in a process.

    Args:
        folder: What is in it now is on the disk for good. Syncs of it only count: they take no time.

    Raises:
        RuntimeError: The process was begun without the library, or the folder cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._library = ctypes.CDLL(None)
        if not is_there():
            raise RuntimeError("this process was begun without the library: see tests.disk.faulty.environment")
        self._library.sadari_disk_count.restype = ctypes.c_uint64
        self._library.sadari_disk_arm.argtypes = (ctypes.c_uint32, ctypes.c_uint64)
        self._library.sadari_disk_holds.argtypes = (ctypes.c_char_p, ctypes.c_size_t)
        self._library.sadari_disk_lose_power.argtypes = (ctypes.c_uint64, ctypes.c_char_p)
        if self._library.sadari_disk_watch(os.fsencode(self.folder)):
            raise RuntimeError(f"{self.folder}: cannot be watched")

    def arm(self, fault: Fault | None, number: int = 1) -> None:
        """Let an operation fail, the first one that the fault can befall being 1; with None only count."""
        self._library.sadari_disk_arm(fault or 0, number)

    def count(self, fault: Fault) -> int:
        """How many operations since then the fault could have befallen."""
        return int(self._library.sadari_disk_count(fault))

    @property
    def fired(self) -> bool:
        """Whether the fault has come."""
        return bool(self._library.sadari_disk_fired())

    def holds(self, content: bytes) -> bool:
        """Whether one file holds these bytes side by side, whatever becomes of the power."""
        return bool(self._library.sadari_disk_holds(content, len(content)))

    def lose_power(self, seed: int, into: Path | None = None) -> None:
        """Put a folder, or this one, into a state that a loss of power at this moment could leave behind.

        Args:
            seed: ``NOTHING`` of what was not synced is left, ``EVERYTHING``, or a part that chance says.
            into: A folder, whose files are removed; without it this one, of which no file may be open then.

        Raises:
            RuntimeError: It cannot be written.
        """
        if self._library.sadari_disk_lose_power(seed, os.fsencode(into or self.folder)):
            raise RuntimeError(f"{into or self.folder}: cannot be put into the state after a loss of power")

    def off(self) -> None:
        """Be an ordinary disk again, with everything that the process has written."""
        self._library.sadari_disk_off()

    @classmethod
    @contextmanager
    def under(cls, folder: Path) -> Iterator[Self]:
        """The disk of a folder for as long as the block lasts."""
        disk = cls(folder)
        try:
            yield disk
        finally:
            disk.off()
