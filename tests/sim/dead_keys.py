"""A listen key that ends without a word while nothing else happens: found at its renewal, which answers -1125."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path
from random import Random

from tests.faults.rules import rules
from tests.sim.loop import SimLoop
from tests.sim.network import Network
from tests.sim.seeds import MEMORY, reproducible
from tests.sim.tap import Tap
from tests.sim.times import Times, Took
from tests.sim.world import Setting, World, lived, made

# The renewal is after half an hour.
LASTS_S = 1_830.0
DEATH = 'fault = [{ verb = "listen_key_death", event = false }]'
# Prices are of no matter here.
SPEED, LOOK_S = 1.0, 0.5


def dead_key(seed: int) -> Took:
    """Let a key die at some time, and go on until the next renewal is over."""
    root = Path(tempfile.mkdtemp(prefix="sadari-key-", dir=MEMORY if MEMORY.is_dir() else None))
    network = Network(seed)
    try:
        with reproducible(seed):
            took: Took = lived(lambda loop: _lived(seed, loop, network, root), network)
            return took
    finally:
        shutil.rmtree(root, ignore_errors=True)


async def _lived(seed: int, loop: SimLoop, network: Network, root: Path) -> Took:
    setting = Setting(seed=seed, sync_s=15, speed=SPEED, look_s=LOOK_S)
    world, serving = await made(setting, loop, network, root)
    times = Times(world, Tap(world))
    world.begin()
    dies_s = Random(f"death/{seed}").uniform(10, LASTS_S - 60)
    await asyncio.sleep(dies_s)
    _die(world)
    await asyncio.sleep(LASTS_S - dies_s)
    world.kill("the end")
    world.exchange.stop()
    await serving
    return times.took


def _die(world: World) -> None:
    faults = world.exchange.faults
    faults.add(rules(DEATH, "death"), world.exchange.gateway_ns())
    faults.act(world.exchange.gateway_ns())
