"""What an account holds: its wallets, its positions and every amount that ever changed a wallet."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_UP, Decimal
from typing import NamedTuple

from sadari.exchange.collateral import Wallet
from sadari.exchange.margin import SMALLEST, ZERO, booked, initial_margin, liquidation_price
from sadari.model.event import PositionRecord
from sadari.model.instrument import Instrument
from sadari.model.order import MarginMode, PositionSide


class Income(NamedTuple):
    """One booked amount; the sum of all of an asset is the change of its wallet balance, exactly.

    ``kind`` is the venue's name: REALIZED_PNL, COMMISSION, FUNDING_FEE, TRANSFER or INSURANCE_CLEAR, which is a
    liquidation's fee or, received, what the insurance fund pays of a loss. ``amount`` is positive when received.
    ``trade_id`` is None for what no trade has caused; what concerns no symbol names none.
    """

    time_ns: int
    kind: str
    symbol: str
    amount: Decimal
    trade_id: int | None = None
    asset: str = "USDT"


class SidedRecord(PositionRecord, frozen=True):
    """A position of an account in hedge mode, where a symbol has two."""

    position_side: PositionSide = PositionSide.BOTH


def shown(
    symbol: str, position_side: PositionSide, qty: Decimal = ZERO, entry_price: Decimal = ZERO,
    liquidation_price: Decimal | None = None, margin: Decimal = ZERO,
) -> PositionRecord:  # fmt: skip
    """A position as the venue shows it; flat if nothing else is said."""
    if position_side is PositionSide.BOTH:
        return PositionRecord(symbol, qty, entry_price, liquidation_price, margin)
    return SidedRecord(symbol, qty, entry_price, liquidation_price, margin, position_side=position_side)


class PositionState:
    """A position that is held.

    The average entry price is kept as the ratio ``cost / weight``, because a quotient need not end: increases add to
    both, a reduction changes neither. It is exact as long as both fit in 60 digits.

    Attributes:
        qty: Signed quantity, never 0.
        margin: The isolated wallet without unrealized profit; in crossed mode the initial margin.
        liquidation_price: None if there is none, or in crossed mode.
        first_trade: The id of the trade that opened it.
        position_side: BOTH in one-way mode.
    """

    __slots__ = (
        "first_trade", "symbol", "position_side", "mode", "leverage", "qty", "cost", "weight", "margin",
        "liquidation_price",
    )  # fmt: skip

    def __init__(
        self,
        symbol: str,
        mode: MarginMode,
        leverage: int,
        first_trade: int = 0,
        position_side: PositionSide = PositionSide.BOTH,
    ) -> None:
        self.first_trade = first_trade
        self.position_side = position_side
        self.symbol = symbol
        self.mode = mode
        self.leverage = leverage
        self.qty = ZERO
        self.cost = ZERO
        self.weight = Decimal(1)
        self.margin = ZERO
        self.liquidation_price: Decimal | None = None

    @property
    def side(self) -> int:
        """``+1`` for LONG, ``-1`` for SHORT."""
        return 1 if self.qty > 0 else -1

    @property
    def entry_price(self) -> Decimal:
        """The average by the venue's convention: unchanged by reductions, rounded to eight decimals, half to even."""
        return booked(self.cost / self.weight)

    @property
    def entry_notional(self) -> Decimal:
        """The unsigned quantity at the average entry price."""
        size = abs(self.qty)
        return self.cost if size == self.weight else self.cost * size / self.weight

    def profit(self, qty: Decimal, price: Decimal) -> Decimal:
        """What closing an unsigned quantity at a price realizes before fees, booked at eight decimals."""
        return booked(self.side * (price * self.weight - self.cost) * qty / self.weight)

    def unrealized(self, price: Decimal) -> Decimal:
        """The profit of the whole position at a price, from the entry price as it is shown; not rounded."""
        return self.qty * (price - self.entry_price)

    def ruined_by(self, qty: Decimal, price: Decimal, fee: Decimal) -> bool:
        """Whether closing an unsigned quantity costs an isolated position more than the margin that goes with it."""
        if self.mode is not MarginMode.ISOLATED:
            return False
        return self.profit(qty, price) - fee + self.margin * qty / abs(self.qty) < 0

    def increase(self, signed: Decimal, price: Decimal) -> None:
        """Open or add; the margin grows by the initial margin of the addition."""
        size, added = abs(self.qty), abs(signed)
        if size in (ZERO, self.weight):
            self.cost, self.weight = self.cost + added * price, size + added
        else:  # After a reduction the average is a ratio of its own: (Q·C/W + q·f) / (Q + q).
            self.cost = size * self.cost + self.weight * added * price
            self.weight *= size + added
        self.qty += signed
        self.margin += initial_margin(added * price, self.leverage)

    def reduce(self, qty: Decimal) -> None:
        """Close an unsigned quantity; the margin shrinks in proportion, what stays rounded up."""
        size = abs(self.qty)
        left = size - qty
        self.margin = (self.margin * left / size).quantize(SMALLEST, ROUND_UP)
        self.qty = self.side * left

    def refresh(self, instrument: Instrument) -> None:
        """Derive the liquidation price again, after the quantity or the margin changed."""
        if self.mode is MarginMode.ISOLATED:
            self.liquidation_price = liquidation_price(self.qty, self.entry_notional, self.margin, instrument)

    def record(self) -> PositionRecord:
        """The position as the venue shows it."""
        return shown(self.symbol, self.position_side, self.qty, self.entry_price, self.liquidation_price, self.margin)


class Account:
    """The wallets, one for each asset, and the positions that share them.

    Attributes:
        wallets: By asset.
        home: The wallet that a single-asset account is about.
        multi_assets: Whether all wallets together are the margin of every contract.
        hedge: Whether a symbol's LONG and SHORT are positions of their own.
        positions: The positions that are held, by symbol; in hedge mode by symbol and side.
        income_sides: In hedge mode the position side that an amount concerns, by its place in the income.
        conditionals: How many conditional orders wait, over all symbols.
        trades: How many trades there were; the last one's id.
    """

    __slots__ = (
        "conditionals", "hedge", "home", "income", "income_sides", "multi_assets", "positions", "trades", "wallets",
    )  # fmt: skip

    def __init__(self, wallets: Mapping[str, Wallet], home: Wallet, *, multi_assets: bool) -> None:
        self.wallets = wallets
        self.home = home
        self.multi_assets = multi_assets
        self.hedge = False
        self.income_sides: dict[int, PositionSide] = {}
        self.positions: dict[str, PositionState] = {}
        self.income: list[Income] = []
        self.conditionals = 0
        self.trades = 0

    def wallet_balance(self, wallet: Wallet) -> Decimal:
        """The balance of a wallet or, in multi-assets mode, the value of all of them."""
        if self.multi_assets:
            return sum((one.worth(one.balance) for one in self.wallets.values()), ZERO)
        return wallet.balance

    def book(
        self,
        wallet: Wallet,
        time_ns: int,
        kind: str,
        symbol: str,
        amount: Decimal,
        trade_id: int | None = None,
        position_side: PositionSide = PositionSide.BOTH,
    ) -> None:
        """Apply an amount to a wallet and keep it."""
        if position_side is not PositionSide.BOTH:
            self.income_sides[len(self.income)] = position_side
        self.income.append(Income(time_ns, kind, symbol, amount, trade_id, wallet.asset))
        wallet.balance += amount

    def next_trade(self) -> int:
        """A trade id above every one before."""
        self.trades += 1
        return self.trades
