"""Margin arithmetic of a USDT-margined linear contract, in exact decimals.

Amounts have eight decimals, as the venue books them; each function says which way it rounds.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_UP, Decimal, localcontext
from functools import wraps
from typing import ParamSpec, TypeVar

from sadari.model.instrument import Instrument
from sadari.model.units import EXACT

P = ParamSpec("P")
R = TypeVar("R")

ZERO = Decimal(0)
ONE = Decimal(1)
SMALLEST = Decimal("1e-8")


def exact(function: Callable[P, R]) -> Callable[P, R]:
    """Run a function whose operators neither round products nor depend on the caller's decimal context."""

    @wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        with localcontext(EXACT):
            return function(*args, **kwargs)

    return wrapper


def booked(amount: Decimal) -> Decimal:
    """An amount as it is booked: eight decimals, half to even."""
    return amount.quantize(SMALLEST, ROUND_HALF_EVEN)


def initial_margin(notional: Decimal, leverage: int) -> Decimal:
    """What a position of this notional locks, rounded up.

    Source: reference binance-usdm §8, position initial margin.
    """
    return (notional / leverage).quantize(SMALLEST, ROUND_UP)


def liquidation_price(
    qty: Decimal, entry_cost: Decimal, margin: Decimal, instrument: Instrument, ratio: Decimal = ONE
) -> Decimal | None:
    """Where the collateral of a position equals its maintenance margin; None if no positive price does that.

    Args:
        qty: Signed quantity, not 0.
        entry_cost: Average entry price times the unsigned quantity.
        margin: The isolated wallet, without unrealized profit; of a crossed position all collateral beside it.
        instrument: For the brackets; the one that holds the notional at the liquidation price counts.
        ratio: The share of collateral that counts as margin, where margin asset and collateral have a haircut.

    Returns:
        The price at eight decimals, rounded toward the market: a LONG's up, a SHORT's down.

    Source: reference binance-usdm §8, ``(WB + cum − side·Q·EP) / (Q·MMR − side·Q)``.
    """
    size = abs(qty)
    side = 1 if qty > 0 else -1
    bracket = instrument.bracket(entry_cost)
    price = ZERO
    # Collateral less maintenance margin is monotone, concave and piecewise linear in the price, so going to the bracket
    # of the last answer moves one way after the first step and ends at the root.
    for _ in range(len(instrument.brackets) + 1):
        price = margin + bracket.cum / ratio - side * entry_cost
        price /= size * (bracket.maint_margin_rate / ratio - side)
        notional = max(size * price, ZERO)
        if bracket.floor <= notional < bracket.cap:
            break
        bracket = instrument.bracket(notional)
    price = price.quantize(SMALLEST, ROUND_CEILING if side > 0 else ROUND_FLOOR)
    return price if price > 0 else None


def hedged_liquidation_price(
    long: Decimal, short: Decimal, entry_costs: Decimal, margin: Decimal, instrument: Instrument, price: Decimal
) -> Decimal | None:
    """Where the collateral of a LONG and a SHORT of one symbol equals what both have to maintain; None if nowhere.

    Args:
        long: Unsigned quantity, not 0.
        short: Unsigned quantity, not 0.
        entry_costs: Average entry price times quantity of the LONG less that of the SHORT.
        margin: All collateral beside the two.
        instrument: For the brackets; of each side the one that holds its notional at the liquidation price counts.
        price: The last price: the search begins in its brackets.

    Returns:
        The price at eight decimals, rounded toward the market.

    Source: reference binance-usdm §8, general cross form.
    """
    last, found = price, None
    for _ in range(2 * len(instrument.brackets) + 1):
        own = [instrument.bracket(qty * price) for qty in (long, short)]
        slope = long * (own[0].maint_margin_rate - 1) + short * (own[1].maint_margin_rate + 1)
        if not slope:
            return None
        reached = max((margin + own[0].cum + own[1].cum - entry_costs) / slope, ZERO)
        if reached == found:
            break
        found = price = reached
    if not found:
        return None
    return found.quantize(SMALLEST, ROUND_CEILING if found < last else ROUND_FLOOR)


def bankruptcy_price(qty: Decimal, entry_cost: Decimal, margin: Decimal, tick: Decimal) -> Decimal:
    """The last price on the tick grid at which closing costs an isolated position no more than its margin.

    May be 0 or negative for a LONG whose margin covers its whole cost.

    Source: reference binance-usdm §8, the insurance fund takes over there.
    """
    if qty > 0:
        return ((entry_cost - margin) / qty / tick).to_integral_value(ROUND_CEILING) * tick
    return ((entry_cost + margin) / -qty / tick).to_integral_value(ROUND_FLOOR) * tick
