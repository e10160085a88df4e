"""Trades from the exchange's list: when the end of their order is told with them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from decimal import Decimal

import pytest

from sadari.binance.endpoint import Endpoint
from sadari.binance.endpoints import USER_TRADES
from sadari.model.event import Event, OrderFilled
from sadari.venue.live.orders.fills import Fills
from sadari.venue.live.orders.listed_trades import ListedTrades

TRADE = {
    "symbol": "AUSDT", "id": 7, "orderId": 3, "side": "BUY", "price": "100", "qty": "0.4", "commission": "0.02",
    "commissionAsset": "USDT", "realizedPnl": "0", "maker": False, "time": 1,
}  # fmt: skip
ORDER = {
    "orderId": 3, "symbol": "AUSDT", "status": "FILLED", "clientOrderId": "r-1-E", "side": "BUY", "type": "MARKET",
    "origQty": "1", "updateTime": 2,
}  # fmt: skip


@pytest.mark.parametrize(("filled", "done"), [("0.4", True), ("1", False)])
def test_an_order_that_went_on_after_its_trades_were_read_is_not_done(filled: str, done: bool) -> None:
    """Its end is asked for later than its trades: it has ended with these only if they are all that was filled."""
    told: list[Event] = []

    async def answer(endpoint: Endpoint, _: Mapping[str, str]) -> bytes:
        return json.dumps([TRADE] if endpoint is USER_TRADES else ORDER | {"executedQty": filled}).encode()

    fills = Fills(told.append, lambda: 0, lambda: 0)
    fills.cursors["AUSDT"] = 6
    asyncio.run(ListedTrades(told.append, answer, fills, lambda _: True).tell("AUSDT"))
    assert [one.done for one in told if isinstance(one, OrderFilled)] == [done]


def test_a_fee_in_another_asset_is_none_of_the_ledgers() -> None:
    """As it comes over the user stream: told beside, and never booked as so much of the quote asset (faults F48)."""
    told: list[Event] = []

    async def answer(endpoint: Endpoint, _: Mapping[str, str]) -> bytes:
        trade = TRADE | {"commissionAsset": "BNB"}
        return json.dumps([trade] if endpoint is USER_TRADES else ORDER | {"executedQty": "0.4"}).encode()

    fills = Fills(told.append, lambda: 0, lambda: 0)
    fills.cursors["AUSDT"] = 6
    asyncio.run(ListedTrades(told.append, answer, fills, lambda _: True).tell("AUSDT"))
    assert [one.fee for one in told if isinstance(one, OrderFilled)] == [0]
    assert fills.other_fees == [("AUSDT", 7, "BNB", Decimal("0.02"))]
