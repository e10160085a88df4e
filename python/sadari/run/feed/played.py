"""What the local exchange plays: the files of each symbol, of candles or of recorded trades."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from sadari.errors import ConfigError
from sadari.localexchange.market.recorded import RecordedCandles, RecordedTape, recorded_candles
from sadari.localexchange.market.tape import SymbolTape
from sadari.model.instrument import Instrument
from sadari.model.units import MINUTE_NS, SECOND_NS
from sadari.store import candles, trades

Played = candles.CandleColumns | RecordedCandles


def load(paths: Iterable[Path], symbols: Sequence[str] | None = None) -> dict[str, Played]:
    """The candles of some symbols, of all that are found if None, symbols sorted.

    A symbol that has files of trades is played from them; its candles that lie before are its history, and its others
    are not looked at.

    Raises:
        DataError: A symbol is not there, or a file holds something that is neither candle nor trade.
        ConfigError: A symbol with trades has candles that are no minutes.
    """
    return {symbol: _one(symbol, files) for symbol, files in candles.chosen_files(paths, symbols).items()}


def tapes(
    played: Mapping[str, Played], instruments: Mapping[str, Instrument], seed: int, *, start_ns: int, shift_ns: int
) -> list[SymbolTape]:
    """The tapes of all symbols: those that were recorded, else those that are drawn."""
    return [
        RecordedTape(symbol, one, instruments[symbol], seed, start_ns=start_ns, shift_ns=shift_ns)
        if isinstance(one, RecordedCandles)
        else SymbolTape(symbol, one, instruments[symbol], seed, start_ns=start_ns, shift_ns=shift_ns)
        for symbol, one in sorted(played.items())
    ]


def _one(symbol: str, files: Sequence[Path]) -> Played:
    traded = [file for file in files if trades.holds_trades(file)]
    others = [file for file in files if file not in traded]
    columns = candles.load_files(symbol, others) if others else None
    if not traded:
        # Each symbol has at least one file.
        assert columns is not None  # noqa: S101
        return columns
    if columns is not None and columns.interval_ns != MINUTE_NS:
        raise ConfigError(
            f"{symbol}: its candles are {columns.interval_ns // SECOND_NS} s long; "
            "allowed beside recorded trades, as their history: 60 s"
        )
    return recorded_candles(trades.load_files(symbol, traded), columns)
