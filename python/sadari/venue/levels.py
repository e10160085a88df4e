"""Prices over history: the jump to the next one that crosses a level, and what closed frames say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sadari.exchange import Exchange
from sadari.model.command import ArmLevels, WatchVerdict
from sadari.model.event import PRICES, Event, LevelCrossed, VerdictTurned
from sadari.model.units import price_of
from sadari.venue.schedule import NOTHING, Rank, Schedule
from sadari.venue.track import Crossing, Track
from sadari.venue.transit import Transit


class Levels:
    """The armed levels of all symbols.

    Args:
        schedule: Where what comes next is planned.
        tracks: The symbols.
        exchange: Whose levels are met first by a trade.
        transit: What brings back what the exchange says, and knows which symbols' levels may have moved.
    """

    def __init__(
        self,
        schedule: Schedule,
        tracks: Mapping[str, Track],
        exchange: Exchange,
        transit: Transit,
    ) -> None:
        self.moved = transit.moved
        self._schedule = schedule
        self._tracks = tracks
        self._exchange = exchange
        self._report = transit.report
        self._mark = transit.mark

    def look_ahead(self) -> None:
        """Plan the next crossing of each symbol that has moved."""
        schedule = self._schedule
        for track in self.moved.values():
            track.advance(schedule.now_ns)
            hit = track.history.next_crossing(schedule.now_ns, schedule.end_ns, track.resting, track.watch)
            if hit != track.crossing:
                track.crossing = hit
                if hit is not None:
                    rank, meet = (Rank.TRAIL, self._close) if hit[2] else (Rank.TRADE, self._trade)
                    schedule.plan(hit[0], rank, track.symbol, meet, (track, hit))
        self.moved.clear()

    def arm(self, command: ArmLevels) -> None:
        """Replace the engine's levels of a symbol."""
        track = self._tracks[command.symbol]
        track.arm(command, self._schedule.now_ns)
        if track.unseen is not None:
            self._cross(track, track.unseen)
        self.moved[command.symbol] = track

    def watch_verdict(self, command: WatchVerdict) -> None:
        """Watch for a verdict, or for none."""
        track = self._tracks[command.symbol]
        track.watching += 1
        if command.verdict is not None:
            self._expect_verdict(track, command)

    def _trade(self, what: tuple[Track, Crossing]) -> Iterable[Event]:
        track, crossing = what
        if crossing is not track.crossing:
            return NOTHING
        units = crossing[1]
        track.crossing = None
        track.advance(self._schedule.now_ns)
        self._mark()
        self._report(track, self._exchange.touch(track.symbol, self._schedule.now_ns, price_of(units)))
        self._cross(track, units)
        self.moved[track.symbol] = track
        return NOTHING

    def _cross(self, track: Track, units: int) -> None:
        """Plan to tell which levels the trade of this moment crosses, after the fills that it made."""
        names = track.touch(units)
        track.unseen = units if names else None
        if names:
            what = (track, track.arming, _crossed(track, self._schedule.now_ns, units, names))
            self._schedule.plan(self._schedule.now_ns, Rank.CROSSING, track.symbol, self._tell, what)

    def _tell(self, what: tuple[Track, int, LevelCrossed]) -> Iterable[Event]:
        track, arming, crossed = what
        if arming != track.arming:
            return NOTHING
        track.unseen = None
        if not self._exchange.crossed:
            return (crossed,)
        self._mark(acting=False)
        return (self._exchange.report(self._schedule.now_ns, PRICES), crossed)

    def _close(self, what: tuple[Track, Crossing]) -> Iterable[Event]:
        """Let the close of a frame move the trail to the price standing, unless the trail has just been dropped."""
        track, crossing = what
        if crossing is not track.crossing:
            return NOTHING
        self.moved[track.symbol] = track
        now_ns, units = self._schedule.now_ns, crossing[1]
        track.advance(now_ns, closed=True)
        names = track.touch(units) if track.trail is not None else ()
        return (_crossed(track, now_ns, units, names),) if names else NOTHING

    def _expect_verdict(self, track: Track, command: WatchVerdict) -> None:
        verdict, now_ns = command.verdict or "", self._schedule.now_ns
        following = track.technical.next_turn if verdict.startswith("CHOCH") else track.technical.next_cross
        close_ns = following(command.frame_ns, command.fast, command.slow, now_ns, up=verdict.endswith("UP"))
        if close_ns is not None:
            self._schedule.plan(close_ns, Rank.CANDLE, track.symbol, self._verdict, (track, track.watching, command))

    def _verdict(self, what: tuple[Track, int, WatchVerdict]) -> Iterable[Event]:
        track, watching, command = what
        if watching != track.watching:
            return NOTHING
        self._expect_verdict(track, command)
        now_ns = self._schedule.now_ns
        verdict = command.verdict or ""
        return (VerdictTurned(time_ns=now_ns, symbol=track.symbol, verdict=verdict, price=track.price(now_ns)),)


def _crossed(track: Track, time_ns: int, units: int, names: tuple[str, ...]) -> LevelCrossed:
    return LevelCrossed(time_ns=time_ns, symbol=track.symbol, price=price_of(units), levels=names)
