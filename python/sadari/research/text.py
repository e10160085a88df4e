"""A summary as a page that a trader can read: at most 100 columns, plain words, and never a made-up zero."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sadari.research import attribution, coverage, funnel, reward, setups
from sadari.research.layout import (
    NOT_KNOWN,
    count,
    lasting,
    line,
    moment,
    paragraph,
    percent,
    price,
    ratio,
    signed,
    table,
    usdt,
)

Section = dict[str, Any]

# A page is for reading; whoever wants every row has the JSON.
ROWS = 20


def text(summary: Section) -> str:
    """The report as text, sections in the order in which a trader asks: how much, how bad, why, what was refused."""
    sections: list[tuple[str, Callable[[Section], list[str]]]] = [
        ("Result", _result),
        ("Ledger", _ledger),
        ("How good", _quality),
        ("How bad", _risk),
        ("Signals", _signals),
        ("Surge", lambda whole: attribution.surge_text(whole["surge"])),
        ("ICT", lambda whole: setups.text(whole["ict"])),
        ("Reward and risk", lambda whole: reward.text(whole["reward"])),
        ("Scanner", lambda whole: attribution.scanner_text(whole["scanner"])),
        ("Denied signals, followed", lambda whole: funnel.text(whole["funnel"])),
        ("Entries and adds", _entries),
        ("Exits by reason", _exits),
        ("By direction", lambda whole: _groups(whole["by_direction"])),
        ("By stage", lambda whole: _groups(whole["by_stage"])),
        ("By strategy", lambda whole: _groups(whole["by_strategy"]) if len(whole["by_strategy"]) > 1 else []),
        ("By symbol", lambda whole: _groups(whole["by_symbol"])),
        ("Orders", _orders),
        ("Still open", _still_open),
        ("Incidents", _incidents),
        (
            "Data",
            lambda whole: [row for said in coverage.text(whole["period"]["symbols"]) for row in paragraph(said, "* ")],
        ),
        ("Assumptions", lambda whole: [row for said in whole["assumptions"] for row in paragraph(said, "* ")]),
    ]
    lines = _head(summary)
    for title, write in sections:
        body = write(summary)
        if body:
            lines += ["", title, *body]
    return "\n".join(lines) + "\n"


def _head(whole: Section) -> list[str]:
    period, engine = whole["period"], whole["engine"]
    symbols = [row["symbol"] for row in period["symbols"]]
    shown = ", ".join(symbols[:5]) + (f" and {len(symbols) - 5} more" if len(symbols) > 5 else "")  # noqa: PLR2004
    speed = engine["candles_per_s"]
    rate = f", {speed / 1e6:.2f} million candles a second" if speed else ""
    return [
        f"Backtest from {moment(period['start'])} to {moment(period['end'])} UTC",
        *line("Symbols", f"{len(symbols)}: {shown}" if symbols else "none"),
        *line("Candles", f"{period['candles']:,}, prices inside a candle: {period['path']}"),
        *line("Ladder", _ladder(whole["settings"]["ladder"])),
        *line(
            "Engine",
            f"{count(engine['events'], 'event')}, {count(engine['decisions'], 'decision')}, "
            f"{count(engine['commands'], 'command')} in {engine['wall_s']:.2f} s ({engine['cpu_s']:.2f} s CPU){rate}",
        ),
    ]


def _ladder(ladder: Section) -> str:
    def percents(values: list[str]) -> str:
        return "/".join(f"{float(value) * 100:g}" for value in values) + " %"

    adds = f"adds at {percents(ladder['dca_trigger'])} against it" if ladder["dca_trigger"] else "no adds"
    return (
        f"{percents(ladder['weights'])} of the balance as {str(ladder['sizing_basis']).lower()}, {ladder['leverage']}x "
        f"{ladder['margin_mode']}, {adds}, stops at {percents(ladder['stop_by_stage'])}, "
        f"half off at {percents([ladder['half_close_pct']])}"
    )


def _result(whole: Section) -> list[str]:
    result = whole["result"]
    unknown = result["funding_unknown_for"]
    rows = [
        *line("Wallet", f"{usdt(result['wallet_start'])} to {usdt(result['wallet_end'])} USDT"),
        *line("Change", f"{usdt(result['wallet_change'])} USDT, made of"),
        *line("  price", f"{usdt(result['price'])}"),
        *line("  fees", f"{usdt(result['fees'])}"),
        *line("  funding", usdt(result["funding"])),
    ]
    if unknown:
        names = ", ".join(unknown[:8]) + (f" and {len(unknown) - 8} more" if len(unknown) > 8 else "")  # noqa: PLR2004
        rows += line("", f"{usdt(result['funding_booked'])} is booked and counted; rates are missing for {names}")
    for kind, amount in result["other"].items():
        rows += line(f"  {kind.lower().replace('_', ' ')}", usdt(amount))
    if not result["adds_up"]:
        rows += line("  DOES NOT ADD UP", f"{usdt(result['difference'])} USDT are explained by nothing above")
    if float(result["unrealized"]) or whole["open_positions"]:
        rows += line("Unrealized", f"{usdt(result['unrealized'])} USDT in {_open_count(whole)}")
    return rows + line("Return", f"{signed(result['return'])} (equity {usdt(result['equity_end'])} USDT)")


def _ledger(whole: Section) -> list[str]:
    kept = whole["ledger"]
    compared, drift, days = kept["compared"], kept["drift"], kept["days"]
    odd = sum(row["difference"] not in {"0", None} for row in days)
    rows: list[str] = []
    if days:
        found = (
            f"differs from the wallet on {count(odd, 'day')}" if odd else "equals the wallet's change on each of them"
        )
        rows += line("Days with entries", f"{len(days):,}" + ("" if compared is None else f"; the ledger {found}"))
    if compared is not None and compared["venue_entries"]:
        names = ("missing", "doubled", "different", "unknown")
        told = ", ".join(f"{len(compared[name]):,} {name}" for name in names if compared[name])
        rows += line("Entries", f"{compared['entries']:,}, key by key {told or 'those of the venue'}")
    if not kept["adds_up"]:
        rows += line("DOES NOT ADD UP", f"{_unexplained(kept)} are in no entry of the venue; the JSON has all")
    if drift["positions"]:
        rows += line(
            "Closes",
            f"{usdt(drift['drift'])} USDT beyond what {count(drift['positions'], 'decision')} to close expected, "
            f"by slippage of {count(drift['fills'], 'fill')}",
        )
    for name, title in (("unsettled", "Not settled"), ("written_off", "Written off")):
        if kept[name]:
            rows += line(title, ", ".join(f"{row['symbol']} #{row['id']}" for row in kept[name][:ROWS]))
    return rows


def _open_count(whole: Section) -> str:
    return count(len(whole["open_positions"]), "open position")


def _quality(whole: Section) -> list[str]:
    figures, margin = whole["statistics"], whole["margin"]
    if not figures["closed"]:
        return line("Closed positions", "none")
    even = f", {figures['break_even']} at exactly zero" if figures["break_even"] else ""
    even_at = figures["break_even_win_rate"]
    even_at = "" if even_at is None else f" USDT; breaks even at a win rate of {percent(even_at)}"
    return [
        *line(
            "Closed positions",
            f"{figures['closed']:,}: {figures['wins']:,} won, {figures['losses']:,} lost{even}; "
            f"win rate {percent(figures['win_rate'])}",
        ),
        *line(
            "Average win, loss",
            f"{usdt(figures['mean_win'], 'no win')}, {usdt(figures['mean_loss'], 'no loss')}{even_at}",
        ),
        *line("Profit factor", ratio(figures["profit_factor"], "no losing position")),
        *line("Sharpe", f"{ratio(figures['sharpe'], 'not defined')} ({count(figures['days'], 'daily return')})"),
        *line("Return / max drawdown", ratio(figures["risk_adjusted_return"], "not defined")),
        *line(
            "Hold", f"{lasting(figures['mean_hold_s'])} on average, {lasting(figures['longest_hold_s'])} at the longest"
        ),
        *line("Time in market", percent(figures["time_in_market"])),
        *line("Margin in use", f"{percent(margin['mean'])} on average, {percent(margin['max'])} at most"),
    ]


def _risk(whole: Section) -> list[str]:
    worst, fall = whole["worst_case"], whole["statistics"]["max_drawdown"]
    plan, single, beyond = worst["configured"], worst["worst_position"], worst["beyond_plan"]
    rows = line(
        "Worst case by plan",
        f"{percent(plan['position'])} of the balance in a position, {percent(plan['account'])} with "
        f"{count(plan['positions'], 'position')} stopped at full size (limit {percent(plan['limit'])})",
    )
    rows += line("  planned at one time", f"{usdt(worst['planned_at_once'])} USDT at most")
    if fall is None:
        rows += line("Maximum drawdown", NOT_KNOWN)
    elif fall["fraction"] == 0:
        rows += line("Maximum drawdown", "none")
    else:
        rows += line(
            "Maximum drawdown",
            f"{percent(fall['fraction'])} ({usdt(fall['amount'])} USDT), "
            f"{moment(fall['peak'])} to {moment(fall['trough'])}",
        )
    if single is None:
        rows += line("Worst position", "none lost by price")
    else:
        rows += line(
            "Worst position",
            f"{usdt(single['pnl'])} USDT by price, {percent(single['fraction'])} of its balance "
            f"(planned at most {usdt(single['worst_case'])}): {single['symbol']} #{single['id']}, {single['reason']}",
        )
    if beyond:
        most = max(float(row["beyond"]) for row in beyond)
        rows += line(
            "Beyond the plan",
            f"{count(len(beyond), 'position')} lost more by price than planned, by {usdt(most)} USDT at most",
        )
    guard = whole["protection"]
    rows += line(
        "Without a resting stop",
        f"{lasting(guard['longest_s'])} at the longest, in {count(guard['spells'], 'spell')}",
    )
    if guard["bare_at_end"]:
        rows += line("", f"and at the end: {', '.join(guard['bare_at_end'])}")
    return rows


def _signals(whole: Section) -> list[str]:
    signals = whole["signals"]
    rows = line(
        "Raised",
        f"{signals['raised']:,}: {signals['accepted']:,} accepted, {signals['denied']:,} denied; "
        f"{signals['filled']:,} filled, a fill rate of {percent(signals['fill_rate'])}",
    )
    if signals["adds_accepted"] or signals["adds_denied"]:
        rows += line("Adds", f"{signals['adds_accepted']:,} accepted, {signals['adds_denied']:,} denied")
    if signals["gates"]:
        rows += table(
            ("Denied by", "times", "episodes", "symbols"),
            [
                (row["gate"], f"{row['count']:,}", f"{row['episodes']:,}", f"{row['symbols']:,}")
                for row in signals["gates"]
            ],
        )
    return rows


def _unexplained(kept: Section) -> str:
    return ", ".join(f"{usdt(amount)} {asset}" for asset, amount in kept["unexplained"].items() if amount != "0")


def _entries(whole: Section) -> list[str]:
    rows = [
        (
            "entry" if row["rung"] == 0 else f"add {row['rung']}",
            f"{row['count']:,}",
            usdt(row["value"]),
            usdt(row["fees"]),
        )
        for row in whole["entries"]
    ]
    return table(("Rung", "filled", "value USDT", "fees USDT"), rows)


def _exits(whole: Section) -> list[str]:
    rows = [
        (
            row["reason"],
            f"{row['count']:,}",
            _quantity(row["qty"]),
            usdt(row["value"]),
            usdt(row["pnl"]),
            usdt(row["fees"]),
        )
        for row in whole["exits"]
    ]
    return table(("Reason", "times", "quantity", "value USDT", "price USDT", "fees USDT"), rows) if rows else []


def _quantity(by_symbol: dict[str, str]) -> str:
    """A quantity has a unit: it is shown where it is that of one symbol."""
    if len(by_symbol) != 1:
        return count(len(by_symbol), "symbol")
    return price(next(iter(by_symbol.values())))


def _groups(groups: list[Section]) -> list[str]:
    shown = sorted(groups, key=lambda row: float(row["net"]))
    if len(shown) > ROWS:
        shown = [*shown[: ROWS // 2], *shown[-ROWS // 2 :]]
    rows = [
        (
            row["name"],
            f"{row['positions']:,}",
            percent(row["win_rate"]),
            usdt(row["price"]),
            usdt(row["fees"]),
            usdt(row["funding"]),
            usdt(row["net"]),
        )
        for row in (shown if len(shown) < len(groups) else groups)
    ]
    if not rows:
        return []
    lines = table(("", "positions", "win rate", "price", "fees", "funding", "net USDT"), rows)
    if len(shown) < len(groups):
        lines += paragraph(f"the {ROWS // 2} worst and the {ROWS // 2} best of {len(groups):,}; the JSON has all")
    return lines


def _orders(whole: Section) -> list[str]:
    orders = whole["orders"]
    columns = ("sent", "filled", "canceled", "rejected", "unanswered")
    rows = [
        (name.lower(), *(f"{row[column]:,}" for column in columns))
        for name, row in orders["by_purpose"].items()
        if row["sent"]
    ]
    if not rows:
        return []
    success = line("Taken by the venue", f"{percent(orders['success_rate'])} of the orders that it answered")
    rows.append(("all", *(f"{orders[column]:,}" for column in columns)))
    late = whole["in_flight"]
    tail = (
        line("On their way at the end", ", ".join(f"{row['symbol']} {row['purpose']}" for row in late)) if late else []
    )
    return [*success, *table(("Order for", *columns), rows), *tail]


def _still_open(whole: Section) -> list[str]:
    rows = [
        (
            f"{row['symbol']} {row['direction']}",
            row["stage"],
            price(row["qty"]),
            price(row["entry_price"]),
            price(row["mark_price"]),
            usdt(row["unrealized"]),
        )
        for row in whole["open_positions"]
    ]
    if not rows:
        return []
    lines = table(("Position", "stage", "quantity", "entry", "mark", "unrealized"), rows[:ROWS])
    sides = whole["exposure"]
    lines += line("Long, short, net USDT", ", ".join(usdt(sides[side]) for side in ("long", "short", "net")))
    return lines + (paragraph(f"and {len(rows) - ROWS:,} more in the JSON") if len(rows) > ROWS else [])


def _incidents(whole: Section) -> list[str]:
    found = whole["incidents"]
    rows: list[str] = []
    if found["liquidations"]:
        rows += line("LIQUIDATED BY THE VENUE", count(found["liquidations"], "position"))
    for row in found["rejections"]:
        rows += line("Rejected by the venue", f"{row['code']} {row['reason']}: {row['count']:,}")
    for row in found["cancel_rejections"]:
        rows += line("Cancel refused", f"{row['code']}: {row['count']:,}")
    if found["unknown_outcomes"]:
        rows += line("Outcome unknown", count(found["unknown_outcomes"], "order"))
    for row in found["audits"]:
        rows += line("Noted", f"{row['code']}: {row['count']:,}")
    for row in found["alerts"]:
        rows += line("Alert", f"{row['severity']} {row['code']}: {row['count']:,}")
    for row in found["conditions"]:
        rows += line(
            "Condition", f"{row['severity']} {row['condition']}: raised {row['raised']:,}, first {row['first']}"
        )
    if found["unsettled"]:
        rows += line("Not settled", count(len(found["unsettled"]), "position"))
    if found["engine_differs"]:
        numbers = ", ".join(f"#{number}" for number in found["engine_differs"][:10])
        rows += line("BOOKS DIFFER", f"engine and venue disagree on {numbers}")
    return rows or paragraph("none")
