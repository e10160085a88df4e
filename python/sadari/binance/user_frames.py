"""From a frame of the user stream to one of our values, or to the reason why it is none. Nothing here raises.

Source: reference binance-usdm §5.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple, TypeAlias

import msgspec

from sadari.binance.market_frames import Malformed, UnknownKind
from sadari.binance.wire import heard_user as wire
from sadari.model.order import PositionSide, Side
from sadari.model.units import MILLISECOND_NS

TRADED = frozenset({"TRADE", "CALCULATED"})


class OrderHeard(NamedTuple):
    """What has happened to an order.

    Attributes:
        order_type: What it was asked as: a conditional one's is kept in the order that it has become.
        execution: What happened: NEW, TRADE, CALCULATED (forced), CANCELED, EXPIRED, AMENDMENT, or another word.
        status: Where it stands now, in the exchange's word.
        trigger_price: None where there is none.
        last_qty, last_price, trade_id: Of the trade, where it was one, else 0.
        fee: None where the exchange tells none.
    """

    symbol: str
    client_order_id: str
    order_id: int
    side: Side
    position_side: PositionSide
    order_type: str
    execution: str
    status: str
    qty: Decimal
    filled_qty: Decimal
    trigger_price: Decimal | None
    last_qty: Decimal
    last_price: Decimal
    fee: Decimal | None
    fee_asset: str
    realized_pnl: Decimal
    trade_id: int
    maker: bool
    reduce_only: bool
    close_position: bool
    expiry_reason: str
    time_ns: int
    told_ns: int

    @property
    def traded(self) -> bool:
        """Whether it tells of a trade; a forced order is told of before its first one too."""
        return self.execution in TRADED and self.last_qty > 0


class TradeSign(NamedTuple):
    """The short word of a trade: a sign of life, never booked."""

    symbol: str
    client_order_id: str
    order_id: int
    trade_id: int
    time_ns: int


class BalanceHeard(NamedTuple):
    """A balance that has changed; ``change`` is without profit and fees."""

    asset: str
    wallet_balance: Decimal
    cross_wallet_balance: Decimal
    change: Decimal


class PositionHeard(NamedTuple):
    """A position that has changed; ``qty`` is signed, ``entry_price`` None where it is flat."""

    symbol: str
    position_side: PositionSide
    qty: Decimal
    entry_price: Decimal | None
    unrealized_pnl: Decimal
    isolated: bool
    isolated_wallet: Decimal


class AccountHeard(NamedTuple):
    """Balances and positions that have changed; what is not listed is as it was."""

    cause: str
    balances: tuple[BalanceHeard, ...]
    positions: tuple[PositionHeard, ...]
    time_ns: int
    told_ns: int


class AlgoHeard(NamedTuple):
    """What has happened to a conditional order; ``order_id`` is the order that it has become, None before."""

    symbol: str
    client_order_id: str
    algo_id: int
    side: str
    order_type: str
    status: str
    trigger_price: Decimal | None
    order_id: int | None
    close_position: bool
    reject_reason: str
    time_ns: int
    told_ns: int


class ConfigHeard(NamedTuple):
    """A setting has changed: the leverage of a symbol, or the assets mode. What has not is None."""

    symbol: str
    leverage: int | None
    multi_assets: bool | None
    time_ns: int


class MarginCallHeard(NamedTuple):
    """The exchange warns of these positions."""

    symbols: tuple[str, ...]
    time_ns: int


class KeyExpiredHeard(NamedTuple):
    """The listen key is no more; empty if it does not say which."""

    listen_key: str
    time_ns: int


UserFrame: TypeAlias = (
    OrderHeard
    | TradeSign
    | AccountHeard
    | AlgoHeard
    | ConfigHeard
    | MarginCallHeard
    | KeyExpiredHeard
    | UnknownKind
    | Malformed
)

_decode = msgspec.json.Decoder(wire.UserEvent, strict=False).decode
_kind = msgspec.json.Decoder(wire.Kind).decode
_KNOWN = frozenset(
    {
        "ORDER_TRADE_UPDATE",
        "TRADE_LITE",
        "ACCOUNT_UPDATE",
        "ALGO_UPDATE",
        "ACCOUNT_CONFIG_UPDATE",
        "MARGIN_CALL",
        "listenKeyExpired",
    }
)


def decoded(frame: bytes) -> UserFrame:
    """What a frame of the user stream says."""
    try:
        event = _decode(frame)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return _no_event(frame, str(error))
    try:
        return _value(event)
    except ValueError as error:
        return Malformed("", str(error), frame)


def _value(event: wire.UserEvent) -> UserFrame:
    match event:
        case wire.OrderEvent():
            return _order(event)
        case wire.TradeLite():
            return TradeSign(
                event.symbol, event.client_order_id, event.order_id, event.trade_id, _ns(event.transaction_ms)
            )
        case wire.AccountEvent():
            return _account(event)
        case wire.AlgoEvent():
            return _algo(event)
        case wire.ConfigEvent():
            return ConfigHeard(
                event.leverage.symbol if event.leverage else "",
                event.leverage.leverage if event.leverage else None,
                event.assets.multi_assets if event.assets else None,
                _ns(event.transaction_ms or event.event_ms),
            )
        case wire.MarginCall():
            return MarginCallHeard(tuple(one.symbol for one in event.positions), _ns(event.event_ms))
        case wire.KeyExpired():
            return KeyExpiredHeard(event.listen_key, _ns(event.event_ms))


def _order(event: wire.OrderEvent) -> OrderHeard:
    order = event.order
    last_qty, last_price, trade_id = order.last_qty or wire.ZERO, order.last_price or wire.ZERO, order.trade_id or 0
    amounts = (
        order.qty,
        order.filled_qty,
        last_qty,
        last_price,
        order.realized_pnl or wire.ZERO,
        order.fee or wire.ZERO,
    )
    if not all(one.is_finite() for one in amounts):
        raise ValueError(f"{order.client_order_id}: an amount is no number")
    pending = order.execution == "CALCULATED" and not last_qty
    if order.execution in TRADED and not pending:
        if last_qty <= 0 or last_price <= 0 or trade_id <= 0:
            raise ValueError(
                f"{order.client_order_id}: trade {trade_id} is of {last_qty} at {last_price}; allowed: numbers above 0"
            )
        if order.realized_pnl is None:
            raise ValueError(f"{order.client_order_id}: trade {trade_id} has no realized profit")
    return OrderHeard(
        symbol=order.symbol,
        client_order_id=order.client_order_id,
        order_id=order.order_id,
        side=Side(order.side),
        position_side=PositionSide(order.position_side or "BOTH"),
        order_type=order.orig_type or order.order_type or "",
        execution=order.execution,
        status=order.status,
        qty=order.qty,
        filled_qty=order.filled_qty,
        trigger_price=_maybe_price(order.trigger_price or wire.ZERO),
        last_qty=last_qty,
        last_price=last_price,
        fee=order.fee,
        fee_asset=order.fee_asset or "",
        realized_pnl=order.realized_pnl or wire.ZERO,
        trade_id=trade_id,
        maker=bool(order.maker),
        reduce_only=bool(order.reduce_only),
        close_position=bool(order.close_position),
        expiry_reason=str(order.expiry_reason or "0"),
        time_ns=_ns(event.transaction_ms),
        told_ns=_ns(event.event_ms),
    )


def _account(event: wire.AccountEvent) -> AccountHeard:
    change = event.change
    balances = tuple(
        BalanceHeard(one.asset, one.wallet_balance, one.cross_wallet_balance, one.change) for one in change.balances
    )
    positions = tuple(
        PositionHeard(
            one.symbol,
            PositionSide(one.position_side),
            one.qty,
            _maybe_price(one.entry_price),
            one.unrealized_pnl,
            one.margin_type == "isolated",
            one.isolated_wallet,
        )
        for one in change.positions
    )
    amounts = [amount for one in balances for amount in one[1:]] + [one.qty for one in positions]
    if not all(amount.is_finite() for amount in amounts):
        raise ValueError("an amount of the account is no number")
    return AccountHeard(change.cause, balances, positions, _ns(event.transaction_ms), _ns(event.event_ms))


def _algo(event: wire.AlgoEvent) -> AlgoHeard:
    order = event.order
    child = str(order.order_id or "")
    if child and not (child.isascii() and child.isdigit()):
        raise ValueError(f"{order.client_order_id}: the order that it has become is {child!r}; allowed: digits")
    return AlgoHeard(
        symbol=order.symbol,
        client_order_id=order.client_order_id,
        algo_id=order.algo_id,
        side=order.side,
        order_type=order.order_type,
        status=order.status,
        trigger_price=_maybe_price(order.trigger_price),
        order_id=int(child or 0) or None,
        close_position=order.close_position,
        reject_reason=order.reject_reason,
        time_ns=_ns(event.transaction_ms),
        told_ns=_ns(event.event_ms),
    )


def _maybe_price(price: Decimal) -> Decimal | None:
    """A number above zero, None where the exchange writes zero."""
    if not price.is_finite() or price < 0:
        raise ValueError(f"a price is {price}; allowed: a number of 0 or more")
    return price or None


def _no_event(frame: bytes, reason: str) -> UserFrame:
    try:
        kind = _kind(frame).name
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return Malformed("", str(error), frame)
    return UnknownKind("", kind) if kind and kind not in _KNOWN else Malformed("", reason, frame)


def _ns(time_ms: int) -> int:
    return time_ms * MILLISECOND_NS
