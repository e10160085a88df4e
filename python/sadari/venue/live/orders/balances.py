"""What the account holds, by the last word of the exchange.

Source: strategies §9.1, requirements R002-5 to R002-11, faults F45, F72.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from sadari.binance.user_frames import AccountHeard
from sadari.binance.values import AccountShown, PositionShown
from sadari.exchange.margin import booked, exact, initial_margin
from sadari.model.event import PRICES, AccountUpdated, PositionRecord
from sadari.model.order import PositionSide

ZERO = Decimal(0)
QUOTE = "USDT"


class Balances:
    """The account, from readings by REST and from the user stream in between.

    Args:
        price: The last price of a symbol, None if there is none.
        steady_ns: A clock of this machine that is never set.

    Attributes:
        wallet_balance: In quote currency.
        margin_ratio: Maintenance margin by margin balance at the last reading.
        read_ns: When it was last told, by the exchange's time; None before the first time.
        leverages: Leverage of each symbol, where it is known.
        asset: The one that the account is kept in.
        multi_assets: Whether the account is in multi-assets mode.
        told_at: When it was last told, by the clock that is never set.
    """

    def __init__(self, price: Callable[[str], Decimal | None], steady_ns: Callable[[], int]) -> None:
        self.wallet_balance = ZERO
        self.margin_ratio: Decimal | None = None
        self._held: dict[tuple[str, PositionSide], PositionRecord] = {}
        self._crossed: set[tuple[str, PositionSide]] = set()
        # What would be available without crossed positions.
        self._free = ZERO
        self.read_ns: int | None = None
        self.leverages: dict[str, int] = {}
        self.multi_assets = False
        self.asset = QUOTE
        self.told_at = 0
        self._price = price
        self._steady_ns = steady_ns
        self._cross_wallet: Decimal | None = None

    @property
    def symbols(self) -> list[str]:
        """What is held, on whichever side."""
        return sorted({symbol for symbol, _ in self._held})

    @property
    @exact
    def available_balance(self) -> Decimal:
        """What new orders may use, at the last prices.

        Between readings it follows the stream, for what leaves the cross wallet is not available, and prices: a crossed
        position adds its unrealized profit and takes the initial margin of its value.

        Source: strategies §9.1; reference binance-usdm §8, availableBalance.
        """
        return max(self._free + self._left_by_crossed(), ZERO)

    @exact
    def equity(self) -> Decimal:
        """Wallet balance plus unrealized profit at the last prices."""
        return self.wallet_balance + sum((self._gain(record) for record in self._held.values()), ZERO)

    def moved(self, time_ns: int) -> AccountUpdated | None:
        """What is available now that prices have moved; None where they do not move it."""
        if self.read_ns is None or not self._crossed:
            return None
        return AccountUpdated(
            time_ns=time_ns,
            cause=PRICES,
            wallet_balance=self.wallet_balance,
            available_balance=self.available_balance,
        )

    def read(
        self,
        account: AccountShown,
        positions: Iterable[PositionShown] | None,
        cause: str,
        time_ns: int,
        change: Decimal | None = None,
    ) -> AccountUpdated:
        """Take over a reading by REST, of positions too if there is one: it outranks what the stream told."""
        shown: list[PositionRecord] = []
        if positions is not None:
            self._held, self._crossed = {}, set()
            for row in positions:
                record = row.record()
                if record is not None:
                    shown.append(record)
                    self._hold(row.position_side, record, crossed=not row.isolated_wallet)
        self.wallet_balance = account.wallet_balance
        self._free = account.free_balance
        self.margin_ratio = account.margin_ratio
        self._cross_wallet = account.cross_wallet_balance
        self.read_ns = time_ns
        self.told_at = self._steady_ns()
        return AccountUpdated(
            time_ns=time_ns,
            cause=cause,
            wallet_balance=self.wallet_balance,
            available_balance=account.available_balance,
            positions=tuple(shown),
            wallets=account.wallets if self.multi_assets else (),
            margin_ratio=self.margin_ratio,
            change=change,
        )

    def follow(self, event: AccountUpdated, positions: Iterable[PositionRecord]) -> None:
        """Take over what an account of our own has told, and what it holds."""
        self.wallet_balance, self._free = event.wallet_balance, event.available_balance
        self._held = {(record.symbol, PositionSide.BOTH): record for record in positions}
        self.read_ns = event.time_ns
        self.told_at = self._steady_ns()

    def changed(self, report: AccountHeard) -> AccountUpdated:
        """Take over what the user stream told: only what has changed is in it."""
        change: Decimal | None = None
        for balance in report.balances:
            if balance.asset == self.asset:
                if self._cross_wallet is not None:
                    self._free += balance.cross_wallet_balance - self._cross_wallet
                self._cross_wallet = balance.cross_wallet_balance
                self.wallet_balance = balance.wallet_balance
                change = balance.change or None
        records = []
        for row in report.positions:
            record = PositionRecord(row.symbol, row.qty, row.entry_price or ZERO)
            self._hold(row.position_side, record, crossed=not row.isolated)
            # In hedge mode one side may end, or be listed as none, while the other is held: that is not flat.
            if row.qty or not self._holds(row.symbol):
                records.append(record)
        self.read_ns = report.time_ns
        self.told_at = self._steady_ns()
        return AccountUpdated(
            time_ns=report.time_ns,
            cause=report.cause,
            wallet_balance=self.wallet_balance,
            available_balance=self.available_balance,
            positions=tuple(records),
            change=change,
        )

    def _holds(self, symbol: str) -> bool:
        return any(record.qty for (name, _), record in self._held.items() if name == symbol)

    def _hold(self, side: PositionSide, record: PositionRecord, *, crossed: bool) -> None:
        """Take over a position, or its end."""
        key = record.symbol, side
        self._held.pop(key, None)
        self._crossed.discard(key)
        if record.qty:
            self._held[key] = record
            if crossed:
                self._crossed.add(key)

    def _left_by_crossed(self) -> Decimal:
        """What crossed positions add to what is available at the last prices, as a rule less than nothing."""
        total = ZERO
        for key in self._crossed:
            record = self._held[key]
            price = self._price_of(record) or record.entry_price
            leverage = self.leverages.get(record.symbol, 1)
            total += self._profit(record) - initial_margin(abs(record.qty) * price, leverage)
        return total

    def _profit(self, record: PositionRecord) -> Decimal:
        """Unrealized profit, as the exchange shows it; 0 where no price is known."""
        return booked(self._gain(record))

    def _gain(self, record: PositionRecord) -> Decimal:
        price = self._price_of(record)
        return ZERO if price is None else record.qty * (price - record.entry_price)

    def _price_of(self, record: PositionRecord) -> Decimal | None:
        return self._price(record.symbol) or record.mark_price
