"""What each gate saved or cost: the denied entry signals as they went in shadow, by gate in the order of the gates."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from sadari.model.reason import DenialCode
from sadari.research import intervals, metrics
from sadari.research.book import Book
from sadari.research.layout import NONE_YET, count, line, paragraph, table, usdt
from sadari.research.run_record import Shadow, ShadowState
from sadari.research.shapes import iso, money
from sadari.research.tally import spells
from sadari.research.trades import Life

ZERO = Decimal(0)
GATES = tuple(code.value for code in DenialCode)
NOT_FILLED = "NOT_FILLED"

Section = dict[str, Any]
# Symbol, strategy, direction, time and, at last, the gate: what makes two denials the same.
Key = tuple[str, str, str, int, str]


class Outcome(NamedTuple):
    """What became of one signal, and the episode whose signals share one move of the market."""

    episode: Hashable
    state: ShadowState
    booked: Decimal
    unrealized: Decimal = ZERO
    why: str = ""


def section(book: Book) -> Section | None:
    """The funnel of a run by gate and in total, its accepted signals in the same form, and every shadow.

    Returns:
        None if the denied signals were not followed.
    """
    funnel = book.run.funnel
    if funnel is None:
        return None
    denials = _denials(book)
    raised = Counter(key for key, _ in denials)
    spell = dict(reversed(denials))
    outcomes = {_key(shadow): _outcome(shadow, spell) for shadow in funnel.shadows}
    by_gate: dict[str, list[Key]] = {}
    for key in outcomes:
        by_gate.setdefault(key[-1], []).append(key)
    accepted = _row("ACCEPTED", sum(d.accepted for _, d in book.tally.decisions if d.rung == 0), _accepted(book))
    gates = [
        _row(gate, sum(raised[key] for key in by_gate[gate]), [outcomes[key] for key in by_gate[gate]])
        for gate in sorted(by_gate, key=GATES.index)
    ]
    once = {key[:-1]: outcome for key, outcome in outcomes.items()}
    return {
        "days": funnel.days,
        "gates": [{**row, "mean_beside_accepted": _beside(row["mean"], accepted["mean"])} for row in gates],
        "total": _row("ALL", sum(raised.values()), list(once.values())),
        "accepted": accepted,
        "cpu_s": funnel.cpu_s,
        "shadows": [_shadow(shadow, raised[_key(shadow)]) for shadow in funnel.shadows],
    }


def _denials(book: Book) -> list[tuple[Key, int]]:
    """Every denied entry signal with the number of its spell at the same gate."""
    decided = book.tally.decisions
    numbers = spells((decision.symbol, decision.denial) for _, decision in decided)
    return [
        ((decision.symbol, decision.strategy, decision.direction.value, now, decision.denial), number)
        for (now, decision), number in zip(decided, numbers, strict=True)
        if decision.rung == 0 and not decision.accepted
    ]


def _key(shadow: Shadow) -> Key:
    return shadow.symbol, shadow.strategy, shadow.direction.value, shadow.time_ns, str(shadow.gate)


def _outcome(shadow: Shadow, spell: dict[Key, int]) -> Outcome:
    own = (shadow.symbol, shadow.strategy, shadow.episode)
    episode = own if shadow.episode else spell[_key(shadow)]
    return Outcome(episode, shadow.state, shadow.booked, shadow.unrealized, shadow.reason or shadow.code)


def _accepted(book: Book) -> list[Outcome]:
    """The accepted signals as they went on the account itself, each an episode of its own."""
    found = [_lived(book, life) for life in book.lives if 0 in life.openings]
    lacking = sum(d.accepted for _, d in book.tally.decisions if d.rung == 0) - len(found)
    unfilled = Outcome("", ShadowState.NOT_FOLLOWED, ZERO, why=NOT_FILLED)
    return found + [unfilled] * lacking


def _lived(book: Book, life: Life) -> Outcome:
    if life.record is not None:
        return Outcome(id(life), ShadowState.ENDED, life.net, why=life.record.reason)
    held = next((still for still in book.run.open_positions if still.symbol == life.symbol and not life.over), None)
    return Outcome(id(life), ShadowState.OPEN, life.net, ZERO if held is None else held.unrealized)


def _row(gate: str, signals: int, outcomes: Sequence[Outcome]) -> Section:
    ended = [outcome for outcome in outcomes if outcome.state is ShadowState.ENDED]
    still = [outcome for outcome in outcomes if outcome.state is ShadowState.OPEN]
    unfollowed = [outcome for outcome in outcomes if outcome.state is ShadowState.NOT_FOLLOWED]
    done = metrics.outcomes(outcome.booked for outcome in ended)
    net = done.profit + done.loss
    mean, interval = _mean(ended)
    marked, marked_interval = _mean([*ended, *still])
    return {
        "gate": gate,
        "signals": signals,
        "episodes": len({outcome.episode for outcome in outcomes}),
        "followed": len(ended) + len(still),
        "ended": len(ended),
        "open": len(still),
        "not_followed": _counts(unfollowed),
        "net": money(net),
        "saved": money(-net),
        "mean": mean,
        "interval": interval,
        "wins": done.wins,
        "win_rate": done.win_rate,
        "win_interval": intervals.of_share(done.wins, done.trades),
        "open_booked": money(sum((outcome.booked for outcome in still), ZERO)),
        "open_unrealized": money(sum((outcome.unrealized for outcome in still), ZERO)),
        "marked_mean": marked,
        "marked_interval": marked_interval,
        "reasons": _counts(ended),
    }


def _mean(outcomes: Sequence[Outcome]) -> tuple[float | None, intervals.Interval | None]:
    """The mean of what signals brought, what is open at its last price, with its interval by episode."""
    clusters: dict[Hashable, list[float]] = {}
    for outcome in outcomes:
        clusters.setdefault(outcome.episode, []).append(float(outcome.booked + outcome.unrealized))
    mean = math.fsum(map(math.fsum, clusters.values())) / len(outcomes) if outcomes else None
    return mean, intervals.of_mean(clusters.values())


def _counts(outcomes: Iterable[Outcome]) -> dict[str, int]:
    return dict(sorted(Counter(outcome.why for outcome in outcomes).items()))


def _beside(mean: float | None, accepted: float | None) -> float | None:
    return None if mean is None or accepted is None else mean - accepted


def _shadow(shadow: Shadow, signals: int) -> Section:
    followed = shadow.state is not ShadowState.NOT_FOLLOWED
    return {
        "symbol": shadow.symbol,
        "time": iso(shadow.time_ns),
        "side": str(shadow.direction.entry_side),
        "strategy": shadow.strategy,
        "signal_id": shadow.signal_id,
        "gate": shadow.gate,
        "signals": signals,
        "outcome": shadow.state.value,
        "net": money(shadow.booked) if followed else None,
        "unrealized": money(shadow.unrealized) if shadow.state is ShadowState.OPEN else None,
        "reason": shadow.reason or shadow.code or None,
        "closed": iso(shadow.closed_ns),
        "adds": shadow.adds if followed else None,
    }


# as text

_HEAD = ("Denied by", "signals", "ended", "saved", "mean net", "95 % interval", "open", "open worth")
# From here on an interval is read without its decimals.
_WHOLE = 10


def text(found: Section | None) -> list[str]:
    """The funnel as a table, with how to read it."""
    if found is None:
        return []
    if not found["gates"]:
        return paragraph("no entry signal was denied")
    total, accepted = found["total"], found["accepted"]
    rows = [
        *((row["gate"], *_cells(row)) for row in found["gates"]),
        ("all denied", *_cells(total)),
        ("accepted", *_cells(accepted, on_account=True)),
    ]
    return [
        *table(_HEAD, rows),
        *_marked(found["days"], total),
        *_unfollowed(total),
        *paragraph(
            "Read: a gate has saved what the signals that it denied would have lost, those that ended, after fees and "
            "known funding. Each was followed alone, with the wallet of its moment, on the same prices. What ends soon "
            "is not like what stays open, so the two stand side by side. The interval is that of the mean, by episode; "
            "shadows that overlap in time, and symbols that move together, make it too narrow."
        ),
        *paragraph(
            "Not: what the account would have earned without a gate. Shadows do not compete for margin, and those "
            "that overlap in time live off the same move, so they do not add up to a result."
        ),
    ]


def _cells(row: Section, *, on_account: bool = False) -> tuple[str, ...]:
    worth = Decimal(row["open_booked"]) + Decimal(row["open_unrealized"])
    return (
        f"{row['signals']:,}",
        f"{row['ended']:,}",
        NONE_YET if on_account or not row["ended"] else usdt(row["saved"]),
        usdt(row["mean"], NONE_YET),
        _range(row["interval"]),
        f"{row['open']:,}",
        usdt(str(worth)) if row["open"] else NONE_YET,
    )


def _range(interval: intervals.Interval | None) -> str:
    if interval is None:
        return NONE_YET
    low, high = interval
    if max(abs(low), abs(high)) < _WHOLE:
        return f"{usdt(low)} to {usdt(high)}"
    return f"{low:,.0f} to {high:,.0f}"


def _marked(days: int, total: Section) -> list[str]:
    if not total["open"]:
        return []
    return line(
        "Still open",
        f"{count(total['open'], 'shadow')} after {count(days, 'day')} or at the end of the data, worth what was booked "
        f"and the last price, in no other column; with them the mean of all denied is {usdt(total['marked_mean'])} "
        f"({_range(total['marked_interval'])})",
    )


def _unfollowed(total: Section) -> list[str]:
    if not total["not_followed"]:
        return []
    return line("Not followed", ", ".join(f"{code}: {times:,}" for code, times in total["not_followed"].items()))
