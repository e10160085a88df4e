"""What every run of a simulation has in common: its world, whoever watches it, and the verdict at its end."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from sadari.store.live_journal import LiveJournal
from tests.live_account import Books
from tests.sim.auditor import Auditor
from tests.sim.loop import SimLoop
from tests.sim.network import Network
from tests.sim.story import Story
from tests.sim.tap import Tap
from tests.sim.verdict import at_the_end, differences, replayed
from tests.sim.world import Setting, World, lived, made

NS = 1_000_000_000
LOOK_S = 0.25
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made there

R = TypeVar("R")


class Stage:
    """A world, its judge and its books.

    Args:
        world: Which.
        serving: The task of its exchange.
        told: Whether everything that happens is kept as text.
    """

    def __init__(self, world: World, serving: asyncio.Future[None], *, told: bool) -> None:
        self.world = world
        self.tap = Tap(world)
        self.auditor = Auditor(world, self.tap)
        self.books = Books(world)
        self.story = Story(world, self.tap) if told else None
        self._serving = serving
        if self.story is not None:
            world.loop.after_turn.append(self.story.look)

    @property
    def lines(self) -> list[str]:
        """Everything that happened, if it was to be told."""
        return [] if self.story is None else [*self.story.lines, *self.world.lines]

    async def settle(self, seconds: float) -> float:
        """Wait until engine and exchange agree; what differs in the end is violated. How many seconds it took."""
        world, began_ns, left = self.world, self.world.now_ns, ["not looked at"]
        while left and world.now_ns - began_ns < seconds * NS:
            await asyncio.sleep(LOOK_S)
            left = differences(world, self.books)
        for one in left:
            self.auditor.say(*one.split(" ", 1))
        return (world.now_ns - began_ns) / NS

    async def close(self) -> None:
        """The end: what can be said of the whole run is judged, and everything goes."""
        world, auditor = self.world, self.auditor
        if world.engine is not None:
            at_the_end(world, auditor)
        auditor.over()
        world.at_journal = lambda _: None
        world.kill("the end")
        for one in world.loop.broken:
            auditor.say("a bug", one)
        world.exchange.stop()
        await self._serving
        journal = world.root / f"left-{len(world.lives)}" / "engine.journal"
        if journal.exists():
            replayed(journal, auditor)


def staged(setting: Setting, act: Callable[[Stage], Awaitable[R]], *, told: bool = False) -> R:
    """Run something on a stage of its own, on made-up time, in memory."""
    root = Path(tempfile.mkdtemp(prefix="sadari-sim-", dir=MEMORY if MEMORY.is_dir() else None))
    network = Network(setting.seed)

    async def play(loop: SimLoop) -> R:
        world, serving = await made(setting, loop, network, root)
        with journal_watched(world):
            return await act(Stage(world, serving, told=told))

    try:
        with reproducible(setting.seed):
            done: R = lived(play, network)
            return done
    finally:
        shutil.rmtree(root, ignore_errors=True)


@contextmanager
def journal_watched(world: World) -> Iterator[None]:
    """Tell the world of every row that the engine's journal writes, before and after each of its steps."""
    append, insert, acknowledge = LiveJournal.append_all, LiveJournal._insert, LiveJournal._acknowledge

    def ours(journal: LiveJournal) -> bool:
        life = world.life
        return life is not None and journal.path.parent == life.folder

    def append_all(journal: LiveJournal, *records: Any, **more: Any) -> None:
        if ours(journal):
            world.at_journal("append")
        append(journal, *records, **more)

    def inserted(journal: LiveJournal, *row: Any, **more: Any) -> None:
        insert(journal, *row, **more)
        if ours(journal):
            world.at_journal("appended")

    def acknowledged(journal: LiveJournal) -> None:
        if ours(journal):
            world.at_journal("sync")
        acknowledge(journal)
        if ours(journal):
            world.at_journal("synced")

    changed: Any = LiveJournal
    changed.append_all, changed._insert, changed._acknowledge = append_all, inserted, acknowledged
    try:
        yield
    finally:
        changed.append_all, changed._insert, changed._acknowledge = append, insert, acknowledge


@contextmanager
def reproducible(seed: int) -> Iterator[None]:
    """What libraries draw by chance, masks of frames and keys of handshakes, is drawn by the seed."""
    right, chance = secrets.token_bytes, Random(f"bytes/{seed}")
    library: Any = secrets
    library.token_bytes = lambda size=32: chance.randbytes(size)
    try:
        yield
    finally:
        library.token_bytes = right
