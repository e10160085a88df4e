"""Exact numbers: price units of the kernel, steps, ticks and time.

Prices cross into the kernel as integers of 1e-8 of the quote currency. Every exchange price has at most eight
decimals, so the comparison of a price with a level is exact, whatever the symbol's tick (strategies §1.1).
Averages and thresholds are quotients, which decimals cannot hold: they are `Exact` fractions.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fractions import Fraction

    Exact = Fraction
else:
    # It behaves like the standard library's fraction and is several times as fast.
    from gmpy2 import mpq

    Exact = mpq

PRICE_DECIMALS = 8
PRICE_SCALE = 10**PRICE_DECIMALS

MILLISECOND_NS = 1_000_000
SECOND_NS = 1_000_000_000
MINUTE_NS = 60 * SECOND_NS
HOUR_NS = 60 * MINUTE_NS
DAY_NS = 24 * HOUR_NS

# Wide enough for any product of prices, quantities and rates that the rules form; nothing is rounded on the way.
EXACT = Context(prec=60)

Number = Decimal | Exact


def exact(value: Number) -> Exact:
    """A number as an exact fraction, to calculate with."""
    return Exact(*value.as_integer_ratio())


def floor_units(price: Number) -> int:
    """The largest kernel unit at or below a price.

    A DOWN level is armed here: ``p <= x`` holds for a price on the unit grid exactly if ``units(p) <= floor(x)``.
    """
    numerator, denominator = price.as_integer_ratio()
    return int(numerator * PRICE_SCALE // denominator)


def ceil_units(price: Number) -> int:
    """The smallest kernel unit at or above a price, where an UP level is armed."""
    numerator, denominator = price.as_integer_ratio()
    return int(-(-numerator * PRICE_SCALE // denominator))


def price_of(units: int) -> Decimal:
    """The price that a kernel unit stands for, exactly."""
    return Decimal(units).scaleb(-PRICE_DECIMALS).normalize() if units else Decimal(0)


def decimals(size: Decimal) -> int:
    """How many digits follow the point in a finite number as it is written: 2 for ``0.10``."""
    exponent = size.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def floor_step(qty: Number, step: Decimal) -> Decimal:
    """A quantity rounded down to the step size (strategies §1.6). Quantities are never rounded up."""
    numerator, denominator = qty.as_integer_ratio()
    step_numerator, step_denominator = step.as_integer_ratio()
    return EXACT.multiply(Decimal(int(numerator * step_denominator // (denominator * step_numerator))), step)


def floor_tick(price: Number, tick: Decimal) -> Decimal:
    """A price rounded down to the tick."""
    return floor_step(price, tick)


def ceil_tick(price: Number, tick: Decimal) -> Decimal:
    """A price rounded up to the tick."""
    return -floor_step(-price, tick)


def decimal_of(value: Exact, places: int = 12, *, up: bool = False) -> Decimal:
    """A fraction as a decimal for records and display, rounded down (or up) at ``places``; never used in a decision."""
    exponent = Decimal(1).scaleb(-places)
    quotient = EXACT.divide(Decimal(int(value.numerator)), Decimal(int(value.denominator)))
    return quotient.quantize(exponent, rounding=ROUND_CEILING if up else ROUND_FLOOR, context=EXACT)
