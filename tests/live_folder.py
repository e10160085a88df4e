"""The folder of a live engine for tests: a journal with a real story in it, and a disk that is full."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from sadari.core.engine import Engine
from sadari.model.command import Command, PlaceOrder
from sadari.model.event import Event
from sadari.model.order import Direction, OrderType, Purpose, Side
from sadari.run.live.driver import Driver
from sadari.store.folder import Folder
from sadari.store.journal import Header
from sadari.store.live_journal import LiveJournal
from tests import ladder_driver

SETTINGS = ladder_driver.patient()
INSTRUMENTS = {ladder_driver.SYMBOL: ladder_driver.instrument()}
CLOCK = time.perf_counter_ns


def header(build: str | None = None) -> Header:
    """What the engine of the stories is made from."""
    return Header(build=build or version("sadari"), settings=SETTINGS, instruments=INSTRUMENTS)


def story(*ticks: str) -> ladder_driver.Driver:
    """A long position from 50 000 on, after these ticks."""
    told = ladder_driver.Driver(SETTINGS)
    told.signal(Direction.LONG, "50000")
    for tick in ticks:
        told.tick(tick)
    return told


def created(folder: Path, build: str | None = None) -> LiveJournal:
    """A new journal in a folder."""
    return LiveJournal.create(Folder(folder).journal, header(build), CLOCK)


def driven(journal: LiveJournal, events: Sequence[Event]) -> tuple[Driver, list[Command]]:
    """A driver that has taken events of a story, and what it has carried out."""
    done: list[Command] = []
    driver = Driver(Engine(SETTINGS, INSTRUMENTS), journal, done.append)
    for event in events:
        driver.take(event)
    return driver, done


def kept(folder: Path, events: Sequence[Event], build: str | None = None) -> Folder:
    """A folder with the journal of a story, as an engine leaves it that was killed."""
    journal = created(folder, build)
    driven(journal, events)
    journal.abandon()
    return Folder(folder)


def order(number: int, purpose: Purpose = Purpose.ENTRY, **fields: object) -> PlaceOrder:
    """An order that is of no story."""
    common: dict[str, object] = {
        "symbol": "BTCUSDT", "client_order_id": f"run-{number}-N", "purpose": purpose, "side": Side.BUY,
        "order_type": OrderType.MARKET,
    }  # fmt: skip
    return PlaceOrder(**(common | fields))  # type: ignore[arg-type]


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """No file grows beyond so many bytes: as on a full disk, every write beyond fails, and no other one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
