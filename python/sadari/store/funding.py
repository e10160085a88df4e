"""Funding rates and mark prices out of files."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite, nan
from pathlib import Path

from sadari.errors import DataError
from sadari.model.units import HOUR_NS, SECOND_NS
from sadari.store.tables import SUFFIXES, Shape, Table, read

# Source: the recorded columns, and those of the exchange's public archive (futures/um fundingRate).
FUNDING = Shape(
    time=("funding_time", "calc_time"),
    numbers=(("funding_rate", "last_funding_rate"),),
    optional=(),
    order=("funding_time", "funding_rate"),
)
MARKS = Shape(time=("open_time",), numbers=(("open",),), optional=(), order=("open_time", "open"))

# The venue stamps a payment some milliseconds after the hour whose mark price it is made at.
_STAMP_NS = SECOND_NS
_LONGEST_PERIOD_NS = 8 * HOUR_NS + _STAMP_NS


@dataclass(frozen=True, slots=True)
class FundingColumns:
    """One symbol's funding in time order.

    ``time_ns`` has format ``q``; ``rate``, a fraction of the notional that longs pay, and ``mark_price`` have format
    ``d``. A mark price is NaN where it is not known; the column is None if none is.
    """

    time_ns: memoryview
    rate: memoryview
    mark_price: memoryview | None

    def spans(self, start_ns: int, end_ns: int) -> tuple[tuple[int, int], ...]:
        """The parts of a time in which no payment is missing: none lies further than a funding period from the next.

        Source: the longest period the exchange uses is eight hours.
        """
        first = bisect_left(self.time_ns, start_ns)
        last = bisect_right(self.time_ns, end_ns)
        found: list[tuple[int, int]] = []
        for earlier, later in pairwise([start_ns, *self.time_ns[first:last], end_ns]):
            if not 0 < later - earlier <= _LONGEST_PERIOD_NS:
                continue
            if found and found[-1][1] == earlier:
                found[-1] = (found[-1][0], later)
            else:
                found.append((earlier, later))
        return tuple(found)


def load(folder: Path, symbols: Iterable[str], marks: Path | None = None) -> dict[str, FundingColumns]:
    """The funding of those of some symbols that have a file ``SYMBOL.csv`` or ``SYMBOL.parquet`` in a folder.

    Args:
        folder: Where the rates are.
        symbols: Whose funding is wanted; one without a file is left out: its funding is not known.
        marks: A folder of mark price candles in files of the same names, if there is one.

    Raises:
        DataError: The folder is not there, or a file holds something that is no funding.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: there is no such folder of funding rates")
    loaded = {}
    for symbol in symbols:
        file = _file(folder, symbol)
        if file is None:
            continue
        table = read(file, FUNDING)
        _check(table, "funding_rate")
        marks_file = _file(marks, symbol) if marks is not None else None
        mark_price = _marks_at(table.time_ns, marks_file) if marks_file is not None else None
        loaded[symbol] = FundingColumns(table.time_ns, table.numbers["funding_rate"], mark_price)
    return loaded


def beside(candles: Path, kind: str) -> Path | None:
    """The folder of a kind that belongs to a folder of candles, if there is one.

    It is inside (``candles/funding``), beside (``funding/candles``) or beside the parent (``../funding/candles``),
    under the name of the folder of candles.
    """
    home = candles.resolve()
    choices = (home / kind, home.parent / kind / home.name, home.parent.parent / kind / home.name)
    return next((folder for folder in choices if folder.is_dir()), None)


def _file(folder: Path, symbol: str) -> Path | None:
    return next((file for suffix in SUFFIXES if (file := folder / f"{symbol}{suffix}").is_file()), None)


def _check(table: Table, name: str) -> None:
    previous = 0
    for row, (time, value) in enumerate(zip(table.time_ns, table.numbers[name], strict=True)):
        if not isfinite(value):
            raise DataError(f"{table.place(row)}: {name} is {value} where a finite number is wanted")
        if time <= previous:
            raise DataError(f"{table.place(row)}: the time is not later than that of the row before")
        previous = time


def _marks_at(times: memoryview, file: Path) -> memoryview:
    """The open of the mark price candle that begins when each payment is made, NaN where none does."""
    table = read(file, MARKS)
    _check(table, "open")
    opens = table.numbers["open"]
    found = array("d")
    for time in times:
        row = bisect_right(table.time_ns, time) - 1
        found.append(opens[row] if row >= 0 and time - table.time_ns[row] <= _STAMP_NS else nan)
    return memoryview(found)
