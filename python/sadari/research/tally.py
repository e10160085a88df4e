"""What the engine did besides holding positions: signals and gates, orders, incidents, margin, protection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal

from sadari.model.command import Audit, Command, PlaceOrder, RecordDecision, SendAlert
from sadari.model.event import (
    AccountUpdated,
    CancelRejected,
    Event,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    OrderRejected,
    OutcomeUnknown,
)
from sadari.model.order import Purpose
from sadari.research.metrics import Sample
from sadari.research.trades import timed

PROTECTIVE = frozenset({Purpose.STOP, Purpose.WALL})


class Sent:
    """One order and what became of it."""

    __slots__ = ("accepted", "canceled", "filled", "purpose", "rejected")

    def __init__(self, purpose: Purpose) -> None:
        self.purpose = purpose
        self.accepted = self.filled = self.canceled = self.rejected = False

    @property
    def answered(self) -> bool:
        """True once the venue has said anything about it."""
        return self.accepted or self.filled or self.canceled or self.rejected


class Cover:
    """The time for which a symbol's position stood without a stop that the venue had confirmed."""

    __slots__ = ("bare_since", "longest_ns", "qty", "spells", "working")

    def __init__(self) -> None:
        self.qty = Decimal(0)
        self.working: set[str] = set()
        self.bare_since: int | None = None
        self.longest_ns = 0
        self.spells = 0

    def look(self, now: int) -> None:
        """Note whether the position is bare from now on; a spell counts if time passed in it."""
        bare = self.qty != 0 and not self.working
        if bare and self.bare_since is None:
            self.bare_since = now
        elif not bare and self.bare_since is not None:
            lasted = now - self.bare_since
            self.spells += lasted > 0
            self.longest_ns = max(self.longest_ns, lasted)
            self.bare_since = None


class Tally:
    """Counts over the records of a run.

    Attributes:
        counts: How many records there are of each kind.
        decisions: Every decision with its time.
        orders: What became of each order, by client order id.
        margin: (time_ns, share of the wallet balance that is not available for orders).
        covers: Protection, by symbol.
    """

    def __init__(self, records: Iterable[Event | Command]) -> None:
        self.counts: Counter[type] = Counter()
        self.decisions: list[tuple[int, RecordDecision]] = []
        self.orders: dict[str, Sent] = {}
        self.rejections: Counter[tuple[int, str]] = Counter()
        self.cancel_rejections: Counter[int] = Counter()
        self.audits: Counter[str] = Counter()
        self.alerts: Counter[tuple[str, str]] = Counter()
        self.forced: list[tuple[int, OrderFilled]] = []
        self.margin: list[Sample] = []
        self.covers: dict[str, Cover] = {}
        for now, record in timed(records):
            self.counts[type(record)] += 1
            self.read(now, record)

    def read(self, now: int, record: Event | Command) -> None:
        """Count one record."""
        match record:
            case OrderAccepted() | OrderFilled() | OrderCanceled() | OrderRejected():
                self.answer(now, record)
            case PlaceOrder():
                self.orders[record.client_order_id] = Sent(record.purpose)
            case AccountUpdated() if record.wallet_balance > 0:
                self.margin.append((now, 1 - float(record.available_balance) / float(record.wallet_balance)))
            case RecordDecision():
                self.decisions.append((now, record))
            case Audit():
                self.audits[record.code] += 1
            case SendAlert():
                self.alerts[record.severity, record.code] += 1
            case CancelRejected():
                self.cancel_rejections[record.code] += 1
            case _:
                pass

    def answer(self, now: int, event: OrderAccepted | OrderFilled | OrderCanceled | OrderRejected) -> None:
        """Note an answer of the venue to an order, and what it means for the protection of the symbol."""
        sent = self.orders.get(event.client_order_id)
        cover = self.covers.get(event.symbol)
        if cover is None:
            cover = self.covers[event.symbol] = Cover()
        match event:
            case OrderFilled():
                cover.qty += event.qty if event.buyer else -event.qty
                if event.done:
                    cover.working.discard(event.client_order_id)
                if sent is None:
                    self.forced.append((now, event))
                else:
                    sent.filled = True
            case OrderAccepted():
                if sent is not None:
                    sent.accepted = True
                    if sent.purpose in PROTECTIVE:
                        cover.working.add(event.client_order_id)
            case OrderCanceled():
                cover.working.discard(event.client_order_id)
                if sent is not None:
                    sent.canceled = True
            case OrderRejected():
                self.rejections[event.code, str(event.reason)] += 1
                if sent is not None:
                    sent.rejected = True
        cover.look(now)

    @property
    def unknown(self) -> int:
        """How many orders were left without an answer for a while."""
        return self.counts[OutcomeUnknown]

    def success_rate(self) -> float | None:
        """Orders that the venue took, over orders that it answered (R000-24)."""
        answered = [sent for sent in self.orders.values() if sent.answered]
        return sum(not sent.rejected for sent in answered) / len(answered) if answered else None


def episodes(denials: Iterable[tuple[str, str]]) -> Counter[str]:
    """How many spells of the same gate there are, by gate, from (symbol, gate) in time order.

    Consecutive denials of one symbol by the same gate are one spell: a gate that stays shut is asked again and again.
    """
    spells: Counter[str] = Counter()
    last: dict[str, str] = {}
    for symbol, gate in denials:
        if last.get(symbol) != gate:
            spells[gate] += bool(gate)
            last[symbol] = gate
    return spells
