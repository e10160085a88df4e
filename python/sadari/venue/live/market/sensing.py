"""Live sensing: closed candles of many symbols come in, and signals, verdicts and frames come out.

It is the twin of what a venue over history reads off whole columns: for the same candles the same signals come, with
the same content. Where a signal's content is about another symbol too (the market's trend, correlations, ranks), and
that one's last hour has not come in yet, the signal waits for it, for a moment.

Source: strategies §3 to §5, §7; faults F64.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sadari.errors import ConfigError
from sadari.model.command import ArmLevels, ArmSignals, WatchVerdict
from sadari.model.instrument import Instrument
from sadari.model.plan import Ladder
from sadari.model.units import HOUR_NS, MINUTE_NS, SECOND_NS
from sadari.sensors.candidate_stream import CandidateStreams
from sadari.sensors.columns import Columns, columns
from sadari.sensors.correlation import CorrelationStreams
from sadari.sensors.feed import Gap, Quoted
from sadari.sensors.hours import hours_source
from sadari.sensors.ict import Ict
from sadari.sensors.scanner import ScannerSettings, in_universe
from sadari.sensors.senses import Senses
from sadari.sensors.signals import SignalRule
from sadari.sensors.surge import Surge
from sadari.sensors.trend import TrendStream
from sadari.sensors.volatility import VolatilityStream
from sadari.sensors.warm_up import (
    TREND_HOURS,
    Rows,
    most,
    rows_of_exit,
    rows_of_hours,
    rows_of_rule,
    rows_of_scanner,
    rows_of_volatility,
)
from sadari.venue.live.market.sensed import FrameClosed, Raised, Rose, Turned, Withdrawn
from sadari.venue.live.market.sensed_symbol import SensedSymbol

Outcome = Raised | Turned | FrameClosed | Withdrawn

# How long a signal waits for the last hour of another symbol: less than a price may be old at an entry.
PATIENCE_NS = SECOND_NS
CORRELATED_HOURS = 168


@dataclass(frozen=True, kw_only=True)
class Specs:
    """What is sensed.

    Attributes:
        rules: The entry rule of each strategy, by its name.
        scanner: What makes a candidate, None where no strategy asks.
        volatility: Whether signals carry a percentile of volatility.
        correlation: Whether they carry correlations.
        market: The symbol whose trend is the market's.
        ladders: All ladders whose technical exits may be watched.
        interval_ns: The interval of the candles that come.
    """

    rules: Mapping[str, SignalRule | Surge | Ict]
    scanner: ScannerSettings | None = None
    volatility: bool = False
    correlation: bool = False
    market: str = "BTCUSDT"
    ladders: Sequence[Ladder] = field(default_factory=lambda: (Ladder(),))
    interval_ns: int = MINUTE_NS


class Sensing:
    """The sensors of all symbols.

    A symbol is added, the candles that `needs` lists are asked for, and `start` is given them; from then on every
    closed candle is pushed. A candle that leaves a gap is kept back and `gap` says what to ask for; `fill` takes the
    answer. Before its start all are kept back.

    Args:
        specs: What is sensed.
        now_ns: The time of the market.
        held: The symbols of which positions are held.

    Raises:
        ConfigError: A rule or a setting is none to be followed.
    """

    def __init__(self, specs: Specs, now_ns: Callable[[], int], held: Callable[[], Iterable[str]]) -> None:
        self._specs = specs
        self._now_ns = now_ns
        self._held = held
        self._symbols: dict[str, SensedSymbol] = {}
        self._candidates = None if specs.scanner is None else CandidateStreams(specs.scanner)
        self._correlations = CorrelationStreams(CORRELATED_HOURS) if specs.correlation else None
        self._volatility: dict[str, VolatilityStream] = {}
        self._trend: TrendStream | None = None
        # Signals that wait, with the time at which they do no more.
        self._waiting: list[tuple[int, Rose]] = []

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols that have been added."""
        return tuple(self._symbols)

    @property
    def due_ns(self) -> int | None:
        """When to call `overdue` at the latest; None while no signal waits."""
        return min((until_ns for until_ns, _ in self._waiting), default=None)

    def dropped(self, symbol: str) -> int:
        """How many candles of a symbol's stream were doubled, late or none at all."""
        return self._symbols[symbol].feed.dropped

    # Symbols come and go

    def add(self, instrument: Instrument, *, entries: bool = True) -> None:
        """Begin with a symbol; without ``entries`` it raises no signals, and only positions and others look at it.

        Candles that close later than now raise signals; earlier ones only warm up.

        Raises:
            ConfigError: A frame cannot be built from the candles.
        """
        rules = self._specs.rules if entries else {}
        self._symbols[instrument.symbol] = SensedSymbol(
            instrument, rules, interval_ns=self._specs.interval_ns, start_ns=self._now_ns()
        )

    def drop(self, symbol: str) -> None:
        """Sense a symbol no more."""
        self._symbols.pop(symbol, None)
        self._volatility.pop(symbol, None)
        for streams in (self._candidates, self._correlations):
            if streams is not None:
                streams.drop(symbol)
        if symbol == self._specs.market:
            self._trend = None
        self._waiting = [one for one in self._waiting if one[1].symbol != symbol]

    def needs(self, symbol: str) -> list[tuple[int, int]]:
        """The closed candles that a symbol is to be started with: intervals, and how many of each up to now."""
        specs, interval_ns = self._specs, self._specs.interval_ns
        one = self._symbols[symbol]
        wanted: list[Rows] = [{interval_ns: 1}]
        wanted += [rows_of_rule(rule, interval_ns) for rule in one.rules.values()]
        wanted += [rows_of_exit(frame_ns, slow, interval_ns) for frame_ns, slow in _exits(specs.ladders)]
        if specs.volatility:
            wanted.append(rows_of_volatility(interval_ns))
        if self._scans(one.instrument):
            wanted.append(rows_of_scanner())
        if specs.correlation:
            wanted.append(rows_of_hours(CORRELATED_HOURS))
        if symbol == specs.market:
            wanted.append(rows_of_hours(TREND_HOURS))
        return sorted(most(wanted).items())

    def start(
        self, symbol: str, candles: Sequence[Quoted], longer: Mapping[int, Sequence[Quoted]] | None = None
    ) -> list[Outcome]:
        """Warm a symbol up and go on with the candles that have come in meanwhile.

        Args:
            symbol: The symbol.
            candles: Its last candles, at least one; one that has not closed yet is left out.
            longer: Candles of longer intervals, by interval.

        Returns:
            What the candles that closed since the symbol was added say.

        Raises:
            ConfigError: There is no closed candle among them.
        """
        one, now_ns = self._symbols[symbol], self._now_ns()
        older = [_closed(interval_ns, rows, now_ns) for interval_ns, rows in sorted((longer or {}).items())]
        if one.feed.next_ns is not None:
            return []
        readable = one.feed.fill(candles, now_ns)
        if not readable:
            raise ConfigError(f"{symbol}: there is no closed candle to start with")
        self._open(one, older)
        return self._read(one, readable)

    def started(self, symbol: str) -> bool:
        """Whether a symbol has been warmed up."""
        return self._symbols[symbol].feed.next_ns is not None

    # Candles

    def push(self, symbol: str, quoted: Quoted) -> list[Outcome]:
        """Take a candle that a stream has called closed.

        Returns:
            What it says, and what it makes other signals ready to say: verdicts, frames, signals.
        """
        one = self._symbols.get(symbol)
        return [] if one is None else self._read(one, one.feed.push(quoted, self._now_ns()))

    def gap(self, symbol: str) -> Gap | None:
        """The candles of a symbol to ask for, if some are missing."""
        one = self._symbols.get(symbol)
        return None if one is None else one.feed.gap

    def late(self, symbol: str) -> Gap | None:
        """The candles of a symbol that have closed by now and have not come: to be asked for after a stream was lost.

        In the first moment after a close that candle is on its way as a rule.
        """
        one = self._symbols.get(symbol)
        return None if one is None else one.feed.late(self._now_ns())

    def fill(self, symbol: str, answer: Sequence[Quoted]) -> list[Outcome]:
        """Take the candles that were asked for; a gap that they do not reach the end of stays."""
        one = self._symbols.get(symbol)
        if one is None or one.feed.next_ns is None:
            return []
        return self._read(one, one.feed.fill(answer, self._now_ns()))

    def overdue(self) -> list[Outcome]:
        """The signals that have waited long enough for other symbols: what is missing is not known to them."""
        return self._release(self._now_ns())

    # What the engine asks for

    def arm_signals(self, command: ArmSignals) -> None:
        """Let signals that wait to be armed be raised again."""
        one = self._symbols.get(command.symbol)
        if one is not None:
            one.arm_signals(max(self._now_ns(), command.not_before_ns - 1))

    def watch_verdict(self, command: WatchVerdict) -> None:
        """Watch for a verdict of frames that close later than now, or for none."""
        one = self._symbols.get(command.symbol)
        if one is not None:
            one.watch_verdict(command, self._now_ns())

    def arm_levels(self, command: ArmLevels) -> None:
        """Tell the frames that a trail follows, those that close later than now; or none."""
        one = self._symbols.get(command.symbol)
        if one is not None:
            one.follow(command.trail, self._now_ns())

    # How it happens

    def _scans(self, instrument: Instrument) -> bool:
        return self._specs.scanner is not None and in_universe(instrument, self._specs.scanner)

    def _open(self, one: SensedSymbol, older: Sequence[Columns]) -> None:
        specs, symbol, interval_ns = self._specs, one.symbol, self._specs.interval_ns
        hours = hours_source(older)
        one.open(older, specs.ladders)
        if specs.volatility:
            self._volatility[symbol] = VolatilityStream(interval_ns, one.start_ns)
        if self._candidates is not None and self._scans(one.instrument):
            self._candidates.add(symbol, interval_ns, hours)
        if self._correlations is not None:
            self._correlations.add(symbol, interval_ns, hours)
        if symbol == specs.market:
            self._trend = TrendStream(interval_ns, hours)

    def _read(self, one: SensedSymbol, readable: Sequence[Quoted]) -> list[Outcome]:
        symbol, said = one.symbol, list[Outcome]()
        for quoted in readable:
            if self._candidates is not None:
                self._candidates.push(symbol, quoted)
            if self._correlations is not None:
                self._correlations.push(symbol, quoted.candle)
            if symbol in self._volatility:
                self._volatility[symbol].push(quoted.candle)
            if self._trend is not None and symbol == self._specs.market:
                self._trend.push(quoted.candle)
            said += one.exits(quoted.candle)
            level = self._volatility.get(symbol)
            raised = one.signals(quoted.candle)
            said += one.withdrawn
            for rose in raised:
                known = rose if level is None else rose._replace(volatility=level.at(rose.close_ns))
                self._waiting.append((self._now_ns() + PATIENCE_NS, known))
        return said + self._release(None) if self._waiting else said

    def _release(self, now_ns: int | None) -> list[Outcome]:
        """The signals that wait for nothing any more, or have waited until a time; the earliest first."""
        held = sorted(self._held())
        ready = [
            one for one in self._waiting if (now_ns is not None and one[0] <= now_ns) or not self._lacks(one[1], held)
        ]
        self._waiting = [one for one in self._waiting if one not in ready]
        return [self._raised(rose, held) for _, rose in sorted(ready, key=lambda one: one[1].close_ns)]

    def _lacks(self, rose: Rose, held: Iterable[str]) -> bool:
        """Whether another symbol that a signal's content is about has not come to the same hour yet."""
        others: set[str] = set()
        if self._trend is not None:
            others.add(self._specs.market)
        if self._correlations is not None:
            others.update(held)
        if self._candidates is not None:
            others.update(self._candidates.ranking)
        hour_ns = rose.close_ns - rose.close_ns % HOUR_NS
        return any(other in self._symbols and (self._symbols[other].feed.next_ns or 0) < hour_ns for other in others)

    def _raised(self, rose: Rose, held: Iterable[str]) -> Raised:
        senses = Senses(scanner=self._candidates, trend=self._trend, correlation=self._correlations)
        sensed = senses.at(rose.symbol, rose.direction, rose.close_ns, held)
        return Raised(rose, sensed._replace(volatility=rose.volatility))


def _exits(ladders: Iterable[Ladder]) -> list[tuple[int, int]]:
    """The frames of technical exits, and the frames that their slow average takes."""
    return [(ladder.tech_frame_minutes * MINUTE_NS, ladder.tech_ma_slow) for ladder in ladders]


def _closed(interval_ns: int, rows: Sequence[Quoted], now_ns: int) -> Columns:
    return columns(interval_ns, [row for row in rows if row.candle.open_time_ns + interval_ns <= now_ns])
