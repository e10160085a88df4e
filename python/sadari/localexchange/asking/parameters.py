"""The parameters of a request, read by type; what cannot be read is refused as the exchange refuses it.

Source: reference binance-usdm §6, codes -1102 to -1130.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TypeVar

from sadari.localexchange.asking.refused import Refused

_NUMBER = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")
_INTEGER = re.compile(r"-?[0-9]{1,18}")

Word = TypeVar("Word", bound=str)


class Parameters:
    """Names and texts as they were sent, query first, and the key they came with, None where none was needed.

    Every reader raises `Refused`: -1102 for what is missing, -1105 for what is empty, -1130 for what is no such value.
    """

    def __init__(self, values: Mapping[str, str], key: str | None = None) -> None:
        self._values = values
        self.key = key

    def maybe(self, name: str) -> str | None:
        """The text of a parameter, None if it was not sent."""
        text = self._values.get(name)
        if text == "":
            raise Refused(-1105, f"Parameter '{name}' was empty.")
        return text

    def text(self, name: str) -> str:
        """The text of a parameter that is wanted."""
        text = self.maybe(name)
        if text is None:
            raise Refused(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")
        return text

    def integer(self, name: str) -> int | None:
        """A whole number, None if it was not sent."""
        text = self.maybe(name)
        if text is None:
            return None
        if not _INTEGER.fullmatch(text):
            raise _illegal(name)
        return int(text)

    def decimal(self, name: str) -> Decimal | None:
        """A decimal without an exponent, None if it was not sent."""
        text = self.maybe(name)
        if text is None:
            return None
        if not _NUMBER.fullmatch(text):
            raise _illegal(name)
        return Decimal(text)

    def flag(self, name: str) -> bool | None:
        """``true`` or ``false`` in any case, None if it was not sent."""
        text = self.maybe(name)
        if text is None:
            return None
        known = {"true": True, "false": False}.get(text.lower())
        if known is None:
            raise _illegal(name)
        return known

    def choice(self, name: str, allowed: Iterable[Word], code: int, what: str) -> Word | None:
        """One of some words, None if it was not sent; any other is refused with the code for what it should be."""
        text = self.maybe(name)
        if text is None:
            return None
        for word in allowed:
            if word == text:
                return word
        raise Refused(code, f"Invalid {what}.")

    def limit(self, usual: int, most: int) -> int:
        """How many rows are asked for; more than there may be is the most there may be."""
        asked = self.integer("limit")
        if asked is None:
            return usual
        if asked < 1:
            raise _illegal("limit")
        return min(asked, most)


def _illegal(name: str) -> Refused:
    return Refused(-1130, f"Data sent for parameter '{name}' is not valid.")
