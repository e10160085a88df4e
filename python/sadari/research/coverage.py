"""What the market data of a run cover and what they lack, symbol by symbol: nothing that is missing is filled in."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from sadari.model.units import SECOND_NS
from sadari.research.book import Book
from sadari.research.layout import count, lasting, moment
from sadari.research.run_record import SymbolFacts
from sadari.research.shapes import iso

Section = dict[str, Any]


def rows(book: Book) -> list[Section]:
    """Every symbol with the span of its candles within the run, their holes, and what of its funding is not known.

    ``held_at_end`` says that a position was still open when the data of a symbol ended before those of the run.
    """
    held = {position.symbol for position in book.run.open_positions}
    return [_row(book, facts, held) for facts in book.run.symbols]


def _row(book: Book, facts: SymbolFacts, held: set[str]) -> Section:
    early_ns = book.end_ns - facts.end_ns
    return {
        "symbol": facts.symbol,
        "rows": facts.rows,
        "start": iso(facts.start_ns),
        "end": iso(facts.end_ns),
        "interval_s": facts.interval_ns / SECOND_NS,
        "starts_late_s": (facts.start_ns - book.start_ns) / SECOND_NS,
        "ends_early_s": early_ns / SECOND_NS,
        "held_at_end": early_ns > 0 and facts.symbol in held,
        "holes": facts.holes,
        "missing": facts.missing,
        "funding_known": facts.funding_known,
        "funding_unknown": [{"from": iso(start), "to": iso(end)} for start, end in _unknown(facts)],
        "quote_volume_known": facts.quote_volume_known,
    }


def _unknown(facts: SymbolFacts) -> list[tuple[int, int]]:
    """The parts of a symbol's time in which a funding payment may be missing."""
    if facts.funding_known:
        return []
    edges = [facts.start_ns, *(edge for span in facts.funding_spans for edge in span), facts.end_ns]
    gaps = list(pairwise(edges))[::2]
    return [(start, end) for start, end in gaps if end > start]


def text(symbols: list[Section]) -> list[str]:
    """A line for each symbol that lacks something; shorter than an hour at either end is nothing worth a line."""
    lines = []
    for row in symbols:
        told = list(filter(None, (_late(row), _early(row), _holes(row), _funding(row))))
        if told:
            lines.append(f"{row['symbol']} {'; '.join(told)}")
    return lines


_WORTH_S = 3_600


def _late(row: Section) -> str:
    late_s = row["starts_late_s"]
    return f"starts {lasting(late_s)} after the run" if late_s >= _WORTH_S else ""


def _early(row: Section) -> str:
    early_s = row["ends_early_s"]
    if row["held_at_end"]:
        return f"ends {lasting(early_s)} before the run with a position still held, valued at its last price"
    return f"ends {lasting(early_s)} before the run" if early_s >= _WORTH_S else ""


def _holes(row: Section) -> str:
    if not row["holes"]:
        return ""
    return f"lacks {count(row['missing'], 'candle')} in {count(row['holes'], 'hole')}"


def _funding(row: Section) -> str:
    if row["funding_known"]:
        return ""
    spans = row["funding_unknown"]
    if not spans or ((spans[0]["from"], spans[-1]["to"]) == (row["start"], row["end"]) and len(spans) == 1):
        return "has no funding rates"
    shown = ", ".join(f"{moment(span['from'])} to {moment(span['to'])}" for span in spans[:2])
    more = f" and {len(spans) - 2} more" if len(spans) > 2 else ""  # noqa: PLR2004
    return f"lacks funding rates {shown}{more}"
