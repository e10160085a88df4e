"""The tables of a report, each with its heading, as the text and the page for a browser show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sadari.research.layout import lasting, percent, ratio, usdt

Section = dict[str, Any]
Row = Sequence[str]
Table = tuple[str, Row, Sequence[Row]]

FUNNEL = ("Funnel", "left", "lost", "of all", "of those before")
_RESULT = ("ended", "won", "won of known", "price", "fees", "funding", "net USDT")
_BOOKED = ("price", "fees", "funding", "net USDT")
_ORDERS = ("sent", "filled", "canceled", "refused", "working", "unanswered")


def tables(told: Section) -> list[Table]:
    """Every table of a span with its heading; one without rows is not shown."""
    found: list[Table] = []
    signals = ("signals", "denied", "accepted", "opened", "opened of signals")
    for heading, key in (("Signals by direction", "by_direction"), ("Signals by symbol", "by_symbol")):
        found.append(
            (heading, ("", *signals), [_signals(row) for row in told["signals"][key] if row["raised"] or row["opened"]])
        )
    denied = [(row["gate"], f"{row['denied']:,}", percent(row["share"])) for row in told["gates"]]
    found.append(("Denied by gate", ("", "denied", "of denied"), denied))
    if told["funnel"] is not None:
        found.append(("What became of the signals, whenever it did", *funnel_table(told)))
    for heading, key in _RESULTS:
        found.append((heading, ("", *_RESULT), [_result(row) for row in told["results"][key]]))
    found.append(("Results of ended positions by planned risk", ("", "positions"), _bins(told["rewards"]["in_risk"])))
    found.append(
        ("How they spread", ("", "lowest", "a tenth", "middle", "mean", "nine tenths", "highest"), _spread(told))
    )
    for heading, key in _BOOKINGS:
        rows = [
            (row["name"], *(usdt(row[name]) for name in ("price", "fees", "funding", "net")))
            for row in told["booked"][key]
        ]
        found.append((heading, ("", *_BOOKED), rows))
    rows = [(row["name"], *(f"{row[name]:,}" for name in _ORDERS)) for row in told["orders"]["by_purpose"]]
    found.append(("Orders by purpose", ("", *_ORDERS), rows))
    if told["days"]:
        found.append(
            (
                "Days",
                ("", "signals", "denied", "opened", "ended", "net of ended", "booked"),
                [_day(row) for row in told["days"]],
            )
        )
    return [*found, *_incidents(told["incidents"])]


_RESULTS = (
    ("Ended by direction", "by_direction"),
    ("Ended by symbol", "by_symbol"),
    ("Ended by strategy", "by_strategy"),
    ("Ended by reason", "by_reason"),
)
_BOOKINGS = (
    ("Booked by symbol", "by_symbol"),
    ("Booked by strategy", "by_strategy"),
    ("Booked by reason", "by_reason"),
)


def _signals(row: Section) -> Row:
    numbers = (f"{row[name]:,}" for name in ("raised", "denied", "accepted", "opened"))
    return (row["name"], *numbers, percent(row["fill_rate"]))


def funnel_table(told: Section) -> tuple[Row, Sequence[Row]]:
    """The funnel of a span."""
    return FUNNEL, [
        (row["stage"], f"{row['left']:,}", f"{row['lost']:,}", percent(row["of_all"]), percent(row["of_before"]))
        for row in told["funnel"]
    ]


def _result(row: Section) -> Row:
    amounts = (usdt(row[name]) for name in ("price", "fees", "funding", "net"))
    return (row["name"], f"{row['ended']:,}", f"{row['wins']:,}", percent(row["win_rate"]), *amounts)


def _bins(risk: Section) -> list[Row]:
    if not risk["positions"]:
        return []
    return [(_between(row["from"], row["to"]), f"{row['count']:,}") for row in risk["bins"]]


def _between(start: float | None, end: float | None) -> str:
    if start is None:
        return f"below {end:g}"
    return f"{start:g} and above" if end is None else f"{start:g} to below {end:g}"


def _spread(told: Section) -> list[Row]:
    names = ("min", "p10", "median", "mean", "p90", "max")
    risk, quote = told["rewards"]["in_risk"], told["rewards"]["in_quote"]
    rows: list[Row] = []
    if risk["positions"]:
        rows.append(("result by planned risk", *(ratio(risk[name]) for name in names)))
    if quote["positions"]:
        rows.append(("net USDT", *(usdt(quote[name]) for name in names)))
    return rows


def _day(row: Section) -> Row:
    counts = (f"{row[name]:,}" for name in ("signals", "denied", "filled", "ended"))
    return (row["day"], *counts, usdt(row["net"]), usdt(row["booked_net"]))


def _incidents(found: Section) -> list[Table]:
    alerts = [
        (f"{row['severity']} {row['code']} {row['symbol']}".rstrip(), _second(row["time"])) for row in found["alerts"]
    ]
    gates = [
        (f"{row['cause']} {row['symbol'] or 'account'}", _second(row["since"]), _lasted(row))
        for row in found["gates_shut"]
    ]
    unknown = [
        (
            f"{row['purpose'] or 'order'} {row['symbol']}",
            _second(row["since"]),
            _lasted(row),
            row["resolved_as"] or "open",
        )
        for row in found["unknown_orders"]
    ]
    moves = [
        (f"{row['from']} to {row['to']}", _second(row["time"]), f"{row['event']} {row['cause']}".rstrip())
        for row in found["engine"]["moves"]
    ]
    audits = [(row["code"], f"{row['count']:,}") for row in found["audits"]]
    return [
        ("Alerts", ("", "at"), alerts),
        ("Gates shut", ("", "since", "for"), gates),
        ("Orders without an answer", ("", "since", "for", "then"), unknown),
        ("The engine", ("", "at", "because"), moves),
        ("Facts noted", ("", "times"), audits),
    ]


def _second(stamp: str) -> str:
    return f"{stamp[:10]} {stamp[11:19]}"


def _lasted(row: Section) -> str:
    return "still" if row["until"] is None else lasting(row["lasted_s"])
