"""The engine on a venue that people use too: whatever they do, comparisons bring both back to one truth."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from sadari.model.command import Audit, Command, PlaceOrder, Reconcile
from sadari.model.event import Event, OrderFilled, OrderFound, PositionRecord, PositionsShown
from sadari.model.order import OrderType, Purpose, Side
from sadari.model.units import MILLISECOND_NS
from tests.ladder_driver import SYMBOL
from tests.stateful.test_engine_machine import CAPPED, STEPS, EngineOnAVenue

HUNDRED = Decimal(100)


def _of_people(event: Event) -> bool:
    return isinstance(event, OrderFilled) and event.client_order_id.startswith("web-")


class EngineAmongPeople(EngineOnAVenue):
    """The same venue and network; somebody else trades the same account, and comparisons are made."""

    people = 0
    due = False

    def take(self, command: Command) -> None:
        """A comparison that is asked for is made when the network has calmed down."""
        if isinstance(command, Reconcile):
            self.due = True
        # Trades of theirs may mix with ours before a comparison tells of them, or are never told: that is said, and
        # nothing is made up.
        if not (isinstance(command, Audit) and command.code in {"SETTLEMENT_MISMATCH", "LEDGER_DIFFERS"}):
            super().take(command)

    def account_for(self, fill: OrderFilled, before: Decimal) -> None:
        """Trades of ours change the quantity as ever; theirs may turn it, or open what is not ours yet."""
        if not _of_people(fill) and self.position is not None:
            super().account_for(fill, before)

    @rule()
    def compare(self) -> None:
        """Every report until now, then what rests at the venue, then what it holds."""
        while self.back:
            self.give(self.back.pop(0))
        self.due = False
        for waiting in self.exchange.open_orders(SYMBOL):
            order = waiting.order
            self.give(
                OrderFound(
                    time_ns=self.now_ns, symbol=SYMBOL, client_order_id=order.client_order_id, side=order.side,
                    order_type=order.order_type, ours=order.client_order_id.startswith("run-"), qty=order.qty,
                    trigger_price=order.trigger_price, reduce_only=order.reduce_only,
                    close_position=order.close_position,
                )
            )  # fmt: skip
        state = self.exchange.positions.get(SYMBOL)
        shown: tuple[PositionRecord, ...] = ()
        if state is not None and state.qty:
            record = state.record()
            shown = (
                PositionRecord(
                    SYMBOL, record.qty, record.entry_price, record.liquidation_price, mark_price=self.price
                ),
            )  # fmt: skip
        self.give(PositionsShown(time_ns=self.now_ns, positions=shown, symbol=SYMBOL))

    @rule(side=st.sampled_from(Side), qty=st.sampled_from(["0.001", "0.1", "1"]), steps=STEPS)
    def trade_by_hand(self, side: Side, qty: str, steps: int) -> None:
        """Somebody sends a market order of their own."""
        self.people += 1
        self.now_ns += MILLISECOND_NS
        order = PlaceOrder(
            symbol=SYMBOL, client_order_id=f"web-{self.people}", purpose=Purpose.ENTRY, side=side,
            order_type=OrderType.MARKET, qty=Decimal(qty),
        )  # fmt: skip
        self.back += self.exchange.submit(order, self.now_ns, self.price)
        self.proceed(steps)

    @precondition(lambda self: any(_of_people(event) for event in self.back))
    @rule()
    def miss(self) -> None:
        """What people have traded is never told."""
        self.back = [event for event in self.back if not _of_people(event)]

    @precondition(lambda self: self.exchange.positions.get(SYMBOL) is not None)
    @rule(steps=STEPS)
    def close_by_hand(self, steps: int) -> None:
        """Somebody closes the whole position."""
        qty = self.exchange.positions[SYMBOL].qty
        if qty:
            self.trade_by_hand(Side.SELL if qty > 0 else Side.BUY, str(abs(qty)), steps)

    @precondition(lambda self: self.exchange.open_orders(SYMBOL))
    @rule(data=st.data(), steps=STEPS)
    def cancel_by_hand(self, data: st.DataObject, steps: int) -> None:
        """Somebody cancels one of our resting orders."""
        names = sorted(waiting.order.client_order_id for waiting in self.exchange.open_orders(SYMBOL))
        self.back += self.exchange.cancel(SYMBOL, data.draw(st.sampled_from(names)), self.now_ns)
        self.proceed(steps)

    @rule()
    def settle(self) -> None:
        """Comparisons until nothing is under way: one truth, protected, nothing of ours left behind."""
        for _ in range(12):
            for _ in range(200):
                self.proceed(1)
            self.compare()
            for name in [name for name in self.alarms if name.startswith(("compare:", "exit:"))]:
                self.alarms[name] = self.now_ns
                self.ring()
        for _ in range(500):
            self.proceed(1)
        assert self.back + self.fast + self.slow == [], "the engine and its venue never come to rest"
        venue = self.exchange.positions.get(SYMBOL)
        held = venue.qty if venue is not None else Decimal(0)
        position = self.position
        ours = position.side.sign * position.qty if position is not None else Decimal(0)
        assert ours == held
        if position is not None and held and not position.is_in("EXITING") and not position.protect_blocked:
            self.is_protected(position)
        if not held:
            assert not any(o.order.purpose in CAPPED for o in self.exchange.open_orders(SYMBOL)), "nothing left behind"

    def quantities_are_not_negative_and_never_turned(self) -> None:
        """What people do turns positions; no quantity of ours is negative all the same."""
        assert self.position is None or self.position.qty >= 0


EngineAmongPeople.TestCase.settings = hypothesis_settings(max_examples=150, stateful_step_count=60, deadline=None)
TestEngineAmongPeople = pytest.mark.requirement("R004-5", "R004-7")(EngineAmongPeople.TestCase)
