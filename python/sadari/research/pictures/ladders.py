"""Each position's ladder on its candles, in columns: small enough for thousands of positions in one page.

Prices are counted from the open of a position's first candle, in steps of its symbol's last decimal; lines that are
means or products (the average, stops, rungs) in tenths of that step. Fills are timed from the first one, everything
else from the last fill before it: what follows a fill follows it after the same few milliseconds each time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from decimal import Decimal

from sadari.model.order import Direction
from sadari.model.plan import Settings
from sadari.model.units import MILLISECOND_NS, SECOND_NS
from sadari.research.pictures.columns import Columns
from sadari.research.pictures.prices import Prices, Stretch, interval_for
from sadari.research.pictures.tracks import RESTING, Track

# All positions together have about this many candles; one has no more than MOST and no fewer than FEWEST.
CANDLES = 150_000
MOST, FEWEST = 180, 15
# A stretch begins before the entry and ends after the exit by this share of the time between, or by two candles.
AROUND = 4

COLUMNS = (
    "start", "base", "decimals", "interval", "candles", "fills", "averages", "stops", "rungs", "rests",
    "candle_skip", "candle_open", "candle_high", "candle_low", "candle_close",
    "fill_time", "fill_price", "fill_qty", "fill_places", "fill_label", "fill_opens",
    "average_fill", "average_time", "average_price", "stop_fill", "stop_time", "stop_price",
    "rung_number", "rung_price", "rung_armed",
    "rest_kind", "rest_price", "from_fill", "from_time", "until_fill", "until_time",
)  # fmt: skip


def most_candles(positions: int) -> int:
    """How many candles a position's picture may have, where there are so many positions."""
    return min(max(CANDLES // max(positions, 1), FEWEST), MOST)


class Ladders:
    """Collects the columns, position by position."""

    def __init__(self, tracks: Sequence[Track], prices: Mapping[str, Prices], settings: Settings, end_ns: int) -> None:
        self._prices = prices
        self._settings = settings
        self._end_ns = end_ns
        self._most = most_candles(len(tracks))
        self._labels: dict[str, int] = {}
        self._kinds = {kind: place for place, kind in enumerate(RESTING.values())}
        self._columns: dict[str, list[int]] = {name: [] for name in COLUMNS}
        self._candles: list[Stretch] = []
        for track in tracks:
            self._add(track)

    def put(self, columns: Columns) -> None:
        """Hand all columns over."""
        for name, values in self._columns.items():
            columns.put(name, values)
        columns.notes["labels"] = list(self._labels)
        columns.notes["kinds"] = list(self._kinds)
        columns.notes["most"] = self._most

    def _add(self, track: Track) -> None:
        prices, put = self._prices.get(track.life.symbol), self._columns
        opened_ns = track.life.opened_ns
        if prices is None or opened_ns is None:
            for name in COLUMNS[:10]:
                put[name].append(0)
            return
        stretch = self._stretch(prices, opened_ns, track.life.closed_ns or self._end_ns)
        base = int(stretch.open[0]) if len(stretch.number) else 0
        put["start"].append(int(stretch.number[0] * stretch.interval_ns // SECOND_NS) if len(stretch.number) else 0)
        put["base"].append(base)
        put["decimals"].append(prices.decimals)
        put["interval"].append(stretch.interval_ns // SECOND_NS)
        self._draw(stretch, base)
        self._fills(track, base, prices.decimals, opened_ns)
        self._lines(track, base, prices.decimals, opened_ns)

    def _stretch(self, prices: Prices, opened_ns: int, closed_ns: int) -> Stretch:
        around_ns = max((closed_ns - opened_ns) // AROUND, 2 * prices.interval_ns)
        from_ns, until_ns = opened_ns - around_ns, closed_ns + around_ns
        # One fewer than allowed, because a stretch may begin and end inside an interval.
        return prices.stretch(
            from_ns, until_ns, interval_for(until_ns - from_ns, self._most - 1, prices.interval_ns)
        )  # fmt: skip

    def _draw(self, stretch: Stretch, base: int) -> None:
        import numpy as np

        put, number = self._columns, stretch.number
        put["candles"].append(len(number))
        if not len(number):
            return
        opened, closed = stretch.open, stretch.close
        put["candle_skip"] += np.diff(number, prepend=number[0] - 1).tolist()
        put["candle_open"] += (opened - np.concatenate(([base], closed[:-1]))).tolist()
        put["candle_high"] += (stretch.high - np.maximum(opened, closed)).tolist()
        put["candle_low"] += (np.minimum(opened, closed) - stretch.low).tolist()
        put["candle_close"] += (closed - opened).tolist()

    def _fills(self, track: Track, base: int, decimals: int, opened_ns: int) -> None:
        put = self._columns
        put["fills"].append(len(track.fills))
        for fill in track.fills:
            places = max(-int(fill.qty.normalize().as_tuple().exponent), 0)
            put["fill_time"].append((fill.time_ns - opened_ns) // MILLISECOND_NS)
            put["fill_price"].append(round(fill.price * 10**decimals) - base)
            put["fill_qty"].append(int(fill.qty.scaleb(places)))
            put["fill_places"].append(places)
            put["fill_label"].append(self._labels.setdefault(fill.label, len(self._labels)))
            put["fill_opens"].append(int(fill.opens))

    def _lines(self, track: Track, base: int, decimals: int, opened_ns: int) -> None:
        put = self._columns
        filled = [fill.time_ns for fill in track.fills]

        def after_fill(name: str, time_ns: int) -> None:
            number = max(bisect_right(filled, time_ns) - 1, 0)
            put[f"{name}_fill"].append(number)
            filled_ns = filled[number] if filled else opened_ns
            since_ms = (filled_ns - opened_ns) // MILLISECOND_NS
            put[f"{name}_time"].append((time_ns - opened_ns) // MILLISECOND_NS - since_ms)

        def tenths(price: float | Decimal) -> int:
            return round(float(price) * 10.0 ** (decimals + 1)) - 10 * base

        for name, line in (("average", track.average), ("stop", track.stop)):
            held = [(time_ns, price) for time_ns, price in line if price is not None]
            put[f"{name}s"].append(len(held))
            for time_ns, price in held:
                after_fill(name, time_ns)
                put[f"{name}_price"].append(tenths(price))
        rungs = self._rungs(track)
        put["rungs"].append(len(rungs))
        for number, price, armed in rungs:
            put["rung_number"].append(number)
            put["rung_price"].append(tenths(price))
            put["rung_armed"].append(int(armed))
        put["rests"].append(len(track.resting))
        for resting in track.resting:
            put["rest_kind"].append(self._kinds[resting.kind])
            put["rest_price"].append(tenths(resting.price))
            after_fill("from", resting.from_ns)
            after_fill("until", self._end_ns if resting.until_ns is None else resting.until_ns)

    def _rungs(self, track: Track) -> list[tuple[int, float, bool]]:
        """Each rung with its price: the armed level where it was armed, else what the plan makes of the entry."""
        entries = [fill for fill in track.fills if fill.label == "entry"]
        if track.life.direction is None or not entries or not track.climbs:
            return []
        qty = sum((fill.qty for fill in entries), Decimal(0))
        value = sum((Decimal(str(fill.price)) * fill.qty for fill in entries), Decimal(0))
        sign = 1 if track.life.direction is Direction.LONG else -1
        planned: list[tuple[int, float, bool]] = []
        for number, trigger in enumerate(self._settings.ladder_of(track.life.strategy).dca_trigger, 1):
            armed = track.rungs.get(f"rung{number}")
            price = float(value / qty * (1 - sign * trigger)) if armed is None else armed
            planned.append((number, price, armed is not None))
        return planned
