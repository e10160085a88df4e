"""One symbol of live sensing: its entry rules, and what its open position watches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from sadari.model.command import Trail, WatchVerdict
from sadari.model.instrument import Instrument
from sadari.model.order import Direction
from sadari.model.plan import Ladder
from sadari.model.units import MINUTE_NS, PRICE_SCALE
from sadari.sensors.columns import Columns
from sadari.sensors.feed import Feed
from sadari.sensors.frame_streams import Closed, CrossStream, FrameStream, RangeStream, TurnStream
from sadari.sensors.hours import hours_source
from sadari.sensors.ict import Ict, IctDrive
from sadari.sensors.signals import Candle, SignalRule, SignalStream
from sadari.sensors.surge import Surge
from sadari.sensors.technical import WARM_CANDLES, WARM_FRAMES
from sadari.venue.live.market.sensed import FrameClosed, Rose, Turned, Withdrawn


@dataclass(slots=True)
class _Entries:
    """The entry signals of one strategy, raised at closes later than ``after_ns``; None: it waits to be armed."""

    strategy: str
    stream: SignalStream
    rearm: bool
    after_ns: int | None
    raised_ns: int = 0


@dataclass(slots=True)
class _Exit:
    """The lines of one frame."""

    frames: FrameStream
    crosses: dict[tuple[int, int], CrossStream]
    turns: dict[tuple[int, int], TurnStream]
    ranges: dict[int, RangeStream]


class SensedSymbol:
    """The streams of one symbol.

    Args:
        instrument: The symbol's.
        rules: Its entry rules, by strategy.
        interval_ns: The interval of its candles.
        start_ns: Later closes raise signals.

    Attributes:
        feed: Its candles.
        withdrawn: The signals that the last candle has made void.
    """

    def __init__(
        self, instrument: Instrument, rules: Mapping[str, SignalRule | Surge | Ict], *, interval_ns: int, start_ns: int
    ) -> None:
        self.instrument = instrument
        self.symbol = instrument.symbol
        self.rules = rules
        self.start_ns = start_ns
        self.feed = Feed(interval_ns)
        self.withdrawn: list[Withdrawn] = []
        self._interval_ns = interval_ns
        self._entries: list[_Entries] = []
        self._exits: dict[int, _Exit] = {}
        self._watched: tuple[WatchVerdict, int] | None = None
        self._trail: tuple[Trail, int] | None = None

    def open(self, longer: Sequence[Columns], ladders: Iterable[Ladder]) -> None:
        """Begin all streams, before the first candle.

        Raises:
            ConfigError: A frame cannot be built from the candles.
        """
        for name, rule in self.rules.items():
            if isinstance(rule, Surge):
                usable = [one for one in longer if one.interval_ns > MINUTE_NS]
                stream: SignalStream = rule.stream(self._interval_ns, usable)
            elif isinstance(rule, Ict):
                stream = rule.stream(self._interval_ns, self.instrument.tick_size, hours_source(longer))
                self._turn(rule.frame_ns, rule.settings.swing_left, rule.settings.swing_right)
            else:
                stream = rule.stream(self._interval_ns)
            self._entries.append(_Entries(name, stream, rule.rearm, self.start_ns))
        for ladder in ladders:
            frame_ns = ladder.tech_frame_minutes * MINUTE_NS
            self._cross(frame_ns, ladder.tech_ma_fast, ladder.tech_ma_slow)
            self._range(frame_ns, ladder.tech_atr_n)

    def signals(self, candle: Candle) -> list[Rose]:
        """The signals that the next closed candle raises, in the order in which they have been waited for."""
        close_ns = candle.open_time_ns + self._interval_ns
        found: list[Rose] = []
        self.withdrawn = []
        for entries in tuple(self._entries):
            signal = entries.stream.push(candle)
            if isinstance(entries.stream, IctDrive):
                # An entry of an earlier life may wait still, and have become void while nobody was there to be told.
                oldest_ns = self.start_ns - entries.stream.waits_ns
                void = [one for one in entries.stream.withdrawn if one.raised_ns > oldest_ns]
                self.withdrawn += [Withdrawn(self.symbol, entries.strategy, one) for one in void]
            if signal is None or entries.after_ns is None or close_ns <= entries.after_ns:
                continue
            if entries.rearm:
                entries.after_ns, entries.raised_ns = None, close_ns
            self._to_the_end(entries)
            found.append(
                Rose(
                    symbol=self.symbol,
                    direction=signal.direction,
                    strategy=entries.strategy,
                    close_ns=close_ns,
                    units=_units(candle.close),
                    rearm=entries.rearm,
                    tag=signal.tag,
                    episode=signal.episode,
                    limit=signal.limit,
                )
            )
        return found

    def exits(self, candle: Candle) -> list[Turned | FrameClosed]:
        """What the frames that the next closed candle closes say to an open position: a verdict before the trail."""
        verdicts: list[Turned | FrameClosed] = []
        frames: list[Turned | FrameClosed] = []
        for frame_ns, lines in self._exits.items():
            closed = lines.frames.push(candle)
            if closed is None:
                continue
            for (fast, slow), cross in lines.crosses.items():
                side = cross.take(closed)
                if side is not None:
                    verdicts += self._turned(closed, "MA_CROSS", (frame_ns, fast, slow), side)
            for (left, right), turn in lines.turns.items():
                side = turn.take(closed)
                if side is not None:
                    verdicts += self._turned(closed, "CHOCH", (frame_ns, left, right), side)
            for n, ranges in lines.ranges.items():
                frames += self._followed(closed, frame_ns, n, ranges.take(closed))
        return verdicts + frames

    def arm_signals(self, after_ns: int) -> None:
        """Let signals that wait to be armed be raised at closes later than a time."""
        for entries in tuple(self._entries):
            if not entries.rearm:
                continue
            entries.after_ns = after_ns
            # One that is armed at the close it was raised at has gone to the end with being raised.
            if entries.raised_ns != self.feed.next_ns:
                self._to_the_end(entries)

    def watch_verdict(self, command: WatchVerdict, now_ns: int) -> None:
        """Watch for a verdict of frames that close later than a time, or for none."""
        self._watched = None if command.verdict is None else (command, now_ns)

    def follow(self, trail: Trail | None, now_ns: int) -> None:
        """Tell the frames that a trail follows from a time on; one that is armed again goes on from where it is."""
        before = self._trail
        if trail is None:
            self._trail = None
        elif before is None or trail != replace(before[0], floor=trail.floor):
            self._trail = trail, now_ns
        else:
            self._trail = trail, before[1]

    def _turned(self, closed: Closed, kind: str, numbers: tuple[int, int, int], side: Direction) -> list[Turned]:
        if self._watched is None:
            return []
        command, since_ns = self._watched
        verdict = f"{kind}_{'UP' if side is Direction.LONG else 'DOWN'}"
        asked = (command.verdict, command.frame_ns, command.fast, command.slow)
        if asked != (verdict, *numbers) or closed.close_ns <= since_ns:
            return []
        return [Turned(self.symbol, verdict, closed.close_ns, _units(closed.close))]

    def _followed(self, closed: Closed, frame_ns: int, n: int, line: float) -> list[FrameClosed]:
        if self._trail is None or closed.close_ns <= self._trail[1]:
            return []
        if (self._trail[0].frame_ns, self._trail[0].atr_n) != (frame_ns, n):
            return []
        return [FrameClosed(self.symbol, closed.close_ns, _units(closed.high), _units(closed.low), line)]

    def _to_the_end(self, entries: _Entries) -> None:
        """What is waited for anew comes after what has been waited for, where both come at once."""
        self._entries.remove(entries)
        self._entries.append(entries)

    def _cross(self, frame_ns: int, fast: int, slow: int) -> None:
        self._lines(frame_ns).crosses.setdefault((fast, slow), CrossStream(frame_ns, fast, slow))

    def _turn(self, frame_ns: int, left: int, right: int) -> None:
        self._lines(frame_ns).turns.setdefault((left, right), TurnStream(left, right))

    def _range(self, frame_ns: int, n: int) -> None:
        first_ns = self.start_ns - max(WARM_CANDLES * self._interval_ns, WARM_FRAMES * frame_ns)
        self._lines(frame_ns).ranges.setdefault(n, RangeStream(n, first_ns))

    def _lines(self, frame_ns: int) -> _Exit:
        return self._exits.setdefault(frame_ns, _Exit(FrameStream(self._interval_ns, frame_ns), {}, {}, {}))


def _units(price: float) -> int:
    """Kernel units of a price of at most eight decimals."""
    units: int = round(price * PRICE_SCALE)
    return units
