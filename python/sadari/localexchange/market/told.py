"""The market's values as the texts and milliseconds that answers and streams share."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from sadari.binance.numbers import plain
from sadari.localexchange.market.candles import Bar
from sadari.localexchange.market.market import MOST_LEVELS, SymbolMarket
from sadari.localexchange.market.tape import Trade
from sadari.model.units import MILLISECOND_NS

# Mark and index prices and rates have eight decimals whatever the tick.
_WIDE = ".8f"


class Day:
    """The last 24 hours of a symbol in the exchange's words; all prices are the last one where nothing was traded."""

    def __init__(self, one: SymbolMarket, now_ns: int) -> None:
        bar = one.day(now_ns)
        last = one.last_price
        open_, high, low = (bar.open, bar.high, bar.low) if bar else (last, last, last)
        volume, quote = (bar.volume, bar.quote_volume) if bar else (0.0, 0.0)
        change = float(last) - float(open_)
        self.last = plain(last)
        self.last_qty = plain(one.last.qty) if one.last is not None else quantity(one, 0)
        self.change = price(one, change)
        self.percent = f"{change / float(open_) * 100:.3f}"
        self.average = price(one, quote / volume if volume else last)
        self.open, self.high, self.low = price(one, open_), price(one, high), price(one, low)
        self.volume, self.quote_volume = quantity(one, volume), quoted(one, quote)
        self.first_id, self.last_id = (bar.first, bar.last) if bar else (-1, -1)
        self.count = bar.trade_count if bar else 0
        self.open_ms, self.close_ms = (bar.open_ns // MILLISECOND_NS if bar else ms(now_ns)), ms(now_ns)


def ms(time_ns: int) -> int:
    """Nanoseconds as the exchange's milliseconds, cut."""
    return time_ns // MILLISECOND_NS


def price(one: SymbolMarket, value: float | Decimal) -> str:
    """A price with the tick's decimals."""
    return f"{value:.{one.tape.price_decimals}f}"


def quantity(one: SymbolMarket, value: float) -> str:
    """A quantity with the step's decimals."""
    return f"{value:.{one.tape.qty_decimals}f}"


def quoted(one: SymbolMarket, value: float) -> str:
    """An amount of the quote asset with the decimals of price times quantity."""
    return f"{value:.{one.tape.price_decimals + one.tape.qty_decimals}f}"


def wide(value: float | Decimal) -> str:
    """A mark price or rate with eight decimals."""
    return format(value, _WIDE)


def rate(value: float, *, known: bool) -> str:
    """A funding rate; ``0`` where there is none."""
    return wide(value) if known else "0"


def levels(one: SymbolMarket, trade: Trade | None, *, bids: bool, most: int = MOST_LEVELS) -> list[tuple[str, str]]:
    """The book after a trade as texts of price and quantity, from the best level."""
    return levels_of(one, one.ladder(trade, bids=bids, most=most))


def levels_of(one: SymbolMarket, ladder: Iterable[tuple[int, int]]) -> list[tuple[str, str]]:
    """Whole numbers of a ladder as texts of price and quantity."""
    price_decimals, qty_decimals = one.tape.price_decimals, one.tape.qty_decimals
    return [(_written(price, price_decimals), _written(qty, qty_decimals)) for price, qty in ladder]


def _written(value: int, decimals: int) -> str:
    """A whole number with a decimal point before its last digits."""
    if decimals == 0:
        return str(value)
    digits = str(value).zfill(decimals + 1)
    return f"{digits[:-decimals]}.{digits[-decimals:]}"


def taker_buys(one: SymbolMarket, bar: Bar) -> tuple[str, str]:
    """What buyers took of a candle, base and quote: half, because a candle does not say."""
    return quantity(one, bar.volume / 2), quoted(one, bar.quote_volume / 2)


def row(one: SymbolMarket, bar: Bar, *, traded: bool = True) -> list[int | str]:
    """A candle as klines lists it; of a price that is not traded, without volumes."""
    base, quote = taker_buys(one, bar) if traded else ("0", "0")
    return [
        ms(bar.open_ns),
        price(one, bar.open),
        price(one, bar.high),
        price(one, bar.low),
        price(one, bar.close),
        quantity(one, bar.volume) if traded else "0",
        ms(bar.end_ns) - 1,
        quoted(one, bar.quote_volume) if traded else "0",
        bar.trade_count,
        base,
        quote,
        "0",
    ]
