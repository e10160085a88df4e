"""Two days beside each other, and sums that are held against their parts."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from sadari.model.order import Direction
from sadari.research.daily.days import Days, Section
from sadari.research.daily.figures import FIGURES, checks, compare, figures
from sadari.research.daily.spans import Span, day_of, week_of
from tests.unit.research.stories import START, D, Scribe

LONG, SHORT = Direction.LONG, Direction.SHORT


def tale() -> Scribe:
    """Two positions, a denied signal and a stop."""
    scribe = Scribe(symbols=("AUSDT", "BUSDT"))
    scribe.signal(1, "AUSDT", LONG, D(100), accepted=False, denial="MAX_POSITIONS")
    scribe.enter(5, "AUSDT", LONG, D(100), D(2))
    scribe.protect(6, "AUSDT", LONG)
    scribe.fund(480, "AUSDT", D("0.1"))
    scribe.exit(500, "AUSDT", LONG, D(103), "HALF_PROFIT")
    scribe.record("AUSDT", LONG, 5, 500, "HALF_PROFIT")
    scribe.trade(600, "BUSDT", SHORT, D(100), D(107), "STOP_LOSS_INITIAL")
    return scribe


def asked(span: Span, told: Section) -> list[str]:
    """The checks of a section that do not hold."""
    kept = Days(tale().records)._ledgers(span)
    return [row["what"] for row in checks(told, kept, span, span.end_ns) if not row["holds"]]


# A number of a report that is another one, and the sum that has to notice.
WRONG: list[tuple[tuple[Any, ...], Any, str]] = [
    (("signals", "raised"), 99, "signals: denied, accepted and undecided"),
    (("signals", "denied"), 99, "denied: the gates"),
    (("gates", 0, "denied"), 99, "denied: the gates"),
    (("signals", "by_direction", 0, "accepted"), 99, "signals by direction: accepted"),
    (("signals", "by_symbol", 0, "opened"), 99, "signals by symbol: opened"),
    (("signals", "by_strategy", 0, "raised"), 99, "signals by strategy: raised"),
    (("hours", 0, "signals"), 99, "by hour: signals"),
    (("hours", 0, "net"), "99", "booked by hour: net"),
    (("positions", "opened"), 99, "opened: the positions"),
    (("positions", "held_at_end"), 99, "held at the end: held before, opened, less over"),
    (("results", "wins"), 99, "ended: won, lost, even and unknown"),
    (("results", "fees"), "99", "net of ended: price, fees and funding"),
    (("results", "by_reason", 0, "net"), "99", "results by reason: net"),
    (("results", "by_strategy", 0, "ended"), 99, "results by strategy: ended"),
    (("rewards", "in_risk", "positions"), 99, "results by planned risk: the bins"),
    (("booked", "net"), "99", "booked: the ledger in double entry"),
    (("booked", "by_symbol", 1, "fees"), "99", "booked by symbol: fees"),
    (("booked", "by_reason", 0, "price"), "99", "booked by reason: price"),
    (("fills", "fees"), "99", "fees booked: the trades"),
    (("orders", "filled"), 99, "orders sent: their fates"),
    (("orders", "refused"), 99, "orders refused: the refusals"),
    (("orders", "by_purpose", 0, "sent"), 99, "orders by purpose: sent"),
    (("unprotected", "spells"), 99, "spells without a stop by symbol: spells"),
]


@pytest.mark.parametrize(("path", "wrong", "what"), WRONG, ids=[".".join(map(str, row[0])) for row in WRONG])
def test_a_number_that_is_another_one_breaks_a_sum(path: tuple[Any, ...], wrong: object, what: str) -> None:
    """Each total and each part is held by a check, which is named."""
    span = day_of(START)
    told = Days(tale().records).of(span)
    assert asked(span, told) == []
    told = copy.deepcopy(told)
    place: Any = told
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = wrong
    assert what in asked(span, told)


@pytest.mark.parametrize("figure", [name for name, figure in FIGURES.items() if figure.adds])
def test_a_day_that_is_another_one_breaks_its_week(figure: str) -> None:
    """The days of a week add up to it, figure by figure."""
    span = week_of(START)
    told = copy.deepcopy(Days(tale().records).of(span))
    assert asked(span, told) == []
    told["days"][0][figure] = "99" if isinstance(told["days"][0][figure], str) else 99
    assert f"{FIGURES[figure].title}: the days" in asked(span, told)


def test_a_change_has_no_meaning_from_zero_or_over_it() -> None:
    """From a loss to a win there is a difference and no share of it; a loss that doubles is up by all of it."""
    told = Days(tale().records).of(day_of(START))

    def change(before: str, after: str) -> tuple[object, object]:
        sections = [copy.deepcopy(told), copy.deepcopy(told)]
        sections[0]["results"]["net"], sections[1]["results"]["net"] = before, after
        row = next(row for row in compare(sections[1], sections[0]) if row["figure"] == "net")
        return row["difference"], row["change"]

    assert change("0", "5") == ("5", None)
    assert change("-5", "5") == ("10", None)
    assert change("-10", "-20") == ("-10", 1.0)
    assert change("0.1", "0.3") == ("0.2", pytest.approx(2.0))


def test_every_figure_is_in_every_report() -> None:
    """Also of a day on which nothing happened."""
    for told in (Days(tale().records).of(day_of(START)), Days([]).of(day_of(START))):
        assert figures(told).keys() == FIGURES.keys()
