"""A report as a page that a trader can read, sections in the order of the questions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sadari.research.daily.figures import FIGURES
from sadari.research.daily.tables import Row, funnel_table, tables
from sadari.research.layout import (
    NONE_YET,
    count,
    lasting,
    line,
    moment,
    paragraph,
    percent,
    signed,
    table,
    usdt,
)

Section = dict[str, Any]

# A page is for reading; whoever wants every row has the JSON.
ROWS = 20


def text(whole: Section) -> str:
    """The report as text: at most 100 columns, and never a made-up zero."""
    told, other = whole["report"], whole["other"]
    lines = [title(whole), *(row for said in notes(whole) for row in paragraph(said))]
    lines += table(*overview(whole))
    for heading, head, rows in tables(told):
        if rows:
            lines += ["", heading, *table(head, rows[:ROWS])]
            if len(rows) > ROWS:
                lines += paragraph(f"and {count(len(rows) - ROWS, 'more row')}; --json has all of them")
    lines += ["", "Conduct", *conduct(told)]
    if other is not None and other["funnel"]:
        lines += ["", f"Funnel of {other['span']['name']}", *table(*funnel_table(other))]
    lines += ["", *paragraph(checked(whole))]
    for check in whole["checks"]["failed"]:
        lines += paragraph(f"{check['what']}: {check['whole']} is not {check['parts']}", "* ")
    return "\n".join(lines) + "\n"


def title(whole: Section) -> str:
    """What the report is about."""
    span, other = whole["report"]["span"], whole["other"]
    beside = "" if other is None else f" beside {other['span']['name']}"
    return f"{span['kind'].capitalize()} {span['name']} UTC{beside}"


def notes(whole: Section) -> list[str]:
    """What a reader has to know of the journal: how far it goes, and what of the span it has."""
    journal = whole["journal"]
    found = []
    if journal["first"] is None:
        return [f"{journal['name']} has no event yet."]
    if not journal["closed"]:
        found.append(
            f"The journal is being written, or its run was cut short: it is told up to record {journal['records']:,}, "
            f"{moment(journal['last'])}."
        )
    for told in (whole["report"], whole["other"]):
        if told is None:
            continue
        span = told["span"]
        if span["start"] > journal["last"] or span["end"] <= journal["first"]:
            found.append(
                f"Nothing of {span['name']} is in the journal: it goes from {moment(journal['first'])} to "
                f"{moment(journal['last'])}."
            )
        elif not span["complete"]:
            found.append(f"{span['name']} is not over in the journal, which ends at {moment(journal['last'])}.")
    return found


def checked(whole: Section) -> str:
    """The line that says whether the report adds up."""
    asked, failed = whole["checks"]["asked"], len(whole["checks"]["failed"])
    if failed:
        return f"DOES NOT ADD UP: {failed} of {asked} sums are not those of their parts:"
    return f"Checked: all {asked} sums are those of their parts."


def overview(whole: Section) -> tuple[Row, Sequence[Row]]:
    """The figures, beside those of the other span with their difference and change."""
    told, other, changes = whole["report"], whole["other"], whole["changes"]
    if changes is None:
        return ("", told["span"]["kind"]), [
            (figure.title, _shown(told, figure.path, figure.show)) for figure in FIGURES.values()
        ]
    head = ("", other["span"]["name"], told["span"]["name"], "difference", "change")
    rows = []
    for row in changes:
        figure = FIGURES[row["figure"]]
        values = [_or_none(row[which], figure.show) for which in ("other", "day", "difference")]
        if figure.show is percent and row["difference"] is not None:
            values[2] = f"{row['difference'] * 100:+,.2f} points"
        rows.append((figure.title, *values, signed(row["change"])))
    return head, rows


def _shown(told: Section, path: Iterable[str | int], show: Callable[[Any], str]) -> str:
    value: Any = told
    for step in path:
        value = value[step]
    return _or_none(value, show)


def _or_none(value: Any, show: Callable[[Any], str]) -> str:  # noqa: ANN401 - a count, a rate or an amount
    return NONE_YET if value is None else show(value)


def conduct(told: Section) -> list[str]:
    """What is one line each: rates with what they are of, trades, margin, protection, the wallet."""
    results, orders, fills = told["results"], told["orders"], told["fills"]
    rate = percent(results["win_rate"])
    if results["win_rate"] is not None:
        rate += f" ({percent(results['win_rate_low'])} to {percent(results['win_rate_high'])} at 95 %)"
    bare, wallet = told["unprotected"], told["booked"]["wallet"]
    positions = told["positions"]
    rows = [
        *line("Win rate", f"{rate}, of {count(results['ended'] - results['unknown'], 'ended position')} with a result"),
        *line(
            "Fill rate",
            f"{percent(told['signals']['fill_rate'])}, opened of {count(told['signals']['raised'], 'signal')}",
        ),
        *line(
            "", f"{percent(orders['fill_rate'])}, filled of {count(orders['trading_sent'], 'order')} to trade at once"
        ),
        *line(
            "Orders not refused",
            f"{percent(orders['success_rate'])} of those answered; {orders['unanswered']:,} had no answer",
        ),
        *line("Adds", f"{told['signals']['adds_accepted']:,} accepted, {told['signals']['adds_denied']:,} denied"),
        *line("Held", f"{positions['held_at_start']:,} at the start, {positions['held_at_end']:,} at the end"),
        *line(
            "Trades",
            f"{fills['trades']:,} of {count(fills['orders'], 'order')}, {usdt(fills['value'])} USDT turned over",
        ),
        *line(
            "Margin in use", f"{percent(told['margin']['max'])} at most, {percent(told['margin']['mean'])} on average"
        ),
        *line(
            "Without a stop",
            f"{bare['total_s']:.3f} s in {count(bare['spells'], 'spell')}, {bare['longest_s']:.3f} s at the longest",
        ),
        *line(
            "Wallet",
            f"{usdt(wallet['start'])} to {usdt(wallet['end'])} USDT, {usdt(wallet['transfers'])} of it transferred",
        ),
    ]
    if wallet["unexplained"] not in {None, "0"}:
        rows += line("", f"{usdt(wallet['unexplained'])} USDT are not booked in this {told['span']['kind']}")
    if bare["open"]:
        rows += line("", f"without a stop as the journal ends: {', '.join(bare['open'])}")
    if fills["forced"]:
        rows += line(
            "Forced trades", ", ".join(f"{row['symbol']} {row['cause']} {row['qty']}" for row in fills["forced"])
        )
    if told["incidents"]["unsettled"]:
        rows += line(
            "Not settled", ", ".join(f"{row['symbol']} #{row['id']}" for row in told["incidents"]["unsettled"])
        )
    states = told["incidents"]["engine"]["in_state_s"]
    if states:
        rows += line("Engine", ", ".join(f"{name} {lasting(spent)}" for name, spent in states.items()))
    return rows
