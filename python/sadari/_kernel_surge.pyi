"""Types of the part of the compiled kernel that judges surges; `_kernel.pyi` names them."""
# ruff: noqa: A002 - a candle has an open.

from typing import Protocol, TypeAlias, final, type_check_only

from typing_extensions import Buffer

from sadari._kernel import Column

@type_check_only
class _Rules(Protocol):
    """The parameters by their names in `sensors.surge_settings.SurgeSettings`, which see."""

    @property
    def ma(self) -> tuple[int, int, int, int]: ...
    @property
    def bb_fast(self) -> tuple[int, float]: ...
    @property
    def bb_slow(self) -> tuple[int, float]: ...
    @property
    def preset(self) -> str: ...

# Open times, open, high, low, close and volume of one table of candles.
_Candles: TypeAlias = tuple[Buffer, Buffer, Buffer, Buffer, Buffer, Buffer]
# Candles of 3 minutes, 15 minutes and a day from elsewhere, used where the minutes have none.
_Longer: TypeAlias = tuple[_Candles | None, _Candles | None, _Candles | None]

@final
class SurgeVerdicts:
    """The verdicts of one direction over one symbol's minutes."""

    @property
    def signals(self) -> list[tuple[int, str, int]]:
        """Close time, tag and episode of each signal, in time order."""
    @property
    def histogram(self) -> list[tuple[int, int]]:
        """Each set of conditions that occurred in the minutes that could be read, and in how many; ascending."""
    @property
    def minutes(self) -> int: ...
    @property
    def not_ready(self) -> list[int]:
        """Minutes that could not be read, by the set of causes: bit 0 to 6 as `surge_settings.CAUSES`."""
    @property
    def entry_minutes(self) -> int: ...
    @property
    def episodes(self) -> int: ...
    @property
    def days_known(self) -> tuple[int, int]:
        """Days that counted and were known at the first close and at the last."""
    @property
    def held(self) -> list[int]:
        """Minutes in which a condition held, by its bit."""
    @property
    def combinations(self) -> list[int]:
        """Minutes by S1 (1), S3 (2) and S15 (4) added up."""
    @property
    def missing(self) -> list[list[int]]:
        """For S1, S3, S15 and the entry: minutes in which it failed and would have held with this condition, by bit."""

@final
class SurgeStream:
    """The verdicts of one direction, one closed minute at a time; bit for bit those of `surge_batch`."""

    def __new__(cls, rules: _Rules, longer: _Longer = (None, None, None), *, short: bool = False) -> SurgeStream: ...
    def push(
        self, /, open_time_ns: int, open: float, high: float, low: float, close: float, volume: float
    ) -> tuple[int, str, int] | None:
        """Take the next closed minute; close time, tag and episode of its signal.

        Raises:
            ValueError: The candle is off the grid or not later than the one before; nothing has changed.
        """
    @property
    def mask(self) -> int:
        """The conditions at the last minute, by bit."""
    @property
    def causes(self) -> int:
        """Why the last minute cannot be read, by bit; 0 if it can."""

def surge_batch(
    rules: _Rules, candles: _Candles, longer: _Longer = (None, None, None), *, short: bool = False
) -> SurgeVerdicts:
    """The verdicts over closed one-minute candles.

    Raises:
        ValueError: Times off the grid, out of order or repeated, or rules that are none.

    Source: strategies §3.
    """

def surge_conditions(rules: _Rules, minutes: int, lines: list[Buffer]) -> Column:
    """The conditions of a time frame (1, 3 or 15 minutes) over given lines, by bit; -1 where a line is NaN.

    Args:
        rules: The parameters.
        minutes: The time frame.
        lines: Four averages, the shortest first, the faster and the slower band, open and close.

    Raises:
        ValueError: Another number of lines, lines of different lengths, or another time frame.
    """

def surge_entry(rules: _Rules, mask: int) -> tuple[bool, bool, bool, str | None]:
    """S1, S3, S15, and the tag if there is an entry, of a set of conditions."""
