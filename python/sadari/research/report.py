"""An honest account of a run: `summarize` makes it a plain dictionary, `text` makes that readable.

In the dictionary money, prices and quantities are decimal strings, statistics are numbers, times are ISO 8601 in UTC,
and what is not known is null. Fees are negative when paid, so price + fees + funding is the result everywhere. Where
funding is not known, a net result holds what was booked of it.
"""

from __future__ import annotations

from decimal import localcontext
from typing import Any

import msgspec

from sadari.model.units import EXACT
from sadari.research import attribution, conduct, funnel, results, reward, setups
from sadari.research.book import Book
from sadari.research.ledger import ledger
from sadari.research.months import months
from sadari.research.run_record import Run
from sadari.research.shapes import iso
from sadari.research.text import text

__all__ = ["Summary", "summarize", "text"]

Summary = dict[str, Any]


def summarize(run: Run) -> Summary:
    """Everything worth knowing about a run, ready for JSON, with keys in a fixed order."""
    with localcontext(EXACT):
        book = Book(run)
        return {
            "period": conduct.period(book),
            "result": results.result(book),
            "ledger": ledger(book),
            "statistics": results.statistics(book),
            "worst_case": results.worst_case(book),
            "margin": conduct.margin(book),
            "signals": conduct.signals(book),
            "surge": attribution.surge(run.surge),
            "ict": setups.section(run.ict, run.records),
            "reward": reward.section(book),
            "scanner": attribution.scanner(run.scans),
            "funnel": funnel.section(book),
            "orders": conduct.orders(book.tally),
            "entries": results.entries(book),
            "exits": results.exits(book),
            "by_direction": results.grouped(book, lambda life: str(life.direction or "unknown")),
            "by_stage": results.grouped(book, book.stage),
            "by_strategy": results.grouped(book, lambda life: life.strategy or "unknown"),
            "by_symbol": results.grouped(book, lambda life: life.symbol),
            "exposure": results.exposure(book),
            "months": months(book),
            "open_positions": [results.still_open(book, held) for held in run.open_positions],
            "in_flight": [
                {
                    "symbol": order.symbol,
                    "client_order_id": order.client_order_id,
                    "purpose": order.purpose,
                    "due": iso(order.due_ns),
                }
                for order in run.in_flight
            ],
            "protection": conduct.protection(book.tally),
            "incidents": conduct.incidents(book),
            "assumptions": list(run.assumptions),
            "engine": conduct.engine(book),
            "positions": [results.position(book, life) for life in book.lives],
            "settings": msgspec.json.decode(msgspec.json.encode(run.settings)),
        }
