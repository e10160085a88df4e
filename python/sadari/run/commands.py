"""What an operator may ask of a running engine, answered in sentences."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sadari.binance.decode import symbol_of
from sadari.core.engine_table import EngineState
from sadari.errors import ConfigError, SadariError
from sadari.model.command import Audit
from sadari.model.event import AdoptRequested, Event, ForceExitRequested, OperatorRequested, WriteOffRequested
from sadari.model.reason import AuditCode
from sadari.run.shown import status
from sadari.run.status import Status
from sadari.venue.live.tasks import begin

if TYPE_CHECKING:
    from sadari.run.live import LiveEngine

KEPT = "stopping: positions are kept, what protects them rests at the exchange"
CLOSED = (
    "stopping: every position is closed at market, the smallest first; the engine ends when all are flat, "
    "or has failed after 30 s and leaves what is still open under its stops"
)


class Commands:
    """The operator of one engine; see `control.Operator`.

    Args:
        live: The engine.
    """

    def __init__(self, live: LiveEngine) -> None:
        self._live = live
        self._ending: asyncio.Task[None] | None = None

    async def status(self) -> Status:
        """Everything that is shown."""
        return status(self._live)

    async def pause(self, actor: str, cause: str) -> str:
        """Take no new exposure."""
        self._operate("pause", actor, cause)
        return f"paused ({self._live.state}): nothing is opened, stops and exits act"

    async def resume(self, actor: str) -> str:
        """Take new exposure again."""
        self._operate("resume", actor, "")
        return f"resumed ({self._live.state})"

    async def stop(self, actor: str, *, close: bool) -> str:
        """End the engine; positions are kept with their stops unless ``close``."""
        self._operate("stop_close" if close else "stop_keep", actor, "stop --close" if close else "asked for")
        self._ending = begin(self._live.ending.drain())
        return CLOSED if close else KEPT

    async def exit(self, actor: str, symbol: str, cause: str) -> str:
        """Close one position."""
        name = symbol_of(symbol)
        self._ask(ForceExitRequested(time_ns=self._live.now_ns(), symbol=name, actor=actor, cause=cause))
        return f"closing {name}"

    async def sync(self) -> str:
        """Compare with the venue now."""
        await self._live.parts.supervision.sync()
        return "compared with the exchange: what differed is told and decided on"

    async def prepare(self, symbol: str) -> str:
        """Prepare a symbol; margin mode, leverage and largest notional in words."""
        # The engine is told in any case: what was refused before may be asked for again.
        self._live.prepared.pop(symbol_of(symbol), None)
        (prepared,) = await self._live.prepare([symbol_of(symbol)])
        text = (
            f"{prepared.symbol}: {prepared.status}, margin {prepared.margin_type or 'not known'}, leverage "
            f"{prepared.leverage}, largest notional {prepared.max_notional}; {prepared.message}"
        )
        if not prepared.ready:
            raise ConfigError(text)
        return text

    async def adopt(self, actor: str, symbol: str) -> str:
        """Take over a quarantined position."""
        name = symbol_of(symbol)
        self._ask(AdoptRequested(time_ns=self._live.now_ns(), symbol=name, actor=actor))
        return f"{name} is taken over as the exchange shows it"

    async def write_off(self, actor: str, symbol: str, cause: str) -> str:
        """End a position whose trades cannot be found."""
        name = symbol_of(symbol)
        self._ask(WriteOffRequested(time_ns=self._live.now_ns(), symbol=name, actor=actor, cause=cause))
        return f"{name} is written off: its exit price and profit stay unknown"

    async def reset(self, actor: str) -> str:
        """Leave FAILED or STOPPED: only a new start does that, for a process ends with its engine."""
        self._operate("reset", actor, "asked for")
        return f"reset ({self._live.state})"

    def _operate(self, command: str, actor: str, cause: str) -> None:
        self._ask(OperatorRequested(time_ns=self._live.now_ns(), command=command, actor=actor, cause=cause))

    def _ask(self, event: Event) -> None:
        """Hand a wish to the engine.

        Raises:
            ConfigError: It is not allowed now.
            SadariError: The engine takes nothing any more.
        """
        refused: list[str] = []

        def hear(_: int, told: Event, commands: object) -> None:
            if told is event and isinstance(commands, list | tuple):
                refused.extend(
                    one.detail
                    for one in commands
                    if isinstance(one, Audit) and one.code == AuditCode.NOT_ALLOWED_IN_STATE
                )

        driver = self._live.driver
        driver.observers.append(hear)
        try:
            driver.take(event)
        finally:
            driver.observers.remove(hear)
        if driver.failure:
            raise SadariError(driver.failure)
        if refused:
            raise ConfigError(f"NOT_ALLOWED_IN_STATE: {refused[0]}")

    @property
    def ended(self) -> bool:
        """Whether the engine is at its end."""
        return self._live.state in (EngineState.STOPPED, EngineState.FAILED)
