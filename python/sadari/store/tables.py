"""Columns out of CSV and Parquet files: one time column, columns of numbers, and of what is true or false.

CSV is read in the base install; Parquet needs DuckDB from the ``research`` extra.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sadari.errors import ConfigError, DataError
from sadari.model.units import MILLISECOND_NS

if TYPE_CHECKING:
    import duckdb

SUFFIXES = (".csv", ".parquet")

# Large enough that the work per chunk dwarfs the loop, small enough to stay in a core's cache.
_CHUNK = 1 << 15

_Kind = Callable[[str], int | float]

# A time with more digits than milliseconds have before the year 5000 is in microseconds, as newer archives write it.
_LARGEST_MS = 100_000_000_000_000


class Shape(NamedTuple):
    """What a table must hold.

    ``time`` is the name of a column in epoch milliseconds or microseconds. Each number may go by several names, the
    first being ours. ``order`` is the order of columns in a file without a header; where files differ in that,
    ``other_order`` is that of files of its width. ``flags`` are columns of true and false, read as 1 and 0.
    """

    time: tuple[str, ...]
    numbers: tuple[tuple[str, ...], ...]
    optional: tuple[tuple[str, ...], ...]
    order: tuple[str, ...]
    other_order: tuple[str, ...] = ()
    flags: tuple[tuple[str, ...], ...] = ()


class Table(NamedTuple):
    """A table in memory: times in nanoseconds (format ``q``) and numbers by their first name (format ``d``).

    ``first_line`` is the line or row number of row 0 in the file, for messages.
    """

    path: Path
    time_ns: memoryview
    numbers: dict[str, memoryview]
    first_line: int

    def place(self, row: int) -> str:
        """Where a row stands in the file, for a message."""
        unit = "line" if self.path.suffix == ".csv" else "row"
        return f"{self.path}, {unit} {row + self.first_line}"


def read(path: Path, shape: Shape) -> Table:
    """Read a table.

    Raises:
        DataError: A column is missing or a cell is no number; the message names file, row, column and value.
        ConfigError: The file is Parquet and the ``research`` extra is not installed.
    """
    try:
        return _read_csv(path, shape) if path.suffix == ".csv" else _read_parquet(path, shape)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is not a text file in UTF-8 (byte {error.start})") from error


def heading(path: Path) -> list[str]:
    """The names of a file's columns in small letters; of a CSV file without them, the cells of its first line.

    Raises:
        DataError: It cannot be read.
        ConfigError: The file is Parquet and the ``research`` extra is not installed.
    """
    try:
        if path.suffix != ".csv":
            return [name.lower() for name in _opened(path).columns]
        with path.open(encoding="utf-8", newline="") as lines:
            return [cell.strip().lower() for cell in lines.readline().strip().split(",")]
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is not a text file in UTF-8 (byte {error.start})") from error


def _chosen(path: Path, shape: Shape, names: Sequence[str]) -> tuple[int, dict[str, int]]:
    """The positions of the time column and of the numbers among the names that a file has."""
    present = {name.strip().lower(): position for position, name in enumerate(names)}

    def position(aliases: tuple[str, ...]) -> int | None:
        return next((present[alias] for alias in aliases if alias in present), None)

    time = position(shape.time)
    numbers = {aliases[0]: position(aliases) for aliases in (*shape.numbers, *shape.flags, *shape.optional)}
    missing = [] if time is not None else [shape.time[0]]
    missing += [aliases[0] for aliases in (*shape.numbers, *shape.flags) if numbers[aliases[0]] is None]
    if missing or time is None:
        raise DataError(f"{path}: column {missing[0]!r} is missing; the file has {', '.join(names)}")
    return time, {name: at for name, at in numbers.items() if at is not None}


def _read_csv(path: Path, shape: Shape) -> Table:
    with path.open(encoding="utf-8", newline="") as lines:
        first = lines.readline().strip()
        names = first.split(",")
        headed = not names[0].strip().lstrip("-").isdigit()
        if not headed:
            lines.seek(0)
            order = shape.other_order if len(names) == len(shape.other_order) else shape.order
            names = [*order[: len(names)], *(f"column{at}" for at in range(len(order), len(names)))]
        at_time, positions = _chosen(path, shape, names)
        flags = {aliases[0] for aliases in shape.flags}
        kinds: dict[int, _Kind] = {at_time: int}
        kinds |= {at: _flag if name in flags else float for name, at in positions.items()}
        times = array("q")
        columns = {name: array("d") for name in positions}
        while text := lines.read(_CHUNK):
            cells = _cells(text + lines.readline(), len(names))
            line = len(times) + 1 + headed
            if cells is None:
                raise _first_fault(path, names, kinds, line)
            try:
                times.extend(map(int, cells[at_time :: len(names)]))
                for name, at in positions.items():
                    columns[name].extend(map(kinds[at], cells[at :: len(names)]))
            except (ValueError, OverflowError) as error:
                raise _first_fault(path, names, kinds, line) from error
    return Table(path, _nanoseconds(times), {name: memoryview(values) for name, values in columns.items()}, 1 + headed)


def _cells(text: str, width: int) -> list[str] | None:
    """All cells of whole lines one after the other, or None if a line has another number of them."""
    lines = text.replace("\r\n", "\n").rstrip("\n")
    count = lines.count("\n") + 1
    cells = lines.replace("\n", ",").split(",")
    # A line too long beside one too short would pass this count; its cells then fail as numbers or as candles.
    return cells if len(cells) == count * width else None


def _first_fault(path: Path, names: Sequence[str], kinds: Mapping[int, _Kind], line: int) -> DataError:
    """Name the first cell, from a line on, that is not of its kind."""
    with path.open(encoding="utf-8", newline="") as lines:
        for number, text in enumerate(islice(lines, line - 1, None), line):
            cells = text.rstrip("\r\n").split(",")
            if len(cells) != len(names):
                return DataError(f"{path}, line {number}: has {len(cells)} columns where {len(names)} are wanted")
            for at, kind in kinds.items():
                try:
                    kind(cells[at])
                except ValueError:
                    what = "true or false" if kind is _flag else "a whole number" if kind is int else "a number"
                    return DataError(f"{path}, line {number}: {names[at]} is {cells[at]!r} where {what} is wanted")
    return DataError(f"{path}: from line {line} on, {names[next(iter(kinds))]} is too large a number")


def _flag(cell: str) -> float:
    """What is true or false, however it is spelled."""
    truth = {"true": 1.0, "false": 0.0}.get(cell.strip().lower())
    if truth is None:
        raise ValueError(cell)
    return truth


def _nanoseconds(times: array[int]) -> memoryview:
    unit = MILLISECOND_NS if not times or abs(times[0]) < _LARGEST_MS else MILLISECOND_NS // 1_000
    return memoryview(array("q", [time * unit for time in times]))


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """The one connection of this process: making another costs more than reading a month of candles."""
    import duckdb

    return duckdb.connect()


def _opened(path: Path) -> duckdb.DuckDBPyRelation:
    try:
        import duckdb
    except ImportError as error:
        raise ConfigError(f"{path}: Parquet needs the research extra: pip install 'sadari[research]'") from error
    try:
        return _database().read_parquet(str(path))
    except duckdb.Error as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> DataError:
    return DataError(f"{path}: cannot be read as Parquet ({str(error).splitlines()[0]})")


def _read_parquet(path: Path, shape: Shape) -> Table:
    table = _opened(path)
    import duckdb

    try:
        at_time, positions = _chosen(path, shape, table.columns)
        time = f'"{table.columns[at_time]}"'
        # An absent cell becomes what the checks refuse: a time out of order, a number that is none.
        chosen = [
            f"coalesce({time}::bigint, 0) * CASE WHEN abs({time}) < {_LARGEST_MS} THEN 1000000 ELSE 1000 END AS t"
        ]
        chosen += [
            f"coalesce(\"{table.columns[at]}\"::double, 'nan') AS c{number}"
            for number, at in enumerate(positions.values())
        ]
        columns = table.select(", ".join(chosen)).fetchnumpy()
    except duckdb.Error as error:
        raise _unreadable(path, error) from error
    numbers = {name: _view(columns[f"c{number}"], "d") for number, name in enumerate(positions)}
    return Table(path, _view(columns["t"], "q"), numbers, 1)


def _view(column: object, kind: str) -> memoryview:
    """A numpy column as a buffer of the format that the kernel knows, without copying it."""
    return memoryview(column).cast("B").cast(kind)  # type: ignore[arg-type, call-overload, no-any-return]
