"""Orders are sized within the margin there is: the engine against the exchange model, on any path."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sadari.core.engine import Engine
from sadari.exchange import NO_SLIPPAGE, Exchange
from sadari.model.command import ArmLevels, CancelOrder, Command, PlaceOrder, RecordDecision
from sadari.model.event import (
    AccountUpdated,
    EngineTurned,
    Event,
    LevelCrossed,
    OperatorRequested,
    OrderFilled,
    OrderRejected,
    SignalRaised,
    SymbolPrepared,
)
from sadari.model.order import Direction, MarginMode, Purpose
from sadari.model.plan import Settings
from sadari.model.reason import RejectReason
from sadari.model.units import MINUTE_NS, floor_units
from tests.exchange_orders import INSTRUMENT, D, T
from tests.ladder_driver import settings

SYMBOLS = ("AUSDT", "BUSDT", "CUSDT", "DUSDT")
OPENING = {Purpose.ENTRY, Purpose.ADD}


class Opening(NamedTuple):
    """An opening order that was filled: what was available before it and after, and the margin and fee it took."""

    before: Decimal
    after: Decimal
    margin: Decimal
    fee: Decimal


class Account:
    """An engine and the exchange model with nothing between them: an order meets the price it was sized at."""

    def __init__(self, config: Settings, balance: str, mode: MarginMode) -> None:
        self.leverage = config.ladder.leverage
        instruments = {symbol: replace(INSTRUMENT, symbol=symbol) for symbol in SYMBOLS}
        self.exchange = Exchange(instruments, config.fees, D(balance), slippage=NO_SLIPPAGE)
        self.engine = Engine(config, instruments)
        self.now_ns = T
        self.prices = dict.fromkeys(SYMBOLS, D(50_000))
        self.levels: dict[str, dict[str, tuple[bool, int]]] = {symbol: {} for symbol in SYMBOLS}
        self.openings: list[Opening] = []
        self.decisions: list[RecordDecision] = []
        self.rejected: list[OrderRejected] = []
        self._start(mode)

    def _start(self, mode: MarginMode) -> None:
        self.give(OperatorRequested(time_ns=T, command="start", actor="test"))
        self.give(EngineTurned(time_ns=T, trigger="start_ok"))
        self.show()
        for symbol in SYMBOLS:
            if mode is MarginMode.ISOLATED:
                self.exchange.set_margin_mode(symbol, mode)
            limit = self.exchange.set_leverage(symbol, self.leverage)
            self.give(SymbolPrepared(time_ns=T, symbol=symbol, leverage=self.leverage, max_notional=limit))
        self.give(EngineTurned(time_ns=T, trigger="reconciled"))

    def show(self) -> None:
        """Show the account; what crossed positions lose lowers what is available without a trade."""
        wallet, free = self.exchange.wallet_balance, self.exchange.available_balance()
        self.give(AccountUpdated(time_ns=self.now_ns, cause="TEST", wallet_balance=wallet, available_balance=free))

    def signal(self, symbol: str, direction: Direction) -> None:
        """An entry signal at the price there is, a minute later."""
        self.now_ns += MINUTE_NS
        price, now = self.prices[symbol], self.now_ns
        self.give(
            SignalRaised(
                time_ns=now, symbol=symbol, direction=direction, strategy="test", signal_id=f"s{now}", price=price,
                price_time_ns=now, equity=self.exchange.wallet_balance,
            )
        )  # fmt: skip

    def tick(self, symbol: str, price: Decimal) -> None:
        """A trade at a price: the exchange's own levels first, then fresh account data, then the engine's levels."""
        self.now_ns += MINUTE_NS
        self.prices[symbol] = price
        for event in self.exchange.touch(symbol, self.now_ns, price):
            self.give(event)
        self.show()
        units, levels = floor_units(price), self.levels[symbol]
        crossed = [name for name, (up, level) in levels.items() if (units >= level if up else units <= level)]
        for name in crossed:
            del levels[name]
        if crossed:
            self.give(LevelCrossed(time_ns=self.now_ns, symbol=symbol, price=price, levels=tuple(crossed)))

    def give(self, event: Event) -> None:
        """Hand over an event and whatever follows from it."""
        queue = [event]
        while queue:
            for command in self.engine.handle(queue.pop(0)):
                queue += self._execute(command)

    def _execute(self, command: Command) -> list[Event]:
        if isinstance(command, ArmLevels):
            self.levels[command.symbol] = {level.name: (level.up, level.units) for level in command.levels}
        elif isinstance(command, RecordDecision):
            self.decisions.append(command)
        elif isinstance(command, CancelOrder):
            return self.exchange.cancel(command.symbol, command.client_order_id, self.now_ns)
        elif isinstance(command, PlaceOrder):
            return self._place(command)
        return []

    def _place(self, order: PlaceOrder) -> list[Event]:
        before = self.exchange.available_balance()
        events = self.exchange.submit(order, self.now_ns, self.prices[order.symbol])
        self.rejected += [event for event in events if isinstance(event, OrderRejected)]
        fills = [event for event in events if isinstance(event, OrderFilled)]
        if order.purpose in OPENING and fills:
            (fill,) = fills
            margin = fill.price * fill.qty / self.leverage
            self.openings.append(Opening(before, self.exchange.available_balance(), margin, fill.fee))
        return events


def greedy(leverage: int, weight: str, share: str, mode: MarginMode) -> Settings:
    """Settings that leave the limits on one order's margin as the only ones."""
    return settings(
        leverage=leverage, weights=(weight, weight, weight), margin_mode=mode, max_order_margin_pct=share,
        min_reserve_pct="0", max_portfolio_stop_loss_pct="1000", allow_opposite_side=True, max_shorts=10,
        cooldown_after_stop_minutes=0, cooldown_after_exit_minutes=0, max_per_symbol_per_day=10_000, max_loss_pct="1",
        max_entries=10_000,
    )  # fmt: skip


def check(account: Account) -> None:
    """What holds after any run."""
    for opening in account.openings:
        usable = min(opening.before - 50, opening.before * D("0.80"))
        assert opening.margin + opening.fee <= usable
        assert opening.after >= max(D(50), opening.before * D("0.20"))
    assert not [event for event in account.rejected if event.reason is RejectReason.INSUFFICIENT_MARGIN]


steps = st.lists(
    st.tuples(st.sampled_from(SYMBOLS), st.sampled_from([*Direction, None]), st.integers(940, 1_065)), max_size=30
)


@pytest.mark.requirement("R000-2", "R000-5", "R000-16", "R000-17")
@given(
    balance=st.sampled_from(["60", "72.5", "300", "1000", "10000", "250000"]),
    leverage=st.sampled_from([1, 3, 10, 20]),
    weight=st.sampled_from(["0.02", "0.2", "0.9"]),
    share=st.sampled_from(["0.30", "1"]),
    mode=st.sampled_from(MarginMode),
    path=steps,
)
def test_an_order_leaves_a_fifth_of_what_was_available_and_at_least_fifty(
    balance: str,
    leverage: int,
    weight: str,
    share: str,
    mode: MarginMode,
    path: list[tuple[str, Direction | None, int]],
) -> None:
    """Margin and fee stay within the usable part, whatever is held already, and the exchange refuses nothing for it."""
    account = Account(greedy(leverage, weight, share, mode), balance, mode)
    for symbol, direction, thousandths in path:
        if direction is not None:
            account.signal(symbol, direction)
        else:
            account.tick(symbol, account.prices[symbol] * thousandths // 1000)
    check(account)


@pytest.mark.requirement("R000-20")
def test_ten_thousand_orders_under_changing_margin_meet_no_refusal_for_it() -> None:
    """A long walk of four symbols over many accounts, most of whose orders are cut down to the margin there is."""
    chance = random.Random(7)
    opened, bound, balances = 0, 0, ("65", "400", "5000", "80000")
    while opened < 10_000:
        mode = chance.choice(list(MarginMode))
        config = greedy(chance.choice([1, 5, 10]), chance.choice(["0.1", "0.9"]), chance.choice(["0.30", "1"]), mode)
        account = Account(config, chance.choice(balances), mode)
        for _ in range(40):
            symbol = chance.choice(SYMBOLS)
            account.tick(symbol, account.prices[symbol] * chance.randint(960, 1_042) // 1000)
            account.signal(symbol, chance.choice(list(Direction)))
        check(account)
        opened += len(account.openings)
        bound += sum(decision.accepted and decision.binding != "plan" for decision in account.decisions)
    assert bound > 1_000


@pytest.mark.requirement("R000-3")
def test_what_is_held_already_makes_the_next_order_smaller() -> None:
    """The same signal at the same price, each time 30 % of what the positions before it have left available."""
    account = Account(greedy(10, "0.9", "0.30", MarginMode.CROSSED), "10000", MarginMode.CROSSED)
    for symbol in SYMBOLS[:3]:
        account.signal(symbol, Direction.LONG)
    quantities = [decision.qty for decision in account.decisions]
    free = D(10_000)
    for qty, opening in zip(quantities, account.openings, strict=True):
        assert opening.before == free
        assert qty == (D("0.30") * free * 10 / 50_000).quantize(D("0.001"), rounding="ROUND_FLOOR")
        free -= opening.margin + opening.fee
    assert quantities == sorted(set(quantities), reverse=True)
