"""The equity of a finished run over time, from its own records: a statistic, hence in floats.

It is taken after the run, from what the venue said of the account, so that a run itself costs per decision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

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
    traded: Sequence[Market], records: Iterable[Event | Command], start_ns: int, end_ns: int, most: int = SAMPLES
) -> list[tuple[int, float]]:
    """Wallet balance plus unrealized PnL at evenly spread candle closes, at the end, and after every change.

    Returns:
        (time_ns, equity) in time order; of several changes at one instant the state after the last.
    """
    interval_ns = min(market.candles.interval_ns for market in traded)
    step_ns = interval_ns * max(1, -(-(end_ns - start_ns) // interval_ns // most))
    prices = {market.symbol: market.history.price_at for market in traded}
    updates = (record for record in records if isinstance(record, AccountUpdated))
    samples: list[tuple[int, float]] = []
    held: dict[str, Held] = {}
    wallet, close_ns = 0.0, start_ns

    def sample(times: Iterable[int]) -> None:
        samples.extend((time_ns, wallet + unrealized(held, prices, time_ns)) for time_ns in times)

    # Between two updates neither the wallet nor a position changes.
    for time_ns, together in groupby(updates, attrgetter("time_ns")):
        closes = range(close_ns, time_ns, step_ns)
        sample(closes)
        close_ns += step_ns * (len(closes) + ((time_ns - close_ns) % step_ns == 0))
        for update in together:
            wallet = float(update.wallet_balance)
            for position in update.positions:
                held[position.symbol] = Held(float(position.qty), float(position.entry_price))
                if not position.qty:
                    del held[position.symbol]
        sample([time_ns])
    sample(range(close_ns, end_ns, step_ns))
    if not samples or samples[-1][0] < end_ns:
        sample([end_ns])
    return samples


def unrealized(held: Mapping[str, Held], prices: Mapping[str, Callable[[int], int]], time_ns: int) -> float:
    """PnL of all positions at the last prices."""
    pnl = 0.0
    for symbol, (qty, entry_price) in held.items():
        pnl += qty * (prices[symbol](time_ns) / PRICE_SCALE - entry_price)
    return pnl
