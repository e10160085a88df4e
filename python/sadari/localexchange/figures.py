"""The figures of a position and of an asset at this moment, as the exchange shows them.

Source: reference binance-usdm §3.4 and §8. Last prices stand for mark prices.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from sadari.exchange import Exchange, PositionState
from sadari.exchange.margin import booked
from sadari.model.instrument import Instrument
from sadari.model.order import MarginMode, PositionSide, Side

ZERO = Decimal(0)


def position_sides(exchange: Exchange) -> tuple[PositionSide, ...]:
    """The positions that a symbol may have in the account's position mode."""
    return (PositionSide.LONG, PositionSide.SHORT) if exchange.hedge else (PositionSide.BOTH,)


def active(exchange: Exchange, instruments: Iterable[str]) -> list[tuple[str, PositionSide]]:
    """The symbols, in hedge mode their sides, with a position or an open order."""
    found = []
    for symbol in instruments:
        waiting = {one.order.position_side for one in exchange.open_orders(symbol)}
        found += [
            (symbol, side)
            for side in position_sides(exchange)
            if side in waiting or exchange.position(symbol, side) is not None
        ]
    return found


class PositionFigures:
    """A symbol's position; all amounts are 0 when flat. Signed quantity and notional."""

    def __init__(self, exchange: Exchange, symbol: str, side: PositionSide = PositionSide.BOTH) -> None:
        position = exchange.position(symbol, side)
        self.symbol = symbol
        self.position_side = side
        self.mark_price = exchange.last_price(symbol)
        self.isolated = exchange.margin_mode(symbol) is MarginMode.ISOLATED
        self.qty = position.qty if position else ZERO
        self.entry_price = position.entry_price if position else ZERO
        self.unrealized_profit = booked(position.unrealized(self.mark_price)) if position else ZERO
        self.notional = booked(self.qty * self.mark_price)
        self.isolated_wallet = position.margin if position and self.isolated else ZERO
        self.isolated_margin = self.isolated_wallet + self.unrealized_profit if self.isolated_wallet else ZERO
        self.open_order_initial_margin = exchange.order_margin(symbol, side)
        self.initial_margin = exchange.initial_margin(symbol, side)
        self.position_initial_margin = self.initial_margin - self.open_order_initial_margin
        self.maint_margin = booked(exchange.maint_margin(symbol, side))
        self.liquidation_price = exchange.liquidation_price(symbol, side) or ZERO
        self.bid_notional = exchange.resting_notional(symbol, Side.BUY, side)
        self.ask_notional = exchange.resting_notional(symbol, Side.SELL, side)
        self.updated_ns = 0
        self.break_even_price = ZERO
        if position:
            self._since_it_was_opened(exchange, position)

    def _since_it_was_opened(self, exchange: Exchange, position: PositionState) -> None:
        """What it has cost and brought so far moves the price at which it is even."""
        cost = ZERO
        sides = exchange.income_sides
        for place, one in zip(reversed(range(len(exchange.income))), reversed(exchange.income), strict=True):
            if one.symbol != self.symbol or sides.get(place, PositionSide.BOTH) is not self.position_side:
                continue
            self.updated_ns = self.updated_ns or one.time_ns
            if one.trade_id is not None and one.trade_id < position.first_trade:
                break
            # The trade that opened it may have closed the one before, whose profit that is.
            if one.trade_id == position.first_trade and one.kind == "REALIZED_PNL":
                break
            cost -= one.amount
        self.break_even_price = booked(self.entry_price + cost / self.qty)


class AssetFigures:
    """An asset's wallet and the positions that it is the margin of, in the asset."""

    def __init__(self, exchange: Exchange, instruments: Mapping[str, Instrument], asset: str) -> None:
        own = [
            PositionFigures(exchange, symbol, side)
            for symbol, side in active(exchange, instruments)
            if instruments[symbol].quote_asset == asset
        ]
        crossed = [one for one in own if not one.isolated]
        self.asset = asset
        self.wallet_balance = exchange.balances[asset]
        self.unrealized_profit = sum((one.unrealized_profit for one in own), ZERO)
        self.margin_balance = self.wallet_balance + self.unrealized_profit
        self.maint_margin = sum((one.maint_margin for one in own), ZERO)
        self.position_initial_margin = sum((one.position_initial_margin for one in own), ZERO)
        self.open_order_initial_margin = sum((one.open_order_initial_margin for one in own), ZERO)
        self.initial_margin = self.position_initial_margin + self.open_order_initial_margin
        self.cross_wallet_balance = self.wallet_balance - sum((one.isolated_wallet for one in own), ZERO)
        self.cross_unrealized = sum((one.unrealized_profit for one in crossed), ZERO)
        self.available_balance = exchange.available_balance(asset)
        self.max_withdraw = max(ZERO, min(self.available_balance, self.cross_wallet_balance))
        self.updated_ns = next((one.time_ns for one in reversed(exchange.income) if one.asset == asset), 0)
