"""The account's desk: takes orders to the exchange model, keeps their records and tells the user stream of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal

import msgspec

from sadari.exchange import REFUSALS, Exchange, Refusal
from sadari.exchange.orders import CLIENT_ID, capped
from sadari.localexchange.account.announcements import Announcements
from sadari.localexchange.account.broken_triggers import BrokenTriggers, Outcome
from sadari.localexchange.account.records import (
    CONTRACT_PRICE,
    LIQUIDATION,
    ZERO,
    AlgoOrder,
    AlgoStatus,
    Order,
    Trade,
    ended_as,
    order_of,
)
from sadari.localexchange.asking.refused import Refused
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
from sadari.model.instrument import Instrument
from sadari.model.order import MarginMode, PositionSide, Side

# Of the keys under which the model knows conditional orders; the others begin with "o", the exchange's own with a word.
ALGO = "a:"

MOST_AMENDMENTS = 10_000
FIRST_ORDER_ID = 8_000_000_001
FIRST_ALGO_ID = 3_000_001


class Desk:
    """One account, its orders and what became of them.

    Args:
        exchange: The model; it is told every trade of the market by `meet`.
        instruments: The contracts, by symbol.
        announcements: Where user events go.
        market_ns: The market's clock, ns UTC.
        price: The last price of a symbol.
        gateway_ns: The gateway's clock; the market's, where there is no other.
    """

    def __init__(
        self,
        exchange: Exchange,
        instruments: dict[str, Instrument],
        announcements: Announcements,
        market_ns: Callable[[], int],
        price: Callable[[str], Decimal],
        gateway_ns: Callable[[], int] | None = None,
    ) -> None:
        self.exchange = exchange
        self.instruments = instruments
        self.market_ns = market_ns
        self.orders: dict[int, Order] = {}
        self.algos: dict[int, AlgoOrder] = {}
        self.trades: list[Trade] = []
        self._price = price
        self._gateway_ns = gateway_ns or market_ns
        self._tell = announcements
        # The model knows one family of client ids, the exchange two: it gets keys of our own.
        self._working: dict[str, Order | AlgoOrder] = {}
        self._broken = BrokenTriggers(exchange, announcements, self._gateway_ns)

    # Orders

    def place(self, wish: PlaceOrder) -> Order:
        """Take an order in; what it causes is recorded and told before this returns.

        Raises:
            Refused: Its client id is not valid or names an open order.
            Refusal: The exchange's rules refuse it.
        """
        order_id = FIRST_ORDER_ID + len(self.orders)
        client_id = wish.client_order_id or f"local-{order_id}"
        self._refuse_client_id(client_id, (order.client_order_id for order in self.open_orders()))
        order = order_of(wish, order_id, client_id, self.market_ns(), self._gateway_ns())
        events = self._submit(wish, f"o{order_id}")
        self.orders[order_id] = order
        self._working[f"o{order_id}"] = order
        self._tell.order(order, "NEW")
        self._happened(events)
        return order

    def check(self, wish: PlaceOrder) -> Order:
        """The record of an order that would be taken in now; it has no id, and nothing happens.

        Raises:
            Refused: Its client id is not valid or names an open order.
            Refusal: The exchange's rules refuse it.
        """
        client_id = wish.client_order_id or "local-0"
        self._refuse_client_id(client_id, (order.client_order_id for order in self.open_orders()))
        code = self.exchange.check(msgspec.structs.replace(wish, client_order_id="o0"), self._price(wish.symbol))
        if code:
            raise Refusal(code)
        return order_of(wish, 0, client_id, self.market_ns(), self._gateway_ns())

    def place_algo(self, wish: PlaceOrder, working_type: str = CONTRACT_PRICE) -> AlgoOrder:
        """Take a conditional order in; whichever price it names, the last one triggers it.

        Raises:
            Refused: Its client id is not valid or names an open conditional order.
            Refusal: The exchange's rules refuse it.
        """
        algo_id = FIRST_ALGO_ID + len(self.algos)
        client_id = wish.client_order_id or f"local-{algo_id}"
        self._refuse_client_id(client_id, (algo.client_algo_id for algo in self.open_algos()))
        self._submit(wish, f"{ALGO}{algo_id}")
        now = self.market_ns()
        algo = AlgoOrder(
            algo_id=algo_id, client_algo_id=client_id, wish=capped(wish), created_ns=now, updated_ns=now,
            working_type=working_type, created_gateway_ns=self._gateway_ns(),
        )  # fmt: skip
        self.algos[algo_id] = algo
        self._working[f"{ALGO}{algo_id}"] = algo
        self._tell.algo(algo)
        return algo

    def cancel(self, order: Order) -> Order:
        """Cancel an open order.

        Raises:
            Refusal: -2011, it is not open.
        """
        self._cancel(order)
        return order

    def amend(self, order: Order, qty: Decimal, price: Decimal, modify_id: int | None = None) -> Order:
        """Let an open limit order go on with another quantity and price.

        It ends if so much is filled already, or if it is post-only and would take. What is refused leaves it as it is.

        Args:
            order: The order; it keeps its id.
            qty: Its new quantity, what is filled included.
            price: Its new limit.
            modify_id: The client's number of the change; told with it.

        Raises:
            Refusal: -5025 (it is no limit order), -5026 (it was changed too often), -5027 (nothing would change), -2011
                (it is not open), and what the model raises.
        """
        if order.order_type != "LIMIT":
            raise Refusal(-5025)
        key = self._key(order)
        if order.amendments >= MOST_AMENDMENTS:
            raise Refusal(-5026)
        if (qty, price) == (order.qty, order.price):
            raise Refusal(-5027)
        if 0 < qty <= order.filled_qty:
            return self.cancel(order)
        left, now = qty - order.filled_qty, self.market_ns()
        events = self.exchange.amend(order.symbol, key, left, price, now, self._price(order.symbol))
        if isinstance(events[0], OrderRejected):
            raise Refusal(events[0].code)
        if isinstance(events[0], OrderAccepted):
            order.amend(qty, price, now)
            self._tell.amended(order, order.amendments if modify_id is None else modify_id)
        self._happened(events)
        return order

    def cancel_algo(self, algo: AlgoOrder) -> AlgoOrder:
        """Cancel a waiting conditional order.

        Raises:
            Refusal: -2011, it does not wait.
        """
        self._cancel(algo)
        return algo

    def open_orders(self, symbol: str | None = None) -> Iterator[Order]:
        """The orders that work, oldest first."""
        for one in self._working.values():
            if isinstance(one, Order) and symbol in {None, one.symbol}:
                yield one

    def open_algos(self, symbol: str | None = None) -> Iterator[AlgoOrder]:
        """The conditional orders that wait, oldest first."""
        for one in self._working.values():
            if isinstance(one, AlgoOrder) and symbol in {None, one.symbol}:
                yield one

    # Settings and transfers

    def set_leverage(self, symbol: str, leverage: int) -> Decimal:
        """Set a symbol's leverage and tell it; the largest notional at it. Raises what the model raises."""
        limit = self.exchange.set_leverage(symbol, leverage)
        self._tell.leverage(symbol, leverage, self.market_ns())
        return limit

    def set_margin_mode(self, symbol: str, mode: MarginMode) -> None:
        """Set a symbol's margin mode and tell it. Raises what the model raises."""
        self.exchange.set_margin_mode(symbol, mode)
        self._tell.margin_mode(symbol, self.market_ns())

    def set_position_mode(self, *, hedge: bool) -> None:
        """Set the account's position mode; the exchange has no event for that. Raises what the model raises."""
        self.exchange.set_position_mode(hedge=hedge)

    def set_multi_assets(self, *, multi_assets: bool) -> None:
        """Set the account's assets mode and tell it. Raises what the model raises."""
        self.exchange.set_multi_assets(multi_assets=multi_assets)
        self._tell.multi_assets(multi_assets=multi_assets, time_ns=self.market_ns())

    def transfer(self, amount: Decimal, asset: str) -> None:
        """Bring an amount in or take it out. Raises what the model raises."""
        self._happened(self.exchange.transfer(self.market_ns(), amount, asset))

    def move_margin(self, symbol: str, amount: Decimal, position_side: PositionSide = PositionSide.BOTH) -> None:
        """Add to the margin of an isolated position, or take from it. Raises what the model raises."""
        self._happened(self.exchange.move_margin(symbol, self.market_ns(), amount, position_side))

    def deleverage(self, symbol: str, qty: Decimal | None, position_side: PositionSide) -> None:
        """Close a position or a part of it against a bankrupt one, at the last price. Raises what the model raises."""
        price, now = self._price(symbol), self.market_ns()
        self._happened(self.exchange.deleverage(symbol, now, price, qty, position_side))

    # The market

    def meet(self, symbol: str, time_ns: int, price: Decimal) -> None:
        """A trade of the market: what it meets happens."""
        for key in self._broken.meet(symbol, time_ns, price):
            del self._working[key]
        events = self.exchange.touch(symbol, time_ns, price)
        if events:
            self._happened(events)

    def break_triggers(self, symbol: str, outcome: Outcome) -> None:
        """Let the triggers of the conditional orders that wait on a symbol now go wrong."""
        for algo in self.open_algos(symbol):
            self._broken.take(f"{ALGO}{algo.algo_id}", algo, outcome, self.market_ns())

    def fund(self, symbol: str, time_ns: int, rate: Decimal, mark_price: Decimal | None = None) -> None:
        """Settle a symbol's funding at a mark price, at its last price where none is known."""
        price = self._price(symbol) if mark_price is None else mark_price
        self._happened(self.exchange.fund(symbol, time_ns, rate, price))

    # How it happens

    def _submit(self, wish: PlaceOrder, key: str) -> list[Event]:
        events = self.exchange.submit(
            msgspec.structs.replace(wish, client_order_id=key), self.market_ns(), self._price(wish.symbol)
        )
        if isinstance(events[0], OrderRejected):
            raise Refusal(events[0].code)
        return events

    def _cancel(self, one: Order | AlgoOrder) -> None:
        key, now = self._key(one), self.market_ns()
        if self._broken.give(key):
            self._ended(OrderCanceled(time_ns=now, symbol=one.symbol, client_order_id=key, cause="CANCELED"))
        else:
            events = self.exchange.cancel(one.symbol, key, now)
            # Its last fill may be known to the model and still be on its way to the records, when a fill is told.
            if isinstance(events[0], CancelRejected):
                raise Refusal(events[0].code)
            self._happened(events)

    def _key(self, one: Order | AlgoOrder) -> str:
        """Under which the model knows what is open."""
        if not one.is_open:
            raise Refusal(-2011)
        return next(key for key, other in self._working.items() if other is one)

    def _refuse_client_id(self, client_id: str, taken: Iterable[str]) -> None:
        if CLIENT_ID.fullmatch(client_id) is None:
            raise Refused(-4015, "Client order id is not valid.")
        if client_id in taken:
            raise Refused(-4116, REFUSALS[-4116].message)

    def _happened(self, events: Iterable[Event]) -> None:
        traded: list[OrderFilled] = []
        for event in events:
            if isinstance(event, OrderFilled):
                self._filled(event)
                traded.append(event)
            elif isinstance(event, OrderCanceled):
                self._ended(event)
            elif isinstance(event, OrderAccepted):
                self._accepted(event)
            elif isinstance(event, AccountUpdated):
                # Margin that a waiting order locks or frees is not told.
                if event.cause != "ORDER" or traded:
                    self._tell.account(event)
            else:
                assert isinstance(event, FundingPaid)  # noqa: S101 - told by the account

    def _accepted(self, event: OrderAccepted) -> None:
        """Of a conditional order this says that it goes to the book as a limit order; a new order has been told."""
        one = self._working[event.client_order_id]
        if isinstance(one, AlgoOrder):
            self._working[event.client_order_id] = self._triggered(one, event.time_ns)

    def _filled(self, event: OrderFilled) -> None:
        key = event.client_order_id
        one = self._working.pop(key, None)
        order = self._triggered(one, event.time_ns) if isinstance(one, AlgoOrder) else one or self._forced(event)
        if not event.done:
            self._working[key] = order
        trade = Trade(
            trade_id=event.trade_id,
            order_id=order.order_id,
            symbol=event.symbol,
            side=order.side,
            price=event.price,
            qty=event.qty,
            fee=event.fee,
            fee_asset=self.instruments[event.symbol].quote_asset,
            realized_pnl=event.realized_pnl,
            maker=event.maker,
            time_ns=event.time_ns,
            position_side=order.position_side,
            gateway_ns=self._gateway_ns(),
        )
        self.trades.append(trade)
        order.fill(trade, done=event.done)
        self._tell.trade(order, trade)
        if event.done:
            self._finish(key, event.time_ns)

    def _triggered(self, algo: AlgoOrder, time_ns: int) -> Order:
        """The order that a conditional one becomes, under the client id that it had."""
        algo.triggered_ns, gateway_ns = time_ns, self._gateway_ns()
        algo.end(AlgoStatus.TRIGGERING, time_ns, gateway_ns)
        self._tell.algo(algo)
        order = order_of(algo.wish, FIRST_ORDER_ID + len(self.orders), algo.client_algo_id, time_ns, gateway_ns)
        order.working_type = algo.working_type
        self.orders[order.order_id] = order
        algo.child = order
        algo.end(AlgoStatus.TRIGGERED, time_ns, gateway_ns)
        self._tell.algo(algo)
        self._tell.order(order, "NEW")
        return order

    def _forced(self, event: OrderFilled) -> Order:
        """The order under which the exchange itself closes a position; who buys has had a SHORT."""
        closed = PositionSide.SHORT if event.buyer else PositionSide.LONG
        order = Order(
            order_id=FIRST_ORDER_ID + len(self.orders),
            client_order_id=event.client_order_id,
            symbol=event.symbol,
            side=Side.BUY if event.buyer else Side.SELL,
            order_type="LIMIT",
            orig_type=LIQUIDATION,
            position_side=closed if self.exchange.hedge else PositionSide.BOTH,
            created_gateway_ns=self._gateway_ns(),
            time_in_force="IOC",
            qty=event.qty,
            price=event.price,
            trigger_price=ZERO,
            reduce_only=False,
            close_position=False,
            created_ns=event.time_ns,
            updated_ns=event.time_ns,
        )
        self.orders[order.order_id] = order
        self._tell.order(order, "NEW")
        return order

    def _finish(self, key: str, time_ns: int) -> None:
        """The order that a conditional one had become has ended, and with it the conditional one."""
        algo = self.algos.get(int(key[len(ALGO) :])) if key.startswith(ALGO) else None
        if algo is not None and algo.child is not None:
            algo.end(AlgoStatus.FINISHED, time_ns, self._gateway_ns())
            self._tell.algo(algo)

    def _ended(self, event: OrderCanceled) -> None:
        one, gateway_ns = self._working.pop(event.client_order_id), self._gateway_ns()
        if isinstance(one, AlgoOrder):
            status = {"CANCELED": AlgoStatus.CANCELED, LIQUIDATION: AlgoStatus.EXPIRED, "EXPIRED": AlgoStatus.EXPIRED}
            reached = status.get(event.cause, AlgoStatus.REJECTED)
            one.end(reached, event.time_ns, gateway_ns, event.cause if reached is AlgoStatus.REJECTED else "")
            self._tell.algo(one)
            return
        one.end(*ended_as(one, event.cause), event.time_ns, gateway_ns)
        self._tell.order(one, one.status.value)
        self._finish(event.client_order_id, event.time_ns)
