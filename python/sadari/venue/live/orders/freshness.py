"""What a reading proves: an answer may show the account as it was before its last trade, or nothing at all.

Source: faults F45, F46; strategies §5.7.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from sadari.binance.values import AccountShown, PositionShown
from sadari.model.order import PositionSide
from sadari.model.units import MILLISECOND_NS, SECOND_NS

ZERO = Decimal(0)
# An answer may be so old (faults F45).
LAG_NS = 130 * SECOND_NS
# When the newest trade was made of each symbol and position side, of those that were told so lately.
Lately = Mapping[tuple[str, PositionSide], int]


def is_old(account: AccountShown, wallet_balance: Decimal | None, lately: Lately) -> bool:
    """Whether an account lacks what the stream has told, and was read as it was before the last trade."""
    made_ns = max(lately.values(), default=0)
    return account.wallet_balance != wallet_balance and account.updated_ns < _listed(made_ns)


def unproven(listed: Iterable[PositionShown], held: Mapping[str, Decimal], lately: Lately) -> set[str]:
    """The symbols of which a list of positions proves nothing: it may be of before their last trade.

    That a row has changed since then is proof; that there is none is proof once the list cannot be so old.

    Args:
        listed: The positions that were read.
        held: The signed quantities that we hold of the symbols in question.
        lately: See above.
    """
    rows, found = {(row.symbol, row.position_side): row for row in listed}, set[str]()
    for (name, side), made_ns in lately.items():
        if name not in held:
            continue
        row, here = rows.get((name, side)), held[name]
        if side is not PositionSide.BOTH and (here > 0) is not (side is PositionSide.LONG):
            here = ZERO
        there = ZERO if row is None else row.qty
        if there != here and (row is None or row.updated_ns < _listed(made_ns)):
            found.add(name)
    return found


def hides(missing: Iterable[str], account: AccountShown) -> bool:
    """Whether an account shows positions that their list lacks, or nothing: the list proves nothing."""
    return not account.held.isdisjoint(missing) or not (account.wallet_balance or account.margin_balance)


def _listed(time_ns: int) -> int:
    """A time as lists show it: in whole milliseconds."""
    return time_ns // MILLISECOND_NS * MILLISECOND_NS
