"""Types of the part of the compiled kernel that reads ICT concepts; `_kernel.pyi` names them."""
# ruff: noqa: A002 - a candle has an open.

from typing import Protocol, TypeAlias, final, type_check_only

from typing_extensions import Buffer

from sadari._kernel import Column

__all__ = ["IctFacts", "IctReader", "IctStream", "ict_batch", "ict_facts", "order_blocks"]

@type_check_only
class _Rules(Protocol):
    """The parameters by their names in `sensors.ict_settings.IctSettings`, which see."""

    @property
    def swing_left(self) -> int: ...
    @property
    def swing_right(self) -> int: ...
    @property
    def eq_tol(self) -> float: ...
    @property
    def ob_select(self) -> str: ...

# Open times, open, high, low, close and volume of one table of candles.
_Candles: TypeAlias = tuple[Buffer, Buffer, Buffer, Buffer, Buffer, Buffer]
# Row, code, row of what it is about, its lower and its upper edge.
_Fact: TypeAlias = tuple[int, int, int, float, float]
# Price, extreme, swept level, broken level, close of the gap's middle frame, bottom and top of the gap, liquidity,
# true range, percentile of volatility, change of character.
_Terms: TypeAlias = tuple[float, float, float, float, int, float, float, float | None, float | None, float | None, bool]
# Close, SHORT, close of the frame that swept, what, the terms of an entry.
_Said: TypeAlias = tuple[int, bool, int, str, _Terms | None]

@final
class IctFacts:
    """Facts in the order in which they became known, a column for each part of one.

    ``code`` is twice the place of the fact's name in `sensors.ict_settings.FACTS`, and one more for what goes up.
    """

    @property
    def row(self) -> Column: ...
    @property
    def code(self) -> Column: ...
    @property
    def at(self) -> Column: ...
    @property
    def bottom(self) -> Column: ...
    @property
    def top(self) -> Column: ...

@final
class IctReader:
    """The facts of candles that follow one another, one candle at a time; those of `ict_facts`."""

    def __new__(cls, rules: _Rules) -> IctReader: ...
    def push(self, /, open: float, high: float, low: float, close: float) -> list[_Fact]:
        """Take the next closed candle; what became known with it."""
    @property
    def dealing_range(self) -> tuple[float, float] | None:
        """The last swing low and the last swing high of the alternating list; None before there are both."""

@final
class IctStream:
    """The entry model of one symbol, one closed candle at a time; it says what `ict_batch` says.

    Args:
        rules: The parameters.
        interval_ns: Interval of the candles.
        frame_ns: The frames that are read, a multiple of it.
        tick_size: The grid of entry prices.
    """

    def __new__(cls, rules: _Rules, interval_ns: int, frame_ns: int, tick_size: float) -> IctStream: ...
    def push(
        self, /, open_time_ns: int, open: float, high: float, low: float, close: float, volume: float
    ) -> list[_Said] | None:
        """Take the next closed candle; what the frame that it closes makes known, None if that is nothing.

        Raises:
            ValueError: The candle is off the grid or not later than the one before; nothing has changed.
        """

def ict_facts(rules: _Rules, open: Buffer, high: Buffer, low: Buffer, close: Buffer) -> IctFacts:
    """Swings, breaks, gaps, blocks and liquidity over columns of candles that follow one another.

    Source: strategies §7.1 to §7.5.
    """

def ict_batch(rules: _Rules, candles: _Candles, interval_ns: int, frame_ns: int, tick_size: float) -> list[_Said]:
    """Entries, and how set-ups ended, over closed candles; a hole begins everything anew.

    Raises:
        ValueError: Times off the grid, out of order or repeated, or rules that are none.

    Source: strategies §7.7.
    """

def order_blocks(
    open: Buffer,
    high: Buffer,
    low: Buffer,
    close: Buffer,
    breaks: list[tuple[int, bool, bool, int, float]],
    select: str = "EXTREME",
) -> list[tuple[int, bool, int, float, float]]:
    """The blocks of some breaks, which are as `structure` tells them.

    Returns:
        Row of the break, bullish, row of the block, its low and high.

    Source: strategies §7.4.
    """
