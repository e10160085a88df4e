"""One day of a run, and how it differs from another. Source: requirements R003-39, R003-40, R003-2."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sadari.model.command import RecordDecision
from sadari.model.event import SignalRaised
from sadari.model.order import Direction
from sadari.model.units import DAY_NS
from sadari.research.daily import Days, compare, text
from tests.unit.research.stories import START, Scribe

D = Decimal
LONG, SHORT = Direction.LONG, Direction.SHORT


def denied(scribe: Scribe, day: int, count: int, direction: Direction, gate: str = "RR_BELOW_MINIMUM") -> None:
    """So many signals of a day that a gate denies."""
    for number in range(count):
        name = f"{day}:{number}"
        raised = SignalRaised(
            time_ns=START + day * DAY_NS + number, symbol="AUSDT", direction=direction, strategy="test", signal_id=name,
            price=D(100), price_time_ns=0, equity=D(1),
        )  # fmt: skip
        decided = RecordDecision(
            symbol="AUSDT", direction=direction, strategy="test", signal_id=name, rung=0, price=D(100), accepted=False,
            denial=gate,
        )  # fmt: skip
        scribe.write(raised, decided)


def held(scribe: Scribe, day: int, count: int, direction: Direction, at_once: int) -> None:
    """So many positions of a day, of which so many are held together."""
    for number in range(count):
        symbol = f"S{number}USDT"
        minute = day * 1440 + 100 + number // at_once * 30
        scribe.trade(
            minute,
            symbol,
            direction,
            D(100),
            D(104 if (number % 2 == 1) is (direction is LONG) else 96),
            "STOP_LOSS_INITIAL",
            hold=20,
        )


@pytest.fixture(scope="module")
def days() -> Days:
    """Two days with the counts of R003-39: 410 signals and 17 fills, then 555 and 10."""
    scribe = Scribe(days=2, symbols=tuple(f"S{number}USDT" for number in range(17)))
    denied(scribe, 0, 393, LONG)
    held(scribe, 0, 17, LONG, 5)
    denied(scribe, 1, 545, SHORT)
    held(scribe, 1, 10, SHORT, 3)
    return Days(scribe.records)


@pytest.mark.requirement("R003-39", "R003-2")
def test_day_over_day_the_changes_are_those_of_the_counts(days: Days) -> None:
    """410 to 555 signals (+35.4 %), 393 to 545 denied (+38.7 %), 17 to 10 filled (-41.2 %), 5 to 3 held (-40 %)."""
    before, after = days.day(START), days.day(START + DAY_NS)
    rows = {row["figure"]: row for row in compare(after, before)}
    shown = [rows[name] for name in ("signals", "denied", "filled", "positions_at_once")]
    assert [(row["other"], row["day"]) for row in shown] == [(410, 555), (393, 545), (17, 10), (5, 3)]
    changes = [round(100 * row["change"], 1) for row in shown]
    assert changes == [35.4, 38.7, -41.2, -40.0]
    assert [round(100 * day["denied_rate"], 1) for day in (before, after)] == [95.9, 98.2]
    assert [round(100 * day["fill_rate"], 1) for day in (before, after)] == [4.1, 1.8]


@pytest.mark.requirement("R003-39", "R003-40")
def test_each_direction_and_symbol_has_its_own_section(days: Days) -> None:
    """Longs on the first day, shorts on the second; what is closed is told by both."""
    before, after = days.day(START), days.day(START + DAY_NS)
    assert (before["signals_by_direction"], after["signals_by_direction"]) == ({"LONG": 410}, {"SHORT": 555})
    assert [(row["name"], row["closed"]) for row in after["by_direction"]] == [("SHORT", 10)]
    assert [row["name"] for row in after["by_symbol"]] == [f"S{number}USDT" for number in range(10)]
    assert sum(D(row["net"]) for row in after["by_symbol"]) == D(after["net"])


@pytest.mark.requirement("R003-2")
def test_a_win_rate_is_over_closed_positions_and_a_fill_rate_over_signals(days: Days) -> None:
    """They have nothing to do with each other."""
    after = days.day(START + DAY_NS)
    assert (after["closed"], after["wins"], after["win_rate"]) == (10, 5, 0.5)
    assert after["fill_rate"] == 10 / 555


def test_a_day_without_anything_has_no_rates(days: Days) -> None:
    """Nothing is divided by zero and nothing made up."""
    empty = days.day(START + 9 * DAY_NS)
    assert (empty["signals"], empty["fill_rate"], empty["win_rate"], empty["positions_at_once"]) == (0, None, None, 0)
    assert all(row["change"] is None for row in compare(days.day(START), empty))


def test_the_page_names_both_days_and_the_change(days: Days) -> None:
    """Side by side."""
    page = text(days.day(START + DAY_NS), days.day(START))
    assert page.startswith("Day 2023-07-03 UTC beside 2023-07-02")
    assert "+35.37 %" in page
    assert "RR_BELOW_MINIMUM" in page
