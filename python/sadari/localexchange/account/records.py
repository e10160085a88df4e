"""What the exchange remembers: every order, conditional order and trade of the account, with their times."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from sadari.exchange.margin import booked
from sadari.exchange.orders import capped
from sadari.model.command import PlaceOrder
from sadari.model.order import OrderType, PositionSide, Side

ZERO = Decimal(0)
LIQUIDATION = "LIQUIDATION"
ADL = "ADL"
CONTRACT_PRICE = "CONTRACT_PRICE"


class Status(StrEnum):
    """Where an order is."""

    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"


class AlgoStatus(StrEnum):
    """Where a conditional order is."""

    NEW = "NEW"
    TRIGGERING = "TRIGGERING"
    TRIGGERED = "TRIGGERED"
    FINISHED = "FINISHED"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"


class ExpiryReason(StrEnum):
    """Why an order has ended without being filled.

    Source: reference binance-usdm §5, ``er``.
    """

    NONE = "0"
    IOC_REMAINDER = "2"
    KNOCKED_OUT = "4"
    LIQUIDATED = "5"
    THIN_BOOK = "9"


@dataclass(slots=True, kw_only=True)
class Order:
    """An order in the book's family. ``order_type`` is what it is, ``orig_type`` what it was placed as.

    Times are the market's, those with ``gateway`` in their name the gateway's; None until it has ended.
    """

    order_id: int
    client_order_id: str
    symbol: str
    side: Side
    order_type: str
    orig_type: str
    time_in_force: str
    qty: Decimal
    price: Decimal
    trigger_price: Decimal
    reduce_only: bool
    close_position: bool
    created_ns: int
    updated_ns: int
    working_type: str = CONTRACT_PRICE
    status: Status = Status.NEW
    filled_qty: Decimal = ZERO
    quote: Decimal = ZERO
    expiry_reason: ExpiryReason = ExpiryReason.NONE
    amendments: int = 0
    position_side: PositionSide = PositionSide.BOTH
    created_gateway_ns: int = 0
    ended_ns: int | None = None
    ended_gateway_ns: int | None = None
    trades: list[Trade] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether it still works."""
        return self.status in {Status.NEW, Status.PARTIALLY_FILLED}

    @property
    def auto_close(self) -> str | None:
        """Why the exchange itself has placed it: LIQUIDATION or ADL; None if it has not."""
        if self.orig_type != LIQUIDATION:
            return None
        return ADL if self.client_order_id.startswith("adl_") else LIQUIDATION

    @property
    def avg_price(self) -> Decimal:
        """The mean price of its trades at eight decimals, 0 without any."""
        return booked(self.quote / self.filled_qty) if self.filled_qty else ZERO

    def fill(self, trade: Trade, *, done: bool) -> None:
        """Book one of its trades; a reduce-only order that is done is as large as what it could reduce."""
        self.trades.append(trade)
        self.filled_qty += trade.qty
        self.quote += trade.qty * trade.price
        self.updated_ns = trade.time_ns
        self.status = Status.FILLED if done else Status.PARTIALLY_FILLED
        if done:
            self.qty = self.filled_qty
            self.ended_ns, self.ended_gateway_ns = trade.time_ns, trade.gateway_ns

    def amend(self, qty: Decimal, price: Decimal, time_ns: int) -> None:
        """Go on with another quantity, what is filled included, and another price."""
        self.qty, self.price, self.updated_ns = qty, price, time_ns
        self.amendments += 1

    def end(self, status: Status, reason: ExpiryReason, time_ns: int, gateway_ns: int) -> None:
        """End it without (further) trades."""
        self.status, self.expiry_reason, self.updated_ns = status, reason, time_ns
        self.ended_ns, self.ended_gateway_ns = time_ns, gateway_ns


@dataclass(slots=True, kw_only=True)
class AlgoOrder:
    """A conditional order. ``child`` is the order that its trigger has made.

    It has become NEW when it was created, and has ended when it was no longer that.
    """

    algo_id: int
    client_algo_id: str
    wish: PlaceOrder
    created_ns: int
    updated_ns: int
    working_type: str = CONTRACT_PRICE
    status: AlgoStatus = AlgoStatus.NEW
    triggered_ns: int = 0
    reject_reason: str = ""
    child: Order | None = None
    created_gateway_ns: int = 0
    ended_ns: int | None = None
    ended_gateway_ns: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether it still waits."""
        return self.status is AlgoStatus.NEW

    @property
    def symbol(self) -> str:
        """Its symbol."""
        return self.wish.symbol

    @property
    def time_in_force(self) -> str:
        """How long the order that it becomes lives."""
        return self.wish.time_in_force.value if self.wish.time_in_force else "GTC"

    def end(self, status: AlgoStatus, time_ns: int, gateway_ns: int, reason: str = "") -> None:
        """End its waiting, or go on to what follows that."""
        self.status, self.updated_ns, self.reject_reason = status, time_ns, reason
        if self.ended_ns is None:
            self.ended_ns, self.ended_gateway_ns = time_ns, gateway_ns


@dataclass(slots=True, frozen=True, kw_only=True)
class Trade:
    """One of the account's trades; a positive fee was paid."""

    trade_id: int
    order_id: int
    symbol: str
    side: Side
    price: Decimal
    qty: Decimal
    fee: Decimal
    fee_asset: str
    realized_pnl: Decimal
    maker: bool
    time_ns: int
    position_side: PositionSide = PositionSide.BOTH
    gateway_ns: int = 0


def order_of(wish: PlaceOrder, order_id: int, client_order_id: str, time_ns: int, gateway_ns: int) -> Order:
    """The record of an order that was taken in; of a conditional one, that of the order it has become."""
    wish = capped(wish)
    limit = wish.order_type in {OrderType.LIMIT, OrderType.STOP, OrderType.TAKE_PROFIT}
    return Order(
        order_id=order_id,
        client_order_id=client_order_id,
        symbol=wish.symbol,
        side=wish.side,
        order_type="LIMIT" if limit else "MARKET",
        orig_type=wish.order_type.value,
        time_in_force=wish.time_in_force.value if wish.time_in_force else "GTC",
        qty=wish.qty or ZERO,
        price=wish.price or ZERO,
        trigger_price=wish.trigger_price or ZERO,
        reduce_only=wish.reduce_only or wish.close_position,
        close_position=wish.close_position,
        created_ns=time_ns,
        updated_ns=time_ns,
        position_side=wish.position_side,
        created_gateway_ns=gateway_ns,
    )


def ended_as(order: Order, cause: str) -> tuple[Status, ExpiryReason]:
    """What becomes of an order that ends without (further) trades, by the model's cause."""
    if cause == "CANCELED":
        return Status.CANCELED, ExpiryReason.NONE
    if cause == LIQUIDATION:
        return Status.CANCELED, ExpiryReason.LIQUIDATED
    if order.order_type == "MARKET":
        return Status.EXPIRED, ExpiryReason.THIN_BOOK
    if order.time_in_force in {"IOC", "FOK"}:
        return Status.EXPIRED, ExpiryReason.IOC_REMAINDER
    return Status.EXPIRED, ExpiryReason.KNOCKED_OUT if cause == "EXPIRED" else ExpiryReason.NONE
