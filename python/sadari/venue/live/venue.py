"""The live venue: frames in, events to the engine, commands out; nothing waits in between.

Everything happens in one thread. A trade goes from its frame through the watch and the engine to the order's frame
within one call (design §1).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from sadari.model import command as commands
from sadari.model.command import Command
from sadari.model.order import Purpose
from sadari.venue.live.alarms import Alarms
from sadari.venue.live.market_clock import MarketClock
from sadari.venue.live.orders.trading import Trading
from sadari.venue.live.supervision import Supervision
from sadari.venue.live.watches import Watches

# How often what is due by the market's time is looked for when no trade does so.
LOOK_S = 0.1
_OVER = ("FLAT", "CLOSED")


class Follows(Protocol):
    """Who can follow a symbol's trades."""

    def follow(self, symbol: str) -> None:
        """From now on."""

    def drop(self, symbol: str) -> None:
        """No more."""


class Senses(Protocol):
    """Who raises signals and verdicts from closed candles."""

    def arm(self, command: commands.ArmSignals) -> None:
        """A signal that waits may be raised again."""

    def watch(self, command: commands.WatchVerdict) -> None:
        """Watch for a verdict, or for none."""

    def trail(self, command: commands.ArmLevels) -> None:
        """Let closed frames move a trail, or none."""

    def look(self) -> None:
        """Tell what has become due without a candle."""


class LiveVenue:
    """Where commands go.

    Args:
        trading: Where orders go.
        clock: The exchange's time.
        watches: The armed levels.
        alarms: What the engine waits for.
        trades: Who follows the trades of what is held.
        senses: Who raises signals.
        supervision: Who watches over the connections.
        alert: Told of every alert.
        latest: The id of a symbol's present position.
    """

    def __init__(
        self,
        trading: Trading,
        clock: MarketClock,
        watches: Watches,
        alarms: Alarms,
        trades: Follows,
        senses: Senses,
        supervision: Supervision,
        alert: Callable[[commands.SendAlert], None],
        latest: Callable[[str], int],
    ) -> None:
        self._trading = trading
        self._clock = clock
        self._watches = watches
        self._alarms = alarms
        self._trades = trades
        self._senses = senses
        self._supervision = supervision
        self._latest = latest
        self._serve: dict[type[Command], Callable[[Any], None]] = {
            commands.PlaceOrder: self._place,
            commands.CancelOrder: trading.cancel,
            commands.QueryOrder: trading.query,
            commands.Reconcile: lambda command: supervision.compare_soon(command.symbol),
            commands.RefreshAccount: lambda _: supervision.refresh_soon(),
            commands.ArmLevels: self._arm,
            commands.WatchVerdict: senses.watch,
            commands.ArmSignals: senses.arm,
            commands.SetAlarm: alarms.set,
            commands.CallDay: alarms.call_day,
            commands.SendAlert: alert,
            commands.RecordMove: self._moved,
        }

    def execute(self, command: Command) -> None:
        """Take a command and return at once; what only records something has no effect here."""
        serve = self._serve.get(type(command))
        if serve is not None:
            serve(command)

    async def run(self) -> None:
        """Look for what is due, until canceled."""
        while True:
            await asyncio.sleep(LOOK_S)
            self._alarms.look()
            self._trading.look()
            self._senses.look()

    def _place(self, order: commands.PlaceOrder) -> None:
        self._trading.place(order)
        if order.purpose is Purpose.ENTRY:
            self._trades.follow(order.symbol)

    def _arm(self, command: commands.ArmLevels) -> None:
        self._watches.arm(command, self._clock.now_ns())
        self._senses.trail(command)
        if command.levels:
            self._trades.follow(command.symbol)

    def _moved(self, command: commands.RecordMove) -> None:
        # One of before may settle while its successor is held.
        if command.symbol and command.target in _OVER and command.position_id == self._latest(command.symbol):
            self._trades.drop(command.symbol)
