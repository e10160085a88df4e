"""One engine in one process: what it reads of its surroundings, its signals, its end."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import random
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from sadari.core.alerts import Notice
from sadari.core.engine_table import EngineState
from sadari.errors import ConfigError, SadariError
from sadari.model.command import SendAlert
from sadari.model.units import MINUTE_NS, SECOND_NS
from sadari.notify.courier import Courier
from sadari.notify.texts import message_of
from sadari.run.live.account import binding_of
from sadari.run.live.connections import Clocks
from sadari.run.live.engine import Asked, Ended, LiveEngine
from sadari.run.operator.commands import Commands
from sadari.run.operator.control import Control
from sadari.run.settings.alert_channels import Hidden, addresses, channels, courier_of, hidden
from sadari.run.settings.config import Config, decode, read
from sadari.run.settings.keys import Keys, bind, load_keys
from sadari.run.settings.modes import check_acknowledged, check_balance, hosts_of
from sadari.store.backup import back_up
from sadari.store.folder import Folder
from sadari.venue.clock import steady_ns, wall_ns
from sadari.venue.live.wire.tasks import begin

_KEEPING = "stopping; positions are kept with what protects them"
_CLOSING = (
    "everything is being closed, and the engine ends with that; a second signal ends it now, the next start goes on"
)
_LOUD = ("warning", "critical")
# How long the end waits for messages that are still on their way.
LAST_WORDS_S = 5.0


def run_engine(path: Path, *, key_file: Path | None, quiet: bool) -> int:
    """Run the engine of a configuration until it ends.

    Returns:
        0 if it was stopped, 1 if it failed.

    Raises:
        ConfigError: The configuration, the key or the folder cannot be used.
        JournalError: The journal cannot be gone on with.
    """
    config = _load(path)
    keys = None if config.engine.mode == "paper" else load_keys(os.environ, key_file)
    folder = Folder(Path(config.venue.folder))
    found = addresses(config.alerts, os.environ)
    secrets = hidden(found, keys)
    log = _log(secrets, quiet=quiet)
    courier = courier_of(config.alerts, channels(config.alerts, found, folder), log, steady_ns)
    try:
        told = replace(
            asked(config, keys, folder, log),
            notify=notifying(config, courier, secrets),
            deliveries=courier.deliveries,
        )
        ended = asyncio.run(serve(told, log))
    finally:
        courier.close(LAST_WORDS_S)
    if ended.failure:
        sys.stderr.write(f"sadari run: {ended.state}: {ended.failure}\n")
        closed = "a liquidation was under way" if ended.liquidating else "nothing was closed"
        sys.stderr.write(f"sadari run: {closed}; what protects positions rests at the exchange\n")
    return 0 if ended.state == EngineState.STOPPED else 1


def _load(path: Path) -> Config:
    raw = read(path)
    try:
        config = decode(raw)
        hosts_of(config)
        check_balance(raw, config)
        check_acknowledged(config)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    return config


def asked(config: Config, keys: Keys | None, folder: Folder, log: Callable[[str], None]) -> Asked:
    """What a configuration, a key and a folder ask for, with this machine's clocks."""

    def alert(command: SendAlert) -> None:
        if command.severity in _LOUD:
            log(f"{command.severity}: {command.symbol} {command.code}: {command.text}".replace("  ", " "))

    return Asked(
        config=config,
        keys=keys,
        folder=folder,
        clocks=Clocks(wall_ns, steady_ns, steady_ns),
        jitter=random.SystemRandom().random,
        log=log,
        alert=alert,
        pid=os.getpid(),
    )


def notifying(config: Config, courier: Courier, secrets: Hidden) -> Callable[[Notice], None]:
    """What puts a notice into words and on its way, without a secret, and waits for nothing."""

    def notify(notice: Notice) -> None:
        courier.send(secrets.message(message_of(notice, config.alerts.language, config.engine.name)))

    return notify


async def serve(asked: Asked, log: Callable[[str], None], started: Callable[[LiveEngine], None] | None = None) -> Ended:
    """Run an engine with its control socket, audit and backups.

    Args:
        asked: What to run.
        log: Told what happens beside the journal.
        started: Told when the engine may be asked and told things.
    """
    live = LiveEngine(asked)
    control = Control(asked.folder.socket, Commands(live))
    control.check()
    upkeep: list[asyncio.Task[None]] = []
    loop = asyncio.get_running_loop()
    stopping: list[asyncio.Task[None]] = []

    def stop(number: signal.Signals) -> None:
        if stopping:
            live.ending.hurry(f"a second {number.name}")
            return
        log(f"{number.name}: {_CLOSING if live.ending.liquidating else _KEEPING}")
        stopping.append(begin(live.stop("signal", number.name)))

    def ready() -> None:
        # What was read at the start stays: no pause of the collector goes through it again (it took up to 17 ms).
        gc.collect()
        gc.freeze()
        upkeep.append(begin(_listen(control, log)))
        upkeep.append(begin(_back_up(live, log)))
        if started is not None:
            started(live)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number)
    if asked.keys is not None:
        bind(asked.folder.path, binding_of(asked.config, asked.keys))
    try:
        return await live.run(ready)
    finally:
        for task in (*upkeep, *stopping):
            task.cancel()
        await asyncio.gather(*upkeep, *stopping, return_exceptions=True)
        await control.close()


async def _listen(control: Control, log: Callable[[str], None]) -> None:
    """Open the control socket; an engine without one goes on, and its owner is told."""
    try:
        await control.start()
    except ConfigError as error:
        log(f"critical: {error}: nothing can be asked of this engine; a signal stops it")


async def _back_up(live: LiveEngine, log: Callable[[str], None]) -> None:
    """Copy the journal from time to time; a copy that fails is told and tried again."""
    every_s = live.asked.config.venue.backup_minutes * MINUTE_NS / SECOND_NS
    while True:
        await asyncio.sleep(every_s)
        try:
            await asyncio.to_thread(back_up, live.asked.folder, live.connections.server.ns())
        except SadariError as error:
            log(f"the journal could not be copied: {error}")


def _on_one_line(text: str) -> str:
    """A text that somebody else chose, as a cause or the exchange's words, forges no line and commands no terminal."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def _log(secrets: Hidden, *, quiet: bool) -> Callable[[str], None]:
    """Lines with their time, on the error output."""

    def write(line: str) -> None:
        if quiet and not line.startswith(_LOUD):
            return
        stamp = datetime.fromtimestamp(wall_ns() / SECOND_NS, UTC).strftime("%H:%M:%S")
        # Nobody reads it any more: that is no reason to stop trading.
        with contextlib.suppress(BrokenPipeError):
            sys.stderr.write(f"{stamp} {_on_one_line(secrets.mask(line))}\n")

    return write
