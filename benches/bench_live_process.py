"""The engine as a process of its own against the local exchange: 150 symbols streaming, a position of each of 60.

Memory is what the system says the process holds; a sync is asked for over the control socket; a restart is from the
start of the process after ``kill -9`` to RUNNING, which it reaches when it agrees with the exchange.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from sadari.run.figures.status import Status
from sadari.run.operator.asking import ask, status_of

SYMBOLS, HELD = 150, 60
PROGRAM = [str(Path(sys.executable).parent / "sadari")]
PATIENCE_S = 120.0

CONFIG = """
[engine]
mode = "local"
name = "bench"

[ladder]
weights = [0.0004, 0.0004]
dca_trigger = [0.05]
stop_by_stage = [0.30, 0.28]
leverage = 3

[risk]
max_positions = {held}
strategy_positions = {held}
max_portfolio_stop_loss_pct = 1
min_reserve_pct = 0
max_price_age_ms = 60000

[daily]
max_entries = 1000

[signal]
kind = "always"
direction = "long"

[venue]
rest = "{rest}"
streams = "{ws}"
ws_api = "{ws_api}"
folder = "{folder}"
scanned = {symbols}
"""


@contextmanager
def child(arguments: list[str], **more: Any) -> Iterator[subprocess.Popen[str]]:
    """A program of ours, ended with the block."""
    process = subprocess.Popen([*PROGRAM, *arguments], text=True, stdout=subprocess.PIPE, **more)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def shown(socket: Path) -> Status | None:
    """The engine's status, None while it does not answer."""
    try:
        return status_of(ask(socket, "status", patience_s=5.0))
    except Exception:  # noqa: BLE001 - it is not there yet, whatever that looks like
        return None


def until(socket: Path, held: int) -> Status:
    """Wait for an engine that runs with so many positions."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        status = shown(socket)
        if status is not None and status.state == "RUNNING" and len(status.positions) >= held:
            return status
        time.sleep(0.05)
    message = f"no engine with {held} positions"
    raise TimeoutError(message)


def synced(socket: Path) -> float:
    """The seconds that a comparison with the exchange takes."""
    began = time.monotonic()
    ask(socket, "sync", patience_s=PATIENCE_S)
    return time.monotonic() - began


def resident_mb(pid: int) -> float:
    """What a process holds in memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def cpu_s(pid: int) -> float:
    """Processor time that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.requirement("R004-18", "R004-19")
def bench_engine_with_sixty_positions(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    def measured() -> dict[str, float]:
        asked = ["exchange", "--json", "--port", "0", "--made-up", str(SYMBOLS), "--history", "2d", "--speed", "20"]
        asked += ["--balance", "1000000"]
        with child(asked) as exchange:
            assert exchange.stdout is not None
            at = json.loads(exchange.stdout.readline())
            folder = tmp_path / "state"
            config = tmp_path / "bench.toml"
            config.write_text(
                CONFIG.format(
                    rest=at["rest"], ws=at["ws"], ws_api=at["ws_api"], folder=folder, symbols=SYMBOLS, held=HELD
                ),
                encoding="utf-8",
            )
            keys = {**os.environ, "SADARI_API_KEY": at["key"], "SADARI_API_SECRET": at["secret"]}
            socket = folder / "control.sock"
            arguments = ["run", "--config", str(config), "--quiet"]
            with child(arguments, env=keys) as engine:
                until(socket, HELD)
                time.sleep(5)
                before, began = cpu_s(engine.pid), time.monotonic()
                time.sleep(5)
                share = (cpu_s(engine.pid) - before) / (time.monotonic() - began)
                # The first waits for what the warm-up has taken of the minute's budget.
                first_s, sync_s = synced(socket), synced(socket)
                memory = resident_mb(engine.pid)
                status = shown(socket)
                engine.send_signal(signal.SIGKILL)
                engine.wait()
            began = time.monotonic()
            with child(arguments, env=keys):
                until(socket, HELD)
                restart_s = time.monotonic() - began
            assert status is not None
            protected = status.unprotected
            return {
                "resident_mb": memory,
                "share_of_a_core": share,
                "sync_ms": sync_s * 1e3,
                "first_sync_ms": first_s * 1e3,
                "restart_s": restart_s,
                "journal_records": status.counters.journal_records,
                "unprotected_p99_s": protected.p99_s or 0.0,
                "unprotected_max_s": protected.max_s or 0.0,
            }

    benchmark.extra_info |= benchmark.pedantic(measured, rounds=1)  # type: ignore[no-untyped-call]
    print(benchmark.extra_info)
