"""The venue of the model check: a position, the orders that work or rest there, and what it said of each order.

It is exact and small: one symbol, one LONG, no fees, prices that the environment chooses. Its position is the truth
that the properties are judged by; the engine never sees it but through reports.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from sadari.model.command import PlaceOrder
from sadari.model.event import CancelRejected, Event, OrderAccepted, OrderCanceled, OrderFilled, OrderRejected
from sadari.model.order import OrderType, Side
from sadari.model.reason import RejectReason
from tests.ladder_driver import SYMBOL

ZERO = Decimal(0)
CENT = Decimal("1e-8")


class Truth:
    """What the venue holds.

    Attributes:
        price: The last price.
        qty: What is held, long.
        cost: What is held times its average price.
        wallet: What closing has brought so far.
        orders: Working and resting orders with what is filled of them, by client order id.
        history: Everything that was told of an order, by client order id, in order.
        trades: How many there were.
    """

    def __init__(self, price: Decimal) -> None:
        self.price = price
        self.qty = ZERO
        self.cost = Fraction(0)
        self.wallet = ZERO
        self.orders: dict[str, tuple[PlaceOrder, Decimal]] = {}
        self.history: dict[str, tuple[Event, ...]] = {}
        self.trades = 0

    def copy(self) -> Truth:
        """The same truth, to go on from."""
        other = Truth.__new__(Truth)
        other.__dict__.update(self.__dict__)
        other.orders, other.history = dict(self.orders), dict(self.history)
        return other

    @property
    def covered(self) -> bool:
        """Whether a stop that rests here closes everything that is held."""
        return self.qty == 0 or any(
            order.order_type is OrderType.STOP_MARKET and (order.close_position or (order.qty or ZERO) >= self.qty)
            for order, _ in self.orders.values()
        )

    @property
    def exiting(self) -> bool:
        """Whether an order that closes works here."""
        return any(
            order.side is Side.SELL and order.order_type is not OrderType.STOP_MARKET
            for order, _ in self.orders.values()
        )

    @property
    def opening(self) -> Decimal:
        """What the working orders may still buy."""
        return sum((left(order, filled) for order, filled in self.orders.values() if order.side is Side.BUY), ZERO)

    # orders

    def submit(self, order: PlaceOrder, now_ns: int, *, part: bool = False) -> list[Event]:
        """An order arrives: a stop rests, another one fills, all of it or one step."""
        refusal = self._refusal(order)
        if refusal is not None:
            return [self.refuse(order, now_ns, *refusal)]
        name = order.client_order_id
        told: list[Event] = [OrderAccepted(time_ns=now_ns, symbol=SYMBOL, client_order_id=name)]
        self.orders[name] = (order, ZERO)
        if order.order_type is OrderType.STOP_MARKET:
            return self._tell(name, told)
        # Of an order that fills at once the fill alone is told.
        return (self._tell(name, told) if part else []) + self.trade(name, now_ns, part=part)

    def _refusal(self, order: PlaceOrder) -> tuple[int, RejectReason] | None:
        if order.trigger_price is not None and order.trigger_price >= self.price:
            return -2021, RejectReason.WOULD_TRIGGER
        if order.close_position and any(other.close_position for other, _ in self.orders.values()):
            return -4130, RejectReason.CLOSE_POSITION_EXISTS
        if order.trigger_price is None and order.side is Side.SELL and self.qty == 0:
            return -2022, RejectReason.REDUCE_ONLY
        return None

    def refuse(
        self, order: PlaceOrder, now_ns: int, code: int = -1000, reason: RejectReason = RejectReason.OTHER
    ) -> Event:
        """The venue's no."""
        name = order.client_order_id
        told = OrderRejected(time_ns=now_ns, symbol=SYMBOL, client_order_id=name, code=code, reason=reason)
        return self._tell(name, [told])[0]

    def trade(self, name: str, now_ns: int, *, part: bool = False) -> list[Event]:
        """A working order, or a stop that has triggered, trades: its rest or one step, never more than is held."""
        order, filled = self.orders[name]
        if order.side is Side.SELL and self.qty == 0:
            return self.cancel(name, now_ns, "EXPIRED")
        qty = Decimal(1) if part else left(order, filled)
        if order.side is Side.SELL:
            qty = min(qty, self.qty)
        done = not part
        realized = self._settle(order.side, qty)
        self.trades += 1
        if done:
            del self.orders[name]
        else:
            self.orders[name] = (order, filled + qty)
        told = OrderFilled(
            time_ns=now_ns, symbol=SYMBOL, client_order_id=name, trade_id=self.trades, price=self.price, qty=qty,
            fee=ZERO, realized_pnl=realized, buyer=order.side is Side.BUY, done=done,
        )  # fmt: skip
        return self._tell(name, [told])

    def _settle(self, side: Side, qty: Decimal) -> Decimal:
        if side is Side.BUY:
            self.qty += qty
            self.cost += Fraction(qty) * Fraction(self.price)
            return ZERO
        average = self.cost / Fraction(self.qty)
        gain = (Fraction(self.price) - average) * Fraction(qty)
        self.qty -= qty
        self.cost = average * Fraction(self.qty)
        realized = (Decimal(gain.numerator) / Decimal(gain.denominator)).quantize(CENT)
        self.wallet += realized
        return realized

    def cancel(self, name: str, now_ns: int, cause: str = "CANCELED") -> list[Event]:
        """An order ends with what is filled of it; one that is not here cannot."""
        if name not in self.orders:
            return [CancelRejected(time_ns=now_ns, symbol=SYMBOL, client_order_id=name, code=-2011)]
        del self.orders[name]
        return self._tell(name, [OrderCanceled(time_ns=now_ns, symbol=SYMBOL, client_order_id=name, cause=cause)])

    def move(self, price: Decimal, now_ns: int) -> list[Event]:
        """The price falls or rises; stops that it reaches trigger, the nearest first."""
        self.price = price
        reached = [
            (order.trigger_price, name)
            for name, (order, _) in self.orders.items()
            if order.trigger_price is not None and price <= order.trigger_price
        ]
        return [event for _, name in sorted(reached, reverse=True) for event in self.trade(name, now_ns)]

    def _tell(self, name: str, told: list[Event]) -> list[Event]:
        self.history[name] = (*self.history.get(name, ()), *told)
        return told


def left(order: PlaceOrder, filled: Decimal) -> Decimal:
    """What is not filled of an order; a close-position order has no quantity, and no end to it."""
    return Decimal(10**6) if order.qty is None else order.qty - filled
