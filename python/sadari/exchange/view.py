"""What an account shows: balances, positions, margin figures and liquidation prices. Asking changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from sadari.exchange.accounts import Account, Income, PositionState
from sadari.exchange.clearing import Clearing
from sadari.exchange.margin import ZERO, exact, initial_margin
from sadari.exchange.matching import Market
from sadari.exchange.orders import OpenOrder
from sadari.exchange.refusals import Refusal
from sadari.kernel import Watch
from sadari.model.event import AccountUpdated
from sadari.model.order import MarginMode, PositionSide, Side


class AccountView:
    """The questions that an account answers.

    Figures of a position are in its margin asset. Figures of the account are in the asset of a single-asset account,
    and in USD in multi-assets mode. All are at the last prices told.
    """

    _account: Account
    _clearing: Clearing
    _markets: Mapping[str, Market]

    @property
    def wallet_balance(self) -> Decimal:
        """The first balance and every booked amount since; in multi-assets mode the value of all wallets."""
        return self._account.wallet_balance(self._account.home)

    @property
    def balances(self) -> Mapping[str, Decimal]:
        """The wallet balance of each asset, in the asset."""
        return {asset: wallet.balance for asset, wallet in self._account.wallets.items()}

    @property
    def multi_assets(self) -> bool:
        """Whether all assets together are the margin of every contract."""
        return self._account.multi_assets

    @property
    def income(self) -> list[Income]:
        """Every amount that changed a wallet, in order."""
        return self._account.income

    @property
    def positions(self) -> Mapping[str, PositionState]:
        """The positions that are held, by symbol, in hedge mode by symbol and side; a live view."""
        return MappingProxyType(self._account.positions)

    @property
    def hedge(self) -> bool:
        """Whether a symbol's LONG and SHORT are positions of their own."""
        return self._account.hedge

    @property
    def income_sides(self) -> Mapping[int, PositionSide]:
        """In hedge mode the position side that an amount concerns, by its place in the income."""
        return self._account.income_sides

    def position(self, symbol: str, position_side: PositionSide = PositionSide.BOTH) -> PositionState | None:
        """A position that is held; that of BOTH in one-way mode."""
        return self._market(symbol, position_side).position

    @property
    def crossed(self) -> Mapping[str, object]:
        """The symbols whose crossed position is held: those whose prices have to be told by `Exchange.mark`."""
        held = self._clearing.crossed.held
        return {market.symbol: market for market in held.values()} if self._account.hedge else held

    def watch(self, symbol: str) -> Watch:
        """The levels of the symbol's waiting orders and of its liquidation, for the source of its prices.

        For a crossed position that is the end of its safe band: the exchange asks there whether the account is due.
        """
        return self._market(symbol).watch

    def open_orders(self, symbol: str) -> tuple[OpenOrder, ...]:
        """The waiting orders of a symbol, oldest first."""
        market = self._market(symbol)
        if not market.hedged:
            return tuple(market.orders.values())
        waiting = (one for part in market.hedged for one in part.orders.values())
        return tuple(sorted(waiting, key=lambda one: one.id))

    def margin_mode(self, symbol: str) -> MarginMode:
        """How the symbol's positions are collateralized."""
        return self._market(symbol).mode

    def leverage(self, symbol: str) -> int:
        """The symbol's leverage."""
        return self._market(symbol).leverage

    def max_notional(self, symbol: str) -> Decimal:
        """What the brackets allow a position of the symbol to be worth at its leverage."""
        return self._market(symbol).max_notional

    def last_price(self, symbol: str) -> Decimal:
        """The last price told, 0 before the first."""
        return self._market(symbol).last_price

    def order_margin(self, symbol: str, position_side: PositionSide = PositionSide.BOTH) -> Decimal:
        """What the resting limit orders of a symbol lock beyond the position's margin."""
        return self._market(symbol, position_side).order_margin

    @exact
    def resting_notional(self, symbol: str, side: Side, position_side: PositionSide = PositionSide.BOTH) -> Decimal:
        """The value of the resting limit orders of a side that may open exposure, each at its own price."""
        return self._market(symbol, position_side).resting_notional(side)

    @exact
    def available_balance(self, asset: str = "") -> Decimal:
        """What new orders may lock: wallet and crossed profit or loss, less all initial margin; at least 0.

        Of the account's asset if none is named.
        """
        wallet = self._account.wallets[asset] if asset else self._account.home
        return self._clearing.balances(wallet, 0, "").available_balance

    @exact
    def worth(self, asset: str, amount: Decimal) -> Decimal:
        """The value of an amount of an asset: itself, or in multi-assets mode that in USD."""
        return amount * self._account.wallets[asset].price if self.multi_assets else amount

    @exact
    def report(self, time_ns: int, cause: str) -> AccountUpdated:
        """The balances now, without positions."""
        return self._clearing.balances(self._account.home, time_ns, cause)

    @exact
    def equity(self, marks: Mapping[str, Decimal]) -> Decimal:
        """Wallet balance plus unrealized profit from shown entry prices; ``marks`` has a price for all that is held.

        A single-asset account counts the positions of its asset.
        """
        profits = dict.fromkeys(self._account.wallets.values(), ZERO)
        for position in self._account.positions.values():
            symbol = position.symbol
            profits[self._markets[symbol].wallet] += position.unrealized(marks[symbol])
        if not self.multi_assets:
            return self.wallet_balance + profits[self._account.home]
        return sum((wallet.worth(wallet.balance + profit) for wallet, profit in profits.items()), ZERO)

    @exact
    def margin_balance(self) -> Decimal:
        """Crossed wallet plus unrealized profit of the crossed positions. What isolated positions have is not in it.

        Source: reference binance-usdm §8, cross.
        """
        return self._clearing.crossed.margin_balance(self._account.home)

    @exact
    def maint_margin(self, symbol: str | None = None, position_side: PositionSide = PositionSide.BOTH) -> Decimal:
        """Maintenance margin of a position, 0 when flat; without a symbol that of all crossed positions."""
        if symbol is not None:
            return self._market(symbol, position_side).maint_margin()
        return self._clearing.crossed.maint_margin(self._account.home)

    @exact
    def initial_margin(self, symbol: str | None = None, position_side: PositionSide = PositionSide.BOTH) -> Decimal:
        """Initial margin of a position and its symbol's resting orders; without a symbol that of the whole account.

        That of a crossed position is at the last price, that of an isolated one what it has locked.
        """
        if symbol is not None:
            return self._initial_margin(self._market(symbol, position_side))
        crossed, home = self._clearing.crossed, self._account.home
        every = (part for market in self._markets.values() for part in market.sides)
        counted = [m for m in every if self.multi_assets or m.wallet is home]
        return sum((crossed.cost(m.wallet, self._initial_margin(m)) for m in counted), ZERO)

    @exact
    def margin_ratio(self) -> Decimal | None:
        """Maintenance margin by margin balance of the crossed positions: 1 or more is liquidation.

        None without a crossed position; infinite where nothing is left of the balance.
        """
        if not self._clearing.crossed.pooled(self._account.home):
            return None
        balance = self.margin_balance()
        return self.maint_margin() / balance if balance > 0 else Decimal("Infinity")

    @exact
    def liquidation_price(self, symbol: str, position_side: PositionSide = PositionSide.BOTH) -> Decimal | None:
        """Where a position is liquidated if no other price moves; None when flat or if no price does it.

        A crossed position's moves with the others' prices: no report of the account shows it (strategies §5.2, D-32).
        """
        market = self._market(symbol, position_side)
        position = market.position
        if position is None or position.mode is MarginMode.ISOLATED:
            return position.liquidation_price if position else None
        return self._clearing.crossed.liquidation_price(market)

    def _initial_margin(self, market: Market) -> Decimal:
        position = market.position
        if position is None or position.mode is MarginMode.ISOLATED:
            return market.locked
        return market.order_margin + initial_margin(market.notional(), market.leverage)

    def _market(self, symbol: str, position_side: PositionSide = PositionSide.BOTH) -> Market:
        """What keeps a symbol's settings; for LONG or SHORT that side of it, which only hedge mode has."""
        market = self._markets.get(symbol)
        if market is None:
            raise Refusal(-1121)
        if position_side is PositionSide.BOTH:
            return market
        for part in market.hedged:
            if part.position_side is position_side:
                return part
        raise Refusal(-4061)
