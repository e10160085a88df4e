"""Alarms of the engine: by the market's time, or by this machine's for what waits on an answer."""

from __future__ import annotations

import asyncio

from sadari.model.command import CallDay, SetAlarm
from sadari.model.event import AlarmRang, DayStarted
from sadari.model.units import SECOND_NS
from sadari.venue.live.market_clock import MarketClock
from sadari.venue.live.orders.balances import Balances
from sadari.venue.live.ports import Take


class Alarms:
    """What the engine waits for.

    An alarm by the wall is set by its distance from the event that set it, so a clock that is set does not move it.

    Args:
        take: Where what rings goes.
        clock: The market's time.
        balances: What the account is worth when a day starts.
    """

    def __init__(self, take: Take, clock: MarketClock, balances: Balances) -> None:
        self._take = take
        self._clock = clock
        self._balances = balances
        self._market: dict[str, int] = {}
        self._wall: dict[str, asyncio.TimerHandle] = {}
        self._day_ns: int | None = None

    @property
    def due_ns(self) -> int | None:
        """When the next one by the market's time, or the next day, is due; None if there is none."""
        days = () if self._day_ns is None else (self._day_ns,)
        return min((*self._market.values(), *days), default=None)

    def set(self, command: SetAlarm) -> None:
        """Set an alarm; one of the same name is replaced."""
        self.drop(command.name)
        if not command.wall:
            self._market[command.name] = command.at_ns
            return
        wait_s = max(command.at_ns - self._clock.now_ns(), 0) / SECOND_NS
        ring = asyncio.get_running_loop().call_later
        self._wall[command.name] = ring(wait_s, self._ring, command.name)

    def call_day(self, command: CallDay) -> None:
        """Report the start of a day."""
        self._day_ns = command.at_ns

    def drop(self, name: str) -> None:
        """Forget an alarm."""
        self._market.pop(name, None)
        waiting = self._wall.pop(name, None)
        if waiting is not None:
            waiting.cancel()

    def look(self) -> None:
        """Ring what is due by the market's time; to be called whenever that may have gone on."""
        now_ns = self._clock.now_ns()
        if self._day_ns is not None and now_ns >= self._day_ns:
            day_ns, self._day_ns = self._day_ns, None
            wallet, equity = self._balances.wallet_balance, self._balances.equity()
            self._take(DayStarted(time_ns=day_ns, wallet_balance=wallet, equity=equity))
        for name in sorted(name for name, at_ns in self._market.items() if at_ns <= now_ns):
            # What one alarm leads to may have put off another.
            if self._market.get(name, now_ns + 1) <= now_ns:
                self._ring(name)

    def _ring(self, name: str) -> None:
        self._market.pop(name, None)
        self._wall.pop(name, None)
        self._take(AlarmRang(time_ns=self._clock.now_ns(), name=name))

    def close(self) -> None:
        """Ring nothing any more."""
        for name in [*self._wall, *self._market]:
            self.drop(name)
