"""A study of entry signals without trading: every version of the surge entry behind every filter of the scanner."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, get_args

from msgspec.structs import replace

from sadari.model.order import Direction
from sadari.model.units import MINUTE_NS
from sadari.research import attribution, quality
from sadari.research.study import CANDIDATES, Found, Section, section
from sadari.run.settings.request import ScannerSection
from sadari.sensors.candidates import Candidates
from sadari.sensors.scanner import QuotedCandles, Scanner
from sadari.sensors.signals import Signal
from sadari.sensors.surge import Surge, SurgeSignals
from sadari.sensors.surge_settings import Preset, SurgeSettings
from sadari.store.candles import CandleColumns

PRESETS: tuple[Preset, ...] = get_args(Preset)
NO_FILTER = "none"
# A baseline needs no more than this many closes of a symbol; the stride is counted from the epoch.
STRIDE_NS = 37 * MINUTE_NS


class Studied(NamedTuple):
    """What a study is of: candles by symbol, longer candles for the warm-up, and the settings that stay the same."""

    candles: Mapping[str, CandleColumns]
    longer: Mapping[str, Sequence[QuotedCandles]]
    hourly: Mapping[str, QuotedCandles]
    surge: SurgeSettings
    scanner: ScannerSection


def study(studied: Studied, progress: Callable[[float], None]) -> Section:
    """Count signals, and judge them by what the price did next, for every preset behind every filter.

    The surge needs candles of one minute; over longer ones only the scanner is studied.

    Raises:
        ConfigError: A setting cannot be used, or an interval does not divide one hour.
    """
    minutes = {symbol: one for symbol, one in studied.candles.items() if one.interval_ns == MINUTE_NS}
    filters = {
        name: Scanner(replace(studied.scanner, filter=name)).batch(studied.candles, studied.hourly)
        for name in ("option_b", "old")
    }
    found: list[Found] = []
    surge: dict[str, Section] = {}
    for number, preset in enumerate(PRESETS if minutes else ()):
        rule = Surge(replace(studied.surge, preset=preset))
        signals: dict[str, SurgeSignals] = {}
        for symbol, candles in minutes.items():
            signals[symbol] = rule.batch(candles, studied.longer.get(symbol, ()))
            progress((number + (len(signals) / len(minutes))) / len(PRESETS))
        told = attribution.surge([((symbol, Direction.LONG), one.facts) for symbol, one in signals.items()])
        surge[preset] = told or {}
        names = (NO_FILTER, *filters)
        found += [_judged(studied, preset, name, signals, filters.get(name)) for name in names]
    found += [_first_scans(studied, name, candidates) for name, candidates in filters.items()]
    scans = {
        name: attribution.scanner([(symbol, candidates.facts(symbol)) for symbol in candidates.symbols])
        for name, candidates in filters.items()
    }
    return section(
        minutes=sum(len(one) * one.interval_ns // MINUTE_NS for one in studied.candles.values()),
        candles={symbol: len(one) for symbol, one in studied.candles.items()},
        found=found,
        baseline=quality.section(
            quality.judge(one, quality.evenly_spaced(one, STRIDE_NS, one.start_ns), Direction.LONG)
            for one in studied.candles.values()
        ),
        surge=surge,
        scanner=scans,
    )


def _first_scans(studied: Studied, name: str, candidates: Candidates) -> Found:
    """What followed the first scan of each spell in which a symbol was a candidate, whatever the surge says."""
    firsts = {symbol: [first for first, _ in candidates.episodes(symbol)] for symbol in candidates.symbols}
    outcomes = [
        quality.judge(studied.candles[symbol], closes, Direction.LONG) for symbol, closes in firsts.items() if closes
    ]
    return Found(CANDIDATES, name, sum(map(len, firsts.values())), quality.section(outcomes))


def _judged(
    studied: Studied, preset: str, name: str, signals: Mapping[str, SurgeSignals], candidates: Candidates | None
) -> Found:
    """The signals of a preset that a filter lets through, judged side by side."""
    most_ns = studied.scanner.max_age_minutes * MINUTE_NS
    outcomes: list[quality.Outcomes] = []
    episodes = 0
    for symbol, one in signals.items():
        passed = [signal for signal in one.signals if _passes(candidates, symbol, signal, most_ns)]
        episodes += len({(signal.direction, signal.episode) for signal in passed})
        for direction in Direction:
            closes = [signal.close_ns for signal in passed if signal.direction is direction]
            if closes:
                outcomes.append(quality.judge(studied.candles[symbol], closes, direction))
    return Found(preset, name, episodes, quality.section(outcomes))


def _passes(candidates: Candidates | None, symbol: str, signal: Signal, most_ns: int) -> bool:
    if candidates is None:
        return True
    age_ns = candidates.age_ns(symbol, signal.close_ns, signal.direction)
    return age_ns is not None and age_ns <= most_ns
