"""Programs that run beside this one and end with it: the exchange and the engine of the demo."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sadari.errors import SadariError

# How long a program may take to end before it is ended, and how much of its last words is told.
GRACE_S = 15.0
LAST_LINES = 8


class Child:
    """A program of ours as a process in a group of its own, so that Ctrl-C reaches it only through `end`.

    Args:
        name: What it is called in messages.
        command: The program and its arguments.
        log: Where its output goes.
        speaks: Whether it says on its standard output where it is reached; that is then read by `first_line` alone.
        grace_s: How long it may take to end.
        environment: What stands in its environment in place of this process's; None takes a name away.

    Raises:
        SadariError: It cannot be started.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        *,
        speaks: bool = False,
        grace_s: float = GRACE_S,
        environment: Mapping[str, str | None] | None = None,
    ) -> None:
        self.name = name
        self.log = log
        self._grace_s = grace_s
        own = {**os.environ, **(environment or {})}
        try:
            with log.open("ab") as told:
                self._process = subprocess.Popen(  # noqa: S603 - our own program
                    list(command),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE if speaks else told,
                    stderr=told,
                    env={key: value for key, value in own.items() if value is not None},
                    process_group=0,
                )
        except OSError as error:
            raise SadariError(f"{name} cannot be started: {error.strerror}") from error

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def first_line(self) -> dict[str, Any]:
        """What it prints when it is ready: a line of JSON.

        Raises:
            SadariError: It has ended before, or printed something else.
        """
        line = self._process.stdout.readline() if self._process.stdout else b""
        try:
            told: dict[str, Any] = json.loads(line)
        except ValueError as error:
            self.end()
            raise SadariError(f"{self.name} did not start: {self.last_words() or 'it said nothing'}") from error
        return told

    def check(self) -> None:
        """Go on only while it runs.

        Raises:
            SadariError: It has ended.
        """
        code = self._process.poll()
        if code is not None:
            raise SadariError(f"{self.name} has ended with {code}: {self.last_words() or 'it said nothing'}")

    def last_words(self) -> str:
        """The end of its error output."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return "\n".join(lines[-LAST_LINES:])

    def end(self) -> int:
        """End it as Ctrl-C does, by force if it takes too long; its exit code."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        try:
            code = self._process.wait(self._grace_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()
