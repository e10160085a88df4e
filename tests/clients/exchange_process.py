"""`sadari exchange` as a process of its own: what it is told, where it is reached, and how it ends.

Other people's clients live in an environment without Sadari; there the server runs in the checkout's `.venv`.
"""

from __future__ import annotations

import importlib.util
import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[2]
RECORDED = ROOT.parent / "shared" / "data"
COMMAND = "import sys; from sadari.cli.main import main; sys.exit(main())"
GRACE_S = 20
SYMBOLS = "BTCUSDT,DOGEUSDT,ETHUSDT,LTCUSDT,XRPUSDT"


@dataclass(frozen=True)
class Address:
    """Where a started exchange is reached and the account that is ready on it.

    Attributes:
        rest: the base of all HTTP paths, without a slash at its end.
        ws: the base of all stream paths, without a slash at its end.
        ws_api: the whole address of the WebSocket API.
        key: the account's API key.
        secret: what its requests are signed with.
        control: the base of the control paths.
        token: what the control paths ask for.
    """

    rest: str
    ws: str
    ws_api: str
    key: str
    secret: str
    control: str
    token: str


def synthetic(speed: int = 60) -> list[str]:
    """The arguments that play a made-up market."""
    return ["--port", "0", "--speed", str(speed), "--json"]


def recorded(speed: int = 60) -> list[str] | None:
    """The arguments that play recorded candles under recorded rules; None where this machine has none."""
    candles = RECORDED / "klines-1m" / "2023-07"
    instruments = [
        RECORDED / "payloads" / "rest" / "2026-07-03" / "fapi-v1-exchangeInfo.json",
        RECORDED / "payloads" / "rest" / "leverage-brackets-2025-07.ccxt.json.gz",
    ]
    if not candles.is_dir() or not all(file.is_file() for file in instruments):
        return None
    named = [part for file in instruments for part in ("--instruments", str(file))]
    return ["--data", str(candles), *named, "--symbols", SYMBOLS, *synthetic(speed)]


@contextmanager
def running(arguments: Sequence[str]) -> Iterator[Address]:
    """An exchange that runs inside the block and is ended as Ctrl-C ends it.

    Raises:
        AssertionError: it did not start, did not end by itself, or left a traceback behind.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8") as complaints:
        with subprocess.Popen(
            [_python(), "-c", COMMAND, "exchange", *arguments], stdout=subprocess.PIPE, stderr=complaints, text=True
        ) as process:
            assert process.stdout is not None
            try:
                line = process.stdout.readline()
                assert line, f"the exchange did not start: {_written(complaints)}"
                told = json.loads(line)
                yield Address(**{field.name: told[field.name] for field in fields(Address)})
            finally:
                process.send_signal(signal.SIGINT)
                try:
                    process.wait(GRACE_S)
                except subprocess.TimeoutExpired:
                    process.kill()
                    raise
        assert process.returncode in {0, 130, -signal.SIGINT}, _written(complaints)
        assert "Traceback" not in _written(complaints), _written(complaints)


def _python() -> str:
    if importlib.util.find_spec("sadari") is not None:
        return sys.executable
    return str(ROOT / ".venv" / "bin" / "python")


def _written(stream: IO[str]) -> str:
    stream.seek(0)
    return stream.read().strip()
