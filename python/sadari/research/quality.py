"""How often entry signals are wrong, beside signals raised without any reason.

Source: strategies §4 (D-07): a signal is wrong if the price goes 3 % against it before it goes 3 % its way, within 240
minutes; both in one candle count as wrong.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from math import sqrt
from statistics import NormalDist
from typing import NamedTuple

from sadari.errors import ConfigError
from sadari.kernel import outcomes
from sadari.model.order import Direction
from sadari.model.units import MINUTE_NS
from sadari.sensors.signals import Candles

SHARE = 0.03
WINDOW_NS = 240 * MINUTE_NS
CONFIDENCE = 0.95


class Outcomes(NamedTuple):
    """What became of some signals, counted.

    Attributes:
        right: The price went their way first.
        wrong: It went against them first.
        undecided: Neither, within the window.
        ended: The candles ended before that.
        hole: A candle was missing before that.
        absent: No candle closes at the time of the signal.
    """

    right: int = 0
    wrong: int = 0
    undecided: int = 0
    ended: int = 0
    hole: int = 0
    absent: int = 0

    def plus(self, other: Outcomes) -> Outcomes:
        """The counts of both."""
        return Outcomes(*(a + b for a, b in zip(self, other, strict=True)))


def judge(
    candles: Candles,
    close_ns: Sequence[int],
    direction: Direction,
    *,
    share: float = SHARE,
    window_ns: int = WINDOW_NS,
) -> Outcomes:
    """Count what became of the signals of one symbol and direction.

    Args:
        candles: The symbol's candles.
        close_ns: When the candle of each signal closed; its close is the signal price.
        direction: Which way they expected the price to go.
        share: How far it goes, a fraction of the signal price with at most eight decimals.
        window_ns: Within which time.

    Raises:
        ConfigError: The share or the window is out of its range.
    """
    if not 0 < share < 1:
        raise ConfigError(f"the share of a signal's price is {share:g}; allowed: a fraction above 0 and below 1")
    if window_ns < candles.interval_ns:
        raise ConfigError(
            f"the window of a signal is {window_ns / MINUTE_NS:g} minutes; allowed: at least one candle of "
            f"{candles.interval_ns / MINUTE_NS:g}"
        )
    found = memoryview(
        outcomes(
            candles.open_time_ns,
            candles.open,
            candles.high,
            candles.low,
            candles.close,
            candles.volume,
            candles.interval_ns,
            array("q", close_ns),
            short=direction is Direction.SHORT,
            share=share,
            window_ns=window_ns,
        )
    ).tolist()
    return Outcomes(*(found.count(code) for code in range(len(Outcomes._fields))))


def evenly_spaced(candles: Candles, stride_ns: int, from_ns: int = 0) -> list[int]:
    """The closes, from a time on, that a stride counted from the epoch divides: signals raised without any reason."""
    closes = (int(open_ns) + candles.interval_ns for open_ns in candles.open_time_ns)
    return [close_ns for close_ns in closes if close_ns % stride_ns == 0 and close_ns >= from_ns]


def section(counts: Iterable[Outcomes]) -> dict[str, object]:
    """The part of a report that says how often signals were wrong; what has no value is None."""
    total = Outcomes()
    for one in counts:
        total = total.plus(one)
    decided = total.right + total.wrong
    return {
        "signals": sum(total),
        "decided": decided,
        "false": total.wrong,
        "undecided": total.undecided,
        "no_data": total.ended + total.hole + total.absent,
        "false_rate": total.wrong / decided if decided else None,
        "interval": wilson(total.wrong, decided),
    }


def wilson(count: int, of: int, confidence: float = CONFIDENCE) -> list[float] | None:
    """The interval in which the rate behind ``count`` of ``of`` lies with some confidence; None of nothing.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference (1927).
    """
    if of == 0:
        return None
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    rate, spread = count / of, z * z / of
    center = (rate + spread / 2) / (1 + spread)
    reach = z / (1 + spread) * sqrt(rate * (1 - rate) / of + spread / (4 * of))
    return [max(0.0, center - reach), min(1.0, center + reach)]
