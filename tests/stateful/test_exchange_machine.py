"""The exchange model under any sequence of orders, trades and funding; its books are checked after each step."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from sadari.exchange import NO_SLIPPAGE, ONE_TICK, Collateral, Refusal
from sadari.exchange.matching import LIQUIDATION
from sadari.exchange.orders import meets_from_below, passed, takes
from sadari.model.command import PlaceOrder
from sadari.model.event import (
    AccountUpdated,
    CancelRejected,
    Event,
    FundingPaid,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    OrderRejected,
)
from sadari.model.order import MarginMode, OrderType, Side, TimeInForce
from sadari.model.units import EXACT, ceil_units, floor_units
from tests.exchange_orders import BTC, D, T, exchange, limit, order, stop, wall

LIQUIDATED = "autoclose-"
ASSETS = {"BTC": Collateral(balance=D("0.25"), price=D(40_000), ratio=D("0.9"))}

sides = st.sampled_from(Side)
quantities = st.integers(1, 400).map(lambda steps: D(steps) / 1000)
distances = st.integers(-3_000, 3_000).map(D)


class ExchangeMachine(RuleBasedStateMachine):
    """One symbol, one account, and what its events say about both."""

    @initialize(
        leverage=st.sampled_from([1, 3, 10, 50, 100]),
        mode=st.sampled_from([MarginMode.ISOLATED, MarginMode.ISOLATED, MarginMode.CROSSED]),
        slippage=st.sampled_from([NO_SLIPPAGE, ONE_TICK]),
        balance=st.sampled_from(["500", "5000", "100000"]),
        several=st.booleans(),
    )
    def begin(self, leverage: int, mode: MarginMode, slippage: Any, balance: str, *, several: bool) -> None:
        """An account without a position; a crossed one may hold a BTC that counts for something."""
        assets = ASSETS if several and mode is MarginMode.CROSSED else None
        self.exchange = exchange(balance, leverage=leverage, mode=mode, slippage=slippage, assets=assets)
        self.start = D(balance) + (9_000 if assets else 0)
        self.price = D(50_000)
        self.time_ns = T
        self.sent: dict[str, PlaceOrder] = {}
        self.open: set[str] = set()
        self.ended: set[str] = set()
        self.held = D(0)
        self.booked = D(0)
        self.margin = D(0)
        self.trade_id = 0

    # What is done

    @rule(side=sides, qty=quantities, reduce_only=st.booleans())
    def market(self, side: Side, qty: Decimal, reduce_only: bool) -> None:
        """Enter, add, reduce, turn or close at the market."""
        self.submit(order(self.name(), side, qty, reduce_only=reduce_only))

    @rule(side=sides, qty=quantities, away=distances, reduce_only=st.booleans(), tif=st.sampled_from(TimeInForce))
    def limit(self, side: Side, qty: Decimal, away: Decimal, reduce_only: bool, tif: TimeInForce) -> None:
        """Bid or ask anywhere, at the market and beyond it too."""
        price = max(self.price + away, D(1))
        self.submit(limit(self.name(), side, str(qty), str(price), reduce_only=reduce_only, time_in_force=tif))

    @rule(side=sides, away=distances, kind=st.sampled_from([OrderType.STOP_MARKET, OrderType.TAKE_PROFIT_MARKET]))
    def wall(self, side: Side, away: Decimal, kind: OrderType) -> None:
        """Protect or take profit for the whole position."""
        self.submit(wall(self.name(), side, str(max(self.price + away, D(1))), order_type=kind))

    @rule(side=sides, qty=quantities, away=distances, reduce_only=st.booleans())
    def stop(self, side: Side, qty: Decimal, away: Decimal, reduce_only: bool) -> None:
        """Protect a quantity, or open by a trigger."""
        trigger = str(max(self.price + away, D(1)))
        self.submit(stop(self.name(), side, str(qty), trigger, reduce_only=reduce_only))

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """End one of the waiting orders."""
        name = data.draw(st.sampled_from(sorted(self.open)))
        self.hear(self.exchange.cancel(BTC, name, self.time_ns))
        assert name in self.ended

    @precondition(lambda self: self.ended)
    @rule(data=st.data())
    def cancel_too_late(self, data: st.DataObject) -> None:
        """What has ended cannot be ended again."""
        name = data.draw(st.sampled_from(sorted(self.ended)))
        (answer,) = self.exchange.cancel(BTC, name, self.time_ns)
        assert isinstance(answer, CancelRejected)

    @rule(moves=st.lists(distances, min_size=1, max_size=4))
    def walk(self, moves: list[Decimal]) -> None:
        """Trades, near and far from each other."""
        for move in moves:
            self.trade(self.price + move / 10)

    @rule(factor=st.sampled_from(["0.5", "0.85", "0.9", "0.99", "1.01", "1.1", "1.18", "2"]))
    def leap(self, factor: str) -> None:
        """A gap."""
        self.trade((self.price * D(factor)).quantize(D("0.01")))

    @rule(rate=st.integers(-300, 300).map(lambda r: D(r) / 10_000))
    def fund(self, rate: Decimal) -> None:
        """Settle funding, up to 3 percent."""
        self.hear(self.exchange.fund(BTC, self.time_ns, rate, self.price))

    @rule(leverage=st.sampled_from([1, 2, 10, 20, 100, 125, 126]))
    def set_leverage(self, leverage: int) -> None:
        """Change the leverage where the venue lets it."""
        try:
            self.exchange.set_leverage(BTC, leverage)
        except Refusal as refusal:
            assert refusal.code in {-4028, -4161, -2027, -2019}  # noqa: PT017 - either outcome is right
        self.margin = self.exchange.positions[BTC].margin if self.held else D(0)

    # What is heard

    def name(self) -> str:
        """A client order id that was never used."""
        return f"o{len(self.sent)}"

    def submit(self, wish: PlaceOrder) -> None:
        """Send an order; a refused one changes nothing."""
        self.time_ns += 1
        self.sent[wish.client_order_id] = wish
        events = self.exchange.submit(wish, self.time_ns, self.price)
        if isinstance(events[0], OrderRejected):
            assert len(events) == 1
            self.ended.add(wish.client_order_id)
        else:
            self.hear(events)

    def trade(self, price: Decimal) -> None:
        """One trade of the market."""
        self.time_ns += 1
        self.price = min(max(price, D(10)), D(900_000))
        self.hear(self.exchange.touch(BTC, self.time_ns, self.price))
        position = self.exchange.positions.get(BTC)
        if position is not None and position.liquidation_price is not None:
            assert (self.price - position.liquidation_price) * position.side > 0
        if self.exchange.crossed:
            assert self.exchange.margin_balance() > self.exchange.maint_margin()
        for waiting in self.exchange.open_orders(BTC):
            beyond = passed if waiting.conditional else takes
            assert not beyond(waiting.order, self.price)

    def hear(self, events: list[Event]) -> None:
        """Follow the account by its events alone."""
        for event in events:
            assert event.time_ns == self.time_ns
            if isinstance(event, OrderAccepted):
                assert event.client_order_id not in self.open | self.ended
                self.open.add(event.client_order_id)
            elif isinstance(event, OrderCanceled):
                self.end(event.client_order_id)
            elif isinstance(event, OrderFilled):
                self.hear_fill(event)
            elif isinstance(event, FundingPaid):
                self.booked += event.amount
            elif isinstance(event, AccountUpdated):
                self.hear_account(event)

    def end(self, name: str) -> None:
        """An order ends once."""
        assert name not in self.ended
        self.open.discard(name)
        self.ended.add(name)

    def hear_fill(self, trade: OrderFilled) -> None:
        """A trade belongs to one order, is no larger than it, and of a capped order only shrinks the position."""
        assert trade.trade_id > self.trade_id
        self.trade_id = trade.trade_id
        signed = trade.qty if trade.buyer else -trade.qty
        after = self.held + signed
        if trade.cause == "LIQUIDATION":
            assert trade.client_order_id.startswith(LIQUIDATED)
            assert after == 0
            assert not self.open
        else:
            wish = self.sent[trade.client_order_id]
            assert wish.side is (Side.BUY if trade.buyer else Side.SELL)
            assert wish.qty is None or trade.qty <= wish.qty
            if wish.reduce_only or wish.close_position:
                assert self.held * after >= 0
                assert abs(after) < abs(self.held)
            self.end(trade.client_order_id)
        if self.held * signed < 0 and self.exchange.positions.get(BTC, None) is None:
            self.check_loss(trade)
        self.held = after
        self.booked += trade.realized_pnl - trade.fee

    def check_loss(self, trade: OrderFilled) -> None:
        """An isolated position that closes never takes more than the margin it had."""
        with_mode = self.exchange.positions
        assert BTC not in with_mode
        if self.isolated():
            assert trade.realized_pnl - trade.fee >= -self.margin

    def isolated(self) -> bool:
        """Whether the symbol is in isolated mode: setting it again is refused then."""
        try:
            self.exchange.set_margin_mode(BTC, MarginMode.ISOLATED)
        except Refusal as refusal:
            return refusal.code == -4046
        self.exchange.set_margin_mode(BTC, MarginMode.CROSSED)
        return False

    def hear_account(self, report: AccountUpdated) -> None:
        """A report agrees with what the events before it said."""
        if report.cause == "INSURANCE_CLEAR":
            paid = report.wallet_balance - self.start - self.booked
            assert paid > 0
            assert report.wallet_balance == self.held == 0
            self.booked += paid
        assert report.wallet_balance == self.start + self.booked
        assert report.available_balance >= 0
        for position in report.positions:
            assert position.qty == self.held
            assert position.margin >= 0
            assert position.qty or not position.margin
            self.margin = position.margin

    # What always holds

    @invariant()
    def money_adds_up(self) -> None:
        """I8: the wallet is what it was and every booked amount; the events say the same."""
        assert self.exchange.wallet_balance == self.start + sum(income.amount for income in self.exchange.income)
        assert self.exchange.wallet_balance == self.start + self.booked

    @invariant()
    def the_position_is_the_sum_of_its_trades(self) -> None:
        """I3: no trade is missing or doubled."""
        position = self.exchange.positions.get(BTC)
        assert (position.qty if position else 0) == self.held

    @invariant()
    def every_order_waits_or_has_ended(self) -> None:
        """I3: the waiting orders are those accepted and not ended; no id is both."""
        assert {waiting.order.client_order_id for waiting in self.exchange.open_orders(BTC)} == self.open
        assert not self.open & self.ended

    @invariant()
    def the_watch_holds_what_can_be_met(self) -> None:
        """The levels of all waiting orders and of the liquidation price, and nothing else."""
        levels = []
        for waiting in self.exchange.open_orders(BTC):
            wish = waiting.order
            up = meets_from_below(wish)
            price = wish.trigger_price if waiting.conditional else wish.price
            assert price is not None
            levels.append((up, ceil_units(price) if up else floor_units(price)))
        position = self.exchange.positions.get(BTC)
        if position is not None and position.liquidation_price is not None:
            levels.append((position.qty < 0, ceil_units(position.liquidation_price)))
        armed = self.exchange.watch(BTC).levels()
        if self.exchange.crossed:
            armed = [one for one in armed if one[0] != LIQUIDATION]
        assert sorted((up, level) for _, up, level in armed) == sorted(levels)

    @invariant()
    def a_crossed_position_is_liquidated_inside_no_band(self) -> None:
        """The end of the band is never beyond the liquidation price, and the price asked for is never reported."""
        if not self.exchange.crossed:
            return
        position, price = self.exchange.positions[BTC], self.exchange.liquidation_price(BTC)
        assert position.record().liquidation_price is None
        ends = [level for number, _, level in self.exchange.watch(BTC).levels() if number == LIQUIDATION]
        if price is not None:
            (end,) = ends
            # Both are rounded to the last unit of eight decimals, from other digits behind them.
            assert end >= floor_units(price) - 1 if position.qty > 0 else end <= ceil_units(price) + 1

    @invariant()
    def locked_margin_is_that_of_position_and_orders(self) -> None:
        """What is available is the wallet less the margins, computed afresh."""
        position = self.exchange.positions.get(BTC)
        market = self.exchange._market(BTC)
        margin = position.margin if position else D(0)
        with localcontext(EXACT):  # As the exchange calculates: with fewer digits the last one may differ.
            assert market.wallet.locked == margin + market.required_order_margin()


ExchangeMachine.TestCase.settings = settings(max_examples=80, stateful_step_count=40)
TestExchange = ExchangeMachine.TestCase
