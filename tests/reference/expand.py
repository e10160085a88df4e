"""The tape of a candle, walked price by price in exact arithmetic."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

WORD = 2**64
QUARTER = 1024


def scrambled(bits: int) -> int:
    """The finalizer of SplitMix64."""
    bits = (bits ^ bits >> 30) * 0xBF58476D1CE4E5B9 % WORD
    bits = (bits ^ bits >> 27) * 0x94D049BB133111EB % WORD
    return bits ^ bits >> 31


class Random:
    """SplitMix64."""

    def __init__(self, seed: int) -> None:
        self.state = seed

    def below(self, bound: int) -> int:
        """A number below `bound`."""
        self.state = (self.state + 0x9E3779B97F4A7C15) % WORD
        return scrambled(self.state) * bound // WORD


def slow_expand(
    seed: int,
    open_time_ns: int,
    interval_ns: int,
    candle: tuple[int, int, int, int],
    *,
    volume: float,
    tick: int,
    path: str = "tape",
) -> list[tuple[int, int, float]]:
    """Trades of a candle (open, high, low, close) as (time, price, share of the volume)."""
    first_price, high, low, close = candle
    random = Random(scrambled(scrambled(seed) ^ open_time_ns % WORD))
    high_first = random.below(2) == 1 if path == "tape" else path == "high_first"
    prices = [first_price]
    for goal in (high, low, close) if high_first else (low, high, close):
        way = way_points(random, prices[-1], goal, tick)
        for price in [*way, goal]:
            if price != prices[-1]:
                prices.append(price)
    slot = interval_ns // len(prices)
    times = [open_time_ns]
    times += [open_time_ns + number * slot + random.below(slot // 2 + 1) for number in range(1, len(prices))]
    weights = [1 + random.below(8) for _ in prices[1:]] + [1]
    shares = [volume * weight / sum(weights) for weight in weights[:-1]]
    spent = 0.0
    for share in shares:
        spent += share
    return list(zip(times, prices, [*shares, volume - spent], strict=True))


def way_points(random: Random, start: int, goal: int, tick: int) -> list[int]:
    """Up to two retracements between two prices, on the grid."""
    sign = 1 if goal > start else -1
    grid = math.ceil(Fraction(sign * start, tick)) * tick
    ticks = (sign * goal - grid) // tick
    way = []
    for part in range(random.below(3)):
        ahead = (part + 1) * QUARTER + random.below(QUARTER)
        back = ahead - 1 - random.below(QUARTER)
        if ticks > 0:
            way += [sign * (grid + math.floor(Fraction(ticks * place, 4 * QUARTER)) * tick) for place in (ahead, back)]
    return way


def visits(trades: list[tuple[int, int, float]], tick: int) -> Iterator[tuple[int, int]]:
    """Every price the path visits, with its time: the first trade, then per leg the grid on the way and its end."""
    yield trades[0][:2]
    for (start, a, _), (end, b, _) in pairwise(trades):
        stops = range((a // tick + 1) * tick, b, tick) if b > a else range((a - 1) // tick * tick, b, -tick)
        for price in [*stops, b]:
            yield start + math.ceil(Fraction(price - a, b - a) * (end - start)), price
