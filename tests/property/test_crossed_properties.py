"""Crossed accounts asked only at their levels, beside one that looks at every tick of every symbol."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import NamedTuple

import pytest
from hypothesis import given, settings, target
from hypothesis import strategies as st
from msgspec.structs import replace

from sadari.exchange import NO_SLIPPAGE, ONE_TICK, Collateral, Exchange
from sadari.model.event import Event, OrderFilled
from sadari.model.order import MarginMode, OrderType, Side
from sadari.model.plan import Fees
from sadari.model.units import price_of
from tests.crossed_twin import Books, meets
from tests.exchange_orders import INSTRUMENT, D, T, limit, order, stop

SYMBOLS = ("AUSDT", "BUSDT", "CUSDC")
INSTRUMENTS = {
    symbol: replace(INSTRUMENT, symbol=symbol, quote_asset=symbol[1:], multiplier_up=D(0), multiplier_down=D(0))
    for symbol in SYMBOLS
}
ASSETS = {"USDC": Collateral(balance=D(900), price=D("0.999"), ratio=D("0.95"))}


class Step(NamedTuple):
    """What happens next to a symbol: its price moves by so many thousandths, an order is sent, funding is paid."""

    kind: str
    symbol: str
    move: int
    side: Side
    qty: int


steps = st.lists(
    st.builds(
        Step,
        st.sampled_from(["tick"] * 12 + ["order", "order", "limit", "stop", "close", "fund"]),
        st.sampled_from(SYMBOLS),
        st.integers(-60, 60) | st.sampled_from([-400, 300]),
        st.sampled_from(Side),
        st.integers(1, 60),
    ),
    min_size=10,
    max_size=80,
)


class Side2Side:
    """Two exchanges that are told the same: one only what meets a level, the other every tick."""

    def __init__(self, *, multi_assets: bool, isolated: bool, leverage: int, balance: str, slip: bool) -> None:
        self.prices = {symbol: D(50_000) for symbol in SYMBOLS}
        self.now_ns = T
        self.count = 0
        self.liquidations = 0
        self.jumping, self.walking = (
            Exchange(
                INSTRUMENTS, Fees(), D(balance), slippage=ONE_TICK if slip else NO_SLIPPAGE, assets=ASSETS,
                multi_assets=multi_assets,
            )
            for _ in range(2)
        )  # fmt: skip
        for made in (self.jumping, self.walking):
            for symbol in SYMBOLS:
                made.set_leverage(symbol, leverage)
            if isolated and not multi_assets:
                made.set_margin_mode("BUSDT", MarginMode.ISOLATED)
        self.books = Books(self.walking, INSTRUMENTS, ASSETS)

    def take(self, step: Step) -> None:
        """Do a step in both and compare."""
        self.now_ns += 1_000_000
        self.count += 1
        if step.kind == "tick":
            moved = self.prices[step.symbol] * (1000 + step.move) / 1000
            self.tick(step.symbol, max(moved.quantize(D("0.01")), D(1)))
        elif step.kind == "fund":
            price, rate = self.prices[step.symbol], D(step.move) / 10_000
            self.both(lambda made: made.fund(step.symbol, self.now_ns, rate, price))
        else:
            self.submit(step)
        assert self.jumping.balances == self.walking.balances
        assert self.jumping.income == self.walking.income

    def submit(self, step: Step) -> None:
        """An order of the step's kind."""
        name, price, qty = f"o{self.count}", self.prices[step.symbol], D(step.qty) / 1000
        level = str((price * (1000 + step.move) / 1000).quantize(D("0.01")))
        if step.kind == "limit":
            wish = limit(name, step.side, str(qty), level, symbol=step.symbol)
        elif step.kind == "stop":
            wish = stop(name, step.side, str(qty), level, symbol=step.symbol, reduce_only=step.qty % 2 == 0)
        else:
            wish = order(
                name, step.side, qty, symbol=step.symbol, order_type=OrderType.MARKET, reduce_only=step.kind == "close"
            )
        self.both(lambda made: made.submit(wish, self.now_ns, price))

    def both(self, act: object) -> None:
        """The same call to both at the prices of the moment."""
        answers = []
        for made in (self.jumping, self.walking):
            for symbol in made.crossed:
                made.mark(symbol, self.prices[symbol])
            answers.append(act(made))  # type: ignore[operator]
        assert answers[0] == answers[1]

    def tick(self, symbol: str, price: Decimal) -> None:
        """A trade: the walking exchange always hears of it, and the condition is asked beside it."""
        self.prices[symbol] = price
        held = symbol in self.books.crossed()
        asset = INSTRUMENTS[symbol].quote_asset
        before = self.books.slack(self.prices, asset)
        events = self.touched(self.walking, symbol, price)
        if meets(self.jumping, symbol, price):
            assert self.touched(self.jumping, symbol, price) == events
        else:
            assert events == []
        trades = [event for event in events if isinstance(event, OrderFilled)]
        forced = [trade for trade in trades if trade.cause and trade.symbol not in self.isolated()]
        self.liquidations += bool(forced)
        if forced and len(trades) == len(forced):
            assert before <= 0
        if held and not trades:
            assert before > 0
        if held and self.books.crossed():
            assert self.books.slack(self.prices, asset) > 0 or self.pool_is_empty(asset)

    def touched(self, made: Exchange, symbol: str, price: Decimal) -> list[Event]:
        """A touch at fresh prices of all crossed symbols."""
        for other in made.crossed:
            made.mark(other, self.prices[other])
        return made.touch(symbol, self.now_ns, price)

    def isolated(self) -> set[str]:
        """The symbols in isolated mode."""
        return {s for s in SYMBOLS if self.walking._market(s).mode is MarginMode.ISOLATED}

    def pool_is_empty(self, asset: str) -> bool:
        """Whether nothing is left to liquidate of what an asset backs."""
        mine = [s for s in self.books.crossed() if INSTRUMENTS[s].quote_asset == asset]
        return not mine and not self.walking.multi_assets


def check_books(pair: Side2Side, balance: str) -> None:
    """The wallets are their income, and what has nobody left to pay for it is not owed."""
    made = pair.walking
    start = {"USDT": D(balance), "USDC": D(900)}
    for asset, held in made.balances.items():
        assert held == start[asset] + sum(entry.amount for entry in made.income if entry.asset == asset)
    assert made.available_balance() >= 0
    if made.multi_assets:
        assert made.positions or made.wallet_balance >= 0
    else:
        backed = {INSTRUMENTS[symbol].quote_asset for symbol in pair.books.crossed()}
        assert all(held >= 0 for asset, held in made.balances.items() if asset not in backed)


@pytest.mark.requirement("R000-27")
@settings(max_examples=300, deadline=None)
@given(
    multi_assets=st.booleans(), isolated=st.booleans(), leverage=st.sampled_from([5, 20, 100]),
    balance=st.sampled_from(["150", "600", "3000"]), slip=st.booleans(), path=steps,
)  # fmt: skip
def test_the_levels_tell_of_every_liquidation(
    path: list[Step], balance: str, leverage: int, *, multi_assets: bool, isolated: bool, slip: bool
) -> None:
    """Same orders, liquidations, prices, wallets as by looking at every tick; at each the exact condition holds."""
    pair = Side2Side(multi_assets=multi_assets, isolated=isolated, leverage=leverage, balance=balance, slip=slip)
    for step in path:
        pair.take(step)
        check_books(pair, balance)
    target(float(pair.liquidations))


def test_hundreds_of_accounts_and_their_liquidations_are_the_same_by_levels_and_by_ticks() -> None:
    """The same over long random paths, so that many of them end in a liquidation and some at the insurance fund."""
    chance, liquidations, insured = random.Random(1), 0, 0
    kinds = ["tick"] * 12 + ["order", "order", "limit", "stop", "close", "fund"]
    for _ in range(300):
        balance = chance.choice(["150", "600", "3000"])
        pair = Side2Side(
            multi_assets=chance.random() < 0.5, isolated=chance.random() < 0.5, leverage=chance.choice([5, 20, 100]),
            balance=balance, slip=chance.random() < 0.5,
        )  # fmt: skip
        for _ in range(60):
            move = chance.randint(-60, 60) if chance.random() < 0.8 else chance.choice([-400, 300])
            kind, symbol, side = chance.choice(kinds), chance.choice(SYMBOLS), chance.choice(list(Side))
            pair.take(Step(kind, symbol, move, side, chance.randint(1, 60)))
            check_books(pair, balance)
        liquidations += pair.liquidations
        insured += sum(entry.kind == "INSURANCE_CLEAR" and entry.amount > 0 for entry in pair.walking.income)
    assert liquidations > 50
    assert insured > 10


@settings(max_examples=300, deadline=None)
@given(
    multi_assets=st.booleans(),
    held=st.lists(st.tuples(st.sampled_from(Side), st.integers(1, 400)), min_size=3, max_size=3),
    balance=st.integers(100, 20_000),
)
def test_no_liquidation_is_due_while_every_price_is_inside_its_band(
    held: list[tuple[Side, int]], balance: int, *, multi_assets: bool
) -> None:
    """Even if all stand at the last unit before their ends at once."""
    made = Exchange(INSTRUMENTS, Fees(), D(balance), slippage=NO_SLIPPAGE, assets=ASSETS, multi_assets=multi_assets)
    for symbol, (side, qty) in zip(SYMBOLS, held, strict=True):
        made.set_leverage(symbol, 100)
        made.submit(order(symbol, side, D(qty) / 1000, symbol=symbol), T, D(50_000))
    books, edges = Books(made, INSTRUMENTS, ASSETS), {symbol: D(50_000) for symbol in SYMBOLS}
    for symbol in made.crossed:
        for _, up, level in made.watch(symbol).levels():
            edges[symbol] = price_of(level - 1 if up else level + 1)
    for asset in ("USDT", "USDC"):
        assert books.slack(edges, asset) > 0 or not any(INSTRUMENTS[s].quote_asset == asset for s in made.crossed)
