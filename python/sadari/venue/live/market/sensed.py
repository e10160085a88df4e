"""What live sensing says, before it is an event."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from sadari.model.entry import LimitEntry
from sadari.model.event import SignalRaised, SignalWithdrawn, VerdictTurned
from sadari.model.order import Direction
from sadari.model.units import price_of
from sadari.sensors.senses import Sensed
from sadari.sensors.signals import Withdrawal, signal_id


class Rose(NamedTuple):
    """An entry signal as its rule raised it, and what its own symbol says beside it. The price is in kernel units."""

    symbol: str
    direction: Direction
    strategy: str
    close_ns: int
    units: int
    rearm: bool
    tag: str = ""
    episode: int = 0
    volatility: float | None = None
    limit: LimitEntry | None = None


class Raised(NamedTuple):
    """An entry signal with all that it carries."""

    rose: Rose
    sensed: Sensed

    def event(self, time_ns: int, equity: Decimal) -> SignalRaised:
        """The event, at the time at which it is told and the equity of that moment; its price is that of the close."""
        rose, sensed = self.rose, self.sensed
        return SignalRaised(
            time_ns=time_ns,
            symbol=rose.symbol,
            direction=rose.direction,
            strategy=rose.strategy,
            signal_id=signal_id(rose.strategy, rose.symbol, rose.close_ns),
            price=price_of(rose.units),
            price_time_ns=rose.close_ns,
            equity=equity,
            rearm=rose.rearm,
            tag=rose.tag,
            episode=rose.episode,
            candidate_age_ns=sensed.candidate_age_ns,
            market_trend=sensed.market_trend,
            volatility=sensed.volatility,
            correlations=sensed.correlations,
            limit=rose.limit,
        )


class Withdrawn(NamedTuple):
    """What an entry signal was raised for does not hold any more."""

    symbol: str
    strategy: str
    withdrawal: Withdrawal

    def event(self, time_ns: int) -> SignalWithdrawn:
        """The event, at the time at which it is told."""
        raised = signal_id(self.strategy, self.symbol, self.withdrawal.raised_ns)
        cause = self.withdrawal.cause.value
        return SignalWithdrawn(
            time_ns=time_ns, symbol=self.symbol, strategy=self.strategy, signal_id=raised, cause=cause
        )


class Turned(NamedTuple):
    """A watched verdict has turned true. The price is in kernel units."""

    symbol: str
    verdict: str
    close_ns: int
    units: int

    def event(self, time_ns: int) -> VerdictTurned:
        """The event, at the time at which it is told."""
        return VerdictTurned(time_ns=time_ns, symbol=self.symbol, verdict=self.verdict, price=price_of(self.units))


class FrameClosed(NamedTuple):
    """A frame that a trail follows has closed: what `Watch.frame` takes. Prices are in kernel units."""

    symbol: str
    close_ns: int
    high: int
    low: int
    line: float
