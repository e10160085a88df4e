"""What the account holds between two readings of it."""

from __future__ import annotations

from decimal import Decimal

from sadari.binance.user_frames import AccountHeard, BalanceHeard, PositionHeard
from sadari.model.order import PositionSide
from sadari.venue.live.balances import Balances

D = Decimal
SYMBOL = "BTCUSDT"


def row(side: str, qty: str) -> PositionHeard:
    """One side of a symbol, entered at 100, isolated."""
    return PositionHeard(SYMBOL, PositionSide(side), D(qty), D(100) if D(qty) else None, D(0), True, D(0))


def told(*positions: PositionHeard, change: str = "0") -> AccountHeard:
    """A message of the user stream with the wallet's balance."""
    balance = BalanceHeard("USDT", D(1000), D(1000), D(change))
    return AccountHeard("ORDER", (balance,), positions, 1, 1)


def test_the_two_sides_of_a_symbol_are_two_positions() -> None:
    """In hedge mode the end of one leaves the other as it is, and both count to the equity."""
    balances = Balances(lambda _: D(110), lambda: 0)
    balances.changed(told(row("LONG", "2"), row("SHORT", "-1")))
    assert balances.equity() == 1000 + 20 - 10
    balances.changed(told(row("SHORT", "0")))
    assert balances.symbols == [SYMBOL]
    assert balances.equity() == 1000 + 20
    balances.changed(told(row("LONG", "0")))
    assert balances.symbols == []


def test_an_amount_is_told_where_the_stream_tells_one() -> None:
    """No amount means that the message does not say it, not that it was nothing."""
    balances = Balances(lambda _: None, lambda: 0)
    assert balances.changed(told(change="-5")).change == D(-5)
    assert balances.changed(told()).change is None
