"""How a field of an answer is read: what must be there, what may be absent, and what no answer may say.

Every function raises `DataError` with one sentence that names the field, its value and what is allowed.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from types import GenericAlias
from typing import TypeVar, cast

import msgspec

from sadari.errors import DataError
from sadari.model.order import PositionSide, Side

Shape = TypeVar("Shape")
Word = TypeVar("Word", Side, PositionSide)

_SHOWN = 300


def decoded(body: bytes, shape: type[Shape], what: str) -> Shape:
    """A body of a shape; numbers may be written as text."""
    try:
        return msgspec.json.decode(body, type=shape, strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DataError(f"this is no answer of the kind {what}: {error}: {_start(body)}") from error


def rows(body: bytes, shape: type[Shape], what: str) -> list[Shape]:
    """The rows of a body that is a list, or one row by itself where one symbol was asked for."""
    if body.lstrip().startswith(b"{"):
        return [decoded(body, shape, what)]
    return decoded(body, cast("type[list[Shape]]", GenericAlias(list, (shape,))), what)


def price(value: Decimal, name: str, of: str) -> Decimal:
    """A number that is above zero."""
    if not (value.is_finite() and value > 0):
        raise DataError(f"{of}: the {name} is {value}; allowed: a number above 0")
    return value


def maybe_price(value: Decimal | None, name: str, of: str) -> Decimal | None:
    """A number above zero, None where the venue writes zero or nothing."""
    if value is None or (value.is_finite() and not value):
        return None
    return price(value, name, of)


def amount(value: Decimal, name: str, of: str) -> Decimal:
    """A number that is not below zero."""
    if not (value.is_finite() and value >= 0):
        raise DataError(f"{of}: the {name} is {value}; allowed: a number of 0 or more")
    return value


def finite(value: Decimal, name: str, of: str) -> Decimal:
    """A number of any sign."""
    if not value.is_finite():
        raise DataError(f"{of}: the {name} is {value}; allowed: a number")
    return value


def maybe(value: str | int | None, name: str, of: str) -> Decimal | None:
    """A number of any sign, None where the venue writes an empty text or nothing."""
    if value is None or value == "":
        return None
    try:
        return finite(Decimal(value), name, of)
    except InvalidOperation:
        raise DataError(f"{of}: the {name} is {value!r}; allowed: a number, or nothing") from None


def word(kind: type[Word], text: str, name: str, of: str) -> Word:
    """One of the words that we know."""
    try:
        return kind(text)
    except ValueError:
        raise DataError(f"{of}: the {name} is {text!r}; allowed: {', '.join(kind)}") from None


def identifier(value: str | int | None, name: str) -> int | None:
    """A whole number above zero that names something, None where the venue writes zero, an empty text or nothing."""
    if value in (None, "", 0, "0"):
        return None
    text = str(value)
    if not (text.isascii() and text.isdigit()):
        raise DataError(f"the {name} is {value!r}; allowed: digits, or nothing")
    return int(text)


def _start(body: bytes) -> str:
    text = body[:_SHOWN].decode(errors="backslashreplace")
    return text if len(body) <= _SHOWN else f"{text}..."
