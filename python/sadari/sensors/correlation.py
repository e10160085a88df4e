"""How alike two symbols move: the correlation of their hourly returns. Source: requirement R000-28."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from typing import NamedTuple

from sadari.errors import ConfigError
from sadari.kernel import correlation
from sadari.model.units import HOUR_NS
from sadari.sensors.frames import Frames
from sadari.sensors.hours import HourStream, closed_hours
from sadari.sensors.signals import Candle, Candles

# Two returns are the fewest that can go together.
LEAST = 2


class Correlations:
    """Pearson's correlation of the logarithmic returns of the last closed hours of two symbols.

    Args:
        candles_by_symbol: Each symbol's candles, of an interval that divides one hour.
        longer_by_symbol: Candles that begin earlier, for symbols that have them.
        n: Hours looked back, at least 2.

    Raises:
        ConfigError: ``n`` is out of its range.
    """

    def __init__(
        self,
        candles_by_symbol: Mapping[str, Candles],
        longer_by_symbol: Mapping[str, Candles] | None = None,
        *,
        n: int = 168,
    ) -> None:
        check_hours(n)
        self._candles = candles_by_symbol
        self._longer = longer_by_symbol or {}
        self._n = n
        self._hours: dict[str, Frames] = {}

    def between(self, a: str, b: str, time_ns: int) -> float | None:
        """The correlation over the last ``n`` hours closed at or before a time, of which those count that both have.

        None with fewer than half of them, where one of the two did not move, or has no candles at all.

        Raises:
            ConfigError: An interval does not divide one hour.
        """
        if a not in self._candles or b not in self._candles:
            return None
        one, other = self._closed(a), self._closed(b)
        least = (self._n + 1) // 2
        return correlation(
            one.open_time_ns, one.close, other.open_time_ns, other.close,
            frame_ns=HOUR_NS, n=self._n, least=least, time_ns=time_ns,
        )  # fmt: skip

    def _closed(self, symbol: str) -> Frames:
        if symbol not in self._hours:
            self._hours[symbol] = closed_hours(self._candles[symbol], self._longer.get(symbol))
        return self._hours[symbol]


# Hours kept beyond those that are looked at: a question may be about a time some hours ago.
_SPARE_HOURS = 72


class CorrelationStreams:
    """The same correlations, of symbols whose candles come one by one.

    Args:
        n: Hours looked back, at least 2.

    Raises:
        ConfigError: ``n`` is out of its range.
    """

    def __init__(self, n: int = 168) -> None:
        check_hours(n)
        self._n = n
        self._hours: dict[str, _Hours] = {}

    def add(self, symbol: str, interval_ns: int, longer: Candles | None = None) -> None:
        """Begin with a symbol; arguments as of `HourStream`.

        Raises:
            ConfigError: An interval does not divide one hour.
        """
        self._hours[symbol] = _Hours(HourStream(interval_ns, longer), array("q"), array("d"))

    def drop(self, symbol: str) -> None:
        """Forget a symbol."""
        self._hours.pop(symbol, None)

    def push(self, symbol: str, candle: Candle) -> None:
        """Take the next closed candle of a symbol."""
        known = self._hours[symbol]
        for hour in known.stream.push(candle):
            known.open_time_ns.append(hour.open_time_ns)
            known.close.append(hour.close)
            if len(known.close) > 2 * (self._n + _SPARE_HOURS):
                del known.open_time_ns[: -self._n - _SPARE_HOURS]
                del known.close[: -self._n - _SPARE_HOURS]

    def between(self, first: str, second: str, time_ns: int) -> float | None:
        """The correlation by what had closed at a time of the last 72 hours; as `Correlations`."""
        one, other = self._hours.get(first), self._hours.get(second)
        if one is None or other is None:
            return None
        return correlation(
            one.open_time_ns, one.close, other.open_time_ns, other.close,
            frame_ns=HOUR_NS, n=self._n, least=(self._n + 1) // 2, time_ns=time_ns,
        )  # fmt: skip


class _Hours(NamedTuple):
    stream: HourStream
    open_time_ns: array[int]
    close: array[float]


def check_hours(n: int) -> None:
    """Refuse to look back over too few hours.

    Raises:
        ConfigError: There are fewer than two.
    """
    if n < LEAST:
        raise ConfigError(f"a correlation over {n} hours says nothing; allowed: {LEAST} or more")
