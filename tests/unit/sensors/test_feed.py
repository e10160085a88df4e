"""The order of candles: nothing twice, nothing late, nothing across a gap that has not been asked about."""

from __future__ import annotations

from math import inf, nan

import pytest

from sadari.model.units import MINUTE_NS
from sadari.sensors.feed import Feed, Gap, Quoted
from sadari.sensors.signals import Candle

LATER_NS = 10_000 * MINUTE_NS


def candle(number: int, price: float = 1.0) -> Quoted:
    """A flat candle of a minute."""
    return Quoted(Candle(number * MINUTE_NS, price, price, price, price, 1.0))


def numbers(readable: list[Quoted]) -> list[int]:
    """Which minutes can be read."""
    return [one.candle.open_time_ns // MINUTE_NS for one in readable]


def begun(*minutes: int) -> Feed:
    """A feed that has begun with some minutes."""
    feed = Feed(MINUTE_NS)
    assert numbers(feed.fill([candle(minute) for minute in minutes], LATER_NS)) == list(minutes)
    return feed


def test_what_comes_before_the_beginning_waits_for_it() -> None:
    """Candles of the stream are read after those that the symbol is warmed up with."""
    feed = Feed(MINUTE_NS)
    assert feed.push(candle(3), LATER_NS) == []
    assert feed.push(candle(4), LATER_NS) == []
    assert numbers(feed.fill([candle(1), candle(2), candle(3)], LATER_NS)) == [1, 2, 3, 4]
    assert feed.gap is None


def test_a_candle_that_is_late_or_comes_twice_is_dropped() -> None:
    """It is counted, and nothing is read again."""
    feed = begun(1, 2)
    assert numbers(feed.push(candle(3), LATER_NS)) == [3]
    assert feed.push(candle(3), LATER_NS) == []
    assert feed.push(candle(1), LATER_NS) == []
    assert feed.dropped == 2
    assert numbers(feed.push(candle(4), LATER_NS)) == [4]


def test_nothing_is_read_across_a_gap_until_an_answer_reaches_its_end() -> None:
    """An answer that was cut short leaves the rest of the gap to be asked for."""
    feed = begun(1)
    assert feed.push(candle(5), LATER_NS) == []
    assert feed.gap == Gap(2 * MINUTE_NS, 5 * MINUTE_NS)
    assert numbers(feed.fill([candle(2), candle(3)], LATER_NS)) == [2, 3]
    assert feed.gap == Gap(4 * MINUTE_NS, 5 * MINUTE_NS)
    assert feed.fill([], LATER_NS) == []
    assert numbers(feed.fill([candle(4), candle(5)], LATER_NS)) == [4, 5]
    assert feed.gap is None


def test_what_an_answer_skips_does_not_exist() -> None:
    """A hole at the exchange stays a hole, and reading goes on behind it."""
    feed = begun(1)
    assert feed.push(candle(5), LATER_NS) == []
    assert numbers(feed.fill([candle(2), candle(5), candle(6)], LATER_NS)) == [2, 5, 6]
    assert feed.gap is None


def test_what_has_closed_and_not_come_is_late() -> None:
    """After a stream was lost it is asked for without waiting for the next candle."""
    feed = begun(1)
    assert feed.late(3 * MINUTE_NS - 1) is None
    assert feed.late(3 * MINUTE_NS) == Gap(2 * MINUTE_NS, 2 * MINUTE_NS)
    assert feed.late(6 * MINUTE_NS + 1) == Gap(2 * MINUTE_NS, 5 * MINUTE_NS)
    assert Feed(MINUTE_NS).late(LATER_NS) is None


def test_an_answer_out_of_order_is_read_in_order() -> None:
    """The newest may come first."""
    feed = begun(1)
    assert numbers(feed.fill([candle(4), candle(2), candle(3)], LATER_NS)) == [2, 3, 4]


def test_a_candle_that_has_not_closed_is_not_read() -> None:
    """The last row of an answer is the minute that is still going on."""
    feed = begun(1)
    now_ns = 3 * MINUTE_NS + 1
    assert numbers(feed.fill([candle(2), candle(3)], now_ns)) == [2]
    assert numbers(feed.push(candle(3, 2.0), 4 * MINUTE_NS)) == [3]


@pytest.mark.parametrize(
    "bad",
    [
        Quoted(Candle(2 * MINUTE_NS, 1.0, 1.0, 1.0, nan, 1.0)),
        Quoted(Candle(2 * MINUTE_NS, 1.0, inf, 1.0, 1.0, 1.0)),
        Quoted(Candle(2 * MINUTE_NS, 1.0, 0.9, 0.8, 0.85, 1.0)),
        Quoted(Candle(2 * MINUTE_NS, 1.0, 1.0, 0.0, 1.0, 1.0)),
        Quoted(Candle(2 * MINUTE_NS, 1.0, 1.0, 1.0, 1.0, -1.0)),
        Quoted(Candle(2 * MINUTE_NS, 1.0, 1.0, 1.0, 1.0, 1.0), nan),
        Quoted(Candle(2 * MINUTE_NS + 1, 1.0, 1.0, 1.0, 1.0, 1.0)),
        Quoted(Candle(2 * LATER_NS, 1.0, 1.0, 1.0, 1.0, 1.0)),
    ],
)
def test_what_is_no_candle_is_dropped_and_asked_for(bad: Quoted) -> None:
    """Numbers that no candle has, a time off the grid and one that is yet to come are not taken from a stream."""
    feed = begun(1)
    assert feed.push(bad, LATER_NS) == []
    assert feed.push(candle(3), LATER_NS) == []
    assert feed.gap == Gap(2 * MINUTE_NS, 3 * MINUTE_NS)
    assert numbers(feed.fill([candle(2), candle(3)], LATER_NS)) == [2, 3]
