"""The control socket of a running engine: a line of JSON in, a line of JSON out, for whoever may write in its folder.

``{"command": "status"}`` is answered by the whole `Status`, ``positions`` by ``{"positions": [...]}``, every other
command by ``{"done": "a sentence"}``. What cannot be done is answered by ``{"error": "a sentence"}``.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, Protocol

import msgspec

from sadari.core.liquidation.plan import LiquidationPlan
from sadari.errors import ConfigError, SadariError
from sadari.model.reason import LiquidationReason
from sadari.run.figures.status import Status

LONGEST_LINE = 1 << 16
# Source: unix(7), sun_path.
_LONGEST_PATH = 107
# A task makes the transport of what was accepted, its protocol is told, and it is served: a turn of the loop each.
_ACCEPTING_TURNS = 3
# How long whoever is being answered is waited for at the end.
_FAREWELL_S = 2.0


class Operator(Protocol):
    """What can be wished of a running engine. Each returns a sentence, and raises a `SadariError` if it is refused."""

    async def status(self) -> Status:
        """Everything that is shown."""

    async def pause(self, actor: str, cause: str) -> str:
        """Take no new exposure."""

    async def resume(self, actor: str) -> str:
        """Take new exposure again."""

    async def stop(self, actor: str, *, close: bool) -> str:
        """End the engine; positions are kept with their stops unless ``close``."""

    async def exit(self, actor: str, symbol: str, cause: str) -> str:
        """Close one position."""

    async def sync(self) -> str:
        """Compare with the venue now."""

    async def prepare(self, symbol: str) -> str:
        """Prepare a symbol; margin mode, leverage and largest notional in words."""

    async def adopt(self, actor: str, symbol: str) -> str:
        """Take over a quarantined position."""

    async def write_off(self, actor: str, symbol: str, cause: str) -> str:
        """End a position whose trades cannot be found."""

    async def reset(self, actor: str) -> str:
        """Leave FAILED or STOPPED."""

    async def liquidate(self, asked: Liquidate) -> str:
        """Close everything, after a notice."""

    async def liquidation_plan(self, reason: str) -> LiquidationPlan:
        """What that would do now."""

    async def cancel_liquidation(self, asked: OfLiquidation) -> str:
        """End a liquidation while its notice runs."""

    async def confirm_liquidation(self, asked: OfLiquidation) -> str:
        """End the notice: close everything now."""

    async def abandon_liquidation(self, actor: str, cause: str) -> str:
        """Give a liquidation up; the engine has failed then."""


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every request has; ``actor`` is who asks."""

    command: str
    actor: str = "operator"


class Reasoned(Request, frozen=True):
    """A wish with its cause."""

    cause: str = ""


class Stop(Request, frozen=True):
    """The end of the engine; nobody closes everything without a name."""

    actor: str = ""
    close: bool = False


class OfSymbol(Request, frozen=True):
    """A wish about one symbol."""

    symbol: str
    cause: str = ""


class Liquidate(Request, frozen=True):
    """The wish that everything is closed. Whatever is wrong with it, the engine refuses and records it."""

    actor: str = ""
    source: str = ""
    reason: str = ""
    correlation_id: str = ""
    timestamp_ms: int = 0
    after: Literal["PAUSE", "STOP"] = "PAUSE"
    token: str = ""
    cause: str = ""


class Plan(Request, frozen=True):
    """What a liquidation would do."""

    reason: str = LiquidationReason.OPERATOR_REQUEST.value


class OfLiquidation(Reasoned, frozen=True):
    """A wish about the liquidation under way, or about that of an id."""

    correlation_id: str = ""


Answer = Callable[[Operator, Any], Awaitable[object]]


async def _positions(operator: Operator, _request: Request) -> object:
    return {"positions": (await operator.status()).positions}


async def _plan(operator: Operator, asked: Plan) -> object:
    return {"plan": await operator.liquidation_plan(asked.reason)}


def _done(ask: Callable[[Operator, Any], Awaitable[str]]) -> Answer:
    async def answer(operator: Operator, request: object) -> object:
        return {"done": await ask(operator, request)}

    return answer


COMMANDS: dict[str, tuple[type[Request], Answer]] = {
    "status": (Request, lambda operator, _: operator.status()),
    "positions": (Request, _positions),
    "pause": (Reasoned, _done(lambda operator, asked: operator.pause(asked.actor, asked.cause))),
    "resume": (Request, _done(lambda operator, asked: operator.resume(asked.actor))),
    "stop": (Stop, _done(lambda operator, asked: operator.stop(asked.actor, close=asked.close))),
    "exit": (OfSymbol, _done(lambda operator, asked: operator.exit(asked.actor, asked.symbol, asked.cause))),
    "sync": (Request, _done(lambda operator, _: operator.sync())),
    "prepare": (OfSymbol, _done(lambda operator, asked: operator.prepare(asked.symbol))),
    "adopt": (OfSymbol, _done(lambda operator, asked: operator.adopt(asked.actor, asked.symbol))),
    "write_off": (OfSymbol, _done(lambda operator, asked: operator.write_off(asked.actor, asked.symbol, asked.cause))),
    "reset": (Request, _done(lambda operator, asked: operator.reset(asked.actor))),
    "liquidate": (Liquidate, _done(lambda operator, asked: operator.liquidate(asked))),
    "liquidation_plan": (Plan, _plan),
    "cancel_liquidation": (OfLiquidation, _done(lambda operator, asked: operator.cancel_liquidation(asked))),
    "confirm_liquidation": (OfLiquidation, _done(lambda operator, asked: operator.confirm_liquidation(asked))),
    "abandon_liquidation": (
        Reasoned,
        _done(lambda operator, asked: operator.abandon_liquidation(asked.actor, asked.cause)),
    ),
}


async def answer(operator: Operator, line: bytes) -> bytes:
    """The answer to one line, without its end; an operator's refusal and a line that is no command are errors."""
    try:
        request, ask = read(line)
        return msgspec.json.encode(await ask(operator, request))
    except SadariError as error:
        return refusal(str(error))


def refusal(sentence: str) -> bytes:
    """A line that says no."""
    return msgspec.json.encode({"error": sentence})


def read(line: bytes) -> tuple[Request, Answer]:
    """What a line asks for.

    Raises:
        ConfigError: It is no JSON, names no command, or lacks or has too much of what the command takes.
    """
    try:
        raw = msgspec.json.decode(line)
    except msgspec.MsgspecError as error:
        raise ConfigError(f"the request is no JSON ({error})") from error
    name = raw.get("command") if isinstance(raw, dict) else None
    if not isinstance(name, str) or name not in COMMANDS:
        near = get_close_matches(name, COMMANDS, 1) if isinstance(name, str) else []
        hint = f"; did you mean {near[0]!r}?" if near else ";"
        raise ConfigError(f"the request's command is {name!r}{hint} allowed: {', '.join(COMMANDS)}")
    kind, ask = COMMANDS[name]
    try:
        return msgspec.convert(raw, kind), ask
    except msgspec.ValidationError as error:
        fields = ", ".join(sorted(kind.__struct_fields__))
        raise ConfigError(f"{name}: {error}; allowed: {fields}") from error


class Control:
    """The socket. Make it only while holding the folder's lock: one that was left behind is removed.

    Args:
        path: Where it is; readable and writable by its owner only.
        operator: Who answers.
    """

    def __init__(self, path: Path, operator: Operator) -> None:
        self.path = path
        self._operator = operator
        self._server: asyncio.Server | None = None
        self._connected: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}

    def check(self) -> None:
        """Refuse a place where there can be no socket, before anything else is begun.

        Raises:
            ConfigError: Its path is too long for the system.
        """
        if len(os.fsencode(self.path)) > _LONGEST_PATH:
            raise ConfigError(f"{self.path}: the path of a socket is too long; allowed: {_LONGEST_PATH} bytes")

    async def start(self) -> None:
        """Listen.

        Raises:
            ConfigError: There can be no socket there.
        """
        self.check()
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)
        try:
            self.path.unlink(missing_ok=True)
            listening.bind(os.fspath(self.path))
        except OSError as error:
            listening.close()
            raise ConfigError(f"{self.path}: the control socket cannot be made ({error.strerror})") from error
        finally:
            os.umask(before)
        self._server = await asyncio.start_unix_server(self._serve, sock=listening, limit=LONGEST_LINE)

    async def close(self) -> None:
        """Stop listening and let go of whoever is connected."""
        if self._server is not None:
            # Nobody would let go of a connection that is just being made: it is served first.
            for listening in self._server.sockets:
                asyncio.get_running_loop().remove_reader(listening.fileno())
            for _ in range(_ACCEPTING_TURNS):
                await asyncio.sleep(0)
            self._server.close()
        # The command that ends the engine may be on one of them.
        served = {task for task in self._connected.values() if task not in (None, asyncio.current_task())}
        for writer in list(self._connected):
            writer.close()
        if served:
            _, slow = await asyncio.wait(served, timeout=_FAREWELL_S)
            for task in slow:
                task.cancel()
        self.path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connected[writer] = asyncio.current_task()
        try:
            while line := await _line(reader, writer):
                writer.write(await answer(self._operator, line) + b"\n")
                await writer.drain()
        except ConnectionError:
            return  # Who asked has gone.
        finally:
            self._connected.pop(writer, None)
            writer.close()


async def _line(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """The next line; empty at the end, and after one that is too long, which is refused."""
    try:
        return await reader.readline()
    except ValueError:
        writer.write(refusal(f"the request is too long; allowed: a line of {LONGEST_LINE} bytes") + b"\n")
        return b""
