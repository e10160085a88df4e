"""Trades, candles, mark prices and tops of the book as they happen, each told once and never backwards.

A frame goes from the socket to its callback without a queue or a task in between. What a callback raises reaches the
loop's exception handler and ends that connection, which is then opened again.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Protocol

from sadari.binance.market_frames import (
    BookTopHeard,
    CandleHeard,
    MarketFrame,
    MarkHeard,
    StreamedCandle,
    TradeHeard,
)
from sadari.binance.stream_names import Lane, lane_of, market_url, symbol_of
from sadari.errors import ConfigError
from sadari.venue.live.wire.market_connection import MarketConnection, Surroundings
from sadari.venue.live.wire.socket import LIMITS, SocketLimits
from sadari.venue.live.wire.stream_health import StreamHealth

LOOK_S = 0.25


class OnTrade(Protocol):
    """Takes a trade: the price as a float and as its text, and when it was made."""

    def __call__(self, symbol: str, price: float, text: str, time_ns: int, trade_id: int, /) -> None:
        """Take it."""


class OnCandle(Protocol):
    """Takes a candle so far, or closed."""

    def __call__(self, symbol: str, interval_ns: int, candle: StreamedCandle, closed: bool, /) -> None:  # noqa: FBT001 - a field of the candle
        """Take it."""


class MarketStreams:
    """The market streams that are wanted now.

    Args:
        base: The stream host; a route follows.
        on_trade: Takes each trade once, in the order of ids.
        on_candle: Takes each candle as it grows, and its end once.
        on_lost: Told a stream's name when it is not seen any more: its connection ended, or it was silent for a minute.
        on_recovered: Told its name at the first frame after that.
        now_ns: A clock of this machine that is never set.
        jitter: A new number from -1 to 1.
        on_mark: Takes mark prices.
        on_book: Takes tops of the book.
        on_silent: Told the name of a stream that is silent, which is not lost then; its owner may say that it is.
        on_exhausted: Told a connection's name at its fifth failure in a row; attempts go on.
        limits: Of every socket.

    Attributes:
        lost: The streams that are wanted and not seen.
        repeated: How many frames were dropped because they were known or came after a later one.
        missed: How many trades were never told, by the gaps in their ids.

    Raises:
        ConfigError: The address is none of a WebSocket.
    """

    def __init__(
        self,
        base: str,
        on_trade: OnTrade,
        on_candle: OnCandle,
        on_lost: Callable[[str], None],
        on_recovered: Callable[[str], None],
        *,
        now_ns: Callable[[], int],
        jitter: Callable[[], float],
        on_mark: Callable[[MarkHeard], None] = lambda _: None,
        on_book: Callable[[BookTopHeard], None] = lambda _: None,
        on_silent: Callable[[str], None] | None = None,
        on_exhausted: Callable[[str], None] = lambda _: None,
        limits: SocketLimits = LIMITS,
    ) -> None:
        if not base.startswith(("ws://", "wss://")):
            raise ConfigError(f"the stream host is {base!r}; allowed: an address that begins with ws:// or wss://")
        self.lost: set[str] = set()
        self.repeated = 0
        self.missed = 0
        self._base = base
        self._on_trade, self._on_candle = on_trade, on_candle
        self._on_mark, self._on_book = on_mark, on_book
        self._on_lost, self._on_recovered = on_lost, on_recovered
        self._now_ns = now_ns
        self._on_silent = on_silent or self.lose
        self._around = Surroundings(
            now_ns, jitter, self._take, self._gone, self._silent, self._came, on_exhausted, limits
        )
        self._connections: dict[Lane, list[MarketConnection]] = {}
        self._of: dict[str, MarketConnection] = {}
        self._trade_ids: dict[str, int] = {}
        self._candle_ends: dict[str, tuple[int, int]] = {}
        self._latest: dict[str, tuple[int, int]] = {}
        self._told_ns: dict[str, int] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._numbers: dict[Lane, int] = defaultdict(int)

    def follow(self, streams: Iterable[str]) -> None:
        """Want streams; connections are made where there are none with room."""
        now_ns = self._now_ns()
        placed: dict[MarketConnection, list[str]] = {}
        for name in streams:
            if name in self._of:
                continue
            lane = lane_of(name)
            connection = next(
                (one for one in self._connections.get(lane, ()) if one.session.room > len(placed.get(one, ()))),
                None,
            )
            if connection is None:
                connection = self._another(lane)
            self._of[name] = connection
            placed.setdefault(connection, []).append(name)
        for connection, names in placed.items():
            connection.follow(names, now_ns)
        if self._timer is None:
            self._look()

    def drop(self, streams: Iterable[str]) -> None:
        """Want streams no more. A connection that is left with none is kept if it is the only one of its lane."""
        now_ns = self._now_ns()
        left: dict[MarketConnection, list[str]] = {}
        for name in streams:
            connection = self._of.pop(name, None)
            if connection is None:
                continue
            left.setdefault(connection, []).append(name)
            self.lost.discard(name)
            self._trade_ids.pop(name, None)
            self._candle_ends.pop(name, None)
            self._latest.pop(name, None)
            self._told_ns.pop(name, None)
        for connection, names in left.items():
            connection.drop(names, now_ns)
        for lane, connections in self._connections.items():
            spare = [one for one in connections if not one.session.streams][1:]
            for one in spare:
                one.close()
            self._connections[lane] = [one for one in connections if one not in spare]

    @property
    def streams(self) -> tuple[str, ...]:
        """What is wanted."""
        return tuple(self._of)

    def heard_ns(self, stream: str) -> int | None:
        """When the last frame of a stream came, None if none has on its present connection."""
        connection = self._of.get(stream)
        state = connection.session.streams.get(stream) if connection is not None else None
        return None if state is None else state.heard_ns

    def told_ns(self, stream: str) -> int | None:
        """The time that the last frame of trades or candles bore, None before the first."""
        return self._told_ns.get(stream)

    def is_silent(self, stream: str) -> bool:
        """Whether a stream is wanted and has been silent for longer than it may."""
        connection = self._of.get(stream)
        state = connection.session.streams.get(stream) if connection is not None else None
        return state is not None and state.stale

    def lose(self, stream: str) -> None:
        """A silent stream is not only silent: it is not seen any more."""
        self._gone((stream,))

    def seen(self) -> dict[str, dict[str, bool]]:
        """By symbol, the streams that are wanted, and whether each is seen."""
        by_symbol: dict[str, dict[str, bool]] = defaultdict(dict)
        for name in self._of:
            by_symbol[symbol_of(name)][name] = name not in self.lost and self.heard_ns(name) is not None
        return by_symbol

    def health(self) -> tuple[StreamHealth, ...]:
        """How each connection is."""
        now_ns = self._now_ns()
        return tuple(one.health(now_ns) for one in self._all())

    def quarantine(self) -> list[tuple[str, bytes]]:
        """The latest frames that could not be used: reason, and how the frame began."""
        return [row for one in self._all() for row in one.quarantine]

    def close(self) -> None:
        """End every connection; nothing is told any more."""
        if self._timer is not None:
            self._timer.cancel()
        for one in self._all():
            one.close()

    def _all(self) -> list[MarketConnection]:
        return [one for connections in self._connections.values() for one in connections]

    def _another(self, lane: Lane) -> MarketConnection:
        self._numbers[lane] += 1
        made = MarketConnection(f"{lane}-{self._numbers[lane]}", market_url(self._base, lane), self._around)
        self._connections.setdefault(lane, []).append(made)
        return made

    def _look(self) -> None:
        # First the next look, so that one which fails is not the last.
        self._timer = asyncio.get_running_loop().call_later(LOOK_S, self._look)
        now_ns = self._now_ns()
        for one in self._all():
            one.look(now_ns)

    def _gone(self, names: Iterable[str]) -> None:
        for name in names:
            if name in self._of and name not in self.lost:
                self.lost.add(name)
                self._on_lost(name)

    def _silent(self, names: Iterable[str]) -> None:
        for name in names:
            self._on_silent(name)

    def _came(self, name: str) -> None:
        if name in self.lost:
            self.lost.discard(name)
            self._on_recovered(name)

    def _take(self, frame: MarketFrame) -> None:
        """Tell an event, unless it is known or older than what is."""
        if isinstance(frame, TradeHeard | CandleHeard):
            self._told_ns[frame.stream] = max(frame.time_ns, self._told_ns.get(frame.stream, 0))
        if isinstance(frame, TradeHeard):
            last = self._trade_ids.get(frame.stream)
            if last is not None:
                if frame.trade_id <= last:
                    self.repeated += 1
                    return
                self.missed += frame.trade_id - last - 1
            self._trade_ids[frame.stream] = frame.trade_id
            self._on_trade(frame.symbol, frame.price, frame.text, frame.time_ns, frame.trade_id)
        elif isinstance(frame, CandleHeard):
            self._candle(frame)
        elif isinstance(frame, MarkHeard):
            if self._later(self._latest, frame.stream, (frame.time_ns, 0)):
                self._on_mark(frame)
        elif isinstance(frame, BookTopHeard) and self._later(self._latest, frame.stream, (frame.update_id, 0)):
            self._on_book(frame)

    def _candle(self, frame: CandleHeard) -> None:
        """The end of a candle is told once, also behind the beginning of the next; what grows only grows."""
        open_ns = frame.candle.open_ns
        if frame.closed:
            if not self._later(self._candle_ends, frame.stream, (open_ns, 0)):
                return
        elif open_ns <= self._candle_ends.get(frame.stream, (-1, 0))[0]:
            self.repeated += 1
            return
        elif not self._later(self._latest, frame.stream, (open_ns, frame.time_ns)):
            return
        self._on_candle(frame.symbol, frame.interval_ns, frame.candle, frame.closed)

    def _later(self, places: dict[str, tuple[int, int]], stream: str, place: tuple[int, int]) -> bool:
        """Whether a frame is beyond the last one of its stream; then it is the last one."""
        last = places.get(stream)
        if last is not None and place <= last:
            self.repeated += 1
            return False
        places[stream] = place
        return True
