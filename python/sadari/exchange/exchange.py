"""The exchange: orders, positions, margin, funding and liquidation of one account. Pure: time and prices are told.

It knows trades, not the orders of others: what an order that takes liquidity gets is the slippage's model, all of it at
one price or the levels of a book; a limit order that waits is filled whole, at its own price, by the first trade at or
beyond it. In hedge mode a symbol's LONG and SHORT are positions with margin, orders and liquidation of their own.

A position is liquidated whole: an isolated one at its liquidation price, crossed ones when what they share no longer
exceeds their maintenance margins (`crossed`, `clearing`). Last prices stand for mark prices.

In multi-assets mode all wallets are one margin, at index prices and collateral ratios that do not change; a wallet
may be negative as long as the others cover it. Not modelled: that the venue exchanges a debt for other assets by itself
below its threshold, and interest on debts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from sadari.exchange.accounts import Account
from sadari.exchange.clearing import Clearing, canceled
from sadari.exchange.collateral import Collateral, Wallet
from sadari.exchange.funding import funding_payment
from sadari.exchange.margin import ZERO, exact
from sadari.exchange.matching import Market, units
from sadari.exchange.orders import (
    CONDITIONAL,
    TRIGGERED_LIMIT,
    OpenOrder,
    capped,
    level_of,
    passed,
    reducible,
    refused,
    refused_in_hedge_mode,
    rests,
    takes,
)
from sadari.exchange.recovery import AccountRecovery
from sadari.exchange.refusals import REFUSALS
from sadari.exchange.slippage import ONE_TICK, Slice, Slippage
from sadari.model.command import PlaceOrder
from sadari.model.event import (
    CancelRejected,
    Event,
    FundingPaid,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    OrderRejected,
)
from sadari.model.instrument import Instrument
from sadari.model.order import OrderType, Side, TimeInForce
from sadari.model.plan import Fees

MAX_LIMIT_ORDERS = 200  # of one symbol
MAX_CONDITIONAL_ORDERS = 200  # of the account

# Codes that mean something else where an order is amended.
POST_ONLY = -5022
TOO_SMALL = -4164

FIRST_ASSET = "USDT"
NOTHING: Sequence[Slice] = ()
NO_ASSETS: Mapping[str, Collateral] = {}


class Exchange(AccountRecovery):
    """One account at the venue.

    Every call answers with the events it caused, in their order. The caller tells each symbol's trades by `touch`: all
    of them, or only those that meet a level of `watch`. Before it submits an order, touches or funds, it tells the
    prices of the symbols in `crossed` by `mark`, and afterwards looks at the levels of all of them again.

    Args:
        instruments: What can be traded, by symbol. The account is in their quote asset, in USDT if they have several.
        fees: Rates of the account.
        wallet_balance: The balance to begin with, in the asset of the account.
        slippage: What taking liquidity costs beyond the fee.
        assets: Prices, ratios and balances of other assets; the account's own may be named, its balance is added.
        multi_assets: Whether it starts in multi-assets mode.
    """

    def __init__(
        self,
        instruments: Mapping[str, Instrument],
        fees: Fees,
        wallet_balance: Decimal,
        *,
        slippage: Slippage = ONE_TICK,
        assets: Mapping[str, Collateral] = NO_ASSETS,
        multi_assets: bool = False,
    ) -> None:
        quotes = dict.fromkeys(instrument.quote_asset for instrument in instruments.values())
        home = next(iter(quotes)) if len(quotes) == 1 else FIRST_ASSET
        known = {asset: assets.get(asset, Collateral()) for asset in [home, *quotes, *assets]}
        wallets = {asset: Wallet(asset, collateral) for asset, collateral in known.items()}
        wallets[home].balance += wallet_balance
        self._account = Account(wallets, wallets[home], multi_assets=multi_assets)
        self._markets = {
            symbol: Market(instrument, wallets[instrument.quote_asset]) for symbol, instrument in instruments.items()
        }
        self._clearing = Clearing(fees, self._account, self._markets, slippage)
        self._slippage = slippage
        self._ids = 0

    # What happens

    def mark(self, symbol: str, price: Decimal) -> None:
        """Tell a symbol's last price; it is no trade and meets nothing."""
        self._market(symbol).told(price)

    @exact
    def submit(self, order: PlaceOrder, time_ns: int, last_price: Decimal) -> list[Event]:
        """Take an order in, at the price of the symbol's last trade.

        Returns:
            `OrderRejected` alone if it is refused; `OrderAccepted` if it waits; if it is executed at once, its fill and
            an `AccountUpdated`, of a limit order after `OrderAccepted`.
        """
        market, taken, code = self._arrived(order)
        if market is None or code:
            return [_rejected(order, time_ns, code)]
        self._markets[order.symbol].told(last_price)
        return self._enter(market, taken, time_ns, last_price)

    @exact
    def check(self, order: PlaceOrder, last_price: Decimal) -> int:
        """The code with which `submit` would refuse an order now, or 0; nothing happens."""
        market, taken, code = self._arrived(order)
        return code if market is None or code else self._judge(market, taken, last_price)[0]

    @exact
    def cancel(self, symbol: str, client_order_id: str, time_ns: int) -> list[Event]:
        """Cancel a waiting order; `CancelRejected` (-2011) if none waits under this id."""
        found = self._waiting(symbol, client_order_id)
        if found is None:
            return [CancelRejected(time_ns=time_ns, symbol=symbol, client_order_id=client_order_id, code=-2011)]
        market, waiting = found
        freed = self._clearing.end(market, waiting)
        events: list[Event] = [canceled(waiting.order, time_ns, "CANCELED")]
        if freed:
            events.append(self._clearing.updated(market, time_ns, "ORDER", position=False))
        return events

    @exact
    def amend(
        self, symbol: str, client_order_id: str, qty: Decimal, price: Decimal, time_ns: int, last_price: Decimal
    ) -> list[Event]:
        """Let a waiting limit order go on with another quantity and price; it loses its place in time.

        Args:
            symbol: The symbol.
            client_order_id: The order's.
            qty: What is to be left of it, without what has been filled.
            price: The new limit.
            time_ns: Now.
            last_price: That of the symbol's last trade.

        Returns:
            `CancelRejected` (-2011) if no limit order waits under this id; `OrderRejected` alone if the venue refuses
            and the order waits on as it was; `OrderCanceled` if it is post-only and would take; else as `submit`.
        """
        found = self._waiting(symbol, client_order_id)
        if found is None or found[1].conditional:
            return [CancelRejected(time_ns=time_ns, symbol=symbol, client_order_id=client_order_id, code=-2011)]
        market, waiting = found
        changed = msgspec.structs.replace(waiting.order, qty=qty, price=price)
        if market.instrument.status != "TRADING":
            return [_rejected(changed, time_ns, -5024)]
        self._markets[symbol].told(last_price)
        self._clearing.end(market, waiting)
        code = self._judge(market, changed, last_price)[0]
        if code == POST_ONLY:
            updated = self._clearing.updated(market, time_ns, "ORDER", position=False)
            return [canceled(changed, time_ns, "CANCELED"), updated]
        if code:
            self._clearing.restore(market, waiting)
            return [_rejected(changed, time_ns, -5029 if code == TOO_SMALL else code)]
        return self._enter(market, changed, time_ns, last_price)

    @exact
    def touch(self, symbol: str, time_ns: int, price: Decimal) -> list[Event]:
        """A trade at this price: fill what it meets, the nearest level first; at one level, by time of acceptance.

        A triggered order is filled at this price and the slippage, however far beyond its trigger it is; one that has a
        limit price is taken in as a limit order (`OrderAccepted`) or, if that is refused, canceled. Whether crossed
        positions are due is asked after the orders that the trade meets, at the last prices of all.
        """
        market = self._market(symbol)
        market.told(price)
        events: list[Event] = []
        met = market.watch.touch(units(price))
        for identifier in met:
            for part in market.sides:
                if identifier == part.liquidation_id:
                    events += self._liquidate_if_due(part, time_ns, price)
                elif identifier in part.ids:  # What an earlier level did may have ended this order.
                    events += self._meet(part, part.ids[identifier], time_ns, price)
        # A fill of this very trade may have brought the liquidation price to it.
        if events:
            for part in market.sides:
                events += self._liquidate_if_due(part, time_ns, price)
        if met and self._clearing.held:
            events += self._clearing.liquidate_if_due(market.wallet, time_ns)
        return events

    @exact
    def fund(self, symbol: str, time_ns: int, rate: Decimal, mark_price: Decimal) -> list[Event]:
        """Settle funding; nothing if no position is held. In hedge mode each side settles its own.

        An isolated position pays from its own margin. If that brings a liquidation to the market, the next trade
        carries it out.
        """
        events: list[Event] = []
        for market in self._market(symbol).sides:
            position = market.position
            if position is None:
                continue
            amount = funding_payment(position.qty, mark_price, rate)
            paid = FundingPaid(time_ns=time_ns, symbol=symbol, amount=amount, rate=rate, mark_price=mark_price)
            events += [paid, self._clearing.pay_funding(market, position, time_ns, amount)]
        return events

    # How it happens

    def _arrived(self, order: PlaceOrder) -> tuple[Market | None, PlaceOrder, int]:
        """Where an order belongs and as what it is taken, or the code with which it is refused at once."""
        market = self._markets.get(order.symbol)
        if market is None:
            return None, order, -1121
        if not self._account.hedge:
            return market, order, 0
        code = refused_in_hedge_mode(order)
        return self._market(order.symbol, order.position_side), capped(order), code

    def _waiting(self, symbol: str, client_order_id: str) -> tuple[Market, OpenOrder] | None:
        market = self._markets.get(symbol)
        for part in market.sides if market else ():
            waiting = part.orders.get(client_order_id)
            if waiting is not None:
                return part, waiting
        return None

    def _enter(self, market: Market, order: PlaceOrder, time_ns: int, last_price: Decimal) -> list[Event]:
        code, slices = self._judge(market, order, last_price)
        if code:
            return [_rejected(order, time_ns, code)]
        if order.order_type is OrderType.MARKET:
            return self._execute(market, order, time_ns, slices)
        if slices:
            return [_accepted(order, time_ns), *self._execute(market, order, time_ns, slices)]
        if order.order_type in CONDITIONAL or rests(order):
            return self._wait(market, order, time_ns)
        return [_accepted(order, time_ns), canceled(order, time_ns, "EXPIRED")]

    def _judge(self, market: Market, order: PlaceOrder, last_price: Decimal) -> tuple[int, Sequence[Slice]]:
        """The code with which an order is refused now, or 0, and what it would take at once."""
        code = refused(order, market.instrument, last_price, hedge=self._account.hedge)
        code = code or self._refused_here(market, order, last_price)
        if code or order.order_type in CONDITIONAL:
            return code, ()
        qty, slices = order.qty or ZERO, NOTHING
        if order.order_type is OrderType.MARKET or takes(order, last_price):
            slices = self._slippage.slices(market.instrument, order.side, last_price, qty, order.price)
        missing = qty - sum((one.qty for one in slices), ZERO)
        if missing and order.time_in_force is TimeInForce.FOK:
            return -5021, ()
        resting = missing > 0 and rests(order)
        if not slices:
            return self._clearing.refuses(market, order, level_of(order), resting=True) if resting else 0, ()
        return self._clearing.refuses(market, order, level_of(order) if resting else slices[-1].price), slices

    def _refused_here(self, market: Market, order: PlaceOrder, last_price: Decimal) -> int:
        """The code with which the present state refuses an order, margin and brackets aside; or 0."""
        if market.instrument.status != "TRADING" and not (order.reduce_only or order.close_position):
            return -4140
        sides = self._markets[market.symbol].sides
        if any(order.client_order_id in part.orders for part in sides):
            return -4116
        if order.order_type in CONDITIONAL:
            if self._account.conditionals >= MAX_CONDITIONAL_ORDERS:
                return -4045
            if order.close_position and market.has_close_position(order):
                return -4130
            return -2021 if passed(order, last_price) else 0
        limit = order.order_type is OrderType.LIMIT
        if limit and order.time_in_force is TimeInForce.GTX and takes(order, last_price):
            return POST_ONLY
        if limit and sum(len(part.resting) for part in sides) >= MAX_LIMIT_ORDERS:
            return -2025
        if order.reduce_only:
            # A market order goes before the resting ones; a limit order only has what they leave.
            claimed = market.claimed(order.side) if limit else ZERO
            return -2022 if reducible(order, market.held) <= claimed else 0
        return 0

    def _liquidate_if_due(self, market: Market, time_ns: int, price: Decimal) -> list[Event]:
        if not market.liquidates(price):
            return []
        side = Side.SELL if market.held > 0 else Side.BUY
        fill_price = self._slippage.price(market.instrument, side, price, abs(market.held))
        return self._clearing.liquidate(market, time_ns, fill_price)

    def _execute(self, market: Market, order: PlaceOrder, time_ns: int, slices: Sequence[Slice]) -> list[Event]:
        """Fill an order by slices, none beyond its limit; what they leave of it waits at its limit or expires."""
        events = self._clearing.execute(market, order, time_ns, slices)
        own = [e for e in events if isinstance(e, OrderFilled) and e.client_order_id == order.client_order_id]
        ended = any(isinstance(e, OrderCanceled) and e.client_order_id == order.client_order_id for e in events)
        if ended or (own and own[-1].done):
            return events
        if rests(order):
            left = (order.qty or ZERO) - sum((trade.qty for trade in own), ZERO)
            return [*events, *self._wait(market, msgspec.structs.replace(order, qty=left), time_ns)[1:]]
        return [*events, canceled(order, time_ns, "EXPIRED")]

    def _wait(self, market: Market, order: PlaceOrder, time_ns: int) -> list[Event]:
        self._ids += 1
        locked = self._clearing.wait(market, OpenOrder(self._ids, time_ns, order))
        events: list[Event] = [_accepted(order, time_ns)]
        if locked:
            events.append(self._clearing.updated(market, time_ns, "ORDER", position=False))
        return events

    def _meet(self, market: Market, waiting: OpenOrder, time_ns: int, price: Decimal) -> list[Event]:
        """A trade has reached a waiting order: trigger it, or fill it in the book."""
        order = waiting.order
        freed = self._clearing.end(market, waiting)
        if order.order_type in TRIGGERED_LIMIT:
            limit = msgspec.structs.replace(order, order_type=OrderType.LIMIT, trigger_price=None)
            events = self._enter(market, limit, time_ns, price)
            refusal = events[0]
            return [canceled(order, time_ns, refusal.reason)] if isinstance(refusal, OrderRejected) else events
        if waiting.conditional:
            qty = reducible(order, market.held) if order.qty is None else order.qty
            slices = self._slippage.slices(market.instrument, order.side, price, qty, None)
            code = self._clearing.refuses(market, order, slices[-1].price if slices else price)
            if not code:
                return self._execute(market, order, time_ns, slices)
        else:
            price = level_of(order)
            lacking = not order.reduce_only and self._clearing.lacks_margin(market, order, price, ZERO)
            code = -2019 if lacking else 0
            if not code:
                return self._clearing.execute(market, order, time_ns, (Slice(price, order.qty or ZERO),), maker=True)
        events = [canceled(order, time_ns, REFUSALS[code].reason)]
        if freed:
            events.append(self._clearing.updated(market, time_ns, "ORDER", position=False))
        return events


def _accepted(order: PlaceOrder, time_ns: int) -> OrderAccepted:
    return OrderAccepted(time_ns=time_ns, symbol=order.symbol, client_order_id=order.client_order_id)


def _rejected(order: PlaceOrder, time_ns: int, code: int) -> OrderRejected:
    reason, message = REFUSALS[code]
    return OrderRejected(
        time_ns=time_ns,
        symbol=order.symbol,
        client_order_id=order.client_order_id,
        code=code,
        reason=reason,
        message=message,
    )
