"""Whole numbers in little space: columns as byte planes in one compressed block that a page unpacks.

A small number has zeros in its high bytes. Written byte place by byte place, those zeros stand together and cost
nothing.
"""

from __future__ import annotations

import base64
import gzip
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

_LENGTH_BYTES = 4


class Columns:
    """Columns of whole numbers of any sign, by name, and ``notes`` that travel with them."""

    def __init__(self) -> None:
        self._columns: dict[str, Sequence[int]] = {}
        self.notes: dict[str, Any] = {}

    def put(self, name: str, values: Sequence[int]) -> None:
        """Add a column. Its values stay within 52 bits, which is what a page can hold exactly."""
        self._columns[name] = values

    def block(self) -> bytes:
        """The length of the head in four bytes, the head as JSON, then the planes of each column, lowest byte first."""
        import numpy as np

        head: list[list[object]] = []
        planes: list[bytes] = []
        for name, values in self._columns.items():
            signed = np.asarray(values, dtype=np.int64)
            # Even numbers are those of zero and above, odd ones those below it.
            folded = (np.abs(signed).astype(np.uint64) << np.uint64(1)) - (signed < 0)
            width = max((int(folded.max(initial=0)).bit_length() + 7) // 8, 1)
            places = folded.astype("<u8").view(np.uint8).reshape(-1, 8)[:, :width]
            planes.append(places.T.tobytes())
            head.append([name, len(signed), width])
        told = msgspec.json.encode({"columns": head, "notes": self.notes})
        return len(told).to_bytes(_LENGTH_BYTES, "little") + told + b"".join(planes)


def packed(block: bytes) -> str:
    """Bytes as text for a page: gzip, then base64."""
    return base64.b64encode(gzip.compress(block, compresslevel=7, mtime=0)).decode("ascii")


def turned(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Rows with the same keys, turned into one list for each key: what is alike stands together."""
    if not rows:
        return {"count": 0, "columns": {}}
    return {"count": len(rows), "columns": {key: [row[key] for row in rows] for key in rows[0]}}
