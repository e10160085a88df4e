"""Breadth first through every state that can be reached; states are told apart by a digest of their key."""

from __future__ import annotations

import time
from collections.abc import Callable
from hashlib import blake2b
from typing import NamedTuple

from sadari.core.engine import Engine
from sadari.model.units import SECOND_NS
from tests.ladder_driver import SYMBOL
from tests.model.actions import happen, possible
from tests.model.keys import key
from tests.model.properties import homeward, is_home, unprotected, violations
from tests.model.scope import Scope, contract, plan
from tests.model.world import World

# So many actions of the way home at most until what is unprotected is protected or flat.
MOST_STEPS = 20


class Found(NamedTuple):
    """What an exploration came to.

    Attributes:
        states: How many were reached.
        transitions: How many ways lead from one to another.
        widest: Of them those by any action; beyond the depth only the way home is followed.
        depth: Of the deepest state from which every action was tried.
        closed: Whether no state was left that the depth kept from being expanded.
        homes: How many states are flat and at rest.
        steps: The most actions on a way home until something unprotected is protected or flat.
        seconds: The most that the engine's alarms make it wait on such a way.
        took_s: How long it took.
        wrong: What is wrong, empty if nothing is.
        path: The shortest actions that lead there.
    """

    states: int
    transitions: int
    widest: int
    depth: int
    closed: bool
    homes: int
    steps: int
    seconds: float
    took_s: float
    wrong: str
    path: tuple[str, ...]


def new_engine() -> Engine:
    """An engine that knows nothing yet."""
    return Engine(plan(), {SYMBOL: contract()})


class Explorer:
    """One exploration.

    Args:
        scope: How far it goes.
        make: A new engine.
    """

    def __init__(self, scope: Scope, make: Callable[[], Engine] = new_engine) -> None:
        self._root = World(scope, make)
        self._depth = scope.depth
        self._index: dict[bytes, int] = {}
        self._came: list[tuple[int, str]] = []
        self._sources: list[int] = []
        self._targets: list[int] = []
        self._home: list[tuple[int, int]] = []
        self._bare: set[int] = set()
        self._homes: list[int] = []
        self._wrong = ""
        self._at = 0

    def explore(self) -> Found:
        """Go through all states, then judge the ways between them."""
        began = time.perf_counter()
        frontier = [(self._seen(self._root, -1, "")[0], self._root)]
        depth = widest = deepest = 0
        while frontier and not self._wrong:
            wide = self._depth is None or depth < self._depth
            frontier = self._next(frontier, wide=wide)
            depth += 1
            if wide:
                widest, deepest = len(self._targets), depth
        closed = self._depth is None or deepest < self._depth
        steps, seconds = (0, 0.0) if self._wrong else self._judge_ways()
        took_s = time.perf_counter() - began
        return Found(
            len(self._index), len(self._targets), widest, deepest, closed, len(self._homes), steps, seconds, took_s,
            self._wrong, self._path(self._at) if self._wrong else (),
        )  # fmt: skip

    def _next(self, frontier: list[tuple[int, World]], *, wide: bool) -> list[tuple[int, World]]:
        found: list[tuple[int, World]] = []
        while frontier and not self._wrong:
            number, world = frontier.pop()
            if is_home(world):
                self._homes.append(number)
                continue
            home = homeward(world)
            actions = possible(world) if wide else []
            for action in [home, *(one for one in actions if one != home and not self._wrong)]:
                after = happen(world, action)
                target, new = self._seen(after, number, action)
                self._sources.append(number)
                self._targets.append(target)
                if action == home:
                    self._home[number] = target, round((after.now_ns - world.now_ns) / SECOND_NS * 10)
                if new:
                    found.append((target, after))
        return found

    def _seen(self, world: World, source: int, action: str) -> tuple[int, bool]:
        """The number of a state, and whether it is new; a new one is judged."""
        digest = blake2b(repr(key(world)).encode(), digest_size=16).digest()
        number = self._index.setdefault(digest, len(self._index))
        if number < len(self._came):
            return number, False
        self._came.append((source, action))
        self._home.append((number, 0))
        if unprotected(world):
            self._bare.add(number)
        wrong = violations(world)
        if wrong and not self._wrong:
            self._wrong, self._at = wrong[0], number
        return number, True

    def _judge_ways(self) -> tuple[int, float]:
        """Home can be reached from everywhere; and how long the longest way to protection is."""
        back: list[list[int]] = [[] for _ in self._came]
        for source, target in zip(self._sources, self._targets, strict=True):
            back[target].append(source)
        reached, waiting = set(self._homes), list(self._homes)
        while waiting:
            for source in back[waiting.pop()]:
                if source not in reached:
                    reached.add(source)
                    waiting.append(source)
        stuck = next((number for number in range(len(self._came)) if number not in reached), None)
        if stuck is not None:
            self._wrong, self._at = "no way leads home from here", stuck
            return 0, 0.0
        ways = []
        for number in sorted(self._bare):
            ways.append(self._way(number))
            if self._wrong:
                return 0, 0.0
        return max((steps for steps, _ in ways), default=0), max((tenths for _, tenths in ways), default=0) / 10

    def _way(self, number: int) -> tuple[int, int]:
        steps = tenths = 0
        while number in self._bare:
            number, waited = self._home[number]
            steps, tenths = steps + 1, tenths + waited
            if steps > MOST_STEPS:
                self._wrong, self._at = f"held without a stop for more than {MOST_STEPS} steps of the way home", number
                break
        return steps, tenths

    def _path(self, number: int) -> tuple[str, ...]:
        actions: list[str] = []
        while number > 0:
            number, action = self._came[number]
            actions.append(action)
        return tuple(reversed(actions))
