"""A run month by month: what the wallet gained, and how equity went."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from sadari.model.units import DAY_NS
from sadari.research import metrics
from sadari.research.book import FUNDING, ZERO, Book
from sadari.research.shapes import money
from sadari.research.trades import Life

Section = dict[str, Any]

PROFIT, FEE = "REALIZED_PNL", "COMMISSION"
_EPOCH_DAY = date(1970, 1, 1).toordinal()


def months(book: Book) -> list[Section]:
    """Each UTC month from the first candle to the last, those without a trade included.

    ``net`` is the change of the wallet and adds up over the months to that of the run; what of it is neither price,
    fees nor funding is of another kind. ``return`` and ``max_drawdown`` are of equity, and None where no sample tells.
    """
    times = [time_ns for time_ns, _ in book.equity]
    changes = sorted(book.run.income, key=lambda entry: entry.time_ns)
    change_times = [entry.time_ns for entry in changes]
    rows = []
    last_ns = book.end_ns
    for month, from_ns, until_ns in _spans(book.start_ns, last_ns):
        # What happens at the last moment of the data belongs to the last month.
        stop_ns = until_ns if until_ns <= last_ns else max(last_ns, times[-1] if times else 0, *change_times[-1:]) + 1
        inside = changes[bisect_left(change_times, from_ns) : bisect_left(change_times, stop_ns)]
        sums: dict[str, Decimal] = {}
        for entry in inside:
            sums[entry.kind] = sums.get(entry.kind, ZERO) + entry.amount
        first = bisect_right(times, from_ns)
        curve = book.equity[max(first - 1, 0) : bisect_left(times, stop_ns)]
        fall = metrics.drawdown(curve)
        closed = [life for life in book.closed if from_ns <= book.until(life) < stop_ns]
        rows.append(
            {
                "month": month,
                "net": money(sum(sums.values(), ZERO)),
                "price": money(sums.get(PROFIT, ZERO)),
                "fees": money(sums.get(FEE, ZERO)),
                "funding": None if _paid_unknown(book, from_ns, stop_ns) else money(sums.get(FUNDING, ZERO)),
                "return": curve[-1][1] / curve[0][1] - 1 if len(curve) > 1 and curve[0][1] > 0 else None,
                "max_drawdown": None if fall is None else fall.fraction,
                "closed": len(closed),
                "win_rate": metrics.outcomes(life.net for life in closed).win_rate,
            }
        )
    return rows


def _paid_unknown(book: Book, from_ns: int, until_ns: int) -> bool:
    """True if a position whose funding is not known was held in a month."""

    def held(life: Life) -> bool:
        return life.opened_ns is not None and life.opened_ns < until_ns and book.until(life) >= from_ns

    return any(held(life) and book.funding([life]) is None for life in book.lives)


def _spans(start_ns: int, end_ns: int) -> Iterator[tuple[str, int, int]]:
    """Each calendar month with its first moment and that of the next."""
    day = date.fromordinal(start_ns // DAY_NS + _EPOCH_DAY).replace(day=1)
    while (day.toordinal() - _EPOCH_DAY) * DAY_NS < end_ns:
        following = day.replace(year=day.year + day.month // 12, month=day.month % 12 + 1)
        yield f"{day:%Y-%m}", (day.toordinal() - _EPOCH_DAY) * DAY_NS, (following.toordinal() - _EPOCH_DAY) * DAY_NS
        day = following
