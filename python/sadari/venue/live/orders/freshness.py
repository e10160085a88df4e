"""What a reading proves: an answer may show the account as it was before its last trade, or nothing at all.

Source: faults F45, F46; strategies §5.7.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import accumulate
from typing import NamedTuple

from sadari.binance.values import AccountShown, PositionShown
from sadari.model.order import PositionSide
from sadari.model.units import MILLISECOND_NS, SECOND_NS

ZERO = Decimal(0)
# An answer may be so old (faults F45).
LAG_NS = 130 * SECOND_NS


class Recent(NamedTuple):
    """A trade that was told lately: when, by a clock that never jumps; when it was made; and what it changed."""

    told_ns: int
    made_ns: int
    change: Decimal


# Those of each symbol and position side, in the order in which they were told.
Lately = Mapping[tuple[str, PositionSide], Sequence[Recent]]


def is_old(account: AccountShown, wallet_balance: Decimal | None, lately: Lately) -> bool:
    """Whether an account lacks what the stream has told, and was read as it was before the last trade."""
    made_ns = max((one.made_ns for trades in lately.values() for one in trades), default=0)
    return account.wallet_balance != wallet_balance and account.updated_ns < _listed(made_ns)


def unproven(listed: Iterable[PositionShown], held: Mapping[str, Decimal], lately: Lately) -> set[str]:
    """The symbols of which a list of positions proves nothing: it shows what was held before trades told lately.

    That a row has changed since the last of them is proof, and so is a quantity that was never held in between.

    Args:
        listed: The positions that were read.
        held: The signed quantities that we hold of the symbols in question.
        lately: See above.
    """
    rows, found = {(row.symbol, row.position_side): row for row in listed}, set[str]()
    for (name, side), trades in lately.items():
        if name not in held or not trades:
            continue
        row, here = rows.get((name, side)), held[name]
        if side is not PositionSide.BOTH and (here > 0) is not (side is PositionSide.LONG):
            here = ZERO
        there = ZERO if row is None else row.qty
        changed = row is not None and row.updated_ns >= _listed(max(one.made_ns for one in trades))
        before = accumulate((-one.change for one in reversed(trades)), initial=here)
        if there != here and not changed and there in before:
            found.add(name)
    return found


def hides(missing: Iterable[str], account: AccountShown) -> bool:
    """Whether an account shows positions that their list lacks, or nothing: the list proves nothing."""
    return not account.held.isdisjoint(missing) or not (account.wallet_balance or account.margin_balance)


def _listed(time_ns: int) -> int:
    """A time as lists show it: in whole milliseconds."""
    return time_ns // MILLISECOND_NS * MILLISECOND_NS
