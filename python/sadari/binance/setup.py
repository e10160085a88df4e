"""An account's settings: the requests that read and change them, and their answers as values of ours.

Source: reference binance-usdm §3.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import NamedTuple, TypeVar

import msgspec

from sadari.binance.decode import leverage_brackets
from sadari.binance.endpoint import Endpoint, Security
from sadari.binance.wire import setup as wire
from sadari.errors import DataError
from sadari.model.instrument import Bracket
from sadari.model.order import MarginMode

SIGNED = Security.SIGNED

TIME = Endpoint("GET", "/fapi/v1/time")
EXCHANGE_INFO = Endpoint("GET", "/fapi/v1/exchangeInfo")
MARK_PRICES = Endpoint("GET", "/fapi/v1/premiumIndex", weight=10)
ACCOUNT = Endpoint("GET", "/fapi/v3/account", SIGNED, 5)
ACCOUNT_FLAGS = Endpoint("GET", "/fapi/v1/accountConfig", SIGNED, 5)
SYMBOL_SETTINGS = Endpoint("GET", "/fapi/v1/symbolConfig", SIGNED, 5)
POSITIONS = Endpoint("GET", "/fapi/v3/positionRisk", SIGNED, 5)
BRACKETS = Endpoint("GET", "/fapi/v1/leverageBracket", SIGNED)
FEE_RATES = Endpoint("GET", "/fapi/v1/commissionRate", SIGNED, 20)
OPEN_ORDERS = Endpoint("GET", "/fapi/v1/openOrders", SIGNED, 40)
OPEN_ALGO_ORDERS = Endpoint("GET", "/fapi/v1/openAlgoOrders", SIGNED, 40)
SET_MARGIN_MODE = Endpoint("POST", "/fapi/v1/marginType", SIGNED)
SET_LEVERAGE = Endpoint("POST", "/fapi/v1/leverage", SIGNED)
# It is on the wallet's host.
KEY_PERMISSIONS = Endpoint("GET", "/sapi/v1/account/apiRestrictions", SIGNED)

_MODES = {"ISOLATED": MarginMode.ISOLATED, "CROSSED": MarginMode.CROSSED, "CROSS": MarginMode.CROSSED}

Wire = TypeVar("Wire")


def margin_type(mode: MarginMode) -> str:
    """The exchange's word for a margin mode."""
    return mode.value.upper()


class AccountFlags(NamedTuple):
    """Whether the account may trade, and its two modes."""

    can_trade: bool
    hedge: bool
    multi_assets: bool


class SymbolSettings(NamedTuple):
    """Margin mode and leverage of a symbol; ``max_notional`` is None where it is not told or has no end."""

    margin_mode: MarginMode
    leverage: int
    max_notional: Decimal | None


class HeldPosition(NamedTuple):
    """A position; ``qty`` is signed, ``liquidation_price`` None if there is none."""

    symbol: str
    side: str
    qty: Decimal
    entry_price: Decimal
    mark_price: Decimal
    liquidation_price: Decimal | None


class OpenOrder(NamedTuple):
    """An order that rests, in one of the two families."""

    symbol: str
    client_order_id: str
    conditional: bool


class FeeRates(NamedTuple):
    """The account's fee rates, as fractions of notional."""

    maker: Decimal
    taker: Decimal


class Funds(NamedTuple):
    """Wallet and available balance, in quote currency or, in multi-assets mode, in USD."""

    wallet_balance: Decimal
    available_balance: Decimal


class KeyPermissions(NamedTuple):
    """What a key may do; ``further`` names what it may beyond reading and futures, in the exchange's words."""

    futures: bool
    withdrawals: bool
    address_list: bool
    further: tuple[str, ...] = ()


def server_time_ms(body: bytes) -> int:
    """The exchange's clock."""
    return _decode(body, wire.ServerTime, "time").server_time


def account_flags(body: bytes) -> AccountFlags:
    """An accountConfig answer."""
    found = _decode(body, wire.Flags, "accountConfig")
    return AccountFlags(found.can_trade, found.dual_side_position, found.multi_assets_margin)


def symbol_settings(body: bytes) -> dict[str, SymbolSettings]:
    """A symbolConfig answer, by symbol."""
    settings = {}
    for row in _rows(body, wire.SymbolFlags, "symbolConfig"):
        mode = _MODES.get(row.margin_type.upper())
        if mode is None:
            raise DataError(f"symbolConfig: the marginType of {row.symbol} is {row.margin_type!r}")
        settings[row.symbol] = SymbolSettings(mode, row.leverage, limit_of(row.max_notional_value))
    return settings


def leverage_set(body: bytes) -> tuple[int, Decimal | None]:
    """The leverage that was set and the largest notional at it."""
    answer = _decode(body, wire.Leverage, "leverage")
    return answer.leverage, limit_of(answer.max_notional_value)


def held_positions(body: bytes) -> list[HeldPosition]:
    """The positions of a positionRisk answer that are not flat."""
    rows = _rows(body, wire.Held, "positionRisk")
    held = [
        HeldPosition(
            row.symbol,
            row.position_side,
            _number(row.position_amt, "positionAmt"),
            _number(row.entry_price, "entryPrice"),
            _number(row.mark_price, "markPrice"),
            limit_of(row.liquidation_price),
        )
        for row in rows
    ]
    return [one for one in held if one.qty]


def funds(body: bytes) -> Funds:
    """An account answer."""
    found = _decode(body, wire.Totals, "account")
    return Funds(
        _number(found.total_wallet_balance, "totalWalletBalance"), _number(found.available_balance, "availableBalance")
    )


def brackets_of(body: bytes, symbol: str) -> tuple[Bracket, ...]:
    """The brackets of one symbol out of a leverageBracket answer, at least one."""
    found = leverage_brackets(body).get(symbol)
    if not found:
        raise DataError(f"leverageBracket: there are none of {symbol}")
    return found


def open_orders(body: bytes) -> list[OpenOrder]:
    """An openOrders answer."""
    rows = _rows(body, wire.OpenOrder, "openOrders")
    return [OpenOrder(row.symbol, row.client_order_id, conditional=False) for row in rows]


def open_algo_orders(body: bytes) -> list[OpenOrder]:
    """An openAlgoOrders answer."""
    rows = _rows(body, wire.OpenAlgoOrder, "openAlgoOrders")
    return [OpenOrder(row.symbol, row.client_algo_id, conditional=True) for row in rows]


def fee_rates(body: bytes) -> FeeRates:
    """A commissionRate answer."""
    found = _decode(body, wire.FeeRates, "commissionRate")
    return FeeRates(
        _number(found.maker_commission_rate, "makerCommissionRate"),
        _number(found.taker_commission_rate, "takerCommissionRate"),
    )


def mark_prices(body: bytes) -> dict[str, Decimal]:
    """A premiumIndex answer, by symbol."""
    return {row.symbol: _number(row.mark_price, "markPrice") for row in _rows(body, wire.MarkPrice, "premiumIndex")}


def weight_limit(body: bytes) -> int | None:
    """The request weight of a minute, out of an exchangeInfo answer; None if it tells none."""
    limits = _decode(body, wire.Limits, "exchangeInfo").rate_limits
    return next(
        (one.limit for one in limits if (one.rate_limit_type, one.interval) == ("REQUEST_WEIGHT", "MINUTE")), None
    )


def key_permissions(body: bytes) -> KeyPermissions:
    """An apiRestrictions answer."""
    found = _decode(body, wire.KeyPermissions, "apiRestrictions")
    further = {
        "enableInternalTransfer": found.enable_internal_transfer,
        "permitsUniversalTransfer": found.permits_universal_transfer,
        "enableSpotAndMarginTrading": found.enable_spot_and_margin_trading,
        "enableMargin": found.enable_margin,
        "enableVanillaOptions": found.enable_vanilla_options,
        "enablePortfolioMarginTrading": found.enable_portfolio_margin_trading,
    }
    return KeyPermissions(
        found.enable_futures,
        found.enable_withdrawals,
        found.ip_restrict,
        tuple(name for name, may in further.items() if may),
    )


def limit_of(text: str) -> Decimal | None:
    """A number that the exchange leaves away, writes as 0 or as endless where there is none."""
    value = _number(text, "limit") if text else Decimal(0)
    return value if value.is_finite() and value > 0 else None


def _number(text: str, name: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise DataError(f"{name} is {text!r}, which is no number") from error


def _decode(body: bytes, kind: type[Wire], what: str) -> Wire:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError as error:
        raise DataError(f"this is no answer of {what} ({error}): {body[:200]!r}") from error


def _rows(body: bytes, kind: type[Wire], what: str) -> list[Wire]:
    """An answer that is a list, or one row alone where one symbol was asked for."""
    if body.lstrip()[:1] == b"{":
        return [_decode(body, kind, what)]
    return _decode(body, list[kind], what)  # type: ignore[valid-type]
