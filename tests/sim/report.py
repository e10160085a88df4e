"""What `make sim` says at the end, as lines and as the page `docs/reliability.md`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sadari.localexchange.faults.served import FAULTS
from tests.faults.plays import OPEN
from tests.sim.faults import BEYOND, LASTING, MOMENTS
from tests.sim.kills import POWERS, ROWS, Killed
from tests.sim.reliability import PAGE
from tests.sim.seeds import LIVENESS, RARE_OF, Outcome
from tests.sim.times import Took

KINDS = (*(row.fault for row in FAULTS), *BEYOND, "liquidation")
LEAST = 100


class Report:
    """Adds up outcomes.

    Args:
        seeds, first: What was asked for.
    """

    def __init__(self, seeds: int, first: int) -> None:
        self.broken = 0
        self.seeds_took_s = self.kills_took_s = 0.0
        self._asked = seeds, first
        self._violated = self._kills_violated = 0
        self._seeds = self._kills = self._deep = self._unreached = 0
        self._lives = self._trades = 0
        self._simulated_s = 0.0
        self._fired: Counter[str] = Counter()
        self._moments: Counter[str] = Counter()
        self._bare: dict[str, list[float]] = {"calm": [], "troubled": [], "restart": []}
        self._took = Took()

    @property
    def bad(self) -> int:
        """How many runs have found something."""
        return self._violated + self._kills_violated + self.broken

    def add(self, one: Outcome) -> None:
        """Add a seed's."""
        self._seeds += 1
        self._violated += bool(one.found)
        self._lives += one.lives
        self._trades += one.trades
        self._simulated_s += one.simulated_s
        self._fired.update(one.fired)
        for bare in one.bare:
            self._bare[bare.kind].append(bare.lasted_ns / 1e9)
        self.add_times(one.took)

    def add_times(self, took: Took) -> None:
        """Add how long things took."""
        for name, times in vars(took).items():
            getattr(self._took, name).extend(times)

    def add_kill(self, one: Killed) -> None:
        """Add a run of the story of the kills."""
        self._kills += 1
        self._deep += len(one.points) > 1
        self._unreached += one.reached < len(one.points)
        self._kills_violated += bool(one.found)
        self._moments.update(point.moment for point in one.points)

    def lines(self) -> list[str]:
        """The end of the output."""
        rare = [kind for kind in KINDS if self._fired[kind] < LEAST]
        return [
            "fired: " + ", ".join(f"{kind} {self._fired[kind]}" for kind in KINDS if self._fired[kind]),
            f"fired less than {LEAST} times: {', '.join(f'{kind} {self._fired[kind]}' for kind in rare) or 'none'}",
            *(f"{name}: {_figures(times)}" for name, times in self._times()),
            *self._runs(),
        ]

    def _times(self) -> Sequence[tuple[str, list[float]]]:
        return (
            ("unprotected, nothing wrong", self._bare["calm"]),
            ("unprotected, something wrong", self._bare["troubled"]),
            ("unprotected, across a restart (times without a process left out)", self._bare["restart"]),
            ("start of a process to agreement", self._took.restarted),
            ("connection back to agreement", self._took.reconnected),
            ("-1125 to a new key and agreement", self._took.healed),
            ("UNKNOWN to resolved", self._took.resolved),
        )

    def page(self) -> str:
        """The page."""
        seeds, first = self._asked
        return PAGE.format(
            command=f"make sim SEEDS={seeds}" + (f" FIRST={first}" if first else ""),
            runs="\n".join(f"* {line}" for line in self._runs()),
            times="\n".join(f"| {name} | {_row(times)} |" for name, times in self._times()),
            liveness=LIVENESS,
            hedge=RARE_OF,
            lasting=", ".join(LASTING),
            beyond=", ".join(BEYOND),
            fired="\n".join(f"| {kind} | {self._fired[kind]} |" for kind in KINDS),
            moments=", ".join(f"{one} {self._moments[one]}" for one in (*ROWS, *POWERS, *MOMENTS)),
            open_rows="\n".join(f"* {name}: {why}" for name, why in OPEN.items()),
        )

    def _runs(self) -> tuple[str, str]:
        seeds = (
            f"{self._seeds} seeds, {self._violated} with violations, {self.broken} broken; {self._lives} processes, "
        )
        simulated = f"{self._trades} trades, {self._simulated_s / 3600:.1f} h simulated in {self.seeds_took_s:.0f} s"
        kills = f"{self._kills} runs of the life of one position with kills, {self._deep} within a recovery, "
        ends = f"{self._unreached} ended before their last kill, {self._kills_violated} with violations"
        return seeds + simulated, f"{kills}{ends}, in {self.kills_took_s:.0f} s"


def _figures(times: list[float]) -> str:
    if not times:
        return "none"
    ordered = sorted(times)
    median = ordered[len(ordered) // 2]
    return f"{len(ordered)} times, median {median:.3f}, p99 {_p99(ordered):.3f}, max {ordered[-1]:.3f} s"


def _row(times: list[float]) -> str:
    ordered = sorted(times)
    if not ordered:
        return "0 | | | "
    return f"{len(ordered)} | {ordered[len(ordered) // 2]:.3f} | {_p99(ordered):.3f} | {ordered[-1]:.3f}"


def _p99(ordered: list[float]) -> float:
    return ordered[min(len(ordered) * 99 // 100, len(ordered) - 1)]
