"""The comparison of two JSON values by their shape."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.shape import Difference, differences

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3)
NAMES = st.text("abcd", min_size=1, max_size=2)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)


@given(VALUES)
def test_a_value_has_the_shape_of_itself(value: Any) -> None:
    """Nothing is missing, extra or otherwise in a value held against itself."""
    assert differences([value], [value]) == []


@given(st.dictionaries(NAMES, VALUES, min_size=1, max_size=4), st.data())
def test_a_key_taken_away_is_missing_and_a_key_put_in_is_extra(value: dict[str, Any], data: st.DataObject) -> None:
    """The two directions of the comparison mirror each other."""
    key = data.draw(st.sampled_from(sorted(value)))
    shorter = {name: inner for name, inner in value.items() if name != key}
    assert [(one.path, one.what) for one in differences([value], [shorter])] == [(key, "missing")]
    assert [(one.path, one.what) for one in differences([shorter], [value])] == [(key, "extra")]


@pytest.mark.parametrize(
    ("recorded", "served", "expected"),
    [
        ({"a": "1"}, {"a": 1}, [Difference("a", "type", "string", "integer")]),
        ({"a": 1}, {"a": 1.5}, [Difference("a", "type", "integer", "number")]),
        ({"a": 1.5}, {"a": 1}, []),
        ({"a": 1}, {"a": True}, [Difference("a", "type", "integer", "boolean")]),
        ({"a": None}, {"a": "x"}, [Difference("a", "type", "null", "string")]),
        ({"a": {"b": 1}}, {"a": {}}, [Difference("a.b", "missing", "integer")]),
        ({"a": {}}, {"a": {"c": 1}}, [Difference("a.c", "extra", "", "integer")]),
        ([{"a": 1}], {"a": 1}, [Difference("", "type", "array", "object")]),
        ({"a": [{"b": 1}]}, {"a": []}, [Difference("a", "empty", "object")]),
        ({"a": []}, {"a": [{"b": 1}]}, []),
        ([["1", "2"]], [["1", "2"], ["3", "4"]], []),
        ([["1", "2"]], [["1", 2]], [Difference("[][]", "type", "string", "integer|string")]),
    ],
)  # fmt: skip
def test_each_kind_of_difference_is_named(recorded: Any, served: Any, expected: list[Difference]) -> None:
    """Worked examples: path, what differs and both types."""
    assert differences([recorded], [served]) == expected


def test_the_elements_of_an_array_are_taken_together() -> None:
    """A key that only some elements have is known, and is served when one element has it."""
    recorded = [{"filters": [{"kind": "A", "limit": 1}, {"kind": "B", "step": "1"}]}]
    assert differences(recorded, [{"filters": [{"kind": "B", "step": "2"}, {"kind": "A", "limit": 3}]}]) == []
    assert differences(recorded, [{"filters": [{"kind": "B", "step": "2"}]}]) == [
        Difference("filters[].limit", "missing", "integer")
    ]


def test_a_row_is_compared_place_by_place() -> None:
    """A candle's places have types of their own, and one that is too short lacks its last place."""
    candle = [1_499_040_000_000, "0.1", "0.8", 308]
    assert differences([[candle]], [[[1, "2", "3", 4], [5, "6", "7", 8]]]) == []
    assert differences([[candle]], [[[1, 2, "3", 4]]]) == [Difference("[][1]", "type", "string", "integer")]
    assert differences([[candle]], [[[1, "2", "3"]]]) == [Difference("[][3]", "missing", "integer")]


def test_samples_of_one_kind_are_taken_together() -> None:
    """What one sample lacks another may have: an order that was filled and one that was not."""
    samples = [{"a": 1}, {"a": 1, "b": "x"}]
    assert differences(samples, [{"a": 2, "b": "y"}]) == []
    assert differences(samples, [{"a": 2}, {"a": 2, "b": "y"}]) == []
    assert differences(samples, [{"a": 2}]) == [Difference("b", "missing", "string")]


def test_a_difference_reads_as_one_line() -> None:
    """What a failing comparison prints names the place, what is wrong, and both types."""
    assert str(Difference("", "type", "array", "object")) == "(the whole): type (recorded array, served object)"
    assert str(Difference("a.b", "extra", "", "string")) == "a.b: extra (recorded -, served string)"
