"""The endpoints of orders and trades.

Source: reference binance-usdm §3.2.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

import msgspec

from sadari.binance.numbers import plain
from sadari.binance.served import ORDER_LIMITS
from sadari.binance.wire import orders as wire
from sadari.exchange import Refusal
from sadari.localexchange.account.desk import Desk
from sadari.localexchange.account.records import ADL, LIQUIDATION, Order
from sadari.localexchange.asking.endpoint import Endpoint, Security, by_symbol
from sadari.localexchange.asking.parameters import Parameters
from sadari.localexchange.asking.periods import period
from sadari.localexchange.asking.refused import Refused
from sadari.localexchange.endpoints.order_answers import kept, listed, modified, placed, traded
from sadari.localexchange.endpoints.order_wishes import amendment, known_symbol, regular, some_symbol
from sadari.model.units import MILLISECOND_NS

Item = TypeVar("Item", int, str)
Answer = Callable[[Parameters], wire.PlacedOrder]

MOST_IN_A_BATCH = 5
MOST_CANCELS = 10
ALL_CANCELED = wire.Done(200, "The operation of cancel all open order is done.")


class OrderEndpoints:
    """Orders and trades of one account."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def endpoints(self) -> list[Endpoint]:
        """The table of them."""
        signed = Security.SIGNED
        return [
            Endpoint("POST", "/fapi/v1/order", self.place, signed, 0, 1),
            Endpoint("POST", "/fapi/v1/order/test", self.check, signed, 0),
            Endpoint("GET", "/fapi/v1/order", self.query, signed, 1),
            Endpoint("PUT", "/fapi/v1/order", self.modify, signed, 0, 1),
            Endpoint("DELETE", "/fapi/v1/order", self.cancel, signed, 1),
            Endpoint("GET", "/fapi/v1/openOrder", self.query_open, signed, 1),
            Endpoint("GET", "/fapi/v1/openOrders", self.open_orders, signed, by_symbol(1, 40)),
            Endpoint("GET", "/fapi/v1/allOrders", self.all_orders, signed, 5),
            Endpoint("DELETE", "/fapi/v1/allOpenOrders", self.cancel_all, signed, 1),
            Endpoint("POST", "/fapi/v1/batchOrders", self.place_batch, signed, 5, 5),
            Endpoint("PUT", "/fapi/v1/batchOrders", self.modify_batch, signed, 5, 5),
            Endpoint("DELETE", "/fapi/v1/batchOrders", self.cancel_batch, signed, 1),
            Endpoint("GET", "/fapi/v1/userTrades", self.trades, signed, 5),
            Endpoint("GET", "/fapi/v1/forceOrders", self.forced, signed, _cost_of_forced),
            Endpoint("GET", "/fapi/v1/rateLimit/order", lambda _: ORDER_LIMITS, signed, 1),
        ]

    def place(self, asked: Parameters) -> wire.PlacedOrder:
        """Place an order; ACK, the default, knows of no fill."""
        answer = asked.choice("newOrderRespType", ("ACK", "RESULT"), -1128, "newOrderRespType")
        order = self._desk.place(regular(asked, self._desk.instruments))
        return placed(order, acknowledged=answer != "RESULT")

    def check(self, asked: Parameters) -> wire.PlacedOrder:
        """Ask everything that placing asks, and place nothing."""
        asked.choice("newOrderRespType", ("ACK", "RESULT"), -1128, "newOrderRespType")
        return placed(self._desk.check(regular(asked, self._desk.instruments)))

    def modify(self, asked: Parameters) -> wire.ModifiedOrder:
        """Give an open limit order another quantity and price."""
        order = self._named(asked, -2013, "Order does not exist.")
        changed = amendment(asked, order)
        if order.order_type == "LIMIT" and not order.is_open:
            raise Refused(-2013, "Order does not exist.")
        self._desk.amend(order, *changed)
        return modified(order, order.amendments if changed.modify_id is None else changed.modify_id)

    def query(self, asked: Parameters) -> wire.ListedOrder:
        """An order, whatever has become of it."""
        return listed(self._named(asked, -2013, "Order does not exist."))

    def query_open(self, asked: Parameters) -> wire.ListedOrder:
        """An order that works."""
        order = self._named(asked, -2013, "Order does not exist.")
        if not order.is_open:
            raise Refused(-2013, "Order does not exist.")
        return listed(order)

    def cancel(self, asked: Parameters) -> wire.PlacedOrder:
        """Cancel an order."""
        return placed(self._desk.cancel(self._named(asked, -2011, "Unknown order sent.")))

    def open_orders(self, asked: Parameters) -> list[wire.ListedOrder]:
        """The orders that work."""
        return [listed(order) for order in self._desk.open_orders(some_symbol(asked, self._desk.instruments))]

    def all_orders(self, asked: Parameters) -> list[wire.KeptOrder]:
        """All orders of a period, oldest first; from an id on if one is named."""
        symbol = some_symbol(asked, self._desk.instruments)
        first, limit = asked.integer("orderId"), asked.limit(500, 1000)
        inside = period(asked, self._desk.market_ns() // MILLISECOND_NS)
        rows = [
            order
            for order in self._desk.orders.values()
            if symbol in {None, order.symbol} and inside.holds(order.created_ns // MILLISECOND_NS)
        ]
        if first is not None:
            return [kept(order) for order in rows if order.order_id >= first][:limit]
        return [kept(order) for order in (rows[:limit] if inside.begins else rows[-limit:])]

    def forced(self, asked: Parameters) -> list[wire.KeptOrder]:
        """The orders by which the exchange has closed positions, oldest first."""
        symbol, limit = some_symbol(asked, self._desk.instruments), asked.limit(50, 100)
        kind = asked.choice("autoCloseType", (LIQUIDATION, ADL), -1130, "autoCloseType")
        inside = period(asked, self._desk.market_ns() // MILLISECOND_NS)
        rows = [
            order
            for order in self._desk.orders.values()
            if order.auto_close is not None
            and kind in {None, order.auto_close}
            and symbol in {None, order.symbol}
            and inside.holds(order.created_ns // MILLISECOND_NS)
        ]
        return [kept(order) for order in (rows[:limit] if inside.begins else rows[-limit:])]

    def cancel_all(self, asked: Parameters) -> wire.Done:
        """Cancel every order of a symbol; conditional ones stay."""
        for order in list(self._desk.open_orders(known_symbol(asked, self._desk.instruments))):
            self._desk.cancel(order)
        return ALL_CANCELED

    def place_batch(self, asked: Parameters) -> list[wire.PlacedOrder | wire.Done]:
        """Place up to five orders, each for itself."""
        return self._batch(asked, self.place, "place")

    def modify_batch(self, asked: Parameters) -> list[wire.PlacedOrder | wire.Done]:
        """Modify up to five orders, each for itself."""
        return self._batch(asked, self.modify, "modify")

    def _batch(self, asked: Parameters, answer: Answer, what: str) -> list[wire.PlacedOrder | wire.Done]:
        text = asked.text("batchOrders")
        try:
            rows = msgspec.json.decode(text, type=list[dict[str, str | int | float | bool]])
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Refused(-1130, "Data sent for parameter 'batchOrders' is not valid.") from None
        if not 1 <= len(rows) <= MOST_IN_A_BATCH:
            raise Refused(-4082, f"Invalid number of batch {what} orders.")
        return [
            self._or_refused(answer, Parameters({name: _text(value) for name, value in row.items()})) for row in rows
        ]

    def cancel_batch(self, asked: Parameters) -> list[wire.PlacedOrder | wire.Done]:
        """Cancel up to ten orders by their ids or client ids."""
        symbol = known_symbol(asked, self._desk.instruments)
        rows = [("orderId", str(one)) for one in _listed(asked, "orderIdList", int)]
        rows += [("origClientOrderId", one) for one in _listed(asked, "origClientOrderIdList", str)]
        if not 1 <= len(rows) <= MOST_CANCELS:
            raise Refused(-4082, "Invalid number of batch cancel orders.")
        return [self._or_refused(self.cancel, Parameters({"symbol": symbol, name: text})) for name, text in rows]

    def trades(self, asked: Parameters) -> list[wire.UserTrade]:
        """The account's trades of a symbol in a period, oldest first; from an id on if one is named."""
        symbol = known_symbol(asked, self._desk.instruments)
        order_id, first, limit = asked.integer("orderId"), asked.integer("fromId"), asked.limit(500, 1000)
        inside = period(asked, self._desk.market_ns() // MILLISECOND_NS)
        rows = [
            trade
            for trade in self._desk.trades
            if trade.symbol == symbol
            and order_id in {None, trade.order_id}
            and inside.holds(trade.time_ns // MILLISECOND_NS)
            and (first is None or trade.trade_id >= first)
        ]
        chosen = rows[:limit] if inside.begins or first is not None else rows[-limit:]
        return [traded(trade, self._desk.instruments[symbol]) for trade in chosen]

    def _named(self, asked: Parameters, code: int, message: str) -> Order:
        """The order that an id names; of several that had a client id, the newest."""
        symbol = known_symbol(asked, self._desk.instruments)
        order_id, client_id = asked.integer("orderId"), asked.maybe("origClientOrderId")
        if order_id is not None:
            order = self._desk.orders.get(order_id)
        elif client_id is not None:
            had = (one for one in reversed(self._desk.orders.values()) if one.client_order_id == client_id)
            order = next((one for one in had if one.symbol == symbol), None)
        else:
            raise Refused(-1102, "Either orderId or origClientOrderId must be sent.")
        if order is None or order.symbol != symbol:
            raise Refused(code, message)
        return order

    @staticmethod
    def _or_refused(answer: Answer, asked: Parameters) -> wire.PlacedOrder | wire.Done:
        try:
            return answer(asked)
        except (Refused, Refusal) as refusal:
            return wire.Done(refusal.code, refusal.message)


def _cost_of_forced(asked: Parameters) -> int:
    return 20 if asked.maybe("symbol") else 50


def _text(value: object) -> str:
    """A JSON value as it would be sent by itself."""
    if isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else plain(Decimal(str(value)))


def _listed(asked: Parameters, name: str, kind: type[Item]) -> list[Item]:
    """A JSON array among the parameters, in either spelling of its name; empty if it was not sent."""
    text = asked.maybe(name) or asked.maybe(name.lower())
    if text is None:
        return []
    try:
        return msgspec.json.decode(text, type=list[kind])  # type: ignore[valid-type]
    except msgspec.DecodeError:
        raise Refused(-1130, f"Data sent for parameter '{name}' is not valid.") from None
