"""From columns and configuration to the markets that a venue over history runs."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from sadari.errors import ConfigError
from sadari.kernel import History
from sadari.model.instrument import Instrument
from sadari.model.order import Direction, TechExit
from sadari.model.units import MINUTE_NS, floor_units
from sadari.run.request import Request, SignalSection
from sadari.sensors.always import Always
from sadari.sensors.frames import check_frame
from sadari.sensors.ma_cross import MaCross
from sadari.sensors.signals import Candles, SignalRule
from sadari.venue.port import Entries, Market

DIRECTIONS = {
    "long": (Direction.LONG,),
    "short": (Direction.SHORT,),
    "both": (Direction.LONG, Direction.SHORT),
}


def markets(request: Request) -> list[Market]:
    """The market of each symbol, in symbol order.

    Raises:
        ConfigError: A symbol has no candles or no instrument, or a frame cannot be built from the candles.
    """
    if not request.candles:
        raise ConfigError("there is no symbol to run; allowed is at least one with candles")
    rules = signal_rules(request.signals)
    built = []
    for symbol, candles in sorted(request.candles.items()):
        instrument = request.instruments.get(symbol)
        if instrument is None:
            raise ConfigError(f"{symbol} has candles but no instrument: give --instruments or [instruments.{symbol}]")
        if len(candles.open_time_ns) == 0:
            raise ConfigError(f"{symbol} has no candles in the period asked for")
        check_frames(request, symbol, candles)
        history = tape(symbol, candles, instrument, request.market.seed)
        funding = request.funding.get(symbol)
        entries = tuple(
            Entries(strategy=name, signals=rule.batch(candles), rearm=rule.rearm) for name, rule in rules.items()
        )
        built.append(Market(symbol=symbol, candles=candles, history=history, entries=entries, funding=funding))
    return built


def signal_rules(signals: Mapping[str, SignalSection]) -> dict[str, SignalRule]:
    """The entry rule of each strategy.

    Raises:
        ConfigError: `always` was asked for both directions at once, or the averages are the wrong way round.
    """
    return {name: _rule(name, signal) for name, signal in signals.items()}


def _rule(name: str, signal: SignalSection) -> SignalRule:
    directions = DIRECTIONS[signal.direction]
    if signal.kind == "always":
        if len(directions) > 1:
            raise ConfigError(f'the signal of {name}: direction is "both" with kind "always"; allowed: long, short')
        return Always(directions[0])
    return MaCross(
        signal.frame_minutes * MINUTE_NS,
        signal.fast,
        signal.slow,
        directions=directions,
        cooldown_ns=signal.cooldown_minutes * MINUTE_NS,
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
    own_seed = int.from_bytes(sha256(f"{seed}:{symbol}".encode()).digest()[:8])
    return History(
        candles.open_time_ns,
        candles.open,
        candles.high,
        candles.low,
        candles.close,
        interval_ns=candles.interval_ns,
        tick_units=floor_units(instrument.tick_size),
        seed=own_seed,
    )
