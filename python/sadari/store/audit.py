"""The audit: what happened, as one line of JSON each, one file for each UTC day.

It is written from events and commands once the journal has them and can be made again from the journal. All lines of
one life of a position share a ``correlation``, ``<run>/p<position>``; what belongs to no position has that of its
event, ``<run>/e<record>``. A line also has the record's number in the journal, the client order id of its order, and
every field of the event or command itself.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from sadari.errors import ConfigError
from sadari.model import command as commands
from sadari.model import event as events
from sadari.model.command import Command
from sadari.model.event import Event, PositionRecord
from sadari.model.units import SECOND_NS
from sadari.store.folder import CARE

# What has a line, and of which kind it is. What only tells the venue where to look has none.
KINDS: dict[type[Event | Command], str] = {
    events.OperatorRequested: "operator",
    events.LiquidationRequested: "operator",
    events.LiquidationCancelRequested: "operator",
    events.LiquidationConfirmed: "operator",
    events.ForceExitRequested: "operator",
    events.WriteOffRequested: "operator",
    events.AdoptRequested: "operator",
    events.EngineTurned: "engine",
    events.SettingsChanged: "engine",
    events.GateShut: "gate",
    events.GateOpened: "gate",
    events.SymbolPrepared: "preparation",
    events.SymbolUnprepared: "preparation",
    events.SignalRaised: "signal",
    events.SignalWithdrawn: "signal",
    events.OrderAccepted: "order",
    events.OrderFilled: "fill",
    events.OrderCanceled: "order",
    events.OrderRejected: "rejection",
    events.CancelRejected: "rejection",
    events.OutcomeUnknown: "order",
    events.OrderFound: "order",
    events.StopStuck: "order",
    events.FundingPaid: "funding",
    events.TransferListed: "account",
    events.AccountUpdated: "account",
    events.EquityCrossed: "account",
    events.PositionLossCrossed: "account",
    events.ConditionTold: "alert",
    events.DayStarted: "account",
    commands.PlaceOrder: "order",
    commands.CancelOrder: "order",
    commands.SendAlert: "alert",
    commands.RecordDecision: "decision",
    commands.RecordExit: "exit",
    commands.RecordMove: "transition",
    commands.RecordPosition: "position",
    commands.RecordLiquidation: "liquidation",
    commands.RecordLiquidated: "liquidation",
    commands.Audit: "note",
}
DENIAL = "denial"
POSITION = "position"

# A report of an order that is older than this many orders is told without its position.
_REMEMBERED = 20_000
_TAIL = 1 << 16

_encode = msgspec.json.Encoder().encode


class Written(msgspec.Struct, frozen=True):
    """How far the audit of a journal goes."""

    generation: int
    number: int


class Audit:
    """The audit being written.

    Give it everything from the journal's first event on, in order: what has its lines already gets none again.

    Args:
        folder: Where the files are; it is made.
        run_id: Of the engine, the first part of every correlation.
        generation: Of the journal; its record numbers begin anew with each.

    Attributes:
        fault: Why lines could not be written at last, "" while they can.
        lost: Lines that could not be written.

    Raises:
        ConfigError: The folder cannot be made, or what is in it cannot be read.
    """

    def __init__(self, folder: Path, run_id: str, generation: int = 0) -> None:
        self.folder = folder
        self.fault = ""
        self.lost = 0
        self._run_id = run_id
        self._generation = generation
        self._day = ""
        self._descriptor: int | None = None
        self._end = 0
        self._torn = False
        self._of_symbol: dict[str, int] = {}
        self._of_order: OrderedDict[str, int] = OrderedDict()
        self._shown: dict[str, object] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            written = mended(folder)
        except OSError as error:
            raise ConfigError(f"{folder}: the audit cannot be written ({error.strerror}); {CARE}") from error
        self._after = written.number if written is not None and written.generation == generation else 0

    def observe(self, number: int, event: Event, told: Sequence[Command]) -> None:
        """Write the lines of an event and its commands.

        A fault of the disk is kept in ``fault`` and stops nothing: the journal has it all. What is written down
        nowhere, which has number 0, has no line either.
        """
        self._follow(told)
        changed = [shown for shown in getattr(event, "positions", ()) if self._shown.get(shown.symbol) != shown]
        self._shown |= {shown.symbol: shown for shown in changed}
        if number <= self._after:
            return
        lines = list(self._lines(number, event, told, changed))
        if not lines:
            return
        try:
            self._open(event.time_ns)
            self._write(b"".join(lines))
            self.fault = ""
        except OSError as error:
            self.fault = f"{self.folder}: the audit cannot be written ({error.strerror})"
            self.lost += len(lines)

    def _write(self, content: bytes) -> None:
        """Write all of it, or nothing that a later line could be taken for a part of."""
        if self._descriptor is None:
            return
        self._cut(self._descriptor)
        self._torn = True
        written = os.write(self._descriptor, content)
        if written < len(content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._torn = False
        self._end += written

    def _cut(self, descriptor: int) -> None:
        """Take away what a write that failed may have left behind the last whole line."""
        if self._torn:
            os.ftruncate(descriptor, self._end)
            self._torn = False

    def close(self) -> None:
        """Close the file of the day."""
        if self._descriptor is not None:
            # What cannot be cut now is cut at the next start.
            with contextlib.suppress(OSError):
                self._cut(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None

    # which position

    def _follow(self, told: Sequence[Command]) -> None:
        """Learn which position each symbol has now, and which one each order is of."""
        for command in told:
            if getattr(command, "position_id", 0):
                self._of_symbol[command.symbol] = command.position_id  # type: ignore[attr-defined]
        for command in told:
            if isinstance(command, commands.PlaceOrder):
                self._of_order[command.client_order_id] = self._of_symbol.get(command.symbol, 0)
        while len(self._of_order) > _REMEMBERED:
            self._of_order.popitem(last=False)

    def _position_of(self, record: Event | Command) -> int:
        if known := getattr(record, "position_id", 0):
            return int(known)
        if known := self._of_order.get(getattr(record, "client_order_id", ""), 0):
            return known
        if type(record) in _OF_NO_POSITION or (isinstance(record, commands.RecordDecision) and _is_new(record)):
            return 0
        return self._of_symbol.get(getattr(record, "symbol", ""), 0)

    # lines

    def _lines(
        self, number: int, event: Event, told: Sequence[Command], changed: Sequence[PositionRecord]
    ) -> Iterator[bytes]:
        records: tuple[Event | Command, ...] = (event, *told)
        for record in records:
            kind = KINDS.get(type(record))
            if isinstance(record, commands.RecordDecision) and not record.accepted:
                kind = DENIAL
            if kind is not None:
                fields: dict[str, object] = msgspec.to_builtins(record)
                yield self._line(number, event.time_ns, kind, self._position_of(record), fields)
        for shown in changed:
            fields = {"type": "PositionShown", **msgspec.to_builtins(shown)}
            yield self._line(number, event.time_ns, POSITION, self._of_symbol.get(shown.symbol, 0), fields)

    def _line(self, number: int, time_ns: int, kind: str, position: int, fields: dict[str, object]) -> bytes:
        line = {
            "time": _stamp(time_ns),
            "kind": kind,
            "correlation": f"{self._run_id}/p{position}" if position else f"{self._run_id}/e{number}",
            "generation": self._generation,
            "number": number,
        }
        return _encode(line | fields) + b"\n"

    def _open(self, time_ns: int) -> None:
        """The file of the day; one that has begun is never left for an earlier one."""
        day = max(_day(time_ns), self._day)
        if day == self._day and self._descriptor is not None:
            return
        self.close()
        path = self.folder / f"audit_{day}.jsonl"
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._day, self._end, self._torn = day, os.fstat(self._descriptor).st_size, False


# The symbol of these has a position only by chance.
_OF_NO_POSITION = frozenset({events.SignalRaised, events.SignalWithdrawn, events.SymbolPrepared,
                             events.SymbolUnprepared, events.GateShut, events.GateOpened})  # fmt: skip


def _is_new(decision: commands.RecordDecision) -> bool:
    """Whether a decision was about an entry that was denied: the position of the symbol, if any, is another one."""
    return decision.rung == 0 and not decision.accepted


def files(folder: Path) -> list[Path]:
    """The files of an audit, the oldest first."""
    return sorted(folder.glob("audit_????????.jsonl"))


def mended(folder: Path) -> Written | None:
    """Cut what is torn off the end of the newest file; how far the audit goes, None if it has no line.

    Where something was torn, all lines of its event are cut, so that they are made again together.
    """
    for path in reversed(files(folder)):
        size = path.stat().st_size
        with path.open("rb+") as file:
            file.seek(max(size - _TAIL, 0))
            lines = file.read().splitlines(keepends=True)
            if size > _TAIL:
                lines.pop(0)
            whole = list(lines)
            while whole and _place(whole[-1]) is None:
                whole.pop()
            last = _place(whole[-1]) if whole else None
            while len(whole) < len(lines) and whole and _place(whole[-1]) == last:
                whole.pop()
            file.truncate(size - sum(map(len, lines)) + sum(map(len, whole)))
        if whole:
            return _place(whole[-1])
    return None


def faults(path: Path) -> list[int]:
    """The numbers of the lines of a file that are no lines of an audit."""
    with path.open("rb") as file:
        return [number for number, line in enumerate(file, 1) if _place(line) is None]


def _place(line: bytes) -> Written | None:
    if not line.endswith(b"\n"):
        return None
    try:
        return msgspec.json.decode(line, type=Written)
    except msgspec.MsgspecError:
        return None


def _stamp(time_ns: int) -> str:
    seconds, rest = divmod(time_ns, SECOND_NS)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def _day(time_ns: int) -> str:
    return f"{datetime.fromtimestamp(time_ns // SECOND_NS, UTC):%Y%m%d}"
