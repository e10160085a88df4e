"""What every entry signal looks like to a venue: one rule, driven over whole columns or candle by candle."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from sadari.model.entry import LimitEntry
from sadari.model.order import Direction
from sadari.model.reason import EntryEnd
from sadari.model.units import MILLISECOND_NS


class Candle(NamedTuple):
    """One closed candle; prices and base volume as the venue sends them."""

    open_time_ns: int
    open: float
    high: float
    low: float
    close: float
    volume: float


class Candles(Protocol):
    """Columns of one symbol's closed candles in time order: times of format ``q``, the others of format ``d``."""

    @property
    def open_time_ns(self) -> memoryview:
        """Open times."""

    @property
    def open(self) -> memoryview:
        """Open prices."""

    @property
    def high(self) -> memoryview:
        """Highest prices."""

    @property
    def low(self) -> memoryview:
        """Lowest prices."""

    @property
    def close(self) -> memoryview:
        """Close prices."""

    @property
    def volume(self) -> memoryview:
        """Base volumes."""

    @property
    def interval_ns(self) -> int:
        """The time one candle covers."""


class Signal(NamedTuple):
    """A verdict to enter, at the close of the candle that completed it.

    ``tag`` names the part of the rule that raised it; ``episode`` numbers the spells in which the verdict stays true;
    ``limit`` has the terms of an entry that waits for its price.
    """

    close_ns: int
    direction: Direction
    tag: str = ""
    episode: int = 0
    limit: LimitEntry | None = None


class Withdrawal(NamedTuple):
    """What a signal was raised for at a close does not hold any more, at the close of a later candle."""

    close_ns: int
    raised_ns: int
    cause: EntryEnd


class Signals(Protocol):
    """The signals of one symbol over known candles."""

    def after(self, time_ns: int) -> Signal | None:
        """The first signal that closes later than a time."""


class SignalStream(Protocol):
    """The signals of one symbol, candle by candle."""

    def push(self, candle: Candle) -> Signal | None:
        """Take the next closed candle; its signal, if it raises one."""


class SignalRule(Protocol):
    """An entry rule. ``rearm`` is True if a signal waits to be armed before it is raised for its symbol once more."""

    strategy: str
    rearm: bool

    def batch(self, candles: Candles) -> Signals:
        """Drive the rule over columns."""

    def stream(self, interval_ns: int) -> SignalStream:
        """Drive the rule over candles of this interval that are still to come."""


class ListedSignals:
    """Signals that are known one by one, in time order."""

    def __init__(self, signals: Sequence[Signal]) -> None:
        self._signals = signals
        self._times = [signal.close_ns for signal in signals]

    def after(self, time_ns: int) -> Signal | None:
        """The first signal that closes later than a time."""
        row = bisect_right(self._times, time_ns)
        return self._signals[row] if row < len(self._signals) else None


def signal_id(strategy: str, symbol: str, close_ns: int) -> str:
    """The identity of a signal: one strategy raises at most one for a symbol at one close."""
    return f"{strategy}:{symbol}:{close_ns // MILLISECOND_NS}"
