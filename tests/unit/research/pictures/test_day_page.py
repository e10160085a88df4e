"""The page of a day has every table, with Plotly and without it, and nothing that came with the market is markup."""

from __future__ import annotations

import builtins
import importlib.util
from typing import Any

import pytest

from sadari.model.order import Direction
from sadari.research.daily.document import Source, document
from sadari.research.daily.spans import day_of
from sadari.research.pictures import day_page as pages
from sadari.research.pictures.day_page import PICTURES, PLAIN, day_page
from tests.unit.research.stories import START, D, Scribe

HOSTILE = "<img src=x>USDT"


def whole() -> dict[str, Any]:
    """The document of a day with one position of a symbol that would be markup."""
    tale = Scribe(symbols=(HOSTILE,))
    tale.trade(5, HOSTILE, Direction.LONG, D(100), D(103), "HALF_PROFIT")
    return document(Source("run.journal", "1", 9, closed=True), tale.records, day_of(START), with_funnel=True)


def without_plotly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plotly is nowhere to be found, nor imported."""
    real = builtins.__import__

    def imported(name: str, *rest: Any) -> Any:
        assert not name.startswith("plotly")
        return real(name, *rest)

    monkeypatch.setattr(pages, "find_spec", lambda name: None if name == "plotly" else importlib.util.find_spec(name))
    monkeypatch.setattr(builtins, "__import__", imported)


def test_with_plotly_there_is_a_place_for_each_picture() -> None:
    """And all that they are drawn from is inside the file."""
    page = day_page(whole())
    assert all(f'id="{name}"' in page for _, name in PICTURES)
    assert 'id="packed-plotly"' in page
    assert "default-src 'none'" in page
    assert "http://" not in page


def test_without_plotly_the_tables_come_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """No script at all, and every table that the other page has."""
    drawn = day_page(whole())
    without_plotly(monkeypatch)
    plain = day_page(whole())
    assert PLAIN.split(":", maxsplit=1)[0] in plain
    assert "<script" not in plain
    assert "<!--" not in plain
    assert plain.count("<table>") == drawn.count("<table>") > 10
    assert "sums are those of their parts" in plain


def test_a_name_is_never_markup() -> None:
    """Neither in a table nor in what the pictures are drawn from."""
    page = day_page(whole())
    assert HOSTILE not in page
    assert "&lt;img src=x&gt;USDT" in page


def test_sums_that_fail_are_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the top of the page, each with both of its numbers."""
    without_plotly(monkeypatch)
    told = whole()
    told["checks"]["failed"] = [{"what": "booked", "holds": False, "whole": "1", "parts": "2"}]
    page = day_page(told)
    assert 'class="trouble" id="checked">DOES NOT ADD UP' in page
    assert "<li>booked: 1 is not 2</li>" in page
