"""How values look in a summary: times, money and rounded prices as strings."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache

from sadari.model.units import DAY_NS, EXACT, MILLISECOND_NS, SECOND_NS

# Averages of prices have no last decimal; they are shown to this and never decide anything.
SHOWN = Decimal("1e-12")


@lru_cache
def _date(day: int) -> str:
    """The date of a day counted from the epoch; a report names few days many times."""
    return (date(1970, 1, 1) + timedelta(days=day)).isoformat()


def iso(time_ns: int | None) -> str | None:
    """A time as ISO 8601 in UTC, with milliseconds (or more) only where there are some."""
    if time_ns is None:
        return None
    day, rest = divmod(time_ns, DAY_NS)
    second, rest = divmod(rest, SECOND_NS)
    stamp = f"{_date(day)}T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    if not rest:
        return stamp + "Z"
    return f"{stamp}.{rest // MILLISECOND_NS:03}Z" if rest % MILLISECOND_NS == 0 else f"{stamp}.{rest:09}Z"


def money(value: Decimal | None) -> str | None:
    """An exact amount in plain notation."""
    if value is None:
        return None
    if not value:
        return "0"
    shown = f"{value:f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def rounded(value: Decimal | None) -> str | None:
    """A mean price, rounded to twelve decimals for display, in plain notation."""
    return None if value is None else money(value.quantize(SHOWN, rounding=ROUND_HALF_EVEN, context=EXACT))
