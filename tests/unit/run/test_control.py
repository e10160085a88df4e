"""The control socket: one line in, one line out, over a real socket; whatever is wrong has its sentence."""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from sadari.core.liquidation.plan import LiquidationPlan
from sadari.errors import ConfigError, RefusedError, RetryableError
from sadari.run.figures.status import Status
from sadari.run.operator.asking import ask, asked_for, status_of
from sadari.run.operator.control import COMMANDS, LONGEST_LINE, Control, Liquidate, OfLiquidation

STATUS = Status(mode="local", name="run", version="1", pid=7, state="RUNNING", time_ns=1, started_ns=1, uptime_s=0.0)


class Listening:
    """An operator that writes down what it is asked; it refuses to prepare what it does not know."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []

    def _note(self, *asked: object) -> str:
        self.asked.append(asked)
        return f"{asked[0]} is done"

    async def status(self) -> Status:
        """Nothing much."""
        return STATUS

    async def pause(self, actor: str, cause: str) -> str:
        """Noted."""
        return self._note("pause", actor, cause)

    async def resume(self, actor: str) -> str:
        """Noted."""
        return self._note("resume", actor)

    async def stop(self, actor: str, *, close: bool) -> str:
        """Noted."""
        return self._note("stop", actor, close)

    async def exit(self, actor: str, symbol: str, cause: str) -> str:
        """Noted."""
        return self._note("exit", actor, symbol, cause)

    async def sync(self) -> str:
        """Noted."""
        return self._note("sync")

    async def prepare(self, symbol: str) -> str:
        """Refused."""
        raise RefusedError(-1121, f"Invalid symbol {symbol}.")

    async def adopt(self, actor: str, symbol: str) -> str:
        """Noted."""
        return self._note("adopt", actor, symbol)

    async def write_off(self, actor: str, symbol: str, cause: str) -> str:
        """Noted."""
        return self._note("write_off", actor, symbol, cause)

    async def reset(self, actor: str) -> str:
        """Noted."""
        return self._note("reset", actor)

    async def liquidate(self, asked: Liquidate) -> str:
        """Noted."""
        return self._note("liquidate", asked.actor, asked.reason, asked.after, asked.cause, bool(asked.token))

    async def liquidation_plan(self, reason: str) -> LiquidationPlan:
        """Noted."""
        self._note("liquidation_plan", reason)
        return LiquidationPlan(refusal="", notice_s=30)

    async def cancel_liquidation(self, asked: OfLiquidation) -> str:
        """Noted."""
        return self._note("cancel_liquidation", asked.actor, asked.cause, asked.correlation_id)

    async def confirm_liquidation(self, asked: OfLiquidation) -> str:
        """Noted."""
        return self._note("confirm_liquidation", asked.actor, asked.cause, asked.correlation_id)

    async def abandon_liquidation(self, actor: str, cause: str) -> str:
        """Noted."""
        return self._note("abandon_liquidation", actor, cause)


def served(folder: Path, talk: Callable[[Path], Awaitable[Any]]) -> tuple[Any, list[tuple[object, ...]]]:
    """What a talk over the socket gives, and what the operator was asked."""
    operator = Listening()

    async def run() -> Any:
        control = Control(folder / "control.sock", operator)
        await control.start()
        try:
            return await talk(control.path)
        finally:
            await control.close()

    return asyncio.run(run()), operator.asked


async def say(path: Path, *lines: bytes) -> list[Any]:
    """The answers to some lines over one connection."""
    reader, writer = await asyncio.open_unix_connection(path)
    answers = []
    for line in lines:
        writer.write(line + b"\n")
        await writer.drain()
        answers.append(json.loads(await reader.readline()))
    writer.close()
    return answers


SAID: list[tuple[dict[str, Any], tuple[object, ...]]] = [
    ({"command": "pause", "actor": "anna", "cause": "news"}, ("pause", "anna", "news")),
    ({"command": "pause"}, ("pause", "operator", "")),
    ({"command": "resume"}, ("resume", "operator")),
    ({"command": "stop"}, ("stop", "", False)),
    ({"command": "stop", "close": True}, ("stop", "", True)),
    ({"command": "exit", "symbol": "BTCUSDT", "cause": "x"}, ("exit", "operator", "BTCUSDT", "x")),
    ({"command": "sync"}, ("sync",)),
    ({"command": "adopt", "symbol": "BTCUSDT"}, ("adopt", "operator", "BTCUSDT")),
    ({"command": "write_off", "symbol": "BTCUSDT", "cause": "x"}, ("write_off", "operator", "BTCUSDT", "x")),
    ({"command": "reset"}, ("reset", "operator")),
    ({"command": "liquidate"}, ("liquidate", "", "", "PAUSE", "", False)),
    (
        {
            "command": "liquidate",
            "actor": "anna",
            "reason": "OPERATOR_REQUEST",
            "after": "STOP",
            "cause": "x",
            "token": "t",
            "source": "CLI",
            "correlation_id": "c",
            "timestamp_ms": 1,
        },
        ("liquidate", "anna", "OPERATOR_REQUEST", "STOP", "x", True),
    ),
    ({"command": "cancel_liquidation", "correlation_id": "c"}, ("cancel_liquidation", "operator", "", "c")),
    ({"command": "confirm_liquidation", "cause": "x"}, ("confirm_liquidation", "operator", "x", "")),
    ({"command": "abandon_liquidation"}, ("abandon_liquidation", "operator", "")),
]


@pytest.mark.requirement("R004-6")
def test_each_command_reaches_the_operator_and_its_sentence_comes_back(tmp_path: Path) -> None:
    """All over one connection, in order."""
    lines = [json.dumps(request).encode() for request, _ in SAID]
    answers, asked = served(tmp_path, lambda path: say(path, *lines))
    assert asked == [wanted for _, wanted in SAID]
    assert answers == [{"done": f"{wanted[0]} is done"} for _, wanted in SAID]
    assert {request["command"] for request, _ in SAID} | {
        "status", "positions", "prepare", "liquidation_plan",
    } == set(COMMANDS)  # fmt: skip


def test_status_and_positions_are_answered_by_themselves(tmp_path: Path) -> None:
    """The whole status, and the part of it that is held."""
    lines = (b'{"command":"status"}', b'{"command":"positions"}')
    (status, positions), _ = served(tmp_path, lambda path: say(path, *lines))
    assert status["state"] == "RUNNING"
    assert positions == {"positions": []}


WRONG = [
    (b"", "the request is no JSON"),
    (b"status", "the request is no JSON"),
    (b"\xff\xfe", "the request is no JSON"),
    (b"[]", "the request's command is None; allowed: status, positions, pause"),
    (b'{"command": 3}', "the request's command is 3; allowed"),
    (b'{"command": "statsu"}', "the request's command is 'statsu'; did you mean 'status'? allowed"),
    (b'{"command": "exit"}', "exit: Object missing required field `symbol`; allowed: actor, cause, command, symbol"),
    (b'{"command": "exit", "symbol": 3}', "exit: Expected `str`, got `int` - at `$.symbol`"),
    (b'{"command": "stop", "all": true}', "stop: Object contains unknown field `all`; allowed: actor, close, command"),
    (b'{"command": "stop", "close": "yes"}', "stop: Expected `bool`, got `str`"),
    (b'{"command": "prepare", "symbol": "X"}', "-1121: Invalid symbol X."),
]


@pytest.mark.parametrize(("line", "sentence"), WRONG, ids=[repr(line) for line, _ in WRONG])
def test_what_cannot_be_done_is_one_sentence_and_does_nothing(tmp_path: Path, line: bytes, sentence: str) -> None:
    """And the connection goes on."""
    (refused, after), asked = served(tmp_path, lambda path: say(path, line, b'{"command":"sync"}'))
    assert refused["error"].startswith(sentence)
    assert after == {"done": "sync is done"}
    assert asked == [("sync",)]


def test_a_line_without_end_is_refused_and_others_are_served(tmp_path: Path) -> None:
    """Nobody fills the memory of an engine."""

    async def talk(path: Path) -> list[Any]:
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(b"x" * (2 * LONGEST_LINE))
        refused = json.loads(await reader.readline())
        writer.close()
        return [refused, *(await say(path, b'{"command":"sync"}'))]

    (refused, after), _ = served(tmp_path, talk)
    assert refused["error"].startswith("the request is too long")
    assert after == {"done": "sync is done"}


def test_what_breaks_in_the_engine_is_no_fault_of_the_request(tmp_path: Path) -> None:
    """It ends the connection and reaches whoever hears of what nobody expected, whatever its kind."""
    told: list[object] = []

    class Broken(Listening):
        async def sync(self) -> str:
            raise ValueError("has no stop yet")

    async def run() -> bytes:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context.get("exception")))
        control = Control(tmp_path / "control.sock", Broken())
        await control.start()
        reader, writer = await asyncio.open_unix_connection(control.path)
        writer.write(b'{"command":"sync"}\n')
        answer = await reader.read()
        writer.close()
        await control.close()
        return answer

    assert asyncio.run(run()) == b""
    gc.collect()
    assert [str(error) for error in told] == ["has no stop yet"]


@pytest.mark.parametrize("turns", range(5))
def test_whoever_connects_while_it_is_closed_is_let_go_of(tmp_path: Path, turns: int) -> None:
    """However far the loop has come with accepting: no connection stays open behind the engine."""

    async def run() -> bytes:
        control = Control(tmp_path / "control.sock", Listening())
        await control.start()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(control.path))
            for _ in range(turns):
                await asyncio.sleep(0)
            await control.close()
            client.setblocking(False)
            try:
                return await asyncio.wait_for(asyncio.get_running_loop().sock_recv(client, 1), 5)
            except ConnectionResetError:  # It was not even accepted.
                return b""

    assert asyncio.run(run()) == b""
    gc.collect()


def test_only_its_owner_may_use_the_socket_and_it_goes_with_the_engine(tmp_path: Path) -> None:
    """Mode 0600, and no file is left."""

    async def mode(path: Path) -> int:
        return stat.S_IMODE((await asyncio.to_thread(path.stat)).st_mode)

    assert served(tmp_path, mode)[0] == 0o600
    assert list(tmp_path.iterdir()) == []


def test_a_socket_that_was_left_behind_is_replaced(tmp_path: Path) -> None:
    """By an engine that was killed."""
    (tmp_path / "control.sock").touch()
    (answer,), _ = served(tmp_path, lambda path: say(path, b'{"command":"sync"}'))
    assert answer == {"done": "sync is done"}


def test_whoever_stays_connected_does_not_hold_the_engine_up(tmp_path: Path) -> None:
    """Its connection ends with the engine."""

    async def run() -> bytes:
        control = Control(tmp_path / "control.sock", Listening())
        await control.start()
        reader, writer = await asyncio.open_unix_connection(control.path)
        writer.write(b'{"command":"sync"}\n')
        first = await reader.readline()
        await control.close()
        rest = await reader.read()
        writer.close()
        return first + rest

    assert asyncio.run(run()) == b'{"done":"sync is done"}\n'


def test_a_path_that_is_too_long_is_named(tmp_path: Path) -> None:
    """A socket's path has 107 bytes at most."""
    deep = tmp_path / ("x" * 100)
    deep.mkdir()
    with pytest.raises(ConfigError, match="the path of a socket is too long; allowed: 107 bytes"):
        served(deep, say)


# who asks


def test_a_program_asks_as_the_command_line_does(tmp_path: Path) -> None:
    """Without an event loop of its own."""

    async def talk(path: Path) -> tuple[Status, str]:
        status = await asyncio.to_thread(ask, path, "status")
        done = await asyncio.to_thread(ask, path, "exit", {"symbol": "BTCUSDT"})
        with pytest.raises(ConfigError, match="Invalid symbol X"):
            await asyncio.to_thread(ask, path, "prepare", {"symbol": "X"})
        return status_of(status), asked_for(done)

    assert served(tmp_path, talk)[0] == (STATUS, "exit is done")


def test_where_no_engine_runs_there_is_a_sentence(tmp_path: Path) -> None:
    """No socket, or one that nobody listens to."""
    with pytest.raises(ConfigError, match="no engine runs in this folder"):
        ask(tmp_path / "control.sock", "status")
    (tmp_path / "control.sock").touch()
    with pytest.raises(ConfigError, match="no engine runs in this folder"):
        ask(tmp_path / "control.sock", "status")


def test_an_engine_that_does_not_answer_is_not_waited_for_forever(tmp_path: Path) -> None:
    """Or ends before it answers."""
    left = asyncio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        left.set()

    async def talk(path: Path) -> None:
        silent = await asyncio.start_unix_server(listen, path.with_name("silent"))
        with pytest.raises(RetryableError, match="has not answered sync"):
            await asyncio.to_thread(lambda: ask(path.with_name("silent"), "sync", patience_s=0.05))
        await left.wait()
        silent.close()
        ending = await asyncio.start_unix_server(lambda _reader, writer: writer.close(), path.with_name("ending"))
        with pytest.raises((RetryableError, ConfigError)):
            await asyncio.to_thread(ask, path.with_name("ending"), "sync")
        ending.close()

    served(tmp_path, talk)
