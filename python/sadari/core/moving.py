"""Moves of the engine's own lifecycle. Source: strategies §6."""

from __future__ import annotations

from sadari.core import watching
from sadari.core.desk import Desk
from sadari.core.engine_table import ENGINE
from sadari.model.command import RecordMove


def move(desk: Desk, event: str, guard: str = "") -> None:
    """Move the engine's lifecycle, record it, and let every position wait for what it may act on now.

    Raises:
        IllegalTransitionError: The lifecycle does not list this move.
    """
    before, after = ENGINE.move(desk, event, guard)
    if before is after:
        return
    desk.out.append(RecordMove(symbol="", position_id=0, event=event, source=before.value, target=after.value))
    for position in desk.positions.values():
        watching.sync(desk, position)
