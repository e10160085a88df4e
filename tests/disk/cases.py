"""One fault of the disk in the short life of an engine, and what has to hold during it and afterwards."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from sadari.store.folder import Folder
from sadari.store.journal import rows
from tests.disk.afterwards import REFUSED, Next, advises
from tests.disk.faulty import NOTHING, Fault, FaultyDisk
from tests.disk.flow import Flow


class Case(NamedTuple):
    """A fault at an operation of a story, and the seeds by which the power is lost after it."""

    story: str
    fault: Fault
    number: int
    seeds: tuple[int, ...]


class Outcome(NamedTuple):
    """What became of a case.

    Attributes:
        during: How the fault showed: ``told`` by the engine, by its ``audit``, ``refused`` at a start, or ``unseen``.
        states: On how many states of the disk the next start was tried.
        wrong: What must not be.
    """

    during: str
    states: int
    wrong: tuple[str, ...]


def stopped(flow: Flow) -> None:
    """A life that is stopped, after a position was opened, added to, reduced and closed."""
    flow.begin()
    flow.enter("48500", "55000")
    flow.get_out()
    flow.stop()


def broken_off(flow: Flow) -> None:
    """A life that is broken off while a position is held."""
    flow.begin()
    flow.enter("48500")
    flow.break_off()


def failed(flow: Flow) -> None:
    """A life whose journal fails as somebody wants out: the exit goes out by the reserve."""
    flow.begin()
    flow.fail()
    flow.get_out()
    flow.break_off()


Life = Callable[[Flow], None]


class Story(NamedTuple):
    """Lives on a good disk, and those that the faults come into."""

    before: tuple[Life, ...]
    lives: tuple[Life, ...]


STORIES = {
    "begun, stopped, begun again": Story((), (stopped, broken_off)),
    "failed, begun again": Story((broken_off,), (failed, stopped)),
}


def counted(base: Path, story: str) -> dict[Fault, int]:
    """How many operations there are that each fault can befall, when none does."""
    with fresh(base) as disk:
        flow = Flow(Folder(disk.folder / "engine"), disk)
        for life in STORIES[story].before:
            life(flow)
        disk.arm(None)
        for life in STORIES[story].lives:
            life(flow)
        assert (flow.told, flow.early, flow.audit_faults) == ([], [], [])
        return {fault: disk.count(fault) for fault in Fault}


class fresh:  # noqa: N801 - it is used as a function is
    """An empty folder on a faulty disk."""

    def __init__(self, base: Path) -> None:
        shutil.rmtree(base, ignore_errors=True)
        base.mkdir(parents=True)
        self._disk = FaultyDisk(base)
        self._disk.arm(None)

    def __enter__(self) -> FaultyDisk:
        return self._disk

    def __exit__(self, *_: object) -> None:
        self._disk.off()


def played(base: Path, case: Case) -> Outcome:
    """Play a case in a folder that is made anew."""
    with fresh(base) as disk:
        flow = Flow(Folder(disk.folder / "engine"), disk)
        for life in STORIES[case.story].before:
            life(flow)
        flow.mortal = case.fault is Fault.POWER
        disk.arm(case.fault, case.number)
        refused = lived(flow, STORIES[case.story].lives)
        fired = disk.fired
        disk.arm(None)
        wrong = [f"was sent before it was on the disk: {line.decode()}" for line in flow.early]
        wrong += [] if fired or case.fault is Fault.FULL else ["the fault never came"]
        wrong += [f"without advice: {told}" for told in refused if not advises(told)]
        states: list[tuple[str, Path, bool]] = []
        if case.fault is not Fault.POWER:
            states.append(("killed", disk.folder, False))
        for seed in case.seeds:
            into = disk.folder / f"after-{seed}"
            into.mkdir()
            disk.lose_power(seed, into)
            states.append((f"power lost ({seed})", into, True))
        for name, where, dark in reversed(states):
            next_life = Next(Folder(where / "engine"), flow, dark=dark)
            next_life.live()
            wrong += [f"{name}: {one}" for one in next_life.wrong]
        if case.fault is not Fault.POWER and not wrong:
            wrong += lost_later(disk)
    during = "refused" if refused else "told" if flow.told else "audit" if flow.audit_faults else "unseen"
    return Outcome(during, len(states), tuple(wrong))


def lost_later(disk: FaultyDisk) -> list[str]:
    """What a loss of power takes of a journal that was gone on with after the fault, and closed."""
    into = disk.folder / "later"
    into.mkdir()
    disk.lose_power(NOTHING, into)
    before, after = (list(rows(Folder(home / "engine").journal)) for home in (disk.folder, into))
    return (
        [] if before == after else [f"a later loss of power takes {len(before) - len(after)} rows of what was closed"]
    )


def lived(flow: Flow, lives: tuple[Life, ...]) -> list[str]:
    """Each life as far as it goes; what a start or an end said when it could not."""
    refused = []
    for life in lives:
        try:
            life(flow)
        except REFUSED as error:
            refused.append(str(error))
    return refused
