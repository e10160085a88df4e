"""Candles out of files: what is read, what is refused, and how it is said."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sadari.errors import ConfigError, DataError
from sadari.store.candles import SHAPE, CandleColumns, find, load, segments

MINUTE_MS = 60_000
START_MS = 1_700_000_040_000  # on the grid of a minute
MS = 1_000_000

Row = list[object]


def row(number: int, *, price: float = 100.0) -> Row:
    """A good candle, the archive's first eight columns."""
    time = START_MS + number * MINUTE_MS
    return [time, price, price + 1, price - 1, price + 0.5, 3.25, time + MINUTE_MS - 1, 325.5]


def rows(count: int, first: int = 0) -> list[Row]:
    """Good candles one after the other."""
    return [row(number) for number in range(first, first + count)]


def write(path: Path, content: list[Row], *, header: bool = True) -> Path:
    """A CSV file as the archive writes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        if header:
            writer.writerow(SHAPE.order[: len(content[0])])
        writer.writerows(content)
    return path


def load_one(path: Path) -> CandleColumns:
    """The only symbol of a path."""
    (columns,) = load([path]).values()
    return columns


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("unit", [1, 1_000], ids=["milliseconds", "microseconds"])
def test_a_file_of_the_archive_is_read(tmp_path: Path, header: bool, unit: int) -> None:
    """With a header or without, in milliseconds or, as newer archives have it, in microseconds."""
    content = [[int(str(cells[0])) * unit, *cells[1:]] for cells in rows(3)]
    columns = load_one(write(tmp_path / "BTCUSDT-1m-2023-11.csv", content, header=header))
    assert columns.symbol == "BTCUSDT"
    assert columns.open_time_ns.tolist() == [(START_MS + n * MINUTE_MS) * MS for n in range(3)]
    assert (columns.open.format, columns.open_time_ns.format) == ("d", "q")
    assert [columns.high[0], columns.low[0], columns.close[0], columns.volume[0]] == [101, 99, 100.5, 3.25]
    assert columns.quote_volume is not None
    assert columns.quote_volume[2] == 325.5


def test_columns_are_taken_by_name_where_there_is_a_header(tmp_path: Path) -> None:
    """Order and further columns do not matter; quote volume may be absent."""
    time = START_MS
    (tmp_path / "A1USDT.csv").write_text(f"close,low,x,open,volume,open_time,high\n2,1,?,2,7,{time},3\n", "utf-8")
    columns = load_one(tmp_path)
    assert (columns.open[0], columns.high[0], columns.low[0], columns.close[0]) == (2, 3, 1, 2)
    assert columns.quote_volume is None


def test_a_file_larger_than_a_chunk_is_read_whole(tmp_path: Path) -> None:
    """Chunks end at lines, wherever their bytes end."""
    content = rows(5_000)
    assert load_one(write(tmp_path / "BTCUSDT.csv", content)).open_time_ns.tolist() == [
        int(str(r[0])) * MS for r in content
    ]


def test_windows_line_ends_and_a_missing_last_one_are_fine(tmp_path: Path) -> None:
    """Only the cells count."""
    lines = [",".join(map(str, cells[:6])) for cells in rows(2)]
    (tmp_path / "BTCUSDT.csv").write_bytes("\r\n".join(lines).encode())
    assert len(load_one(tmp_path)) == 2


def test_months_are_joined_in_time_order_and_holes_make_segments(tmp_path: Path) -> None:
    """Files of a folder named after the symbol, in whatever order their names sort."""
    folder = tmp_path / "data" / "ETHUSDT"
    write(folder / "ETHUSDT-1m-a.csv", rows(3, first=10))
    write(folder / "ETHUSDT-1m-b.csv", rows(2, first=0))
    write(folder / "ETHUSDT-1m-c.csv", rows(2, first=2))
    columns = load_one(tmp_path / "data")
    assert [(time // MS - START_MS) // MINUTE_MS for time in columns.open_time_ns] == [0, 1, 2, 3, 10, 11, 12]
    assert segments(columns) == [slice(0, 4), slice(4, 7)]
    assert columns.rows(slice(4, 7)).start_ns == (START_MS + 10 * MINUTE_MS) * MS


def test_the_interval_is_read_off_the_rows(tmp_path: Path) -> None:
    """A hole does not outvote the common step."""
    content = [row(number) for number in (1, 6, 11, 31, 36)]
    columns = load_one(write(tmp_path / "BTCUSDT.csv", content))
    assert columns.interval_ns == 5 * MINUTE_MS * MS


def test_a_range_is_half_open(tmp_path: Path) -> None:
    """The candle that opens at the start is in, the one that opens at the end is not."""
    write(tmp_path / "BTCUSDT.csv", rows(10))
    start, end = (START_MS + 2 * MINUTE_MS) * MS, (START_MS + 5 * MINUTE_MS) * MS
    columns = load([tmp_path], None, start, end)["BTCUSDT"]
    assert (columns.start_ns, columns.end_ns, len(columns)) == (start, end, 3)


def change(number: int, column: int, value: object) -> Callable[[list[Row]], None]:
    """Replace one cell."""

    def apply(content: list[Row]) -> None:
        content[number][column] = value

    return apply


BAD = {
    "nan": (change(3, 2, "nan"), "line 5: high is nan where a finite number above 0"),
    "infinite": (change(3, 1, "inf"), "line 5: open is inf where a finite number above 0"),
    "zero price": (change(0, 3, 0), "line 2: low is 0.0 where a finite number above 0"),
    "negative volume": (change(1, 5, -1), "line 3: volume is -1.0 where a finite number of 0 or more"),
    "no number": (change(2, 4, "abc"), "line 4: close is 'abc' where a number is wanted"),
    "no number in the first row": (change(0, 4, "abc"), "line 2: close is 'abc' where a number is wanted"),
    "empty cell": (change(2, 4, ""), "line 4: close is '' where a number is wanted"),
    "time with a fraction": (change(2, 0, "1.5"), "line 4: open_time is '1.5' where a whole number is wanted"),
    "high below low": (change(4, 2, 98), "line 6: high is 98.0, below low, which is 99.0"),
    "close above high": (change(4, 4, 105), "line 6: close is 105.0 where low is 99.0 and high is 101.0"),
    "open below low": (change(4, 1, 50), "line 6: open is 50.0 where low is 99.0 and high is 101.0"),
    "duplicate": (lambda c: c.insert(2, list(c[1])), "line 4: open_time is 2023-11-14 22:15:00, the same as"),
    "disorder": (lambda c: c.append(c.pop(2)), "line 11: open_time is 2023-11-14 22:16:00, earlier than"),
    "off the grid": (change(6, 0, START_MS + 6 * MINUTE_MS + 1), "line 8: open_time is 2023-11-14 22:20:00, off the"),
    "short row": (lambda c: c[5].pop(), "line 7: has 7 columns where 8 are wanted"),
    "long row": (lambda c: c[5].append(1), "line 7: has 9 columns where 8 are wanted"),
    "no rows": (lambda c: c.clear(), "holds no rows"),
}


@pytest.mark.parametrize(("spoil", "said"), BAD.values(), ids=BAD)
def test_a_row_that_is_no_candle_is_named(tmp_path: Path, spoil: Callable[[list[Row]], None], said: str) -> None:
    """The sentence names the file, the line, the value and what is allowed."""
    content = rows(10)
    spoil(content)
    file = tmp_path / "BTCUSDT.csv"
    if content:
        write(file, content)
    else:
        file.write_text(",".join(SHAPE.order) + "\n", encoding="utf-8")
    with pytest.raises(DataError) as refused:
        load([tmp_path])
    assert str(file) in str(refused.value)
    assert said in str(refused.value)


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("number", [0, 2_500, 4_999])
def test_the_line_is_right_however_far_down(tmp_path: Path, header: bool, number: int) -> None:
    """The line that an editor shows, in a file of several chunks."""
    content = rows(5_000)
    content[number][4] = "x"
    write(tmp_path / "BTCUSDT.csv", content, header=header)
    with pytest.raises(DataError, match=rf"line {number + 1 + header}: close is 'x'"):
        load([tmp_path])


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    """With the ones that are there."""
    (tmp_path / "BTCUSDT.csv").write_text("open_time,open,high,low,volume\n", encoding="utf-8")
    with pytest.raises(DataError, match="column 'close' is missing; the file has open_time, open, high, low, volume"):
        load([tmp_path])


def test_files_that_overlap_are_refused(tmp_path: Path) -> None:
    """Both are named."""
    write(tmp_path / "BTCUSDT-a.csv", rows(5))
    write(tmp_path / "BTCUSDT-b.csv", rows(5, first=4))
    with pytest.raises(DataError, match=r"BTCUSDT-b\.csv: starts at .* where .*BTCUSDT-a\.csv already reaches"):
        load([tmp_path])


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    """A folder, a symbol, a range."""
    write(tmp_path / "data" / "BTCUSDT.csv", rows(3))
    with pytest.raises(DataError, match="there is no such file or folder"):
        load([tmp_path / "absent"])
    with pytest.raises(DataError, match="no candles for ETHUSDT; found are BTCUSDT"):
        load([tmp_path / "data"], ["ETHUSDT"])
    with pytest.raises(DataError, match="BTCUSDT: no candle in the range asked for; the files cover 2023-11-14"):
        load([tmp_path / "data"], None, 0, 1)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no candles here; files are named"):
        load([tmp_path / "empty"])


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    """Descriptions and folders of other things may lie beside the candles."""
    write(tmp_path / "BTCUSDT.csv", rows(3))
    write(tmp_path / "funding" / "BTCUSDT.csv", rows(3))
    (tmp_path / "instruments.json").write_text("{}", encoding="utf-8")
    assert find([tmp_path]) == {"BTCUSDT": [tmp_path / "BTCUSDT.csv"]}


def test_a_slice_copies_nothing(tmp_path: Path) -> None:
    """Segments are views of the columns."""
    columns = load_one(write(tmp_path / "BTCUSDT.csv", rows(10)))
    assert columns.rows(slice(2, 5)).close.obj is columns.close.obj


def test_parquet_gives_what_csv_gives(tmp_path: Path) -> None:
    """The same columns from either file, bit for bit."""
    duckdb = pytest.importorskip("duckdb", reason="Parquet is read by the research extra")
    content = [row(number, price=0.1 * number + 7) for number in range(200)]
    file = write(tmp_path / "csv" / "BTCUSDT.csv", content)
    (tmp_path / "parquet").mkdir()
    duckdb.sql(f"COPY (FROM '{file}') TO '{tmp_path / 'parquet' / 'BTCUSDT.parquet'}'")
    one, other = load_one(tmp_path / "csv"), load_one(tmp_path / "parquet")
    for name in ("open_time_ns", "open", "high", "low", "close", "volume", "quote_volume"):
        assert bytes(getattr(one, name)) == bytes(getattr(other, name)), name


@pytest.mark.parametrize(("cell", "said"), [
    ("high = NULL", "row 2: high is nan"), ("open_time = NULL", "row 2: open_time is 1970-01-01"),
])  # fmt: skip
def test_an_absent_cell_of_parquet_is_named(tmp_path: Path, cell: str, said: str) -> None:
    """NULL is no number and no time."""
    duckdb = pytest.importorskip("duckdb", reason="Parquet is read by the research extra")
    file = write(tmp_path / "in" / "BTCUSDT.csv", rows(10))
    with duckdb.connect() as connection:
        connection.sql(f"CREATE TABLE t AS FROM '{file}'")
        connection.sql(f"UPDATE t SET {cell} WHERE open_time = {START_MS + MINUTE_MS}")  # noqa: S608 - our own cells
        connection.sql(f"COPY t TO '{tmp_path / 'BTCUSDT.parquet'}'")
    with pytest.raises(DataError, match=said):
        load([tmp_path / "BTCUSDT.parquet"])


def test_parquet_without_its_reader_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The base install reads CSV only, and says so."""
    monkeypatch.setitem(sys.modules, "duckdb", None)
    (tmp_path / "BTCUSDT.parquet").touch()
    with pytest.raises(ConfigError, match=r"Parquet needs the research extra: pip install 'sadari\[research\]'"):
        load([tmp_path])


def test_a_file_that_is_no_parquet_is_refused(tmp_path: Path) -> None:
    """One sentence, not the reader's trace."""
    pytest.importorskip("duckdb", reason="Parquet is read by the research extra")
    (tmp_path / "BTCUSDT.parquet").write_text("not at all", encoding="utf-8")
    with pytest.raises(DataError, match=r"BTCUSDT\.parquet: cannot be read as Parquet"):
        load([tmp_path])


def test_the_recorded_months_are_read(recorded_data: Path) -> None:
    """Real files: a folder of symbols, and one symbol of many months with holes between them."""
    pytest.importorskip("duckdb", reason="Parquet is read by the research extra")
    assert sum(map(len, load([recorded_data / "klines-1m" / "2023-07"]).values())) == 580_991
    months = load([recorded_data / "klines-1m-full"], ["FILUSDT"])["FILUSDT"]
    assert (len(months), len(segments(months))) == (732_960, 10)
