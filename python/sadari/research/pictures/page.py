"""One file that a browser opens from the disk: no network, no font, no script from elsewhere.

The summary and the lines travel in it compressed. Every number that the page shows in its text is taken from the
summary and names its place there (``data-key``); the page draws and formats, and calculates nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from importlib.util import find_spec
from typing import Any

import msgspec

from sadari.errors import ConfigError
from sadari.research.book import equity_curve, span
from sadari.research.pictures.columns import Columns, packed, turned
from sadari.research.pictures.ladders import Ladders
from sadari.research.pictures.prices import prices_of
from sadari.research.pictures.series import put_equity, put_exposure
from sadari.research.pictures.tracks import tracks_of
from sadari.research.run_record import Run
from sadari.sensors.signals import Candles

Summary = dict[str, Any]

SCRIPTS = ("read.js", "format.js", "parts.js", "charts.js", "ladder.js", "positions.js", "sections.js", "start.js")
NEEDED = ("numpy", "plotly")
SECONDS = len("2023-07-01T00:00:00")


def check_installed() -> None:
    """Refuse to begin what cannot be drawn.

    Raises:
        ConfigError: A package of the extra ``research`` is missing.
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        names = " and ".join(missing)
        raise ConfigError(f"--html needs {names}, not installed here; they come with: pip install 'sadari[research]'")


def page(run: Run, summary: Summary, candles: Mapping[str, Candles]) -> str:
    """The page of a run.

    Args:
        run: The run.
        summary: What `summarize` made of it, with whatever sections were added.
        candles: The candles of each symbol; positions of a symbol that is not there are listed without a picture.
    """
    from plotly.offline import get_plotlyjs

    assets = files(__package__) / "assets"

    def asset(name: str) -> str:
        return (assets / name).read_text(encoding="utf-8")

    lines, ladders = Columns(), Columns()
    prices = prices_of(candles)
    start_ns, end_ns = span(run)
    put_equity(lines, equity_curve(run))
    put_exposure(lines, run.records, prices, start_ns, end_ns)
    Ladders(tracks_of(run.records), prices, run.settings, end_ns).put(ladders)
    parts = {
        "style": asset("page.css"),
        "summary": packed(msgspec.json.encode(without_rows(summary))),
        "positions": packed(msgspec.json.encode(position_rows(summary))),
        "lines": packed(lines.block()),
        "ladders": packed(ladders.block()),
        "plotly": packed(get_plotlyjs().encode()),
        "scripts": "\n".join(asset(name) for name in SCRIPTS),
    }
    whole = asset("page.html")
    for name, text in parts.items():
        whole = whole.replace(f"<!--{name}-->", text, 1)
    return whole


def without_rows(summary: Summary) -> Summary:
    """The summary without its positions, which travel on their own, and without single denials and their shadows."""
    kept = {key: value for key, value in summary.items() if key != "positions"}
    for section, rows in (("signals", "denials"), ("funnel", "shadows")):
        if isinstance(kept.get(section), dict):
            kept[section] = {key: value for key, value in kept[section].items() if key != rows}
    return kept


def position_rows(summary: Summary) -> Summary:
    """Positions, and the parts of all of them, column by column; of the ends the seconds are the last digits."""
    rows = [{**row, "closed": _second(row["closed"]), "parts": len(row["parts"])} for row in summary["positions"]]
    parts = [{**part, "time": _second(part["time"])} for row in summary["positions"] for part in row["parts"]]
    return {"positions": turned(rows), "parts": turned(parts)}


def _second(stamp: str | None) -> str | None:
    return None if stamp is None else stamp[:SECONDS].rstrip("Z") + "Z"
