"""The venue's answers about markets, orders and trades as values of ours.

Every function raises `DataError` for what is no such answer. A price that must be there is above zero; one that may be
absent is None where the venue writes zero or nothing: no price becomes zero, negative or no number (faults F83).

Source: reference binance-usdm §3.
"""

from __future__ import annotations

from collections.abc import Container
from itertools import pairwise
from math import inf

from sadari.binance import values
from sadari.binance.budget import Limits
from sadari.binance.reading import amount, decoded, finite, identifier, maybe, maybe_price, price, rows, word
from sadari.binance.wire import read
from sadari.errors import DataError
from sadari.model.order import PositionSide, Side
from sadari.model.units import MILLISECOND_NS


def server_time_ns(body: bytes) -> int:
    """The server's time."""
    return decoded(body, read.ServerTime, "server time").server_time * MILLISECOND_NS


def rate_limits(body: bytes) -> Limits:
    """The limits of an exchangeInfo answer; one that it does not list is the usual one."""
    listed = {
        (one.rate_limit_type, one.interval, one.interval_num): one.limit
        for one in decoded(body, read.RateLimits, "exchangeInfo").rate_limits
    }
    usual = Limits()
    return Limits(
        listed.get(("REQUEST_WEIGHT", "MINUTE", 1), usual.weight),
        listed.get(("ORDERS", "MINUTE", 1), usual.orders_minute),
        listed.get(("ORDERS", "SECOND", 10), usual.orders_ten_seconds),
    )


def prices(body: bytes, of: Container[str] | None = None) -> list[values.PriceShown]:
    """Last prices, of one symbol or of all; given ``of``, only of these: what is not traded has odd rows at times."""
    return [
        values.PriceShown(
            symbol=row.symbol,
            price=price(row.price, "price", row.symbol),
            time_ns=None if row.time is None else row.time * MILLISECOND_NS,
        )
        for row in rows(body, read.Price, "ticker price")
        if of is None or row.symbol in of
    ]


def last_traded_ns(body: bytes) -> int:
    """When the last of some trades of the market was made; 0 without any."""
    return max((row.time for row in rows(body, read.MarketTrade, "trades")), default=0) * MILLISECOND_NS


def quote_volumes(body: bytes) -> dict[str, float]:
    """What was traded of each symbol in 24 hours, in its quote asset."""
    listed = rows(body, read.DayTicker, "ticker/24hr")
    return {row.symbol: float(amount(row.quote_volume, "quote volume", row.symbol)) for row in listed}


def marks(body: bytes, of: Container[str] | None = None) -> list[values.MarkShown]:
    """Mark prices and funding, of one symbol or of all; given ``of``, only of these."""
    return [
        values.MarkShown(
            symbol=row.symbol,
            mark_price=price(row.mark_price, "mark price", row.symbol),
            index_price=maybe_price(row.index_price, "index price", row.symbol),
            funding_rate=maybe(row.last_funding_rate, "funding rate", row.symbol),
            next_funding_ns=row.next_funding_time * MILLISECOND_NS or None,
            time_ns=row.time * MILLISECOND_NS,
        )
        for row in rows(body, read.Premium, "premiumIndex")
        if of is None or row.symbol in of
    ]


def funding_rates(body: bytes) -> list[values.FundingShown]:
    """Funding rates that were applied, oldest first."""
    return [
        values.FundingShown(
            symbol=row.symbol,
            rate=finite(row.funding_rate, "funding rate", row.symbol),
            mark_price=maybe_price(maybe(row.mark_price, "mark price", row.symbol), "mark price", row.symbol),
            time_ns=row.funding_time * MILLISECOND_NS,
        )
        for row in rows(body, read.Funding, "fundingRate")
    ]


def klines(body: bytes, symbol: str) -> list[values.Kline]:
    """Candles, oldest first; the last one may still be open."""
    candles = []
    for row in decoded(body, list[read.KlineRow], f"klines of {symbol}"):
        try:
            opened, high, low, closed = float(row[1]), float(row[2]), float(row[3]), float(row[4])
            volume, quote = float(row[5]), float(row[7])
        except ValueError as error:
            raise DataError(
                f"klines of {symbol}: the row of {row[0]} has a field that is no number: {error}"
            ) from error
        # A comparison with what is no number is false, so that this finds it too.
        if not (0 < low <= min(opened, closed) <= max(opened, closed) <= high < inf and 0 <= volume < inf > quote >= 0):
            raise DataError(
                f"klines of {symbol}: the row of {row[0]} is {row[1:6]}; allowed: 0 < low <= open, close <= high and "
                "a volume of 0 or more"
            )
        candles.append(
            values.Kline(
                row[0] * MILLISECOND_NS, opened, high, low, closed, volume, quote, (row[6] + 1) * MILLISECOND_NS
            )
        )
    if any(one.open_time_ns >= after.open_time_ns for one, after in pairwise(candles)):
        raise DataError(f"klines of {symbol}: the rows are not in the order of their times")
    return candles


def order(body: bytes) -> values.OrderShown:
    """One regular order."""
    return _order(decoded(body, read.Order, "order"))


def orders(body: bytes) -> list[values.OrderShown]:
    """Regular orders."""
    return [_order(row) for row in rows(body, read.Order, "orders")]


def algo_order(body: bytes) -> values.AlgoShown:
    """One conditional order."""
    return _algo(decoded(body, read.AlgoOrder, "conditional order"))


def algo_orders(body: bytes) -> list[values.AlgoShown]:
    """Conditional orders."""
    return [_algo(row) for row in rows(body, read.AlgoOrder, "conditional orders")]


def trades(body: bytes) -> list[values.TradeShown]:
    """The account's trades."""
    return [
        values.TradeShown(
            symbol=row.symbol,
            trade_id=row.id,
            order_id=row.order_id,
            buyer=word(Side, row.side, "side", row.symbol) is Side.BUY,
            position_side=word(PositionSide, row.position_side, "position side", row.symbol),
            price=price(row.price, "price of a trade", row.symbol),
            qty=price(row.qty, "quantity of a trade", row.symbol),
            fee=finite(row.commission, "commission", row.symbol),
            fee_asset=row.commission_asset,
            realized_pnl=finite(row.realized_pnl, "realized profit", row.symbol),
            maker=row.maker,
            time_ns=row.time * MILLISECOND_NS,
        )
        for row in rows(body, read.Trade, "userTrades")
    ]


def income(body: bytes) -> list[values.IncomeShown]:
    """Booked amounts."""
    return [
        values.IncomeShown(
            kind=row.income_type,
            symbol=row.symbol or "",
            amount=finite(row.income, "income", row.symbol or row.asset),
            asset=row.asset,
            time_ns=row.time * MILLISECOND_NS,
            # Transfers were seen with the number 0, which names nothing.
            income_id=None if str(row.tran_id or 0) == "0" else str(row.tran_id),
            trade_id=identifier(row.trade_id, "trade id"),
            note=row.info or "",
        )
        for row in rows(body, read.Income, "income")
    ]


def _order(row: read.Order) -> values.OrderShown:
    symbol = row.symbol
    return values.OrderShown(
        symbol=symbol,
        client_order_id=row.client_order_id,
        order_id=row.order_id,
        side=word(Side, row.side, "side", symbol),
        position_side=word(PositionSide, row.position_side, "position side", symbol),
        order_type=row.orig_type or row.type,
        status=row.status,
        qty=amount(row.orig_qty, "quantity", symbol),
        filled_qty=amount(row.executed_qty, "executed quantity", symbol),
        price=maybe_price(row.price, "price", symbol),
        avg_price=maybe_price(row.avg_price, "average price", symbol),
        reduce_only=row.reduce_only,
        close_position=row.close_position,
        updated_ns=row.update_time * MILLISECOND_NS,
    )


def _algo(row: read.AlgoOrder) -> values.AlgoShown:
    symbol, order_type = row.symbol, row.order_type or row.type
    if order_type is None:
        raise DataError(f"{symbol}: the conditional order {row.client_algo_id} names no type of order")
    return values.AlgoShown(
        symbol=symbol,
        client_order_id=row.client_algo_id,
        algo_id=row.algo_id,
        side=word(Side, row.side, "side", symbol),
        position_side=word(PositionSide, row.position_side, "position side", symbol),
        order_type=order_type,
        status=row.algo_status,
        qty=None if row.quantity is None else amount(row.quantity, "quantity", symbol) or None,
        trigger_price=maybe_price(row.trigger_price, "trigger price", symbol),
        price=maybe_price(row.price, "price", symbol),
        mark_triggered=row.working_type == "MARK_PRICE",
        reduce_only=row.reduce_only,
        close_position=row.close_position,
        order_id=identifier(row.actual_order_id, "order id"),
        created_ns=row.create_time * MILLISECOND_NS,
        updated_ns=row.update_time * MILLISECOND_NS,
    )
