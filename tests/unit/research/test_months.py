"""The months of a run add up to the run."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sadari.model.order import Direction
from sadari.model.units import DAY_NS, MINUTE_NS
from sadari.research.report import summarize
from tests.unit.research.stories import START, D, Scribe

LONG = Direction.LONG
DAY = 1440
# The story starts on 2023-07-02; 30 days later it is August.
AUGUST = 30 * DAY


def two_months(unknown: tuple[str, ...] = ()) -> Scribe:
    """A gain in July, a loss in August, funding in both, and a position held from one into the other."""
    tale = Scribe(days=40, symbols=("AUSDT", "BUSDT"), unknown=unknown)
    tale.trade(60, "AUSDT", LONG, D(100), D(110), "HALF_PROFIT")
    tale.enter(AUGUST - 10, "AUSDT", LONG, D(100), D(1))
    tale.fund(AUGUST - 5, "AUSDT", D("-0.5"))
    tale.fund(AUGUST, "AUSDT", D("0.25"))
    tale.exit(AUGUST + 10, "AUSDT", LONG, D(95), "STOP_LOSS_INITIAL")
    tale.record("AUSDT", LONG, AUGUST - 10, AUGUST + 10, "STOP_LOSS_INITIAL")
    samples = ((60, 10_000.0), (120, 10_009.0), (AUGUST - 5, 9_900.0), (AUGUST + 10, 9_700.0), (AUGUST + 60, 9_800.0))
    tale.equity = [(tale.at(minute), value) for minute, value in samples]
    return tale


def test_each_month_has_what_was_booked_in_it() -> None:
    """An entry's fee is paid in July, the exit's profit comes in August; funding at midnight is the new month's."""
    july, august = summarize(two_months().run())["months"]
    assert (july["month"], july["net"], july["price"], july["fees"], july["funding"]) == (
        "2023-07", "8", "10", "-1.5", "-0.5",
    )  # fmt: skip
    assert (august["month"], august["net"], august["price"], august["fees"], august["funding"]) == (
        "2023-08", "-5.25", "-5", "-0.5", "0.25",
    )  # fmt: skip
    assert (july["closed"], july["win_rate"], august["closed"], august["win_rate"]) == (1, 1.0, 1, 0.0)


def test_return_and_drawdown_go_on_from_the_month_before() -> None:
    """August begins with the last equity of July."""
    july, august = summarize(two_months().run())["months"]
    assert july["return"] == pytest.approx(9_900 / 10_000 - 1)
    assert july["max_drawdown"] == pytest.approx(9_900 / 10_009 - 1)
    assert august["return"] == pytest.approx(9_800 / 9_900 - 1)
    assert august["max_drawdown"] == pytest.approx(9_700 / 9_900 - 1)


def test_months_add_up_to_the_wallet() -> None:
    """What is booked at the very end of the data is in the last month."""
    tale = two_months()
    tale.trade(40 * DAY - 60, "BUSDT", LONG, D(100), D("100.1"), "TECH_MA_CROSS")
    summary = summarize(tale.run())
    assert sum(Decimal(row["net"]) for row in summary["months"]) == Decimal(summary["result"]["wallet_change"])
    assert sum(row["closed"] for row in summary["months"]) == summary["statistics"]["closed"]


def test_funding_that_is_not_known_is_not_zero() -> None:
    """It is not known in each month in which the position was held."""
    assert [row["funding"] for row in summarize(two_months(unknown=("AUSDT",)).run())["months"]] == [None, None]


def test_months_without_a_trade_or_a_sample_are_there() -> None:
    """From the first candle to the last; without a sample of equity nothing is said of it."""
    rows = summarize(Scribe(days=70).run())["months"]
    assert [row["month"] for row in rows] == ["2023-07", "2023-08", "2023-09"]
    assert {(row["net"], row["return"], row["max_drawdown"], row["win_rate"]) for row in rows} == {
        ("0", None, None, None)
    }
    assert START % DAY_NS == 0
    assert MINUTE_NS * DAY == DAY_NS
