"""The section of a report that adds money up: by UTC day and asset, the engine's ledger beside the venue's income.

Source: invariants I6 and I8; strategies §11 (rules 3 and 5).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from sadari.core.ledger import COMMISSION, FUNDING, INSURANCE, REALIZED, TRANSFERS, Entry, Key
from sadari.exchange.accounts import Income
from sadari.model.units import DAY_NS
from sadari.research.book import Book
from sadari.research.shapes import iso, money
from sadari.research.trades import Life

ZERO = Decimal(0)
Section = dict[str, Any]

_COLUMNS = ("realized_pnl", "fees", "funding", "transfers", "insurance", "other")
_OF_KIND = {REALIZED: "realized_pnl", COMMISSION: "fees", FUNDING: "funding", INSURANCE: "insurance"}


def key_of(income: Income) -> Key:
    """The key under which the ledger has an amount of the venue."""
    trade_id = income.trade_id
    return (income.kind, income.symbol or income.asset, income.time_ns if trade_id is None else trade_id)


def ledger(book: Book) -> Section:
    """Sums by day and asset, what the two books do not share, the drift of closes, and what is not settled."""
    run = book.run
    days = _days(book)
    compared = None if run.ledger is None else compare(run.income, run.ledger)
    booked: dict[str, Decimal] = {}
    for income in run.income:
        booked[income.asset] = booked.get(income.asset, ZERO) + income.amount
    unexplained = {
        asset: end - start - booked.get(asset, ZERO) for asset, (start, end) in sorted(book.balances.items())
    }
    return {
        "adds_up": not any(unexplained.values())
        and all(row["difference"] in {"0", None} for row in days)
        and (compared is None or not any(compared[name] for name in ("missing", "doubled", "different", "unknown"))),
        "unexplained": {asset: money(amount) for asset, amount in unexplained.items()},
        "totals": _totals(book),
        "days": days,
        "compared": compared,
        "drift": _drift(book),
        "unsettled": [_named(life) for life in book.lives if life.over and life.record is None],
        "written_off": [_named(life) for life in book.lives if life.record is not None and life.record.unexplained],
    }


def compare(income: Iterable[Income], entries: Iterable[Entry]) -> Section:
    """Both books key by key (I6). Amounts of zero change nothing and are no entries.

    Returns:
        Keys that the ledger lacks (``missing``), has more than once or the venue has (``doubled``), has with another
        amount or asset (``different``), and that the venue does not have (``unknown``).
    """
    theirs = [(key_of(row), row.asset, row.amount) for row in income if row.amount]
    ours = [(entry.key, entry.asset, entry.signed) for entry in entries]
    their_amounts = {key: (asset, amount) for key, asset, amount in theirs}
    our_amounts = {key: (asset, amount) for key, asset, amount in ours}
    counts = Counter(key for key, _, _ in theirs), Counter(key for key, _, _ in ours)
    return {
        "entries": len(ours),
        "venue_entries": len(theirs),
        "missing": [_shown(key) for key in their_amounts if key not in our_amounts],
        "doubled": [_shown(key) for count in counts for key, times in count.items() if times > 1],
        "different": [
            {**_shown(key), "venue": money(their_amounts[key][1]), "ledger": money(amount)}
            for key, (asset, amount) in our_amounts.items()
            if key in their_amounts and their_amounts[key] != (asset, amount)
        ],
        "unknown": [_shown(key) for key in our_amounts if key not in their_amounts],
    }


def _shown(key: Key) -> Section:
    kind, symbol, number = key
    return {"kind": kind, "symbol": symbol, "id": number}


def _column(kind: str) -> str:
    return "transfers" if kind in TRANSFERS else _OF_KIND.get(kind, "other")


def _days(book: Book) -> list[Section]:
    """A row for each UTC day and asset on which the wallet changed; the difference is that to the engine's ledger."""
    theirs: dict[tuple[int, str], dict[str, Decimal]] = {}
    for income in book.run.income:
        sums = theirs.setdefault((income.time_ns // DAY_NS, income.asset), dict.fromkeys(_COLUMNS, ZERO))
        sums[_column(income.kind)] += income.amount
    ours: dict[tuple[int, str], Decimal] = {}
    for entry in book.run.ledger or ():
        place = entry.time_ns // DAY_NS, entry.asset
        ours[place] = ours.get(place, ZERO) + entry.signed
    wallets = {asset: start for asset, (start, _) in book.balances.items()}
    rows = []
    for day, asset in sorted(theirs.keys() | ours.keys()):
        sums = theirs.get((day, asset)) or dict.fromkeys(_COLUMNS, ZERO)
        start, change = wallets.get(asset, ZERO), sum(sums.values(), ZERO)
        wallets[asset] = start + change
        difference = None if book.run.ledger is None else change - ours.get((day, asset), ZERO)
        rows.append(
            {
                "day": (iso(day * DAY_NS) or "")[:10],
                "asset": asset,
                "wallet_start": money(start),
                **{column: money(sums[column]) for column in _COLUMNS},
                "wallet_end": money(start + change),
                "change": money(change),
                "difference": money(difference),
            }
        )
    return rows


def _totals(book: Book) -> list[Section]:
    totals: dict[str, dict[str, Decimal]] = {}
    for income in book.run.income:
        sums = totals.setdefault(income.asset, dict.fromkeys(_COLUMNS, ZERO))
        sums[_column(income.kind)] += income.amount
    return [
        {"asset": asset, **{column: money(amount) for column, amount in sums.items()}, "change": money(_sum(sums))}
        for asset, sums in sorted(totals.items())
    ]


def _sum(sums: dict[str, Decimal]) -> Decimal:
    return sum(sums.values(), ZERO)


def _drift(book: Book) -> Section:
    """What closes brought beyond what they promised when they were decided: slippage, fill by fill; fees apart."""
    records = [life.record for life in book.lives if life.record is not None]
    decided = [record for record in records if record.drift is not None]
    slips = [slip.amount for record in decided for slip in record.slips]
    worst = min(decided, key=lambda record: record.drift or ZERO, default=None)
    return {
        "positions": len(decided),
        "not_decided": len(records) - len(decided),
        "unrealized_at_decision": money(sum((record.unrealized_at_decision or ZERO for record in decided), ZERO)),
        "drift": money(sum((record.drift or ZERO for record in decided), ZERO)),
        "slippage": money(sum(slips, ZERO)),
        "slippage_for": money(sum((slip for slip in slips if slip > 0), ZERO)),
        "slippage_against": money(sum((slip for slip in slips if slip < 0), ZERO)),
        "fills": len(slips),
        "worst": None
        if worst is None
        else {"id": worst.position_id, "symbol": worst.symbol, "drift": money(worst.drift), "reason": worst.reason},
    }


def _named(life: Life) -> Section:
    return {"id": life.position_id, "symbol": life.symbol, "closed": iso(life.closed_ns)}
