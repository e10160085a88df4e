"""Which symbols are scanned: those that are named, or else the contracts that are traded most."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sadari.errors import ConfigError
from sadari.model.instrument import Instrument
from sadari.sensors.candidates import ranked
from sadari.sensors.scanner import ScannerSettings, in_universe


def scanned_symbols(
    instruments: Iterable[Instrument],
    quote_volumes: Mapping[str, float | None],
    settings: ScannerSettings,
    *,
    named: Sequence[str] = (),
    most: int,
) -> list[str]:
    """The symbols to scan, sorted.

    Args:
        instruments: What is listed.
        quote_volumes: Quote volume of 24 hours by symbol; one without is not chosen by it.
        settings: Whose denied symbols are never chosen.
        named: Symbols to scan and no others, whatever their volume; empty: by volume.
        most: How many are chosen by volume: trading perpetual contracts in USDT.

    Raises:
        ConfigError: A named symbol is not listed or not trading.
    """
    listed = {instrument.symbol: instrument for instrument in instruments}
    if named:
        for symbol in named:
            if symbol not in listed:
                raise ConfigError(f"[venue] symbols names {symbol}, which the exchange does not list")
            status = listed[symbol].status
            if status != "TRADING":
                raise ConfigError(f"[venue] symbols names {symbol}, which is {status}; allowed: TRADING")
        return sorted(set(named))
    volumes = {
        symbol: quote_volumes.get(symbol) for symbol, instrument in listed.items() if in_universe(instrument, settings)
    }
    return sorted(ranked(volumes, most))
