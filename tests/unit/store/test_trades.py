"""Recorded trades out of files: what is read, what is refused, and how it is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from sadari.errors import DataError
from sadari.store.trades import TradeColumns, holds_trades, load_files

START_MS = 1_729_209_600_000
MS = 1_000_000

AGGREGATED = "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker"
SINGLE = "id,price,qty,quote_qty,time,is_buyer_maker"
STREAMED = "recv_time_ns,trade_id,price,quantity,transaction_time,event_time,is_buyer_maker,exec_type"
LINES = {
    AGGREGATED: ("7,0.7280,3319,10,12,{0},true", "8,0.7281,5,13,13,{1},false"),
    SINGLE: ("7,0.7280,3319,2416.232,{0},True", "8,0.7281,5,3.6405,{1},False"),
    STREAMED: ("99,7,0.7280,3319,{0},1,true,MARKET", "99,8,0.7281,5,{1},2,false,MARKET"),
}


def write(path: Path, *lines: str) -> Path:
    """A file of these lines."""
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def aggregated(folder: Path, *rows: str) -> Path:
    """A file of aggregated trades."""
    return write(folder / "APEUSDT-aggTrades-2024-10-18.csv", AGGREGATED, *rows)


def trade(number: int = 7, price: str = "1.5", qty: str = "2", at: int = START_MS, maker: str = "true") -> str:
    """A row of it."""
    return f"{number},{price},{qty},1,1,{at},{maker}"


def shown(columns: TradeColumns) -> list[tuple[float, ...]]:
    """The rows of columns."""
    parts = (columns.time_ns, columns.number, columns.price, columns.qty, columns.buyer_maker)
    return list(zip(*parts, strict=True))


@pytest.mark.parametrize(
    ("layout", "headed"), [(AGGREGATED, True), (AGGREGATED, False), (SINGLE, True), (SINGLE, False), (STREAMED, True)]
)
@pytest.mark.parametrize("unit", [1, 1_000], ids=["milliseconds", "microseconds"])
def test_each_layout_is_read(tmp_path: Path, layout: str, headed: bool, unit: int) -> None:
    """Aggregated, single and streamed trades give the same columns, with a header or, in the archive, without."""
    lines = [line.format(START_MS * unit, (START_MS + 5) * unit) for line in LINES[layout]]
    file = write(tmp_path / "APEUSDT.csv", *([layout] if headed else []), *lines)
    assert holds_trades(file)
    columns = load_files("APEUSDT", [file])
    assert shown(columns) == [(START_MS * MS, 7, 0.728, 3319, 1), ((START_MS + 5) * MS, 8, 0.7281, 5, 0)]
    assert (columns.time_ns.format, columns.price.format) == ("q", "d")


def test_candles_are_no_trades(tmp_path: Path) -> None:
    """Neither with names of columns nor without, and as few columns as single trades have."""
    row = f"{START_MS},1,1,1,1,5"
    assert not holds_trades(write(tmp_path / "A.csv", row))
    assert not holds_trades(write(tmp_path / "B.csv", "open_time,open,high,low,close,volume", row))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([trade(price="0")], "line 2: price is 0.0 where a finite number above 0 is wanted"),
        ([trade(price="inf")], "line 2: price is inf where a finite number above 0 is wanted"),
        ([trade(), trade(8, qty="-1")], "line 3: quantity is -1.0 where a finite number above 0 is wanted"),
        ([trade(), trade(8, qty="nan")], "line 3: quantity is nan where a finite number above 0 is wanted"),
        ([trade(maker="maybe")], "line 2: is_buyer_maker is 'maybe' where true or false is wanted"),
        ([trade(price="cheap")], "line 2: price is 'cheap' where a number is wanted"),
        ([trade(7), trade(7)], "line 3: the id is 7 where one above 7, that of the row before, is wanted"),
        ([trade(-1)], "line 2: agg_trade_id is -1.0 where a whole number from 0"),
        ([trade(7), trade(8, at=START_MS - 1)], "line 3: the time is"),
        ([trade(), "8,1.5"], "line 3: has 2 columns where 7 are wanted"),
        ([], "holds no rows"),
    ],
)
def test_a_row_that_is_no_trade_is_refused(tmp_path: Path, rows: list[str], said: str) -> None:
    """The message names the file, the row, the value and what is allowed."""
    file = aggregated(tmp_path, *rows)
    with pytest.raises(DataError) as refused:
        load_files("APEUSDT", [file])
    assert str(refused.value).startswith(str(file))
    assert said in str(refused.value)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    """A file without the taker's side is refused by the name of the column."""
    file = write(tmp_path / "APEUSDT.csv", "agg_trade_id,price,quantity,transact_time", f"1,2,3,{START_MS}")
    with pytest.raises(DataError, match="column 'is_buyer_maker' is missing"):
        load_files("APEUSDT", [file])


def test_files_are_joined_in_order_of_time(tmp_path: Path) -> None:
    """And it is known where each begins."""
    later = write(tmp_path / "a.csv", AGGREGATED, trade(20, at=START_MS + 9))
    earlier = write(tmp_path / "b.csv", AGGREGATED, trade(7), trade(8, at=START_MS + 1))
    columns = load_files("APEUSDT", [later, earlier])
    assert columns.number.tolist() == [7, 8, 20]
    assert columns.begins == (0, 2)


@pytest.mark.parametrize("second", [trade(8, at=START_MS), trade(30, at=START_MS + 1)], ids=["ids", "times"])
def test_files_that_overlap_are_refused(tmp_path: Path, second: str) -> None:
    """Neither their ids nor their times may run into each other."""
    one = write(tmp_path / "a.csv", AGGREGATED, trade(7), trade(9, at=START_MS + 5))
    other = write(tmp_path / "b.csv", AGGREGATED, second)
    with pytest.raises(DataError, match="must not overlap"):
        load_files("APEUSDT", [one, other])


def test_what_was_recorded_is_read(recorded_data: Path) -> None:
    """A day of aggregated trades and minutes of single ones, all without a fault."""
    day = load_files("APEUSDT", [recorded_data / "aggtrades" / "APEUSDT-2024-10-18.parquet"])
    minutes = load_files("BTCUSDT", [recorded_data / "trades" / "BTCUSDT-2024-08-08.parquet"])
    assert (len(day), len(minutes)) == (45_342, 21_313)
    assert set(day.buyer_maker) == set(minutes.buyer_maker) == {0.0, 1.0}
