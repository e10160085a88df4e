"""The only module that reads a clock."""

from __future__ import annotations

import time
from typing import NamedTuple


class Spent(NamedTuple):
    """Seconds that went by, and seconds of processor time that this process took."""

    wall_s: float
    cpu_s: float


class Stopwatch:
    """Measures from its making on."""

    def __init__(self) -> None:
        self._wall_s = time.perf_counter()
        self._cpu_s = time.process_time()

    def spent(self) -> Spent:
        """What went by since."""
        return Spent(time.perf_counter() - self._wall_s, time.process_time() - self._cpu_s)


def wall_ns() -> int:
    """The time of this machine, in ns UTC; it may be set back and forth."""
    return time.time_ns()


def steady_ns() -> int:
    """A clock of this machine that is never set, in ns from nowhere in particular."""
    return time.monotonic_ns()
