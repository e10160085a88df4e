"""What an entry with a stop and targets may bring by what it risks, and the least that is asked of it.

Source: strategies §8.1, §8.2. All of it is exact; the net ratio counts the taker fee of the entry and of the exit.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from sadari.model.command import RewardRatio
from sadari.model.entry import LimitEntry
from sadari.model.order import Direction, MinimumReward
from sadari.model.plan import Fees, Reward
from sadari.model.units import Exact, decimal_of, exact

# Source: strategies §8.2: percentiles of volatility above which it counts as high, and as very high.
VOLATILE, WILD = 50, 80

Modes = MinimumReward


class Distances(NamedTuple):
    """From the entry to the targets, by their shares, and to the stop; what fees take of one and add to the other."""

    reward: Exact
    risk: Exact
    fees_at_target: Exact
    fees_at_stop: Exact

    @property
    def raw(self) -> Exact:
        """Reward by risk."""
        return self.reward / self.risk

    @property
    def net(self) -> Exact:
        """The same after fees; not above 0 where even the target loses."""
        return (self.reward - self.fees_at_target) / (self.risk + self.fees_at_stop)


def distances(limit: LimitEntry, direction: Direction, fees: Fees) -> Distances:
    """The distances of an entry that has a target."""
    entry, stop, sign, fee = exact(limit.price), exact(limit.stop), direction.sign, exact(fees.taker)
    reward = sum((exact(one.share) * sign * (exact(one.price) - entry) for one in limit.targets), Exact(0))
    return Distances(reward, sign * (entry - stop), fee * (2 * entry + sign * reward), fee * (entry + stop))


def break_even(ratio: Exact) -> Exact:
    """The share of trades that must win for a ratio to pay."""
    return 1 / (1 + ratio)


def minimum(reward: Reward, direction: Direction, volatility: float | None, bias: str) -> Decimal:
    """The least ratio of reward to risk that is asked of an entry.

    Args:
        reward: The settings.
        direction: Of the entry.
        volatility: Percentile (0 to 100) of the true range in percent of the close; one that is not known counts as 0.
        bias: Trend of the symbol's hours.
    """
    short, mode = direction is Direction.SHORT, reward.mode
    if mode is Modes.FIXED:
        return reward.fixed
    by_volatility = _by_volatility(reward, volatility or 0.0) if short else reward.long
    if mode is Modes.DIRECTION:
        return reward.short if short else reward.long
    if mode is Modes.VOLATILITY:
        return by_volatility
    if short and bias == "BEARISH":
        return reward.short_bearish if mode is Modes.TREND else max(by_volatility, reward.short_bearish)
    return reward.long_bullish if not short and bias == "BULLISH" else reward.otherwise


def _by_volatility(reward: Reward, percentile: float) -> Decimal:
    if percentile > WILD:
        return reward.short_wild
    return reward.short_volatile if percentile > VOLATILE else reward.short


def minima(reward: Reward, direction: Direction) -> Sequence[Decimal]:
    """Every least ratio that may be asked of a direction, rising."""
    percentiles, trends = (0.0, VOLATILE + 1.0, WILD + 1.0), ("BEARISH", "NEUTRAL", "BULLISH")
    return sorted({minimum(reward, direction, at, bias) for at in percentiles for bias in trends})


def ratio(found: Distances, least: Decimal) -> RewardRatio:
    """The ratio as it is written down."""
    return RewardRatio(
        raw=decimal_of(found.raw),
        net=decimal_of(found.net),
        minimum=least,
        break_even=decimal_of(break_even(found.raw)),
    )
