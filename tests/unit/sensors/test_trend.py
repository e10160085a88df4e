"""The market's trend at a time."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import replace

import pytest

from sadari.errors import ConfigError
from sadari.kernel import Structure
from sadari.model.units import HOUR_NS, MINUTE_NS
from sadari.sensors.trend import Trend
from tests.reference.scanner import Quoted, quoted, whole_hours
from tests.reference.tapes import START_NS, Columns, made_up
from tests.unit.kernel.test_structure import VECTOR


def hours(rows: Sequence[tuple[float, float, float, float]], start_ns: int = START_NS) -> Quoted:
    """Candles of one hour."""
    return quoted([(start_ns + n * HOUR_NS, *row, 1.0, 1.0) for n, row in enumerate(rows)], HOUR_NS)


def test_the_trend_turns_at_the_close_that_breaks() -> None:
    """The vector of strategies §7.2: BULLISH from the close of hour 6, BEARISH from that of hour 11."""
    trend = Trend(hours(VECTOR), left=1, right=1)
    closes = [START_NS + (row + 1) * HOUR_NS for row in range(len(VECTOR))]
    assert [trend.at(close) for close in closes] == ["NEUTRAL"] * 6 + ["BULLISH"] * 5 + ["BEARISH"] * 2
    assert trend.at(closes[6] - 1) == "NEUTRAL"
    assert trend.at(closes[11] - 1) == "BULLISH"
    assert trend.at(START_NS) == "NEUTRAL"


def test_where_the_last_hour_is_missing_there_is_no_trend() -> None:
    """A trend is known until the hour after it should have closed; after a hole the structure starts anew."""
    trend = Trend(hours(VECTOR), left=1, right=1)
    end_ns = START_NS + len(VECTOR) * HOUR_NS
    assert trend.at(end_ns + HOUR_NS - 1) == "BEARISH"
    assert trend.at(end_ns + HOUR_NS) == "NEUTRAL"
    rows = [*VECTOR, *VECTOR]
    holed = hours(rows).without([len(VECTOR)])
    again = Trend(replace(holed, interval_ns=HOUR_NS), left=1, right=1)
    trends = [again.at(end_ns + row * HOUR_NS) for row in range(2, 14)]
    assert trends == ["NEUTRAL"] * 5 + ["BULLISH"] * 5 + ["BEARISH"] * 2


def test_a_market_without_trades_has_no_trend() -> None:
    """Six of the last twenty hours without a trade."""
    rows = [(START_NS + n * HOUR_NS, *row, float(n >= 6), 1.0) for n, row in enumerate(VECTOR)]
    assert Trend(quoted(rows, HOUR_NS), left=1, right=1).at(START_NS + 13 * HOUR_NS) == "NEUTRAL"
    rows[0] = (*rows[0][:5], 1.0, 1.0)
    assert Trend(quoted(rows, HOUR_NS), left=1, right=1).at(START_NS + 13 * HOUR_NS) == "BEARISH"


def listed(candles: Columns) -> list[tuple[int, float, float, float, float, float, float]]:
    """The rows of some minutes."""
    return [(*row, 1.0) for row in zip(*(column.tolist() for column in candles.columns), strict=True)]


def test_longer_history_comes_before_the_candles_and_never_beside_them() -> None:
    """A trend with longer history is that of all minutes; only hours that open before the first minute are taken."""
    minutes = made_up(11, 60 * 24 * 6)
    whole = Trend(minutes)
    first = 60 * 24 * 3 + 25
    late = minutes.rows(slice(first, None))
    older = quoted(list(whole_hours(listed(minutes), MINUTE_NS).values()), HOUR_NS)
    joined = Trend(late, older)
    times = [START_NS + minute * MINUTE_NS for minute in range(first, 60 * 24 * 6, 7)]
    assert [joined.at(time) for time in times] == [whole.at(time) for time in times]
    after = 60 * 24 * 3 // 60 + 1
    closes = [close if hour < after else 1.0 for hour, close in enumerate(older.close.tolist())]
    kept = replace(older, close=memoryview(array("d", closes)))
    assert [Trend(late, kept).at(time) for time in times] == [whole.at(time) for time in times]


def test_the_trend_of_columns_is_that_of_hour_after_hour() -> None:
    """What `at` says at each close is what the structure moved hour by hour has come to."""
    minutes = made_up(5, 60 * 24 * 8)
    trend, moving = Trend(minutes), Structure()
    for end_ns, (_, _, high, low, close, *_) in whole_hours(listed(minutes), MINUTE_NS).items():
        moving.push(high, low, close)
        assert trend.at(end_ns) == moving.trend


def test_nothing_later_changes_a_trend() -> None:
    """Prefix invariance: cut after any hour, and inside one."""
    minutes = made_up(23, 60 * 24 * 4)
    whole = Trend(minutes)
    for cut in range(60, 60 * 24 * 4, 173):
        part = Trend(minutes.rows(slice(cut)))
        time_ns = START_NS + cut * MINUTE_NS
        assert part.at(time_ns) == whole.at(time_ns)


def test_candles_that_make_no_hours_are_refused() -> None:
    """Seven minutes do not divide an hour."""
    with pytest.raises(ConfigError, match="parts of 60"):
        Trend(replace(made_up(1, 10), interval_ns=7 * MINUTE_NS))
