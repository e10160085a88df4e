"""What happened while an engine was watched, told by its statuses alone: as counts, and in sentences."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import msgspec

from sadari.cli.view_cells import clean, length, moment, money, percent, price
from sadari.run.figures.decisions import ADD, DENIED, ENTRY, EXIT
from sadari.run.figures.status import DecisionStatus, Status


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen happening.

    Attributes:
        entries, adds: How many of them were decided on.
        exits: How many parts of positions were closed for each reason.
        denied: How many signals and adds were denied by each gate.
        first_s: Seconds of watching after which the first entry, add and exit was seen.
        closed: Positions that have ended since the engine's start.
        realized: What they brought, as the engine tells it.
        open: How many positions are held at the end.
        unrealized: What those would bring; None if one is not known.
        watched_s: How long it was watched.
    """

    entries: int
    adds: int
    exits: dict[str, int]
    denied: dict[str, int]
    first_s: dict[str, float]
    closed: int
    realized: Decimal | None
    open: int
    unrealized: Decimal | None
    watched_s: float


class Story:
    """Follows statuses. A status has the last decisions only, so each is taken in once, whichever brings it first."""

    def __init__(self) -> None:
        self._seen: dict[DecisionStatus, None] = {}
        self._first_s: dict[str, float] = {}
        self._watched_s = 0.0
        self.last: Status | None = None

    def see(self, status: Status, at_s: float) -> list[DecisionStatus]:
        """Take in a status that was asked for after so many seconds; its decisions that are new, the oldest first."""
        self.last, self._watched_s = status, at_s
        new = sorted((one for one in status.decisions if one not in self._seen), key=lambda one: one.time_ns)
        for one in new:
            self._seen[one] = None
            kind = kind_of(one)
            if kind:
                self._first_s.setdefault(kind, round(at_s, 3))
        return new

    def outcome(self) -> Outcome:
        """What has been seen so far."""
        kinds = Counter(kind_of(one) for one in self._seen)
        last = self.last
        held = last.positions if last is not None else ()
        gains = [one.unrealized for one in held if one.unrealized is not None]
        return Outcome(
            entries=kinds[ENTRY],
            adds=kinds[ADD],
            exits=dict(sorted(Counter(_code(one) for one in self._seen if kind_of(one) == EXIT).items())),
            denied=dict(sorted(Counter(_code(one) for one in self._seen if DENIED in one.what).items())),
            first_s=self._first_s,
            closed=last.closed if last is not None else 0,
            realized=last.realized if last is not None else None,
            open=len(held),
            unrealized=sum(gains, Decimal(0)) if len(gains) == len(held) else None,
            watched_s=round(self._watched_s, 3),
        )


def kind_of(one: DecisionStatus) -> str:
    """ENTRY, ADD or EXIT; empty for anything else, denied ones too."""
    first, _, rest = one.what.partition(" ")
    return first if first in {ENTRY, ADD, EXIT} and DENIED not in rest else ""


def summary(status: Status, outcome: Outcome | None = None) -> str:
    """The end in a few lines: the engine, what happened, what is still held and how it is protected."""
    named = f"{clean(status.mode)} {clean(status.name)} was {status.state} after {length(status.uptime_s)}"
    margin = percent(status.margin_ratio, signed=False)
    lines = [
        f"{named}: wallet {money(status.wallet_balance)}, equity {money(status.equity)}, margin ratio {margin}",
    ]
    if outcome is not None:
        lines.append(_happened(outcome))
    lines.append(f"{status.closed} positions closed, realized {money(status.realized, signed=True)}")
    for one in status.positions:
        nearest = f", stop {price(one.stop, one.last_price)}" if one.stop is not None else ", no stop"
        lines.append(
            f"still open: {clean(one.symbol)} {one.direction} {one.stage} {abs(one.qty):f} at "
            f"{price(one.avg_price, one.last_price)}, {money(one.unrealized, signed=True)}{nearest}, "
            f"{len(one.resting_stops)} stops at the venue"
        )
    seen = status.unprotected
    if seen.rises:
        spans = f"median {moment(seen.median_s)}, max {moment(seen.max_s)}"
        lines.append(f"unprotected after each of {seen.rises} rises of exposure: {spans}")
    counted = status.counters
    lines.append(
        f"{counted.orders} orders ({counted.order_refusals} refused), {counted.fills} fills, "
        f"{counted.ticks_seen:,} ticks seen, {sum(counted.rest_calls.values())} calls by REST"
    )
    return "\n".join(lines) + "\n"


def _happened(outcome: Outcome) -> str:
    exits = ", ".join(f"{reason} {count}" for reason, count in outcome.exits.items())
    denied = sum(outcome.denied.values())
    return (
        f"{outcome.entries} entries, {outcome.adds} adds, {sum(outcome.exits.values())} exits"
        + (f" ({exits})" if exits else "")
        + (f"; {denied} denied" if denied else "")
    )


def _code(one: DecisionStatus) -> str:
    """The reason or the denial itself; what stands behind it is numbers."""
    return one.reason.split(": ")[0].split(" (")[0]
