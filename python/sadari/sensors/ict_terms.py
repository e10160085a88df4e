"""Stop and targets of an ICT entry, exact to the digit. Source: strategies §7.7 (6, 7), §8.3, §8.4."""

from __future__ import annotations

from decimal import Decimal

from sadari.model.entry import Target
from sadari.model.order import Direction
from sadari.model.units import EXACT
from sadari.sensors.ict_settings import IctSettings, decimal_of


def stop_price(
    settings: IctSettings, direction: Direction, price: Decimal, extreme: Decimal, true_range: float | None
) -> Decimal:
    """The stop of an entry at a price, not rounded; without a known range it lies beyond the extreme."""
    short = direction is Direction.SHORT
    reversal = EXACT.multiply(extreme, 1 - direction.sign * decimal_of(settings.stop_buffer))
    if settings.stop == "REVERSAL" or true_range is None:
        return reversal
    times = settings.stop_atr_short if short else settings.stop_atr_long
    by_range = EXACT.subtract(price, _times(direction.sign * decimal_of(times), true_range))
    if settings.stop == "ATR":
        return by_range
    higher = (settings.stop == "WIDER") is short
    return max(reversal, by_range) if higher else min(reversal, by_range)


def targets(
    settings: IctSettings,
    direction: Direction,
    price: Decimal,
    stop: Decimal,
    true_range: float | None,
    liquidity: float | None,
) -> tuple[Target, ...]:
    """Where profit is taken, the nearest first; multiples of the risk where what the mode asks for is not known."""
    sign = direction.sign
    if settings.target == "STRUCTURE" and liquidity is not None:
        return (Target(decimal_of(liquidity)),)
    if settings.target == "ATR" and true_range is not None:
        times = settings.target_atr_long if sign > 0 else settings.target_atr_short
        return (Target(EXACT.add(price, _times(sign * decimal_of(times), true_range))),)
    risk = sign * abs(EXACT.subtract(price, stop))
    return tuple(
        Target(EXACT.add(price, EXACT.multiply(risk, decimal_of(multiple))), decimal_of(share))
        for multiple, share in zip(settings.target_r, settings.target_shares, strict=True)
    )


def ratios(settings: IctSettings, direction: Direction) -> tuple[Decimal, Decimal | None]:
    """The least and the most that an entry of a direction may bring by what it risks, None: there is no most."""
    if settings.target == "MULTI_R":
        parts = zip(settings.target_r, settings.target_shares, strict=True)
        fixed = sum((decimal_of(multiple) * decimal_of(share) for multiple, share in parts), Decimal(0))
        return fixed, fixed
    if settings.target == "STRUCTURE" or settings.stop == "REVERSAL":
        return Decimal(0), None
    short = direction is Direction.SHORT
    target = settings.target_atr_short if short else settings.target_atr_long
    by_range = decimal_of(target) / decimal_of(settings.stop_atr_short if short else settings.stop_atr_long)
    # A wider stop risks more than the range alone would, a tighter one less.
    least = Decimal(0) if settings.stop == "WIDER" else by_range
    return least, None if settings.stop == "TIGHTER" else by_range


def _times(multiple: Decimal, true_range: float) -> Decimal:
    return EXACT.multiply(multiple, decimal_of(true_range))
