"""The market and the ladder that backtests are compared on."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np

from sadari.model.order import SizingBasis, TechExit
from sadari.model.plan import Fees, Ladder, Settings
from sadari.model.units import MINUTE_NS
from sadari.run.settings.request import Request, SignalSection
from tests.reference.tapes import INSTRUMENT

MILLION = 1_000_000
START_NS = 1_640_995_200 * 1_000_000_000  # 2022-01-01 00:00 UTC
SYMBOL = "BTCUSDT"


@dataclass(frozen=True)
class Candles:
    """Columns of one symbol's minutes."""

    open_time_ns: memoryview
    open: memoryview
    high: memoryview
    low: memoryview
    close: memoryview
    volume: memoryview
    interval_ns: int = MINUTE_NS
    quote_volume: memoryview | None = None


@cache
def reference_candles(rows: int) -> Candles:
    """A geometric random walk from 50,000 with 0.1 % a minute, four steps a candle, on a grid of 0.1.

    The market of the peers' figures: seed 4.
    """
    sigma, steps = 0.001, 4
    random = np.random.default_rng(4)
    walk = np.cumsum(random.normal(0.0, sigma / np.sqrt(steps), size=(rows, steps)).ravel()).reshape(rows, steps)
    prices = np.round(50_000.0 * np.exp(walk - 0.5 * sigma**2 * np.arange(1, rows + 1)[:, None]), 1)
    close = np.ascontiguousarray(prices[:, -1])
    opens = np.concatenate(([50_000.0], close[:-1]))
    times = np.arange(rows, dtype=np.int64) * MINUTE_NS + START_NS
    return Candles(
        open_time_ns=times.data,
        open=opens.data,
        high=np.maximum(prices.max(axis=1), opens).data,
        low=np.minimum(prices.min(axis=1), opens).data,
        close=close.data,
        volume=random.lognormal(2.0, 1.0, rows).data,
    )


def ladder_request(
    candles: Candles,
    *,
    kind: Literal["always", "ma_cross"] = "always",
    tech_exit: TechExit = TechExit.EITHER,
    journal: Path | None = None,
) -> Request:
    """The ladder of the comparison: 1.5 % of the balance, 2 % more at -3 % and -6 %, stops -10, -7, -5 %, half at 10 %.

    It enters whenever it is flat. What remains after half is closed by the technical exit or the break-even stop.
    """
    return Request(
        settings=Settings(
            ladder=Ladder(sizing_basis=SizingBasis.NOTIONAL, tech_exit=tech_exit),
            fees=Fees(taker=Decimal("0.0004"), maker=Decimal("0.0002")),
        ),
        balance=Decimal(1_000_000),
        candles={SYMBOL: candles},
        instruments={SYMBOL: INSTRUMENT},
        # Windows that a million minutes never fill: this signal is computed and never raised.
        signals={kind: SignalSection(kind=kind, direction="long", frame_minutes=1_440, fast=600, slow=690)},
        journal=journal,
    )
