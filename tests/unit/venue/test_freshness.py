"""What a reading of the account proves, and what it does not (faults F45, F46)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sadari.binance.values import AccountShown, PositionShown
from sadari.model.order import PositionSide
from sadari.venue.live.orders import freshness

D = Decimal
BTC, ETH = "BTCUSDT", "ETHUSDT"
BOTH, LONG, SHORT = PositionSide.BOTH, PositionSide.LONG, PositionSide.SHORT
# A trade within a millisecond, as the exchange's records have it; a list shows that millisecond.
MADE_NS, LISTED_NS = 5_000_700_000, 5_000_000_000


def row(qty: str, updated_ns: int, side: PositionSide = BOTH, symbol: str = BTC) -> PositionShown:
    """A position as the exchange lists it."""
    return PositionShown(
        symbol=symbol, position_side=side, qty=D(qty), entry_price=D(100), mark_price=D(100), liquidation_price=None,
        isolated_margin=D(0), isolated_wallet=D(0), unrealized_pnl=D(0), maint_margin=None, updated_ns=updated_ns,
    )  # fmt: skip


AMOUNTS = (
    "cross_wallet_balance",
    "available_balance",
    "free_balance",
    "unrealized_pnl",
    "initial_margin",
    "maint_margin",
)


def account(
    wallet: str = "1000", margin: str = "1000", held: frozenset[str] = frozenset(), at: int = 0
) -> AccountShown:
    """An account with these balances and positions."""
    return AccountShown(
        wallet_balance=D(wallet), margin_balance=D(margin), wallets=(), held=held, updated_ns=at,
        **dict.fromkeys(AMOUNTS, D(0)),
    )  # fmt: skip


def traded(*changes: str, at: int = MADE_NS) -> list[freshness.Recent]:
    """Trades that were told lately, the last of them at a time."""
    return [freshness.Recent(0, at - number, D(change)) for number, change in enumerate(reversed(changes))][::-1]


@pytest.mark.parametrize(
    ("listed", "held", "changes", "unproven"),
    [
        ([row("1", LISTED_NS)], "1", ["1"], False),
        ([row("2", LISTED_NS)], "1", ["-1"], False),
        ([row("2", LISTED_NS - 1)], "1", ["-1"], True),
        ([row("2", LISTED_NS - 1)], "1", ["1"], False),
        ([row("1", LISTED_NS - 1)], "1", ["1"], False),
        ([], "1", ["1"], True),
        ([], "1", ["0.4", "0.6"], True),
        ([row("0.4", LISTED_NS - 1)], "1", ["0.4", "0.6"], True),
        ([row("0.5", LISTED_NS - 1)], "1", ["0.4", "0.6"], False),
        ([], "1", ["0.6"], False),
        ([], "1", ["-1"], False),
        ([row("0", LISTED_NS - 1)], "1", ["1"], True),
        ([row("0", LISTED_NS)], "1", ["1"], False),
        ([], "0", ["-1"], False),
        ([row("1", LISTED_NS - 1)], "0", ["-1"], True),
        ([row("1", LISTED_NS, symbol=ETH)], "1", ["1"], True),
    ],
)
def test_a_list_proves_nothing_that_shows_what_was_held_before_the_last_trades(
    listed: list[PositionShown], held: str, changes: list[str], unproven: bool
) -> None:
    """A row that has changed since is proof, in whole milliseconds; so is a quantity that was never held in between."""
    lately = {(BTC, BOTH): traded(*changes)}
    assert freshness.unproven(listed, {BTC: D(held)}, lately) == ({BTC} if unproven else set())
    assert freshness.unproven(listed, {BTC: D(held)}, {(BTC, BOTH): []}) == set()
    assert freshness.unproven(listed, {}, lately) == set()


def test_in_hedge_mode_each_side_is_measured_by_its_own_trades() -> None:
    """A hand trades the other side: our row is as old as it may be."""
    ours, theirs = row("1", LISTED_NS - 1, LONG), row("-3", LISTED_NS, SHORT)
    lately = {(BTC, SHORT): traded("-3")}
    assert freshness.unproven([ours, theirs], {BTC: D(1)}, lately) == set()
    assert freshness.unproven([ours], {BTC: D(1)}, lately) == set()
    assert freshness.unproven([row("2", 0, LONG)], {BTC: D(1)}, {(BTC, LONG): traded("-1")}) == {BTC}


def test_what_a_hand_has_ended_is_believed_though_a_trade_of_it_was_told_lately() -> None:
    """Hedge mode: the short goes, and the list has only the other side: no list of before its end would say so."""
    theirs = row("0.01", LISTED_NS - 5, LONG)
    lately = {(BTC, SHORT): traded("0.005")}
    assert freshness.unproven([theirs], {BTC: D("-0.005")}, lately) == set()


def test_an_account_is_old_that_lacks_what_was_told_and_has_not_changed_since() -> None:
    """One that agrees may be as old as it likes."""
    lately = {(BTC, BOTH): traded("1", at=MADE_NS - 10**9), (ETH, BOTH): traded("1")}
    assert freshness.is_old(account(at=LISTED_NS - 1), D(999), lately)
    assert not freshness.is_old(account(at=LISTED_NS - 1), D(1000), lately)
    assert not freshness.is_old(account(at=LISTED_NS), D(999), lately)
    assert not freshness.is_old(account(), D(999), {})


def test_an_account_that_lists_a_position_stands_against_an_empty_list() -> None:
    """F46: absence needs two sources, and an account of zeros is a fault."""
    assert freshness.hides([BTC], account(held=frozenset({BTC, ETH})))
    assert not freshness.hides([BTC], account(held=frozenset({ETH})))
    assert freshness.hides([BTC], account("0", "0"))
    assert not freshness.hides([BTC], account("0", "5"))
