"""Orders that the exchange makes by itself, by their client order ids.

Source: reference binance-usdm §5.
"""

from __future__ import annotations

_CAUSES = {
    "autoclose-": "LIQUIDATION",
    "adl_autoclose": "ADL",
    "settlement_autoclose-": "SETTLEMENT",
    "delivery_autoclose-": "SETTLEMENT",
}


def cause_of(client_order_id: str) -> str:
    """Why the exchange made an order: LIQUIDATION, ADL or SETTLEMENT; "" for an order that somebody made."""
    return next((cause for start, cause in _CAUSES.items() if client_order_id.startswith(start)), "")
