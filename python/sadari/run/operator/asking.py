"""Asks a running engine over its control socket."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from sadari.errors import ConfigError, RetryableError, SadariError
from sadari.run.figures.status import Status

PATIENCE_S = 60.0
NO_FIELDS: Mapping[str, object] = {}


def ask(path: Path, command: str, fields: Mapping[str, object] = NO_FIELDS, *, patience_s: float = PATIENCE_S) -> bytes:
    """One request and its answer, a line of JSON.

    Args:
        path: The socket.
        command: What is asked; see `run.operator.control`.
        fields: What the command takes.
        patience_s: How long to wait for the answer.

    Raises:
        ConfigError: No engine runs there, or it refuses: with its own sentence.
        RetryableError: It does not answer in time; what was asked may still be done.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(patience_s)
            connection.connect(str(path))
            connection.sendall(msgspec.json.encode({"command": command} | dict(fields)) + b"\n")
            line = _line(connection)
    except TimeoutError as error:
        raise RetryableError(f"{path}: the engine has not answered {command} in {patience_s:.0f} s") from error
    except OSError as error:
        raise ConfigError(f"{path.parent}: no engine runs in this folder ({error.strerror or error})") from error
    if not line.endswith(b"\n"):
        raise RetryableError(f"{path}: the engine has ended before it answered {command}")
    answered: Any = msgspec.json.decode(line)
    if "error" in answered:
        raise ConfigError(answered["error"])
    return line


def _line(connection: socket.socket) -> bytes:
    parts: list[bytes] = []
    while not parts or not parts[-1].endswith(b"\n"):
        part = connection.recv(1 << 16)
        if not part:
            break
        parts.append(part)
    return b"".join(parts)


def asked_for(line: bytes) -> str:
    """The sentence of an answer that has one.

    Raises:
        SadariError: It has none: the engine is of another version.
    """
    answered: Any = msgspec.json.decode(line)
    if not isinstance(answered.get("done"), str):
        raise SadariError(f"the engine's answer is not known here: {line.decode().strip()}")
    return str(answered["done"])


def status_of(line: bytes) -> Status:
    """The answer to ``status``.

    Raises:
        SadariError: It is none: the engine is of another version.
    """
    try:
        return msgspec.json.decode(line, type=Status)
    except msgspec.MsgspecError as error:
        raise SadariError(f"the engine's status is not known here ({error})") from error
