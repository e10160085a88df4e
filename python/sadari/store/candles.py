"""Candles of many symbols out of files: found by name, checked, joined in time order."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from math import inf
from pathlib import Path
from typing import Literal

from sadari.errors import DataError
from sadari.kernel import check_candles
from sadari.model.units import DAY_NS, MINUTE_NS, SECOND_NS
from sadari.store.tables import SUFFIXES, Shape, Table, read

SHAPE = Shape(
    time=("open_time",),
    numbers=(("open",), ("high",), ("low",), ("close",), ("volume",)),
    optional=(("quote_volume", "quote_asset_volume"),),
    # Source: the columns of the exchange's public archive (data.binance.vision, futures/um klines).
    order=(
        "open_time", "open", "high", "low", "close", "volume", "close_time", "quote_volume", "count",
        "taker_buy_volume", "taker_buy_quote_volume", "ignore",
    ),
)  # fmt: skip

_SYMBOL = re.compile(r"[A-Z0-9]{2,}(_\d{6})?")

# An interval is read off this many candles; a rare gap or a stray row among them does not outvote the rest.
_SAMPLE = 2_000


@dataclass(frozen=True, slots=True)
class CandleColumns:
    """One symbol's candles, oldest first: time-ordered columns that export the buffer protocol.

    ``open_time_ns`` has format ``q``; prices, in quote currency, and volumes have format ``d``. Rows may jump in time
    where candles are missing (see `segments`). ``quote_volume`` is None if a source has none.
    """

    symbol: str
    interval_ns: int
    open_time_ns: memoryview
    open: memoryview
    high: memoryview
    low: memoryview
    close: memoryview
    volume: memoryview
    quote_volume: memoryview | None
    files: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.open_time_ns)

    @property
    def start_ns(self) -> int:
        """When the first candle opens."""
        return int(self.open_time_ns[0])

    @property
    def end_ns(self) -> int:
        """When the last candle closes."""
        return int(self.open_time_ns[-1]) + self.interval_ns

    def rows(self, part: slice) -> CandleColumns:
        """A run of rows, without copying them."""
        quote = self.quote_volume
        return CandleColumns(
            self.symbol, self.interval_ns, self.open_time_ns[part], self.open[part], self.high[part], self.low[part],
            self.close[part], self.volume[part], None if quote is None else quote[part], self.files,
        )  # fmt: skip

    def between(self, from_ns: int | None, until_ns: int | None) -> CandleColumns:
        """The candles that open in [from_ns, until_ns)."""
        first = 0 if from_ns is None else bisect_left(self.open_time_ns, from_ns)
        last = len(self) if until_ns is None else bisect_left(self.open_time_ns, until_ns)
        return self.rows(slice(first, max(first, last)))


def segments(columns: CandleColumns) -> list[slice]:
    """The contiguous runs of rows: a new one starts wherever at least one candle is missing."""
    times = columns.open_time_ns
    if len(times) == 0:
        return []
    # Without a gap, which is the rule, the two ends tell without looking at any row between them.
    if times[-1] - times[0] == (len(times) - 1) * columns.interval_ns:
        return [slice(0, len(times))]
    cuts = [row for row, (a, b) in enumerate(pairwise(times), 1) if b - a != columns.interval_ns]
    return [slice(a, b) for a, b in pairwise([0, *cuts, len(times)])]


def find(paths: Iterable[Path]) -> dict[str, list[Path]]:
    """The candle files under some paths by symbol.

    A folder holds ``SYMBOL.csv``, ``SYMBOL-1m-2025-04.parquet`` and the like, or such files in folders named after
    their symbol; other files are left alone. A path may also be one such file.

    Raises:
        DataError: A path does not exist or nothing was found.
    """
    found: dict[str, list[Path]] = {}
    asked = list(paths)
    for path in asked:
        if not path.exists():
            raise DataError(f"{path}: there is no such file or folder of candles")
        candidates = [path] if path.is_file() else sorted(path.iterdir())
        for candidate in candidates:
            symbol = candidate.stem.partition("-")[0] if candidate.is_file() else candidate.name
            if not _SYMBOL.fullmatch(symbol):
                continue
            files = [candidate] if candidate.is_file() else sorted(candidate.iterdir())
            found.setdefault(symbol, []).extend(file for file in files if file.suffix in SUFFIXES)
    found = {symbol: files for symbol, files in found.items() if files}
    if not found:
        names = ", ".join(str(path) for path in asked)
        raise DataError(f"{names}: no candles here; files are named SYMBOL.csv or SYMBOL-1m-2025-04.parquet")
    return found


def chosen_files(paths: Iterable[Path], symbols: Sequence[str] | None) -> dict[str, list[Path]]:
    """The files of some symbols, of all that are found if None, symbols sorted.

    Raises:
        DataError: A path does not exist or a symbol is not there.
    """
    found = find(paths)
    absent = [symbol for symbol in symbols or () if symbol not in found]
    if absent:
        raise DataError(f"no candles for {', '.join(absent)}; found are {', '.join(sorted(found))}")
    return {symbol: found[symbol] for symbol in sorted(symbols or found)}


def load(
    paths: Iterable[Path],
    symbols: Sequence[str] | None = None,
    from_ns: int | None = None,
    until_ns: int | None = None,
) -> dict[str, CandleColumns]:
    """The candles of some symbols (all that are found if None) that open in [from_ns, until_ns), symbols sorted.

    Raises:
        DataError: A symbol or range is not there, or a file holds something that is no candle.
    """
    loaded: dict[str, CandleColumns] = {}
    for symbol, files in chosen_files(paths, symbols).items():
        columns = load_files(symbol, files)
        chosen = columns.between(from_ns, until_ns)
        if len(chosen) == 0:
            have = f"{_shown(columns.start_ns)} to {_shown(columns.end_ns)}"
            raise DataError(f"{symbol}: no candle in the range asked for; the files cover {have}")
        loaded[symbol] = chosen
    return loaded


def load_files(symbol: str, files: Sequence[Path]) -> CandleColumns:
    """One symbol's files, each checked, joined in time order.

    Raises:
        DataError: A file has no rows, a row is no candle, files overlap or differ in their interval.
    """
    tables = [read(file, SHAPE) for file in files]
    for table in tables:
        if len(table.time_ns) == 0:
            raise DataError(f"{table.path}: holds no rows")
    tables.sort(key=lambda table: table.time_ns[0])
    interval_ns = _interval(max(tables, key=lambda table: len(table.time_ns)))
    for table in tables:
        check(table, interval_ns)
    for earlier, later in pairwise(tables):
        if later.time_ns[0] <= earlier.time_ns[-1]:
            raise DataError(
                f"{later.path}: starts at {_shown(later.time_ns[0])} where {earlier.path} already reaches to "
                f"{_shown(earlier.time_ns[-1])}; files of one symbol must not overlap"
            )
    quoted = all("quote_volume" in table.numbers for table in tables)
    return CandleColumns(
        symbol=symbol,
        interval_ns=interval_ns,
        open_time_ns=_joined([table.time_ns for table in tables], "q"),
        open=_numbers(tables, "open"),
        high=_numbers(tables, "high"),
        low=_numbers(tables, "low"),
        close=_numbers(tables, "close"),
        volume=_numbers(tables, "volume"),
        quote_volume=_numbers(tables, "quote_volume") if quoted else None,
        files=tuple(str(table.path) for table in tables),
    )


def check(table: Table, interval_ns: int) -> None:
    """Refuse the first row that is no candle of this interval.

    Raises:
        DataError: Names the file, the row, the value and what is allowed.
    """
    numbers = table.numbers
    found = check_candles(
        table.time_ns, numbers["open"], numbers["high"], numbers["low"], numbers["close"], numbers["volume"],
        interval_ns, gaps_allowed=True,
    )  # fmt: skip
    if found is not None:
        row, kind, _ = found
        raise DataError(f"{table.place(row)}: {_fault(table, row, kind, interval_ns)}")


def _fault(table: Table, row: int, kind: str, interval_ns: int) -> str:
    """One sentence about a row that is no candle."""
    time = table.time_ns[row]
    values = {name: column[row] for name, column in table.numbers.items()}
    high, low = values["high"], values["low"]
    if kind == "price":
        name = next(name for name in ("open", "high", "low", "close") if not 0 < values[name] < inf)
        return f"{name} is {values[name]} where a finite number above 0 is wanted"
    if kind == "volume":
        return f"volume is {values['volume']} where a finite number of 0 or more is wanted"
    if kind == "range":
        return f"high is {high}, below low, which is {low}"
    if kind == "outside":
        name = next(name for name in ("open", "close") if not low <= values[name] <= high)
        return f"{name} is {values[name]} where low is {low} and high is {high}"
    if kind == "grid":
        return f"open_time is {_shown(time)}, off the grid of {interval_ns // SECOND_NS} s"
    if kind == "duplicate":
        return f"open_time is {_shown(time)}, the same as in the row before"
    return f"open_time is {_shown(time)}, earlier than {_shown(table.time_ns[row - 1])} in the row before"


def _interval(table: Table) -> int:
    """The most common step between the first rows; a single row counts as a minute."""
    sample = table.time_ns[:_SAMPLE]
    steps = Counter(later - earlier for earlier, later in pairwise(sample) if later > earlier)
    interval_ns = int(max(steps, key=lambda step: (steps[step], -step))) if steps else MINUTE_NS
    if DAY_NS % interval_ns:
        raise DataError(f"{table.path}: candles are {interval_ns / SECOND_NS:g} s apart, which is no part of a day")
    return interval_ns


def _numbers(tables: Sequence[Table], name: str) -> memoryview:
    return _joined([table.numbers[name] for table in tables], "d")


def _joined(parts: Sequence[memoryview], kind: Literal["q", "d"]) -> memoryview:
    return parts[0] if len(parts) == 1 else memoryview(b"".join(parts)).cast(kind)  # type: ignore[return-value]


def _shown(time_ns: int) -> str:
    """A time as a person writes it: UTC to the second, or the raw number where no calendar reaches."""
    try:
        return f"{datetime.fromtimestamp(time_ns / SECOND_NS, UTC):%Y-%m-%d %H:%M:%S}"
    except (OverflowError, ValueError, OSError):
        return f"{time_ns} ns"
