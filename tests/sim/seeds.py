"""One seed, one run: the world, what happens in it, what goes wrong, and what is found."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from sadari.store.live_journal import LiveJournal
from tests.faults.rows import ROWS
from tests.faults.story import OPENING
from tests.live_account import Books
from tests.live_engine import SYMBOL
from tests.sim.auditor import Auditor, Bare
from tests.sim.faults import BEYOND, LASTING, Draw, Faults
from tests.sim.loop import SimLoop
from tests.sim.network import Network
from tests.sim.story import Story
from tests.sim.tap import Tap
from tests.sim.times import Times, Took
from tests.sim.verdict import at_the_end, differences, replayed
from tests.sim.workload import Workload
from tests.sim.world import OTHER, Setting, World, lived, made

NS = 1_000_000_000
BUSY_S = 40.0
# How long engine and exchange may take to agree once nothing goes wrong any more.
SETTLES_S = 90.0
# Every so manieth seed is of the liveness mode: only some of the faults stop before engine and exchange must agree.
LIVENESS = 4
# A kind that comes seldom, or that seldom finds its occasion, is drawn oftener.
SELDOM = ("F02", "F14", "F16", "F17", "F34", "F35", "F36", "F40", "F45", "F47", "F71", "F72", "disk")
KINDS = (*dict.fromkeys(name.split("-")[0] for name in ROWS), *BEYOND)
CHANCES = (*KINDS, *SELDOM * 2)
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made there


@dataclass(kw_only=True)
class Outcome:
    """What became of a seed."""

    seed: int
    found: list[str]
    fired: Counter[str]
    bare: list[Bare]
    trace: str
    simulated_s: float
    settled_s: float
    lives: int
    trades: int
    took: Took = field(default_factory=Took)
    told: list[str] = field(default_factory=list)


def setting_of(seed: int) -> Setting:
    """What the world of a seed is like."""
    chance = Random(f"setting/{seed}")
    return Setting(
        seed=seed,
        symbols=(SYMBOL,) if chance.random() < 0.7 else tuple(sorted((SYMBOL, OTHER))),
        direction=chance.choice(("long", "long", "short")),
        margin=chance.choice(("isolated", "isolated", "crossed")),
        sync_s=chance.choice((4, 15)),
    )


def draws_of(seed: int) -> list[Draw]:
    """What goes wrong with a seed: nothing in some, in others almost everything."""
    chance = Random(f"draws/{seed}")
    draws = []
    for number in range(chance.choice((0, 1, 2, 3, 4, 6, 8, 12))):
        kind = chance.choice(CHANCES)
        plays = [name for name in ROWS if name.split("-")[0] == kind]
        name = chance.choice(plays) if plays else kind
        at_s = 0.0 if name in ROWS and ROWS[name].play.at == (OPENING,) else chance.uniform(0.0, BUSY_S)
        draws.append(Draw(name, at_s, Random(f"draw/{seed}/{number}")))
    return draws


def lasting_of(seed: int) -> list[str]:
    """What goes on beyond the end of everything else: nothing in most (safety), something in some (liveness)."""
    chance = Random(f"lasting/{seed}")
    return chance.sample(LASTING, chance.choice((1, 2))) if seed % LIVENESS == 0 else []


def run(seed: int, *, told: bool = False) -> Outcome:
    """Run a seed from its beginning to the verdict; ``told`` line by line."""
    root = Path(tempfile.mkdtemp(prefix="sadari-sim-", dir=MEMORY if MEMORY.is_dir() else None))
    network = Network(seed)
    try:
        with reproducible(seed):
            outcome: Outcome = lived(lambda loop: _lived(seed, loop, network, root, told=told), network)
            return outcome
    finally:
        shutil.rmtree(root, ignore_errors=True)


async def _lived(seed: int, loop: SimLoop, network: Network, root: Path, *, told: bool) -> Outcome:
    world, serving = await made(setting_of(seed), loop, network, root)
    tap = Tap(world)
    auditor = Auditor(world, tap)
    faults = Faults(world, tap, auditor, draws_of(seed))
    workload = Workload(world, auditor, seed)
    books = Books(world)
    times = Times(world, tap)
    story = Story(world, tap) if told else None
    if story is not None:
        loop.after_turn.append(story.look)
    with journal_watched(world):
        world.begin()
        minding = asyncio.ensure_future(workload.mind())
        faults.begin()
        await workload.run(BUSY_S)
        await faults.end(lasting_of(seed))
        began_ns, left = world.now_ns, ["not looked at"]
        while left and world.now_ns - began_ns < SETTLES_S * NS:
            await asyncio.sleep(0.25)
            left = differences(world, books)
        settled_s = (world.now_ns - began_ns) / NS
        for one in left:
            auditor.say(*one.split(" ", 1))
        minding.cancel()
        if world.engine is not None:
            at_the_end(world, auditor)
        auditor.over()
        life = world.lives[-1]
        if life.runs:
            world.kill("the end")
    for one in loop.broken:
        auditor.say("a bug", one)
    world.exchange.stop()
    await serving
    faults.fired["liquidation"] = workload.liquidations
    journal = root / f"left-{life.number}" / "engine.journal"
    if journal.exists():
        replayed(journal, auditor)
    return Outcome(
        seed=seed, found=auditor.found, fired=faults.fired, bare=auditor.bare, trace=network.trace.hexdigest(),
        simulated_s=loop.now_ns / NS, settled_s=settled_s, lives=len(world.lives),
        trades=len(world.exchange.desk.trades), took=times.took,
        told=[] if story is None else [*story.lines, *workload.did, *world.lines],
    )  # fmt: skip


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
