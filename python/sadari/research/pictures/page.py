"""One file that a browser opens from the disk: no network, no font, no script from elsewhere.

The summary and the lines travel in it compressed. Every number that the page shows in its text is taken from the summary
and names its place there (``data-key``); the page draws and formats, and calculates nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from importlib.util import find_spec
from typing import Any

import msgspec

from sadari.errors import ConfigError
from sadari.research.book import Book
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
    book = Book(run)
    put_equity(lines, book.equity)
    put_exposure(lines, run.records, prices, book.start_ns, book.end_ns)
    Ladders(tracks_of(run.records), prices, run.settings, book.end_ns).put(ladders)
    parts = {
        "style": asset("page.css"),
        "summary": packed(msgspec.json.encode(embedded(summary))),
        "lines": packed(lines.block()),
        "ladders": packed(ladders.block()),
        "plotly": packed(get_plotlyjs().encode()),
        "scripts": "\n".join(asset(name) for name in SCRIPTS),
    }
    whole = asset("page.html")
    for name, text in parts.items():
        whole = whole.replace(f"<!--{name}-->", text, 1)
    return whole


def embedded(summary: Summary) -> Summary:
    """The summary as the page carries it: positions column by column, single denials left to the JSON."""
    signals = {key: value for key, value in summary["signals"].items() if key != "denials"}
    return {**summary, "signals": signals, "positions": turned(summary["positions"])}
