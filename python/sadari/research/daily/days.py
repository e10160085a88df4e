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
from sadari.research.daily.spans import WEEK, Span
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

    def __init__(self, records: Iterable[Event | Command]) -> None:
        self._tally, self._heard, lives = Tally(), Heard(), Lives()
        told = list(told_once(records))
        with localcontext(EXACT):
            follow(told, self._tally.arms, lives.arms, self._heard.arms)
            self._lives = lives.end()
        times = [record.time_ns for record in told if isinstance(record, Event)]
        self.first_ns, self.last_ns = (times[0], max(times)) if times else (0, 0)

    def of(self, span: Span, *, with_funnel: bool = False) -> Section:
        """What happened in a span.

        Returns:
            One section for each question. Results are those of the positions that ended in the span; what the venue
            booked in it is apart. What does not end with the span, such as an order, is told as the journal ends.
        """
        with localcontext(EXACT):
            return self._of(span, with_funnel=with_funnel)

    def _of(self, span: Span, *, with_funnel: bool) -> Section:
        heard, tally = self._heard, self._tally
        until_ns = max(min(span.end_ns, self.last_ns), span.start_ns)
        asked = [one for one in heard.asked if span.has(one.signal.time_ns)]
        opened = [life for life in self._lives if span.has(life.opened_ns)]
        ended = [life for life in self._lives if life.record is not None and span.has(life.closed_ns)]
        unsettled = [life for life in self._lives if life.record is None and span.has(over_ns(life))]
        told = {
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
            "orders": conduct.orders(heard, span),
            "fills": conduct.fills(heard, span),
            "results": results.results(ended),
            "rewards": results.rewards(ended),
            "booked": results.booked(self._lives, heard, span),
            "margin": conduct.margin(tally, heard.accounts, span, until_ns),
            "unprotected": conduct.unprotected(tally, span, self.last_ns),
            "incidents": conduct.incidents(heard, span, until_ns, unsettled),
            "funnel": funnel(asked, self._lives) if with_funnel else None,
            "hours": self._hours(span, asked, ended),
            "days": [self._figures(day) for day in span.days()] if span.kind == WEEK else [],
        }
        return {**told, "checks": checks(told, heard, span, until_ns)}

    def _figures(self, day: Span) -> Section:
        return {"day": day.name, **figures(self._of(day, with_funnel=False))}

    def _positions(self, span: Span, opened: Sequence[Life]) -> Section:
        """How many positions were held when, counted from their first and last trades."""
        spans = [(life.opened_ns, over_ns(life)) for life in self._lives if life.opened_ns is not None]
        return {
            "held_at_start": _held(spans, span.start_ns),
            "opened": len(opened),
            "over": sum(span.has(over) for _, over in spans),
            "held_at_end": _held(spans, span.end_ns),
            "at_once": self._at_once(spans, span),
        }

    def _at_once(self, held: Iterable[tuple[int, int | None]], span: Span) -> int:
        clipped = []
        for opened_ns, over in held:
            first, last = max(opened_ns, span.start_ns), min(over or self.last_ns + 1, span.end_ns)
            if first < last:
                clipped.append((first, last, Decimal(1)))
        return int(highest_sum(clipped))

    def _hours(self, span: Span, asked: Iterable[Asked], ended: Iterable[Life]) -> list[Section]:
        """The span hour by hour; the balance and the margin in use are those shown last, None before the first."""
        size = (span.end_ns - span.start_ns) // HOUR_NS
        signals, denied, over = [0] * size, [0] * size, [0] * size
        net = [ZERO] * size
        for one in asked:
            hour = (one.signal.time_ns - span.start_ns) // HOUR_NS
            signals[hour] += 1
            denied[hour] += one.decision is not None and not one.decision.accepted
        for life in ended:
            over[((life.closed_ns or 0) - span.start_ns) // HOUR_NS] += 1
        for life in self._lives:
            for booking in life.bookings:
                if span.has(booking.time_ns):
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
        wallets: list[Decimal | None] = [None] * size
        margins: list[float | None] = [None] * size
        wallet: Decimal | None = None
        margin: float | None = None
        shown, used = iter(self._heard.accounts), iter(self._tally.margin)
        account, sample = next(shown, None), next(used, None)
        for hour in range(size):
            start_ns = span.start_ns + hour * HOUR_NS
            while account is not None and account.time_ns < start_ns + HOUR_NS:
                wallet, account = quote_balance(account), next(shown, None)
            while sample is not None and sample[0] < start_ns + HOUR_NS:
                margin, sample = sample[1], next(used, None)
            if start_ns <= self.last_ns:
                wallets[hour], margins[hour] = wallet, margin
        return wallets, margins


def over_ns(life: Life) -> int | None:
    """When nothing was held any more: as recorded or, while it is not settled, with its last closing trade."""
    if life.record is not None:
        return life.closed_ns
    return told_ns(life.closings[-1]) if life.over and life.closings else None


def _held(spans: Iterable[tuple[int, int | None]], time_ns: int) -> int:
    return sum(opened_ns < time_ns and (over is None or over >= time_ns) for opened_ns, over in spans)
