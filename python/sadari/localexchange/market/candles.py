"""Candles of every interval, built from one symbol's columns and the candle that is being played."""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, datetime
from typing import NamedTuple

from sadari.localexchange.market.tape import SymbolTape, Trade
from sadari.model.units import DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS

_FIXED = {
    "1m": MINUTE_NS, "3m": 3 * MINUTE_NS, "5m": 5 * MINUTE_NS, "15m": 15 * MINUTE_NS, "30m": 30 * MINUTE_NS,
    "1h": HOUR_NS, "2h": 2 * HOUR_NS, "4h": 4 * HOUR_NS, "6h": 6 * HOUR_NS, "8h": 8 * HOUR_NS, "12h": 12 * HOUR_NS,
    "1d": DAY_NS, "3d": 3 * DAY_NS, "1w": 7 * DAY_NS,
}  # fmt: skip
INTERVALS = (*_FIXED, "1M")

# The epoch was a Thursday and weeks begin on Mondays.
_MONDAY_NS = 4 * DAY_NS


class Bar(NamedTuple):
    """One candle of any interval, from ``open_ns`` inclusive to ``end_ns`` exclusive, with the ids of its trades."""

    open_ns: int
    end_ns: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    quote_volume: float
    first: int
    last: int

    @property
    def trade_count(self) -> int:
        """How many trades it has."""
        return self.last - self.first + 1


def frame(interval: str, time_ns: int) -> tuple[int, int]:
    """Where the candle that holds a time begins and ends.

    Source: the exchange's weeks begin on Mondays, its months on the first, in UTC.
    """
    if interval == "1M":
        day = datetime.fromtimestamp(time_ns // SECOND_NS, UTC).replace(day=1, hour=0, minute=0, second=0)
        following = day.replace(year=day.year + day.month // 12, month=day.month % 12 + 1)
        return int(day.timestamp()) * SECOND_NS, int(following.timestamp()) * SECOND_NS
    length = _FIXED[interval]
    start = time_ns - (time_ns - (_MONDAY_NS if interval == "1w" else 0)) % length
    return start, start + length


def _joined(one: Bar | None, other: Bar | None) -> Bar | None:
    """An earlier and a later part of one candle."""
    if one is None or other is None:
        return one or other
    return Bar(
        one.open_ns,
        one.end_ns,
        one.open,
        max(one.high, other.high),
        min(one.low, other.low),
        other.close,
        one.volume + other.volume,
        one.quote_volume + other.quote_volume,
        one.first,
        other.last,
    )


class SymbolCandles:
    """The candles of one symbol as far as the play has come: closed rows of the columns, and the candle in play.

    All times are the exchange's, so with the shift. A candle that has closed is the row of the columns.
    """

    def __init__(self, tape: SymbolTape) -> None:
        self.tape = tape
        self._times = tape.candles.open_time_ns
        self._interval_ns = tape.candles.interval_ns
        self._shift_ns = tape.shift_ns
        self.row = tape.start_row
        self.row_end_ns = 0
        self._playing: Bar | None = None
        self._parts: dict[str, tuple[int, int, Bar | None]] = {}
        self._day_part: tuple[int, Bar | None] = (-1, None)
        self._set_end()

    def advance(self, time_ns: int) -> None:
        """Close what has ended by a time."""
        while time_ns >= self.row_end_ns and self.row < len(self._times):
            self.row += 1
            self._playing = None
            self._set_end()

    def on_trade(self, trade: Trade) -> None:
        """Take a trade into the candle in play."""
        if trade.time_ns >= self.row_end_ns:
            self.advance(trade.time_ns)
        price, qty = float(trade.price), float(trade.qty)
        old = self._playing
        if old is None:
            start = self.row_end_ns - self._interval_ns
            number = trade.number
            self._playing = Bar(start, self.row_end_ns, price, price, price, price, qty, price * qty, number, number)
            return
        self._playing = Bar(
            old.open_ns,
            old.end_ns,
            old.open,
            max(old.high, price),
            min(old.low, price),
            price,
            old.volume + qty,
            old.quote_volume + price * qty,
            old.first,
            trade.number,
        )

    def bars(
        self, interval: str, now_ns: int, *, start_ns: int | None = None, end_ns: int | None = None, limit: int = 500
    ) -> list[Bar]:
        """Candles in time order that open within the times given, the last of them unfinished.

        With a start the first ones from there, else the last ones. Times without a trade have no candle.
        """
        self.advance(now_ns)
        last_ns = now_ns if end_ns is None else min(now_ns, end_ns)
        if not self._known() or (start_ns is not None and start_ns > last_ns):
            return []
        first_ns = frame(interval, self._times[0] + self._shift_ns)[0]
        found: list[Bar] = []
        if start_ns is None:
            at = last_ns
            while len(found) < limit and at >= first_ns:
                bar = self._bar(*frame(interval, at))
                found += [bar] if bar else []
                at = frame(interval, at)[0] - 1
            return found[::-1]
        start, end = frame(interval, max(start_ns, first_ns))
        if start < start_ns:
            start, end = frame(interval, end)
        while len(found) < limit and start <= last_ns:
            bar = self._bar(start, end)
            found += [bar] if bar else []
            start, end = frame(interval, end)
        return found

    def current(self, interval: str, now_ns: int) -> Bar | None:
        """The unfinished candle at a time; None without a trade in it. What has closed is added up once."""
        self.advance(now_ns)
        start, end = frame(interval, now_ns)
        known_start, known_row, part = self._parts.get(interval, (-1, 0, None))
        if known_start != start:
            known_row, part = self._row_at(start), None
        if known_row < self.row:
            part = _joined(part, self._rows(start, end, known_row, self.row))
        self._parts[interval] = (start, self.row, part)
        return _joined(part, self._in_play(start, end))

    def closed(self, interval: str, end_ns: int) -> Bar | None:
        """The candle that ends at a time; None if it had no trade."""
        self.advance(end_ns)
        return self._bar(*frame(interval, end_ns - 1))

    def day(self, now_ns: int) -> Bar | None:
        """The last 24 hours, by whole minutes and the candle in play; None if nothing was traded."""
        self.advance(now_ns)
        # By the clock, not by the row in play: where candles are missing, that one lies far ahead.
        end = now_ns - now_ns % self._interval_ns + self._interval_ns
        start = end - DAY_NS
        if self._day_part[0] != end:
            self._day_part = (end, self._rows(start, end, self._row_at(start), min(self._row_at(end), self.row)))
        part = self._day_part[1]
        return _joined(part, self._in_play(start, end))

    def close_before(self) -> float | None:
        """The close of the last closed candle, None if there is none."""
        return float(self.tape.candles.close[self.row - 1]) if self.row else None

    def rows_between(self, start_ns: int, end_ns: int) -> range:
        """The rows opened in a time that have begun to be played."""
        last = min(self._row_at(end_ns), self.row + 1, len(self._times))
        return range(self._row_at(start_ns), last)

    def _known(self) -> bool:
        return len(self._times) > 0 and (self.row > 0 or self._playing is not None)

    def _set_end(self) -> None:
        rows = len(self._times)
        at = min(self.row, rows - 1)
        self.row_end_ns = self._times[at] + self._interval_ns + self._shift_ns if rows else 0

    def _row_at(self, time_ns: int) -> int:
        return bisect_left(self._times, time_ns - self._shift_ns)

    def _bar(self, start_ns: int, end_ns: int) -> Bar | None:
        until = min(self._row_at(end_ns), self.row)
        return _joined(self._rows(start_ns, end_ns, self._row_at(start_ns), until), self._in_play(start_ns, end_ns))

    def _in_play(self, start_ns: int, end_ns: int) -> Bar | None:
        playing = self._playing
        if playing is None or not start_ns <= playing.open_ns < end_ns:
            return None
        return playing._replace(open_ns=start_ns, end_ns=end_ns)

    def _rows(self, start_ns: int, end_ns: int, first: int, until: int) -> Bar | None:
        if first >= until:
            return None
        columns = self.tape.candles
        volume = columns.volume[first:until]
        if columns.quote_volume is None:
            quote = sum(map(float.__mul__, volume, columns.close[first:until]))
        else:
            quote = sum(columns.quote_volume[first:until])
        return Bar(
            start_ns,
            end_ns,
            columns.open[first],
            max(columns.high[first:until]),
            min(columns.low[first:until]),
            columns.close[until - 1],
            sum(volume),
            quote,
            self.tape.first_number(first),
            self.tape.first_number(until) - 1,
        )
