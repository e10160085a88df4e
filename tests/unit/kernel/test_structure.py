"""Swings and breaks of structure by the worked vector."""

from __future__ import annotations

import math
from array import array

import pytest

from sadari.kernel import Structure, structure

# The vector of strategies §7.2: open, high, low, close by index.
VECTOR = [
    (9.2, 10, 9, 9.6),
    (9.6, 11, 9.5, 10.8),
    (10.8, 12, 10.6, 11.5),
    (11.5, 11.6, 10, 10.2),
    (10.2, 10.5, 9.5, 9.8),
    (9.8, 11.5, 9.7, 11.4),
    (11.4, 12.5, 11.3, 12.4),
    (12.4, 13, 12, 12.6),
    (12.6, 12.8, 11.2, 11.4),
    (11.4, 11.8, 10.9, 11.6),
    (11.6, 12.3, 11, 11.3),
    (11.3, 11.35, 10.1, 10.3),
    (10.3, 10.6, 9.2, 9.4),
]
SWINGS = [(3, 2, True, 12.0), (5, 4, False, 9.5), (8, 7, True, 13.0), (10, 9, False, 10.9), (11, 10, True, 12.3)]
BREAKS = [(6, True, False, 2, 12.0), (11, False, True, 9, 10.9)]


def columns() -> tuple[array[float], array[float], array[float]]:
    """High, low and close of the vector."""
    _, high, low, close = zip(*VECTOR, strict=True)
    return array("d", high), array("d", low), array("d", close)


def test_the_vector_of_market_structure() -> None:
    """Strategies §7.2: five swings, a break of structure up at 6, a change of character down at 11, then BEARISH."""
    assert structure(*columns(), 1, 1) == (BREAKS, SWINGS)
    moving = Structure(1, 1)
    trends = []
    for high, low, close in zip(*columns(), strict=True):
        moving.push(high, low, close)
        trends.append(moving.trend)
    assert trends == ["NEUTRAL"] * 6 + ["BULLISH"] * 5 + ["BEARISH"] * 2


def test_a_wick_is_no_break_and_neither_is_a_close_at_the_level() -> None:
    """Only a close beyond the swing breaks it."""
    high, low, close = columns()
    close[6] = 12.0
    breaks, _ = structure(high, low, close, 1, 1)
    assert [found[0] for found in breaks] == [7, 11]


def test_a_candle_that_is_both_counts_as_a_high() -> None:
    """Strategies §7.1, for a candle that engulfs its neighbours."""
    column = (array("d", [2, 3, 2]), array("d", [1, 0.5, 1]), array("d", [1.5, 1.5, 1.5]))
    assert structure(*column, 1, 1) == ([], [(2, 1, True, 3.0)])


def test_equal_highs_are_both_swings() -> None:
    """The raw view keeps ties."""
    flat = array("d", [1.0] * 4)
    assert [swing[1] for swing in structure(array("d", [2, 3, 3, 2]), flat, flat, 1, 1)[1]] == [1, 2]


@pytest.mark.parametrize(("left", "right", "name"), [(0, 2, "left"), (2, 1001, "right")])
def test_impossible_neighbourhoods_are_refused(left: int, right: int, name: str) -> None:
    """One sentence with the name and what is allowed."""
    with pytest.raises(ValueError, match=f"{name} is .*from 1 to 1000"):
        Structure(left, right)


def test_columns_of_one_table_are_wanted() -> None:
    """A shorter column is named."""
    high, low, close = columns()
    with pytest.raises(ValueError, match="the length of high is 12"):
        structure(high[1:], low, close)


def test_an_unknown_close_breaks_nothing() -> None:
    """A comparison with NaN is false."""
    high, low, close = columns()
    close[6] = math.nan
    assert [found[0] for found in structure(high, low, close, 1, 1)[0]] == [7, 11]
