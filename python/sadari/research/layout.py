"""How a report is set: numbers as a trader writes them, aligned lines and tables of at most 100 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from decimal import Decimal

WIDTH = 100
LABEL = 26
INDENT = "  "
NOT_KNOWN = "not known"
NONE_YET = "-"

# From here on digits are counted, not read.
_HUGE = Decimal(10) ** 11
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


def usdt(value: str | float | None, absent: str = NOT_KNOWN) -> str:
    """An amount with two decimals, more only where it would look like zero; absent words for None."""
    if value is None:
        return absent
    amount = Decimal(str(value))
    if amount and abs(amount) < Decimal("0.005"):
        return f"{amount:.2g}" if abs(amount) < Decimal("0.00001") else f"{amount:.5f}"
    if abs(amount) >= _HUGE:
        return f"{amount:.3e}"
    return f"{amount:,.2f}" if amount else "0.00"


def price(value: str | None) -> str:
    """A price with at most six significant decimals after the leading digits."""
    if value is None:
        return NOT_KNOWN
    amount = Decimal(value)
    places = 2 if abs(amount) >= 1000 else 4 if abs(amount) >= 1 else 8  # noqa: PLR2004 - what fits the size
    shown = f"{amount:,.{places}f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def percent(value: float | None, absent: str = NONE_YET) -> str:
    """A fraction as a percentage."""
    return absent if value is None else f"{value * 100:,.2f} %"


def signed(value: float | None) -> str:
    """A fraction as a percentage with its sign."""
    return NONE_YET if value is None else f"{value * 100:+,.2f} %"


def ratio(value: float | None, absent: str = NONE_YET) -> str:
    """A plain figure with two decimals."""
    return absent if value is None else f"{value:,.2f}"


def count(value: int, one: str, many: str = "") -> str:
    """A number with its noun."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"


def moment(stamp: str | None) -> str:
    """An ISO time to the minute, in UTC."""
    return NOT_KNOWN if stamp is None else f"{stamp[:10]} {stamp[11:16]}"


def lasting(seconds: float | None, absent: str = NONE_YET) -> str:
    """A duration in its two largest units."""
    if seconds is None:
        return absent
    if seconds < _MINUTE:
        return f"{seconds:.3g} s"
    if seconds < _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    if seconds < _DAY:
        return f"{int(seconds // _HOUR)} h {int(seconds % _HOUR // _MINUTE)} min"
    return f"{int(seconds // _DAY)} d {int(seconds % _DAY // _HOUR)} h"


def line(label: str, value: str) -> list[str]:
    """A label and its value; a long value goes on below itself."""
    start = INDENT + label.ljust(LABEL)
    return textwrap.wrap(value, WIDTH, initial_indent=start, subsequent_indent=" " * len(start)) or [start.rstrip()]


def paragraph(sentence: str, bullet: str = "") -> list[str]:
    """Prose inside the margins."""
    start = INDENT + bullet
    return textwrap.wrap(sentence, WIDTH, initial_indent=start, subsequent_indent=" " * len(start))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Rows under their heads: the first column to the left, the others to the right; long names are cut short."""
    body = [head, *rows]
    widths = [max(len(row[column]) for row in body) for column in range(len(head))]
    room = WIDTH - len(INDENT) - sum(width + 2 for width in widths[1:])
    widths[0] = min(widths[0], max(room, 8))
    lines = []
    for row in body:
        name = row[0] if len(row[0]) <= widths[0] else row[0][: widths[0] - 1] + "…"
        cells = [name.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        lines.append((INDENT + "  ".join(cells)).rstrip())
    return lines
