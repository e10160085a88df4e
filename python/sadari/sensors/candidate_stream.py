"""When which symbol was a candidate of the scanner, as candles come in: the twin of `candidates.Candidates`."""

from __future__ import annotations

from sadari.model.order import Direction
from sadari.model.units import DAY_NS, HOUR_NS
from sadari.sensors.candidates import Runs, ranked
from sadari.sensors.feed import Quoted
from sadari.sensors.scanner import QuotedCandles, Scanner, ScannerSettings, ScannerStream, directions

# Scans older than this are looked up no more; only the last candidate of them all is kept.
KEPT_NS = 2 * DAY_NS


class CandidateStreams:
    """The scanner over symbols that come and go, and the rank that decides which of them count.

    Args:
        settings: What makes a candidate.

    Raises:
        ConfigError: A setting is out of its range.
    """

    def __init__(self, settings: ScannerSettings) -> None:
        self._scanner = Scanner(settings)
        self._directions = directions(settings)
        self._top = settings.top
        self._scanned: dict[str, dict[Direction, _Scanned]] = {}
        # Quote volume of the day up to the close of an hour, by hour and symbol.
        self._volumes: dict[int, dict[str, float | None]] = {}

    @property
    def ranking(self) -> tuple[str, ...]:
        """The symbols that are ranked against each other; none where there are not more than count."""
        return tuple(self._scanned) if len(self._scanned) > self._top else ()

    def add(self, symbol: str, interval_ns: int, longer: QuotedCandles | None = None) -> None:
        """Begin to scan a symbol.

        Raises:
            ConfigError: An interval does not divide one hour.
        """
        self._scanned[symbol] = {
            direction: _Scanned(self._scanner.stream(interval_ns, longer, direction), interval_ns)
            for direction in self._directions
        }

    def drop(self, symbol: str) -> None:
        """Scan a symbol no more."""
        self._scanned.pop(symbol, None)

    def push(self, symbol: str, quoted: Quoted) -> None:
        """Scan a symbol at the close of its next candle."""
        scanned = self._scanned.get(symbol)
        if scanned is None:
            return
        for one in scanned.values():
            close_ns, _, candidate = one.stream.push(quoted.candle, quoted.quote_volume)
            if close_ns % HOUR_NS == 0 or one.day_ns is None:
                self._note_day(symbol, one)
            if candidate:
                hour = one.hours.setdefault(close_ns - close_ns % HOUR_NS, Runs([], [], one.interval_ns))
                hour.add(close_ns, close_ns)
            if close_ns % HOUR_NS == 0:
                self._forget(symbol, one, close_ns - KEPT_NS)

    def age_ns(self, symbol: str, time_ns: int, direction: Direction = Direction.LONG) -> int | None:
        """The time since the last scan at or before a time of the last two days in which the symbol was a candidate."""
        one = self._scanned.get(symbol, {}).get(direction)
        if one is None:
            return None
        for hour_ns, runs in reversed(one.hours.items()):
            age_ns = runs.age_ns(time_ns)
            if age_ns is not None and self._counts(symbol, hour_ns):
                return age_ns
        return None if one.earlier_ns is None else time_ns - one.earlier_ns

    def _note_day(self, symbol: str, one: _Scanned) -> None:
        day = one.stream.day
        if day is not None and day[0] != one.day_ns:
            one.day_ns = day[0]
            self._volumes.setdefault(day[0], {})[symbol] = day[1]

    def _counts(self, symbol: str, hour_ns: int) -> bool:
        """Whether a symbol is one of those with the greatest quote volumes up to an hour."""
        if len(self._scanned) <= self._top:
            return True
        return symbol in ranked(self._volumes.get(hour_ns, {}), self._top)

    def _forget(self, symbol: str, one: _Scanned, before_ns: int) -> None:
        while one.hours and (hour_ns := next(iter(one.hours))) < before_ns:
            runs = one.hours.pop(hour_ns)
            if self._counts(symbol, hour_ns):
                one.earlier_ns = runs.last_ns[-1]
        # Another symbol may be behind by its gap: what it still asks for is kept as long again.
        while self._volumes and (oldest_ns := min(self._volumes)) < before_ns - KEPT_NS:
            del self._volumes[oldest_ns]


class _Scanned:
    """One symbol and direction.

    Attributes:
        hours: The scans in which the symbol was a candidate, by the hour that had closed last, hours in order.
        earlier_ns: The last of those that are not kept any more.
        day_ns: The hour whose day was noted last.
    """

    def __init__(self, stream: ScannerStream, interval_ns: int) -> None:
        self.stream = stream
        self.interval_ns = interval_ns
        self.hours: dict[int, Runs] = {}
        self.earlier_ns: int | None = None
        self.day_ns: int | None = None
