"""Text for a terminal: every line exactly as wide as it may be, whatever the signs in it.

The words of the view itself are ASCII: many terminals draw dashes, dots and arrows of other scripts two cells wide
under an East Asian locale, and then no column stands below another. What comes from elsewhere is measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from unicodedata import category

from rich.text import Text

from sadari.model.units import SECOND_NS

# Readable on a light and on a dark ground.
GOOD = "green"
BAD = "red"
ODD = "magenta"
STRONG = "bold"
WEAK = "dim"

UNKNOWN = "-"
CUT = ".."
# A mean price has no tick of its own; without a price of the market beside it, it gets so many digits.
DIGITS = 8
MINUTE_S = 60
HOUR_S = 3_600


def clean(text: str) -> str:
    """A text from elsewhere on one line: what controls a terminal becomes a space."""
    return "".join(" " if category(sign)[0] == "C" else sign for sign in text)


def mark(text: str, style: str) -> Text:
    """A text with a style of its own, which what is appended to it does not inherit."""
    return Text().append(text, style)


def fit(line: Text, width: int) -> Text:
    """A line of exactly so many cells, filled up or cut with a mark, in which nothing controls the terminal."""
    fitted = line.copy()
    # As many signs as before, so that styles stay where they are.
    fitted.plain = clean(fitted.plain)
    if fitted.cell_len > width:
        fitted.truncate(max(width - len(CUT), 0), overflow="crop", pad=True)
        fitted.append(CUT[: max(width, 0)], WEAK)
    fitted.truncate(width, overflow="crop", pad=True)
    return fitted


def ends(left: Text, right: Text, width: int) -> Text:
    """A line with something at both ends; the right one gives way."""
    room = width - left.cell_len - right.cell_len
    return fit(left + Text(" " * room) + right if room > 1 else left, width)


def joined(parts: Iterable[Text], between: str = " | ") -> Text:
    """Parts in a row."""
    row = Text()
    for part in parts:
        if row.cell_len and part.cell_len:
            row.append(between, WEAK)
        row.append_text(part)
    return row


def wrapped(parts: Sequence[Text], width: int, between: str = " | ") -> list[Text]:
    """Parts in as many rows as they need; none is broken."""
    rows: list[list[Text]] = [[]]
    used = 0
    for part in parts:
        wide = part.cell_len + (len(between) if rows[-1] else 0)
        if rows[-1] and used + wide > width:
            rows.append([])
            used, wide = 0, part.cell_len
        rows[-1].append(part)
        used += wide
    return [joined(row, between) for row in rows if row]


def money(value: Decimal | None, *, signed: bool = False) -> str:
    """An amount in quote currency, to the cent."""
    if value is None:
        return UNKNOWN
    return f"{value:+,.2f}" if signed else f"{value:,.2f}"


def gain(value: Decimal | None) -> Text:
    """An amount that is good above 0 and bad below."""
    style = "" if not value else GOOD if value > 0 else BAD
    return mark(money(value, signed=True), style)


def price(value: Decimal | None, like: Decimal | None) -> str:
    """A price with the decimals of another, as a rule the last one traded."""
    if value is None:
        return UNKNOWN
    if like is None:
        return f"{value:,.{DIGITS}g}" if value.adjusted() < DIGITS else f"{value:,.0f}"
    exponent = like.as_tuple().exponent
    decimals = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    return f"{value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_EVEN):,f}"


def percent(share: Decimal | None, *, signed: bool = True) -> str:
    """A fraction in percent."""
    if share is None:
        return UNKNOWN
    return f"{share * 100:+.2f}%" if signed else f"{share * 100:.2f}%"


def length(seconds: float | None) -> str:
    """A length of time, short."""
    if seconds is None:
        return UNKNOWN
    if seconds < MINUTE_S:
        return f"{seconds:.1f}s"
    if seconds < HOUR_S:
        return f"{int(seconds) // MINUTE_S}m{int(seconds) % MINUTE_S:02}s"
    return f"{int(seconds) // HOUR_S}h{int(seconds) % HOUR_S // MINUTE_S:02}m"


def moment(seconds: float | None) -> str:
    """A short length of time, to the millisecond."""
    return UNKNOWN if seconds is None else f"{seconds:.3f}s"


def clock(time_ns: int, *, day: bool = False) -> str:
    """A time of the day in UTC, with its day if that is asked for."""
    at = datetime.fromtimestamp(time_ns // SECOND_NS, UTC)
    return at.strftime("%Y-%m-%d %H:%M:%S" if day else "%H:%M:%S")
