"""What a live engine watches of its own surroundings: the journal's disk, its clock, the contracts that it trades.

What is not as it should be shuts the gate for new exposure until it is again; nothing here touches a position.
Source: faults F19, F86, F88, F89, F108, F112, F113.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from sadari.errors import SadariError
from sadari.model.command import Command, SendAlert
from sadari.model.event import Event, GateOpened, GateShut, InstrumentChanged, OrderRejected
from sadari.model.reason import RejectReason
from sadari.model.units import MILLISECOND_NS, SECOND_NS
from sadari.run.figures.decisions import alert_of
from sadari.venue.live.background import Background

if TYPE_CHECKING:
    from sadari.run.live.engine import LiveEngine

# Source: faults F112, F108, F19; strategies §6 for the clock.
SLOW_SYNC_NS = 100 * MILLISECOND_NS
SHUT_SYNC_NS = SECOND_NS
LEAST_FREE = 0.2
MOST_OFFSET_NS = SECOND_NS
CLOCK_S, CONTRACTS_S, LOOK_S = 600.0, 3_600.0, 10.0
# Contracts are not read more often than this, however many orders their filters refuse.
AGAIN_S = 30.0

SLOW_JOURNAL, CLOCK_OFF, KEY_REFUSED = "JOURNAL_SLOW", "CLOCK_OFF", "KEY_REFUSED"
GONE, PROBE = "GONE", "engine.probe"


class Health:
    """Watches the surroundings of one engine.

    Args:
        live: The engine's life.
    """

    def __init__(self, live: LiveEngine) -> None:
        self._live = live
        self._known = dict(live.facts.instruments)
        self._syncs = live.opened.journal.syncs
        self._low = ""
        self._asked = False
        self._drift_ns = self._drift()
        self._background = Background()

    def start(self) -> None:
        """Open what an earlier run had shut for what has passed, and begin to watch."""
        for cause in (SLOW_JOURNAL, CLOCK_OFF, KEY_REFUSED):
            self._open(cause)
        self._background.begin(self._repeat(LOOK_S, self.look))
        self._background.begin(self._repeat(CLOCK_S, self.check_clock))
        self._background.begin(self._repeat(CONTRACTS_S, self.check_contracts))

    async def close(self) -> None:
        """Watch nothing any more."""
        await self._background.close()

    def seen(self, _: int, event: Event, __: Sequence[Command]) -> None:
        """Follow an event that was worked on: how long its sync took, and whether a filter has refused an order."""
        journal = self._live.opened.journal
        if journal.syncs != self._syncs:
            self._syncs = journal.syncs
            self._synced(journal.last_sync_ns)
        if isinstance(event, OrderRejected) and event.reason is RejectReason.FILTER and not self._asked:
            self._asked = True
            self._background.begin(self._after_a_refusal())

    def _synced(self, took_ns: int) -> None:
        took = f"a write to the journal took {took_ns // MILLISECOND_NS} ms"
        if took_ns > SHUT_SYNC_NS:
            self._shut(SLOW_JOURNAL, f"{took}: nothing is opened until one is quick again")
        elif took_ns > SLOW_SYNC_NS:
            self._warn(SLOW_JOURNAL, took)
        else:
            self._open(SLOW_JOURNAL)

    # what repeats

    async def _repeat(self, every_s: float, what: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(every_s)
            await what()

    async def look(self) -> None:
        """Look at the disk, at the audit, and whether this machine's clock was set."""
        self._look_at_disk()
        if SLOW_JOURNAL in self._live.opened.engine.gate():
            # Behind a shut gate the journal itself may have nothing to sync.
            self._synced(await asyncio.to_thread(self._probe))
        drift_ns, before_ns = self._drift(), self._drift_ns
        self._drift_ns = drift_ns
        if abs(drift_ns - before_ns) > MOST_OFFSET_NS:
            self._warn(CLOCK_OFF, f"this machine's clock was set by {(drift_ns - before_ns) // MILLISECOND_NS} ms")
            await self.check_clock()
            self._live.parts.supervision.compare_soon("")

    def _look_at_disk(self) -> None:
        folder, audit = self._live.asked.folder.path, self._live.audit
        try:
            disk = shutil.disk_usage(folder)
            enough = disk.free >= LEAST_FREE * disk.total
            low = "" if enough else f"{folder}: {disk.free * 100 // disk.total} % of the disk are free"
        except OSError as error:
            low = f"{folder}: cannot be looked at ({error.strerror})"
        low = audit.fault or low
        if low and low != self._low:
            self._warn("DISK", low)
        self._low = low

    def _probe(self) -> int:
        """How long a sync takes beside the journal; forever where it fails."""
        clock_ns, path = self._live.asked.clocks.measure_ns, self._live.asked.folder.path / PROBE
        before_ns = clock_ns()
        try:
            with path.open("wb") as file:
                file.write(b"\0")
                file.flush()
                os.fsync(file.fileno())
            path.unlink()
        except OSError:
            return SHUT_SYNC_NS + 1
        return clock_ns() - before_ns

    def _drift(self) -> int:
        clocks = self._live.asked.clocks
        return clocks.wall_ns() - clocks.measure_ns()

    async def check_clock(self) -> None:
        """Measure the offset to the server's clock; more than a second shuts the gate."""
        connections = self._live.connections
        try:
            await connections.rest.measure_clock()
        except SadariError as error:
            self._live.asked.log(f"the server's clock could not be read: {error}")
            return
        off_ns = connections.off_ns
        if abs(off_ns) > MOST_OFFSET_NS:
            off = f"the exchange's clock is {off_ns // MILLISECOND_NS} ms off this machine's; set it by NTP"
            self._shut(CLOCK_OFF, f"{off}: nothing is opened until then")
        else:
            self._open(CLOCK_OFF)

    async def _after_a_refusal(self) -> None:
        await self.check_contracts()
        await asyncio.sleep(AGAIN_S)
        self._asked = False

    async def check_contracts(self) -> None:
        """Read filters, brackets and status of every contract, and tell what has changed."""
        try:
            listed = await self._live.parts.side.contracts()
        except SadariError as error:
            self._live.asked.log(f"the contracts could not be read: {error}")
            return
        if not listed:
            self._live.asked.log("the exchange lists no contract: those that were known are kept")
            return
        gone = {
            symbol: msgspec.structs.replace(known, status=GONE)
            for symbol, known in self._known.items()
            if symbol not in listed
        }
        for symbol, instrument in sorted({**listed, **gone}.items()):
            if self._known.get(symbol) != instrument:
                self._known[symbol] = instrument
                self._live.take(InstrumentChanged(time_ns=self._live.now_ns(), instrument=instrument))

    # what is told

    def _shut(self, cause: str, text: str) -> None:
        if cause not in self._live.opened.engine.gate():
            self._live.take(GateShut(time_ns=self._live.now_ns(), cause=cause))
        self._warn(cause, text)

    def _open(self, cause: str) -> None:
        if cause in self._live.opened.engine.gate():
            self._live.take(GateOpened(time_ns=self._live.now_ns(), cause=cause))

    def _warn(self, code: str, text: str) -> None:
        alert = SendAlert(severity="warning", code=code, text=text)
        self._live.recent.alerts.appendleft(alert_of(alert, self._live.now_ns()))
        self._live.parts.alerting.told(alert)
