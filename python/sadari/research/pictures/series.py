"""Lines over the time of a run: equity with its drawdown, exposure with the margin in use.

A picture has fewer pixels than a run has samples, so a line is thinned: of each part the first sample is kept and
those at which one of its values is extreme. What is kept is as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, groupby
from typing import TYPE_CHECKING, Any

from sadari.model.command import Command
from sadari.model.event import AccountUpdated, Event
from sadari.model.units import MILLISECOND_NS
from sadari.research.metrics import Sample
from sadari.research.pictures.columns import Columns
from sadari.research.pictures.prices import Prices

if TYPE_CHECKING:
    import numpy as np

PARTS = 700
SAMPLES = 2_000
CENTS = 100
MILLIONTHS = 1_000_000

Line = list[float]


def put_equity(columns: Columns, samples: Sequence[Sample]) -> None:
    """The curve of equity in hundredths and its fall from the highest so far in millionths, times in milliseconds."""
    times = [time_ns for time_ns, _ in samples]
    equity = [value for _, value in samples]
    falls = [
        value / peak - 1 if peak > 0 else 0.0
        for value, peak in zip(equity, accumulate(equity, max), strict=True)
    ]  # fmt: skip
    kept = thinned(times, [equity, falls])
    columns.put("equity_time", deltas([times[row] // MILLISECOND_NS for row in kept]))
    columns.put("equity", deltas([round(equity[row] * CENTS) for row in kept]))
    columns.put("drawdown", deltas([round(falls[row] * MILLIONTHS) for row in kept]))


def put_exposure(
    columns: Columns, records: Iterable[Event | Command], prices: Mapping[str, Prices], start_ns: int, end_ns: int
) -> None:
    """What is held at the last prices, and the margin in use, in hundredths of the quote currency."""
    times, long, short, margin = exposure(records, prices, start_ns, end_ns)
    kept = thinned(times, [long, short, margin])
    columns.put("exposure_time", deltas([times[row] // MILLISECOND_NS for row in kept]))
    for name, line in (("long", long), ("short", short), ("margin", margin)):
        columns.put(name, deltas([round(line[row] * CENTS) for row in kept]))


def exposure(
    records: Iterable[Event | Command], prices: Mapping[str, Prices], start_ns: int, end_ns: int
) -> tuple[list[int], Line, Line, Line]:
    """The notional held long and short (negative) and the margin in use: at evenly spread times and at every change.

    The margin is what of the wallet balance is not available for orders, as the venue's account records show it.

    Returns:
        Times in order, then the three lines.
    """
    import numpy as np

    held: dict[str, list[Sample]] = {}
    used: list[Sample] = [(start_ns, 0.0)]
    for record in records:
        if isinstance(record, AccountUpdated):
            used.append((record.time_ns, float(record.wallet_balance - record.available_balance)))
            for position in record.positions:
                held.setdefault(position.symbol, [(start_ns, 0.0)]).append((record.time_ns, float(position.qty)))
    even = range(start_ns, end_ns, max((end_ns - start_ns) // SAMPLES, 1))
    times = np.unique(np.array([*even, end_ns, *(time_ns for time_ns, _ in used)], dtype=np.int64))
    long, short = np.zeros(len(times)), np.zeros(len(times))
    for symbol, changes in held.items():
        if symbol in prices:
            notional = _steps(changes, times) * prices[symbol].last(times)
            long += np.maximum(notional, 0.0)
            short += np.minimum(notional, 0.0)
    return times.tolist(), long.tolist(), short.tolist(), _steps(used, times).tolist()


def _steps(changes: Sequence[Sample], times: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """A value that holds until the next, at some times; of several changes at one time the last one counts."""
    import numpy as np

    turned = np.array([time_ns for time_ns, _ in changes], dtype=np.int64)
    values = np.array([value for _, value in changes])
    return values[np.maximum(np.searchsorted(turned, times, side="right") - 1, 0)]


def thinned(times: Sequence[int], lines: Sequence[Sequence[float]], parts: int = PARTS) -> list[int]:
    """The rows to keep: of each part of the time the first one and the extremes of every line, and the last of all."""
    if not times:
        return []
    width = max((times[-1] - times[0]) // parts, 1)
    kept = {len(times) - 1}
    start = 0
    for _, group in groupby(times, lambda time_ns: (time_ns - times[0]) // width):
        rows = range(start, start + sum(1 for _ in group))
        start = rows.stop
        kept.add(rows[0])
        for line in lines:
            kept.add(min(rows, key=line.__getitem__))
            kept.add(max(rows, key=line.__getitem__))
    return sorted(kept)


def deltas(values: Sequence[int]) -> list[int]:
    """The first value, then what each one differs from the one before."""
    return [after - before for before, after in zip([0, *values], values, strict=False)]
