"""What the account holds, by the last word of the exchange.

Source: strategies §9.1, requirements R002-5 to R002-11, faults F45, F72.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from sadari.binance.user_frames import AccountHeard
from sadari.binance.values import AccountShown, PositionShown
from sadari.model.event import AccountUpdated, PositionRecord
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
        available_balance: What new orders may use. Between readings it follows the stream: what leaves the cross wallet
            is not available, and a crossed position that grows takes its margin.
        margin_ratio: Maintenance margin by margin balance at the last reading.
        read_ns: When it was last told, by the exchange's time; None before the first time.
        leverages: Leverage of each symbol, where it is known.
        asset: The one that the account is kept in.
        multi_assets: Whether the account is in multi-assets mode.
        told_at: When it was last told, by the clock that is never set.
    """

    def __init__(self, price: Callable[[str], Decimal | None], steady_ns: Callable[[], int]) -> None:
        self.wallet_balance = ZERO
        self.available_balance = ZERO
        self.margin_ratio: Decimal | None = None
        self._held: dict[tuple[str, PositionSide], PositionRecord] = {}
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

    def equity(self) -> Decimal:
        """Wallet balance plus unrealized profit at the last prices."""
        total = self.wallet_balance
        for (symbol, _), record in self._held.items():
            price = self._price(symbol) or record.mark_price
            if price is not None:
                total += record.qty * (price - record.entry_price)
        return total

    def read(
        self,
        account: AccountShown,
        positions: Iterable[PositionShown] | None,
        cause: str,
        time_ns: int,
        change: Decimal | None = None,
    ) -> AccountUpdated:
        """Take over a reading by REST, of positions too if there is one: it outranks what the stream told."""
        shown = [(row.position_side, record) for row in positions or () if (record := row.record()) is not None]
        if positions is not None:
            self._held = {(record.symbol, side): record for side, record in shown}
        self.wallet_balance = account.wallet_balance
        self.available_balance = account.available_balance
        self.margin_ratio = account.margin_ratio
        self._cross_wallet = account.cross_wallet_balance
        self.read_ns = time_ns
        self.told_at = self._steady_ns()
        return AccountUpdated(
            time_ns=time_ns,
            cause=cause,
            wallet_balance=self.wallet_balance,
            available_balance=self.available_balance,
            positions=tuple(record for _, record in shown),
            wallets=account.wallets if self.multi_assets else (),
            margin_ratio=self.margin_ratio,
            change=change,
        )

    def follow(self, event: AccountUpdated, positions: Iterable[PositionRecord]) -> None:
        """Take over what an account of our own has told, and what it holds."""
        self.wallet_balance, self.available_balance = event.wallet_balance, event.available_balance
        self._held = {(record.symbol, PositionSide.BOTH): record for record in positions}
        self.read_ns = event.time_ns
        self.told_at = self._steady_ns()

    def changed(self, report: AccountHeard) -> AccountUpdated:
        """Take over what the user stream told: only what has changed is in it."""
        change: Decimal | None = None
        for balance in report.balances:
            if balance.asset == self.asset:
                if self._cross_wallet is not None:
                    self.available_balance += balance.cross_wallet_balance - self._cross_wallet
                self._cross_wallet = balance.cross_wallet_balance
                self.wallet_balance = balance.wallet_balance
                change = balance.change or None
        records = []
        for row in report.positions:
            before = self._held.pop((row.symbol, row.position_side), None)
            record = PositionRecord(row.symbol, row.qty, row.entry_price or ZERO)
            if not row.isolated:
                self.available_balance -= self._margin_taken(record, before)
            if row.qty:
                self._held[row.symbol, row.position_side] = record
            records.append(record)
        self.available_balance = max(self.available_balance, ZERO)
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

    def _margin_taken(self, record: PositionRecord, before: PositionRecord | None) -> Decimal:
        """By how much the initial margin of a crossed position has grown."""
        now = abs(record.qty) * record.entry_price
        then = ZERO if before is None else abs(before.qty) * before.entry_price
        return (now - then) / self.leverages.get(record.symbol, 1)
