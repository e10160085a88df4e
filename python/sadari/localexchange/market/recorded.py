"""Trades that were recorded, as a tape: played as they were, with candles built from them."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain, pairwise
from typing import Literal, Protocol

from sadari.kernel import Column, fill_gaps, from_trades
from sadari.localexchange.market.tape import TRADES_PER_CANDLE, PlayedCandles, SymbolTape, Trade
from sadari.model.instrument import Instrument
from sadari.model.units import MINUTE_NS, PRICE_SCALE


class RecordedTrades(Protocol):
    """One symbol's trades in time order: times of format ``q``, all else of format ``d``."""

    @property
    def time_ns(self) -> memoryview:
        """When each was made; never decreasing."""

    @property
    def number(self) -> memoryview:
        """Their ids, rising."""

    @property
    def price(self) -> memoryview:
        """Prices."""

    @property
    def qty(self) -> memoryview:
        """Quantities, above 0."""

    @property
    def buyer_maker(self) -> memoryview:
        """1 where the seller took, else 0."""

    @property
    def begins(self) -> tuple[int, ...]:
        """The rows before which trades may be missing, the first one being 0."""


@dataclass(frozen=True, slots=True)
class RecordedCandles:
    """The minutes of recorded trades, after those that are their history.

    A minute of a file without a trade is flat; one between files is missing. ``first_row`` is the first candle that was
    built from trades; ``offsets`` says for it and each following one which trade begins it, and how many there are.
    """

    trades: RecordedTrades
    first_row: int
    offsets: array[int]
    open_time_ns: memoryview
    open: memoryview
    high: memoryview
    low: memoryview
    close: memoryview
    volume: memoryview
    quote_volume: memoryview | None
    interval_ns: int = MINUTE_NS

    @property
    def start_ns(self) -> int:
        """When the first candle opens."""
        return int(self.open_time_ns[0])

    @property
    def end_ns(self) -> int:
        """When the last candle closes."""
        return int(self.open_time_ns[-1]) + self.interval_ns


def recorded_candles(trades: RecordedTrades, history: PlayedCandles | None = None) -> RecordedCandles:
    """Build the minutes of trades.

    The first and the last minute hold what was recorded of them.

    Args:
        trades: At least one.
        history: Minutes of the same symbol; those that open before the first trade's are put in front.

    Raises:
        ValueError: The history has another interval.
    """
    if history is not None and history.interval_ns != MINUTE_NS:
        raise ValueError(f"candles of {history.interval_ns} ns cannot be the history of trades: minutes can")
    times = trades.time_ns
    first_ns, end_ns = _minute(times[0]), _minute(times[-1]) + MINUTE_NS
    sparse = from_trades(times, trades.price, trades.qty, MINUTE_NS, span=(first_ns, end_ns))
    # Between files nobody has listened, so that no trade does not mean that there was none.
    silent = [(_minute(times[row - 1]), _minute(times[row])) for row in trades.begins if row]
    listened = chain.from_iterable(
        range(earlier + MINUTE_NS, later, MINUTE_NS)
        for earlier, later in pairwise(memoryview(sparse.open_time_ns))
        if (earlier, later) not in silent
    )
    built = fill_gaps(
        sparse.open_time_ns, sparse.open, sparse.high, sparse.low, sparse.close, sparse.volume, sparse.quote_volume,
        MINUTE_NS, array("q", listened),
    )  # fmt: skip
    opens = memoryview(built.open_time_ns)
    before = 0 if history is None else bisect_left(history.open_time_ns, first_ns)

    def after(name: str, new: Column, kind: Literal["q", "d"]) -> memoryview:
        if not before:
            return memoryview(new)
        return memoryview(b"".join((getattr(history, name)[:before], memoryview(new)))).cast(kind)  # type: ignore[return-value]

    quote = built.quote_volume
    quoted = history is None or not before or history.quote_volume is not None
    return RecordedCandles(
        trades=trades,
        first_row=before,
        offsets=array("q", [*(bisect_left(times, open_ns) for open_ns in opens), len(times)]),
        open_time_ns=after("open_time_ns", built.open_time_ns, "q"),
        open=after("open", built.open, "d"),
        high=after("high", built.high, "d"),
        low=after("low", built.low, "d"),
        close=after("close", built.close, "d"),
        volume=after("volume", built.volume, "d"),
        quote_volume=after("quote_volume", quote, "d") if quote is not None and quoted else None,
    )


class RecordedTape(SymbolTape):
    """The tape of one symbol whose trades were recorded.

    Prices and quantities are those recorded. So are the numbers, if they follow one another without a gap; else they
    count on from the first. Candles of its history are drawn as on any tape.

    Args:
        symbol: Its name.
        candles: Its candles with their trades.
        instrument: Gives tick and step.
        seed: Of the whole market, for the trades of the history.
        start_ns: Where the play begins, in the candles' own time.
        shift_ns: What is added to all times.
    """

    def __init__(
        self, symbol: str, candles: RecordedCandles, instrument: Instrument, seed: int, *, start_ns: int, shift_ns: int
    ) -> None:
        super().__init__(symbol, candles, instrument, seed, start_ns=start_ns, shift_ns=shift_ns)
        self._recorded = candles
        # Numbers of the history come before the recorded ones, and are none below 1.
        self._first = max(int(candles.trades.number[0]), candles.first_row * TRADES_PER_CANDLE + 1)

    def first_number(self, row: int) -> int:
        """The number of a candle's first trade."""
        ahead = row - self._recorded.first_row
        if ahead < 0:
            return self._first + ahead * TRADES_PER_CANDLE
        offsets = self._recorded.offsets
        return self._first + offsets[min(ahead, len(offsets) - 1)]

    def draw(self, row: int) -> list[Trade]:
        """The trades of the next candle to play."""
        return self.trades(row)

    def trades(self, row: int) -> list[Trade]:
        """The trades of a candle."""
        ahead = row - self._recorded.first_row
        if ahead < 0:
            return super().trades(row)
        recorded, offsets = self._recorded.trades, self._recorded.offsets
        return [
            Trade(
                recorded.time_ns[at] + self.shift_ns,
                self.symbol,
                self._first + at,
                self._price(round(recorded.price[at] * PRICE_SCALE)),
                _written(recorded.qty[at], self.qty_decimals),
                bool(recorded.buyer_maker[at]),
            )
            for at in range(offsets[ahead], offsets[ahead + 1])
        ]


def _written(qty: float, decimals: int) -> Decimal:
    """A quantity as it was recorded, with the step's decimals or with more if it has more."""
    exact = Decimal(repr(qty))
    rounded = round(exact, decimals)
    return rounded if rounded == exact else exact


def _minute(time_ns: int) -> int:
    return time_ns - time_ns % MINUTE_NS
