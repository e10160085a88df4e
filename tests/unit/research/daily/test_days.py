"""One day of a run, and how it differs from another. Source: requirements R003-39, R003-40, R003-2."""

from __future__ import annotations

import pytest

from sadari.model.units import DAY_NS
from sadari.research.daily.days import Days
from sadari.research.daily.document import Source, document
from sadari.research.daily.figures import compare
from sadari.research.daily.spans import day_of, week_of
from sadari.research.daily.text import text
from tests.unit.research.stories import START, Scribe, two_days


@pytest.fixture(scope="module")
def scribe() -> Scribe:
    """Two days with the counts of R003-39: 410 signals and 17 fills, then 555 and 10."""
    return two_days()


@pytest.fixture(scope="module")
def days(scribe: Scribe) -> Days:
    """The same, read."""
    return Days(scribe.records)


BEFORE, AFTER = day_of(START), day_of(START + DAY_NS)
NAMED = Source("run.journal", "1", 1, closed=True)

# The counts of both days as requirement R003-39 has them, and the change that it names.
R003_39 = [
    ("signals", 410, 555, 35.4),
    ("denied", 393, 545, 38.7),
    ("filled", 17, 10, -41.2),
    ("mean_rr", 0.26, 0.35, 34.6),
    ("positions_at_once", 5, 3, -40.0),
]


@pytest.mark.requirement("R003-39", "R003-2")
@pytest.mark.parametrize(("figure", "before", "after", "change"), R003_39)
def test_day_over_day_the_changes_are_those_of_the_counts(
    days: Days, figure: str, before: float, after: float, change: float
) -> None:
    """Every row of the comparison, to the tenth of a percent."""
    row = next(row for row in compare(days.of(AFTER), days.of(BEFORE)) if row["figure"] == figure)
    assert (row["other"], row["day"]) == (pytest.approx(before, abs=1e-12), pytest.approx(after, abs=1e-12))
    assert row["difference"] == pytest.approx(after - before, abs=1e-12)
    assert round(100 * row["change"], 1) == change


@pytest.mark.requirement("R003-18", "R003-39", "R003-49")
def test_rates_of_the_two_days_are_of_all_signals(days: Days) -> None:
    """95.9 % and 98.2 % denied, 4.1 % and 1.8 % filled: always of what was raised, never of what was denied."""
    told = [days.of(BEFORE)["signals"], days.of(AFTER)["signals"]]
    assert [round(100 * one["denied_rate"], 1) for one in told] == [95.9, 98.2]
    assert [round(100 * one["fill_rate"], 1) for one in told] == [4.1, 1.8]


@pytest.mark.requirement("R003-39", "R003-4")
def test_the_directions_of_the_two_days_are_told_beside_each_other(days: Days) -> None:
    """LONG on the first day, SHORT on the second; a direction without anything has its zero."""
    rows = {row["figure"]: (row["other"], row["day"]) for row in compare(days.of(AFTER), days.of(BEFORE))}
    assert (rows["signals_long"], rows["signals_short"]) == ((410, 0), (0, 555))
    assert (rows["filled_long"], rows["filled_short"]) == ((17, 0), (0, 10))


@pytest.mark.requirement("R003-39", "R003-40")
def test_each_direction_and_symbol_has_its_own_section(days: Days) -> None:
    """What has ended is told by both, and what was raised too."""
    after = days.of(AFTER)
    assert [(row["name"], row["ended"]) for row in after["results"]["by_direction"]] == [("SHORT", 10)]
    assert [row["name"] for row in after["results"]["by_symbol"]] == [f"S{number}USDT" for number in range(10)]
    raised = {row["name"]: (row["raised"], row["denied"]) for row in after["signals"]["by_symbol"]}
    assert raised["AUSDT"] == (545, 545)
    assert raised["S0USDT"] == (1, 0)


@pytest.mark.requirement("R003-2")
def test_a_win_rate_is_over_ended_positions_and_a_fill_rate_over_signals(days: Days) -> None:
    """They have nothing to do with each other, and neither with orders that are filled."""
    after = days.of(AFTER)
    assert (after["results"]["ended"], after["results"]["wins"], after["results"]["win_rate"]) == (10, 5, 0.5)
    assert after["signals"]["fill_rate"] == 10 / 555
    assert (after["orders"]["trading_sent"], after["orders"]["fill_rate"]) == (20, 1.0)


@pytest.mark.requirement("R003-53")
def test_a_week_is_the_sum_of_its_days_and_its_report_is_the_same_again(days: Days, scribe: Scribe) -> None:
    """The first day is a Sunday, so that its week has the one, and the next week the other."""
    first, second = days.of(week_of(START)), days.of(week_of(START + DAY_NS))
    assert (first["span"]["name"], second["span"]["name"]) == ("2023-W26", "2023-W27")
    assert [row["signals"] for row in first["days"]] == [0, 0, 0, 0, 0, 0, 410]
    assert second["signals"]["raised"] == 555
    again = Days(list(scribe.records))
    assert again.of(week_of(START)) == first
    assert all(check["holds"] for check in first["checks"] + second["checks"])


def test_a_day_without_anything_has_no_rates(days: Days) -> None:
    """Nothing is divided by zero and nothing made up."""
    empty = days.of(day_of(START + 9 * DAY_NS))
    signals, results = empty["signals"], empty["results"]
    assert (signals["raised"], signals["fill_rate"], results["win_rate"]) == (0, None, None)
    assert (empty["positions"]["at_once"], empty["rewards"]["in_risk"]["mean"], empty["margin"]["max"]) == (
        0,
        None,
        None,
    )
    assert all(check["holds"] for check in empty["checks"])
    assert all(row["change"] in {None, -1.0} for row in compare(empty, days.of(BEFORE)))


def test_the_page_names_both_days_the_change_and_that_the_sums_hold(scribe: Scribe) -> None:
    """Side by side, no line wider than a page."""
    page = text(document(NAMED, scribe.records, AFTER, BEFORE, with_funnel=True))
    assert page.startswith("Day 2023-07-03 UTC beside 2023-07-02")
    assert "+35.37 %" in page
    assert "RR_BELOW_MINIMUM" in page
    assert "sums are those of their parts." in page
    assert max(map(len, page.splitlines())) <= 100


def test_the_page_of_a_day_that_the_journal_does_not_have_says_so(scribe: Scribe) -> None:
    """With the days that it has; and one that is not over is told to be so."""
    page = text(document(NAMED, scribe.records, day_of(START - 5 * DAY_NS)))
    assert "Nothing of 2023-06-27 is in the journal: it goes from 2023-07-02 00:00" in page
    assert "2023-07-03 is not over in the journal, which ends at" in text(document(NAMED, scribe.records, AFTER))


@pytest.mark.requirement("R003-39")
def test_the_funnel_loses_signals_gate_by_gate_and_then_to_the_market(days: Days) -> None:
    """Of 555 signals 545 stop at the gate, ten are filled and end, five are won."""
    rows = days.of(AFTER, with_funnel=True)["funnel"]
    assert [(row["stage"], row["left"], row["lost"]) for row in rows] == [
        ("RAISED", 555, 0),
        ("RR_BELOW_MINIMUM", 10, 545),
        ("DECIDED", 10, 0),
        ("FILLED", 10, 0),
        ("ENDED", 10, 0),
        ("WON", 5, 5),
    ]
    assert rows[1]["of_all"] == 10 / 555
    assert rows[-1]["of_before"] == 0.5
