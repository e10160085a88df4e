"""Markets and settings in which surges happen within hours, for tests."""

from __future__ import annotations

import math
import random
from array import array
from collections.abc import Sequence

from sadari.sensors.surge_settings import Basis, Preset, SurgeSettings
from tests.reference.surge import DAY, MINUTE, Candle, framed
from tests.reference.tapes import START_NS, Columns


def swift(
    preset: Preset = "v33",
    *,
    basis: Basis = "HIGH_OVER_OPEN",
    enable_short: bool = False,
    signed_gap: bool = False,
    require_days: int = 1,
) -> SurgeSettings:
    """The rules over windows that are warm after twelve candles, and easier to meet."""
    return SurgeSettings(
        preset=preset, enable_short=enable_short, ma=(2, 3, 4, 7), bb_fast=(5, 2.0), bb_slow=(7, 1.5), m1_min_true=4,
        m1_n_gc_80_480=5, m1_min_gap_80_480=0.001, m1_signed_gap=signed_gap, m1_n_gc_bb=5, m1_gap_bb=0.001,
        m1_n_dc_20_80=4, m1_buy_point_pair=(2, 3), m1_buy_point_n=3, m1_composite_pair=(4, 7), m1_composite_n=5,
        m1_daily_surge_pct=0.02, m1_daily_surge_days=3, m1_daily_surge_basis=basis,
        m1_daily_surge_require_days=require_days, m3_n_gc_80_480=5, m3_n_gc_bb=5, m3_gap_bb=0.004, m3_n_dc_20_80=5,
        m3_gap_5_480=0.01, m3_n_gc_5_20=4, m3_v32_n=3, m3_v32_gap=0.002, m15_min_true=2, m15_n_gc_80_480=5,
        m15_gap_80_480=0.02, m15_gap_5_480=0.01, m15_n_gc_bb=4, m15_fall_20=2,
    )  # fmt: skip


def market(seed: int, rows: int, start_ns: int = START_NS) -> list[Candle]:
    """Minutes on a tick of 0.01: calm, violent and flat times, some without a trade."""
    rng, price, candles = random.Random(seed), 100.0, list[Candle]()
    deviation, quiet, left = 0.001, 0.0, 0
    for row in range(rows):
        if left == 0:
            deviation, quiet = rng.choice([0.0, 0.0005, 0.002, 0.006]), rng.choice([0.0, 0.0, 0.1, 0.4])
            left = rng.randrange(20, 120)
        left -= 1
        steps = [price]
        for _ in range(4):
            steps.append(round(max(1.0, steps[-1] * math.exp(rng.gauss(0.0, deviation))), 2))
        volume = 0.0 if rng.random() < quiet else 1.0
        candles.append((start_ns + row * MINUTE, price, max(steps), min(steps), steps[-1], volume))
        price = steps[-1]
    return candles


def columns(candles: Sequence[Candle], interval_ns: int = MINUTE) -> Columns:
    """The same in columns."""
    times = memoryview(array("q", [candle[0] for candle in candles]))

    def column(part: int) -> memoryview:
        return memoryview(array("d", [candle[part] for candle in candles]))

    return Columns(times, column(1), column(2), column(3), column(4), column(5), interval_ns)


def days(seed: int, count: int, before_ns: int) -> list[Candle]:
    """Daily candles, the last of them the day in which a moment lies."""
    first = before_ns // DAY * DAY - (count - 1) * DAY
    return framed(market(seed, count * 1440, first), DAY, [])
