"""One UTC day, or week, out of the records of a run: what was asked for, what became of it, what it brought.

Every rate names what it is a share of: a fill rate is over signals (of orders over orders sent), a win rate over
positions that have ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal, localcontext
from typing import Any

from sadari.model.command import Command
from sadari.model.event import Event
from sadari.model.units import EXACT, HOUR_NS
from sadari.research.book import follow
from sadari.research.daily import conduct, results
from sadari.research.daily.figures import checks, figures
from sadari.research.daily.funnel import funnel
from sadari.research.daily.heard import Asked, Heard, quote_balance
from sadari.research.daily.spans import WEEK, ByDay, Span
from sadari.research.metrics import highest_sum
from sadari.research.shapes import iso, money
from sadari.research.tally import Tally
from sadari.research.trades import Life, Lives, told_ns, told_once

ZERO = Decimal(0)
Section = dict[str, Any]


class Days:
    """The records of a run, read once, from which any of its days and weeks can be told.

    Attributes:
        first_ns: The time of the first event, 0 without one.
        last_ns: The latest time of an event.
    """

    def __init__(self, records: Sequence[Event | Command]) -> None:
        self._tally, self._heard, lives = Tally(), Heard(), Lives()
        told = told_once(records)
        with localcontext(EXACT):
            follow(told, self._tally.arms, lives.arms, self._heard.arms)
            self._lives = lives.end()
        times = [record.time_ns for record in told if isinstance(record, Event)]
        self.first_ns, self.last_ns = (times[0], max(times)) if times else (0, 0)
        heard, own = self._heard, self._lives
        self._asked = ByDay(heard.asked, lambda one: one.signal.time_ns)
        self._orders = ByDay(heard.orders.items(), lambda named: named[1].sent_ns)
        self._fills = ByDay(heard.fills, told_ns)
        self._payments = ByDay(heard.payments, told_ns)
        self._accounts = ByDay(heard.accounts, lambda shown: shown.time_ns)
        self._margin = ByDay(self._tally.margin, lambda sample: sample[0])
        self._opened = ByDay(own, lambda life: life.opened_ns)
        self._ended = ByDay(own, lambda life: life.closed_ns if life.record is not None else None)
        self._unsettled = ByDay(own, lambda life: over_ns(life) if life.record is None else None)
        self._bookings = ByDay(((life, one) for life in own for one in life.bookings), lambda pair: pair[1].time_ns)
        self._held = [(life.opened_ns, over_ns(life)) for life in own if life.opened_ns is not None]

    def of(self, span: Span, *, with_funnel: bool = False) -> Section:
        """What happened in a span.

        Returns:
            One section for each question. Results are those of the positions that ended in the span; what the venue
            booked in it is apart. What does not end with the span, such as an order, is told as the journal ends.
        """
        with localcontext(EXACT):
            until_ns, kept = self._until_ns(span), self._ledgers(span)
            asked, unsettled = self._asked.of(span), self._unsettled.of(span)
            told = {
                **self._core(span, kept),
                "incidents": conduct.incidents(self._heard, span, until_ns, unsettled),
                "funnel": funnel(asked, self._lives) if with_funnel else None,
                "hours": self._hours(span, asked),
                "days": [{"day": day.name, **figures(self._core(day, self._ledgers(day)))} for day in span.days()]
                if span.kind == WEEK
                else [],
            }
            return {**told, "checks": checks(told, kept, span, until_ns)}

    def _core(self, span: Span, kept: results.Ledgers) -> Section:
        """The sections that have figures."""
        heard, opened, ended = self._heard, self._opened.of(span), self._ended.of(span)
        asked, accounts = self._asked.of(span), self._accounts.of(span)
        until_ns = self._until_ns(span)
        return {
            "span": {
                "kind": span.kind,
                "name": span.name,
                "start": iso(span.start_ns),
                "end": iso(span.end_ns),
                "complete": self.last_ns >= span.end_ns,
            },
            "signals": conduct.signals(heard, asked, opened, span),
            "gates": conduct.gates(asked),
            "positions": self._positions(span, opened),
            "orders": conduct.orders([order for _, order in self._orders.of(span)]),
            "fills": conduct.fills(self._fills.of(span), heard.orders),
            "results": results.results(ended),
            "rewards": results.rewards(ended),
            "booked": {
                **results.booked(self._bookings.of(span)),
                "wallet": results.wallet(self._accounts.before(span), accounts, kept),
            },
            "margin": conduct.margin(self._margin.before(span), self._margin.of(span), accounts, span, until_ns),
            "unprotected": conduct.unprotected(self._tally, span, self.last_ns),
        }

    def _ledgers(self, span: Span) -> results.Ledgers:
        return results.ledgers(self._fills.of(span), self._payments.of(span), self._heard.transfers, span)

    def _until_ns(self, span: Span) -> int:
        """Up to when the journal has the span."""
        return max(min(span.end_ns, self.last_ns), span.start_ns)

    def _positions(self, span: Span, opened: Sequence[Life]) -> Section:
        """How many positions were held when, counted from their first and last trades."""
        met = [(start, over) for start, over in self._held if span.meets(start, over)]
        clipped = [(max(start, span.start_ns), min(over or self.last_ns + 1, span.end_ns)) for start, over in met]
        return {
            "held_at_start": _held(met, span.start_ns),
            "opened": len(opened),
            "over": sum(span.has(over) for _, over in met),
            "held_at_end": _held(met, span.end_ns),
            "at_once": int(highest_sum((first, last, Decimal(1)) for first, last in clipped if first < last)),
        }

    def _hours(self, span: Span, asked: Iterable[Asked]) -> list[Section]:
        """The span hour by hour; the balance and the margin in use are those shown last, None before the first."""
        size = (span.end_ns - span.start_ns) // HOUR_NS
        signals, denied, over = [0] * size, [0] * size, [0] * size
        net = [ZERO] * size
        for one in asked:
            hour = (one.signal.time_ns - span.start_ns) // HOUR_NS
            signals[hour] += 1
            denied[hour] += one.decision is not None and not one.decision.accepted
        for life in self._ended.of(span):
            over[((life.closed_ns or 0) - span.start_ns) // HOUR_NS] += 1
        for _, booking in self._bookings.of(span):
            net[(booking.time_ns - span.start_ns) // HOUR_NS] += booking.price + booking.fees + booking.funding
        wallets, margins = self._shown(span, size)
        return [
            {
                "hour": iso(span.start_ns + hour * HOUR_NS),
                "signals": signals[hour],
                "denied": denied[hour],
                "ended": over[hour],
                "net": money(net[hour]),
                "wallet": money(wallets[hour]),
                "margin": margins[hour],
            }
            for hour in range(size)
        ]

    def _shown(self, span: Span, size: int) -> tuple[list[Decimal | None], list[float | None]]:
        """The balance at the end of each hour and the margin in use then; None from where the journal ends."""
        before, sample = self._accounts.before(span), self._margin.before(span)
        wallet = None if before is None else quote_balance(before)
        margin = None if sample is None else sample[1]
        balances: dict[int, Decimal] = {}
        used: dict[int, float] = {}
        for shown in self._accounts.of(span):
            balances[(shown.time_ns - span.start_ns) // HOUR_NS] = quote_balance(shown)
        for time_ns, share in self._margin.of(span):
            used[(time_ns - span.start_ns) // HOUR_NS] = share
        wallets: list[Decimal | None] = []
        margins: list[float | None] = []
        for hour in range(size):
            wallet, margin = balances.get(hour, wallet), used.get(hour, margin)
            known = span.start_ns + hour * HOUR_NS <= self.last_ns
            wallets.append(wallet if known else None)
            margins.append(margin if known else None)
        return wallets, margins


def over_ns(life: Life) -> int | None:
    """When nothing was held any more: as recorded or, while it is not settled, with its last closing trade."""
    if life.record is not None:
        return life.closed_ns
    return told_ns(life.closings[-1]) if life.over and life.closings else None


def _held(spans: Iterable[tuple[int, int | None]], time_ns: int) -> int:
    return sum(opened_ns < time_ns and (over is None or over >= time_ns) for opened_ns, over in spans)
