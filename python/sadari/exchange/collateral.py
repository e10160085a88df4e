"""What backs an account: a wallet for each asset, and what each counts in a common value."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from sadari.exchange.margin import ZERO


class Collateral(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One asset of an account.

    Attributes:
        balance: Wallet balance at the start, in the asset.
        price: Index price of the asset in USD; it stands for the whole run.
        ratio: Share of its value that counts as margin in multi-assets mode, above 0 and at most 1.
    """

    balance: Decimal = Decimal(0)
    price: Decimal = Decimal(1)
    ratio: Decimal = Decimal(1)


class Wallet:
    """The balance of one asset.

    Attributes:
        asset: Its name.
        balance: Changes only by booked amounts.
        locked: Margin of positions and resting orders of the contracts margined in this asset, in the asset.
    """

    __slots__ = ("asset", "balance", "locked", "price", "ratio")

    def __init__(self, asset: str, collateral: Collateral) -> None:
        self.asset = asset
        self.balance = collateral.balance
        self.locked = ZERO
        self.price = collateral.price
        self.ratio = collateral.ratio

    def worth(self, amount: Decimal) -> Decimal:
        """An amount of the asset in USD: what is there counts by its ratio, what is owed counts in full.

        Source: reference binance-usdm §8, multi-assets mode; that a debt has no haircut is this model's choice.
        """
        value = amount * self.price
        return value * self.ratio if amount > 0 else value
