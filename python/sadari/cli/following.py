"""Watching a running engine: its status asked for a few times a second, shown or told, until an end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from signal import SIGHUP, SIGTERM, default_int_handler, signal
from threading import Event
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from sadari.cli.story import Story
from sadari.cli.view import render
from sadari.cli.view_cells import clean, clock
from sadari.errors import ConfigError, RetryableError
from sadari.run.figures.status import DecisionStatus, Status
from sadari.venue.clock import Stopwatch

EVERY_S = 0.25
# How long an engine may take from its start to its first status.
START_S = 60.0


class Shown(Protocol):
    """Where statuses go."""

    def show(self, status: Status, new: list[DecisionStatus]) -> None:
        """Take a status and those of its decisions that are new."""


class Screen(AbstractContextManager["Screen"]):
    """The live view on the whole terminal; it is drawn over in place, and the terminal is given back at the end."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console()
        self._live = Live(console=self._console, screen=True, auto_refresh=False, vertical_overflow="crop")

    def show(self, status: Status, new: list[DecisionStatus]) -> None:
        """Draw it as large as the terminal is now."""
        del new
        width, height = self._console.size
        self._live.update(render(status, width, height), refresh=True)

    def __enter__(self) -> Self:
        self._live.start()
        self._live.update(Text("waiting for the engine's first status"), refresh=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()


class Lines:
    """Decisions as lines of a log, for a pipe or a file."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def show(self, status: Status, new: list[DecisionStatus]) -> None:
        """Write what is new."""
        del status
        for one in new:
            self._write(f"{clock(one.time_ns)} {clean(one.symbol):11} {clean(one.what):13} {clean(one.reason)}")


class Silent:
    """Nothing is shown."""

    def show(self, status: Status, new: list[DecisionStatus]) -> None:
        """Do nothing."""


def follow(
    ask: Callable[[], Status],
    shown: Shown,
    story: Story,
    *,
    for_s: float | None = None,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Watch until the time is over, the engine has ended, or Ctrl-C.

    Args:
        ask: Asks the engine for its status.
        shown: Where it is shown.
        story: What is remembered of it.
        for_s: For how long, None without end.
        check: Raises if the engine has ended though it still should run.

    Raises:
        ConfigError: No engine has answered yet within `START_S`.
    """
    watch, pause = Stopwatch(), Event()
    try:
        while True:
            at_s = watch.spent().wall_s
            if for_s is not None and at_s >= for_s:
                return
            check()
            try:
                status = ask()
            except RetryableError:
                pass  # It is busy; what is shown grows old with its clock.
            except ConfigError:
                if story.last is not None:
                    return
                if at_s > START_S:
                    raise
            else:
                shown.show(status, story.see(status, at_s))
            left_s = EVERY_S if for_s is None else min(EVERY_S, max(for_s - watch.spent().wall_s, 0.0))
            pause.wait(left_s)
    except KeyboardInterrupt:
        return


@contextmanager
def interruptible() -> Iterator[None]:
    """Whatever asks this process to end does it as Ctrl-C does."""
    before = {number: signal(number, default_int_handler) for number in (SIGTERM, SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal(number, handler)
