"""`sadari run` and `sadari exchange` as processes of their own, for tests that meet the engine as its owner does.

A start weighs a fifth of what the exchange allows in a minute: more than three of them in one test, and they wait.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

from sadari.store.journal import decode, read

PROGRAM = str(Path(sys.executable).with_name("sadari"))
PATIENCE_S = 60.0
SEED = 7
SYMBOL = "DEMOAUSDT"

CONFIG = """
[engine]
mode = "{mode}"
name = "test"

[ladder]
leverage = 10

[signal]
kind = "always"
direction = "long"

[venue]
rest = "{rest}"
streams = "{ws}"
ws_api = "{ws_api}"
symbols = ["DEMOAUSDT"]
folder = "{folder}"
sync_s = 4
"""


def until(reached: Callable[[], object], told: Callable[[], str] = str) -> None:
    """Wait until something is so."""
    for _ in range(int(PATIENCE_S / 0.02)):
        if reached():
            return
        time.sleep(0.02)
    raise AssertionError(f"it did not come to that: {told()}")


@dataclass
class ExchangeProcess:
    """An exchange that runs.

    Attributes:
        at: Where it is reached, and the keys of its account.
    """

    at: dict[str, str]

    def control(self, where: str, **values: object) -> Any:
        """A call of the control API; the owner's own acts are behind `/control/human`."""
        method, _, path = where.partition(" ")
        target = urlsplit(self.at["rest"])
        connection = HTTPConnection(str(target.hostname), target.port, timeout=30)
        try:
            query = urlencode({name: str(value) for name, value in values.items()})
            headers = {"Authorization": f"Bearer {self.at['token']}"}
            connection.request(method, f"{path}?{query}", headers=headers)
            answer = json.load(connection.getresponse())
        finally:
            connection.close()
        assert "code" not in answer or answer["code"] == 200, answer
        return answer

    def fault(self, rule: str) -> None:
        """Add a rule of faults, without its heading."""
        self.control("POST /control/faults", toml=f"[[fault]]\n{rule}")

    def truth(self) -> dict[str, Any]:
        """Everything that happened on the account."""
        told: dict[str, Any] = self.control("GET /control/truth")
        return told

    def reset(self) -> None:
        """Begin again as at the start, with no rule of a fault."""
        self.fault('name = "old"\nverb = "delay"\nseconds = 1\nnth = 1000000')
        self.control("POST /control/reset", seed=SEED)
        until(self._is_new)

    def _is_new(self) -> bool:
        try:
            return "old" not in self.control("GET /control/faults")["counts"]
        except OSError:
            return False

    def held(self, symbol: str = SYMBOL) -> Decimal:
        """What is held of a symbol, signed."""
        trades = [one for one in self.truth()["trades"] if one["symbol"] == symbol]
        return sum((Decimal(one["qty"]) * (1 if one["side"] == "BUY" else -1) for one in trades), Decimal(0))

    def stops(self, symbol: str = SYMBOL) -> list[dict[str, Any]]:
        """The conditional orders that wait."""
        return [one for one in self.truth()["algos"] if one["symbol"] == symbol and one["ended_gateway_ns"] is None]

    def covered(self, symbol: str = SYMBOL) -> bool:
        """Whether a stop for all that is held waits, and the wall, and nothing else."""
        stops, held = self.stops(symbol), self.held(symbol)
        amounts = [Decimal(one["qty"]) for one in stops if not one["close_position"]]
        return len(stops) == 2 and amounts == [abs(held)] and held != 0

    def orders(self, side: str) -> list[dict[str, Any]]:
        """Every order of a side that was ever taken."""
        return [one for one in self.truth()["orders"] if one["side"] == side]


@contextmanager
def exchange(*arguments: str, speed: float = 60) -> Iterator[ExchangeProcess]:
    """An exchange that serves for as long as the block lasts."""
    command = [
        PROGRAM, "exchange", "--json", "--port", "0", "--made-up", "2", "--history", "1d", "--seed", str(SEED),
        "--speed", str(speed), *arguments,
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8") as process:
        assert process.stdout is not None
        try:
            yield ExchangeProcess(json.loads(process.stdout.readline()))
        finally:
            process.kill()


@dataclass
class EngineProcess:
    """An engine that is run in a folder, again and again.

    Attributes:
        folder: Where its state is; configuration and output are beside it.
        at: The exchange.
        mode: As configured.
        more: What else is configured.
        environment: What stands in its environment beside the keys of the exchange.
    """

    folder: Path
    at: Mapping[str, str]
    mode: str = "local"
    more: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    replaced: dict[str, str] = field(default_factory=dict)
    _process: subprocess.Popen[bytes] | None = None

    def configuration(self) -> Path:
        """Write the configuration."""
        text = CONFIG.format(**self.at, folder=self.folder, mode=self.mode) + self.more
        for old, new in self.replaced.items():
            assert old in text
            text = text.replace(old, new)
        file = self.folder.with_suffix(".toml")
        file.write_text(text, "utf-8")
        return file

    def start(self, *, file_size: int | None = None) -> Self:
        """Start it; `file_size` is how large a file may grow, as on a full disk."""
        command = [PROGRAM, "run", "--config", str(self.configuration())]
        if file_size is not None:
            command = ["prlimit", f"--fsize={file_size}:", *command]
        with self.folder.with_suffix(".log").open("ab") as told:
            self._process = subprocess.Popen(
                command, stdout=told, stderr=told, env={**os.environ, **self._keys(), **self.environment}
            )
        return self

    def _keys(self) -> dict[str, str]:
        return {"SADARI_API_KEY": self.at["key"], "SADARI_API_SECRET": self.at["secret"]}

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The process that was started last."""
        assert self._process is not None
        return self._process

    def told(self) -> str:
        """Everything that it has said."""
        return self.folder.with_suffix(".log").read_text("utf-8")

    def until(self, reached: Callable[[], object]) -> None:
        """Wait until something is so, while it runs."""

        def looked() -> bool:
            done = bool(reached())
            assert done or self.process.poll() is None, f"it has ended: {self.told()}"
            return done

        until(looked, self.told)

    def ended(self) -> int:
        """Wait for its end; the exit code."""
        try:
            return self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it has not ended: {self.told()}") from None

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def kill(self) -> None:
        """End it as a power cut does, if it still runs."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def ask(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command of the operator."""
        command = [PROGRAM, *words, "--folder", str(self.folder)]
        return subprocess.run(command, capture_output=True, encoding="utf-8", check=False, timeout=PATIENCE_S)

    def with_keys(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command that goes to the exchange by itself."""
        command, environment = [PROGRAM, *words], {**os.environ, **self._keys()}
        return subprocess.run(
            command, capture_output=True, encoding="utf-8", check=False, timeout=PATIENCE_S, env=environment
        )

    def status(self) -> dict[str, Any]:
        """What it shows of itself, nothing while it cannot be asked."""
        from sadari.errors import SadariError
        from sadari.run.operator.asking import ask
        from sadari.store.folder import Folder

        try:
            told: dict[str, Any] = json.loads(ask(Folder(self.folder).socket, "status", patience_s=5))
        except SadariError:
            return {}
        return told

    def state(self) -> str:
        """The engine's state, "" while it cannot be asked."""
        return str(self.status().get("state", ""))

    def records(self) -> list[Any]:
        """What stands in its journal."""
        from sadari.store.folder import Folder

        return [decode(line) for _, line in read(Folder(self.folder).journal)]

    def audited(self) -> str:
        """What stands in its audit files, of every day."""
        return "".join(path.read_text("utf-8") for path in sorted(self.folder.glob("audit/*.jsonl")))


@contextmanager
def engine(folder: Path, at: Mapping[str, str], **asked: Any) -> Iterator[EngineProcess]:
    """What an engine needs to run on an exchange; whatever runs at the end is killed."""
    made = EngineProcess(folder / "state", at, **asked)
    try:
        yield made
    finally:
        made.kill()
