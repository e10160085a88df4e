"""Clearing: what fills, settlements and liquidations do to positions, margin and wallets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_FLOOR, ROUND_UP, Decimal

from sadari.exchange.accounts import Account, PositionState, shown
from sadari.exchange.collateral import Wallet
from sadari.exchange.crossed import Crossed
from sadari.exchange.margin import ONE, SMALLEST, ZERO, bankruptcy_price, booked, initial_margin
from sadari.exchange.matching import Market
from sadari.exchange.orders import OpenOrder, reducible
from sadari.exchange.slippage import Slice, Slippage
from sadari.model.command import PlaceOrder
from sadari.model.event import AccountUpdated, Event, OrderCanceled, OrderFilled, PositionRecord
from sadari.model.order import MarginMode, Side
from sadari.model.plan import Fees
from sadari.model.units import MILLISECOND_NS


def canceled(order: PlaceOrder, time_ns: int, cause: str) -> OrderCanceled:
    """The end of an order without (further) fills."""
    return OrderCanceled(time_ns=time_ns, symbol=order.symbol, client_order_id=order.client_order_id, cause=cause)


class Clearing:
    """The account and its markets, seen from the side of the money. The operators of its callers' context are exact."""

    def __init__(self, fees: Fees, account: Account, markets: Mapping[str, Market], slippage: Slippage) -> None:
        self.fees = fees
        self.account = account
        self.markets = markets
        self.slippage = slippage
        self.crossed = Crossed(account, markets)
        self.held = self.crossed.held

    # What may be locked

    def free(self, wallet: Wallet) -> Decimal:
        """What new orders may lock, in the wallet's asset; negative where margin is missing."""
        if self.held or self.account.multi_assets:
            return self.crossed.free(wallet)
        return wallet.balance - wallet.locked

    def refuses(self, market: Market, order: PlaceOrder, price: Decimal, *, resting: bool = False) -> int:
        """The code for an opening order that the bracket forbids or whose margin and fee are not there; or 0.

        A part that closes needs no margin. ``resting`` asks for an order that is to wait in the book.
        """
        if order.reduce_only or order.close_position:
            return 0
        qty = order.qty or ZERO
        closing = min(qty, reducible(order, market.held))
        if closing < qty:
            after = qty - closing if closing else abs(market.held) + qty
            notional = after * price
            if market.resting:
                notional += market.resting_notional(order.side)
            if notional > market.max_notional:
                return -2027
        if resting:
            return -2019 if market.required_order_margin(order) - market.order_margin > self.free(market.wallet) else 0
        return -2019 if self.lacks_margin(market, order, price, self.fees.taker) else 0

    def lacks_margin(self, market: Market, order: PlaceOrder, price: Decimal, fee_rate: Decimal) -> bool:
        """Whether what an order opens at a price, with its fee, is not there; what it closes first is released."""
        qty = order.qty or ZERO
        closing = min(qty, reducible(order, market.held))
        if closing == qty:
            return False
        free = self.free(market.wallet)
        if market.position is not None and closing:
            free += market.position.margin + market.position.profit(closing, price)
            if market.position.mode is MarginMode.CROSSED:
                free -= self.crossed.counted(market)
        return initial_margin((qty - closing) * price, market.leverage) + qty * price * fee_rate > free

    # Executing

    def execute(
        self, market: Market, order: PlaceOrder, time_ns: int, slices: Iterable[Slice], *, maker: bool = False
    ) -> list[Event]:
        """Fill an order by slices, as far as it may go: reduce-only and close-position orders stop at zero.

        What the slices leave of it is for the caller to end or to let wait.
        """
        room = reducible(order, market.held)
        left = room if order.qty is None else order.qty
        if order.reduce_only:
            left = min(left, room)
        if not left:
            return [canceled(order, time_ns, "EXPIRED")]
        events: list[Event] = []
        for price, there in slices:
            qty = min(there, left)
            fee = booked(qty * price * (self.fees.maker if maker else self.fees.taker))
            closing = min(qty, reducible(order, market.held))
            if market.position is not None and closing and market.position.ruined_by(closing, price, fee):
                # Its margin does not pay for this: the venue takes the position over before the order is executed.
                return [*events, canceled(order, time_ns, "EXPIRED"), *self.liquidate(market, time_ns, price)]
            if self.held and closing and self.crossed.ruined_by(market, closing, price, fee):
                taken_over = self.liquidate_crossed(market.wallet, time_ns, market)
                return [*events, canceled(order, time_ns, "EXPIRED"), *taken_over]
            left -= qty
            events += self.fill(
                market, time_ns, order.client_order_id, order.side, price, qty, fee, "COMMISSION", maker=maker,
                done=not left,
            )  # fmt: skip
            if not left:
                break
        return [*events, *self._knock_out(market, time_ns)]

    def liquidate(self, market: Market, time_ns: int, price: Decimal) -> list[Event]:
        """Cancel everything and close the whole position, no worse than at the price that uses up its margin.

        The liquidation fee takes at most what is left of the margin, so the loss never exceeds it.

        Source: reference binance-usdm §8, liquidation run.
        """
        position = market.position
        assert position is not None  # noqa: S101 - only a position has a liquidation price
        events = self._cancel_all(market, time_ns)
        size, side = abs(position.qty), Side.SELL if position.side > 0 else Side.BUY
        last = bankruptcy_price(position.qty, position.entry_notional, position.margin, market.instrument.tick_size)
        price = max(price, last) if side is Side.SELL else min(price, last)
        left = position.margin + position.profit(size, price)
        fee = min(booked(size * price * market.instrument.liquidation_fee), left)
        name = f"autoclose-{time_ns // MILLISECOND_NS}"
        kind = "INSURANCE_CLEAR"
        return events + self.fill(market, time_ns, name, side, price, size, fee, kind, cause="LIQUIDATION")

    def deleverage(self, market: Market, time_ns: int, price: Decimal, qty: Decimal) -> list[Event]:
        """Close an unsigned quantity of a position without a fee and without a market.

        Source: reference binance-usdm §8, auto-deleveraging.
        """
        side, name = Side.SELL if market.held > 0 else Side.BUY, f"adl_autoclose-{time_ns // MILLISECOND_NS}"
        events = self.fill(market, time_ns, name, side, price, qty, ZERO, "COMMISSION", cause="ADL")
        return [*events, *self._knock_out(market, time_ns)]

    def liquidate_if_due(self, wallet: Wallet, time_ns: int) -> list[Event]:
        """Liquidate the crossed positions of a pool that is due, and watch what is left of them anew."""
        events = self.liquidate_crossed(wallet, time_ns) if self.crossed.next_to_close(wallet) else []
        self.crossed.watch()
        return events

    def liquidate_crossed(self, wallet: Wallet, time_ns: int, first: Market | None = None) -> list[Event]:
        """Cancel the orders of all crossed symbols of a pool and close positions until the rest is covered.

        Each is closed whole at its last price and the slippage, in the order of `Crossed.next_to_close`, ``first``
        before all others. The liquidation fee takes at most what is left. A loss beyond the collateral is paid by the
        insurance fund when nothing is left to close.

        Source: reference binance-usdm §8, liquidation run; taking over whole positions is this model's simplification.
        """
        events: list[Event] = []
        for market in self.markets.values():
            if market.mode is MarginMode.CROSSED and (self.account.multi_assets or market.wallet is wallet):
                for part in market.sides:
                    events += self._cancel_all(part, time_ns)
        worst = first or self.crossed.next_to_close(wallet)
        while worst is not None:
            wallet = worst.wallet
            events += self._take_over(worst, time_ns)
            worst = self.crossed.next_to_close(wallet)
        if not self.crossed.pooled(wallet):
            for one in self.crossed.wallets(wallet):
                events += self._insure(one, time_ns)
        return events

    def _insure(self, wallet: Wallet, time_ns: int) -> list[Event]:
        """Pay what a wallet owes, as far as its pool has nothing for it."""
        missing, debt = -self.crossed.margin_balance(wallet), self.crossed.isolated(wallet) - wallet.balance
        if missing <= 0 or debt <= 0:
            return []
        amount = min((missing / self.crossed.cost(wallet, ONE)).quantize(SMALLEST, ROUND_UP), debt)
        self.account.book(wallet, time_ns, "INSURANCE_CLEAR", "", amount)
        return [self.balances(wallet, time_ns, "INSURANCE_CLEAR")]

    def _take_over(self, market: Market, time_ns: int) -> list[Event]:
        position = market.position
        assert position is not None  # noqa: S101 - what is taken over is held
        size, side = abs(position.qty), Side.SELL if position.side > 0 else Side.BUY
        price = self.slippage.price(market.instrument, side, market.last_price, size)
        profit = position.profit(size, price)
        left = max(self.crossed.margin_balance(market.wallet, instead=market, amount=profit), ZERO)
        left = (left / self.crossed.cost(market.wallet, ONE)).quantize(SMALLEST, ROUND_FLOOR)
        fee = min(booked(size * price * market.instrument.liquidation_fee), left)
        name = f"autoclose-{time_ns // MILLISECOND_NS}"
        return self.fill(market, time_ns, name, side, price, size, fee, "INSURANCE_CLEAR", cause="LIQUIDATION")

    def _cancel_all(self, market: Market, time_ns: int) -> list[Event]:
        waiting = tuple(market.orders.values())
        for one in waiting:
            self.end(market, one)
        return [canceled(one.order, time_ns, "LIQUIDATION") for one in waiting]

    def pay_funding(self, market: Market, position: PositionState, time_ns: int, amount: Decimal) -> AccountUpdated:
        """Book a funding payment; an isolated position's own margin receives or pays it."""
        side = market.position_side
        self.account.book(market.wallet, time_ns, "FUNDING_FEE", position.symbol, amount, position_side=side)
        if position.mode is MarginMode.ISOLATED:
            position.margin = max(position.margin + amount, ZERO)
        self.settle(market)
        return self.updated(market, time_ns, "FUNDING_FEE")

    # Waiting

    def wait(self, market: Market, waiting: OpenOrder) -> bool:
        """Let an order wait; true if that locks margin."""
        market.add(waiting)
        self.account.conditionals += waiting.conditional
        return self._lock(market)

    def end(self, market: Market, waiting: OpenOrder) -> bool:
        """End an order's waiting; true if that frees margin."""
        market.remove(waiting)
        self.account.conditionals -= waiting.conditional
        return self._lock(market)

    def restore(self, market: Market, waiting: OpenOrder) -> None:
        """Take back that a limit order's waiting has ended."""
        market.restore(waiting)
        self._lock(market)

    # Settling

    def settle(self, market: Market) -> None:
        """After a position or what backs it changed: derive its liquidation price, watch it, lock what it needs."""
        if market.position is not None:
            market.position.refresh(market.instrument)
        market.watch_liquidation()
        self._lock(market)
        if self.held:
            self.crossed.watch()

    def updated(self, market: Market, time_ns: int, cause: str, *, position: bool = True) -> AccountUpdated:
        """The account as the venue shows it now, with this market's position unless only the balance changed."""
        held = market.position
        record = held.record() if held else shown(market.symbol, market.position_side)
        return self.balances(market.wallet, time_ns, cause, (record,) if position else ())

    def balances(
        self, wallet: Wallet, time_ns: int, cause: str, positions: tuple[PositionRecord, ...] = ()
    ) -> AccountUpdated:
        """The balances of a wallet, or in multi-assets mode of the account in USD, with positions that have changed."""
        available, balance = max(self.free(wallet), ZERO), wallet.balance
        wallets: tuple[tuple[str, Decimal], ...] = ()
        if self.account.multi_assets:
            available, balance = available * wallet.price, self.account.wallet_balance(wallet)
            wallets = tuple((asset, one.balance) for asset, one in sorted(self.account.wallets.items()))
        return AccountUpdated(
            time_ns=time_ns,
            cause=cause,
            wallet_balance=balance,
            available_balance=available,
            positions=positions,
            wallets=wallets,
        )

    def fill(
        self,
        market: Market,
        time_ns: int,
        client_order_id: str,
        side: Side,
        price: Decimal,
        qty: Decimal,
        fee: Decimal,
        fee_kind: str,
        *,
        maker: bool = False,
        done: bool = True,
        cause: str = "",
    ) -> list[Event]:
        """One trade: first it closes what it can, then it opens the rest."""
        symbol, account = market.symbol, self.account
        trade_id = account.next_trade()
        signed = qty if side is Side.BUY else -qty
        closing, profit = ZERO, ZERO
        position = market.position
        if position is not None and position.side * signed < 0:
            closing = min(qty, abs(position.qty))
            profit = position.profit(closing, price)
            account.book(market.wallet, time_ns, "REALIZED_PNL", symbol, profit, trade_id, market.position_side)
            position.reduce(closing)
            if not position.qty:
                self._close(market)
        if fee:
            account.book(market.wallet, time_ns, fee_kind, symbol, -fee, trade_id, market.position_side)
        if closing < qty:
            position = market.position or self._open(market, trade_id)
            opening = qty - closing
            position.increase(opening if side is Side.BUY else -opening, price)
        self.settle(market)
        trade = OrderFilled(
            time_ns=time_ns,
            symbol=symbol,
            client_order_id=client_order_id,
            trade_id=trade_id,
            price=price,
            qty=qty,
            fee=fee,
            realized_pnl=profit,
            buyer=side is Side.BUY,
            maker=maker,
            done=done,
            cause=cause,
        )
        return [trade, self.updated(market, time_ns, "ORDER")]

    def _open(self, market: Market, first_trade: int) -> PositionState:
        position = PositionState(market.symbol, market.mode, market.leverage, first_trade, market.position_side)
        market.position = self.account.positions[market.key] = position
        if market.mode is MarginMode.CROSSED:
            self.held[market.key] = market
        return position

    def _close(self, market: Market) -> None:
        market.position = None
        del self.account.positions[market.key]
        self.held.pop(market.key, None)

    def _knock_out(self, market: Market, time_ns: int) -> list[Event]:
        """Expire the resting reduce-only limit orders for which a fill has left nothing to reduce."""
        out = market.knocked_out()
        for waiting in out:
            self.end(market, waiting)
        return [canceled(waiting.order, time_ns, "EXPIRED") for waiting in out]

    def _lock(self, market: Market) -> bool:
        before = market.order_margin
        market.order_margin = market.required_order_margin()
        locked = market.order_margin + (market.position.margin if market.position else ZERO)
        market.wallet.locked += locked - market.locked
        market.locked = locked
        return market.order_margin != before
