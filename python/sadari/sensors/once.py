"""One signal at one close and no other: what a denied signal is followed on."""

from __future__ import annotations

from sadari.model.event import SignalRaised
from sadari.sensors.signals import Candle, Candles, ListedSignals, Signal


class Once:
    """Raise the signal that was raised before, at the same close.

    Args:
        raised: The signal as it was raised.
    """

    rearm = False

    def __init__(self, raised: SignalRaised) -> None:
        self.strategy = raised.strategy
        self._signal = Signal(raised.time_ns, raised.direction, raised.tag, raised.episode)

    def batch(self, _candles: Candles) -> ListedSignals:
        """Drive the rule over columns."""
        return ListedSignals([self._signal])

    def stream(self, interval_ns: int) -> OnceStream:
        """Drive the rule over candles of this interval that are still to come."""
        return OnceStream(self._signal, interval_ns)


class OnceStream:
    """The same rule, candle by candle."""

    def __init__(self, signal: Signal, interval_ns: int) -> None:
        self._signal = signal
        self._interval_ns = interval_ns

    def push(self, candle: Candle) -> Signal | None:
        """Take the next closed candle; the signal, if it is this one's."""
        return self._signal if candle.open_time_ns + self._interval_ns == self._signal.close_ns else None
