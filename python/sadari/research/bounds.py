"""How much of a result hangs on the order of prices inside candles, which candles do not tell.

The same run is made three times: along the tape, with the adverse extreme first, and with the favourable one first
(strategies §1.7). A position is the same position in another run if the same signal on the same symbol opened it.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sadari.research.layout import count, moment, paragraph, percent, ratio, signed, table, usdt

Section = dict[str, Any]

OPEN = "still open"
PATHS = ("tape", "adverse", "favourable")
EXISTENCE, REASONS, STAGE, SIGN = "existence", "reasons", "stage", "sign"
ROWS = 40


def compare(base: Section, adverse: Section, favourable: Section) -> Section:
    """Three summaries of one run side by side, and the positions whose outcome depends on the path.

    Returns:
        ``totals`` by path, ``positions`` (how many different ones there are), and ``depends``: each position that does
        not exist in every run, is reduced or ended for other reasons, reaches another stage, or changes the sign of its
        result. Another price of the same exits is in the totals only.
    """
    runs = dict(zip(PATHS, (base, adverse, favourable), strict=True))
    found = {path: {_identity(position): position for position in run["positions"]} for path, run in runs.items()}
    identities = list(dict.fromkeys(identity for positions in found.values() for identity in positions))
    depends = []
    for identity in identities:
        outcomes = {path: found[path].get(identity) for path in PATHS}
        why = _differences(list(outcomes.values()))
        if why:
            depends.append(_row(outcomes, why))
    depends.sort(key=lambda row: (row["opened"] or "", row["symbol"]))
    return {
        "totals": {path: total(run) for path, run in runs.items()},
        "positions": len(identities),
        "depends": depends,
    }


def _identity(position: Section) -> tuple[str, str]:
    return position["symbol"], position["signal_id"] or f"#{position['id']}"


def _differences(outcomes: list[Section | None]) -> list[str]:
    there = [outcome for outcome in outcomes if outcome is not None]
    differs = {
        EXISTENCE: len(there) < len(outcomes),
        REASONS: len({tuple(_reasons(outcome)) for outcome in there}) > 1,
        STAGE: len({outcome["stage"] for outcome in there}) > 1,
        SIGN: len({_sign(outcome) for outcome in there}) > 1,
    }
    return [name for name, does in differs.items() if does]


def _reasons(outcome: Section) -> list[str]:
    """Why it was reduced and ended, in order; without an end for one that is open."""
    return [part["reason"] for part in outcome["parts"]] + ([] if outcome["closed"] else [OPEN])


def _sign(outcome: Section) -> int | None:
    """The sign of a finished result; an unfinished one has none."""
    net = Decimal(outcome["net"])
    return None if outcome["closed"] is None else (net > 0) - (net < 0)


def _row(outcomes: dict[str, Section | None], why: list[str]) -> Section:
    one = next(outcome for outcome in outcomes.values() if outcome is not None)
    return {
        "symbol": one["symbol"],
        "direction": one["direction"],
        "signal_id": one["signal_id"],
        "opened": one["opened"],
        "why": why,
        "outcomes": {
            path: None
            if outcome is None
            else {"reasons": _reasons(outcome), "stage": outcome["stage"], "net": outcome["net"]}
            for path, outcome in outcomes.items()
        },
    }


def total(run: Section) -> Section:
    """The figures of a summary by which one run is held against another."""
    result, figures, fall = run["result"], run["statistics"], run["statistics"]["max_drawdown"]
    return {
        "wallet_change": result["wallet_change"],
        "unrealized": result["unrealized"],
        "return": result["return"],
        "price": result["price"],
        "fees": result["fees"],
        "funding": result["funding"],
        "max_drawdown": None if fall is None else fall["fraction"],
        "closed": figures["closed"],
        "win_rate": figures["win_rate"],
        "profit_factor": figures["profit_factor"],
        "adds": sum(row["count"] for row in run["entries"] if row["rung"]),
        "liquidations": run["incidents"]["liquidations"],
    }


def text(compared: Section) -> str:
    """The comparison as text: totals in three columns, then the positions that depend on the path."""
    totals, depends = compared["totals"], compared["depends"]
    shown: dict[str, Callable[[Section], str]] = {
        "wallet change USDT": lambda row: usdt(row["wallet_change"]),
        "unrealized USDT": lambda row: usdt(row["unrealized"]),
        "return": lambda row: signed(row["return"]),
        "price USDT": lambda row: usdt(row["price"]),
        "fees USDT": lambda row: usdt(row["fees"]),
        "funding USDT": lambda row: usdt(row["funding"]),
        "max drawdown": lambda row: percent(row["max_drawdown"]),
        "closed positions": lambda row: f"{row['closed']:,}",
        "win rate": lambda row: percent(row["win_rate"]),
        "profit factor": lambda row: ratio(row["profit_factor"]),
        "adds": lambda row: f"{row['adds']:,}",
        "liquidations": lambda row: f"{row['liquidations']:,}",
    }
    rows = [(name, *(show(totals[path]) for path in PATHS)) for name, show in shown.items()]
    lines = ["Bounds: what the order of prices inside candles decides", *table(("", *PATHS), rows), ""]
    if not depends:
        return "\n".join([*lines[:-1], *paragraph("No position depends on it."), ""])
    lines += paragraph(
        f"{len(depends):,} of {count(compared['positions'], 'position')} depend on it: they are reduced or ended for "
        "other reasons, reach another stage, change between profit and loss, or exist in some of the runs only."
    )
    for row in depends[:ROWS]:
        lines += paragraph(f"{moment(row['opened'])} {row['symbol']} {row['direction']} ({', '.join(row['why'])})")
        lines += [
            line for path in PATHS for line in paragraph(f"{path.ljust(10)} {_told(row['outcomes'][path])}", "  ")
        ]
    if len(depends) > ROWS:
        lines += paragraph(f"and {len(depends) - ROWS:,} more in the JSON")
    return "\n".join(lines) + "\n"


def _told(outcome: Section | None) -> str:
    if outcome is None:
        return "does not exist"
    return f"{', '.join(outcome['reasons'])}: {usdt(outcome['net'])} USDT"
