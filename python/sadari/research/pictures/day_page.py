"""The report of a day as one file for a browser: tables that need no script, and pictures where Plotly is installed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from importlib.util import find_spec
from typing import Any

import msgspec

from sadari.research.daily.tables import tables
from sadari.research.daily.text import checked, conduct, notes, overview, title
from sadari.research.pictures.columns import packed

Section = dict[str, Any]

SCRIPTS = ("read.js", "format.js", "parts.js", "charts.js", "day.js")
PLAIN = "There are no pictures: Plotly is not installed here; it comes with pip install 'sadari[research]'."
PICTURES = (
    ("Signals and positions by hour", "hours-chart"),
    ("Wallet, margin in use and what was booked, by hour", "wallet-chart"),
    ("Denied by gate", "gates-chart"),
    ("Results by planned risk", "risk-chart"),
    ("Booked by symbol", "symbol-chart"),
    ("Booked by reason", "reason-chart"),
)


def day_page(whole: Section) -> str:
    """The page of a document.

    Its tables have every row that the text report has, and all of those that it leaves out.
    """
    assets = files(__package__) / "assets"
    drawn = find_spec("plotly") is not None
    told, other = whole["report"], whole["other"]
    found = [_section("Conduct", _lines(conduct(told)))]
    found += [_section(heading, _table(head, rows)) for heading, head, rows in tables(told) if rows]
    if other is not None:
        name = other["span"]["name"]
        found.append(_section(f"Conduct of {name}", _lines(conduct(other))))
        found += [_section(f"{heading}, {name}", _table(head, rows)) for heading, head, rows in tables(other) if rows]
    parts = {
        "title": escape(title(whole)),
        "style": (assets / "page.css").read_text(encoding="utf-8"),
        "notes": "".join(f'<p class="note">{escape(said)}</p>' for said in notes(whole)),
        "checked": _checked(whole),
        "overview": _section("Figures", _table(*overview(whole))),
        "pictures": _pictures() if drawn else f'<p class="note" id="no-pictures">{escape(PLAIN)}</p>',
        "tables": "\n".join(found),
        "scripts": _scripts(whole) if drawn else "",
    }
    page = (assets / "day.html").read_text(encoding="utf-8")
    for name, text in parts.items():
        page = page.replace(f"<!--{name}-->", text)
    return page


def _checked(whole: Section) -> str:
    failed = [f"{row['what']}: {row['whole']} is not {row['parts']}" for row in whole["checks"]["failed"]]
    rows = "".join(f"<li>{escape(row)}</li>" for row in failed)
    listed = f'<ul class="said">{rows}</ul>' if rows else ""
    return f'<p class="{"trouble" if failed else "note"}" id="checked">{escape(checked(whole))}</p>{listed}'


def _section(heading: str, body: str) -> str:
    return f"<section><h2>{escape(heading)}</h2>{body}</section>"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    cells = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    body = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in row[1:])}</tr>'
        for row in rows
    )
    return f'<div class="scroll"><table><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table></div>'


def _lines(lines: Iterable[str]) -> str:
    return f'<pre class="scroll">{escape(chr(10).join(lines))}</pre>'


def _pictures() -> str:
    return "\n".join(
        _section(heading, f'<div class="chart" id="{name}" role="img" aria-label="{escape(heading)}"></div>')
        for heading, name in PICTURES
    )


def _scripts(whole: Section) -> str:
    from plotly.offline import get_plotlyjs

    assets = files(__package__) / "assets"
    blocks = {"summary": msgspec.json.encode(whole), "plotly": get_plotlyjs().encode()}
    carried = "\n".join(
        f'<script type="text/plain" id="packed-{name}">{packed(block)}</script>' for name, block in blocks.items()
    )
    scripts = "\n".join((assets / name).read_text(encoding="utf-8") for name in SCRIPTS)
    return f"{carried}\n<script>\n{scripts}\n</script>"
