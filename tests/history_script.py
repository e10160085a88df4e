"""Drives a venue over history with a small script in the place of the engine."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from msgspec.structs import replace

from sadari.exchange import NO_SLIPPAGE, Exchange
from sadari.kernel import History
from sadari.model.command import ArmLevels, Command, Level, PlaceOrder, Trail
from sadari.model.event import Event
from sadari.model.order import Direction, MarginMode, OrderType, Purpose, Side
from sadari.model.plan import Fees
from sadari.model.units import MILLISECOND_NS, floor_units
from sadari.sensors.always import Always
from sadari.sensors.signals import Signal, SignalRule
from sadari.store.funding import FundingColumns
from sadari.venue.history import HistoryVenue
from sadari.venue.port import Entries, Latency, Market
from tests.reference.tapes import INSTRUMENT, Columns

BTC = INSTRUMENT.symbol
LATENCY_NS = 50 * MILLISECOND_NS

Answer = Callable[[Event], Sequence[Command]]


class Silence:
    """A rule that raises nothing."""

    strategy = "silence"
    rearm = False

    def batch(self, _candles: object) -> Silence:
        """No signals."""
        return self

    def stream(self, _interval_ns: int) -> Silence:
        """No signals."""
        return self

    def after(self, _time_ns: int) -> Signal | None:
        """None, ever."""
        return None

    def push(self, _candle: object) -> Signal | None:
        """None, ever."""
        return None


def rates(*payments: tuple[int, float], marks: Sequence[float] | None = None) -> FundingColumns:
    """Funding at some times."""
    times, values = array("q", [time_ns for time_ns, _ in payments]), array("d", [rate for _, rate in payments])
    return FundingColumns(
        memoryview(times), memoryview(values), None if marks is None else memoryview(array("d", marks))
    )


def market(symbol: str, candles: Columns, rule: SignalRule, funding: FundingColumns | None = None) -> Market:
    """One symbol's market on a grid of 0.1."""
    history = History(
        candles.open_time_ns,
        candles.open,
        candles.high,
        candles.low,
        candles.close,
        interval_ns=candles.interval_ns,
        tick_units=floor_units(INSTRUMENT.tick_size),
        seed=1,
    )
    entries = Entries(strategy=rule.strategy, signals=rule.batch(candles), rearm=rule.rearm)
    return Market(symbol=symbol, candles=candles, history=history, entries=(entries,), funding=funding)


def venue_over(
    candles: Mapping[str, Columns],
    *,
    rule: SignalRule | None = None,
    funding: Mapping[str, FundingColumns] | None = None,
    latency_ns: int = LATENCY_NS,
    report_ns: int = 0,
    path: str = "tape",
    leverage: int = 10,
    start_ns: int | None = None,
    margin_mode: MarginMode = MarginMode.ISOLATED,
    balance: str = "10000",
    multi_assets: bool = False,
) -> HistoryVenue:
    """A venue with one instrument for every symbol and no slippage."""
    exchange = Exchange(
        {symbol: replace(INSTRUMENT, symbol=symbol) for symbol in candles},
        Fees(),
        Decimal(balance),
        slippage=NO_SLIPPAGE,
        multi_assets=multi_assets,
    )
    return HistoryVenue(
        [market(s, columns, rule or Silence(), (funding or {}).get(s)) for s, columns in candles.items()],
        exchange,
        latency=Latency(order_ns=latency_ns, report_ns=report_ns),
        leverage=leverage,
        margin_mode=margin_mode,
        start_ns=start_ns,
        path=path,
    )


def run(venue: HistoryVenue, answer: Answer) -> list[Event]:
    """Every event of a run whose commands a script gives."""
    seen: list[Event] = []
    for event in venue.events():
        seen.append(event)
        for command in answer(event):
            venue.execute(command)
    return seen


def when(kind: type[Event], *commands: Command, times: int = 1) -> Answer:
    """Answer the first events of a kind with some commands, and everything else with none."""
    left = times

    def answer(event: Event) -> Sequence[Command]:
        nonlocal left
        if not isinstance(event, kind) or left == 0:
            return ()
        left -= 1
        return commands

    return answer


def both(*answers: Answer) -> Answer:
    """The commands of several scripts, in their order."""
    return lambda event: [command for answer in answers for command in answer(event)]


def levels(symbol: str = BTC, *, trail: Trail | None = None, **prices: tuple[bool, float]) -> ArmLevels:
    """Levels by name: whether they are met from below, and their price."""
    armed = [Level(name, up, floor_units(Decimal(str(price)))) for name, (up, price) in prices.items()]
    return ArmLevels(symbol=symbol, levels=tuple(armed), trail=trail)


def order(
    client_order_id: str, side: Side, qty: str | None = "1", *, purpose: Purpose = Purpose.ENTRY, symbol: str = BTC
) -> PlaceOrder:
    """A market order."""
    return PlaceOrder(
        symbol=symbol,
        client_order_id=client_order_id,
        purpose=purpose,
        side=side,
        order_type=OrderType.MARKET,
        qty=None if qty is None else Decimal(qty),
        reduce_only=purpose is not Purpose.ENTRY,
    )


def stop(client_order_id: str, side: Side, trigger: str, *, symbol: str = BTC) -> PlaceOrder:
    """A close-position stop."""
    return PlaceOrder(
        symbol=symbol,
        client_order_id=client_order_id,
        purpose=Purpose.WALL,
        side=side,
        order_type=OrderType.STOP_MARKET,
        trigger_price=Decimal(trigger),
        close_position=True,
    )


def of(events: Sequence[Event], *kinds: type[Event]) -> list[Event]:
    """The events of some kinds."""
    return [event for event in events if isinstance(event, kinds)]


ALWAYS_LONG = Always(Direction.LONG)
