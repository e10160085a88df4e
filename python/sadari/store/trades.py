"""Recorded trades out of files, single or aggregated: checked, joined in time order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import inf
from pathlib import Path
from typing import Literal

from sadari.errors import DataError
from sadari.store.tables import Shape, Table, heading, read

# Source: the recorded columns, and those of the exchange's public archive (futures/um aggTrades and trades).
SHAPE = Shape(
    time=("transact_time", "transaction_time", "time"),
    numbers=(("agg_trade_id", "trade_id", "id"), ("price",), ("quantity", "qty")),
    optional=(),
    order=("agg_trade_id", "price", "quantity", "first_trade_id", "last_trade_id", "transact_time", "is_buyer_maker"),
    other_order=("id", "price", "qty", "quote_qty", "time", "is_buyer_maker"),
    flags=(("is_buyer_maker",),),
)

_ID, _QTY, _MAKER = "agg_trade_id", "quantity", "is_buyer_maker"
# Ids are read as floats, which are exact up to here.
_LARGEST_ID = 1 << 53


@dataclass(frozen=True, slots=True)
class TradeColumns:
    """One symbol's trades in time order.

    ``time_ns`` has format ``q``; ``number``, which is the id, ``price``, ``qty`` and ``buyer_maker``, which is 1 where
    the seller took and else 0, have format ``d``. ``begins`` are the rows that a file begins with: before one of them
    trades may be missing.
    """

    symbol: str
    time_ns: memoryview
    number: memoryview
    price: memoryview
    qty: memoryview
    buyer_maker: memoryview
    begins: tuple[int, ...] = (0,)

    def __len__(self) -> int:
        return len(self.time_ns)


def holds_trades(path: Path) -> bool:
    """Whether a file is one of trades, by its columns; without their names, by what stands in the last one.

    Raises:
        DataError: It cannot be read.
    """
    names = heading(path)
    return _MAKER in names or names[-1] in {"true", "false"}


def load_files(symbol: str, files: Sequence[Path]) -> TradeColumns:
    """One symbol's files, each checked, joined in time order.

    Raises:
        DataError: A file has no rows, a row is no trade or out of order, or files overlap.
    """
    tables = [read(file, SHAPE) for file in files]
    for table in tables:
        check(table)
    tables.sort(key=lambda table: (table.time_ns[0], table.numbers[_ID][0]))
    for earlier, later in pairwise(tables):
        if later.time_ns[0] < earlier.time_ns[-1] or later.numbers[_ID][0] <= earlier.numbers[_ID][-1]:
            raise DataError(
                f"{later.path}: begins with trade {later.numbers[_ID][0]:.0f} where {earlier.path} already reaches to "
                f"{earlier.numbers[_ID][-1]:.0f}; files of one symbol must not overlap in time or ids"
            )
    return TradeColumns(
        symbol=symbol,
        time_ns=_joined([table.time_ns for table in tables], "q"),
        number=_numbers(tables, _ID),
        price=_numbers(tables, "price"),
        qty=_numbers(tables, _QTY),
        buyer_maker=_numbers(tables, _MAKER),
        begins=tuple(accumulate((len(table.time_ns) for table in tables[:-1]), initial=0)),
    )


def check(table: Table) -> None:
    """Refuse the first row that is no trade or does not follow the one before.

    Raises:
        DataError: Names the file, the row, the value and what is allowed.
    """
    if len(table.time_ns) == 0:
        raise DataError(f"{table.path}: holds no rows")
    for name in ("price", _QTY):
        column = table.numbers[name]
        _refuse(
            table, (row for row, value in enumerate(column) if not 0 < value < inf), name, "a finite number above 0"
        )
    # A cell that is absent is NaN, which is unequal to everything.
    makers, ids, times = table.numbers[_MAKER], table.numbers[_ID], table.time_ns
    _refuse(table, (row for row, value in enumerate(makers) if value not in {0.0, 1.0}), _MAKER, "true or false")
    unnamed = (row for row, value in enumerate(ids) if not 0 <= value < _LARGEST_ID or value % 1)
    _refuse(table, unnamed, _ID, f"a whole number from 0 to {_LARGEST_ID}")
    row = next((row for row, (before, one) in enumerate(pairwise(ids), 1) if one <= before), None)
    if row is not None:
        raise DataError(
            f"{table.place(row)}: the id is {ids[row]:.0f} where one above {ids[row - 1]:.0f}, "
            "that of the row before, is wanted"
        )
    row = next((row for row, (before, one) in enumerate(pairwise(times), 1) if one < before), None)
    if row is not None:
        raise DataError(
            f"{table.place(row)}: the time is {times[row]} ns, earlier than {times[row - 1]} ns in the row before"
        )


def _refuse(table: Table, rows: Iterator[int], name: str, wanted: str) -> None:
    row = next(rows, None)
    if row is not None:
        raise DataError(f"{table.place(row)}: {name} is {table.numbers[name][row]} where {wanted} is wanted")


def _numbers(tables: Sequence[Table], name: str) -> memoryview:
    return _joined([table.numbers[name] for table in tables], "d")


def _joined(parts: Sequence[memoryview], kind: Literal["q", "d"]) -> memoryview:
    return parts[0] if len(parts) == 1 else memoryview(b"".join(parts)).cast(kind)  # type: ignore[return-value]
