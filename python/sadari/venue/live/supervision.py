"""Watching over the connections: what is lost, what is asked meanwhile, and agreement before anything new.

Losing sight closes nothing and cancels nothing (design §3). Source: strategies §6, §10, faults R3, R4, F50, F65, F95.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from sadari.errors import FatalError, SadariError
from sadari.model.event import EngineTurned
from sadari.venue.live.background import Background
from sadari.venue.live.ports import Take

# Source: strategies §6: three attempts, one second and two apart.
ATTEMPTS = 3
REST = "rest"
# What is asked for in place of what is not seen.
INSTEAD = {"market": "prices are", "user": "positions are"}


class Compares(Protocol):
    """Who compares with the exchange."""

    async def compare(self, symbol: str = "") -> None:
        """Tell whatever differs."""

    async def glance(self) -> None:
        """Look at positions alone, and compare what differs."""

    async def refresh(self, cause: str = "REFRESH", *, positions: bool = True) -> None:
        """Tell the account."""


class Rhythm(Protocol):
    """Seconds between what repeats."""

    @property
    def sync_s(self) -> int:
        """Between comparisons with the exchange."""

    @property
    def account_s(self) -> int:
        """Between readings of the account."""

    @property
    def rest_price_s(self) -> int:
        """Between prices by REST while a stream is down."""


class Supervision:
    """Keeps the engine told of what it can see, and compares on time.

    Args:
        take: Where it tells.
        trading: Who compares.
        rhythm: How often.
        state: The engine's state by name.
        now_ns: The exchange's time.
        poll_prices: Asks for prices of what is held while their stream is down.
        report: Told of failures that are no event.
    """

    def __init__(
        self,
        take: Take,
        trading: Compares,
        rhythm: Rhythm,
        *,
        state: Callable[[], str],
        now_ns: Callable[[], int],
        poll_prices: Callable[[], Awaitable[None]],
        report: Callable[[str], None],
    ) -> None:
        self.lost: dict[str, str] = {}
        self._take = take
        self._trading = trading
        self._rhythm = rhythm
        self._state = state
        self._now_ns = now_ns
        self._poll_prices = poll_prices
        self._report = report
        self._failures = 0
        self._agreeing = False
        self._settled = asyncio.Event()
        self._recoveries = 0
        self._asked: dict[str, asyncio.TimerHandle] = {}
        self._waiting: set[str] = set()
        self._turn = asyncio.Lock()
        self._background = Background()

    # connections

    def lose(self, name: str, why: str) -> None:
        """A connection is down, or says nothing."""
        if name in self.lost:
            return
        self.lost[name] = why
        instead = INSTEAD.get(name)
        asked = f"; {instead} asked for every {self._rhythm.rest_price_s} s meanwhile" if instead else ""
        self._report(f"{name} is not seen any more: {why}{asked}")
        if self._state() in ("RUNNING", "PAUSED", "RECONCILING", "DEGRADED", "STOPPING", "LIQUIDATING"):
            self._take(EngineTurned(time_ns=self._now_ns(), trigger="data_lost", cause=name))

    def tell_lost(self) -> None:
        """Tell what was lost while the engine was not there to be told."""
        for name in self.lost:
            self._take(EngineTurned(time_ns=self._now_ns(), trigger="data_lost", cause=name))

    def recover(self, name: str) -> None:
        """A connection is there again, perhaps after something was missed: agreement first."""
        if self.lost.pop(name, None) is None:
            return
        self._recoveries += 1
        self._report(f"{name} is seen again")
        if self._state() in ("DEGRADED", "STOPPING", "LIQUIDATING"):
            self._take(EngineTurned(time_ns=self._now_ns(), trigger="data_recovered", cause=name))
        self.agree()

    def exhausted(self, name: str, policy: str) -> None:
        """A connection could not be had back so often that a person should know; attempts go on."""
        self._report(f"{name} could not be had back; it is tried on")
        if self._state() == "DEGRADED":
            guard = f"policy {policy}"
            self._take(EngineTurned(time_ns=self._now_ns(), trigger="recovery_exhausted", guard=guard, cause=name))

    # comparing

    def agree(self) -> None:
        """Begin to reach agreement, if the engine waits for it and nothing is under way."""
        if not self._agreeing:
            self._agreeing = True
            self._settled.clear()
            # Whoever stops the engine before this has begun still gets a comparison: what it finds is protected first.
            self._background.begin(self._agree(once=self._state() == "RECONCILING"))

    @property
    def agreeing(self) -> bool:
        """Whether agreement is sought and nothing has come of it yet."""
        return self._agreeing

    async def settled(self) -> None:
        """Return when no agreement is sought any more, whatever came of it."""
        await self._settled.wait()

    async def _agree(self, *, once: bool) -> None:
        attempt = 0
        try:
            while self._state() == "RECONCILING" or (once and not attempt):
                attempt += 1
                recoveries = self._recoveries
                try:
                    await self._trading.compare()
                except SadariError as error:
                    await self._failed(attempt, error)
                else:
                    self._failures = 0
                    # What was lost and came back while this was read calls for another reading.
                    if self._state() == "RECONCILING" and recoveries == self._recoveries:
                        self._take(EngineTurned(time_ns=self._now_ns(), trigger="reconciled"))
        finally:
            self._agreeing = False
            self._settled.set()

    async def _failed(self, attempt: int, error: SadariError) -> None:
        # An answer that cannot be read may be readable tomorrow, a key that is not accepted will not be.
        unusable = isinstance(error, FatalError)
        guard = "tries left" if attempt < ATTEMPTS else "state unusable" if unusable else "transport error"
        self._report(f"comparing with the exchange failed: {error}")
        now_ns = self._now_ns()
        self._take(EngineTurned(time_ns=now_ns, trigger="reconcile_failed", guard=guard, cause=str(error)))
        if attempt < ATTEMPTS:
            await asyncio.sleep(attempt)
        elif not unusable:
            self.lose(REST, str(error))

    def compare_soon(self, symbol: str, after_s: float = 0.2) -> None:
        """Compare one symbol, or all, in a moment; wishes that come until its turn are one."""
        if symbol not in self._asked and "" not in self._asked:
            self._asked[symbol] = asyncio.get_running_loop().call_later(after_s, self._compare_now, symbol)

    def refresh_soon(self) -> None:
        """Read the account now: a decision waits for it."""
        self._background.begin(self._account("REFRESH"))

    def _compare_now(self, symbol: str) -> None:
        self._asked.pop(symbol, None)
        if not self._waiting & {symbol, ""}:
            self._waiting.add(symbol)
            self._background.begin(self._compare_in_turn(symbol))

    async def _compare_in_turn(self, symbol: str) -> None:
        """One of those that were asked for at a time: one may wait for its requests until the next minute."""
        async with self._turn:
            self._waiting.discard(symbol)
            await self._compare_once(symbol)

    async def _compare_once(self, symbol: str = "") -> None:
        """Compare; three failures in a row mean that the exchange is out of sight, one success that it is back."""
        try:
            await self._trading.compare(symbol)
        except FatalError as error:
            self._report(str(error))
            self.lose(REST, str(error))
        except SadariError as error:
            self._failures += 1
            self._report(f"comparing with the exchange failed: {error}")
            if self._failures >= ATTEMPTS:
                self.lose(REST, str(error))
        else:
            self._failures = 0
            self.recover(REST)

    async def sync(self) -> None:
        """Compare everything now, as an operator asks.

        Raises:
            SadariError: The exchange could not be asked.
        """
        await self._trading.compare()

    # what repeats

    def start(self) -> None:
        """Begin what repeats."""
        self._background.begin(self._repeat(self._rhythm.sync_s, self._sync))
        self._background.begin(self._repeat(self._rhythm.account_s, self._cross_check))
        self._background.begin(self._repeat(self._rhythm.rest_price_s, self._prices_while_blind))
        self._background.begin(self._repeat(self._rhythm.rest_price_s, self._positions_while_deaf))

    async def _repeat(self, every_s: float, what: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(every_s)
            await what()

    async def _sync(self) -> None:
        if self._state() in ("RUNNING", "PAUSED", "DEGRADED", "STOPPING", "LIQUIDATING"):
            await self._compare_once()

    async def _cross_check(self) -> None:
        await self._account("CROSS_CHECK")

    async def _account(self, cause: str) -> None:
        try:
            await self._trading.refresh(cause)
        except SadariError as error:
            self._report(f"the account could not be read: {error}")

    async def _prices_while_blind(self) -> None:
        """While trades are not seen their prices are asked for; none while they are."""
        if any(name.startswith("market") for name in self.lost):
            try:
                await self._poll_prices()
            except SadariError as error:
                self._report(f"prices could not be asked for: {error}")

    async def _positions_while_deaf(self) -> None:
        """While the user stream is down positions are asked for, which must not keep prices waiting."""
        if "user" in self.lost:
            try:
                await self._trading.glance()
            except SadariError as error:
                self._report(f"positions could not be asked for: {error}")

    async def close(self) -> None:
        """Compare nothing any more."""
        for handle in self._asked.values():
            handle.cancel()
        await self._background.close()
