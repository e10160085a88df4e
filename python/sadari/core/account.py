"""What the engine knows of the account: balances as the venue last showed them, and the counters of the day."""

from __future__ import annotations

from decimal import Decimal

from sadari.model.event import AccountUpdated, DayStarted
from sadari.model.units import DAY_NS


class Account:
    """Balances and day counters (strategies §5.6, §9.1).

    Attributes:
        wallet_balance: Wallet balance in USDT.
        available_balance: What the venue lets new orders use.
        updated_ns: When the venue last showed it; None before the first time.
        margin_ratio: Maintenance margin by margin balance as last shown; 0 before the first time.
        margin_refused: The venue has refused an order for margin since then: no entry until it is shown again.
        peak_equity: The highest equity or wallet balance seen, moved along by transfers.
        day_peak: The highest equity since this UTC day began, moved along by transfers.
        life_peak: The same since the account was first shown.
        entries: Positions of this UTC day with any entry fill, plus pending entries, by symbol.
    """

    __slots__ = (
        "available_balance",
        "day",
        "day_equity",
        "day_peak",
        "day_wallet",
        "entries",
        "life_peak",
        "margin_ratio",
        "margin_refused",
        "peak_equity",
        "transfers",
        "updated_ns",
        "wallet_balance",
    )

    def __init__(self) -> None:
        self.wallet_balance = Decimal(0)
        self.available_balance = Decimal(0)
        self.updated_ns: int | None = None
        self.margin_refused = False
        self.margin_ratio = Decimal(0)
        self.day = -1
        self.day_wallet = Decimal(0)
        self.day_equity = Decimal(0)
        self.transfers = Decimal(0)
        self.peak_equity = self.day_peak = self.life_peak = Decimal(0)
        self.entries: dict[str, int] = {}

    def update(self, event: AccountUpdated) -> None:
        """Take over the venue's balances."""
        self.wallet_balance = event.wallet_balance
        self.available_balance = event.available_balance
        if self.updated_ns is None:
            self.day_wallet = self.day_equity = event.wallet_balance
            # Beside positions the wallet is no equity, and a peak that never was would make a fall that never was.
            self.day_peak = self.life_peak = Decimal(0) if event.positions else event.wallet_balance
            self.transfers = self.peak_equity = Decimal(0)
        self.updated_ns = event.time_ns
        self.margin_refused = False
        self.see_equity(event.wallet_balance)

    def move(self, amount: Decimal) -> None:
        """A transfer was booked: it is neither a profit nor a loss."""
        self.transfers += amount
        self.peak_equity += amount
        self.shift_peaks(amount)

    def see_equity(self, equity: Decimal) -> None:
        """Keep the peak that a fall is measured from."""
        self.peak_equity = max(self.peak_equity, equity)

    def see_peak(self, equity: Decimal) -> None:
        """Keep the peaks of equity alone: a wallet balance beside a loss that is still open was none."""
        self.day_peak = max(self.day_peak, equity)
        self.life_peak = max(self.life_peak, equity)

    def shift_peaks(self, amount: Decimal) -> None:
        """The wallet has changed by what is no result of trading."""
        self.day_peak += amount
        self.life_peak += amount

    def roll(self, time_ns: int, equity: Decimal | None) -> None:
        """Reset the counters if a new UTC day has begun; equity is the wallet's where nothing was held.

        What is told late, with a time of the day before, changes nothing.
        """
        day = time_ns // DAY_NS
        if day <= self.day:
            return
        self.day = day
        self.day_wallet = self.wallet_balance
        self.day_equity = self.day_peak = self.wallet_balance if equity is None else equity
        self.transfers = Decimal(0)
        self.entries = {}

    def start_day(self, event: DayStarted) -> None:
        """Take over balance and equity at the first instant of a day."""
        if event.time_ns // DAY_NS != self.day:
            self.roll(event.time_ns, event.equity)
        self.day_wallet = event.wallet_balance
        self.day_equity = self.day_peak = event.equity
        self.see_peak(event.equity)

    def day_result(self, equity: Decimal) -> Decimal:
        """Profit of the day, realized and unrealized, without transfers (D-33)."""
        return equity - self.day_equity - self.transfers

    def count_entry(self, symbol: str, change: int) -> None:
        """Count an accepted entry, or take one back that ended without a fill."""
        self.entries[symbol] = max(0, self.entries.get(symbol, 0) + change)
