"""The ledger: every amount that ever changed the wallet, in double entry, each booked once and never changed.

Source: strategies §11 (settlement rules), invariants I6 to I8.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from sadari.model.event import FundingPaid, OrderFilled, TransferListed
from sadari.model.units import DAY_NS, EXACT, MINUTE_NS

ZERO = Decimal(0)
QUOTE = "USDT"

REALIZED, COMMISSION, INSURANCE, FUNDING = "REALIZED_PNL", "COMMISSION", "INSURANCE_CLEAR", "FUNDING_FEE"
TRANSFERS = frozenset(
    {"TRANSFER", "DEPOSIT", "WITHDRAW", "WITHDRAW_REJECT", "ADMIN_DEPOSIT", "ADMIN_WITHDRAW", "ASSET_TRANSFER"}
)
# What else changes a wallet without a trade. Source: reference binance-usdm, reasons of an account update.
OTHERS = frozenset({"ADJUSTMENT", INSURANCE, "AUTO_EXCHANGE", "COIN_SWAP_DEPOSIT", "COIN_SWAP_WITHDRAW"})
# A report that comes again does so after a reconnect; keys are kept for this many UTC days.
KEPT_DAYS = 7
# How many entries an alarm names.
NAMED = 16
# The user stream and the list of income tell one transfer with times that are this near.
SAME_NS = MINUTE_NS
LISTED = "TRANSFER"

Key = tuple[str, str, int]
"""Kind of income, symbol (of the account: asset), and trade id, or the time in nanoseconds where there is no trade."""


class Entry(NamedTuple):
    """``amount``, above 0, goes from ``credit`` to ``debit``; one of the two is the wallet."""

    key: Key
    time_ns: int
    asset: str
    debit: str
    credit: str
    amount: Decimal

    @property
    def signed(self) -> Decimal:
        """What it changes the wallet by."""
        return self.amount if self.debit.startswith("wallet:") else -self.amount

    @property
    def account(self) -> str:
        """Where the wallet's amount came from or went to."""
        return self.credit if self.debit.startswith("wallet:") else self.debit


class Posting(StrEnum):
    """What became of an entry."""

    BOOKED = "BOOKED"
    NOTHING = "NOTHING"
    KNOWN = "KNOWN"
    CONTRADICTS = "CONTRADICTS"
    TOO_OLD = "TOO_OLD"


class Ledger:
    """Entries by key, and their sums by UTC day, asset and account.

    Args:
        archive: Where every entry is kept; without it one is forgotten after `KEPT_DAYS`, its sums are not.

    Attributes:
        change: What all entries together changed the wallets by, whatever their assets.
        recent: The newest entries since it was last cleared.
        repeated: How many entries came again with the same content and were ignored.
        sums: By (UTC day, asset, account): what the account has received; the wallet's is the change of that day.
    """

    __slots__ = (
        "_changes",
        "_days",
        "_kept",
        "_newest",
        "_told_once",
        "archive",
        "change",
        "recent",
        "repeated",
        "sums",
    )

    def __init__(self, archive: list[Entry] | None = None) -> None:
        self.archive = archive
        self.change = ZERO
        self.recent: deque[Entry] = deque(maxlen=NAMED)
        self.repeated = 0
        self.sums: dict[tuple[int, str, str], Decimal] = {}
        self._changes: dict[str, Decimal] = {}
        self._kept: dict[Key, Entry] = {}
        self._days: dict[int, list[Key]] = {}
        self._newest = 0
        self._told_once: dict[bool, list[Entry]] = {True: [], False: []}

    def post(self, key: Key, time_ns: int, account: str, signed: Decimal, asset: str = QUOTE) -> Posting:
        """Book what the wallet received from an account (negative: paid to it), once for each key.

        Returns:
            `CONTRADICTS` if the key is known with another amount or account, `TOO_OLD` if its day is not kept any more;
            in both cases, and if it is `KNOWN`, nothing changes.
        """
        day = time_ns // DAY_NS
        known = self._kept.get(key)
        if known is not None:
            if known.signed == signed and known.account == account and known.asset == asset:
                self.repeated += 1
                return Posting.KNOWN
            return Posting.CONTRADICTS
        if not signed:
            return Posting.NOTHING
        if day <= self._newest - KEPT_DAYS:
            return Posting.TOO_OLD
        wallet = f"wallet:{asset}"
        if signed > 0:
            entry = Entry(key, time_ns, asset, wallet, account, signed)
        else:
            entry = Entry(key, time_ns, asset, account, wallet, EXACT.minus(signed))
        self._keep(day, entry)
        self.change = EXACT.add(self.change, signed)
        self._changes[asset] = EXACT.add(self._changes.get(asset, ZERO), signed)
        self._sum((day, asset, wallet), signed)
        self._sum((day, asset, account), EXACT.minus(signed))
        return Posting.BOOKED

    def trade(self, event: OrderFilled, asset: str = QUOTE) -> Posting:
        """Book the realized profit and the fee of a trade, in its margin asset; the worse of the two answers."""
        symbol, time_ns = event.symbol, event.booked_ns or event.time_ns
        forced = event.cause == "LIQUIDATION"
        fee_kind, fee_account = (INSURANCE, "insurance") if forced else (COMMISSION, "fees")
        profit = self.post((REALIZED, symbol, event.trade_id), time_ns, f"position:{symbol}", event.realized_pnl, asset)
        fee = self.post((fee_kind, symbol, event.trade_id), time_ns, fee_account, EXACT.minus(event.fee), asset)
        return max(profit, fee, key=_SEVERITY.index)

    def funding(self, event: FundingPaid, asset: str = QUOTE) -> Posting:
        """Book a funding payment, in the margin asset of its contract."""
        time_ns = event.booked_ns or event.time_ns
        return self.post((FUNDING, event.symbol, time_ns), time_ns, "funding", event.amount, asset)

    def without_trade(self, cause: str, time_ns: int, signed: Decimal, asset: str = QUOTE) -> Posting:
        """Book a change of a wallet that no trade and no funding explains, by the cause that the venue names."""
        key = (cause, asset, time_ns)
        if cause in TRANSFERS:
            return self._transfer(key, time_ns, signed, asset, listed=False)
        if key in self._kept:
            self.repeated += 1
            return Posting.KNOWN
        return self.post(key, time_ns, "insurance" if cause == INSURANCE else "other", signed, asset)

    def transfer(self, event: TransferListed) -> Posting:
        """Book a transfer of the list of income, unless the user stream has told it already."""
        key = (LISTED, event.asset, event.booked_ns)
        return self._transfer(key, event.booked_ns, event.amount, event.asset, listed=True)

    def _transfer(self, key: Key, time_ns: int, signed: Decimal, asset: str, *, listed: bool) -> Posting:
        """Two sources tell each transfer, in any order and under different names: what one told, the other repeats."""
        if key in self._kept:
            self.repeated += 1
            return Posting.KNOWN
        twin = next(
            (
                one
                for one in self._told_once[not listed]
                if one.signed == signed and one.asset == asset and abs(one.time_ns - time_ns) <= SAME_NS
            ),
            None,
        )
        if twin is not None:
            self._told_once[not listed].remove(twin)
            self._kept[key] = twin
            self._days.setdefault(twin.time_ns // DAY_NS, []).append(key)
            self.repeated += 1
            return Posting.KNOWN
        posting = self.post(key, time_ns, "transfers", signed, asset)
        if posting is Posting.BOOKED:
            # The other source may be out of sight for long: what it has not told yet is kept as long as entries are.
            oldest_ns = (self._newest - KEPT_DAYS + 1) * DAY_NS
            kept = [one for one in self._told_once[listed] if one.time_ns >= oldest_ns]
            self._told_once[listed] = [*kept, self._kept[key]]
        return posting

    def changed(self, asset: str) -> Decimal:
        """What all entries of an asset together changed its wallet by."""
        return self._changes.get(asset, ZERO)

    def find(self, key: Key) -> Entry | None:
        """The entry of a key, None if there is none among the days that are kept."""
        return self._kept.get(key)

    def day(self, day: int, asset: str = QUOTE) -> Mapping[str, Decimal]:
        """What each account received on a UTC day, counted from the epoch."""
        return {
            account: total for (of, held, account), total in self.sums.items() if of == day and held == asset and total
        }

    def _keep(self, day: int, entry: Entry) -> None:
        self.recent.append(entry)
        if self.archive is not None:
            self.archive.append(entry)
        if day > self._newest:
            self._newest = day
            for old in [kept for kept in self._days if kept <= day - KEPT_DAYS]:
                for key in self._days.pop(old):
                    self._kept.pop(key, None)
            self._days[day] = []
        self._kept[entry.key] = entry
        self._days.setdefault(day, []).append(entry.key)

    def _sum(self, key: tuple[int, str, str], amount: Decimal) -> None:
        before = self.sums.get(key)
        self.sums[key] = amount if before is None else EXACT.add(before, amount)


_SEVERITY = (Posting.NOTHING, Posting.BOOKED, Posting.KNOWN, Posting.TOO_OLD, Posting.CONTRADICTS)
