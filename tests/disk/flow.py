"""A short life of an engine on a disk: begun, a position opened and closed, stopped, begun again, and broken off.

The engine, its driver, its journal and its audit are the real ones; the venue fills at once. What the engine was told
is on the disk is written down beside it, and so is everything that went out: that is what a disk is judged by.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple, Protocol

from sadari.model.command import Command, PlaceOrder
from sadari.model.event import (
    ABSENT,
    EngineTurned,
    Event,
    ForceExitRequested,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    PositionRecord,
    SymbolPrepared,
)
from sadari.model.order import Direction, Purpose
from sadari.model.units import SECOND_NS
from sadari.run.live import driver
from sadari.run.live.opening import open_engine
from sadari.store.audit import Audit
from sadari.store.folder import Folder
from sadari.store.journal import encode, encode_lines
from sadari.store.live_journal import STATE_CHANGING, LiveJournal
from sadari.store.lock import FolderLock
from tests import ladder_driver
from tests.ladder_driver import SYMBOL
from tests.live_folder import CLOCK, INSTRUMENTS, SETTINGS


class Disk(Protocol):
    """What a flow asks of its disk."""

    @property
    def fired(self) -> bool:
        """Whether the fault has come."""

    def holds(self, content: bytes) -> bool:
        """Whether this is surely on it."""


class Good:
    """A disk that never fails."""

    fired = False

    def holds(self, content: bytes) -> bool:
        """It keeps everything."""
        return bool(content)


class Promised(NamedTuple):
    """What was said to be on the disk, as lines.

    Attributes:
        rows: What the journal took, an event and its commands each.
        synced: How many of the rows would outlive a loss of power.
        emergencies: What the reserve took.
        sent: The orders and cancels that went out.
    """

    rows: list[bytes]
    synced: int
    emergencies: list[bytes]
    sent: list[bytes]


class Kept:
    """The journal of a driver, and what it has promised."""

    def __init__(self, journal: LiveJournal) -> None:
        self.journal = journal
        self.rows: list[bytes] = []
        self.synced = 0
        self.emergencies: list[bytes] = []

    @property
    def written(self) -> int:
        """How many records there are."""
        return self.journal.written

    def append_all(self, records: Sequence[Event | Command]) -> None:
        """Write an event and its commands."""
        self.journal.append_all(records)
        self.rows.append(encode_lines(list(records)))
        if any(isinstance(record, STATE_CHANGING) for record in records):
            self.synced = len(self.rows)

    def write_emergency(self, records: Sequence[Event | Command]) -> None:
        """Write what `append_all` could not."""
        self.journal.write_emergency(records)
        self.emergencies.append(encode_lines(list(records)))

    def checkpoint(self) -> None:
        """Tidy up at every event, which a real one does at every five hundredth."""
        self.journal._since_checkpoint += 170
        self.journal.checkpoint()


class Flow(ladder_driver.Driver):
    """An engine with its folder on a disk, and the venue that outlives it.

    Args:
        folder: Of the engine.
        disk: That the folder is on.

    Attributes:
        failures: How often the journal failed.
        early: What went out before it was surely on the disk.
        told: What the driver said of a journal that had failed, and what was raised.
        mortal: The fault takes the power of the process as well.
        audit_faults: What the audit said of itself.
    """

    def __init__(self, folder: Folder, disk: Disk) -> None:
        self.folder = folder
        self.early: list[bytes] = []
        self.told: list[str] = []
        self.mortal = False
        self.failures = 0
        self._forced = ""
        self.audit_faults: list[str] = []
        self.audit_lost = 0
        self._disk = disk
        self._sent: list[bytes] = []
        self._reports: dict[str, list[Event]] = {}
        self._rows: list[bytes] = []
        self._synced = 0
        self._emergencies: list[bytes] = []
        super().__init__(SETTINGS)

    def start(self) -> None:
        """The venue is there before the engine is."""

    def begin(self) -> None:
        """Start the engine out of its folder, as a process does.

        Raises:
            ConfigError, JournalError: It cannot be started; it says why.
        """
        self.now_ns += SECOND_NS
        self.folder.make()
        lock = FolderLock(self.folder.path)
        try:
            self._audit = Audit(self.folder.audit, "run")
            opened = open_engine(
                self.folder, SETTINGS, INSTRUMENTS, {}, now_ns=self.now_ns, clock_ns=CLOCK, observe=self._audit.observe
            )
        except BaseException:
            lock.release()
            raise
        self._lock = lock
        self.engine = opened.engine
        self.keep = Kept(opened.journal)
        self.driver = driver.Driver(opened.engine, self.keep, self.carry_out)
        self.driver.observers.append(self._observe)
        for event in (*opened.first_events(SETTINGS, self.now_ns), *opened.unclear(self.now_ns)):
            self.give(event)
        self.compare()
        for client_order_id in opened.placed:
            self.tell(client_order_id)

    def compare(self) -> None:
        """Bring the engine to RUNNING."""
        self.give(EngineTurned(time_ns=self.now_ns, trigger="start_ok"))
        held = self.engine.positions.get(SYMBOL)
        if held is None or not held.qty:
            self.account()
        else:
            at = Decimal(int(held.average.numerator)) / int(held.average.denominator)
            self.account(PositionRecord(SYMBOL, held.side.sign * held.qty, at))
        leverage = SETTINGS.ladder.leverage
        for symbol, contract in INSTRUMENTS.items():
            limit = contract.max_notional(leverage)
            self.give(SymbolPrepared(time_ns=self.now_ns, symbol=symbol, leverage=leverage, max_notional=limit))
        self.give(EngineTurned(time_ns=self.now_ns, trigger="reconciled"))

    def tell(self, client_order_id: str) -> None:
        """What the venue knows of an order that the engine has no last word of."""
        for event in self._reports.get(client_order_id, ()):
            self.give(event)
        if client_order_id not in self._reports:
            self.end(client_order_id, cause=ABSENT)

    def _observe(self, number: int, event: Event, commands: Sequence[Command]) -> None:
        self._audit.observe(number, event, commands)
        if self._audit.fault and self._audit.fault not in self.audit_faults:
            self.audit_faults.append(self._audit.fault)

    def give(self, event: Event) -> None:
        """Hand an event to the driver."""
        if isinstance(event, OrderFilled | OrderAccepted | OrderCanceled):
            known = self._reports.setdefault(event.client_order_id, [])
            if event not in known:
                known.append(event)
        self.driver.take(event)

    def carry_out(self, command: Command) -> None:
        """What the driver hands to the venue; without power nothing reaches it."""
        if self.mortal and self._disk.fired:
            return
        if isinstance(command, STATE_CHANGING):
            line = encode(command)
            if not self._disk.holds(line):
                self.early.append(line)
            self._sent.append(line)
        self.log.append(command)
        self._execute(command)

    def stop(self) -> None:
        """End the process as it does: well, or with a journal that has failed.

        Raises:
            JournalError: The journal cannot be closed.
        """
        self._leave()
        try:
            if self.keep.journal.failed:
                self.keep.journal.abandon()
            else:
                self.keep.journal.close()
        finally:
            self._lock.release()

    def break_off(self) -> None:
        """End the process as a kill does."""
        self._leave()
        self.keep.journal.abandon()
        self._lock.release()

    def _leave(self) -> None:
        self._audit.close()
        self.audit_lost += self._audit.lost
        if self.driver.failure:
            self.failures += 1
            if self.driver.failure != self._forced:
                self.told.append(self.driver.failure)
        before = len(self._rows)
        self._rows += self.keep.rows
        if self.keep.synced:
            self._synced = before + self.keep.synced
        self._emergencies += self.keep.emergencies

    @property
    def promised(self) -> Promised:
        """What the disk is held to, when the process has ended."""
        return Promised(self._rows, self._synced, self._emergencies, self._sent)

    def fail(self) -> None:
        """Let the journal have failed, as far as the driver can see."""
        journal = self.keep.journal
        journal.failed = True
        self._forced = f"{journal.path}: the journal has failed after record {journal.written}; it is not written"

    def follow(self, other: Flow) -> None:
        """Take over the venue that another engine leaves behind."""
        self.now_ns, self.wallet, self.trades = other.now_ns, other.wallet, other.trades
        self.prices, self.stops = dict(other.prices), dict(other.stops)
        self._reports = {name: list(known) for name, known in other._reports.items()}

    # what happens in it

    def enter(self, *ticks: str) -> None:
        """A position, through these prices."""
        self.signal(Direction.LONG, "50000")
        for tick in ticks:
            self.tick(tick)

    def get_out(self) -> None:
        """An operator wants out."""
        self.now_ns += SECOND_NS
        self.give(ForceExitRequested(time_ns=self.now_ns, symbol=SYMBOL, actor="anna"))

    def fill(self, order: PlaceOrder, qty: str | None = None, *, done: bool = True, price: str | None = None) -> None:
        """A trade, of what is there to be traded."""
        if order.purpose in (Purpose.ENTRY, Purpose.ADD) or self.engine.positions[order.symbol].qty:
            super().fill(order, qty, done=done, price=price)
