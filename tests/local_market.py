"""What the tests of the local exchange's market share: made-up candles, and a market played to some trade."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from sadari.kernel import synthetic
from sadari.localexchange.asking.endpoint import Endpoint
from sadari.localexchange.asking.parameters import Parameters
from sadari.localexchange.endpoints.public import endpoints
from sadari.localexchange.market.market import NO_FUNDING, FundingRates, Market
from sadari.localexchange.market.tape import SymbolTape, Tape, Trade
from sadari.localexchange.streams.market import MarketStreams
from sadari.model.instrument import Instrument
from sadari.model.units import MINUTE_NS, SECOND_NS

D = Decimal
# 2025-01-01 00:00 UTC, a Wednesday.
OPEN_NS = 1_735_689_600 * SECOND_NS
SEED = 7


@dataclass(frozen=True)
class Columns:
    """Candles as plain columns."""

    open_time_ns: memoryview
    open: memoryview
    high: memoryview
    low: memoryview
    close: memoryview
    volume: memoryview
    quote_volume: memoryview | None
    interval_ns: int = MINUTE_NS


@dataclass(frozen=True)
class Funding:
    """Funding as plain columns."""

    time_ns: memoryview
    rate: memoryview
    mark_price: memoryview | None = None


def instrument(symbol: str) -> Instrument:
    """A contract with a tick of 0.10 and a step of 0.001."""
    return Instrument(
        symbol=symbol,
        tick_size=D("0.10"),
        step_size=D("0.001"),
        min_qty=D("0.001"),
        max_qty=D(1000),
        market_max_qty=D(120),
        min_notional=D(5),
        brackets=(),
        multiplier_up=D("1.05"),
        multiplier_down=D("0.95"),
    )


def columns(rows: int, seed: int = 1) -> Columns:
    """Made-up minutes from `OPEN_NS` on."""
    made = synthetic(seed, rows, OPEN_NS, MINUTE_NS, 60_000.0, 10_000_000)
    quote = memoryview(made.quote_volume) if made.quote_volume is not None else None
    return Columns(
        memoryview(made.open_time_ns),
        memoryview(made.open),
        memoryview(made.high),
        memoryview(made.low),
        memoryview(made.close),
        memoryview(made.volume),
        quote,
    )


def with_hole(symbol: str, rows: int, hole: range, start_row: int) -> SymbolTape:
    """A tape whose candles lack some rows."""
    whole = columns(rows)
    kept = [row for row in range(rows) if row not in hole]

    def cut(column: memoryview) -> memoryview:
        return memoryview(array("d", [column[row] for row in kept]))

    left = Columns(
        memoryview(array("q", [whole.open_time_ns[row] for row in kept])),
        cut(whole.open),
        cut(whole.high),
        cut(whole.low),
        cut(whole.close),
        cut(whole.volume),
        None,
    )
    start_ns = OPEN_NS + start_row * MINUTE_NS
    return SymbolTape(symbol, left, instrument(symbol), SEED, start_ns=start_ns, shift_ns=0)


def tapes(
    symbols: tuple[str, ...] = ("BTCUSDT",), rows: int = 100, start_row: int = 40, shift_ns: int = 0
) -> list[SymbolTape]:
    """The tapes of made-up symbols."""
    return [
        SymbolTape(
            symbol,
            columns(rows, number),
            instrument(symbol),
            SEED,
            start_ns=OPEN_NS + start_row * MINUTE_NS,
            shift_ns=shift_ns,
        )
        for number, symbol in enumerate(symbols, 1)
    ]


class Played:
    """A market with its tape, its streams and what they have sent."""

    def __init__(
        self,
        made: list[SymbolTape],
        wanted: frozenset[str] = frozenset(),
        funding: dict[str, FundingRates] | None = None,
    ) -> None:
        first = made[0]
        start_ns = first.candles.open_time_ns[first.start_row]
        self.tape = Tape(made)
        self.market = Market(made, start_ns, first.shift_ns, funding if funding is not None else NO_FUNDING)
        self.sent: list[tuple[str, object]] = []
        self.streams = MarketStreams(self.market, wanted.__contains__, self._publish)
        self.trades: list[Trade] = []

    def play(self, until_ns: int) -> Played:
        """Play all trades before a time, then let the time come."""
        while (following := self.tape.next_ns()) is not None and following < until_ns:
            self.play_one()
        self.market.on_time(until_ns)
        self.streams.on_time(until_ns)
        return self

    def play_one(self) -> Trade:
        """Play the next trade."""
        trade = self.tape.pop()
        self.trades.append(trade)
        self.market.on_trade(trade)
        self.streams.on_trade(trade)
        return trade

    def ask(self, path: str, **values: str) -> object:
        """The answer of an endpoint as a client reads it."""
        return msgspec.json.decode(msgspec.json.encode(self.endpoint(path).answer(Parameters(values))))

    def endpoint(self, path: str) -> Endpoint:
        """The endpoint of a path."""
        return next(one for one in endpoints(self.market, lambda: self.market.now_ns) if one.path == path)

    def told(self, stream: str) -> list[object]:
        """What one stream has sent."""
        return [event for name, event in self.sent if name == stream]

    def _publish(self, stream: str, payload: bytes) -> None:
        self.sent.append((stream, msgspec.json.decode(payload)))
