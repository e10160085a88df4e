"""Alerts of a run over history: the same conditions, recorded; nobody is told, and nothing is done.

What a condition would do live waits for an operator at last, and history has none: a run goes on, and its report says
how often a person would have been told.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from sadari.core.alerts import Alerts, Notice, happening, reading_of
from sadari.core.conditions import Conditions, Limits, Sights
from sadari.core.engine import Engine
from sadari.model.command import Command, SendAlert
from sadari.model.event import AccountUpdated, DayStarted, Event, LevelCrossed, SignalRaised
from sadari.model.units import DAY_NS, SECOND_NS

# As often as live, where anything happens at all.
LOOK_NS = 5 * SECOND_NS
RELEVANT = (AccountUpdated, DayStarted, LevelCrossed, SignalRaised)


class RecordedAlerts:
    """An engine over history with its alerts.

    Args:
        engine: The engine.
        limits: Thresholds.
        run_id: The first part of every correlation.
        price: The price of a symbol now.
        equity: Wallet balance plus unrealized profit now.

    Attributes:
        notices: What a person would have been told, in order.
    """

    def __init__(
        self,
        engine: Engine,
        limits: Limits,
        run_id: str,
        price: Callable[[str], Decimal],
        equity: Callable[[], Decimal],
    ) -> None:
        self.notices: list[Notice] = []
        self._engine = engine
        self._alerts = Alerts()
        self._conditions = Conditions(engine, limits, run_id)
        self._price = price
        self._equity = equity
        self._whole_life = limits.whole_life
        self._peak = Decimal(0)
        self._day = self._next_ns = 0

    def handle(self, event: Event) -> list[Command]:
        """See `Engine.handle`."""
        commands = self._engine.handle(event)
        for command in commands:
            if type(command) is SendAlert:
                self._keep(self._alerts.happened(reading_of(command), event.time_ns))
        reading = happening(event)
        if reading is not None:
            self._keep(self._alerts.happened(reading, event.time_ns))
        if event.time_ns >= self._next_ns and isinstance(event, RELEVANT):
            self._look(event.time_ns)
        return commands

    def _keep(self, notice: Notice | None) -> None:
        if notice is not None:
            self.notices.append(notice)

    def _look(self, now_ns: int) -> None:
        self._next_ns = now_ns + LOOK_NS
        equity = self._equity()
        day = now_ns // DAY_NS
        begins = day != self._day and not self._whole_life
        self._day, self._peak = day, equity if begins else max(self._peak, equity)
        sights = Sights(now_ns=now_ns, equity=equity, price=self._price, peak=self._peak)
        self.notices += self._alerts.judge(self._conditions.readings(sights), now_ns)
