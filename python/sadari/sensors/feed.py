"""The closed candles of one symbol in their order, whatever order they come in.

Source: faults F64: only closed candles count; nothing is read across a gap before it is filled.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import NamedTuple

from sadari.sensors.signals import Candle


class Quoted(NamedTuple):
    """A closed candle and what was traded in quote currency, None where it is not known."""

    candle: Candle
    quote_volume: float | None = None


class Gap(NamedTuple):
    """Candles to ask for: open times from ``first_ns`` up to ``last_ns``, both included."""

    first_ns: int
    last_ns: int


class Feed:
    """Lets the candles of one interval through one after another.

    A candle that is doubled, late, off the grid or none at all is dropped. One that comes too early waits until what
    is missing before it has been asked for: of an answer that reaches it, what is not in the answer does not exist.

    Args:
        interval_ns: The interval of the candles.

    Attributes:
        next_ns: The open time of the next candle; None before the first one is known.
        dropped: How many candles of the stream were not taken.
    """

    def __init__(self, interval_ns: int) -> None:
        self.next_ns: int | None = None
        self.dropped = 0
        self._interval_ns = interval_ns
        self._early: dict[int, Quoted] = {}

    @property
    def gap(self) -> Gap | None:
        """What is missing before the first candle that waits, and that candle; None if none waits."""
        if not self._early or self.next_ns is None:
            return None
        return Gap(self.next_ns, min(self._early))

    def late(self, now_ns: int) -> Gap | None:
        """What has closed by now and has not been read, whether or not something waits for it; None if nothing."""
        if self.next_ns is None or self.next_ns + self._interval_ns > now_ns:
            return None
        return Gap(self.next_ns, now_ns - now_ns % self._interval_ns - self._interval_ns)

    def push(self, quoted: Quoted, now_ns: int) -> list[Quoted]:
        """Take a candle that a stream has called closed; what can be read now, in order."""
        if not self._keep(quoted, now_ns + self._interval_ns):
            self.dropped += 1
            return []
        return self._following()

    def fill(self, answer: Sequence[Quoted], now_ns: int) -> list[Quoted]:
        """Take the answer to a question for candles; what can be read now, in order.

        The first answer of all says where the candles begin. What it has beyond a hole confirms the hole. A candle
        that has not closed by now is left out.
        """
        for quoted in answer:
            self._keep(quoted, now_ns)
        reached_ns = max((row.candle.open_time_ns for row in answer if self._closed(row, now_ns)), default=None)
        readable: list[Quoted] = []
        while reached_ns is not None and self._early and min(self._early) <= reached_ns:
            self.next_ns = min(self._early)
            readable += self._following()
        return readable + self._following()

    def _keep(self, quoted: Quoted, now_ns: int) -> bool:
        time_ns = quoted.candle.open_time_ns
        late = self.next_ns is not None and time_ns < self.next_ns
        if late or time_ns in self._early or not self._closed(quoted, now_ns) or not _is_candle(quoted):
            return False
        self._early[time_ns] = quoted
        return True

    def _closed(self, quoted: Quoted, now_ns: int) -> bool:
        time_ns = quoted.candle.open_time_ns
        return time_ns % self._interval_ns == 0 and time_ns + self._interval_ns <= now_ns

    def _following(self) -> list[Quoted]:
        found: list[Quoted] = []
        while self.next_ns is not None and self.next_ns in self._early:
            found.append(self._early.pop(self.next_ns))
            self.next_ns += self._interval_ns
        return found


def _is_candle(quoted: Quoted) -> bool:
    """Whether the numbers are those of a candle."""
    _, first, high, low, last, volume = quoted.candle
    amount = quoted.quote_volume
    priced = 0 < low <= first <= high < inf and low <= last <= high
    return priced and 0 <= volume < inf and (amount is None or 0 <= amount < inf)
