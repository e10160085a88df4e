"""What the engine did in a day beside the results: signals and gates, orders, fills, margin, protection, incidents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Sequence
from decimal import Decimal, InvalidOperation
from statistics import fmean
from typing import Any

from sadari.model.command import RecordDecision
from sadari.model.event import AccountUpdated, OrderFilled
from sadari.model.order import Direction, Purpose
from sadari.model.reason import DenialCode
from sadari.model.units import SECOND_NS
from sadari.research import metrics
from sadari.research.daily.heard import CANCELED, FILLED, REFUSED, UNANSWERED, WORKING, Asked, Heard, Order, Spell
from sadari.research.daily.results import direction_of
from sadari.research.daily.spans import Span
from sadari.research.shapes import iso, money
from sadari.research.tally import PROTECTIVE, Tally
from sadari.research.trades import Life, told_ns

ZERO = Decimal(0)
Section = dict[str, Any]
FATES = (FILLED, CANCELED, REFUSED, WORKING, UNANSWERED)
LOUD = ("warning", "critical")


def share(part: int, whole: int) -> float | None:
    """A part of a whole, None of nothing."""
    return part / whole if whole else None


def signals(heard: Heard, asked: Sequence[Asked], opened: Sequence[Life], span: Span) -> Section:
    """Entry signals of the span and what was decided on them, whenever that was; positions opened in the span.

    Returns:
        ``denied_rate`` and ``fill_rate`` are shares of the signals; ``mean_rr`` is the mean reward to risk of those
        that were denied for theirs, as the gate has told it.
    """
    ratios = [ratio for one in asked if (ratio := _ratio(one.decision)) is not None]
    adds = [decision for now, decision in heard.adds if span.has(now)]
    return {
        **_decided(asked, opened),
        "mean_rr": fmean(ratios) if ratios else None,
        "with_rr": len(ratios),
        "without_signal": sum(span.has(now) for now, _ in heard.unasked),
        "adds_accepted": sum(decision.accepted for decision in adds),
        "adds_denied": sum(not decision.accepted for decision in adds),
        "by_direction": _grouped(asked, opened, lambda one: str(one.signal.direction), direction_of, tuple(Direction)),
        "by_symbol": _grouped(asked, opened, lambda one: one.signal.symbol, lambda life: life.symbol),
        "by_strategy": _grouped(asked, opened, lambda one: one.signal.strategy, lambda life: life.strategy),
    }


def _ratio(decision: RecordDecision | None) -> float | None:
    if decision is None or decision.denial != DenialCode.RR_BELOW_MINIMUM:
        return None
    try:
        return float(Decimal(decision.value))
    except InvalidOperation:
        return None


def _decided(asked: Sequence[Asked], opened: Sequence[Life]) -> Section:
    denied = sum(one.decision is not None and not one.decision.accepted for one in asked)
    accepted = sum(one.decision is not None and one.decision.accepted for one in asked)
    return {
        "raised": len(asked),
        "denied": denied,
        "accepted": accepted,
        "undecided": len(asked) - denied - accepted,
        "opened": len(opened),
        "denied_rate": share(denied, len(asked)),
        "fill_rate": share(len(opened), len(asked)),
    }


def _grouped(
    asked: Sequence[Asked], opened: Sequence[Life], of_signal: Callable[[Asked], str], of_life: Callable[[Life], str],
    names: Iterable[str] = (),
) -> list[Section]:  # fmt: skip
    """Rows by some property; the names that are given have a row whether or not there is anything."""
    raised: dict[str, list[Asked]] = {str(name): [] for name in names}
    begun: dict[str, list[Life]] = {}
    for one in asked:
        raised.setdefault(of_signal(one), []).append(one)
    for life in opened:
        begun.setdefault(of_life(life) or "unknown", []).append(life)
    return [
        {"name": name, **_decided(raised.get(name, []), begun.get(name, []))}
        for name in sorted(raised.keys() | begun.keys())
    ]


def gates(asked: Sequence[Asked]) -> list[Section]:
    """Denied entry signals by gate, the most frequent first; the share is of all denied."""
    found = Counter(one.decision.denial for one in asked if one.decision is not None and not one.decision.accepted)
    return [
        {"gate": gate, "denied": count, "share": share(count, found.total())}
        for gate, count in sorted(found.items(), key=lambda item: (-item[1], item[0]))
    ]


def orders(sent: Sequence[Order]) -> Section:
    """Orders that were sent and what became of each, whenever that was: one of five fates.

    Returns:
        ``success_rate`` is of those that the venue answered; ``fill_rate`` is filled over sent, of the orders that
        are to trade at once: stops rest, and most of them are canceled.
    """
    counts = {purpose.value: _fates([one for one in sent if one.purpose == purpose]) for purpose in Purpose}
    trading = [order for order in sent if order.purpose not in PROTECTIVE]
    refusals = Counter((order.refusal.code, str(order.refusal.reason)) for order in sent if order.refusal is not None)
    answered = [order for order in sent if order.answered]
    return {
        **_fates(sent),
        "success_rate": share(sum(order.fate != REFUSED for order in answered), len(answered)),
        "trading_sent": len(trading),
        "fill_rate": share(sum(order.fate == FILLED for order in trading), len(trading)),
        "by_purpose": [{"name": name, **row} for name, row in counts.items() if row["sent"]],
        "refusals": [{"code": code, "reason": why, "count": count} for (code, why), count in sorted(refusals.items())],
    }


def _fates(sent: Sequence[Order]) -> Section:
    found = Counter(order.fate for order in sent)
    return {"sent": len(sent), **{fate: found[fate] for fate in FATES}}


def fills(told: Sequence[OrderFilled], ours: Container[str]) -> Section:
    """Trades: how many, of how many orders, as a maker, and what they turned over; forced are those not of ours."""
    return {
        "trades": len(told),
        "orders": len({fill.client_order_id for fill in told}),
        "maker": sum(fill.maker for fill in told),
        "value": money(sum((fill.price * fill.qty for fill in told), ZERO)),
        "fees": money(sum((-fill.fee for fill in told), ZERO)),
        "forced": [
            {"time": iso(told_ns(fill)), "symbol": fill.symbol, "cause": fill.cause, "qty": money(fill.qty)}
            for fill in told
            if fill.client_order_id not in ours
        ],
    }


def margin(
    before: metrics.Sample | None, samples: Sequence[metrics.Sample], accounts: Iterable[AccountUpdated], span: Span,
    until_ns: int,
) -> Section:  # fmt: skip
    """How much of the wallet balance was not available for orders, as the account showed it; and the worst ratio.

    Args:
        before: What was shown last before the span: it holds from its beginning.
        samples: What was shown in the span.
        accounts: The account's records in the span.
        span: The span.
        until_ns: Up to when the journal has it.

    Returns:
        ``mean`` is weighted with time; ``max_ratio`` is maintenance margin by margin balance.
    """
    held = [] if before is None or until_ns <= span.start_ns else [(span.start_ns, before[1])]
    steps = [*held, *samples]
    ratios = [float(shown.margin_ratio) for shown in accounts if shown.margin_ratio is not None]
    return {
        "max": max((used for _, used in steps), default=None),
        "mean": metrics.step_mean(steps, until_ns),
        "max_ratio": max(ratios, default=None),
    }


def unprotected(tally: Tally, span: Span, until_ns: int) -> Section:
    """For how long exposure had no covering stop at the venue: the part of each spell that lies in the span."""
    rows = []
    for symbol, cover in sorted(tally.covers.items()):
        spells = [*cover.spells, *([] if cover.bare_since is None else [(cover.bare_since, until_ns)])]
        times = [
            min(end, span.end_ns) - max(start, span.start_ns)
            for start, end in spells
            if start < span.end_ns and end > span.start_ns
        ]
        if times:
            bare = cover.bare_since is not None and until_ns <= span.end_ns
            rows.append({"name": symbol, **_times(times), "open": bare})
    longest = max(rows, key=lambda row: row["longest_s"], default=None)
    return {
        "spells": sum(row["spells"] for row in rows),
        "total_s": sum(row["total_s"] for row in rows),
        "longest_s": longest["longest_s"] if longest else 0.0,
        "longest_symbol": longest["name"] if longest else None,
        "open": [row["name"] for row in rows if row["open"]],
        "by_symbol": rows,
    }


def _times(times: Sequence[int]) -> Section:
    return {"spells": len(times), "total_s": sum(times) / SECOND_NS, "longest_s": max(times) / SECOND_NS}


def incidents(heard: Heard, span: Span, until_ns: int, unsettled: Sequence[Life]) -> Section:
    """What a person should look at: loud alerts, shut gates, the engine's states, orders without an answer."""
    alerts = [(now, alert) for now, alert in heard.alerts if span.has(now)]
    audits = Counter(audit.code for now, audit in heard.audits if span.has(now))
    return {
        "alerts": [
            {"time": iso(now), "severity": told.severity, "code": told.code, "symbol": told.symbol, "text": told.text}
            for now, told in alerts
            if told.severity in LOUD
        ],
        "alerts_by_severity": dict(sorted(Counter(told.severity for _, told in alerts).items())),
        "gates_shut": [
            {"since": iso(one.since_ns), "symbol": one.symbol, "cause": one.cause, **_end(one)}
            for one in heard.gates
            if span.meets(one.since_ns, one.until_ns)
        ],
        "unknown_orders": [_unknown(heard, one) for one in heard.unknown if span.meets(one.since_ns, one.until_ns)],
        "engine": _engine(heard, span, until_ns),
        "audits": [{"code": code, "count": count} for code, count in sorted(audits.items())],
        "unsettled": [{"id": life.position_id, "symbol": life.symbol} for life in unsettled],
    }


def _end(spell: Spell) -> Section:
    """When something ended, and how long it stood; None as long as it does."""
    lasted = None if spell.until_ns is None else (spell.until_ns - spell.since_ns) / SECOND_NS
    return {"until": iso(spell.until_ns), "lasted_s": lasted}


def _unknown(heard: Heard, spell: Spell) -> Section:
    order = heard.orders.get(spell.cause)
    return {
        "since": iso(spell.since_ns),
        "symbol": spell.symbol,
        "client_order_id": spell.cause,
        "purpose": order.purpose if order is not None else None,
        **_end(spell),
        "resolved_as": spell.ended or None,
    }


def _engine(heard: Heard, span: Span, until_ns: int) -> Section:
    """The engine's moves in the span, and how long it was in each state; nothing before the first move is known."""
    state: str | None = None
    since = span.start_ns
    spent: dict[str, int] = {}
    moves = []
    start = None
    for now, record, cause in heard.moves:
        if now >= span.end_ns:
            break
        if now < span.start_ns:
            state = start = record.target
            continue
        if state is not None:
            spent[state] = spent.get(state, 0) + now - since
        state, since = record.target, now
        moves.append(
            {"time": iso(now), "from": record.source, "to": record.target, "event": record.event, "cause": cause}
        )
    if state is not None and until_ns > since:
        spent[state] = spent.get(state, 0) + until_ns - since
    return {
        "state_at_start": start,
        "state_at_end": state,
        "moves": moves,
        "in_state_s": {name: lasted / SECOND_NS for name, lasted in sorted(spent.items())},
    }
