"""The record of every notice, one line of JSON each."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from sadari.notify.courier import Message


def appender(path: Path) -> Callable[[Message], None]:
    """What adds the record of a message to a file, as a line."""

    def send(message: Message) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            file.write(message.record.encode("utf-8") + b"\n")

    return send
