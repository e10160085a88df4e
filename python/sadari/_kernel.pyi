"""Types of the compiled kernel; `mypy.stubtest` holds this page and the binary equal."""
# ruff: noqa: A002 - a level has an id and a candle an open.

from collections.abc import Sequence
from typing import Final, final, type_check_only

from typing_extensions import Buffer

from sadari._kernel_ict import *
from sadari._kernel_readings import *
from sadari._kernel_surge import *

@final
class Column:
    """A read-only column of f64 or i64 that the kernel owns; `memoryview(column)` and numpy see it without a copy."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> float: ...
    def __buffer__(self, flags: int, /) -> memoryview: ...
    def tolist(self) -> list[float]:
        """All values; an i64 column gives int."""

@final
class Watch:
    """The armed price levels of one symbol, in units of 1e-8 of the quote currency.

    A DOWN level (``up=False``) is crossed by a price at or below it, an UP level by one at or above it. Callers round
    an exact threshold down for DOWN and up for UP; prices are then compared as the exact decimals would be.
    A crossed level is disarmed unless it is sticky. Ids come DOWN from the highest level, then UP from the lowest,
    equal levels by id. A price that is not finite, not positive or 2e7 and above is ignored and counted in `dropped`.

    A trail is a level that closed frames move: live by `frame`, over a tape by its `advance`, where what is later than
    `since_ns` counts (None: nothing). A crossed one follows on, to be crossed again once `rearm_trail` has armed it.
    """

    def __new__(cls) -> Watch: ...
    def arm(self, /, id: int, up: bool, level: int, sticky: bool = False) -> bool: ...
    def arm_trail(
        self, /, id: int, up: bool, k: float, best: int, floor: int | None, level: int | None, since_ns: int | None
    ) -> None: ...
    def rearm_trail(self, /, id: int, floor: int | None) -> bool: ...
    def disarm(self, /, id: int) -> bool: ...
    def tick(self, /, price: float) -> list[int] | None: ...
    def touch(self, /, price: int) -> list[int]: ...
    def scan(self, /, prices: Buffer, start: int = 0) -> tuple[int, list[int]] | None: ...
    def pending(self, /) -> list[int]: ...
    def frame(self, /, high: int, low: int, line: float) -> bool: ...
    def nearest(self, /) -> tuple[int | None, int | None]: ...
    def levels(self, /) -> list[tuple[int, bool, int]]: ...
    @property
    def last(self) -> int | None: ...
    @property
    def dropped(self) -> int: ...

@type_check_only
class _Tape:
    @property
    def rows(self) -> int: ...
    @property
    def start_ns(self) -> int | None: ...
    @property
    def end_ns(self) -> int | None: ...
    def next_crossing(self, /, after_ns: int, until_ns: int, *watches: Watch) -> tuple[int, int, bool] | None: ...
    def advance(self, /, until_ns: int, *watches: Watch, closed: bool = False) -> None: ...
    def price_at(self, /, time_ns: int) -> int: ...
    def extremes(self, /, after_ns: int, until_ns: int) -> tuple[int, int]: ...
    def attach_frames(
        self, /, frame_ns: int, open_time_ns: Buffer, high: Buffer, low: Buffer, line: Buffer
    ) -> None: ...

@final
class History(_Tape):
    """One symbol's candles, each standing for the tape that `expand` makes of it; prices come back in units of 1e-8.

    Between two trades of a candle the path visits every multiple of the tick, and the second trade, each at its
    interpolated time rounded up to the nanosecond. A level is met at the first visit later than `after_ns` whose price
    is at or beyond it; one the price stands beyond already is met by the next visit that still is.

    `next_crossing` answers (time, price, by a frame's close) and changes nothing: the caller lets trails follow
    up to it by `advance` and touches each watch with the price. A visit comes before a frame closing then.
    A trail that a frame moves to or past the price standing is met by that close, which may be at `after_ns` itself.

    `advance` lets trails see the prices and take the attached frames up to a time (one that closes then only if it is
    ``closed``), as live ticks and frames would, each once, and sets the last price; no level is met by it.
    """

    def __new__(
        cls,
        open_time_ns: Buffer,
        open: Buffer,
        high: Buffer,
        low: Buffer,
        close: Buffer,
        *,
        interval_ns: int,
        tick_units: int,
        seed: int,
        path: str = "tape",
    ) -> History: ...
    def candle_at(self, /, time_ns: int) -> int: ...
    def set_path(self, /, path: str, from_ns: int) -> None: ...

@final
class Ticks(_Tape):
    """Recorded trades in the order of their ids, searched as `History` is; equal times are set a nanosecond apart."""

    def __new__(cls, time_ns: Buffer, price: Buffer) -> Ticks: ...

@final
class Portfolio:
    """Equity, margin and position thresholds of one account, kept up to date one mark price at a time.

    Kinds: ``equity`` (at or below), ``margin_ratio`` (maintenance margin by equity, at or above), ``liquidation_near``
    (distance of mark and liquidation price by the mark, at or below), ``position_loss`` (unlevered loss by the average
    price, at or above); the last two name a symbol. Sums do not drift; thresholds are compared in f64. One that is met
    is disarmed unless it is sticky.
    """

    def __new__(cls, symbols: int) -> Portfolio: ...
    def set_wallet(self, /, balance: float) -> None: ...
    def set(
        self,
        /,
        symbol: int,
        qty: float,
        avg: float,
        maint_margin_rate: float = 0.0,
        maint_amount: float = 0.0,
        liquidation_price: float | None = None,
    ) -> None: ...
    def mark(self, /, symbol: int, price: float) -> list[int] | None: ...
    def arm(self, /, id: int, kind: str, threshold: float, symbol: int | None = None, sticky: bool = False) -> bool: ...
    def disarm(self, /, id: int) -> bool: ...
    def pending(self, /) -> list[int]: ...
    def could_cross(self, /, low: Buffer, high: Buffer) -> bool: ...
    @property
    def equity(self) -> float: ...
    @property
    def maint_margin(self) -> float: ...

def expand(
    seed: int,
    open_time_ns: int,
    interval_ns: int,
    open: int,
    high: int,
    low: int,
    close: int,
    volume: float,
    tick_units: int,
    path: str = "tape",
) -> list[tuple[int, int, float]]:
    """The tape of one candle: at most 16 trades as (time in ns, price in units of 1e-8, share of the volume).

    It starts at `open_time_ns` with the open, goes through both extremes and ends with the close inside the interval;
    the shares added in order give the volume exactly. The same seed and open time give the same tape on every machine.
    The path is ``"tape"`` (the seed orders the extremes), ``"low_first"`` or ``"high_first"``.

    Source: strategies §1.7 (D-27), D-42.
    """

def sma(close: Buffer, n: int, *, first: int = 0) -> Column:
    """Simple moving average: the mean of the last ``n`` values; NaN before row ``n - 1``.

    ``first`` is the candle number of row 0 (open time divided by the interval). With it, slices that start anywhere
    agree bit for bit with each other and with a `LineSet` fed the same candles. ``n`` is from 1 to 1,000,000.

    Raises:
        ValueError: The column is no f64 buffer or ``n`` is out of range.
    """

def bollinger(close: Buffer, n: int, k: float, *, first: int = 0) -> tuple[Column, Column, Column]:
    """Middle, upper and lower band: mean and ``k`` population standard deviations; NaN before row ``n - 1``.

    ``first`` as for `sma`. The variance is a sum of squares and never negative.
    """

def ema(close: Buffer, n: int) -> Column:
    """Exponential mean of span ``n`` (weight 2/(n+1)), seeded with the mean of the first ``n``; NaN before row n - 1.

    Leading NaNs are skipped: a line of a line starts at its first number.
    """

def atr(high: Buffer, low: Buffer, close: Buffer, n: int) -> Column:
    """Wilder's average true range: the mean of TR[1..n] at row ``n``, then smoothed; NaN before row ``n``."""

def natr(high: Buffer, low: Buffer, close: Buffer, n: int) -> Column:
    """`atr` in percent of the close."""

def rsi(close: Buffer, n: int) -> Column:
    """Wilder's relative strength index, 0 to 100; NaN before row ``n``, 50 where the series never moved."""

def rolling_max(x: Buffer, n: int) -> Column:
    """The greatest of the last ``n`` values; NaN before row ``n - 1`` and where the window holds a NaN."""

def rolling_min(x: Buffer, n: int) -> Column:
    """The smallest of the last ``n`` values; NaN before row ``n - 1`` and where the window holds a NaN."""

def percentile(x: Buffer, w: int) -> Column:
    """Share of the last ``w`` values, in percent, not above the present one; NaN where the window holds a NaN."""

def crosses(a: Buffer, b: Buffer) -> tuple[Column, Column]:
    """Row numbers (i64) where line ``a`` crosses above ``b`` (golden) and below (dead).

    Lines within 1e-9 of ``b`` of each other are equal. Both lines must be valid at the row and the one before.
    """

def falling(x: Buffer, m: int) -> Column:
    """Row numbers (i64) that end ``m`` declines in a row, each by more than 1e-9 of the value before."""

def rising(x: Buffer, m: int) -> Column:
    """Row numbers (i64) that end ``m`` rises in a row, each by more than 1e-9 of the value before."""

def above(a: float, b: float) -> bool:
    """``a > b`` between two computed lines: by more than 1e-9 of ``b``; False with NaN."""

def below(a: float, b: float) -> bool:
    """``a < b`` between two computed lines: by more than 1e-9 of ``b``; False with NaN."""

@final
class LineSet:
    """The lines of one symbol and interval, moved by one closed candle at a time; bit for bit the batch functions.

    Args:
        specs: ``("sma" | "ema" | "atr" | "natr" | "rsi", n)`` or ``("bollinger", n, k)``, which has three values:
            middle, upper, lower.
        first: Candle number of the first candle to come (open time divided by the interval). Candles are consecutive:
            after a gap, fill it or start a new set.

    Raises:
        ValueError: A line is unknown or its number out of range.
    """

    def __new__(cls, specs: Sequence[tuple[str, int] | tuple[str, int, float]], *, first: int = 0) -> LineSet: ...
    @property
    def names(self) -> list[str]:
        """What each value is: ``sma(5)``, ``bollinger(200,2).upper``."""
    def update(self, /, high: float, low: float, close: float) -> bool:
        """Take one closed candle; True once every line has a value."""
    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> float:
        """One present value, in the order of `names`; NaN before the line is warm."""
    def tolist(self) -> list[float]:
        """All present values."""

@final
class Candles:
    """Columns of candles, one row for each, in time order. ``synthetic`` is 1 for candles filled in, else 0."""

    @property
    def open_time_ns(self) -> Column: ...
    @property
    def open(self) -> Column: ...
    @property
    def high(self) -> Column: ...
    @property
    def low(self) -> Column: ...
    @property
    def close(self) -> Column: ...
    @property
    def volume(self) -> Column: ...
    @property
    def quote_volume(self) -> Column | None: ...
    @property
    def synthetic(self) -> Column: ...
    def __len__(self) -> int: ...

@final
class Frame:
    """A closed frame."""

    open_time_ns: Final[int]
    open: Final[float]
    high: Final[float]
    low: Final[float]
    close: Final[float]
    volume: Final[float]
    quote_volume: Final[float]

@final
class Aggregator:
    """Builds frames of a multiple of the candles' interval, one closed candle at a time; equal to `aggregate`."""

    def __new__(cls, interval_ns: int, frame_ns: int) -> Aggregator: ...
    def push(
        self,
        /,
        open_time_ns: int,
        open: float,
        high: float,
        low: float,
        close: float,
        volume: float,
        quote_volume: float,
    ) -> Frame | None:
        """Take the next closed candle; the frame that it closes, if it closes a whole one.

        Raises:
            ValueError: The candle is off the grid or not later than the one before; nothing has changed.
        """

def aggregate(
    open_time_ns: Buffer,
    open: Buffer,
    high: Buffer,
    low: Buffer,
    close: Buffer,
    volume: Buffer,
    quote_volume: Buffer | None,
    interval_ns: int,
    frame_ns: int,
) -> Candles:
    """All closed frames of a table of closed candles.

    A frame opened at T is closed by its last candle, and only if all its candles are there: one that begins before the
    table, ends after it or has a hole is not in the result.

    Raises:
        ValueError: Times off the grid, out of order or repeated, or a frame that is no multiple of the interval.
    """

def from_trades(
    time_ns: Buffer, price: Buffer, qty: Buffer, interval_ns: int, *, span: tuple[int, int] | None = None
) -> Candles:
    """Candles from trades in time order, for every interval with a trade that lies wholly in the trades' span.

    ``time_ns`` (i64) never decreases; ``span`` is the time [from, until) that the trades cover. None: from the first to
    the last trade, so that the first and last candle, which may be partial, are left out.

    Raises:
        ValueError: A price or quantity that is not finite, a price not above 0, or a time before its predecessor.
    """

def fill_gaps(
    open_time_ns: Buffer,
    open: Buffer,
    high: Buffer,
    low: Buffer,
    close: Buffer,
    volume: Buffer,
    quote_volume: Buffer | None,
    interval_ns: int,
    confirmed: Buffer | None = None,
) -> Candles:
    """The table with candles for times without a trade: flat at the previous close, volume 0, ``synthetic`` 1.

    ``confirmed`` lists, ascending, the opening times that the exchange confirms to have had no trade; others stay
    missing. None: every hole is confirmed.

    Raises:
        ValueError: Times off the grid, out of order or repeated.
    """

def check_candles(
    open_time_ns: Buffer,
    open: Buffer,
    high: Buffer,
    low: Buffer,
    close: Buffer,
    volume: Buffer,
    interval_ns: int,
    *,
    gaps_allowed: bool = False,
) -> tuple[int, str, int] | None:
    """The first fault of a table of candles: row number, kind, and for a gap how many candles are missing (else 0).

    Kinds: ``price`` (not finite or not above 0), ``volume`` (not finite or below 0), ``range`` (high below low),
    ``outside`` (open or close outside low and high), ``grid`` (time not divisible by the interval), ``order``,
    ``duplicate``, ``gap``.
    """

def not_ready(volume: Buffer, *, window: int = 20, most: int = 5) -> Column:
    """Row numbers (i64) where more than ``most`` of the last ``window`` candles had no trade (volume 0)."""

def synthetic(seed: int, rows: int, start_ns: int, interval_ns: int, price: float, tick_units: int) -> Candles:
    """A made-up market: trends, calm and violent times, gaps and crashes, on a tick grid.

    The same seed gives the same candles on every machine, and a longer series begins with the shorter one.

    ``seed`` is below 2**64, ``rows`` at most 16 million, ``start_ns`` divisible by the interval, the ``price`` at
    the start from 100 ticks to 10 million, ``tick_units`` in units of 1e-8.

    Raises:
        ValueError: An argument is out of its range.
    """
