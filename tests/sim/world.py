"""One simulated world: an exchange, an account, and an engine that may die and be started again, on made-up time."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from sadari.core.position import Position
from sadari.errors import SadariError
from sadari.exchange.accounts import PositionState
from sadari.localexchange.serving.server import Address
from sadari.model.command import SendAlert
from sadari.model.units import HOUR_NS
from sadari.run.live.connections import Clocks
from sadari.run.live.engine import Asked, Ended, LiveEngine
from sadari.run.local.exchange import LocalExchange
from sadari.run.local.listings import LocalSettings
from sadari.run.settings.config import parse
from sadari.run.settings.keys import Keys, Secret
from sadari.store.folder import Folder
from tests.disk.faulty import FaultyDisk, is_there
from tests.faults.rules import rules, table
from tests.live_engine import SYMBOL
from tests.local_exchange import listings
from tests.sim.loop import HOST, KilledError, SimLoop
from tests.sim.network import Network

# The wall's time at the beginning: a moment like any other, 2026-09-21.
EPOCH_NS = 1_790_000_000_000_000_000
SPEED = 60.0
LOOK_S = 0.02
# Enough for a thousand trades by hand.
BALANCE = Decimal(50_000)
MARKET = listings(days=1)
OTHER = max(MARKET.instruments)

CONFIG = """
[engine]
mode = "local"
name = "sim"

[signal]
kind = "always"
direction = "{direction}"

[ladder]
leverage = 3
margin_mode = "{margin}"

[reentry]
max_per_symbol_per_day = 50
cooldown_after_exit_minutes = 2
cooldown_after_stop_minutes = 5

[daily]
max_loss_pct = 1

[venue]
rest = "{http}"
streams = "{ws}"
ws_api = "{ws}/ws-fapi/v1"
wallet = "{http}"
symbols = {symbols}
folder = "{folder}"
sync_s = {sync_s}
account_s = 20
"""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What a world is like before anything goes wrong.

    Attributes:
        seed: Of everything.
        symbols: What the engine trades.
        direction: Of its entries.
        margin: Its margin mode.
        hedge: Whether the account is in hedge mode.
        sync_s: Seconds between its comparisons.
        speed, look_s: Market seconds in a second, and how often they are looked at.
    """

    seed: int
    symbols: tuple[str, ...] = (SYMBOL,)
    direction: str = "long"
    margin: str = "isolated"
    hedge: bool = False
    sync_s: int = 4
    speed: float = SPEED
    look_s: float = LOOK_S


@dataclass(kw_only=True)
class Life:
    """One process of the engine, from its start to its death.

    Attributes:
        number: From 1.
        host: Its name on the network.
        folder: Where its files are; a death leaves a copy of them to the next one.
        began_ns, ended_ns: On the loop's clock.
        live: The engine.
        killed: Why it was killed, "" if it was not.
        ended, failure: How it ended by itself.
        agreed: Whether it has agreed with the exchange once.
    """

    number: int
    host: str
    folder: Path
    began_ns: int
    live: LiveEngine
    task: asyncio.Task[Ended]
    ended_ns: int | None = None
    killed: str = ""
    ended: Ended | None = None
    failure: str = ""
    agreed: bool = False

    @property
    def runs(self) -> bool:
        """Whether it neither died nor ended."""
        return self.ended_ns is None

    @property
    def opened(self) -> bool:
        """Whether its engine is there to be looked at."""
        return hasattr(self.live, "_opened")


@dataclass(kw_only=True)
class World:
    """See above; made within its loop.

    Attributes:
        lives: Every process of the engine, the newest last.
        lines: What the engine logged, with its life.
        alerts: What it told a person.
        on_begin, on_end: Called with each life that begins, and when it has died or ended.
        disk: What the folder of the engine that runs is on, where the process has such disks.
        clock_off_ns: By how much the engine's machine has its wall clock wrong.
        at_journal: Called where the journal of the engine is written: before a row (``append``), when it is in the file
            (``appended``), before it is acknowledged as synced (``sync``) and after that (``synced``).
    """

    setting: Setting
    loop: SimLoop
    network: Network
    exchange: LocalExchange
    root: Path
    address: Address
    lives: list[Life] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    alerts: list[SendAlert] = field(default_factory=list)
    on_begin: list[Callable[[Life], None]] = field(default_factory=list)
    on_end: list[Callable[[Life], None]] = field(default_factory=list)
    clock_off_ns: int = 0
    disk: FaultyDisk | None = None
    at_journal: Callable[[str], None] = lambda _: None

    @property
    def now_ns(self) -> int:
        """The loop's time."""
        return self.loop.now_ns

    @property
    def life(self) -> Life | None:
        """The process that runs."""
        return self.lives[-1] if self.lives and self.lives[-1].runs else None

    @property
    def live(self) -> LiveEngine:
        """The engine that runs."""
        engine = self.engine
        assert engine is not None, "no engine runs"
        return engine

    def position(self, symbol: str = SYMBOL) -> Position:
        """What the engine holds of a symbol."""
        return self.live.opened.engine.positions[symbol]

    @property
    def engine(self) -> LiveEngine | None:
        """The engine that runs and can be looked at."""
        life = self.life
        return life.live if life is not None and life.opened and life.live.begun else None

    def held(self, symbol: str = SYMBOL) -> Decimal:
        """What the exchange says is held, signed; in hedge mode on both sides."""
        return sum((one.qty for key, one in self.legs.items() if key.partition(" ")[0] == symbol), Decimal(0))

    @property
    def legs(self) -> dict[str, PositionState]:
        """What the exchange says is held, by symbol; in hedge mode by symbol and side."""
        return {key: one for key, one in self.exchange.desk.exchange.positions.items() if one.qty}

    def is_other(self, key: str) -> bool:
        """Whether a key of `legs` is the side that the engine does not trade."""
        _, _, side = key.partition(" ")
        return side not in ("", self.setting.direction.upper())

    def act(self, name: str, *texts: str) -> None:
        """Let something happen at the exchange now, each as a rule of its fault table says it."""
        faults, now_ns = self.exchange.faults, self.exchange.gateway_ns()
        every = [rule for number, text in enumerate(texts) for rule in rules(table(text), f"{name}-{number}")]
        faults.add(every, now_ns)
        faults.act(now_ns)
        for rule in every:
            faults.remove(rule.name)

    # the engine's lives

    def begin(self) -> Life:
        """Start the engine on what its last life has left."""
        assert self.life is None, "one engine runs"
        number = len(self.lives) + 1
        folder = self._left(number)
        folder.mkdir(exist_ok=True)
        self.disk = FaultyDisk(folder) if is_there() else None
        live = LiveEngine(self._asked(folder, number))
        host = f"engine-{number}"
        task = self.loop.spawn(host, live.run(lambda: None))
        life = Life(number=number, host=host, folder=folder, began_ns=self.now_ns, live=live, task=task)
        self.lives.append(life)
        task.add_done_callback(lambda done: self._ended(life, done))
        for told in self.on_begin:
            told(life)
        return life

    def kill(self, why: str, *, power: int | None = None) -> None:
        """Let the engine's process die where it stands; called by itself, it does not come back from here.

        Args:
            why: Said in the story.
            power: With it the machine loses its power, and this seed says what is left of what was not synced.

        Raises:
            KilledError: It was the engine itself that called.
        """
        life = self.life
        if life is None:
            return
        life.killed = why
        life.ended_ns = self.now_ns
        self._save(life, power)
        self.loop.kill(life.host)
        for told in self.on_end:
            told(life)
        if HOST.get() == life.host:
            raise KilledError(why)

    def _ended(self, life: Life, done: asyncio.Task[Ended]) -> None:
        if not life.runs:
            return
        life.ended_ns = self.now_ns
        if not done.cancelled():
            error = done.exception()
            if error is None:
                life.ended = done.result()
                life.failure = life.ended.failure
            elif isinstance(error, SadariError):
                life.failure = str(error)
            else:
                self.loop.broken.append(f"life {life.number} ended with {error!r}")
        self._save(life)
        for told in self.on_end:
            told(life)

    def _save(self, life: Life, power: int | None = None) -> None:
        """Keep the files as they are now: what a dead process is still made to do reaches no disk."""
        left = self.root / f"left-{life.number}"
        if power is not None and self.disk is not None:
            left.mkdir()
            self.disk.lose_power(power, left)
            for path in left.rglob("*"):
                path.chmod(0o700 if path.is_dir() else 0o600)
        else:
            shutil.copytree(life.folder, left, ignore=shutil.ignore_patterns("*.sock"))
        if self.disk is not None:
            self.disk.off()
            self.disk = None

    def _left(self, number: int) -> Path:
        folder = self.root / f"life-{number}"
        left = self.root / f"left-{number - 1}"
        if left.exists():
            left.rename(folder)
        return folder

    def _asked(self, folder: Path, number: int) -> Asked:
        setting = self.setting
        text = CONFIG.format(
            http=self.address.http, ws=self.address.ws, folder=folder, direction=setting.direction,
            margin=setting.margin, sync_s=setting.sync_s,
            symbols="[" + ", ".join(f'"{one}"' for one in setting.symbols) + "]",
        )  # fmt: skip
        key, secret, _ = self.exchange.credentials
        return Asked(
            config=parse(text),
            keys=Keys(Secret(key), Secret(secret)),
            folder=Folder(folder),
            clocks=Clocks(lambda: self.wall_ns + self.clock_off_ns, lambda: self.wall_ns, lambda: self.wall_ns),
            jitter=Random(f"jitter/{setting.seed}/{number}").random,
            log=lambda line: self.lines.append(f"{number} {self.now_ns / 1e9:.3f} {line}"),
            alert=self.alerts.append,
            pid=number,
        )

    @property
    def wall_ns(self) -> int:
        """The time of everybody's clocks that are right."""
        return EPOCH_NS + self.loop.now_ns


async def made(setting: Setting, loop: SimLoop, network: Network, root: Path) -> tuple[World, asyncio.Future[None]]:
    """A world whose exchange serves, and the task that serves."""
    asked = LocalSettings(
        history_ns=6 * HOUR_NS, seed=setting.seed, speed=setting.speed, look_s=setting.look_s, balance=BALANCE,
        port=4443,
    )  # fmt: skip
    exchange = LocalExchange(MARKET, asked, lambda: EPOCH_NS + loop.now_ns)
    started: asyncio.Future[Address] = loop.create_future()
    serving = asyncio.ensure_future(exchange.serve(started.set_result))
    address = await started
    world = World(setting=setting, loop=loop, network=network, exchange=exchange, root=root, address=address)
    if setting.hedge:
        world.act("before", 'verb = "human_mode", hedge_mode = true')
    return world, serving


def lived(make: Callable[[SimLoop], Any], network: Network) -> Any:
    """Run a story on a loop of its own."""
    loop = SimLoop(network)
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(make(loop))
    finally:
        asyncio.set_event_loop(None)
