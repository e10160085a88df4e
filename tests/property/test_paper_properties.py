"""Paper trading over any trades: what the venue over history makes of the same trades and the same orders."""

from __future__ import annotations

import random
from array import array
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from heapq import heappop, heappush
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sadari.exchange import Exchange, TickSlippage
from sadari.exchange.matching import LIQUIDATION
from sadari.kernel import Ticks
from sadari.model.command import CancelOrder, Command, PlaceOrder, QueryOrder, SetAlarm
from sadari.model.event import AccountUpdated, AlarmRang, Event, SymbolPrepared
from sadari.model.order import MarginMode, OrderType, Purpose, Side
from sadari.model.plan import Fees
from sadari.model.units import MILLISECOND_NS, MINUTE_NS, SECOND_NS
from sadari.venue.history import HistoryVenue
from sadari.venue.paper import PaperDesk
from sadari.venue.port import Latency, Market
from tests.history_script import order, rates, stop
from tests.reference.tapes import INSTRUMENT, START_NS, flat

D = Decimal
SYMBOLS = ("AAAUSDT", "BBBUSDT")
INSTRUMENTS = {symbol: replace(INSTRUMENT, symbol=symbol) for symbol in SYMBOLS}
BALANCE = D(1_000)
MINUTES = 5
END_NS = START_NS + MINUTES * MINUTE_NS
TOLD = {"OrderAccepted", "OrderFilled", "OrderCanceled", "OrderRejected", "CancelRejected", "AccountUpdated"}


class Trade(NamedTuple):
    """A trade of a symbol."""

    time_ns: int
    symbol: str
    price: float


class Case(NamedTuple):
    """Trades of two symbols, commands at some times, and how the account is set."""

    trades: list[Trade]
    asked: list[tuple[int, list[Command]]]
    latency: Latency
    mode: MarginMode
    leverage: int
    funding: list[tuple[int, float]]


def case_of(seed: int, mode: MarginMode, report_ms: int) -> Case:
    """A violent market and orders that fit it and do not."""
    rng = random.Random(seed)
    trades = [Trade(START_NS, symbol, 100.0) for symbol in SYMBOLS]
    for symbol in SYMBOLS:
        price, time_ns = 100.0, START_NS
        while (time_ns := time_ns + rng.randrange(1, 2_000) * MILLISECOND_NS) < END_NS - SECOND_NS:
            price = round(max(20.0, price + rng.choice((-3, -1, -0.5, -0.1, 0, 0.1, 0.5, 1, 3))), 1)
            trades.append(Trade(time_ns, symbol, price))
    trades.sort()
    asked = []
    for number in range(rng.randrange(1, 25)):
        # Off the milliseconds of trades and arrivals, so that no two things of one kind are due at once.
        at_ns = START_NS + rng.randrange(1, MINUTES * 60_000 - 2_000) * MILLISECOND_NS + number + 1
        asked.append((at_ns, [wish(rng, number)]))
    funding = [
        (START_NS + minute * MINUTE_NS + 500_000, rng.choice((0.01, -0.01, 0.1))) for minute in range(1, MINUTES)
    ]
    latency = Latency(order_ns=rng.choice((0, 50, 700)) * MILLISECOND_NS, report_ns=report_ms * MILLISECOND_NS)
    return Case(trades, sorted(asked, key=lambda one: one[0]), latency, mode, rng.choice((5, 20, 50)), funding)


def wish(rng: random.Random, number: int) -> Command:
    """An order to open, reduce or protect, or a question about one before."""
    symbol, side, name = rng.choice(SYMBOLS), rng.choice(tuple(Side)), f"run-{number}-X"
    kind = rng.randrange(8)
    if kind < 3:
        return order(name, side, str(rng.choice((1, 5, 20, 60))), symbol=symbol)
    if kind == 3:
        return order(name, side, "2", purpose=Purpose.EXIT, symbol=symbol)
    if kind == 4:
        return stop(name, side, str(rng.randrange(70, 130)), symbol=symbol)
    if kind == 5:
        return PlaceOrder(
            symbol=symbol, client_order_id=name, purpose=Purpose.STOP, side=side, order_type=OrderType.STOP_MARKET,
            qty=D(1), trigger_price=D(rng.randrange(90, 110)), reduce_only=True,
        )  # fmt: skip
    before = f"run-{rng.randrange(number + 1)}-X"
    if kind == 6:
        return CancelOrder(symbol=symbol, client_order_id=before)
    return QueryOrder(symbol=symbol, client_order_id=before)


def over_history(case: Case) -> tuple[list[Event], Exchange]:
    """What the venue over history tells of the orders."""
    candles = flat(MINUTES)
    exchange = Exchange(INSTRUMENTS, Fees(), BALANCE, slippage=TickSlippage(1))
    markets = []
    for symbol in SYMBOLS:
        own = [trade for trade in case.trades if trade.symbol == symbol]
        ticks = Ticks(array("q", [one.time_ns for one in own]), array("d", [one.price for one in own]))
        markets.append(Market(symbol=symbol, candles=candles, history=ticks, funding=rates(*case.funding)))  # type: ignore[arg-type]
    venue = HistoryVenue(
        markets, exchange, latency=case.latency, leverage=case.leverage, margin_mode=case.mode, end_ns=END_NS - 1
    )
    wishes = {str(at_ns): commands for at_ns, commands in case.asked}
    seen: list[Event] = []
    for at_ns, _ in case.asked:
        venue.execute(SetAlarm(name=str(at_ns), at_ns=at_ns))
    for event in venue.events():
        if type(event).__name__ in TOLD | {"FundingPaid"}:
            seen.append(event)
        if isinstance(event, AlarmRang):
            for command in wishes[event.name]:
                venue.execute(command)
    return [event for event in seen if not isinstance(event, AccountUpdated) or event.cause != "START"], exchange


class Paper:
    """The desk, its market told trade by trade, and its clock."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.now_ns = START_NS
        self.told: list[Event] = []
        self.timers: list[tuple[int, int, Callable[[], None]]] = []
        self.desk = PaperDesk(
            self.told.append, INSTRUMENTS, Fees(), BALANCE, slippage=TickSlippage(1), latency=case.latency,
            now_ns=lambda: self.now_ns, later=self.later, margin_mode=case.mode,
        )  # fmt: skip
        for symbol in SYMBOLS:
            self.desk.prepare(symbol, case.leverage, case.mode)

    def later(self, delay_s: float, callback: Callable[[], None]) -> None:
        """Call back on time, or up to a second late."""
        late_ns = (len(self.timers) % 3) * SECOND_NS // 2
        heappush(self.timers, (self.now_ns + round(delay_s * SECOND_NS) + late_ns, len(self.told), callback))

    def run(self, from_ns: int = START_NS, until_ns: int = END_NS) -> list[Event]:
        """Everything in the order of its time; of what comes at once, trades first, then funding, then wishes.

        Funding is due on the second, of which the exchange's archive has stamps some time after.
        """
        desk, case = self.desk, self.case
        coming: list[tuple[int, int, Callable[[], None]]] = [
            *((one.time_ns, 0, partial(desk.on_trade, one.symbol, one.price, one.time_ns)) for one in case.trades),
            *(
                (due_ns, 1, partial(self.fund, symbol, due_ns, rate))
                for due_ns, rate in ((stamp_ns // SECOND_NS * SECOND_NS, rate) for stamp_ns, rate in case.funding)
                for symbol in SYMBOLS
            ),
            *((at_ns, 2, partial(self.ask, commands)) for at_ns, commands in case.asked),
        ]
        for time_ns, _, act in sorted(coming, key=lambda one: one[:2]):
            if from_ns <= time_ns < until_ns:
                self.wake(time_ns)
                self.now_ns = time_ns
                act()
        self.wake(until_ns + MINUTE_NS)
        return self.told

    def wake(self, until_ns: int) -> None:
        """Let the timers that are due before a time call back."""
        while self.timers and self.timers[0][0] < until_ns:
            self.now_ns, _, callback = heappop(self.timers)
            callback()

    def ask(self, wishes: Sequence[Command]) -> None:
        """Send commands."""
        for command in wishes:
            assert self.desk.execute(command)

    def fund(self, symbol: str, time_ns: int, rate: float) -> None:
        """Settle at the last price, as history does where the mark price is not known."""
        self.desk.fund(symbol, time_ns, D(repr(rate)), D(repr(self.price(symbol, time_ns))))

    def price(self, symbol: str, time_ns: int) -> float:
        """The last price at a time."""
        return next(one.price for one in reversed(self.case.trades) if one.symbol == symbol and one.time_ns <= time_ns)


@given(seed=st.integers(0, 2**32), mode=st.sampled_from(MarginMode), report_ms=st.sampled_from([0, 30]))
def test_paper_fills_are_those_of_the_venue_over_history(seed: int, mode: MarginMode, report_ms: int) -> None:
    """The same events with the same prices, fees and balances, and the same account at the end."""
    case = case_of(seed, mode, report_ms)
    expected, exchange = over_history(case)
    paper = Paper(case)
    assert by_time(paper.run()) == by_time(expected)
    assert paper.desk.exchange.income == exchange.income
    assert paper.desk.exchange.wallet_balance == exchange.wallet_balance
    assert paper.desk.positions() == tuple(one.record() for _, one in sorted(exchange.positions.items()))


@given(seed=st.integers(0, 2**32), mode=st.sampled_from(MarginMode), minute=st.integers(1, MINUTES - 1))
def test_a_desk_that_recovers_goes_on_as_if_it_had_never_stopped(seed: int, mode: MarginMode, minute: int) -> None:
    """It has the same wallet, positions and waiting orders, and makes the same of everything that comes later."""
    cut_ns = START_NS + minute * MINUTE_NS
    whole = case_of(seed, mode, 0)
    # Nothing is on its way when it is cut off.
    case = whole._replace(asked=[one for one in whole.asked if not 0 <= cut_ns - one[0] <= SECOND_NS])
    paper, again = Paper(case), Paper(case)
    records: list[Event | Command] = [
        *(SymbolPrepared(time_ns=1, symbol=s, leverage=case.leverage, max_notional=D(0)) for s in SYMBOLS),
        *(command for at_ns, commands in case.asked for command in commands if at_ns < cut_ns),
        *paper.run(until_ns=cut_ns),
    ]
    again.desk.recover(records)
    before, after = paper.desk.exchange, again.desk.exchange
    assert after.income == before.income
    assert again.desk.positions() == paper.desk.positions()
    for symbol in SYMBOLS:
        assert [one.order for one in after.open_orders(symbol)] == [one.order for one in before.open_orders(symbol)]
        assert after.margin_mode(symbol) is before.margin_mode(symbol)
        assert after.leverage(symbol) == before.leverage(symbol)
        assert armed(after, symbol) == armed(before, symbol)
        again.desk.on_trade(symbol, paper.price(symbol, cut_ns - 1), cut_ns)
    for desk in (paper.desk, again.desk):
        desk.show_account()
    assert after.available_balance() == before.available_balance()
    again.told.clear()
    known = len(paper.told)
    assert again.run(from_ns=cut_ns) == paper.run(from_ns=cut_ns)[known:]
    assert after.income == before.income


def armed(exchange: Exchange, symbol: str) -> list[tuple[bool, int]]:
    """The levels of waiting orders, and the liquidation price of an isolated position."""
    crossed = exchange.margin_mode(symbol) is MarginMode.CROSSED
    levels = exchange.watch(symbol).levels()
    return sorted((up, units) for number, up, units in levels if not (crossed and number == LIQUIDATION))


def by_time(events: Sequence[Event]) -> list[Event]:
    """Events of one instant in one order, whatever they are told in: histories of two symbols do not mix alike."""
    return sorted(events, key=lambda event: event.time_ns)
