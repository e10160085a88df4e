"""Live sensing over any market: the signals of the venue over history, whatever order the candles come in."""

from __future__ import annotations

import random
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sadari.model.command import ArmSignals, Command
from sadari.model.event import Event, OrderFilled, SignalRaised, SignalWithdrawn
from sadari.model.order import Side
from sadari.model.plan import Ladder, Scaling, Settings, Strategy
from sadari.model.units import DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS
from sadari.run.feed.sensing import live_specs, sensing
from sadari.run.history.markets import markets
from sadari.run.history.simulation import exchange_of, history_venue
from sadari.run.settings.request import Request, ScannerSection, SignalSection
from sadari.sensors.feed import Quoted
from sadari.sensors.ict_settings import IctSettings
from sadari.sensors.signals import Candle
from sadari.venue.live.market.sensed import Raised, Withdrawn
from sadari.venue.live.market.sensing import Outcome, Sensing
from tests.history_script import order
from tests.reference.surge_markets import columns, market, swift
from tests.reference.tapes import INSTRUMENT, START_NS

D = Decimal
SYMBOLS = ("AAAUSDT", "BBBUSDT", "BTCUSDT")
SIGNALS = {
    "slow": SignalSection(kind="ma_cross", frame_minutes=15, fast=2, slow=5, cooldown_minutes=0),
    "swift": SignalSection(kind="surge"),
    "ict": SignalSection(kind="ict"),
    "quick": SignalSection(kind="ma_cross", frame_minutes=3, fast=2, slow=4, cooldown_minutes=20),
    "always": SignalSection(kind="always", direction="long"),
}
# Almost any hour makes a candidate, and one symbol of three has a rank.
SCANNER = ScannerSection(rise=0.002, surge=0.5, bullish=1, top=1, short=True)
SETTINGS = Settings(
    ladder=Ladder(),
    scaling=Scaling(volatility_from_pct=D(50), max_correlated_loss_pct=D("0.5")),
    strategies={"swift": Strategy(scan_max_age_minutes=60)},
)


ICT = IctSettings(frame_minutes=3, swing_left=1, swing_right=1, entry_level=0.9)
Told = list[SignalRaised | SignalWithdrawn]
Holdings = list[tuple[int, frozenset[str]]]


class Case(NamedTuple):
    """Markets with holes, and where the run begins."""

    request: Request
    start_ns: int
    rng: random.Random


def case_of(seed: int, rows: int, holes: int) -> Case:
    """Three symbols over some hours, the first half of which warms up."""
    rng = random.Random(seed)
    candles = {}
    longer = {}
    for symbol in SYMBOLS:
        made = market(rng.randrange(2**32), rows)
        gone = {rng.randrange(1, rows - 1) for _ in range(holes)}
        candles[symbol] = columns([row for number, row in enumerate(made) if number not in gone])
        before = START_NS - 180 * HOUR_NS
        hours = market(rng.randrange(2**32), 185, before)
        longer[symbol] = [
            columns([(before + n * HOUR_NS, *row[1:]) for n, row in enumerate(hours)], HOUR_NS),
            columns([(START_NS - (9 - n) * DAY_NS, *row[1:]) for n, row in enumerate(hours[:9])], DAY_NS),
        ]
    start_ns = START_NS + rng.randrange(rows // 3, rows // 2) * MINUTE_NS
    request = Request(
        settings=SETTINGS,
        balance=D(100_000),
        candles=candles,
        instruments={symbol: replace(INSTRUMENT, symbol=symbol, tick_size=D("0.01")) for symbol in SYMBOLS},
        signals=SIGNALS,
        surge=swift(enable_short=True),
        ict=ICT,
        scanner=SCANNER,
        longer=longer,
        start_ns=start_ns,
    )
    return Case(request, start_ns, rng)


def over_history(case: Case) -> tuple[Told, Holdings]:
    """The signals of the venue over history, what became void of them, and what was held from which time on."""
    sensed = sensing(case.request)
    exchange = exchange_of(case.request, case.request.instruments, case.request.balance)
    venue = history_venue(
        case.request, markets(case.request, sensed.entries), exchange, start_ns=case.start_ns, senses=sensed.senses
    )
    raised, held = Told(), Holdings()
    for event in venue.events():
        for command in answers(event, raised):
            venue.execute(command)
        if isinstance(event, SignalRaised | SignalWithdrawn):
            raised.append(event)
        if isinstance(event, OrderFilled):
            held.append((event.time_ns, frozenset(exchange.positions)))
    return raised, held


def answers(event: Event, before: Sequence[Event]) -> list[Command]:
    """Hold the symbol of the first signal, and arm what waits again, some of it later."""
    found: list[Command] = []
    if isinstance(event, SignalRaised):
        if not before:
            found.append(order("run-1-E", Side.BUY, symbol=event.symbol))
        if event.rearm:
            pause_ns = event.time_ns // MINUTE_NS % 3 * 90 * SECOND_NS
            found.append(ArmSignals(symbol=event.symbol, not_before_ns=event.time_ns + pause_ns))
    return found


class Live:
    """The live sensors over the same candles: some come twice, late or not at all, and are then asked for."""

    def __init__(self, case: Case, held: Holdings) -> None:
        self.case = case
        self.now_ns = case.start_ns
        self.raised: Told = []
        request = case.request
        self.sensing = Sensing(
            live_specs(request.settings, request.signals, request.surge, request.scanner, request.ict),
            lambda: self.now_ns,
            lambda: next((symbols for time_ns, symbols in reversed(held) if time_ns <= self.now_ns), ()),
        )
        self.rows = {symbol: quoted(candles) for symbol, candles in request.candles.items()}
        for symbol in SYMBOLS:
            self.sensing.add(request.instruments[symbol])

    def run(self) -> Told:
        """Start all symbols, then let each minute's candles come in any order."""
        request, rng = self.case.request, self.case.rng
        for symbol in SYMBOLS:
            longer = {one.interval_ns: quoted(one) for one in request.longer[symbol]}
            self.take(self.sensing.start(symbol, self.known(symbol), longer))
        coming: dict[int, list[tuple[str, Quoted]]] = {}
        for symbol, rows in self.rows.items():
            for row in rows[len(self.known(symbol)) :]:
                coming.setdefault(row.candle.open_time_ns + MINUTE_NS, []).append((symbol, row))
        for close_ns, several in sorted(coming.items()):
            self.now_ns = close_ns
            rng.shuffle(several)
            for symbol, row in several:
                self.come(symbol, row)
            self.now_ns = self.sensing.due_ns or close_ns
            self.take(self.sensing.overdue())
        return self.raised

    def come(self, symbol: str, row: Quoted) -> None:
        """A candle comes by the stream, or is missed, or comes again."""
        fate = self.case.rng.random()
        if fate > 0.05:
            self.take(self.sensing.push(symbol, row))
        if fate > 0.95:
            assert self.sensing.push(symbol, row) == []
        if fate < 0.05 or self.sensing.gap(symbol) is not None:
            self.take(self.sensing.fill(symbol, self.known(symbol)[-5:]))
            self.take(self.sensing.fill(symbol, self.known(symbol)))

    def known(self, symbol: str) -> list[Quoted]:
        """What the exchange answers: all candles that have begun, the last of them perhaps not closed."""
        return [row for row in self.rows[symbol] if row.candle.open_time_ns + MINUTE_NS <= self.now_ns]

    def take(self, outcomes: Sequence[Outcome]) -> None:
        """Do as the script does."""
        for outcome in outcomes:
            if isinstance(outcome, Withdrawn):
                self.raised.append(outcome.event(outcome.withdrawal.close_ns))
                continue
            assert isinstance(outcome, Raised)
            event = outcome.event(outcome.rose.close_ns, D(0))
            for command in answers(event, self.raised):
                if isinstance(command, ArmSignals):
                    self.sensing.arm_signals(command)
            self.raised.append(event)


def quoted(candles: object) -> list[Quoted]:
    """Columns as they come."""
    fields = ("open_time_ns", "open", "high", "low", "close", "volume")
    return [Quoted(Candle(*row)) for row in zip(*(getattr(candles, name) for name in fields), strict=True)]


@settings(max_examples=20, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(seed=st.integers(0, 2**32), rows=st.sampled_from([700, 1_600, 3_000]), holes=st.integers(0, 3))
def test_streamed_signals_are_those_of_the_venue_over_history(seed: int, rows: int, holes: int) -> None:
    """Every field but the equity of the account agrees bit for bit, for all rules at once."""
    case = case_of(seed, rows, holes)
    found, held = over_history(case)
    expected = [replace(event, equity=D(0)) if isinstance(event, SignalRaised) else event for event in found]
    raised = {event.signal_id for event in found if isinstance(event, SignalRaised)}
    # What was raised before the run is withdrawn live, where an engine may have begun anew, and not over history.
    told = Live(case, held).run()
    streamed = [event for event in told if isinstance(event, SignalRaised) or event.signal_id in raised]
    assert in_order(streamed) == in_order(expected)
    assert {event.strategy for event in streamed} >= {"always", "quick"}


def in_order(told: Told) -> Told:
    """By time and symbol; what became void at a moment comes before what is raised then."""
    return sorted(told, key=lambda event: (event.time_ns, event.symbol, isinstance(event, SignalRaised)))
