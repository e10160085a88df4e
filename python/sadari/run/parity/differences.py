"""Two records of one tape side by side: what they have in common, and the first thing in which they differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

import msgspec

from sadari.core.ledger import Entry
from sadari.exchange.accounts import Income
from sadari.model.command import (
    CancelOrder,
    Command,
    PlaceOrder,
    RecordDecision,
    RecordExit,
    RecordMove,
    RecordPosition,
)
from sadari.model.event import Event, OrderFilled
from sadari.model.reason import DenialCode
from sadari.model.units import MILLISECOND_NS

# What is compared, in the order in which it is told.
SECTIONS = (
    "decisions", "caps", "orders", "cancels", "stages", "reasons", "fills", "positions", "ledger", "income", "wallet",
)  # fmt: skip


class Row(NamedTuple):
    """One thing that happened; ``said`` is what is compared."""

    time_ns: int
    said: dict[str, object]


Record = dict[str, list[Row]]


class Difference(NamedTuple):
    """The first thing that is not the same; None where one of the two has nothing."""

    section: str
    number: int
    backtest: Row | None
    live: Row | None


class Verdict(NamedTuple):
    """What was compared, how many of each (history, live), and the first difference of each section, in time."""

    counts: dict[str, tuple[int, int]]
    differences: tuple[Difference, ...]

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        return not self.differences


def compare(history: Record, live: Record) -> Verdict:
    """Compare two records, row by row."""
    counts = {name: (len(history[name]), len(live[name])) for name in SECTIONS}
    found = [one for name in SECTIONS if (one := _first(name, history[name], live[name])) is not None]
    return Verdict(counts, tuple(sorted(found, key=_when)))


def _first(section: str, history: Sequence[Row], live: Sequence[Row]) -> Difference | None:
    for number in range(max(len(history), len(live))):
        pair = [rows[number] if number < len(rows) else None for rows in (history, live)]
        if pair[0] is None or pair[1] is None or pair[0].said != pair[1].said:
            return Difference(section, number + 1, *pair)
    return None


def _when(difference: Difference) -> int:
    return min(row.time_ns for row in (difference.backtest, difference.live) if row is not None)


def record_of(
    records: Iterable[Event | Command], ledger: Iterable[Entry], income: Iterable[Income], wallet: Decimal
) -> Record:
    """What is compared of a run."""
    made: Record = {name: [] for name in SECTIONS}
    names: dict[str, str] = {}
    told: set[tuple[str, int]] = set()
    now_ns = 0
    for one in records:
        if isinstance(one, Event):
            now_ns = one.time_ns
            # A trade may be told twice, by the user stream and by a list; the engine books it once.
            if isinstance(one, OrderFilled) and (one.symbol, one.trade_id) not in told:
                told.add((one.symbol, one.trade_id))
                made["fills"].append(_fill(one, names))
            continue
        section = _SECTION_OF.get(type(one))
        if section is None or (isinstance(one, RecordMove) and not one.symbol):
            continue
        said = _plain(one, names)
        if isinstance(one, RecordDecision):
            made["caps"].append(Row(now_ns, {"signal_id": one.signal_id, "rung": one.rung, "caps": said.pop("caps")}))
        made[section].append(Row(now_ns, said))
    made["ledger"] = [Row(entry.time_ns, _entry(entry)) for entry in ledger]
    made["income"] = [
        Row(one.time_ns, {"kind": one.kind, "symbol": one.symbol, "asset": one.asset, "amount": one.amount,
                          "time_ms": one.time_ns // MILLISECOND_NS})
        for one in income
    ]  # fmt: skip
    made["wallet"] = [Row(now_ns, {"balance": wallet})]
    return made


_SECTION_OF: dict[type[Command], str] = {
    PlaceOrder: "orders",
    CancelOrder: "cancels",
    RecordDecision: "decisions",
    RecordExit: "reasons",
    RecordMove: "stages",
    RecordPosition: "positions",
}
# Times are the exchange's, which live come in milliseconds.
_TIMES = ("opened_ns", "closed_ns")


def _plain(command: Command, names: dict[str, str]) -> dict[str, object]:
    """The fields of a command, with orders by their number."""
    said: dict[str, object] = {name: getattr(command, name) for name in command.__struct_fields__}
    if said.get("client_order_id"):
        said["client_order_id"] = names.setdefault(str(said["client_order_id"]), f"order {len(names) + 1}")
    for name in _TIMES:
        if name in said:
            said[name] = getattr(command, name) // MILLISECOND_NS
    if isinstance(command, RecordDecision) and command.denial == DenialCode.COOLDOWN_ACTIVE:
        said |= {name: int(getattr(command, name)) // MILLISECOND_NS for name in ("value", "limit")}
    return said


def _fill(event: OrderFilled, names: dict[str, str]) -> Row:
    name = names.get(event.client_order_id, event.client_order_id)
    return Row(
        event.time_ns,
        {
            "time_ms": (event.booked_ns or event.time_ns) // MILLISECOND_NS, "symbol": event.symbol, "order": name,
            "price": event.price, "qty": event.qty, "fee": event.fee, "realized_pnl": event.realized_pnl,
            "maker": event.maker, "done": event.done,
        },
    )  # fmt: skip


def _entry(entry: Entry) -> dict[str, object]:
    return {
        "kind": entry.key[0], "symbol": entry.key[1], "time_ms": entry.time_ns // MILLISECOND_NS,
        "asset": entry.asset, "debit": entry.debit, "credit": entry.credit, "amount": entry.amount,
    }  # fmt: skip


def as_dict(verdict: Verdict) -> dict[str, object]:
    """The verdict for a program; the first difference is the earliest."""
    return {
        "equal": verdict.equal,
        "compared": {name: {"backtest": one, "live": other} for name, (one, other) in verdict.counts.items()},
        "differences": [
            {
                "what": found.section,
                "number": found.number,
                "backtest": None if found.backtest is None else found.backtest.said,
                "live": None if found.live is None else found.live.said,
            }
            for found in verdict.differences
        ],
    }


def text(verdict: Verdict) -> str:
    """The verdict for a person."""
    lines = [f"{'compared':12} {'backtest':>9} {'live':>9}"]
    lines += [f"{name:12} {one:>9,} {other:>9,}" for name, (one, other) in verdict.counts.items()]
    if verdict.equal:
        return "\n".join([*lines, "", "equal: both did the same, to the last digit", ""])
    found = verdict.differences[0]
    only = sorted(_changed(found))
    lines += ["", f"different in {', '.join(one.section for one in verdict.differences)}; the first is number"]
    lines[-1] += f" {found.number} of {found.section}{', in ' if only else ''}{', '.join(only)}"
    lines += [f"  backtest: {_row_text(found.backtest)}", f"  live:     {_row_text(found.live)}", ""]
    return "\n".join(lines)


def _changed(found: Difference) -> set[str]:
    if found.backtest is None or found.live is None:
        return set()
    one, other = found.backtest.said, found.live.said
    return {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}


def _row_text(row: Row | None) -> str:
    if row is None:
        return "nothing"
    said = msgspec.json.decode(msgspec.json.encode(row.said))
    return ", ".join(f"{name} {value}" for name, value in said.items() if value not in ("", None, [], {}))
