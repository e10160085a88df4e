"""What a finished run hands to its report: the whole input of `summarize`, filled by the composition."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec

from sadari.core.alerts import Notice
from sadari.core.ledger import Entry
from sadari.exchange.accounts import Income
from sadari.model.command import Command
from sadari.model.event import Event
from sadari.model.order import Direction
from sadari.model.plan import Settings
from sadari.sensors.candidates import Facts
from sadari.sensors.ict import IctFacts
from sadari.sensors.surge import SurgeFacts


class SymbolFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one symbol's market data.

    The candles cover [``start_ns``, ``end_ns``), from the first open to the last close; ``missing`` of them lie in
    ``holes``. ``funding_known`` is False where funding rates are missing somewhere in that time; ``funding_spans`` are
    the parts of it, both ends included, in which none is. A position held outside of them has unknown funding, which
    is not zero.
    """

    symbol: str
    rows: int
    start_ns: int
    end_ns: int
    interval_ns: int
    funding_known: bool
    funding_spans: tuple[tuple[int, int], ...] = ()
    quote_volume_known: bool = False
    holes: int = 0
    missing: int = 0


class OpenPosition(msgspec.Struct, frozen=True, kw_only=True):
    """A position that the end of the run left open. ``qty`` is positive; ``unrealized`` is at ``mark_price``."""

    symbol: str
    direction: Direction
    qty: Decimal
    entry_price: Decimal
    mark_price: Decimal
    unrealized: Decimal
    stage: int


class InFlightOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order that was sent so late that the data ended before it reached the venue."""

    symbol: str
    client_order_id: str
    purpose: str
    due_ns: int


class ShadowState(StrEnum):
    """What became of a denied signal that was followed."""

    ENDED = "ended"
    OPEN = "open"
    NOT_FOLLOWED = "not_followed"


class Shadow(msgspec.Struct, frozen=True, kw_only=True):
    """What a denied entry signal would have done, alone on an account with the wallet balance of its moment.

    Attributes:
        time_ns: When it was raised and denied.
        episode: The signal's own episode, 0 where its rule counts none.
        gate: What denied it.
        code: Why it could not be followed: what denied it even alone, or that no entry was filled.
        booked: What the wallet gained or lost: profit realized, fees and the funding that is known.
        unrealized: What is still open would bring at the last price.
        closed_ns: When it ended.
        reason: Why it ended.
        adds: How many adds were filled.
    """

    symbol: str
    time_ns: int
    direction: Direction
    strategy: str
    signal_id: str
    gate: str
    state: ShadowState
    episode: int = 0
    code: str = ""
    booked: Decimal = Decimal(0)
    unrealized: Decimal = Decimal(0)
    closed_ns: int | None = None
    reason: str = ""
    adds: int = 0


class Funnel(msgspec.Struct, frozen=True, kw_only=True):
    """The denied entry signals of a run, each followed for ``days`` at most.

    ``shadows`` has one row for each symbol, strategy, direction, close and gate, in the order of the denials;
    ``followed`` is how many runs that took, ``cpu_s`` the processor seconds of all of them.
    """

    days: int
    shadows: list[Shadow]
    followed: int = 0
    cpu_s: float = 0.0


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One run over history.

    Attributes:
        settings: What the engine decided by.
        symbols: The market data of each symbol, in symbol order.
        records: Every event and command in journal order.
        wallet_start: Wallet balance before the first event.
        wallet_end: Wallet balance after the last event.
        income: Every change of the wallet; its sum is ``wallet_end - wallet_start``.
        balances: Wallet balance of each asset before the first and after the last event, where there are several.
        ledger: What the engine itself has booked, in order; None where that is not known.
        open_positions: What was still held at the end.
        in_flight: What was sent and never arrived.
        equity: (time_ns, wallet balance plus unrealized PnL), times not decreasing; a statistic, hence float.
        candles: How many candles the run went over, all symbols together.
        cpu_s: Processor seconds of the run, data loading excluded.
        wall_s: Elapsed seconds of the run, data loading excluded.
        path: The order of prices inside candles: tape, adverse or favourable.
        surge: What the surge rules saw, by symbol and direction.
        ict: How the set-ups of the ICT strategy ended, by symbol.
        scans: What the scanner saw, by symbol.
        assumptions: What the run took for granted, one sentence each.
        funnel: What became of its denied signals in shadow, None if they were not followed.
        notices: What a person would have been told of conditions of strategies §10 and of other alerts, in order.
    """

    settings: Settings
    symbols: tuple[SymbolFacts, ...]
    records: list[Event | Command]
    wallet_start: Decimal
    wallet_end: Decimal
    income: list[Income]
    ledger: list[Entry] | None = None
    balances: dict[str, tuple[Decimal, Decimal]] = {}
    open_positions: tuple[OpenPosition, ...] = ()
    in_flight: tuple[InFlightOrder, ...] = ()
    equity: list[tuple[int, float]] = []
    candles: int = 0
    cpu_s: float = 0.0
    wall_s: float = 0.0
    path: str = "tape"
    assumptions: list[str] = []
    surge: list[tuple[tuple[str, Direction], SurgeFacts]] = []
    ict: list[tuple[str, IctFacts]] = []
    scans: list[tuple[str, Facts]] = []
    funnel: Funnel | None = None
    notices: list[Notice] = []
