"""How values look in a summary: times, money and rounded prices as strings."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal

from sadari.model.units import EXACT, MILLISECOND_NS, SECOND_NS

# Averages of prices have no last decimal; they are shown to this and never decide anything.
SHOWN = Decimal("1e-12")


def iso(time_ns: int | None) -> str | None:
    """A time as ISO 8601 in UTC, with milliseconds (or more) only where there are some."""
    if time_ns is None:
        return None
    seconds, rest = divmod(time_ns, SECOND_NS)
    stamp = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    if not rest:
        return stamp + "Z"
    return f"{stamp}.{rest // MILLISECOND_NS:03}Z" if rest % MILLISECOND_NS == 0 else f"{stamp}.{rest:09}Z"


def money(value: Decimal | None) -> str | None:
    """An exact amount in plain notation."""
    if value is None:
        return None
    return f"{EXACT.normalize(value):f}" if value else "0"


def rounded(value: Decimal | None) -> str | None:
    """A mean price, rounded to twelve decimals for display, in plain notation."""
    return None if value is None else money(value.quantize(SHOWN, rounding=ROUND_HALF_EVEN, context=EXACT))
