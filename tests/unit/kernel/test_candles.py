"""Frames, holes, trades and faults of candles."""

from __future__ import annotations

import math
import random
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari import kernel
from sadari.kernel import Aggregator, Candles

MINUTE = 60_000_000_000
Row = tuple[int, float, float, float, float, float, float]


def rows(count: int, *, start: int = 0, seed: int = 1) -> list[Row]:
    """Candles of a minute, the first opened at minute ``start``."""
    rng = random.Random(seed)
    table = []
    for number in range(start, start + count):
        o, c = (rng.randrange(100, 200) / 8 for _ in range(2))
        volume = float(rng.randrange(9))
        table.append((number * MINUTE, o, max(o, c) + 0.5, min(o, c) - 0.5, c, volume, volume * o))
    return table


class Table(NamedTuple):
    """Columns of candles."""

    open_time_ns: array[int]
    open: array[float]
    high: array[float]
    low: array[float]
    close: array[float]
    volume: array[float]


def columns(table: Sequence[Row]) -> Table:
    """The table's columns."""
    times, *values = zip(*table, strict=True) if table else [()] * 7
    return Table(array("q", times), *(array("d", column) for column in values[:5]))


def quote_volumes(table: Sequence[Row]) -> array[float]:
    """The table's last column."""
    return array("d", [row[6] for row in table])


def listed(candles: Candles) -> list[Row]:
    """The rows of a table."""
    assert candles.quote_volume is not None
    parts = (
        candles.open_time_ns, candles.open, candles.high, candles.low, candles.close, candles.volume,
        candles.quote_volume,
    )  # fmt: skip
    return list(zip(*(part.tolist() for part in parts), strict=True))


def by_hand(table: Sequence[Row], minutes: int) -> list[Row]:
    """Frames by their definition: of every frame whose candles are all there."""
    present = {row[0] // MINUTE: row for row in table}
    frames = []
    for start in sorted({number // minutes * minutes for number in present}):
        members = [present.get(number) for number in range(start, start + minutes)]
        whole = [row for row in members if row is not None]
        if len(whole) == minutes:
            volume = quote_volume = 0.0
            for row in whole:
                volume, quote_volume = volume + row[5], quote_volume + row[6]
            high, low = max(row[2] for row in whole), min(row[3] for row in whole)
            frames.append((start * MINUTE, whole[0][1], high, low, whole[-1][4], volume, quote_volume))
    return frames


@given(numbers=st.sets(st.integers(-40, 80)), minutes=st.sampled_from([1, 3, 5, 15]), seed=st.integers(0, 99))
def test_a_frame_is_closed_by_its_last_candle_if_none_is_missing(numbers: set[int], minutes: int, seed: int) -> None:
    """Batch, streaming and definition agree on the frames of any set of minutes."""
    table = [row for row in rows(121, start=-40, seed=seed) if row[0] // MINUTE in numbers]
    expected = by_hand(table, minutes)
    assert listed(kernel.aggregate(*columns(table), quote_volumes(table), MINUTE, minutes * MINUTE)) == expected
    streamed, aggregator = [], Aggregator(MINUTE, minutes * MINUTE)
    for row in table:
        if (frame := aggregator.push(*row)) is not None:
            assert frame.open_time_ns + minutes * MINUTE == row[0] + MINUTE
            streamed.append(
                (frame.open_time_ns, frame.open, frame.high, frame.low, frame.close, frame.volume, frame.quote_volume)
            )
    assert streamed == expected


def test_an_unknown_quote_volume_stays_unknown() -> None:
    """Without the column there is none in the result: it is absent, not zero."""
    assert kernel.aggregate(*columns(rows(6)), None, MINUTE, 3 * MINUTE).quote_volume is None


@pytest.mark.parametrize(
    ("open_time_ns", "fault"),
    [
        (0, "the candle opened at 0 has a time before that of the row above"),
        (2 * MINUTE, "has the time of the row above"),
        (3 * MINUTE + 1, "has a time that the interval does not divide"),
    ],
)
def test_a_refused_candle_leaves_the_aggregator_as_it_was(open_time_ns: int, fault: str) -> None:
    """A late, repeated or off-grid candle is refused in a sentence, and the frame closes as if it never came."""
    table = rows(6, start=1)
    aggregator = Aggregator(MINUTE, 3 * MINUTE)
    for row in table[:2]:
        aggregator.push(*row)
    with pytest.raises(ValueError, match=fault):
        aggregator.push(open_time_ns, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0)
    frames = [frame for row in table[2:] if (frame := aggregator.push(*row)) is not None]
    assert [frame.open_time_ns for frame in frames] == [3 * MINUTE]


@pytest.mark.parametrize("frame_ns", [0, MINUTE - 1, MINUTE + 1, -MINUTE])
def test_a_frame_is_a_multiple_of_the_interval(frame_ns: int) -> None:
    """Another frame is refused, with its number."""
    with pytest.raises(ValueError, match=f"frame_ns is {frame_ns}, but must be a multiple of interval_ns"):
        Aggregator(MINUTE, frame_ns)


def test_confirmed_holes_are_filled_flat_and_others_stay() -> None:
    """A filled candle is the previous close with no volume and is marked; an unconfirmed hole stays a hole."""
    table = rows(8)
    kept = [table[0], table[1], table[5], table[7]]
    filled = kernel.fill_gaps(*columns(kept), quote_volumes(kept), MINUTE, array("q", [3 * MINUTE, 6 * MINUTE]))
    assert filled.synthetic.tolist() == [0, 0, 1, 0, 1, 0]
    flat_1, flat_5 = table[1][4], table[5][4]
    expected: list[Row] = list(kept)
    expected.insert(2, (3 * MINUTE, flat_1, flat_1, flat_1, flat_1, 0.0, 0.0))
    expected.insert(4, (6 * MINUTE, flat_5, flat_5, flat_5, flat_5, 0.0, 0.0))
    assert listed(filled) == expected
    everything = kernel.fill_gaps(*columns(kept), quote_volumes(kept), MINUTE)
    assert everything.open_time_ns.tolist() == [number * MINUTE for number in range(8)]


def test_more_than_five_candles_of_twenty_without_a_trade_are_not_a_market() -> None:
    """The sixth within twenty rows makes the series not ready, until the first leaves the window."""
    volume = array("d", [0.0] * 5 + [1.0] * 14 + [0.0] + [2.0] * 19)
    assert kernel.not_ready(volume).tolist() == [19]
    assert kernel.not_ready(volume, window=3, most=2).tolist() == [2, 3, 4]


GOOD: Row = (2 * MINUTE, 10.0, 12.0, 9.0, 11.0, 1.0, 10.0)
FAULTS: dict[str, tuple[Row, tuple[int, str, int] | None]] = {
    "nothing": (GOOD, None),
    "a price of zero": ((2 * MINUTE, 0.0, 12.0, 9.0, 11.0, 1.0, 1.0), (2, "price", 0)),
    "a price that is no number": ((2 * MINUTE, 10.0, math.nan, 9.0, 11.0, 1.0, 1.0), (2, "price", 0)),
    "an infinite price": ((2 * MINUTE, 10.0, math.inf, 9.0, 11.0, 1.0, 1.0), (2, "price", 0)),
    "a negative volume": ((2 * MINUTE, 10.0, 12.0, 9.0, 11.0, -1.0, 1.0), (2, "volume", 0)),
    "a high below the low": ((2 * MINUTE, 10.0, 9.0, 12.0, 11.0, 1.0, 1.0), (2, "range", 0)),
    "an open above the high": ((2 * MINUTE, 13.0, 12.0, 9.0, 11.0, 1.0, 1.0), (2, "outside", 0)),
    "a close below the low": ((2 * MINUTE, 10.0, 12.0, 9.0, 8.0, 1.0, 1.0), (2, "outside", 0)),
    "a time off the grid": ((2 * MINUTE + 1, *GOOD[1:]), (2, "grid", 0)),
    "a time before the last": ((0, *GOOD[1:]), (2, "order", 0)),
    "a time twice": ((MINUTE, *GOOD[1:]), (2, "duplicate", 0)),
    "a hole": ((5 * MINUTE, *GOOD[1:]), (2, "gap", 3)),
}


@pytest.mark.parametrize(("row", "fault"), FAULTS.values(), ids=FAULTS)
def test_the_check_names_the_first_fault(row: Row, fault: tuple[int, str, int] | None) -> None:
    """The row number, the kind and the number of missing candles of the first fault; None for a sound table."""
    after: list[Row] = [(row[0], *GOOD[1:])] if fault else []
    table = columns([*rows(2), row, *after])
    assert kernel.check_candles(*table, MINUTE) == fault
    if fault and fault[1] == "gap":
        assert kernel.check_candles(*table, MINUTE, gaps_allowed=True) == (3, "duplicate", 0)


def test_trades_make_the_candles_that_lie_wholly_in_their_span() -> None:
    """First, highest, lowest, last and sums of each whole minute with a trade; partial ends only with a stated span."""
    trades = [(30, 10.0, 1.0), (60, 11.0, 2.0), (70, 13.0, 1.0), (119, 12.0, 1.0), (185, 9.0, 4.0), (250, 8.0, 1.0)]
    times = array("q", [second * 1_000_000_000 for second, _, _ in trades])
    prices, quantities = array("d", [t[1] for t in trades]), array("d", [t[2] for t in trades])
    whole: list[Row] = [(MINUTE, 11.0, 13.0, 11.0, 12.0, 4.0, 47.0), (3 * MINUTE, 9.0, 9.0, 9.0, 9.0, 4.0, 36.0)]
    assert listed(kernel.from_trades(times, prices, quantities, MINUTE)) == whole
    everything = listed(kernel.from_trades(times, prices, quantities, MINUTE, span=(0, 5 * MINUTE)))
    assert everything == [(0, 10.0, 10.0, 10.0, 10.0, 1.0, 10.0), *whole, (4 * MINUTE, 8.0, 8.0, 8.0, 8.0, 1.0, 8.0)]


@pytest.mark.parametrize(
    ("time", "price", "fault"),
    [(0, 1.0, "row 1 has a time before"), (9, 0.0, "row 1 has a price"), (9, math.nan, "row 1 has a price")],
)
def test_a_bad_trade_is_refused_by_its_row(time: int, price: float, fault: str) -> None:
    """Disorder and impossible prices are one sentence with the row."""
    with pytest.raises(ValueError, match=fault):
        kernel.from_trades(array("q", [5, time]), array("d", [1.0, price]), array("d", [1.0, 1.0]), MINUTE)


def test_frames_of_recorded_minutes_are_the_frames_the_exchange_recorded(recorded_data: Path) -> None:
    """A month of 5-minute prices, built from the 1-minute candles, equals to the last bit what the exchange has."""
    duckdb = pytest.importorskip("duckdb", reason="recorded candles are Parquet, read by duckdb")

    def recorded(name: str) -> list[Row]:
        query = (
            "select open_time * 1000000, open, high, low, close, volume, 0.0 from read_parquet(?) order by open_time"
        )
        return duckdb.execute(query, [str(recorded_data / name)]).fetchall()  # type: ignore[no-any-return]

    minutes = recorded("klines-1m/2023-07/BTCUSDT.parquet")
    theirs = {row[0]: row[1:5] for row in recorded("klines-5m/BTCUSDT.parquet")}
    assert kernel.check_candles(*columns(minutes), MINUTE) is None
    ours = listed(kernel.aggregate(*columns(minutes), quote_volumes(minutes), MINUTE, 5 * MINUTE))
    assert len(ours) > 8_000
    assert all(theirs[row[0]] == row[1:5] for row in ours)
