"""The paper desk, fed by hand."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from msgspec.structs import replace

from sadari.errors import DataError
from sadari.exchange import NO_SLIPPAGE, Refusal
from sadari.model.command import ArmLevels, CancelOrder, QueryOrder, Reconcile, RefreshAccount
from sadari.model.event import (
    AccountUpdated,
    Event,
    FundingPaid,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    OrderFound,
    OrderRejected,
    PositionsShown,
    SymbolPrepared,
)
from sadari.model.order import MarginMode, Purpose, Side
from sadari.model.plan import Fees
from sadari.model.reason import RejectReason
from sadari.model.units import HOUR_NS, MILLISECOND_NS, SECOND_NS
from sadari.venue.paper import PaperDesk
from sadari.venue.port import Latency
from tests.history_script import order, stop
from tests.reference.tapes import INSTRUMENT, START_NS

D = Decimal
SYMBOL = INSTRUMENT.symbol
OTHER = "ETHUSDT"
RATE = D("0.001")


class Market:
    """A market told by hand to a desk; times are in milliseconds since the start."""

    def __init__(self, *, order_ms: int = 50, mode: MarginMode = MarginMode.ISOLATED, balance: int = 1_000) -> None:
        self.now_ns = START_NS
        self.told: list[Event] = []
        self.timers: list[Callable[[], None]] = []
        self.desk = PaperDesk(
            self.told.append,
            {SYMBOL: INSTRUMENT, OTHER: replace(INSTRUMENT, symbol=OTHER)},
            Fees(),
            D(balance),
            slippage=NO_SLIPPAGE,
            latency=Latency(order_ns=order_ms * MILLISECOND_NS),
            now_ns=lambda: self.now_ns,
            later=lambda _delay_s, callback: self.timers.append(callback),
            margin_mode=mode,
        )
        for symbol in (SYMBOL, OTHER):
            self.desk.prepare(symbol, 10, mode)

    def at(self, ms: int) -> int:
        """Let time pass until a moment."""
        self.now_ns = START_NS + ms * MILLISECOND_NS
        return self.now_ns

    def trade(self, ms: int, price: float, symbol: str = SYMBOL) -> list[Event]:
        """A trade, and what is told because of it."""
        before = len(self.told)
        self.desk.on_trade(symbol, price, self.at(ms))
        return self.told[before:]

    def wake(self, ms: int) -> list[Event]:
        """All timers call back at a moment; what is told because of it."""
        before, _ = len(self.told), self.at(ms)
        for callback in self.timers:
            callback()
        self.timers.clear()
        return self.told[before:]

    def hold(self, ms: int, price: float = 100.0) -> None:
        """Buy one at a price."""
        self.trade(ms, price)
        self.desk.execute(order(f"run-{ms}-E", Side.BUY))
        assert isinstance(self.wake(ms + 50)[0], OrderFilled)


def kinds(told: list[Event]) -> list[type[Event]]:
    """What kinds of events were told."""
    return [type(event) for event in told]


@pytest.mark.requirement("R002-4")
def test_an_order_travels_and_its_fill_comes_back_as_an_event() -> None:
    """Nothing is told when it is sent; it is filled at the last price of the moment in which it arrives."""
    market = Market()
    market.trade(0, 100.0)
    assert market.desk.execute(order("run-1-E", Side.BUY))
    assert market.told == []
    market.trade(30, 101.0)
    filled, shown = market.wake(50)
    assert isinstance(filled, OrderFilled)
    assert isinstance(shown, AccountUpdated)
    assert (filled.price, filled.fee, filled.time_ns) == (D(101), D("0.0505"), market.now_ns)
    assert shown.wallet_balance == D(1_000) - D("0.0505")
    assert (market.desk.placed, market.desk.filled) == (1, 1)


def test_a_late_timer_changes_nothing() -> None:
    """The trade after its arrival finds the order filled, at the price before and the time that was due."""
    market = Market()
    market.trade(0, 100.0)
    market.desk.execute(order("run-1-E", Side.BUY))
    told = market.trade(60, 105.0)
    assert kinds(told) == [OrderFilled, AccountUpdated]
    assert isinstance(told[0], OrderFilled)
    assert (told[0].price, told[0].time_ns) == (D(100), START_NS + 50 * MILLISECOND_NS)
    assert market.wake(900) == []


def test_an_order_without_a_price_waits_for_the_first_trade() -> None:
    """No price is made up; the order can be canceled while it waits."""
    market = Market()
    market.desk.execute(order("run-1-E", Side.BUY))
    market.desk.execute(order("run-2-E", Side.BUY))
    assert market.wake(50) == []
    market.desk.execute(CancelOrder(symbol=SYMBOL, client_order_id="run-1-E"))
    assert kinds(market.wake(200)) == [OrderCanceled]
    told = market.trade(500, 99.0)
    assert isinstance(told[0], OrderFilled)
    assert (told[0].client_order_id, told[0].price) == ("run-2-E", D(99))


def test_a_resting_stop_is_met_by_a_trade_and_not_before() -> None:
    """It fills at the trade's price, and what is left to be canceled is nothing."""
    market = Market()
    market.hold(0)
    market.desk.execute(stop("run-2-W", Side.SELL, "95"))
    assert kinds(market.wake(200)) == [OrderAccepted]
    assert market.trade(300, 95.1) == []
    told = market.trade(400, 94.0)
    assert kinds(told) == [OrderFilled, AccountUpdated]
    assert isinstance(told[0], OrderFilled)
    assert (told[0].client_order_id, told[0].price, told[0].realized_pnl) == ("run-2-W", D(94), D(-6))
    assert market.desk.positions() == ()
    assert market.trade(500, 90.0) == []


def test_a_position_whose_margin_is_gone_is_liquidated() -> None:
    """At ten times leverage a fall by a tenth takes the position, and never more than its margin."""
    market = Market()
    market.hold(0)
    told = market.trade(100, 80.0)
    assert isinstance(told[0], OrderFilled)
    assert told[0].cause == "LIQUIDATION"
    assert market.desk.exchange.wallet_balance >= D(1_000) - D("0.05") - D(10)


def test_refusals_are_those_of_the_exchange() -> None:
    """Too little margin, a symbol that is not listed, a stop that is behind the price."""
    market = Market()
    market.trade(0, 100.0)
    market.desk.execute(order("run-1-E", Side.BUY, "500"))
    market.desk.execute(order("run-2-E", Side.BUY, symbol="XUSDT"))
    market.desk.execute(stop("run-3-W", Side.SELL, "101"))
    told = market.wake(50)
    assert [event.code for event in told if isinstance(event, OrderRejected)] == [-2019, -2021, -1121]


def test_a_query_tells_the_last_that_is_known() -> None:
    """An order still on its way is not known at the exchange; afterwards its outcome is told again."""
    market = Market()
    market.trade(0, 100.0)
    market.desk.execute(order("run-1-E", Side.BUY))
    market.desk.execute(QueryOrder(symbol=SYMBOL, client_order_id="run-1-E"))
    (unknown,) = market.told
    assert isinstance(unknown, OrderRejected)
    assert unknown.reason is RejectReason.NOT_FOUND
    first = market.wake(50)[0]
    market.desk.execute(QueryOrder(symbol=SYMBOL, client_order_id="run-1-E"))
    again = market.told[-1]
    assert isinstance(first, OrderFilled)
    assert isinstance(again, OrderFilled)
    assert again.trade_id == first.trade_id


def test_a_comparison_shows_orders_and_positions() -> None:
    """Of one symbol or of all; the account is told when it is asked for; other commands are not the desk's."""
    market = Market()
    market.hold(0)
    market.desk.execute(stop("run-2-W", Side.SELL, "95"))
    market.wake(200)
    market.told.clear()
    assert market.desk.execute(Reconcile())
    found, shown = market.told
    assert isinstance(found, OrderFound)
    assert isinstance(shown, PositionsShown)
    assert (found.client_order_id, found.close_position, found.trigger_price) == ("run-2-W", True, D(95))
    assert [(one.symbol, one.qty) for one in shown.positions] == [(SYMBOL, D(1))]
    market.told.clear()
    assert market.desk.execute(Reconcile(symbol=OTHER))
    assert market.told == [PositionsShown(time_ns=market.now_ns, symbol=OTHER)]
    assert market.desk.execute(RefreshAccount())
    assert kinds(market.told[1:]) == [AccountUpdated]
    assert not market.desk.execute(ArmLevels(symbol=SYMBOL))


def test_funding_is_paid_once_at_the_rate_announced_last() -> None:
    """When the next time is announced the last one has come; a position opened later does not pay for it."""
    market = Market()
    first_ns, second_ns = START_NS + HOUR_NS, START_NS + 9 * HOUR_NS
    market.desk.on_mark(OTHER, D(100), RATE, first_ns, START_NS)
    market.hold(0)
    market.desk.on_mark(SYMBOL, D(100), RATE, first_ns, START_NS + SECOND_NS)
    market.desk.on_mark(SYMBOL, D(102), 2 * RATE, first_ns, first_ns - SECOND_NS)
    market.told.clear()
    market.desk.on_mark(SYMBOL, D(103), RATE / 2, second_ns, first_ns + SECOND_NS)
    paid, shown = sorted(market.told, key=lambda event: isinstance(event, AccountUpdated))
    assert isinstance(paid, FundingPaid)
    assert isinstance(shown, AccountUpdated)
    assert (paid.amount, paid.rate, paid.mark_price, paid.time_ns) == (D("-0.206"), 2 * RATE, D(103), first_ns)
    market.told.clear()
    market.desk.on_mark(SYMBOL, D(103), RATE, second_ns, first_ns + 2 * SECOND_NS)
    market.desk.fund(SYMBOL, first_ns, RATE, D(103))
    market.trade(2 * 3_600_000, 100.0, OTHER)
    market.desk.execute(order("run-9-E", Side.BUY, symbol=OTHER))
    market.wake(2 * 3_600_000 + 50)
    market.told.clear()
    market.desk.on_mark(OTHER, D(100), RATE, second_ns, market.now_ns)
    assert market.told == []


def test_a_price_that_is_none_is_ignored() -> None:
    """Neither NaN nor zero nor infinity meets a level or becomes the last price."""
    market = Market()
    market.hold(0)
    for price in (float("nan"), 0.0, -1.0, float("inf")):
        assert market.trade(100, price) == []
    assert market.desk.equity() == D(1_000) - D("0.05")


def test_a_symbol_is_prepared_as_the_exchange_allows() -> None:
    """Leverage beyond the brackets is refused with the exchange's code."""
    market = Market()
    assert market.desk.prepare(SYMBOL, 20, MarginMode.ISOLATED) == D(10**9)
    with pytest.raises(Refusal, match="-4028"):
        market.desk.prepare(SYMBOL, 126, MarginMode.ISOLATED)


@pytest.mark.parametrize("mode", MarginMode)
def test_after_a_restart_the_account_goes_on(mode: MarginMode) -> None:
    """The stop still rests, the order that was lost on its way is not known, and the next trade is met."""
    market = Market(mode=mode)
    market.hold(0)
    sent = [order("run-0-E", Side.BUY), stop("run-2-W", Side.SELL, "95"), order("run-3-A", Side.BUY)]
    market.desk.execute(sent[1])
    market.wake(200)
    market.desk.execute(sent[2])
    again = Market(mode=mode)
    prepared = SymbolPrepared(time_ns=START_NS, symbol=SYMBOL, leverage=10, max_notional=D(1), margin_mode=mode)
    again.desk.recover([prepared, *sent, *market.told])
    assert again.desk.positions() == market.desk.positions()
    assert again.desk.exchange.wallet_balance == market.desk.exchange.wallet_balance
    assert again.desk.equity() == market.desk.exchange.wallet_balance
    again.at(60_000)
    again.desk.execute(QueryOrder(symbol=SYMBOL, client_order_id="run-3-A"))
    assert isinstance(again.told[-1], OrderRejected)
    again.desk.execute(QueryOrder(symbol=SYMBOL, client_order_id="run-2-W"))
    assert isinstance(again.told[-1], OrderAccepted)
    told = again.trade(70_000, 93.0)
    assert isinstance(told[0], OrderFilled)
    assert (told[0].client_order_id, told[0].price, told[0].trade_id) == ("run-2-W", D(93), 2)


def test_no_crossed_position_is_judged_by_an_old_price_of_another() -> None:
    """After a restart two positions that carry each other are left alone until both have a price."""
    market = Market(mode=MarginMode.CROSSED, balance=30)
    market.trade(0, 100.0)
    market.trade(0, 100.0, OTHER)
    sent = [order("run-1-E", Side.BUY), order("run-2-E", Side.SELL, symbol=OTHER)]
    for one in sent:
        market.desk.execute(one)
    market.wake(50)
    again = Market(mode=MarginMode.CROSSED, balance=30)
    again.desk.recover([*sent, *market.told])
    assert again.trade(1_000, 60.0) == []
    assert again.trade(1_001, 60.0, OTHER) == []
    assert again.trade(1_002, 60.0) == []
    assert len(again.desk.positions()) == 2
    assert isinstance(again.trade(1_003, 110.0, OTHER)[0], OrderFilled)


def test_records_of_another_account_are_refused() -> None:
    """A trade that would have realized something else is not taken for one of this account."""
    market = Market()
    market.hold(0)
    market.desk.execute(order("run-2-X", Side.SELL, purpose=Purpose.EXIT))
    market.wake(200)
    sold = next(event for event in market.told if isinstance(event, OrderFilled) and not event.buyer)
    again = Market()
    with pytest.raises(DataError, match="trade 2 of run-2-X was recorded with a profit of 7"):
        again.desk.recover([*market.told[:2], replace(sold, realized_pnl=D(7))])
