"""When which symbol was a candidate of the scanner, and which symbols count at all.

Source: strategies §4 (ranking), D-39 (the age of a candidacy).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from sadari.kernel import Scans
from sadari.model.order import Direction
from sadari.model.units import HOUR_NS


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the scans of one symbol came to.

    Attributes:
        scans: Candles at whose close was scanned.
        ready: Scans with a verdict.
        too_short: Scans that fewer than 24 closed hours without a hole lead up to.
        quiet: Scans where more than 5 of the last 20 hours had no trade.
        held: Ready scans in which each condition held.
        sole_failures: Ready scans in which each condition was the only one that failed.
        candidate_scans: Scans in which the symbol was a candidate.
        ranked_out: Scans in which all conditions held and its quote volume was too small.
        episodes: Runs of candidate scans.
        quote_volume_known: False where close times volume stands for it (D-41).
    """

    scans: int
    ready: int
    too_short: int
    quiet: int
    held: dict[str, int]
    sole_failures: dict[str, int]
    candidate_scans: int
    ranked_out: int
    episodes: int
    quote_volume_known: bool


class Runs(NamedTuple):
    """Runs of candidate scans in time order: the closes of the first and last scan of each."""

    first_ns: list[int]
    last_ns: list[int]
    interval_ns: int

    def age_ns(self, time_ns: int) -> int | None:
        """The time since the last candidate scan at or before a time."""
        run = bisect_right(self.first_ns, time_ns) - 1
        if run < 0:
            return None
        first_ns, last_ns = self.first_ns[run], self.last_ns[run]
        return (time_ns - first_ns) % self.interval_ns if time_ns <= last_ns else time_ns - last_ns

    def scans(self) -> int:
        """How many scans there are in all."""
        return sum((b - a) // self.interval_ns + 1 for a, b in zip(self.first_ns, self.last_ns, strict=True))

    def within(self, hours: frozenset[int]) -> Runs:
        """The scans whose last closed hour is one of some."""
        kept = Runs([], [], self.interval_ns)
        for first_ns, last_ns in zip(self.first_ns, self.last_ns, strict=True):
            start_ns = first_ns
            while start_ns <= last_ns:
                hour_ns = start_ns - start_ns % HOUR_NS
                stop_ns = min(last_ns, hour_ns + HOUR_NS - self.interval_ns)
                if hour_ns in hours:
                    kept.add(start_ns, stop_ns)
                start_ns = stop_ns + self.interval_ns
        return kept

    def add(self, first_ns: int, last_ns: int) -> None:
        """Append scans; those that follow the last ones without a gap belong to their run."""
        if self.last_ns and self.last_ns[-1] + self.interval_ns == first_ns:
            self.last_ns[-1] = last_ns
        else:
            self.first_ns.append(first_ns)
            self.last_ns.append(last_ns)


class Candidates:
    """When which symbol was a candidate.

    Args:
        runs: The runs of each symbol and direction.
        facts: What the scans came to.

    Attributes:
        symbols: Those that were scanned.
    """

    def __init__(
        self, runs: Mapping[tuple[str, Direction], Runs], facts: Mapping[tuple[str, Direction], Facts]
    ) -> None:
        self._runs = runs
        self.symbols = sorted({symbol for symbol, _ in runs})
        self._facts = facts

    def age_ns(self, symbol: str, time_ns: int, direction: Direction = Direction.LONG) -> int | None:
        """The time since the last scan at or before ``time_ns`` in which the symbol was a candidate: 0 at that scan.

        None if there was none, or the symbol or direction was not scanned.
        """
        runs = self._runs.get((symbol, direction))
        return None if runs is None else runs.age_ns(time_ns)

    def episodes(self, symbol: str, direction: Direction = Direction.LONG) -> list[tuple[int, int]]:
        """The closes of the first and last scan of each run in which the symbol was a candidate."""
        runs = self._runs.get((symbol, direction))
        return [] if runs is None else list(zip(runs.first_ns, runs.last_ns, strict=True))

    def facts(self, symbol: str, direction: Direction = Direction.LONG) -> Facts:
        """What the scans of a symbol came to.

        Raises:
            KeyError: The symbol or direction was not scanned.
        """
        return self._facts[symbol, direction]


def ranked(volumes: Mapping[str, float | None], top: int) -> list[str]:
    """The symbols with the greatest quote volumes, greatest first, equal ones by name; unknown ones have no rank."""
    known = sorted((-volume, symbol) for symbol, volume in volumes.items() if volume is not None)
    return [symbol for _, symbol in known[:top]]


def ranked_runs(runs: Mapping[str, Runs], scans: Mapping[str, Scans], top: int) -> dict[str, Runs]:
    """What is left of some runs where only the symbols with the greatest quote volumes count, hour by hour."""
    by_hour: dict[int, dict[str, float | None]] = {}
    for symbol, found in scans.items():
        for hour_ns, volume in zip(memoryview(found.hour_ns), memoryview(found.quote_volume), strict=True):
            by_hour.setdefault(hour_ns, {})[symbol] = volume
    hours: dict[str, set[int]] = {symbol: set() for symbol in runs}
    for hour_ns, volumes in by_hour.items():
        for symbol in ranked(volumes, top):
            hours[symbol].add(hour_ns)
    return {symbol: found.within(frozenset(hours[symbol])) for symbol, found in runs.items()}
