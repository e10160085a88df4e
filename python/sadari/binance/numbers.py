"""Numbers as the exchange writes them: decimals as text without an exponent."""

from __future__ import annotations

from decimal import Decimal


def plain(number: Decimal) -> str:
    """A decimal in full, with the digits that it has: ``0.00000001``, never ``1E-8``."""
    return format(number, "f")
