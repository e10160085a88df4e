"""An account as it was, out of what had been recorded of it."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from sadari.errors import DataError
from sadari.exchange.margin import ZERO, exact
from sadari.exchange.orders import OpenOrder, rests
from sadari.exchange.refusals import Refusal
from sadari.exchange.settings import AccountSettings
from sadari.model.command import Command, PlaceOrder
from sadari.model.event import (
    AccountUpdated,
    Event,
    FundingPaid,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    SymbolPrepared,
)
from sadari.model.order import MarginMode, Side

ALREADY_SO = -4046


class AccountRecovery(AccountSettings):
    """Goes through the same bookings once more, at the prices and fees that were recorded, without judging them."""

    _ids: int

    @exact
    def recover(self, records: Iterable[Event | Command], margin_mode: MarginMode) -> None:
        """Take a new account to where the records end: wallet, positions, waiting orders, leverage and margin modes.

        Orders that no outcome was recorded of have not reached the exchange. What changed a single-asset wallet without
        a trade or funding (a transfer) is taken from the balance that was shown.

        Args:
            records: Events and commands in their order.
            margin_mode: That of symbols that were prepared with the mode asked for.

        Raises:
            DataError: The records are not those of an account that began as this one did.
        """
        asked: dict[str, PlaceOrder] = {}
        early: dict[int, OrderFilled] = {}
        ended: set[str] = set()
        for record in records:
            match record:
                case PlaceOrder():
                    asked[record.client_order_id] = record
                case OrderAccepted() if record.client_order_id in asked and record.client_order_id not in ended:
                    self._wait_again(asked[record.client_order_id], record.time_ns)
                case OrderCanceled():
                    ended.add(record.client_order_id)
                    self._end_again(record)
                case OrderFilled() if record.trade_id > self._account.trades:
                    # The answer to a query may tell a trade again, and before others that were still to be told.
                    early[record.trade_id] = record
                    ended |= {record.client_order_id} if record.done else set()
                    while (trade := early.pop(self._account.trades + 1, None)) is not None:
                        self._fill_again(trade, asked.get(trade.client_order_id))
                case FundingPaid():
                    self._fund_again(record)
                case SymbolPrepared():
                    self._prepare_again(record, record.margin_mode or margin_mode)
                case AccountUpdated() if not self.multi_assets and not record.wallets:
                    self._balance_again(record)
        for _, trade in sorted(early.items()):
            self._fill_again(trade, asked.get(trade.client_order_id))

    def _wait_again(self, order: PlaceOrder, time_ns: int) -> None:
        market = self._market(order.symbol)
        # A market order, and a stop that has become one, is accepted and filled in one.
        if order.trigger_price is None and not rests(order):
            return
        if order.client_order_id not in market.orders:
            self._ids += 1
            self._clearing.wait(market, OpenOrder(self._ids, time_ns, order))

    def _end_again(self, event: OrderCanceled | OrderFilled) -> OpenOrder | None:
        market = self._market(event.symbol)
        waiting = market.orders.get(event.client_order_id)
        if waiting is not None:
            self._clearing.end(market, waiting)
        return waiting

    def _fill_again(self, event: OrderFilled, order: PlaceOrder | None) -> None:
        market, time_ns = self._market(event.symbol), event.booked_ns or event.time_ns
        waiting = self._end_again(event)
        market.last_price = event.price
        self._account.trades = event.trade_id - 1
        trade, _ = self._clearing.fill(
            market, time_ns, event.client_order_id, Side.BUY if event.buyer else Side.SELL, event.price, event.qty,
            event.fee, "INSURANCE_CLEAR" if event.cause else "COMMISSION", maker=event.maker, done=event.done,
            cause=event.cause,
        )  # fmt: skip
        if not isinstance(trade, OrderFilled) or trade.realized_pnl != event.realized_pnl:
            raise DataError(
                f"{event.symbol}: trade {event.trade_id} of {event.client_order_id} was recorded with a profit of "
                f"{event.realized_pnl} and would have made another; these records begin with another account"
            )
        if waiting is not None and not event.done and order is not None and rests(order):
            left = (waiting.order.qty or ZERO) - event.qty
            self._wait_again(msgspec.structs.replace(order, qty=left), time_ns)

    def _fund_again(self, event: FundingPaid) -> None:
        market = self._market(event.symbol)
        if market.position is not None:
            self._clearing.pay_funding(market, market.position, event.booked_ns or event.time_ns, event.amount)

    def _prepare_again(self, event: SymbolPrepared, mode: MarginMode) -> None:
        try:
            self.set_margin_mode(event.symbol, mode)
        except Refusal as refusal:
            if refusal.code != ALREADY_SO:
                raise
        self.set_leverage(event.symbol, event.leverage)

    def _balance_again(self, event: AccountUpdated) -> None:
        missing: Decimal = event.wallet_balance - self.wallet_balance
        if missing and event.cause in {"TRANSFER", "INSURANCE_CLEAR"}:
            self._account.book(self._account.home, event.time_ns, event.cause, "", missing)
