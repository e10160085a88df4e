"""The venue's answers about the account, its positions and its settings as values of ours.

Every function raises `DataError` for what is no such answer; prices are read as in `answers`.

Source: reference binance-usdm §3.4 and §5.
"""

from __future__ import annotations

from decimal import Decimal

from sadari.binance import values
from sadari.binance.reading import amount, decoded, finite, maybe, maybe_price, rows, word
from sadari.binance.wire import read
from sadari.errors import DataError
from sadari.model.order import MarginMode, PositionSide
from sadari.model.units import MILLISECOND_NS

_MARGIN_MODES = {"ISOLATED": MarginMode.ISOLATED, "CROSSED": MarginMode.CROSSED, "CROSS": MarginMode.CROSSED}


def account(body: bytes) -> values.AccountShown:
    """Balances."""
    shown = decoded(body, read.Account, "account")
    return values.AccountShown(
        wallet_balance=finite(shown.total_wallet_balance, "wallet balance", "account"),
        cross_wallet_balance=finite(shown.total_cross_wallet_balance, "cross wallet balance", "account"),
        available_balance=finite(shown.available_balance, "available balance", "account"),
        free_balance=_free(shown),
        margin_balance=finite(shown.total_margin_balance, "margin balance", "account"),
        unrealized_pnl=finite(shown.total_unrealized_profit, "unrealized profit", "account"),
        initial_margin=amount(shown.total_initial_margin, "initial margin", "account"),
        maint_margin=amount(shown.total_maint_margin, "maintenance margin", "account"),
        wallets=tuple((one.asset, finite(one.wallet_balance, "wallet balance", one.asset)) for one in shown.assets),
        held=frozenset(one.symbol for one in shown.positions if one.position_amt),
        updated_ns=max((one.update_time for one in shown.assets), default=0) * MILLISECOND_NS,
    )


def _free(shown: read.Account) -> Decimal:
    """What is available and not for crossed positions, all as of one moment.

    Nothing available does not say how much is missing: then it is what the orders have left.

    Source: reference binance-usdm §8, availableBalance.
    """
    available = finite(shown.available_balance, "available balance", "account")
    if available <= 0:
        wallet = finite(shown.total_cross_wallet_balance, "cross wallet balance", "account")
        return wallet - amount(shown.total_open_order_initial_margin, "margin of orders", "account")
    isolated = (one.initial_margin for one in shown.positions if one.isolated_wallet)
    margin = amount(shown.total_position_initial_margin, "margin of positions", "account") - sum(isolated, Decimal(0))
    return available - finite(shown.total_cross_un_pnl, "crossed profit", "account") + margin


def positions(body: bytes) -> list[values.PositionShown]:
    """Positions; flat ones may be among them."""
    return [_position(row) for row in rows(body, read.Position, "positionRisk")]


def _position(row: read.Position) -> values.PositionShown:
    symbol = row.symbol
    entry_price = maybe_price(row.entry_price, "entry price", symbol)
    qty = finite(row.position_amt, "position", symbol)
    if qty and entry_price is None:
        raise DataError(f"{symbol}: the position is {qty} and its entry price {row.entry_price}; allowed: above 0")
    return values.PositionShown(
        symbol=symbol,
        position_side=word(PositionSide, row.position_side, "position side", symbol),
        qty=qty,
        entry_price=entry_price,
        mark_price=maybe_price(row.mark_price, "mark price", symbol),
        liquidation_price=_liquidation_price(row.liquidation_price, symbol),
        isolated_margin=finite(row.isolated_margin, "isolated margin", symbol),
        isolated_wallet=finite(row.isolated_wallet, "isolated wallet", symbol),
        unrealized_pnl=finite(row.unrealized_profit, "unrealized profit", symbol),
        maint_margin=None if row.maint_margin is None else amount(row.maint_margin, "maintenance margin", symbol),
        updated_ns=row.update_time * MILLISECOND_NS,
    )


def _liquidation_price(value: Decimal, symbol: str) -> Decimal | None:
    """None where no price liquidates it, which the venue writes as 0 or, at times, as less."""
    return None if finite(value, "liquidation price", symbol) <= 0 else value


def symbol_settings(body: bytes) -> list[values.SymbolShown]:
    """Margin mode and leverage by symbol."""
    return [
        values.SymbolShown(
            symbol=row.symbol,
            margin_mode=_margin_mode(row.margin_type, row.symbol),
            leverage=row.leverage,
            max_notional=_max_notional(row.max_notional_value, row.symbol),
        )
        for row in rows(body, read.SymbolConfig, "symbolConfig")
    ]


def _margin_mode(text: str, symbol: str) -> MarginMode:
    mode = _MARGIN_MODES.get(text.upper())
    if mode is None:
        raise DataError(f"{symbol}: the margin type is {text!r}; allowed: ISOLATED, CROSSED")
    return mode


def _max_notional(value: str | int | None, symbol: str) -> Decimal | None:
    """None where it is not said, or said to be without end."""
    if isinstance(value, str) and value.upper() in {"INF", "INFINITY"}:
        return None
    number = maybe(value, "largest notional", symbol)
    return None if number is None else amount(number, "largest notional", symbol)


def leverage_set(body: bytes) -> values.LeverageShown:
    """What the leverage was set to."""
    shown = decoded(body, read.LeverageSet, "leverage")
    return values.LeverageShown(
        symbol=shown.symbol,
        leverage=shown.leverage,
        max_notional=_max_notional(shown.max_notional_value, shown.symbol),
    )


def account_flags(body: bytes) -> values.AccountFlags:
    """The account's flags."""
    shown = decoded(body, read.AccountConfig, "accountConfig")
    return values.AccountFlags(
        can_trade=shown.can_trade,
        can_withdraw=shown.can_withdraw,
        hedge=shown.dual_side_position,
        multi_assets=shown.multi_assets_margin,
    )


def hedge_mode(body: bytes) -> bool:
    """Whether the account is in hedge mode."""
    return decoded(body, read.DualSide, "positionSide/dual").dual_side_position


def multi_assets_mode(body: bytes) -> bool:
    """Whether the account is in multi-assets mode."""
    return decoded(body, read.MultiAssets, "multiAssetsMargin").multi_assets_margin


def fee_rates(body: bytes) -> values.FeeRates:
    """Fee rates; a maker may be paid."""
    shown = decoded(body, read.CommissionRate, "commissionRate")
    return values.FeeRates(
        symbol=shown.symbol,
        maker=finite(shown.maker_commission_rate, "maker's rate", shown.symbol),
        taker=finite(shown.taker_commission_rate, "taker's rate", shown.symbol),
    )


def key_restrictions(body: bytes) -> values.KeyShown:
    """What the key may do."""
    shown = decoded(body, read.KeyRestrictions, "apiRestrictions")
    other = {
        "margin": shown.enable_margin,
        "spot and margin": shown.enable_spot_and_margin_trading,
        "options": shown.enable_vanilla_options,
        "portfolio margin": shown.enable_portfolio_margin_trading,
    }
    transfers = (shown.enable_internal_transfer, shown.permits_universal_transfer)
    return values.KeyShown(
        reads=shown.enable_reading,
        futures=shown.enable_futures,
        withdrawals=shown.enable_withdrawals,
        transfers=True if True in transfers else None if None in transfers else False,
        address_list=shown.ip_restrict,
        other_trading=tuple(name for name, allowed in other.items() if allowed),
    )


def listen_key(body: bytes) -> str:
    """The user stream's key; empty where an old server has answered a renewal with nothing."""
    return decoded(body, read.ListenKey, "listenKey").listen_key
