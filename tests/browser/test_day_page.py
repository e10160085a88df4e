"""The page of a day draws its pictures from its document, in light and in dark, and asks nobody for anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sadari.model.order import Direction
from sadari.model.units import DAY_NS
from sadari.research.daily.document import Source, document
from sadari.research.daily.spans import day_of, week_of
from sadari.research.pictures.day_page import PICTURES, day_page
from sadari.research.shapes import iso
from tests.browser.conftest import Opened
from tests.browser.made_up import HOSTILE, crowd
from tests.unit.research.stories import START, D, Scribe

Open = Callable[..., Opened]

pytestmark = [pytest.mark.xdist_group("browser")]

SOURCE = Source("run.journal", "1", 1, closed=True)


def drawn(shown: Opened) -> list[str]:
    """The pictures that are there."""
    found: list[str] = shown.run(
        "[...document.querySelectorAll('.chart[data-drawn=yes]')].filter(e => e.querySelector('svg')).map(e => e.id)"
    )
    return found


def bars(shown: Opened, picture: str) -> list[dict[str, Any]]:
    """The traces of a picture, by name and values."""
    found: list[dict[str, Any]] = shown.run(
        "id => document.getElementById(id).data.map(t => ({ name: t.name, x: [...t.x], y: [...t.y] }))", picture
    )
    return found


@pytest.mark.parametrize("colors", ["light", "dark"])
def test_every_picture_of_a_day_is_drawn_from_the_document(opened: Open, colors: str) -> None:
    """Signals of every hour are those of the JSON, and all bars are alike wide; nothing is asked for."""
    records = crowd(400, symbols=5, days=20)[0].records
    whole = document(SOURCE, records, day_of(START + 5 * DAY_NS), with_funnel=True)
    shown = opened(day_page(whole), color_scheme=colors)
    assert sorted(drawn(shown)) == sorted(name for _, name in PICTURES)
    hours = bars(shown, "hours-chart")
    assert hours[0]["y"] == [row["signals"] for row in whole["report"]["hours"]]
    assert sum(hours[2]["y"]) == whole["report"]["results"]["ended"] > 0
    wallet = bars(shown, "wallet-chart")
    assert wallet[0]["y"] == [float(row["wallet"]) for row in whole["report"]["hours"]]
    risk = [value for trace in bars(shown, "risk-chart") for value in trace["x"]]
    assert sum(risk) == whole["report"]["rewards"]["in_risk"]["positions"]
    heights = shown.run(
        "[...document.querySelectorAll('#reason-chart .points path')].map(e => Math.round(e.getBBox().height))"
    )
    assert len(heights) == len(whole["report"]["booked"]["by_reason"])
    assert max(heights) - min(heights) <= 1
    assert shown.said == []
    assert len(shown.asked) == 1


def test_a_day_and_a_week_without_anything_are_drawn_too(opened: Open) -> None:
    """Empty pictures say so, and the tables are those of nothing."""
    for span in (day_of(START), week_of(START)):
        whole = document(SOURCE, [], span)
        shown = opened(day_page(whole))
        assert sorted(drawn(shown)) == sorted(name for _, name in PICTURES)
        assert shown.said == []
        assert iso(span.start_ns) == whole["report"]["span"]["start"]


def test_names_that_would_be_markup_are_text(opened: Open) -> None:
    """In tables and in pictures."""
    tale = Scribe(symbols=(HOSTILE,))
    tale.trade(5, HOSTILE, Direction.LONG, D(100), D(103), "HALF_PROFIT")
    shown = opened(day_page(document(SOURCE, tale.records, day_of(START))))
    assert shown.run("document.querySelectorAll('section img, section script').length") == 0
    assert shown.said == []
