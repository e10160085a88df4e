"""A run read once: its positions and its counts, with the few lookups that every section of a report asks for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any

from sadari.core.ledger import QUOTE
from sadari.model.command import Command
from sadari.model.event import Event, SignalRaised
from sadari.model.reason import stage_name
from sadari.research.metrics import Sample
from sadari.research.run_record import Run
from sadari.research.tally import Tally
from sadari.research.trades import Arms, Life, Lives

ZERO = Decimal(0)
FUNDING = "FUNDING_FEE"


def follow(records: Sequence[Event | Command], *readers: Arms) -> Counter[type]:
    """Hand each record to whatever reads its kind, in one walk over records that may be many.

    Returns:
        How many records there are of each kind.
    """
    counts: Counter[type] = Counter(map(type, records))
    events = {kind for kind in counts if issubclass(kind, Event)}
    arms = {kind: [reader[kind] for reader in readers if kind in reader] for kind in counts}
    now = 0
    record: Any
    for record in records:
        kind = type(record)
        if kind in events:
            now = record.time_ns
        for read in arms[kind]:
            read(now, record)
    return counts


def span(run: Run) -> tuple[int, int]:
    """The first candle's open and the last candle's close of all symbols."""
    starts = min((facts.start_ns for facts in run.symbols), default=0)
    return starts, max((facts.end_ns for facts in run.symbols), default=0)


def equity_curve(run: Run) -> list[Sample]:
    """The curve of equity from the wallet balance before the first sample; empty if nothing was sampled."""
    if not run.equity:
        return []
    return [(min(span(run)[0], run.equity[0][0]), float(run.wallet_start)), *run.equity]


class Book:
    """What the sections of a report are written from.

    Attributes:
        counts: How many records there are of each kind.
        lives: Every position that was held, in the order of first orders.
        unknown: Symbols with a position whose funding is not known.
        start_ns: The first candle's open of all symbols.
        end_ns: The last candle's close of all symbols.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.tally = Tally()
        lives = Lives()
        self.counts = follow(run.records, self.tally.arms, lives.arms)
        self.lives = lives.end()
        self._facts = {facts.symbol: facts for facts in run.symbols}
        self.start_ns, self.end_ns = span(run)
        self._open = {position.symbol: position for position in run.open_positions}
        self.unknown = frozenset(life.symbol for life in self.lives if not self._funding_known(life))

    @cached_property
    def closed(self) -> list[Life]:
        """Positions that have ended and whose profit is known."""
        return [life for life in self.lives if life.record is not None and life.record.pnl is not None]

    @property
    def raised(self) -> int:
        """How many entry signals there were."""
        return self.counts[SignalRaised]

    @cached_property
    def equity(self) -> list[Sample]:
        """The curve of equity from the wallet balance before the first sample; empty if nothing was sampled."""
        return equity_curve(self.run)

    def stage(self, life: Life) -> str:
        """The name of the highest stage that a position reached."""
        if life.record is not None:
            return stage_name(life.record.stage)
        still = self._open.get(life.symbol)
        return stage_name(max(life.openings, default=0) if life.over or still is None else still.stage)

    def funding(self, held: Iterable[Life]) -> Decimal | None:
        """Funding of some positions; None if that of any of them is not known."""
        total = ZERO
        for life in held:
            if not self._funding_known(life):
                return None
            total += life.funding
        return total

    def _funding_known(self, life: Life) -> bool:
        facts = self._facts[life.symbol]
        start_ns, end_ns = life.opened_ns or self.start_ns, self.until(life)
        return facts.funding_known or any(first <= start_ns and end_ns <= last for first, last in facts.funding_spans)

    @property
    def balances(self) -> dict[str, tuple[Decimal, Decimal]]:
        """Wallet balance of each asset before the first and after the last event."""
        return self.run.balances or {QUOTE: (self.run.wallet_start, self.run.wallet_end)}

    def other_income(self) -> dict[str, Decimal]:
        """What the wallet gained or lost beside trades and funding, by kind; what has a trade id is in that trade."""
        other: dict[str, Decimal] = {}
        for entry in self.run.income:
            if entry.trade_id is None and entry.kind != FUNDING:
                other[entry.kind] = other.get(entry.kind, ZERO) + entry.amount
        return other

    def until(self, life: Life) -> int:
        """When a position ended, the end of the data if it did not."""
        return self.end_ns if life.closed_ns is None else life.closed_ns
