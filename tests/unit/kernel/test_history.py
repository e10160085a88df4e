"""The jump to the next crossing."""

from __future__ import annotations

import math
from array import array
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sadari.kernel import History, Ticks, Watch, expand
from tests.reference.expand import visits

MINUTE = 60_000_000_000
UNITS = 10**8
TICK = UNITS // 100

Row = tuple[float, float, float, float]


def history(*rows: Row, start: int = 0, path: str = "low_first", times: list[int] | None = None) -> History:
    """Minute candles (open, high, low, close), tick 0.01."""
    times = times or [start + row * MINUTE for row in range(len(rows))]
    columns = [array("d", column) for column in zip(*rows, strict=True)]
    return History(array("q", times), *columns, interval_ns=MINUTE, tick_units=TICK, seed=7, path=path)


def armed(*levels: tuple[int, bool, int], sticky: bool = False) -> Watch:
    """A watch with these levels."""
    watch = Watch()
    for number, up, level in levels:
        watch.arm(number, up, level, sticky)
    return watch


def test_each_level_on_the_way_is_met_at_its_own_tick() -> None:
    """Down to 90 and up to 110: a level between two ticks is met at the first tick beyond it, one after the other."""
    tape = history((100.0, 110.0, 90.0, 105.0))
    watch = armed((1, False, 9_555_500_000), (2, False, 9_200_000_000), (3, True, 10_777_700_000))
    met, position = [], -1
    while (crossing := tape.next_crossing(position, tape.end_ns or 0, watch)) is not None:
        position = crossing[0]
        met.append((crossing[1], watch.touch(crossing[1])))
    assert met == [(9_555_000_000, [1]), (9_200_000_000, [2]), (10_778_000_000, [3])]


def test_levels_in_a_gap_are_all_met_at_the_open() -> None:
    """Between a close of 100 and an open of 94 there is no trade: both levels are met at 94, at the open's instant."""
    tape = history((100.0, 100.0, 100.0, 100.0), (94.0, 95.0, 93.0, 94.5))
    watch = armed((1, False, 97 * UNITS), (2, False, 95 * UNITS), (3, False, 94 * UNITS))
    assert tape.next_crossing(0, tape.end_ns or 0, watch) == (MINUTE, 94 * UNITS, False)
    assert watch.touch(94 * UNITS) == [1, 2, 3]


def test_an_off_grid_end_stops_a_level_short_of_the_grid() -> None:
    """The low lies off the grid and just beyond the level: it is met there, not at a grid price never traded."""
    tape = history((100.0, 100.0, 98.994, 100.0))
    assert tape.next_crossing(-1, MINUTE, armed((1, False, 9_899_700_000))) is not None
    met = tape.next_crossing(-1, MINUTE, armed((1, False, 9_899_700_000)))
    assert met is not None
    assert met[1] == 9_899_400_000


def test_a_level_armed_behind_the_price_is_met_when_the_path_comes_back() -> None:
    """After the low has been passed, a DOWN level at the low waits for the next visit beyond it."""
    tape = history((100.0, 110.0, 90.0, 105.0), (105.0, 105.0, 89.0, 100.0))
    first = tape.next_crossing(-1, 2 * MINUTE, armed((1, False, 90 * UNITS)))
    assert first is not None
    again = tape.next_crossing(first[0], 2 * MINUTE, armed((1, False, 90 * UNITS)))
    assert again is not None
    assert (again[0] > MINUTE, again[1]) == (True, 90 * UNITS)


def test_a_level_the_price_stands_beyond_is_met_by_the_next_tick() -> None:
    """The visit after the standing one fires it, since its price is still beyond."""
    tape = history((100.0, 100.0, 90.0, 95.0), path="high_first")
    met = tape.next_crossing(0, MINUTE, armed((1, False, 200 * UNITS)))
    assert met is not None
    assert met[1] == 100 * UNITS - TICK


def test_nothing_is_met_outside_the_stretch_asked_for() -> None:
    """`after_ns` is excluded and `until_ns` included."""
    tape = history((100.0, 100.0, 100.0, 100.0), (94.0, 94.0, 94.0, 94.0))
    watch = armed((1, False, 95 * UNITS))
    assert tape.next_crossing(-1, MINUTE - 1, watch) is None
    assert tape.next_crossing(-1, MINUTE, watch) == (MINUTE, 94 * UNITS, False)
    assert tape.next_crossing(MINUTE, 9 * MINUTE, watch) is None


def test_the_watches_stay_as_they_were() -> None:
    """Asking changes nothing, and several watches are asked at once; the last price follows where they are moved to."""
    tape = history((100.0, 110.0, 90.0, 105.0))
    exchange, rules = armed((1, False, 93 * UNITS)), armed((1, True, 109 * UNITS))
    met = tape.next_crossing(-1, MINUTE, exchange, rules)
    assert met is not None
    assert met[1:] == (93 * UNITS, False)
    assert (exchange.levels(), rules.levels()) == ([(1, False, 93 * UNITS)], [(1, True, 109 * UNITS)])
    assert tape.next_crossing(-1, MINUTE, Watch(), rules) is not None
    assert tape.next_crossing(-1, MINUTE, rules, rules) is not None
    quiet = Watch()
    assert tape.next_crossing(-1, MINUTE, quiet) is None
    assert quiet.last is None
    tape.advance(MINUTE, quiet)
    assert quiet.last == 105 * UNITS


def test_a_hole_keeps_the_last_close() -> None:
    """Minutes without candles have no ticks; the price standing is the last close."""
    tape = history((100.0, 101.0, 99.0, 100.5), (90.0, 91.0, 89.0, 90.5), times=[0, 10 * MINUTE])
    assert tape.price_at(5 * MINUTE) == 10_050_000_000
    assert (tape.rows, tape.start_ns, tape.end_ns) == (2, 0, 11 * MINUTE)
    assert [tape.candle_at(time) for time in (0, MINUTE - 1, MINUTE, 10 * MINUTE, 11 * MINUTE)] == [-1, -1, 0, 0, 1]
    assert tape.extremes(MINUTE, 10 * MINUTE - 1) == (10_050_000_000, 10_050_000_000)
    assert tape.next_crossing(MINUTE, 11 * MINUTE, armed((1, False, 95 * UNITS))) == (
        10 * MINUTE,
        90 * UNITS,
        False,
    )


def test_a_changed_path_begins_with_the_next_candle() -> None:
    """Candles that have opened keep the order of its extremes; those after it take the new one."""
    row = (100.0, 110.0, 90.0, 100.0)
    tape = history(row, row, row, path="low_first")

    def first_extremes() -> list[int]:
        watch = armed((1, False, 90 * UNITS), (2, True, 110 * UNITS))
        met = [tape.next_crossing(time * MINUTE - 1, (time + 1) * MINUTE - 1, watch) for time in range(3)]
        return [crossing[1] // UNITS for crossing in met if crossing]

    assert first_extremes() == [90, 90, 90]
    tape.set_path("high_first", MINUTE // 2)
    assert first_extremes() == [90, 110, 110]
    tape.set_path("low_first", 2 * MINUTE - 1)
    assert first_extremes() == [90, 110, 90]


def framed(tape: History | Ticks, line: float, *, rows: int = 1) -> None:
    """Give a tape flat frames of three minutes at 100, from 0 on, with a line of this value."""
    flat = array("d", [100.0]) * rows
    opens = array("q", range(0, 3 * rows * MINUTE, 3 * MINUTE))
    tape.attach_frames(3 * MINUTE, opens, flat, flat, array("d", [line]) * rows)


def trailing(best: int, *, k: float = 3.0, since_ns: int = 0) -> Watch:
    """A watch with a trail of a LONG, not placed yet."""
    watch = Watch()
    watch.arm_trail(2, False, k, best * UNITS, None, None, since_ns)
    return watch


def test_a_trail_that_jumps_past_the_price_is_met_at_the_frames_close() -> None:
    """At the close of the frame the level lies above the price: met there and then, at the price standing."""
    tape = history(*[(100.0, 100.0, 100.0, 100.0)] * 6)
    framed(tape, 1.0)
    watch = trailing(110)
    assert tape.next_crossing(0, 6 * MINUTE, watch) == (3 * MINUTE, 100 * UNITS, True)
    assert watch.levels() == []
    tape.advance(3 * MINUTE, watch, closed=True)
    assert watch.touch(100 * UNITS) == [2]


def test_a_tick_comes_before_the_close_of_a_frame_at_its_instant() -> None:
    """The open at the close's instant is answered first; asked from there, the frame is still to be taken."""
    tape = history(*[(100.0, 100.0, 100.0, 100.0)] * 3, (94.0, 94.0, 94.0, 94.0))
    framed(tape, 1.0)
    watch = trailing(100)
    watch.arm(1, False, 95 * UNITS)
    assert tape.next_crossing(0, 4 * MINUTE, watch) == (3 * MINUTE, 94 * UNITS, False)
    tape.advance(3 * MINUTE, watch)
    assert watch.touch(94 * UNITS) == [1]
    assert tape.next_crossing(3 * MINUTE, 4 * MINUTE, watch) == (3 * MINUTE, 94 * UNITS, True)
    tape.advance(3 * MINUTE, watch, closed=True)
    assert watch.touch(94 * UNITS) == [2]
    assert tape.next_crossing(3 * MINUTE, 4 * MINUTE, watch) is None


def test_a_frame_that_closes_as_a_trail_is_armed_is_none_of_its() -> None:
    """It comes after the arming in no order of events: the first frame is one that closes later."""
    tape = history(*[(100.0, 100.0, 100.0, 100.0)] * 7)
    framed(tape, 1.0, rows=2)
    watch = trailing(110, since_ns=3 * MINUTE)
    assert tape.next_crossing(3 * MINUTE, 7 * MINUTE, watch) == (6 * MINUTE, 100 * UNITS, True)


def test_what_came_before_a_trail_was_armed_never_counts() -> None:
    """Moved to a time before its arming, or beside a trail that is older, it takes no earlier price or frame."""
    low, high = (100.0, 100.0, 100.0, 100.0), (120.0, 120.0, 120.0, 120.0)
    tape = history(low, high, high, low, low, low, low)
    framed(tape, 1.0, rows=2)
    watch = trailing(110)
    watch.arm_trail(3, False, 3.0, 100 * UNITS, None, None, 3 * MINUTE)
    tape.advance(MINUTE // 2, watch)
    tape.advance(3 * MINUTE, watch, closed=True)
    assert watch.levels() == [(2, False, 117 * UNITS)]
    tape.advance(6 * MINUTE, watch, closed=True)
    assert watch.levels() == [(2, False, 117 * UNITS), (3, False, 97 * UNITS)]


def test_a_trail_takes_each_price_and_each_frame_once() -> None:
    """Moved back, again and past the same frame, it is where one move puts it."""
    tape = history(*[(100.0, 100.0, 100.0, 100.0)] * 3, *[(104.0, 104.0, 104.0, 104.0)] * 4)
    framed(tape, 1.0, rows=2)
    once, often = trailing(100), trailing(100)
    tape.advance(6 * MINUTE, once, closed=True)
    for until in (2 * MINUTE, 3 * MINUTE, MINUTE, 3 * MINUTE, 5 * MINUTE, 6 * MINUTE, 6 * MINUTE):
        tape.advance(until, often, closed=True)
    assert once.levels() == often.levels() == [(2, False, 101 * UNITS)]


def test_a_trail_that_has_been_met_follows_the_tape_unmet_until_it_is_armed_again() -> None:
    """Met at 101 it is met no more, though the price stays there; armed again it is where it would be: at 104."""
    still = (101.0, 101.0, 101.0, 101.0)
    tape = history(*[(100.0, 100.0, 100.0, 100.0)] * 3, (107.0, 107.0, 101.0, 101.0), *[still] * 4)
    framed(tape, 1.0, rows=2)
    watch = trailing(104)
    tape.advance(3 * MINUTE, watch, closed=True)
    assert watch.touch(101 * UNITS) == [2]
    assert tape.next_crossing(3 * MINUTE, 7 * MINUTE, watch) is None
    tape.advance(6 * MINUTE, watch, closed=True)
    assert watch.rearm_trail(2, None)
    assert watch.levels() == [(2, False, 104 * UNITS)]
    assert tape.next_crossing(6 * MINUTE, 7 * MINUTE, watch) == (7 * MINUTE, 101 * UNITS, False)


def test_without_a_time_of_arming_no_tape_moves_a_trail() -> None:
    """Such a trail is fed tick by tick."""
    tape, watch = history(*[(100.0, 100.0, 100.0, 100.0)] * 6), Watch()
    framed(tape, 1.0)
    watch.arm_trail(2, False, 3.0, 110 * UNITS, None, None, None)
    tape.advance(6 * MINUTE, watch, closed=True)
    assert watch.levels() == []


def test_recorded_trades_move_a_trail_as_candles_do() -> None:
    """The best of the trades counts, one at the instant of the close too; the next one beyond meets the trail."""
    times = array("q", [MINUTE, 2 * MINUTE, 3 * MINUTE, 4 * MINUTE, 5 * MINUTE])
    ticks = Ticks(times, array("d", [100.0, 103.0, 105.0, 103.0, 102.0]))
    framed(ticks, 1.0)
    watch = trailing(100)
    assert ticks.next_crossing(0, 5 * MINUTE, watch) == (5 * MINUTE, 102 * UNITS, False)
    assert watch.levels() == []
    ticks.advance(4 * MINUTE, watch)
    assert (watch.levels(), watch.last) == ([(2, False, 102 * UNITS)], 103 * UNITS)


def test_an_open_that_is_an_extreme_does_not_count_after_itself() -> None:
    """From the open's own instant on, a candle that opened at its high has its highest price a tick lower."""
    tape = history((110.0, 110.0, 90.0, 95.0), (95.0, 95.0, 95.0, 95.0), path="high_first")
    assert tape.extremes(0, MINUTE) == (90 * UNITS, 110 * UNITS - TICK)
    assert tape.extremes(-1, MINUTE) == (90 * UNITS, 110 * UNITS)


@settings(max_examples=100)
@given(seed=st.integers(0, 10**6), data=st.data())
def test_whole_blocks_are_skipped_without_missing_a_candle(seed: int, data: st.DataObject) -> None:
    """Over thousands of candles, from any of them on, the first that can cross is found, and the extremes are right."""
    rows = 5_000
    prices = [100.0 + (row * 7_919 + seed) % 5_003 / 100 for row in range(rows)]
    column = array("d", prices)
    times = array("q", range(0, rows * MINUTE, MINUTE))
    tape = History(times, column, column, column, column, interval_ns=MINUTE, tick_units=TICK, seed=1)
    start, stop = sorted((data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, rows - 1))))
    level = data.draw(st.integers(100 * UNITS, 151 * UNITS))
    inside = range(start + 1, stop + 1)
    expected = next((row for row in inside if round(prices[row] * UNITS) >= level), None)
    met = tape.next_crossing(start * MINUTE, stop * MINUTE, armed((1, True, level)))
    assert met == (None if expected is None else (expected * MINUTE, round(prices[expected] * UNITS), False))
    if inside:
        low, high = tape.extremes(start * MINUTE, stop * MINUTE)
        seen = [round(prices[row] * UNITS) for row in inside]
        assert (low, high) == (min(seen), max(seen))


def test_without_candles_nothing_is_known() -> None:
    """An empty history answers None and refuses to name a price."""
    tape = History(
        memoryview(b"").cast("q"), *[memoryview(b"").cast("d")] * 4, interval_ns=MINUTE, tick_units=1, seed=1
    )
    assert (tape.rows, tape.start_ns, tape.end_ns, tape.candle_at(0)) == (0, None, None, -1)
    assert tape.next_crossing(0, MINUTE, armed((1, True, 1))) is None
    with pytest.raises(ValueError, match="time_ns is 5, but must be at or after the first price"):
        tape.price_at(5)


def test_any_time_may_be_asked_about() -> None:
    """The ends of the integer range are times like any other."""
    tape = history((100.0, 110.0, 90.0, 105.0), start=-5 * MINUTE)
    first, last = -(2**63), 2**63 - 1
    assert tape.price_at(last) == 105 * UNITS
    assert tape.extremes(first, last) == (90 * UNITS, 110 * UNITS)
    met = tape.next_crossing(first, last, armed((1, False, 90 * UNITS)))
    assert met is not None
    assert met[1] == 90 * UNITS
    assert tape.candle_at(last) == 0
    assert tape.candle_at(first) == -1


def test_columns_of_different_lengths_are_refused() -> None:
    """The sentence names the column and both lengths."""
    two, one = array("d", [1.0, 1.0]), array("d", [1.0])
    with pytest.raises(ValueError, match="length of low is 1, but must be that of open_time_ns, 2"):
        History(array("q", [0, 1]), two, two, one, two, interval_ns=MINUTE, tick_units=1, seed=1)
    with pytest.raises(ValueError, match="open_time_ns is 7, but must be a multiple of the frame, 5"):
        history((1.0, 1.0, 1.0, 1.0)).attach_frames(5, array("q", [7]), one, one, one)


def test_history_and_expansion_see_one_tape() -> None:
    """The trades the local exchange takes from a candle are prices the history stands at."""
    tape = history((100.0, 110.0, 90.0, 105.0), path="tape", start=5 * MINUTE)
    trades = expand(7, 5 * MINUTE, MINUTE, 100 * UNITS, 110 * UNITS, 90 * UNITS, 105 * UNITS, 1.0, TICK)
    assert [tape.price_at(time) for time, _, _ in trades] == [price for _, price, _ in trades]


@settings(max_examples=200)
@given(
    trades=st.lists(st.tuples(st.integers(0, 30), st.integers(1, 40)), min_size=1, max_size=200),
    levels=st.tuples(st.integers(0, 20), st.integers(20, 41)),
    stretch=st.tuples(st.integers(-1, 31), st.integers(-1, 31)).map(sorted),
)
def test_recorded_trades_are_searched_as_they_came(
    trades: list[tuple[int, int]], levels: tuple[int, int], stretch: list[int]
) -> None:
    """Trades of one instant keep their order; the answers are those of a walk."""
    ordered = [(time * 1_000_000, price) for time, price in sorted(trades, key=lambda trade: trade[0])]
    walked: list[tuple[int, int]] = []
    for time, price in ordered:
        walked.append((max(time, walked[-1][0] + 1) if walked else time, price))
    ticks = Ticks(array("q", [t for t, _ in ordered]), array("d", [price / UNITS for _, price in ordered]))
    after, until = (time * 1_000_000 for time in stretch)
    inside = [(time, price) for time, price in walked if after < time <= until]
    watch = armed((1, False, levels[0]), (2, True, levels[1]))
    expected = next(((*visit, False) for visit in inside if not levels[0] < visit[1] < levels[1]), None)
    assert ticks.next_crossing(after, until, watch) == expected
    if inside:
        assert ticks.extremes(after, until) == (min(p for _, p in inside), max(p for _, p in inside))
    last = [price for time, price in walked if time <= until]
    if last:
        assert ticks.price_at(until) == last[-1]


def test_levels_on_recorded_candles_are_met_where_a_walk_meets_them(recorded_data: Path) -> None:
    """On recorded minutes, levels of 0.3 % around each crossing are met where a walk over every tick meets them."""
    duckdb = pytest.importorskip("duckdb", reason="recorded candles are Parquet, read by duckdb")
    files = sorted((recorded_data / "klines-1m").glob("2025-01/*.parquet"))
    table = duckdb.read_parquet(str(files[0])).order("open_time").limit(600).fetchnumpy()
    times = (table["open_time"].astype("int64") * 1_000_000).astype("int64")
    columns = [table[name].astype("float64") for name in ("open", "high", "low", "close")]
    tick = UNITS // 100
    tape = History(times, *columns, interval_ns=MINUTE, tick_units=tick, seed=11)
    walk: list[tuple[int, int]] = []
    for row, time in enumerate(times.tolist()):
        o, h, lo, c = (round(column[row] * UNITS) for column in columns)
        walk += visits(expand(11, time, MINUTE, o, h, lo, c, 1.0, tick), tick)
    watch, position, price = Watch(), walk[0][0], walk[0][1]
    expected, met = [], []
    low, high = math.floor(price * 0.997), math.ceil(price * 1.003)
    for time, at in walk[1:]:
        if not low < at < high:
            expected.append((time, at))
            low, high = math.floor(at * 0.997), math.ceil(at * 1.003)
    while True:
        watch.arm(1, False, math.floor(price * 0.997))
        watch.arm(2, True, math.ceil(price * 1.003))
        crossing = tape.next_crossing(position, tape.end_ns or 0, watch)
        if crossing is None:
            break
        position, price, _ = crossing
        met.append((position, price))
        assert watch.touch(price)
    assert len(met) > 5
    assert met == expected
