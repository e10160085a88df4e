"""The trades that the local exchange plays, drawn candle by candle; a run over history sees the same ones."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from decimal import Decimal
from heapq import heapify, heappop, heappush, heapreplace
from typing import NamedTuple, Protocol

from sadari.kernel import expand
from sadari.model.instrument import Instrument
from sadari.model.seeds import own_seed
from sadari.model.units import PRICE_DECIMALS, PRICE_SCALE, decimals, floor_units
from sadari.sensors.signals import Candles

# The kernel draws at most this many from a candle. Candles from before the start are taken to have had as many.
TRADES_PER_CANDLE = 16


class PlayedCandles(Candles, Protocol):
    """Columns of candles that also say what was paid."""

    @property
    def quote_volume(self) -> memoryview | None:
        """Quote volumes; None if the source has none."""


class Trade(NamedTuple):
    """One trade of the tape.

    Attributes:
        time_ns: On the exchange's clock, so with the shift.
        symbol: Whose trade it is.
        number: The trade id, consecutive from the start for each symbol.
        price: With the tick's decimals.
        qty: With the step's decimals, never 0.
        buyer_maker: True if the price fell, so that the seller took.
    """

    time_ns: int
    symbol: str
    number: int
    price: Decimal
    qty: Decimal
    buyer_maker: bool


class SymbolTape:
    """The tape of one symbol: any candle's trades, and the numbers of those drawn since the start.

    Args:
        symbol: Its name.
        candles: Its candles, closed ones from before the start and those to be played.
        instrument: Gives tick and step.
        seed: Of the whole market; the symbol's own one follows from it.
        start_ns: Where the play begins, in the candles' own time; candles opened before are history.
        shift_ns: What is added to all times.
    """

    def __init__(
        self, symbol: str, candles: PlayedCandles, instrument: Instrument, seed: int, *, start_ns: int, shift_ns: int
    ) -> None:
        self.symbol = symbol
        self.candles = candles
        self.instrument = instrument
        self.shift_ns = shift_ns
        self.start_row = bisect_left(candles.open_time_ns, start_ns)
        self.price_decimals = decimals(instrument.tick_size)
        self.qty_decimals = decimals(instrument.step_size)
        self._seed = own_seed(seed, symbol)
        self._tick_units = floor_units(instrument.tick_size)
        self._price_scale = 10 ** max(0, PRICE_DECIMALS - self.price_decimals)
        self._step = int(instrument.step_size.scaleb(self.qty_decimals))
        self._step_size = float(instrument.step_size)
        self._firsts = array("q", [self.start_row * TRADES_PER_CANDLE + 1])

    def first_number(self, row: int) -> int:
        """The number of a candle's first trade; of a candle not drawn yet, the next number."""
        ahead = row - self.start_row
        if ahead < 0:
            return row * TRADES_PER_CANDLE + 1
        return self._firsts[min(ahead, len(self._firsts) - 1)]

    @property
    def next_row(self) -> int:
        """The candle that is drawn next; none of it has been told."""
        return self.start_row + len(self._firsts) - 1

    def draw(self, row: int) -> list[Trade]:
        """The trades of the next candle to play, which are numbered by that."""
        trades = self.trades(row)
        self._firsts.append(self._firsts[-1] + len(trades))
        return trades

    def trades(self, row: int) -> list[Trade]:
        """The trades of a candle; a flat candle without volume had none."""
        columns = self.candles
        open_, high, low, close = columns.open[row], columns.high[row], columns.low[row], columns.close[row]
        volume = columns.volume[row]
        if volume <= 0 and high == low:
            return []
        drawn = expand(
            self._seed,
            columns.open_time_ns[row],
            columns.interval_ns,
            round(open_ * PRICE_SCALE),
            round(high * PRICE_SCALE),
            round(low * PRICE_SCALE),
            round(close * PRICE_SCALE),
            volume,
            self._tick_units,
        )
        return self._told(drawn, self.first_number(row), columns.close[row - 1] if row else open_)

    def _told(self, drawn: list[tuple[int, int, float]], number: int, before: float) -> list[Trade]:
        trades = []
        previous, fell = round(before * PRICE_SCALE), False
        wanted, given = 0.0, 0
        for number_, (time_ns, units, share) in enumerate(drawn, number):
            wanted += share
            # Rounding the running sum keeps the candle's volume; no trade is left without a step.
            steps = max(1, round(wanted / self._step_size) - given)
            given += steps
            fell = units < previous if units != previous else fell
            previous = units
            trades.append(
                Trade(
                    time_ns + self.shift_ns,
                    self.symbol,
                    number_,
                    self._price(units),
                    Decimal(steps * self._step).scaleb(-self.qty_decimals),
                    fell,
                )
            )
        return trades

    def _price(self, units: int) -> Decimal:
        ticks, rest = divmod(units, self._price_scale)
        # Old prices may lie between today's ticks; they are told as they were.
        return Decimal(units).scaleb(-PRICE_DECIMALS) if rest else Decimal(ticks).scaleb(-self.price_decimals)


class Tape:
    """The trades of all symbols from the start, in order of time and then symbol.

    Attributes:
        last: Symbols whose trades come after those of all others, where they are made at one time.
    """

    def __init__(self, symbols: Iterable[SymbolTape]) -> None:
        self.last: frozenset[str] = frozenset()
        self._symbols = {one.symbol: one for one in symbols}
        self._rows = {name: one.start_row for name, one in self._symbols.items()}
        self._drawn: dict[str, list[Trade]] = {}
        self._next: list[Trade] = []
        self._visits: list[Trade] = []
        self._visited: dict[str, int] = {}
        self._last = {name: one.first_number(one.start_row) - 1 for name, one in self._symbols.items()}
        for name in self._symbols:
            first = self._following(name)
            if first is not None:
                self._next.append(first)
        heapify(self._next)

    def next_ns(self) -> int | None:
        """The time of the next trade, with the shift; None at the end."""
        ahead = [trades[0].time_ns for trades in (self._next, self._visits) if trades]
        return min(ahead, default=None)

    def visit(self, symbol: str, time_ns: int, price: Decimal) -> None:
        """Play one more trade, of one step, unless the symbol trades then anyway; all later ones are numbered after it.

        Between two trades of a candle the price is on its way from one to the other: who looks at it there sees this.
        """
        if any(one.symbol == symbol and one.time_ns == time_ns for one in (*self._next, *self._visits)):
            return
        one = self._symbols[symbol]
        heappush(self._visits, Trade(time_ns, symbol, 0, price, one.instrument.step_size, buyer_maker=False))

    def pop(self) -> Trade:
        """The next trade.

        Raises:
            IndexError: The tape has ended.
        """
        first = self._first()
        if first in self._visits:
            self._visits.remove(first)
            heapify(self._visits)
            self._visited[first.symbol] = self._visited.get(first.symbol, 0) + 1
            return first._replace(number=self._last.get(first.symbol, 0) + self._visited[first.symbol])
        self._take(first)
        self._last[first.symbol] = first.number
        later = self._visited.get(first.symbol)
        return first if later is None else first._replace(number=first.number + later)

    def _first(self) -> Trade:
        if not self._visits and not self.last:
            return self._next[0]
        first = min((self._visits or self._next)[0], (self._next or self._visits)[0])
        if first.symbol not in self.last:
            return first
        together = (one for one in (*self._next, *self._visits) if one.time_ns == first.time_ns)
        return min((one for one in together if one.symbol not in self.last), default=first)

    def _take(self, trade: Trade) -> None:
        """Let the next trade of its symbol take the place of a trade."""
        following = self._following(trade.symbol)
        if trade is self._next[0]:
            if following is None:
                heappop(self._next)
            else:
                heapreplace(self._next, following)
            return
        self._next.remove(trade)
        if following is not None:
            self._next.append(following)
        heapify(self._next)

    def _following(self, symbol: str) -> Trade | None:
        drawn = self._drawn.get(symbol)
        if drawn:
            return drawn.pop()
        one, row = self._symbols[symbol], self._rows[symbol]
        while row < len(one.candles.open_time_ns):
            trades = one.draw(row)
            row += 1
            if trades:
                self._rows[symbol] = row
                trades.reverse()
                self._drawn[symbol] = trades
                return trades.pop()
        self._rows[symbol] = row
        return None
