"""The ICT concepts beside the package `smartmoneyconcepts`, where strategies §7.9 calls it an oracle."""

from __future__ import annotations

import os
import random
from array import array
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from sadari import kernel
from sadari.sensors.ict_settings import FACTS, IctSettings
from sadari.store.candles import load

# It greets whoever imports it.
os.environ["SMC_CREDIT"] = "0"
smc = import_module("smartmoneyconcepts").smc
pandas = import_module("pandas")

Bars = list[tuple[float, ...]]
ROWS = 600


def random_bars(seed: int) -> Bars:
    """A random series of 600 candles."""
    found: Bars = []
    rng, price = random.Random(seed), 1000.0
    for _ in range(ROWS):
        first = price
        price = round(first + rng.gauss(0, 3), 2)
        high, low = max(first, price) + rng.expovariate(0.5), min(first, price) - rng.expovariate(0.5)
        found.append((first, round(high, 2), round(low, 2), price))
    return found


def recorded_bars(folder: Path, symbol: str) -> Bars:
    """Six hundred recorded candles of five minutes."""
    candles = load([folder / "klines-5m"], [symbol])[symbol]
    part = slice(70_000, 70_000 + ROWS)
    return list(zip(*(getattr(candles, name)[part].tolist() for name in ("open", "high", "low", "close")), strict=True))


@pytest.fixture(params=[*range(20), "BTCUSDT", "DOGEUSDT", "ETHUSDT", "LTCUSDT"])
def bars(request: pytest.FixtureRequest) -> Bars:
    """Random and recorded series."""
    if isinstance(request.param, int):
        return random_bars(request.param)
    return recorded_bars(request.getfixturevalue("recorded_data"), request.param)


def frame(bars: Bars) -> Any:
    """As the package wants them."""
    return pandas.DataFrame(bars, columns=["open", "high", "low", "close"]).assign(volume=1.0)


def columns(bars: Bars) -> list[array[float]]:
    """As the kernel wants them."""
    return [array("d", column) for column in zip(*bars, strict=True)]


def facts(bars: Bars, rules: IctSettings, *names: str) -> list[tuple[str, int, bool, int, float, float]]:
    """The facts of some names."""
    found = kernel.ict_facts(rules, *columns(bars))
    rows = zip(*(getattr(found, name).tolist() for name in ("code", "row", "at", "bottom", "top")), strict=True)
    listed = [(FACTS[int(code) // 2], int(row), bool(code % 2), int(at), a, b) for code, row, at, a, b in rows]
    return [fact for fact in listed if fact[0] in names]


def test_gaps_are_those_of_the_package(bars: Bars) -> None:
    """Direction, edges and the candle that touches, exactly; its mitigated index is our touched, 0 for none."""
    theirs = smc.fvg(frame(bars), join_consecutive=False).dropna()
    expected = [
        (int(row), kind == 1, bottom, top, int(touched))
        for row, kind, top, bottom, touched in theirs.itertuples(name=None)
    ]
    touched = {(at, up): row for _, row, up, at, *_ in facts(bars, IctSettings(), "GAP_TOUCHED")}
    found = facts(bars, IctSettings(), "GAP_FOUND")
    assert len(found) > 20
    assert [(at, up, a, b, touched.get((at, up), 0)) for _, _, up, at, a, b in found] == expected


@pytest.mark.parametrize("length", [2, 3, 5])
def test_alternating_swings_are_those_of_the_package(bars: Bars, length: int) -> None:
    """Its list of length n is ours of n - 1 before and n after, from row 2n - 1 on, its invented ends aside."""
    theirs = smc.swing_highs_lows(frame(bars), swing_length=length).dropna()
    expected = [(int(row), kind == 1, level) for row, kind, level in theirs.itertuples(name=None)][1:-1]
    rules = replace(IctSettings(), swing_left=length - 1, swing_right=length)
    kept: list[tuple[int, bool, float]] = []
    for _, _, up, at, level, _ in facts(bars, rules, "SWING_ADDED", "SWING_REPLACED", "SWING_DROPPED"):
        if at < 2 * length - 1:
            continue
        if kept and kept[-1][1] is up:
            if level > kept[-1][2] if up else level < kept[-1][2]:
                kept[-1] = (at, up, level)
        else:
            kept.append((at, up, level))
    assert len(kept) > 20
    assert kept == expected


@pytest.mark.parametrize("length", [3, 5])
def test_order_blocks_of_the_package_are_among_ours(bars: Bars, length: int) -> None:
    """Fed with its own swings, every row that it returns is a block of ours; its edges are of single precision."""
    given = smc.swing_highs_lows(frame(bars), swing_length=length)
    theirs = smc.ob(frame(bars), given)[["OB", "Top", "Bottom"]].dropna()
    swings = [(int(row), kind == 1) for row, kind, _ in given.dropna().itertuples(name=None)]
    first, high, low, last = columns(bars)
    blocks = kernel.order_blocks(first, high, low, last, first_breaks(bars, swings))
    ours = {(row, up): (bottom, top) for _, up, row, bottom, top in blocks}
    assert len(theirs)
    for row, kind, top, bottom in theirs.itertuples(name=None):
        assert ours[int(row), kind == 1] == pytest.approx((bottom, top), rel=1e-6)


def first_breaks(bars: Bars, swings: list[tuple[int, bool]]) -> list[tuple[int, bool, bool, int, float]]:
    """The first close beyond each swing while it is the last of its kind; the package takes them as known at once."""
    found = []
    for up in (True, False):
        rows = [row for row, kind in swings if kind is up]
        for swing, following in pairwise([*rows, len(bars)]):
            level = bars[swing][1] if up else bars[swing][2]
            beyond = (
                row for row in range(swing + 1, min(following + 1, len(bars)))
                if (bars[row][3] > level if up else bars[row][3] < level)
            )  # fmt: skip
            row = next(beyond, None)
            if row is not None:
                found.append((row, up, False, swing, level))
    return sorted(found)
