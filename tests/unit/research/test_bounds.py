"""Three runs side by side name the positions that the order inside candles decides, and no others."""

from __future__ import annotations

from sadari.model.order import Direction
from sadari.research import bounds
from sadari.research.report import Summary, summarize
from tests.unit.research.stories import D, Scribe

LONG = Direction.LONG


def told(*trades: tuple[int, int, str]) -> Summary:
    """A run of trades, each (minute of its signal, exit price, reason), all bought at 100."""
    tale = Scribe()
    for minute, leave, reason in trades:
        tale.trade(minute, "AUSDT", LONG, D(100), D(leave), reason, hold=10)
    return summarize(tale.run())


def test_only_positions_whose_outcome_differs_are_named() -> None:
    """The first is the same three times; the second is stopped in one run; the third exists in one."""
    same = (0, 110, "HALF_PROFIT")
    base = told(same, (100, 110, "HALF_PROFIT"))
    adverse = told(same, (100, 90, "STOP_LOSS_INITIAL"), (200, 110, "HALF_PROFIT"))
    compared = bounds.compare(base, adverse, base)
    assert compared["positions"] == 3
    stopped, extra = compared["depends"]
    assert (stopped["opened"], stopped["why"]) == ("2023-07-02T01:40:00Z", ["reasons", "sign"])
    assert stopped["outcomes"]["adverse"] == {"reasons": ["STOP_LOSS_INITIAL"], "stage": "INITIAL", "net": "-11"}
    assert (extra["why"], extra["outcomes"]["tape"], extra["outcomes"]["favourable"]) == (["existence"], None, None)


def test_another_price_of_the_same_outcome_is_no_dependence() -> None:
    """A smaller profit for the same reason is in the totals, not in the list."""
    compared = bounds.compare(told((0, 110, "X")), told((0, 105, "X")), told((0, 120, "X")))
    assert compared["depends"] == []
    assert [compared["totals"][path]["wallet_change"] for path in bounds.PATHS] == ["9", "4", "19"]
    assert "No position depends on it." in bounds.text(compared)


def test_a_position_that_is_still_open_in_one_run_depends_on_the_path() -> None:
    """It has no reason and no sign there."""
    tale = Scribe()
    tale.enter(0, "AUSDT", LONG, D(100), D(1))
    base, still = told((0, 110, "HALF_PROFIT")), summarize(tale.run())
    (row,) = bounds.compare(base, still, base)["depends"]
    assert row["why"] == ["reasons", "sign"]
    page = bounds.text(bounds.compare(base, still, base))
    assert "adverse    still open: -0.50 USDT" in page
    assert "1 of 1 position" in page


def test_a_reduction_that_happens_in_one_run_only_depends_on_the_path() -> None:
    """The end is the same stop; the recovery of the lot is the difference."""

    def ladder(*, recovers: bool) -> Summary:
        tale = Scribe()
        tale.enter(0, "AUSDT", LONG, D(100), D(1))
        tale.add(10, "AUSDT", LONG, D(97), D(1), rung=1)
        if recovers:
            tale.reduce(20, "AUSDT", LONG, D(100), {"DCA1_RECOVERY": D(1)}, 1)
        tale.exit(30, "AUSDT", LONG, D(90), "STOP_LOSS_FIRST_DCA")
        tale.record("AUSDT", LONG, 0, 30, "STOP_LOSS_FIRST_DCA", stage=1)
        return summarize(tale.run())

    base = ladder(recovers=True)
    (row,) = bounds.compare(base, base, ladder(recovers=False))["depends"]
    assert row["why"] == ["reasons"]
    assert row["outcomes"]["tape"]["reasons"] == ["DCA1_RECOVERY", "STOP_LOSS_FIRST_DCA"]
    assert row["outcomes"]["favourable"]["reasons"] == ["STOP_LOSS_FIRST_DCA"]
