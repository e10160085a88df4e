"""The account's figures as the exchange answers them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sadari.binance.numbers import plain
from sadari.binance.wire import account as wire
from sadari.exchange import Exchange, Income
from sadari.localexchange.account.figures import ZERO, AssetFigures, PositionFigures, active, position_sides
from sadari.model.instrument import Instrument
from sadari.model.units import MILLISECOND_NS


class AccountAnswers:
    """Reads an account of the exchange model.

    Args:
        exchange: The account.
        instruments: The contracts, by symbol.
    """

    def __init__(self, exchange: Exchange, instruments: Mapping[str, Instrument]) -> None:
        self._exchange = exchange
        self._instruments = instruments

    def account(self) -> wire.Account:
        """The third version: symbols with a position or an open order."""
        shown = [PositionFigures(self._exchange, *one) for one in active(self._exchange, self._instruments)]
        assets = self._assets()
        return wire.Account(
            **self._totals(assets),
            assets=[_asset(one) for one in assets],
            positions=[wire.AccountPosition(**_position(one)) for one in shown],
        )

    def account_v2(self) -> wire.AccountV2:
        """The second version: every symbol, and the account's flags."""
        assets = self._assets()
        return wire.AccountV2(
            **self._totals(assets),
            fee_tier=0,
            fee_burn=False,
            can_trade=True,
            can_deposit=True,
            can_withdraw=True,
            update_time=0,
            multi_assets_margin=self._exchange.multi_assets,
            trade_group_id=-1,
            assets=[_asset(one) for one in assets],
            positions=[self._position_v2(one) for one in self._all(self._instruments)],
        )

    def balances(self) -> list[wire.Balance]:
        """A row for each asset."""
        return [
            wire.Balance(
                account_alias="local",
                asset=one.asset,
                balance=plain(one.wallet_balance),
                cross_wallet_balance=plain(one.cross_wallet_balance),
                cross_un_pnl=plain(one.cross_unrealized),
                available_balance=plain(one.available_balance),
                max_withdraw_amount=plain(one.max_withdraw),
                margin_available=True,
                update_time=one.updated_ns // MILLISECOND_NS,
            )
            for one in self._assets()
        ]

    def position_risk(self, symbol: str | None) -> list[wire.PositionRiskV3]:
        """The third version: symbols with a position or an open order, in hedge mode their sides."""
        found = [one for one in active(self._exchange, self._instruments) if symbol in {None, one[0]}]
        rows = [PositionFigures(self._exchange, *one) for one in found]
        return [
            wire.PositionRiskV3(
                **_risk(one),
                margin_asset=self._instruments[one.symbol].quote_asset,
                initial_margin=plain(one.initial_margin),
                maint_margin=plain(one.maint_margin),
                position_initial_margin=plain(one.position_initial_margin),
                open_order_initial_margin=plain(one.open_order_initial_margin),
                adl=0,
                bid_notional=plain(one.bid_notional),
                ask_notional=plain(one.ask_notional),
            )
            for one in rows
        ]

    def position_risk_v2(self, symbols: Iterable[str]) -> list[wire.PositionRiskV2]:
        """The second version, a row for each symbol asked for; in hedge mode one for each side."""
        return [
            wire.PositionRiskV2(
                **_risk(one),
                leverage=str(self._exchange.leverage(one.symbol)),
                max_notional_value=plain(self._exchange.max_notional(one.symbol)),
                margin_type="isolated" if one.isolated else "cross",
                is_auto_add_margin="false",
            )
            for one in self._all(symbols)
        ]

    def symbol_config(self, symbols: Iterable[str]) -> list[wire.SymbolConfig]:
        """The settings of each symbol asked for."""
        return [
            wire.SymbolConfig(
                symbol=symbol,
                margin_type=self._exchange.margin_mode(symbol).value.upper(),
                is_auto_add_margin=False,
                leverage=self._exchange.leverage(symbol),
                max_notional_value=plain(self._exchange.max_notional(symbol)),
            )
            for symbol in symbols
        ]

    def _all(self, symbols: Iterable[str]) -> list[PositionFigures]:
        sides = position_sides(self._exchange)
        return [PositionFigures(self._exchange, symbol, side) for symbol in symbols for side in sides]

    def _position_v2(self, one: PositionFigures) -> wire.AccountPositionV2:
        return wire.AccountPositionV2(
            **_position(one),
            leverage=str(self._exchange.leverage(one.symbol)),
            isolated=one.isolated,
            entry_price=plain(one.entry_price),
            break_even_price=plain(one.break_even_price),
            max_notional=plain(self._exchange.max_notional(one.symbol)),
            bid_notional=plain(one.bid_notional),
            ask_notional=plain(one.ask_notional),
            position_initial_margin=plain(one.position_initial_margin),
            open_order_initial_margin=plain(one.open_order_initial_margin),
        )

    def _assets(self) -> list[AssetFigures]:
        return [AssetFigures(self._exchange, self._instruments, asset) for asset in self._exchange.balances]

    def _totals(self, assets: list[AssetFigures]) -> dict[str, Any]:
        """The sums of the account's own asset or, in multi-assets mode, the values of all in USD."""
        exchange = self._exchange
        counted = assets if exchange.multi_assets else assets[:1]

        def total(name: str) -> str:
            return plain(sum((exchange.worth(one.asset, getattr(one, name)) for one in counted), ZERO))

        available = exchange.available_balance()
        return {
            "total_initial_margin": total("initial_margin"),
            "total_maint_margin": total("maint_margin"),
            "total_wallet_balance": total("wallet_balance"),
            "total_unrealized_profit": total("unrealized_profit"),
            "total_margin_balance": total("margin_balance"),
            "total_position_initial_margin": total("position_initial_margin"),
            "total_open_order_initial_margin": total("open_order_initial_margin"),
            "total_cross_wallet_balance": total("cross_wallet_balance"),
            "total_cross_un_pnl": total("cross_unrealized"),
            "available_balance": plain(available),
            "max_withdraw_amount": total("max_withdraw"),
        }


def brackets(instrument: Instrument) -> wire.Brackets:
    """A symbol's leverage brackets, as numbers."""
    rows = [
        wire.Bracket(
            number, one.max_leverage, int(one.cap), int(one.floor), float(one.maint_margin_rate), float(one.cum)
        )
        for number, one in enumerate(instrument.brackets, 1)
    ]
    return wire.Brackets(instrument.symbol, rows)


def income_row(number: int, income: Income) -> wire.IncomeRow:
    """One booked amount under its number."""
    trade = "" if income.trade_id is None else str(income.trade_id)
    return wire.IncomeRow(
        income.symbol, income.kind, plain(income.amount), income.asset, trade or income.kind,
        income.time_ns // MILLISECOND_NS, number, trade,
    )  # fmt: skip


def _asset(one: AssetFigures) -> wire.AssetBalance:
    return wire.AssetBalance(
        asset=one.asset,
        wallet_balance=plain(one.wallet_balance),
        unrealized_profit=plain(one.unrealized_profit),
        margin_balance=plain(one.margin_balance),
        maint_margin=plain(one.maint_margin),
        initial_margin=plain(one.initial_margin),
        position_initial_margin=plain(one.position_initial_margin),
        open_order_initial_margin=plain(one.open_order_initial_margin),
        cross_wallet_balance=plain(one.cross_wallet_balance),
        cross_un_pnl=plain(one.cross_unrealized),
        available_balance=plain(one.available_balance),
        max_withdraw_amount=plain(one.max_withdraw),
        margin_available=True,
        update_time=one.updated_ns // MILLISECOND_NS,
    )


def _position(one: PositionFigures) -> dict[str, Any]:
    return {
        "symbol": one.symbol,
        "position_side": one.position_side.value,
        "position_amt": plain(one.qty),
        "unrealized_profit": plain(one.unrealized_profit),
        "isolated_margin": plain(one.isolated_margin),
        "notional": plain(one.notional),
        "isolated_wallet": plain(one.isolated_wallet),
        "initial_margin": plain(one.initial_margin),
        "maint_margin": plain(one.maint_margin),
        "update_time": one.updated_ns // MILLISECOND_NS,
    }


def _risk(one: PositionFigures) -> dict[str, Any]:
    return {
        "symbol": one.symbol,
        "position_side": one.position_side.value,
        "position_amt": plain(one.qty),
        "entry_price": plain(one.entry_price),
        "break_even_price": plain(one.break_even_price),
        "mark_price": plain(one.mark_price),
        "unrealized_profit": plain(one.unrealized_profit),
        "liquidation_price": plain(one.liquidation_price),
        "isolated_margin": plain(one.isolated_margin),
        "notional": plain(one.notional),
        "isolated_wallet": plain(one.isolated_wallet),
        "update_time": one.updated_ns // MILLISECOND_NS,
    }
