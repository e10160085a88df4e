"""The money of a day: results of the positions that ended in it, their rewards, and what the venue booked in it.

The two are different sums. A position that was opened on one day and closed on the next has its whole result on the
next; what the venue booked is told on the day on which it did so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from statistics import fmean, median
from typing import Any, NamedTuple

from sadari.core.ledger import QUOTE, Ledger
from sadari.model.event import AccountUpdated, FundingPaid, OrderFilled
from sadari.model.units import DAY_NS
from sadari.research import intervals
from sadari.research.daily.heard import quote_balance
from sadari.research.daily.spans import Span
from sadari.research.metrics import outcomes
from sadari.research.shapes import money
from sadari.research.trades import Booking, Life

ZERO = Decimal(0)
Section = dict[str, Any]

# Where one bin of results by planned risk ends and the next begins: a result on an edge is in the bin above it.
EDGES = (-1.0, -0.5, 0.0, 0.5, 1.0, 2.0)


def strategy_of(life: Life) -> str:
    """The strategy of a position; one that was found on the account has none."""
    return life.strategy or "unknown"


def reason_of(life: Life) -> str:
    """Why a position ended."""
    return (life.record.reason if life.record is not None else "") or "unknown"


def direction_of(life: Life) -> str:
    """The direction of a position."""
    return str(life.direction or "unknown")


def known(life: Life) -> bool:
    """Whether the result of an ended position is known; that of one which was written off is not."""
    return life.record is not None and life.record.pnl is not None


def result(ended: Sequence[Life]) -> Section:
    """What ended positions amount to.

    Returns:
        ``win_rate`` is wins over the positions whose result is known, with the interval in which it may be expected;
        ``net`` is price plus fees plus funding of all of them.
    """
    done = outcomes(life.net for life in ended if known(life))
    low, high = intervals.of_share(done.wins, done.trades) or (None, None)
    return {
        "ended": len(ended),
        "wins": done.wins,
        "losses": done.losses,
        "even": done.even,
        "unknown": len(ended) - done.trades,
        "win_rate": done.win_rate,
        "win_rate_low": low,
        "win_rate_high": high,
        "price": money(sum((life.pnl for life in ended), ZERO)),
        "fees": money(sum((life.fees for life in ended), ZERO)),
        "funding": money(sum((life.funding for life in ended), ZERO)),
        "net": money(sum((life.net for life in ended), ZERO)),
    }


GROUPS: dict[str, Callable[[Life], str]] = {
    "by_direction": direction_of,
    "by_symbol": lambda life: life.symbol,
    "by_strategy": strategy_of,
    "by_reason": reason_of,
}


def results(ended: Sequence[Life]) -> Section:
    """The result of the positions that ended, in all and by four properties of them."""
    return {**result(ended), **{name: _grouped(ended, key) for name, key in GROUPS.items()}}


def _grouped(ended: Sequence[Life], key: Callable[[Life], str]) -> list[Section]:
    groups: dict[str, list[Life]] = {}
    for life in ended:
        groups.setdefault(key(life), []).append(life)
    return [{"name": name, **result(members)} for name, members in sorted(groups.items())]


def rewards(ended: Sequence[Life]) -> Section:
    """How results spread: as multiples of the loss that the plan allowed, and in quote currency.

    A multiple is the net result over the planned worst case: -1 is the whole planned loss.
    """
    told = [life for life in ended if known(life)]
    multiples = sorted(
        float(life.net / life.record.worst_case)
        for life in told
        if life.record is not None and life.record.worst_case > 0
    )
    nets = sorted(life.net for life in told)
    return {
        "in_risk": {
            "positions": len(multiples),
            "without_plan": len(told) - len(multiples),
            **_spread(multiples),
            "bins": _bins(multiples),
        },
        "in_quote": {
            "positions": len(nets),
            **_spread([float(net) for net in nets]),
            "profit": money(sum((net for net in nets if net > 0), ZERO)),
            "loss": money(sum((net for net in nets if net < 0), ZERO)),
            "profit_factor": outcomes(nets).profit_factor,
        },
    }


def _spread(values: Sequence[float]) -> Section:
    """The ends, the middle and the tenths next to the ends of sorted values, None without any."""
    if not values:
        return dict.fromkeys(("min", "p10", "median", "mean", "p90", "max"))
    last = len(values) - 1
    return {
        "min": values[0],
        "p10": values[round(last * 0.1)],
        "median": median(values),
        "mean": fmean(values),
        "p90": values[round(last * 0.9)],
        "max": values[-1],
    }


def _bins(values: Iterable[float]) -> list[Section]:
    counts = [0] * (len(EDGES) + 1)
    for value in values:
        counts[sum(edge <= value for edge in EDGES)] += 1
    ends = (None, *EDGES, None)
    return [
        {"from": start, "to": end, "count": count} for start, end, count in zip(ends, ends[1:], counts, strict=False)
    ]


def booked(found: Sequence[tuple[Life, Booking]]) -> Section:
    """What the venue booked, from positions that have ended and from those that have not.

    By reason, OPENING is what entries and adds cost, FUNDING what was paid for holding, and every other row what was
    closed for that reason.
    """
    return {
        **_sums(one for _, one in found),
        "by_symbol": _rows((life.symbol, one) for life, one in found),
        "by_strategy": _rows((strategy_of(life), one) for life, one in found),
        "by_reason": _rows((one.reason, one) for _, one in found),
    }


def _rows(named: Iterable[tuple[str, Booking]]) -> list[Section]:
    groups: dict[str, list[Booking]] = {}
    for name, one in named:
        groups.setdefault(name, []).append(one)
    return [{"name": name, **_sums(members)} for name, members in sorted(groups.items())]


def _sums(bookings: Iterable[Booking]) -> Section:
    price = fees = funding = ZERO
    for one in bookings:
        price, fees, funding = price + one.price, fees + one.fees, funding + one.funding
    return {
        "price": money(price),
        "fees": money(fees),
        "funding": money(funding),
        "net": money(price + fees + funding),
    }


class Ledgers(NamedTuple):
    """What a ledger in double entry has for a span: from trading, and from transfers and everything else."""

    trading: Decimal
    other: Decimal


def ledgers(fills: Iterable[OrderFilled], payments: Iterable[FundingPaid], transfers: Ledger, span: Span) -> Ledgers:
    """The ledger of a span: its trades and payments are booked anew, one by one."""
    kept = Ledger()
    for fill in fills:
        kept.trade(fill)
    for paid in payments:
        kept.funding(paid)
    return Ledgers(kept.change, sum((_moved(transfers, day.start_ns // DAY_NS) for day in span.days()), ZERO))


def _moved(transfers: Ledger, day: int) -> Decimal:
    return transfers.day(day).get(f"wallet:{QUOTE}", ZERO)


def wallet(before: AccountUpdated | None, shown: Sequence[AccountUpdated], kept: Ledgers) -> Section:
    """What the account showed: the last balance before the span, and the last one in it.

    The first balance of all is the beginning where the journal begins in the span.
    """
    told = [*([before] if before is not None else []), *shown]
    start, end = (quote_balance(told[0]), quote_balance(told[-1])) if told else (None, None)
    change = None if start is None or end is None else end - start
    return {
        "start": money(start),
        "end": money(end),
        "change": money(change),
        "transfers": money(kept.other),
        "unexplained": None if change is None else money(change - kept.trading - kept.other),
    }
