"""The exchange's truth at a moment: every order, trade, amount, position and stop, with their times.

In words of ours, not the protocol's: it is what an auditor compares with, so nothing is rounded, renamed or left out.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from sadari.localexchange.account.desk import Desk
from sadari.localexchange.account.figures import PositionFigures, active
from sadari.localexchange.account.records import Order, Trade


class TrueAlgo(msgspec.Struct, frozen=True):
    """A conditional order."""

    algo_id: int
    client_algo_id: str
    symbol: str
    side: str
    position_side: str
    order_type: str
    trigger_price: Decimal | None
    qty: Decimal | None
    close_position: bool
    reduce_only: bool
    status: str
    created_ns: int
    updated_ns: int
    triggered_ns: int
    order_id: int | None
    reject_reason: str
    created_gateway_ns: int
    ended_ns: int | None
    ended_gateway_ns: int | None


class TruePosition(msgspec.Struct, frozen=True):
    """A position that is held, or a symbol with open orders."""

    symbol: str
    position_side: str
    qty: Decimal
    entry_price: Decimal
    mark_price: Decimal
    liquidation_price: Decimal
    isolated: bool
    leverage: int
    margin: Decimal


class TrueIncome(msgspec.Struct, frozen=True):
    """One booked amount; see `sadari.exchange.Income`."""

    time_ns: int
    kind: str
    symbol: str
    amount: Decimal
    trade_id: int | None
    asset: str


class Truth(msgspec.Struct, frozen=True):
    """The account. Times are the market's, those with ``gateway`` in their name the gateway's.

    What is unprotected follows from the trades and the conditional orders alone: a trade has its time, a conditional
    order waits from ``created`` to ``ended``, which is None while it waits.
    """

    market_ns: int
    multi_assets: bool
    hedge: bool
    balances: dict[str, Decimal]
    positions: list[TruePosition]
    orders: list[Order]
    algos: list[TrueAlgo]
    trades: list[Trade]
    income: list[TrueIncome]


def truth(desk: Desk) -> Truth:
    """Everything that is true of an account now."""
    exchange = desk.exchange
    held = [PositionFigures(exchange, *one) for one in active(exchange, desk.instruments)]
    return Truth(
        market_ns=desk.market_ns(),
        multi_assets=exchange.multi_assets,
        hedge=exchange.hedge,
        balances=dict(exchange.balances),
        positions=[
            TruePosition(
                one.symbol, one.position_side.value, one.qty, one.entry_price, one.mark_price,
                one.liquidation_price, one.isolated, exchange.leverage(one.symbol), one.position_initial_margin,
            )
            for one in held
        ],
        orders=list(desk.orders.values()),
        algos=[
            TrueAlgo(
                algo.algo_id, algo.client_algo_id, algo.symbol, algo.wish.side.value,
                algo.wish.position_side.value, algo.wish.order_type.value,
                algo.wish.trigger_price, algo.wish.qty, algo.wish.close_position, algo.wish.reduce_only,
                algo.status.value, algo.created_ns, algo.updated_ns, algo.triggered_ns,
                algo.child.order_id if algo.child else None, algo.reject_reason,
                algo.created_gateway_ns, algo.ended_ns, algo.ended_gateway_ns,
            )
            for algo in desk.algos.values()
        ],
        trades=desk.trades,
        income=[TrueIncome(*one) for one in exchange.income],
    )  # fmt: skip
