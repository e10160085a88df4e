"""The figures of a position and of an asset at this moment, as the exchange shows them.

Source: reference binance-usdm §3.4 and §8. Last prices stand for mark prices.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from sadari.exchange import Exchange, Income
from sadari.exchange.margin import booked
from sadari.model.instrument import Instrument
from sadari.model.order import MarginMode, PositionSide, Side

ZERO = Decimal(0)


def position_sides(exchange: Exchange) -> tuple[PositionSide, ...]:
    """The positions that a symbol may have in the account's position mode."""
    return (PositionSide.LONG, PositionSide.SHORT) if exchange.hedge else (PositionSide.BOTH,)


def active(exchange: Exchange, instruments: Iterable[str]) -> list[tuple[str, PositionSide]]:
    """The symbols, in hedge mode their sides, with a position or an open order."""
    held = {(position.symbol, position.position_side) for position in exchange.positions.values()}
    if not exchange.hedge:
        both = PositionSide.BOTH
        return [(symbol, both) for symbol in instruments if (symbol, both) in held or exchange.open_orders(symbol)]
    held |= {(symbol, one.order.position_side) for symbol in instruments for one in exchange.open_orders(symbol)}
    return [(symbol, side) for symbol in instruments for side in position_sides(exchange) if (symbol, side) in held]


def isolated_margin(exchange: Exchange, asset: str, instruments: Mapping[str, Instrument]) -> Decimal:
    """What isolated positions have taken out of an asset's wallet."""
    isolated = (one for one in exchange.positions.values() if one.mode is MarginMode.ISOLATED)
    return sum((one.margin for one in isolated if instruments[one.symbol].quote_asset == asset), ZERO)


class PositionFigures:
    """A symbol's position; all amounts are 0 when flat. Signed quantity and notional."""

    def __init__(self, exchange: Exchange, symbol: str, side: PositionSide = PositionSide.BOTH) -> None:
        position = exchange.position(symbol, side)
        self._exchange = exchange
        self._position = position
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

    # What asks all other positions, or all that was ever booked, is worked out where it is shown only.

    @property
    def liquidation_price(self) -> Decimal:
        """0 if it has none."""
        return self._exchange.liquidation_price(self.symbol, self.position_side) or ZERO

    @property
    def bid_notional(self) -> Decimal:
        """Of the buy orders that rest and may open."""
        return self._exchange.resting_notional(self.symbol, Side.BUY, self.position_side)

    @property
    def ask_notional(self) -> Decimal:
        """Of the sell orders that rest and may open."""
        return self._exchange.resting_notional(self.symbol, Side.SELL, self.position_side)

    @property
    def updated_ns(self) -> int:
        """When an amount was booked for it last; 0 when flat."""
        return next((one.time_ns for one in self._booked()), 0) if self._position else 0

    @property
    def break_even_price(self) -> Decimal:
        """What it has cost and brought since it was opened moves the price at which it is even."""
        position = self._position
        if position is None:
            return ZERO
        cost = ZERO
        for one in self._booked():
            if one.trade_id is not None and one.trade_id < position.first_trade:
                break
            # The trade that opened it may have closed the one before, whose profit that is.
            if one.trade_id == position.first_trade and one.kind == "REALIZED_PNL":
                break
            cost -= one.amount
        return booked(self.entry_price + cost / self.qty)

    def _booked(self) -> Iterator[Income]:
        """What was booked for it and for those before it, the newest first."""
        income, sides, both = self._exchange.income, self._exchange.income_sides, PositionSide.BOTH
        for place in range(len(income) - 1, -1, -1):
            one = income[place]
            if one.symbol == self.symbol and (not sides or sides.get(place, both) is self.position_side):
                yield one


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
        self.cross_wallet_balance = self.wallet_balance - isolated_margin(exchange, asset, instruments)
        self.cross_unrealized = sum((one.unrealized_profit for one in crossed), ZERO)
        self.available_balance = exchange.available_balance(asset)
        self.max_withdraw = max(ZERO, min(self.available_balance, self.cross_wallet_balance))
        self.updated_ns = next((one.time_ns for one in reversed(exchange.income) if one.asset == asset), 0)
