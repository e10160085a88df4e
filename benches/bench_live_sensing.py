"""What do the closed candles of 150 symbols cost that come in one second, what a start, and what a trade on paper?"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from msgspec.structs import replace
from pytest_benchmark.fixture import BenchmarkFixture

from sadari.model.plan import Fees, Settings, Strategy
from sadari.model.units import MINUTE_NS
from sadari.run.feed.sensing import live_specs
from sadari.run.settings.request import ScannerSection, SignalSection
from sadari.sensors.feed import Quoted
from sadari.sensors.signals import Candle
from sadari.sensors.surge_settings import SurgeSettings
from sadari.venue.live.market.sensing import Sensing
from sadari.venue.paper import PaperDesk
from sadari.venue.port import Latency
from tests.reference.tapes import INSTRUMENT, START_NS, made_up

SYMBOLS = ("BTCUSDT", *(f"S{number}USDT" for number in range(149)))
WARM, MINUTES = 1_500, 500
SIGNALS = {"surge": SignalSection(kind="surge"), "cross": SignalSection()}
SPECS = live_specs(
    Settings(strategies={"surge": Strategy(scan_max_age_minutes=60)}), SIGNALS, SurgeSettings(), ScannerSection()
)


class Market:
    """One made-up market that all symbols share, and its time."""

    def __init__(self) -> None:
        made = made_up(20, WARM + MINUTES)
        self.rows = [Quoted(Candle(*row)) for row in zip(*made.columns, strict=True)]
        self.now_ns = self.rows[WARM].candle.open_time_ns
        self.sensing = Sensing(SPECS, lambda: self.now_ns, lambda: ())

    def begin(self, symbol: str) -> None:
        """Warm a symbol up."""
        self.sensing.add(replace(INSTRUMENT, symbol=symbol))
        self.sensing.start(symbol, self.rows[:WARM])


def bench_the_closes_of_150_symbols(benchmark: BenchmarkFixture) -> None:
    """Surges behind the scanner, crosses, the market's trend and the lines of the technical exit."""
    market = Market()
    for symbol in SYMBOLS:
        market.begin(symbol)
    coming: Iterator[Quoted] = iter(market.rows[WARM:])

    def closes() -> None:
        row = next(coming)
        market.now_ns = row.candle.open_time_ns + MINUTE_NS
        for symbol in SYMBOLS:
            market.sensing.push(symbol, row)

    benchmark.pedantic(closes, rounds=MINUTES - 1)  # type: ignore[no-untyped-call]


def bench_the_start_of_a_symbol(benchmark: BenchmarkFixture) -> None:
    """1,500 minutes through all its sensors."""
    market = Market()
    benchmark.pedantic(lambda: market.begin("BTCUSDT"), rounds=20)  # type: ignore[no-untyped-call]


def bench_a_trade_on_paper_that_meets_nothing(benchmark: BenchmarkFixture) -> None:
    """Beside no position and no order."""
    desk = PaperDesk(
        lambda _event: None, {"BTCUSDT": INSTRUMENT}, Fees(), Decimal(1_000), latency=Latency(order_ns=0),
        now_ns=lambda: START_NS, later=lambda _delay_s, callback: callback(),
    )  # fmt: skip
    benchmark(desk.on_trade, "BTCUSDT", 100.1, START_NS)
