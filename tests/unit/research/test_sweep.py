"""Many settings side by side: the order, what it is worth, and the page that says so."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.model.order import Direction
from sadari.research import sweep
from sadari.research.metrics import rank_correlation
from sadari.research.report import Summary, summarize
from tests.unit.research.stories import D, Scribe

PERIODS = (
    {"start": "2025-01-01T00:00:00Z", "end": "2025-01-08T00:00:00Z"},
    {"start": "2025-01-08T00:00:00Z", "end": "2025-01-11T00:00:00Z"},
)


def told(leave: int | None) -> Summary:
    """A run of one trade, bought at 100 and sold at a price, or of none."""
    tale = Scribe()
    if leave is not None:
        tale.trade(0, "AUSDT", Direction.LONG, D(100), D(leave), "HALF_PROFIT", hold=10)
    return summarize(tale.run())


def compared(*pairs: tuple[int, int], sort: str = "return", **others: Any) -> dict[str, Any]:
    """A sweep of one setting, each value with its selling price in-sample and out-of-sample."""
    rows = [sweep.row({"signal.fast": number}, told(a), told(b)) for number, (a, b) in enumerate(pairs, 1)]
    return sweep.compare(rows, others.get("skipped", ()), sort, *PERIODS)


def order(found: dict[str, Any]) -> list[int]:
    """The values in the order of the rows."""
    return [row["values"]["signal.fast"] for row in found["rows"]]


@pytest.mark.requirement("R004-45")
def test_rows_are_sorted_by_what_was_seen_and_judged_by_what_was_not() -> None:
    """The best in-sample is the worst out-of-sample: place three of three, and the opposite order."""
    found = compared((105, 103), (120, 101), (90, 110))
    assert order(found) == [2, 1, 3]
    assert found["best_out_of_sample_place"] == 3
    assert found["rank_correlation"] == pytest.approx(-1)
    assert (found["combinations"], found["tried"], found["compared"]) == (3, 3, 3)


def test_a_row_holds_the_figures_of_its_two_runs() -> None:
    """Those of the summaries, each in its half."""
    (row,) = compared((120, 90))["rows"]
    within, beyond = told(120), told(90)
    for half, summary in (("in_sample", within), ("out_of_sample", beyond)):
        assert row[half]["return"] == summary["result"]["return"]
        assert row[half]["win_rate"] == summary["statistics"]["win_rate"]
        assert row[half]["risk_adjusted_return"] == summary["statistics"]["risk_adjusted_return"]


def figures(name: str, value: float | None) -> dict[str, Any]:
    """One half of a row with one figure that matters."""
    plain = {"closed": 1, "return": 0.0, "max_drawdown": 0.0, "risk_adjusted_return": 0.0, "win_rate": None}
    return {**plain, name: value}


@pytest.mark.parametrize(("sort", "name"), sweep.FIGURES.items())
def test_more_is_better_and_what_is_not_known_comes_last(sort: str, name: str) -> None:
    """A drawdown is negative, so that the smallest is the largest; equals stay in the order tried."""
    values = [-0.3, None, -0.1, -0.1, 0.0]
    rows = [
        {"values": {"a.b": number}, "in_sample": figures(name, value), "out_of_sample": figures(name, 0.5)}
        for number, value in enumerate(values)
    ]
    found = sweep.compare(rows, (), sort, *PERIODS)
    assert [row["values"]["a.b"] for row in found["rows"]] == [4, 2, 3, 0, 1]
    assert (found["compared"], found["rank_correlation"]) == (4, None)
    assert "cannot be told" in " ".join(sweep.text(found, 5).split())


def test_the_page_says_how_many_were_tried_and_what_that_means() -> None:
    """Nobody takes the best row for a promise; what was not run is named with its reason."""
    skipped = [({"signal.fast": 90, "ladder.dca_trigger": [D("0.03"), D("0.06")]}, "too slow")]
    page = " ".join(sweep.text(compared((105, 103), (120, 101), (90, 110), skipped=skipped), 20).split())
    assert "3 combinations tried: the best of many looks good by luck alone, and is no promise." in page
    assert "Out of sample the first row is number 3 of 3 by return." in page
    assert "rank correlation of return in sample and out of sample is -1.00" in page
    assert "In sample 2025-01-01 00:00 to 2025-01-08 00:00, out of sample to 2025-01-11 00:00" in page
    assert "Not run: signal.fast=90, ladder.dca_trigger=[0.03,0.06]: too slow" in page


def test_the_page_shows_the_best_rows_only_and_counts_the_others() -> None:
    """All of them are in the JSON."""
    found = compared((105, 103), (120, 101), (90, 110), skipped=[({"signal.fast": n}, "why") for n in range(12)])
    lines = sweep.text(found, 1).splitlines()
    assert [line.split()[:2] for line in lines[1:3]] == [["fast", "trades"], ["1", "2"]]
    assert lines[3].strip() == "and 2 more in the JSON"
    assert lines[-1].strip() == "and 2 more not run, in the JSON"


def test_keys_of_the_same_name_keep_their_sections() -> None:
    """Where the bare name leaves a doubt."""
    rows = [sweep.row({"signal.fast": 1, "other.fast": 2, "ladder.stop_ratchet": True}, told(None), told(None))]
    head, line = sweep.text(sweep.compare(rows, (), "return", *PERIODS), 1).splitlines()[1:3]
    assert head.split()[:3] == ["signal.fast", "other.fast", "stop_ratchet"]
    assert line.split()[:4] == ["1", "1", "2", "true"]


@pytest.mark.parametrize(("pairs", "rho"), [
    ([(1, 10), (2, 20), (3, 30)], 1.0),
    ([(1, 30), (2, 20), (3, 10)], -1.0),
    # Squares of rank differences sum to 194 over 10 pairs: 1 - 6 * 194 / 990.
    (list(zip(
        (86, 97, 99, 100, 101, 103, 106, 110, 112, 113), (2, 20, 28, 27, 50, 29, 7, 17, 6, 12), strict=True
    )), 1 - 6 * 194 / 990),
    # Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4: covariance 4.5, variances 4.5 and 5.
    ([(1, 1), (2, 2), (2, 3), (3, 4)], 4.5 / (4.5 * 5) ** 0.5),
    ([], None), ([(1, 1)], None), ([(1, 1), (1, 2)], None), ([(1, 1), (2, 1)], None),
])  # fmt: skip
def test_the_rank_correlation_is_that_of_the_ranks(pairs: list[tuple[float, float]], rho: float | None) -> None:
    """Known values, equals with their mean rank, and nothing where there is no order."""
    assert rank_correlation(pairs) == (None if rho is None else pytest.approx(rho))


@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(-50, 50)), max_size=30))
def test_the_rank_correlation_knows_order_only(pairs: list[tuple[int, int]]) -> None:
    """Any rising change of a figure leaves it, a falling one turns its sign, and it stays within one."""
    rho = rank_correlation(pairs)
    assert rank_correlation([(a**3 + a, b) for a, b in pairs]) == rho
    turned = rank_correlation([(-a, b) for a, b in pairs])
    if rho is None:
        assert turned is None
    else:
        assert turned == pytest.approx(-rho)
        assert abs(rho) <= 1 + 1e-12
