"""The equity of a finished run over time, from its own records: a statistic, hence in floats.

It is taken after the run, from the fills and the wallet's bookings, so that a run itself costs per decision.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from heapq import merge
from typing import NamedTuple

from sadari.exchange import Income
from sadari.model.command import Command
from sadari.model.event import AccountUpdated, Event
from sadari.model.units import PRICE_SCALE
from sadari.venue.port import Market

SAMPLES = 10_000


class Held(NamedTuple):
    """A position from a time on: signed quantity and average entry price."""

    qty: float
    entry_price: float


def equity_samples(
    traded: Sequence[Market],
    records: Iterable[Event | Command],
    balance: Decimal,
    income: Sequence[Income],
    start_ns: int,
    end_ns: int,
    most: int = SAMPLES,
) -> list[tuple[int, float]]:
    """Wallet balance plus unrealized PnL at evenly spread candle closes, at the end, and right after every fill.

    Returns:
        (time_ns, equity) in time order; of several changes at one instant the state after the last.
    """
    changes = list(position_changes(records))
    fills = sorted({time_ns for time_ns, _, _ in changes})
    interval_ns = min(market.candles.interval_ns for market in traded)
    closes = range(start_ns, end_ns + 1, interval_ns * max(1, -(-(end_ns - start_ns) // interval_ns // most)))
    prices = {market.symbol: market.history.price_at for market in traded}
    wallet = _Wallet(float(balance), income)
    held: dict[str, Held] = {}
    samples: list[tuple[int, float]] = []
    row = 0
    for time_ns in merge(closes, fills, [end_ns]):
        if samples and samples[-1][0] == time_ns:
            continue
        while row < len(changes) and changes[row][0] <= time_ns:
            _, symbol, position = changes[row]
            row += 1
            if position.qty:
                held[symbol] = position
            else:
                held.pop(symbol, None)
        samples.append((time_ns, wallet.at(time_ns) + unrealized(held, prices, time_ns)))
    return samples


def position_changes(records: Iterable[Event | Command]) -> Iterable[tuple[int, str, Held]]:
    """Each change of a position as the venue reported it."""
    for record in records:
        if isinstance(record, AccountUpdated):
            for position in record.positions:
                yield record.time_ns, position.symbol, Held(float(position.qty), float(position.entry_price))


def unrealized(held: Mapping[str, Held], prices: Mapping[str, Callable[[int], int]], time_ns: int) -> float:
    """PnL of all positions at the last prices."""
    pnl = 0.0
    for symbol, position in held.items():
        pnl += position.qty * (prices[symbol](time_ns) / PRICE_SCALE - position.entry_price)
    return pnl


class _Wallet:
    """The wallet balance at any time."""

    def __init__(self, balance: float, income: Sequence[Income]) -> None:
        self._times = [entry.time_ns for entry in income]
        self._balances = [balance]
        for entry in income:
            self._balances.append(self._balances[-1] + float(entry.amount))

    def at(self, time_ns: int) -> float:
        return self._balances[bisect_right(self._times, time_ns)]
