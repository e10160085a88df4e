"""The scanner: which symbols look like the beginning of a move, and how long ago did one last?

A scan happens at the close of every candle. Its conditions are about the last four closed hours, the twenty before them
and the price of the scan. Source: strategies §4; D-06, D-39, D-41; requirement R004-32 for the older filter, which is
read as: the price of the scan lies at least ``old_change`` above the open of the 24th last closed hour, and one of the
last four hours rose at least ``old_rise`` from its open to its high.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, Protocol

import msgspec

from sadari.errors import ConfigError
from sadari.kernel import Scanner as Kernel
from sadari.kernel import Scans
from sadari.model.instrument import Instrument
from sadari.model.order import Direction
from sadari.sensors.candidates import Candidates, Facts, Runs, ranked_runs
from sadari.sensors.hours import check_part_of_hour
from sadari.sensors.signals import Candle, Candles

WINDOW_HOURS = 4
WARM_HOURS = 24
CONDITIONS = {"option_b": ("SC-1", "SC-2", "SC-3", "SC-4"), "old": ("RISE", "CHANGE")}


class QuotedCandles(Candles, Protocol):
    """Candles with the amounts traded in quote currency, or None where the source has none."""

    @property
    def quote_volume(self) -> memoryview | None:
        """Quote volumes."""


class ScannerSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What makes a candidate. Shares are fractions of the price with at most eight decimals.

    Attributes:
        filter: ``option_b``, or ``old``, the filter before it.
        top: Symbols that count, by the quote volume of 24 hours.
        rise: Distance from open to high within one of the last four hours (SC-1).
        surge: Mean quote volume of the last four hours by that of the twenty before (SC-3).
        bullish: Hours of the last four that close above their open (SC-4).
        deny: Symbols that are never candidates.
        short: Also look for the mirror image.
        old_rise: `rise` of the older filter.
        old_change: Its change over 24 hours.
    """

    filter: Literal["option_b", "old"] = "option_b"
    top: int = 150
    rise: float = 0.03
    surge: float = 1.5
    bullish: int = 2
    deny: tuple[str, ...] = ()
    short: bool = False
    old_rise: float = 0.02
    old_change: float = 0.04


class Scanner:
    """Scans symbols for candidates.

    Args:
        settings: What makes one.

    Raises:
        ConfigError: A setting is out of its range.
    """

    def __init__(self, settings: ScannerSettings) -> None:
        check_settings(settings)
        self.settings = settings

    def batch(
        self,
        candles_by_symbol: Mapping[str, QuotedCandles],
        longer_by_symbol: Mapping[str, QuotedCandles] | None = None,
    ) -> Candidates:
        """Scan at the close of every candle.

        Args:
            candles_by_symbol: Each symbol's candles, of an interval that divides one hour.
            longer_by_symbol: Candles that begin earlier, for symbols that have them. Only hours count that open before
                the first candle.

        Raises:
            ConfigError: An interval does not divide one hour.
        """
        longer = longer_by_symbol or {}
        runs: dict[tuple[str, Direction], Runs] = {}
        facts: dict[tuple[str, Direction], Facts] = {}
        symbols = sorted(set(candles_by_symbol) - set(self.settings.deny))
        for direction in directions(self.settings):
            scans = {
                symbol: scan(self.settings, direction, candles_by_symbol[symbol], longer.get(symbol))
                for symbol in symbols
            }
            found = {
                symbol: Runs(
                    memoryview(scans[symbol].first_ns).tolist(),
                    memoryview(scans[symbol].last_ns).tolist(),
                    candles_by_symbol[symbol].interval_ns,
                )
                for symbol in symbols
            }
            kept = found if len(symbols) <= self.settings.top else ranked_runs(found, scans, self.settings.top)
            for symbol in symbols:
                known = candles_by_symbol[symbol].quote_volume is not None
                runs[symbol, direction] = kept[symbol]
                facts[symbol, direction] = told(self.settings, scans[symbol], kept[symbol], known=known)
        return Candidates(runs, facts)

    def stream(
        self, interval_ns: int, longer: QuotedCandles | None = None, direction: Direction = Direction.LONG
    ) -> ScannerStream:
        """Scan one symbol at the close of candles that are still to come.

        Raises:
            ConfigError: The interval does not divide one hour.
        """
        return ScannerStream(self.settings, interval_ns, longer, direction)


class Verdict(NamedTuple):
    """What a scan says, before symbols are ranked: the conditions that hold, None where the symbol is not ready."""

    close_ns: int
    held: tuple[str, ...] | None
    candidate: bool


class ScannerStream:
    """The scanner of one symbol, candle by candle.

    Args:
        settings: What makes a candidate.
        interval_ns: Interval of the candles, a part of one hour.
        longer: Candles from before the first one.
        direction: LONG, or SHORT for the mirror image.
    """

    def __init__(
        self,
        settings: ScannerSettings,
        interval_ns: int,
        longer: QuotedCandles | None = None,
        direction: Direction = Direction.LONG,
    ) -> None:
        self._kernel = warmed(settings, direction, interval_ns, longer)
        self._names = CONDITIONS[settings.filter]
        self._interval_ns = interval_ns
        self._candidate_ns: int | None = None

    def push(self, candle: Candle, quote_volume: float | None = None) -> Verdict:
        """Take the next closed candle; close times volume stands for a quote volume that is not known."""
        mask = self._kernel.push(*candle, quote_volume)
        close_ns = candle.open_time_ns + self._interval_ns
        if mask < 0:
            return Verdict(close_ns, None, candidate=False)
        held = tuple(name for bit, name in enumerate(self._names) if mask >> bit & 1)
        candidate = len(held) == len(self._names)
        if candidate:
            self._candidate_ns = close_ns
        return Verdict(close_ns, held, candidate)

    def age_ns(self, time_ns: int) -> int | None:
        """The time since the last scan in which all conditions held; None before the first."""
        return None if self._candidate_ns is None else time_ns - self._candidate_ns

    @property
    def quote_volume(self) -> float | None:
        """The quote volume of the last 24 closed hours, which ranks the symbol; None before they are known."""
        day = self.day
        return None if day is None else day[1]

    @property
    def day(self) -> tuple[int, float] | None:
        """When the last hour closed, and the quote volume of the 24 hours up to then; None before they are known."""
        return self._kernel.day


def directions(settings: ScannerSettings) -> tuple[Direction, ...]:
    """The directions that are scanned for."""
    return (Direction.LONG, Direction.SHORT) if settings.short else (Direction.LONG,)


def in_universe(instrument: Instrument, settings: ScannerSettings) -> bool:
    """Whether an instrument is scanned at all: a trading perpetual in USDT that is not denied."""
    return (
        instrument.status == "TRADING"
        and instrument.contract_type == "PERPETUAL"
        and instrument.quote_asset == "USDT"
        and instrument.symbol not in settings.deny
    )


def scan(
    settings: ScannerSettings, direction: Direction, candles: QuotedCandles, longer: QuotedCandles | None
) -> Scans:
    """Scan one symbol at the close of each of its candles."""
    kernel = warmed(settings, direction, candles.interval_ns, longer)
    return kernel.scan(
        candles.open_time_ns, candles.open, candles.high, candles.low, candles.close, candles.volume,
        candles.quote_volume,
    )  # fmt: skip


def warmed(settings: ScannerSettings, direction: Direction, interval_ns: int, longer: QuotedCandles | None) -> Kernel:
    """A kernel that knows the longer history."""
    check_part_of_hour(interval_ns)
    kernel = Kernel(
        interval_ns,
        settings.filter,
        rise=settings.rise if settings.filter == "option_b" else settings.old_rise,
        change=settings.old_change,
        surge=settings.surge,
        bodies=settings.bullish,
        short=direction is Direction.SHORT,
    )
    if longer is not None:
        check_part_of_hour(longer.interval_ns)
        kernel.warm(
            longer.open_time_ns, longer.open, longer.high, longer.low, longer.close, longer.volume,
            longer.quote_volume, longer.interval_ns,
        )  # fmt: skip
    return kernel


def told(settings: ScannerSettings, scans: Scans, kept: Runs, *, known: bool) -> Facts:
    """The facts of one symbol's scans."""
    names = CONDITIONS[settings.filter]
    every = (1 << len(names)) - 1
    masks = scans.masks
    ready = sum(masks)
    candidates = kept.scans()
    return Facts(
        scans=ready + scans.short + scans.quiet,
        ready=ready,
        too_short=scans.short,
        quiet=scans.quiet,
        held={
            name: sum(count for mask, count in enumerate(masks) if mask >> bit & 1) for bit, name in enumerate(names)
        },
        sole_failures={name: masks[every & ~(1 << bit)] for bit, name in enumerate(names)},
        candidate_scans=candidates,
        ranked_out=masks[every] - candidates,
        episodes=len(kept.first_ns),
        quote_volume_known=known,
    )


def check_settings(settings: ScannerSettings) -> None:
    """Refuse settings that no scan could follow.

    Raises:
        ConfigError: Names the setting, its value and what is allowed.
    """
    shares = {"rise": settings.rise, "old_rise": settings.old_rise, "old_change": settings.old_change}
    for name, value in shares.items():
        if not 0 < value < 1:
            raise ConfigError(f"[scanner] {name} is {value:g}; allowed: a fraction above 0 and below 1")
    if not 0 < settings.surge < float("inf"):
        raise ConfigError(f"[scanner] surge is {settings.surge:g}; allowed: a number above 0")
    if not 0 <= settings.bullish <= WINDOW_HOURS:
        raise ConfigError(f"[scanner] bullish is {settings.bullish}; allowed: 0 to {WINDOW_HOURS}")
    if settings.top < 1:
        raise ConfigError(f"[scanner] top is {settings.top}; allowed: 1 or more")
