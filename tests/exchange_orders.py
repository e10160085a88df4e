"""What the tests of the exchange model share: one instrument, orders in one line, an exchange ready to trade."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sadari.exchange import NO_SLIPPAGE, Collateral, Exchange, Slippage
from sadari.model.command import PlaceOrder
from sadari.model.event import AccountUpdated, Event, OrderFilled
from sadari.model.instrument import Bracket, Instrument
from sadari.model.order import MarginMode, OrderType, Purpose, Side, TimeInForce
from sadari.model.plan import Fees

D = Decimal
T = 1_700_000_000_000_000_000
BTC = "BTCUSDT"

BRACKETS = (
    Bracket(D(0), D(50_000), 125, D("0.004"), D(0)),
    Bracket(D(50_000), D(600_000), 100, D("0.005"), D(50)),
    Bracket(D(600_000), D(3_000_000), 20, D("0.01"), D(3_050)),
)

INSTRUMENT = Instrument(
    symbol=BTC,
    tick_size=D("0.01"),
    step_size=D("0.001"),
    min_qty=D("0.001"),
    max_qty=D(1000),
    market_max_qty=D(120),
    min_notional=D(5),
    brackets=BRACKETS,
    min_price=D("0.01"),
    max_price=D(1_000_000),
    multiplier_up=D("1.05"),
    multiplier_down=D("0.95"),
    liquidation_fee=D("0.0125"),
)


def exchange(
    balance: str = "10000",
    *,
    leverage: int = 10,
    mode: MarginMode = MarginMode.ISOLATED,
    slippage: Slippage = NO_SLIPPAGE,
    instrument: Instrument = INSTRUMENT,
    assets: Mapping[str, Collateral] | None = None,
) -> Exchange:
    """An exchange with one symbol prepared; in multi-assets mode if other assets are named."""
    made = Exchange(
        {instrument.symbol: instrument}, Fees(), D(balance), slippage=slippage, assets=assets or {},
        multi_assets=assets is not None,
    )  # fmt: skip
    if mode is MarginMode.ISOLATED:
        made.set_margin_mode(instrument.symbol, mode)
    made.set_leverage(instrument.symbol, leverage)
    return made


def order(client_order_id: str, side: Side, qty: str | Decimal | None = None, **fields: Any) -> PlaceOrder:
    """Any order; MARKET unless said otherwise."""
    fields = {"symbol": BTC, "order_type": OrderType.MARKET, "purpose": Purpose.ENTRY} | fields
    return PlaceOrder(client_order_id=client_order_id, side=side, qty=None if qty is None else D(qty), **fields)


def buy(client_order_id: str, qty: str, **fields: Any) -> PlaceOrder:
    """A market order to buy."""
    return order(client_order_id, Side.BUY, qty, **fields)


def sell(client_order_id: str, qty: str, **fields: Any) -> PlaceOrder:
    """A market order to sell."""
    return order(client_order_id, Side.SELL, qty, **fields)


def limit(client_order_id: str, side: Side, qty: str, price: str, **fields: Any) -> PlaceOrder:
    """A limit order; GTC unless said otherwise."""
    fields = {"time_in_force": TimeInForce.GTC} | fields
    return order(client_order_id, side, qty, order_type=OrderType.LIMIT, price=D(price), **fields)


def wall(client_order_id: str, side: Side, trigger: str, **fields: Any) -> PlaceOrder:
    """A close-position order; STOP_MARKET unless said otherwise."""
    fields = {"order_type": OrderType.STOP_MARKET} | fields
    return order(client_order_id, side, trigger_price=D(trigger), close_position=True, **fields)


def stop(client_order_id: str, side: Side, qty: str, trigger: str, **fields: Any) -> PlaceOrder:
    """A reduce-only STOP_MARKET order with a quantity."""
    fields = {"order_type": OrderType.STOP_MARKET, "reduce_only": True} | fields
    return order(client_order_id, side, qty, trigger_price=D(trigger), **fields)


def fills(events: list[Event]) -> list[OrderFilled]:
    """The trades among events."""
    return [event for event in events if isinstance(event, OrderFilled)]


def account(events: list[Event]) -> AccountUpdated:
    """The last account report among events."""
    return [event for event in events if isinstance(event, AccountUpdated)][-1]


def names(events: list[Event]) -> list[str]:
    """The kinds of events, in order."""
    return [type(event).__name__ for event in events]
