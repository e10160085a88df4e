"""The page says what the JSON says, draws what it promises, and asks nobody for anything."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from sadari.cli.main import main
from sadari.research import layout
from sadari.research.pictures.page import page
from sadari.research.report import Summary, summarize
from sadari.research.run_record import Run
from sadari.store.candles import CandleColumns
from tests.browser.conftest import Opened
from tests.browser.made_up import HOSTILE, candles, caused, crowd, small
from tests.unit.research.stories import Scribe

Open = Callable[..., Opened]
Record = Callable[[str, object], None]

pytestmark = [pytest.mark.xdist_group("browser")]

LIMIT = 5_000_000
DRAWN = ("equity-chart", "exposure-chart", "funnel-chart", "symbol-chart", "reason-chart")
WORDS = {"not known", "-", "not defined", "no loss", "no win", "still open", "none"}


def gain(value: str | float | None) -> str:
    """An amount that shows its sign."""
    return ("+" if value is not None and Decimal(str(value)) > 0 else "") + layout.usdt(value)


# How the text report writes what a page names; the page has to agree with it letter by letter.
WRITTEN: dict[str, Callable[[Any], str]] = {
    "usdt": layout.usdt,
    "gain": gain,
    "price": lambda value: layout.price(str(value)),
    "percent": layout.percent,
    "signed": layout.signed,
    "ratio": layout.ratio,
    "count": lambda value: f"{value:,}",
    "moment": layout.moment,
    "lasting": layout.lasting,
    "text": lambda value: ("yes" if value else "no") if isinstance(value, bool) else str(value),
}


def looked_up(whole: Any, key: str) -> Any:
    """What a summary has at a place."""
    for name in key.split("."):
        step = name.replace("%2E", ".").replace("%25", "%")
        whole = whole[int(step)] if isinstance(whole, list) else whole[step]
    return whole


def compare(shown: Opened, summary: Summary) -> int:
    """Hold every number on the page against the summary; returns how many there are."""
    found = shown.run(
        "[...document.querySelectorAll('[data-key]')].map(e => [e.dataset.key, e.dataset.as, e.textContent])"
    )
    for key, how, text in found:
        value = looked_up(summary, key)
        if value is None or value == "":
            assert text in WORDS, (key, text)
        elif how == "numeral":
            assert float(text.replace(",", "")) == pytest.approx(value, rel=1e-3), key
        else:
            assert text == WRITTEN[how](value), (key, how, value)
    return len(found)


def drawn(run: Run, *symbols: str, **more: object) -> tuple[str, Summary]:
    """The page of a run, and its summary as the JSON has it."""
    summary = {**summarize(run), **more}
    made: dict[str, CandleColumns] = {symbol: candles(symbol, 2) for symbol in symbols}
    return page(run, summary, made), json.loads(json.dumps(summary))


def everything(shown: Opened) -> None:
    """Scroll through the page, so that what is drawn late is drawn."""
    shown.run("document.querySelectorAll('.chart').forEach(e => e.scrollIntoView())")
    shown.wait("[...document.querySelectorAll('.chart')].every(e => e.dataset.drawn === 'yes')")


def test_every_number_of_a_real_run_is_that_of_the_json(opened: Open, tmp_path: Path) -> None:
    """A demo is written as page and as JSON at once; some positions are looked at, pages of the table turned."""
    html, file = tmp_path / "demo.html", tmp_path / "demo.json"
    assert (
        main(
            [
                "demo",
                "--backtest",
                "--symbols",
                "4",
                "--days",
                "40",
                "--quiet",
                "--html",
                str(html),
                "--json",
                str(file),
            ]
        )
        == 0
    )
    summary = json.loads(file.read_text("utf-8"))
    shown = opened(html)
    everything(shown)
    assert compare(shown, summary) > 200
    shown.page.get_by_role("button", name="Net, USDT").click()
    for row in range(3):
        shown.page.locator("#list tbody tr").nth(row).click()
        shown.wait("document.querySelector('#ladder-chart')?.dataset.drawn === 'yes'")
        compare(shown, summary)
    assert (shown.said, shown.asked) == ([], [html.as_uri()])
    worth, fall = shown.run("document.getElementById('equity-chart').data.map(trace => Array.from(trace.y))")
    assert worth[-1] == pytest.approx(float(summary["result"]["equity_end"]), abs=0.01)
    assert min(fall) == pytest.approx(summary["statistics"]["max_drawdown"]["fraction"], abs=1e-6)


@pytest.mark.parametrize("unknown", [(), ("AUSDT", "BUSDT")], ids=["known", "unknown funding"])
def test_a_page_is_whole_and_draws_every_chart(opened: Open, unknown: tuple[str, ...]) -> None:
    """Each chart holds lines or bars; nothing is said on the console; nothing is asked of any network."""
    html, summary = drawn(small(unknown=unknown).run(), "AUSDT", "BUSDT")
    shown = opened(html)
    everything(shown)
    for chart in (*DRAWN, "ladder-chart"):
        marks = f"#{chart} .trace path, #{chart} .scatterlayer path, #{chart} .barlayer path, #{chart} .js-line"
        assert shown.run("marks => document.querySelectorAll(marks).length", marks) > 0, chart
    compare(shown, summary)
    assert shown.said == []
    assert len(shown.asked) == 1
    funding = shown.run("document.querySelector('#headline [data-key=\"result.funding\"]').textContent")
    assert funding == ("not known" if unknown else "-0.25")


def test_a_chosen_position_shows_each_of_its_fills(opened: Open) -> None:
    """By click and by key; a long that bought twice and sold twice has four markers, a short that sold once has two."""
    shown = opened(drawn(small().run(), "AUSDT", "BUSDT")[0])
    rows = shown.page.locator("#list tbody tr")
    expected = {0: 4, 1: 2}
    for row, fills in expected.items():
        if row:
            rows.nth(0).press("ArrowDown")
        else:
            rows.nth(0).click()
        shown.wait(f"document.querySelector('#ladder').dataset.position === '{row}'")
        shown.wait("document.querySelector('#ladder-chart')?.dataset.drawn === 'yes'")
        assert shown.run("document.querySelectorAll('#ladder-chart .scatterlayer .points path').length") == fills
    texts = shown.run(
        "document.getElementById('ladder-chart').data.filter(t => t.meta === 'fills').flatMap(t => t.text)"
    )
    assert [text.split("<br>")[:2] for text in texts] == [["entry", "sold 1 at 100"], ["tick", "bought 1 at 101"]]


def test_a_ladder_is_what_the_records_say(opened: Open) -> None:
    """Average, stop, resting stop, planned rungs and the candles of the whole stretch, at their prices and times."""
    shown = opened(drawn(small().run(), "AUSDT", "BUSDT")[0])
    traces = {trace["name"]: trace for trace in shown.run(
        "document.getElementById('ladder-chart').data.map(t => ({name: t.name, x: t.x, y: t.y, open: t.open}))"
    )}  # fmt: skip
    assert traces["Average"]["y"] == [100, 100, 98.5, 98.5, 98.5, 98.5][: len(traces["Average"]["y"])]
    assert traces["Effective stop"]["y"] == [90, 90, 91.605, 91.605]
    assert traces["Resting outer wall"]["y"][:2] == [89.5, 89.5]
    assert traces["add 1 planned and armed"]["y"] == [97, 97]
    assert traces["add 2 planned"]["y"] == [94, 94]
    assert traces["Average"]["x"][0] == "2023-07-02T01:00:00.000"


def test_the_candles_of_a_ladder_are_those_of_the_market(opened: Open) -> None:
    """The long is held from minute 60 to 600; with a quarter of that around it, candles of five minutes fit."""
    shown = opened(drawn(small().run(), "AUSDT", "BUSDT")[0])
    drawing = "document.getElementById('ladder-chart').data[0]"
    trace = shown.run(f"['x', 'open', 'high', 'low', 'close'].map(name => {drawing}[name])")
    market = candles("AUSDT", 2)
    expected = [
        (market.open[at], max(market.high[at : at + 5]), min(market.low[at : at + 5]), market.close[at + 4])
        for at in range(0, 740, 5)
    ]
    assert list(zip(*trace[1:], strict=True)) == expected
    # A candle stands at the middle of its time.
    assert trace[0][:2] == ["2023-07-02T00:02:30.000", "2023-07-02T00:07:30.000"]
    assert "Candles of 5 min" in shown.page.inner_text("#ladder")


@pytest.mark.parametrize("symbols", [(), ("AUSDT",)], ids=["no candles handed over", "with candles"])
def test_a_run_without_positions_has_a_page(opened: Open, symbols: tuple[str, ...]) -> None:
    """Nothing was traded, and the page says so."""
    html, summary = drawn(Scribe().run(), *symbols)
    shown = opened(html)
    everything(shown)
    assert "No position was opened." in shown.page.inner_text("#list")
    assert compare(shown, summary) > 50
    assert shown.said == []


def test_one_open_position_is_shown_to_the_end_of_the_data(opened: Open) -> None:
    """It has no end and no reason, and its ladder is drawn."""
    tale = Scribe()
    tale.enter(60, "AUSDT", small().run().records[0].direction, Decimal(100), Decimal(4))  # type: ignore[union-attr]
    html, summary = drawn(tale.run(), "AUSDT")
    shown = opened(html)
    everything(shown)
    assert "still open" in shown.page.inner_text("#list")
    assert "The stop over time is not known." in shown.page.inner_text("#ladder")
    compare(shown, summary)
    assert shown.said == []


def test_hostile_text_stays_text(opened: Open) -> None:
    """A symbol, a reason and a cause that look like markup are shown as they are, in tables and in charts."""
    run = caused(small(symbol=HOSTILE, cause=HOSTILE).run(assumptions=[HOSTILE]), HOSTILE)
    html, summary = drawn(run, HOSTILE, "BUSDT", ledger={HOSTILE: [{HOSTILE: HOSTILE, "amount": "1.5"}]})
    shown = opened(html)
    everything(shown)
    compare(shown, summary)
    assert HOSTILE in shown.page.inner_text("#ladder")
    assert shown.run("[typeof window.hacked, document.images.length]") == ["undefined", 0]
    assert shown.said == []


@pytest.mark.parametrize("nested", [False, True], ids=["rows", "rows in a section"])
def test_sections_that_the_page_does_not_know_are_shown_as_tables(opened: Open, nested: bool) -> None:
    """And the counterfactual funnel has a table of its own, with and without an interval."""
    row = {"signals": 9, "episodes": 3, "followed": 8, "open": 1, "not_followed": 1, "mean": "-2.5"}
    gates = [
        {"gate": "MAX_POSITIONS", **row, "net": "-20.5", "interval": [-4.1, 1.2], "saved": "20.5"},
        {"gate": "COOLDOWN_ACTIVE", **row, "net": "3", "interval": None, "saved": "-3", "not_followed": {"HOLE": 2}},
    ]
    funnel = {"gates": gates, "shadows": [{"symbol": "AUSDT", "reason": "a shadow of its own"}]}
    surge = {
        "conditions": [{"name": "volume", "failed": 12, "share": 0.25, "alone": {"S1": 3}}],
        "verdicts": 4,
        "mean": 0.123456,
    }
    html, summary = drawn(small().run(), "AUSDT", "BUSDT", funnel=funnel if nested else gates, surge=surge)
    shown = opened(html)
    everything(shown)
    compare(shown, summary)
    assert "-4.10 to 1.20" in shown.page.inner_text("#signals")
    assert "HOLE 2" in shown.page.inner_text("#signals")
    told = {key: shown.page.inner_text(f"#more-surge [data-key='surge.{key}']") for key in (
        "conditions.0.failed", "conditions.0.share", "conditions.0.alone.S1", "verdicts", "mean",
    )}  # fmt: skip
    assert list(told.values()) == ["12", "25.00 %", "3", "4", "0.1235"]


def test_the_table_is_searched_sorted_and_paged(opened: Open) -> None:
    """All by controls that a keyboard reaches."""
    run, market = crowd(120, symbols=4, days=10)
    shown = opened(page(run, summarize(run), market))
    count = shown.page.locator(".bar.below span")
    assert count.inner_text() == "1 to 15 of 120"
    shown.page.get_by_role("button", name="Later").press("Enter")
    assert count.inner_text() == "16 to 30 of 120"
    shown.page.get_by_role("searchbox").fill("s1usdt")
    shown.wait("document.querySelector('.bar.below span').textContent === '1 to 15 of 30'")
    head = shown.page.get_by_role("button", name="Net, USDT")
    head.press("Enter")
    nets = shown.run("[...document.querySelectorAll('#list [data-key$=\".net\"]')].map(e => e.dataset.key)")
    values = [Decimal(looked_up(summarize(run), key)) for key in nets]
    assert values == sorted(values)
    shown.page.get_by_role("searchbox").fill("nothing like this")
    shown.wait("document.querySelector('.bar.below span').textContent === 'none found'")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_a_page_fits_its_window(opened: Open, width: int, scheme: str) -> None:
    """Nothing sticks out sideways, on a phone or on a laptop, light or dark."""
    html, _ = drawn(small().run(), "AUSDT", "BUSDT")
    shown = opened(html, viewport={"width": width, "height": 844}, color_scheme=scheme)
    everything(shown)
    assert shown.run("document.documentElement.scrollWidth") <= width
    dark = shown.run("getComputedStyle(document.body).backgroundColor") == "rgb(18, 22, 27)"
    assert dark == (scheme == "dark")


def test_numbers_are_written_as_in_the_text_report(opened: Open) -> None:
    """Ties, tiny and huge numbers, negative zeros and two thousand by chance."""
    chance = random.Random(3)
    floats = [0.0, -0.0, 0.125, 0.00125, -0.00125, 2.675, 0.005, 1e-9, 123456.785, -0.00004, 1 / 3, 5e-324, 1e15]
    floats += [chance.gauss(0, 1) * 10 ** chance.randint(-6, 9) for _ in range(2_000)]
    texts = [
        "0",
        "0.005",
        "-0.005",
        "0.0049",
        "0.00001",
        "-0.0000012345",
        "123456789012.345",
        "0.015",
        "0.025",
        "-1.005",
    ]
    texts += [f"{Decimal(chance.randint(-(10**12), 10**12)).scaleb(-chance.randint(0, 14)):f}" for _ in range(2_000)]
    shown = opened(drawn(Scribe().run())[0])
    for how, values in (
        ("usdt", [*texts, *floats]), ("gain", texts), ("price", texts), ("percent", floats), ("signed", floats),
        ("ratio", floats), ("lasting", [abs(value) for value in floats if 1e-3 < abs(value) < 1e9]),
    ):  # fmt: skip
        found = shown.run("([how, values]) => values.map(value => Format[how](value))", [how, values])
        wrong = [(value, text) for value, text in zip(values, found, strict=True) if text != WRITTEN[how](value)]
        assert not wrong, (how, wrong[:5], WRITTEN[how](wrong[0][0]))


def test_without_a_decompressor_the_page_says_what_it_lacks(browser: Browser, tmp_path: Path) -> None:
    """An old browser gets a sentence, not an empty page."""
    file = tmp_path / "old.html"
    file.write_text(drawn(Scribe().run())[0], encoding="utf-8")
    old = browser.new_page()
    old.add_init_script("delete window.DecompressionStream")
    old.goto(file.as_uri())
    assert "DecompressionStream" in old.inner_text("#trouble")
    old.close()


def test_ten_thousand_positions_are_one_page_under_five_megabytes(opened: Open, record_property: Record) -> None:
    """The size is held; how long it takes from the start of loading to the first chart is recorded."""
    run, market = crowd(10_000)
    summary = summarize(run)
    html = page(run, summary, market)
    size = len(html.encode())
    assert len(summary["positions"]) == 10_000
    assert size < LIMIT
    shown = opened(html)
    seconds = float(shown.run("document.documentElement.dataset.opened")) / 1000
    record_property("figure", f"page over 10,000 positions: {size / 1e6:.2f} MB, first chart after {seconds:.2f} s")
    line = shown.page.locator("#list tbody tr").nth(7)
    line.click()
    shown.wait(f"document.querySelector('#ladder').dataset.position === '{line.get_attribute('data-row')}'")
    assert compare(shown, json.loads(json.dumps(summary))) > 200
    assert shown.said == []
