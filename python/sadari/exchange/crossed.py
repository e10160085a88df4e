"""Crossed positions: the collateral they share, when it is used up, and until where nobody needs to ask.

Single-asset mode has one pool for each margin asset, counted in it; multi-assets mode has one pool, counted in USD.
Marks are the last prices told, so that every answer is right at an instant at which all held symbols have been told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_FLOOR, Decimal

from sadari.exchange.accounts import Account
from sadari.exchange.collateral import Wallet
from sadari.exchange.margin import (
    ONE,
    SMALLEST,
    ZERO,
    booked,
    hedged_liquidation_price,
    initial_margin,
    liquidation_price,
)
from sadari.exchange.matching import Market
from sadari.model.order import MarginMode


class Crossed:
    """The crossed positions of an account.

    Attributes:
        held: Their markets, by symbol.
    """

    def __init__(self, account: Account, markets: Mapping[str, Market]) -> None:
        self.held: dict[str, Market] = {}
        self._account = account
        self._markets = markets

    # The pool that a wallet belongs to

    def wallets(self, wallet: Wallet) -> Iterable[Wallet]:
        """The wallets of its pool."""
        return self._account.wallets.values() if self._account.multi_assets else (wallet,)

    def pooled(self, wallet: Wallet) -> list[Market]:
        """The crossed positions of its pool."""
        if self._account.multi_assets:
            return list(self.held.values())
        return [market for market in self.held.values() if market.wallet is wallet]

    def value(self, wallet: Wallet, amount: Decimal) -> Decimal:
        """A balance of a wallet as its pool counts it."""
        return wallet.worth(amount) if self._account.multi_assets else amount

    def cost(self, wallet: Wallet, amount: Decimal) -> Decimal:
        """A requirement in a wallet's asset as its pool counts it: without a haircut."""
        return amount * wallet.price if self._account.multi_assets else amount

    # Account figures

    def margin_balance(self, wallet: Wallet, *, instead: Market | None = None, amount: Decimal = ZERO) -> Decimal:
        """Crossed wallet balances and unrealized profit of crossed positions.

        ``instead`` names a position whose unrealized profit is replaced by an amount in its margin asset.

        Source: reference binance-usdm §8, cross.
        """
        total = ZERO
        for one in self.wallets(wallet):
            profits = (
                amount if market is instead else _unrealized(market)
                for market in self.held.values()
                if market.wallet is one
            )
            total += self.value(one, one.balance - self.isolated(one) + sum(profits, ZERO))
        return total

    def isolated(self, wallet: Wallet) -> Decimal:
        """What isolated positions have taken out of a wallet."""
        isolated = (p for p in self._account.positions.values() if p.mode is MarginMode.ISOLATED)
        return sum((p.margin for p in isolated if self._markets[p.symbol].wallet is wallet), ZERO)

    def maint_margin(self, wallet: Wallet) -> Decimal:
        """Maintenance margin of all crossed positions of the pool."""
        return sum((self.cost(market.wallet, market.maint_margin()) for market in self.pooled(wallet)), ZERO)

    def slack(self, wallet: Wallet) -> Decimal:
        """How far the margin balance is above the maintenance margin; liquidation is due at 0."""
        return self.margin_balance(wallet) - self.maint_margin(wallet)

    def free(self, wallet: Wallet) -> Decimal:
        """What new orders may lock, in the wallet's asset, rounded down; negative where margin is missing.

        Source: reference binance-usdm §8, availableBalance; a crossed position's initial margin is that at its mark.
        """
        total = ZERO
        for one in self.wallets(wallet):
            counted = sum((self.counted(market) for market in self.held.values() if market.wallet is one), ZERO)
            profits = sum((_profit(market) for market in self.held.values() if market.wallet is one), ZERO)
            # Locked is the margin at the entry; the difference to that at the mark is in what is counted.
            total += self.value(one, one.balance + profits) - self.cost(one, one.locked + profits - counted)
        if self._account.multi_assets:
            total /= wallet.price
        return total.quantize(SMALLEST, ROUND_FLOOR)

    def counted(self, market: Market) -> Decimal:
        """What a held crossed position adds to the free balance by its price having moved: profit less more margin."""
        position = market.position
        if position is None:
            return ZERO
        return _profit(market) - initial_margin(market.notional(), market.leverage) + position.margin

    def liquidation_price(self, market: Market) -> Decimal | None:
        """Where the pool's collateral equals its maintenance margin, all others at their marks; None if nowhere.

        The two sides of a symbol in hedge mode move together and share one price.

        Source: reference binance-usdm §8, liquidation price in cross mode: the collateral beside the position takes the
        place of an isolated margin.
        """
        position, wallet = market.position, market.wallet
        if position is None:
            return None
        other_side = next((m for m in self.held.values() if m.symbol == market.symbol and m is not market), None)
        if other_side is not None:
            return self._of_both_sides(market, other_side)
        own = wallet.balance - self.isolated(wallet)
        others = [other for other in self.held.values() if other is not market and other.wallet is wallet]
        own += sum((_unrealized(other) for other in others), ZERO)
        beside = self.margin_balance(wallet, instead=market) - self.value(wallet, own)
        beside -= self.maint_margin(wallet) - self.cost(wallet, market.maint_margin())
        beside /= self.cost(wallet, ONE)
        price = liquidation_price(position.qty, position.entry_notional, own + beside, market.instrument)
        if self.value(wallet, ONE) == self.cost(wallet, ONE):
            return price
        # A balance counts less than a debt: the answer in full holds only if the asset is owed there.
        if price is not None and own + position.unrealized(price) <= 0:
            return price
        margin = own + beside / wallet.ratio
        return liquidation_price(position.qty, position.entry_notional, margin, market.instrument, wallet.ratio)

    def _of_both_sides(self, market: Market, other: Market) -> Decimal | None:
        """The price shared by both sides; with a haircut on the margin asset their own profit counts as now."""
        wallet, last_price = market.wallet, market.last_price
        long, short = (market, other) if market.held > 0 else (other, market)
        beside = self.margin_balance(wallet) - self.cost(wallet, _unrealized(long) + _unrealized(short))
        beside -= self.maint_margin(wallet) - self.cost(wallet, long.maint_margin() + short.maint_margin())
        costs = sum((m.position.entry_notional * m.position.side for m in (long, short) if m.position), ZERO)
        return hedged_liquidation_price(
            long.held, -short.held, costs, beside / self.cost(wallet, ONE), market.instrument, last_price
        )

    # Liquidation

    def ruined_by(self, market: Market, qty: Decimal, price: Decimal, fee: Decimal) -> bool:
        """Whether closing an unsigned quantity of a crossed position costs more than the whole pool has."""
        position = market.position
        if position is None or position.mode is MarginMode.ISOLATED:
            return False
        rest = _unrealized(market) * (abs(position.qty) - qty) / abs(position.qty)
        after = rest + position.profit(qty, price) - fee
        return self.margin_balance(market.wallet, instead=market, amount=after) < 0

    def next_to_close(self, wallet: Wallet) -> Market | None:
        """The position that the venue takes over next, None if the account may keep what it has.

        The one with the largest maintenance margin goes first, among equals the one with the larger loss. It stops as
        soon as the margin balance is above the maintenance margin, even if the wallet is negative then: the profit of
        what is left stands against that.
        """
        pooled = self.pooled(wallet)
        if not pooled or self.slack(wallet) > 0:
            return None
        return max(
            pooled,
            key=lambda m: (self.cost(m.wallet, m.maint_margin()), -self.cost(m.wallet, _unrealized(m)), m.symbol),
        )

    def watch(self) -> None:
        """Arm each position's safe band anew: no liquidation is due as long as every price stays inside its own.

        The slack is spread over the notional, so that every position may lose the same fraction: that of a LONG moves
        its value by the notional, that of a SHORT by its growing maintenance margin besides.
        """
        pools = {(None if self._account.multi_assets else m.wallet.asset): m.wallet for m in self.held.values()}
        for wallet in pools.values():
            pooled = self.pooled(wallet)
            exposure = sum((self.cost(market.wallet, market.exposure()) for market in pooled), ZERO)
            reach = self.slack(wallet) / exposure
            for market in pooled:
                market.watch_band(reach)


def _unrealized(market: Market) -> Decimal:
    return market.position.unrealized(market.last_price) if market.position else ZERO


def _profit(market: Market) -> Decimal:
    return booked(_unrealized(market))
