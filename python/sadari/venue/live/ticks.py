"""Trades of what is followed: the exchange's levels first where it is a model of ours, then the engine's."""

from __future__ import annotations

from decimal import Decimal

from sadari.venue.live.market_clock import MarketClock
from sadari.venue.live.orders.trading import Trading
from sadari.venue.live.watches import Watches


class Ticks:
    """Takes each trade within the call that brings it.

    Args:
        clock: Told the time of each.
        trading: Told each trade where it meets them itself.
        watches: The engine's levels.
    """

    def __init__(self, clock: MarketClock, trading: Trading, watches: Watches) -> None:
        self._prices: dict[str, str] = {}
        self._clock = clock
        self._trading = trading
        self._meets = trading.meets_trades
        self._watches = watches

    def trade(self, symbol: str, price: float, text: str, time_ns: int, _trade_id: int) -> None:
        """Take a trade: its price as a float and as it was written."""
        self._clock.see(time_ns)
        self._prices[symbol] = text
        if self._meets:
            self._trading.trade(symbol, price, time_ns)
        self._watches.tick(symbol, price, time_ns)

    def forget(self, symbol: str) -> None:
        """Trades of a symbol are followed anew: its price is not that of one from before."""
        self._prices.pop(symbol, None)

    def price(self, symbol: str) -> Decimal | None:
        """The last price of a symbol, None if none came yet."""
        known = self._prices.get(symbol)
        return None if known is None else Decimal(known)
