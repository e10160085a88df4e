"""Whether the venue's wallet is the ledger's, to the last digit.

Source: strategies §11 rule 5, invariant I8.

The events of one instant come fills first, then account, by symbol; so an account record may lack a trade that is
booked already, and the last record of an instant need not be the latest. One of them is: each change of the wallet is
told by a record that has it, and of one symbol the last record is the latest. An instant is judged when it is over, and
it agrees if any of those does. While an order of ours is unresolved, a record may hold a trade that is told later: what
differs then waits for that.
"""

from __future__ import annotations

from collections import deque
from decimal import Decimal

from sadari.core.ledger import ZERO, Ledger
from sadari.model.units import EXACT

# Records of the venue that wait to be judged.
KEPT_RECORDS = 64


class Agreement:
    """What the venue has shown, beside the ledger.

    Attributes:
        opening: The wallet balance that the ledger starts from, None before the venue has shown one.
        difference: By how much the venue's wallet exceeded the ledger's when that was last told.
        due: Something was shown or booked that is not judged yet.
    """

    __slots__ = ("_ledger", "_behind", "_seen", "_shown", "difference", "due", "opening")

    def __init__(self, ledger: Ledger) -> None:
        self.opening: Decimal | None = None
        self.difference = ZERO
        self.due = False
        self._ledger = ledger
        self._shown: deque[tuple[str, Decimal]] = deque(maxlen=KEPT_RECORDS)
        self._seen = self._behind = False

    @property
    def balance(self) -> Decimal | None:
        """The wallet balance by the ledger, None before the venue has shown one."""
        return None if self.opening is None else EXACT.add(self.opening, self._ledger.change)

    def booked(self) -> None:
        """Something was booked: the record that has it comes after it."""
        self._behind = self.due = True

    def show(self, wallet_balance: Decimal, symbol: str) -> None:
        """Take in a wallet balance of the venue, with the symbol whose position it came with ("" if with none)."""
        if self.opening is None:
            self.opening = EXACT.subtract(wallet_balance, self._ledger.change)
        if not self._seen:
            self._shown.clear()
        elif symbol:
            for earlier in [shown for shown in self._shown if shown[0] == symbol]:
                self._shown.remove(earlier)
        self._shown.append((symbol, wallet_balance))
        self._seen = self.due = True
        self._behind = False

    def excess(self, wallet_balance: Decimal) -> Decimal:
        """By how much a balance of the venue exceeds the ledger's, beyond the difference that was told."""
        balance = self.balance
        if balance is None:
            return ZERO
        return EXACT.subtract(EXACT.subtract(wallet_balance, balance), self.difference)

    @property
    def untold(self) -> Decimal:
        """By how much the last balance shown exceeds the ledger's, beyond the difference that was told."""
        return self.excess(self._shown[-1][1]) if self._shown else ZERO

    def agrees(self) -> bool:
        """Whether a shown balance is the ledger's, with the difference that was told, once an instant is over."""
        self.due = False
        if not self._shown:
            return True
        agreed = any(not self.excess(shown) for _, shown in self._shown)
        if agreed:
            self._clear()
        return agreed

    def change(self, *, unresolved: bool) -> Decimal | None:
        """The new difference where they do not agree (0: they do again), None if it is too early to say.

        Args:
            unresolved: An order of ours may have traded without our knowledge.
        """
        excesses = [self.excess(shown) for _, shown in self._shown]
        if EXACT.minus(self.difference) in excesses:
            self.difference = ZERO
        elif not self._seen or self._behind:
            return None
        elif unresolved:
            self.due = True
            return None
        else:
            self.difference = EXACT.add(min(excesses, key=abs), self.difference)
        self._clear()
        return self.difference

    def _clear(self) -> None:
        last = self._shown[-1]
        self._shown.clear()
        self._shown.append(last)
        self._seen = False
        self._ledger.recent.clear()
