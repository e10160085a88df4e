"""One UTC day out of the records of a run, and how it differs from another: what was asked for, what became of it.

Every rate names what it is a share of: a fill rate is over signals, a win rate over positions that were closed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal, localcontext
from typing import Any

from sadari.model.command import Command
from sadari.model.event import Event, SignalRaised
from sadari.model.units import DAY_NS, EXACT
from sadari.research.book import follow
from sadari.research.layout import percent, signed, table, usdt
from sadari.research.metrics import highest_sum, outcomes
from sadari.research.shapes import iso, money
from sadari.research.tally import Tally
from sadari.research.trades import Life, Lives

ZERO = Decimal(0)
Section = dict[str, Any]


class Days:
    """The records of a run, read once, from which any of its days can be told."""

    def __init__(self, records: Sequence[Event | Command]) -> None:
        self._tally, lives = Tally(), Lives()
        self._raised: list[SignalRaised] = []
        with localcontext(EXACT):
            follow(records, self._tally.arms, lives.arms, {SignalRaised: self._raise})
            self._lives = lives.end()
        self._end_ns = next((record.time_ns for record in reversed(records) if isinstance(record, Event)), 0)

    def _raise(self, _now: int, signal: SignalRaised) -> None:
        self._raised.append(signal)

    def day(self, start_ns: int) -> Section:
        """What happened in the UTC day that begins at a time.

        Returns:
            Counts and rates of signals, denials by gate, fills and closes; ``positions_at_once`` is the most that were
            held together; results by direction and by symbol are those of the positions closed in the day.
        """
        raised = [signal for signal in self._raised if _within(signal.time_ns, start_ns)]
        decided = [one for now, one in self._tally.decisions if _within(now, start_ns) and one.rung == 0]
        denied = Counter(decision.denial for decision in decided if not decision.accepted)
        filled = [life for life in self._lives if _within(life.opened_ns, start_ns)]
        closed = [life for life in self._lives if life.record is not None and _within(life.closed_ns, start_ns)]
        with localcontext(EXACT):
            return {
                "day": iso(start_ns),
                "signals": len(raised),
                "denied": denied.total(),
                "denied_rate": _share(denied.total(), len(raised)),
                "filled": len(filled),
                "fill_rate": _share(len(filled), len(raised)),
                "positions_at_once": self._at_once(start_ns),
                "signals_by_direction": _counted(str(signal.direction) for signal in raised),
                "gates": dict(sorted(denied.items(), key=lambda gate: (-gate[1], gate[0]))),
                **_result(closed),
                "by_direction": _grouped(closed, lambda life: str(life.direction)),
                "by_symbol": _grouped(closed, lambda life: life.symbol),
            }

    def _at_once(self, start_ns: int) -> int:
        spans = []
        for life in self._lives:
            if life.opened_ns is None:
                continue
            end_ns = self._end_ns + 1 if life.closed_ns is None else life.closed_ns
            first, last = max(life.opened_ns, start_ns), min(end_ns, start_ns + DAY_NS)
            if first < last:
                spans.append((first, last, Decimal(1)))
        return int(highest_sum(spans))


def _within(time_ns: int | None, start_ns: int) -> bool:
    return time_ns is not None and start_ns <= time_ns < start_ns + DAY_NS


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _counted(names: Any) -> dict[str, int]:  # noqa: ANN401 - whatever gives names
    return dict(sorted(Counter(names).items()))


def _result(closed: Sequence[Life]) -> Section:
    done = outcomes(life.net for life in closed)
    return {
        "closed": done.trades,
        "wins": done.wins,
        "win_rate": done.win_rate,
        "price": money(sum((life.pnl for life in closed), ZERO)),
        "fees": money(sum((life.fees for life in closed), ZERO)),
        "funding_booked": money(sum((life.funding for life in closed), ZERO)),
        "net": money(sum((life.net for life in closed), ZERO)),
    }


def _grouped(closed: Sequence[Life], key: Callable[[Life], str]) -> list[Section]:
    names = sorted({key(life) for life in closed})
    return [{"name": name, **_result([life for life in closed if key(life) == name])} for name in names]


# What two days are compared by, as a heading and how a value is shown.
FIGURES: dict[str, tuple[str, Callable[[Any], str]]] = {
    "signals": ("signals", "{:,}".format),
    "denied": ("denied", "{:,}".format),
    "denied_rate": ("denied, of signals", percent),
    "filled": ("filled", "{:,}".format),
    "fill_rate": ("filled, of signals", percent),
    "positions_at_once": ("positions at once", "{:,}".format),
    "closed": ("closed", "{:,}".format),
    "win_rate": ("won, of closed", percent),
    "price": ("price USDT", usdt),
    "fees": ("fees USDT", usdt),
    "funding_booked": ("funding booked USDT", usdt),
    "net": ("net USDT", usdt),
}


def compare(day: Section, other: Section) -> list[Section]:
    """Each figure of two days; ``change`` is relative to the other day, None where that is 0 or not known."""
    return [
        {"figure": name, "other": other[name], "day": day[name], "change": _change(day[name], other[name])}
        for name in FIGURES
    ]


def _change(now: Any, before: Any) -> float | None:  # noqa: ANN401 - a count, a rate or an amount
    if now is None or before is None or not float(before):
        return None
    return float(now) / float(before) - 1


def text(day: Section, other: Section | None = None) -> str:
    """A day as a page; beside another one if it is given."""
    lines = [f"Day {day['day'][:10]} UTC" + (f" beside {other['day'][:10]}" if other is not None else "")]
    if other is None:
        lines += table(("", "day"), [(title, show(day[name])) for name, (title, show) in FIGURES.items()])
    else:
        rows = [
            (FIGURES[row["figure"]][0], *(FIGURES[row["figure"]][1](row[which]) for which in ("other", "day")),
             signed(row["change"]))
            for row in compare(day, other)
        ]  # fmt: skip
        lines += table(("", other["day"][:10], day["day"][:10], "change"), rows)
    directions = ", ".join(f"{count:,} {name}" for name, count in day["signals_by_direction"].items())
    lines += ["", f"  Signals by direction: {directions or 'none'}"]
    lines += table(("Denied by gate", "count"), [(gate, f"{count:,}") for gate, count in day["gates"].items()])
    for title, key in (("Closed by direction", "by_direction"), ("Closed by symbol", "by_symbol")):
        groups = [(row["name"], f"{row['closed']:,}", percent(row["win_rate"]), usdt(row["net"])) for row in day[key]]
        if groups:
            lines += ["", *table((title, "closed", "won", "net USDT"), groups)]
    return "\n".join(lines) + "\n"
