"""The endpoints of account, positions and settings.

Source: reference binance-usdm §3.4.
"""

from __future__ import annotations

from collections.abc import Iterable

from sadari.binance.numbers import plain
from sadari.binance.wire import account as wire
from sadari.binance.wire.orders import Done
from sadari.localexchange.account.desk import Desk
from sadari.localexchange.asking.endpoint import Endpoint, Security
from sadari.localexchange.asking.parameters import Parameters
from sadari.localexchange.asking.periods import period
from sadari.localexchange.asking.refused import Refused
from sadari.localexchange.endpoints.account_answers import AccountAnswers, brackets, income_row
from sadari.localexchange.endpoints.order_wishes import known_symbol, position_side, some_symbol
from sadari.model.order import MarginMode
from sadari.model.plan import Fees
from sadari.model.units import MILLISECOND_NS, decimals

SUCCESS = Done(200, "success")
MARGIN_TYPES = {"ISOLATED": MarginMode.ISOLATED, "CROSSED": MarginMode.CROSSED}
ADD, TAKE = 1, 2
AMOUNT_DECIMALS = 8


class AccountEndpoints:
    """One account."""

    def __init__(self, desk: Desk, fees: Fees) -> None:
        self._desk = desk
        self._fees = fees
        self._answers = AccountAnswers(desk.exchange, desk.instruments)

    def endpoints(self) -> list[Endpoint]:
        """The table of them."""
        signed = Security.SIGNED
        return [
            Endpoint("GET", "/fapi/v3/account", lambda _: self._answers.account(), signed, 5),
            Endpoint("GET", "/fapi/v2/account", lambda _: self._answers.account_v2(), signed, 5),
            Endpoint("GET", "/fapi/v3/balance", lambda _: self._answers.balances(), signed, 5),
            Endpoint("GET", "/fapi/v2/balance", lambda _: self._answers.balances(), signed, 5),
            Endpoint("GET", "/fapi/v3/positionRisk", self.position_risk, signed, 5),
            Endpoint("GET", "/fapi/v2/positionRisk", self.position_risk_v2, signed, 5),
            Endpoint("GET", "/fapi/v1/accountConfig", self.account_config, signed, 5),
            Endpoint("GET", "/fapi/v1/symbolConfig", self.symbol_config, signed, 5),
            Endpoint("POST", "/fapi/v1/leverage", self.set_leverage, signed),
            Endpoint("POST", "/fapi/v1/marginType", self.set_margin_type, signed),
            Endpoint("GET", "/fapi/v1/positionSide/dual", self.dual, signed, 30),
            Endpoint("POST", "/fapi/v1/positionSide/dual", self.set_dual, signed),
            Endpoint("GET", "/fapi/v1/multiAssetsMargin", self.multi_assets, signed, 30),
            Endpoint("POST", "/fapi/v1/multiAssetsMargin", self.set_multi_assets, signed),
            Endpoint("GET", "/fapi/v1/feeBurn", lambda _: wire.FeeBurn(fee_burn=False), signed, 30),
            Endpoint("POST", "/fapi/v1/feeBurn", self.set_fee_burn, signed),
            Endpoint("POST", "/fapi/v1/positionMargin", self.move_margin, signed),
            Endpoint("GET", "/fapi/v1/adlQuantile", self.quantiles, signed, 5),
            Endpoint("GET", "/fapi/v1/leverageBracket", self.leverage_brackets, signed),
            Endpoint("GET", "/fapi/v1/commissionRate", self.commission_rate, signed, 20),
            Endpoint("GET", "/fapi/v1/income", self.income, signed, 30),
        ]

    def position_risk(self, asked: Parameters) -> list[wire.PositionRiskV3]:
        """Symbols with a position or an open order."""
        return self._answers.position_risk(some_symbol(asked, self._desk.instruments))

    def position_risk_v2(self, asked: Parameters) -> list[wire.PositionRiskV2]:
        """Every symbol."""
        return self._answers.position_risk_v2(self._chosen(asked))

    def account_config(self, _: Parameters) -> wire.AccountConfig:
        """The account's flags."""
        return wire.AccountConfig(
            fee_tier=0,
            can_trade=True,
            can_deposit=True,
            can_withdraw=True,
            dual_side_position=self._desk.exchange.hedge,
            update_time=0,
            multi_assets_margin=self._desk.exchange.multi_assets,
            trade_group_id=-1,
        )

    def symbol_config(self, asked: Parameters) -> list[wire.SymbolConfig]:
        """The settings of a symbol or of all."""
        return self._answers.symbol_config(self._chosen(asked))

    def set_leverage(self, asked: Parameters) -> wire.LeverageSet:
        """Set a symbol's leverage."""
        symbol = known_symbol(asked, self._desk.instruments)
        asked.text("leverage")
        leverage = asked.integer("leverage") or 0
        return wire.LeverageSet(leverage, plain(self._desk.set_leverage(symbol, leverage)), symbol)

    def set_margin_type(self, asked: Parameters) -> Done:
        """Set a symbol's margin mode."""
        symbol = known_symbol(asked, self._desk.instruments)
        mode = MARGIN_TYPES.get(asked.text("marginType"))
        if mode is None:
            raise Refused(-1130, "Data sent for parameter 'marginType' is not valid.")
        self._desk.set_margin_mode(symbol, mode)
        return SUCCESS

    def dual(self, _: Parameters) -> wire.DualSide:
        """The position mode."""
        return wire.DualSide(dual_side_position=self._desk.exchange.hedge)

    def set_dual(self, asked: Parameters) -> Done:
        """Set the position mode."""
        asked.text("dualSidePosition")
        self._desk.set_position_mode(hedge=asked.flag("dualSidePosition") or False)
        return SUCCESS

    def multi_assets(self, _: Parameters) -> wire.MultiAssets:
        """The assets mode."""
        return wire.MultiAssets(self._desk.exchange.multi_assets)

    def set_multi_assets(self, asked: Parameters) -> Done:
        """Set the assets mode."""
        asked.text("multiAssetsMargin")
        self._desk.set_multi_assets(multi_assets=asked.flag("multiAssetsMargin") or False)
        return SUCCESS

    def set_fee_burn(self, asked: Parameters) -> Done:
        """Fees are paid in the margin asset, and paying them in BNB is not served."""
        asked.text("feeBurn")
        if asked.flag("feeBurn"):
            raise Refused(-1020, "This operation is not supported: fees are not paid in BNB here.")
        return SUCCESS

    def move_margin(self, asked: Parameters) -> wire.MarginMoved:
        """Add to the margin of an isolated position, or take some of it back."""
        symbol = known_symbol(asked, self._desk.instruments)
        side = position_side(asked)
        asked.text("amount")
        asked.text("type")
        amount, kind = asked.decimal("amount"), asked.integer("type")
        if amount is None or amount <= 0:
            raise Refused(-4055, "Amount must be positive.")
        if decimals(amount.normalize()) > AMOUNT_DECIMALS:
            raise Refused(-1111, "Precision is over the maximum defined for this asset.")
        if kind not in {ADD, TAKE}:
            raise Refused(-1130, "Data sent for parameter 'type' is not valid.")
        self._desk.move_margin(symbol, amount if kind == ADD else -amount, side)
        return wire.MarginMoved(float(amount), kind)

    def quantiles(self, asked: Parameters) -> list[wire.QuantilesOf]:
        """Nobody is deleveraged here: every position is last in the queue."""
        held = {position.symbol for position in self._desk.exchange.positions.values()}
        return [wire.QuantilesOf(symbol, wire.Quantiles()) for symbol in self._chosen(asked) if symbol in held]

    def leverage_brackets(self, asked: Parameters) -> list[wire.Brackets]:
        """The brackets of a symbol or of all."""
        return [brackets(self._desk.instruments[symbol]) for symbol in self._chosen(asked)]

    def commission_rate(self, asked: Parameters) -> wire.CommissionRate:
        """The account's fee rates; liquidity for retail orders is charged as a maker's."""
        symbol = known_symbol(asked, self._desk.instruments)
        maker = plain(self._fees.maker)
        return wire.CommissionRate(symbol, maker, plain(self._fees.taker), maker)

    def income(self, asked: Parameters) -> list[wire.IncomeRow]:
        """What was booked in a period, oldest first."""
        symbol, kind = some_symbol(asked, self._desk.instruments), asked.maybe("incomeType")
        inside, limit = period(asked, self._desk.market_ns() // MILLISECOND_NS), asked.limit(100, 1000)
        rows = [
            income_row(number, one)
            for number, one in enumerate(self._desk.exchange.income, 1)
            if symbol in {None, one.symbol} and kind in {None, one.kind} and inside.holds(one.time_ns // MILLISECOND_NS)
        ]
        return rows[:limit] if inside.begins else rows[-limit:]

    def _chosen(self, asked: Parameters) -> Iterable[str]:
        symbol = some_symbol(asked, self._desk.instruments)
        return self._desk.instruments if symbol is None else (symbol,)
