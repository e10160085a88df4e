"""Longer candles that begin before those of a run: what sensors are warmed up by."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from sadari.errors import ConfigError
from sadari.sensors.hours import hours_source
from sadari.sensors.scanner import QuotedCandles
from sadari.store import candles

Longer = Mapping[str, Sequence[QuotedCandles]]


def load(paths: Sequence[Path], symbols: Collection[str]) -> dict[str, list[candles.CandleColumns]]:
    """The candles of some symbols under each path; a symbol without any is left out.

    Raises:
        ConfigError: A path does not exist, holds no candles or something that is none, or is of none of the symbols.
    """
    loaded: dict[str, list[candles.CandleColumns]] = {}
    for path in paths:
        wanted = sorted(set(candles.find([path])) & set(symbols))
        if not wanted:
            raise ConfigError(f"{path}: holds no candles of the symbols that are run, {', '.join(sorted(symbols))}")
        for symbol, found in candles.load([path], wanted).items():
            loaded.setdefault(symbol, []).append(found)
    return loaded


def hourly(longer: Longer) -> dict[str, QuotedCandles]:
    """Of each symbol's longer candles those that hours are built from."""
    found = {symbol: hours_source(several) for symbol, several in longer.items()}
    return {symbol: source for symbol, source in found.items() if source is not None}
