"""What a finished run hands to its report: the whole input of `summarize`, filled by the composition."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from sadari.core.ledger import Entry
from sadari.exchange.accounts import Income
from sadari.model.command import Command
from sadari.model.event import Event
from sadari.model.order import Direction
from sadari.model.plan import Settings


class SymbolFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one symbol's market data.

    The candles cover [``start_ns``, ``end_ns``), from the first open to the last close. ``funding_known`` is False
    where funding rates are missing somewhere in that time; ``funding_spans`` are the parts of it, both ends included,
    in which none is. A position held outside of them has unknown funding, which is not zero.
    """

    symbol: str
    rows: int
    start_ns: int
    end_ns: int
    interval_ns: int
    funding_known: bool
    funding_spans: tuple[tuple[int, int], ...] = ()
    quote_volume_known: bool = False


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


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One run over history.

    Attributes:
        settings: What the engine decided by.
        symbols: The market data of each symbol, in symbol order.
        records: Every event and command in journal order.
        wallet_start: Wallet balance before the first event.
        wallet_end: Wallet balance after the last event.
        income: Every change of the wallet; its sum is ``wallet_end - wallet_start``.
        ledger: What the engine itself has booked, in order; None where that is not known.
        open_positions: What was still held at the end.
        in_flight: What was sent and never arrived.
        equity: (time_ns, wallet balance plus unrealized PnL), times not decreasing; a statistic, hence float.
        candles: How many candles the run went over, all symbols together.
        cpu_s: Processor seconds of the run, data loading excluded.
        wall_s: Elapsed seconds of the run, data loading excluded.
        path: The order of prices inside candles: tape, adverse or favourable.
        assumptions: What the run took for granted, one sentence each.
    """

    settings: Settings
    symbols: tuple[SymbolFacts, ...]
    records: list[Event | Command]
    wallet_start: Decimal
    wallet_end: Decimal
    income: list[Income]
    ledger: list[Entry] | None = None
    open_positions: tuple[OpenPosition, ...] = ()
    in_flight: tuple[InFlightOrder, ...] = ()
    equity: list[tuple[int, float]] = []
    candles: int = 0
    cpu_s: float = 0.0
    wall_s: float = 0.0
    path: str = "tape"
    assumptions: list[str] = []
