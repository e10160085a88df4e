"""The engine on paper beside the engine over history: the same trades, the same run."""

from __future__ import annotations

import random
from array import array
from collections import Counter
from decimal import Decimal

import pytest
from msgspec.structs import replace

from sadari.core.engine import Engine
from sadari.core.ledger import Ledger
from sadari.kernel import Ticks, from_trades
from sadari.model.command import Command
from sadari.model.event import Event
from sadari.model.order import MarginMode
from sadari.model.plan import Ladder, Reentry, Settings
from sadari.model.units import MINUTE_NS, SECOND_NS
from sadari.run.feed.sensing import live_specs, sensing
from sadari.run.history.simulation import exchange_of, history_venue
from sadari.run.settings.request import MarketSection, Request, SignalSection
from sadari.sensors.feed import Quoted
from sadari.sensors.signals import Candle
from sadari.venue.port import Market, Venue
from tests.paper_venue import PaperVenue
from tests.reference.tapes import INSTRUMENT, START_NS, joined

D = Decimal
SYMBOLS = ("BTCUSDT", "ETHUSDT")
INSTRUMENTS = {symbol: replace(INSTRUMENT, symbol=symbol) for symbol in SYMBOLS}
KNOWN = 1_560
MINUTES = KNOWN + 1_500
SIGNALS = {
    "cross": SignalSection(frame_minutes=5, fast=3, slow=9, cooldown_minutes=0),
    "always": SignalSection(kind="always", direction="short"),
}


def walk(rng: random.Random, symbol: str) -> list[tuple[int, str, float]]:
    """Trades of every minute, about six each, some of the minutes violent."""
    price, trades = 1_000.0, []
    for minute in range(MINUTES):
        size = rng.choice((0.2, 0.5, 1.0, 4.0))
        # Off the grid of candles, and the symbols apart.
        offset = SYMBOLS.index(symbol) + 1
        seconds = sorted(rng.sample(range(1, 60), 6))
        for second in seconds:
            price = round(max(50.0, price + rng.gauss(0, size)), 1)
            trades.append((START_NS + minute * MINUTE_NS + second * SECOND_NS + offset, symbol, price))
    return trades


def records_of(venue: Venue, settings: Settings) -> list[Event | Command]:
    """Every event and command of a run."""
    engine, records = Engine(settings, INSTRUMENTS, Ledger([])), list[Event | Command]()
    for event in venue.events():
        records.append(event)
        for command in engine.handle(event):
            records.append(command)
            venue.execute(command)
    return records


@pytest.mark.requirement("R002-4")
@pytest.mark.parametrize("mode", MarginMode)
@pytest.mark.parametrize("seed", range(4))
def test_a_run_on_paper_is_the_run_over_history(seed: int, mode: MarginMode) -> None:
    """Events and commands agree one by one: signals, entries, adds, stops, half closes, trails and settlements."""
    rng = random.Random(seed)
    settings = Settings(
        ladder=Ladder(margin_mode=mode, dca_trigger=(D("0.01"), D("0.02")), half_close_pct=D("0.008"), tech_atr_k=D(2)),
        reentry=Reentry(cooldown_after_stop_minutes=5, cooldown_after_exit_minutes=1, max_per_symbol_per_day=99),
    )
    trades = {symbol: walk(rng, symbol) for symbol in SYMBOLS}
    columns = {}
    for symbol, own in trades.items():
        times, prices = array("q", [one[0] for one in own]), array("d", [one[2] for one in own])
        made = from_trades(
            times, prices, array("d", [1.0] * len(own)), MINUTE_NS, span=(START_NS, START_NS + MINUTES * MINUTE_NS)
        )
        parts = (made.open_time_ns, made.open, made.high, made.low, made.close, made.volume)
        columns[symbol] = joined([memoryview(part) for part in parts])
    request = Request(
        settings=settings, balance=D(10_000), candles=columns, instruments=INSTRUMENTS, signals=SIGNALS,
        start_ns=START_NS + KNOWN * MINUTE_NS,
    )  # fmt: skip
    sensed = sensing(request)
    markets = [
        Market(
            symbol=symbol, candles=columns[symbol], entries=sensed.entries[symbol],
            history=Ticks(array("q", [one[0] for one in own]), array("d", [one[2] for one in own])),  # type: ignore[arg-type]
        )
        for symbol, own in trades.items()
    ]  # fmt: skip
    exchange = exchange_of(request, INSTRUMENTS, request.balance)
    expected = records_of(
        history_venue(request, markets, exchange, start_ns=request.start_ns, senses=sensed.senses), settings
    )
    candles = {
        symbol: [Quoted(Candle(*row)) for row in zip(*one.columns, strict=True)] for symbol, one in columns.items()
    }
    paper = PaperVenue(
        sorted(trades["BTCUSDT"] + trades["ETHUSDT"]), candles, KNOWN, instruments=INSTRUMENTS, settings=settings,
        specs=live_specs(settings, SIGNALS, request.surge, request.scanner), balance=request.balance,
        market=MarketSection(),
    )  # fmt: skip
    found = records_of(paper, settings)
    first = next((pair for pair in zip(found, expected, strict=False) if pair[0] != pair[1]), None)
    assert first is None
    assert len(found) == len(expected)
    assert paper.desk.exchange.income == exchange.income
    counts = Counter(type(record).__name__ for record in expected)
    assert counts["OrderFilled"] > 20
    assert counts["RecordPosition"] > 5
