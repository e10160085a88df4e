"""How alike two symbols move: the correlation of their hourly returns. Source: requirement R000-28."""

from __future__ import annotations

from collections.abc import Mapping

from sadari.errors import ConfigError
from sadari.kernel import correlation
from sadari.model.units import HOUR_NS
from sadari.sensors.frames import Frames
from sadari.sensors.hours import closed_hours
from sadari.sensors.signals import Candles

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
        if n < LEAST:
            raise ConfigError(f"a correlation over {n} hours says nothing; allowed: {LEAST} or more")
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
