"""The parts of the live view around its positions: state, account, decisions, alerts, streams, counters."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from sadari.cli.view_cells import (
    BAD,
    GOOD,
    ODD,
    STRONG,
    WEAK,
    clock,
    ends,
    fit,
    gain,
    joined,
    length,
    mark,
    moment,
    money,
    percent,
    wrapped,
)
from sadari.run.figures.decisions import CLOSED, DENIED, EXIT
from sadari.run.figures.status import ChannelStatus, DecisionStatus, Status, StreamStatus

# Whoever looks from afar sees the state by its ground.
BADGES = {
    "RUNNING": "bold black on green",
    "FAILED": "bold white on red",
    "LIQUIDATING": "bold white on red",
    "STOPPED": "bold reverse",
    "IDLE": "bold reverse",
}
UNSURE = "bold black on yellow"
# An account reading that is older than two of its rounds is worth a look.
OLD_S = 120.0
# A channel that has not answered for so long may not any more.
PATIENT_S = 10.0
SEVERE = {"critical": BAD, "warning": ODD}
WHAT = 12
SYMBOL = 11
WHEN = 9
# A reason on a line of its own stands below its symbol.
REASON = " " * WHEN


def head(status: Status, width: int) -> list[Text]:
    """State, account, results, and what keeps the engine from new exposure."""
    badge = mark(f" {status.state} ", BADGES.get(status.state, UNSURE))
    name = mark(f" {status.mode} {status.name}", STRONG)
    time = Text(f"{clock(status.time_ns, day=True)} UTC  up {length(status.uptime_s)}")
    return [
        ends(badge + name, time, width),
        *_account(status, width),
        *_results(status, width),
        *_causes(status, width),
    ]


def _account(status: Status, width: int) -> list[Text]:
    age = status.account_age_s
    read = mark("never read" if age is None else f"{length(age)} old", BAD if age is None or age > OLD_S else "")
    parts = [
        Text(f"wallet {money(status.wallet_balance)}"),
        Text(f"equity {money(status.equity)}"),
        Text(f"free {money(status.available_balance)}"),
        Text(f"margin {percent(status.margin_ratio, signed=False)}"),
        read,
    ]
    return wrapped(parts, width)


def _results(status: Status, width: int) -> list[Text]:
    parts = [
        Text(f"closed {status.closed}, realized ") + gain(status.realized),
        Text("day ") + gain(status.day_result),
        Text(f"worst case {money(status.worst_case)}"),
    ]
    if status.position_mode or status.multi_assets:
        parts.append(mark(status.position_mode + (", multi-assets" if status.multi_assets else ""), WEAK))
    if status.clock_offset_ms is not None:
        parts.append(mark(f"clock {status.clock_offset_ms:+.1f}ms", WEAK))
    return [fit(joined(parts), width)]


def _causes(status: Status, width: int) -> list[Text]:
    told = (
        ("not seen", status.lost, BAD),
        ("paused by", status.pause_causes, ODD),
        ("no new entry:", status.gates, ODD),
    )
    parts = [mark(f"{what} {', '.join(causes)}", style) for what, causes, style in told if causes]
    found = status.liquidation
    if found is not None:
        until = f" until {clock(found.deadline_ns)}" if found.phase == "NOTICE" else ""
        left = f", open {', '.join(found.open)}" if found.open else ""
        parts.insert(0, mark(f"{found.reason} by {found.actor}: {found.phase}{until}{left}", BAD))
    return [fit(line, width) for line in wrapped(parts, width)]


def decisions(status: Status, width: int, height: int) -> list[Text]:
    """The last decisions, the newest first, as many as fit whole."""
    return _told(status.decisions, width, height) or [mark("none yet", WEAK)][: max(height, 0)]


def alerts(status: Status, height: int) -> list[Text]:
    """The last alerts, a line each; nothing at all without any."""
    if not status.alerts:
        return []
    left = len(status.alerts) - (height - 1)
    more = mark(f"  {left} older ones" if left > 0 else "", WEAK)
    newest = sorted(status.alerts, key=lambda one: one.time_ns, reverse=True)
    return [mark("ALERTS", STRONG) + more, *(_in_one_line(one) for one in newest[: height - 1])]


def _told(told: Sequence[DecisionStatus], width: int, height: int) -> list[Text]:
    rows: list[Text] = []
    for one in sorted(told, key=lambda one: one.time_ns, reverse=True):
        lines = _decision(one, width)
        if len(rows) + len(lines) > height:
            break
        rows += lines
    return rows


def _decision(one: DecisionStatus, width: int) -> list[Text]:
    """When, what and why; a reason that does not fit beside has a line of its own."""
    whole = _in_one_line(one)
    if whole.cell_len <= width:
        return [whole]
    return [fit(_what(one), width), fit(Text(REASON) + Text(one.reason), width)]


def _in_one_line(one: DecisionStatus) -> Text:
    what = _what(one)
    return fit(what, max(what.cell_len, WHEN + SYMBOL + 1 + WHAT)) + Text(" ") + Text(one.reason)


def _what(one: DecisionStatus) -> Text:
    severity = one.what.partition(" ")[0]
    style = SEVERE.get(severity, WEAK if DENIED in one.what else STRONG if one.what in {EXIT, CLOSED} else "")
    at = mark(f"{clock(one.time_ns)} ", WEAK)
    return at + fit(Text(one.symbol), SYMBOL) + Text(" ") + mark(one.what, style)


def streams(status: Status, width: int, height: int) -> list[Text]:
    """Each connection with its age: a line of its own where there is room, else all in a row, what is down first."""
    if not status.streams:
        return [mark("no streams yet", WEAK)]
    if len(status.streams) <= height:
        return [_stream(one, width) for one in status.streams]
    down_first = sorted(status.streams, key=lambda one: one.connected)
    return [fit(mark("streams ", STRONG) + joined([_brief(one) for one in down_first]), width)]


def _stream(one: StreamStatus, width: int) -> Text:
    again = f", {one.reconnects} reconnects" if one.reconnects else ""
    return fit(_brief(one) + mark(f"  {one.streams} streams, {one.messages:,} messages{again}", WEAK), width)


def _brief(one: StreamStatus) -> Text:
    shown = mark(length(one.age_s), GOOD) if one.connected else mark(f"DOWN {length(one.age_s)}", BAD)
    return Text(f"{one.name} ") + shown


def unprotected(status: Status, width: int) -> list[Text]:
    """How long exposure stood without the stop that covers it."""
    measured = status.unprotected
    if not measured.rises:
        return [mark("unprotected ", STRONG) + Text("nothing has been opened yet")]
    parts = [
        mark("unprotected ", STRONG) + Text(f"last {moment(measured.last_s)}"),
        Text(f"median {moment(measured.median_s)}"),
        Text(f"p99 {moment(measured.p99_s)}"),
        Text(f"max {moment(measured.max_s)} of {measured.rises}"),
    ]
    if measured.open:
        parts.insert(0, mark(f"{measured.open} UNPROTECTED NOW", BAD))
    return wrapped(parts, width)


def symbols(status: Status) -> list[Text]:
    """How many symbols can be traded, and the first one that cannot, with its reason."""
    if not status.symbols:
        return []
    ready = sum(one.prepared for one in status.symbols)
    line = Text(f"{ready} of {len(status.symbols)} symbols prepared")
    downgraded = [one.symbol for one in status.symbols if one.downgraded]
    waiting = next((one for one in status.symbols if not one.prepared), None)
    if waiting is not None:
        line.append(f"; {waiting.symbol}: {waiting.message or 'not yet'}", ODD)
    if downgraded:
        line.append(f"; not the margin mode asked for: {', '.join(downgraded)}", ODD)
    return [line]


def channels(status: Status, width: int) -> list[Text]:
    """How many alerts each channel has taken, and what became of the others; nothing at all without channels."""
    if not status.channels:
        return []
    return wrapped(
        [mark("alerts by ", STRONG) + _channel(status.channels[0]), *map(_channel, status.channels[1:])], width
    )


def _channel(one: ChannelStatus) -> Text:
    lost = one.failed + one.dropped
    told = Text(f"{one.name} {one.sent:,} sent")
    if one.waiting:
        told.append(f", {one.waiting:,} waiting", ODD)
    if lost:
        told.append(f", {lost:,} lost", BAD)
    if one.stuck_s > PATIENT_S:
        told.append(f", silent {length(one.stuck_s)}", BAD)
    return told


def performance(status: Status, width: int) -> list[Text]:
    """How well it does; nothing at all before there is anything to say."""
    known, seen = status.performance, status.counters
    if known.order_success_rate is None:
        return []
    parts = [
        mark("does ", STRONG) + Text(f"won {known.wins} of {known.wins + known.losses}"),
        Text(f"stops {seen.stops_triggered:,}"),
        Text(f"targets {seen.profits_triggered:,}"),
        Text(f"orders taken {known.order_success_rate:.0%}"),
        Text(f"margin in use {percent(known.margin_utilisation, signed=False)}"),
    ]
    if known.risk_adjusted_return is not None:
        parts.append(Text(f"result by deviation {known.risk_adjusted_return:+.2f}"))
    return wrapped(parts, width)


def counters(status: Status, width: int) -> list[Text]:
    """What has been done since the start."""
    seen = status.counters
    refused = f" ({seen.order_refusals} refused)" if seen.order_refusals else ""
    rest = sum(seen.rest_calls.values())
    parts = [
        mark("engine ", STRONG) + Text(f"ticks {seen.ticks_seen:,}"),
        Text(f"decisions {seen.decisions:,}"),
        Text(f"orders {seen.orders:,}{refused}"),
        Text(f"fills {seen.fills:,}"),
        Text(f"REST {rest:,}"),
        Text(f"syncs {seen.syncs:,}" + (f" ({seen.differences:,} differences)" if seen.differences else "")),
    ]
    return wrapped(parts, width)
