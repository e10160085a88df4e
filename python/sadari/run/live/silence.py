"""Nothing is asked while a process before this one was told not to (faults F16, F17)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sadari.errors import ConfigError
from sadari.model.units import SECOND_NS
from sadari.run.live.connections import Connections
from sadari.store.silence import Silence, keep_silence, silence_left_ns

if TYPE_CHECKING:
    from sadari.run.live.engine import Asked


async def silent(asked: Asked, connections: Connections) -> None:
    """Wait for the end of a silence that the venue has asked for, and keep the next one for the process after this.

    Raises:
        ConfigError: What the process before has written cannot be read.
    """
    folder, clocks = asked.folder.path, asked.clocks

    def keep(until_ns: int) -> None:
        lasts_ns = until_ns - connections.server.ns()
        try:
            keep_silence(folder, Silence(lasts_ns, clocks.wall_ns(), clocks.measure_ns()))
        except ConfigError as error:
            asked.log(f"critical: {error}: a start before the end of a ban would make it longer")

    connections.budget.on_shut = keep
    left_s = silence_left_ns(folder, clocks.wall_ns(), clocks.measure_ns()) / SECOND_NS
    if left_s:
        asked.log(f"critical: the exchange has asked for silence, the start waits for {left_s:.0f} s; stops rest there")
        await asyncio.sleep(left_s)
