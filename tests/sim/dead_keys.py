"""A listen key that ends without a word while nothing else happens: found at its renewal, which answers -1125."""

from __future__ import annotations

import asyncio
from random import Random

from tests.faults.rules import rules
from tests.sim.stage import Stage, staged
from tests.sim.times import Times, Took
from tests.sim.world import Setting, World

# The renewal is after half an hour.
LASTS_S = 1_830.0
DEATH = 'fault = [{ verb = "listen_key_death", event = false }]'
# Prices are of no matter here.
SPEED, LOOK_S = 1.0, 0.5


def dead_key(seed: int) -> tuple[Took, list[str]]:
    """Let a key die at some time, and go on until the next renewal is over: how long it took, and what was violated."""
    setting = Setting(seed=seed, sync_s=15, speed=SPEED, look_s=LOOK_S)
    return staged(setting, lambda stage: _lived(seed, stage))


async def _lived(seed: int, stage: Stage) -> tuple[Took, list[str]]:
    times = Times(stage.world, stage.tap)
    stage.world.begin()
    dies_s = Random(f"death/{seed}").uniform(10, LASTS_S - 60)
    await asyncio.sleep(dies_s)
    _die(stage.world)
    await asyncio.sleep(LASTS_S - dies_s)
    await stage.close()
    return times.took, stage.auditor.found


def _die(world: World) -> None:
    faults = world.exchange.faults
    faults.add(rules(DEATH, "death"), world.exchange.gateway_ns())
    faults.act(world.exchange.gateway_ns())
