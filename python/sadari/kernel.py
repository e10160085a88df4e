"""The only door to `sadari._kernel`.

Columns go in as any C-contiguous one-dimensional buffer of f64 ('d') or i64 ('q'): `array.array`, numpy, a memoryview,
a `Column`. They come out as `Column`. Nobody may write to a column while a call reads it.
"""

from __future__ import annotations

from sadari._kernel import (
    Column,
    History,
    LineSet,
    Portfolio,
    Ticks,
    Watch,
    above,
    atr,
    below,
    bollinger,
    crosses,
    ema,
    expand,
    falling,
    natr,
    percentile,
    rising,
    rolling_max,
    rolling_min,
    rsi,
    sma,
)

__all__ = [
    "Column",
    "History",
    "LineSet",
    "Portfolio",
    "Ticks",
    "Watch",
    "above",
    "atr",
    "below",
    "bollinger",
    "crosses",
    "ema",
    "expand",
    "falling",
    "natr",
    "percentile",
    "rising",
    "rolling_max",
    "rolling_min",
    "rsi",
    "sma",
]
