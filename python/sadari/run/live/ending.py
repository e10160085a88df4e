"""How a live engine ends: asked to, by a failure, or before it has begun. No end closes a position (strategies §6)."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sadari.core.engine_table import EngineState
from sadari.errors import SadariError
from sadari.model.event import EngineTurned, OperatorRequested

if TYPE_CHECKING:
    from sadari.run.live.engine import LiveEngine

# Source: strategies §6: how long a stop waits for what is unresolved.
DRAIN_S = 30.0
LOOK_S = 0.05
AT_END = (EngineState.STOPPED, EngineState.FAILED)
_UNCLEAR = ("SUBMITTED", "UNKNOWN", "PARTIALLY_FILLED")


class Ending:
    """The end of one engine.

    Args:
        live: The engine's life.

    Attributes:
        failure: Why it failed, "" while it has not.
        early: Whether it was asked to end before it had begun.
    """

    def __init__(self, live: LiveEngine) -> None:
        self.failure = ""
        self.early = False
        self._live = live
        self._over = asyncio.Event()
        self._hurry = ""

    async def lived(self, life: Coroutine[object, object, None]) -> None:
        """Let it live until its end; a life that breaks off is a failure of the engine."""
        living, over = asyncio.ensure_future(life), asyncio.ensure_future(self._over.wait())
        try:
            await asyncio.wait((living, over), return_when=asyncio.FIRST_COMPLETED)
            if living.done():
                error = living.exception()
                if isinstance(error, SadariError):
                    self.fail(str(error))
                elif error is not None:
                    self.fail(_told("unexpected failure", error))
                await over
        finally:
            living.cancel()
            over.cancel()
            await asyncio.gather(living, over, return_exceptions=True)

    def is_over(self) -> None:
        """The engine has come to its end."""
        self._over.set()

    async def stop(self, actor: str, cause: str) -> None:
        """Stop and close nothing: what rests at the exchange stays there."""
        live = self._live
        live.take(OperatorRequested(time_ns=live.now_ns(), command="stop_keep", actor=actor, cause=cause))
        await self.drain()

    @property
    def liquidating(self) -> bool:
        """Whether everything is being closed, or is about to be."""
        return self._live.begun and self._live.state is EngineState.LIQUIDATING

    def hurry(self, why: str) -> None:
        """Wait for nothing any more: the next start looks up what is unresolved, and goes on with a liquidation."""
        self._hurry = why
        if self.liquidating:
            self.fail(f"{why} in the middle of a liquidation; the next start goes on with it")

    async def drain(self) -> None:
        """Wait for what is unresolved, at most for a while, then end."""
        live, waited_s = self._live, 0.0
        while live.state is EngineState.STOPPING:
            unresolved = self._unresolved()
            # A comparison that is under way may find a fill that nobody told of and that has no stop yet.
            if not live.parts.side.trading.in_flight and not unresolved and not live.parts.supervision.agreeing:
                live.take(EngineTurned(time_ns=live.now_ns(), trigger="drained"))
            elif self._hurry or waited_s >= DRAIN_S:
                after = self._hurry or f"{DRAIN_S:.0f} s"
                self.failure = f"unresolved after {after}: {', '.join(unresolved) or 'a request without an answer'}"
                live.take(EngineTurned(time_ns=live.now_ns(), trigger="drain_timeout", cause=self.failure))
            else:
                await asyncio.sleep(LOOK_S)
                waited_s += LOOK_S

    def _unresolved(self) -> list[str]:
        engine = self._live.opened.engine
        unclear = [name for name, one in engine.live.items() if one.state in _UNCLEAR]
        return unclear + [f"{symbol} is closing" for symbol, one in engine.positions.items() if one.is_in("EXITING")]

    def unexpected(self, _: asyncio.AbstractEventLoop, context: Mapping[str, object]) -> None:
        """Something broke that nobody expected: the gate shuts for good, protection stays (design §3)."""
        self.fail(_told(str(context.get("message")), context.get("exception")))

    def fail(self, why: str) -> None:
        """The engine has failed; what rests at the exchange stays there."""
        self.failure = self.failure or why
        live = self._live
        live.asked.log(why)
        if live.begun and live.state not in (*AT_END, EngineState.IDLE):
            live.take(EngineTurned(time_ns=live.now_ns(), trigger="fatal", cause=why))
        self._over.set()


def _told(what: str, error: object) -> str:
    """What broke, and in which line of which file."""
    if not isinstance(error, BaseException):
        return what
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return f"{what}: {error!r}{where}"
