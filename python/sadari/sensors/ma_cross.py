"""A cross of two moving averages as an entry signal, with a cool-down: plain, and known to everybody.

A golden cross of closed frames says LONG, a dead cross SHORT, at the close of the frame and never before.
"""

from __future__ import annotations

from collections.abc import Collection
from heapq import merge

from sadari.errors import ConfigError
from sadari.model.order import Direction
from sadari.sensors.frame_streams import CrossStream, FrameStream
from sadari.sensors.frames import closed_frames
from sadari.sensors.signals import Candle, Candles, ListedSignals, Signal
from sadari.sensors.technical import CrossRows


class MaCross:
    """Enter on the cross of two simple moving averages of closes.

    Args:
        frame_ns: The candles of the averages.
        fast: Frames of the fast average.
        slow: Frames of the slow average.
        directions: Which crosses count.
        cooldown_ns: The least time between two signals of a symbol.

    Raises:
        ConfigError: The fast average is not the shorter one.
    """

    strategy = "ma_cross"
    rearm = False

    def __init__(
        self, frame_ns: int, fast: int, slow: int, *, directions: Collection[Direction], cooldown_ns: int = 0
    ) -> None:
        if not 1 <= fast < slow:
            raise ConfigError(f"[signal] fast is {fast} and slow {slow}; allowed: 1 <= fast < slow")
        self.frame_ns = frame_ns
        self.fast = fast
        self.slow = slow
        self.directions = frozenset(directions)
        self.cooldown_ns = cooldown_ns

    def batch(self, candles: Candles) -> ListedSignals:
        """Drive the rule over columns."""
        frames = closed_frames(candles, self.frame_ns)
        rows = CrossRows(frames, self.fast, self.slow)
        verdicts = merge(((row, Direction.LONG) for row in rows.golden), ((row, Direction.SHORT) for row in rows.dead))
        gate = Cooldown(self.directions, self.cooldown_ns)
        signals = (gate.take(frames.close_ns(row), side) for row, side in verdicts if not frames.quiet(row))
        return ListedSignals([signal for signal in signals if signal is not None])

    def stream(self, interval_ns: int) -> MaCrossStream:
        """Drive the rule over candles of this interval that are still to come."""
        return MaCrossStream(self, interval_ns)


class Cooldown:
    """Lets a verdict through if its direction counts and the last signal is long enough ago."""

    def __init__(self, directions: frozenset[Direction], cooldown_ns: int) -> None:
        self._directions = directions
        self._cooldown_ns = cooldown_ns
        self._until_ns: int | None = None

    def take(self, close_ns: int, direction: Direction) -> Signal | None:
        """The signal of a verdict, if it passes."""
        if direction not in self._directions or (self._until_ns is not None and close_ns < self._until_ns):
            return None
        self._until_ns = close_ns + self._cooldown_ns
        return Signal(close_ns, direction)


class MaCrossStream:
    """The same rule, candle by candle."""

    def __init__(self, rule: MaCross, interval_ns: int) -> None:
        self._gate = Cooldown(rule.directions, rule.cooldown_ns)
        self._frames = FrameStream(interval_ns, rule.frame_ns)
        self._cross = CrossStream(rule.frame_ns, rule.fast, rule.slow)

    def push(self, candle: Candle) -> Signal | None:
        """Take the next closed candle; its signal, if it closes a frame with a cross."""
        closed = self._frames.push(candle)
        if closed is None:
            return None
        side = self._cross.take(closed)
        return None if side is None else self._gate.take(closed.close_ns, side)
