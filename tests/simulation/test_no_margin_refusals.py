"""Ten thousand orders of the ladder under changing margin, and not one of them refused for lack of it."""

from __future__ import annotations

import random
from collections import Counter
from decimal import Decimal

import pytest
from msgspec.structs import replace

from sadari.core.engine import Engine
from sadari.exchange import ONE_TICK, Exchange, Refusal
from sadari.model.command import ArmLevels, CancelOrder, Command, PlaceOrder
from sadari.model.event import (
    EngineTurned,
    Event,
    LevelCrossed,
    OperatorRequested,
    OrderRejected,
    SignalRaised,
    SymbolPrepared,
)
from sadari.model.order import Direction, MarginMode, Purpose
from sadari.model.plan import Settings
from sadari.model.units import MINUTE_NS, floor_units
from tests.exchange_orders import INSTRUMENT, D, T
from tests.ladder_driver import settings

SYMBOLS = ("AUSDT", "BUSDT", "CUSDT", "DUSDT")
ORDERS = 10_000


class Account:
    """An engine and the exchange model; the engine knows of the account what the venue over history tells it.

    That is: what follows a fill, a funding payment or a transfer and, while crossed positions are held, the balances
    before a signal and before a level that was met. While an order travels prices move by up to ``drift`` parts in ten
    thousand.
    """

    def __init__(self, chance: random.Random, mode: MarginMode, drift: int) -> None:
        self.chance = chance
        self.mode = mode
        self.drift = drift
        config = self.config()
        instruments = {symbol: replace(INSTRUMENT, symbol=symbol) for symbol in SYMBOLS}
        balance = D(chance.choice(["80", "400", "5000", "80000"]))
        self.exchange = Exchange(instruments, config.fees, balance, slippage=ONE_TICK)
        self.engine = Engine(config, instruments)
        self.now_ns = T
        self.prices = dict.fromkeys(SYMBOLS, D(50_000))
        self.levels: dict[str, dict[str, tuple[bool, int]]] = {symbol: {} for symbol in SYMBOLS}
        self.sent: Counter[str] = Counter()
        self.lacking: list[Decimal] = []
        self._start(config.ladder.leverage)

    def config(self) -> Settings:
        """Limits that leave margin as the one that binds."""
        entry, add = self.chance.choice(["0.05", "0.3", "0.9"]), self.chance.choice(["0.05", "0.3"])
        return settings(
            leverage=self.chance.choice([1, 3, 5]), weights=(entry, add, add), margin_mode=self.mode,
            max_order_margin_pct=self.chance.choice(["0.30", "1"]), min_reserve_pct="0",
            max_portfolio_stop_loss_pct="1000", allow_opposite_side=True, max_shorts=10, cooldown_after_stop_minutes=0,
            cooldown_after_exit_minutes=0, max_per_symbol_per_day=10_000, max_loss_pct="1", max_entries=10_000,
        )  # fmt: skip

    def _start(self, leverage: int) -> None:
        self.give(OperatorRequested(time_ns=T, command="start", actor="test"))
        self.give(EngineTurned(time_ns=T, trigger="start_ok"))
        self.give(self.exchange.report(T, "START"))
        for symbol in SYMBOLS:
            if self.mode is MarginMode.ISOLATED:
                self.exchange.set_margin_mode(symbol, self.mode)
            limit = self.exchange.set_leverage(symbol, leverage)
            self.give(SymbolPrepared(time_ns=T, symbol=symbol, leverage=leverage, max_notional=limit))
        self.give(EngineTurned(time_ns=T, trigger="reconciled"))

    # What happens

    def step(self) -> None:
        """A minute later: a trade, a signal, a transfer or a funding payment."""
        self.now_ns += MINUTE_NS
        symbol = self.chance.choice(SYMBOLS)
        what = self.chance.random()
        if what < 0.55:
            self.tick(symbol, self.prices[symbol] * self.chance.randint(9_600, 10_420) // 10_000)
        elif what < 0.9:
            self.signal(symbol)
        elif what < 0.95:
            self.transfer()
        else:
            self.mark()
            rate = D(self.chance.randint(-30, 30)) / 10_000
            self.give(*self.exchange.fund(symbol, self.now_ns, rate, self.prices[symbol]))

    def tick(self, symbol: str, price: Decimal) -> None:
        """A trade: the exchange's own levels first, then the engine's."""
        self.prices[symbol] = price
        self.mark()
        self.give(*self.exchange.touch(symbol, self.now_ns, price))
        units, levels = floor_units(price), self.levels[symbol]
        crossed = [name for name, (up, level) in levels.items() if (units >= level if up else units <= level)]
        for name in crossed:
            del levels[name]
        if crossed:
            self.refresh()
            self.give(LevelCrossed(time_ns=self.now_ns, symbol=symbol, price=price, levels=tuple(crossed)))

    def signal(self, symbol: str) -> None:
        """An entry signal at the price there is."""
        self.refresh()
        price, now = self.prices[symbol], self.now_ns
        self.give(
            SignalRaised(
                time_ns=now, symbol=symbol, direction=self.chance.choice(list(Direction)), strategy="test",
                signal_id=f"s{now}", price=price, price_time_ns=now, equity=self.exchange.equity(self.prices),
            )
        )  # fmt: skip

    def transfer(self) -> None:
        """Money comes or, as far as it is available, goes."""
        self.mark()
        amount = (self.exchange.wallet_balance * self.chance.randint(-40, 50) / 100).quantize(D("0.01"))
        try:
            self.give(*self.exchange.transfer(self.now_ns, amount))
        except Refusal as refusal:
            assert refusal.code == -4050  # noqa: PT017 - either outcome is right

    # What the venue does

    def mark(self) -> None:
        """Tell the exchange the prices of crossed symbols."""
        for symbol in self.exchange.crossed:
            self.exchange.mark(symbol, self.prices[symbol])

    def refresh(self) -> None:
        """Show the account as prices have left it."""
        if self.exchange.crossed:
            self.mark()
            self.give(self.exchange.report(self.now_ns, "REFRESH"))

    def travel(self) -> None:
        """What happens to prices while an order is under way."""
        for symbol, price in self.prices.items():
            moved = price * self.chance.randint(10_000 - self.drift, 10_000 + self.drift) / 10_000
            self.prices[symbol] = moved.quantize(D("0.01"))

    def give(self, *events: Event) -> None:
        """Hand over events and whatever follows from them."""
        queue = list(events)
        while queue:
            for command in self.engine.handle(queue.pop(0)):
                queue += self._execute(command)

    def _execute(self, command: Command) -> list[Event]:
        if isinstance(command, ArmLevels):
            self.levels[command.symbol] = {level.name: (level.up, level.units) for level in command.levels}
        elif isinstance(command, CancelOrder):
            return self.exchange.cancel(command.symbol, command.client_order_id, self.now_ns)
        elif isinstance(command, PlaceOrder):
            return self._place(command)
        return []

    def _place(self, order: PlaceOrder) -> list[Event]:
        self.travel()
        self.mark()
        events = self.exchange.submit(order, self.now_ns, self.prices[order.symbol])
        self.sent[order.purpose] += 1
        if any(isinstance(event, OrderRejected) and event.code == -2019 for event in events):
            held = sum(abs(one.qty) * self.prices[symbol] for symbol, one in self.exchange.positions.items())
            self.lacking.append(held / self.exchange.available_balance())
        return events


def orders(chance: random.Random, mode: MarginMode, drift: int, wanted: int) -> tuple[Counter[str], list[Decimal]]:
    """Accounts of 150 minutes until so many orders have opened or added; what was sent, and what was refused."""
    sent: Counter[str] = Counter()
    lacking: list[Decimal] = []
    while sent[Purpose.ENTRY] + sent[Purpose.ADD] < wanted:
        account = Account(chance, mode, drift)
        for _ in range(150):
            account.step()
        sent += account.sent
        lacking += account.lacking
    return sent, lacking


@pytest.mark.requirement("R000-20")
@pytest.mark.parametrize(("mode", "drift"), [(MarginMode.ISOLATED, 2), (MarginMode.CROSSED, 0)])
def test_ten_thousand_ladder_orders_under_changing_margin_are_never_refused_for_it(
    mode: MarginMode, drift: int
) -> None:
    """Half of them in each margin mode, while losses, funding and transfers change what is there; each slips a tick."""
    sent, lacking = orders(random.Random(20), mode, drift, ORDERS // 2)
    assert lacking == []
    assert sent[Purpose.ADD] > 1_000


def test_what_is_held_crossed_may_use_up_what_is_available_while_an_order_travels() -> None:
    """The one way to a refusal: a fiftieth of a percent of what is held is as much as a fifth of what is available."""
    _, lacking = orders(random.Random(20), MarginMode.CROSSED, 2, ORDERS // 2)
    assert len(lacking) <= 5
    assert all(times > 500 for times in lacking)
