"""Columns of candles that came one by one."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from sadari.sensors.feed import Quoted


@dataclass(frozen=True, slots=True)
class Columns:
    """Candles of one symbol in time order: times of format ``q``, the others of format ``d``."""

    interval_ns: int
    open_time_ns: memoryview
    open: memoryview
    high: memoryview
    low: memoryview
    close: memoryview
    volume: memoryview
    quote_volume: memoryview | None


def columns(interval_ns: int, rows: Sequence[Quoted]) -> Columns:
    """The columns of some candles; quote volumes are known of all of them or count for none."""

    def prices(field: int) -> memoryview:
        return memoryview(array("d", [row.candle[field] for row in rows]))

    amounts = [row.quote_volume for row in rows if row.quote_volume is not None]
    return Columns(
        interval_ns,
        memoryview(array("q", [row.candle.open_time_ns for row in rows])),
        prices(1),
        prices(2),
        prices(3),
        prices(4),
        prices(5),
        memoryview(array("d", amounts)) if rows and len(amounts) == len(rows) else None,
    )
