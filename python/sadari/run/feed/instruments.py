"""Instruments of a run: what the exchange says of each contract, completed or replaced by the configuration."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from sadari.binance.decode import contracts, leverage_brackets
from sadari.errors import ConfigError, DataError
from sadari.model.instrument import Bracket, Instrument
from sadari.run.settings.config import InstrumentSection
from sadari.run.settings.limits import FINEST_TICK

_GZIP = b"\x1f\x8b"

# What an instrument cannot do without, in the words of the configuration.
_NEEDED = ("tick_size", "step_size", "min_qty", "max_qty", "min_notional", "brackets")


class Described(NamedTuple):
    """The instruments of the symbols asked for, and what is missing for those that are not complete."""

    instruments: dict[str, Instrument]
    missing: dict[str, tuple[str, ...]]


def describe(symbols: Iterable[str], files: Iterable[Path], overrides: Mapping[str, InstrumentSection]) -> Described:
    """Put each symbol's instrument together.

    Args:
        symbols: Whose instruments are wanted.
        files: exchangeInfo answers and leverage brackets in any order, gzipped or not; what a later file says of a
            symbol replaces what an earlier one said.
        overrides: The ``[instruments.X]`` sections of the configuration.

    Raises:
        ConfigError: A file is neither of the two, or a tick cannot be counted.
    """
    known: dict[str, Instrument] = {}
    brackets: dict[str, tuple[Bracket, ...]] = {}
    for file in files:
        found, found_brackets = _read(file)
        known.update(found)
        brackets.update(found_brackets)
    described = Described({}, {})
    for symbol in symbols:
        values = _values(known.get(symbol), brackets.get(symbol, ()), overrides.get(symbol))
        missing = tuple(name for name in _NEEDED if not values.get(name) and values.get(name) != 0)
        if missing:
            described.missing[symbol] = missing
            continue
        values.setdefault("market_max_qty", values["max_qty"])
        instrument = Instrument(**{**values, "symbol": symbol})
        if instrument.tick_size % FINEST_TICK:
            raise ConfigError(f"{symbol}: tick_size is {instrument.tick_size}; allowed: a multiple of 0.00000001")
        described.instruments[symbol] = instrument
    return described


def refuse_missing(missing: Mapping[str, tuple[str, ...]]) -> None:
    """Say what to do about symbols without an instrument.

    Raises:
        ConfigError: There is at least one.
    """
    if missing:
        named = "; ".join(f"{symbol} lacks {', '.join(names)}" for symbol, names in missing.items())
        raise ConfigError(
            f"no instrument for {len(missing)} of the symbols ({named}): name files of the exchange with "
            "--instruments, write a section [instruments.SYMBOL], or leave them out with --skip-unknown"
        )


def _values(
    known: Instrument | None, brackets: tuple[Bracket, ...], override: InstrumentSection | None
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if known is not None:
        # Its candles say that it traded, whatever became of it since the listing was recorded.
        values = msgspec.structs.asdict(known) | {"status": "TRADING"}
    values["brackets"] = brackets
    given = msgspec.structs.asdict(override) if override is not None else {}
    return values | {name: value for name, value in given.items() if value is not None}


def _read(file: Path) -> tuple[dict[str, Instrument], dict[str, tuple[Bracket, ...]]]:
    try:
        content = file.read_bytes()
        if content.startswith(_GZIP):
            content = gzip.decompress(content)
    except (OSError, EOFError) as error:
        raise DataError(f"{file}: cannot be read ({getattr(error, 'strerror', None) or error})") from error
    try:
        return contracts(content), {}
    except DataError as not_contracts:
        try:
            return {}, leverage_brackets(content)
        except DataError as not_brackets:
            raise DataError(f"{file}: {not_contracts}, and {not_brackets}") from not_brackets
