"""What an operator may ask of a running engine, answered in sentences."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sadari.binance.decode import symbol_of
from sadari.core.engine_table import EngineState
from sadari.core.liquidation.plan import LiquidationPlan
from sadari.errors import ConfigError, SadariError
from sadari.model.command import Audit
from sadari.model.event import (
    AdoptRequested,
    Event,
    ForceExitRequested,
    LiquidationCancelRequested,
    LiquidationConfirmed,
    LiquidationRequested,
    OperatorRequested,
    WriteOffRequested,
)
from sadari.model.reason import AuditCode, LiquidationRefusal
from sadari.model.units import SECOND_NS
from sadari.run.figures.status import Status
from sadari.run.operator.control import Liquidate, OfLiquidation
from sadari.run.operator.shown import status
from sadari.run.settings.tokens import Signed, doubt
from sadari.venue.live.wire.tasks import begin

if TYPE_CHECKING:
    from sadari.run.live.engine import LiveEngine

KEPT = "stopping: positions are kept, what protects them rests at the exchange"
_REFUSALS = frozenset({AuditCode.NOT_ALLOWED_IN_STATE, *LiquidationRefusal})


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
        self._drain()
        return self._announced("and the engine ends") if self._live.state is EngineState.LIQUIDATING else KEPT

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
        self._live.symbols.prepared.pop(symbol_of(symbol), None)
        (prepared,) = await self._live.symbols.prepare([symbol_of(symbol)])
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

    async def liquidate(self, asked: Liquidate) -> str:
        """Close everything, after a notice."""
        live = self._live
        signed = Signed(asked.source, asked.reason, asked.correlation_id, asked.after, asked.timestamp_ms)
        why = doubt(live.asked.folder, signed, asked.token, live.asked.clocks.wall_ns())
        self._ask(
            LiquidationRequested(
                time_ns=live.now_ns(), source=asked.source, reason=asked.reason, correlation_id=asked.correlation_id,
                after=asked.after, actor=asked.actor, cause=asked.cause, authentic=not why, doubt=why,
                marks=live.marks(),
            )
        )  # fmt: skip
        return self._announced("and the engine ends" if asked.after == "STOP" else "and the engine pauses")

    async def liquidation_plan(self, reason: str) -> LiquidationPlan:
        """What that would do now."""
        return self._live.opened.engine.liquidation_plan(reason, self._live.marks())

    async def cancel_liquidation(self, asked: OfLiquidation) -> str:
        """End a liquidation while its notice runs."""
        live = self._live
        self._ask(
            LiquidationCancelRequested(
                time_ns=live.now_ns(), actor=asked.actor, cause=asked.cause, correlation_id=asked.correlation_id
            )
        )
        live.parts.supervision.agree()
        self._drain()
        return f"canceled ({live.state}): nothing was closed, every stop stands"

    async def confirm_liquidation(self, asked: OfLiquidation) -> str:
        """End the notice: close everything now."""
        live = self._live
        self._ask(
            LiquidationConfirmed(
                time_ns=live.now_ns(), actor=asked.actor, cause=asked.cause, correlation_id=asked.correlation_id
            )
        )
        return "the notice is over: everything is closed now, the smallest position first"

    async def abandon_liquidation(self, actor: str, cause: str) -> str:
        """Give a liquidation up; the engine has failed then."""
        self._live.ending.failure = f"the liquidation was abandoned by {actor}"
        try:
            self._operate("abandon", actor, cause)
        except ConfigError:
            self._live.ending.failure = ""
            raise
        return "abandoned: what is still open stays behind its stops, see the alert; the engine has ended"

    def _announced(self, then: str) -> str:
        """The sentence about a liquidation that has just begun."""
        found = self._live.opened.engine.liquidation
        if found is None:
            return KEPT
        left_s = max(found.deadline_ns - self._live.now_ns(), 0) / SECOND_NS
        notice = f"in {left_s:.0f} s" if found.is_in("NOTICE") else "now"
        return (
            f"liquidation {found.wanted.correlation_id}: {notice} every position is closed at market, the smallest "
            f"first, {then} when all are flat; until then sadari liquidate --cancel keeps everything"
        )

    def _drain(self) -> None:
        if self._live.state is EngineState.STOPPING:
            self._ending = begin(self._live.ending.drain())

    def _operate(self, command: str, actor: str, cause: str) -> None:
        marks = self._live.marks() if command == "stop_close" else ()
        self._ask(
            OperatorRequested(time_ns=self._live.now_ns(), command=command, actor=actor, cause=cause, marks=marks)
        )

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
                    f"{one.code}: {one.detail}" for one in commands if isinstance(one, Audit) and one.code in _REFUSALS
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
            raise ConfigError(refused[0])

    @property
    def ended(self) -> bool:
        """Whether the engine is at its end."""
        return self._live.state in (EngineState.STOPPED, EngineState.FAILED)
