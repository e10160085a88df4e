"""A crossed account over history, which jumps from level to level, beside a walk over every tick of every symbol."""

from __future__ import annotations

import random
from collections.abc import Mapping
from decimal import Decimal

import pytest
from msgspec.structs import replace

from sadari.exchange import NO_SLIPPAGE, Exchange
from sadari.model.command import PlaceOrder
from sadari.model.event import EngineTurned, Event, OrderCanceled, OrderFilled
from sadari.model.order import MarginMode, Side
from sadari.model.plan import Fees
from sadari.model.units import MINUTE_NS, floor_units, price_of
from tests.crossed_twin import Books
from tests.exchange_orders import order, wall
from tests.history_script import LATENCY_NS, run, venue_over, when
from tests.reference.history import SlowHistory
from tests.reference.tapes import INSTRUMENT, START_NS, Columns, minutes

SYMBOLS = ("AUSDT", "BUSDT", "CUSDT")


def candles(chance: random.Random, rows: int) -> Columns:
    """Minutes on the tick grid around 100, some of them long."""
    made, price = [], 1_000
    for _ in range(rows):
        reach = chance.choice([3, 3, 10, 40])
        close, tail, head = (price + chance.randint(-reach, reach) for _ in range(3))
        made.append((price, max(price, close, head), min(price, close, tail), close))
        price = close
    return minutes([(o / 10, h / 10, low / 10, c / 10) for o, h, low, c in made])


def orders(chance: random.Random) -> list[PlaceOrder]:
    """A position in each symbol, and a stop below or above some of them."""
    wishes = []
    for number, symbol in enumerate(SYMBOLS):
        side = chance.choice(list(Side))
        wishes.append(order(f"o{number}", side, str(chance.randint(5, 60)), symbol=symbol))
        if chance.random() < 0.4:
            away = -chance.randint(20, 150) if side is Side.BUY else chance.randint(20, 150)
            exit_side = Side.SELL if side is Side.BUY else Side.BUY
            wishes.append(wall(f"w{number}", exit_side, str(Decimal(1_000 + away) / 10), symbol=symbol))
    return wishes


def outcomes(events: list[Event]) -> list[tuple[object, ...]]:
    """What happened to orders and positions: time, symbol, name, and price and quantity of a trade."""
    return [
        (e.time_ns, e.symbol, e.client_order_id, *((e.price, e.qty, e.fee) if isinstance(e, OrderFilled) else ()))
        for e in events
        if isinstance(e, OrderFilled | OrderCanceled)
    ]


class Walk:
    """Every tick of every symbol in the order of time, at which the exact condition is asked beside the exchange."""

    def __init__(self, columns: Mapping[str, Columns], balance: str) -> None:
        instruments = {symbol: replace(INSTRUMENT, symbol=symbol) for symbol in SYMBOLS}
        self.exchange = Exchange(instruments, Fees(), Decimal(balance), slippage=NO_SLIPPAGE)
        self.books = Books(self.exchange, instruments, {})
        tick = floor_units(INSTRUMENT.tick_size)
        self.visits: dict[int, dict[str, Decimal]] = {}
        self.prices: dict[str, Decimal] = {}
        for symbol, one in columns.items():
            self.exchange.set_leverage(symbol, 50)
            units = [tuple(round(price * 10) * tick for price in row) for row in zip(*one.columns[1:5], strict=True)]
            for time, price in SlowHistory(list(one.open_time_ns), units, MINUTE_NS, tick, 1).visits:
                self.visits.setdefault(time, {})[symbol] = price_of(price)

    def run(self, wishes: list[PlaceOrder]) -> list[Event]:
        """The orders arrive together after the latency; then tick by tick."""
        events: list[Event] = []
        arrival, waiting = START_NS + LATENCY_NS, sorted(wishes, key=lambda wish: wish.symbol)
        for time in sorted(self.visits):
            if time > arrival:
                while waiting:
                    wish = waiting.pop(0)
                    self.mark()
                    events += self.exchange.submit(wish, arrival, self.prices[wish.symbol])
            self.prices.update(self.visits[time])
            for symbol in sorted(self.visits[time]):
                events += self.tick(time, symbol)
        return events

    def tick(self, time: int, symbol: str) -> list[Event]:
        """One trade."""
        self.mark()
        held, before = symbol in self.books.crossed(), self.books.slack(self.prices, "USDT")
        happened = self.exchange.touch(symbol, time, self.prices[symbol])
        trades = [event for event in happened if isinstance(event, OrderFilled)]
        if held:
            assert bool(trades) or before > 0
            assert all(before <= 0 for trade in trades if trade.cause)
        return happened

    def mark(self) -> None:
        """Tell every price."""
        for symbol, price in self.prices.items():
            self.exchange.mark(symbol, price)


@pytest.mark.requirement("R000-27")
@pytest.mark.parametrize("seed", range(12))
def test_a_jump_liquidates_when_and_where_a_walk_does(seed: int) -> None:
    """Same instants, symbols, prices and wallet, for three symbols that share a wallet."""
    chance = random.Random(seed)
    columns = {symbol: candles(chance, 40) for symbol in SYMBOLS}
    wishes, balance = orders(chance), str(chance.randint(150, 400))
    walk = Walk(columns, balance)
    walked = walk.run(wishes)
    venue = venue_over(columns, margin_mode=MarginMode.CROSSED, balance=balance, leverage=50)
    ready = when(EngineTurned, *wishes, times=1)
    jumped = run(venue, lambda event: ready(event) if getattr(event, "trigger", "") == "reconciled" else ())
    assert outcomes(jumped) == outcomes(walked)
    assert venue.exchange.income == walk.exchange.income
    assert venue.exchange.balances == walk.exchange.balances


def test_most_of_these_walks_end_in_a_liquidation() -> None:
    """Otherwise they would show little."""
    ended = 0
    for seed in range(12):
        chance = random.Random(seed)
        walk = Walk({symbol: candles(chance, 40) for symbol in SYMBOLS}, "0")
        wishes, balance = orders(chance), str(chance.randint(150, 400))
        walk.exchange.transfer(START_NS, Decimal(balance))
        ended += any(isinstance(event, OrderFilled) and event.cause == "LIQUIDATION" for event in walk.run(wishes))
    assert ended >= 6
