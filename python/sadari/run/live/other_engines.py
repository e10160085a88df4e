"""Another engine of the same name on the same account, seen by the orders that it has there.

Every order id begins with the engine's name and the time at which its journal was begun. One of the same name and
another time is of a second engine, or of a journal that is gone: nothing is opened while it is there, nothing of it is
touched. Source: faults F116.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sadari.model.command import Command
from sadari.model.event import Event, GateOpened, GateShut, OrderFound, PositionsShown

if TYPE_CHECKING:
    from sadari.run.live.engine import LiveEngine

OTHER_ENGINE = "OTHER_ENGINE"


class OtherEngines:
    """Shuts the gate while orders of another engine of this name are open.

    Args:
        live: The engine's life.
    """

    def __init__(self, live: LiveEngine) -> None:
        self._live = live
        self._id = re.compile(rf"{re.escape(live.asked.config.engine.name)}-[0-9a-z]+(-g[0-9]+)?-[0-9]+-[A-Z]")
        self._found: set[str] = set()

    def seen(self, _: int, event: Event, __: Sequence[Command]) -> None:
        """Follow what a comparison tells: every open order, and at last every position."""
        if isinstance(event, OrderFound):
            if not event.ours and self._id.match(event.client_order_id):
                self._found.add(event.client_order_id)
                self._shut()
        elif isinstance(event, PositionsShown) and not event.symbol:
            if not self._found and OTHER_ENGINE in self._live.opened.engine.gate():
                self._live.take(GateOpened(time_ns=event.time_ns, cause=OTHER_ENGINE))
            self._found.clear()

    def _shut(self) -> None:
        if OTHER_ENGINE not in self._live.opened.engine.gate():
            self._live.take(GateShut(time_ns=self._live.now_ns(), cause=OTHER_ENGINE))
            orders = ", ".join(sorted(self._found))
            self._live.asked.log(
                f"critical: another engine named {self._live.asked.config.engine.name} has orders on this account "
                f"({orders}): nothing is opened while they are there; stop it, or cancel them by hand"
            )
