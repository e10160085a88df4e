"""A control socket that shows given statuses one after the other, for what only watches; the last one stays."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from sadari.core.liquidation.plan import LiquidationPlan
from sadari.run.figures.status import Status
from sadari.run.operator.control import Control


class Watched:
    """Answers to ``status`` alone."""

    def __init__(self, statuses: Sequence[Status]) -> None:
        self._statuses = list(statuses)
        self.asked = 0

    async def status(self) -> Status:
        """The next one."""
        self.asked += 1
        return self._statuses.pop(0) if len(self._statuses) > 1 else self._statuses[0]

    async def _no(self, *_: object, **__: object) -> str:
        raise AssertionError("whoever watches wishes nothing")

    pause = resume = stop = exit = sync = prepare = adopt = write_off = reset = _no
    liquidate = cancel_liquidation = confirm_liquidation = abandon_liquidation = _no

    async def liquidation_plan(self, reason: str) -> LiquidationPlan:
        """Not asked for."""
        raise AssertionError(reason)


@contextmanager
def serving(folder: Path, statuses: Sequence[Status]) -> Iterator[tuple[Watched, Callable[[], None]]]:
    """The socket of a folder in a thread of its own; the second value ends it early."""
    loop = asyncio.new_event_loop()
    watched = Watched(statuses)
    control = Control(folder / "control.sock", watched)
    loop.run_until_complete(control.start())
    thread = Thread(target=loop.run_forever)
    thread.start()
    ended = False

    def end() -> None:
        nonlocal ended
        if ended:
            return
        ended = True
        asyncio.run_coroutine_threadsafe(control.close(), loop).result(10)

    try:
        yield watched, end
    finally:
        end()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(loop.shutdown_asyncgens())
        for task in asyncio.all_tasks(loop):
            task.cancel()
            loop.run_until_complete(asyncio.wait([task]))
        loop.close()
