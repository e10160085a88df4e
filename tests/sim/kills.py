"""One ordinary life of a position, and the engine killed at every point of it: each row of its journal, each request.

A first run counts. Each further run kills at one of the points, starts the engine again and goes on with the story; at
the end nothing is doubled, lost or uncovered, and the ledger is the exchange's.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from sadari.localexchange.asking.gate import Answer
from sadari.run.operator.commands import Commands
from tests.live_engine import SYMBOL
from tests.sim.faults import MOMENTS, killed_at
from tests.sim.stage import Stage, staged
from tests.sim.tap import Answering, Asked, Tap
from tests.sim.verdict import AT_EASE
from tests.sim.workload import Workload, on_host
from tests.sim.world import Setting, World

SEED = 5
# Before a row, when it is in the file, before and after it is acknowledged as synced.
ROWS = ("append", "appended", "sync", "synced")
# The same, and with the process the machine: nothing that was not synced is left, or a part of it.
POWERS = {f"{moment} power {power}": power for moment in ROWS for power in (0, 7)}
RESTART_S = 0.5
PATIENCE_S, SETTLES_S = 12.0, 60.0


class Point(NamedTuple):
    """Where the engine is killed: at the so manieth row or request of one of its lives."""

    life: int
    moment: str
    number: int

    def __str__(self) -> str:
        return f"{self.life}:{self.moment.replace(' ', '-')}:{self.number}"

    @classmethod
    def read(cls, text: str) -> Point:
        """A point as it is written above."""
        life, moment, number = text.split(":")
        return cls(int(life), moment.replace("-", " "), int(number))


class Killed(NamedTuple):
    """What became of a run.

    Attributes:
        points: Where it was to be killed; ``reached`` of them it came to.
        found: What was violated.
        counts: How many points each life had, by life and moment; ``recovery`` of them before it had agreed.
        told: Everything that happened.
    """

    points: tuple[Point, ...]
    reached: int
    found: list[str]
    counts: dict[tuple[int, str], int]
    recovery: dict[tuple[int, str], int]
    told: list[str]


class _Killer:
    """Counts the points of every life, and kills at some."""

    def __init__(self, world: World, tap: Tap, points: tuple[Point, ...]) -> None:
        self.counts: dict[tuple[int, str], int] = {}
        self.recovery: dict[tuple[int, str], int] = {}
        self.left = list(points)
        self._world = world
        world.at_journal = self._row
        tap.on_answer = self._request

    def _reaches(self, moment: str) -> bool:
        life = len(self._world.lives)
        number = self.counts[life, moment] = self.counts.get((life, moment), 0) + 1
        engine = self._world.engine
        if engine is None or engine.state.value not in AT_EASE:
            self.recovery[life, moment] = number
        point = Point(life, moment, number)
        if point not in self.left:
            return False
        self.left.remove(point)
        return True

    def _row(self, moment: str) -> None:
        if self._reaches(moment):
            self._world.kill(moment)
        for name, power in POWERS.items():
            if name.startswith(f"{moment} ") and self._reaches(name):
                self._world.kill(name, power=power)

    def _request(self, _: Asked, answer: Answering) -> Answer:
        if self._world.life is None:
            return answer()
        reached = [moment for moment in MOMENTS if self._reaches(moment)]
        if not reached:
            return answer()
        return killed_at(self._world, reached[0], answer, lambda: self._world.kill(reached[0]))


def killed(points: tuple[Point, ...] = (), *, told: bool = False) -> Killed:
    """Tell the story, with the engine killed at some points."""
    return staged(Setting(seed=SEED), lambda stage: _told(points, stage), told=told)


async def _told(points: tuple[Point, ...], stage: Stage) -> Killed:
    world, auditor = stage.world, stage.auditor
    killer = _Killer(world, stage.tap, points)
    world.begin()
    minding = asyncio.ensure_future(_mind(world))
    for act, reached in _story(world, Workload(world, auditor, SEED)):
        act()
        await _until(reached)
    await stage.settle(SETTLES_S)
    minding.cancel()
    await stage.close()
    reached_points = len(points) - len(killer.left)
    return Killed(points, reached_points, auditor.found, killer.counts, killer.recovery, stage.lines)


async def _mind(world: World) -> None:
    while True:
        if world.life is None:
            await asyncio.sleep(RESTART_S)
            world.begin()
        await asyncio.sleep(0.02)


async def _until(reached: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
    """Wait until something is so; a killed engine may have made that impossible, then the story goes on without."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(patience_s):
            while not reached():
                await asyncio.sleep(0.05)


def _story(world: World, workload: Workload) -> Iterator[tuple[Callable[[], None], Callable[[], object]]]:
    """Opened, added to, reduced, half closed and closed by an operator: what happens, and when it is over."""

    def quiet() -> bool:
        engine = world.engine
        if engine is None or not engine.opened.engine.positions:
            return False
        position = engine.opened.engine.positions.get(SYMBOL)
        return position is not None and (position.working is None or position.working.final)

    def holds(change: int) -> Callable[[], object]:
        before = abs(world.held())

        def reached() -> bool:
            return quiet() and (abs(world.held()) - before) * change > 0

        return reached

    def leave() -> None:
        engine = world.engine
        if engine is not None:
            on_host(world, Commands(engine).exit("operator", SYMBOL, "asked for"))

    yield lambda: None, holds(+1)
    yield lambda: workload.move(SYMBOL, -0.035), holds(+1)
    yield lambda: workload.move(SYMBOL, 0.04), holds(-1)
    yield lambda: workload.move(SYMBOL, 0.12), holds(-1)
    yield leave, lambda: not world.held()


def every(counts: dict[tuple[int, str], int], life: int = 1) -> list[Point]:
    """Every point of a life."""
    return [
        Point(life, moment, number)
        for moment in (*ROWS, *POWERS, *MOMENTS)
        for number in range(1, counts.get((life, moment), 0) + 1)
    ]


def recoveries(first: list[tuple[Point]], parts: int = 4) -> list[tuple[Point, ...]]:
    """Deaths within the recovery from a first one, and a third within the recovery from these.

    The first deaths are spread over the story; the recovery from each is counted, and cut at every point of it.
    """
    found: list[tuple[Point, ...]] = []
    for (point,) in first[len(first) // (2 * parts) :: len(first) // parts]:
        again = every(killed((point,)).recovery, life=2)
        found += [(point, second) for second in again]
        found += [(point, second, second._replace(life=3)) for second in again[::4]]
    return found
