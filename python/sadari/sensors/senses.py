"""What a signal carries besides its price: the numbers that the gates and the size of a plan ask for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from sadari.model.order import Direction


class Ages(Protocol):
    """What a scanner has found, symbol by symbol."""

    def age_ns(self, symbol: str, time_ns: int, direction: Direction) -> int | None:
        """How long ago the last scan was in which a symbol was a candidate for a side; None if there was none."""


class Level(Protocol):
    """A figure of one symbol over time."""

    def at(self, time_ns: int) -> float | None:
        """Its value by what had closed at a time; None where it is not known."""


class Trending(Protocol):
    """The trend of the market over time."""

    def at(self, time_ns: int) -> str:
        """NEUTRAL, BULLISH or BEARISH, by what had closed at a time."""


class Relations(Protocol):
    """How symbols move together."""

    def between(self, first: str, second: str, time_ns: int) -> float | None:
        """The correlation of two symbols' returns by what had closed at a time; None where it is not known."""


class Sensed(NamedTuple):
    """The numbers of one moment, as `SignalRaised` carries them."""

    candidate_age_ns: int | None = None
    market_trend: str = ""
    volatility: float | None = None
    correlations: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Senses:
    """The sensors of a run; what is absent is not known to any signal."""

    scanner: Ages | None = None
    trend: Trending | None = None
    volatility: Mapping[str, Level] = field(default_factory=dict)
    correlation: Relations | None = None

    def at(self, symbol: str, direction: Direction, time_ns: int, held: Iterable[str]) -> Sensed:
        """What a signal of a symbol carries at a time, its correlations being with the symbols that are held."""
        level = self.volatility.get(symbol)
        known: list[tuple[str, float]] = []
        if self.correlation is not None:
            for other in sorted(held):
                found = self.correlation.between(symbol, other, time_ns) if other != symbol else None
                if found is not None:
                    known.append((other, found))
        return Sensed(
            candidate_age_ns=self.scanner.age_ns(symbol, time_ns, direction) if self.scanner is not None else None,
            market_trend=self.trend.at(time_ns) if self.trend is not None else "",
            volatility=level.at(time_ns) if level is not None else None,
            correlations=tuple(known),
        )
