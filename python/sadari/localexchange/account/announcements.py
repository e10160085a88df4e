"""What the user data stream tells of the account, in the exchange's order.

Source: reference binance-usdm §5.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import msgspec

from sadari.binance.numbers import plain
from sadari.binance.wire import user
from sadari.exchange import Exchange
from sadari.exchange.accounts import SidedRecord
from sadari.localexchange.account.figures import PositionFigures, isolated_margin, position_sides
from sadari.localexchange.account.records import LIQUIDATION, ZERO, AlgoOrder, Order, Trade
from sadari.model.event import AccountUpdated, PositionRecord
from sadari.model.instrument import Instrument
from sadari.model.order import PositionSide, Side
from sadari.model.units import MILLISECOND_NS

NOTHING = "0"

_encode = msgspec.json.Encoder().encode


class Announcements:
    """Builds the messages and hands them to a sink.

    Args:
        exchange: For the balances and positions at the moment of telling.
        instruments: The contracts, by symbol.
        publish_user: Takes the event's name and its bytes.
        liquidated: Told of each trade of a forced order, which everybody may know of.
    """

    def __init__(
        self,
        exchange: Exchange,
        instruments: dict[str, Instrument],
        publish_user: Callable[[str, bytes], None],
        liquidated: Callable[[Order, Trade], None],
    ) -> None:
        self._exchange = exchange
        self._instruments = instruments
        self._publish = publish_user
        self._realized: dict[tuple[str, PositionSide], Decimal] = {}
        self._counted = 0
        self._liquidated = liquidated

    def order(self, order: Order, execution: str) -> None:
        """An order that is new or has ended."""
        self._order(order, execution, None)

    def amended(self, order: Order, modify_id: int) -> None:
        """An order that goes on with another quantity or price."""
        self._order(order, "AMENDMENT", None, modify_id)

    def trade(self, order: Order, trade: Trade) -> None:
        """A trade: the short message first, then the full one; of a forced order only that."""
        time = trade.time_ns // MILLISECOND_NS
        forced = order.orig_type == LIQUIDATION
        if not forced:
            lite = user.TradeLite(
                event_time=time, transaction_time=time, symbol=trade.symbol, qty=plain(order.qty),
                price=plain(order.price), maker=trade.maker, client_order_id=order.client_order_id,
                side=trade.side.value, last_price=plain(trade.price), last_qty=plain(trade.qty),
                trade_id=trade.trade_id, order_id=order.order_id,
            )  # fmt: skip
            self._publish("TRADE_LITE", _encode(lite))
        self._order(order, "CALCULATED" if forced else "TRADE", trade)
        if order.auto_close == LIQUIDATION:
            self._liquidated(order, trade)

    def algo(self, algo: AlgoOrder) -> None:
        """A conditional order that has changed."""
        time, wish, child = algo.updated_ns // MILLISECOND_NS, algo.wish, algo.child
        change = user.AlgoChange(
            client_algo_id=algo.client_algo_id, algo_id=algo.algo_id, algo_type="CONDITIONAL",
            order_type=wish.order_type.value, symbol=wish.symbol, side=wish.side.value,
            position_side=wish.position_side.value,
            time_in_force=algo.time_in_force, qty=plain(wish.qty or ZERO), status=algo.status.value,
            child_order_id=str(child.order_id) if child else "", avg_price=plain(child.avg_price) if child else NOTHING,
            filled_qty=plain(child.filled_qty) if child else NOTHING, child_type=child.order_type if child else NOTHING,
            trigger_price=plain(wish.trigger_price or ZERO), price=plain(wish.price or ZERO),
            self_trade_prevention="NONE", working_type=algo.working_type, price_match="NONE",
            close_position=wish.close_position, price_protect=False,
            reduce_only=wish.reduce_only or wish.close_position, trigger_time=algo.triggered_ns // MILLISECOND_NS,
            good_till_date=0, reject_reason=algo.reject_reason, trailing_active=False,
        )  # fmt: skip
        self._publish("ALGO_UPDATE", _encode(user.AlgoUpdate(time, time, change)))

    def account(self, event: AccountUpdated) -> None:
        """Balances and positions that have changed, as they are now."""
        time = event.time_ns // MILLISECOND_NS
        changed = [PositionFigures(self._exchange, one.symbol, _side_of(one)) for one in event.positions]
        assets = dict.fromkeys(self._instruments[one.symbol].quote_asset for one in changed)
        moved = ZERO
        if event.cause == "TRANSFER":
            last = self._exchange.income[-1]
            assets, moved = {last.asset: None}, last.amount
        elif not assets:
            assets = dict.fromkeys(self._exchange.balances)
        balances = [self._balance(asset, plain(moved)) for asset in assets]
        # Funding of a crossed position tells the balance alone.
        shown = [one for one in changed if event.cause != "FUNDING_FEE" or one.isolated]
        cause = "DEPOSIT" if moved > 0 else "WITHDRAW" if moved < 0 else event.cause
        change = user.AccountChange(cause, balances, [self._position(one) for one in shown])
        self._publish("ACCOUNT_UPDATE", _encode(user.AccountUpdate(time, time, change)))

    def margin_mode(self, symbol: str, time_ns: int) -> None:
        """A symbol's margin mode has changed: its position is pushed, in hedge mode both."""
        time = time_ns // MILLISECOND_NS
        every = [PositionFigures(self._exchange, symbol, side) for side in position_sides(self._exchange)]
        change = user.AccountChange("MARGIN_TYPE_CHANGE", [], [self._position(one) for one in every])
        self._publish("ACCOUNT_UPDATE", _encode(user.AccountUpdate(time, time, change)))

    def leverage(self, symbol: str, leverage: int, time_ns: int) -> None:
        """A symbol's leverage was set."""
        time = time_ns // MILLISECOND_NS
        update = user.AccountConfigUpdate(time, time, leverage=user.LeverageConfig(symbol, leverage))
        self._publish("ACCOUNT_CONFIG_UPDATE", _encode(update))

    def multi_assets(self, *, multi_assets: bool, time_ns: int) -> None:
        """The assets mode was set."""
        time = time_ns // MILLISECOND_NS
        update = user.AccountConfigUpdate(time, time, assets=user.AssetsConfig(multi_assets))
        self._publish("ACCOUNT_CONFIG_UPDATE", _encode(update))

    def _balance(self, asset: str, moved: str) -> user.BalanceChange:
        balance = self._exchange.balances[asset]
        crossed = balance - isolated_margin(self._exchange, asset, self._instruments)
        return user.BalanceChange(asset, plain(balance), plain(crossed), moved)

    def _accumulated(self, symbol: str, side: PositionSide) -> Decimal:
        """What the positions of a symbol's side have realized, added up once."""
        for place, booked in enumerate(self._exchange.income[self._counted :], self._counted):
            if booked.kind == "REALIZED_PNL":
                key = booked.symbol, self._exchange.income_sides.get(place, PositionSide.BOTH)
                self._realized[key] = self._realized.get(key, ZERO) + booked.amount
        self._counted = len(self._exchange.income)
        return self._realized.get((symbol, side), ZERO)

    def _position(self, figures: PositionFigures) -> user.PositionChange:
        symbol = figures.symbol
        return user.PositionChange(
            symbol=symbol, amount=plain(figures.qty), entry_price=plain(figures.entry_price),
            accumulated=plain(self._accumulated(symbol, figures.position_side)),
            unrealized=plain(figures.unrealized_profit), margin_type="isolated" if figures.isolated else "cross",
            isolated_wallet=plain(figures.isolated_wallet),
            position_side=figures.position_side.value, margin_asset=self._instruments[symbol].quote_asset,
            break_even_price=plain(figures.break_even_price),
        )  # fmt: skip

    def _order(self, order: Order, execution: str, trade: Trade | None, modify_id: int | None = None) -> None:
        time = order.updated_ns // MILLISECOND_NS
        own = order.symbol, order.position_side
        bids, asks = (self._exchange.resting_notional(own[0], side, own[1]) for side in (Side.BUY, Side.SELL))
        update = user.OrderUpdate(
            symbol=order.symbol, client_order_id=order.client_order_id, side=order.side.value,
            order_type=order.order_type, time_in_force=order.time_in_force, qty=plain(order.qty),
            price=plain(order.price), avg_price=plain(order.avg_price), stop_price=plain(order.trigger_price),
            execution=execution, status=order.status.value, order_id=order.order_id,
            last_qty=plain(trade.qty) if trade else NOTHING, filled_qty=plain(order.filled_qty),
            last_price=plain(trade.price) if trade else NOTHING,
            fee_asset=trade.fee_asset if trade and trade.fee else None,
            fee=plain(trade.fee) if trade and trade.fee else None,
            trade_time=time, trade_id=trade.trade_id if trade else 0, bid_notional=plain(bids),
            ask_notional=plain(asks), maker=trade.maker if trade else False, reduce_only=order.reduce_only,
            working_type=order.working_type, orig_type=order.orig_type,
            position_side=order.position_side.value,
            close_position=order.close_position, price_protect=False, si=0, ss=0,
            realized_pnl=plain(trade.realized_pnl) if trade else NOTHING, self_trade_prevention="EXPIRE_MAKER",
            price_match="NONE", good_till_date=0, expiry_reason=order.expiry_reason.value, modify_id=modify_id,
        )  # fmt: skip
        self._publish("ORDER_TRADE_UPDATE", _encode(user.OrderTradeUpdate(time, time, update)))


def _side_of(record: PositionRecord) -> PositionSide:
    return record.position_side if isinstance(record, SidedRecord) else PositionSide.BOTH
