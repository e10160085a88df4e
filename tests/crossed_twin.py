"""What the exchange model says of crossed positions, computed again from its books in fractions, tick by tick."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from sadari.exchange import Collateral, Exchange
from sadari.model.instrument import Instrument
from sadari.model.order import MarginMode
from sadari.model.units import floor_units


class Books:
    """The condition of liquidation, from positions, balances and prices alone."""

    def __init__(
        self, exchange: Exchange, instruments: Mapping[str, Instrument], assets: Mapping[str, Collateral]
    ) -> None:
        self.exchange = exchange
        self.instruments = instruments
        self.assets = assets

    def slack(self, prices: Mapping[str, Decimal], asset: str) -> Fraction:
        """Margin balance less maintenance margin of the crossed positions that an asset, or all together, back."""
        whole = self.exchange.multi_assets
        amounts = {
            name: Fraction(balance) for name, balance in self.exchange.balances.items() if whole or name == asset
        }
        needed = Fraction(0)
        for symbol, position in self.exchange.positions.items():
            instrument = self.instruments[symbol]
            quote = instrument.quote_asset
            if quote not in amounts:
                continue
            if position.mode is MarginMode.ISOLATED:
                amounts[quote] -= Fraction(position.margin)
                continue
            qty, price = Fraction(position.qty), Fraction(prices[symbol])
            amounts[quote] += qty * (price - Fraction(position.cost) / Fraction(position.weight))
            notional = abs(qty) * price
            bracket = [one for one in instrument.brackets if one.floor <= notional][-1]
            margin = notional * Fraction(bracket.maint_margin_rate) - Fraction(bracket.cum)
            needed += margin * (Fraction(self.price(quote)) if whole else 1)
        return sum((self.worth(name, amount) if whole else amount for name, amount in amounts.items()), -needed)

    def worth(self, asset: str, amount: Fraction) -> Fraction:
        """In USD, what is there with its haircut."""
        value = amount * Fraction(self.price(asset))
        return value * Fraction(self.assets.get(asset, Collateral()).ratio) if amount > 0 else value

    def price(self, asset: str) -> Decimal:
        """Its index price."""
        return self.assets.get(asset, Collateral()).price

    def crossed(self) -> list[str]:
        """The symbols of crossed positions."""
        return [s for s, position in self.exchange.positions.items() if position.mode is MarginMode.CROSSED]


def meets(exchange: Exchange, symbol: str, price: Decimal) -> bool:
    """Whether a price is at or beyond a level that the exchange has armed for a symbol."""
    units = floor_units(price)
    return any(units >= level if up else units <= level for _, up, level in exchange.watch(symbol).levels())
