"""Types of the compiled kernel, continued: the scanner, and what is read off whole columns."""
# ruff: noqa: A002 - a candle has an open.

from typing import final

from typing_extensions import Buffer

from sadari._kernel import Column

__all__ = ["Scanner", "Scans", "Structure", "correlation", "outcomes", "structure"]

@final
class Scans:
    """What the scans over a column of candles found.

    ``first_ns`` and ``last_ns`` (i64) are the closes of the first and last scan of each run of scans, candle after
    candle, in which the symbol is a candidate. ``masks`` counts the ready scans by the conditions that hold, a bit
    each; ``short`` and ``quiet`` count the others. ``hour_ns`` (i64) are the closes of the hours up to which a whole
    day is known, ``quote_volume`` (f64) that of the day.
    """

    @property
    def first_ns(self) -> Column: ...
    @property
    def last_ns(self) -> Column: ...
    @property
    def masks(self) -> list[int]: ...
    @property
    def short(self) -> int: ...
    @property
    def quiet(self) -> int: ...
    @property
    def hour_ns(self) -> Column: ...
    @property
    def quote_volume(self) -> Column: ...

@final
class Scanner:
    """One symbol's scanner: scans at the close of every candle it is given, over columns or one at a time.

    Bits of a mask: 1 a rise within one of the last four hours, 2 the price of the scan, 4 volume, 8 bullish hours. The
    filter ``option_b`` wants all four, ``old`` the first two: there the price counts by its change over 24 hours.
    Prices are compared as the exact decimals would be, means of volumes within 1e-9.

    Args:
        interval_ns: Interval of the candles, a part of one hour.
        filter: ``option_b`` or ``old``.
        rise: Distance from open to high within one hour, a fraction with at most eight decimals.
        change: Change over 24 hours for ``old``, as ``rise``.
        surge: Mean quote volume of the last four hours by that of the twenty before.
        bodies: Bullish hours of the last four.
        short: Falls instead of rises.

    Source: strategies §4; requirement R004-32 for ``old``.
    """

    def __new__(
        cls,
        interval_ns: int,
        filter: str,
        *,
        rise: float,
        change: float,
        surge: float,
        bodies: int,
        short: bool = False,
    ) -> Scanner: ...
    @property
    def day(self) -> tuple[int, float] | None:
        """When the last hour closed, and the quote volume of the 24 hours up to then; None before 24 are known."""
    def warm(
        self,
        /,
        open_time_ns: Buffer,
        open: Buffer,
        high: Buffer,
        low: Buffer,
        close: Buffer,
        volume: Buffer,
        quote_volume: Buffer | None,
        interval_ns: int,
    ) -> None:
        """Longer history, before any scan: its hours count up to the first one that the scanned candles can fill.

        Raises:
            ValueError: Times off the grid, out of order or repeated, or an interval that is no part of one hour.
        """
    def scan(
        self,
        /,
        open_time_ns: Buffer,
        open: Buffer,
        high: Buffer,
        low: Buffer,
        close: Buffer,
        volume: Buffer,
        quote_volume: Buffer | None,
    ) -> Scans:
        """Scan at the close of each of some candles, the next ones.

        Without quote volumes close times volume stands for each.

        Raises:
            ValueError: Times off the grid, out of order or repeated.
        """
    def push(
        self,
        /,
        open_time_ns: int,
        open: float,
        high: float,
        low: float,
        close: float,
        volume: float,
        quote_volume: float | None,
    ) -> int:
        """Scan at the close of the next candle: the mask of what holds.

        -1 where fewer than 24 closed hours without a hole lead up to it, -2 where more than 5 of the last 20 of them
        had no trade.

        Raises:
            ValueError: The candle is off the grid or not later than the one before; nothing has changed.
        """

@final
class Structure:
    """Swings and breaks of structure, one closed candle at a time; equal to `structure`.

    Args:
        left: Candles before a swing that do not exceed it, 1 to 1000.
        right: Candles after it, which confirm it.
    """

    def __new__(cls, left: int = 2, right: int = 2) -> Structure: ...
    @property
    def trend(self) -> str:
        """``NEUTRAL``, ``BULLISH`` or ``BEARISH``: the direction of the last break."""
    def push(
        self, /, high: float, low: float, close: float
    ) -> tuple[tuple[int, bool, bool, int, float] | None, tuple[int, int, bool, float] | None]:
        """Take the next closed candle; its break and the swing that it confirms, as in `structure`."""

def structure(
    high: Buffer, low: Buffer, close: Buffer, left: int = 2, right: int = 2
) -> tuple[list[tuple[int, bool, bool, int, float]], list[tuple[int, int, bool, float]]]:
    """All breaks of structure and all raw confirmed swings of candles that follow one another.

    Returns:
        Breaks as (row, up, turned, row of the swing, its level): ``turned`` is a change of character (CHoCH), otherwise
        a break of structure (BOS). Swings as (row at whose close it is confirmed, its own row, high, level).

    Source: strategies §7.1, §7.2.
    """

def outcomes(
    open_time_ns: Buffer,
    open: Buffer,
    high: Buffer,
    low: Buffer,
    close: Buffer,
    volume: Buffer,
    interval_ns: int,
    close_ns: Buffer,
    *,
    short: bool = False,
    share: float,
    window_ns: int,
) -> Column:
    """What became of a signal at each close time (i64): did the price go its way or against it first?

    The signal price is the close of the candle that closes then. 0: right; 1: wrong, or both ways in one candle;
    2: neither within the window; 3: the candles end before that; 4: one is missing before that; 5: none closes then.

    Source: strategies §4, D-07.
    """

def correlation(
    open_time_a_ns: Buffer,
    close_a: Buffer,
    open_time_b_ns: Buffer,
    close_b: Buffer,
    *,
    frame_ns: int,
    n: int,
    least: int,
    time_ns: int,
) -> float | None:
    """Pearson's correlation of the logarithmic returns of two symbols' last ``n`` frames closed at a time.

    Frames count that both have, each with the one before it. None with fewer than ``least``, or where one of the
    symbols did not move.
    """
