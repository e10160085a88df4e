"""What every venue is to the loop that runs an engine, and what one over history is given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from sadari.kernel import History
from sadari.model.command import Command
from sadari.model.event import Event
from sadari.sensors.signals import Candles, Signals, Withdrawal
from sadari.sensors.technical import Technical


class Venue(Protocol):
    """Where events come from and commands go."""

    def events(self) -> Iterator[Event]:
        """The events in order. What the caller executes between two of them has its effect on the second."""

    def execute(self, command: Command) -> None:
        """Take a command and return at once; its outcome is an event."""


class FundingColumns(Protocol):
    """Funding of one symbol in time order: times of format ``q``; rates (fractions) and mark prices of format ``d``."""

    @property
    def time_ns(self) -> memoryview:
        """When funding is paid."""

    @property
    def rate(self) -> memoryview:
        """What the long side pays, as a fraction of the notional at the mark price."""

    @property
    def mark_price(self) -> memoryview | None:
        """The mark price of each payment, NaN where it is not known; None if it never is."""

    def spans(self, start_ns: int, end_ns: int) -> tuple[tuple[int, int], ...]:
        """The parts of a time, both ends included, in which no payment can be missing."""


@dataclass(frozen=True, kw_only=True)
class Entries:
    """The entry signals of one strategy on one symbol; with ``rearm`` each waits to be armed after the one before.

    ``withdrawals`` are the signals that become void at a later close, by the close at which they are raised.
    """

    strategy: str
    signals: Signals
    rearm: bool = False
    withdrawals: Mapping[int, Withdrawal] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Market:
    """One symbol's recorded market: its candles, their tape, and the signals that its strategies raise on it.

    ``technical`` are its technical lines, where runs share them; otherwise a run computes its own.
    """

    symbol: str
    candles: Candles
    history: History
    entries: tuple[Entries, ...] = ()
    funding: FundingColumns | None = None
    technical: Technical | None = None

    @property
    def span_ns(self) -> tuple[int, int]:
        """The open of the first candle and the close of the last."""
        times = self.candles.open_time_ns
        return times[0], times[-1] + self.candles.interval_ns


@dataclass(frozen=True, kw_only=True)
class Latency:
    """How long an order travels to the venue, and its outcome back."""

    order_ns: int
    report_ns: int = 0
