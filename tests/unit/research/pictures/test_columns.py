"""Whole numbers go into a page and come out of it as they were."""

from __future__ import annotations

import base64
import gzip
import json

from hypothesis import given
from hypothesis import strategies as st

from sadari.research.pictures.columns import Columns, packed, turned

WHOLE = st.integers(-(2**52), 2**52)


def unpacked(text: str) -> dict[str, list[int]]:
    """What the page makes of packed columns."""
    block = gzip.decompress(base64.b64decode(text))
    size = int.from_bytes(block[:4], "little")
    head, at, found = json.loads(block[4 : 4 + size]), 4 + size, {}
    for name, count, width in head["columns"]:
        planes = [block[at + place * count : at + (place + 1) * count] for place in range(width)]
        at += width * count
        folded = [sum(plane[row] << 8 * place for place, plane in enumerate(planes)) for row in range(count)]
        found[name] = [-(value + 1) // 2 if value % 2 else value // 2 for value in folded]
    assert at == len(block)
    return found


@given(st.lists(WHOLE), st.lists(st.integers(-3, 3)))
def test_columns_come_out_as_they_went_in(wide: list[int], narrow: list[int]) -> None:
    """Of any sign, of any size up to 52 bits, also empty ones."""
    columns = Columns()
    columns.put("wide", wide)
    columns.put("narrow", narrow)
    assert unpacked(packed(columns.block())) == {"wide": wide, "narrow": narrow}


def test_rows_are_turned_into_columns() -> None:
    """With the keys of the first; without rows there are no keys."""
    assert turned([{"a": 1, "b": None}, {"a": 2, "b": "x"}]) == {"count": 2, "columns": {"a": [1, 2], "b": [None, "x"]}}
    assert turned([]) == {"count": 0, "columns": {}}
