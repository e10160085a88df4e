"""From columns and configuration to the markets that a venue over history runs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sadari.errors import ConfigError
from sadari.kernel import History
from sadari.model.instrument import Instrument
from sadari.model.order import TechExit
from sadari.model.seeds import own_seed
from sadari.model.units import MINUTE_NS, floor_units
from sadari.run.settings.request import Request
from sadari.sensors.frames import check_frame
from sadari.sensors.signals import Candles
from sadari.venue.port import Entries, Market

NO_ENTRIES: Mapping[str, tuple[Entries, ...]] = MappingProxyType({})


def markets(request: Request, entries: Mapping[str, tuple[Entries, ...]] = NO_ENTRIES) -> list[Market]:
    """The market of each symbol, in symbol order, with the entry signals on it."""
    built = []
    for symbol, candles in sorted(request.candles.items()):
        history = tape(symbol, candles, request.instruments[symbol], request.market.seed)
        funding = request.funding.get(symbol)
        built.append(
            Market(symbol=symbol, candles=candles, history=history, entries=entries.get(symbol, ()), funding=funding)
        )
    return built


def check_request(request: Request) -> None:
    """Refuse what cannot be run.

    Raises:
        ConfigError: There is no symbol, one has no candles or no instrument, a frame cannot be built from them, or they
            have several margin assets on a single-asset account.
    """
    if not request.candles:
        raise ConfigError("there is no symbol to run; allowed is at least one with candles")
    for symbol, candles in sorted(request.candles.items()):
        if symbol not in request.instruments:
            raise ConfigError(f"{symbol} has candles but no instrument: give --instruments or [instruments.{symbol}]")
        if len(candles.open_time_ns) == 0:
            raise ConfigError(f"{symbol} has no candles in the period asked for")
        check_frames(request, symbol, candles)
    quotes = sorted({request.instruments[symbol].quote_asset for symbol in request.candles})
    if len(quotes) > 1 and not request.multi_assets:
        raise ConfigError(
            f"the symbols are margined in {' and '.join(quotes)}, and a single-asset account has one margin asset; run "
            "them apart or set [account] multi_assets = true"
        )


def check_frames(request: Request, symbol: str, candles: Candles) -> None:
    """Refuse frames that the candles of a symbol cannot be put together to.

    Raises:
        ConfigError: Names the setting and the symbol.
    """
    wanted: list[tuple[str, int, bool]] = [
        ("[signal] frame_minutes", signal.frame_minutes, signal.kind == "ma_cross")
        for signal in request.signals.values()
    ]
    wanted += [
        ("[ladder] tech_frame_minutes", ladder.tech_frame_minutes, ladder.tech_exit is not TechExit.OFF)
        for ladder in request.settings.ladders
    ]
    for name, minutes, used in wanted:
        if not used:
            continue
        try:
            check_frame(minutes * MINUTE_NS, candles.interval_ns)
        except ConfigError as error:
            raise ConfigError(f"{name} is {minutes} for {symbol}: {error}") from error


def tape(symbol: str, candles: Candles, instrument: Instrument, seed: int) -> History:
    """The candles of a symbol with the tape that each stands for; no two symbols share one."""
    return History(
        candles.open_time_ns,
        candles.open,
        candles.high,
        candles.low,
        candles.close,
        interval_ns=candles.interval_ns,
        tick_units=floor_units(instrument.tick_size),
        seed=own_seed(seed, symbol),
    )
