"""Records of orders and trades as the exchange answers them."""

from __future__ import annotations

from typing import Any

from sadari.binance.numbers import plain
from sadari.binance.wire import orders as wire
from sadari.localexchange.account.records import ZERO, AlgoOrder, Order, Status, Trade
from sadari.model.instrument import Instrument
from sadari.model.units import MILLISECOND_NS

PREVENTION = "EXPIRE_MAKER"


def placed(order: Order, *, acknowledged: bool = False) -> wire.PlacedOrder:
    """The answer to placing or canceling; ``acknowledged`` is the short kind, which knows of no fill."""
    filled = ZERO if acknowledged else order.filled_qty
    return wire.PlacedOrder(
        **_order(order)
        | {
            "status": (Status.NEW if acknowledged else order.status).value,
            "executed_qty": plain(filled),
            "cum_quote": plain(ZERO if acknowledged else order.quote),
            "avg_price": plain(ZERO if acknowledged else order.avg_price),
            "update_time": (order.created_ns if acknowledged else order.updated_ns) // MILLISECOND_NS,
        },
        cum_qty=plain(filled),
    )


def modified(order: Order, modify_id: int) -> wire.ModifiedOrder:
    """The answer to modifying."""
    return wire.ModifiedOrder(**_order(order), cum_qty=plain(order.filled_qty), pair=order.symbol, modify_id=modify_id)


def listed(order: Order) -> wire.ListedOrder:
    """A row of a query."""
    return wire.ListedOrder(**_order(order), time=order.created_ns // MILLISECOND_NS)


def kept(order: Order) -> wire.KeptOrder:
    """A row of the lists of all orders and of forced ones."""
    return wire.KeptOrder(
        **_order(order),
        time=order.created_ns // MILLISECOND_NS,
        pair=order.symbol,
        cum_base=plain(order.filled_qty),
    )


def placed_algo(algo: AlgoOrder) -> wire.PlacedAlgoOrder:
    """The answer to placing a conditional order."""
    return wire.PlacedAlgoOrder(**_algo(algo))


def listed_algo(algo: AlgoOrder) -> wire.ListedAlgoOrder:
    """A row of a query, with the order that it has become."""
    child = algo.child
    return wire.ListedAlgoOrder(
        **_algo(algo),
        actual_order_id=str(child.order_id) if child else "",
        actual_price=plain(child.avg_price) if child else "0.00000",
        actual_type=child.order_type if child else "",
        actual_qty=plain(child.filled_qty) if child else "0",
    )


def traded(trade: Trade, instrument: Instrument) -> wire.UserTrade:
    """One of the account's trades."""
    return wire.UserTrade(
        symbol=trade.symbol,
        id=trade.trade_id,
        order_id=trade.order_id,
        side=trade.side.value,
        price=plain(trade.price),
        qty=plain(trade.qty),
        realized_pnl=plain(trade.realized_pnl),
        quote_qty=plain(trade.price * trade.qty),
        commission=plain(trade.fee),
        commission_asset=trade.fee_asset,
        time=trade.time_ns // MILLISECOND_NS,
        position_side=trade.position_side.value,
        buyer=trade.side.value == "BUY",
        maker=trade.maker,
        pair=trade.symbol,
        margin_asset=instrument.quote_asset,
        base_qty=plain(trade.qty),
    )


def _order(order: Order) -> dict[str, Any]:
    return {
        "order_id": order.order_id,
        "symbol": order.symbol,
        "status": order.status.value,
        "client_order_id": order.client_order_id,
        "price": plain(order.price),
        "avg_price": plain(order.avg_price),
        "orig_qty": plain(order.qty),
        "executed_qty": plain(order.filled_qty),
        "cum_quote": plain(order.quote),
        "time_in_force": order.time_in_force,
        "type": order.order_type,
        "reduce_only": order.reduce_only,
        "close_position": order.close_position,
        "side": order.side.value,
        "position_side": order.position_side.value,
        "stop_price": plain(order.trigger_price),
        "working_type": order.working_type,
        "price_protect": False,
        "orig_type": order.orig_type,
        "price_match": "NONE",
        "self_trade_prevention_mode": PREVENTION,
        "good_till_date": 0,
        "update_time": order.updated_ns // MILLISECOND_NS,
    }


def _algo(algo: AlgoOrder) -> dict[str, Any]:
    wish = algo.wish
    return {
        "algo_id": algo.algo_id,
        "client_algo_id": algo.client_algo_id,
        "algo_type": "CONDITIONAL",
        "order_type": wish.order_type.value,
        "symbol": wish.symbol,
        "side": wish.side.value,
        "position_side": wish.position_side.value,
        "time_in_force": algo.time_in_force,
        "quantity": plain(wish.qty or ZERO),
        "algo_status": algo.status.value,
        "trigger_price": plain(wish.trigger_price or ZERO),
        "price": plain(wish.price or ZERO),
        "iceberg_quantity": None,
        "self_trade_prevention_mode": PREVENTION,
        "working_type": algo.working_type,
        "price_match": "NONE",
        "close_position": wish.close_position,
        "price_protect": False,
        "reduce_only": wish.reduce_only or wish.close_position,
        "create_time": algo.created_ns // MILLISECOND_NS,
        "update_time": algo.updated_ns // MILLISECOND_NS,
        "trigger_time": algo.triggered_ns // MILLISECOND_NS,
        "good_till_date": 0,
    }
