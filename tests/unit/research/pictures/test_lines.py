"""Lines and candles of a picture are those of the run, only fewer."""

from __future__ import annotations

from array import array

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.model.event import AccountUpdated, PositionRecord
from sadari.model.units import DAY_NS, HOUR_NS, MINUTE_NS
from sadari.research.pictures.ladders import CANDLES, FEWEST, MOST, most_candles
from sadari.research.pictures.prices import Prices, decimals_of, interval_for
from sadari.research.pictures.series import deltas, exposure, thinned
from sadari.store.candles import CandleColumns
from tests.unit.research.stories import START, D


def columns(rows: list[tuple[int, float, float, float, float]]) -> CandleColumns:
    """Candles of minutes after the start: (minute, open, high, low, close)."""
    times = array("q", (START + minute * MINUTE_NS for minute, *_ in rows))
    opens, highs, lows, closes = (memoryview(array("d", values)) for values in list(zip(*rows, strict=True))[1:])
    return CandleColumns(
        symbol="AUSDT", interval_ns=MINUTE_NS, open_time_ns=memoryview(times), open=opens, high=highs, low=lows,
        close=closes, volume=closes, quote_volume=None,
    )  # fmt: skip


ROWS = [(0, 10.0, 12.0, 9.5, 11.0), (1, 11.0, 11.5, 8.0, 8.5), (2, 8.5, 9.0, 8.5, 9.0), (7, 9.25, 9.5, 9.0, 9.0)]


def test_candles_are_put_together_and_a_gap_stays_one() -> None:
    """Three minutes to one candle; minutes 3 to 5 are missing and stay so."""
    prices = Prices(columns(ROWS))
    assert prices.decimals == 2
    stretch = prices.stretch(START, START + 8 * MINUTE_NS, 3 * MINUTE_NS)
    assert (stretch.number - stretch.number[0]).tolist() == [0, 2]
    rows = zip(stretch.open.tolist(), stretch.high.tolist(), stretch.low.tolist(), stretch.close.tolist(), strict=True)
    assert list(rows) == [(1000, 1200, 800, 900), (925, 950, 900, 900)]


def test_a_stretch_outside_of_the_data_is_empty() -> None:
    """Before the first candle there is nothing to show."""
    stretch = Prices(columns(ROWS)).stretch(START - DAY_NS, START - HOUR_NS, MINUTE_NS)
    assert len(stretch.number) == 0


def test_the_last_price_is_that_of_a_candle_that_has_ended() -> None:
    """At the close of a minute its price is known, not before; over a gap the last one stays."""
    asked = np.array([START, START + MINUTE_NS, START + 2 * MINUTE_NS - 1, START + 6 * MINUTE_NS, START + DAY_NS])
    assert Prices(columns(ROWS)).last(asked).tolist() == [11.0, 11.0, 11.0, 9.0, 9.0]


@pytest.mark.parametrize(("prices", "decimals"), [
    ([1.0, 20_000.0], 0), ([0.1, 3.25], 2), ([0.00001234], 8), ([1 / 3], 8), ([60_000.1], 1),
])  # fmt: skip
def test_decimals_are_those_of_the_prices(prices: list[float], decimals: int) -> None:
    """At most the eight that a price can have."""
    assert decimals_of(np.array(prices)) == decimals


@given(st.integers(1, 400 * DAY_NS), st.integers(FEWEST, MOST), st.sampled_from([MINUTE_NS, 15 * MINUTE_NS, HOUR_NS]))
def test_an_interval_covers_a_span_in_few_enough_candles(span_ns: int, most: int, smallest_ns: int) -> None:
    """And is made of whole candles."""
    interval_ns = interval_for(span_ns, most, smallest_ns)
    assert interval_ns % smallest_ns == 0
    assert interval_ns * most >= span_ns


def test_many_positions_have_fewer_candles_each() -> None:
    """Never fewer than a picture needs."""
    assert [most_candles(count) for count in (0, 1, 1_000, 10_000, 10**6)] == [MOST, MOST, CANDLES // 1_000, 15, FEWEST]


@given(st.lists(st.tuples(st.integers(0, 10**6), st.floats(-1e6, 1e6)), min_size=1), st.integers(1, 40))
def test_a_thinned_line_keeps_its_ends_and_extremes(rows: list[tuple[int, float]], parts: int) -> None:
    """What is kept is a part of what was there, in order."""
    rows.sort()
    times, values = [time for time, _ in rows], [value for _, value in rows]
    kept = thinned(times, [values], parts)
    assert kept == sorted(set(kept))
    assert {kept[0], kept[-1]} == {0, len(rows) - 1}
    assert {min(values), max(values)} <= {values[row] for row in kept}
    assert len(kept) <= 3 * (parts + 2) + 1


def test_deltas_begin_with_the_first_value() -> None:
    """So that their running sum is the line."""
    assert (deltas([5, 7, 4]), deltas([])) == ([5, 2, -3], [])


def updated(minute: int, margin: int, **held: int) -> AccountUpdated:
    """The account at a minute: what is tied up, and some positions."""
    positions = tuple(PositionRecord(symbol, D(qty), D(10)) for symbol, qty in held.items())
    return AccountUpdated(
        time_ns=START + minute * MINUTE_NS, cause="ORDER", wallet_balance=D(100), available_balance=D(100 - margin),
        positions=positions,
    )  # fmt: skip


@pytest.mark.requirement("R000-24")
def test_exposure_is_what_is_held_at_the_last_prices() -> None:
    """Long 2, then long 2 beside short 1, then nothing; prices are those of the candles that had ended."""
    prices = {"AUSDT": Prices(columns(ROWS)), "BUSDT": Prices(columns(ROWS))}
    records = [updated(1, 20, AUSDT=2), updated(2, 25, BUSDT=-1), updated(3, 0, AUSDT=0, BUSDT=0)]
    times, long, short, margin = exposure(records, prices, START, START + 8 * MINUTE_NS)
    at = {time: row for row, time in enumerate(times)}
    found = [
        (long[row], short[row], margin[row]) for row in (at[START + minute * MINUTE_NS] for minute in (0, 1, 2, 3))
    ]
    assert found == [(0.0, 0.0, 0.0), (22.0, 0.0, 20.0), (17.0, -8.5, 25.0), (0.0, 0.0, 0.0)]
    assert times[-1] == START + 8 * MINUTE_NS
