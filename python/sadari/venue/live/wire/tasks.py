"""Tasks whose failures nobody waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine


def begin(work: Coroutine[None, None, None]) -> asyncio.Task[None]:
    """Start a task; what it raises goes to the loop's exception handler at once, not when it is forgotten."""
    task = asyncio.get_running_loop().create_task(work)
    task.add_done_callback(_told)
    return task


def _told(task: asyncio.Task[None]) -> None:
    if task.cancelled():
        return
    error = task.exception()
    if error is not None:
        context = {"message": "a task of the live venue has failed", "exception": error, "task": task}
        task.get_loop().call_exception_handler(context)
