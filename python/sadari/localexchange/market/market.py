"""What the market of the local exchange looks like at any moment, told by trades and times.

The mark price, the index price and the estimated settle price are the last price: there is no other market to take
an index from. The book is a model around the last trade, the same for the same trades.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple, Protocol

from sadari.localexchange.market.candles import Bar, SymbolCandles
from sadari.localexchange.market.tape import SymbolTape, Trade
from sadari.model.units import HOUR_NS, SECOND_NS

# What the exchange pays funding by where nothing else is known.
_FUNDING_NS = 8 * HOUR_NS
# A book has this many levels a side.
MOST_LEVELS = 100
# The best level holds this part of a usual candle's volume; further ones grow by half of it with each tick.
_TOP_PART = 20
# So many candles before the start say what volume is usual.
_USUAL_ROWS = 1440


class FundingRates(Protocol):
    """Funding of one symbol in time order, times of format ``q``, rates and mark prices of format ``d``."""

    @property
    def time_ns(self) -> memoryview:
        """When it is paid, in the candles' own time."""

    @property
    def rate(self) -> memoryview:
        """Fractions of the notional that longs pay."""

    @property
    def mark_price(self) -> memoryview | None:
        """Mark prices, NaN where not known; None if none is."""


NO_FUNDING: Mapping[str, FundingRates] = MappingProxyType({})


class Level(NamedTuple):
    """A price of the book and what rests there."""

    price: Decimal
    qty: Decimal


class Payment(NamedTuple):
    """A funding payment: when on the exchange's clock, at which rate, at which mark price if that is known."""

    time_ns: int
    rate: float
    mark_price: float | None


class SymbolMarket:
    """The market of one symbol."""

    def __init__(self, tape: SymbolTape, funding: FundingRates | None) -> None:
        self.tape = tape
        self.symbol = tape.symbol
        self.instrument = tape.instrument
        self.candles = SymbolCandles(tape)
        self.last: Trade | None = None
        self.book_part = Decimal(1)
        self._funding = funding
        self._tick = int(tape.instrument.tick_size.scaleb(tape.price_decimals))
        self._step = int(tape.instrument.step_size.scaleb(tape.qty_decimals))
        self._top = max(1, int(_usual_volume(tape) / float(tape.instrument.step_size)) // _TOP_PART)

    @property
    def onboard_ns(self) -> int:
        """When it was listed: with its first candle, on the exchange's clock."""
        return self.tape.candles.open_time_ns[0] + self.tape.shift_ns

    @property
    def last_price(self) -> Decimal:
        """The price of the last trade; before the first one, the close of the last candle, or the price it opens at."""
        return self._price_after(self.last)

    def _price_after(self, trade: Trade | None) -> Decimal:
        if trade is not None:
            return trade.price
        close = self.candles.close_before()
        if close is None:
            close = self.tape.candles.open[0]
        return Decimal(f"{close:.{self.tape.price_decimals}f}")

    @property
    def mark_price(self) -> Decimal:
        """The last price: see the module."""
        return self.last_price

    @property
    def has_funding(self) -> bool:
        """True if its rates are known."""
        return self._funding is not None

    @property
    def update_id(self) -> int:
        """The number of the book's state, rising with each trade."""
        return self.last.number if self.last is not None else self.tape.first_number(self.tape.start_row) - 1

    def levels(self, *, bids: bool, most: int = MOST_LEVELS) -> Iterator[Level]:
        """The book's levels from the best one: see `levels_after`."""
        return self.levels_after(self.last, bids=bids, most=most)

    def levels_after(self, trade: Trade | None, *, bids: bool, most: int = MOST_LEVELS) -> Iterator[Level]:
        """The levels after a trade from the best one: those of `ladder` as decimals."""
        for price, qty in self.ladder(trade, bids=bids, most=most):
            yield Level(Decimal(price).scaleb(-self.tape.price_decimals), Decimal(qty).scaleb(-self.tape.qty_decimals))

    def ladder(self, trade: Trade | None, *, bids: bool, most: int = MOST_LEVELS) -> Iterator[tuple[int, int]]:
        """The levels after a trade from the best one, one tick apart, growing with distance; bids end above 0.

        The last price is the best ask after a buyer took, the best bid after a seller did. Prices and quantities are
        whole numbers of the last decimal that the tick and the step are written with.
        """
        top, tick, step = self._top, self._tick, self._step
        at = int(self._price_after(trade).scaleb(self.tape.price_decimals)) // tick
        seller_took = trade is None or trade.buyer_maker
        best_bid = max(1, at if seller_took else at - 1)
        first, way = (best_bid, -1) if bids else (best_bid + 1, 1)
        spread = top // 2 + 2
        for distance in range(min(most, MOST_LEVELS, best_bid if bids else MOST_LEVELS)):
            ticks = first + way * distance
            # A little that belongs to the price, so that the sizes of a standing book differ.
            yield ticks * tick, (top + top * distance // 2 + ticks * 7919 % spread) * step

    def takeable(self, *, bids: bool) -> Iterator[Level]:
        """What an order that takes finds of the levels, on the step grid."""
        step = self.instrument.step_size
        for price, qty in self.levels(bids=bids):
            there = qty * self.book_part // step * step
            if there:
                yield Level(price, there)

    def best_bid(self) -> Level:
        """The top of the book to sell to."""
        return next(self.levels(bids=True, most=1))

    def best_ask(self) -> Level:
        """The top of the book to buy from."""
        return next(self.levels(bids=False, most=1))

    def recent(self, now_ns: int, limit: int) -> list[Trade]:
        """The last trades until now, in order; they reach back before the start of the play."""
        self.candles.advance(now_ns)
        found: list[Trade] = []
        row = min(self.candles.row, len(self.tape.candles.open_time_ns) - 1)
        while row >= 0 and len(found) < limit:
            found[:0] = [trade for trade in self.tape.trades(row) if trade.time_ns <= now_ns]
            row -= 1
        return found[-limit:]

    def trades_between(self, start_ns: int, end_ns: int, now_ns: int, limit: int) -> list[Trade]:
        """The first trades of a time, in order, none later than now."""
        self.candles.advance(now_ns)
        until = min(end_ns, now_ns)
        found: list[Trade] = []
        for row in self.candles.rows_between(start_ns - self.tape.candles.interval_ns, until + 1):
            found += [trade for trade in self.tape.trades(row) if start_ns <= trade.time_ns <= until]
            if len(found) >= limit:
                break
        return found[:limit]

    def trades_from(self, number: int, now_ns: int, limit: int) -> list[Trade]:
        """The first trades with at least this number, in order, none later than now."""
        self.candles.advance(now_ns)
        last = min(self.candles.row + 1, len(self.tape.candles.open_time_ns))
        rows = range(last)
        found: list[Trade] = []
        for row in rows[max(0, bisect_right(rows, number, key=self.tape.first_number) - 1) :]:
            found += [trade for trade in self.tape.trades(row) if trade.number >= number and trade.time_ns <= now_ns]
            if len(found) >= limit:
                break
        return found[:limit]

    def day(self, now_ns: int) -> Bar | None:
        """The last 24 hours; None if nothing was traded."""
        return self.candles.day(now_ns)

    def next_funding(self, now_ns: int) -> Payment:
        """The next payment: of the columns, else one of rate 0 at the next full eight hours."""
        row = self._funding_row(now_ns)
        if self._funding is not None and row < len(self._funding.time_ns):
            return self._payment(self._funding, row)
        return Payment(now_ns - now_ns % _FUNDING_NS + _FUNDING_NS, 0.0, None)

    def payments(self, start_ns: int | None, end_ns: int, limit: int) -> list[Payment]:
        """The payments up to a time: the first ones from a start, else the last ones; in order."""
        if self._funding is None:
            return []
        until = self._funding_row(end_ns)
        first = 0 if start_ns is None else self._funding_row(start_ns - 1)
        rows = range(first, until)
        return [self._payment(self._funding, row) for row in (rows[:limit] if start_ns is not None else rows[-limit:])]

    def _funding_row(self, time_ns: int) -> int:
        """The first payment later than a time."""
        if self._funding is None:
            return 0
        # The exchange stamps payments some milliseconds after the hour; they are due on it.
        own_ns = time_ns - self.tape.shift_ns
        return bisect_left(self._funding.time_ns, own_ns - own_ns % SECOND_NS + SECOND_NS)

    def _payment(self, funding: FundingRates, row: int) -> Payment:
        time_ns = funding.time_ns[row]
        mark = None if funding.mark_price is None else funding.mark_price[row]
        known = None if mark is None or mark != mark else mark  # noqa: PLR0124 - a NaN is unequal to itself
        return Payment(time_ns - time_ns % SECOND_NS + self.tape.shift_ns, funding.rate[row], known)


def _usual_volume(tape: SymbolTape) -> float:
    # Where nothing lies before the start, what comes after it has to say how much there usually is.
    first = max(0, tape.start_row - _USUAL_ROWS)
    known = tape.candles.volume[first : tape.start_row or _USUAL_ROWS]
    return float(sum(known)) / len(known) if len(known) else 0.0


class Market:
    """The markets of all symbols at one time.

    Args:
        tapes: One for each symbol, all with one shift.
        start_ns: Where the play begins, in the candles' own time.
        shift_ns: What is added to all times; a multiple of the candles' interval.
        funding: By symbol; without it the rate is 0.

    Raises:
        ValueError: The shift would move candles off their grid.
    """

    def __init__(
        self,
        tapes: Iterable[SymbolTape],
        start_ns: int,
        shift_ns: int = 0,
        funding: Mapping[str, FundingRates] = NO_FUNDING,
    ) -> None:
        self.symbols = {tape.symbol: SymbolMarket(tape, funding.get(tape.symbol)) for tape in tapes}
        self.now_ns = start_ns + shift_ns
        for one in self.symbols.values():
            if shift_ns % one.tape.candles.interval_ns:
                raise ValueError(f"a shift of {shift_ns} ns is no multiple of the interval of {one.symbol}")

    def on_trade(self, trade: Trade) -> None:
        """Take the next trade of the tape."""
        one = self.symbols[trade.symbol]
        one.last = trade
        one.candles.on_trade(trade)
        self.now_ns = trade.time_ns

    def on_time(self, time_ns: int) -> None:
        """Let the market's time come; it never goes back."""
        self.now_ns = max(self.now_ns, time_ns)
