"""The candles of the local exchange."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.kernel import aggregate
from sadari.localexchange.market.candles import INTERVALS, frame
from sadari.model.units import DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS
from tests.local_market import OPEN_NS, Played, tapes, with_hole

NAMED = {"3m": 3 * MINUTE_NS, "15m": 15 * MINUTE_NS, "1h": HOUR_NS}


@given(interval=st.sampled_from(INTERVALS), time_ns=st.integers(0, 4_000_000_000 * SECOND_NS))
def test_frames_of_an_interval_follow_one_another(interval: str, time_ns: int) -> None:
    """A time lies in its frame, whose end begins the next one."""
    start, end = frame(interval, time_ns)
    assert start <= time_ns < end
    assert frame(interval, end)[0] == end
    assert frame(interval, end - 1) == (start, end)


def test_weeks_begin_on_mondays_and_months_on_the_first() -> None:
    """Wednesday the first of January 2025 lies in the week of December 30."""
    assert datetime.fromtimestamp(frame("1w", OPEN_NS)[0] / SECOND_NS, UTC) == datetime(2024, 12, 30, tzinfo=UTC)
    start, end = frame("1M", OPEN_NS + 40 * DAY_NS)
    assert datetime.fromtimestamp(start / SECOND_NS, UTC) == datetime(2025, 2, 1, tzinfo=UTC)
    assert datetime.fromtimestamp(end / SECOND_NS, UTC) == datetime(2025, 3, 1, tzinfo=UTC)
    assert frame("1M", OPEN_NS - 1)[1] == OPEN_NS


@pytest.mark.parametrize("interval", NAMED)
def test_closed_candles_are_those_of_the_kernel(interval: str) -> None:
    """Every closed frame equals what the kernel puts together from the minutes."""
    made = tapes(rows=600, start_row=300)
    played = Played(made).play(OPEN_NS + 540 * MINUTE_NS)
    rows = made[0].candles
    columns = (rows.open_time_ns, rows.open, rows.high, rows.low, rows.close, rows.volume, rows.quote_volume)
    wanted = aggregate(*columns, MINUTE_NS, NAMED[interval])
    bars = played.market.symbols["BTCUSDT"].candles.bars(interval, played.market.now_ns - 1, limit=1500)
    assert [bar.open_ns for bar in bars] == memoryview(wanted.open_time_ns).tolist()[: len(bars)]
    assert len(bars) == 540 * MINUTE_NS // NAMED[interval]
    for number, bar in enumerate(bars):
        assert (bar.open, bar.high, bar.low, bar.close) == (
            wanted.open[number],
            wanted.high[number],
            wanted.low[number],
            wanted.close[number],
        )
        assert bar.volume == pytest.approx(wanted.volume[number])


def test_the_unfinished_candle_ends_with_the_last_trade() -> None:
    """What is in play has the trades so far and is the last of the rows."""
    played = Played(tapes())
    candles = played.market.symbols["BTCUSDT"].candles
    for _ in range(300):
        trade = played.play_one()
        last = candles.bars("5m", trade.time_ns)[-1]
        assert last.close == float(trade.price)
        assert last.last == trade.number
        assert last.open_ns == frame("5m", trade.time_ns)[0]


@pytest.mark.parametrize("interval", INTERVALS)
def test_a_followed_candle_equals_the_one_asked_for(interval: str) -> None:
    """Adding up step by step comes to the same as adding up at once."""
    played = Played(tapes(rows=200))
    candles = played.market.symbols["BTCUSDT"].candles
    for _ in range(400):
        trade = played.play_one()
        followed, asked = candles.current(interval, trade.time_ns), candles.bars(interval, trade.time_ns)[-1]
        assert followed is not None
        assert followed[:6] == asked[:6]
        assert followed[8:] == asked[8:]
        assert followed.volume == pytest.approx(asked.volume)


def test_a_start_asks_for_the_first_candles_from_there() -> None:
    """With a start the limit cuts the end, without one the beginning."""
    played = Played(tapes()).play(OPEN_NS + 60 * MINUTE_NS)
    candles, now_ns = played.market.symbols["BTCUSDT"].candles, OPEN_NS + 60 * MINUTE_NS - 1
    first = candles.bars("1m", now_ns, start_ns=OPEN_NS + 10 * MINUTE_NS - 1, limit=5)
    assert [(bar.open_ns - OPEN_NS) // MINUTE_NS for bar in first] == [10, 11, 12, 13, 14]
    last = candles.bars("1m", now_ns, end_ns=OPEN_NS + 10 * MINUTE_NS, limit=3)
    assert [(bar.open_ns - OPEN_NS) // MINUTE_NS for bar in last] == [8, 9, 10]
    assert candles.bars("1m", now_ns, start_ns=now_ns + 1) == []


def test_the_future_is_not_told() -> None:
    """No candle and no day knows a price of a minute still to come."""
    made = tapes()
    played = Played(made).play(OPEN_NS + 50 * MINUTE_NS + 1)
    candles = played.market.symbols["BTCUSDT"].candles
    last = candles.bars("1m", played.market.now_ns)[-1]
    assert last.open_ns == OPEN_NS + 50 * MINUTE_NS
    assert (last.high, last.low) == (last.open, last.open)
    day = candles.day(played.market.now_ns)
    assert day is not None
    assert day.high == max(*made[0].candles.high[:50], last.open)


@pytest.mark.parametrize("at", [40, 45, 47, 69, 72])
def test_a_hole_in_the_candles_is_told_as_one(at: int) -> None:
    """Rows before, in and after a hole are those played, the day has them all, and the last price stands."""
    played = Played([with_hole("BTCUSDT", 100, range(46, 70), 40)])
    now_ns = OPEN_NS + at * MINUTE_NS + MINUTE_NS - 1
    one = played.play(now_ns).market.symbols["BTCUSDT"]
    bars = one.candles.bars("1m", now_ns)
    minutes = [row for row in range(at + 1) if row not in range(46, 70)]
    assert [(bar.open_ns - OPEN_NS) // MINUTE_NS for bar in bars] == minutes
    assert bars[-1].close == float(one.last_price)
    day = one.day(now_ns)
    assert day is not None
    assert day.volume == pytest.approx(sum(bar.volume for bar in bars))
    assert (day.high, day.low) == (max(bar.high for bar in bars), min(bar.low for bar in bars))
