"""The sections of a report that are about behavior: orders, signals and gates, margin, protection, incidents."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sadari.core.alerts import Condition, Edge, Notice
from sadari.model.command import RecordDecision
from sadari.model.event import Event, OutcomeUnknown
from sadari.model.order import Purpose
from sadari.model.reason import ExitReason
from sadari.model.units import SECOND_NS
from sadari.research import coverage, metrics
from sadari.research.book import Book
from sadari.research.run_record import Run
from sadari.research.shapes import iso, money
from sadari.research.tally import Tally, episodes
from sadari.research.trades import SMALLEST, Life

Section = dict[str, Any]
_CONDITIONS = frozenset(Condition)


def period(book: Book) -> Section:
    """What was run over, symbol by symbol."""
    return {
        "start": iso(book.start_ns),
        "end": iso(book.end_ns),
        "candles": book.run.candles,
        "path": book.run.path,
        "symbols": coverage.rows(book),
    }


def engine(book: Book) -> Section:
    """What went through the engine and what it cost."""
    run, counts = book.run, book.counts
    events = {kind.__name__: count for kind, count in counts.items() if issubclass(kind, Event)}
    commands = {kind.__name__: count for kind, count in counts.items() if not issubclass(kind, Event)}
    return {
        "events": sum(events.values()),
        "commands": sum(commands.values()),
        "decisions": len(book.tally.decisions),
        "events_by_kind": dict(sorted(events.items())),
        "commands_by_kind": dict(sorted(commands.items())),
        "cpu_s": run.cpu_s,
        "wall_s": run.wall_s,
        "candles_per_s": run.candles / run.wall_s if run.wall_s > 0 else None,
    }


def orders(tally: Tally) -> Section:
    """What became of the orders, in all and by purpose; one that is filled in part and canceled counts as both.

    The success rate is that of the orders which the venue answered: those that it took, over all of them (R000-24).
    """
    answered = tally.answered
    ends = {
        "sent": tally.purposes.keys(),
        "filled": tally.filled,
        "canceled": tally.canceled,
        "rejected": tally.rejected,
        "unanswered": tally.purposes.keys() - answered,
    }
    counts = {
        end: Counter(tally.purposes[name] for name in names if name in tally.purposes) for end, names in ends.items()
    }
    return {
        **{end: count.total() for end, count in counts.items()},
        "success_rate": len(answered - tally.rejected) / len(answered) if answered else None,
        "by_purpose": {
            purpose.value: {end: count[purpose.value] for end, count in counts.items()} for purpose in Purpose
        },
    }


def signals(book: Book) -> Section:
    """Entry signals and adds that were asked for, with every denial and the gate that spoke it."""
    decided = book.tally.decisions
    entries = [decision for _, decision in decided if decision.rung == 0]
    accepted = sum(decision.accepted for decision in entries)
    filled = sum(0 in life.openings for life in book.lives)
    return {
        "raised": book.raised,
        "accepted": accepted,
        "denied": len(entries) - accepted,
        "filled": filled,
        "fill_rate": filled / book.raised if book.raised else None,
        "adds_accepted": sum(decision.accepted for _, decision in decided if decision.rung),
        "adds_denied": sum(not decision.accepted for _, decision in decided if decision.rung),
        "gates": _gates([decision for _, decision in decided]),
        "denials": [
            {
                "time": iso(now),
                "symbol": decision.symbol,
                "side": str(decision.direction.entry_side),
                "rung": decision.rung,
                "gate": decision.denial,
                "value": decision.value,
                "limit": decision.limit,
                "signal_id": decision.signal_id,
            }
            for now, decision in decided
            if not decision.accepted
        ],
    }


def _gates(decided: list[RecordDecision]) -> list[Section]:
    """Denials by gate, the most frequent first: how many, in how many spells, on how many symbols."""
    count: Counter[str] = Counter(decision.denial for decision in decided if not decision.accepted)
    spells = episodes((decision.symbol, decision.denial) for decision in decided)
    symbols: dict[str, set[str]] = {}
    for decision in decided:
        symbols.setdefault(decision.denial, set()).add(decision.symbol)
    return [
        {"gate": gate, "count": times, "episodes": spells[gate], "symbols": len(symbols[gate])}
        for gate, times in sorted(count.items(), key=lambda item: (-item[1], item[0]))
    ]


def margin(book: Book) -> Section:
    """How much of the wallet balance was tied up as margin, as the venue's account records show it (R000-24)."""
    steps = book.tally.margin
    return {
        "max": max((share for _, share in steps), default=None),
        "mean": metrics.step_mean(steps, book.end_ns),
    }


def protection(tally: Tally) -> Section:
    """How long a position stood without a stop that the venue had confirmed."""
    covers = tally.covers
    longest = max(covers.values(), key=lambda cover: cover.longest_ns, default=None)
    bare = longest is not None and longest.longest_ns > 0
    return {
        "spells": sum(len(cover.spells) for cover in covers.values()),
        "longest_s": longest.longest_ns / SECOND_NS if longest is not None else 0.0,
        "longest_symbol": next((name for name, cover in covers.items() if cover is longest), None) if bare else None,
        "bare_at_end": sorted(name for name, cover in covers.items() if cover.bare_since is not None),
    }


def incidents(book: Book) -> Section:
    """What a person should look at: refusals, audits, alerts, forced closes, books that do not agree."""
    tally = book.tally
    return {
        "rejections": [
            {"code": code, "reason": reason, "count": count}
            for (code, reason), count in sorted(tally.rejections.items())
        ],
        "cancel_rejections": [
            {"code": code, "count": count} for code, count in sorted(tally.cancel_rejections.items())
        ],
        "unknown_outcomes": book.counts[OutcomeUnknown],
        "audits": [{"code": code, "count": count} for code, count in sorted(tally.audits.items())],
        "alerts": [
            {"severity": severity, "code": code, "count": count}
            for (severity, code), count in sorted(tally.alerts.items())
        ],
        "conditions": conditions(book.run),
        "liquidations": sum(
            any(part.reason == ExitReason.EXCHANGE_LIQUIDATION for part in life.parts) for life in book.lives
        ),
        "forced_fills": [
            {"time": iso(fill.time_ns), "symbol": fill.symbol, "cause": fill.cause, "qty": money(fill.qty)}
            for fill in tally.forced
        ],
        "half_closed": sum(any(part.reason == ExitReason.HALF_PROFIT for part in life.parts) for life in book.lives),
        "unsettled": [life.position_id for life in book.lives if life.over and life.record is None],
        "engine_differs": [life.position_id for life in book.closed if differs(life)],
    }


def conditions(run: Run) -> list[dict[str, object]]:
    """How often each condition of strategies §10 was raised, at worst how bad, and for how many symbols."""
    raised: dict[str, list[Notice]] = {}
    for notice in run.notices:
        if notice.edge is Edge.RAISED and notice.condition in _CONDITIONS:
            raised.setdefault(notice.condition, []).append(notice)
    return [
        {
            "condition": name,
            "severity": "critical" if any(one.severity == "critical" for one in found) else found[0].severity.value,
            "raised": len(found),
            "symbols": len({one.symbol for one in found if one.symbol}),
            "first": iso(found[0].time_ns),
        }
        for name, found in sorted(raised.items())
    ]


def differs(life: Life) -> bool:
    """True if the engine's own profit or fees are not those of the venue's trades, beyond the venue's rounding."""
    if life.record is None or life.record.pnl is None:
        return False
    trades = len(life.closings) + len(life.openings)
    return abs(life.record.pnl - life.pnl) > trades * SMALLEST or life.record.fees != -life.fees
