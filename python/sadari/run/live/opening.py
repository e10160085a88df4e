"""An engine at its start: new, or out of its journal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import NamedTuple

import msgspec

from sadari.core.engine import Engine
from sadari.core.intent_table import IntentState
from sadari.core.preparation import GENERATION
from sadari.errors import JournalError
from sadari.model.command import Command, PlaceOrder
from sadari.model.event import (
    EngineTurned,
    Event,
    InstrumentChanged,
    OperatorRequested,
    OutcomeUnknown,
    SettingsChanged,
)
from sadari.model.instrument import Instrument
from sadari.model.plan import Settings
from sadari.model.units import HOUR_NS, SECOND_NS
from sadari.run.live.resume import Remembered, begin_or_resume, run_id_of
from sadari.store.folder import Folder
from sadari.store.journal import Header, decode
from sadari.store.journal import read as records_of
from sadari.store.live_journal import LiveJournal
from sadari.store.reserve import read_mark

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
# States in which a process has ended well, or has not begun.
_AT_REST = ("IDLE", "STOPPED", "FAILED")
_ACTOR = "start"
# Income of the last hour that an earlier process was there for is asked for again: each row is booked once.
INCOME_AGAIN_NS = HOUR_NS
OLDER = "an older journal was put back: compare its positions with the account, then resume"

Observe = Callable[[int, Event, Sequence[Command]], None]


class Opened(NamedTuple):
    """An engine and its journal.

    Attributes:
        settings: What it was last told to decide by.
        placed: Every order of the journal that has not had the venue's last word.
        remembered: What the venue is to be told again.
        instruments: The contracts as it was last told of them.
        lived_ns: The times of the first and the last event of the journal; None for a new engine.
    """

    engine: Engine
    journal: LiveJournal
    settings: Settings
    placed: Mapping[str, PlaceOrder]
    remembered: Remembered
    instruments: Mapping[str, Instrument]
    lived_ns: tuple[int, int] | None = None

    def income_from_ns(self, now_ns: int) -> int:
        """From when on income may be untold: what came while no process was there to hear of it has to be asked for."""
        if self.lived_ns is None:
            return now_ns
        first_ns, last_ns = self.lived_ns
        return max(first_ns, last_ns - INCOME_AGAIN_NS)

    @property
    def name(self) -> str:
        """What every order id of this journal begins with, whatever its generation."""
        return GENERATION.sub("", self.settings.run_id)

    def first_events(self, settings: Settings, now_ns: int) -> Iterator[Event]:
        """What the engine is told before anything else, up to its start."""
        state = self.engine.state
        if state not in _AT_REST:
            cause = f"the process ended in {state} without a word"
            yield EngineTurned(time_ns=now_ns, trigger="fatal", cause=cause)
        if state != "IDLE":
            yield OperatorRequested(time_ns=now_ns, command="reset", actor=_ACTOR)
        own = msgspec.structs.replace(settings, run_id=run_id_of(self.name, self.journal.generation))
        if own != self.settings:
            yield SettingsChanged(time_ns=now_ns, settings=own)
        yield OperatorRequested(time_ns=now_ns, command="start", actor=_ACTOR)
        if own.run_id != self.settings.run_id:
            # It may be older than the account: a rung that has been added would be added again (faults F121).
            yield OperatorRequested(time_ns=now_ns, command="pause", actor=_ACTOR, cause=OLDER)

    def changed(self, instruments: Mapping[str, Instrument], now_ns: int) -> Iterator[Event]:
        """Contracts that are not what the engine was told."""
        for symbol, instrument in sorted(instruments.items()):
            if self.instruments.get(symbol) != instrument:
                yield InstrumentChanged(time_ns=now_ns, instrument=instrument)

    def unclear(self, now_ns: int) -> Iterator[Event]:
        """Orders that may or may not have gone out before the process ended (faults F106)."""
        for intent in list(self.engine.orders.values()):
            if intent.state is IntentState.SUBMITTED:
                yield OutcomeUnknown(time_ns=now_ns, symbol=intent.symbol, client_order_id=intent.client_order_id)


def identity(folder: Folder) -> tuple[str, int] | None:
    """The name in the order ids of a folder's journal and how often it was begun anew; None where there is none.

    Raises:
        JournalError: It is no journal, or is damaged at its beginning.
    """
    if not folder.journal.exists():
        return None
    _, line = next(records_of(folder.journal))
    header = decode(line)
    mark = read_mark(folder.journal)
    if not isinstance(header, Header):
        raise JournalError(f"{folder.journal}: does not begin with a header")
    return header.settings.run_id, 0 if mark is None else mark.generation


def open_engine(
    folder: Folder,
    settings: Settings,
    instruments: Mapping[str, Instrument],
    market: Mapping[str, str],
    *,
    now_ns: int,
    clock_ns: Callable[[], int],
    observe: Observe,
) -> Opened:
    """The engine of a folder.

    Args:
        folder: Where its journal is, or will be.
        settings: What a new one decides by; every order id of it begins with its name and the time of its making.
        instruments: What a new one may trade.
        market: What a new journal says of the venue.
        now_ns: The server's time.
        clock_ns: Measures syncs.
        observe: Is told each event of the journal with its commands.

    Raises:
        JournalError: The journal cannot be gone on with, or made.
    """
    placed: dict[str, PlaceOrder] = {}
    latest: list[Settings] = []
    listed: dict[str, Instrument] = {}
    times: list[int] = []

    def see(number: int, event: Event, commands: Sequence[Command]) -> None:
        times[1:] = [event.time_ns]
        if isinstance(event, SettingsChanged):
            latest.append(event.settings)
        elif isinstance(event, InstrumentChanged):
            listed[event.instrument.symbol] = event.instrument
        placed.update((one.client_order_id, one) for one in commands if isinstance(one, PlaceOrder))
        observe(number, event, commands)

    named = msgspec.structs.replace(settings, run_id=f"{settings.run_id}-{_base36(now_ns // SECOND_NS)}")
    header = Header(build=version("sadari"), settings=named, instruments=dict(instruments), market=dict(market))
    resumed = begin_or_resume(folder.journal, header, clock_ns, see)
    waiting = {intent.client_order_id for intent in resumed.unresolved()}
    return Opened(
        resumed.engine,
        resumed.journal,
        latest[-1] if latest else resumed.header.settings,
        {name: order for name, order in placed.items() if name in waiting},
        resumed.remembered,
        {**resumed.header.instruments, **listed},
        (times[0], times[-1]) if times else None,
    )


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits
