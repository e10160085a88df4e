"""The sensors of a run: the entry signals of its strategies, and what a signal carries besides its price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sadari.errors import ConfigError
from sadari.model.order import Direction
from sadari.model.plan import Settings
from sadari.model.units import HOUR_NS, MINUTE_NS
from sadari.run.feed.longer import hourly
from sadari.run.settings.request import Request, SignalSection, sided
from sadari.sensors.always import Always
from sadari.sensors.candidates import Candidates, Facts
from sadari.sensors.correlation import Correlations
from sadari.sensors.hours import hours_source
from sadari.sensors.ict import Ict, IctFacts, IctSignals
from sadari.sensors.ict_settings import IctSettings
from sadari.sensors.ma_cross import MaCross
from sadari.sensors.scanner import Scanner, ScannerSettings, in_universe
from sadari.sensors.senses import Senses
from sadari.sensors.signals import Candles, SignalRule
from sadari.sensors.surge import Surge, SurgeFacts
from sadari.sensors.surge_settings import SurgeSettings
from sadari.sensors.trend import Trend
from sadari.sensors.volatility import Volatility
from sadari.venue.live.market.sensing import Specs
from sadari.venue.port import Entries

DIRECTIONS = {
    "long": (Direction.LONG,),
    "short": (Direction.SHORT,),
    "both": (Direction.LONG, Direction.SHORT),
}

# The kinds of signals with a section of their own.
SECTIONED = frozenset({"surge", "ict"})

# Source: strategies §9.4: the market's trend is that of this symbol.
MARKET = "BTCUSDT"


@dataclass(frozen=True, kw_only=True)
class Sensing:
    """What the sensors of a run say.

    Attributes:
        entries: The signals of each strategy, by symbol.
        senses: What a signal carries besides its price.
        surge: What the surge rules saw, by symbol and direction.
        ict: How the set-ups of the ICT strategy ended, by symbol.
        scans: What the scanner saw, by symbol.
    """

    entries: Mapping[str, tuple[Entries, ...]]
    senses: Senses
    surge: Mapping[tuple[str, Direction], SurgeFacts] = field(default_factory=dict)
    ict: list[tuple[str, IctFacts]] = field(default_factory=list)
    scans: Mapping[str, Facts] = field(default_factory=dict)


def sensing(request: Request) -> Sensing:
    """Drive all sensors that a run asks for over its candles.

    Raises:
        ConfigError: A rule cannot be driven over the candles of a symbol.
    """
    surge: dict[tuple[str, Direction], SurgeFacts] = {}
    entries: dict[str, tuple[Entries, ...]] = {}
    for symbol, candles in sorted(request.candles.items()):
        entries[symbol] = tuple(
            _entries(request, name, signal, symbol, candles, surge) for name, signal in request.signals.items()
        )
    ict = [
        (symbol, facts)
        for symbol, several in entries.items()
        for one in several
        if isinstance(one.signals, IctSignals)
        for facts in one.signals.facts
    ]
    candidates = _candidates(request)
    scans = {} if candidates is None else {symbol: candidates.facts(symbol) for symbol in candidates.symbols}
    return Sensing(entries=entries, senses=_senses(request, candidates), surge=surge, ict=ict, scans=scans)


def live_specs(
    settings: Settings,
    signals: Mapping[str, SignalSection],
    surge: SurgeSettings,
    scanner: ScannerSettings,
    ict: IctSettings | None = None,
) -> Specs:
    """The same sensors for candles that are still to come.

    Raises:
        ConfigError: A rule is none to be followed.
    """
    gated = any(strategy.scan_max_age_minutes is not None for strategy in settings.strategies.values())
    return Specs(
        rules={name: _any_rule(name, signal, surge, ict or IctSettings()) for name, signal in signals.items()},
        scanner=scanner if gated else None,
        volatility=settings.scaling.volatility_from_pct is not None,
        correlation=settings.scaling.max_correlated_loss_pct is not None,
        market=MARKET,
        ladders=settings.ladders,
    )


def _any_rule(name: str, signal: SignalSection, surge: SurgeSettings, ict: IctSettings) -> SignalRule | Surge | Ict:
    if signal.kind == "surge":
        return Surge(surge)
    return Ict(sided(ict, signal)) if signal.kind == "ict" else _rule(name, signal)


def signal_rules(signals: Mapping[str, SignalSection]) -> dict[str, SignalRule]:
    """The rule of each strategy whose signal needs no more than its section.

    Raises:
        ConfigError: `always` was asked for both directions at once, or the averages are the wrong way round.
    """
    return {name: _rule(name, signal) for name, signal in signals.items() if signal.kind not in SECTIONED}


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


def _entries(
    request: Request,
    name: str,
    signal: SignalSection,
    symbol: str,
    candles: Candles,
    surge: dict[tuple[str, Direction], SurgeFacts],
) -> Entries:
    if signal.kind == "ict":
        return _ict_entries(request, name, sided(request.ict, signal), symbol, candles)
    if signal.kind != "surge":
        rule = _rule(name, signal)
        return Entries(strategy=name, signals=rule.batch(candles), rearm=rule.rearm)
    try:
        found = Surge(request.surge).batch(candles, request.longer.get(symbol, ()))
    except ConfigError as error:
        raise ConfigError(f"{symbol}: {error}") from error
    for facts in (found.facts, found.facts_short):
        if facts is not None:
            surge[symbol, facts.direction] = facts
    return Entries(strategy=name, signals=found)


def _ict_entries(request: Request, name: str, ict: IctSettings, symbol: str, candles: Candles) -> Entries:
    hours = hours_source(request.longer.get(symbol, ()))
    try:
        found = Ict(ict).batch(candles, request.instruments[symbol].tick_size, hours)
    except ConfigError as error:
        raise ConfigError(f"{symbol}: {error}") from error
    return Entries(strategy=name, signals=found, withdrawals=found.withdrawals)


def _candidates(request: Request) -> Candidates | None:
    """What the scanner finds, where it gates a strategy."""
    own = request.settings.strategies.values()
    if all(strategy.scan_max_age_minutes is None for strategy in own):
        return None
    scanned = {
        symbol: candles
        for symbol, candles in request.candles.items()
        if in_universe(request.instruments[symbol], request.scanner)
    }
    return Scanner(request.scanner).batch(scanned, hourly(request.longer))


def _senses(request: Request, candidates: Candidates | None) -> Senses:
    scaling, hours = request.settings.scaling, hourly(request.longer)
    market = request.candles.get(MARKET)
    volatility = {}
    if scaling.volatility_from_pct is not None:
        volatility = {symbol: Volatility(candles, request.start_ns) for symbol, candles in request.candles.items()}
    return Senses(
        scanner=candidates,
        trend=Trend(market, hours.get(MARKET)) if market is not None and not HOUR_NS % market.interval_ns else None,
        volatility=volatility,
        correlation=Correlations(request.candles, hours) if scaling.max_correlated_loss_pct is not None else None,
    )
