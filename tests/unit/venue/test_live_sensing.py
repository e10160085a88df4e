"""Live sensing: what open positions watch, recorded markets, and what is needed to begin."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from sadari.errors import ConfigError
from sadari.kernel import aggregate
from sadari.model.command import ArmLevels, Trail, WatchVerdict
from sadari.model.order import Direction
from sadari.model.plan import Settings, Strategy
from sadari.model.reason import EntryEnd
from sadari.model.units import DAY_NS, HOUR_NS, MINUTE_NS
from sadari.run.feed.sensing import live_specs
from sadari.run.settings.request import ScannerSection, SignalSection
from sadari.sensors.feed import Gap, Quoted
from sadari.sensors.ict import Ict
from sadari.sensors.ict_settings import IctSettings
from sadari.sensors.ma_cross import MaCross
from sadari.sensors.scanner import ScannerSettings
from sadari.sensors.signals import Candle, Candles, Signal
from sadari.sensors.surge import Surge
from sadari.sensors.surge_settings import SurgeSettings
from sadari.sensors.technical import Technical
from sadari.sensors.universe import scanned_symbols
from sadari.store import candles as stored
from sadari.venue.live.market.sensed import FrameClosed, Raised, Turned, Withdrawn
from sadari.venue.live.market.sensing import Sensing, Specs
from tests.reference.tapes import INSTRUMENT, START_NS, made_up

SYMBOL = INSTRUMENT.symbol
FRAME_NS = 3 * MINUTE_NS
LOOSE = SurgeSettings(m1_min_true=3, m15_min_true=1, m1_daily_surge_pct=0.01, m1_min_gap_80_480=0.0)
BOTH = (Direction.LONG, Direction.SHORT)
QUICK = MaCross(MINUTE_NS, 2, 5, directions=BOTH)
CROSS = MaCross(15 * MINUTE_NS, 20, 80, directions=BOTH, cooldown_ns=HOUR_NS)
SURGE = {"surge": SignalSection(kind="surge")}


class Clock:
    """The time of a test's market."""

    def __init__(self, now_ns: int) -> None:
        self.now_ns = now_ns

    def __call__(self) -> int:
        """Now."""
        return self.now_ns


def quoted(candles: Candles) -> list[Quoted]:
    """Columns as they come."""
    times, *others = candles.open_time_ns, candles.open, candles.high, candles.low, candles.close, candles.volume
    return [Quoted(Candle(*row)) for row in zip(times, *others, strict=True)]


def begun(specs: Specs, rows: Sequence[Quoted], symbol: str = SYMBOL) -> tuple[Sensing, Clock]:
    """One symbol, started with some candles at the close of the last."""
    clock = Clock(rows[-1].candle.open_time_ns + MINUTE_NS)
    sensing = Sensing(specs, clock, lambda: ())
    sensing.add(replace(INSTRUMENT, symbol=symbol))
    assert sensing.start(symbol, rows) == []
    return sensing, clock


def driven(sensing: Sensing, clock: Clock, rows: Sequence[Quoted], symbol: str = SYMBOL) -> list[object]:
    """What candles say, one after another."""
    said: list[object] = []
    for row in rows:
        clock.now_ns = row.candle.open_time_ns + MINUTE_NS
        said += sensing.push(symbol, row)
    return said


@pytest.mark.parametrize("up", [True, False])
def test_a_watched_verdict_turns_where_it_does_over_history(up: bool) -> None:
    """Every later cross of the side asked for is told, at the close of its frame."""
    candles = made_up(4, 6_000).without([5_000])
    rows = quoted(candles)
    sensing, clock = begun(Specs(rules={}), rows[:2_000])
    verdict = "MA_CROSS_UP" if up else "MA_CROSS_DOWN"
    sensing.watch_verdict(WatchVerdict(symbol=SYMBOL, verdict=verdict, frame_ns=FRAME_NS, fast=5, slow=20))
    technical, expected = Technical(candles, clock.now_ns), list[int]()
    close_ns: int | None = clock.now_ns
    while close_ns is not None and (close_ns := technical.next_cross(FRAME_NS, 5, 20, close_ns, up=up)) is not None:
        expected.append(close_ns)
    said = driven(sensing, clock, rows[2_000:5_000])
    clock.now_ns += 2 * MINUTE_NS
    said += sensing.fill(SYMBOL, rows[4_990:5_001]) + driven(sensing, clock, rows[5_001:])
    turned = [one for one in said if isinstance(one, Turned)]
    assert [one.close_ns for one in turned] == expected
    assert {one.verdict for one in turned} == {verdict}
    assert turned[0].event(clock.now_ns).price == Decimal(turned[0].units).scaleb(-8)


def test_frames_of_a_trail_are_those_over_history() -> None:
    """High, low and range of every frame that closes after arming, until the trail is dropped."""
    candles = made_up(4, 4_000)
    rows = quoted(candles)
    sensing, clock = begun(Specs(rules={}), rows[:2_000])
    trail = Trail(name="trail", up=False, k=Decimal(3), best=1, floor=1, frame_ns=FRAME_NS, atr_n=14)
    sensing.arm_levels(ArmLevels(symbol=SYMBOL, trail=trail))
    ranges = Technical(candles, clock.now_ns).true_range(FRAME_NS, 14)
    said = driven(sensing, clock, rows[2_000:3_000])
    first = ranges.frames.closed_later(rows[2_000].candle.open_time_ns)
    expected = [
        (ranges.frames.close_ns(row), round(ranges.frames.high[row] * 1e8), ranges.line[row])
        for row in range(first, ranges.frames.closed_later(clock.now_ns))
    ]
    frames = [one for one in said if isinstance(one, FrameClosed)]
    assert [(one.close_ns, one.high, one.line) for one in frames] == expected
    sensing.arm_levels(ArmLevels(symbol=SYMBOL))
    assert driven(sensing, clock, rows[3_000:3_100]) == []


def test_a_gap_is_named_and_nothing_is_raised_across_it() -> None:
    """Until the exchange has been asked, later candles say nothing; afterwards all do."""
    rows = quoted(made_up(4, 3_000))
    expected = QUICK.batch(made_up(4, 3_000).rows(slice(2_200)))
    sensing, clock = begun(Specs(rules={"quick": QUICK}), rows[:2_000])
    start_ns = clock.now_ns
    assert driven(sensing, clock, rows[2_100:2_200]) == []
    assert sensing.gap(SYMBOL) == Gap(rows[2_000].candle.open_time_ns, rows[2_100].candle.open_time_ns)
    said = sensing.fill(SYMBOL, rows[1_990:2_101])
    assert sensing.gap(SYMBOL) is None
    assert [close_ns for close_ns, _, _ in raised(said)] == [
        signal.close_ns for signal in following(expected.after, start_ns)
    ]


def raised(said: Sequence[object]) -> list[tuple[int, str, str]]:
    """Close, strategy and tag of the signals among what was said."""
    rose = [one.rose for one in said if isinstance(one, Raised)]
    return [(one.close_ns, f"{one.strategy} {one.direction}", one.tag) for one in rose]


def framed(candles: Candles, frame_ns: int, until_ns: int, rows: int) -> list[Quoted]:
    """The last closed frames of some candles up to a time."""
    built = aggregate(
        candles.open_time_ns, candles.open, candles.high, candles.low, candles.close, candles.volume, None, MINUTE_NS,
        frame_ns,
    )  # fmt: skip
    columns = (built.open_time_ns, built.open, built.high, built.low, built.close, built.volume)
    every = [Quoted(Candle(*row)) for row in zip(*(column.tolist() for column in columns), strict=True)]
    return [row for row in every if row.candle.open_time_ns + frame_ns <= until_ns][-rows:]


@pytest.mark.parametrize("symbol", ["BTCUSDT", "XRPUSDT"])
def test_recorded_signals_come_from_as_few_candles_as_are_asked_for(recorded_data: Path, symbol: str) -> None:
    """Warmed up by `needs` and no more, surges and crosses come where they do over all recorded candles."""
    candles = stored.load([recorded_data / "klines-1m" / "2025-05"], [symbol])[symbol]
    signals = {**SURGE, "cross": SignalSection(frame_minutes=15, fast=20, slow=80)}
    strategies = {"surge": Strategy(scan_max_age_minutes=60)}
    specs = live_specs(Settings(strategies=strategies), signals, LOOSE, ScannerSection())
    rows = quoted(candles)
    first = len(rows) * 4 // 5 + 7
    clock = Clock(rows[first - 1].candle.open_time_ns + MINUTE_NS)
    sensing = Sensing(specs, clock, lambda: ())
    sensing.add(replace(INSTRUMENT, symbol=symbol))
    needed = dict(sensing.needs(symbol))
    longer = {
        frame_ns: framed(candles, frame_ns, clock.now_ns, count)
        for frame_ns, count in needed.items()
        if frame_ns > MINUTE_NS
    }
    assert set(longer) == {FRAME_NS, 5 * FRAME_NS, HOUR_NS, DAY_NS}
    sensing.start(symbol, rows[first - needed[MINUTE_NS] : first], longer)
    said = driven(sensing, clock, rows[first:], symbol)
    expected = [
        (signal.close_ns, f"{name} {signal.direction}", signal.tag)
        for name, found in (("surge", Surge(LOOSE).batch(candles)), ("cross", CROSS.batch(candles)))
        for signal in following(found.after, rows[first - 1].candle.open_time_ns + MINUTE_NS)
    ]
    assert len(expected) > 10
    assert sorted(raised(said)) == sorted(expected)


def test_what_became_void_while_nobody_was_there_is_told_at_the_start() -> None:
    """An entry that an earlier life has placed may rest still; one whose time is over rests no more."""
    rows, rule = quoted(made_up(4, 12_000)), Ict(IctSettings(frame_minutes=3, swing_left=1, swing_right=1))
    first, clock = begun(Specs(rules={"ict": rule}), rows[:2_000])
    said = driven(first, clock, rows[2_000:])
    void = [one.withdrawal for one in said if isinstance(one, Withdrawn)]
    waits_ns = rule.settings.entry_ttl * rule.frame_ns
    missed = [one for one in void if one.close_ns - one.raised_ns >= 2 * FRAME_NS and one.close_ns < clock.now_ns]
    assert {one.cause for one in missed} == {EntryEnd.GAP_FILLED, EntryEnd.OPPOSITE_EVENT, EntryEnd.TARGET_FIRST}
    for one in missed:
        now_ns = one.close_ns + MINUTE_NS
        known = [row for row in rows if row.candle.open_time_ns + MINUTE_NS <= now_ns]
        again = Sensing(Specs(rules={"ict": rule}), Clock(now_ns), lambda: ())
        again.add(INSTRUMENT)
        told = [other.withdrawal for other in again.start(SYMBOL, known) if isinstance(other, Withdrawn)]
        assert one in told
        assert all(other.raised_ns + waits_ns > now_ns for other in told)


def test_no_candle_to_start_with_is_an_error() -> None:
    """A symbol whose minute has not closed yet cannot be started; it can be later."""
    clock = Clock(START_NS + 1)
    sensing = Sensing(Specs(rules={}), clock, lambda: ())
    sensing.add(INSTRUMENT)
    rows = quoted(made_up(1, 2))
    with pytest.raises(ConfigError, match="BTCUSDT: there is no closed candle to start with"):
        sensing.start(SYMBOL, rows)
    clock.now_ns += MINUTE_NS
    assert sensing.start(SYMBOL, rows) == []
    assert sensing.started(SYMBOL)


def test_a_symbol_that_was_dropped_says_nothing_more() -> None:
    """Its candles are taken and not read; adding it again begins anew."""
    rows = quoted(made_up(4, 300))
    sensing, clock = begun(Specs(rules={"cross": QUICK}), rows[:100])
    sensing.drop(SYMBOL)
    assert driven(sensing, clock, rows[100:200]) == []
    assert sensing.gap(SYMBOL) is None
    sensing.add(INSTRUMENT)
    assert not sensing.started(SYMBOL)


def test_the_symbols_scanned_are_those_named_or_those_traded_most() -> None:
    """By volume only trading perpetual contracts in USDT are chosen that are not denied."""
    listed = [
        replace(INSTRUMENT, symbol="AAAUSDT"),
        replace(INSTRUMENT, symbol="BBBUSDT"),
        replace(INSTRUMENT, symbol="CCCUSDT", status="SETTLING"),
        replace(INSTRUMENT, symbol="DDDUSDC", quote_asset="USDC"),
        replace(INSTRUMENT, symbol="EEEUSDT"),
        replace(INSTRUMENT, symbol="FFFUSDT"),
    ]
    volumes = {"AAAUSDT": 3.0, "BBBUSDT": 9.0, "CCCUSDT": 99.0, "DDDUSDC": 99.0, "EEEUSDT": 5.0, "FFFUSDT": None}
    denied = ScannerSettings(deny=("BBBUSDT",))
    assert scanned_symbols(listed, volumes, ScannerSettings(), most=2) == ["BBBUSDT", "EEEUSDT"]
    assert scanned_symbols(listed, volumes, denied, most=9) == ["AAAUSDT", "EEEUSDT"]
    assert scanned_symbols(listed, volumes, denied, named=("FFFUSDT", "BBBUSDT"), most=1) == ["BBBUSDT", "FFFUSDT"]
    with pytest.raises(ConfigError, match="XUSDT, which the exchange does not list"):
        scanned_symbols(listed, volumes, denied, named=("XUSDT",), most=1)
    with pytest.raises(ConfigError, match="CCCUSDT, which is SETTLING; allowed: TRADING"):
        scanned_symbols(listed, volumes, denied, named=("CCCUSDT",), most=1)


def following(after: Callable[[int], Signal | None], time_ns: int) -> list[Signal]:
    """All signals later than a time."""
    found: list[Signal] = []
    while (signal := after(time_ns)) is not None:
        found.append(signal)
        time_ns = signal.close_ns
    return found
