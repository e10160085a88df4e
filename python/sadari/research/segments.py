"""Runs over the contiguous parts of recorded data, one row each: a hole of months is no market to hold through."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sadari.research.layout import count, paragraph, percent, signed, table, usdt

Section = dict[str, Any]

_DAY_S = 86_400


def compare(summaries: Sequence[Section]) -> Section:
    """What became of each part, in order, and of all together; every part began with the same balance."""
    rows = [_row(summary) for summary in summaries]
    changes = [Decimal(row["wallet_change"]) + Decimal(row["unrealized"]) for row in rows]
    return {
        "segments": rows,
        "total": {
            "segments": len(rows),
            "won": sum(change > 0 for change in changes),
            "candles": sum(row["candles"] for row in rows),
            "entries": sum(row["entries"] for row in rows),
            "adds": sum(row["adds"] for row in rows),
            "equity_change": str(sum(changes, Decimal(0))),
        },
    }


def _row(summary: Section) -> Section:
    result, figures, fall = summary["result"], summary["statistics"], summary["statistics"]["max_drawdown"]
    return {
        "symbol": ", ".join(row["symbol"] for row in summary["period"]["symbols"]),
        "start": summary["period"]["start"],
        "end": summary["period"]["end"],
        "candles": summary["period"]["candles"],
        "days": sum(row["rows"] * row["interval_s"] for row in summary["period"]["symbols"]) / _DAY_S,
        "signals": summary["signals"]["raised"],
        "entries": sum(row["count"] for row in summary["entries"] if not row["rung"]),
        "adds": sum(row["count"] for row in summary["entries"] if row["rung"]),
        "closed": figures["closed"],
        "win_rate": figures["win_rate"],
        "wallet_change": result["wallet_change"],
        "unrealized": result["unrealized"],
        "price": result["price"],
        "fees": result["fees"],
        "funding": result["funding"],
        "return": result["return"],
        "max_drawdown": None if fall is None else fall["fraction"],
    }


def text(compared: Section) -> str:
    """The comparison as text."""
    head = ("Segment", "days", "signals", "entries", "adds", "won", "price", "fees", "return", "drawdown")
    rows = [
        (
            f"{row['symbol']} {row['start'][:10]}",
            f"{row['days']:.0f}",
            f"{row['signals']:,}",
            f"{row['entries']:,}",
            f"{row['adds']:,}",
            percent(row["win_rate"]),
            usdt(row["price"]),
            usdt(row["fees"]),
            signed(row["return"]),
            percent(row["max_drawdown"]),
        )
        for row in compared["segments"]
    ]
    total = compared["total"]
    unpaid = sum(row["funding"] is None for row in compared["segments"])
    without = f"; funding is not known, and left out, in {count(unpaid, 'segment')}" if unpaid else ""
    closing = (
        f"{count(total['segments'], 'segment')}, {total['won']:,} with a gain; {total['candles']:,} candles, "
        f"{total['entries']:,} entries, {total['adds']:,} adds, "
        f"equity {usdt(total['equity_change'])} USDT in sum{without}"
    )
    return "\n".join([*table(head, rows), "", *paragraph(closing)]) + "\n"
