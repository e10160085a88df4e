"""What an account sets and moves by itself: leverage, margin and assets mode, transfers, the margin of a position."""

from __future__ import annotations

from decimal import Decimal

from sadari.exchange.margin import ZERO, exact, initial_margin
from sadari.exchange.matching import Market
from sadari.exchange.refusals import Refusal
from sadari.exchange.view import AccountView
from sadari.model.event import Event
from sadari.model.instrument import Instrument
from sadari.model.order import MarginMode, PositionSide


class AccountSettings(AccountView):
    """The settings of an account, each refused where the venue refuses it."""

    @exact
    def set_leverage(self, symbol: str, leverage: int) -> Decimal:
        """Set a symbol's leverage. An isolated position keeps the margin it has.

        Returns:
            The largest position notional allowed at it.

        Raises:
            Refusal: -4028 (no bracket allows it), -4161 (lowered while an isolated position is held), -2027 (the
                position is too large for it), -2019 (the margin it asks is not there).
        """
        market = self._market(symbol)
        limit = market.instrument.max_notional(leverage) if leverage >= 1 else ZERO
        if not limit:
            raise Refusal(-4028)
        before = market.leverage
        for position in (part.position for part in market.sides if part.position is not None):
            if position.mode is MarginMode.ISOLATED and leverage < before:
                raise Refusal(-4161)
            if position.entry_notional > limit:
                raise Refusal(-2027)
        self._apply_leverage(market, leverage)
        if leverage < before and self._clearing.free(market.wallet) < 0:
            self._apply_leverage(market, before)
            raise Refusal(-2019)
        return limit

    def set_margin_mode(self, symbol: str, mode: MarginMode) -> None:
        """Set a symbol's margin mode.

        Raises:
            Refusal: -4168 (isolated in multi-assets mode), -4046 (it is set already), -4048 (a position is held), -4047
                (orders are open).
        """
        market = self._market(symbol)
        if mode is MarginMode.ISOLATED and self._account.multi_assets:
            raise Refusal(-4168)
        if market.mode is mode:
            raise Refusal(-4046)
        if any(part.position is not None for part in market.sides):
            raise Refusal(-4048)
        if any(part.orders for part in market.sides):
            raise Refusal(-4047)
        for part in (market, *market.hedged):
            part.mode = mode

    def set_position_mode(self, *, hedge: bool) -> None:
        """Let a symbol's LONG and SHORT be positions of their own, or one that turns around at zero.

        Raises:
            Refusal: -4059 (it is set already), -4067 (orders are open), -4068 (a position is held).
        """
        account, markets = self._account, self._markets.values()
        if account.hedge is hedge:
            raise Refusal(-4059)
        if any(part.orders for market in markets for part in market.sides):
            raise Refusal(-4067)
        if account.positions:
            raise Refusal(-4068)
        account.hedge = hedge
        for market in markets:
            if hedge:
                market.hedge()
            else:
                market.hedged = ()

    @exact
    def set_multi_assets(self, *, multi_assets: bool) -> None:
        """Let all assets together be the margin of every contract, or each asset that of its own.

        Raises:
            Refusal: -4171 (it is set already), -4170 (orders are open), -4167 (a symbol is in isolated mode), -4172
                (single-asset mode with a negative wallet), -4169 (the margin would not be enough afterwards).
        """
        account, markets = self._account, self._markets.values()
        if account.multi_assets is multi_assets:
            raise Refusal(-4171)
        if any(part.orders for market in markets for part in market.sides):
            raise Refusal(-4170)
        if multi_assets and any(market.mode is MarginMode.ISOLATED for market in markets):
            raise Refusal(-4167)
        if not multi_assets and any(wallet.balance < 0 for wallet in account.wallets.values()):
            raise Refusal(-4172)
        account.multi_assets = multi_assets
        if any(self._clearing.free(market.wallet) < 0 for market in markets):
            account.multi_assets = not multi_assets
            raise Refusal(-4169)
        self._clearing.crossed.watch()

    @exact
    def transfer(self, time_ns: int, amount: Decimal, asset: str = "") -> list[Event]:
        """Bring an amount of an asset (that of the account, if it is not named) into its wallet, or take it out.

        Raises:
            Refusal: -4050 (more would be taken than is available or in the wallet).
        """
        wallet = self._account.wallets[asset or self._account.home.asset]
        if -amount > min(self._clearing.free(wallet), wallet.balance) and amount < 0:
            raise Refusal(-4050)
        self._account.book(wallet, time_ns, "TRANSFER", "", amount)
        self._clearing.crossed.watch()
        return [self._clearing.balances(wallet, time_ns, "TRANSFER")]

    @exact
    def move_margin(
        self, symbol: str, time_ns: int, amount: Decimal, position_side: PositionSide = PositionSide.BOTH
    ) -> list[Event]:
        """Put an amount of the free balance into the margin of an isolated position, or take a negative one back.

        The wallet's balance stays what it is: no income is booked. What is left of the margin has to be the initial
        margin at the last price, unrealized profit and loss counted.

        Raises:
            Refusal: -4054 (no position is held), -4049 (it is crossed), -4050 (more is added than is free), -4051 (more
                is taken than may be), -4061 (the side is not one of the position mode).
        """
        market = self._market(symbol, position_side)
        if self.hedge and position_side is PositionSide.BOTH:
            raise Refusal(-4061)
        position = market.position
        if position is None:
            raise Refusal(-4054)
        if position.mode is MarginMode.CROSSED:
            raise Refusal(-4049)
        if amount > 0 and amount > self._clearing.free(market.wallet):
            raise Refusal(-4050)
        left = position.margin + amount
        needed = initial_margin(market.notional(), market.leverage)
        if amount < 0 and (left < 0 or left + position.unrealized(market.last_price) < needed):
            raise Refusal(-4051)
        position.margin = left
        self._clearing.settle(market)
        return [self._clearing.updated(market, time_ns, "MARGIN_TRANSFER")]

    @exact
    def deleverage(
        self,
        symbol: str,
        time_ns: int,
        price: Decimal,
        qty: Decimal | None = None,
        position_side: PositionSide = PositionSide.BOTH,
    ) -> list[Event]:
        """Close a position, or so much of it, against that of another who is bankrupt, at the price of that.

        Raises:
            Refusal: -2022, nothing is held.
        """
        market = self._market(symbol, position_side)
        if market.position is None:
            raise Refusal(-2022)
        return self._clearing.deleverage(market, time_ns, price, min(qty or abs(market.held), abs(market.held)))

    @exact
    def relist(self, instrument: Instrument) -> None:
        """Go on with other filters or brackets of a symbol; a leverage that no bracket allows any more becomes less."""
        market = self._market(instrument.symbol)
        for part in (market, *market.hedged):
            part.instrument = instrument
        self._apply_leverage(market, min(market.leverage, max(one.max_leverage for one in instrument.brackets)))

    def _apply_leverage(self, market: Market, leverage: int) -> None:
        for part in (market, *market.hedged):
            part.set_leverage(leverage)
            position = part.position
            if position is not None:
                position.leverage = leverage
                if position.mode is MarginMode.CROSSED:
                    position.margin = initial_margin(position.entry_notional, leverage)
        for part in market.sides:
            self._clearing.settle(part)
