"""The status of an engine as text: tables for a person."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO

from rich.console import Console
from rich.table import Table

from sadari.run.figures.status import LevelStatus, LiquidationStatus, PositionStatus, Status, SymbolStatus

NONE = "-"
PERCENT = 100
# Of text that goes to a file or a pipe.
WIDTH = 160


def status_text(status: Status) -> str:
    """The whole status."""
    lines = [
        f"{status.name} ({status.mode}) is {status.state}, process {status.pid}, version {status.version}",
        f"since {_time(status.started_ns)} ({_span(status.uptime_s)})",
    ]
    for what, causes in (("paused", status.pause_causes), ("gate shut", status.gates), ("not seen", status.lost)):
        if causes:
            lines.append(f"{what}: {', '.join(causes)}")
    if status.liquidation is not None:
        lines.append(_liquidation(status.liquidation))
    if status.watched:
        lines.append(f"watched tick by tick: {', '.join(status.watched)}")
    lines += [*_account(status), *_protection(status), *_performance(status), _counters(status), ""]
    parts = ["\n".join(lines), "\n", positions_text(status.positions)]
    if status.symbols:
        parts.append(_symbols(status.symbols))
    if status.streams:
        parts.append(_streams(status))
    for title, decisions in (("decisions", status.decisions), ("alerts", status.alerts)):
        rows = [(_time(one.time_ns), one.symbol or NONE, one.what, one.reason) for one in decisions]
        if rows:
            parts.append(_table(title, ("time", "symbol", "what", "reason"), rows))
    return "".join(parts)


def _liquidation(found: LiquidationStatus) -> str:
    until = f" until {_time(found.deadline_ns)}" if found.phase == "NOTICE" else ""
    left = f"; still open: {', '.join(found.open)}" if found.open else ""
    return (
        f"liquidation {found.correlation_id}: {found.phase}{until}, {found.reason} by {found.source} ({found.actor}), "
        f"then {found.after}: {', '.join(found.symbols) or 'nothing is held'}{left}"
    )


def positions_text(positions: Sequence[PositionStatus]) -> str:
    """The positions, each with every level that it waits for."""
    if not positions:
        return "no positions\n"
    rows = [
        (
            one.symbol, one.direction, one.stage, one.state, _number(one.qty), _number(one.avg_price),
            _number(one.last_price), _number(one.unrealized), _number(one.stop), one.stop_reason or NONE,
            _number(one.liquidation_price), one.margin_mode or NONE,
        )
        for one in positions
    ]  # fmt: skip
    names = ("symbol", "side", "stage", "state", "qty", "average", "last", "unrealized", "stop", "reason",
             "liquidation", "margin")  # fmt: skip
    waits = [
        (one.symbol, kind, level.name, _number(level.price), _share(level))
        for one in positions
        for kind, levels in (("watched", one.levels), ("at the venue", one.resting_stops))
        for level in levels
    ]
    text = _table("positions", names, rows)
    return text + (_table("levels", ("symbol", "where", "level", "price", "distance"), waits) if waits else "")


def _account(status: Status) -> list[str]:
    """What is known of the account."""
    amounts = {
        "wallet": status.wallet_balance, "available": status.available_balance, "equity": status.equity,
        "margin ratio": status.margin_ratio, "day": status.day_result, "worst case": status.worst_case,
        "realized": status.realized,
    }  # fmt: skip
    told = [f"{name} {_number(amount)}" for name, amount in amounts.items() if amount is not None]
    if status.account_age_s is not None:
        told.append(f"read {_span(status.account_age_s)} ago")
    if status.position_mode:
        told.append(status.position_mode)
    if status.multi_assets is not None:
        told.append("multi-assets" if status.multi_assets else "single-asset")
    if status.clock_offset_ms is not None:
        told.append(f"clock {status.clock_offset_ms:+.1f} ms")
    return [f"account: {', '.join(told)}"] if told else []


def _protection(status: Status) -> list[str]:
    """How long exposure was without its stop."""
    times = status.unprotected
    told = [f"{times.rises} rises", f"{times.open} open"]
    for name, value in (("last", times.last_s), ("median", times.median_s), ("p99", times.p99_s), ("max", times.max_s)):
        if value is not None:
            told.append(f"{name} {value:.3f} s")
    return [f"unprotected: {', '.join(told)}"]


def _performance(status: Status) -> list[str]:
    """How well it does, as far as that is known."""
    known = status.performance
    shares = {
        "orders not refused": known.order_success_rate, "margin in use": known.margin_utilisation,
        "won": known.win_rate,
    }  # fmt: skip
    told = [f"{name} {float(share) * PERCENT:.1f} %" for name, share in shares.items() if share is not None]
    if known.risk_adjusted_return is not None:
        told.append(f"mean result by its deviation {known.risk_adjusted_return:+.2f}")
    if known.unknown:
        told.append(f"{known.unknown} results unknown")
    return [f"performance: {', '.join(told)}"] if told else []


def _counters(status: Status) -> str:
    counted = status.counters
    calls = ", ".join(f"{kind} {count}" for kind, count in sorted(counted.rest_calls.items())) or "none"
    return (
        f"counters: {counted.ticks_seen} ticks seen, {counted.ticks_checked} checked, {counted.events} events, "
        f"{counted.decisions} decisions, {counted.orders} orders ({counted.order_refusals} refused), "
        f"{counted.fills} fills, {counted.stops_triggered} stops and {counted.profits_triggered} targets triggered, "
        f"{counted.syncs} comparisons ({counted.differences} differences), "
        f"{counted.journal_records} records (slowest sync {counted.slowest_sync_s * 1000:.1f} ms); "
        f"REST calls: {calls}; weight used {counted.weight_used}; {status.closed} positions closed"
    )


def _symbols(symbols: Iterable[SymbolStatus]) -> str:
    rows = [
        (
            one.symbol, "prepared" if one.prepared else "not prepared",
            (one.margin_mode or NONE) + (" (downgraded)" if one.downgraded else ""),
            NONE if one.leverage is None else str(one.leverage), _number(one.max_notional),
            _seen(one.streams), ", ".join(one.gates) or NONE, one.message or NONE,
        )
        for one in symbols
    ]  # fmt: skip
    names = ("symbol", "state", "margin", "leverage", "max notional", "streams", "gates", "message")
    return _table("symbols", names, rows)


def _seen(streams: Mapping[str, bool]) -> str:
    """The kinds of a symbol's streams; what is not seen is said."""
    kinds = (name.partition("@")[2] + ("" if seen else " NOT SEEN") for name, seen in sorted(streams.items()))
    return ", ".join(kinds) or NONE


def _streams(status: Status) -> str:
    rows = [
        (
            one.name, "connected" if one.connected else "LOST", str(one.streams), str(one.messages),
            NONE if one.age_s is None else f"{one.age_s:.1f} s", str(one.reconnects),
        )
        for one in status.streams
    ]  # fmt: skip
    return _table("streams", ("stream", "state", "streams", "messages", "age", "reconnects"), rows)


def _table(title: str, names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for name in names:
        table.add_column(name, overflow="fold")
    for row in rows:
        # What comes from outside must not be read as markup.
        table.add_row(*(cell.replace("[", r"\[") for cell in row))
    text = StringIO()
    Console(file=text, width=_width(), color_system=None).print(table)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"


def _width() -> int:
    try:
        return max(os.get_terminal_size().columns, 80)
    except OSError:
        return WIDTH


def _number(value: Decimal | None) -> str:
    return NONE if value is None else f"{value.normalize():f}"


def _share(level: LevelStatus) -> str:
    return NONE if level.distance is None else f"{level.distance * PERCENT:+.2f} %"


def _time(time_ns: int) -> str:
    return f"{datetime.fromtimestamp(time_ns // 1_000_000_000, UTC):%Y-%m-%d %H:%M:%S}"


def _span(seconds: float) -> str:
    whole = int(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {whole % 60:02d} s" if minutes else f"{whole} s"
