"""The ICT concepts and the entry model by their worked vectors."""

from __future__ import annotations

from array import array

import pytest
from msgspec.structs import replace

from sadari.kernel import IctReader, IctStream, ict_batch, ict_facts
from sadari.model.units import MINUTE_NS
from sadari.sensors.ict_settings import FACTS, IctSettings
from tests.reference.tapes import START_NS, Columns, minutes
from tests.unit.kernel.test_structure import BREAKS, SWINGS, VECTOR

RULES = IctSettings(swing_left=1, swing_right=1)
# The vector of strategies §7.7 for SHORT: open, high, low, close by index.
SHORT = [
    (100, 101, 99.5, 100.8),
    (100.8, 102, 100.5, 101.7),
    (101.7, 101.8, 100.2, 100.4),
    (100.4, 100.6, 99, 99.3),
    (99.3, 100.9, 99.2, 100.7),
    (100.7, 101.6, 100.5, 101.4),
    (101.4, 102.6, 101.3, 101.5),
    (101.5, 101.6, 100.1, 100.3),
    (100.3, 100.4, 98.4, 98.6),
    (98.6, 98.9, 98, 98.2),
    (98.2, 99.3, 98.1, 99.2),
    (99.2, 100.3, 99.1, 99.9),
]
# That for LONG: every price p is 200 - p.
LONG = [tuple(round(200 - price, 2) for price in (a, low, high, b)) for a, high, low, b in SHORT]
Rows = list[tuple[float, float, float, float]]
Said = tuple[int, bool, int, str, tuple[object, ...] | None]


def facts(rows: Rows, rules: IctSettings = RULES) -> list[tuple[int, str, bool, int, float, float]]:
    """What columns make known; candle after candle it is the same."""
    columns = [array("d", map(float, column)) for column in zip(*rows, strict=True)]
    found = ict_facts(rules, *columns)
    listed = list(
        zip(
            found.row.tolist(), found.code.tolist(), found.at.tolist(), found.bottom.tolist(), found.top.tolist(),
            strict=True,
        )
    )  # fmt: skip
    reader = IctReader(rules)
    assert [fact for row in zip(*columns, strict=True) for fact in reader.push(*row)] == listed
    return [(int(row), FACTS[int(code) // 2], bool(code % 2), int(at), a, b) for row, code, at, a, b in listed]


def only(rows: Rows, *names: str) -> list[tuple[int, bool, int, float, float]]:
    """The facts of some names: row, up, row of what it is about, edges."""
    return [(row, up, at, bottom, top) for row, what, up, at, bottom, top in facts(rows) if what in names]


def said(candles: Columns, rules: IctSettings = RULES, tick: float = 0.01, frame_ns: int = MINUTE_NS) -> list[Said]:
    """What the model says, times as rows; candle after candle it is the same."""
    found = ict_batch(rules, candles.columns, candles.interval_ns, frame_ns, tick)  # type: ignore[arg-type]
    stream = IctStream(rules, candles.interval_ns, frame_ns, tick)
    pushed = [stream.push(*row) for row in zip(*candles.columns, strict=True)]
    assert [one for some in pushed if some for one in some] == found
    return [
        (row_of(close_ns, frame_ns), short, row_of(sweep_ns, frame_ns), what, terms)
        for close_ns, short, sweep_ns, what, terms in found
    ]


def row_of(close_ns: int, frame_ns: int) -> int:
    """The frame that closed at a time."""
    return (close_ns - START_NS) // frame_ns - 1


def test_the_vector_of_structure_in_the_facts() -> None:
    """Strategies §7.2: the same swings and breaks as the structure alone."""
    assert only(VECTOR, "SWING_ADDED", "SWING_REPLACED", "SWING_DROPPED") == [
        (confirmed, high, row, level, level) for confirmed, row, high, level in SWINGS
    ]
    assert only(VECTOR, "BOS") == [(row, up, at, v, v) for row, up, turned, at, v in BREAKS if not turned]
    assert only(VECTOR, "CHOCH") == [(row, up, at, v, v) for row, up, turned, at, v in BREAKS if turned]


def test_the_vector_of_fair_value_gaps() -> None:
    """Strategies §7.3: three bullish gaps and three bearish ones, each known one candle later."""
    assert only(VECTOR, "GAP_FOUND") == [
        (2, True, 1, 10.0, 10.6),
        (4, False, 3, 10.5, 10.6),
        (6, True, 5, 10.5, 11.3),
        (7, True, 6, 11.5, 12.0),
        (9, False, 8, 11.8, 12.0),
        (12, False, 11, 10.6, 11.0),
    ]


def test_the_vector_of_the_short_entry() -> None:
    """Strategies §7.7: 102 is swept at 6, 99 is broken at 8; entry 100.85 in the gap of 7, and no fill through 11."""
    ((row, short, sweep, what, terms),) = said(minutes(SHORT))
    assert (row, short, sweep, what) == (8, True, 6, "ENTRY")
    assert terms is not None
    price, extreme, swept, broken, gap_ns, bottom, top, *_, turned = terms
    assert (price, extreme, swept, broken, bottom, top) == (100.85, 102.6, 102.0, 99.0, 100.4, 101.3)
    assert isinstance(gap_ns, int)
    assert row_of(gap_ns, MINUTE_NS) == 7
    assert turned is False


def test_the_vector_of_the_long_entry() -> None:
    """Strategies §7.7: the same in the mirror of 200 - p."""
    ((row, short, sweep, what, terms),) = said(minutes(LONG))  # type: ignore[arg-type]
    assert (row, short, sweep, what) == (8, False, 6, "ENTRY")
    assert terms is not None
    price, extreme, swept, broken, gap_ns, bottom, top, *_, turned = terms
    assert (price, extreme, swept, broken, bottom, top) == (99.15, 97.4, 98.0, 101.0, 98.7, 99.6)
    assert isinstance(gap_ns, int)
    assert row_of(gap_ns, MINUTE_NS) == 7
    assert turned is False


def test_the_facts_behind_the_short_entry() -> None:
    """The sweep, the shift, the gap and the block that the text names, at their rows."""
    found = facts(SHORT)
    assert (6, "LIQUIDITY_SWEPT", True, 1, 102.0, 102.0) in found
    assert (8, "BOS", False, 3, 99.0, 99.0) in found
    assert (8, "GAP_FOUND", False, 7, 100.4, 101.3) in found
    assert (8, "BLOCK_CREATED", False, 6, 101.3, 102.6) in found


@pytest.mark.parametrize(
    ("tick", "level", "prices"),
    [(0.01, 0.0, (100.4, 99.6)), (0.01, 1.0, (101.3, 98.7)), (0.5, 0.5, (101.0, 99.0)), (0.1, 0.5, (100.9, 99.1))],
)
def test_the_entry_lies_where_it_is_set_to_and_on_the_grid(
    tick: float, level: float, prices: tuple[float, float]
) -> None:
    """Near edge, far edge; a sale is rounded up and a purchase down (§1.6). An entry may come to lie in discount."""
    rules = replace(RULES, entry_level=level)
    for rows, price in zip((SHORT, LONG), prices, strict=True):
        one = said(minutes(rows), rules, tick)[0]  # type: ignore[arg-type]
        if level == 0:
            assert one[3] in {"NOT_IN_PREMIUM", "NOT_IN_DISCOUNT"}
        else:
            assert one[4] is not None
            assert one[4][0] == price


def after_the_shift(*rows: tuple[float, float, float, float], rules: IctSettings = RULES) -> list[tuple[int, str]]:
    """What is said after the entry if these candles follow the shift."""
    found = said(minutes([*SHORT[:9], *rows]), rules)
    assert found[0][3] == "ENTRY"
    return [(row, what) for row, _, _, what, _ in found[1:]]


LULL = (98.6, 98.9, 98.2, 98.4)


def test_price_at_the_entry_ends_the_wait_and_a_close_beyond_the_gap_calls_it_off() -> None:
    """Strategies §7.7, 9: what is left of a partly filled entry is called off with the gap."""
    assert after_the_shift((98.6, 100.85, 98.5, 99.0)) == [(9, "REACHED")]
    assert after_the_shift((98.6, 100.84, 98.5, 99.2)) == []
    assert after_the_shift((98.6, 101.5, 98.5, 101.4)) == [(9, "REACHED"), (9, "GAP_FILLED")]


def test_a_break_the_other_way_calls_an_entry_off() -> None:
    """Strategies §7.7, 9: the high of row 10 is broken by the close of row 12."""
    highs = [(98.6, 98.7, 98.2, 98.4), (98.4, 98.9, 98.3, 98.5), (98.5, 98.6, 98.3, 98.4)]
    assert after_the_shift(*highs, (98.4, 99.0, 98.3, 98.95)) == [(12, "OPPOSITE_EVENT")]
    assert after_the_shift(*highs, (98.4, 99.0, 98.3, 98.9)) == []


def test_an_entry_waits_so_long_and_no_longer() -> None:
    """Strategies §7.7, 9: up to the close of bar k + 24, or whatever it is set to."""
    assert after_the_shift(*[LULL] * 24) == [(32, "TIMED_OUT")]
    assert after_the_shift(*[LULL] * 23) == []
    assert after_the_shift(*[LULL] * 3, rules=replace(RULES, entry_ttl=3)) == [(11, "TIMED_OUT")]


def test_price_at_the_first_target_before_the_entry_calls_it_off() -> None:
    """Strategies §7.7, 9: 99.0396 by default. At the shift price lies beyond it: it has to come back to go there."""
    assert after_the_shift(LULL) == []
    back = (98.6, 99.5, 98.5, 99.3)
    assert after_the_shift(back, (99.3, 99.4, 99.04, 99.2)) == []
    assert after_the_shift(back, (99.3, 99.4, 99.03, 99.2)) == [(10, "TARGET_FIRST")]
    assert after_the_shift((98.6, 99.3, 98.5, 98.9)) == [(9, "TARGET_FIRST")]
    assert after_the_shift((98.6, 98.9, 97.4, 98.0), rules=replace(RULES, target_r=(1.5,), target_shares=(1.0,))) == [
        (9, "TARGET_FIRST")
    ]
    assert after_the_shift((98.6, 98.9, 97.5, 98.0), rules=replace(RULES, target_r=(1.5,), target_shares=(1.0,))) == []


def test_a_close_beyond_the_extreme_ends_the_set_up_and_a_wick_does_not() -> None:
    """Strategies §7.7, 2: the extreme grows with the wick, and the stop with it."""
    wick = [*SHORT[:7], (101.5, 102.65, 101.3, 102.6), (102.6, 102.6, 100.1, 100.3), *SHORT[8:9]]
    (found,) = said(minutes(wick))
    assert found[3] == "ENTRY"
    assert found[4] is not None
    assert found[4][1] == 102.65
    closed = [*SHORT[:7], (101.5, 102.9, 101.0, 102.61)]
    assert [one[:4] for one in said(minutes(closed))] == [(7, True, 6, "SETUP_INVALIDATED")]


def test_a_shift_that_does_not_come_in_time_is_too_late() -> None:
    """Strategies §7.7, 2: after bar s + 20, or whatever it is set to."""
    flat = (101.5, 101.6, 101.3, 101.5)
    rows = [*SHORT[:7], *[flat] * 19]
    assert said(minutes(rows)) == []
    assert [one[:4] for one in said(minutes([*rows, flat]))] == [(26, True, 6, "SETUP_EXPIRED")]
    short = said(minutes(SHORT), replace(RULES, shift_within=1))
    assert short[0][:4] == (7, True, 6, "SETUP_EXPIRED")


def test_without_a_gap_there_is_no_entry() -> None:
    """Strategies §7.7, 3: the candle after the middle one reaches back."""
    rows = [*SHORT[:8], (100.3, 101.3, 98.4, 98.6)]
    assert [one[:4] for one in said(minutes(rows))] == [(8, True, 6, "NO_GAP")]


def test_a_market_without_trades_gives_no_entry() -> None:
    """Strategies §1.5: more than five of the last twenty candles without a trade."""
    assert said(minutes(SHORT, quiet=range(5)))[0][3] == "ENTRY"
    assert said(minutes(SHORT, quiet=range(6)))[0][3] == "NOT_READY"


def test_a_hole_begins_everything_anew() -> None:
    """What waited cannot be followed any more, and nothing from before the hole counts."""
    rows = [*SHORT[:9], LULL, LULL]
    found = said(minutes(rows).without([9]))
    assert [(one[0], one[2], one[3]) for one in found] == [(8, 6, "ENTRY"), (10, 6, "DATA_LOST")]
    assert said(minutes([*SHORT, *SHORT]).without([5]))[0][0] == 20


def test_frames_are_built_from_closed_candles() -> None:
    """Each frame of the vector as three minutes gives the vector's entry, at its close and not before."""
    rows = []
    for first, high, low, last in SHORT:
        rows += [(first, high, first, high), (high, high, low, low), (low, last, low, last)]
    ((row, _, sweep, what, terms),) = said(minutes(rows), frame_ns=3 * MINUTE_NS)
    assert (row, sweep, what) == (8, 6, "ENTRY")
    assert terms is not None
    assert terms[0] == 100.85
    assert said(minutes(rows[:26]), frame_ns=3 * MINUTE_NS) == []


# Two swing highs at 102 and 101.95, then a candle that trades beyond one or both of them; no true range is known yet.
def swept(*last: tuple[float, float, float, float], eq_tol: float = 0.1, calm: int = 0) -> list[tuple[object, ...]]:
    """What the last candles take of the highs at 102.0 (row 1) and 101.95 (row 3)."""
    rows: Rows = [(101, 101.5, 100.5, 101), (101, 102, 100.5, 101), (101, 101.5, 100.4, 101), (101, 101.95, 100.4, 101)]
    rows += [(101, round(101.5 - row / 100, 2), 100.4, 101) for row in range(calm + 1)]
    found = facts([*rows, *last], replace(RULES, eq_tol=eq_tol))
    return [(what, at, bottom, top) for row, what, up, at, bottom, top in found if up and what.startswith("LIQ")]


def test_equal_highs_are_one_pool_once_a_true_range_is_known() -> None:
    """Strategies §7.5: a member below the pool's level is not consumed on its own, the pool is by its highest."""
    between, beyond = (101, 101.99, 100.5, 101), (101, 102.2, 100.5, 101)
    assert swept(between) == [("LIQUIDITY_SWEPT", 3, 101.95, 101.95)]
    assert swept(between, calm=14) == []
    assert swept(beyond) == [("LIQUIDITY_SWEPT", 1, 102.0, 102.0), ("LIQUIDITY_SWEPT", 3, 101.95, 101.95)]
    assert swept(beyond, calm=14) == [("LIQUIDITY_SWEPT", 1, 101.95, 102.0)]
    assert swept(between, beyond, calm=14) == [("LIQUIDITY_SWEPT", 1, 102.0, 102.0)]


def test_a_level_is_taken_by_a_close_beyond_it_or_at_it_too() -> None:
    """Strategies §7.5: a break, or nothing that is told of a set-up; either way it cannot be swept any more."""
    for close, how in ((102.1, "LIQUIDITY_BROKEN"), (102.0, "LIQUIDITY_MET")):
        found = swept((101, 102.2, 100.5, close), (101, 102.4, 100.5, 101), calm=14)
        assert found == [(how, 1, 101.95, 102.0)]
    assert swept((101, 102, 100.5, 101.9), calm=14) == []


def test_the_dealing_range_is_that_of_the_alternating_list() -> None:
    """Strategies §7.6: the last low and the last high that are kept."""
    reader = IctReader(RULES)
    ranges = []
    for row in VECTOR:
        reader.push(*row)
        ranges.append(reader.dealing_range)
    assert ranges[4] is None
    assert ranges[5] == (9.5, 12.0)
    assert ranges[8] == (9.5, 13.0)
    assert ranges[12] == (10.9, 12.3)


def test_the_last_candle_against_the_break_may_be_the_block() -> None:
    """Strategies §7.4, the alternative selection, and none if there is no such candle."""
    found = facts(VECTOR, replace(RULES, ob_select="LAST_OPPOSITE"))
    blocks = [(row, up, at) for row, what, up, at, *_ in found if what == "BLOCK_CREATED"]
    assert blocks == [(6, True, 4)]
    assert [one[:3] for one in only(VECTOR, "BLOCK_CREATED")] == [(6, True, 4), (11, False, 10)]


@pytest.mark.parametrize(
    ("change", "said_so"),
    [
        ({"swing_left": 0}, "swing_left is 0"),
        ({"eq_tol": -0.1}, "eq_tol is -0.1"),
        ({"entry_level": 1.1}, "entry_level is 1.1"),
        ({"entry_ttl": 0}, "entry_ttl is 0"),
        ({"ob_select": "ANY"}, "ob_select is ANY"),
        ({"target": "FAR"}, "target is FAR"),
    ],
)
def test_rules_that_are_none_are_refused(change: dict[str, object], said_so: str) -> None:
    """One sentence with the name and what is allowed."""
    with pytest.raises(ValueError, match=said_so):
        IctStream(replace(RULES, **change), MINUTE_NS, MINUTE_NS, 0.01)
    with pytest.raises(ValueError, match="tick_size is 0"):
        IctStream(RULES, MINUTE_NS, MINUTE_NS, 0.0)
