"""Orders and trades as the exchange answers them. Numbers are text, times milliseconds.

Source: reference binance-usdm §3.2 and §3.3.
"""

from __future__ import annotations

import msgspec


class Order(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What the answer to an order and the query of one share."""

    order_id: int
    symbol: str
    status: str
    client_order_id: str
    price: str
    avg_price: str
    orig_qty: str
    executed_qty: str
    cum_quote: str
    time_in_force: str
    type: str
    reduce_only: bool
    close_position: bool
    side: str
    position_side: str
    stop_price: str
    working_type: str
    price_protect: bool
    orig_type: str
    price_match: str
    self_trade_prevention_mode: str
    good_till_date: int
    update_time: int


class PlacedOrder(Order, frozen=True):
    """The answer to placing or canceling."""

    cum_qty: str


class ModifiedOrder(PlacedOrder, frozen=True):
    """The answer to modifying."""

    pair: str
    modify_id: int


class ListedOrder(Order, frozen=True):
    """A row of a query."""

    time: int


class KeptOrder(ListedOrder, frozen=True):
    """A row of the lists of all orders and of forced ones."""

    pair: str
    cum_base: str


class AlgoOrder(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What the answer to a conditional order and the query of one share."""

    algo_id: int
    client_algo_id: str
    algo_type: str
    order_type: str
    symbol: str
    side: str
    position_side: str
    time_in_force: str
    quantity: str
    algo_status: str
    trigger_price: str
    price: str
    iceberg_quantity: str | None
    self_trade_prevention_mode: str
    working_type: str
    price_match: str
    close_position: bool
    price_protect: bool
    reduce_only: bool
    create_time: int
    update_time: int
    trigger_time: int
    good_till_date: int


class PlacedAlgoOrder(AlgoOrder, frozen=True):
    """The answer to placing; what only trailing orders have is empty."""

    activate_price: str = ""
    callback_rate: str = ""


class ListedAlgoOrder(AlgoOrder, frozen=True):
    """A row of a query; ``actual_order_id`` is empty until it has triggered."""

    actual_order_id: str
    actual_price: str
    actual_type: str
    actual_qty: str
    tp_trigger_price: str = "0.000"
    tp_price: str = "0.000"
    sl_trigger_price: str = "0.000"
    sl_price: str = "0.000"
    tp_order_type: str = ""


class CanceledAlgoOrder(msgspec.Struct, frozen=True, rename="camel"):
    """The answer to canceling a conditional order; its code is text."""

    algo_id: int
    client_algo_id: str
    code: str = "200"
    msg: str = "success"


class Countdown(msgspec.Struct, frozen=True, rename="camel"):
    """The answer to a countdown: its time as text, in milliseconds."""

    symbol: str
    countdown_time: str


class Done(msgspec.Struct, frozen=True):
    """The answer to what has no value of its own, and the body of every error."""

    code: int
    msg: str


class UserTrade(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """One of the account's trades; a positive commission was paid."""

    symbol: str
    id: int
    order_id: int
    side: str
    price: str
    qty: str
    realized_pnl: str
    quote_qty: str
    commission: str
    commission_asset: str
    time: int
    position_side: str
    buyer: bool
    maker: bool
    pair: str
    margin_asset: str
    base_qty: str
