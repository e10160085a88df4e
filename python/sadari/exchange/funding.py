"""Funding: what a position pays or receives at a settlement."""

from __future__ import annotations

from decimal import Decimal

from sadari.exchange.margin import booked


def funding_payment(qty: Decimal, mark_price: Decimal, rate: Decimal) -> Decimal:
    """The amount a position receives (positive) or pays (negative), booked at eight decimals.

    Args:
        qty: Signed quantity held at the instant of settlement.
        mark_price: Mark price of that instant.
        rate: Funding rate as a fraction; when positive, LONG pays SHORT.

    Source: reference binance-usdm §8, funding.
    """
    return booked(-qty * mark_price * rate)
