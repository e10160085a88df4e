"""Whether entries won as often as their reward asks: break-even and realized rates by the ratio of reward to risk.

Source: strategies §8.2.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NamedTuple

from sadari.model.command import RewardRatio
from sadari.model.reason import DenialCode
from sadari.research.book import Book
from sadari.research.intervals import of_share
from sadari.research.layout import NONE_YET, percent, table, usdt
from sadari.research.run_record import Shadow, ShadowState
from sadari.research.shapes import money

Section = dict[str, Any]
# The least ratios of strategies §8.2 and what several targets bring.
EDGES = tuple(Decimal(edge) for edge in ("0", "0.3", "0.4", "0.5", "0.6", "0.8", "1", "1.5", "2"))
GATES = (DenialCode.REWARD_BELOW_COSTS, DenialCode.RR_BELOW_MINIMUM)

Key = tuple[str, str, str]


class Weighed(NamedTuple):
    """An entry whose reward was asked for, with what became of it: net results, of itself or of its shadow."""

    ratio: RewardRatio
    accepted: bool
    denied: bool
    booked: Decimal | None
    shadow: Decimal | None


def section(book: Book) -> list[Section] | None:
    """One row for each bucket of ratios that an entry was in; None where no entry was weighed."""
    lived = {(life.symbol, life.strategy, life.signal_id): life.net for life in book.lives if life.record is not None}
    followed = {_of(shadow): shadow.booked for shadow in _ended(book)}
    found: dict[int, dict[Key, Weighed]] = {}
    for _, decision in book.tally.decisions:
        ratio = decision.reward
        if decision.rung or ratio is None:
            continue
        key = (decision.symbol, decision.strategy, decision.signal_id)
        one = Weighed(
            ratio, decision.accepted, decision.denial in GATES, lived.get(key) if decision.accepted else None,
            followed.get(key),
        )  # fmt: skip
        found.setdefault(bisect_right(EDGES, ratio.raw) - 1, {})[key] = one
    return [_row(place, found[place].values()) for place in sorted(found)] or None


def _of(shadow: Shadow) -> Key:
    return shadow.symbol, shadow.strategy, shadow.signal_id


def _ended(book: Book) -> Iterable[Shadow]:
    shadows = () if book.run.funnel is None else book.run.funnel.shadows
    return (one for one in shadows if one.gate in GATES and one.state is ShadowState.ENDED)


def _row(place: int, entries: Iterable[Weighed]) -> Section:
    known = list(entries)
    ended = [one.booked for one in known if one.booked is not None]
    shadows = [one.shadow for one in known if one.denied and one.shadow is not None]
    needed = sum((one.ratio.break_even for one in known), Decimal(0)) / len(known)
    return {
        "from": str(EDGES[place]),
        "to": str(EDGES[place + 1]) if 0 <= place + 1 < len(EDGES) else None,
        "signals": len(known),
        "accepted": sum(one.accepted for one in known),
        "denied": sum(one.denied for one in known),
        "break_even": float(needed),
        **_rates("", ended),
        **_rates("shadow_", shadows),
    }


def _rates(prefix: str, results: list[Decimal]) -> Section:
    won = sum(one > 0 for one in results)
    return {
        f"{prefix}ended": len(results),
        f"{prefix}won": won,
        f"{prefix}rate": won / len(results) if results else None,
        f"{prefix}interval": of_share(won, len(results)),
        f"{prefix}net": money(sum(results, Decimal(0))),
    }


def text(rows: list[Section] | None) -> list[str]:
    """The same as a table; shadows are of what was denied for its reward."""
    if rows is None:
        return []
    head = ("RR", "Signals", "Accepted", "Denied", "Must win", "Ended", "Won", "Net", "Shadows", "Won", "Net")
    body = [
        (
            f"{row['from']} to {row['to']}" if row["to"] else f"{row['from']} and more",
            str(row["signals"]), str(row["accepted"]), str(row["denied"]), percent(row["break_even"]),
            str(row["ended"]), percent(row["rate"]), usdt(row["net"]) if row["ended"] else NONE_YET,
            str(row["shadow_ended"]), percent(row["shadow_rate"]),
            usdt(row["shadow_net"]) if row["shadow_ended"] else NONE_YET,
        )
        for row in rows
    ]  # fmt: skip
    return table(head, body)
